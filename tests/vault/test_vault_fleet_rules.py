# SPDX-License-Identifier: Apache-2.0
"""Accepted lessons with an effect: carried by the identity, laid over the policy, never laxer."""

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from swarm_vault.errors import VaultError
from swarm_vault.fleet_rules import (
    Rule,
    Rules,
    add_rule,
    careful,
    kept_rules,
    path_of,
    remove_rule,
    rules_in,
    rules_of,
    section_of,
)
from swarm_vault.folders import agent_folder, compile_identity
from swarm_vault.laws.core.bars import bars_of
from swarm_vault.laws.core.judge import STRICTNESS, Case, judge
from swarm_vault.laws.core.values import Action, Mandate, Trust, Verdict
from swarm_vault.laws.policy_file import read_policies
from swarm_vault.soul import Temperament, read_soul

POLICY_FILE = Path(__file__).parents[2] / 'config' / 'codex' / 'POLICY.md'
POLICY = read_policies(POLICY_FILE, [], {}).of('')
SQUARE = ((0.0, 0.0), (4.0, 0.0), (4.0, 4.0), (0.0, 4.0))
MANDATE = Mandate(mandate_id='m', agent_id='amr_1', tier=3, max_speed_mps=2.0)
TRUST = Trust(tier=2, mandate=MANDATE)
BASE = {'name': 'amr-1-gate', 'by': 'ada', 'stamp_ns': 1}
SLOW = Rule(**BASE, effect='slow', place='gate', corners=SQUARE, max_speed_mps=0.3)
AVOID = Rule(**{**BASE, 'name': 'wet'}, effect='avoid', place='hall', corners=SQUARE)
WAIT = Rule(**{**BASE, 'name': 'cold'}, effect='wait', max_seconds=60.0)
INSIDE, OUTSIDE = (2.0, 2.0), (9.0, 9.0)


def under(*rules: Rule):
    return careful(POLICY, Rules(rules=rules))


def ruling(policy, skill='go_to', goal=INSIDE, **more):
    action = Action(skill=skill, agent_id='amr_1', goals=(goal,), **more)
    return judge(Case(action=action, trust=TRUST, wall_ns=1), policy)


def test_a_place_to_be_slow_in_cuts_the_speed_there_and_bars_nothing():
    assert ruling(under(SLOW), speed_mps=1.0).amended.speed_mps == 0.3
    assert ruling(under(SLOW), goal=OUTSIDE, speed_mps=1.0).verdict is Verdict.ALLOW
    bars = bars_of(under(SLOW), TRUST, wall_ns=1)
    assert (bars.walls, bars.slow[0].max_speed_mps) == ((), 0.3)


def test_a_place_to_keep_clear_of_is_forbidden_floor():
    assert ruling(under(AVOID)).rule == 'zone.forbidden'
    assert 'hall (lesson wet)' in ruling(under(AVOID)).reason
    assert ruling(under(AVOID), goal=OUTSIDE).verdict is Verdict.ALLOW
    assert len(bars_of(under(AVOID), TRUST, wall_ns=1).walls) == 1


def test_a_longest_wait_cuts_a_longer_one_down():
    assert ruling(under(WAIT), skill='wait', seconds=600.0).amended.seconds == 60.0
    assert under(WAIT, replace_wait(30.0)).max_seconds == 30.0
    assert under(replace_wait(86_400.0)).max_seconds == POLICY.max_seconds


def replace_wait(seconds: float) -> Rule:
    return WAIT.model_copy(update={'max_seconds': seconds})


def test_the_ruling_names_the_lessons_behind_it():
    assert ruling(under(SLOW, AVOID)).law == f'{POLICY.version} with amr-1-gate, wet'
    assert under() is POLICY


@given(
    rules=st.lists(st.sampled_from([SLOW, AVOID, WAIT]), max_size=3),
    goal=st.tuples(st.floats(-6, 6), st.floats(-6, 6)),
    speed=st.floats(0.0, 4.0),
    seconds=st.floats(0.0, 1e5),
    tier=st.integers(0, 4),
    skill=st.sampled_from(['go_to', 'wait', 'deliver', 'survey', 'unknown']),
)
def test_no_rule_makes_anything_laxer(*, rules, goal, speed, seconds, tier, skill):
    action = Action(skill=skill, agent_id='amr_1', goals=(goal,), speed_mps=speed, seconds=seconds)
    case = Case(action=action, trust=replace(TRUST, tier=tier), wall_ns=1)
    plain, ruled = judge(case, POLICY), judge(case, under(*rules))
    assert STRICTNESS.index(ruled.verdict) >= STRICTNESS.index(plain.verdict)
    if ruled.amended is not None:
        least = plain.amended or action
        assert ruled.amended.speed_mps <= least.speed_mps
        assert ruled.amended.seconds <= least.seconds


