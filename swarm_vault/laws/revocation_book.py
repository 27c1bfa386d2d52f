# SPDX-License-Identifier: Apache-2.0
"""A member's list of revocations on disk, shared by its processes: `nexus/laws/<member>.revoked`.

Each line is one signed word, hex. The list only grows wiser: per robot the latest word is kept,
whoever brought it, in whatever order; what is not signed by who may revoke is not taken.
"""

from collections.abc import Iterable
from pathlib import Path

from google.protobuf.message import DecodeError
from swarm.v1 import common_pb2

from swarm_vault.files import locked, write_atomic
from swarm_vault.keys import Trust
from swarm_vault.laws.core.tiers import standing_word
from swarm_vault.laws.core.values import Revocation
from swarm_vault.laws.wire import open_revocation

MOST = 1000


class RevocationBook:
    """Read by `poll`, extended by `take`; both verify every word."""

    def __init__(self, vault_dir: Path, member: str, trust: Trust) -> None:
        """Open the list; one that is not there is empty.

        Args:
            vault_dir: The member's vault.
            member: Whose list.
            trust: The members' public keys.
        """
        self._path = vault_dir / 'nexus' / 'laws' / f'{member}.revoked'
        self._trust = trust
        self._words: dict[str, tuple[Revocation, common_pb2.Signed]] = {}
        self._mark = (0, 0)
        self.poll()

    @property
    def entries(self) -> tuple[Revocation, ...]:
        """The latest word on every robot of which there is one."""
        return tuple(entry for entry, _ in self._words.values())

    @property
    def signed(self) -> tuple[common_pb2.Signed, ...]:
        """The same words, as they are passed on."""
        return tuple(signed for _, signed in self._words.values())

    def poll(self) -> bool:
        """Read what another process of this member has added; tells whether there was news."""
        try:
            stat = self._path.stat()
        except FileNotFoundError:
            return False
        mark = (stat.st_mtime_ns, stat.st_ino)
        if mark == self._mark:
            return False
        self._mark = mark
        return bool(self._learn(_read(self._path)))

    def take(self, words: Iterable[common_pb2.Signed]) -> tuple[Revocation, ...]:
        """Take over words that somebody brought; returns the news, which is on disk then."""
        news = self._learn(list(words)[:MOST])
        if news:
            self._save()
        return news

    def _learn(self, words: Iterable[common_pb2.Signed]) -> tuple[Revocation, ...]:
        news = []
        known_words = [signed for _, signed in self._words.values()]
        for signed in words:
            if signed in known_words:
                continue
            entry, _ = open_revocation(signed, self._trust)
            if entry is None or (len(self._words) >= MOST and entry.agent_id not in self._words):
                continue
            known = self._words.get(entry.agent_id)
            both = (entry,) if known is None else (known[0], entry)
            if known is None or standing_word(both, entry.agent_id) != known[0]:
                self._words[entry.agent_id] = (entry, signed)
                news.append(entry)
        return tuple(news)

    def _save(self) -> None:
        lock = self._path.with_suffix('.lock')
        with locked(lock, 'the list of revocations'):
            if self._path.exists():
                self._learn(_read(self._path))
            lines = [signed.SerializeToString().hex() for _, signed in self._words.values()]
            write_atomic(self._path, '\n'.join(lines).encode())
        stat = self._path.stat()
        self._mark = (stat.st_mtime_ns, stat.st_ino)


def _read(path: Path) -> list[common_pb2.Signed]:
    """The words of a file; a line that is none is passed over, as it could not be verified."""
    found = []
    for line in path.read_bytes().split():
        try:
            found.append(common_pb2.Signed.FromString(bytes.fromhex(line.decode('ascii'))))
        except (ValueError, DecodeError):
            continue
    return found
