# SPDX-License-Identifier: Apache-2.0
import io
import json
import sys
from pathlib import Path

import numpy as np
import pytest
import typer
from rich.console import Console, ConsoleDimensions
from supervisor_room import Supervisor, robot_of, small_fleet, until
from swarm.v1 import common_pb2, operator_pb2
from typer.testing import CliRunner

from swarm_supervisor.cli import operator, operator_view
from swarm_supervisor.cli.app import main
from swarm_supervisor.core.cells import pack_cells


@pytest.fixture
def supervisor(tmp_path: Path):
    with small_fleet(tmp_path) as running:
        yield running


def run(supervisor: Supervisor, *words: str, target: str = ''):
    app = typer.Typer()
    app.add_typer(operator.mission, name='mission')
    for name in ('status', 'watch', 'stop', 'revoke', 'escalations', 'resolve'):
        app.command(name)(getattr(operator, name))
    where = (
        *('--fleet', str(supervisor.fleet.path), '--vault', str(supervisor.vault)),
        *('--target', target or supervisor.target),
    )
    return CliRunner().invoke(app, [*words, *where])


def test_a_mission_is_submitted_listed_and_recalled_from_the_command_line(supervisor):
    with robot_of(supervisor, 'amr_1') as robot:
        done = run(supervisor, 'mission', 'submit', 'survey the whole room', '--json')
        reply = json.loads(done.stdout)
        assert (done.exit_code, reply['accepted']) == (0, True)
        until(lambda: robot.orders, 'order')
        listed = json.loads(run(supervisor, 'mission', 'list', '--json').stdout)
        assert [m['mission_id'] for m in listed] == [reply['mission_id']]
        assert 'survey the' in run(supervisor, 'mission', 'list').stdout
        assert run(supervisor, 'mission', 'recall', reply['mission_id']).exit_code == 0
        again = run(supervisor, 'mission', 'recall', reply['mission_id'])
        assert (again.exit_code, 'recalled already' in again.output) == (1, True)


def test_a_refused_order_ends_with_one_sentence_and_another_exit_code(supervisor):
    done = run(supervisor, 'mission', 'submit', 'dance')
    assert done.exit_code == 1
    assert done.output.startswith("swarm: refused: 'dance' is no order known here")
    bad = run(supervisor, 'mission', 'submit', 'dance', '--link-loss', 'panic')
    assert (bad.exit_code, "--link-loss 'panic'" in bad.output) == (1, True)


def test_status_shows_robots_as_table_and_as_json(supervisor):
    with robot_of(supervisor, 'amr_1') as robot:
        robot.report()
        state = lambda: json.loads(run(supervisor, 'status', '--json').stdout)  # noqa: E731
        until(lambda: state()['robots'][0]['telemetry']['phase'] == 'executing', 'telemetry')
        assert state()['robots'][1]['roster_state'] == 'expected'
        text = run(supervisor, 'status').stdout
        assert 'amr_1' in text
        assert '0.0% of the floor seen' in text


def test_stop_revoke_and_escalations_answer_with_words_and_exit_codes(supervisor):
    with robot_of(supervisor, 'amr_1') as robot:
        done = run(supervisor, 'stop', 'amr_1')
        assert (done.exit_code, done.stdout.strip()) == (0, 'told to stop: amr_1')
        until(lambda: robot.stops, 'stop')
        everybody = run(supervisor, 'stop')
        assert (everybody.exit_code, 'not reached: amr_2' in everybody.output) == (1, True)
        assert run(supervisor, 'stop', 'amr_7').exit_code == 1
        assert run(supervisor, 'revoke', 'amr_1', '--reason', 'test').exit_code == 0
        assert run(supervisor, 'revoke', 'amr_1').exit_code == 1
    assert 'nothing waits' in run(supervisor, 'escalations').stdout
    assert run(supervisor, 'resolve', 'e-1', 'yes').exit_code == 1


def test_a_supervisor_that_is_not_there_is_said_with_how_to_start_one(supervisor):
    done = run(supervisor, 'status', target='127.0.0.1:1')
    assert done.exit_code == 1
    assert done.output.startswith('swarm: no supervisor answers at 127.0.0.1:1; start one with')
    assert done.output.count('\n') == 1


def test_the_map_shows_walls_seen_floor_and_robots(supervisor):
    grid = supervisor.hq.grid
    rows, cols = supervisor.hq.world.grid.shape
    seen = np.zeros((rows, cols), dtype=bool)
    seen[:, : cols // 2] = True
    state = operator_pb2.FleetState(
        seen=common_pb2.CellSet(resolution_m=0.25, width=cols, height=rows, bits=pack_cells(seen)),
        robots=[operator_pb2.RobotState(agent_id='amr_1')],
        notices=['look here'],
    )
    robot = state.robots[0].telemetry
    robot.stamp_ns, robot.pose.x_m, robot.pose.y_m = 1, 11.0, 5.0
    drawn = operator_view.draw_map(state, grid, (16, 60)).plain.split('\n')
    assert len(drawn) <= 16
    assert len({len(line) for line in drawn}) == 1
    width = len(drawn[0])
    middle = drawn[len(drawn) // 2]
    assert middle[width // 4] == chr(0x28FF)
    assert middle[width * 3 // 4] == chr(0x2800)
    assert '1' in drawn[2][width * 3 // 4 :]
    console = Console(width=80, height=30, record=True, file=io.StringIO())
    console.print(operator_view.watch_view(state, grid, ConsoleDimensions(80, 30)))
    text = console.export_text()
    assert 'look here' in text
    assert text.count('\n') <= 30


def test_a_name_that_no_folder_can_have_ends_in_one_sentence(monkeypatch, capsys):
    monkeypatch.setattr(sys, 'argv', ['swarm', 'pending', '--vault', 'a' * 5000])
    assert main() == 2
    said = capsys.readouterr().err
    assert 'File name too long; name one that can be used' in said
    assert len(said.splitlines()) == 1
