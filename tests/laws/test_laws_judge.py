# SPDX-License-Identifier: Apache-2.0
"""The judge allows what it knows to be allowed; it amends only downwards and judges that again."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from laws_world import MANDATE, NOW_NS, POLICY, SQUARE, TRUST, go

from swarm_vault.laws.core.judge import STRICTNESS, Case, Opinion, judge, speed_limit
from swarm_vault.laws.core.policy import ClassRule, Mode, Policy, stricter
from swarm_vault.laws.core.values import (
    Action,
    Area,
    Judgement,
    SkillClass,
    Trust,
    Verdict,
    Zone,
    ZoneKind,
)

FAR = ((5.0, 5.0), (6.0, 5.0), (6.0, 6.0))


def ruling(action: Action, policy: Policy = POLICY, **facts: object) -> Judgement:
    values = {'action': action, 'trust': TRUST, 'wall_ns': NOW_NS, **facts}
    return judge(Case(**values), policy)


def zoned(kind: ZoneKind, **more: object) -> Policy:
    zone = Zone(name='z', kind=kind, corners=SQUARE, **more)
    return replace(POLICY, zones=(zone,))


def test_an_ordinary_motion_is_allowed() -> None:
    said = ruling(go())
    assert (said.verdict, said.rule, said.amended) == (Verdict.ALLOW, '', None)
    assert said.law == POLICY.version


def test_without_a_policy_nothing_with_effect_is_allowed() -> None:
    assert ruling(go(), Policy()).rule == 'policy.invalid'


def test_a_speed_over_the_limit_is_cut_to_it_and_never_raised() -> None:
    said = ruling(go(speed_mps=3.0))
    assert said.verdict is Verdict.REVISE
    assert said.amended == go(speed_mps=1.0)
    assert ruling(go(speed_mps=0.4)).verdict is Verdict.ALLOW


def test_a_zone_may_have_a_limit_of_its_own() -> None:
    slow = zoned(ZoneKind.SANDBOX, max_speed_mps=0.3)
    assert ruling(go(speed_mps=1.0), slow).amended == go(speed_mps=0.3)
    assert ruling(go((9.0, 9.0), speed_mps=1.0), slow).verdict is Verdict.ALLOW


def test_tier_one_creeps_in_a_sandbox_and_nowhere_else() -> None:
    sandbox, one = zoned(ZoneKind.SANDBOX), replace(TRUST, tier=1)
    said = ruling(go(speed_mps=1.0), sandbox, trust=one)
    assert said.amended == go(speed_mps=0.2)
    assert ruling(go((9.0, 9.0)), sandbox, trust=one).rule == 'tier.sandbox'
    assert ruling(go(skill='deliver'), sandbox, trust=one).rule == 'tier'
    assert ruling(go(), trust=one).rule == 'tier.sandbox'


def test_shared_zones_and_payload_need_tier_three() -> None:
    three = replace(TRUST, tier=3)
    for action, policy in ((go(), zoned(ZoneKind.SHARED)), (go(skill='deliver'), POLICY)):
        assert ruling(action, policy).rule == 'tier'
        assert ruling(action, policy, trust=three).verdict is Verdict.ALLOW


def test_what_cannot_be_undone_waits_for_a_human() -> None:
    policy = replace(
        POLICY,
        skills=tuple(
            replace(rule, skill_class=SkillClass.IRREVERSIBLE) if rule.skill == 'go_to' else rule
            for rule in POLICY.skills
        ),
    )
    three = replace(TRUST, tier=3)
    assert ruling(go(), policy, trust=three).verdict is Verdict.ESCALATE
    assert ruling(go(), policy, trust=three, approved=True).verdict is Verdict.ALLOW
    assert ruling(go(), policy, approved=True).rule == 'tier'


@pytest.mark.parametrize(
    ('mandate', 'rule'),
    [
        (None, 'mandate.none'),
        (replace(MANDATE, not_after_ns=NOW_NS), 'mandate.window'),
        (replace(MANDATE, not_before_ns=NOW_NS + 1), 'mandate.window'),
        (replace(MANDATE, skills=('survey',)), 'mandate.skill'),
        (replace(MANDATE, energy_wh=5.0), 'mandate.energy'),
        (
            replace(MANDATE, zones=(Area(name='a', corners=FAR),)),
            'mandate.zone',
        ),
        (replace(MANDATE, blocked_zones=(Area(name='a', corners=SQUARE),)), 'mandate.zone'),
    ],
)
def test_a_mandate_bars_what_it_does_not_cover(mandate: object, rule: str) -> None:
    said = ruling(go(energy_wh=9.0), trust=Trust(tier=2, mandate=mandate))
    assert (said.verdict, said.rule) == (Verdict.BLOCK, rule)


def test_an_opinion_makes_a_ruling_stricter_and_never_laxer() -> None:
    for wanted in Verdict:
        for action, policy in ((go(), POLICY), (go(), zoned(ZoneKind.FORBIDDEN))):
            plain = ruling(action, policy)
            opinion = Opinion(verdict=wanted, reason='r', author='model')
            said = ruling(action, policy, opinion=opinion)
            assert STRICTNESS.index(said.verdict) >= STRICTNESS.index(plain.verdict)
    assert said.verdict is Verdict.BLOCK


def test_a_human_outranks_a_model_that_wants_a_human_asked_but_not_one_that_blocks() -> None:
    ask = Opinion(verdict=Verdict.ESCALATE, reason='r', author='model')
    assert ruling(go(), opinion=ask, approved=True).verdict is Verdict.ALLOW
    block = replace(ask, verdict=Verdict.BLOCK)
    assert ruling(go(), opinion=block, approved=True).verdict is Verdict.BLOCK


NUMBERS = st.floats(allow_nan=True, allow_infinity=True, width=32)
ACTIONS = st.builds(
    Action,
    skill=st.sampled_from(['go_to', 'survey', 'patrol', 'deliver', 'wait', 'fly']),
    agent_id=st.just('amr_1'),
    goals=st.lists(st.tuples(NUMBERS, NUMBERS), max_size=3).map(tuple),
    everywhere=st.booleans(),
    speed_mps=NUMBERS,
    seconds=NUMBERS,
    loops=st.integers(-2, 5000),
    energy_wh=NUMBERS,
)


@settings(max_examples=150, deadline=None)
@given(action=ACTIONS, tier=st.integers(0, 4), kind=st.sampled_from(ZoneKind))
def test_what_is_revised_lies_within_the_limits_and_asks_for_no_more(
    action: Action, tier: int, kind: ZoneKind
) -> None:
    case = Case(action=action, trust=replace(TRUST, tier=tier), wall_ns=NOW_NS)
    policy = zoned(kind)
    said = judge(case, policy)
    if said.verdict is not Verdict.REVISE:
        assert said.amended is None
        return
    amended = said.amended
    assert amended is not None
    assert amended.speed_mps <= max(speed_limit(case, policy), 0.0) or action.skill == 'wait'
    assert amended.speed_mps <= action.speed_mps
    assert amended.seconds <= min(action.seconds, policy.max_seconds)
    assert amended.loops <= min(action.loops, policy.max_loops)
    assert amended.goals == action.goals
    again = judge(replace(case, action=amended), policy)
    assert again.verdict in {Verdict.ALLOW, Verdict.ESCALATE}


def test_of_two_policies_the_stricter_rule_wins_either_way_round() -> None:
    hard = replace(
        POLICY,
        classes=tuple(
            ClassRule(skill_class=r.skill_class, mode=Mode.ESCALATE, tier=3)
            for r in POLICY.classes
        ),
        speeds_mps=(0.0, 0.1, 0.5, 0.5, 0.5),
        blocked_skills=('patrol',),
        max_loops=3,
    )
    for one in (stricter(POLICY, hard), stricter(hard, POLICY)):
        assert one.speeds_mps == hard.speeds_mps
        assert (one.blocked_skills, one.max_loops) == (('patrol',), 3)
        assert {(rule.mode, rule.tier) for rule in one.classes} == {(Mode.ESCALATE, 3)}
