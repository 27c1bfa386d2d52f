# SPDX-License-Identifier: Apache-2.0
"""Supervisor and robot are witnesses of each other's logs; it rides on the batches of events."""

from collections import Counter
from collections.abc import Mapping
from pathlib import Path

from swarm.v1 import mission_pb2

from swarm_agent.uplink.outbox import WRITERS
from swarm_vault.checkpoints import newest_note
from swarm_vault.errors import VaultError
from swarm_vault.heads.steps import step_from
from swarm_vault.heads.wire import proof_of, step_message
from swarm_vault.heads.witness import REFUSED_EVENT, Brought, Witness
from swarm_vault.keys import SUPERVISOR, Trust, load_signer
from swarm_vault.notes import parse_note
from swarm_vault.recorder import Kind, Recorder
from swarm_vault.segments import log_folder
from swarm_vault.witness import WitnessBook

WRITER = 'planner'
"""The process that holds the link."""
MOST_IN_VAIN = 3
"""So often a head goes up alone that the supervisor does not countersign."""
SUPERVISORS_LOG = f'{SUPERVISOR}/{SUPERVISOR}'


class Counterpart:
    """What goes with batches and comes with their acknowledgements; used by one thread.

    Args:
        vault_dir: The robot's vault.
        agent_id: Whose logs.
        trust: The members' public keys.
        recorder: Records what is decided on the supervisor's heads.

    Raises:
        VaultError: The robot's key is missing, or its book of witnessed heads is damaged.
    """

    def __init__(self, vault_dir: Path, agent_id: str, trust: Trust, recorder: Recorder) -> None:
        self._vault_dir, self._agent_id = vault_dir, agent_id
        signer = load_signer(vault_dir, agent_id)
        self._book = WitnessBook(vault_dir=vault_dir, signer=signer, trust=trust, writer=WRITER)
        self._recorder = recorder
        self._witness = Witness(self._book, recorder, trust, agent_id)
        self._held = _held_by_supervisor(self._book.returned())
        self._cosigned = ''
        self._shown: dict[str, int] = {}
        """How many lines of each log the head covers that went up last."""
        self._in_vain: Counter[str] = Counter()
        """How often in a row a head of each log was answered without a signature."""

    def dress(self, batch: mission_pb2.EventBatch) -> mission_pb2.EventBatch:
        """Add where the log stood within the batch, and the last word on the supervisor's."""
        folder = log_folder(self._vault_dir, self._agent_id, batch.writer)
        end, held = batch.first_seq + len(batch.lines), self._held.get(batch.writer, 0)
        batch.checkpoint = newest_note(folder, up_to=end)
        step = step_from(folder, held, up_to=end) if held else None
        if step is not None:
            batch.step.CopyFrom(step_message(batch.writer, step))
            batch.checkpoint = step.checkpoint or batch.checkpoint
            batch.step.ClearField('checkpoint')
        self._shown[batch.writer] = _size(batch.checkpoint)
        batch.MergeFrom(self.answer())
        return batch

    @property
    def signs(self) -> bool:
        """Whether heads are still judged: what is not recorded is not countersigned."""
        return self._recorder.takes

    def answer(self) -> mission_pb2.EventBatch:
        """The last word on the supervisor's log alone: what goes up when it says farewell."""
        cosigned, self._cosigned = self._cosigned, ''
        return mission_pb2.EventBatch(cosigned=cosigned, held=self._witness.held(SUPERVISORS_LOG))

    def untold(self) -> list[str]:
        """Writers whose newest head the supervisor has not countersigned, and may yet."""
        return [
            name
            for name in WRITERS
            if self._in_vain[name] < MOST_IN_VAIN
            and _size(newest_note(log_folder(self._vault_dir, self._agent_id, name)))
            > self._held.get(name, 0)
        ]

    def take(self, ack: mission_pb2.EventAck) -> str:
        """Keep the supervisor's signature and give ours; returns what is wrong with either."""
        try:
            if ack.writer:
                self._hold(ack.writer, min(ack.held, 2**63))
            if ack.cosigned:
                self._book.keep(ack.cosigned, SUPERVISOR)
            return self._judge(ack) if ack.checkpoint else ''
        except VaultError as error:
            return str(error)
        finally:
            self._book.flush(final=False)

    def close(self) -> None:
        """Let the book go."""
        self._book.close()

    def _hold(self, writer: str, held: int) -> None:
        vain = held < self._shown.get(writer, 0) and held == self._held.get(writer, 0)
        self._in_vain[writer] = self._in_vain[writer] + 1 if vain else 0
        self._held[writer] = held

    def _judge(self, ack: mission_pb2.EventAck) -> str:
        proof = proof_of(ack.step) if ack.HasField('step') else None
        brought = Brought(log=SUPERVISORS_LOG, note=ack.checkpoint, proof=proof)
        for judged in self._witness.judge([brought]):
            self._cosigned = judged.cosigned or self._cosigned
            if judged.refused and judged.held_note:
                self._recorder.event(Kind.VIOLATION, REFUSED_EVENT, judged.data)
            if judged.refused:
                return judged.answer.reason
        return ''


def _size(note: str) -> int:
    return parse_note(note).checkpoint.size if note else 0


def _held_by_supervisor(returned: Mapping[tuple[str, str], int]) -> dict[str, int]:
    return {
        log.partition('/')[2]: size for (log, by), size in returned.items() if by == SUPERVISOR
    }
