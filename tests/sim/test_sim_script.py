# SPDX-License-Identifier: Apache-2.0
import math

import pytest
from sim_rooms import MakeFleet, room_of

from swarm_config.errors import ConfigError
from swarm_config.maps import GridMap
from swarm_config.scenarios import Scenario
from swarm_sim.placing import Placing
from swarm_sim.script import Script, check_scenario
from swarm_sim.world import World

PERIOD_S = 0.02
DROP = {'kind': 'drop_object', 'at_s': 0.5, 'size_m': [1.2, 0.8, 0.8], 'distance_m': 1.6}
WALK = {
    'kind': 'moving_obstacle',
    'at_s': 0.0,
    'radius_m': 0.2,
    'height_m': 1.7,
    'waypoints': [[5.0, 2.0], [2.0, 2.0]],
    'speed_mps': 1.0,
}


def stage(
    make_fleet: MakeFleet,
    grid: GridMap,
    robots: list[tuple[str, float, float, float]],
    *events: dict[str, object],
):
    fleet = make_fleet(grid, *robots)
    homes = [robot.home[:2] for robot in fleet.robots]
    script = Script(
        scenario=Scenario.model_validate({'events': events}),
        fleet=fleet,
        placing=Placing(grid, 0.28, 0.1, homes),
    )
    return script, World(grid=grid, robots=fleet.robots, props=script.props)


def play(script: Script, world: World, seconds: float, *commands: tuple[float, float]):
    for _ in range(round(seconds / PERIOD_S)):
        for index, command in enumerate(commands):
            world.command(index, *command)
        yield script.play(world)
        assert not world.advance(PERIOD_S)


def test_nothing_happens_before_the_script_is_started(make_fleet: MakeFleet):
    grid = room_of(width_m=12.0, height_m=5.0)
    script, world = stage(
        make_fleet, grid, [('amr', 1.0, 2.5, 0.0)], DROP | {'position': [8, 2, 0]}
    )

    assert not any(play(script, world, 1.0, (0.0, 0.0)))


def test_a_script_starts_once(make_fleet: MakeFleet):
    grid = room_of(width_m=12.0, height_m=5.0)
    script, _ = stage(make_fleet, grid, [('amr', 1.0, 2.5, 0.0)])

    assert [script.start(0.0), script.start(1.0)] == [True, False]


def test_an_object_falls_across_the_way_of_a_moving_robot_and_not_near_it(make_fleet: MakeFleet):
    grid = room_of(width_m=12.0, height_m=5.0)
    script, world = stage(make_fleet, grid, [('amr', 1.0, 2.5, 0.0)], DROP | {'ahead_of': 'amr_0'})
    script.start(0.0)
    for _ in play(script, world, 4.0, (0.8, 0.0)):
        if script.placed:
            break
    (placed,) = script.placed
    x = float(world.poses()[0, 0])

    assert placed.distance_m(x, 2.5) >= 1.55
    assert placed.x_m - x == pytest.approx(1.6 + 0.4, abs=0.1)
    assert placed.prop.depth_m == 1.2


def test_an_object_waits_until_the_robot_drives(make_fleet: MakeFleet):
    grid = room_of(width_m=12.0, height_m=5.0)
    script, world = stage(make_fleet, grid, [('amr', 1.0, 2.5, 0.0)], DROP | {'ahead_of': 'any'})
    script.start(0.0)

    assert not any(play(script, world, 1.0, (0.0, 0.0)))
    assert script.waiting == {'object_0': 'no robot drives straight ahead'}
    assert any(play(script, world, 2.0, (0.8, 0.0)))
    assert script.waiting == {}


