# SPDX-License-Identifier: Apache-2.0
"""Two real situation nodes: one is restarted on an old copy of its log, the other notices."""

import contextlib
import json
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from situation_fleet import fleet_of

from swarm_vault.audit import audit_vaults
from swarm_vault.checkpoints import FILE
from swarm_vault.keys import ensure_authority, hand_over
from swarm_vault.recorder import Recorder
from swarm_vault.verify import verify_vault

pytest.importorskip('rclpy', reason='ROS 2 is not there: the situation nodes are not started')
pytestmark = [pytest.mark.ros, pytest.mark.slow]

ROOT = Path(__file__).parents[2]
TEAM = ('amr_1', 'amr_2')
PATIENCE_S = 90.0


def start(folder: Path, fleet: Path, name: str) -> subprocess.Popen[bytes]:
    arguments = [
        *('--params-file', f'{ROOT}/config/params/situation.yaml'),
        *('-r', f'__ns:=/{name}', '-p', f'agent_id:={name}'),
        *('-p', f'vault_dir:={folder / name}', '-p', f'fleet_file:={fleet}'),
    ]
    command = [sys.executable, '-m', 'swarm_agent.situation.node', '--ros-args', *arguments]
    return subprocess.Popen(command, cwd=ROOT)


def stop(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGTERM)
    assert process.wait(PATIENCE_S) == 0


@contextlib.contextmanager
def running(folder: Path) -> Iterator[Callable[[str], subprocess.Popen[bytes]]]:
    """Starts nodes; whatever still runs at the end is killed."""
    ensure_authority(folder / 'keys', TEAM)
    fleet, started = fleet_of(folder, TEAM), []
    for name in TEAM:
        hand_over(folder / 'keys', folder / name, [name])

    def begin(name: str) -> subprocess.Popen[bytes]:
        started.append(start(folder, fleet, name))
        return started[-1]

    try:
        yield begin
    finally:
        for process in started:
            process.kill()
            process.wait()


def until(condition: Callable[[], Any]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def log_of(folder: Path, name: str) -> Path:
    return folder / name / 'agents' / name / 'log' / 'situation'


def events(folder: Path, name: str) -> list[dict[str, Any]]:
    paths = log_of(folder, name).glob('*/*.jsonl')
    lines = (line for path in paths for line in path.read_bytes().splitlines(keepends=True))
    return [json.loads(line) for line in lines if line.endswith(b'\n')]


def countersigned(folder: Path, name: str, log: str) -> int:
    """So many lines of a log a robot has countersigned."""
    book = folder / name / 'agents' / name / 'witness' / 'situation.jsonl'
    if not book.exists():
        return 0
    notes = [json.loads(line) for line in book.read_bytes().splitlines()]
    return max((n['seq'] + 1 for n in notes if f'hybrid_swarm/{log}\n' in n['note']), default=0)


def test_a_peer_notices_live_that_a_robot_runs_on_with_an_old_copy_of_its_log(tmp_path: Path):
    log = log_of(tmp_path, 'amr_1')
    with running(tmp_path) as begin:
        first, other = begin('amr_1'), begin('amr_2')
        until(lambda: countersigned(tmp_path, 'amr_2', 'amr_1/situation') > 5)
        stop(first)
        shutil.copytree(log, tmp_path / 'old')
        first = begin('amr_1')
        before = countersigned(tmp_path, 'amr_2', 'amr_1/situation')
        until(lambda: countersigned(tmp_path, 'amr_2', 'amr_1/situation') > before + 10)
        assert not [e for e in events(tmp_path, 'amr_2') if e['type'] == 'checkpoint.refused']
        first.kill()
        first.wait()
        shutil.rmtree(log)
        shutil.copytree(tmp_path / 'old', log)
        first = begin('amr_1')
        until(lambda: [e for e in events(tmp_path, 'amr_2') if e['type'] == 'checkpoint.refused'])
        stop(first)
        stop(other)
    (refused, *_) = [e for e in events(tmp_path, 'amr_2') if e['type'] == 'checkpoint.refused']
    assert (refused['data']['log'], refused['kind']) == ('amr_1/situation', 'VIOLATION')
    (audit,) = audit_vaults([tmp_path / 'amr_2'])
    assert audit.replay is not None
    assert audit.replay.reasons == ()
    assert 'witness' in {bag.core for bag in audit.replay.bags}
    assert audit.verdict.witnesses.word == 'contradicted'
    assert audit.verdict.exit_code == 1
    assert all('amr_1/situation' in reason for reason in audit.reasons)


def test_without_a_supervisor_peers_see_the_ends_of_all_three_logs(tmp_path: Path):
    """The situation node is told to stop first, and waits for the robot's other processes."""
    names = ('planner', 'reflex', 'situation')
    with running(tmp_path) as begin:
        first, other = begin('amr_1'), begin('amr_2')
        others = [
            Recorder(vault_dir=tmp_path / 'amr_1', agent_id='amr_1', writer=name)
            for name in names[:2]
        ]
        until(lambda: all(countersigned(tmp_path, 'amr_2', f'amr_1/{name}') for name in names))
        first.send_signal(signal.SIGTERM)
        for recorder in others:
            recorder.close()
        assert first.wait(PATIENCE_S) == 0
        ends = {log.writer: log.lines for log in verify_vault(tmp_path / 'amr_1').witnesses.logs}
        until(lambda: all(countersigned(tmp_path, 'amr_2', log) == ends[log] for log in ends))
        stop(other)
    for name in names:
        cut_last_line(log_of(tmp_path, 'amr_1').parent / name)
    (tmp_path / 'amr_1/agents/amr_1/witness/situation.jsonl').unlink()
    assert verify_vault(tmp_path / 'amr_1').exit_code != 1
    verdict = verify_vault(tmp_path / 'amr_1', witnesses=[tmp_path / 'amr_2'])
    assert (verdict.witnesses.word, len(verdict.witnesses.reasons)) == ('contradicted', 3)


def cut_last_line(folder: Path) -> None:
    """Cut a log's last line off, with the heads that cover it."""
    (path,) = folder.glob('*/*.jsonl')
    lines = path.read_bytes().splitlines(keepends=True)[:-1]
    path.write_bytes(b''.join(lines))
    heads = (folder / FILE).read_bytes().splitlines(keepends=True)
    kept = [head for head in heads if json.loads(head)['seq'] < len(lines)]
    (folder / FILE).write_bytes(b''.join(kept))
