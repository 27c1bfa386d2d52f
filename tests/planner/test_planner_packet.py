# SPDX-License-Identifier: Apache-2.0
"""An order's packet acts on the robot: scope, forbidden skills, mandate and error budget."""

from dataclasses import replace

import numpy as np
import pytest
from planner_world import MANDATE, POLICY, World, order, region_of, surveyor, token, trusted
from swarm.v1 import common_pb2, laws_pb2, mission_pb2, packet_pb2

from swarm_agent.planner.core import CORE
from swarm_agent.planner.core.orders import Task
from swarm_agent.planner.core.packet import leaves, stricter
from swarm_agent.planner.core.skills.step import Want
from swarm_agent.planner.core.types import Choice, IntentKind, Nav, Phase, Priority
from swarm_agent.planner.wire import to_order
from swarm_vault.laws.core.budget import own_stop
from swarm_vault.laws.core.policy import BudgetRule
from swarm_vault.laws.core.values import Area, Zone, ZoneKind

NEAR, FAR = (1.5, 0.0, 0.0), (5.0, 3.0, 0.0)
WEST = Area(name='west', corners=((-1.0, -2.0), (3.0, -2.0), (3.0, 4.0), (-1.0, 4.0)))
FLOOR = Area(name='floor', corners=((-9.0, -9.0), (19.0, -9.0), (19.0, 19.0), (-9.0, 19.0)))
EAST = Area(name='east', corners=((3.0, -2.0), (7.0, -2.0), (7.0, 4.0), (3.0, 4.0)))


def notes(robot: World) -> list[str]:
    return [note.type for outputs in robot.outputs() for note in outputs.notes]


def test_a_goal_outside_of_the_scope_is_refused_and_one_inside_is_not() -> None:
    robot = trusted()
    robot.decide(orders=(order(Task.GO_TO, stops=(FAR,), scope=(WEST,)),))
    assert robot.reasons('o1') == ['law packet: the goal (5.00, 3.00) lies outside the scope west']
    robot.decide(orders=(order(Task.GO_TO, 'o2', stops=(NEAR,), scope=(WEST,)),))
    assert robot.statuses('o2') == ['accepted']


def test_an_order_without_a_packet_is_refused_and_the_log_says_so() -> None:
    robot = trusted()
    robot.decide(orders=(order(Task.GO_TO, stops=(NEAR,), budget=None),))
    (reason,) = robot.reasons('o1')
    assert reason.startswith('law packet: the order carries no instruction packet')
    assert robot.statuses() == ['refused']
    told = [n.why for outputs in robot.outputs() for n in outputs.notes]
    assert reason in told


def test_a_robots_own_client_needs_no_packet_the_robot_makes_one_with_the_policys_budget() -> None:
    robot = trusted()
    robot.decide(orders=(order(Task.GO_TO, stops=(NEAR,), budget=None, local=True),))
    assert robot.statuses() == ['accepted']
    assert robot.state.jobs[0].order.budget == POLICY.budget


def test_a_stop_of_the_reflexes_that_the_robot_brought_about_counts_once_each() -> None:
    robot = trusted()
    robot.decide(orders=(order(Task.GO_TO, stops=(FAR,)),))
    for cause in ('geofence_stop', 'geofence_stop', '', 'geofence_stop', ''):
        robot.decide(reflex_stop=cause)
    (spent,) = robot.state.laws.spent
    assert spent.keys == (('bounds: stopped by the reflexes: geofence_stop', 2),)
    for cause in ('geofence_stop', '', 'geofence_stop'):
        robot.decide(reflex_stop=cause)
    assert 'budget.breached' in notes(robot)
    assert robot.statuses()[-1] == 'failed'


@pytest.mark.parametrize(
    ('action', 'cause', 'counts'),
    [
        ('STOP', 'geofence_stop', True),
        ('STOP', 'command_invalid', True),
        ('STOP', 'zone_stop', False),
        ('STOP', 'scan_stale', False),
        ('STOP', 'e_stop', False),
        ('SLOW', 'geofence_stop', False),
    ],
)
def test_only_stops_for_the_robots_own_commands_are_faults(
    action: str, cause: str, *, counts: bool
) -> None:
    assert bool(own_stop(action, cause)) is counts


