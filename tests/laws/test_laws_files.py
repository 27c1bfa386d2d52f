# SPDX-License-Identifier: Apache-2.0
"""What is read from disk: policy, mandates, operators, revocations. What is odd allows nothing."""

from dataclasses import replace
from pathlib import Path

import pytest
import yaml
from laws_world import NOW_NS, POLICY_FILE, SQUARE, TRUST, go

from swarm_vault.keys import (
    ensure_authority,
    issue_operator,
    load_signer,
    load_trust,
    operator_files,
)
from swarm_vault.laws.core.judge import Case, judge
from swarm_vault.laws.core.policy import Mode
from swarm_vault.laws.core.roles import Right, Role
from swarm_vault.laws.core.values import Revocation, SkillClass, Verdict
from swarm_vault.laws.operators import Register, add_operator
from swarm_vault.laws.policy_file import read_policies
from swarm_vault.laws.revocation_book import RevocationBook
from swarm_vault.laws.wire import signed_revocation
from swarm_vault.mandate import mandate_of, read_mandate

ROOT = Path(__file__).parents[2]
BLOCK = yaml.safe_load(POLICY_FILE.read_text().partition('```yaml\n')[2].partition('```')[0])


def policy_of(folder: Path, robot: str = 'amr_1', **changes: object):
    path = folder / 'POLICY.md'
    path.write_text(f'```yaml\n{yaml.safe_dump({**BLOCK, **changes})}```\n')
    return read_policies(path, ['amr_1', 'amr_2'], {'racks': SQUARE}).of(robot)


def test_the_policy_of_the_project_knows_every_skill_by_the_class_of_its_card() -> None:
    policy = read_policies(POLICY_FILE, [], {}).of('')
    for path in sorted((ROOT / 'config' / 'skills').glob('*.yaml')):
        card = yaml.safe_load(path.read_text())
        assert policy.class_of(card['name']) is SkillClass(card['class'])
    assert policy.fault == ''


def test_squad_and_robot_make_the_policy_stricter_for_their_members_only(tmp_path: Path) -> None:
    squads = {'s': {'members': ['amr_1'], 'max_loops': 5, 'blocked_skills': ['patrol']}}
    robots = {'amr_1': {'max_loops': 9, 'speeds_mps': [0, 0, 0.5, 0.5, 0.5]}}
    one = policy_of(tmp_path, squads=squads, robots=robots)
    other = policy_of(tmp_path, 'amr_2', squads=squads, robots=robots)
    assert (one.max_loops, one.blocked_skills, one.speeds_mps[2]) == (5, ('patrol',), 0.5)
    assert (other.max_loops, other.blocked_skills, other.speeds_mps[2]) == (1000, (), 3.0)


def test_the_squad_of_the_fleet_plan_binds_its_robots_in_the_judge(tmp_path: Path) -> None:
    path = tmp_path / 'POLICY.md'
    squads = {'north': {'blocked_skills': ['patrol'], 'speeds_mps': [0, 0, 0.4, 9, 9]}}
    path.write_text(f'```yaml\n{yaml.safe_dump({**BLOCK, "squads": squads})}```\n')
    params = read_policies(path, ['amr_1', 'amr_2'], {}, {'amr_1': 'north', 'amr_2': 'south'})
    one, other = params.of('amr_1'), params.of('amr_2')
    assert (one.blocked_skills, one.speeds_mps) == (('patrol',), (0.0, 0.0, 0.4, 3.0, 3.0))
    assert other == replace(params.of(''), version=other.version)
    case = Case(action=go(skill='patrol'), trust=TRUST, wall_ns=NOW_NS)
    assert judge(case, one).verdict is Verdict.BLOCK
    assert judge(case, other).verdict is Verdict.ALLOW


def test_a_zone_may_be_a_sector_by_name(tmp_path: Path) -> None:
    fleet = {**BLOCK['fleet'], 'zones': [{'name': 'r', 'kind': 'forbidden', 'sector': 'racks'}]}
    assert policy_of(tmp_path, fleet=fleet).zones[0].corners == SQUARE


@pytest.mark.parametrize(
    ('changes', 'why'),
    [
        ({'version': 0}, 'version'),
        ({'extra': 1}, 'extra'),
        ({'fleet': {**BLOCK['fleet'], 'max_loops': 0}}, 'max_loops'),
        ({'fleet': {**BLOCK['fleet'], 'speeds_mps': [1.0]}}, 'speeds_mps'),
        (
            {'fleet': {**BLOCK['fleet'], 'zones': [{'name': 'x', 'kind': 'shared'}]}},
            'either sector or corners',
        ),
        (
            {
                'fleet': {
                    **BLOCK['fleet'],
                    'zones': [{'name': 'x', 'kind': 'shared', 'sector': 'no'}],
                }
            },
            "no sector 'no'",
        ),
    ],
)
def test_a_policy_that_is_wrong_allows_nothing_and_says_why(
    tmp_path: Path, changes: dict, why: str
) -> None:
    policy = policy_of(tmp_path, **changes)
    assert why in policy.fault
    assert policy.rule_of(SkillClass.SENSE) is None


