# SPDX-License-Identifier: Apache-2.0
"""Read POLICY.md: fleet, squads, robots; the stricter wins; what is unreadable allows nothing."""

import hashlib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from swarm_config.fleets import Fleet
from swarm_vault.laws.codex_seal import seal_fault
from swarm_vault.laws.core.decide import Params, RobotPolicy
from swarm_vault.laws.core.policy import (
    ApprovalRule,
    BudgetRule,
    ClassRule,
    Mode,
    Policy,
    SkillRule,
    stricter,
)
from swarm_vault.laws.core.values import SkillClass, Zone, ZoneKind
from swarm_vault.mandate import Sectors
from swarm_vault.yaml_block import CardState, read_block

FILE = 'POLICY.md'
LONGEST_BLOCK = 16_000
STRICT = ConfigDict(extra='forbid', frozen=True, allow_inf_nan=False)
Corners = Annotated[tuple[tuple[float, float], ...], Field(min_length=3, max_length=100)]
Speed = Annotated[float, Field(ge=0.0, le=10.0)]
V = TypeVar('V')


class _Class(BaseModel):
    model_config = STRICT
    mode: Mode
    tier: int = Field(ge=0, le=4)


class _Zone(BaseModel):
    model_config = STRICT
    name: str = Field(min_length=1, max_length=64)
    kind: ZoneKind
    sector: str = ''
    corners: Corners | None = None
    max_speed_mps: Speed = 0.0

    @model_validator(mode='after')
    def _one_place(self) -> '_Zone':
        if bool(self.sector) == (self.corners is not None):
            raise ValueError('expected either sector or corners')
        return self


class _Budget(BaseModel):
    model_config = STRICT
    total: int = Field(default=8, ge=0)
    repeats: int = Field(default=2, ge=0)
    procedure: int = Field(default=1, ge=0)


class _Approval(BaseModel):
    model_config = STRICT
    within_s: float = Field(default=300.0, gt=0.0, le=86_400.0)
    moved_m: float = Field(default=1.0, ge=0.0)


class _Rules(BaseModel):
    """One level of the policy; what a lower level does not say the upper one says."""

    model_config = STRICT
    classes: dict[SkillClass, _Class] | None = None
    skills: dict[str, SkillClass] | None = None
    speeds_mps: Annotated[tuple[Speed, ...], Field(min_length=5, max_length=5)] | None = None
    zones: tuple[_Zone, ...] = ()
    blocked_skills: tuple[str, ...] = ()
    approve_skills: tuple[str, ...] = ()
    max_seconds: float | None = Field(default=None, gt=0.0)
    max_loops: int | None = Field(default=None, ge=1)
    local_orders: bool = True
    people_s: float | None = Field(default=None, gt=0.0, le=86_400.0)
    clean_missions: int | None = Field(default=None, ge=1)
    budget: _Budget | None = None
    approval: _Approval | None = None


class _Squad(_Rules):
    """Rules for the robots that the fleet plan puts into this squad, and for those named here."""

    members: tuple[str, ...] = ()


class _File(BaseModel):
    model_config = STRICT
    version: int = Field(ge=1)
    fleet: _Rules
    squads: dict[str, _Squad] = {}
    robots: dict[str, _Rules] = {}


class _PlacesFile(BaseModel):
    model_config = ConfigDict(extra='ignore', frozen=True, allow_inf_nan=False)
    sectors: dict[str, Corners] = {}


def codex_of(fleet: Fleet) -> Path:
    """The folder of LAWS.md and POLICY.md: as the fleet plan says, else beside the robots'."""
    if fleet.file.codex:
        return (fleet.path.parent / fleet.file.codex).resolve()
    return (fleet.path.parent / fleet.file.robots_dir).resolve().parent / 'codex'


def key_of(fleet: Fleet) -> Path | None:
    """The key under which the codex must be signed; None where the plan names none."""
    named = fleet.file.codex_key
    return None if named is None else (fleet.path.parent / named).resolve()


def policies_of(fleet: Fleet) -> Params:
    """The policy of the fleet as a whole (first, under no name) and of each robot; never raises.

    A file that cannot be used gives policies that allow nothing and say why.
    """
    path = codex_of(fleet) / FILE
    names = [robot.agent_id for robot in fleet.robots]
    sectors, fault = sectors_of(fleet)
    key = key_of(fleet)
    fault = fault or ('' if key is None else seal_fault(path.parent, key))
    if fault:
        return _nothing(names, fault)
    return read_policies(path, names, sectors, {r.agent_id: r.squad for r in fleet.robots})


def idle_squads(fleet: Fleet) -> tuple[str, ...]:
    """Squads of the policy to which no robot of the plan belongs: their rules bind nobody here."""
    block = read_block(codex_of(fleet) / FILE, longest=LONGEST_BLOCK)
    if block.state is not CardState.VALID:
        return ()
    squads = _File.model_validate(block.values).squads
    there = {name for robot in fleet.robots for name in (robot.squad, robot.agent_id)}
    return tuple(name for name, rules in squads.items() if not there & {name, *rules.members})


