# SPDX-License-Identifier: Apache-2.0
"""Supervisor and robot are witnesses of each other's logs; it rides on the batches of events."""

from pathlib import Path

from swarm.v1 import mission_pb2

from swarm_vault.checkpoints import newest_note
from swarm_vault.errors import VaultError
from swarm_vault.keys import SUPERVISOR, Trust, load_signer
from swarm_vault.segments import log_folder
from swarm_vault.witness import WitnessBook

WRITER = 'planner'
"""The process that holds the link."""


class Counterpart:
    """What goes with batches and comes with their acknowledgements; used by one thread.

    Args:
        vault_dir: The robot's vault.
        agent_id: Whose logs.
        trust: The members' public keys.

    Raises:
        VaultError: The robot's key is missing, or its book of witnessed heads is damaged.
    """

    def __init__(self, vault_dir: Path, agent_id: str, trust: Trust) -> None:
        self._vault_dir, self._agent_id = vault_dir, agent_id
        signer = load_signer(vault_dir, agent_id)
        self._book = WitnessBook(vault_dir=vault_dir, signer=signer, trust=trust, writer=WRITER)
        self._cosigned = ''

    def dress(self, batch: mission_pb2.EventBatch) -> mission_pb2.EventBatch:
        """Add where the log stood within the batch, and the last word on the supervisor's."""
        folder = log_folder(self._vault_dir, self._agent_id, batch.writer)
        batch.checkpoint = newest_note(folder, up_to=batch.first_seq + len(batch.lines))
        batch.cosigned, self._cosigned = self._cosigned, ''
        return batch

    def take(self, ack: mission_pb2.EventAck) -> str:
        """Keep the supervisor's signature and give ours; returns what is wrong with either."""
        try:
            if ack.cosigned:
                self._book.keep(ack.cosigned, SUPERVISOR)
            if ack.checkpoint:
                self._cosigned = self._book.countersign(ack.checkpoint)
        except VaultError as error:
            return str(error)
        finally:
            self._book.flush(final=False)
        return ''

    def close(self) -> None:
        """Let the book go."""
        self._book.close()