def test_a_missing_policy_allows_nothing(tmp_path: Path) -> None:
    policy = read_policies(tmp_path / 'POLICY.md', [], {}).of('amr_1')
    assert policy.fault == 'POLICY.md: is not there'
    assert all(rule.mode is not Mode.BYPASS for rule in policy.classes)


def test_a_mandate_names_itself_by_its_content_and_resolves_its_sectors(tmp_path: Path) -> None:
    path = tmp_path / 'mandate.md'
    text = '```yaml\ntier: 2\nmax_speed_mps: 0.5\nzones: [racks]\nskills: [survey]\n```\n'
    path.write_text(text)
    first, fault = mandate_of(read_mandate(path), 'amr_1', {'racks': SQUARE})
    assert not fault
    assert first is not None
    assert (first.zones[0].corners, first.skills) == (SQUARE, ('survey',))
    path.write_text(text.replace('0.5', '0.6'))
    second, _ = mandate_of(read_mandate(path), 'amr_1', {'racks': SQUARE})
    assert second is not None
    assert first.mandate_id != second.mandate_id


def test_a_mandate_with_an_unknown_sector_or_a_time_without_zone_grants_nothing(
    tmp_path: Path,
) -> None:
    path = tmp_path / 'mandate.md'
    path.write_text('```yaml\ntier: 2\nmax_speed_mps: 0.5\nzones: [moon]\n```\n')
    mandate, fault = mandate_of(read_mandate(path), 'amr_1', {})
    assert mandate is None
    assert "no sector 'moon'" in fault
    path.write_text('```yaml\ntier: 2\nmax_speed_mps: 0.5\nnot_after: 2030-01-01T00:00:00\n```\n')
    assert 'time with its zone' in read_mandate(path).reason


def test_names_come_from_certificates_and_roles_from_the_register(tmp_path: Path) -> None:
    codex, vault = ROOT / 'config' / 'codex', tmp_path
    ensure_authority(vault, ['amr_1'])
    register = Register(codex, vault)
    shared = register.principal('operator', 'anybody')
    assert (shared.role, shared.verified) == (Role.SAFETY_OFFICER, False)
    add_operator(vault, 'eve', Role.VIEWER)
    assert issue_operator(vault, 'eve') == 'operator.eve'
    assert operator_files(vault, 'eve') != operator_files(vault, 'bob')
    eve = register.principal('operator.eve', 'eve')
    assert (eve.role, eve.verified, eve.may(Right.ORDER)) == (Role.VIEWER, True, False)
    assert register.principal('operator.eve', 'ada').role is None
    assert register.principal('operator.bob', '').role is None
    assert register.principal('amr_1', 'ada').role is None
    assert register.principal('operator', 'eve').role is Role.VIEWER


def test_a_register_that_cannot_be_read_lets_nobody_give_orders(tmp_path: Path) -> None:
    (tmp_path / 'operators.yaml').write_text('default: king\n')
    register = Register(tmp_path, tmp_path)
    assert register.principal('operator', 'ada').role is None
    assert 'nobody may give orders' in register.fault


def test_revocations_are_kept_verified_and_shared_between_processes(tmp_path: Path) -> None:
    ensure_authority(tmp_path, ['amr_1', 'amr_2'])
    trust = load_trust(tmp_path)
    out = Revocation(agent_id='amr_2', stamp_ns=NOW_NS, lifted=False, reason='x', by='ada')
    word = signed_revocation(load_signer(tmp_path, 'supervisor'), out)
    forged = signed_revocation(load_signer(tmp_path, 'amr_2'), replace(out, agent_id='amr_1'))
    one, two = (RevocationBook(tmp_path, 'amr_1', trust) for _ in range(2))
    assert one.take([word, forged, word]) == (out,)
    assert one.take([word]) == ()
    assert two.poll()
    assert not two.poll()
    assert two.entries == (out,)
    by_hand = signed_revocation(
        load_signer(tmp_path, 'operator'), replace(out, stamp_ns=NOW_NS + 1, lifted=True)
    )
    two.take([by_hand])
    assert RevocationBook(tmp_path, 'amr_1', trust).entries[0].lifted
