# SPDX-License-Identifier: Apache-2.0
"""Kill or stop what is around a gate, or the gate: how long until the base is told to stand.

Several robots at a time, each with a gate, a motor-side watchdog and one process of the role under
test. Their stops are at once (`ramp_stops` false), so that zero is what the limit speaks of. A
silence counts from the last message, which may be one period old; it ends at the latest at the
limit after the signal.
"""

import os
import random
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.context import ForkServerProcess

from rclpy.node import Node

from swarm_reflex.bench.compute import ROBOT
from swarm_reflex.bench.figures import Figure, quantile
from swarm_reflex.bench.nursery import Nursery
from swarm_reflex.bench.stage import Base, Stage, tell
from swarm_reflex.core import Params

_PARAMS = Params(robot=ROBOT)
LIMITS_S = {
    'sensor': _PARAMS.scan_timeout_s,
    'planner': _PARAMS.command_timeout_s,
    'situation': _PARAMS.situation_timeout_s,
    'reflex': 0.1,
}
"""Silence after which the base must be told to stand, by role."""
GRACE_S = 0.02
ROLES = {
    'sensor': ('scan',),
    'planner': ('command', 'planner'),
    'situation': ('situation',),
    'reflex': (),
}
"""What the process of a role plays for the gate; the planner's drives as well."""
_ALL_PLAYED = ('scan', 'odom', 'command', 'planner', 'situation')
SIGNALS = (signal.SIGKILL, signal.SIGSTOP)
_MOST_PAUSE_S = 0.1
_TELL_EVERY = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Cast:
    """The robots of one series of trials and what starts the process under test of each."""

    base: Base
    names: list[str]
    start: Callable[[str], ForkServerProcess]


def faults(stage: Stage, node: Node, trials: int, robots: int) -> list[Figure]:
    """All series; each figure's control is the limit."""
    nursery = Nursery()
    try:
        return [
            figure
            for number in SIGNALS
            for role in ROLES
            for figure in _series(stage, nursery, node, role, number, trials, robots)
        ]
    finally:
        nursery.end()


def _series(
    stage: Stage,
    nursery: Nursery,
    node: Node,
    role: str,
    number: signal.Signals,
    trials: int,
    robots: int,
) -> list[Figure]:
    names = [f'{role}_{number.name.lower()}_{i}' for i in range(min(robots, trials))]
    spent: list[float] = []
    with _cast(stage, nursery, node, role, names) as cast:
        victims = [cast.start(name) for name in names]
        while len(spent) < trials:
            cast.base.until(cast.base.all_move, f'all of {role} drive')
            cast.base.listen_for(random.uniform(0.0, _MOST_PAUSE_S))  # noqa: S311 - out of step
            if not cast.base.all_move():
                continue
            before = len(spent)
            spent += _silenced(cast.base, victims, number)
            if before // _TELL_EVERY < len(spent) // _TELL_EVERY:
                tell(f'{number.name} of the {role}: {len(spent)} of {trials}')
            victims = _revived(nursery, cast, victims, number)
        nursery.end(*victims)
    return _figures(f'{number.name.lower()}_{role}', spent[:trials], LIMITS_S[role])


@contextmanager
def _cast(
    stage: Stage, nursery: Nursery, node: Node, role: str, names: list[str]
) -> Iterator[Cast]:
    """Everything that outlives the trials of one series."""
    rest = ','.join(sorted(set(_ALL_PLAYED) - set(ROLES[role])))
    kept = [nursery.start(*stage.feeder_words(','.join(names), '--roles', rest))]
    kept += [nursery.start('swarm_reflex.watchdog', *stage.where(name)) for name in names]
    if role != 'reflex':
        kept += [nursery.start(*_gate(stage, name)) for name in names]

    def start(name: str) -> ForkServerProcess:
        if role == 'reflex':
            return nursery.start(*_gate(stage, name))
        return nursery.start(*stage.feeder_words(name, '--roles', ','.join(ROLES[role])))

    base = Base(node, names, 'cmd_vel_motor')
    try:
        yield Cast(base=base, names=names, start=start)
    finally:
        base.close(node)
        nursery.end(*kept)


def _gate(stage: Stage, name: str) -> list[str]:
    return stage.reflex_words(name, ramp_stops='false')


def _silenced(base: Base, victims: list[ForkServerProcess], number: signal.Signals) -> list[float]:
    """Time from the signal until each robot's base is told to stand [s]."""
    begun = []
    for victim in victims:
        assert victim.pid is not None, 'it was started'
        begun.append(time.monotonic_ns())
        os.kill(victim.pid, number)
    base.until(base.all_stand, 'all stand')
    return [
        (stops[-1] - start_ns) * 1e-9 for stops, start_ns in zip(base.stops, begun, strict=True)
    ]


def _revived(
    nursery: Nursery, cast: Cast, victims: list[ForkServerProcess], number: signal.Signals
) -> list[ForkServerProcess]:
    """Go on with the same processes where they were stopped, else with new ones."""
    if number is signal.SIGKILL:
        nursery.end(*victims)
        return [cast.start(name) for name in cast.names]
    for victim in victims:
        assert victim.pid is not None, 'it was started'
        os.kill(victim.pid, signal.SIGCONT)
    return victims


def _figures(name: str, spent: list[float], limit_s: float) -> list[Figure]:
    late = sum(s > limit_s + GRACE_S for s in spent)
    return [
        Figure(name=f'{name}_trials', value=len(spent), unit='trials'),
        *(
            Figure(
                name=f'{name}_{label}',
                value=quantile(spent, share) * 1e3,
                unit='ms',
                control=1e3 * limit_s,
            )
            for label, share in (('p50', 0.5), ('p99', 0.99), ('worst', 1.0))
        ),
        Figure(name=f'{name}_later_than_limit_and_20_ms', value=late, unit='trials', control=0.0),
    ]