def test_a_region_beyond_the_scope_is_refused_with_the_number_of_its_cells() -> None:
    robot = surveyor()
    everywhere = region_of(np.asarray(robot.ground.survey_floor), 0.25)
    robot.decide(orders=(order(Task.SURVEY, region=everywhere, scope=(WEST,)),))
    assert robot.reasons('o1')[0].endswith('of the region lie outside the scope west')
    robot.decide(orders=(order(Task.SURVEY, 'o2', region=everywhere, scope=(WEST, EAST)),))
    assert robot.statuses('o2') == ['accepted']


def test_a_survey_looks_in_from_as_far_as_it_sees_and_no_further() -> None:
    task = order(Task.SURVEY, scope=(WEST,), range_m=2.0)
    want = Want(kind=IntentKind.GO_TO, skill='survey', goal=(4.9, 0.0, 0.0))
    assert leaves(task, want, 4.0) == ''
    assert 'outside the scope west' in leaves(task, replace(want, goal=(5.1, 0.0, 0.0)), 4.0)
    home = replace(want, skill='return_to_base', kind=IntentKind.PARK, goal=FAR)
    assert leaves(task, home, 4.0) == ''
    assert 'forbidden by the packet' in leaves(replace(task, forbidden=('survey',)), want, 4.0)


def test_a_leg_that_leaves_the_scope_stops_the_order_and_counts() -> None:
    robot = trusted()
    robot.decide(orders=(order(Task.GO_TO, stops=(FAR,), scope=(FLOOR,)),))
    (job,) = robot.state.jobs
    narrowed = replace(job, order=replace(job.order, scope=(WEST,)))
    robot.state = replace(robot.state, jobs=(narrowed,))
    robot.decide()
    assert robot.statuses('o1') == ['accepted', 'failed']
    assert robot.reasons('o1')[-1].startswith('law packet: the goal')
    assert {'packet.left', 'fault.bounds'} <= set(notes(robot))
    assert robot.intents()[-1].kind is not IntentKind.GO_TO


def test_a_forbidden_skill_is_not_even_an_option() -> None:
    robot = trusted()
    free = order(Task.GO_TO, stops=(FAR,))
    robot.decide(orders=(free,))
    assert robot.state.question is not None
    assert 'wait' in {option.skill for option in robot.state.question.options}
    robot = trusted()
    robot.decide(orders=(replace(free, forbidden=('wait', 'explore')),))
    question = robot.state.question
    assert question is None or 'wait' not in {option.skill for option in question.options}


def test_an_order_that_cites_another_mandate_than_the_one_in_force_is_refused() -> None:
    robot = trusted()
    robot.decide(orders=(order(Task.GO_TO, stops=(FAR,), mandate_id='amr_1-old'),))
    assert robot.reasons('o1') == [
        'law packet: the order cites mandate amr_1-old, in force is amr_1-test'
    ]


@pytest.mark.parametrize(('zones', 'last'), [((), 'accepted'), ((WEST,), 'failed')])
def test_a_new_mandate_is_asked_whether_it_covers_an_open_order(
    zones: tuple[Area, ...], last: str
) -> None:
    robot = trusted()
    robot.decide(orders=(order(Task.GO_TO, stops=(FAR,), mandate_id='amr_1-test'),))
    new = replace(MANDATE, mandate_id='amr_1-new', zones=zones)
    robot.decide(token=replace(token(issued_s=1.0), mandate=new))
    assert robot.statuses('o1')[-1] == last
    assert ('mandate.replaced' in notes(robot)) == (not zones)
    if not zones:
        assert robot.state.jobs[0].order.mandate_id == 'amr_1-new'
    else:
        assert 'mandate amr_1-test is replaced' in robot.reasons('o1')[-1]


