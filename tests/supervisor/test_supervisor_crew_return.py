# SPDX-License-Identifier: Apache-2.0
"""A robot is lost while the link is cut: its peers take over, and the supervisor gives way.

The real supervisor (without its gRPC service) and the real planner cores with their crew desks,
by a clock that is moved by hand; what a robot has seen is set by hand, too.
"""

import asyncio
import itertools
from dataclasses import replace

import numpy as np
import pytest
from supervisor_room import write_fleet
from swarm.v1 import common_pb2, mission_pb2, operator_pb2

from swarm_agent.planner.core import CORE
from swarm_agent.planner.core.orders import AckStatus
from swarm_agent.planner.core.sweep.crew import CORE as CREW
from swarm_agent.planner.core.types import BatteryView, Inputs, SituationView, Tuning
from swarm_agent.planner.crew_desk import CrewDesk
from swarm_agent.planner.parameters import Settings as PlannerSettings
from swarm_agent.planner.parameters import params_of
from swarm_agent.planner.wire import Region, Report, from_ack, to_order, to_telemetry
from swarm_config.fleets import load_fleet
from swarm_supervisor import liaison
from swarm_supervisor.building import build
from swarm_supervisor.missions import COMPLETED, MissionStatus
from swarm_supervisor.operations import submit
from swarm_supervisor.roster import Standing
from swarm_supervisor.settings import Settings
from swarm_supervisor.settling import settle
from swarm_supervisor.watchkeeping import look_after_members
from swarm_vault.keys import OPERATOR
from swarm_vault.laws.wire import to_token

SECOND = 1_000_000_000
BEGAN_NS = 1_700_000_000 * SECOND
NAMES = ('amr_1', 'amr_2', 'tb4_1')
LOST, HEIRS = 'amr_2', ('amr_1', 'tb4_1')


class Board:
    """A blackboard between the desks, and records that nobody keeps."""

    def __init__(self):
        self.texts, self.read = [], dict.fromkeys(NAMES, 0)

    def voice(self, name):
        return Voice(self, name)


class Voice:
    def __init__(self, board, name):
        self._board, self._name = board, name

    def tell_board(self, mission_id, section, text):
        self._board.texts.append((section, mission_id, self._name, text))

    def board_texts(self, section):
        texts, begin = self._board.texts, self._board.read[self._name]
        self._board.read[self._name] = len(texts)
        return [text[1:] for text in texts[begin:] if text[0] == section]


class Records:
    start_crew = staticmethod(CREW.initial)
    decide_crew = staticmethod(CREW.decide)


class Robot:
    """One planner: its core and its crew desk; it drives nowhere."""

    def __init__(self, fleet, name, board):
        robot = fleet.robot(name)
        self.name, self.pose = name, robot.start
        self.params = params_of(fleet, robot, PlannerSettings(), Tuning(), 'somewhere')
        self.state = CORE.initial(self.params)
        self.desk = CrewDesk(name, Records(), board.voice(name))
        self.seen = np.zeros_like(self.state.ground.survey_floor)
        self.outputs, self.linked, self.peers, self.acks, self.notes = None, True, (), [], []

    def situation(self, now_ns):
        return SituationView(
            heard_ns=now_ns,
            pose=self.pose,
            intent_id=0,
            nav_state=0,
            reason='',
            match_quality=0.9,
            violations=0,
            peers=self.peers,
            seen=np.packbits(self.seen).tobytes(),
        )

    def tick(self, now_ns, **news):
        cut = self.state.unlinked_ns is not None and now_ns - self.state.unlinked_ns >= 2 * SECOND
        grown = self.desk.tend(now_ns, self.state, self.situation(now_ns), cut=cut)
        inputs = Inputs(
            now_ns=now_ns,
            wall_ns=now_ns,
            situation=self.situation(now_ns),
            battery=BatteryView(heard_ns=now_ns, share=0.9),
            linked=self.linked,
            widened=grown,
            taken=self.desk.taken(now_ns) if news.get('orders') else (),
            **news,
        )
        self.state, self.outputs = CORE.decide(self.state, inputs, self.params)
        self.acks += self.outputs.acks
        self.notes += self.outputs.notes

    def telemetry(self, now_ns):
        ground = self.state.ground
        rows, cols = ground.survey_floor.shape
        bits = np.packbits(self.seen).tobytes()
        cell_m = ground.survey_cell_m
        return to_telemetry(
            Report(
                pose=self.pose,
                seen=Region(resolution_m=cell_m, width=cols, height=rows, bits=bits),
            ),
            self.outputs,
            stamp_ns=now_ns,
            battery=0.9,
            with_seen=True,
            crew=self.desk.words(now_ns, self.state),
        )

    def held(self):
        """What it surveys, over all its open orders."""
        masks = [unpacked(job.order.region.bits, self.seen.shape) for job in self.state.jobs]
        return np.logical_or.reduce(masks) if masks else np.zeros_like(self.seen)


