# SPDX-License-Identifier: Apache-2.0
"""One robot of a scenario: real situation core and mesh session on a body of arithmetic."""

import math
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

import numpy as np

from swarm_agent.mesh.core import Claim, Hazard, Peer
from swarm_agent.mesh.scenarios.arena import Caster, Floats, Pose
from swarm_agent.mesh.scenarios.clock import REAL, Clock
from swarm_agent.mesh.scenarios.freedom import way_is_free
from swarm_agent.mesh.scenarios.places import Errand, Place
from swarm_agent.situation.core import (
    Inputs,
    IntentKind,
    NavState,
    Odom,
    Outputs,
    Params,
    Reflex,
    ReflexAction,
    Scan,
    Wish,
)
from swarm_agent.situation.core.decide import decide
from swarm_agent.situation.core.state import initial
from swarm_agent.situation.messages import hazard_message, peer_intent

TICK_S = 0.1
MOST_STEP_S = 0.2
"""On a machine that cannot keep up, time passes more slowly for the bodies."""
DEAD_MAN_S = 0.35
"""After this without a decision a robot has been stopped by its reflexes."""
STANDS_MPS = 0.02
STOP_M = 0.06
"""The reflex: nearer than this to anything ahead a robot stops [m]."""
REACTION_S = 0.25
IDLE = Wish(
    intent_id=0,
    kind=int(IntentKind.IDLE),
    skill='',
    goal=(0.0, 0.0, 0.0),
    use_yaw=False,
    tolerance_m=0.2,
    priority=1,
    speed_factor=1.0,
)


@dataclass(slots=True, kw_only=True)
class Story:
    """What became of a robot."""

    arrivals_s: list[float] = field(default_factory=list)
    waited_s: float = 0.0
    """In all, kept from driving while it had somewhere to go."""
    longest_wait_s: float = 0.0
    longest_free_wait_s: float = 0.0
    """Of one standing, the time in which nobody was in its way or using it."""
    reflex_stops: int = 0
    reversals: int = 0
    """How often it stepped aside."""
    settled: int = 0
    violations: list[str] = field(default_factory=list)
    lost: dict[str, float] = field(default_factory=dict)
    """When a peer was noticed to be gone [s of steady time]."""
    track: list[tuple[float, float, float, str]] = field(default_factory=list)
    """Time [s], x, y [m] and what it did, twice a second."""


class Heard(Protocol):
    """What a robot heard."""

    @property
    def peers(self) -> tuple[Peer, ...]:
        """The newest word of every peer."""

    @property
    def claims(self) -> tuple[Claim, ...]:
        """Claims to this robot since the last time."""

    @property
    def hazards(self) -> tuple[Hazard, ...]:
        """Hazards of others that hold."""


class Session(Protocol):
    """A robot's ear and mouth: a mesh session, or one in an air of arithmetic."""

    def drain(self) -> Heard:
        """Take in what arrived."""

    def publish_intent(self, intent: Any) -> None:
        """Say to all what this robot does."""

    def send_claim(self, claim: Claim) -> None:
        """Say something to one."""

    def publish_hazard(self, hazard: Any) -> None:
        """Report a hazard."""

    @property
    def alive(self) -> frozenset[str]:
        """The peers that are there."""

    def close(self) -> None:
        """Leave."""

    @property
    def dropped(self) -> dict[str, int]:
        """Messages that were not believed, by reason."""