def test_a_zone_of_people_is_entered_only_on_a_fresh_word_that_nobody_is_there() -> None:
    hall = Zone(name='hall', kind=ZoneKind.PEOPLE, corners=WEST.corners)
    robot = trusted(policy=replace(POLICY, zones=(hall,), people_s=5.0))
    asked = order(Task.GO_TO, stops=(NEAR,))
    robot.decide(orders=(asked,))
    assert 'nobody has said lately who is in the zone hall' in robot.reasons('o1')[0]
    clear = replace(asked, order_id='o2', clear=('hall',), clear_ns=robot.wall_ns)
    robot.stuck = lambda _: Nav.MOVING
    robot.decide(orders=(clear,))
    assert robot.statuses('o2') == ['accepted']
    robot.run(6.0)
    assert robot.reasons('o2')[-1].startswith('law zone.people: nobody has said lately')


def _nonsense(robot: World) -> None:
    question = robot.state.question
    assert question is not None
    choice = Choice(question_id=question.question_id, skill='fly', parameters=(), source='model')
    robot.decide(choice=choice)


@pytest.mark.parametrize(('repeats', 'spent'), [(0, 2), (2, 4)])
def test_the_budget_of_the_packet_is_spent_by_errors_and_then_a_human_is_asked(
    repeats: int, spent: int
) -> None:
    robot = trusted()
    budget = BudgetRule(total=8, repeats=repeats, procedure=1)
    robot.decide(orders=(order(Task.GO_TO, stops=(FAR,), budget=budget, issued_by='ada'),))
    for number in range(spent):
        assert 'budget.breached' not in notes(robot), number
        _nonsense(robot)
    outputs = robot.decide()
    assert outputs.phase is Phase.STOPPED
    assert outputs.tier == 0
    assert robot.reasons('o1')[-1].startswith('error budget breached: ')
    said = [n.why for o in robot.outputs() for n in o.notes if n.type == 'escalation.raised']
    assert len(said) == 1
    assert said[0].endswith('ada is asked, others take over')


def test_a_packet_never_widens_the_budget_of_the_policy() -> None:
    wide = BudgetRule(total=99, repeats=99, procedure=99)
    assert stricter(BudgetRule(), wide) == BudgetRule()
    assert stricter(BudgetRule(), None) == BudgetRule()


def test_what_the_packet_decides_is_decided_again_by_a_replay() -> None:
    robot = trusted()
    robot.decide(orders=(order(Task.GO_TO, stops=(NEAR,), scope=(WEST,)),))
    robot.decide(orders=(order(Task.GO_TO, 'o2', stops=(FAR,), scope=(WEST,)),))
    state = CORE.initial(robot.params)
    for inputs, outputs in robot.record:
        state, again = CORE.decide(state, inputs, robot.params)
        assert again == outputs


@pytest.mark.parametrize(
    'corners',
    [
        [(0.0, 0.0), (1.0, 0.0)],
        [(0.0, 0.0), (1.0, 0.0), (float('nan'), 1.0)],
        [(float(n), 0.0) for n in range(2000)],
    ],
)
def test_an_odd_scope_from_the_wire_holds_no_place_at_all(
    corners: list[tuple[float, float]],
) -> None:
    points = [common_pb2.Point2D(x_m=x, y_m=y) for x, y in corners]
    odd = packet_pb2.Packet(areas=[laws_pb2.Area(name='odd', corners=points)], max_errors=3)
    message = mission_pb2.MissionOrder(order_id='o1', agent_id='amr_1', packet=odd)
    message.go_to.goal.x_m = 0.5
    plain = to_order(message)
    assert plain.budget == BudgetRule(total=3, repeats=0, procedure=0)
    want = Want(kind=IntentKind.GO_TO, skill='go_to', goal=(0.5, 0.0, 0.0), priority=Priority.IDLE)
    assert 'outside the scope malformed' in leaves(plain, want, 4.0)
