# SPDX-License-Identifier: Apache-2.0
"""The planner tells the path planner which floor is closed: by policy, trust, words and order."""

from dataclasses import replace

from planner_world import (
    MANDATE,
    POLICY,
    SECOND,
    START_WALL_NS,
    World,
    order,
    token,
    trusted,
)

from swarm_agent.planner.core import CORE
from swarm_agent.planner.core.orders import Task
from swarm_vault.codec import codec_of
from swarm_vault.laws.core.bars import Bars
from swarm_vault.laws.core.values import Area, Zone, ZoneKind

NEAR = (1.5, 0.0, 0.0)
HALL = ((4.0, -1.5), (6.5, -1.5), (6.5, 3.5), (4.0, 3.5))


def robot_with(kind: ZoneKind, **changes: object) -> World:
    policy = replace(POLICY, zones=(Zone(name='hall', kind=kind, corners=HALL),))
    return trusted(policy=policy, **changes)


def told(robot: World) -> list[Bars]:
    return [outputs.bars for outputs in robot.outputs() if outputs.bars is not None]


def test_the_law_of_the_floor_is_told_once_and_again_only_when_it_changes() -> None:
    robot = robot_with(ZoneKind.FORBIDDEN)
    robot.run(5.0)
    assert [wall.name for wall in told(robot)[-1].walls] == ['hall']
    before = len(told(robot))
    robot.run(5.0)
    assert len(told(robot)) == before
    notes = [note for outputs in robot.outputs() for note in outputs.notes]
    assert 'closed: hall (it is forbidden)' in [n.why for n in notes if n.type == 'law.floor']


def test_a_token_of_tier_3_opens_a_shared_zone_and_its_end_closes_it() -> None:
    robot = robot_with(ZoneKind.SHARED)
    robot.decide()
    assert told(robot)[-1].walls
    robot.decide(token=token(3, issued_s=1.0, lasts_s=30.0))
    assert not told(robot)[-1].walls
    robot.run(40.0)
    assert told(robot)[-1].walls


def test_a_word_that_nobody_is_there_opens_a_zone_of_people_for_its_order_and_no_longer() -> None:
    robot = robot_with(ZoneKind.PEOPLE)
    robot.decide()
    assert 'nobody has said' in told(robot)[-1].walls[0].why
    robot.decide(
        orders=(order(Task.GO_TO, stops=(NEAR,), clear=('hall',), clear_ns=START_WALL_NS),)
    )
    assert not told(robot)[-1].walls
    robot.run(60.0, lambda _: 'completed' in robot.statuses())
    robot.run(1.0)
    assert told(robot)[-1].walls


def test_the_mandate_in_the_token_bars_floor() -> None:
    robot = trusted()
    barred = replace(MANDATE, blocked_zones=(Area(name='vault', corners=HALL),))
    robot.decide(token=replace(token(2, issued_s=1.0), mandate=barred))
    assert [wall.name for wall in told(robot)[-1].walls] == ['vault']


def test_the_scope_of_an_order_holds_while_it_is_worked_on_and_not_on_the_way_home() -> None:
    robot = trusted()
    scope = Area(name='west', corners=((-1.0, -2.0), (3.0, -2.0), (3.0, 4.0), (-1.0, 4.0)))
    robot.decide(orders=(order(Task.GO_TO, stops=(NEAR,), scope=(scope,), return_home=True),))
    robot.run(1.0)
    assert told(robot)[-1].keep == (scope,)
    robot.run(60.0, lambda _: 'completed' in robot.statuses())
    robot.run(1.0)
    assert told(robot)[-1].keep == ()


def test_what_was_told_replays_from_the_record() -> None:
    robot = robot_with(ZoneKind.SHARED)
    robot.decide(token=token(3, issued_s=1.0))
    robot.now_ns += SECOND
    robot.decide(orders=(order(Task.GO_TO, stops=(NEAR,)),))
    robot.run(5.0)
    codec, state = codec_of(CORE.inputs), CORE.initial(robot.params)
    fresh = [codec.decode(codec.encode(inputs)) for inputs, _ in robot.record]
    outs = []
    for inputs in fresh:
        state, out = CORE.decide(state, inputs, robot.params)
        outs.append(out)
    assert outs == list(robot.outputs())


def test_a_robot_that_an_operator_stopped_stands_for_everybody_until_its_next_order() -> None:
    robot = trusted()
    robot.decide(stops=('fire',))
    assert told(robot)[-1].stand == 'stopped: fire'
    robot.run(5.0)
    robot.decide(orders=(order(Task.GO_TO, stops=(NEAR,)),))
    assert told(robot)[-1].stand == ''


def test_a_robot_without_trust_stands_for_everybody_and_says_why() -> None:
    robot = trusted()
    robot.decide(token=token(2, issued_s=1.0, lasts_s=30.0))
    assert told(robot)[-1].stand == ''
    robot.run(40.0)
    assert told(robot)[-1].stand == 'tier 0 allows no motion: the tier token has expired'


def test_a_robot_whose_mandate_has_ended_stands_for_everybody() -> None:
    robot = trusted()
    ended = replace(MANDATE, not_after_ns=START_WALL_NS + SECOND)
    robot.decide(token=replace(token(2, issued_s=0.5), mandate=ended))
    robot.run(3.0)
    assert told(robot)[-1].stand.startswith('law mandate.window: ')


def test_the_speed_of_tier_and_mandate_holds_on_every_way() -> None:
    robot = trusted()
    robot.decide()
    assert told(robot)[-1].max_speed_mps == min(POLICY.speeds_mps[2], MANDATE.max_speed_mps)
    slow = replace(MANDATE, max_speed_mps=0.1)
    robot.decide(token=replace(token(2, issued_s=1.0), mandate=slow))
    assert told(robot)[-1].max_speed_mps == 0.1
