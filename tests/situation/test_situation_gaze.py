# SPDX-License-Identifier: Apache-2.0
"""Looks that turn the robot where it stands: around for the map, towards a peer for a promise."""

import math
from dataclasses import replace

import pytest
from situation_rooms import ROOM, peer
from situation_world import AMR, RayCaster, Rig

from swarm_agent.mesh.core import PeerState
from swarm_agent.situation.core import NavState
from swarm_agent.situation.core import hypotheses as h
from swarm_agent.situation.core.gaze import gaze, sighted
from swarm_agent.situation.core.inquiry import Inquiry, Watched

RAYS = RayCaster(ROOM, AMR.range_max_m)
PROMISE = Watched(kind='promise', since_ns=0, where=(2.5, 3.5), peer='amr_2')


def rig_going() -> Rig:
    robot = Rig(ROOM, (2.5, 1.5, 0.0), caster=RAYS)
    robot.tick(robot.go_to(6.5, 1.5))
    for _ in range(3):
        robot.tick()
    return robot


def standing(x_m: float, y_m: float):
    return peer(x_m, y_m, state=int(PeerState.IDLE))


def look_at(robot: Rig, one, ticks: int, *, body: bool):
    """Watch a peer for some decisions; `body` says whether it is really there."""
    watched = replace(PROMISE, since_ns=robot.now_ns, where=one.pose[:2])
    robot.state = replace(robot.state, inquiry=Inquiry(open=(watched,)))
    discs = ((*one.pose[:2], one.radius_m),) if body else ()
    outs = []
    for _ in range(ticks):
        heard = replace(one, heard_ns=robot.now_ns)
        outs.append(robot.tick(peers=(heard,), others=discs))
    return outs


def test_a_robot_stops_and_faces_a_peer_that_broke_its_promise_and_then_goes_on():
    robot = rig_going()
    outs = look_at(robot, standing(2.8, 4.5), 34, body=True)
    looking = [out for out in outs if 'broke its promise' in out.reason]
    assert 25 <= len(looking) <= 33
    assert all(out.nav_state == NavState.EXPLORING for out in looking)
    assert looking[-1].vx_mps == pytest.approx(0.0, abs=0.01)
    towards = math.atan2(4.5 - robot.pose[1], 2.8 - robot.pose[0])
    assert max(abs(math.remainder(out.pose_map[2] - towards, math.tau)) < 0.3 for out in outs)
    (resolution,) = [one for one in robot.resolutions if one.kind == 'promise']
    assert resolution.hypothesis == h.UNABLE
    assert outs[-1].nav_state == NavState.MOVING


def test_a_peer_that_is_not_where_it_says_is_told_to_a_human():
    robot = rig_going()
    look_at(robot, standing(2.8, 4.5), 34, body=False)
    (resolution,) = [one for one in robot.resolutions if one.kind == 'promise']
    assert (resolution.hypothesis, resolution.escalated) == (h.NOT_THERE, True)


def test_a_peer_behind_something_is_neither_there_nor_not():
    robot = rig_going()
    robot.state = replace(robot.state, inquiry=Inquiry(open=(PROMISE,)))
    inputs = robot.records[-1][0]
    for place in ((2.8, 30.0), (2.5, 9.0)):
        told = replace(inputs, peers=(standing(*place),))
        assert sighted(robot.state, told, robot.params) == ()
    assert sighted(robot.state, replace(inputs, scan=None), robot.params) == ()


@pytest.mark.parametrize(
    ('kind', 'hold', 'forbidden', 'turns'),
    [
        ('map', 'unfit', '', True),
        ('map', '', '', False),
        ('map', 'unfit', 'emergency stop', False),
        ('map', 'no scan yet', '', False),
        ('promise', '', '', True),
        ('promise', 'emergency stop', 'emergency stop', False),
        ('promise', 'unfit', '', False),
    ],
)
def test_safety_stands_above_every_look(kind: str, hold: str, forbidden: str, turns):
    robot = rig_going()
    one = replace(PROMISE, kind=kind)
    state = replace(robot.state, inquiry=Inquiry(open=(one,)))
    assert bool(gaze(state, hold, forbidden, 'unfit')[0]) is turns


def test_a_robot_without_an_errand_only_watches():
    robot = Rig(ROOM, (2.5, 1.5, 0.0), caster=RAYS)
    robot.tick()
    state = replace(robot.state, inquiry=Inquiry(open=(PROMISE,)))
    assert gaze(state, '', '', 'unfit') == ('', None)
