# SPDX-License-Identifier: Apache-2.0
"""What a log says of heads that its robot refused: anybody can judge the evidence again.

An accusation holds when both notes are signed by the accused log and contradict each other. That
a proof did not fit is the witness's word: the notes are signed, the hashes could be its own. That
a log went back is its word, too: an honest log also signed a short head, only before the long one.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from swarm_vault.errors import VaultError
from swarm_vault.heads.core import CONTRADICTIONS, Known, Word
from swarm_vault.keys import Trust
from swarm_vault.merkle import proves_consistency
from swarm_vault.notes import Checkpoint, parse_note, verify_log_signature

REFUSED_EVENT = 'checkpoint.refused'
_WORDS = {word.value: word for word in (*CONTRADICTIONS, Word.UNPROVED)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Accusation:
    """One event in which a witness tells that it refused a head."""

    by: str
    """<agent>/<writer> of the log that says so."""
    seq: int
    data: Mapping[str, Any]

    @property
    def word(self) -> Word | None:
        """What it accuses of; None if of nothing that counts."""
        return _WORDS.get(str(self.data.get('why')))


def judge_accusations(
    accusations: Iterable[Accusation], trust: Trust
) -> tuple[list[str], list[str]]:
    """Reasons against the record, and what is only missing."""
    reasons: list[str] = []
    missing: list[str] = []
    for found in accusations:
        if found.word is Word.UNPROVED:
            missing.append(f'{found.data.get("reason")} ({found.by} seq {found.seq})')
        elif found.word is not None:
            doubt = next(_doubts(found, trust), '')
            believed = missing if found.word is Word.ROLLED_BACK else reasons
            (reasons if doubt else believed).append(_said(found, doubt))
    return reasons, missing


def _said(found: Accusation, doubt: str) -> str:
    if doubt:
        return f'{found.by}: seq {found.seq} accuses {found.data.get("log")}, but {doubt}'
    return f'{found.data["reason"]} ({found.by} seq {found.seq})'


def _doubts(found: Accusation, trust: Trust) -> Iterator[str]:
    """Why an accusation does not hold."""
    try:
        held, shown = (_signed(found.data.get(key), trust) for key in ('held', 'note'))
        hashes = [bytes.fromhex(step) for step in found.data.get('proof', ())]
    except (VaultError, TypeError, ValueError) as error:
        yield f'its evidence cannot be used ({error})'
        return
    if {held.log, shown.log} != {found.data.get('log')}:
        yield 'its evidence is of another log'
    elif found.word is not _contradiction(_known(held), _known(shown), hashes):
        yield 'its evidence does not show that'


def _signed(content: object, trust: Trust) -> Checkpoint:
    note = parse_note(str(content))
    verdict = verify_log_signature(note, trust)
    if not verdict.ok:
        raise VaultError(verdict.reason)
    return note.checkpoint


def _known(checkpoint: Checkpoint) -> Known:
    return Known(
        log=checkpoint.log,
        size=checkpoint.size,
        root=checkpoint.root,
        head=checkpoint.head,
    )


def _contradiction(held: Known, shown: Known, hashes: list[bytes]) -> Word | None:
    if shown.size < held.size:
        return Word.ROLLED_BACK
    if shown.size == held.size:
        same = (shown.root, shown.head) == (held.root, held.head)
        return None if same else Word.TWO_STORIES
    fits = proves_consistency(
        old=(held.size, held.root), new=(shown.size, shown.root), proof=hashes
    )
    return None if fits else Word.FORKED