def test_rules_are_kept_replaced_and_taken_back(tmp_path):
    for rule in (SLOW, AVOID, SLOW.model_copy(update={'max_speed_mps': 0.2})):
        add_rule(tmp_path, rule)
    assert [rule.name for rule in kept_rules(tmp_path).rules] == ['wet', 'amr-1-gate']
    assert kept_rules(tmp_path).rules[1].max_speed_mps == 0.2
    assert remove_rule(tmp_path, 'wet')
    assert not remove_rule(tmp_path, 'wet')
    assert remove_rule(tmp_path, 'amr-1-gate')
    assert kept_rules(tmp_path) == Rules()


def test_the_identity_carries_the_rules_to_the_robot(tmp_path):
    folder = agent_folder(tmp_path, 'amr_1')
    folder.mkdir(parents=True)
    (folder / 'SOUL.md').write_text('```yaml\ntemperament: bold\n```\n')
    plain = compile_identity(folder)
    assert compile_identity(folder, Rules()).sha256 == plain.sha256
    told = compile_identity(folder, Rules(rules=(SLOW, WAIT)))
    assert told.sha256 != plain.sha256
    kept = tmp_path / 'robot' / 'nexus' / 'identity'
    kept.mkdir(parents=True)
    (kept / 'amr_1.md').write_text(told.system_prompt)
    assert rules_of(tmp_path / 'robot', 'amr_1') == Rules(rules=(SLOW, WAIT))
    assert read_soul(told.system_prompt).temperament is Temperament.BOLD
    assert rules_of(tmp_path / 'robot', 'amr_2') == Rules()


@pytest.mark.parametrize(
    ('text', 'why'),
    [
        ('fleet_rules: [', 'not YAML'),
        ('fleet_rules: 7', 'fleet_rules'),
        ('fleet_rules: []\nmore: 1', 'more'),
        ('fleet_rules: [{name: x, by: ada, stamp_ns: 1, effect: fast}]', 'effect'),
        ('fleet_rules: []\n```\n\n```yaml\nfleet_rules: []', 'holds 2'),
        ('fleet_rules: []\n' + '#' * 17_000, 'longer than'),
    ],
)
def test_rules_that_cannot_be_read_allow_nothing_and_say_why(text, why):
    rules = rules_in(f'# Who you are\n\n```yaml\n{text}\n```\n')
    assert why in rules.fault
    denied = careful(POLICY, rules)
    assert ruling(denied, goal=OUTSIDE).verdict is Verdict.BLOCK
    assert why in ruling(denied, goal=OUTSIDE).reason


@pytest.mark.parametrize('spoilt', ['fleet_rules: [', '', 'rules: []', '```', '\x00'])
def test_spoilt_rules_at_the_supervisor_lower_the_robots_to_tier_0(tmp_path, spoilt):
    path_of(tmp_path).parent.mkdir(parents=True)
    path_of(tmp_path).write_text(spoilt)
    folder = agent_folder(tmp_path, 'amr_1')
    identity = compile_identity(folder, kept_rules(tmp_path))
    assert any('fleet rules' in fault for fault in identity.faults)
    assert identity.mandate.tier == 0
    with pytest.raises(VaultError, match='mend or remove'):
        add_rule(tmp_path, SLOW)


def test_more_rules_than_a_robot_reads_are_refused_before_they_are_kept(tmp_path):
    for number in range(50):
        add_rule(tmp_path, WAIT.model_copy(update={'name': f'w{number}'}))
    with pytest.raises(VaultError, match='revoke one first'):
        add_rule(tmp_path, SLOW)
    assert len(kept_rules(tmp_path).rules) == 50


@pytest.mark.parametrize(
    'odd',
    [
        {'effect': 'slow', 'corners': SQUARE},
        {'effect': 'slow', 'max_speed_mps': 0.3},
        {'effect': 'avoid', 'corners': SQUARE, 'max_speed_mps': 0.3},
        {'effect': 'avoid', 'corners': SQUARE[:2]},
        {'effect': 'avoid', 'corners': (*SQUARE, (float('nan'), 0.0))},
        {'effect': 'wait'},
        {'effect': 'wait', 'max_seconds': -1.0},
        {'effect': 'wait', 'max_seconds': 1.0, 'by': 'Eve\n'},
    ],
)
def test_a_rule_without_a_whole_effect_is_none(odd):
    with pytest.raises(ValidationError):
        Rule(**{**BASE, **odd})


def test_without_rules_an_identity_has_no_section_for_them():
    assert section_of(()) == ''
