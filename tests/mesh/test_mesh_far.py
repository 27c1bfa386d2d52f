# SPDX-License-Identifier: Apache-2.0
"""Who is too far away for its intents to be heard is there all the same, until it is not."""

import itertools
import threading
import time

import pytest
from mesh_air import fleet_file, until
from swarm.v1 import common_pb2, mesh_pb2

from swarm_agent.mesh.beats import BEAT_S, SPREAD_S, Beats
from swarm_agent.mesh.gate import Gate, came
from swarm_agent.mesh.hearing import QUIET_NS, Hearing
from swarm_agent.mesh.session import STAY_M, MeshSession
from swarm_vault.keys import ensure_authority, load_signer, load_trust

NS = 10**9
QUIET_S = QUIET_NS / NS
STANDS = {'amr_2': True}
SEQUENCE = itertools.count(1)


@pytest.fixture(scope='module')
def keys(tmp_path_factory):
    folder = tmp_path_factory.mktemp('keys')
    ensure_authority(folder, ['amr_1', 'amr_2', 'tb4_1'])
    return folder


class Ear:
    """What amr_1 believes, by a clock that is moved by hand."""

    def __init__(self, keys) -> None:
        self.now_ns = 100 * NS
        self.gate = Gate('amr_1', load_trust(keys), lambda: self.now_ns)
        self.hearing = Hearing('amr_1', self.gate)

    def there(self, *said, after_s=0.0, tokens=STANDS):
        for data in said:
            self.gate.put('beat', data)
        self.now_ns += int(after_s * NS)
        self.hearing.drain(self.now_ns, tokens)
        return self.hearing.there(self.now_ns, tokens)


@pytest.fixture
def ear(keys):
    return Ear(keys)


def beat(keys, author, name=None):
    message = mesh_pb2.Beat(agent_id=name or author, stamp_ns=time.time_ns())
    payload = message.SerializeToString()
    return bytes(
        load_signer(keys, author)
        .sign('swarm.v1.Beat', next(SEQUENCE), payload)
        .SerializeToString()
    )


def intent(agent, x_m):
    return mesh_pb2.PeerIntent(
        agent_id=agent,
        stamp_ns=time.time_ns(),
        pose=common_pb2.Pose2D(x_m=x_m, y_m=2.0),
        radius_m=0.28,
    )


def test_who_beats_and_has_a_token_is_there(keys, ear):
    assert ear.there(beat(keys, 'amr_2')) == ('amr_2',)
    assert ear.there(after_s=2 * BEAT_S) == ('amr_2',)


def test_a_frozen_robot_whose_token_stands_is_not_there_after_two_lost_beats(keys, ear):
    ear.there(beat(keys, 'amr_2'))
    assert ear.there(after_s=QUIET_S) == ()
    assert ear.there(beat(keys, 'amr_2')) == ('amr_2',)


def test_a_killed_robot_is_not_there_as_soon_as_its_token_has_gone(keys, ear):
    ear.there(beat(keys, 'amr_2'))
    assert ear.there(tokens={'amr_2': False}) == ()


def test_a_token_that_nobody_signs_for_and_a_replayed_beat_make_nobody_be_there(keys, ear):
    said = beat(keys, 'amr_2')
    assert ear.there() == ()
    ear.there(said)
    ear.there(said, after_s=QUIET_S / 2)
    assert ear.there(said, after_s=QUIET_S / 2) == ()
    assert ear.gate.dropped == {'beat: replayed': 1}


def test_who_beats_in_anothers_name_makes_nobody_be_there(keys, ear):
    ear.there(beat(keys, 'tb4_1', name='amr_2'))
    assert ear.gate.dropped == {'beat: speaks for another robot': 1}
    assert ear.there(beat(keys, 'amr_2')) == ('amr_2',)


