# SPDX-License-Identifier: Apache-2.0
"""Plan and drive sweeps, print a table of them: `swarm bench coverage`."""

import argparse
import json
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path

from rich.console import Console
from rich.table import Table

from swarm_agent.planner.core.sweep.plan import Effort, plan_sweep
from swarm_agent.planner.sweep_bench.drawing import draw_plan, draw_run
from swarm_agent.planner.sweep_bench.instances import (
    GRIDS,
    Instance,
    known_grid,
    map_instance,
    read_mcpp,
)
from swarm_agent.planner.sweep_bench.measure import PlanRow, TrafficRow, plan_rows, traffic_row
from swarm_agent.planner.sweep_bench.traffic import Trouble
from swarm_config.errors import ConfigError
from swarm_config.outputs import output_file

_MAPS = Path('config/maps')
_LEAST_COLUMNS = 144
"""The tables are never squeezed below this; a pipe has no width."""
_KILL_AT = 0.4
"""Share of the plan after which a robot is killed."""


def main(words: list[str] | None = None) -> int:
    """Parse, run, print; 2 means that the question could not be used."""
    chosen = _parser().parse_args(words)
    try:
        rows = _run(chosen)
    except (ConfigError, OSError) as error:
        sys.stderr.write(f'swarm bench coverage: {error}\n')
        return 2
    _print(rows)
    if chosen.json:
        chosen.json.write_text(json.dumps([asdict(row) for row in rows], indent=1) + '\n')
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog='swarm bench coverage', description=__doc__)
    add = parser.add_argument
    add(
        '--grid', action='append', default=[], help=f'a grid of the literature: {", ".join(GRIDS)}'
    )
    add('--map', action='append', default=[], type=Path, help='map_server .yaml or MovingAI .map')
    add('--instance', action='append', default=[], type=Path, help='an LS-MCPP .mcpp file')
    add('--robots', type=_whole(1), default=8, help='on maps; default 8')
    add('--starts', choices=('depot', 'spread', 'both'), default='both', help='on maps')
    add('--cell-m', type=_positive, default=0.5, help='edge of a cell on maps [m]; default 0.5')
    add('--radius-m', type=_positive, default=0.2, help='robots on maps [m]; default 0.2')
    add('--turn', type=_price, default=0.5, help='cost of a quarter turn in steps; default 0.5')
    add('--tries', type=_whole(1), default=Effort().tries, help='effort of the search')
    add('--no-traffic', action='store_true', help='plans only')
    add('--kill', type=_whole(0), default=0, help='number of the robot to be killed; default 0')
    add('--loss', type=_share, default=0.1, help='share of lost news in the last run; default 0.1')
    add('--delay', type=_whole(1), default=2, help='beats that news take in it; default 2')
    add('--json', type=output_file, metavar='FILE', help='write the rows there')
    add('--svg', metavar='FOLDER', type=Path, help='draw the plans and runs there')
    return parser


def _run(chosen: argparse.Namespace) -> list[PlanRow | TrafficRow]:
    rows: list[PlanRow | TrafficRow] = []
    if chosen.svg:
        chosen.svg.mkdir(parents=True, exist_ok=True)
    for instance, drivable in _instances(chosen):
        planned, plan = plan_rows(instance, chosen.turn, Effort(tries=chosen.tries))
        rows += planned
        _draw(chosen, f'{instance.name} plan', draw_plan(instance, plan))
        if drivable and not chosen.no_traffic:
            rows += _traffic(chosen, instance)
    return rows


def _instances(chosen: argparse.Namespace) -> Iterator[tuple[Instance, bool]]:
    """What is asked for, and whether it is to be driven; the grids and our maps if nothing is."""
    asked = chosen.grid or chosen.map or chosen.instance
    for name in chosen.grid if asked else GRIDS:
        yield known_grid(name), False
    for path in chosen.instance:
        yield read_mcpp(path), False
    for path in chosen.map if asked else sorted(_MAPS.glob('*.yaml')):
        for starts in ('depot', 'spread') if chosen.starts == 'both' else (chosen.starts,):
            placed = map_instance(
                path,
                robots=chosen.robots,
                starts=starts,
                cell_m=chosen.cell_m,
                radius_m=chosen.radius_m,
            )
            yield placed, True


