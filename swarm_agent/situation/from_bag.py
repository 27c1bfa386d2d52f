# SPDX-License-Identifier: Apache-2.0
"""Feed a recording of sensors to the situation core: a decision a scan, no peers, no planner."""

from collections.abc import Iterable, Iterator
from statistics import median

from swarm_agent.situation.core import CORE, Inputs, NavState, Odom, Outputs, Params, Scan
from swarm_agent.situation.core.params import Tuning
from swarm_agent.situation.fleet_params import core_params
from swarm_agent.situation.odometry import Track
from swarm_agent.situation.sensing import reading_of, scan_bytes, stamp_of
from swarm_config.fleets import Fleet
from swarm_vault.sensor_bag import Sense, Sensed
from swarm_vault.what_if import Change, Outcome

NEEDS = (Sense.SCAN, Sense.ODOM)
_ASSUMED = (
    'no peers and no planner: the robot has no wish, its place is judged and what it meets',
)


def defaults(fleet: Fleet, agent_id: str) -> Params:
    """The default tuning on a robot of a fleet, from its place in the plan."""
    return core_params(fleet, fleet.robot(agent_id), Tuning(), None)


def feed(sensed: Iterable[Sensed], params: Params, there: frozenset[Sense]) -> Outcome:
    """Run the core over messages."""
    del there
    state, changes, qualities = CORE.initial(params), [], []
    said, begin_ns, now_ns, outputs = '', 0, 0, None
    for inputs in _inputs(sensed, params):
        state, outputs = CORE.decide(state, inputs, params)
        now_ns, begin_ns = inputs.now_ns, begin_ns or inputs.now_ns
        qualities.append(outputs.match_quality)
        after_s = (now_ns - begin_ns) * 1e-9
        changes += [Change(after_s=after_s, what=what) for what in _news(outputs, said)]
        said = _said(outputs)
    return Outcome(
        core=CORE.name,
        decisions=len(qualities),
        span_s=(now_ns - begin_ns) * 1e-9,
        changes=tuple(changes),
        figures={} if outputs is None else _figures(outputs, qualities),
        assumed=_ASSUMED,
    )


def _inputs(sensed: Iterable[Sensed], params: Params) -> Iterator[Inputs]:
    track = Track()
    for one in sensed:
        if one.sense is Sense.ODOM:
            reading = reading_of(one.message)
            if reading is not None:
                track.add(reading)
        elif one.sense is Sense.SCAN:
            yield Inputs(
                now_ns=one.time_ns,
                odom=_odom(track, one.time_ns),
                scan=_scan(track, one, params),
                intent=None,
                reflex=None,
                peers=(),
                claims=(),
                hazards=(),
            )


def _odom(track: Track, now_ns: int) -> Odom | None:
    newest = track.newest
    if newest is None:
        return None
    return Odom(
        pose=newest.pose,
        vx_mps=newest.vx_mps,
        wz_radps=newest.wz_radps,
        age_ns=max(0, now_ns - newest.stamp_ns),
    )


def _scan(track: Track, one: Sensed, params: Params) -> Scan | None:
    stamp_ns = stamp_of(one.message)
    pose = track.pose_at(stamp_ns)
    if pose is None:
        return None
    ranges = scan_bytes(one.message, params.body.beams)
    return Scan(ranges=ranges, pose_odom=pose, age_ns=max(0, one.time_ns - stamp_ns))


def _said(outputs: Outputs) -> str:
    return f'{NavState(outputs.nav_state).name} {outputs.reason}'.strip()


def _news(outputs: Outputs, before: str) -> Iterator[str]:
    if _said(outputs) != before:
        yield _said(outputs)
    for violation in outputs.violations:
        yield (
            f'violation {violation.kind} at {violation.where[0]:.1f}, {violation.where[1]:.1f}:'
            f' expected {violation.expected}, met {violation.actual}'
        )


def _figures(outputs: Outputs, qualities: list[float]) -> dict[str, float]:
    x, y, yaw = outputs.pose_map
    return {
        'match quality, median': round(median(qualities), 3),
        'match quality, worst': round(min(qualities), 3),
        'driven [m]': round(outputs.distance_m, 2),
        'ends at x [m]': round(x, 2),
        'ends at y [m]': round(y, 2),
        'ends at yaw [rad]': round(yaw, 2),
    }
