# SPDX-License-Identifier: Apache-2.0
"""The laws on the robot: trust ends, comes back, and is lost by a budget that is used up."""

from dataclasses import replace

import pytest
from planner_world import (
    MANDATE,
    POLICY,
    SECOND,
    START_WALL_NS,
    World,
    order,
    token,
    trusted,
    world,
)

from swarm_agent.planner.core.orders import Task
from swarm_agent.planner.core.types import Choice, IntentKind, Phase
from swarm_vault.laws.core.values import Area, Revocation, Zone, ZoneKind

NEAR, FAR = (1.5, 0.0, 0.0), (5.0, 3.0, 0.0)
OUT = Revocation(
    agent_id='amr_1', stamp_ns=START_WALL_NS + SECOND, lifted=False, reason='lied', by='ada'
)
ROOM = ((-10.0, -10.0), (20.0, -10.0), (20.0, 20.0), (-10.0, 20.0))


def on_its_way(**changes: object) -> World:
    robot = trusted(**changes)
    robot.decide(orders=(order(Task.GO_TO, stops=(FAR,)),))
    assert robot.intents()[-1].kind is IntentKind.GO_TO
    return robot


def notes(robot: World) -> list[str]:
    return [note.type for outputs in robot.outputs() for note in outputs.notes]


def test_an_expired_token_holds_the_robot_which_says_why_and_goes_on_with_a_new_one() -> None:
    robot = world()
    robot.decide(token=token(lasts_s=2.0))
    robot.decide(orders=(order(Task.GO_TO, stops=(FAR,)),))
    outputs = robot.run(3.0)
    assert outputs.phase is Phase.STOPPED
    assert outputs.reason == 'tier 0 allows no motion: the tier token has expired'
    assert robot.intents()[-1].kind is IntentKind.HOLD
    assert robot.statuses() == ['accepted']
    assert robot.decide(token=token(issued_s=3.0)).phase is Phase.EXECUTING


def test_a_revocation_ends_everything_and_only_a_word_of_trust_brings_motion_back() -> None:
    robot = on_its_way()
    outputs = robot.decide(revocations=(OUT,))
    assert outputs.phase is Phase.STOPPED
    assert robot.reasons('o1')[-1] == 'revoked by ada: lied'
    robot.decide(token=token(issued_s=5.0), orders=(order(Task.GO_TO, 'o2', stops=(FAR,)),))
    assert robot.statuses('o2') == ['refused']
    back = replace(OUT, stamp_ns=OUT.stamp_ns + SECOND, lifted=True)
    robot.decide(revocations=(back,))
    robot.decide(token=token(issued_s=6.0), orders=(order(Task.GO_TO, 'o3', stops=(FAR,)),))
    assert robot.statuses('o3') == ['accepted']


def test_a_revocation_of_a_peer_changes_nothing_but_is_noted() -> None:
    robot = on_its_way()
    outputs = robot.decide(revocations=(replace(OUT, agent_id='amr_2'),))
    assert outputs.phase is Phase.EXECUTING
    assert 'revocation.heard' in notes(robot)


def test_a_command_refused_too_often_uses_the_budget_up_and_bars_the_robot() -> None:
    robot = on_its_way()
    stops = (NEAR, FAR)
    for number in range(4):
        assert robot.decide().phase is Phase.EXECUTING
        bad = order(Task.DELIVER, f'b{number}', stops=stops, local=True)
        outputs = robot.decide(orders=(bad,))
    assert outputs.phase is Phase.STOPPED
    assert robot.reasons('o1')[-1].startswith('error budget breached: ')
    assert 'budget.breached' in notes(robot)
    again = robot.decide(
        token=token(issued_s=9.0), orders=(order(Task.GO_TO, 'o2', stops=(FAR,)),)
    )
    assert robot.statuses('o2') == ['refused']
    assert again.tier == 0


def test_a_barred_robot_stays_barred_over_a_restart_until_a_human_trusts_it() -> None:
    robot = on_its_way()
    laws = replace(robot.state.laws, breach='error budget breached: x', breach_ns=START_WALL_NS)
    robot.state = replace(robot.state, laws=laws)
    saved = robot.decide().checkpoint
    assert saved is not None
    assert saved.laws.breach
    back = replace(OUT, lifted=True)
    robot.decide(revocations=(back,))
    assert robot.decide(token=token(issued_s=2.0)).tier == 2


