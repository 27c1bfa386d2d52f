# SPDX-License-Identifier: Apache-2.0
"""Whether a vault can be trusted: its chains, and what witnesses say of them.

The chains alone cannot show a log that its owner rolled back, cut or wrote anew and signed again:
that takes another machine's word. The third verdict, re-execution, is `swarm_vault.replay`. Torn
by a crash is told apart from tampered.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from swarm_vault.frames import BagLog, BagReader, bag_fault
from swarm_vault.keys import Trust, load_trust
from swarm_vault.listing import bags_in, folders_in, log_folders, strangers_in
from swarm_vault.log_check import LogCheck, LogWalk
from swarm_vault.noted import NotedHead
from swarm_vault.witness_check import (
    Asked,
    Statements,
    WitnessVerdict,
    ask_accused,
    judge_witnesses,
    read_statements,
)

CLEAN, NOT_TRUSTWORTHY, RECOVERED = 0, 1, 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """The judgment of one log."""

    ok: bool
    """Nothing contradicts it; what a crash took is stated in `losses`."""
    writer: str
    """<agent>/<writer>."""
    seq: int
    """How many lines there are; with a fault, the sequence number at which it shows."""
    reason: str = ''
    file: str = ''
    line: int = 0
    losses: tuple[str, ...] = ()
    signed: bool = False
    covered: int = 0
    """So many lines are covered by signed checkpoints."""
    frames: int = 0
    """So many frames of decisions are covered by digests in the log."""
    mirror: bool = False
    """It is a copy of another machine's log; bags and checkpoints stay there."""
    open: bool = False
    """A living process writes it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VaultVerdict:
    """The judgment of a whole vault."""

    writers: tuple[Verdict, ...]
    strays: tuple[str, ...] = ()
    """What lies there without belonging to any log."""

    witnesses: WitnessVerdict = field(default_factory=WitnessVerdict)

    @property
    def ok(self) -> bool:
        """Whether nothing contradicts the record."""
        return not self.reasons

    @property
    def chain_reasons(self) -> tuple[str, ...]:
        """What is wrong with the chains, their signatures and bags; empty when nothing."""
        found = tuple(f'{v.writer}: {v.reason}' for v in self.writers if not v.ok)
        return found + self.strays

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why it cannot be trusted; empty when it can."""
        return self.chain_reasons + self.witnesses.reasons

    @property
    def losses(self) -> tuple[str, ...]:
        """What a crash took, as far as it can be told; empty when nothing."""
        lost = tuple(f'{v.writer}: {loss}' for v in self.writers for loss in v.losses)
        return lost + self.witnesses.losses

    @property
    def chain_word(self) -> str:
        """The verdict on the chains in a word."""
        if self.chain_reasons:
            return 'not trustworthy'
        return 'recovered' if any(v.losses for v in self.writers) else 'clean'

    @property
    def exit_code(self) -> int:
        """0 clean, 3 recovered with a stated loss or a witness refuted, 1 not trustworthy."""
        if not self.ok:
            return NOT_TRUSTWORTHY
        return RECOVERED if self.losses or self.witnesses.refuted else CLEAN


def verify_vault(
    vault_dir: Path,
    *,
    trust: Trust | None = None,
    witnesses: Sequence[Path] = (),
    noted: Sequence[NotedHead] = (),
) -> VaultVerdict:
    """Judge all logs of a vault, the bags that they vouch for, and what others say of them.

    Args:
        vault_dir: The vault; nothing in it is changed.
        trust: Public keys from elsewhere; None: those that lie in the vault.
        witnesses: Other vaults whose countersigned heads and copies count.
        noted: Heads that a person kept elsewhere.

    Raises:
        VaultError: A public key in the vault cannot be read.
    """
    return judge_vault(walk_vault(vault_dir, trust=trust, witnesses=witnesses, noted=noted))


@dataclass(frozen=True, slots=True, kw_only=True)
class Walked:
    """What was read of a vault: its logs and what is said of them. The bags are not."""

    vault_dir: Path
    checks: tuple[LogCheck, ...]
    statements: Statements
    accused: Asked


class BagSeen(NamedTuple):
    """What a reader of a whole bag found."""

    fault: str
    """How it differs from what its log vouches for."""
    frames: int


