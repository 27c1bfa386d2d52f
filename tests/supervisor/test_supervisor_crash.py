# SPDX-License-Identifier: Apache-2.0
"""The supervisor as a process: killed, restarted, stopped, misused."""

import signal
import socket

import pytest
from supervisor_model import ModelServer, plan, task
from supervisor_process import Process, connect, free_port
from supervisor_room import PATIENCE_S, until, write_fleet

from swarm_config.fleets import load_fleet
from swarm_supervisor.client import OperatorClient
from swarm_vault.verify import verify_vault


@pytest.fixture
def plan_file(tmp_path):
    return write_fleet(tmp_path, port=free_port())


def test_a_killed_supervisor_comes_back_and_finds_the_mission_where_it_was(plan_file, tmp_path):
    vault = tmp_path / 'vault'
    target = f'127.0.0.1:{load_fleet(plan_file).file.supervisor.port}'
    first = Process(plan_file, vault).ready()
    assert 'mutual TLS' in first.lines[0]
    pair = [connect(plan_file, vault, name) for name in ('amr_1', 'amr_2')]
    with OperatorClient.of_vault(target, vault) as client:
        reply = client.submit('survey the whole room', operator='ada', request_id='r1')
        assert reply.accepted, reply.reason
        until(lambda: all(robot.orders for robot in pair), 'orders')
        pair[0].complete()
        until(lambda: client.missions()[0].orders[0].status == 3, 'first part completed')
        sequences = [order.order_id for robot in pair for order in robot.orders]
    assert first.end(signal.SIGKILL) == -signal.SIGKILL
    for robot in pair:
        robot.close()
    second = Process(plan_file, vault).ready()
    assert '1 open missions' in second.lines[0]
    pair = [connect(plan_file, vault, name) for name in ('amr_1', 'amr_2')]
    with OperatorClient.of_vault(target, vault) as client:
        again = client.submit('survey the whole room', operator='ada', request_id='r1')
        assert again == reply
        (mission,) = client.missions()
        assert (mission.status, [order.status for order in mission.orders]) == ('open', [3, 1])
        until(lambda: pair[1].orders, 'the open order once more')
        assert pair[1].orders[0].order_id == sequences[1]
        pair[1].complete()
        until(lambda: client.missions()[0].status == 'complete', 'complete')
        assert not pair[0].orders
    for robot in pair:
        robot.close()
    assert second.end() == 0
    assert verify_vault(vault).exit_code in (0, 3)


def test_sigterm_ends_it_cleanly_with_a_watcher_and_a_robot_linked(plan_file, tmp_path):
    vault = tmp_path / 'vault'
    process = Process(plan_file, vault).ready()
    robot = connect(plan_file, vault, 'amr_1')
    target = f'127.0.0.1:{load_fleet(plan_file).file.supervisor.port}'
    with OperatorClient.of_vault(target, vault) as client:
        states = client.watch(0.1)
        next(states)
        assert process.end() == 0
    robot.close()
    assert verify_vault(vault).exit_code == 0


def test_a_port_in_use_is_named(plan_file, tmp_path):
    with socket.socket() as taken:
        taken.bind(('127.0.0.1', 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        process = Process(plan_file, tmp_path / 'vault', '--port', port)
        assert process.popen.wait(PATIENCE_S) == 1
        assert f'cannot listen on 127.0.0.1:{port}' in process.popen.stderr.read()
        process.end()


def test_a_second_supervisor_on_the_same_vault_is_refused(plan_file, tmp_path):
    first = Process(plan_file, tmp_path / 'vault').ready()
    second = Process(plan_file, tmp_path / 'vault', '--port', str(free_port()))
    assert second.popen.wait(PATIENCE_S) == 1
    assert second.popen.stderr.read().startswith('supervisor: ')
    second.end()
    assert first.end() == 0


def test_a_malformed_fleet_file_is_one_sentence(tmp_path):
    path = tmp_path / 'fleet.yaml'
    path.write_text('fleet: X\n')
    process = Process(path, tmp_path / 'vault')
    assert process.popen.wait(PATIENCE_S) == 1
    error = process.popen.stderr.read()
    process.end()
    assert error.startswith(f'supervisor: {path}: ')
    assert error.count('\n') == 1


def test_a_model_is_asked_when_a_server_for_it_is_named(plan_file, tmp_path):
    vault = tmp_path / 'vault'
    port = load_fleet(plan_file).file.supervisor.port
    with ModelServer() as model:
        model.answer = lambda _request: plan(task('survey', sector='west'))
        url = f'http://127.0.0.1:{model.port}'
        process = Process(plan_file, vault, '--anthropic-url', url).ready()
        robot = connect(plan_file, vault, 'amr_1')
        with OperatorClient.of_vault(f'127.0.0.1:{port}', vault) as client:
            reply = client.submit(
                'I would feel better knowing what is going on in the west', operator='ada'
            )
            assert reply.accepted, reply.reason
            until(lambda: robot.orders, 'the order')
        robot.close()
        assert process.end() == 0
        assert len(model.asked) == 1
