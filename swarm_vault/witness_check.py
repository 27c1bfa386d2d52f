# SPDX-License-Identifier: Apache-2.0
"""Hold what others have seen of the logs against the logs."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from swarm_vault.errors import VaultError
from swarm_vault.heads.accusation import Judged
from swarm_vault.keys import Trust
from swarm_vault.lines import line_hash, parse_line
from swarm_vault.listing import log_folders
from swarm_vault.log_check import MIRROR_MARK, LogCheck, LogWalk
from swarm_vault.noted import NotedHead
from swarm_vault.notes import Checkpoint
from swarm_vault.segments import last_line, segment_paths
from swarm_vault.witness import Testimony, Unsigned, read_testimony

WHO_NOTED = 'who noted its head'
Asked = Mapping[str, Sequence[LogCheck]]
"""By name, accused logs and copies of them, walked for the heads that accuse them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """Where somebody else saw a log stand."""

    log: str
    size: int
    root: bytes
    """Empty in a copy, whose last lines the log need not have signed."""
    witness: str
    head: str = ''
    """Empty in a head that a person noted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Witnessed:
    """How far others vouch for one log."""

    writer: str
    lines: int
    confirmed: int
    """So many lines stand as somebody else saw them."""
    witnesses: tuple[str, ...]
    """Who saw any of them."""

    @property
    def bare(self) -> int:
        """How many lines only their own writer vouches for."""
        return self.lines - self.confirmed


@dataclass(frozen=True, slots=True, kw_only=True)
class WitnessVerdict:
    """The judgment of all witnesses on a vault."""

    logs: tuple[Witnessed, ...] = ()
    reasons: tuple[str, ...] = ()
    losses: tuple[str, ...] = ()
    refuted: tuple[str, ...] = ()
    """What witnesses say against a log that its own signatures and lines refute; each names the
    witness."""

    @property
    def ok(self) -> bool:
        """Whether nobody contradicts the record; also when nobody says anything."""
        return not self.reasons

    @property
    def word(self) -> str:
        """The verdict in a word."""
        if self.reasons:
            return 'contradicted'
        return 'confirmed' if any(log.confirmed for log in self.logs) else 'silent'


@dataclass(frozen=True, slots=True, kw_only=True)
class Statements:
    """Everything that others say, read before the logs are: a living log only grows."""

    sightings: tuple[Sighting, ...]
    testimony: Testimony
    trust: Trust
    keys_are_sure: bool = False
    """The keys come from elsewhere: nobody changed one to disown what it had signed."""

    def sizes(self, log: str) -> list[int]:
        """After how many lines somebody saw this log, or says so."""
        seen = [sighting.size for sighting in self.sightings if sighting.log == log]
        unsigned = (said.checkpoint for said in self.testimony.unsigned)
        return seen + [head.size for head in unsigned if head.log == log]


def read_statements(
    vault_dir: Path,
    others: Sequence[Path],
    trust: Trust,
    *,
    keys_are_sure: bool = False,
    noted: Sequence[NotedHead] = (),
) -> Statements:
    """Read what is countersigned in a vault and in others, and the copies in the others."""
    testimony = read_testimony((vault_dir, *others), trust)
    signed = (
        Sighting(
            log=found.checkpoint.log,
            size=found.checkpoint.size,
            head=found.checkpoint.head,
            root=found.checkpoint.root,
            witness=found.witness,
        )
        for found in testimony.evidence
    )
    copies = (sighting for other in others for sighting in _copies(other))
    kept = (
        Sighting(log=one.log, size=one.size, root=one.root, witness=WHO_NOTED) for one in noted
    )
    return Statements(
        sightings=(*signed, *copies, *kept),
        testimony=testimony,
        trust=trust,
        keys_are_sure=keys_are_sure,
    )


def ask_accused(vault_dirs: Sequence[Path], checks: Collection[LogCheck], trust: Trust) -> Asked:
    """Walk accused logs, wherever one lies, for where they stood at the heads that accuse them.

    Accusations are met on the way through the logs only, and a log that lives has grown since.
    """
    told = [said for check in checks for said in check.accusations]
    sizes: dict[str, set[int]] = {}
    for head in (head for said in told for head in said.heads(trust)):
        sizes.setdefault(head.log, set()).add(head.size)
    asked: dict[str, list[LogCheck]] = {}
    for folder in (folder for vault_dir in vault_dirs for folder in log_folders(vault_dir)):
        name = f'{folder.parent.parent.name}/{folder.name}'
        if name in sizes:
            asked.setdefault(name, []).append(LogWalk(folder, trust, sizes[name]).check())
    return asked


def judge_witnesses(
    vault_dir: Path, checks: Iterable[LogCheck], statements: Statements, asked: Asked
) -> WitnessVerdict:
    """Compare every statement with the walks through the logs, and hear accused logs."""
    known = {check.name: check for check in checks}
    judged = Judged(
        trust=statements.trust,
        holds=lambda head: _any_holds(asked.get(head.log, ()), head),
        keys_are_sure=statements.keys_are_sure,
        reasons=list(statements.testimony.faults),
        unproved=list(statements.testimony.torn),
    )
    for said in statements.testimony.unsigned:
        _judge_unsigned(said, known.get(said.checkpoint.log), judged)
    judged.take(said for check in known.values() for said in check.accusations)
    confirmed = dict.fromkeys(known, 0)
    seen_by: dict[str, set[str]] = {name: set() for name in known}
    for sighting in statements.sightings:
        reason = _contradiction(vault_dir, known, sighting)
        if reason and sighting.root:
            judged.reasons.append(reason)
        elif reason:
            judged.unproved.append(
                f'{reason}; its keeper alone says so, the log has not signed it'
            )
        elif sighting.log in known and sighting.size in known[sighting.log].places:
            confirmed[sighting.log] = max(confirmed[sighting.log], sighting.size)
            seen_by[sighting.log].add(sighting.witness)
        elif sighting.witness == WHO_NOTED:
            judged.unproved.append(
                f'{sighting.log}: the head that was noted at {sighting.size} lines says nothing of'
                ' it: the log is broken, a copy, or begins behind it'
            )
    logs = tuple(
        Witnessed(
            writer=name,
            lines=check.lines,
            confirmed=confirmed[name],
            witnesses=tuple(sorted(seen_by[name])),
        )
        for name, check in sorted(known.items())
    )
    return WitnessVerdict(
        logs=logs,
        reasons=tuple(dict.fromkeys(judged.reasons)),
        losses=tuple(dict.fromkeys(judged.unproved)),
        refuted=tuple(dict.fromkeys(judged.refuted)),
    )


def _judge_unsigned(said: Unsigned, check: LogCheck | None, judged: Judged) -> None:
    """Judge a statement that the log it speaks of has not signed."""
    held = _holds(check, said.checkpoint)
    names, log = ' and '.join(said.witnesses), said.checkpoint.log
    whole = check is not None and not check.fault
    made_up = judged.keys_are_sure or not said.another_key
    if held is False and whole and made_up:
        judged.refuted.append(
            f'{said.fault}; {names} countersigned {said.checkpoint.size} lines that {log} does not'
            ' hold, but that log is whole'
        )
    elif held and said.bare:
        judged.unproved.append(f'{said.fault}; what {names} says of {log} confirms nothing')
    else:
        judged.reasons.append(said.fault)


def _any_holds(checks: Sequence[LogCheck], head: Checkpoint) -> bool | None:
    """Whether a log stood so: it answers itself, and its copies where it is not here.

    A copy can show that it did: the head is signed. One that differs may be wrong itself.
    """
    own = [check for check in checks if not check.mirror]
    if not own:
        return True if any(_holds(check, head) for check in checks) else None
    found = {_holds(check, head) for check in own}
    return False if False in found else True if True in found else None


def _holds(check: LogCheck | None, head: Checkpoint) -> bool | None:
    """Whether a log stood so; None where it is not here, or not whole."""
    if check is None:
        return None
    place = check.places.get(head.size)
    if place is not None and (place.head, place.root) != (head.head, head.root):
        return False
    if check.fault:
        return None
    if place is None:
        return None if check.mirror or head.size < check.begin else False
    return True


def _contradiction(vault_dir: Path, known: Mapping[str, LogCheck], sighting: Sighting) -> str:
    check = known.get(sighting.log)
    if check is None:
        gone = (vault_dir / 'agents' / sighting.log.partition('/')[0] / 'log').exists()
        reason = f'{sighting.log}: is gone, {sighting.witness} saw {sighting.size} lines of it'
        return reason if gone or sighting.witness == WHO_NOTED else ''
    place = check.places.get(sighting.size)
    if place is None:
        if check.broken or check.mirror or sighting.size < check.begin:
            return ''
        return (
            f'{sighting.log}: seq {check.lines}: was cut off or rolled back,'
            f' {sighting.witness} saw {sighting.size} lines, {check.lines} are here'
        )
    same = sighting.head in ('', place.head) and sighting.root in (b'', place.root)
    if same:
        return ''
    return (
        f'{sighting.log}: {place.file}:{place.line}: seq {sighting.size - 1} is not the one that'
        f' {sighting.witness} saw; it was written anew at or before it'
    )


def _copies(vault_dir: Path) -> Iterator[Sighting]:
    """The ends of the logs that a vault holds copies of."""
    for folder in log_folders(vault_dir):
        if not (folder / MIRROR_MARK).exists():
            continue
        line = next(
            (last for path in reversed(segment_paths(folder)) if (last := last_line(path))), b''
        )
        try:
            size = parse_line(line)['seq'] + 1 if line else 0
        except VaultError:
            continue  # the copy's own verdict tells of it
        if size:
            log = f'{folder.parent.parent.name}/{folder.name}'
            yield Sighting(log=log, size=size, head=line_hash(line), root=b'', witness='a copy')
