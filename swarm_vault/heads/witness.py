# SPDX-License-Identifier: Apache-2.0
"""A witness at work: what others show goes to the core, what it signs into the book."""

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from swarm_vault.errors import VaultError
from swarm_vault.heads.accusation import REFUSED_EVENT
from swarm_vault.heads.core import (
    CORE,
    REFUSALS,
    Answer,
    Inputs,
    Params,
    Proof,
    Shown,
    Word,
)
from swarm_vault.keys import Trust
from swarm_vault.lines import JsonValue
from swarm_vault.notes import parse_note, verify_log_signature
from swarm_vault.recorder import Recorder
from swarm_vault.witness import WitnessBook

__all__ = ['REFUSED_EVENT', 'Brought', 'Judged', 'Witness']


@dataclass(frozen=True, slots=True, kw_only=True)
class Brought:
    """A head as it came."""

    log: str
    """Whose head it is to be, <agent>/<writer>."""
    note: str
    proof: Proof | None = None
    step: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """What became of it."""

    brought: Brought
    answer: Answer
    cosigned: str = ''
    """With our signature, where it was given."""
    held_note: str = ''
    """What was countersigned before, where that is contradicted."""

    @property
    def refused(self) -> bool:
        """Whether it is to be told, once."""
        return self.answer.word in REFUSALS and self.answer.fresh

    @property
    def data(self) -> dict[str, JsonValue]:
        """What the event of a refusal says: with both notes anybody can judge it again."""
        proof = self.brought.proof
        return {
            'log': self.brought.log,
            'why': self.answer.word.value,
            'reason': self.answer.reason[:500],
            'held': self.held_note,
            'note': self.brought.note if self.held_note else '',
            'proof': [step.hex() for step in proof.hashes] if proof and self.held_note else [],
        }


class Witness:
    """Judge heads of others' logs; each decision is recorded. Thread-safe.

    Args:
        book: What was countersigned.
        recorder: Records the decisions.
        trust: The members' public keys.
        agent_id: Who is the witness.
        clock: Steady time [ns].
    """

    def __init__(
        self,
        book: WitnessBook,
        recorder: Recorder,
        trust: Trust,
        agent_id: str,
        *,
        clock: Callable[[], int] = time.monotonic_ns,
    ) -> None:
        self.book = book
        self._recorder, self._trust, self._clock = recorder, trust, clock
        self._guard = threading.Lock()
        self._params = Params(agent_id=agent_id, known=book.known())
        self._state = recorder.start(CORE, self._params)

    def held(self, log: str) -> int:
        """So many lines of a log were countersigned; 0 for none."""
        found = self._state.get(log)
        return 0 if found is None or found.known is None else found.known.size

    def judge(self, brought: Sequence[Brought]) -> list[Judged]:
        """Countersign what continues what is known, and say what becomes of each head.

        Without a record nothing is judged and nothing signed.

        Raises:
            VaultError: The disk failed just now.
        """
        if not brought or not self._recorder.takes:
            return []
        with self._guard:
            inputs = Inputs(now_ns=self._clock(), shown=tuple(map(self._shown, brought)))
            self._state, outputs = self._recorder.decide(CORE, self._state, inputs, self._params)
            return [self._carry_out(*pair) for pair in zip(brought, outputs.answers, strict=True)]

    def _shown(self, brought: Brought) -> Shown:
        try:
            note = parse_note(brought.note)
            checkpoint = note.checkpoint
            verdict = verify_log_signature(note, self._trust)
            fault = '' if verdict.ok else verdict.reason
            if checkpoint.log != brought.log:
                fault = f'a checkpoint of {checkpoint.log} was brought for it'
        except VaultError as error:
            return Shown(log=brought.log, size=0, root=b'', head='', fault=str(error))
        return Shown(
            log=brought.log,
            size=checkpoint.size,
            root=checkpoint.root,
            head=checkpoint.head,
            fault=fault,
            proof=brought.proof,
            step=brought.step,
        )

    def _carry_out(self, brought: Brought, answer: Answer) -> Judged:
        cosigned = held = ''
        if answer.word in (Word.COUNTERSIGN, Word.KNOWN):
            cosigned = self.book.countersign(brought.note)
        elif answer.word in REFUSALS and answer.word is not Word.UNSIGNED:
            held = self.book.note_on(brought.log)
        return Judged(brought=brought, answer=answer, cosigned=cosigned, held_note=held)
