# SPDX-License-Identifier: Apache-2.0
"""A shared survey: who is lost without a supervisor has heirs, and nothing is forgotten."""

from dataclasses import replace

import numpy as np
import pytest
from planner_world import MANDATE, order, region_of, surveyor, token, trusted
from scipy import ndimage
from swarm.v1 import common_pb2, mission_pb2

from swarm_agent.planner.core.crewing import done_blocks, shared, widened
from swarm_agent.planner.core.orders import Ack, AckStatus, CrewPart, Task
from swarm_agent.planner.core.state import Job
from swarm_agent.planner.core.sweep.crew import CORE, News
from swarm_agent.planner.core.types import Answered, SkillMemory, Widened
from swarm_agent.planner.crew_desk import CrewDesk
from swarm_agent.planner.crew_text import crew_key, from_text, to_text
from swarm_agent.planner.wire import to_order

SECOND = 1_000_000_000
NAMES = ('amr_1', 'amr_2', 'amr_3')
ROBOT = surveyor()
FLOOR = ROBOT.ground.survey_floor


def thirds():
    """The floor in three strips, west to east; the borders do not fall on blocks."""
    cols = np.arange(FLOOR.shape[1])
    bounds = ((0, 11), (11, 21), (21, 99))
    return {
        name: FLOOR & ((cols >= low) & (cols < high))[None, :]
        for name, (low, high) in zip(NAMES, bounds, strict=True)
    }


PARTS = thirds()


def packed(mask):
    return np.packbits(mask).tobytes()


def unpacked(bits):
    flat = np.unpackbits(np.frombuffer(bits, np.uint8), count=FLOOR.size)
    return flat.reshape(FLOOR.shape).astype(bool)


def survey(name='amr_1', **changes):
    crew = tuple(
        CrewPart(agent_id=one, bits=packed(mask), start=(0.0, 0.0)) for one, mask in PARTS.items()
    )
    region = region_of(PARTS[name], ROBOT.ground.survey_cell_m)
    return order(Task.SURVEY, agent_id=name, region=region, range_m=2.0, crew=crew, **changes)


def crew_of(name='amr_1'):
    found = shared(survey(name), name, ROBOT.ground)
    assert found is not None
    return found


def test_every_block_of_a_shared_survey_has_one_owner_at_first():
    params = crew_of().params
    shape = (params.rows, params.cols)
    owned = sum(
        np.unpackbits(np.frombuffer(part.bits, np.uint8), count=shape[0] * shape[1]).astype(int)
        for part in params.parts
    )
    assert owned.max() == 1
    assert crew_of('amr_3').params.parts == params.parts


def test_one_that_is_alone_or_not_named_shares_nothing():
    given = survey()
    assert shared(replace(given, crew=given.crew[:1]), 'amr_1', ROBOT.ground) is None
    assert shared(given, 'amr_9', ROBOT.ground) is None
    assert shared(order(Task.WAIT, seconds=1.0), 'amr_1', ROBOT.ground) is None


def test_a_block_is_done_only_when_all_of_its_cells_are_seen():
    crew = crew_of()
    assert not any(done_blocks(crew, b''))
    assert sum(done_blocks(crew, packed(FLOOR))) > sum(done_blocks(crew, packed(PARTS['amr_1'])))


class Board:
    """A blackboard that all desks write on and read, and the records of their cores."""

    def __init__(self):
        self.texts, self.read, self.events = [], {}, []

    def desk(self, name):
        self.read[name] = 0
        return CrewDesk(name, Records(self), Voice(self, name))


class Records:
    def __init__(self, board):
        self._board = board

    def start_crew(self, params):
        return CORE.initial(params)

    def decide_crew(self, state, inputs, params):
        return CORE.decide(state, inputs, params)


class Voice:
    def __init__(self, board, name):
        self._board, self._name = board, name

    def tell_board(self, mission_id, section, text):
        self._board.texts.append((section, mission_id, self._name, text))

    def board_texts(self, section):
        begin, self._board.read[self._name] = (
            self._board.read[self._name],
            len(self._board.texts),
        )
        return [text[1:] for text in self._board.texts[begin:] if text[0] == section]


class Fleet:
    """Three planners that survey; what each has seen is set by hand."""

    def __init__(self):
        board = Board()
        self.board = board
        self.desks = {name: board.desk(name) for name in NAMES}
        self.seen = {name: np.zeros_like(FLOOR) for name in NAMES}
        self.states = {
            name: replace(ROBOT.state, jobs=(Job(order=survey(name), arrival=1),))
            for name in NAMES
        }
        self.alive, self.now_ns, self.grown = set(NAMES), SECOND, {}

    def run(self, seconds, *, cut):
        for _ in range(seconds):
            self.now_ns += SECOND
            for name in sorted(self.alive):
                situation = replace(ROBOT.situation(), peers=tuple(sorted(self.alive - {name})))
                state = self._state(name)
                found = self.desks[name].tend(self.now_ns, state, situation, cut=cut)
                if found is not None:
                    self.grown[name] = found
        return self

    def _state(self, name):
        state = self.states[name]
        seen = SkillMemory(seen=packed(self.seen[name]))
        return replace(state, jobs=tuple(replace(job, memory=seen) for job in state.jobs))

    def ends(self, name, status):
        ack = Ack(order_id='o1', status=status, reason='', stamp_ns=1)
        answered = (Answered(first=replace(ack, status=AckStatus.ACCEPTED), last=ack),)
        self.states[name] = replace(self.states[name], jobs=(), answered=answered)


