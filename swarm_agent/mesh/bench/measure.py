# SPDX-License-Identifier: Apache-2.0
"""What `swarm bench mesh` measures, each with processes and keys of its own."""

import time
from collections.abc import Iterable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from swarm_agent.mesh.bench.figures import Figure, quantile, spread
from swarm_agent.mesh.bench.stage import Player, Stage, names
from swarm_config.loopback import free_row

PLAYER = 'swarm_agent.mesh.bench.player'
SPACING_M = 20.0
"""Between robots in the test of bandwidth: one on 400 square metres."""
TILE_M = 20.0
FAR_M = 500.0
HAZARD_PERIOD_S = 0.2
PER_PROCESS = 13
"""Robots in one process where the sessions count, not the processes."""


def _ready(players: Iterable[Player]) -> None:
    for player in players:
        if not player.read().get('ready'):
            raise RuntimeError('a player of the bench did not start; its error stands above')


def _play(players: list[Player], seconds: float) -> list[dict[str, Any]]:
    """Let them play, and return their last reports; listeners end first."""
    _ready(players)
    time.sleep(seconds)
    return [player.end() for player in reversed(players)][::-1]


def bare_latency(seconds: float, listeners: int = 1, period_s: float = 0.02) -> list[float]:
    """From one process to one or more others, Zenoh alone [ms]."""
    with TemporaryDirectory(prefix='swarm_bench_') as folder:
        port = free_row(listeners)
        stage = Stage(folder=Path(folder), count=0, base_port=port, mesh={})
        ends = [f'tcp/127.0.0.1:{port + k}' for k in range(listeners)]
        heard = [
            stage.start(PLAYER, 'bare', ['hears'], config=_bare_peer(end), period_s=0.2)
            for end in ends
        ]
        _ready(heard)
        says = _bare_peer('tcp/127.0.0.1:0', *ends)
        speaker = stage.start(PLAYER, 'bare', ['says'], config=says, period_s=period_s)
        _ready([speaker])
        time.sleep(seconds)
        speaker.end()
        return [value for one in heard for value in one.end()['arrived_ms'][5:]]


def _bare_peer(listen: str, *connect: str) -> dict[str, Any]:
    return {
        'mode': 'peer',
        'listen': {'endpoints': [listen]},
        'connect': {'endpoints': connect},
        'scouting': {'multicast': {'enabled': False}, 'gossip': {'enabled': False}},
    }


def intent_latency(seconds: float) -> list[Figure]:
    """One way between two processes, with and without the checks."""
    control = bare_latency(seconds)
    with TemporaryDirectory(prefix='swarm_bench_') as folder:
        stage = Stage.make(Path(folder), 2, tile_m=0.0)  # its places are times
        speaker, listener = names(2)
        players = [
            stage.start(PLAYER, 'speak', [speaker], what='intent', period_s=0.02),
            stage.start(PLAYER, 'listen', [listener], what='intent'),
        ]
        _, said = _play(players, seconds)
    return [
        *spread('intent_one_way', said['arrived_ms'][5:], 'ms', control),
        *spread('intent_one_way_verified', said['verified_ms'][5:], 'ms', control),
    ]


def hazard_latency(seconds: float, peers: int) -> list[Figure]:
    """From one robot to all others, verified there; control: the same fan-out by Zenoh alone."""
    control = bare_latency(seconds, peers, HAZARD_PERIOD_S)
    with TemporaryDirectory(prefix='swarm_bench_') as folder:
        stage = Stage.make(Path(folder), peers + 1)
        speaker, *listeners = names(peers + 1)
        players = [
            stage.start(PLAYER, 'speak', [speaker], what='hazard', period_s=HAZARD_PERIOD_S)
        ]
        players += [stage.start(PLAYER, 'listen', [name], what='hazard') for name in listeners]
        _, *said = _play(players, seconds)
    every = [value for one in said for value in one['verified_ms'][1:]]
    return spread(f'hazard_to_{peers}_peers', every, 'ms', control)


def agreement(seconds: float, robots: int) -> list[Figure]:
    """Right of way between two, while as many robots in all say, hear and decide at 10 Hz.

    With tiles each hears those around it, without them everybody hears all.
    """
    control = bare_latency(min(seconds, 5.0))
    figures = []
    for label, tile_m in (('', TILE_M), ('_without_tiles', 0.0)):
        agreed_ms, cpu = _agreed(seconds, robots, tile_m)
        figures += spread(f'right_of_way_agreed_{robots}_robots{label}', agreed_ms, 'ms', control)
        name = f'cpu_per_robot_{robots}_robots{label}'
        figures.append(Figure(name=name, value=quantile(cpu, 0.5), unit='% of a core'))
    return figures


def _agreed(seconds: float, robots: int, tile_m: float) -> tuple[list[float], list[float]]:
    """What each agreement took [ms], and the processor share of each robot around [%]."""
    with TemporaryDirectory(prefix='swarm_bench_') as folder:
        stage = Stage.make(Path(folder), robots, tile_m=tile_m)
        asker, answerer, *others = names(robots)
        poses = {asker: (0.0, 0.0), answerer: (3.0, -3.0)}
        poses |= {name: (FAR_M + 20.0 * k, 0.0) for k, name in enumerate(others)}
        players = [
            stage.start(PLAYER, 'ask', [asker], poses=poses, period_s=0.1),
            stage.start(PLAYER, 'answer', [answerer], poses=poses),
        ]
        players += [stage.start(PLAYER, 'crowd', [name], poses=poses) for name in others]
        first, _, *crowd = _play(players, seconds)
    return first['agreed_ms'], [one['cpu'] * 100.0 for one in crowd]


def bandwidth(seconds: float, robots: int) -> list[Figure]:
    """Bytes that a robot says and hears a second, at one robot on 400 square metres.

    In the middle: of robots with neighbours on all sides, so that the rim of a small floor does
    not look like thrift. Control: the same without tiles.
    """
    tiled = _heard(seconds, robots, TILE_M)
    plain = _heard(seconds, robots, 0.0)
    figures = []
    for part in ('said', 'heard_mean', 'heard_middle'):
        name = f'bytes_per_s_{part}_{robots}_robots'
        figures.append(Figure(name=name, value=tiled[part], unit='B/s', control=plain[part]))
    return figures


def _heard(seconds: float, robots: int, tile_m: float) -> dict[str, float]:
    side = max(2, round(robots**0.5))
    members = names(robots)
    cells = {name: (k % side, k // side) for k, name in enumerate(members)}
    rows = max(row for _, row in cells.values()) + 1
    poses = {
        name: ((col + 0.5) * SPACING_M, (row + 0.5) * SPACING_M)
        for name, (col, row) in cells.items()
    }
    with TemporaryDirectory(prefix='swarm_bench_') as folder:
        stage = Stage.make(Path(folder), robots, tile_m=tile_m)
        groups = [members[k : k + PER_PROCESS] for k in range(0, robots, PER_PROCESS)]
        players = [stage.start(PLAYER, 'crowd', group, poses=poses) for group in groups]
        said = _play(players, seconds)
    rates = {name: rate for one in said for name, rate in one['rates'].items()}
    middle = [
        rates[name]['heard_bytes']
        for name, (col, row) in cells.items()
        if 0 < col < side - 1 and 0 < row < rows - 1
    ]
    every = [rate['heard_bytes'] for rate in rates.values()]
    return {
        'said': sum(rate['bytes'] for rate in rates.values()) / robots,
        'heard_mean': sum(every) / robots,
        'heard_middle': sum(middle) / len(middle) if middle else sum(every) / robots,
    }