def test_refused_commands_outside_of_a_mission_are_refused_and_that_is_all() -> None:
    robot = trusted()
    for number in range(12):
        robot.decide(orders=(order(Task.DELIVER, f'b{number}', stops=(FAR, FAR), local=True),))
    assert 'budget.breached' not in notes(robot)
    robot.decide(orders=(order(Task.GO_TO, stops=(FAR,)),))
    assert robot.statuses('o1') == ['accepted']


@pytest.mark.parametrize(('asked', 'factor'), [(9.0, 0.5), (-1.0, 0.5), (0.3, 0.3)])
def test_a_speed_that_a_model_proposes_never_exceeds_the_limit(
    asked: float, factor: float
) -> None:
    robot = world()
    robot.decide(token=replace(token(), mandate=replace(MANDATE, max_speed_mps=0.5)))
    robot.decide(orders=(order(Task.GO_TO, stops=(FAR,)),))
    assert robot.intents()[-1].speed_factor == pytest.approx(0.5)
    question = robot.state.question
    assert question is not None
    choice = Choice(
        question_id=question.question_id,
        skill='go_to',
        parameters=(('speed_mps', asked),),
        source='model',
    )
    robot.decide(choice=choice)
    robot.decide()
    assert robot.intents()[-1].speed_factor == pytest.approx(factor)
    assert ('fault.bounds' in notes(robot)) == (asked != 0.3)


def test_a_goal_that_the_mandate_bars_is_refused_and_a_leg_into_it_fails_the_order() -> None:
    barred = replace(MANDATE, blocked_zones=(Area(name='racks', corners=ROOM),))
    robot = world()
    robot.decide(token=replace(token(), mandate=barred))
    robot.decide(orders=(order(Task.GO_TO, stops=(FAR,)),))
    assert robot.reasons('o1') == ['law mandate.zone: mandate amr_1-test bars zone racks']
    robot = on_its_way()
    robot.decide(token=replace(token(issued_s=1.0), mandate=barred))
    assert robot.statuses('o1') == ['accepted', 'failed']
    assert robot.intents()[-1].kind is not IntentKind.GO_TO


def test_a_robot_of_tier_one_creeps_in_a_sandbox() -> None:
    zone = Zone(name='box', kind=ZoneKind.SANDBOX, corners=ROOM)
    robot = on_its_way(tier=1, policy=replace(POLICY, zones=(zone,)))
    assert robot.intents()[-1].speed_factor == pytest.approx(0.2)


def test_without_a_supervisor_the_local_tier_holds_and_a_revocation_still_counts() -> None:
    robot = world(supervised=False)
    robot.decide(orders=(order(Task.GO_TO, stops=(FAR,), local=True),))
    assert robot.statuses() == ['accepted']
    assert robot.decide(revocations=(OUT,)).tier == 0


def test_a_policy_may_forbid_local_orders() -> None:
    robot = trusted(policy=replace(POLICY, local_orders=False))
    robot.decide(orders=(order(Task.GO_TO, stops=(FAR,), local=True),))
    assert robot.statuses() == ['refused']


def test_an_order_that_waits_for_a_human_runs_only_with_the_approval_in_it() -> None:
    policy = replace(POLICY, approve_skills=('go_to',))
    robot = trusted(policy=policy)
    robot.decide(orders=(order(Task.GO_TO, 'a', stops=(FAR,)),))
    robot.decide(orders=(order(Task.GO_TO, 'b', stops=(FAR,), approved=True),))
    assert (robot.statuses('a'), robot.statuses('b')) == (['refused'], ['accepted'])


def test_a_policy_that_is_not_valid_means_tier_0_with_the_reason() -> None:
    robot = trusted(policy=replace(POLICY, fault='codex: POLICY.md was changed'))
    robot.decide(orders=(order(Task.GO_TO, stops=(FAR,)),))
    assert robot.last().tier == 0
    assert robot.statuses() == ['refused']
    text = 'the policy is not valid: codex: POLICY.md was changed'
    assert text in robot.reasons('o1')[-1] or text in robot.last().reason
