# SPDX-License-Identifier: Apache-2.0
"""Joint decisions over real Zenoh sessions on loopback, recorded and replayed."""

import json
import time
from contextlib import ExitStack

import pytest
from mesh_air import fleet_file, until

from swarm_agent.mesh.core.joint import Standpoint
from swarm_agent.mesh.joint_desk import JointDesk, joint_wish, place_in
from swarm_agent.mesh.session import MeshSession
from swarm_vault.keys import ensure_authority
from swarm_vault.recorder import Recorder
from swarm_vault.replay import replay_bag

NAMES = ('amr_1', 'amr_2', 'tb4_1')
ME = Standpoint(position=(0.0, 0.0), path=(), goal=None, held='')


class Robot:
    """Session, recorder and desk of one robot."""

    def __init__(self, name, fleet, vault):
        self.session = MeshSession(name, fleet, vault)
        self.recorder = Recorder(vault_dir=vault, agent_id=name, writer='situation')
        skills = {'look': lambda argument: json.dumps(place_in(argument))}
        self.desk = JointDesk(self.recorder, self.session, name, skills)
        self.events = []

    def tick(self):
        heard = self.session.drain()
        said = self.desk.tend(time.monotonic_ns(), heard.joint, self.session.there, ME)
        self.events += [(event.type_, dict(event.data)) for event in said]

    def close(self):
        self.session.close()
        self.recorder.close()

    def told(self, type_):
        return [data for said, data in self.events if said == type_]


@pytest.fixture
def robots(tmp_path):
    fleet = fleet_file(tmp_path)
    ensure_authority(tmp_path, NAMES)
    with ExitStack() as stack:
        made = [Robot(name, fleet, tmp_path) for name in NAMES]
        for robot in made:
            stack.callback(robot.close)
        everybody = [set(NAMES) - {robot.session._agent_id} for robot in made]
        assert until(
            lambda: all(
                {name for name, there in robot.session._alive.items() if there} >= others
                for robot, others in zip(made, everybody, strict=True)
            )
        )
        yield made


def run(robots, done):
    def step():
        for robot in robots:
            robot.tick()
        return done()

    assert until(step)


def test_three_robots_vote_write_and_lend_a_hand_and_replay_says_the_same(robots, tmp_path):
    a, b, c = robots
    call = {'topic': 'close', 'text': 'close the aisle?', 'required': NAMES[1:], 'within_s': 20}
    a.desk.wish(joint_wish('vote.call', json.dumps(call)))
    b.desk.wish(joint_wish('blackboard.write', '{"to": "m1", "topic": "problem", "text": "dust"}'))
    ask = {'to': 'amr_1', 'topic': 'look', 'text': '{"x": 1, "y": 2}'}
    c.desk.wish(joint_wish('hand.ask', json.dumps(ask)))

    def done():
        closed = all(robot.told('vote.closed') for robot in robots)
        read = all(robot.told('blackboard.written') for robot in robots)
        return closed and read and c.told('hand.answered')

    run(robots, done)
    assert {robot.told('vote.closed')[0]['status'] for robot in robots} == {'passed'}
    assert (
        c.told('hand.answered')[0] | {'status': 'done', 'result': '[1.0, 2.0]'}
        == (c.told('hand.answered')[0])
    )
    assert all(robot.session.dropped == {} for robot in robots)
    for robot in robots:
        robot.recorder.close()
    bags = sorted((tmp_path / 'bags').rglob('*.mcap'))
    reports = [replay_bag(bag) for bag in bags]
    assert len(reports) == 3
    assert all(report.decisions_reproduced > 0 and not report.reasons for report in reports)


def test_who_comes_later_reads_the_blackboard_also_of_one_that_has_left(tmp_path):
    fleet = fleet_file(tmp_path)
    ensure_authority(tmp_path, NAMES)
    a, b = (Robot(name, fleet, tmp_path) for name in NAMES[:2])
    a.desk.wish(joint_wish('blackboard.write', '{"to": "m1", "topic": "progress", "text": "1/3"}'))

    def read():
        a.tick()
        b.tick()
        return b.told('blackboard.written')

    assert until(lambda: a.session._alive.get('amr_2') and b.session._alive.get('amr_1'))
    assert until(read)
    a.close()
    c = Robot('tb4_1', fleet, tmp_path)
    assert until(lambda: c.tick() or c.told('blackboard.written'))
    assert c.told('blackboard.written')[0]['text'] == '1/3'
    b.close()
    c.close()


@pytest.mark.parametrize(
    ('type_', 'data', 'why'),
    [
        ('dance', '{}', 'expected one of'),
        ('vote.call', '{"topic": "a b"}', 'topic'),
        ('vote.call', '{}', 'topic: expected a name'),
        ('hand.ask', '{"topic": "look"}', 'to: expected'),
        ('vote.call', 'nonsense', 'data'),
        ('vote.cast', '{"to": "x", "ballot": "perhaps"}', 'ballot'),
    ],
)
def test_a_wish_that_makes_no_sense_is_refused_in_a_sentence(type_, data, why):
    with pytest.raises(ValueError, match=why):
        joint_wish(type_, data)
