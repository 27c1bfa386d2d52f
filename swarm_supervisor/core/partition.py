# SPDX-License-Identifier: Apache-2.0
"""Split cells between robots so that all finish at about the same time.

A Voronoi diagram by travel distance with an additive weight per robot: a robot that would finish
late gives up cells at its border (its weight rises), and each region's site moves to the region's
middle, so that regions become compact also when all robots start at the same place.
"""

from dataclasses import dataclass, replace

import numpy as np
from scipy import optimize

from swarm_config.floor import Field
from swarm_supervisor.core.ground import Ground, Ints


@dataclass(frozen=True, slots=True, kw_only=True)
class Runner:
    """A robot as the split sees it."""

    ground: Ground
    nodes: Ints
    """The robot's node for each cell to be split, -1 where it cannot see it, shape (cells,)."""
    out_m: Field
    """Travel distance from where it is to each cell [m], inf where there is no way."""
    back_m: Field
    """The same from each cell to its home."""
    speed_mps: float
    busy_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Tuning:
    """What the cells cost and how the split is searched."""

    cell_area_m2: float
    work_m: Field
    """How far a robot drives to see each cell [m], shape (cells,)."""
    rounds: int
    balance_steps: int
    balance_gain: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Costs:
    """What a split costs each robot [s], shape (robots,)."""

    travel_s: Field
    sweep_s: Field
    finish_s: Field

    @property
    def worst(self) -> float:
        """What is to be small: when the last of those with a part is done, and a little of all.

        Who has no part may be busy for as long as it likes: nobody waits for it.
        """
        last = float(self.finish_s[self.sweep_s > 0.0].max(initial=0.0))
        return last + 0.1 * float(self.finish_s.mean())


def costs_of(owner: Ints, runners: tuple[Runner, ...], tuning: Tuning) -> Costs:
    """Times that a split takes.

    Args:
        owner: Number of the robot of each cell, -1 for nobody, shape (cells,).
        runners: The robots.
        tuning: What the cells cost.
    """
    travel, sweep = np.zeros(len(runners)), np.zeros(len(runners))
    for number, runner in enumerate(runners):
        own = owner == number
        if own.any():
            way_m = runner.out_m[own].min() + runner.back_m[own].mean()
            travel[number] = way_m / runner.speed_mps
            sweep[number] = tuning.work_m[own].sum() / runner.speed_mps
    busy = np.array([runner.busy_s for runner in runners])
    return Costs(travel_s=travel, sweep_s=sweep, finish_s=busy + travel + sweep)


def split(places: Field, runners: tuple[Runner, ...], tuning: Tuning) -> Ints:
    """Give each cell to a robot.

    Args:
        places: Row and column of each cell, shape (cells, 2).
        runners: The robots; each cell can be reached by at least one.
        tuning: How to search.

    Returns:
        Number of the robot of each cell, shape (cells,).
    """
    starts = [_nearest_to_start(runner) for runner in runners]
    even = _even_sites(places, runners, tuning)
    found = [_search(places, sites, runners, tuning).owner for sites in (starts, even)]
    found = [*_undivided(runners), *found]
    return min(found, key=lambda owner: costs_of(owner, runners, tuning).worst)


