# SPDX-License-Identifier: Apache-2.0
"""`swarm demo`: the main job, by itself, with a report."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from swarm_supervisor.cli.places import config_dir
from swarm_supervisor.demo.figures import Figures
from swarm_supervisor.demo.options import DemoOptions, parse_kill, parse_span, parse_story
from swarm_supervisor.demo.run import run_demo

ROWS = (
    ('coverage', 'floor seen (referee)'),
    ('contacts', 'contacts (referee)'),
    ('robots_done', 'robots done and home'),
    ('mission_s', 'mission time [s]'),
    ('distance_m', 'distance driven [m]'),
    ('negotiations', 'rights of way settled'),
    ('violations', 'consistency violations'),
    ('hazards', 'hazards received from peers'),
    ('reflex_interventions', 'reflex interventions [ticks]'),
    ('events_written', 'events written'),
    ('events_synced', 'events at the supervisor'),
    ('audit_verified', 'audit verified'),
    ('decisions_recorded', 'decisions recorded'),
    ('decisions_reproduced', 'decisions reproduced'),
    ('reflex_period_p999_ms', 'reflex period p99.9 [ms]'),
    ('reflex_period_worst_ms', 'reflex period worst [ms]'),
    ('cpu_cores', 'processor use [cores]'),
    ('wall_s', 'wall time [s]'),
)


def demo(
    robots: Annotated[int | None, typer.Option(min=1, max=50, help='How many robots; 3.')] = None,
    map_file: Annotated[
        Path | None, typer.Option('--map', help='A map_server YAML; the depot if not given.')
    ] = None,
    seed: Annotated[int, typer.Option(help='Seed of noise, drift and automatic homes.')] = 0,
    link_down: Annotated[str, typer.Option(help='FROM:TO in s: no supervisor then.')] = '',
    no_link_down: Annotated[bool, typer.Option('--no-link-down', help='Never cut it.')] = False,
    out: Annotated[Path, typer.Option(help='Folder of the run; emptied first.')] = Path(
        'out/demo'
    ),
    json_file: Annotated[
        Path | None, typer.Option('--json', help='Write the figures to this file too.')
    ] = None,
    headless: Annotated[bool, typer.Option('--headless/--viewer', help='No 3-D window.')] = True,
    composed: Annotated[
        bool, typer.Option('--composed', help='Situation and planner of a robot in one process.')
    ] = False,
    slm: Annotated[
        bool, typer.Option('--slm', help='The planners ask the local language model.')
    ] = False,
    story: Annotated[
        str, typer.Option(help='governed: approval, a robot that misbehaves, revocation, handoff.')
    ] = '',
    kill: Annotated[
        list[str] | None, typer.Option(help='SIGKILL: PROCESS@SECONDS, e.g. amr_1.planner@25.')
    ] = None,
) -> None:
    """Survey a depot with a simulated fleet, end to end, and audit what it did.

    Three robots on real ROS 2 nodes, a supervisor over gRPC, peers over Zenoh, physics in
    MuJoCo. The link to the supervisor is cut for a while, two robots meet in a narrow aisle, a
    pallet drops into a path. Exit code 0 only if the referee in the simulator and the audit agree
    that all went well.
    """
    console = Console()
    options = DemoOptions(
        robots=robots,
        map_path=map_file,
        seed=seed,
        link_down=parse_span(link_down) if link_down else None,
        no_link_down=no_link_down,
        out_dir=out,
        json_path=json_file,
        headless=headless,
        composed=composed,
        slm=slm,
        story=parse_story(story),
        kills=tuple(parse_kill(text) for text in kill or ()),
    )
    figures = run_demo(options, config_dir(), console)
    _print(console, figures, out)
    raise typer.Exit(0 if figures.passed else 1)


def _print(console: Console, figures: Figures, out: Path) -> None:
    table = Table('figure', 'value', title='swarm demo')
    for name, label in ROWS:
        value = getattr(figures, name)
        table.add_row(label, f'{value:.1%}' if name == 'coverage' else str(value))
    console.print(table)
    console.print(f'report: {out / "report.html"}   figures: {out / "figures.json"}')
    for link in figures.chain:
        console.print(
            f'{link.order_id}: intended by {link.intended_by}, planned by {link.planned_by},'
            f' judged by {link.judged_by}, approved by {link.approved_by or "nobody"},'
            f' done by {link.done_by}: {link.became}',
            highlight=False,
        )
    for reason in figures.reasons:
        console.print(f'[red]failed:[/] {reason}', highlight=False)
    if figures.passed:
        who = 'all trusted robots' if figures.revoked else 'all robots'
        console.print(f'[green]passed[/]: {who} home, nothing touched, every event kept')
