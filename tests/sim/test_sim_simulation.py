# SPDX-License-Identifier: Apache-2.0
import json
from pathlib import Path

import numpy as np
import pytest
from sim_rooms import MakeFleet, room_of

from swarm_config.fleets import Fleet
from swarm_config.maps import GridMap
from swarm_config.scenarios import Scenario
from swarm_sim.params import Params
from swarm_sim.simulation import Metronome, Simulation

PERIOD_S = 0.02
NOTHING = Scenario()


def simulation(fleet: Fleet, out: Path, seed: int = 0, scenario: Scenario = NOTHING) -> Simulation:
    return Simulation(fleet=fleet, scenario=scenario, params=Params(), seed=seed, out_dir=out)


def trace(fleet: Fleet, out: Path, seed: int) -> list[object]:
    """All that the sensors say and the true poses while both robots drive for 2 s."""
    run = simulation(fleet, out, seed)
    said: list[object] = []
    for step in range(100):
        run.world.command(0, 0.5, 0.3)
        run.world.command(1, 0.3, -0.2)
        readings = run.advance(PERIOD_S, step)
        said += [(robot, ranges.tobytes()) for robot, ranges in readings.scans]
        said += readings.odometry
        said.append(run.world.poses().tobytes())
    run.referee.close(0)
    return said


@pytest.fixture
def two(make_fleet: MakeFleet, room: GridMap) -> Fleet:
    return make_fleet(room, ('amr', 1.5, 1.0, 0.0), ('turtlebot4', 3.0, 3.0, 0.0))


def test_the_same_seed_gives_the_same_run(two: Fleet, tmp_path: Path):
    assert trace(two, tmp_path, 7) == trace(two, tmp_path, 7)


def test_another_seed_gives_another_run(two: Fleet, tmp_path: Path):
    assert trace(two, tmp_path, 7) != trace(two, tmp_path, 8)


def test_sensors_speak_at_their_rates_and_robots_take_turns(two: Fleet, tmp_path: Path):
    run = simulation(two, tmp_path)
    scans, odometry, batteries = [], [], []
    for step in range(100):
        readings = run.advance(PERIOD_S, step)
        scans += [(step, robot) for robot, _ in readings.scans]
        odometry += [robot for robot, _ in readings.odometry]
        batteries += [robot for robot, _ in readings.batteries]
    run.referee.close(0)
    steps = [{step for step, robot in scans if robot == number} for number in (0, 1)]

    assert [len(one) for one in steps] == pytest.approx([20, 20], abs=1)
    assert not steps[0] & steps[1]
    assert [odometry.count(0), odometry.count(1)] == pytest.approx([40, 40], abs=1)
    assert [batteries.count(0), batteries.count(1)] == pytest.approx([2, 2], abs=1)


def test_a_metronome_keeps_its_rate_whatever_the_grid_of_calls():
    beat = Metronome(20.0)

    assert sum(beat.beats(step * 0.03) for step in range(1, 1001)) == pytest.approx(600, abs=1)


def test_the_referee_counts_way_contacts_and_rest(make_fleet: MakeFleet, tmp_path: Path):
    grid = room_of(width_m=6.0, height_m=4.0)
    run = simulation(make_fleet(grid, ('amr', 4.0, 2.0, 0.0)), tmp_path)
    for step in range(150):
        run.world.command(0, 0.8, 0.0)
        run.advance(PERIOD_S, step)
    moving = json.loads((tmp_path / 'referee.json').read_text())
    for step in range(150):
        run.world.command(0, 0.0, 0.0)
        run.advance(PERIOD_S, step)
    run.referee.close(5)
    report = json.loads((tmp_path / 'referee.json').read_text())
    robot = report['robots']['amr_0']

    assert moving['t_s'] > 1.0
    assert [(c['robot'], c['other']) for c in report['contacts']] == [('amr_0', 'wall')]
    assert robot['at_rest']
    assert robot['distance_from_home_m'] == pytest.approx(1.67, abs=0.05)
    assert robot['distance_m'] == pytest.approx(report['distance_m'])
    assert report['distance_m'] >= robot['distance_from_home_m']
    assert 0.5 < report['coverage'] <= 1.0
    assert report['time_ns'] == 5


def test_the_track_has_five_whole_lines_a_second(two: Fleet, tmp_path: Path):
    run = simulation(two, tmp_path)
    for step in range(100):
        run.advance(PERIOD_S, step)
    run.referee.close(0)
    lines = [json.loads(line) for line in (tmp_path / 'truth.jsonl').read_text().splitlines()]

    assert len(lines) == 11
    assert np.diff([line['t_s'] for line in lines]) == pytest.approx(np.full(10, 0.2), abs=0.021)
    assert lines[-1]['poses']['amr_0'] == [1.5, 1.0, 0.0]
    assert lines[-1]['objects'] == []


def test_a_dropped_object_shows_in_both_files_and_leaves_the_floor(two: Fleet, tmp_path: Path):
    drop = {'kind': 'drop_object', 'at_s': 0.1, 'size_m': [0.6, 0.4, 0.5]}
    scenario = Scenario.model_validate({'events': [drop | {'position': [4.8, 1.2, 0.0]}]})
    run = simulation(two, tmp_path, scenario=scenario)
    before = run.referee.report(0)
    assert run.start_script(99)
    assert not run.start_script(100)
    for step in range(30):
        run.advance(PERIOD_S, step)
    run.referee.close(0)
    report = json.loads((tmp_path / 'referee.json').read_text())
    last = json.loads((tmp_path / 'truth.jsonl').read_text().splitlines()[-1])
    expected = {'name': 'object_0', 'x': 4.8, 'y': 1.2, 'yaw': 0.0, 'round': False}

    assert before['objects_waiting'] == {'object_0': 'not due yet'}
    assert report['objects'] == [expected | {'size': [0.4, 0.6, 0.5]}]
    assert last['objects'] == report['objects']
    assert report['objects_waiting'] == {}
    assert report['script_started_ns'] == 99


def test_objects_keep_off_the_named_places_of_the_map(make_fleet: MakeFleet, tmp_path: Path):
    grid = room_of(width_m=6.0, height_m=4.0)
    (tmp_path / 'places.yaml').write_text('points: {dock: [4.5, 1.5, 0.0]}\n')
    fleet = make_fleet(grid, ('amr', 1.5, 1.0, 0.0), places='places.yaml')
    drop = {'kind': 'drop_object', 'at_s': 0.0, 'size_m': [0.6, 0.4, 0.5]}
    scenario = Scenario.model_validate({'events': [drop | {'position': [4.5, 1.5, 0.0]}]})
    run = simulation(fleet, tmp_path, scenario=scenario)
    run.start_script(0)
    for step in range(30):
        run.advance(PERIOD_S, step)
    run.referee.close(0)

    assert run.script.waiting == {'object_0': 'it would stand in a place that must stay free'}
