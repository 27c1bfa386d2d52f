# SPDX-License-Identifier: Apache-2.0
"""What an approval is bound to: exactly what was asked, the robots' state then, and a time.

It holds once, and only while what was asked and those robots are as they were.
"""

import hashlib
import math
from dataclasses import dataclass
from enum import Enum

from swarm_vault.codec import codec_of
from swarm_vault.laws.core.policy import ApprovalRule
from swarm_vault.laws.core.values import Action

BACK_NS = 1_000_000_000
"""A clock may be set back by so much before a question counts as asked in the future [ns]."""
AVAILABLE = 'available'


@dataclass(frozen=True, slots=True, kw_only=True)
class RobotState:
    """A robot as it was when the question was put."""

    agent_id: str
    standing: str
    """available, stopped by an operator, or why it cannot be given orders."""
    tier: int
    x_m: float
    y_m: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a human is asked to approve."""

    pending_id: str
    actions: tuple[Action, ...]
    robots: tuple[RobotState, ...]
    """Those that the question names."""
    law: str
    asked_ns: int
    rule: ApprovalRule


class Answer(str, Enum):
    """What became of a question."""

    APPROVED = 'approved'
    DENIED = 'denied'
    EXPIRED = 'expired'
    STALE = 'stale'


@dataclass(frozen=True, slots=True, kw_only=True)
class Settlement:
    """How a question ended; only APPROVED lets anything happen."""

    answer: Answer
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What a human said, and the world at that moment."""

    asked: Asked
    digest: str
    """Of what the human saw."""
    approves: bool
    by: str
    may_approve: bool
    """Whether the role gives that right."""
    reason: str
    now_ns: int
    robots: tuple[RobotState, ...]
    law: str


def digest_of(asked: Asked) -> str:
    """SHA-256 over everything that is asked, hex: actions, robots, law, time."""
    return hashlib.sha256(codec_of(Asked).encode(asked)).hexdigest()


def expired(asked: Asked, now_ns: int) -> bool:
    """Whether the time for an answer is over; also when the clock was set back before it began."""
    age_ns = now_ns - asked.asked_ns
    return age_ns >= asked.rule.within_s * 1e9 or age_ns < -BACK_NS


def expiry(asked: Asked, now_ns: int) -> str:
    """Why an answer comes too late, in words."""
    if now_ns < asked.asked_ns:
        return 'the clock was set back since it was asked: blocked'
    return f'no answer within {asked.rule.within_s:g} s: blocked'


def settle(reply: Reply) -> Settlement:
    """Judge an answer; what does not fit any more is not approved."""
    asked = reply.asked
    if expired(asked, reply.now_ns):
        return Settlement(answer=Answer.EXPIRED, reason=expiry(asked, reply.now_ns))
    if not reply.may_approve:
        return Settlement(answer=Answer.STALE, reason=f'{reply.by!r} has no role that approves')
    if not reply.approves:
        return Settlement(answer=Answer.DENIED, reason=f'denied by {reply.by}: {reply.reason}')
    stale = _stale(reply)
    if stale:
        return Settlement(answer=Answer.STALE, reason=f'{stale}; ask again')
    return Settlement(answer=Answer.APPROVED, reason=f'approved by {reply.by}')


def _stale(reply: Reply) -> str:
    asked = reply.asked
    if reply.digest != digest_of(asked):
        return 'the answer is to another question than the one that was asked'
    if reply.law != asked.law:
        return 'the policy has changed since'
    now = {robot.agent_id: robot for robot in reply.robots}
    for then in asked.robots:
        fault = _changed(then, now.get(then.agent_id), asked.rule.moved_m)
        if fault:
            return fault
    return ''


def _changed(then: RobotState, now: RobotState | None, moved_m: float) -> str:
    if now is None or now.standing not in (AVAILABLE, then.standing):
        return f'{then.agent_id} is {"gone" if now is None else now.standing}'
    if now.tier < then.tier:
        return f'{then.agent_id} has tier {now.tier}, it had {then.tier}'
    moved = math.dist((then.x_m, then.y_m), (now.x_m, now.y_m))
    if not moved <= moved_m:
        return f'{then.agent_id} has moved by {moved:.1f} m'
    return ''
