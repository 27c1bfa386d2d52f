# SPDX-License-Identifier: Apache-2.0
"""Lessons that are accepted or revoked while a robot runs bind it from its next order on."""

from dataclasses import replace

import pytest
from planner_world import POLICY, World, order, trusted

from swarm_agent.planner.core import CORE
from swarm_agent.planner.core.orders import Task
from swarm_agent.planner.core.types import Inputs, Outputs
from swarm_vault.codec import codec_of
from swarm_vault.fleet_rules import Rule, Rules, careful
from swarm_vault.laws.core.policy import Policy

FLOOR = ((-50.0, -50.0), (50.0, -50.0), (50.0, 50.0), (-50.0, 50.0))
CORNER = ((50.0, 50.0), (51.0, 50.0), (51.0, 51.0))
BASE = {'name': 'wet', 'by': 'ada', 'stamp_ns': 1}


def under(**rule: object) -> Policy:
    return careful(POLICY, Rules(rules=(Rule(**BASE, **rule),)))  # type: ignore[arg-type]


PLACE = (5.0, 0.0)
SLOW = under(effect='slow', place='hall', corners=FLOOR, max_speed_mps=0.25)
AVOID = under(effect='avoid', place='corner', corners=CORNER)
WAIT = under(effect='wait', max_seconds=5.0)


def go(order_id: str):
    return order(Task.GO_TO, order_id, stops=((*PLACE, 0.0),))


def notes(world: World) -> list[str]:
    return [n.type for o in world.outputs() for n in o.notes if n.type.startswith('policy.')]


def speeds(world: World) -> set[float]:
    return {i.speed_factor for i in world.intents() if i.skill == 'go_to'}


def test_an_open_order_keeps_its_laws_and_the_next_one_has_the_new():
    robot = trusted()
    robot.decide(orders=(go('o1'),))
    robot.decide(policy=SLOW)
    robot.run(60.0, until=lambda o: bool(o.acks))
    assert speeds(robot) == {1.0}
    assert notes(robot) == ['policy.told']
    robot.pose = robot.params.home
    robot.decide(orders=(go('o2'),))
    assert notes(robot) == ['policy.told', 'policy.taken']
    assert speeds(robot) == {1.0, 0.25}


def test_an_order_is_driven_no_faster_than_its_giver_wishes_and_no_faster_than_the_laws_let_it():
    robot = trusted()
    robot.decide(orders=(replace(go('o1'), max_speed_mps=0.25 * robot.params.max_speed_mps),))
    assert speeds(robot) == {0.25}
    fast = trusted(policy=SLOW)
    fast.decide(orders=(replace(go('o1'), max_speed_mps=9.0),))
    assert speeds(fast) == {0.25}


def test_an_order_that_comes_together_with_the_laws_is_judged_under_them():
    robot = trusted()
    outputs = robot.decide(policy=WAIT, orders=(order(Task.WAIT, 'o1', seconds=9.0),))
    assert 'judge.revised' in [note.type for note in outputs.notes]
    assert robot.state.jobs[0].order.seconds == 5.0


def test_what_is_closed_now_is_told_to_the_path_planner():
    robot = trusted()
    robot.decide(policy=AVOID)
    assert not any(o.bars and o.bars.walls for o in robot.outputs())
    assert [w.name for w in robot.decide(orders=(go('o1'),)).bars.walls] == ['corner (lesson wet)']


def test_a_revoked_lesson_binds_no_longer():
    robot = trusted(policy=WAIT)
    robot.decide(orders=(order(Task.WAIT, 'o1', seconds=9.0),))
    robot.decide(policy=POLICY, orders=(order(Task.WAIT, 'o2', seconds=9.0),))
    assert [job.order.seconds for job in robot.state.jobs] == [5.0, 9.0]


def test_a_revoked_lesson_that_a_robot_started_with_closes_no_floor_from_its_next_order_on():
    robot = trusted(policy=AVOID)
    assert [wall.name for wall in robot.state.bars.walls] == ['corner (lesson wet)']
    assert robot.decide(policy=POLICY).bars is None
    assert robot.decide(orders=(go('o1'),)).bars.walls == ()


def test_a_robot_that_started_with_rules_that_cannot_be_read_moves_once_they_are_mended():
    robot = trusted(policy=careful(POLICY, Rules(fault='fleet rules: effect')))
    robot.decide()
    assert robot.state.bars.stand
    assert robot.decide(policy=POLICY, orders=(go('o1'),)).bars.stand == ''


def test_rules_that_cannot_be_read_let_nothing_more_begin():
    robot = trusted()
    robot.decide(policy=careful(POLICY, Rules(fault='fleet rules: effect')))
    robot.decide(orders=(go('o1'),))
    assert robot.statuses() == ['refused']
    assert robot.reasons('o1') == ['tier 0 is too low, go_to needs tier 2']


def test_an_order_that_is_only_repeated_changes_nothing():
    robot = trusted()
    robot.decide(orders=(go('o1'),))
    robot.decide(policy=SLOW, orders=(go('o1'),))
    assert notes(robot) == ['policy.told']


@pytest.mark.parametrize('policy', [SLOW, AVOID, WAIT, POLICY])
def test_the_record_decides_the_same_again(policy):
    robot = trusted(policy=replace(POLICY, version='old'))
    robot.decide(orders=(go('o1'),))
    robot.decide(policy=policy)
    robot.decide(orders=(order(Task.WAIT, 'o2', seconds=9.0),))
    robot.run(3.0)
    inputs, outputs = codec_of(Inputs), codec_of(Outputs)
    state = CORE.initial(robot.params)
    for given, said in robot.record:
        state, again = CORE.decide(state, inputs.decode(inputs.encode(given)), robot.params)
        assert outputs.encode(again) == outputs.encode(said)
