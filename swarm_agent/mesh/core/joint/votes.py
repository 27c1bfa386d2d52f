# SPDX-License-Identifier: Apache-2.0
"""Votes: who may end them, how they are counted, and how a robot casts its own ballot."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from swarm_agent.mesh.core.joint.types import (
    Ballot,
    Call,
    Cast,
    Event,
    JointParams,
    Standpoint,
    VoteStatus,
)

NS = 1_000_000_000
WORDS = {1: 'accept', 2: 'reject', 3: 'abstain'}


@dataclass(frozen=True, slots=True, kw_only=True)
class Vote:
    """A vote as one robot knows it."""

    call: Call
    ends_ns: int
    casts: tuple[Cast, ...] = ()
    """The first ballot of each voter, by id."""
    told_ns: int = -NS
    """When the own call was said last."""


def count(required: Iterable[str], casts: Iterable[Cast]) -> tuple[VoteStatus, str]:
    """The result if nothing more came.

    Passed: all required ones voted, none of them rejects, more accept than reject.
    """
    ballots = {cast.voter: cast.ballot for cast in casts}
    needed = tuple(required)
    vetoes = [voter for voter in needed if ballots.get(voter) == Ballot.REJECT]
    missing = [voter for voter in needed if voter not in ballots]
    accepts = sum(ballot == Ballot.ACCEPT for ballot in ballots.values())
    rejects = sum(ballot == Ballot.REJECT for ballot in ballots.values())
    if vetoes:
        return 'rejected', f'{", ".join(vetoes)} rejects and is required'
    if missing:
        return 'failed', f'{", ".join(missing)} did not vote'
    if accepts <= rejects:
        return 'failed' if accepts == rejects else 'rejected', f'{accepts} for, {rejects} against'
    return 'passed', f'{accepts} for, {rejects} against'


def ballot_of(call: Call, agent_id: str, me: Standpoint) -> Cast:
    """The own ballot on a peer's question, by what can be known without a planner."""
    required = agent_id in call.required
    ballot, reason = Ballot.ABSTAIN, 'it does not concern me'
    if me.held and (required or _concerns(call, me)):
        ballot, reason = Ballot.REJECT, f'I am held: {me.held}'
    elif _near(call, me.position):
        ballot, reason = Ballot.REJECT, 'I stand there'
    elif me.goal is not None and _near(call, me.goal):
        ballot, reason = Ballot.REJECT, 'my goal lies there'
    elif required or _concerns(call, me):
        ballot, reason = Ballot.ACCEPT, ''
    return Cast(vote_id=call.vote_id, voter=agent_id, ballot=int(ballot), reason=reason)


def _concerns(call: Call, me: Standpoint) -> bool:
    return any(_near(call, point) for point in me.path)


def _near(call: Call, point: tuple[float, float]) -> bool:
    return call.place is not None and math.dist(point, call.place) <= call.radius_m


def with_cast(vote: Vote, cast: Cast) -> Vote:
    """The vote with one more ballot; the first of each voter counts."""
    if cast.ballot not in WORDS or any(one.voter == cast.voter for one in vote.casts):
        return vote
    return replace(vote, casts=tuple(sorted((*vote.casts, cast), key=lambda one: one.voter)))


def close_if_due(vote: Vote, electorate: frozenset[str], now_ns: int) -> Vote:
    """End an own vote: at a veto, when all have voted who are there, or when its time is over."""
    status, reason = count(vote.call.required, vote.casts)
    voted = {cast.voter for cast in vote.casts}
    awaited = (electorate | set(vote.call.required)) - voted
    if status != 'rejected' and awaited and now_ns < vote.ends_ns:
        return vote
    call = replace(vote.call, status=status, reason=reason, counted=vote.casts, left_s=0.0)
    return replace(vote, call=call, told_ns=-NS)


def false_result(call: Call) -> str:
    """Why a proposer's result does not follow from the ballots it shows; empty if it does."""
    if not call.status:
        return ''
    status, _ = count(call.required, call.counted)
    if call.status == 'passed' and status != 'passed':
        return f'it says passed, the ballots say {status}'
    return ''


def opened(call: Call, now_ns: int) -> Vote:
    """A vote that was just heard of."""
    return Vote(call=call, ends_ns=now_ns + round(call.left_s * NS))


def forgotten(vote: Vote, now_ns: int, params: JointParams) -> bool:
    """Whether a vote is so long over that nobody asks."""
    return now_ns - vote.ends_ns > params.keep_s * NS


def told(type_: str, call: Call, more: Mapping[str, str], *, violation: bool = False) -> Event:
    """An event about a vote."""
    about = {'vote_id': call.vote_id, 'topic': call.topic, 'proposer': call.proposer}
    data = {**about, **more}
    return Event(violation=violation, type_=type_, data=tuple(sorted(data.items())))