class Robot:
    """Drives by its own decisions in the shared arena."""

    def __init__(
        self,
        number: int,
        errand: Errand,
        params: Params,
        session: Session,
        caster: Caster,
        arena: Floats,
        *,
        clock: Clock = REAL,
        clock_ns: int = 0,
    ) -> None:
        self.number, self.errand, self.params, self.session = number, errand, params, session
        self._caster, self._arena, self._clock, self._clock_ns = caster, arena, clock, clock_ns
        self._state = initial(params)
        self._goals = list(errand.goals)
        self._pose: Pose = params.start
        self._odom: Pose = (0.0, 0.0, 0.0)
        self._speeds = (0.0, 0.0)
        self._stopped = False
        self._moved_s = self._began_s = self._steady_s()
        self._wish: Wish | None = IDLE
        self._wanted = IDLE
        self._intents = 0
        self._since_s, self._free_s = -1.0, 0.0
        self._aside = False
        self._ticks = 0
        self.story = Story()
        self.out: Outputs | None = None
        self._write()

    @property
    def done(self) -> bool:
        """Nothing is left to do."""
        return not self._goals and self._wanted.kind == IntentKind.IDLE

    @property
    def entitled(self) -> frozenset[str]:
        """The peers whose promise to let it pass it holds."""
        return frozenset(
            one.peer
            for one in self._state.rights.encounters
            if one.role == 'passes' and one.granted
        )

    def set_off(self) -> None:
        """Begin with the first errand."""
        self._began_s = self._moved_s = self._steady_s()
        self._next_goal()

    def restart(self, session: Session) -> None:
        """Come back from death where the body stands, knowing nothing but its errand."""
        now_s = self._steady_s()
        self.params = replace(self.params, start=self._pose)
        self.session, self._state = session, initial(self.params)
        self._odom, self._speeds, self._stopped = (0.0, 0.0, 0.0), (0.0, 0.0), False
        self._moved_s, self._since_s, self._wish = now_s, -1.0, self._wanted

    def tick(self) -> None:
        """Move, look, hear, decide, say."""
        now_s = self._steady_s()
        if now_s - self._moved_s > DEAD_MAN_S:
            self._speeds = (0.0, 0.0)
        self._move(min(MOST_STEP_S, now_s - self._moved_s))
        self._moved_s = now_s
        others = self._others()
        ranges = self._caster.ranges(self._pose, others, self.params.body.radius_m)
        heard = self.session.drain()
        now_ns = self._clock.steady_ns()
        inputs = Inputs(
            now_ns=now_ns,
            odom=Odom(pose=self._odom, vx_mps=self._speeds[0], wz_radps=self._speeds[1], age_ns=0),
            scan=Scan(ranges=_packed(ranges), pose_odom=self._odom, age_ns=0),
            intent=self._take_wish(),
            reflex=self._reflex(ranges),
            peers=heard.peers,
            claims=heard.claims,
            hazards=heard.hazards,
        )
        self._state, out = decide(self._state, inputs, self.params)
        self._command(out, ranges)
        self._tell(out)
        self._note(out, inputs, now_s)
        self.out = out

    def _steady_s(self) -> float:
        return self._clock.steady_ns() * 1e-9

    def _tell(self, out: Outputs) -> None:
        wall_ns = self._clock.wall_ns() + self._clock_ns
        radius_m = self.params.body.radius_m
        self.session.publish_intent(peer_intent(out, self.errand.agent_id, radius_m, wall_ns))
        for claim in out.claims:
            self.session.send_claim(claim)
        for hazard in out.hazards:
            self.session.publish_hazard(hazard_message(hazard, wall_ns))

    def _take_wish(self) -> Wish | None:
        wish, self._wish = self._wish, None
        return wish

    def _next_goal(self) -> None:
        if not self._goals:
            self._wish = self._wanted = IDLE
            return
        x, y = self._goals.pop(0)
        self._intents += 1
        self._wish = self._wanted = Wish(
            intent_id=self._intents,
            kind=int(IntentKind.GO_TO),
            skill='go_to',
            goal=(x, y, 0.0),
            use_yaw=False,
            tolerance_m=0.3,
            priority=3,
            speed_factor=1.0,
        )

    def _others(self) -> Floats:
        kept = np.arange(len(self._arena)) != self.number
        return np.asarray(self._arena[kept, :2])

    def _reflex(self, ranges: Floats) -> Reflex:
        action = ReflexAction.STOP if self._stopped else ReflexAction.PASS
        nearest = float(ranges.min()) - self.params.body.radius_m
        return Reflex(
            action=int(action),
            cause='zone_stop' if self._stopped else '',
            clearance_m=max(0.0, min(1e3, nearest)),
            e_stop=False,
            enabled=True,
            age_ns=0,
        )

    def _command(self, out: Outputs, ranges: Floats) -> None:
        """The reflex below: stop before what is ahead, whatever was decided."""
        body = self.params.body
        angles = -math.pi + np.arange(ranges.size) * math.tau / ranges.size
        vx = out.vx_mps
        reach = abs(vx) * REACTION_S + vx * vx / (2.0 * body.max_decel_mps2) + STOP_M
        ahead = np.cos(angles) * (1.0 if vx >= 0.0 else -1.0) * ranges
        beside = np.abs(np.sin(angles) * ranges)
        depth = np.sqrt(np.maximum(body.radius_m**2 - beside**2, 0.0))
        in_way = (beside < body.radius_m) & (ahead > 0.0) & (ahead - depth < reach)
        blocked = bool(in_way.any()) and abs(vx) > 0.0
        self.story.reflex_stops += blocked and not self._stopped
        self._stopped = blocked
        self._speeds = (0.0 if blocked else vx, out.wz_radps)

    def _move(self, seconds: float) -> None:
        ahead, turn = self._speeds[0] * seconds, self._speeds[1] * seconds
        self._pose, self._odom = _arc(self._pose, ahead, turn), _arc(self._odom, ahead, turn)
        self._write()

    def _write(self) -> None:
        going = float(not self.done)
        row = (*self._pose, self._speeds[0], going, self._steady_s())
        self._arena[self.number] = row

    def _note(self, out: Outputs, inputs: Inputs, now_s: float) -> None:
        story = self.story
        since_s = now_s - self._began_s
        going = self._wanted.kind == IntentKind.GO_TO
        if going and out.nav_state == NavState.ARRIVED and out.intent_id == self._wanted.intent_id:
            story.arrivals_s.append(round(since_s, 2))
            self._next_goal()
        self._count_waiting(out, inputs, now_s, going=going)
        aside = out.nav_state == NavState.YIELDING and 'makes way' in out.reason
        story.reversals += aside and not self._aside
        self._aside = aside
        story.settled += len(out.settlements)
        story.violations += [
            f'{one.kind}: {one.actual}' for one in out.violations if one.kind == 'promise'
        ]
        self._note_lost(inputs, now_s)
        self._ticks += 1
        if self._ticks % 5 == 0:
            x, y, _ = self._pose
            what = 'waits' if self._since_s >= 0.0 else 'aside' if aside else 'drives'
            story.track.append((round(since_s, 2), round(x, 3), round(y, 3), what))

    def _count_waiting(self, out: Outputs, inputs: Inputs, now_s: float, *, going: bool) -> None:
        story = self.story
        if not going or abs(self._speeds[0]) + abs(self._speeds[1]) > STANDS_MPS:
            self._since_s, self._free_s = -1.0, 0.0
            return
        if self._since_s < 0.0:
            self._since_s = now_s
        story.waited_s += TICK_S
        story.longest_wait_s = max(story.longest_wait_s, now_s - self._since_s)
        radius_m = self.params.body.radius_m
        free = way_is_free(np.array(out.path), self._others(), inputs.peers, radius_m)
        self._free_s += TICK_S * free
        story.longest_free_wait_s = max(story.longest_free_wait_s, self._free_s)

    def _note_lost(self, inputs: Inputs, now_s: float) -> None:
        for peer in inputs.peers:
            gone = not peer.alive or inputs.now_ns - peer.heard_ns > 1_000_000_000
            if gone:
                self.story.lost.setdefault(peer.agent_id, now_s)
            else:
                self.story.lost.pop(peer.agent_id, None)