def test_an_object_that_nobody_meets_falls_anew_until_somebody_does(make_fleet: MakeFleet):
    grid = room_of(width_m=12.0, height_m=5.0)
    script, world = stage(make_fleet, grid, [('amr', 1.0, 2.5, 0.0)], DROP | {'ahead_of': 'any'})
    script.start(0.0)
    for _ in play(script, world, 4.0, (0.8, 0.0)):
        if script.placed:
            break
    (first,) = script.placed
    stayed = [dropped for dropped in play(script, world, 7.0, (0.0, 0.0)) if dropped]
    assert (stayed, script.placed) == ([], ())
    for dropped in play(script, world, 3.0, (0.8, 0.0)):
        if dropped:
            break
    assert script.placed == tuple(dropped)
    assert script.placed[0].x_m > first.x_m
    assert not any(play(script, world, 7.0, (0.0, 0.0)))
    assert script.placed == tuple(dropped)


def test_objects_that_wait_to_be_met_never_fall_into_each_other(make_fleet: MakeFleet):
    grid = room_of(width_m=12.0, height_m=5.0)
    drop = DROP | {'ahead_of': 'any'}
    script, world = stage(make_fleet, grid, [('amr', 1.0, 2.5, 0.0)], drop, drop)
    script.start(0.0)

    for _ in play(script, world, 4.0, (0.8, 0.0)):
        if script.placed:
            break
    for _ in play(script, world, 0.3, (0.8, 0.0)):
        assert len(script.placed) == len(script.waiting) == 1


def test_an_object_never_falls_where_it_would_close_the_corridor(make_fleet: MakeFleet):
    grid = room_of(width_m=12.0, height_m=1.6)
    script, world = stage(make_fleet, grid, [('amr', 1.0, 0.8, 0.0)], DROP | {'ahead_of': 'any'})
    script.start(0.0)

    assert not any(play(script, world, 4.0, (0.8, 0.0)))


def test_an_obstacle_walks_its_way_back_and_leaves(make_fleet: MakeFleet):
    grid = room_of(width_m=6.0, height_m=4.0)
    script, world = stage(make_fleet, grid, [('amr', 1.0, 0.6, 0.0)], WALK)
    script.start(0.0)
    xs = []
    for _ in play(script, world, 7.0, (0.0, 0.0)):
        xs += [placed.x_m for placed in script.placed]

    assert min(xs) == pytest.approx(2.0, abs=0.05)
    assert xs[-1] == pytest.approx(5.0, abs=0.05)
    assert script.placed == ()


def test_an_obstacle_keeps_off_a_robot_in_its_way(make_fleet: MakeFleet):
    grid = room_of(width_m=6.0, height_m=4.0)
    script, world = stage(make_fleet, grid, [('amr', 3.0, 2.0, 0.0)], WALK)
    script.start(0.0)
    for _ in play(script, world, 5.0, (0.0, 0.0)):
        pass

    assert script.placed[0].distance_m(3.0, 2.0) == pytest.approx(0.28 + 0.5, abs=0.05)


def test_an_obstacle_told_to_walk_on_touches_a_robot_in_its_way(make_fleet: MakeFleet):
    grid = room_of(width_m=6.0, height_m=4.0)
    script, world = stage(
        make_fleet, grid, [('amr', 3.0, 2.0, math.pi)], WALK | {'keeps_off_m': 0.0}
    )
    script.start(0.0)
    others = set()
    for _ in range(150):
        script.play(world)
        others |= {touch.other for touch in world.advance(PERIOD_S)}

    assert others == {'walker_0'}


@pytest.mark.parametrize(
    ('event', 'words'),
    [
        (DROP | {'ahead_of': 'amr_9'}, ['events.0.ahead_of', 'amr_9', 'amr_0']),
        (DROP | {'position': [50.0, 2.0, 0.0]}, ['events.0.position', 'not on the free floor']),
        (WALK | {'waypoints': [[1, 1], [0, 0]]}, ['events.0.waypoints', 'not on the free floor']),
    ],
)
def test_an_event_that_does_not_fit_fleet_or_map_is_named(
    make_fleet: MakeFleet, room: GridMap, event: dict[str, object], words: list[str]
):
    fleet = make_fleet(room, ('amr', 1.0, 2.0, 0.0))
    scenario = Scenario.model_validate({'events': [event]})

    with pytest.raises(ConfigError) as error:
        check_scenario(scenario, fleet, room, 'x.yaml')

    assert all(word in str(error.value) for word in ['x.yaml', *words])