def _traffic(chosen: argparse.Namespace, instance: Instance) -> Iterator[TrafficRow]:
    """The sweep with nothing wrong, with a robot killed, with news lost, and the control."""
    plan = plan_sweep(instance.board, instance.starts, 0.0, Effort(tries=chosen.tries))
    if chosen.kill >= len(instance.starts):
        msg = f'--kill {chosen.kill}: expected a robot from 0 to {len(instance.starts) - 1}'
        raise ConfigError(msg)
    beat = int(_KILL_AT * plan.longest)
    troubles = {
        'traffic': Trouble(),
        'killed': Trouble(killed=chosen.kill, kill_beat=beat),
        'killed and lossy': Trouble(
            killed=chosen.kill, kill_beat=beat, loss=chosen.loss, delay_beats=chosen.delay
        ),
        'no takeover': Trouble(killed=chosen.kill, kill_beat=beat, takeover=False),
    }
    for name, trouble in troubles.items():
        row, run = traffic_row(instance, plan, trouble)
        _draw(chosen, f'{instance.name} {name}', draw_run(instance, run, trouble.killed))
        yield row


def _draw(chosen: argparse.Namespace, name: str, picture: str) -> None:
    if chosen.svg:
        (chosen.svg / f'{name.replace(" ", "_")}.svg').write_text(picture, encoding='utf-8')


def _print(rows: list[PlanRow | TrafficRow]) -> None:
    console = Console(width=max(Console().width, _LEAST_COLUMNS))
    plans = [row for row in rows if isinstance(row, PlanRow)]
    runs = [row for row in rows if isinstance(row, TrafficRow)]
    tables = [_plan_table(plans)] * bool(plans) + [_run_table(runs)] * bool(runs)
    for table in tables:
        for name in ('instance', 'planner', 'takeover'):
            for column in table.columns:
                column.no_wrap = column.no_wrap or column.header == name
        console.print(table)


def _plan_table(rows: list[PlanRow]) -> Table:
    table = Table(
        'instance', 'cells', 'robots', 'planner', 'makespan', 'balance', 'covered',
        'MSTC* tabled', 'of tabled', 'of own MSTC*', 's', 'CPU s', title='plans',
    )  # fmt: skip
    for row in rows:
        table.add_row(
            row.instance,
            str(row.cells),
            str(row.robots),
            row.planner,
            f'{row.makespan:g}',
            f'{row.balance:.3f}',
            f'{row.covered:.1%}',
            '' if row.tabled is None else f'{row.tabled:g}',
            '' if row.over_tabled is None else f'{row.over_tabled:.3f}',
            f'{row.over_control:.3f}',
            f'{row.seconds:.2f}',
            f'{row.cpu_s:.2f}',
        )
    return table


def _run_table(rows: list[TrafficRow]) -> Table:
    table = Table(
        'instance', 'killed', 'takeover', 'loss', 'planned', 'swept', 'home', 'of plan', 'covered',
        'cut off', 'barred', 'conflicts', 'taken', 'news B/s', title='traffic',
    )  # fmt: skip
    for row in rows:
        table.add_row(
            row.instance,
            '' if row.killed is None else str(row.killed),
            'yes' if row.takeover else 'control: no',
            f'{row.loss:.0%}',
            str(row.planned),
            'never' if row.swept_beat is None else str(row.swept_beat),
            'never' if row.home_beat is None else str(row.home_beat),
            '' if row.over_plan is None else f'{row.over_plan:.3f}',
            f'{row.covered:.1%}',
            str(row.cut_off),
            str(row.barred),
            str(row.conflicts),
            str(row.taken_cells),
            f'{row.news_bytes_per_s:.0f}',
        )
    return table


def _whole(least: int) -> Callable[[str], int]:
    """A whole number not below the least, for argparse."""

    def parse(text: str) -> int:
        if int(text) < least:
            raise argparse.ArgumentTypeError(f'{text}, expected at least {least}')
        return int(text)

    return parse


def _positive(text: str) -> float:
    if not 0.0 < float(text) < 100.0:
        raise argparse.ArgumentTypeError(f'{text}, expected above 0 and below 100')
    return float(text)


def _price(text: str) -> float:
    if not 0.0 <= float(text) <= 10.0:
        raise argparse.ArgumentTypeError(f'{text}, expected from 0 to 10')
    return float(text)


def _share(text: str) -> float:
    if not 0.0 <= float(text) < 1.0:
        raise argparse.ArgumentTypeError(f'{text}, expected from 0 to below 1')
    return float(text)


if __name__ == '__main__':
    raise SystemExit(main())
