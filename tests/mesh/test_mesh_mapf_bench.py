# SPDX-License-Identifier: Apache-2.0
"""`swarm bench mapf`: files in, figures, paths and picture out; bad files get one sentence."""

import json
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mesh_grid_worlds import random_world, world
from typer.testing import CliRunner

from swarm_agent.mesh.core.grid_types import GridPeer, GridRank
from swarm_agent.mesh.grid_wire import hint_bytes, hint_cells, signed_size, state_of
from swarm_agent.mesh.mapf.__main__ import app
from swarm_agent.mesh.mapf.lockstep import Lockstep
from swarm_agent.mesh.mapf.movingai import Unusable, read_map, read_world
from swarm_agent.mesh.mapf.picture import draw
from swarm_agent.mesh.mapf.run import drive

FILES = Path(__file__).parent / 'movingai'
ROOM = (FILES / 'room-32-32-4.map', FILES / 'room-32-32-4-random-1.scen')
EMPTY = (FILES / 'empty-16-16.map', FILES / 'empty-16-16-random-1.scen')
KEYS = [
    'agents',
    'arrived_once',
    'all_at_goal',
    'first_arrival_over_lb',
    'soc_over_lb',
    'makespan',
    'conflicts',
    'messages_per_cell',
    'bytes_per_cell',
    'seconds',
]


def bench(*arguments):
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


@pytest.mark.parametrize(
    ('files', 'agents', 'central_soc'),
    [
        pytest.param(ROOM, 30, 1.30, id='rooms'),
        pytest.param(EMPTY, 50, 1.27, id='empty'),
    ],
)
def test_published_instances_cost_no_more_than_with_a_central_planner(files, agents, central_soc):
    run = drive(Lockstep(read_world(*files, agents), seed=1, radius=8))
    assert run.score.arrived_once == 1.0
    assert run.score.conflicts == 0
    assert run.score.soc_over_lb <= central_soc
    assert run.report()['messages_per_cell'] <= 4
    assert run.largest <= 300


def test_the_bench_writes_figures_paths_and_a_picture(tmp_path):
    figures, paths, drawn = (tmp_path / name for name in ('f.json', 'p.txt', 'd.svg'))
    done = bench(
        *('--map', EMPTY[0], '--scen', EMPTY[1], '--agents', 3, '--seed', 1, '--loss', 0.1),
        *('--delay-ms', 100, '--json', figures, '--paths', paths, '--picture', drawn),
    )
    assert done.exit_code == 0, done.output
    report = json.loads(figures.read_text())
    assert list(report) == KEYS
    assert (report['agents'], report['arrived_once'], report['conflicts']) == (3, 1.0, 0)
    lines = paths.read_text().splitlines()
    assert len({len(line.split()) for line in lines}) == 1
    assert len(lines) == 3
    assert 'pibt' in done.output.lower()
    ET.fromstring(drawn.read_text())


@pytest.mark.parametrize(
    ('text', 'says'),
    [
        ('', 'no line "map"'),
        ('map\n', 'differ in length'),
        ('map\n..\n...\n', 'differ in length'),
    ],
)
def test_a_file_that_is_no_map_is_refused(tmp_path, text, says):
    file = tmp_path / 'some.map'
    file.write_text(text)
    with pytest.raises(Unusable, match=says):
        read_map(file)


@pytest.mark.parametrize(
    ('rows', 'says'),
    [
        ('', 'does not begin with "version"'),
        ('version 1\n', 'holds 0 tasks, 2 robots'),
        ('version 1\n0 m 3 1 0 0 2 0 2\n0 m 3 1 0 0 1 0 1\n', 'have one start'),
        ('version 1\n0 m 3 1 0 0 2 0 2\n0 m 3 1 1 0 2 0 1\n', 'have one goal'),
        ('version 1\n0 m 9 9 0 0 2 0 2\n0 m 9 9 1 0 0 0 1\n', 'another map, 9 x 9'),
        ('version 1\n0 m 3 1 0 0 7 0 2\n0 m 3 1 1 0 0 0 1\n', 'off the map'),
        ('version 1\n0 m 3 1 0 0 x 0 2\n0 m 3 1 1 0 0 0 1\n', 'is not "bucket map'),
    ],
)
def test_a_file_that_is_no_scenario_is_refused(tmp_path, rows, says):
    (tmp_path / 'm').write_text('map\n...\n')
    (tmp_path / 's').write_text(rows)
    with pytest.raises(Unusable, match=says):
        read_world(tmp_path / 'm', tmp_path / 's', 2)


def test_a_missing_file_ends_with_one_sentence():
    done = bench('--map', 'nowhere.map', '--scen', EMPTY[1], '--agents', 1)
    assert done.exit_code == 2
    assert done.output.count('\n') == 1
    assert 'nowhere.map' in done.output


def test_a_goal_behind_a_wall_is_refused(tmp_path):
    (tmp_path / 'm').write_text('map\n..@..\n')
    (tmp_path / 's').write_text('version 1\n0 m 5 1 0 0 4 0 4\n')
    with pytest.raises(Unusable, match='no way leads'):
        read_world(tmp_path / 'm', tmp_path / 's', 1)


@given(st.lists(st.sampled_from([0, -4, 4, -1, 1]), max_size=12))
def test_a_hint_comes_back_from_the_wire_as_far_as_it_stays_on_the_map(steps):
    grid = world(('....', '.#..', '....'), [((0, 0), (3, 2))]).grid
    cells, cell = [], 0
    for step in steps:
        if step and cell + step not in grid.neighbours[cell]:
            break
        cell += step
        cells.append(cell)
    assert hint_cells(grid, 0, hint_bytes(grid, 0, tuple(cells))) == tuple(cells)


@given(st.binary(max_size=20))
def test_a_hint_of_any_bytes_leads_nowhere_off_the_map(junk):
    grid = random_world(1).grid
    start = next(cell for cell in range(grid.size) if grid.neighbours[cell])
    assert all(grid.neighbours[cell] for cell in hint_cells(grid, start, junk))


def test_a_state_in_its_envelope_stays_below_three_hundred_bytes():
    grid = read_map(ROOM[0])
    hint = (33, 33) * 6
    peer = GridPeer(1023, 33, 990, GridRank(2, 100_000, 60_000, 1023), hint)
    assert signed_size(state_of(grid, peer, want=33, step=10**9)) <= 300


def test_a_picture_shows_every_robot_and_where_it_waited():
    given_world = world(('...', '...'), [((0, 0), (2, 0)), ((0, 1), (2, 1))])
    root = ET.fromstring(draw(given_world, ((0, 0, 1, 2), (3, 4, 5, 5))))
    marks = [node.get('class') for node in root]
    assert marks.count('p') == marks.count('g') == marks.count('b') == 2
    assert marks.count('h') == 1