def left_by(fleet, lost):
    """What of a lost robot's cells nobody has taken over."""
    taken = np.logical_or.reduce([unpacked(grown.bits) for grown in fleet.grown.values()])
    return PARTS[lost] & ~taken


def test_without_a_supervisor_the_others_take_over_all_that_a_lost_robot_had():
    fleet = Fleet().run(3, cut=True)
    assert fleet.grown == {}
    fleet.alive.remove('amr_2')
    fleet.run(12, cut=True)
    assert set(fleet.grown) == {'amr_1', 'amr_3'}
    assert not left_by(fleet, 'amr_2').any()
    assert all(grown.lost == ('amr_2',) for grown in fleet.grown.values())
    both = [unpacked(grown.bits) & PARTS['amr_2'] for grown in fleet.grown.values()]
    assert not (both[0] & both[1]).any()


def test_robots_of_two_classes_share_one_survey_and_settle():
    """They can stand on different floors, so each has a board of its own."""
    narrow = FLOOR & ndimage.binary_erosion(FLOOR, iterations=1)
    larger = replace(ROBOT.ground, survey_floor=narrow)
    fleet = Fleet()
    fleet.states['amr_3'] = replace(fleet.states['amr_3'], ground=larger)
    fleet.run(3, cut=True)
    fleet.alive.remove('amr_2')
    fleet.run(30, cut=True)
    assert not (left_by(fleet, 'amr_2') & narrow).any()
    fleet.grown = {}
    assert fleet.run(30, cut=True).grown == {}
    for name, other in (('amr_1', 'amr_3'), ('amr_3', 'amr_1')):
        (word,) = fleet.desks[name].words(fleet.now_ns, fleet.states[name])
        assert word.heard == (other,)


def test_what_the_lost_robot_had_told_to_be_done_is_not_done_again():
    fleet = Fleet()
    fleet.seen['amr_2'] = PARTS['amr_2'] & (np.arange(FLOOR.shape[0]) < 12)[:, None]
    fleet.run(7, cut=True)
    fleet.alive.remove('amr_2')
    fleet.run(12, cut=True)
    left = left_by(fleet, 'amr_2')
    assert left.any()
    assert not (left & ~fleet.seen['amr_2']).any()


def test_an_heir_of_an_heir_takes_over_too():
    fleet = Fleet().run(2, cut=True)
    fleet.alive.remove('amr_2')
    fleet.run(12, cut=True)
    fleet.alive.remove('amr_3')
    fleet.run(12, cut=True)
    assert (unpacked(fleet.grown['amr_1'].bits) == FLOOR & (sum(PARTS.values()) > 0)).all()


def test_what_was_taken_over_stays_with_its_heirs_when_the_link_is_back():
    fleet = Fleet().run(3, cut=True)
    fleet.alive.remove('amr_2')
    fleet.run(12, cut=True)
    before = {name: unpacked(grown.bits) for name, grown in fleet.grown.items()}
    fleet.grown = {}
    fleet.run(12, cut=False)
    assert fleet.grown == {}
    for name, region in before.items():
        words = fleet.desks[name].words(fleet.now_ns, fleet.states[name])
        (other,) = set(before) - {name}
        (taken,) = words[0].taken
        assert taken[0] == other
        assert (unpacked(taken[1]) == before[other] & PARTS['amr_2']).all()
        assert (region & PARTS['amr_2'] & before[other]).sum() == 0


def test_a_region_that_was_taken_over_does_not_shrink_with_each_block_that_is_seen():
    fleet = Fleet().run(3, cut=True)
    fleet.alive.remove('amr_2')
    fleet.run(12, cut=True)
    fleet.grown = {}
    for row in range(0, FLOOR.shape[0], 4):
        fleet.seen['amr_1'][: row + 4] = PARTS['amr_1'][: row + 4] | PARTS['amr_2'][: row + 4]
        fleet.run(1, cut=True)
    assert 'amr_1' not in fleet.grown
    done = fleet.desks['amr_1'].words(fleet.now_ns, fleet.states['amr_1'])[0].done
    assert (unpacked(done) & PARTS['amr_1']).any()