def as_plain(robot: Robot) -> dict[str, Any]:
    """A robot's story for the report."""
    story = robot.story
    return {
        'agent_id': robot.errand.agent_id,
        'done': robot.done,
        'goals': len(robot.errand.goals),
        'start': robot.errand.start,
        'last_reason': '' if robot.out is None else robot.out.reason,
        'dropped': robot.session.dropped,
        'arrivals_s': story.arrivals_s,
        'waited_s': round(story.waited_s, 1),
        'longest_wait_s': round(story.longest_wait_s, 2),
        'longest_free_wait_s': round(story.longest_free_wait_s, 2),
        'reflex_stops': story.reflex_stops,
        'reversals': story.reversals,
        'settled': story.settled,
        'violations': story.violations,
        'lost': story.lost,
        'track': story.track,
    }


def _packed(ranges: Floats) -> bytes:
    raw = np.where(np.isfinite(ranges), np.round(ranges * 1000.0), 65535.0)
    return np.clip(raw, 0, 65535).astype('<u2').tobytes()


def _arc(pose: Pose, ahead_m: float, turn_rad: float) -> Pose:
    yaw = pose[2] + turn_rad / 2.0
    return (
        pose[0] + ahead_m * math.cos(yaw),
        pose[1] + ahead_m * math.sin(yaw),
        math.remainder(pose[2] + turn_rad, math.tau),
    )


def start_pose(start: Place, goals: tuple[Place, ...]) -> Pose:
    """At the start, turned to the first goal."""
    x, y = goals[0] if goals else (start[0] + 1.0, start[1])
    return (*start, math.atan2(y - start[1], x - start[0]))
