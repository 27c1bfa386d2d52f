# SPDX-License-Identifier: Apache-2.0
"""Countersign a head or refuse it. Pure: signatures are checked before, this is recorded.

A witness knows of each log the newest head that it countersigned, and nothing else. It signs a
newer one only with a proof that the tree it knows is the beginning of the new one (RFC 6962,
2.1.2; the rule of c2sp.org/tlog-witness). So a log that was put back to an old copy, or written
anew from the middle, gets no signature any more, however it grows afterwards.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import Enum
from types import MappingProxyType

from swarm_vault.core import Core
from swarm_vault.merkle import proves_consistency

PATIENCE_NS = 30_000_000_000
"""A log that grows for so long without a proof, or stays so long behind, is told of."""


class Word(str, Enum):
    """What becomes of a head."""

    COUNTERSIGN = 'countersign'
    KNOWN = 'known'
    PASSED = 'passed'
    """A step from another head than ours: meant for another witness."""
    WANTED = 'wanted'
    """A proof from what we hold is missing so far."""
    UNPROVED = 'unproved'
    UNSIGNED = 'unsigned'
    BEHIND = 'behind'
    """Fewer lines than we hold: an old word that came late, or a log put back; time tells."""
    ROLLED_BACK = 'rolled back'
    TWO_STORIES = 'two stories'
    FORKED = 'forked'


CONTRADICTIONS = (Word.ROLLED_BACK, Word.TWO_STORIES, Word.FORKED)
"""No honest log does this."""
REFUSALS = (Word.UNPROVED, Word.UNSIGNED, *CONTRADICTIONS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """The newest head of a log that was countersigned."""

    log: str
    """<agent>/<writer>."""
    size: int
    """Lines."""
    root: bytes
    """Of the Merkle tree over them."""
    head: str
    """The hash of the last of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Params:
    """Who is the witness, and what it knew when it started."""

    agent_id: str
    known: tuple[Known, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """What the log brought to show that it only grew."""

    old_size: int
    hashes: tuple[bytes, ...] = ()
    unable: str = ''
    """Why it has no proof."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A head as it was shown."""

    log: str
    size: int
    root: bytes
    head: str
    fault: str = ''
    """Why it is not this log's own word, as far as signatures tell."""
    proof: Proof | None = None
    step: bool = False
    """It is the end of a step for who holds `proof.old_size` lines, not the log's newest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """Heads in the order in which they are to be judged."""

    now_ns: int
    """Steady time."""
    shown: tuple[Shown, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What becomes of the head at the same place."""

    word: Word
    reason: str = ''
    held: int = 0
    """So many lines of the log were countersigned before."""
    fresh: bool = False
    """A refusal that was not told yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outputs:
    """One answer for each head."""

    answers: tuple[Answer, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """What is remembered of a log."""

    known: Known | None = None
    wanted_ns: int | None = None
    """Since when a proof is missing."""
    behind_ns: int | None = None
    """Since when it showed nothing but fewer lines than are known."""
    told: frozenset[str] = field(default_factory=frozenset)
    """Refusals since the last signature."""


State = Mapping[str, Held]
_NOTHING = Held()


def initial(params: Params) -> State:
    """What the book held at the start."""
    return MappingProxyType({known.log: Held(known=known) for known in params.known})


def decide(state: State, inputs: Inputs, params: Params) -> tuple[State, Outputs]:
    """Judge heads one after the other; each sees what the one before has changed."""
    logs, answers = dict(state), []
    for shown in inputs.shown:
        held = logs.get(shown.log, _NOTHING)
        answer = _judge(held, shown, inputs.now_ns, params)
        if answer.word in REFUSALS:
            answer = replace(answer, fresh=answer.word.value not in held.told)
        if answer.word is not Word.PASSED and (held.known or answer.word is Word.COUNTERSIGN):
            logs[shown.log] = _after(held, shown, answer, inputs.now_ns)
        answers.append(answer)
    return MappingProxyType(logs), Outputs(answers=tuple(answers))


def _judge(held: Held, shown: Shown, now_ns: int, params: Params) -> Answer:
    known = held.known
    size = 0 if known is None else known.size
    reason = _unbelievable(shown, params)
    if reason:
        return Answer(word=Word.UNSIGNED, reason=reason, held=size)
    if known is None:
        return Answer(word=Word.COUNTERSIGN)
    word, reason = _continues(known, shown)
    if word is Word.WANTED and _too_long(held.wanted_ns, now_ns):
        word = Word.UNPROVED
        reason = f'{shown.log}: shows no proof that it continues the {size} lines held of it'
    elif word is Word.BEHIND and _too_long(held.behind_ns, now_ns):
        word = Word.ROLLED_BACK
        reason = (
            f'{shown.log}: had {size} lines when it was countersigned, for long now says'
            f' {shown.size}; it was rolled back'
        )
    return Answer(word=word, reason=reason, held=size)


def _too_long(since_ns: int | None, now_ns: int) -> bool:
    return since_ns is not None and now_ns - since_ns > PATIENCE_NS


def _unbelievable(shown: Shown, params: Params) -> str:
    if shown.log.partition('/')[0] == params.agent_id:
        return f'{shown.log}: nobody is the witness of its own log'
    if shown.fault:
        return f'{shown.log}: {shown.fault}'
    return '' if shown.size > 0 else f'{shown.log}: says that it has {shown.size} lines'


def _continues(known: Known, shown: Shown) -> tuple[Word, str]:
    """Whether what is shown is what is known, grown."""
    proof = shown.proof
    usable = proof if proof is not None and proof.old_size == known.size else None
    if shown.step and usable is None:
        return Word.PASSED, ''
    if shown.size > known.size:
        return (Word.WANTED, '') if usable is None else _proved(known, shown, usable)
    if shown.size < known.size:
        return Word.BEHIND, ''
    if (shown.root, shown.head) == (known.root, known.head):
        return Word.KNOWN, ''
    return Word.TWO_STORIES, f'{shown.log}: tells two stories of its {shown.size} lines'


def _proved(known: Known, shown: Shown, proof: Proof) -> tuple[Word, str]:
    if proof.unable:
        return Word.UNPROVED, f'{shown.log}: has no proof from {known.size} lines: {proof.unable}'
    old, new = (known.size, known.root), (shown.size, shown.root)
    if proves_consistency(old=old, new=new, proof=proof.hashes):
        return Word.COUNTERSIGN, ''
    return Word.FORKED, (
        f'{shown.log}: its {shown.size} lines do not continue the {known.size} that were'
        ' countersigned; it was written anew'
    )


def _after(held: Held, shown: Shown, answer: Answer, now_ns: int) -> Held:
    if answer.word is Word.COUNTERSIGN:
        known = Known(log=shown.log, size=shown.size, root=shown.root, head=shown.head)
        return Held(known=known)
    if answer.word is Word.KNOWN:
        return Held(known=held.known)
    told = held.told | {answer.word.value} if answer.word in REFUSALS else held.told
    wanted_ns, behind_ns = held.wanted_ns, held.behind_ns
    if answer.word is Word.WANTED and wanted_ns is None:
        wanted_ns = now_ns
    if answer.word is Word.BEHIND and behind_ns is None:
        behind_ns = now_ns
    return replace(held, told=told, wanted_ns=wanted_ns, behind_ns=behind_ns)


CORE = Core(
    name='witness',
    version=1,
    params=Params,
    inputs=Inputs,
    outputs=Outputs,
    initial=initial,
    decide=decide,
)
