# SPDX-License-Identifier: Apache-2.0
"""The robot's desk for joint decisions: what was heard and wished goes to the core, recorded.

Between ROS and the mesh stands one topic: a SwarmEvent on `<robot>/joint` with type `vote.call`,
`vote.cast`, `blackboard.write` or `hand.ask` is a wish of the own side (docs/protocol.md). What
comes of it stands in the log and goes out on `events`.
"""

import json
from collections.abc import Callable, Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from swarm_agent.mesh.core.joint import (
    CORE,
    Answer,
    Ask,
    Event,
    HandStatus,
    JointInputs,
    JointOutputs,
    JointParams,
    Standpoint,
    Wish,
)
from swarm_agent.mesh.hearing import JointMail
from swarm_agent.mesh.session import MeshSession
from swarm_vault.recorder import Recorder

Skill = Callable[[str], str]
"""From argument to result, JSON both; raises ValueError with the reason if it cannot."""
BALLOTS = {'accept': 1, 'reject': 2, 'abstain': 3}
TEND_EVERY = 5
"""Ticks between two looks at open votes when nothing came."""


class _WishText(BaseModel):
    """What the data of a wish may say."""

    model_config = ConfigDict(extra='forbid', strict=False, frozen=True)

    topic: str = Field(default='', pattern=r'^[A-Za-z0-9_.-]{0,64}$')
    to: str = Field(default='', max_length=200)
    text: str = Field(default='', max_length=2000)
    required: tuple[str, ...] = Field(default=(), max_length=32)
    ballot: str = Field(default='', pattern=r'^(|accept|reject|abstain)$')
    place: tuple[float, float] | None = None
    radius_m: float = Field(default=0.0, ge=0.0, le=1e4)
    within_s: float = Field(default=5.0, gt=0.0, le=600.0)


_KINDS = {
    'vote.call': 'call',
    'vote.cast': 'cast',
    'blackboard.write': 'write',
    'hand.ask': 'ask',
}


def joint_wish(type_: str, data_json: str) -> Wish:
    """A wish from the topic.

    Raises:
        ValueError: It makes no sense; the message says what was expected.
    """
    kind = _KINDS.get(type_)
    if kind is None:
        raise ValueError(f'joint: type {type_!r}; expected one of {", ".join(sorted(_KINDS))}')
    try:
        said = _WishText.model_validate_json(data_json or '{}')
    except ValidationError as error:
        first = error.errors()[0]
        where = '.'.join(str(part) for part in first['loc']) or 'data'
        raise ValueError(f'joint: {type_}: {where}: {first["msg"]}') from error
    if kind != 'cast' and not said.topic:
        raise ValueError(f'joint: {type_}: topic: expected a name')
    if kind != 'call' and not said.to:
        raise ValueError(f'joint: {type_}: to: expected a peer, a mission or the id of a vote')
    fields = said.model_dump() | {'kind': kind, 'ballot': BALLOTS.get(said.ballot, 0)}
    return Wish(**fields)


class JointDesk:
    """Runs the joint core when something has come or is open.

    Args:
        recorder: Records the core's decisions.
        session: Says and hears.
        agent_id: Who we are.
        skills: What peers may ask this robot for, by capability.
    """

    def __init__(
        self,
        recorder: Recorder,
        session: MeshSession,
        agent_id: str,
        skills: Mapping[str, Skill],
    ) -> None:
        self._recorder, self._session, self._skills = recorder, session, skills
        self._params = JointParams(agent_id=agent_id, capabilities=tuple(sorted(skills)))
        self._state = recorder.start(CORE, self._params)
        self._queries: dict[str, Any] = {}
        self._wishes: list[Wish] = []
        self._ticks = 0

    def wish(self, wish: Wish) -> None:
        """Do something for the own side at the next tick."""
        self._wishes.append(wish)

    def tend(
        self, now_ns: int, mail: JointMail, there: tuple[str, ...], me: Standpoint
    ) -> list[Event]:
        """One tick, with the peers that are there; returns what is worth a line in the log."""
        self._ticks += 1
        waits = self._state.idle or self._ticks % TEND_EVERY
        if mail.empty and not self._wishes and waits and not self._state.hand.queue:
            return []
        for ask, query in mail.asks:
            self._queries[ask.request_id] = query
        wishes, self._wishes = tuple(self._wishes), []
        inputs = JointInputs(
            now_ns=now_ns,
            me=me,
            heard=there,
            calls=tuple(mail.calls),
            casts=tuple(mail.casts),
            entries=tuple(mail.entries),
            asks=tuple(ask for ask, _ in mail.asks),
            answers=tuple(mail.answers),
            wishes=wishes,
        )
        outputs = self._decided(inputs)
        events = list(outputs.events)
        while outputs.serve is not None:
            served = (self._served(outputs.serve),)
            again = JointInputs(now_ns=now_ns, me=me, heard=inputs.heard, served=served)
            outputs = self._decided(again)
            events += outputs.events
        return events

    def _decided(self, inputs: JointInputs) -> JointOutputs:
        self._state, outputs = self._recorder.decide(CORE, self._state, inputs, self._params)
        for topic, cast in outputs.casts:
            self._session.publish_cast(topic, cast)
        for call in outputs.calls:
            self._session.publish_call(call)
        for entry in outputs.entries:
            self._session.publish_entry(entry)
        for ask in outputs.queries:
            self._session.ask_hand(ask)
        for answer in outputs.replies:
            query = self._queries.pop(answer.request_id, None)
            if query is not None:
                self._session.answer_hand(query, answer)
        return outputs

    def _served(self, ask: Ask) -> Answer:
        status, result = HandStatus.DONE, ''
        try:
            result = self._skills[ask.capability](ask.argument)
        except ValueError as error:
            status, result = HandStatus.FAILED, str(error)
        return Answer(
            request_id=ask.request_id,
            asker=ask.asker,
            hand=ask.hand,
            status=int(status),
            result=result,
        )


def as_data(event: Event) -> dict[str, Any]:
    """An event's data for the log."""
    return dict(event.data)


def place_in(argument: str) -> tuple[float, float]:
    """The place that an argument names.

    Raises:
        ValueError: It names none.
    """
    try:
        said = json.loads(argument)
        return float(said['x']), float(said['y'])
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise ValueError('expected {"x": metres, "y": metres}') from error
