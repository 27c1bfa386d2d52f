# SPDX-License-Identifier: Apache-2.0
"""Judge what comes down the link: only what the supervisor signed for this robot gets through.

An order may arrive again (it is sent until it is acknowledged); the planner knows its id and gives
the first answer again. So no sequence is kept here.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass

from google.protobuf.message import DecodeError, Message
from swarm.v1 import common_pb2, mission_pb2

from swarm_vault.keys import Trust

SUPERVISOR = 'supervisor'


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """A verified mission order."""

    order: mission_pb2.MissionOrder


@dataclass(frozen=True, slots=True, kw_only=True)
class RecallOrder:
    """A verified recall."""

    order_id: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StopRequest:
    """A verified stop."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """A verified tier token for this robot."""

    token: mission_pb2.TierToken


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentityReceived:
    """A verified identity."""

    system_prompt: str
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RevocationsReceived:
    """Words of revocation, each signed by itself; the book that takes them verifies each."""

    words: tuple[common_pb2.Signed, ...]


Down = Order | RecallOrder | StopRequest | Token | IdentityReceived | RevocationsReceived


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """Something that must not take effect."""

    reason: str
    order_id: str = ''


class Receiver:
    """Turns signed messages into verified ones."""

    def __init__(self, agent_id: str, trust: Trust) -> None:
        """Judge for one robot.

        Args:
            agent_id: Whose link it is.
            trust: The members' public keys.
        """
        self._agent_id = agent_id
        self._trust = trust

    def accept(self, down: mission_pb2.SupervisorDown) -> tuple[Down | Refused, ...]:
        """Verify one message; a welcome holds several things."""
        kind = down.WhichOneof('down')
        if kind == 'welcome':
            return self._identity(down.welcome.identity), self._token(down.welcome.tier_token)
        readers: dict[str, Callable[[], Down | Refused]] = {
            'order': lambda: self._order(down.order),
            'recall': lambda: self._recall(down.recall),
            'stop': lambda: self._stop(down.stop),
            'tier_token': lambda: self._token(down.tier_token),
            'identity': lambda: self._identity(down.identity),
            'revocations': lambda: RevocationsReceived(words=tuple(down.revocations.entries)),
        }
        reader = readers.get(kind or '')
        return (reader(),) if reader else (Refused(reason=f'unknown message {kind!r}'),)

    def _order(self, signed: common_pb2.Signed) -> Down | Refused:
        order = mission_pb2.MissionOrder()
        refused = self._open(signed, order)
        if refused:
            return refused
        if order.agent_id != self._agent_id:
            reason = f'order {order.order_id!r} is for {order.agent_id!r}'
            return Refused(reason=reason, order_id=order.order_id)
        return Order(order=order)

    def _recall(self, signed: common_pb2.Signed) -> Down | Refused:
        recall = mission_pb2.Recall()
        refused = self._open(signed, recall)
        return refused or RecallOrder(order_id=recall.order_id, reason=recall.reason)

    def _stop(self, signed: common_pb2.Signed) -> Down | Refused:
        stop = mission_pb2.Stop()
        refused = self._open(signed, stop)
        return refused or StopRequest(reason=stop.reason)

    def _token(self, signed: common_pb2.Signed) -> Down | Refused:
        token = mission_pb2.TierToken()
        refused = self._open(signed, token)
        if refused:
            return refused
        if token.agent_id != self._agent_id:
            return Refused(reason=f'tier token is for {token.agent_id!r}')
        return Token(token=token)

    def _identity(self, signed: common_pb2.Signed) -> Down | Refused:
        identity = mission_pb2.Identity()
        refused = self._open(signed, identity)
        if refused:
            return refused
        if hashlib.sha256(identity.system_prompt.encode()).hexdigest() != identity.sha256:
            return Refused(reason='identity does not fit its hash')
        return IdentityReceived(system_prompt=identity.system_prompt, sha256=identity.sha256)

    def _open(self, signed: common_pb2.Signed, into: Message) -> Refused | None:
        """Verify and parse; the domain is the message's full name."""
        verdict = self._trust.verify(signed, domain=into.DESCRIPTOR.full_name, agent_id=SUPERVISOR)
        if not verdict.ok:
            return Refused(reason=verdict.reason, order_id=_order_id(signed))
        try:
            into.ParseFromString(signed.payload)
        except DecodeError as error:
            return Refused(reason=f'{into.DESCRIPTOR.full_name}: {error}')
        return None


def _order_id(signed: common_pb2.Signed) -> str:
    """The id in an order that is not trusted, to answer it with a refusal."""
    order = mission_pb2.MissionOrder()
    if signed.domain != order.DESCRIPTOR.full_name:
        return ''
    try:
        order.ParseFromString(signed.payload)
    except DecodeError:
        return ''
    return str(order.order_id)
