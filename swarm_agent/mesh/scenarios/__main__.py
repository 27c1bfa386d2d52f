# SPDX-License-Identifier: Apache-2.0
"""`swarm bench scenarios NAME…`: robots meet over real Zenoh; a referee counts contacts."""

import argparse
import json
import math
import sys
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Column, Table

from swarm_agent.mesh.scenarios.impairment import NETWORKS, Impairment
from swarm_agent.mesh.scenarios.picture import draw
from swarm_agent.mesh.scenarios.places import SCENARIOS, Scenario
from swarm_agent.mesh.scenarios.reckoned import play_reckoned
from swarm_agent.mesh.scenarios.referee import Result, play
from swarm_config.outputs import output_file

FIGURES = (
    'robots', 'arrived', 'seconds', 'contacts', 'least_gap_m', 'deadlocks',
    'longest_wait_s', 'longest_free_wait_s', 'reversals_most', 'reflex_stops', 'noticed_s',
    'held_by_two_s', 'recovered_s', 'slowest_tick_s', 'machine_s',
)  # fmt: skip
LONGEST_WAIT_S = 30.0


def main(arguments: Sequence[str] | None = None) -> int:
    """Play and print; 1 if bodies touched or a robot did not get on."""
    options = _options(arguments)
    bad = Impairment(
        loss=options.loss,
        delay_s=options.delay_ms / 1e3,
        doubled=options.doubled,
        cut_from_s=options.cut[0],
        cut_to_s=options.cut[1],
        clock_s=options.clock_ms / 1e3,
    )
    networks = NETWORKS if options.networks else {'': bad}
    results = []
    for name in options.names or sorted(SCENARIOS):
        played = [
            _played(SCENARIOS[name], how, options, network) for network, how in networks.items()
        ]
        _show(played)
        results += played
    if options.json is not None:
        plain = [_finite(asdict(result)) for result in results]
        options.json.write_text(json.dumps(plain, indent=1) + '\n')
    return 1 if any(one.contacts or one.deadlocks for one in results) else 0


def _played(
    scenario: Scenario, bad: Impairment, options: argparse.Namespace, network: str
) -> Result:
    if options.reckoned:
        result = play_reckoned(scenario, seed=options.seed, bad=bad, seconds=options.seconds)
    else:
        result = play(
            scenario,
            processes=options.processes,
            seed=options.seed,
            bad=bad,
            seconds=options.seconds,
            in_step=options.in_step,
        )
    if options.pictures is not None:
        kind = f'_{network}' if network else ''
        draw(scenario, result, options.pictures / f'{scenario.name}{kind}.svg')
    return replace(result, network=network)


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog='swarm bench scenarios', description=__doc__)
    parser.add_argument('names', nargs='*', metavar='NAME', help=f'of {", ".join(SCENARIOS)}')
    parser.add_argument('--seed', type=int, default=1, help='of random errands')
    parser.add_argument('--processes', type=int, default=2, help='among which robots are shared')
    parser.add_argument(
        '--reckoned', action='store_true',
        help='in one process, without Zenoh, in reckoned time: repeats exactly',
    )  # fmt: skip
    parser.add_argument(
        '--in-step', action='store_true',
        help='over real Zenoh, but the next tick comes when all have decided: for a slow machine',
    )  # fmt: skip
    parser.add_argument('--seconds', type=float, help='instead of the limit of the scenario')
    parser.add_argument('--loss', type=float, default=0.0, help='share of messages lost')
    parser.add_argument('--delay-ms', type=float, default=0.0, help='mean delay, with jitter')
    parser.add_argument('--doubled', type=float, default=0.0, help='share of messages doubled')
    parser.add_argument(
        '--clock-ms', type=float, default=0.0, help='by which odd robots are ahead'
    )
    parser.add_argument(
        '--cut', type=float, nargs=2, default=(0.0, 0.0), metavar=('FROM_S', 'TO_S'),
        help='odd and even robots do not hear each other between these times',
    )  # fmt: skip
    parser.add_argument(
        '--networks', action='store_true',
        help=f'play each over these networks in turn: {", ".join(NETWORKS)}',
    )  # fmt: skip
    parser.add_argument('--pictures', type=Path, metavar='FOLDER', help='write an SVG of each')
    parser.add_argument('--json', type=output_file, metavar='FILE', help='write the results too')
    options = parser.parse_args(arguments)
    unknown = sorted(set(options.names) - set(SCENARIOS))
    if unknown:
        parser.error(f'no scenario {unknown[0]!r}; there are {", ".join(sorted(SCENARIOS))}')
    if not 0.0 <= options.loss < 1.0 or not 0.0 <= options.doubled <= 1.0:
        parser.error('--loss and --doubled are shares from 0 to 1')
    try:
        if options.pictures is not None:
            options.pictures.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        parser.error(f'{error.filename}: cannot be made ({error.strerror}); name another folder')
    back = [name for name in options.names or SCENARIOS if SCENARIOS[name].back_s]
    if back and not options.reckoned:
        if options.names:
            parser.error(f'{back[0]}: robots are started again only with --reckoned')
        options.names = sorted(set(SCENARIOS) - set(back))
    return options


def _show(played: list[Result]) -> None:
    """One scenario: a row for each figure, a column for each network."""
    networks = (result.network for result in played)
    table = Table(
        Column(played[0].scenario, no_wrap=True), *networks, box=SIMPLE_HEAD, pad_edge=False
    )
    for name in FIGURES:
        table.add_row(name, *(_short(getattr(result, name)) for result in played))
    Console().print(table)
    for result in played:
        for story in result.stories:
            if story['goals'] and not story['done'] and story['longest_wait_s'] > LONGEST_WAIT_S:
                reason = story['last_reason'] or 'no reason told'
                Console().print(f'{result.scenario}: {story["agent_id"]} stands: {reason}')


def _short(value: float) -> str:
    if math.isnan(value):
        return '-'
    return f'{value:.4g}' if isinstance(value, float) else str(value)


def _finite(plain: dict[str, object]) -> dict[str, object]:
    """JSON knows no nan."""
    return {
        key: None if isinstance(value, float) and math.isnan(value) else value
        for key, value in plain.items()
    }


if __name__ == '__main__':
    sys.exit(main())