def test_a_peer_that_tells_no_more_is_not_counted_on():
    fleet = Fleet().run(3, cut=True)
    fleet.alive.remove('amr_2')
    fleet.run(3, cut=True)
    words = fleet.desks['amr_1'].words(fleet.now_ns, fleet.states['amr_1'])
    assert words[0].heard == ('amr_2', 'amr_3')
    fleet.run(15, cut=True)
    assert fleet.desks['amr_1'].words(fleet.now_ns, fleet.states['amr_1'])[0].heard == ('amr_3',)


def test_while_the_supervisor_is_there_nobody_is_taken_for_lost():
    fleet = Fleet().run(2, cut=False)
    fleet.alive.remove('amr_2')
    assert fleet.run(10, cut=False).grown == {}


def test_one_whose_part_is_done_takes_over_and_one_that_gave_up_is_taken_over():
    fleet = Fleet().run(2, cut=True)
    fleet.ends('amr_1', AckStatus.COMPLETED)
    fleet.ends('amr_2', AckStatus.FAILED)
    fleet.run(12, cut=True)
    assert 'amr_1' in fleet.grown
    assert not left_by(fleet, 'amr_2').any()


@pytest.mark.parametrize('text', ['', '{', '[]', '{"crew": 1}', 'null', '{"crew": "k"}'])
def test_a_text_that_makes_no_sense_is_no_news(text):
    assert from_text(text, 'amr_2', 'k') is None


def test_news_survive_the_blackboard_and_mean_nothing_in_another_crew():
    key, bits = crew_key(survey().crew), crew_of().params.parts[0].bits
    news = News(agent_id='amr_2', stamp_ns=7, part=bits, done=bits, cell=3, load=2.5)
    text = to_text(news, key)
    assert len(text) < 500
    assert from_text(text, 'amr_2', key) == news
    assert from_text(text, 'amr_2', 'other') is None
    assert from_text(text.replace('"part": "', '"part": "!'), 'amr_2', key) is None


def wider():
    return packed(PARTS['amr_1'] | PARTS['amr_2'])


def test_an_open_survey_grows_and_a_finished_one_is_taken_up_again_for_the_rest():
    robot = trusted()
    given = survey()
    robot.decide(orders=(given,))
    news = Widened(order=given, bits=wider(), lost=('amr_2',))
    said = robot.decide(widened=news)
    assert [note.type for note in said.notes].count('survey.taken_over') == 1
    assert robot.state.jobs[0].order.region.bits == wider()
    assert not robot.decide(widened=news).notes
    robot.state = replace(
        robot.state,
        jobs=(),
        answered=tuple(
            replace(one, last=replace(one.first, status=AckStatus.COMPLETED))
            for one in robot.state.answered
        ),
    )
    robot.decide(widened=news)
    (job,) = robot.state.jobs
    assert (unpacked(job.order.region.bits) == PARTS['amr_2']).all()
    assert robot.last().acks == ()


@pytest.mark.parametrize('why', ['stop', 'trust', 'battery', 'unknown'])
def test_nothing_is_taken_over_against_a_stop_trust_battery_or_without_an_order(why):
    robot = trusted()
    given = survey()
    if why != 'unknown':
        robot.decide(orders=(given,))
    if why == 'stop':
        robot.decide(stops=('operator',))
    if why == 'trust':
        robot.decide(token=replace(token(0, issued_s=1.0), mandate=MANDATE))
    if why == 'battery':
        robot.battery = 0.1
    robot.decide(widened=Widened(order=given, bits=wider(), lost=('amr_2',)))
    assert all(job.order.region.bits != wider() for job in robot.state.jobs)


def message(parts, bits=b'\x01\x02'):
    region = common_pb2.CellSet(resolution_m=0.25, width=4, height=4, bits=bits)
    crew = [mission_pb2.CrewPart(agent_id=name, bits=some) for name, some in parts]
    return mission_pb2.MissionOrder(
        order_id='o', survey=mission_pb2.Survey(region=region, crew=crew)
    )


@pytest.mark.parametrize(
    ('parts', 'count'),
    [
        ((('a', b'12'), ('b', b'34')), 2),
        ((('a', b'12'),), 0),
        ((('a', b'12'), ('a', b'34')), 0),
        ((('a', b'12'), ('b', b'3')), 0),
        (tuple((f'r{k}', b'12') for k in range(65)), 0),
    ],
)
def test_a_crew_that_does_not_fit_its_survey_is_no_crew(parts, count):
    assert len(to_order(message(parts)).crew) == count


def test_a_region_widened_by_a_part_holds_what_the_lost_had_in_it_and_no_more():
    crew = crew_of()
    part = crew.params.parts[1].bits
    region = unpacked(widened(crew, part, bytes(len(part)), frozenset({'amr_2'})))
    assert (PARTS['amr_1'] & ~region).sum() == 0
    assert (region & PARTS['amr_3']).sum() == 0
