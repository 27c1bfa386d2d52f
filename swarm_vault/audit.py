# SPDX-License-Identifier: Apache-2.0
"""All three verdicts on some vaults, with each log and each bag read once.

While other processes re-execute the first vault's bags, this one walks through the next vault.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from swarm_vault.keys import Trust
from swarm_vault.log_check import LogCheck
from swarm_vault.noted import NotedHead
from swarm_vault.replay import CORES, Progress, Replaying, Workers
from swarm_vault.replay_report import ReplayReport
from swarm_vault.verify import BagSeen, VaultVerdict, Walked, judge_vault, walk_vault


@dataclass(frozen=True, slots=True, kw_only=True)
class Audit:
    """What an auditor finds in one vault."""

    verdict: VaultVerdict
    replay: ReplayReport | None
    """None where all logs are copies: those hold no decisions."""

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why the vault cannot be trusted, or which decision was not reproduced."""
        return self.verdict.reasons + (() if self.replay is None else self.replay.reasons)


def audit_vaults(
    vault_dirs: Sequence[Path],
    *,
    trust: Trust | None = None,
    witnesses: Sequence[Path] = (),
    noted: Sequence[NotedHead] = (),
    cores: Mapping[str, str] = CORES,
    progress: Progress = lambda _done, _all: None,
) -> list[Audit]:
    """Judge vaults and re-execute all their decisions.

    Args:
        vault_dirs: The vaults; nothing in them is changed.
        trust: Public keys from elsewhere; None: those that lie in each vault.
        witnesses: Other vaults whose countersigned heads and copies count.
        noted: Heads that a person kept elsewhere.
        cores: The table of allowed cores, '<module>:<name>' by core name.
        progress: Called for each vault with the bytes of bags done, at first 0, and of all bags.

    Raises:
        VaultError: A public key cannot be read.
    """
    with Workers(vault_dirs, cores) as workers:
        under_way: list[tuple[Walked, Replaying | None]] = []
        for vault_dir in vault_dirs:
            walked = walk_vault(vault_dir, trust=trust, witnesses=witnesses, noted=noted)
            replaying = workers.begin(vault_dir, walked.checks) if _own(walked.checks) else None
            under_way.append((walked, replaying))
        return [_audit(walked, replaying, progress) for walked, replaying in under_way]


def _own(checks: Sequence[LogCheck]) -> bool:
    return any(not check.mirror for check in checks)


def _audit(walked: Walked, replaying: Replaying | None, progress: Progress) -> Audit:
    if replaying is None:
        return Audit(verdict=judge_vault(walked), replay=None)
    report = replaying.report(progress)
    seen = {bag.bag: BagSeen(bag.forged, bag.frames) for bag in report.bags}
    return Audit(verdict=judge_vault(walked, seen), replay=report)
