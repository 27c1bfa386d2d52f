# SPDX-License-Identifier: Apache-2.0
"""Steps in a row become a DAG that is kept; each phase of a mission leaves its artefact."""

import asyncio

import pytest

from swarm_supervisor.core.packets import (
    ARTEFACTS,
    MissionPhase,
    packet_of,
    phase_of,
)
from swarm_supervisor.mission_files import equip, ready
from swarm_supervisor.missions import COMPLETED, Mission, Order
from swarm_supervisor.places import Places
from swarm_supervisor.strategist import (
    Context,
    DeliverTask,
    KnownRobot,
    PatrolTask,
    Plan,
    Question,
    Refusal,
    Spot,
    SurveyTask,
    WaitTask,
)
from swarm_supervisor.strategist_check import check_plan
from swarm_supervisor.strategist_grammar import GrammarStrategist, read_order
from swarm_vault.laws.core.policy import BudgetRule


class Floor:
    def fault(self, spot: Spot, robot: KnownRobot) -> str | None:
        return None


ROBOT = KnownRobot(agent_id='amr_1', state='linked', radius_m=0.3, pose=(0.0, 0.0, 0.0))
CONTEXT = Context(
    places=Places(
        titles=('depot', 'area'),
        points={'dock': (1.0, 1.0, 0.0), 'gate': (2.0, 2.0, 0.0), 'aisle_west': (3.0, 1.0, 0.0)},
        sectors={'west': ((0.0, 0.0), (1.0, 0.0), (1.0, 1.0))},
    ),
    robots={'amr_1': ROBOT},
    open_missions=(),
    standing=Floor(),
)


PACKET = packet_of('a, then b', 'ada', ('survey', 'patrol'), (), BudgetRule())


def plan_of(text: str) -> Plan:
    answer = read_order(text, CONTEXT)
    assert isinstance(answer, Plan), answer
    assert check_plan(answer, CONTEXT) is None
    return answer


def test_steps_wait_for_each_other() -> None:
    plan = plan_of('Survey the west, then patrol dock and gate twice, and then wait 5 s')
    assert [type(task) for task in plan.tasks] == [SurveyTask, PatrolTask, WaitTask]
    assert plan.after == ((), (0,), (1,))


@pytest.mark.parametrize(
    ('text', 'stops', 'loops'),
    [
        ('visit the gate and the dock in any order', ['gate', 'dock'], 1),
        ('go to the dock, and only then go to the gate', ['dock', 'gate'], 1),
        ('go to the gate after visiting the dock', ['dock', 'gate'], 1),
        ('visit aisle west exactly three times', ['aisle_west'], 3),
        ('keep visiting the dock and the gate', ['dock', 'gate'], 1000),
    ],
)
def test_a_mission_of_the_catalogue_becomes_a_patrol_with_its_assumptions(
    text: str, stops: list[str], loops: int
) -> None:
    plan = plan_of(text)
    (task,) = plan.tasks
    assert isinstance(task, PatrolTask)
    assert [stop.name for stop in task.stops] == stops
    assert task.loops == loops
    assert plan.assumptions


def test_to_bring_something_needs_two_places() -> None:
    (task,) = plan_of('please bring the crate from the dock to the gate').tasks
    assert isinstance(task, DeliverTask)
    assert (task.pick_up.name, task.drop_off.name) == ('dock', 'gate')
    answer = read_order('bring the crate to the gate', CONTEXT)
    assert isinstance(answer, Question)
    assert answer.text.startswith('from which place to which?')


@pytest.mark.parametrize(
    ('text', 'law'),
    [
        ('follow me to the dock', 'law "skills": robots do only what a skill card holds'),
        ('never go to the dock', 'law "zones"'),
        ('stay at the dock until you see the gate', 'law "skills"'),
    ],
)
def test_what_no_skill_can_do_is_refused_with_the_law(text: str, law: str) -> None:
    answer = asyncio.run(GrammarStrategist().plan(text, CONTEXT))
    assert isinstance(answer, Refusal)
    assert law in answer.reason


def test_a_plan_whose_tasks_wait_for_later_ones_is_refused() -> None:
    plan = Plan(tasks=(WaitTask(seconds=1.0, robot=None),), author='x', after=((0,),))
    refusal = check_plan(plan, CONTEXT)
    assert refusal is not None
    assert 'waits for a task that does not come before it' in refusal.reason


def mission_of(*states: int) -> Mission:
    mission = Mission(mission_id='m', text='a, then b', operator='ada', created_ns=1)
    mission.orders = [
        Order(order_id=f'm-{n + 1}', mission_id='m', agent_id='amr_1', payload=b'', status=state)
        for n, state in enumerate(states)
    ]
    return mission


def test_an_order_waits_until_what_comes_before_it_is_complete() -> None:
    plan = plan_of('survey west, then patrol dock and gate')
    mission = mission_of(0, 0, 0)
    equip(mission, plan, [0, 0, 1], PACKET)
    first, second, last = mission.orders
    assert list(last.task().after) == ['m-1', 'm-2']
    assert last.task().packet.objective == 'a, then b'
    assert list(last.task().packet.forbidden) == ['deliver']
    assert ready(mission, first)
    first.status = COMPLETED
    assert not ready(mission, last)
    second.status = COMPLETED
    assert ready(mission, last)


def test_heirs_count_for_the_order_that_they_took_over() -> None:
    mission = mission_of(0, 0)
    equip(mission, plan_of('survey west, then patrol dock and gate'), [0, 1], PACKET)
    mission.orders[0].replaced = True
    heir = Order(order_id='m-3', mission_id='m', agent_id='amr_2', payload=b'')
    mission.orders.append(heir)
    assert not ready(mission, mission.orders[1])
    heir.status = COMPLETED
    assert ready(mission, mission.orders[1])


def test_each_phase_asks_for_its_artefact() -> None:
    there: list[str] = []
    for phase, artefact in ARTEFACTS.items():
        assert phase_of(there) == (phase, artefact)
        there.append(artefact)
    assert phase_of(there) == (MissionPhase.EXIT, '')
