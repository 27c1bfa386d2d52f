# SPDX-License-Identifier: Apache-2.0
"""What must reach the supervisor: the lines of this robot's logs, its latest word on each order.

The logs themselves are the outbox; only a cursor per writer is kept beside them. The supervisor's
word on what it has stored wins over the cursor.
"""

import json
from collections.abc import Collection, Iterable
from pathlib import Path

from swarm.v1 import mission_pb2

from swarm_vault.files import write_atomic
from swarm_vault.segments import is_written, log_folder
from swarm_vault.tail import LogTail

WRITERS = ('reflex', 'situation', 'planner')
BATCH_LINES = 50
MANY_LINES = 32
"""So many new lines of a log do not wait for the next batch."""
KEPT_ACKS = 200


class LogOutbox:
    """Batches of log lines, one writer after another; used by one thread."""

    def __init__(self, vault_dir: Path, agent_id: str) -> None:
        """Open the logs and the cursor file.

        Args:
            vault_dir: The robot's vault.
            agent_id: Whose logs.
        """
        self._path = vault_dir / 'nexus' / 'outbox' / f'{agent_id}.json'
        self._folders = [log_folder(vault_dir, agent_id, name) for name in WRITERS]
        self._tails = {name: LogTail(vault_dir, agent_id, name) for name in WRITERS}
        self._acked = dict.fromkeys(WRITERS, -1) | _read_numbers(self._path)
        self._in_flight: dict[str, int] = {}

    @property
    def synced(self) -> int:
        """Lines that the supervisor has stored."""
        return sum(seq + 1 for seq in self._acked.values())

    def written(self) -> int:
        """Lines in the logs now."""
        return sum(self._counts().values())

    def many_wait(self) -> bool:
        """Whether some log has so many new lines that they should go up now."""
        return any(
            count - self._in_flight.get(name, self._acked[name]) > MANY_LINES
            for name, count in self._counts().items()
        )

    def others_write(self) -> bool:
        """Whether some process of this robot still writes its log."""
        return any(map(is_written, self._folders))

    def _counts(self) -> dict[str, int]:
        return {name: tail.count() for name, tail in self._tails.items()}

    def resume(self, heads: Iterable[mission_pb2.EventAck]) -> None:
        """Start from what the supervisor says it has; what it does not name it has not."""
        self._acked = dict.fromkeys(WRITERS, -1) | {
            head.writer: head.seq for head in _known(heads) if head.seq < 2**63
        }
        self._in_flight.clear()
        self._save()

    def batches(self, untold: Collection[str] = ()) -> list[mission_pb2.EventBatch]:
        """The next batch of each writer that has new lines and none under way.

        Args:
            untold: Writers of whom one goes up also without lines, to carry a head.
        """
        found = []
        for writer, tail in self._tails.items():
            if writer in self._in_flight:
                continue
            first = self._acked[writer] + 1
            lines = tail.read(first - 1, limit=BATCH_LINES)
            if lines or writer in untold:
                self._in_flight[writer] = first + len(lines) - 1
                batch = mission_pb2.EventBatch(writer=writer, first_seq=first, lines=lines)
                found.append(batch)
        return found

    def acknowledge(self, ack: mission_pb2.EventAck) -> bool:
        """Advance to what is stored; True when the writer may have more to send at once."""
        if ack.writer not in self._tails:
            return False
        sent = self._in_flight.pop(ack.writer, -1)
        moved = ack.seq > self._acked[ack.writer] and ack.seq < 2**63
        if moved:
            self._acked[ack.writer] = ack.seq
            self._save()
        return moved and sent >= ack.seq

    def _save(self) -> None:
        write_atomic(self._path, json.dumps(self._acked).encode())


class AckBook:
    """The latest word on each order, on disk before it is sent."""

    def __init__(self, vault_dir: Path, agent_id: str) -> None:
        """Open the book.

        Args:
            vault_dir: The robot's vault.
            agent_id: Whose book.
        """
        self._path = vault_dir / 'nexus' / 'outbox' / f'{agent_id}.acks'
        self._acks: dict[str, mission_pb2.OrderAck] = {
            ack.order_id: ack for ack in _read_acks(self._path)
        }

    def put(self, ack: mission_pb2.OrderAck) -> None:
        """Keep an ack; returns when it is durable."""
        self._acks.pop(ack.order_id, None)
        self._acks[ack.order_id] = ack
        self._acks = dict(list(self._acks.items())[-KEPT_ACKS:])
        lines = (a.SerializeToString().hex() for a in self._acks.values())
        write_atomic(self._path, '\n'.join(lines).encode())

    def all(self) -> tuple[mission_pb2.OrderAck, ...]:
        """The latest ack of each order."""
        return tuple(self._acks.values())


def _known(heads: Iterable[mission_pb2.EventAck]) -> list[mission_pb2.EventAck]:
    """Heads of our writers; -1 ("nothing") arrives as the largest unsigned number."""
    return [head for head in heads if head.writer in WRITERS]


def _read_numbers(path: Path) -> dict[str, int]:
    try:
        data = json.loads(path.read_text(encoding='utf-8'))
    except (FileNotFoundError, ValueError):
        return {}
    return {name: int(data[name]) for name in WRITERS if isinstance(data.get(name), int)}


def _read_acks(path: Path) -> list[mission_pb2.OrderAck]:
    """The acks of an earlier process; the file is replaced whole, so each line is whole."""
    try:
        lines = path.read_text(encoding='utf-8').split()
    except FileNotFoundError:
        return []
    return [mission_pb2.OrderAck.FromString(bytes.fromhex(line)) for line in lines]
