# SPDX-License-Identifier: Apache-2.0
"""`swarm bench mapf`: a fleet in a discrete world, judged by both criteria, beside controls."""

import json
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from swarm_agent.mesh.mapf.movingai import Unusable, read_world
from swarm_agent.mesh.mapf.picture import draw
from swarm_agent.mesh.mapf.rivals import Rival, rivals
from swarm_agent.mesh.mapf.run import Run, drive, fleet_of
from swarm_agent.mesh.mapf.score import Score, paths_text
from swarm_agent.mesh.mapf.untimed import Network
from swarm_config.errors import ConfigError
from swarm_config.outputs import check_output

app = typer.Typer(add_completion=False)


@app.command()
def mapf(
    *,
    map_file: Annotated[Path, typer.Option('--map', help='MovingAI map.')],
    scen: Annotated[Path, typer.Option(help='MovingAI scenario; its first tasks are taken.')],
    agents: Annotated[int, typer.Option(min=1, max=10_000, help='Number of robots.')],
    seed: Annotated[int, typer.Option(help='Seed of ties, of the network and of delays.')] = 0,
    radius: Annotated[
        int, typer.Option(min=3, max=1_000, help='How far robots see and hear [cells].')
    ] = 8,
    loss: Annotated[float, typer.Option(min=0.0, max=0.9, help='Share of messages lost.')] = 0.0,
    delay_ms: Annotated[
        float, typer.Option(min=0.0, max=10_000.0, help='Mean delay of a message [ms].')
    ] = 0.0,
    delay_prob: Annotated[
        float,
        typer.Option(
            min=0.0, max=0.9, help='A drive is held up, each step, with up to this probability.'
        ),
    ] = 0.0,
    json_file: Annotated[Path | None, typer.Option('--json', help='Figures, as JSON.')] = None,
    paths: Annotated[
        Path | None, typer.Option(help='Cell `x,y` of each step, a line a robot.')
    ] = None,
    picture: Annotated[Path | None, typer.Option(help='Paths and waiting, as SVG.')] = None,
) -> None:
    """Let robots that hear only their neighbours find their ways; controls run beside."""
    try:
        for file, option in ((json_file, '--json'), (paths, '--paths'), (picture, '--picture')):
            check_output(file, option)
        world = read_world(map_file, scen, agents)
    except (ConfigError, Unusable) as error:
        sys.stderr.write(f'swarm bench mapf: {error}\n')
        raise typer.Exit(2) from error
    network = Network(loss=loss, delay_ms=delay_ms, drive_delay=delay_prob)
    run = drive(fleet_of(world, seed=seed, radius=radius, network=network))
    drawn = draw(world, run.paths) if picture else ''
    outputs = (
        (json_file, json.dumps(run.report(), indent=1) + '\n'),
        (paths, paths_text(world.grid.width, run.paths)),
        (picture, drawn),
    )
    for file, text in outputs:
        if file is not None:
            _write(file, text)
    _print(run, list(rivals(world, seed=seed, makespan=run.score.makespan)))
    if run.score.conflicts:
        sys.stderr.write(
            f'swarm bench mapf: {run.score.conflicts} conflicts: a fault, report it\n'
        )
        raise typer.Exit(1)


def _write(file: Path, text: str) -> None:
    try:
        file.write_text(text, encoding='utf-8')
    except OSError as error:
        sys.stderr.write(f'swarm bench mapf: {file} cannot be written: {error}\n')
        raise typer.Exit(2) from error


def _print(run: Run, others: list[Rival]) -> None:
    table = Table(
        'who', 'arrived once', 'at goal', 'first/LB', 'SOC/LB', 'makespan', 'faults', 's'
    )
    table.add_row('swarm', *_row(run.score), f'{run.seconds:.2f}')
    for rival in others:
        if rival.score is not None:
            table.add_row(rival.name, *_row(rival.score), f'{rival.seconds:.2f}')
    console = Console()
    console.print(table)
    for rival in others:
        if rival.score is None:
            console.print(f'{rival.name}: {rival.why}')
    report = run.report()
    console.print(
        f'{report["messages_per_cell"]} messages and {report["bytes_per_cell"]} bytes, signatures '
        f'included, a robot and cell moved; the longest message has {run.largest} bytes'
    )


def _row(score: Score) -> tuple[str, ...]:
    def ratio(value: float | None) -> str:
        return '-' if value is None else f'{value:.3f}'

    return (
        f'{score.arrived_once:.1%}',
        'all' if score.all_at_goal else 'not all',
        ratio(score.first_arrival_over_lb),
        ratio(score.soc_over_lb),
        str(score.makespan),
        str(score.conflicts),
    )


if __name__ == '__main__':
    app(prog_name='swarm bench mapf')
