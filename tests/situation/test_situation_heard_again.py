# SPDX-License-Identifier: Apache-2.0
"""A body that was an object while its robot was not heard is none when it is heard again."""

import pytest
from situation_rooms import DOOR, SECOND, params_of, peer, watched
from situation_world import Rig

from swarm_agent.situation.core.heard_again import heard_after, without_bodies

HERE, BOX, NEARER = (2.0, 2.0, 0.0), (3.5, 2.0, 0.2), (2.8, 2.0, 0.3)
PARAMS = params_of()
AGAIN_NS = 40 * SECOND


def seen_at(now_ns, *, then_ns=AGAIN_NS):
    """What is known at `then_ns` of a box that was seen last at `now_ns` and is hidden since."""
    layer = watched(HERE, [BOX], now_ns=now_ns)
    return watched(HERE, [NEARER], layer=layer, now_ns=then_ns, scans=3)


def beyond_m(layer, x_m=3.2):
    """How many cells are known there behind the nearer object."""
    return int((layer.x > x_m).sum())


def heard_again(layer):
    """The layer when a peer is heard now that was heard last after 10 s."""
    now = peer(6.0, 2.0, heard_ns=AGAIN_NS)
    return without_bodies(layer, (('amr_2', 10 * SECOND),), (now,), AGAIN_NS, PARAMS)


def test_what_may_have_been_its_body_is_forgotten_where_nobody_looks():
    layer = seen_at(20 * SECOND)
    after = heard_again(layer)
    assert beyond_m(layer) > 0
    assert beyond_m(after) == 0
    assert after.version > layer.version


def test_what_is_in_sight_stays_whoever_is_heard_again():
    layer = seen_at(20 * SECOND)
    near = int((layer.x <= 3.2).sum())
    assert int(heard_again(layer).cell.size) == near > 0


@pytest.mark.parametrize(
    ('last_ns', 'heard_ns', 'x_m'),
    [
        (AGAIN_NS - SECOND // 10, AGAIN_NS, 6.0),
        (19 * SECOND, AGAIN_NS, 6.0),
        (10 * SECOND, AGAIN_NS, 25.0),
        (10 * SECOND, 30 * SECOND, 6.0),
    ],
    ids=['heard all the time', 'heard when it was seen', 'too far', 'silent still'],
)
def test_what_cannot_have_been_its_body_is_remembered(last_ns, heard_ns, x_m):
    layer = seen_at(20 * SECOND)
    now = peer(x_m, 2.0, heard_ns=heard_ns)
    assert without_bodies(layer, (('amr_2', last_ns),), (now,), AGAIN_NS, PARAMS) is layer


def test_one_never_heard_before_may_have_been_anything_that_it_can_have_come_from():
    layer = seen_at(20 * SECOND)
    now = peer(6.0, 2.0, heard_ns=AGAIN_NS)
    assert beyond_m(without_bodies(layer, (), (now,), AGAIN_NS, PARAMS)) == 0


def test_when_peers_were_heard_is_known_as_long_as_objects_are():
    before = (('amr_2', SECOND), ('amr_3', 30 * SECOND))
    now = (peer(1.0, 1.0, agent_id='amr_4', heard_ns=65 * SECOND),)
    assert heard_after(before, now, 65 * SECOND, PARAMS) == (
        ('amr_3', 30 * SECOND),
        ('amr_4', 65 * SECOND),
    )


def test_a_way_closed_by_a_body_that_has_driven_on_is_open_when_its_robot_is_heard_again():
    rig = Rig(DOOR, (1.5, 2.5, 0.0))
    rig.tick(rig.go_to(6.5, 2.5), others=[(4.0, 2.5, 0.28)])
    while rig.outputs.path:
        rig.tick(others=[(4.0, 2.5, 0.28)])
    bodies = [(rig.pose[0] + 1.0, 2.5, 0.28), (6.0, 4.0, 0.28)]
    for _ in range(20):
        rig.tick(others=bodies)
    assert 'closed by what was met' in rig.outputs.reason
    for _ in range(15):
        peers = [
            peer(x, y, agent_id=f'amr_{k}', heard_ns=rig.now_ns)
            for k, (x, y, _) in enumerate(bodies, 2)
        ]
        rig.tick(peers=peers, others=bodies)
    assert rig.outputs.path
