# SPDX-License-Identifier: Apache-2.0
"""What a log says of heads that its robot refused: anybody can judge the evidence again.

A head accuses a log only if that log has signed it. Whether such a head belongs to the log is
asked of the log itself, where it is at hand: a witness can make up a proof that does not fit, or
bring an old head late, but not a log that holds every head that it signed. Two signed heads of one
length need no log: they contradict each other.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from swarm_vault.errors import VaultError
from swarm_vault.heads.core import CONTRADICTIONS, Known, Word
from swarm_vault.keys import Trust
from swarm_vault.merkle import proves_consistency
from swarm_vault.notes import Checkpoint, parse_note, signed_with_another_key, verify_log_signature

REFUSED_EVENT = 'checkpoint.refused'
_WORDS = {word.value: word for word in (*CONTRADICTIONS, Word.UNPROVED)}

Holds = Callable[[Checkpoint], bool | None]
"""Whether a log holds a head; None where it is not here, or not whole."""


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

    @property
    def said(self) -> str:
        """The accusation and where it stands."""
        return f'{self.data.get("reason")} ({self.by} seq {self.seq})'

    def refuted(self, why: str) -> str:
        """The answer to it."""
        return f'{self.by}: seq {self.seq} accuses {self.data.get("log")}, but {why}'

    def heads(self, trust: Trust) -> tuple[Checkpoint, ...]:
        """Those of its heads that the accused log has signed."""
        found = []
        for key in ('held', 'note'):
            try:
                head = _signed(self.data.get(key), trust)
            except VaultError:
                continue  # what is not signed accuses nobody; `_doubt` says so
            if head.log == self.data.get('log'):
                found.append(head)
        return tuple(found)


@dataclass(slots=True, kw_only=True)
class Judged:
    """What became of all accusations, in sentences."""

    trust: Trust
    holds: Holds
    keys_are_sure: bool = False
    """The keys come from where the accused cannot have changed them."""
    reasons: list[str] = field(default_factory=list)
    """Proved by the accused log's own signatures; or it does not show that it holds both."""
    unproved: list[str] = field(default_factory=list)
    """No proof was shown, or old heads for long: a witness's word alone."""
    refuted: list[str] = field(default_factory=list)
    """Each names the accuser."""

    def take(self, accusations: Iterable[Accusation]) -> None:
        """Judge some accusations."""
        for found in accusations:
            if found.word is not None:
                self._judge(found)

    def _judge(self, found: Accusation) -> None:
        heads = found.heads(self.trust)
        held = [self.holds(head) for head in heads]
        if False in held:
            lines = heads[held.index(False)].size
            self.reasons.append(f'{found.said}; it signed {lines} lines that it does not hold')
        elif found.word is Word.UNPROVED:
            self.unproved.append(found.said)
        elif doubt := _doubt(found, self.trust):
            self._doubted(found, doubt)
        elif found.word is Word.TWO_STORIES:
            self.reasons.append(found.said)
        elif None in held:
            believed = self.unproved if found.word is Word.ROLLED_BACK else self.reasons
            believed.append(f'{found.said}; bring that log whole (--witness) to answer')
        else:
            self.refuted.append(found.refuted('that log is whole and holds both heads'))

    def _doubted(self, found: Accusation, doubt: str) -> None:
        if not self.keys_are_sure and _has_another_key(found, self.trust):
            self.reasons.append(found.refuted(f'{doubt}: another key of it has; use --trust'))
        else:
            self.refuted.append(found.refuted(doubt))


def _doubt(found: Accusation, trust: Trust) -> str:
    """Why the evidence is none; empty if it shows what is said."""
    try:
        held, shown = (_signed(found.data.get(key), trust) for key in ('held', 'note'))
        hashes = [bytes.fromhex(step) for step in found.data.get('proof', ())]
    except (VaultError, TypeError, ValueError) as error:
        return f'its evidence cannot be used ({error})'
    if [held.log, shown.log] != 2 * [found.data.get('log')]:
        return 'its evidence is of another log'
    shows = found.word is _contradiction(_known(held), _known(shown), hashes)
    return '' if shows else 'its evidence does not show that'


def _has_another_key(found: Accusation, trust: Trust) -> bool:
    for key in ('held', 'note'):
        try:
            note = parse_note(str(found.data.get(key)))
        except VaultError:
            continue  # no note has no keys
        if signed_with_another_key(note, trust):
            return True
    return False


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
