# SPDX-License-Identifier: Apache-2.0
"""The whole of `swarm demo`: prepare, show, audit, figures, report."""

import resource
import time
from dataclasses import asdict, replace
from pathlib import Path

from rich.console import Console

from swarm_config.maps import load_map
from swarm_supervisor.demo.figures import (
    Figures,
    Trail,
    as_json,
    compare_logs,
    figures_of,
    judge,
    read_trail,
)
from swarm_supervisor.demo.last_words import last_words
from swarm_supervisor.demo.options import DemoOptions
from swarm_supervisor.demo.prepare import Stage, prepare
from swarm_supervisor.demo.referee import read_referee, read_truth
from swarm_supervisor.demo.show import Shown, run_show
from swarm_supervisor.demo.story import chain_of_names, missing_from
from swarm_supervisor.demo.timeline import timeline_of
from swarm_supervisor.demo.view import View
from swarm_supervisor.processes import children_cpu_s
from swarm_supervisor.report import RunData, write_report
from swarm_vault.audit import audit_vaults


def run_demo(options: DemoOptions, config_dir: Path, console: Console) -> Figures:
    """Run a demo to its end and write its figures and report.

    Raises:
        ConfigError: An option, the map or the fleet cannot be used; nothing was started.
    """
    began, cpu_before_s = time.monotonic(), _cpu_s()
    stage = prepare(options, config_dir)
    with View(console) as view:
        shown = run_show(options, stage, view)
        shown.referee = read_referee(stage.run.out_dir)
        view.say('verifying the audit trail and re-executing the decisions')
    figures, trail = _audit(stage, shown, began, _cpu_s() - cpu_before_s, options.lost)
    _write(options, stage, shown, figures, trail)
    return figures


def _audit(
    stage: Stage, shown: Shown, began: float, mission_cpu_s: float, lost: frozenset[str]
) -> tuple[Figures, Trail]:
    vault = stage.run.vault_dir
    mission_wall_s = time.monotonic() - began
    written, synced, faults = compare_logs(vault, stage.run.supervisor_vault_dir, lost)
    audits = audit_vaults([vault, stage.run.supervisor_vault_dir])
    trail = read_trail(vault)
    spent = (time.monotonic() - began, mission_cpu_s)
    figures = figures_of(
        stage=stage,
        shown=shown,
        trail=trail,
        synced=(written, synced),
        audits=audits,
        spent=spent,
    )
    figures = replace(figures, cpu_cores=round(mission_cpu_s / mission_wall_s, 2), lost=len(lost))
    faults += tuple(reason for audit in audits for reason in audit.reasons)
    faults += tuple(f'{name} had to be killed at the stop' for name in shown.killed_at_stop)
    if stage.run.drills:
        own = read_trail(stage.run.supervisor_vault_dir, 'supervisor').events
        faults += missing_from(own, trail.events)
        figures = replace(figures, chain=chain_of_names(own))
    elif figures.revoked:
        faults += (f'{figures.revoked} robots were revoked',)
    if not shown.complete:
        faults += last_words(trail, shown, [robot.agent_id for robot in stage.run.fleet.robots])
    reasons = judge(figures, shown, faults)
    return replace(figures, passed=not reasons, reasons=reasons), trail


def _cpu_s() -> float:
    """What this process and its ended children have used so far, set-up included [s]."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime + children_cpu_s()


def _write(
    options: DemoOptions, stage: Stage, shown: Shown, figures: Figures, trail: Trail
) -> None:
    out = stage.run.out_dir
    (out / 'figures.json').write_text(as_json(figures), encoding='utf-8')
    if options.json_path is not None:
        options.json_path.write_text(as_json(figures), encoding='utf-8')
    fleet = stage.run.fleet
    write_report(
        out / 'report.html',
        RunData(
            title=f'{len(fleet.robots)} robots in {fleet.map_path.stem}',
            grid=load_map(fleet.map_path),
            figures=asdict(figures),
            robots={robot.agent_id: robot.model.radius_m for robot in fleet.robots},
            track=read_truth(out, shown.order_wall_ns),
            events=timeline_of(trail, shown),
        ),
    )
