# SPDX-License-Identifier: Apache-2.0
"""A supervisor that stops closes its record while robots are linked: they countersign its end.

Nothing is decided or recorded any more, so only the end of the own log goes down, with no
writer's name, and only the robots' signatures come up. What else they say they say again on the
next link.
"""

import asyncio
import contextlib
from collections.abc import Callable, Iterable
from pathlib import Path

from swarm.v1 import mission_pb2

from swarm_vault.checkpoints import newest_note
from swarm_vault.errors import VaultError
from swarm_vault.heads.steps import step_from
from swarm_vault.heads.wire import step_message
from swarm_vault.keys import SUPERVISOR
from swarm_vault.notes import parse_note
from swarm_vault.segments import log_folder
from swarm_vault.witness import WitnessBook

FAREWELL_S = 1.0
"""The longest that the robots' signatures are waited for [s]."""

Send = Callable[[str, mission_pb2.SupervisorDown], bool]


def own_head(vault_dir: Path, held: int, ack: mission_pb2.EventAck) -> None:
    """Show where the supervisor's own log stands, with a proof from what a robot holds of it.

    Args:
        vault_dir: The supervisor's vault.
        held: So many lines the robot has countersigned.
        ack: What goes down.
    """
    own = log_folder(vault_dir, SUPERVISOR, SUPERVISOR)
    step = step_from(own, min(held, 2**63)) if held else None
    ack.checkpoint = (step.checkpoint if step else '') or newest_note(own)
    if step is not None:
        ack.step.CopyFrom(step_message(SUPERVISOR, step))
        ack.step.ClearField('checkpoint')


class Farewell:
    """The exchange of the last head; begins when the record is closed.

    Args:
        vault_dir: The supervisor's vault.
        book: Keeps the robots' signatures.
        robots: Who is linked.
        send: Sends a robot a message.
    """

    def __init__(
        self, vault_dir: Path, book: WitnessBook, robots: Iterable[str], send: Send
    ) -> None:
        self._vault_dir, self._book, self._send = vault_dir, book, send
        self._waiting = set(robots)
        self._lines = 0
        self._signed = asyncio.Event()

    async def tell(self) -> None:
        """Show the robots the end of the closed record; returns when all have countersigned it."""
        end = newest_note(log_folder(self._vault_dir, SUPERVISOR, SUPERVISOR))
        if not end or not self._waiting:
            return
        self._lines = parse_note(end).checkpoint.size
        for robot in sorted(self._waiting):
            self._show(robot, 0)
        with contextlib.suppress(asyncio.TimeoutError):
            await asyncio.wait_for(self._signed.wait(), FAREWELL_S)
        self._book.flush(final=True)
        self._book.close()

    def take(self, robot: str, batch: mission_pb2.EventBatch) -> None:
        """Keep a robot's signature; who holds less than the end is shown the way to it."""
        if batch.writer or not self._lines or robot not in self._waiting:
            return
        with contextlib.suppress(VaultError):  # what is no signature is not kept
            if batch.cosigned:
                self._book.keep(batch.cosigned, robot)
        if batch.held < self._lines:
            self._show(robot, batch.held)
            return
        self._waiting.discard(robot)
        if not self._waiting:
            self._signed.set()

    def _show(self, robot: str, held: int) -> None:
        ack = mission_pb2.EventAck()
        own_head(self._vault_dir, held, ack)
        self._send(robot, mission_pb2.SupervisorDown(event_ack=ack))
