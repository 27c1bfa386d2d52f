# SPDX-License-Identifier: Apache-2.0
"""A lesson accepted while the fleet runs reaches its judge and its robots; the record repeats."""

from pathlib import Path

from supervisor_room import robot_of, small_fleet, until

from swarm_vault.fleet_rules import Rule, add_rule, path_of, remove_rule, rules_in
from swarm_vault.replay import replay_vault

RULE = Rule(name='cold', by='ada', stamp_ns=1, effect='wait', max_seconds=5.0)


def test_a_lesson_reaches_judge_and_linked_robots_and_is_taken_back(tmp_path: Path):
    with small_fleet(tmp_path) as supervisor, robot_of(supervisor, 'amr_1') as robot:
        assert not robot.identities
        add_rule(supervisor.vault, RULE)
        until(lambda: robot.identities, 'the identity with the rule')
        assert rules_in(robot.identities[0].system_prompt).rules == (RULE,)
        asked = supervisor.operator().submit('wait 30 s with amr_1', operator='ada')
        assert asked.accepted, asked.reason
        until(lambda: robot.orders, 'the order')
        assert robot.orders[0].wait.seconds == 5.0
        remove_rule(supervisor.vault, RULE.name)
        until(lambda: len(robot.identities) == 2, 'the identity without it')
        assert rules_in(robot.identities[1].system_prompt).rules == ()
    replayed = replay_vault(tmp_path / 'vault')
    assert replayed.ok, replayed.reasons


def test_an_order_right_after_the_lesson_is_judged_under_it(tmp_path: Path):
    with small_fleet(tmp_path) as supervisor, robot_of(supervisor, 'amr_1') as robot:
        add_rule(supervisor.vault, RULE)
        supervisor.operator().submit('wait 30 s with amr_1', operator='ada')
        until(lambda: robot.orders, 'the order')
        assert robot.orders[0].wait.seconds == 5.0
        assert robot.identities, 'the rule came before the order'


def test_rules_that_were_spoilt_stop_all_orders(tmp_path: Path):
    with small_fleet(tmp_path) as supervisor, robot_of(supervisor, 'amr_1'):
        path_of(supervisor.vault).parent.mkdir(parents=True, exist_ok=True)
        path_of(supervisor.vault).write_text('fleet_rules: [what]\n')
        asked = supervisor.operator().submit('wait 30 s with amr_1', operator='ada')
        assert not asked.accepted
        assert 'fleet rules' in asked.reason
