# SPDX-License-Identifier: Apache-2.0
"""A book of vectors beside the notes, so that each text is read by the model once.

nexus/recall.sqlite3 can be removed at any time: it is made anew from the notes. One that is spoilt
is made anew, too; what the disk does not take is kept in memory.
"""

import hashlib
import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path

import numpy as np

from swarm_vault.meaning.port import Encoder, Vector

_TABLE = (
    'CREATE TABLE IF NOT EXISTS vectors(model TEXT, text TEXT, vector BLOB, UNIQUE(model, text))'
)
_WAIT_S = 2.0


class VectorBook:
    """Vectors of one encoder; safe to use from several threads and processes."""

    def __init__(self, vault_dir: Path, encoder: Encoder) -> None:
        """Open the book of a vault; nothing is read yet.

        Args:
            vault_dir: The vault.
            encoder: Makes what is missing.
        """
        self._path, self._encoder = vault_dir / 'nexus' / 'recall.sqlite3', encoder
        self._unkept: dict[str, Vector] = {}

    @property
    def model_id(self) -> str:
        """Of the encoder."""
        return self._encoder.model_id

    def question(self, text: str) -> Vector:
        """The vector of a question; it is not kept.

        Raises:
            VaultError: The model failed.
        """
        return self._encoder.vectors([text])[0]

    def learn(self, texts: Sequence[str], most: int | None = None) -> int:
        """Make and keep vectors that are missing, so many at most; returns how many.

        Raises:
            VaultError: The model failed.
        """
        held = self.held(texts)
        new = list(dict.fromkeys(text for text in texts if text not in held))[:most]
        made = dict(zip(new, self._encoder.vectors(new), strict=True))
        if made and not (self._keep(made) or self._keep(made)):
            self._unkept |= made
        return len(new)

    def held(self, texts: Sequence[str]) -> dict[str, Vector]:
        """The vectors that are kept already, by text."""
        try:
            with closing(self._open()) as db:
                kept = {text: self._row(db, text) for text in texts}
        except (sqlite3.Error, OSError):
            kept = {}
        rest = {text: self._unkept[text] for text in texts if text in self._unkept}
        return {text: vector for text, vector in kept.items() if vector is not None} | rest

    def _keep(self, made: Mapping[str, Vector]) -> bool:
        """Write vectors; a book that is no book is removed, and the next try makes a new one."""
        rows = [(self.model_id, _digest(text), made[text].tobytes()) for text in made]
        try:
            with closing(self._open()) as db, db:
                db.executemany('INSERT OR REPLACE INTO vectors VALUES (?, ?, ?)', rows)
        except (sqlite3.OperationalError, OSError):
            return False
        except sqlite3.DatabaseError:
            self._path.unlink(missing_ok=True)
            return False
        return True

    def _row(self, db: sqlite3.Connection, text: str) -> Vector | None:
        row = db.execute(
            'SELECT vector FROM vectors WHERE model = ? AND text = ?',
            (self.model_id, _digest(text)),
        ).fetchone()
        sound = row is not None and isinstance(row[0], bytes) and len(row[0]) % 4 == 0
        return np.frombuffer(row[0], dtype=np.float32) if sound else None

    def _open(self) -> sqlite3.Connection:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        db = sqlite3.connect(self._path, timeout=_WAIT_S)
        db.execute(_TABLE)
        return db


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode('utf-8', 'surrogatepass')).hexdigest()
