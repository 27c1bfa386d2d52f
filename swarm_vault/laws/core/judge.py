# SPDX-License-Identifier: Apache-2.0
"""The judge: every skill with effect passes here before it runs. Fail-closed.

Rules decide; another opinion (a language model's) may only make the verdict stricter. An amended
action is judged again, and is allowed only if nothing more is wrong with it.
"""

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from swarm_vault.laws.core.bars import fresh_words, top_speed
from swarm_vault.laws.core.policy import ClassRule, Mode, Policy
from swarm_vault.laws.core.values import (
    Action,
    Area,
    Judgement,
    Mandate,
    Presence,
    SkillClass,
    Tier,
    Trust,
    Verdict,
    Zone,
    ZoneKind,
)
from swarm_vault.laws.core.zones import crosses, inside, overlap, within, zones_at

STRICTNESS = (Verdict.ALLOW, Verdict.REVISE, Verdict.ESCALATE, Verdict.BLOCK)
SLACK = 1.001
"""A speed this little above its limit is rounding, not a wish."""
LONGEST_TEXT = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Opinion:
    """What another judge thinks of an action."""

    verdict: Verdict
    reason: str
    author: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """What is to be judged, and all that may be known of it."""

    action: Action
    trust: Trust
    wall_ns: int
    needs_mandate: bool = True
    """False only where there is no supervisor to give one."""
    may_order: bool = True
    """Whether who gave the order has the role for it."""
    approved: bool = False
    """A human approved exactly this action, and the approval still holds."""
    opinion: Opinion | None = None
    people: tuple[Presence, ...] = ()
    """What is known of who is in which zone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Finding:
    verdict: Verdict
    rule: str
    reason: str
    amended: Action | None = None


_Rule = Callable[[Case, Policy], _Finding | None]


def judge(case: Case, policy: Policy) -> Judgement:
    """Judge an action; whatever is not known to be allowed is blocked."""
    first = _apply(case, policy)
    if first.amended is None:
        return _spoken(first, case, policy)
    again = _apply(replace(case, action=first.amended), policy)
    if again.amended is not None or again.verdict is Verdict.BLOCK:
        reason = f'{first.reason}; amended, {again.reason}'
        return _spoken(_block(again.rule, reason), case, policy)
    if again.verdict is Verdict.ESCALATE:
        return _spoken(again, case, policy)
    return _spoken(first, case, policy)


def needed_tier(action: Action, policy: Policy) -> int:
    """The tier that an action's class and zones ask for; one that nobody has if unknown."""
    skill_class = policy.class_of(action.skill)
    rule = None if skill_class is None else policy.rule_of(skill_class)
    if rule is None:
        return Tier.ARCHITECT + 1
    if _meets(action, [_area(z) for z in policy.zones if z.kind is ZoneKind.SHARED]):
        return max(rule.tier, Tier.EXECUTOR)
    return rule.tier


def strictest(judgements: Iterable[Judgement]) -> Judgement | None:
    """The strictest of several judgements, the first among equals."""
    ranked = list(judgements)
    if not ranked:
        return None
    return max(ranked, key=lambda one: (STRICTNESS.index(one.verdict), -ranked.index(one)))


def _spoken(finding: _Finding, case: Case, policy: Policy) -> Judgement:
    """Add the other opinion, where it is stricter."""
    opinion = case.opinion
    if opinion is not None and _counts(opinion, finding, case):
        reason = f'{opinion.author}: {opinion.reason}'
        finding = _Finding(verdict=opinion.verdict, rule='opinion', reason=reason)
    return Judgement(
        verdict=finding.verdict,
        rule=finding.rule,
        reason=finding.reason[:LONGEST_TEXT],
        amended=finding.amended,
        law=policy.version,
    )


def _counts(opinion: Opinion, finding: _Finding, case: Case) -> bool:
    """Whether an opinion is stricter than the rules; it cannot amend, and a human outranks it."""
    if opinion.verdict is Verdict.ESCALATE and case.approved:
        return False
    stricter = STRICTNESS.index(opinion.verdict) > STRICTNESS.index(finding.verdict)
    return stricter and opinion.verdict is not Verdict.REVISE


def _apply(case: Case, policy: Policy) -> _Finding:
    """The first rule that blocks, else an amendment, else an escalation, else ALLOW."""
    if policy.fault:
        return _block('policy.invalid', f'the policy is not valid: {policy.fault}')
    skill_class = policy.class_of(case.action.skill)
    rule = None if skill_class is None else policy.rule_of(skill_class)
    if rule is None or skill_class is None:
        return _block('skill.unknown', f'the policy knows no skill {case.action.skill[:64]!r}')
    malformed = _malformed(case)
    if malformed:
        return malformed
    if rule.mode is Mode.BYPASS:
        return _amend_time(case, policy) or _ALLOWED
    return _with_effect(case, policy, rule)


