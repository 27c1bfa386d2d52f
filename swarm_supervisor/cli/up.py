# SPDX-License-Identifier: Apache-2.0
"""`swarm up`: start a fleet plan's processes on this machine and keep them running."""

import signal
import threading
from pathlib import Path
from types import FrameType
from typing import Annotated

import typer
from rich.console import Console

from swarm_config.errors import ConfigError
from swarm_supervisor.cli.options import FleetOption, plan_of
from swarm_supervisor.cli.places import config_dir
from swarm_supervisor.fleet_keys import check_keys, give_keys
from swarm_supervisor.fleet_processes import (
    FleetRun,
    robot_specs,
    simulator_spec,
    supervisor_spec,
)
from swarm_supervisor.processes import STOP_S, ProcessGroup, ProcessSpec
from swarm_vault.noted import heads_to_note

PERIOD_S = 0.5
ALONE_S = 1.0
"""More time for each robot where they stop one after the other [s]."""


def up(
    fleet_file: FleetOption = None,
    vault: Annotated[Path, typer.Option(help='Where logs, keys and bags are kept.')] = Path(
        'vault'
    ),
    robot: Annotated[
        str, typer.Option(help='Only this robot, with the keys that were brought to its vault.')
    ] = '',
    robots: Annotated[
        bool, typer.Option(help="Start the robots' nodes; real ones have their own.")
    ] = True,
    sim: Annotated[bool, typer.Option(help='Start the simulator.')] = True,
    supervisor: Annotated[bool, typer.Option(help='Start the supervisor.')] = True,
    composed: Annotated[bool, typer.Option('--composed', help='Two processes a robot.')] = False,
    slm: Annotated[bool, typer.Option('--slm', help='Planners ask the local model.')] = False,
    insecure: Annotated[
        bool, typer.Option('--insecure', help='gRPC in plain text; shown in every status.')
    ] = False,
    headless: Annotated[bool, typer.Option('--headless/--viewer', help='No 3-D window.')] = True,
    seed: Annotated[int, typer.Option(help='Seed of the simulator.')] = 0,
) -> None:
    """Start supervisor, simulator and robots; Ctrl-C stops them all with the robots at rest."""
    fleet = plan_of(fleet_file)
    run = FleetRun(
        fleet=fleet,
        vault_dir=vault.resolve() / 'robots',
        supervisor_vault_dir=vault.resolve() / 'supervisor',
        out_dir=vault.resolve() / 'run',
        params_dir=config_dir() / 'params',
        composed=composed,
        headless=headless,
        seed=seed,
        slm=slm,
        insecure=insecure,
        alone=not supervisor and not robot,
        simulated=sim and not robot,
    )
    if robot:
        check_keys(run, fleet.robot(robot).agent_id)
        _run(run, list(robot_specs(run, robot)))
        return
    give_keys(run)
    _run(run, _chosen(run, robots=robots, sim=sim, supervisor=supervisor))


def _chosen(run: FleetRun, *, robots: bool, sim: bool, supervisor: bool) -> list[ProcessSpec]:
    head = ([supervisor_spec(run)] if supervisor else []) + ([simulator_spec(run)] if sim else [])
    here = run.fleet.robots if robots else ()
    specs = head + [spec for one in here for spec in robot_specs(run, one.agent_id)]
    if not specs:
        raise ConfigError('--no-robots --no-sim --no-supervisor: leave one of them to be started')
    return specs


def _run(run: FleetRun, specs: list[ProcessSpec]) -> None:
    console = Console()
    done = threading.Event()

    def ask(_number: int, _frame: FrameType | None) -> None:
        done.set()

    signal.signal(signal.SIGINT, ask)
    signal.signal(signal.SIGTERM, ask)
    group = ProcessGroup(run.out_dir / 'logs')
    try:
        group.start_all(specs)
        console.print(
            f'{len(specs)} processes started; logs in {run.out_dir / "logs"}; Ctrl-C stops'
        )
        _keep(group, done, console)
    finally:
        alone_s = ALONE_S * len(run.fleet.robots) if run.alone else 0.0
        killed = group.stop(within_s=STOP_S + alone_s)
        console.print('all processes stopped' + (f', killed: {killed}' if killed else ''))
        for head in _last_heads(run):
            console.print(
                f'nobody saw this end; keep it for `verify --head`: {head}', soft_wrap=True
            )


def _last_heads(run: FleetRun) -> list[str]:
    """Where those logs stand that were closed last, so that nobody countersigned their ends."""
    last = max(robot.agent_id for robot in run.fleet.robots)
    vault, begins = run.supervisor_vault_dir, 'supervisor/supervisor'
    if run.alone:
        vault, begins = run.vault_dir, f'{last}/'
    return [str(head) for head in heads_to_note(vault) if head.log.startswith(begins)]


def _keep(group: ProcessGroup, done: threading.Event, console: Console) -> None:
    said = 0
    while not done.wait(PERIOD_S):
        group.poll()
        for note in group.notes[said:]:
            console.print(note)
        said = len(group.notes)
        if group.dead():
            console.print(f'ended: {", ".join(group.dead())}; read its log; stopping all')
            raise typer.Exit(1)