def unpacked(bits, shape):
    size = shape[0] * shape[1]
    return np.unpackbits(np.frombuffer(bits, np.uint8), count=size).reshape(shape).astype(bool)


class Play:
    """The supervisor and its three robots on one clock."""

    def __init__(self, folder, lost_after_s=120.0):
        fleet = load_fleet(write_fleet(folder, 3))
        settings = Settings(lost_after_s=lost_after_s, leave_out_m2=0.5)
        self.hq = build(fleet, folder / 'vault', settings)
        self.now_ns = BEGAN_NS
        self.hq.clock = lambda: self.now_ns
        board = Board()
        self.robots = {name: Robot(fleet, name, board) for name in NAMES}
        self.living, self.sessions = set(NAMES), {}
        for name in NAMES:
            self.link(name)
            self.tell(name)
        request = operator_pb2.SubmitRequest(
            request_id='r', operator='ada', text='survey the whole room'
        )
        ada = self.hq.register.principal(OPERATOR, 'ada')
        assert asyncio.run(submit(self.hq, request, ada)).accepted
        (self.mission,) = self.hq.missions
        self.step(2)
        self.parts = {name: robot.held() for name, robot in self.robots.items()}
        assert all(part.any() for part in self.parts.values())

    def close(self):
        for part in (self.hq.recorder, self.hq.mirror, self.hq.store):
            part.close()

    def link(self, name):
        """Open a robot's link: its hello, with how it says its orders stand."""
        robot = self.robots[name]
        last = {ack.order_id: from_ack(ack) for ack in robot.acks}
        pose = common_pb2.Pose2D(x_m=robot.pose[0], y_m=robot.pose[1])
        hello = mission_pb2.Hello(agent_id=name, pose=pose, open_orders=list(last.values()))
        self.sessions[name] = session = self.hq.post.open(name)
        asyncio.run(liaison.welcome(self.hq, session, hello))
        robot.linked = True

    def cut(self):
        for name, session in self.sessions.items():
            self.hq.post.close(session)
            liaison.unlinked(self.hq, self.hq.roster[name])
            self.robots[name].linked = False

    def tell(self, name):
        """What has come down to a robot, its answers, and its telemetry."""
        robot, session = self.robots[name], self.sessions[name]
        news = {'orders': [], 'recalls': [], 'token': None}
        while not session.outbox.empty():
            down = session.outbox.get_nowait()
            kind = down.WhichOneof('down')
            if kind == 'order':
                order = mission_pb2.MissionOrder.FromString(down.order.payload)
                news['orders'].append(to_order(order))
            elif kind in ('welcome', 'tier_token'):
                signed = down.welcome.tier_token if kind == 'welcome' else down.tier_token
                news['token'] = to_token(mission_pb2.TierToken.FromString(signed.payload))
        known = len(robot.acks)
        news = {'orders': tuple(news['orders']), 'token': news['token']}
        robot.tick(self.now_ns, **news)
        for ack in robot.acks[known:]:
            liaison.take_ack(self.hq, self.hq.roster[name], from_ack(ack))
        liaison.take_telemetry(self.hq, self.hq.roster[name], robot.telemetry(self.now_ns))

    def settle(self):
        look_after_members(self.hq, BEGAN_NS)
        asyncio.run(settle(self.hq))

    def step(self, seconds, *, watched=True):
        """Let everybody go on; the supervisor looks once a second."""
        for _ in range(seconds):
            self.now_ns += SECOND
            for name in sorted(self.living):
                robot = self.robots[name]
                robot.peers = tuple(sorted(self.living - {name}))
                if robot.linked:
                    self.tell(name)
                else:
                    robot.tick(self.now_ns)
            if watched:
                self.settle()

    def lose(self):
        """The link is cut, one robot ends, and its peers take its part over."""
        self.step(3)
        self.cut()
        self.step(6)
        self.living.remove(LOST)
        self.step(12)
        taken = [self.robots[name].held() & self.parts[LOST] for name in HEIRS]
        assert (np.logical_or(*taken) == self.parts[LOST]).all()
        assert not np.logical_and(*taken).any()

    def given(self):
        return [order.agent_id for order in self.mission.orders]

    def order_of(self, name):
        return next(order for order in self.mission.orders if order.agent_id == name)


@pytest.fixture
def play(tmp_path):
    made = Play(tmp_path)
    yield made
    made.close()


