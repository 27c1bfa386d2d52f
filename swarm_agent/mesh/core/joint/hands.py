# SPDX-License-Identifier: Apache-2.0
"""Hands: one-shot skills lent to peers, one at a time, in fair turn, and never too late."""

from dataclasses import dataclass, replace

from swarm_agent.mesh.core.joint.types import Answer, Ask, HandStatus, JointParams

NS = 1_000_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Queued:
    """A request that waits for its turn."""

    ask: Ask
    ends_ns: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Hand:
    """The queue of the skills that this robot lends."""

    queue: tuple[Queued, ...] = ()
    """In the order of arrival."""
    turns: tuple[str, ...] = ()
    """Askers, the one that was served longest ago first."""


def answer(ask: Ask, status: HandStatus, result: str) -> Answer:
    """An answer to a request."""
    return Answer(
        request_id=ask.request_id,
        asker=ask.asker,
        hand=ask.hand,
        status=int(status),
        result=result,
    )


def queued(hand: Hand, ask: Ask, now_ns: int, params: JointParams) -> tuple[Hand, Answer | None]:
    """Take a request in, or say why not; a doubled one changes nothing."""
    if any(one.ask.request_id == ask.request_id for one in hand.queue):
        return hand, None
    if ask.capability not in params.capabilities:
        return hand, answer(ask, HandStatus.REFUSED, f'no capability {ask.capability!r}')
    of_one = sum(one.ask.asker == ask.asker for one in hand.queue)
    if len(hand.queue) >= params.queue or of_one >= params.queue_of_one:
        return hand, answer(ask, HandStatus.REFUSED, 'the queue is full')
    ends_ns = now_ns + round(ask.within_s * NS)
    return replace(hand, queue=(*hand.queue, Queued(ask=ask, ends_ns=ends_ns))), None


def without_late(hand: Hand, now_ns: int) -> tuple[Hand, tuple[Answer, ...]]:
    """Take out the requests whose time is over."""
    late = tuple(one for one in hand.queue if now_ns >= one.ends_ns)
    if not late:
        return hand, ()
    kept = tuple(one for one in hand.queue if now_ns < one.ends_ns)
    reason = 'its turn did not come in time'
    answers = tuple(answer(one.ask, HandStatus.LATE, reason) for one in late)
    return replace(hand, queue=kept), answers


def next_turn(hand: Hand) -> tuple[Hand, Ask | None]:
    """The next request: of the asker that was served longest ago, its oldest."""
    if not hand.queue:
        return hand, None
    turn = {asker: number for number, asker in enumerate(hand.turns)}
    chosen = min(hand.queue, key=lambda one: turn.get(one.ask.asker, -1))
    queue = tuple(one for one in hand.queue if one is not chosen)
    asker = chosen.ask.asker
    turns = (*(one for one in hand.turns if one != asker), asker)[-64:]
    return Hand(queue=queue, turns=turns), chosen.ask
