# SPDX-License-Identifier: Apache-2.0
"""Measure one plan or one run; each row says what it is a row of."""

import time
from dataclasses import dataclass

from swarm_agent.planner.core.sweep.plan import Effort, SweepPlan, plan_sweep
from swarm_agent.planner.core.sweep.travel import route_cost
from swarm_agent.planner.sweep_bench.instances import Instance
from swarm_agent.planner.sweep_bench.rivals import RIVALS
from swarm_agent.planner.sweep_bench.traffic import Run, Trouble, drive

OURS = 'ours'


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanRow:
    """One planner on one board."""

    kind: str = 'plan'
    instance: str
    cells: int
    robots: int
    planner: str
    makespan: float
    balance: float
    """Longest route over the mean."""
    covered: float
    """Share of the reachable cells that some route visits."""
    tabled: float | None
    """MSTC* as tabled in the reference."""
    over_tabled: float | None
    over_control: float
    """Makespan over that of our own MSTC* in this run."""
    seconds: float
    cpu_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class TrafficRow:
    """One run of robots that sweep together."""

    kind: str = 'traffic'
    instance: str
    cells: int
    robots: int
    killed: int | None
    takeover: bool
    """False: the control, in which nobody takes a lost peer's part."""
    loss: float
    delay_beats: int
    planned: int
    """Steps of the longest route of the conflict-free plan."""
    swept_beat: int | None
    home_beat: int | None
    """The makespan: all swept and all home."""
    over_plan: float | None
    covered: float
    """Share of the cells that can be swept: without those that the lost robot's body bars."""
    cut_off: int
    barred: int
    conflicts: int
    takeovers: int
    taken_cells: int
    news_bytes_per_s: float
    seconds: float


def plan_rows(instance: Instance, turn: float, effort: Effort) -> tuple[list[PlanRow], SweepPlan]:
    """Ours and all rivals on one board."""
    clock, cpu = time.perf_counter(), time.process_time()
    plan = plan_sweep(instance.board, instance.starts, turn, effort)
    spent = time.perf_counter() - clock, time.process_time() - cpu
    found = {OURS: (plan.routes, spent)}
    for name, rival in RIVALS.items():
        clock, cpu = time.perf_counter(), time.process_time()
        routes = rival(instance.board, instance.starts, turn)
        found[name] = routes, (time.perf_counter() - clock, time.process_time() - cpu)
    costs = {
        name: [route_cost(instance.board, route, turn) for route in routes]
        for name, (routes, _) in found.items()
    }
    rows = [
        PlanRow(
            instance=instance.name,
            cells=instance.board.size,
            robots=len(instance.starts),
            planner=name,
            makespan=max(costs[name]),
            balance=max(costs[name]) * len(routes) / sum(costs[name]),
            covered=len({cell for route in routes for cell in route}) / instance.board.size,
            tabled=instance.tabled,
            over_tabled=max(costs[name]) / instance.tabled if instance.tabled else None,
            over_control=max(costs[name]) / max(costs['mstc_star']),
            seconds=spent[0],
            cpu_s=spent[1],
        )
        for name, (routes, spent) in found.items()
    ]
    return rows, plan


def traffic_row(instance: Instance, plan: SweepPlan, trouble: Trouble) -> tuple[TrafficRow, Run]:
    """One run."""
    clock = time.perf_counter()
    run = drive(instance, plan, trouble)
    swept = instance.board.size - run.cut_off - run.unswept
    row = TrafficRow(
        instance=instance.name,
        cells=instance.board.size,
        robots=len(instance.starts),
        killed=trouble.killed,
        takeover=trouble.takeover,
        loss=trouble.loss,
        delay_beats=trouble.delay_beats,
        planned=run.planned,
        swept_beat=run.swept_beat,
        home_beat=run.home_beat,
        over_plan=run.home_beat / run.planned if run.home_beat is not None else None,
        covered=swept / (instance.board.size - run.cut_off),
        cut_off=run.cut_off,
        barred=run.barred,
        conflicts=run.conflicts,
        takeovers=len(run.taken),
        taken_cells=sum(cells for _, _, cells in run.taken),
        news_bytes_per_s=run.news_bytes,
        seconds=time.perf_counter() - clock,
    )
    return row, run
