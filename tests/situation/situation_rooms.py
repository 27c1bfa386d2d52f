# SPDX-License-Identifier: Apache-2.0
"""Small floors for the tests, drawn in metres, and what a robot knows of them."""

from dataclasses import replace
from functools import cache

import numpy as np
from situation_world import AMR, BEAMS, RayCaster, scan_bytes

from swarm_agent.mesh.core import Hazard, Peer, PeerState
from swarm_agent.situation.core import Params, Wish
from swarm_agent.situation.core.objects import Layer, observe
from swarm_agent.situation.core.path import Terrain
from swarm_agent.situation.core.room import updated
from swarm_agent.situation.core.scan import Points, decode, make_beams
from swarm_agent.situation.core.state import State, initial, terrain_of
from swarm_config.maps import GridMap, pack_map

RES_M = 0.05
SECOND = 1_000_000_000
BEAM_DIRECTIONS = make_beams(BEAMS)


def floor_with(width_m, height_m, *walls, unknown=()) -> GridMap:
    """A floor from (0, 0) within walls of 0.1 m; further walls are boxes (x0, y0, x1, y1)."""
    rows, cols = round(height_m / RES_M), round(width_m / RES_M)
    occupied = np.ones((rows, cols), dtype=bool)
    occupied[2:-2, 2:-2] = False
    blank = np.zeros((rows, cols), dtype=bool)
    for mask, boxes in ((occupied, walls), (blank, unknown)):
        for x0, y0, x1, y1 in boxes:
            mask[round(y0 / RES_M) : round(y1 / RES_M), round(x0 / RES_M) : round(x1 / RES_M)] = (
                True
            )
    return GridMap(
        name='floor',
        resolution_m=RES_M,
        origin_x_m=0.0,
        origin_y_m=0.0,
        occupied=occupied,
        free=~occupied & ~blank,
    )


ROOM = floor_with(8.0, 6.0, (4.5, 3.0, 5.0, 3.5))
"""A room with a pillar."""
DOOR = floor_with(8.0, 5.0, (3.9, 0.0, 4.1, 2.1), (3.9, 2.9, 4.1, 5.0))
"""Two rooms and a door of 0.8 m at (4.0, 2.5)."""
SPLIT = floor_with(8.0, 5.0, (3.9, 0.0, 4.1, 5.0))
"""Two rooms without a door."""
AISLE = floor_with(12.0, 3.0, (0.0, 1.2, 5.0, 3.0), (6.4, 1.2, 12.0, 3.0))
"""An aisle 1.1 m wide along y = 0.65, with a bay at x 5.0 to 6.4, y up to 2.9."""
TUBE = floor_with(12.0, 1.3)
"""The same aisle without a bay."""
FLOORS = {'room': ROOM, 'door': DOOR, 'split': SPLIT, 'aisle': AISLE, 'tube': TUBE}


def params_of(floor='room', start=(2.0, 2.0, 0.0), body=AMR, **changes) -> Params:
    return Params(agent_id='amr_1', map=pack_map(FLOORS[floor]), body=body, start=start, **changes)


@cache
def first_state(floor='room', start=(2.0, 2.0, 0.0), body=AMR) -> State:
    """The state before the first decision; it is immutable, so the tests share it."""
    return initial(params_of(floor, start, body))


@cache
def rays_of(floor='room') -> RayCaster:
    return RayCaster(FLOORS[floor], AMR.range_max_m)


def points_at(pose, discs=(), floor='room', range_max_m=AMR.range_max_m) -> Points:
    """What the scanner sees from a pose."""
    raw = scan_bytes(rays_of(floor).ranges(pose, discs))
    points = decode(raw, BEAM_DIRECTIONS, AMR.range_min_m, range_max_m)
    assert points is not None
    return points


def terrain(floor='room', body=AMR) -> Terrain:
    """The floor as the map alone tells it."""
    return terrain_of(first_state(floor, body=body), params_of(floor, body=body))


def watched(pose, discs, floor='room', *, scans=3, bodies=(), now_ns=0, layer=None) -> Layer:
    """The object layer after scans from a pose."""
    state = first_state(floor)
    layer = state.layer if layer is None else layer
    tuning, grid = params_of(floor).tuning, state.statics.grid
    points = points_at(pose, discs, floor)
    for k in range(scans):
        layer = observe(layer, grid, points, pose, bodies, now_ns + k, tuning)
    return layer


def terrain_seen(pose, discs, floor='room', body=AMR) -> Terrain:
    """The floor after objects on it were seen from a pose."""
    ground = terrain(floor, body)
    layer = watched(pose, discs, floor)
    return replace(ground, room=updated(ground.room, ground.grid, layer))


def wish(x, y, **changes) -> Wish:
    plain = Wish(
        intent_id=1,
        kind=1,
        skill='go_to',
        goal=(x, y, 0.0),
        use_yaw=False,
        tolerance_m=0.15,
        priority=3,
        speed_factor=1.0,
    )
    return replace(plain, **changes)


def peer(x, y, **changes) -> Peer:
    plain = Peer(
        agent_id='amr_2',
        heard_ns=0,
        pose=(x, y, 0.0),
        speed_mps=0.0,
        radius_m=0.28,
        priority=3,
        waited_ms=0,
        state=int(PeerState.IDLE),
        path=(),
        yields_to='',
        cannot_yield=False,
        alive=True,
    )
    return replace(plain, **changes)


def hazard(x, y, **changes) -> Hazard:
    plain = Hazard(
        hazard_id='obstacle/1_1',
        kind='obstacle',
        reporter='amr_2',
        position=(x, y),
        radius_m=0.3,
        heard_ns=0,
        ttl_s=120.0,
    )
    return replace(plain, **changes)
