# SPDX-License-Identifier: Apache-2.0
"""What a supervisor must know after a crash, in one SQLite file under the vault's nexus folder.

Write-ahead log with full synchronisation: what was committed survives a SIGKILL and a power cut.
It holds run-time state only; the history stands in the audit log.
"""

import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from swarm.v1 import mission_pb2, operator_pb2

from swarm_supervisor.crew_book import CrewWord
from swarm_supervisor.missions import Mission, MissionStatus, Order
from swarm_supervisor.roster import Member, Roster, Standing
from swarm_supervisor.store_tables import SCHEMA
from swarm_vault.codec import codec_of
from swarm_vault.errors import VaultError
from swarm_vault.laws.core.roles import Principal

FILE = 'supervisor.sqlite'
SEQUENCE_BLOCK = 256
MAX_MISSIONS = 200
"""So many missions are kept at hand; open ones always."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Escalation:
    """Something that an operator must decide; open while there is no answer."""

    escalation_id: str
    agent_id: str
    text: str
    stamp_ns: int
    order_id: str = ''


@dataclass(frozen=True, slots=True, kw_only=True)
class PendingRow:
    """A question to a human, with all that is needed to go on after the answer."""

    pending_id: str
    mission_id: str
    asked: bytes
    """swarm_vault.laws.core.approval.Asked, encoded."""
    plan: bytes
    request: bytes
    caller: str
    status: str
    """open, approved, denied, expired or stale."""
    reason: str


class Store:
    """The supervisor's memory on disk. One thread uses it."""

    def __init__(self, vault_dir: Path) -> None:
        """Open or create the file.

        Raises:
            VaultError: It cannot be opened or is no such file.
        """
        path = vault_dir / 'nexus' / FILE
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            self._db = sqlite3.connect(path, isolation_level=None)
            self._db.execute('PRAGMA journal_mode=WAL')
            self._db.execute('PRAGMA synchronous=FULL')
            self._db.executescript(SCHEMA)
        except sqlite3.DatabaseError as error:
            raise VaultError(
                f'{path}: cannot be used ({error}); restore it or move it away'
            ) from error
        self._reserved = self._sequence = self._last_reserved()
        self._together = False

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    @contextmanager
    def together(self) -> Iterator[None]:
        """All or nothing: what is saved inside is committed at the end, durably.

        Inside of another one it is part of that. Nothing inside may wait: one thread uses it.
        """
        if self._together:
            yield
            return
        self._db.execute('BEGIN IMMEDIATE')
        self._together = True
        try:
            yield
        except BaseException:
            self._db.execute('ROLLBACK')
            self._reserved = self._sequence  # a block that was reserved inside is not any more
            raise
        else:
            self._db.execute('COMMIT')
        finally:
            self._together = False

    def next_sequence(self) -> int:
        """A number above all given before, also before a crash; numbers are reserved in blocks."""
        if self._sequence >= self._reserved:
            self._reserved = self._sequence + SEQUENCE_BLOCK
            self._db.execute('INSERT OR REPLACE INTO sequence VALUES (0, ?)', (self._reserved,))
        self._sequence += 1
        return self._sequence

    def _last_reserved(self) -> int:
        row = self._db.execute('SELECT used FROM sequence').fetchone()
        return int(row[0]) if row else 0

    def reply_to(self, asker: Principal, request_id: str) -> operator_pb2.SubmitReply | None:
        """The answer that this operator's request was given before; nobody else's."""
        row = self._db.execute(
            'SELECT reply FROM answers WHERE asker = ? AND request_id = ?', (asker.key, request_id)
        ).fetchone()
        return operator_pb2.SubmitReply.FromString(row[0]) if row else None

    def save_reply(
        self, asker: Principal, request_id: str, reply: operator_pb2.SubmitReply
    ) -> None:
        """Remember the answer to an operator's request; the first one stays."""
        self._db.execute(
            'INSERT OR IGNORE INTO answers VALUES (?, ?, ?)',
            (asker.key, request_id, reply.SerializeToString()),
        )

    def save_mission(self, mission: Mission) -> None:
        """Remember a mission, who stands behind it, and all its orders: all or nothing."""
        with self.together():
            self._save_mission(mission)
            self._save_backing(mission)
            for order in mission.orders:
                self.save_order(order)

    def _save_backing(self, mission: Mission) -> None:
        self._db.execute(
            'INSERT OR REPLACE INTO backing VALUES (?, ?, ?, ?, ?, ?, ?)',
            (
                mission.mission_id,
                mission.planned_by,
                mission.judged_by,
                mission.approved_by,
                mission.approval_id,
                mission.grants_tier,
                json.dumps(sorted(mission.barred)),
            ),
        )

    def _save_mission(self, mission: Mission) -> None:
        values = (
            mission.mission_id,
            mission.text,
            mission.operator,
            mission.created_ns,
            mission.status.value,
            mission.reason,
            mission.closed_ns,
            mission.cause,
        )
        self._db.execute(
            'INSERT INTO missions VALUES (NULL, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (mission_id)'
            ' DO UPDATE SET status = excluded.status, reason = excluded.reason,'
            ' closed_ns = excluded.closed_ns',
            values,
        )

    def save_order(self, order: Order) -> None:
        """Remember how an order stands."""
        values = (
            order.order_id,
            order.mission_id,
            order.agent_id,
            order.payload,
            order.status,
            order.reason,
            order.stamp_ns,
            order.progress,
            order.sent,
            order.recall,
            order.replaced,
        )
        self._db.execute(
            'INSERT INTO orders VALUES (NULL, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)'
            ' ON CONFLICT (order_id) DO UPDATE SET status = excluded.status,'
            ' reason = excluded.reason, stamp_ns = excluded.stamp_ns,'
            ' progress = excluded.progress, sent = excluded.sent, recall = excluded.recall,'
            ' replaced = excluded.replaced',
            values,
        )

    def missions(self) -> list[Mission]:
        """The newest missions and all that are not closed, the oldest first."""
        rows = self._db.execute(
            'SELECT mission_id, text, operator, created_ns, status, reason, closed_ns, cause,'
            " COALESCE(planned_by, ''), COALESCE(judged_by, ''), COALESCE(approved_by, ''),"
            " COALESCE(approval_id, ''), COALESCE(grants_tier, 0), COALESCE(barred, '[]')"
            ' FROM missions LEFT JOIN backing USING (mission_id)'
            " WHERE status IN ('open', 'pending') OR number >"
            ' (SELECT COALESCE(MAX(number), 0) FROM missions) - ? ORDER BY number',
            (MAX_MISSIONS,),
        ).fetchall()
        return [
            Mission(
                mission_id=row[0],
                text=row[1],
                operator=row[2],
                created_ns=row[3],
                status=MissionStatus(row[4]),
                reason=row[5],
                closed_ns=row[6],
                cause=row[7],
                planned_by=row[8],
                judged_by=row[9],
                approved_by=row[10],
                approval_id=row[11],
                grants_tier=row[12],
                barred=frozenset(json.loads(row[13])),
                orders=self._orders(row[0]),
            )
            for row in rows
        ]

    def _orders(self, mission_id: str) -> list[Order]:
        rows = self._db.execute(
            'SELECT order_id, mission_id, agent_id, payload, status, reason, stamp_ns, progress,'
            ' sent, recall, replaced FROM orders WHERE mission_id = ? ORDER BY number',
            (mission_id,),
        ).fetchall()
        return [
            Order(
                order_id=row[0],
                mission_id=row[1],
                agent_id=row[2],
                payload=row[3],
                status=row[4],
                reason=row[5],
                stamp_ns=row[6],
                progress=row[7],
                sent=bool(row[8]),
                recall=row[9],
                replaced=bool(row[10]),
            )
            for row in rows
        ]

    def save_member(self, member: Member) -> None:
        """Remember where a robot stands."""
        self._db.execute(
            'INSERT OR REPLACE INTO members VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)',
            (
                member.agent_id,
                member.standing.value,
                member.last_heard_ns,
                member.reason,
                member.stop,
                member.stopped,
                member.telemetry.SerializeToString(),
                *member.pose,
            ),
        )

    def restore_members(self, roster: Roster) -> None:
        """Fill a roster; robots that are no longer in the fleet plan are left out."""
        for row in self._db.execute('SELECT * FROM members').fetchall():
            member = roster.get(row[0])
            if member is not None:
                standing = Standing(row[1])
                member.standing = Standing.REGISTERED if standing is Standing.LINKED else standing
                member.last_heard_ns, member.reason, member.stop = row[2:5]
                member.stopped = bool(row[5])
                member.telemetry = mission_pb2.Telemetry.FromString(row[6])
                member.pose = (row[7], row[8], row[9])

        for agent_id, issued_ns in self._db.execute('SELECT * FROM tokens').fetchall():
            known = roster.get(agent_id)
            if known is not None:
                known.token_issued_ns = issued_ns

    def save_issued(self, agent_id: str, issued_ns: int) -> None:
        """Remember when a robot's newest token was issued."""
        self._db.execute('INSERT OR REPLACE INTO tokens VALUES (?, ?)', (agent_id, issued_ns))

    def save_world(self, seen: bytes) -> None:
        """Remember when each cell was seen."""
        self._db.execute('INSERT OR REPLACE INTO world VALUES (0, ?)', (seen,))

    def world(self) -> bytes:
        """When each cell was seen; empty if never saved."""
        row = self._db.execute('SELECT seen FROM world').fetchone()
        return bytes(row[0]) if row else b''

    def save_reported(self, masks: Mapping[str, bytes]) -> None:
        """Remember what each robot has told that it has seen."""
        for item in masks.items():
            self._db.execute('INSERT OR REPLACE INTO reported VALUES (?, ?)', item)

    def reported(self) -> dict[str, bytes]:
        """What each robot has told that it has seen, by robot."""
        return {str(row[0]): bytes(row[1]) for row in self._db.execute('SELECT * FROM reported')}

    def save_crew(self, words: Iterable[CrewWord]) -> None:
        """Remember robots' last words on orders of surveys that they share."""
        rows = [(word.order_id, codec_of(CrewWord).encode(word)) for word in words]
        self._db.executemany('INSERT OR REPLACE INTO crew VALUES (?, ?)', rows)

    def crew(self, order_ids: Iterable[str]) -> dict[str, CrewWord]:
        """The last words on these orders; those on any other are let go of."""
        wanted = set(order_ids)
        found = {}
        for order_id, blob in self._db.execute('SELECT order_id, word FROM crew').fetchall():
            if order_id in wanted:
                found[order_id] = codec_of(CrewWord).decode(bytes(blob))
            else:
                self._db.execute('DELETE FROM crew WHERE order_id = ?', (order_id,))
        return found

    def save_counted(self, agent_id: str, writer: str, seq: int) -> None:
        """Remember up to which line of a robot's log faults have been counted."""
        self._db.execute(
            'INSERT OR REPLACE INTO counted VALUES (?, ?, ?)', (agent_id, writer, seq)
        )

    def counted(self) -> dict[tuple[str, str], int]:
        """Up to which line faults have been counted, by robot and writer."""
        rows = self._db.execute('SELECT agent_id, writer, seq FROM counted')
        return {(str(row[0]), str(row[1])): int(row[2]) for row in rows}

    def save_laws(self, memory: bytes) -> None:
        """Remember budgets, records of conduct and settled questions."""
        self._db.execute('INSERT OR REPLACE INTO laws VALUES (0, ?)', (memory,))

    def laws(self) -> bytes:
        """What `save_laws` was given; empty if never."""
        row = self._db.execute('SELECT memory FROM laws').fetchone()
        return bytes(row[0]) if row else b''

    def save_pending(self, row: PendingRow) -> None:
        """Remember a question to a human, or how it was settled."""
        self._db.execute(
            'INSERT OR REPLACE INTO pending VALUES (?, ?, ?, ?, ?, ?, ?, ?)',
            (
                row.pending_id,
                row.mission_id,
                row.asked,
                row.plan,
                row.request,
                row.caller,
                row.status,
                row.reason,
            ),
        )

    def pending(self) -> list[PendingRow]:
        """The open questions, and those that were settled of late, the oldest first."""
        rows = self._db.execute(
            "SELECT * FROM pending WHERE status = 'open' OR rowid >"
            ' (SELECT COALESCE(MAX(rowid), 0) FROM pending) - 100 ORDER BY rowid DESC'
        ).fetchall()
        return [
            PendingRow(
                pending_id=row[0],
                mission_id=row[1],
                asked=bytes(row[2]),
                plan=bytes(row[3]),
                request=bytes(row[4]),
                caller=row[5],
                status=row[6],
                reason=row[7],
            )
            for row in reversed(rows)
        ]

    def save_escalation(self, escalation: Escalation) -> bool:
        """Remember an open escalation; tells whether it is new."""
        done = self._db.execute(
            "INSERT OR IGNORE INTO escalations VALUES (?, ?, ?, ?, ?, '')",
            (
                escalation.escalation_id,
                escalation.agent_id,
                escalation.text,
                escalation.stamp_ns,
                escalation.order_id,
            ),
        )
        return done.rowcount > 0

    def open_escalations(self) -> list[Escalation]:
        """Escalations without an answer, the oldest first."""
        rows = self._db.execute(
            'SELECT escalation_id, agent_id, text, stamp_ns, order_id FROM escalations'
            " WHERE answer = '' ORDER BY stamp_ns"
        ).fetchall()
        return [
            Escalation(
                escalation_id=row[0],
                agent_id=row[1],
                text=row[2],
                stamp_ns=row[3],
                order_id=row[4],
            )
            for row in rows
        ]

    def answer_escalation(self, escalation_id: str, answer: str) -> None:
        """Close an escalation."""
        self._db.execute(
            'UPDATE escalations SET answer = ? WHERE escalation_id = ?', (answer, escalation_id)
        )
