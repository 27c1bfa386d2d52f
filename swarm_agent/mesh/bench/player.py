# SPDX-License-Identifier: Apache-2.0
"""A process that plays robots in `swarm bench mesh`; it is told what by one JSON argument.

A time that another process is to read travels as a coordinate: the steady clock in seconds, which
all processes of a machine share, advances by one metre a second.
"""

import json
import resource
import select
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import zenoh
from swarm.v1 import common_pb2, mesh_pb2

from swarm_agent.mesh.bench.stage import bare_fleet
from swarm_agent.mesh.core import (
    Me,
    Polyline,
    RightOfWayInputs,
    RightOfWayParams,
    RightOfWayState,
    decide_right_of_way,
)
from swarm_agent.mesh.session import MeshSession
from swarm_agent.mesh.wire import points_message

WRAP_NS = 10**13
TICK_S = 0.1
Told = dict[str, Any]


def clock_m() -> float:
    """The steady clock as a coordinate."""
    return (time.monotonic_ns() % WRAP_NS) * 1e-9


def since_ms(sent_m: float, at_ns: int | None = None) -> float:
    """Milliseconds since a time that came as a coordinate."""
    at_ns = time.monotonic_ns() if at_ns is None else at_ns
    return ((at_ns % WRAP_NS) * 1e-9 - sent_m) * 1e3


def report(**said: Any) -> None:
    """Tell the bench."""
    sys.stdout.write(json.dumps(said) + '\n')
    sys.stdout.flush()


def ended() -> bool:
    """Whether the bench has said anything, or has gone."""
    ready, _, _ = select.select([sys.stdin], [], [], 0.0)
    return bool(ready)


def path_from(x_m: float, y_m: float, dx: float, dy: float) -> Polyline:
    """A path of 6 m in steps of 0.25 m."""
    return tuple((x_m + dx * 0.25 * k, y_m + dy * 0.25 * k) for k in range(1, 25))


class Body:
    """One robot: a session, a place, a path, the right of way core."""

    def __init__(self, agent_id: str, session: MeshSession, pose: tuple[float, float]) -> None:
        self.agent_id, self.session, self.pose = agent_id, session, pose
        self.path = path_from(*pose, 1.0, 0.0)
        self.state = RightOfWayState()
        self.params = RightOfWayParams()

    def say(self, *, timed: bool = False) -> None:
        """Publish the intent; if it is timed, with the time at which it goes to the session."""
        intent = mesh_pb2.PeerIntent(
            agent_id=self.agent_id,
            stamp_ns=time.time_ns(),
            pose=common_pb2.Pose2D(x_m=self.pose[0], y_m=self.pose[1]),
            speed_mps=0.3,
            radius_m=0.28,
            priority=common_pb2.PRIORITY_CLASS_MISSION,
            state=mesh_pb2.PEER_STATE_MOVING,
            path=points_message(self.path),
        )
        if timed:
            intent.pose.x_m = clock_m()
        self.session.publish_intent(intent)

    def decide(self) -> bool:
        """Hear and settle right of way; whether something was granted."""
        heard = self.session.drain()
        me = Me(
            agent_id=self.agent_id,
            pose=(*self.pose, 0.0),
            speed_mps=0.3,
            radius_m=0.28,
            priority=3,
            path=self.path,
            wants_to_move=True,
            refuge='unasked',
            place=None,
        )
        inputs = RightOfWayInputs(
            now_ns=time.monotonic_ns(), me=me, peers=heard.peers, claims=heard.claims
        )
        self.state, out = decide_right_of_way(self.state, inputs, self.params)
        for claim in out.claims:
            self.session.send_claim(claim)
        return any(one.granted for one in self.state.encounters)

    def forget(self) -> None:
        """Begin anew with the next encounter."""
        self.state = replace(self.state, encounters=(), closed=(), bonds=())


def speak(bodies: list[Body], told: Told) -> Told:
    """Say intents or hazards with the time in them, at a steady rate."""
    body, number = bodies[0], 0
    while not ended():
        if told['what'] == 'intent':
            body.say(timed=True)
        else:
            number += 1
            place = common_pb2.Point2D(x_m=clock_m(), y_m=3.0 * number)
            body.session.publish_hazard(
                mesh_pb2.Hazard(
                    hazard_id=f'obstacle/{number}',
                    kind='obstacle',
                    reporter=body.agent_id,
                    position=place,
                    radius_m=0.3,
                    stamp_ns=time.time_ns(),
                    ttl_s=1.5,
                )
            )
        time.sleep(told['period_s'])
    return {}