def _with_effect(case: Case, policy: Policy, rule: ClassRule) -> _Finding:
    hard = (_blocked_skill, _role, _mandate, _zones, _people_there)
    for check in hard:
        found = check(case, policy)
        if found:
            return found
    return (
        _mode_block(rule)
        or _tier(case, policy, rule)
        or _amend_time(case, policy)
        or _amend_speed(case, policy)
        or _ask(case, policy, rule)
        or _ask_who_is_there(case, policy)
        or _ALLOWED
    )


_ALLOWED = _Finding(verdict=Verdict.ALLOW, rule='', reason='within policy and mandate')


def _block(rule: str, reason: str) -> _Finding:
    return _Finding(verdict=Verdict.BLOCK, rule=rule, reason=reason)


def _malformed(case: Case) -> _Finding | None:
    action = case.action
    numbers = (action.speed_mps, action.seconds, action.energy_wh)
    places = [value for goal in (*action.goals, *action.way) for value in goal]
    if not all(math.isfinite(value) for value in (*numbers, *places)):
        return _block('malformed', 'a number of the action is not finite')
    if min(numbers) < 0.0 or action.loops < 0:
        return _block('malformed', 'a number of the action is negative')
    return None


def _blocked_skill(case: Case, policy: Policy) -> _Finding | None:
    if case.action.skill not in policy.blocked_skills:
        return None
    return _block('skill.blocked', f'the policy blocks {case.action.skill}')


def _role(case: Case, policy: Policy) -> _Finding | None:
    del policy
    if case.may_order:
        return None
    return _block('role', f'{case.action.given_by or "nobody"} has no role that may order this')


def _mode_block(rule: ClassRule) -> _Finding | None:
    if rule.mode is not Mode.BLOCK:
        return None
    return _block('class.blocked', f'the policy blocks the class {rule.skill_class.value}')


def _mandate(case: Case, policy: Policy) -> _Finding | None:
    del policy
    mandate = case.trust.mandate
    if mandate is None:
        if not case.needs_mandate:
            return None
        why = f' ({case.trust.reason})' if case.trust.reason else ''
        return _block('mandate.none', f'no mandate covers it{why}')
    return _window(case, mandate) or _scope(case.action, mandate) or _places(case.action, mandate)


def _window(case: Case, mandate: Mandate) -> _Finding | None:
    if case.wall_ns < mandate.not_before_ns:
        return _block('mandate.window', f'mandate {mandate.mandate_id} has not begun')
    if mandate.not_after_ns and case.wall_ns >= mandate.not_after_ns:
        return _block('mandate.window', f'mandate {mandate.mandate_id} has ended')
    return None


def _scope(action: Action, mandate: Mandate) -> _Finding | None:
    if mandate.skills and action.skill not in mandate.skills:
        named = ', '.join(mandate.skills)
        return _block('mandate.skill', f'mandate {mandate.mandate_id} covers only {named}')
    if mandate.energy_wh and action.energy_wh > mandate.energy_wh:
        return _block(
            'mandate.energy',
            f'{action.energy_wh:.0f} Wh expected, mandate {mandate.mandate_id} covers'
            f' {mandate.energy_wh:.0f} Wh',
        )
    return None


def _places(action: Action, mandate: Mandate) -> _Finding | None:
    if _meets(action, mandate.blocked_zones):
        name = _meets(action, mandate.blocked_zones)
        return _block('mandate.zone', f'mandate {mandate.mandate_id} bars zone {name}')
    if not mandate.zones:
        return None
    names = ', '.join(zone.name for zone in mandate.zones)
    outside = action.everywhere or any(
        not any(inside(goal, zone.corners) for zone in mandate.zones) for goal in action.goals
    )
    outside = outside or any(not within(area.corners, mandate.zones) for area in action.areas)
    if not outside:
        return None
    return _block('mandate.zone', f'mandate {mandate.mandate_id} covers only {names}')


def _meets(action: Action, zones: Iterable[Area]) -> str:
    """The first zone that the action leads into; empty if none."""
    for zone in zones:
        if (
            action.everywhere
            or any(inside(goal, zone.corners) for goal in action.goals)
            or crosses(action.way, zone.corners)
            or any(overlap(area.corners, zone.corners) for area in action.areas)
        ):
            return zone.name
    return ''


