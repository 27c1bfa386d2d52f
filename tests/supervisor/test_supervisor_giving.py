# SPDX-License-Identifier: Apache-2.0
"""A robot that failed at a task twice comes after the others; the record repeats it."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from supervisor_room import Supervisor, TalkingRobot, robot_of, small_fleet, until
from swarm.v1 import common_pb2, mission_pb2

from swarm_supervisor.core.giving import (
    GIVING,
    Candidate,
    Given,
    GivingInputs,
    GivingParams,
    Try,
)
from swarm_supervisor.experience import about, action_key, remark, remark_on_parts
from swarm_supervisor.missions import COMPLETED, FAILED, RECALLED, Order
from swarm_vault.folders import agent_folder
from swarm_vault.memory import Standing, read_memory, write_memory_note
from swarm_vault.replay import replay_vault

PARAMS = GivingParams()
DAY_S = 86_400.0


def tries(word: str, age_s: float = 60.0) -> tuple[Try, ...]:
    """One letter a try, the newest first: f failed, d done."""
    return tuple(
        Try(note=f'n{number}', failed=letter == 'f', age_s=age_s)
        for number, letter in enumerate(word)
    )


def give(*candidates: Candidate) -> Given:
    inputs = GivingInputs(mission_id='m', task='go_to 1.0,2.0', candidates=candidates)
    return GIVING.decide(None, inputs, PARAMS)[1]


def near(word: str, age_s: float = 60.0) -> Candidate:
    return Candidate(agent_id='near', done_in_s=1.0, tries=tries(word, age_s))


FAR = Candidate(agent_id='far', done_in_s=9.0)


@pytest.mark.parametrize(
    ('word', 'chosen'),
    [('', 'near'), ('f', 'near'), ('ff', 'far'), ('fff', 'far'), ('dff', 'near'), ('fdf', 'near')],
)
def test_two_failures_in_a_row_bring_the_others_first(word, chosen):
    assert give(near(word), FAR).chosen == chosen


def test_it_says_who_was_passed_over_and_by_which_notes():
    found = give(near('ff'), FAR)
    assert (found.passed_over, found.notes) == (('near',), ('near/n0', 'near/n1'))
    assert remark(found) == 'near failed there before, far goes'


def test_failures_are_forgotten_after_a_week():
    assert give(near('ff', age_s=6 * DAY_S), FAR).chosen == 'far'
    assert give(near('ff', age_s=8 * DAY_S), FAR).chosen == 'near'


def test_where_all_failed_the_soonest_goes_and_the_operator_hears_it():
    far = Candidate(agent_id='far', done_in_s=9.0, tries=tries('ff'))
    found = give(near('ff'), far)
    assert (found.chosen, found.warned, found.passed_over) == ('near', True, ())
    assert 'nobody else is better' in remark(found)


def test_nobody_is_chosen_who_cannot_get_there():
    lost = Candidate(agent_id='lost', done_in_s=float('inf'))
    assert give(lost).chosen == ''
    assert give(lost, near('ffff')).chosen == 'near', 'to have failed bars nobody'


@given(
    st.lists(st.text('fd', max_size=4), min_size=1, max_size=5),
    st.randoms(use_true_random=False),
)
def test_the_choice_is_of_the_candidates_and_not_of_their_order(words, rng):
    robots = [
        Candidate(agent_id=f'r{n}', done_in_s=float(n % 3), tries=tries(word))
        for n, word in enumerate(words)
    ]
    mixed = rng.sample(robots, len(robots))
    found = give(*robots)
    assert found == give(*mixed)
    assert found.chosen in {robot.agent_id for robot in robots}


def deliver() -> mission_pb2.MissionOrder:
    there, here = common_pb2.Pose2D(x_m=1.04, y_m=2.0), common_pb2.Pose2D(x_m=3.0, y_m=-4.26)
    return mission_pb2.MissionOrder(deliver=mission_pb2.Deliver(pick_up=there, drop_off=here))


def test_a_survey_is_known_by_its_sector_whatever_its_parts_are():
    west = mission_pb2.MissionOrder(survey=mission_pb2.Survey(sector='west', range_m=2.0))
    assert action_key(west) == 'survey west'
    assert action_key(mission_pb2.MissionOrder(survey=mission_pb2.Survey())) == 'survey *'


def test_a_survey_tells_who_got_no_part_and_who_got_one_all_the_same():
    found = give(near('ff'), Candidate(agent_id='far', done_in_s=9.0, tries=tries('ff')))
    assert [one.agent_id for one in found.held_back] == ['far', 'near']
    assert remark_on_parts(found, {'far'}) == (
        'near failed at it before, others go; far failed at it before, nobody else can go'
    )
    assert remark_on_parts(give(near('f')), {'near'}) == ''


def test_a_task_is_known_by_its_places_and_one_without_places_is_not():
    assert action_key(deliver()) == 'deliver 1.0,2.0 3.0,-4.3'
    assert action_key(mission_pb2.MissionOrder(wait=mission_pb2.Wait(seconds=3.0))) == ''


@pytest.mark.parametrize(
    ('status', 'reason', 'fields', 'said'),
    [
        (COMPLETED, '', {}, 'done'),
        (FAILED, 'a pallet stands there', {}, 'failed'),
        (FAILED, 'stopped: fire', {}, ''),
        (FAILED, 'a pallet stands there', {'sent': False}, ''),
        (FAILED, 'a pallet stands there', {'replaced': True}, 'failed'),
        (FAILED, 'too late', {'replaced': True, 'recall': 'handed over: lost'}, ''),
        (RECALLED, 'recalled: no', {}, ''),
    ],
)
def test_only_what_the_robot_failed_at_itself_is_a_failure(status, reason, fields, said):
    order = Order(
        order_id='o',
        mission_id='m',
        agent_id='amr_1',
        payload=deliver().SerializeToString(),
        status=status,
        reason=reason,
        **{'sent': True, **fields},
    )
    assert about(order) == (f'{action_key(deliver())}: {said}' if said else '')


PATROL = 'patrol 4.0 1.0'


def failed_once(supervisor: Supervisor, robots: list[TalkingRobot], *, number: int) -> str:
    """Order a patrol, let it fail; who had it."""
    reply = supervisor.operator().submit(PATROL, operator='ada')
    assert reply.accepted, reply.reason
    until(lambda: sum(len(robot.orders) for robot in robots) == number, 'the order')
    (robot,) = [r for r in robots if r.orders and r.orders[-1].mission_id == reply.mission_id]
    robot.ack(robot.orders[-1].order_id, mission_pb2.ACK_STATUS_FAILED, 'a pallet stands there')
    mission = supervisor.hq.mission(reply.mission_id)
    until(lambda: mission is not None and not mission.open, 'the end of the mission')
    return robot.agent_id


def test_the_third_try_goes_to_another_robot_until_an_operator_disputes_a_note(tmp_path: Path):
    with (
        small_fleet(tmp_path) as supervisor,
        robot_of(supervisor, 'amr_1') as one,
        robot_of(supervisor, 'amr_2') as two,
    ):
        had = [failed_once(supervisor, [one, two], number=n) for n in (1, 2, 3)]
        first, other = had[0], had[2]
        assert had == [first, first, other]
        assert other != first
        folder = agent_folder(supervisor.vault, first)
        note = next(n for n in read_memory(folder) if n.front and n.front.about)
        assert note.front is not None
        disputed = note.front.model_copy(update={'standing': Standing.DISPUTED})
        write_memory_note(folder, note.name, disputed, note.text)
        assert failed_once(supervisor, [one, two], number=4) == first
        given_to = [
            json.loads(line)['data']
            for path in (supervisor.vault / 'agents' / 'supervisor' / 'log').glob('*/*/*.jsonl')
            for line in path.read_text().splitlines()
            if '"order.given_to"' in line
        ]
        assert [event['passed_over'] for event in given_to] == [[], [], [first], []]
    replayed = replay_vault(tmp_path / 'vault')
    assert replayed.ok, replayed.reasons
    assert any(bag.core == 'giving' and bag.reproduced == 4 for bag in replayed.bags)


def survey_once(supervisor: Supervisor, one: TalkingRobot, two: TalkingRobot) -> tuple[int, ...]:
    """Order a survey of the west; the first robot fails at its part, the other does the rest."""
    before = (len(one.orders), len(two.orders))
    reply = supervisor.operator().submit('survey the west', operator='ada')
    assert reply.accepted, reply.reason
    until(lambda: len(one.orders) + len(two.orders) == sum(before) + len(reply.order_ids), 'parts')
    parts = (len(one.orders) - before[0], len(two.orders) - before[1])
    if parts[0]:
        one.ack(one.orders[-1].order_id, mission_pb2.ACK_STATUS_FAILED, 'a pallet stands there')
        until(lambda: len(two.orders) == before[1] + parts[1] + 1, 'what the other takes over')
    two.complete()
    mission = supervisor.hq.mission(reply.mission_id)
    until(lambda: mission is not None and not mission.open, 'the end of the mission')
    return parts


def test_a_survey_leaves_out_who_failed_at_it_twice_and_says_so(tmp_path: Path):
    with (
        small_fleet(tmp_path) as supervisor,
        robot_of(supervisor, 'amr_1') as one,
        robot_of(supervisor, 'amr_2') as two,
    ):
        assert [survey_once(supervisor, one, two) for _ in range(3)] == [(1, 1), (1, 1), (0, 1)]
        reply = supervisor.operator().submit('survey the west', operator='ada')
        assert 'amr_1 failed at it before, others go' in reply.reason
        assert supervisor.operator().submit('survey', operator='ada').reason.count('failed') == 0
    replayed = replay_vault(tmp_path / 'vault')
    assert replayed.ok, replayed.reasons
    assert {'giving', 'allocation'} <= {bag.core for bag in replayed.bags if bag.reproduced}