def listen(bodies: list[Body], told: Told) -> Told:
    """Note when what is said arrives, and when it is verified."""
    body = bodies[0]
    arrived: list[float] = []
    verified: list[float] = []
    seen: set[float] = set()
    while not ended():
        if not body.session.wait(0.2):
            continue
        heard = body.session.drain()
        now_ns = time.monotonic_ns()
        found = [(peer.pose[0], peer.heard_ns) for peer in heard.peers]
        if told['what'] == 'hazard':
            found = [(one.position[0], one.heard_ns) for one in heard.hazards]
        for sent_m, heard_ns in found:
            if sent_m not in seen:
                seen.add(sent_m)
                arrived.append(since_ms(sent_m, heard_ns))
                verified.append(since_ms(sent_m, now_ns))
    return {'arrived_ms': arrived, 'verified_ms': verified}


def crowd(bodies: list[Body], told: Told) -> Told:
    """Robots that say, hear and decide at 10 Hz."""
    del told
    due = time.monotonic()
    began, cpu = time.monotonic(), _cpu_s()
    before = [body.session.traffic for body in bodies]
    while not ended():
        for body in bodies:
            body.say()
            body.decide()
        due = max(due + TICK_S, time.monotonic())
        time.sleep(max(0.0, due - time.monotonic()))
    seconds = time.monotonic() - began
    rates = {}
    for body, first in zip(bodies, before, strict=True):
        last = body.session.traffic
        rates[body.agent_id] = {
            name: (last.get(name, 0) - first.get(name, 0)) / seconds
            for name in ('bytes', 'heard_bytes', 'heard_messages')
        }
    return {'rates': rates, 'cpu': (_cpu_s() - cpu) / seconds, 'peers': len(bodies)}


def ask(bodies: list[Body], told: Told) -> Told:
    """Meet the answering robot again and again; how long until the right is granted."""
    body = bodies[0]
    spent: list[float] = []
    while not ended():
        body.say()
        body.forget()
        body.session.drain()
        began = time.perf_counter()
        granted = body.decide()
        end = began + 2.0
        while not granted and time.perf_counter() < end:
            body.session.wait_for_claim(0.1)
            granted = body.decide()
        if granted:
            spent.append((time.perf_counter() - began) * 1e3)
        time.sleep(told['period_s'])
    return {'agreed_ms': spent}


def answer(bodies: list[Body], told: Told) -> Told:
    """Answer as soon as a claim is heard; say, hear and decide at 10 Hz besides."""
    del told
    body, due = bodies[0], 0.0
    while not ended():
        body.session.wait_for_claim(max(0.0, due - time.monotonic()))
        body.decide()
        if time.monotonic() >= due:
            body.say()
            due = time.monotonic() + TICK_S
    return {}


ROLES: dict[str, Callable[[list[Body], Told], Told]] = {
    'speak': speak,
    'listen': listen,
    'crowd': crowd,
    'ask': ask,
    'answer': answer,
}


def bare(told: Told) -> Told:
    """The control: Zenoh alone, the same size, no signature, no check."""
    config = zenoh.Config.from_json5(json.dumps(told['config']))
    found: list[float] = []

    def take(sample: zenoh.Sample) -> None:
        found.append(since_ms(float(bytes(sample.payload)[:32])))

    with zenoh.open(config) as session:
        if told['agents'][0] == 'hears':
            handle = session.declare_subscriber(
                'bare/intent', zenoh.handlers.Callback(take, indirect=False)
            )
        report(ready=True)
        while not ended():
            if told['agents'][0] == 'says':
                session.put(
                    'bare/intent', f'{clock_m():032.9f}'.encode() + b'x' * 700, express=True
                )
            time.sleep(told['period_s'])
        if told['agents'][0] == 'hears':
            handle.undeclare()  # type: ignore[no-untyped-call]
    return {'arrived_ms': found}


def main() -> int:
    """Play until told to end; the last line is the report."""
    told: Told = json.loads(sys.argv[1])
    if told['role'] == 'bare':
        report(**bare(told))
        return 0
    fleet = bare_fleet(told['count'], told['base_port'], told['mesh'])
    poses = told.get('poses') or {}
    bodies = [
        Body(name, MeshSession(name, fleet, Path(told['folder'])), _pose(poses, name))
        for name in told['agents']
    ]
    if told['role'] == 'answer':
        bodies[0].path = path_from(*bodies[0].pose, 0.0, 1.0)
    while not all(len(body.session.alive) >= told['count'] - 1 for body in bodies):
        time.sleep(0.05)
        if ended():
            return 1
    report(ready=True)
    last = ROLES[told['role']](bodies, told)
    for body in bodies:
        body.session.close()
    report(**last, dropped=sum(sum(body.session.dropped.values()) for body in bodies))
    return 0


def _pose(poses: dict[str, list[float]], name: str) -> tuple[float, float]:
    x_m, y_m = poses.get(name, (0.0, 0.0))
    return x_m, y_m


def _cpu_s() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


if __name__ == '__main__':
    sys.exit(main())