def _undivided(runners: tuple[Runner, ...]) -> list[Ints]:
    """All cells to one robot, for each that reaches all of them."""
    return [
        np.full(runner.nodes.shape, number, dtype=np.int64)
        for number, runner in enumerate(runners)
        if np.isfinite(runner.out_m).all()
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    owner: Ints
    sites: list[int]
    worst: float


def _search(
    places: Field, sites: list[int], runners: tuple[Runner, ...], tuning: Tuning
) -> _Found:
    """Balance the split, move each site to the middle of its region, and so on; keep the best."""
    weights = np.zeros(len(runners))
    best: _Found | None = None
    for _ in range(tuning.rounds):
        owner, weights, worst = _balance(sites, weights, runners, tuning)
        if best is None or worst < best.worst:
            best = _Found(owner=owner, sites=sites, worst=worst)
        sites = _middles(places, owner, sites, runners)
    assert best is not None
    return best


def _from_sites(sites: list[int], runners: tuple[Runner, ...]) -> Field:
    """Travel distance from each robot's site to each cell [m], shape (robots, cells)."""
    rows = []
    for site, runner in zip(sites, runners, strict=True):
        row = np.full(runner.nodes.shape, np.inf)
        if site >= 0:
            open_cells = np.isfinite(runner.out_m)
            field = runner.ground.distances(int(runner.nodes[site]))
            row[open_cells] = field[runner.nodes[open_cells]]
        rows.append(row)
    return np.stack(rows)


def _balance(
    sites: list[int], weights: Field, runners: tuple[Runner, ...], tuning: Tuning
) -> tuple[Ints, Field, float]:
    """Shift the borders until all finish at about the same time; keep the best split seen."""
    distance = _from_sites(sites, runners)
    best: tuple[Ints, Field, float] | None = None
    reach_m = np.sqrt(distance.shape[1] * tuning.cell_area_m2 / len(runners))
    for step in range(tuning.balance_steps):
        owner = np.argmin(distance + weights[:, None], axis=0)
        costs = costs_of(owner, runners, tuning)
        if best is None or costs.worst < best[2]:
            best = (owner, weights, costs.worst)
        gain = tuning.balance_gain * (1.0 - 0.7 * step / tuning.balance_steps)
        weights = weights + gain * reach_m * _excess(sites, costs, runners)
    assert best is not None
    return best


def _excess(sites: list[int], costs: Costs, runners: tuple[Runner, ...]) -> Field:
    """How much more each robot sweeps than its even part, as a share of the mean, -1 to 1.

    The even parts are those of a water level: all that sweep at all stop at the same time.
    """
    speed = np.array([runner.speed_mps for runner in runners])
    to_site = [_way_s(runner, site) for site, runner in zip(sites, runners, strict=True)]
    travel = np.where(costs.sweep_s > 0.0, costs.travel_s, to_site)
    late = np.array([runner.busy_s for runner in runners]) + travel
    work = costs.sweep_s * speed
    even = np.maximum(0.0, _level(late, speed, float(work.sum())) - late) * speed
    return np.clip((work - even) / max(float(work.mean()), 1e-9), -1.0, 1.0)


def _way_s(runner: Runner, site: int) -> float:
    if site < 0:
        return 1e9
    return float(runner.out_m[site] + runner.back_m[site]) / runner.speed_mps


def _level(late_s: Field, speed: Field, work: float) -> float:
    """The time at which all stop when the work is shared so that those who start stop together."""
    order = np.argsort(late_s, kind='stable')
    level = float(late_s[order[0]])
    rate = 0.0
    for place, number in enumerate(order):
        rate += float(speed[number])
        following = float(late_s[order[place + 1]]) if place + 1 < order.size else np.inf
        if work <= rate * (following - level):
            return level + work / rate
        work -= rate * (following - level)
        level = following
    return level


def _middles(
    places: Field, owner: Ints, sites: list[int], runners: tuple[Runner, ...]
) -> list[int]:
    """The cell of each region nearest to its centre of gravity; an empty one keeps its site."""
    moved = list(sites)
    for number in range(len(runners)):
        own = np.flatnonzero(owner == number)
        if own.size:
            offset = places[own] - places[own].mean(axis=0)
            moved[number] = int(own[np.argmin(np.hypot(*offset.T))])
    return moved


def _nearest_to_start(runner: Runner) -> int:
    cell = int(np.argmin(runner.out_m))
    return cell if np.isfinite(runner.out_m[cell]) else -1


def _even_sites(places: Field, runners: tuple[Runner, ...], tuning: Tuning) -> list[int]:
    """Sites of compact regions of even size as if nobody had to travel, each near its robot."""
    here = tuple(
        replace(runner, out_m=_only_open(runner), back_m=_only_open(runner), busy_s=0.0)
        for runner in runners
    )
    found = _search(places, _matched(_spread(runners), runners), here, tuning)
    return _matched(found.sites, runners)


def _only_open(runner: Runner) -> Field:
    return np.where(np.isfinite(runner.out_m), 0.0, np.inf)


def _spread(runners: tuple[Runner, ...]) -> list[int]:
    """Cells far from each other, one for each robot."""
    scout = max(runners, key=lambda runner: int(np.isfinite(runner.out_m).sum()))
    nearest = scout.out_m
    sites: list[int] = []
    for _ in runners:
        sites.append(int(np.argmax(np.where(np.isfinite(nearest), nearest, -1.0))))
        row = np.full(scout.nodes.shape, np.inf)
        reached = np.isfinite(scout.out_m)
        row[reached] = scout.ground.distances(int(scout.nodes[sites[-1]]))[scout.nodes[reached]]
        nearest = row if len(sites) == 1 else np.minimum(nearest, row)
    return sites


def _matched(sites: list[int], runners: tuple[Runner, ...]) -> list[int]:
    """Give each robot one of the sites so that all together travel least."""
    far_s = 1e9
    cost_s = np.array([runner.out_m[sites] / runner.speed_mps for runner in runners])
    finite_s = np.where(np.isfinite(cost_s), cost_s, far_s)
    rows, cols = optimize.linear_sum_assignment(finite_s)
    chosen = {int(row): sites[col] for row, col in zip(rows, cols, strict=True)}
    return [
        chosen[number] if np.isfinite(runner.out_m[chosen[number]]) else _nearest_to_start(runner)
        for number, runner in enumerate(runners)
    ]
