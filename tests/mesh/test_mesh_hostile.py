# SPDX-License-Identifier: Apache-2.0
"""Hostile and broken peers: throttled, bounded, doubted; a liar slows others, no two touch."""

import itertools
import math
import random
import time
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mesh_toy_world import NS, Network, World
from swarm.v1 import common_pb2, mesh_pb2
from test_mesh_decide import claim, me, peer, tick
from test_mesh_right_of_way import random_world

from swarm_agent.mesh.core import (
    Claim,
    ClaimKind,
    Hazard,
    RightOfWayState,
)
from swarm_agent.mesh.core.bucket import Rate, full, refilled, taken
from swarm_agent.mesh.core.hazards import MOST_OF_ONE, living, reported, summed_up
from swarm_agent.mesh.core.plausible import DOUBT_NS, follow
from swarm_agent.mesh.gate import BUDGET, LANE, WELCOME, Gate
from swarm_agent.mesh.hearing import Hearing
from swarm_agent.mesh.wire import MAX_SPEED_MPS
from swarm_vault.keys import ensure_authority, load_signer, load_trust


@pytest.fixture(scope='module')
def keys(tmp_path_factory):
    folder = tmp_path_factory.mktemp('keys')
    ensure_authority(folder, ['a', 'b', 'c'])
    return folder


@pytest.fixture
def ear(keys):
    gate = Gate('a', load_trust(keys))
    return gate, Hearing('a', gate)


SEQUENCE = itertools.count(time.time_ns())


def said_by(keys, author, **more):
    fields = {'agent_id': author, 'stamp_ns': time.time_ns(), 'radius_m': 0.3} | more
    intent = mesh_pb2.PeerIntent(**fields)
    payload = intent.SerializeToString()
    signed = load_signer(keys, author).sign('swarm.v1.PeerIntent', next(SEQUENCE), payload)
    return signed.SerializeToString()


def test_a_member_that_floods_is_cut_off_and_the_others_are_heard(keys, ear):
    gate, hearing = ear
    flood = [said_by(keys, 'b') for _ in range(LANE)]
    for data in flood * 3:
        gate.put('intent', data)
    gate.put('intent', said_by(keys, 'c'))
    peers = hearing.drain(time.monotonic_ns(), {}).peers
    assert {one.agent_id for one in peers} == {'b', 'c'}
    assert gate.dropped['intent: flood'] >= 2 * LANE


