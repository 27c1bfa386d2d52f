# SPDX-License-Identifier: Apache-2.0
"""Drive to one goal: what the situation node's word about it means over time."""

import math
from dataclasses import dataclass
from enum import Enum

from swarm_agent.planner.core.skills.step import Leg, View, Want
from swarm_agent.planner.core.types import Nav
from swarm_vault.replacing import replace

_BLOCKED = frozenset({Nav.BLOCKED, Nav.EXPLORING})


class Course(Enum):
    """How a drive stands."""

    UNDER_WAY = 0
    ARRIVED = 1
    UNREACHABLE = 2
    BLOCKED = 3
    """For longer than the patience of who asks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Drive:
    """One look at a drive."""

    leg: Leg
    course: Course
    blocked_ns: int
    beside_ns: int
    """For how long the robot has been within the arrival radius."""


def drive(leg: Leg | None, want: Want, view: View, *, patience_s: float) -> Drive:
    """Follow a drive to `want`; a new want begins a new leg.

    Args:
        leg: The leg so far.
        want: Where to go.
        view: This moment.
        patience_s: Time of being blocked after which the drive counts as blocked [s].
    """
    leg = _follow(leg if leg is not None and leg.want == want else Leg(want=want), view)
    return Drive(
        leg=leg,
        course=_course(leg, view, patience_s),
        blocked_ns=_age(leg.blocked_ns, view),
        beside_ns=_age(leg.beside_ns, view),
    )


def _follow(leg: Leg, view: View) -> Leg:
    if view.acting != leg.want:
        return replace(leg, blocked_ns=None, unreachable_ns=None, beside_ns=None)
    beside = math.dist(view.situation.pose[:2], leg.want.goal[:2]) <= leg.want.tolerance_m
    return replace(
        leg,
        blocked_ns=_since(leg.blocked_ns, view, holds=view.nav in _BLOCKED),
        unreachable_ns=_since(leg.unreachable_ns, view, holds=view.nav is Nav.UNREACHABLE),
        beside_ns=_since(leg.beside_ns, view, holds=beside),
    )


def _course(leg: Leg, view: View, patience_s: float) -> Course:
    if view.acting == leg.want and view.nav is Nav.ARRIVED:
        return Course.ARRIVED
    if leg.unreachable_ns is not None and _lasts(
        leg.unreachable_ns, view, view.params.tuning.unreachable_s
    ):
        return Course.UNREACHABLE
    if leg.blocked_ns is not None and _lasts(leg.blocked_ns, view, patience_s):
        return Course.BLOCKED
    return Course.UNDER_WAY


def _since(since_ns: int | None, view: View, *, holds: bool) -> int | None:
    if not holds:
        return None
    return view.now_ns if since_ns is None else since_ns


def _age(since_ns: int | None, view: View) -> int:
    return 0 if since_ns is None else view.now_ns - since_ns


def _lasts(since_ns: int, view: View, seconds: float) -> bool:
    return view.now_ns - since_ns >= round(seconds * 1e9)