def _zones(case: Case, policy: Policy) -> _Finding | None:
    forbidden = [_area(z) for z in policy.zones if z.kind is ZoneKind.FORBIDDEN]
    name = _meets(case.action, forbidden)
    return _block('zone.forbidden', f'it leads into the forbidden zone {name}') if name else None


def _met_people(case: Case, policy: Policy) -> list[tuple[str, Presence | None]]:
    """The zones of people that an action leads into or through, and the fresh word on each."""
    zones = [z for z in policy.zones if z.kind is ZoneKind.PEOPLE]
    met = [zone.name for zone in zones if _meets(case.action, [_area(zone)])]
    latest = fresh_words(case.people, policy.people_s, case.wall_ns)
    return [(name, latest.get(name)) for name in met]


def _people_there(case: Case, policy: Policy) -> _Finding | None:
    """People who are said to be there block, whatever was approved."""
    for name, word in _met_people(case, policy):
        if word is not None and word.count > 0:
            return _block('zone.people', f'{word.count} people are in the zone {name}')
    return None


def _ask_who_is_there(case: Case, policy: Policy) -> _Finding | None:
    """Without a fresh word a human is asked."""
    unknown = [name for name, word in _met_people(case, policy) if word is None]
    if not unknown or case.approved:
        return None
    text = f'nobody has said lately who is in the zone {unknown[0]}'
    return _Finding(verdict=Verdict.ESCALATE, rule='zone.people', reason=text)


def _area(zone: Zone) -> Area:
    return Area(name=zone.name, corners=zone.corners)


def _tier(case: Case, policy: Policy, rule: ClassRule) -> _Finding | None:
    """The tier that the class and the zones ask for, against the tier in force."""
    tier, needed = case.trust.tier, needed_tier(case.action, policy)
    if tier >= needed:
        return None
    creeps = rule.skill_class is SkillClass.MOVE_IN_ZONE and needed <= Tier.BUILDER
    if tier == Tier.OPERATOR and creeps:
        return _sandbox(case, policy)
    why = f' ({case.trust.reason})' if case.trust.reason else ''
    text = f'tier {tier} is too low, {case.action.skill} needs tier {needed} here{why}'
    return _block('tier', text)


def _sandbox(case: Case, policy: Policy) -> _Finding | None:
    sandboxes = [_area(z) for z in policy.zones if z.kind is ZoneKind.SANDBOX]
    action = case.action
    led = bool(action.goals or action.areas) and not action.everywhere
    inside_all = all(any(inside(g, s.corners) for s in sandboxes) for g in action.goals)
    if led and inside_all and all(within(area.corners, sandboxes) for area in action.areas):
        return None
    return _block('tier.sandbox', 'tier 1 may move in a sandbox zone only')


def _amend_time(case: Case, policy: Policy) -> _Finding | None:
    action = case.action
    seconds = min(action.seconds, policy.max_seconds)
    loops = min(action.loops, policy.max_loops)
    if (seconds, loops) == (action.seconds, action.loops):
        return None
    reason = f'at most {policy.max_seconds:g} s and {policy.max_loops} rounds'
    amended = replace(action, seconds=seconds, loops=loops)
    return _Finding(verdict=Verdict.REVISE, rule='limit', reason=reason, amended=amended)


def _amend_speed(case: Case, policy: Policy) -> _Finding | None:
    action, limit = case.action, speed_limit(case, policy)
    if limit <= 0.0:
        return _block('speed', f'tier {case.trust.tier} may not drive at all')
    if action.speed_mps <= limit * SLACK:
        return None
    reason = f'{action.speed_mps:.2f} m/s asked for, {limit:.2f} m/s allowed'
    amended = replace(action, speed_mps=limit)
    return _Finding(verdict=Verdict.REVISE, rule='speed', reason=reason, amended=amended)


def speed_limit(case: Case, policy: Policy) -> float:
    """The fastest that policy, mandate and the zones of the goals allow [m/s]."""
    limits = [top_speed(policy, case.trust)]
    slow = [zone for zone in policy.zones if zone.max_speed_mps > 0.0]
    limits += [z.max_speed_mps for goal in case.action.goals for z in zones_at(goal, slow)]
    return min(limits)


def _ask(case: Case, policy: Policy, rule: ClassRule) -> _Finding | None:
    wanted = rule.mode is Mode.ESCALATE or case.action.skill in policy.approve_skills
    if not wanted or case.approved:
        return None
    text = f'{case.action.skill} needs the approval of a human'
    return _Finding(verdict=Verdict.ESCALATE, rule='approval', reason=text)
