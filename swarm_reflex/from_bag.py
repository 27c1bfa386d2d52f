# SPDX-License-Identifier: Apache-2.0
"""Feed a recording of sensors to the reflex core: a tick every 10 ms of its time."""

from collections.abc import Iterable, Iterator
from dataclasses import fields
from typing import Any

from swarm_config.fleets import Fleet
from swarm_reflex.core import CORE, Command, Inputs, Outputs, Params, RobotLimits
from swarm_reflex.readings import Arrival, to_command, to_odom, to_scan
from swarm_vault.sensor_bag import Sense, Sensed
from swarm_vault.what_if import Change, Outcome

NEEDS = (Sense.SCAN, Sense.ODOM)
PERIOD_NS = 10_000_000
_INSTEAD = {
    Sense.COMMAND: 'no cmd_vel_raw: the speeds of the odometry are taken for the commands',
    Sense.HEARTBEAT: 'no heartbeats: situation and planner are taken to be alive',
}


def defaults(fleet: Fleet, agent_id: str) -> Params:
    """The default parameters on a robot of a fleet."""
    model = fleet.robot(agent_id).model
    limits = {field.name: getattr(model, field.name) for field in fields(RobotLimits)}
    return Params(robot=RobotLimits(**limits))


def feed(sensed: Iterable[Sensed], params: Params, there: frozenset[Sense]) -> Outcome:
    """Run the core over messages; the first tick comes with the first of them."""
    state, changes, ticks = CORE.initial(params), [], 0
    before, outputs, begin_ns, now_ns, stops = '', None, 0, 0, 0
    for inputs in _ticks(sensed, there):
        state, outputs = CORE.decide(state, inputs, params)
        ticks, now_ns, begin_ns = ticks + 1, inputs.now_ns, begin_ns or inputs.now_ns
        stops += outputs.action.name == 'STOP'
        said = _said(outputs)
        if said != before:
            changes.append(Change(after_s=(now_ns - begin_ns) * 1e-9, what=said))
            before = said
    return Outcome(
        core=CORE.name,
        decisions=ticks,
        span_s=(now_ns - begin_ns) * 1e-9,
        changes=tuple(changes),
        figures={
            'interventions': 0 if outputs is None else outputs.interventions,
            'ticks stopped': stops,
        },
        assumed=tuple(text for sense, text in _INSTEAD.items() if sense not in there),
    )


def _said(outputs: Outputs) -> str:
    zone = f' in zone {outputs.zone}' if outputs.zone else ''
    return f'{outputs.action.name} {outputs.cause}'.strip() + zone


def _ticks(sensed: Iterable[Sensed], there: frozenset[Sense]) -> Iterator[Inputs]:
    """The inputs of every tick: of each topic the newest message since the last one."""
    fresh: dict[str, Any] = {}
    tick_ns = 0
    for one in sensed:
        tick_ns = tick_ns or one.time_ns
        while tick_ns < one.time_ns:
            yield Inputs(now_ns=tick_ns, **_beats(tick_ns, there), **fresh)
            fresh = {}
            tick_ns += PERIOD_NS
        fresh |= _inputs(one, there)
    if tick_ns:
        yield Inputs(now_ns=tick_ns, **_beats(tick_ns, there), **fresh)


def _inputs(one: Sensed, there: frozenset[Sense]) -> dict[str, Any]:
    arrival = Arrival(one.time_ns, one.time_ns, {'received_timestamp': one.time_ns})
    if one.sense is Sense.SCAN:
        return {'scan': to_scan(one.message, arrival)}
    if one.sense is Sense.COMMAND:
        return {'command': to_command(one.message, arrival)}
    if one.sense is Sense.HEARTBEAT:
        known = one.message.source in {'situation', 'planner'}
        return {f'{one.message.source}_beat_ns': one.time_ns} if known else {}
    odom = to_odom(one.message, arrival)
    if Sense.COMMAND in there:
        return {'odom': odom}
    command = Command(
        vx_mps=odom.vx_mps, wz_radps=odom.wz_radps, arrival_ns=one.time_ns, stamp_age_s=0.0
    )
    return {'odom': odom, 'command': command}


def _beats(now_ns: int, there: frozenset[Sense]) -> dict[str, Any]:
    if Sense.HEARTBEAT in there:
        return {}
    return {'situation_beat_ns': now_ns, 'planner_beat_ns': now_ns}
