# SPDX-License-Identifier: Apache-2.0
"""Hold what others have seen of the logs against the logs."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from swarm_vault.errors import VaultError
from swarm_vault.heads.accusation import judge_accusations
from swarm_vault.keys import Trust
from swarm_vault.lines import line_hash, parse_line
from swarm_vault.log_check import MIRROR_MARK, LogCheck, log_folders
from swarm_vault.segments import last_line, segment_paths
from swarm_vault.witness import Testimony, read_testimony


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """Where somebody else saw a log stand."""

    log: str
    size: int
    head: str
    root: bytes
    """Empty where only the head is known."""
    witness: str


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

    def sizes(self, log: str) -> list[int]:
        """After how many lines somebody saw this log."""
        return [sighting.size for sighting in self.sightings if sighting.log == log]


def read_statements(vault_dir: Path, others: Sequence[Path], trust: Trust) -> Statements:
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
    return Statements(sightings=(*signed, *copies), testimony=testimony, trust=trust)


def judge_witnesses(
    vault_dir: Path, checks: Iterable[LogCheck], statements: Statements
) -> WitnessVerdict:
    """Compare every statement with the walks through the logs."""
    known = {check.name: check for check in checks}
    told = [said for check in known.values() for said in check.accusations]
    accused, unproved = judge_accusations(told, statements.trust)
    reasons = [*statements.testimony.faults, *accused]
    confirmed = dict.fromkeys(known, 0)
    seen_by: dict[str, set[str]] = {name: set() for name in known}
    for sighting in statements.sightings:
        reason = _contradiction(vault_dir, known, sighting)
        if reason:
            reasons.append(reason)
        elif sighting.log in known and sighting.size in known[sighting.log].places:
            confirmed[sighting.log] = max(confirmed[sighting.log], sighting.size)
            seen_by[sighting.log].add(sighting.witness)
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
        reasons=tuple(dict.fromkeys(reasons)),
        losses=(*statements.testimony.torn, *unproved),
    )


def _contradiction(vault_dir: Path, known: Mapping[str, LogCheck], sighting: Sighting) -> str:
    check = known.get(sighting.log)
    if check is None:
        gone = (vault_dir / 'agents' / sighting.log.partition('/')[0] / 'log').exists()
        reason = f'{sighting.log}: is gone, {sighting.witness} saw {sighting.size} lines of it'
        return reason if gone else ''
    place = check.places.get(sighting.size)
    if place is None:
        if check.broken or check.mirror or sighting.size < check.begin:
            return ''
        return (
            f'{sighting.log}: seq {check.lines}: was cut off or rolled back,'
            f' {sighting.witness} saw {sighting.size} lines, {check.lines} are here'
        )
    same = place.head == sighting.head and sighting.root in (b'', place.root)
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