def test_a_forger_that_beats_in_anothers_name_does_not_hide_its_beat(keys, ear):
    forged = common_pb2.Signed.FromString(beat(keys, 'amr_2'))
    forged.payload = b'x'
    data = forged.SerializeToString()
    assert ear.there(data, beat(keys, 'amr_2'), data) == ('amr_2',)
    assert ear.gate.dropped == {'beat: signature not accepted': 1}


def test_of_one_that_was_just_heard_a_beat_is_not_verified_and_nobody_wakes(keys, ear):
    ear.there(beat(keys, 'amr_2'))
    verified = []
    ear.gate._verify = lambda *_: verified.append(1)
    assert ear.there(beat(keys, 'amr_2')) == ('amr_2',)
    assert (verified, ear.gate.arrived.is_set()) == ([], False)


@pytest.fixture
def pair(keys, tmp_path):
    fleet = fleet_file(tmp_path)
    assert fleet.file.mesh.tile_m > 0.0
    sessions = [MeshSession(name, fleet, keys) for name in ('amr_1', 'amr_2')]
    yield sessions
    for session in sessions:
        session.close()


def test_robots_too_far_for_intents_are_there_for_each_other_and_gone_with_the_token(pair):
    a, b = pair

    def both():
        a.publish_intent(intent('amr_1', 0.0))
        b.publish_intent(intent('amr_2', 500.0))
        a.drain(), b.drain()
        return (a.there, b.there) == (('amr_2',), ('amr_1',))

    assert until(both)
    before = b.traffic['heard_messages']
    a.publish_intent(intent('amr_1', 1.0))
    pair.remove(b)
    b.close()
    assert until(lambda: a.there == ())
    assert b.traffic['heard_messages'] == before


def test_who_has_not_told_its_place_hears_everybody(pair):
    a, b = pair

    def heard():
        a.publish_intent(intent('amr_1', 500.0))
        return b.drain().peers

    assert until(heard)


def test_a_robot_on_the_border_of_two_tiles_listens_around_one_of_them(keys, tmp_path):
    session = MeshSession('amr_1', fleet_file(tmp_path, 'tile_m: 20.0'), keys)
    listening = []
    for x_m in (19.9, 20.1, 19.9, 20.0 + STAY_M, 20.1 + STAY_M, 19.9):
        session.publish_intent(intent('amr_1', x_m))
        listening.append(dict(session._near))
    session.close()
    assert all(near == listening[0] for near in listening[:4])
    assert listening[4].keys() == set(itertools.product((0, 1, 2), (-1, 0, 1)))
    assert all(listening[4][tile] is listening[0][tile] for tile in ((0, 0), (1, 1)))
    assert listening[5] == listening[4]


def test_robots_that_start_together_do_not_go_on_beating_together():
    two = [Beats('amr_1'), Beats('amr_2')]
    assert [beats.due(0) for beats in two] == [True, True]
    second = [next(ms for ms in itertools.count() if beats.due(ms * 10**6)) for beats in two]
    assert all((BEAT_S - SPREAD_S) * 1000 <= ms <= BEAT_S * 1000 for ms in second)
    assert abs(second[0] - second[1]) > 20


def test_who_comes_is_told_within_a_second_and_tokens_that_come_and_go_put_no_beat_off():
    beats = Beats('amr_1')
    assert beats.due(0)
    for ms in range(0, int(SPREAD_S * 1000), 10):
        beats.soon(ms * 10**6)
    assert beats.due(int(SPREAD_S * NS))


class SetLate(threading.Event):
    """Is set just after a wait for it has ended."""

    def wait(self, timeout=None):
        assert timeout == 0.2
        self.set()
        return False


def test_what_comes_just_as_a_wait_ends_wakes_the_next_one():
    event = SetLate()
    assert not came(event, 0.2)
    assert event.is_set()


def test_what_has_come_wakes_once():
    event = threading.Event()
    event.set()
    assert came(event, 0.0)
    assert not came(event, 0.0)