def walk_vault(
    vault_dir: Path,
    *,
    trust: Trust | None = None,
    witnesses: Sequence[Path] = (),
    noted: Sequence[NotedHead] = (),
) -> Walked:
    """Read all logs of a vault and what others say of them, each once.

    Raises:
        VaultError: A public key in the vault cannot be read.
    """
    sure = trust is not None
    trust = (load_trust(vault_dir) if trust is None else trust).remembering()
    statements = read_statements(vault_dir, witnesses, trust, keys_are_sure=sure, noted=noted)
    walks = (
        LogWalk(folder, trust, statements.sizes(f'{folder.parent.parent.name}/{folder.name}'))
        for folder in log_folders(vault_dir)
    )
    checks = tuple(walk.check() for walk in walks)
    return Walked(
        vault_dir=vault_dir,
        checks=checks,
        statements=statements,
        accused=ask_accused((vault_dir, *witnesses), checks, trust),
    )


def judge_vault(walked: Walked, seen: Mapping[str, BagSeen] | None = None) -> VaultVerdict:
    """Judge a vault by what was read of it. Call it once: it enters what the bags show.

    Args:
        walked: Its logs.
        seen: Bags that were read whole already, by name; all others are read here.
    """
    vault_dir, checks = walked.vault_dir, walked.checks
    frames = [_check_bags(vault_dir, check, seen or {}) for check in checks]
    strays = [*_strangers(vault_dir), *_stray_bags(vault_dir, checks)]
    if not checks:
        strays.insert(0, f'{vault_dir}: there is no log under agents/; name the folder of a vault')
    verdicts = tuple(_verdict(*pair) for pair in zip(checks, frames, strict=True))
    judged = judge_witnesses(vault_dir, checks, walked.statements, walked.accused)
    return VaultVerdict(writers=verdicts, strays=tuple(strays), witnesses=judged)


def _verdict(check: LogCheck, frames: int) -> Verdict:
    return Verdict(
        ok=not check.fault,
        writer=check.name,
        seq=check.seq if check.fault else check.lines,
        reason=_located(check),
        file=check.file,
        line=check.line,
        losses=tuple(check.losses),
        signed=check.signed,
        covered=check.covered,
        frames=frames,
        mirror=check.mirror,
        open=check.open,
    )


def _located(check: LogCheck) -> str:
    return f'{check.file}:{check.line}: {check.fault}' if check.file else check.fault


def _check_bags(vault_dir: Path, check: LogCheck, seen: Mapping[str, BagSeen]) -> int:
    if check.fault or check.mirror:
        return 0
    sealed = [(log, _check_bag(vault_dir, log, check, seen)) for log in check.bags.values()]
    return sum(frames for log, frames in sealed if not log.raw)


def _check_bag(vault_dir: Path, log: BagLog, check: LogCheck, seen: Mapping[str, BagSeen]) -> int:
    path = vault_dir / log.name
    if log.removed is not None and not path.exists():
        check.losses.append(
            f'{log.name}: its {log.sealed} frames were removed by policy, seq {log.removed} says'
        )
        return 0
    fault = '' if log.start else f'{log.name}: is sealed but was never started'
    found = seen.get(log.name) or _look(path, log)
    check.fault = check.fault or fault or found.fault
    if log.left_out:
        check.losses.append(f'{log.name}: {log.left_out} messages came faster than the disk')
    if log.finished or check.fault or check.open:
        return log.sealed
    unsealed = found.frames - log.sealed
    if unsealed:
        check.losses.append(f'{log.name}: no seal covers the last {unsealed} frames')
    return log.sealed


def _look(path: Path, log: BagLog) -> BagSeen:
    """Read a bag for its digest, and for its frames where no seal says how many there are."""
    if log.finished:
        return BagSeen(bag_fault(path, log), log.sealed)
    reader = BagReader(path, log)
    frames = sum(1 for _ in reader)
    return BagSeen(reader.fault, frames)


def _strangers(vault_dir: Path) -> Iterator[str]:
    """What lies in the place of an agent's or a log's folder, and may hide one."""
    agents = vault_dir / 'agents'
    for folder in (agents, *(agent / 'log' for agent in folders_in(agents))):
        for path in strangers_in(folder):
            yield f'{path.relative_to(vault_dir).as_posix()}: is no folder that can be entered'


def _stray_bags(vault_dir: Path, checks: Sequence[LogCheck]) -> Iterator[str]:
    known = {name for check in checks for name in check.bags}
    unclear = {check.name for check in checks if check.fault or check.open}
    for path in bags_in(vault_dir):
        name = path.relative_to(vault_dir).as_posix()
        writer = '/'.join(path.parts[-3:-1])
        if name not in known and writer not in unclear and any(True for _ in BagReader(path)):
            yield f'{name}: holds decisions of which no log speaks'
