# SPDX-License-Identifier: Apache-2.0
"""The figures of a demo, and the judgment on them."""

import json
from collections.abc import Collection, Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from swarm_supervisor.demo.prepare import Stage
from swarm_supervisor.demo.show import Shown
from swarm_supervisor.demo.story import ChainLink
from swarm_vault.audit import Audit

MIN_COVERAGE = 0.95


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What a machine reads with --json; names are part of the contract with users."""

    coverage: float
    contacts: int
    robots: int
    robots_done: int
    negotiations: int
    violations: int
    reflex_interventions: int
    events_written: int
    events_synced: int
    audit_verified: bool
    decisions_recorded: int
    decisions_reproduced: int
    reflex_period_p999_ms: float
    distance_m: float
    mission_s: float
    wall_s: float
    reflex_period_worst_ms: float
    hazards: int
    cpu_cores: float
    real_time_factor: float
    passed: bool
    reasons: tuple[str, ...]
    revoked: int = 0
    chain: tuple[ChainLink, ...] = ()
    """Of a governed run: who stands behind each order."""
    lost: int = 0
    """Robots that were killed for good."""
    taken_over: int = 0
    """How often a robot took over cells of a lost one by itself."""


def judge(figures: Figures, shown: Shown, sync_faults: Iterable[str]) -> tuple[str, ...]:
    """Why the demo has failed; empty when it passed."""
    f = figures
    checks = (
        (not shown.started or not shown.complete, shown.reason or 'the mission did not complete'),
        (f.coverage < MIN_COVERAGE, f'coverage {f.coverage:.1%} is below {MIN_COVERAGE:.0%}'),
        (f.contacts > 0, f'{f.contacts} contacts'),
        (
            f.robots_done < f.robots - f.revoked - f.lost,
            f'{f.robots - f.revoked - f.lost - f.robots_done} robots are not done and home',
        ),
        (
            f.events_synced < f.events_written,
            f'{f.events_written - f.events_synced} events missing',
        ),
        (not f.audit_verified, 'the audit trail does not verify'),
        (f.decisions_recorded == 0, 'no decision was recorded'),
        (
            f.decisions_reproduced < f.decisions_recorded,
            f'{f.decisions_recorded - f.decisions_reproduced} decisions were not reproduced',
        ),
    )
    return (*(reason for failed, reason in checks if failed), *sync_faults)


@dataclass(frozen=True, slots=True, kw_only=True)
class Trail:
    """The events of all robots' logs."""

    events: tuple[dict[str, Any], ...]

    def of_type(self, prefix: str) -> list[dict[str, Any]]:
        """Events whose type begins so."""
        return [event for event in self.events if event['type'].startswith(prefix)]


def _gave_way(trail: Trail) -> int:
    """Rights of way that were settled, counted at the robot that let the other go first."""
    settled = trail.of_type('negotiation.settled')
    return sum(event['data'].get('role') == 'yields' for event in settled)


def read_trail(vault_dir: Path, agent: str = '*') -> Trail:
    """Read the logs of a vault, all or one agent's, in the order of time."""
    lines = (
        json.loads(line)
        for path in sorted((vault_dir / 'agents').glob(f'{agent}/log/*/*/*.jsonl'))
        for line in path.read_bytes().splitlines()
    )
    return Trail(events=tuple(sorted(lines, key=lambda e: int(e['time_ns']))))


def compare_logs(
    robots_vault: Path, supervisor_vault: Path, lost: Collection[str] = ()
) -> tuple[int, int, tuple[str, ...]]:
    """Count the robots' log lines and those that stand byte for byte in the supervisor's vault.

    Args:
        robots_vault: Where the robots write.
        supervisor_vault: Where copies are sent to.
        lost: Robots that were killed for good: what they had not sent yet does not count.

    Returns:
        Lines written, lines synced, and a sentence for every log that differs.
    """
    written = synced = 0
    faults = []
    for path in sorted((robots_vault / 'agents').glob('*/log/*/*/*.jsonl')):
        name = path.relative_to(robots_vault)
        copy = supervisor_vault / name
        ours = path.read_bytes().splitlines()
        theirs = copy.read_bytes().splitlines() if copy.exists() else []
        same = sum(a == b for a, b in zip(ours, theirs, strict=False))
        if name.parts[1] in lost:
            ours = ours[: len(theirs)]
        written += len(ours)
        synced += same
        if same < len(ours) or len(theirs) > len(ours):
            faults.append(f'{name}: {len(ours)} events written, {same} of them at the supervisor')
    return written, synced, tuple(faults)


def figures_of(
    *,
    stage: Stage,
    shown: Shown,
    trail: Trail,
    synced: tuple[int, int],
    audits: Sequence[Audit],
    spent: tuple[float, float],
) -> Figures:
    """Put the figures together; `passed` and `reasons` are filled by the caller.

    Args:
        stage: What was prepared.
        shown: What happened.
        trail: The robots' events.
        synced: Events written and events at the supervisor.
        audits: Verification and re-execution of the robots' and the supervisor's vault.
        spent: Wall time [s] and processor time [s] since the start.
    """
    replays = [audit.replay for audit in audits if audit.replay is not None]
    stats = trail.of_type('reflex.stats')
    last = {event['source']: event['data'] for event in stats}.values()
    done = {r.agent_id for r in shown.fleet.robots} if shown.complete else set[str]()
    return Figures(
        coverage=round(shown.referee.coverage, 4),
        contacts=shown.referee.contacts,
        robots=len(stage.run.fleet.robots),
        robots_done=len(done & set(shown.referee.robots_home)),
        negotiations=_gave_way(trail),
        violations=len(trail.of_type('violation.')),
        reflex_interventions=sum(int(data['interventions']) for data in last),
        events_written=synced[0],
        events_synced=synced[1],
        audit_verified=all(audit.verdict.ok for audit in audits),
        decisions_recorded=sum(replay.decisions_recorded for replay in replays),
        decisions_reproduced=sum(replay.decisions_reproduced for replay in replays),
        reflex_period_p999_ms=max((float(d['period_p999_ms']) for d in last), default=0.0),
        reflex_period_worst_ms=max((float(d['period_worst_ms']) for d in last), default=0.0),
        distance_m=round(shown.referee.distance_m, 1),
        mission_s=round(shown.mission_s, 1),
        wall_s=round(spent[0], 1),
        revoked=sum(r.roster_state == 'revoked' for r in shown.fleet.robots),
        hazards=len(trail.of_type('hazard.received')),
        taken_over=len(trail.of_type('survey.taken_over')),
        cpu_cores=round(spent[1] / spent[0], 2),
        real_time_factor=round(shown.referee.real_time_factor, 3),
        passed=False,
        reasons=(),
    )


def as_json(figures: Figures) -> str:
    """The figures as one JSON object."""
    return json.dumps(asdict(figures), indent=2) + '\n'
