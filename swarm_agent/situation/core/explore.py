# SPDX-License-Identifier: Apache-2.0
"""After a violation: stand, look until what was found keeps its extent, then let the plan be."""

from dataclasses import dataclass

from swarm_agent.situation.core.arrays import Floats
from swarm_agent.situation.core.consistency import Found, grown
from swarm_agent.situation.core.hypotheses import Answer
from swarm_agent.situation.core.se2 import Point, Pose, distance
from swarm_vault.replacing import replace

STABLE_SCANS = 3
STANDS_MPS = 0.05
LONGEST_FACTOR = 2
BACK_OUT_M = 0.25
BACK_OUT_S = 2.5
LOOK_RADPS = 0.4
WANDERED_M = 0.4
"""As more of an object comes into sight its middle moves by less than this [m]."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Exploration:
    """A look at what contradicted the model."""

    kind: str
    where: Point
    since_ns: int
    standing_ns: int = -1
    """Since when the robot stands; -1 before."""
    found: Found | None = None
    first: Found | None = None
    """What was found at the beginning."""
    question: str = ''
    """What is to be found out, a key of `hypotheses.QUESTIONS`."""
    answer: Answer | None = None
    stable: int = 0
    """Scans in a row in which the object kept its extent."""
    backing: bool = False
    origin: Pose = (0.0, 0.0, 0.0)
    done: bool = False


def begin(
    kind: str, where: Point, now_ns: int, pose: Pose, found: Found | None, question: str = ''
) -> Exploration:
    """Start to look at a place."""
    return Exploration(
        kind=kind,
        where=where,
        since_ns=now_ns,
        found=found,
        first=found,
        origin=pose,
        question=question or kind,
    )


def wandered_m(exploration: Exploration) -> float:
    """How far the middle of what was found has moved beyond its extent [m]; 0 if it has not."""
    first, last = exploration.first, exploration.found
    if first is None or last is None:
        return 0.0
    return max(0.0, distance(first.centre, last.centre) - max(WANDERED_M, last.radius_m))


def look(
    exploration: Exploration,
    solid: tuple[Floats, Floats],
    pose: Pose,
    speed_mps: float,
    now_ns: int,
    look_s: float,
    *,
    free_behind: bool,
) -> Exploration:
    """One decision's look."""
    if exploration.backing:
        return _backed(exploration, pose, now_ns, free_behind=free_behind)
    if exploration.standing_ns < 0:
        if abs(speed_mps) > STANDS_MPS and now_ns - exploration.since_ns < 2e9:
            return exploration
        return replace(exploration, standing_ns=now_ns)
    exploration = _measured(exploration, solid)
    looked_s = (now_ns - exploration.standing_ns) * 1e-9
    stable = exploration.found is not None and exploration.stable >= STABLE_SCANS
    if looked_s < look_s and not (stable and exploration.kind == 'object'):
        return exploration
    if exploration.kind == 'reflex' and free_behind:
        return replace(exploration, backing=True, origin=pose, since_ns=now_ns)
    return replace(exploration, done=True)


def _measured(exploration: Exploration, solid: tuple[Floats, Floats]) -> Exploration:
    """The object as it is seen now, and for how long it has looked the same."""
    seed = exploration.found.centre if exploration.found is not None else exploration.where
    found = grown(solid, exploration.where) or grown(solid, seed)
    if found is None or exploration.found is None:
        return replace(exploration, found=found, stable=0)
    same = abs(found.cells - exploration.found.cells) <= 1
    return replace(exploration, found=found, stable=exploration.stable + 1 if same else 0)


def _backed(
    exploration: Exploration, pose: Pose, now_ns: int, *, free_behind: bool
) -> Exploration:
    far = distance(pose, exploration.origin) >= BACK_OUT_M
    late = now_ns - exploration.since_ns >= BACK_OUT_S * 1e9
    return replace(exploration, done=far or late or not free_behind)
