# SPDX-License-Identifier: Apache-2.0
"""Prove a plan before anything moves: bounds, chain of preconditions, zones, battery, time.

Plans in files and the orders of every mission pass here. Sound, not complete: energy and time
come from the shortest way and the cards' typical costs, with `MARGIN` on top; what a fact rests on
counts only where it was observed or confirmed.
"""

from dataclasses import dataclass, field

from swarm_config.cards import (
    Fact,
    Parameter,
    ParameterKind,
    Provenance,
    SkillCard,
    SkillClass,
    card_of,
    out_of_bounds,
)
from swarm_supervisor.core.plan_types import (
    Limits,
    PlanInputs,
    PlanStep,
    PlanVerdict,
    RobotStart,
    StepProof,
    Stop,
)

MARGIN = 1.3
"""Ways are driven this much longer than the shortest one, for detours and turns."""
MAX_STEPS = 64
"""Of each robot."""
_GIVEN = {Fact.ORDERED: 'by this plan', Fact.BATTERY_ABOVE_RESERVE: 'by the figures of the proof'}
"""Whence facts are known that no belief is asked for."""


@dataclass(slots=True, kw_only=True)
class _Robot:
    """A robot as the proof goes on."""

    start: RobotStart
    clock_s: float = 0.0
    battery: float
    facts: dict[Fact, tuple[bool, Provenance]] = field(default_factory=dict)
    used_wh: float = 0.0
    """By the steps of the plan so far."""

    def spend(self, seconds: float, travel_m: float) -> float:
        """Take the energy of a time and a way off the charge; returns it [Wh]."""
        start = self.start
        moving_s = MARGIN * travel_m / start.speed_mps
        watts = start.drive_w * start.speed_mps / start.top_speed_mps
        used_wh = (start.idle_w * seconds + watts * moving_s) / 3600.0
        self.battery -= used_wh / start.capacity_wh
        return used_wh

    def home_share(self, home_m: float) -> float:
        """Share of charge that the way home takes."""
        start = self.start
        seconds = MARGIN * home_m / start.speed_mps
        watts = start.idle_w + start.drive_w * start.speed_mps / start.top_speed_mps
        return watts * seconds / 3600.0 / start.capacity_wh


def check(plan: PlanInputs, cards: tuple[SkillCard, ...]) -> PlanVerdict:
    """Prove a plan step by step; a fault does not hide those of later steps."""
    faults = _shape_faults(plan)
    robots = {start.agent_id: _begun(start) for start in plan.robots}
    ends: dict[str, float] = {}
    proof: list[StepProof] = []
    for step in () if faults else plan.steps:
        robot = robots[step.agent_id]
        card = card_of(cards, step.skill)
        found = [f'no skill card for {step.skill!r}'] if card is None else []
        if card is not None:
            found = _step_faults(step, card, robot, plan.limits)
            proof.append(_advance(step, card, robot, ends))
            found += _battery_faults(step, robot, plan.limits)
            found += _mandate_faults(robot, proof[-1].used_wh)
        faults += [f'step {step.step_id}: {fault}' for fault in found]
    seconds = max(ends.values(), default=0.0)
    if plan.limits.deadline_s and seconds > plan.limits.deadline_s:
        faults.append(f'it takes about {seconds:.0f} s, allowed are {plan.limits.deadline_s:g} s')
    return PlanVerdict(ok=not faults, faults=tuple(faults), proof=tuple(proof), seconds=seconds)


def _begun(start: RobotStart) -> _Robot:
    """A robot when its part of the plan begins: what it had to do before is done."""
    robot = _Robot(
        start=start,
        clock_s=start.busy_s,
        battery=1.0 if start.battery is None else start.battery,
        facts={belief.fact: (belief.holds, belief.provenance) for belief in start.beliefs},
    )
    robot.spend(start.busy_s, start.busy_s * start.speed_mps / MARGIN)
    return robot


def _shape_faults(plan: PlanInputs) -> list[str]:
    most = MAX_STEPS * max(1, len(plan.robots))
    if not 1 <= len(plan.steps) <= most:
        return [f'a plan has 1 to {most} steps, found {len(plan.steps)}']
    faults: list[str] = []
    known: set[str] = set()
    robots = {robot.agent_id for robot in plan.robots}
    for step in plan.steps:
        if step.step_id in known:
            faults.append(f'step {step.step_id}: the name stands twice')
        if step.agent_id not in robots:
            faults.append(f'step {step.step_id}: there is no robot {step.agent_id!r}')
        late = [name for name in step.after if name not in known]
        if late:
            faults.append(
                f'step {step.step_id}: waits for {late[0]!r}, which is no step before it'
            )
        known.add(step.step_id)
    return faults


def _step_faults(step: PlanStep, card: SkillCard, robot: _Robot, limits: Limits) -> list[str]:
    faults = [
        _tier_fault(card, robot),
        f'the mandate does not hold {card.name}' if _barred(card, limits) else '',
        out_of_bounds(card, step.numbers),
        _missing(step, card),
        f'{card.name}: no way leads there' if step.travel_m is None else '',
    ]
    faults += [_place_fault(step, parameter) for parameter in card.parameters]
    faults += [_zone_fault(stop, limits) for _, stops in step.places for stop in stops]
    faults.append(_way_fault(step, limits))
    faults += [_fact_fault(fact, card, robot) for fact in card.preconditions]
    return [fault for fault in faults if fault]


