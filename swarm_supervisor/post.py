# SPDX-License-Identifier: Apache-2.0
"""What goes down to the robots: signed, over the link that each robot holds open."""

import asyncio
from dataclasses import dataclass, field

from swarm.v1 import common_pb2, mission_pb2

from swarm_supervisor.missions import Order
from swarm_supervisor.store import Store
from swarm_vault.keys import Signer

Down = mission_pb2.SupervisorDown
MAX_WAITING = 1000
"""A robot that takes so many messages no more is cut off."""


@dataclass(slots=True, kw_only=True, eq=False)
class Session:
    """One open link of a robot."""

    agent_id: str
    outbox: asyncio.Queue[Down | None] = field(default_factory=lambda: asyncio.Queue(MAX_WAITING))
    """Messages to be written; None ends the link."""
    ended: asyncio.Event = field(default_factory=asyncio.Event)

    def put(self, down: Down) -> bool:
        """Queue a message; tells whether the link takes it."""
        if self.ended.is_set():
            return False
        if self.outbox.full():
            self.end()
            return False
        self.outbox.put_nowait(down)
        return True

    def end(self) -> None:
        """End the link."""
        self.ended.set()


class Post:
    """Sign and send. Sequence numbers rise from message to message, also over restarts."""

    def __init__(self, signer: Signer, store: Store) -> None:
        """Start without any link.

        Args:
            signer: Signs in the supervisor's name.
            store: Gives rising sequence numbers.
        """
        self.signer, self._store = signer, store
        self._sessions: dict[str, Session] = {}

    def open(self, agent_id: str) -> Session:
        """Open a robot's link; an older one of the same robot is ended."""
        self._end(self._sessions.get(agent_id))
        session = Session(agent_id=agent_id)
        self._sessions[agent_id] = session
        return session

    def close(self, session: Session) -> bool:
        """Forget a link; tells whether it was the robot's newest."""
        session.end()
        newest = self._sessions.get(session.agent_id) is session
        if newest:
            del self._sessions[session.agent_id]
        return newest

    def close_all(self) -> None:
        """End all links."""
        for session in self._sessions.values():
            session.end()

    def linked(self, agent_id: str) -> bool:
        """Whether a robot's link is open."""
        return agent_id in self._sessions

    def sign(self, kind: str, payload: bytes) -> common_pb2.Signed:
        """Sign a payload as `swarm.v1.<kind>`."""
        return self.signer.sign(f'swarm.v1.{kind}', self._store.next_sequence(), payload)

    def order(self, order: Order) -> bool:
        """Send an order; tells whether it left. Sending it again has no second effect."""
        return self.send(order.agent_id, Down(order=self.sign('MissionOrder', order.payload)))

    def recall(self, agent_id: str, order_id: str, reason: str) -> bool:
        """Take an order back."""
        recall = mission_pb2.Recall(order_id=order_id, reason=reason)
        return self.send(agent_id, Down(recall=self.sign('Recall', recall.SerializeToString())))

    def stop(self, agent_id: str, reason: str) -> bool:
        """Stop a robot."""
        stop = mission_pb2.Stop(reason=reason)
        return self.send(agent_id, Down(stop=self.sign('Stop', stop.SerializeToString())))

    def token(self, token: common_pb2.Signed, agent_id: str) -> bool:
        """Renew a tier token."""
        return self.send(agent_id, Down(tier_token=token))

    def identity(self, identity: mission_pb2.Identity, agent_id: str) -> bool:
        """Give a linked robot its identity anew."""
        signed = self.sign('Identity', identity.SerializeToString())
        return self.send(agent_id, Down(identity=signed))

    def send(self, agent_id: str, down: Down) -> bool:
        """Send a message; tells whether it left."""
        session = self._sessions.get(agent_id)
        return session is not None and session.put(down)

    def _end(self, session: Session | None) -> None:
        if session is not None:
            session.end()