def sectors_of(fleet: Fleet) -> tuple[Sectors, str]:
    """The named parts of the floor, and why they cannot be known; never raises."""
    if fleet.places_path is None:
        return {}, ''
    try:
        plain = yaml.safe_load(fleet.places_path.read_text(encoding='utf-8'))
        return _PlacesFile.model_validate(plain).sectors, ''
    except (OSError, ValueError, RecursionError, yaml.YAMLError) as error:
        return {}, f'{fleet.places_path.name}: {" ".join(str(error).split())[:200]}'


def read_policies(
    path: Path, names: Iterable[str], sectors: Sectors, squads: Mapping[str, str] | None = None
) -> Params:
    """Read a policy file for robots of these names; never raises.

    Args:
        path: The file.
        names: The robots.
        sectors: Named parts of the floor.
        squads: The squad of each robot, by the fleet plan.
    """
    block = read_block(path, longest=LONGEST_BLOCK)
    if block.state is not CardState.VALID:
        return _nothing(names, block.reason)
    try:
        file = _File.model_validate(block.values)
        version = _version(file, block.values)
        fleet = _policy(file.fleet, Policy(fault='', version=version), sectors)
        own = [RobotPolicy(agent_id='', policy=fleet)]
        for name in names:
            squad = (squads or {}).get(name, '')
            own.append(_of_robot(name, squad, file, fleet, sectors))
    except ValidationError as error:
        fault = error.errors(include_url=False)[0]
        field = '.'.join(str(part) for part in fault['loc']) or 'block'
        return _nothing(names, f'{path.name}: {field}: {fault["msg"]}')
    except KeyError as error:
        return _nothing(names, f'{path.name}: zones: there is no sector {error}')
    return Params(policies=tuple(own))


def _version(file: _File, plain: Any) -> str:
    text = yaml.safe_dump(plain, sort_keys=True)
    return f'POLICY {file.version} {hashlib.sha256(text.encode()).hexdigest()[:8]}'


def _nothing(names: Iterable[str], fault: str) -> Params:
    denied = Policy(fault=fault)
    return Params(
        policies=tuple(RobotPolicy(agent_id=name, policy=denied) for name in ('', *names))
    )


def _of_robot(name: str, squad: str, file: _File, fleet: Policy, sectors: Sectors) -> RobotPolicy:
    policy = fleet
    for title, rules in file.squads.items():
        if title == squad or name in rules.members:
            policy = stricter(policy, _policy(rules, policy, sectors))
    own = file.robots.get(name)
    if own is not None:
        policy = stricter(policy, _policy(own, policy, sectors))
    return RobotPolicy(agent_id=name, policy=policy)


def _policy(rules: _Rules, upper: Policy, sectors: Sectors) -> Policy:
    """A level's rules, with the upper level's where it says nothing."""
    budget, approval = rules.budget, rules.approval
    return Policy(
        version=upper.version,
        fault=upper.fault,
        classes=upper.classes if rules.classes is None else _class_rules(rules.classes),
        skills=upper.skills if rules.skills is None else _skill_rules(rules.skills),
        speeds_mps=_or(rules.speeds_mps, upper.speeds_mps),
        zones=tuple(_zone(zone, sectors) for zone in rules.zones),
        blocked_skills=rules.blocked_skills,
        approve_skills=rules.approve_skills,
        max_seconds=_or(rules.max_seconds, upper.max_seconds),
        max_loops=_or(rules.max_loops, upper.max_loops),
        local_orders=rules.local_orders,
        people_s=_or(rules.people_s, upper.people_s),
        clean_missions=_or(rules.clean_missions, upper.clean_missions),
        budget=upper.budget if budget is None else BudgetRule(**budget.model_dump()),
        approval=upper.approval if approval is None else ApprovalRule(**approval.model_dump()),
    )


def _or(value: V | None, otherwise: V) -> V:
    return otherwise if value is None else value


def _class_rules(classes: dict[SkillClass, _Class]) -> tuple[ClassRule, ...]:
    return tuple(
        ClassRule(skill_class=name, mode=entry.mode, tier=entry.tier)
        for name, entry in classes.items()
    )


def _skill_rules(skills: dict[str, SkillClass]) -> tuple[SkillRule, ...]:
    return tuple(SkillRule(skill=name, skill_class=entry) for name, entry in skills.items())


def _zone(zone: _Zone, sectors: Sectors) -> Zone:
    corners = sectors[zone.sector] if zone.corners is None else zone.corners
    return Zone(name=zone.name, kind=zone.kind, corners=corners, max_speed_mps=zone.max_speed_mps)