def _barred(card: SkillCard, limits: Limits) -> bool:
    return bool(limits.skills) and card.name not in limits.skills


def _tier_fault(card: SkillCard, robot: _Robot) -> str:
    sandbox = robot.start.creeps and card.skill_class is SkillClass.MOVE_IN_ZONE
    if robot.start.tier >= card.tier or sandbox:
        return ''
    return f'{card.name} needs tier {card.tier}, {robot.start.agent_id} has {robot.start.tier}'


def _missing(step: PlanStep, card: SkillCard) -> str:
    given = {name for name, _ in step.numbers} | {name for name, _ in step.places}
    known = {parameter.name for parameter in card.parameters}
    lacking = sorted(p.name for p in card.parameters if p.required and p.name not in given)
    if lacking:
        return f'{card.name} needs {", ".join(lacking)}'
    strange = sorted(given - known)
    return f'{card.name} has no parameter {strange[0]!r}' if strange else ''


def _place_fault(step: PlanStep, parameter: Parameter) -> str:
    stops = dict(step.places).get(parameter.name)
    if stops is None or parameter.numeric:
        return ''
    what = 'sector' if parameter.kind is ParameterKind.SECTOR else 'place'
    unknown = next((stop.name for stop in stops if not stop.known), None)
    if unknown is not None:
        return f'there is no {what} {unknown[:64]!r}'
    many = parameter.kind is ParameterKind.PLACES
    least, most = (parameter.minimum, parameter.maximum) if many else (1, 1)
    if not least <= len(stops) <= most:
        return f'{parameter.name} has {len(stops)} places, expected {least:g} to {most:g}'
    return ''


def _zone_fault(stop: Stop, limits: Limits) -> str:
    barred = sorted(set(stop.touches) & set(limits.forbidden))
    if barred:
        return f'{stop.name} leads into {barred[0]}, which is forbidden'
    if limits.allowed and not set(stop.within) & set(limits.allowed):
        return f'{stop.name} lies outside {", ".join(limits.allowed)}'
    return ''


def _way_fault(step: PlanStep, limits: Limits) -> str:
    barred = sorted(set(step.crosses) & set(limits.forbidden))
    return f'its way leads through {barred[0]}, which is forbidden' if barred else ''


def _fact_fault(fact: Fact, card: SkillCard, robot: _Robot) -> str:
    if fact in _GIVEN or (robot.start.unheard and fact not in robot.facts):
        return ''
    holds, provenance = robot.facts.get(fact, (False, Provenance.OBSERVED))
    if not holds:
        return f'{card.name} needs {fact.value}, which does not hold then'
    if not provenance.counts:
        return f'{card.name} needs {fact.value}, which is only {provenance.value}'
    return ''


def _advance(step: PlanStep, card: SkillCard, robot: _Robot, ends: dict[str, float]) -> StepProof:
    start_s = max([robot.clock_s, *(ends[name] for name in step.after)])
    travel_m = step.travel_m or 0.0
    moving_s = MARGIN * travel_m / robot.start.speed_mps
    rests_on = tuple(_cited(fact, robot) for fact in card.preconditions)
    numbers = dict(step.numbers)
    asked_s = numbers.get('seconds', moving_s if travel_m else card.cost_s)
    seconds = max(asked_s, moving_s)
    used_wh = robot.spend(start_s - robot.clock_s + seconds, travel_m)
    robot.clock_s = ends[step.step_id] = start_s + seconds
    for effect in card.effects:
        robot.facts[effect.fact] = (effect.holds, Provenance.OBSERVED)
    return StepProof(
        step_id=step.step_id,
        start_s=start_s,
        end_s=robot.clock_s,
        battery=robot.battery,
        used_wh=used_wh,
        facts=tuple(sorted(fact.value for fact, (holds, _) in robot.facts.items() if holds)),
        rests_on=rests_on,
    )


def _cited(fact: Fact, robot: _Robot) -> str:
    """A fact that a step relies on, and whence it is known when the step begins."""
    if fact in _GIVEN:
        return f'{fact.value}: {_GIVEN[fact]}'
    if fact not in robot.facts:
        return f'{fact.value}: {"left to the robot" if robot.start.unheard else "not known"}'
    holds, provenance = robot.facts[fact]
    return f'{fact.value}: {provenance.value}' if holds else f'{fact.value}: does not hold'


def _mandate_faults(robot: _Robot, used_wh: float) -> list[str]:
    """What the mandate leaves of energy, for this step and for all of them together."""
    start, robot.used_wh = robot.start, robot.used_wh + used_wh
    if start.order_wh and used_wh > start.order_wh:
        return [f'it takes about {used_wh:.1f} Wh, the mandate covers {start.order_wh:.1f} Wh']
    if start.left_wh is not None and robot.used_wh > start.left_wh:
        text = f'{robot.used_wh:.1f} Wh with what the plan asks before'
        return [f'it takes about {text}, of the mandate {start.left_wh:.1f} Wh are left']
    return []


def _battery_faults(step: PlanStep, robot: _Robot, limits: Limits) -> list[str]:
    if robot.start.battery is None and not robot.start.unheard:
        return [f'the charge of {robot.start.agent_id} is not known']
    left = robot.battery - robot.home_share(step.home_m)
    if left >= limits.reserve:
        return []
    name, home, reserve = robot.start.agent_id, round(100 * left), round(100 * limits.reserve)
    return [f'{name} gets home with {home} % of charge, expected {reserve} %']