@pytest.mark.parametrize('kind', ['intent', 'heads'])
def test_a_flood_over_many_drains_costs_no_more_than_the_rate(keys, ear, monkeypatch, kind):
    gate, hearing = ear
    looked = []
    verify = Gate._verify
    monkeypatch.setattr(Gate, '_verify', lambda *told: (looked.append(1), verify(*told)))
    for k in range(10):
        for _ in range(LANE):
            gate.put(kind, said_by(keys, 'b'))
        hearing.drain(NS + k * NS // 10, {})
    assert 0 < len(looked) <= WELCOME.burst + WELCOME.per_s + 1


def test_one_drain_looks_at_no_more_than_its_budget(keys, ear):
    gate, _ = ear
    assert BUDGET >= LANE
    for author in 'bc':
        for _ in range(LANE):
            gate.put('intent', said_by(keys, author))
    assert len(list(gate.take(NS))) <= BUDGET


def test_forgeries_in_anothers_name_do_not_silence_it(keys, ear):
    gate, hearing = ear
    real = common_pb2.Signed.FromString(said_by(keys, 'b'))
    forged = common_pb2.Signed()
    forged.CopyFrom(real)
    forged.payload = b'x'
    for _ in range(40):
        gate.put('intent', forged.SerializeToString())
    gate.put('intent', real.SerializeToString())
    assert [one.agent_id for one in hearing.drain(NS, {}).peers] == ['b']
    assert gate.dropped == {'intent: signature not accepted': 40}


def test_a_stranger_gets_no_lane(keys, ear):
    gate, _ = ear
    stranger = common_pb2.Signed(agent_id='mallory', domain='swarm.v1.PeerIntent')
    gate.put('intent', stranger.SerializeToString())
    assert gate.dropped['intent: author is no member'] == 1
    assert gate.waiting == 0


@pytest.mark.parametrize('speed', [MAX_SPEED_MPS * 1.01, -MAX_SPEED_MPS * 2, math.inf])
def test_a_speed_that_no_robot_drives_is_not_believed(keys, ear, speed):
    gate, hearing = ear
    gate.put('intent', said_by(keys, 'b', speed_mps=speed))
    assert hearing.drain(NS, {}).peers == ()
    assert sum(gate.dropped.values()) == 1


def test_a_peer_that_leaps_is_not_believed_until_it_has_stayed_there():
    track, believed = follow(None, (0.0, 0.0, 0.0), 0)
    assert believed
    track, believed = follow(track, (30.0, 0.0, 0.0), NS // 10)
    assert not believed
    track, believed = follow(track, (0.2, 0.0, 0.0), NS // 5)
    assert believed
    for k in range(40):
        at_ns = NS + k * NS // 10
        track, believed = follow(track, (30.0, 0.01 * k, 0.0), at_ns)
        assert believed == (at_ns - NS >= DOUBT_NS)


def test_a_bucket_lets_its_burst_through_and_then_its_rate():
    rate = Rate(per_s=10.0, burst=5.0)
    bucket, through = full(rate, 0), 0
    for k in range(1000):
        bucket = refilled(bucket, rate, k * NS // 1000)
        if bucket.left >= 1.0:
            bucket, through = taken(bucket, 1.0), through + 1
    assert 14 <= through <= 15


def hazard(reporter, x=0.0, heard_s=1.0, **more):
    fields = {
        'hazard_id': f'obstacle/{x}_0', 'kind': 'obstacle', 'reporter': reporter,
        'position': (x, 0.0), 'radius_m': 0.3, 'heard_ns': round(heard_s * NS), 'ttl_s': 10.0,
    }  # fmt: skip
    return Hazard(**(fields | more))


def test_a_hazard_is_joined_confirmed_and_aged():
    board = reported((), hazard('b'), gone=False)
    board = reported(board, hazard('c', x=0.4, heard_s=3.0, radius_m=0.5), gone=False)
    (known,) = summed_up(living(board, 4 * NS), 4 * NS)
    assert known.confirmed_by == ('b', 'c')
    assert known.hazard_id == 'obstacle/0.0_0'
    assert (known.radius_m, known.age_s) == (0.5, 3.0)


def test_a_hazard_ends_when_as_many_say_that_it_is_gone_or_nobody_speaks_of_it():
    board = reported((), hazard('b'), gone=False)
    denied = reported(board, hazard('c'), gone=True)
    assert living(denied, 2 * NS) == ()
    assert living(reported(denied, hazard('d'), gone=False), 2 * NS)
    assert living(board, 12 * NS) == ()


REPORTS = st.lists(
    st.tuples(st.sampled_from('bcd'), st.booleans(), st.integers(1, 9), st.integers(0, 5)),
    max_size=12,
)


@given(REPORTS)
def test_what_holds_of_a_hazard_is_what_counting_its_words_anew_gives(reports):
    board, said, now_s = (), {}, 1
    for reporter, gone, ttl_s, later_s in reports:
        told = hazard(reporter, heard_s=now_s, ttl_s=float(ttl_s), radius_m=0.1 * ttl_s)
        board = reported(board, told, gone=gone)
        if said or not gone:
            said[reporter] = (gone, told)
        now_s += later_s
        said = {name: (g, h) for name, (g, h) in said.items() if now_s < h.heard_ns / NS + h.ttl_s}
        there = {name: h for name, (g, h) in said.items() if not g}
        said = said if 2 * len(there) > len(said) else {}
        board = living(board, now_s * NS)
        known = summed_up(board, now_s * NS)
        assert [one.confirmed_by for one in known] == [tuple(sorted(there))] * bool(said)
        assert [one.radius_m for one in known] == [
            max(h.radius_m for h in there.values()) for _ in known
        ]


def test_one_liar_cannot_fill_the_world_with_hazards_nor_deny_what_two_see():
    board = ()
    for k in range(100):
        board = reported(board, hazard('liar', x=2.0 * k), gone=False)
    assert len(board) == MOST_OF_ONE
    both = reported(reported((), hazard('b'), gone=False), hazard('c'), gone=False)
    assert living(reported(both, hazard('liar'), gone=True), 2 * NS)


def test_one_that_broke_a_promise_is_believed_only_when_it_is_seen_to_keep_one():
    doubt = RightOfWayState(doubted=(('b', 99 * NS),))
    for before, kind in ((RightOfWayState(), 'go'), (doubt, 'wait')):
        state, out = tick(before, me('a'), peer('b'))
        promise = claim(
            ClaimKind.PROMISE, out.claims[0].claim_id, 'b', 'a', place=(3.0, -1.2), reason='waits'
        )
        after, out = tick(state, me('a'), peer('b'), claims=[promise], now_s=10.1)
        assert out.advice.kind == kind
        there = peer('b', pose=(3.0, -1.2, 1.57), speed_mps=0.0)
        _, out = tick(after, me('a'), there, now_s=10.2)
        assert out.advice.kind == 'go'


def test_doubt_ends_after_a_while():
    state, _ = tick(RightOfWayState(doubted=(('b', 9 * NS), ('c', 11 * NS))), me('a'))
    assert state.doubted == (('c', 11 * NS),)


LIES_S = 15.0


class LyingWorld(World):
    """One robot says whatever it likes, signed and well-formed; the others see it by lidar."""

    def __init__(self, world, seed):
        super().__init__(robots=world.robots, network=Network(seed=seed))
        self.random = random.Random(seed)
        self.liar = self.robots[-1]
        self.honest = self.robots[:-1]
        self.honest_gap_m = math.inf
        self.now_ns = 0
        for robot in self.honest:
            robot.sensed = lambda robot=robot: [(self.liar.at, self.liar.radius_m)]
        announce = self.liar.announce
        self.liar.announce = lambda now_ns: self.lie(announce(now_ns))

    def lie(self, truth):
        rnd = self.random
        if rnd.random() < 0.3:
            return truth
        other = rnd.choice(self.honest)
        near = (other.at[0] + rnd.uniform(-2, 2), other.at[1] + rnd.uniform(-2, 2), 0.0)
        path = tuple((near[0] + 0.2 * k * rnd.choice((-1, 1)), near[1]) for k in range(20))
        return replace(
            truth, pose=near, path=path, priority=rnd.choice((1, 3, 6)), state=rnd.randint(0, 5),
            speed_mps=rnd.uniform(-5, 5), radius_m=rnd.choice((0.1, 0.3, 2.0)),
            waited_ms=rnd.choice((0, 10**9)), yields_to=rnd.choice(('', other.agent_id)),
        )  # fmt: skip

    def tick(self):
        rnd = self.random
        for robot in self.honest:
            if rnd.random() < 0.2:
                robot.inbox.append(self.false_claim(robot))
        super().tick()
        for a, b in itertools.combinations(self.honest, 2):
            gap = math.dist(a.at, b.at) - a.radius_m - b.radius_m
            self.honest_gap_m = min(self.honest_gap_m, gap)

    def false_claim(self, to):
        rnd = self.random
        mine = [one.claim_id for one in to.state.encounters if one.peer == self.liar.agent_id]
        return Claim(
            claim_id=rnd.choice([*mine, f'x{rnd.randint(0, 9)}']), kind=rnd.randint(0, 5),
            from_agent=self.liar.agent_id, to_agent=to.agent_id, priority=6, waited_ms=10**9,
            path=tuple((to.at[0] + 0.25 * k, to.at[1]) for k in range(20)),
            place=rnd.choice((None, to.at, (0.0, 0.0))),
            reason=rnd.choice(('', 'waits', 'makes_way', 'backs_out', 'cannot_yield', 'stuck')),
        )  # fmt: skip


def lying_world(seed):
    world = random_world(seed)
    world.robots = world.robots[:3]
    world = LyingWorld(world, seed)
    world.run(LIES_S, until_arrived=False)
    return world


@pytest.mark.parametrize('seed', range(2))
def test_one_liar_never_makes_two_others_touch(seed):
    assert lying_world(seed).honest_gap_m > 0.0


@pytest.mark.slow
@pytest.mark.parametrize('seed', range(2, 14))
def test_one_liar_never_makes_two_others_touch_in_many_worlds(seed):
    assert lying_world(seed).honest_gap_m > 0.0
