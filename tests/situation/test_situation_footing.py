# SPDX-License-Identifier: Apache-2.0
"""Whoever creeps out of a tight place or backs out of one heeds the law of the floor, too."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from situation_rooms import ROOM, params_of
from situation_world import AMR, TICK_NS, RayCaster, Rig, arc

from swarm_agent.situation.core import ReflexAction
from swarm_agent.situation.core.decide import decide
from swarm_agent.situation.core.ease import Near, ease
from swarm_agent.situation.core.floor_law import closed_here, floor_law
from swarm_agent.situation.core.follow import Drive
from swarm_agent.situation.core.footing import STEP_M
from swarm_agent.situation.core.grid import cell_at
from swarm_agent.situation.core.state import footing_of, initial
from swarm_vault.laws.core.bars import Bar, Bars

RAYS = RayCaster(ROOM, AMR.range_max_m)
START = initial(params_of())
HEADINGS = np.linspace(-math.pi, math.pi, 36, endpoint=False)
WEST = (2.0, 2.0, math.pi)
"""A robot that faces what is beside it in the west."""


def closing(x0, y0, x1, y1) -> Bars:
    corners = ((x0, y0), (x1, y0), (x1, y1), (x0, y1))
    return Bars(walls=(Bar(name='store', why='it is forbidden', corners=corners),))


def standing(pose, bars: Bars):
    law = floor_law(bars, START.statics.grid, AMR.radius_m)
    return footing_of(replace(START, pose=pose, law=law))


def eased(pose, bars: Bars, obstacle, ticks=60):
    """Poses of a robot that eases away from an obstacle (a point), and how often it could not."""
    drive, poses, barred = Drive(easing=True), [pose], 0
    for _ in range(ticks):
        dx, dy = obstacle[0] - pose[0], obstacle[1] - pose[1]
        turn, away = math.atan2(dy, dx) - pose[2], math.hypot(dx, dy)
        near = Near(x=np.array([away * math.cos(turn)]), y=np.array([away * math.sin(turn)]))
        on = ease(drive, near, math.pi, AMR, standing(pose, bars))
        barred += on is None
        drive = on or Drive(easing=True)
        pose = arc(pose, 0.1 * drive.last.vx_mps, 0.1 * drive.last.wz_radps)
        poses.append(pose)
    return poses, barred


def is_closed(pose, bars: Bars) -> bool:
    at = standing(pose, bars)
    return closed_here(at.law, at.grid, pose) > 0


def test_a_robot_eases_out_of_a_tight_place_but_not_into_the_zone_beside_it():
    obstacle = (2.0 - AMR.radius_m - 0.05, 2.0)
    beside = closing(2.0 + AMR.radius_m + 0.15, 0.0, 8.0, 6.0)
    lawless, _ = eased(WEST, Bars(), obstacle)
    assert any(is_closed(pose, beside) for pose in lawless)
    lawful, _ = eased(WEST, beside, obstacle)
    assert not any(is_closed(pose, beside) for pose in lawful)
    assert math.dist(lawful[-1][:2], obstacle) > AMR.radius_m + 0.08


def test_between_an_obstacle_and_zones_all_around_no_creep_is_left():
    obstacle = (2.0 - AMR.radius_m - 0.05, 2.0)
    walls = [
        closing(2.33, 0.0, 8.0, 6.0),
        closing(0.0, 2.43, 8.0, 6.0),
        closing(0.0, 0.0, 8.0, 1.67),
    ]
    around = Bars(walls=tuple(wall for bars in walls for wall in bars.walls))
    poses, barred = eased((1.98, 2.05, math.pi), around, obstacle)
    assert barred
    assert not any(is_closed(pose, around) for pose in poses)


def test_who_stands_in_a_zone_eases_out_of_it_only():
    within = closing(0.0, 0.0, 2.1, 6.0)
    allowed = standing(WEST, within).allows(HEADINGS)
    east = np.cos(HEADINGS - math.pi)
    assert allowed[east > 0.9].all()
    assert not allowed[east < 0.4].any()


def test_where_all_floor_is_closed_no_step_is_lawful():
    assert not standing(WEST, closing(-9.0, -9.0, 99.0, 99.0)).allows(HEADINGS).any()


def test_without_a_law_every_step_is_lawful():
    assert standing(WEST, Bars()).allows(HEADINGS).all()


@given(
    pose=st.tuples(st.floats(0.5, 7.5), st.floats(0.5, 5.5), st.floats(-math.pi, math.pi)),
    corner=st.tuples(st.floats(0.0, 7.0), st.floats(0.0, 5.0)),
    size=st.tuples(st.floats(0.1, 3.0), st.floats(0.1, 3.0)),
)
def test_from_open_floor_no_step_that_is_allowed_ends_on_closed_floor(pose, corner, size):
    bars = closing(*corner, corner[0] + size[0], corner[1] + size[1])
    footing = standing(pose, bars)
    if is_closed(pose, bars):
        return
    for heading in HEADINGS[footing.allows(HEADINGS)]:
        turn = heading + pose[2]
        tip = (pose[0] + STEP_M * math.cos(turn), pose[1] + STEP_M * math.sin(turn))
        assert footing.law.closed[cell_at(footing.grid, *tip)] == 0


def stopped(*, zone_behind):
    """What is told to a robot that the reflexes stop on a free path, a cell before a zone."""
    rig = Rig(ROOM, (2.5, 1.5, 0.0), caster=RAYS)
    rig.tick(rig.go_to(6.5, 1.5))
    while rig.ticks < 8 or not 0.01 < cell_share(rig) < 0.05:
        rig.tick()
    edge_m = rig.state.pose[0] - cell_share(rig) - AMR.radius_m - 0.05
    bars = closing(0.0, 0.0, edge_m, 6.0) if zone_behind else Bars()
    assert not is_closed(rig.state.pose, bars)
    stop = replace(rig.reflex, action=int(ReflexAction.STOP), cause='zone_stop', clearance_m=0.0)
    state, inputs = rig.state, rig.records[-1][0]
    for k in range(60):
        still = replace(inputs, reflex=stop, now_ns=inputs.now_ns + k * TICK_NS, bars=bars)
        still = replace(still, odom=replace(still.odom, vx_mps=0.0))
        state, outputs = decide(state, still, rig.params)
        yield outputs


def cell_share(rig: Rig) -> float:
    """How far into its cell of the planning grid the robot is [m]."""
    grid = START.statics.grid
    return (rig.state.pose[0] - grid.origin_x_m) % grid.cell_m


@pytest.mark.parametrize(('zone_behind', 'least_mps'), [(False, -0.15), (True, 0.0)])
def test_a_robot_does_not_back_out_into_a_zone(zone_behind, least_mps):
    assert min(out.vx_mps for out in stopped(zone_behind=zone_behind)) == pytest.approx(
        least_mps, abs=1e-6
    )