@pytest.mark.parametrize('order', list(itertools.permutations(HEIRS)))
def test_what_peers_took_over_is_not_given_away_again_whoever_is_back_first(play, order):
    play.lose()
    for name in order:
        play.link(name)
        play.settle()
        play.tell(name)
        play.settle()
    play.step(3)
    play.now_ns += 120 * SECOND
    for name in order:
        play.tell(name)
        play.settle()
    assert play.hq.roster[LOST].standing is Standing.LOST
    assert play.given() == list(NAMES)
    assert not play.order_of(LOST).replaced
    for name in HEIRS:
        play.robots[name].seen |= play.robots[name].held()
    play.step(2)
    assert play.order_of(LOST).replaced
    assert play.given() == list(NAMES)
    for name in HEIRS:
        ack = mission_pb2.OrderAck(order_id=play.order_of(name).order_id, status=COMPLETED)
        liaison.take_ack(play.hq, play.hq.roster[name], ack)
    play.settle()
    assert play.mission.status is MissionStatus.COMPLETE


@pytest.mark.parametrize('first', HEIRS)
def test_after_a_cut_in_which_all_were_lost_the_first_one_back_does_not_get_everything(
    tmp_path, first
):
    play = Play(tmp_path, lost_after_s=10.0)
    play.lose()
    assert {member.standing for member in play.hq.roster} == {Standing.LOST}
    play.link(first)
    play.settle()
    play.step(5)
    assert play.given() == list(NAMES)
    play.link(next(name for name in HEIRS if name != first))
    play.step(5)
    assert play.given() == list(NAMES)
    play.close()


def test_when_an_heir_is_lost_too_its_share_and_what_it_took_over_go_to_the_last(play):
    play.lose()
    for name in HEIRS:
        play.link(name)
    play.step(2)
    play.now_ns += 120 * SECOND
    play.step(1)
    play.living.remove('tb4_1')
    for _ in range(25):
        play.now_ns += 5 * SECOND
        play.tell('amr_1')
    play.step(3)
    assert play.hq.roster['tb4_1'].standing is Standing.LOST
    assert set(play.given()[3:]) == {'amr_1'}
    everything = np.logical_or.reduce(list(play.parts.values()))
    assert (play.robots['amr_1'].held() == everything).all()


def test_where_nobody_took_it_over_a_lost_robots_part_is_given_away_as_ever(play):
    play.step(3)
    play.living.remove(LOST)
    play.hq.post.close(play.sessions[LOST])
    liaison.unlinked(play.hq, play.hq.roster[LOST])
    for _ in range(25):
        play.now_ns += 5 * SECOND
        for name in HEIRS:
            play.robots[name].peers = ()
            play.tell(name)
    play.step(2)
    assert len(play.given()) > len(NAMES)
    assert play.order_of(LOST).replaced
    held = np.logical_or(*(play.robots[name].held() for name in HEIRS))
    assert (held & play.parts[LOST] == play.parts[LOST]).all()


def stale_order(play, name, cells, order_id='m-9'):
    """An order that was decided without the news of the takeover."""
    task = play.order_of(name).task()
    task.order_id = order_id
    task.survey.region.bits = np.packbits(cells).tobytes()
    del task.survey.crew[:]
    return replace(to_order(task), mission_id=play.mission.mission_id)


def test_an_order_for_cells_that_were_taken_over_is_refused_with_the_reason(play):
    play.lose()
    for name in HEIRS:
        given = stale_order(play, name, play.parts[LOST])
        play.robots[name].tick(play.now_ns, orders=(given,))
        refused = [a for a in play.robots[name].acks if a.order_id == 'm-9']
        assert [ack.status for ack in refused] == [AckStatus.REFUSED]
        assert 'taken over before' in refused[0].reason


def test_an_order_that_holds_more_than_was_taken_over_is_done_without_that(play):
    play.lose()
    robot = play.robots['amr_1']
    both = play.parts[LOST] | play.parts['tb4_1']
    robot.tick(play.now_ns, orders=(stale_order(play, 'amr_1', both),))
    (job,) = (job for job in robot.state.jobs if job.order.order_id == 'm-9')
    left = unpacked(job.order.region.bits, robot.seen.shape)
    assert (left == play.parts['tb4_1'] & robot.state.ground.survey_floor).all()
    assert 'survey.trimmed' in [note.type for note in robot.notes]


def test_an_order_of_another_mission_is_not_trimmed(play):
    play.lose()
    robot = play.robots['amr_1']
    given = replace(stale_order(play, 'amr_1', play.parts[LOST]), mission_id='m-other')
    robot.tick(play.now_ns, orders=(given,))
    assert any(job.order.order_id == 'm-9' for job in robot.state.jobs)
