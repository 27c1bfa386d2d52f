# SPDX-License-Identifier: Apache-2.0
"""What the robots decided among themselves, read from the events that they send up."""

import json
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from typing import Any

from swarm.v1 import operator_pb2

MOST_VOTES = 100
MOST_TEXTS = 500
MARKS = (b'"vote.', b'"blackboard.')


class JointView:
    """Votes and blackboard, the newest of each; several robots tell of the same."""

    def __init__(self) -> None:
        """Start with nothing heard."""
        self._votes: OrderedDict[str, operator_pb2.VoteState] = OrderedDict()
        self._texts: OrderedDict[tuple[str, str, str], operator_pb2.BlackboardState] = (
            OrderedDict()
        )

    def take(self, lines: Iterable[bytes], now_ns: int) -> None:
        """Read log lines; those of other events are skipped without looking into them."""
        for line in lines:
            if any(mark in line for mark in MARKS):
                self._read(line, now_ns)

    def reply(self) -> operator_pb2.VotesReply:
        """Everything, the newest last."""
        return operator_pb2.VotesReply(
            votes=list(self._votes.values()), blackboard=list(self._texts.values())
        )

    def newest(self, count: int) -> list[operator_pb2.VoteState]:
        """The newest votes."""
        return list(self._votes.values())[-count:]

    def _read(self, line: bytes, now_ns: int) -> None:
        try:
            said = json.loads(line)
        except ValueError:
            return  # the mirror has stored it as it is; the audit judges it
        type_, data = _parts(said)
        if type_ == 'blackboard.written':
            self._take_text(data, now_ns)
        elif type_.startswith('vote.') and data.get('vote_id'):
            self._take_vote(type_.removeprefix('vote.'), data, now_ns)

    def _take_text(self, data: Mapping[str, Any], now_ns: int) -> None:
        revision = str(data.get('revision', ''))
        place = tuple(str(data.get(name, '')) for name in ('mission_id', 'section', 'author'))
        mission, section, author = place
        known = self._texts.get((mission, section, author))
        if not revision.isdecimal() or (known is not None and known.revision >= int(revision)):
            return
        self._texts[mission, section, author] = operator_pb2.BlackboardState(
            mission_id=mission,
            section=section,
            author=author,
            revision=min(int(revision), 2**64 - 1),
            text=str(data.get('text', '')),
            stamp_ns=now_ns,
        )
        self._texts.move_to_end((mission, section, author))
        while len(self._texts) > MOST_TEXTS:
            self._texts.popitem(last=False)

    def _take_vote(self, what: str, data: Mapping[str, Any], now_ns: int) -> None:
        vote_id = str(data['vote_id'])
        state = self._votes.get(vote_id)
        if state is None:
            state = operator_pb2.VoteState(vote_id=vote_id, status='open', stamp_ns=now_ns)
            self._votes[vote_id] = state
            while len(self._votes) > MOST_VOTES:
                self._votes.popitem(last=False)
        state.topic, state.proposer = str(data.get('topic', '')), str(data.get('proposer', ''))
        if what == 'opened':
            state.question = str(data.get('question', ''))
            state.ClearField('required')
            state.required.extend(str(data.get('required', '')).split())
        elif what == 'cast':
            _take_ballot(state, data)
        elif what == 'closed' and state.status == 'open':
            state.status, state.reason = str(data.get('status', '')), str(data.get('reason', ''))
            state.stamp_ns = now_ns


def _parts(said: object) -> tuple[str, dict[str, Any]]:
    """Type and data of an event; nothing of what is none."""
    if not isinstance(said, dict) or not isinstance(said.get('data'), dict):
        return '', {}
    return str(said.get('type', '')), said['data']


def _take_ballot(state: operator_pb2.VoteState, data: Mapping[str, Any]) -> None:
    voter = str(data.get('voter', ''))
    if voter not in [ballot.voter for ballot in state.ballots]:
        state.ballots.add(
            voter=voter, ballot=str(data.get('ballot', '')), reason=str(data.get('reason', ''))
        )
