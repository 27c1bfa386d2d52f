# SPDX-License-Identifier: Apache-2.0
"""A supervisor that stops lets its robots countersign its very last line, over real gRPC."""

import asyncio
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from supervisor_room import robot_of, small_fleet, until
from swarm.v1 import mission_pb2

from swarm_agent.uplink import Uplink
from swarm_agent.uplink.witnessing import Counterpart
from swarm_supervisor.farewell import Farewell
from swarm_vault.checkpoints import FILE
from swarm_vault.keys import ensure_authority, hand_over, load_signer, load_trust
from swarm_vault.recorder import Kind, Recorder
from swarm_vault.segments import log_folder, segment_paths
from swarm_vault.verify import NOT_TRUSTWORTHY, verify_vault
from swarm_vault.witness import WitnessBook

AGENT, LOG = 'amr_1', 'supervisor/supervisor'


def bare(vault: Path, *others: Path) -> int:
    (log,) = (x for x in verify_vault(vault, witnesses=others).witnesses.logs if x.writer == LOG)
    return log.bare


def types(vault: Path) -> list[str]:
    (path,) = segment_paths(log_folder(vault, 'supervisor', 'supervisor'))
    return [json.loads(line)['type'] for line in path.read_bytes().splitlines()]


def cut_last_lines(vault: Path, count: int) -> None:
    """What the owner of the disk can do: an older end of the log, with an older signed head."""
    folder = log_folder(vault, 'supervisor', 'supervisor')
    (path,) = segment_paths(folder)
    lines = path.read_bytes().splitlines(keepends=True)[:-count]
    path.write_bytes(b''.join(lines))
    heads = (folder / FILE).read_bytes().splitlines(keepends=True)
    kept = [head for head in heads if json.loads(head)['seq'] < len(lines)]
    (folder / FILE).write_bytes(b''.join(kept))


@pytest.fixture
def stopped(tmp_path: Path) -> tuple[Path, Path]:
    """The vaults of a supervisor that was stopped while a robot was linked, and of that robot."""
    robot = tmp_path / 'robot'
    with small_fleet(tmp_path) as supervisor:
        hand_over(supervisor.vault, robot, [AGENT])
        recorder = Recorder(vault_dir=robot, agent_id=AGENT, writer='planner')
        uplink = Uplink(
            fleet=supervisor.fleet,
            agent_id=AGENT,
            vault_dir=robot,
            target=f'127.0.0.1:{supervisor.port}',
            insecure=False,
            hello=lambda: mission_pb2.Hello(agent_id=AGENT),
            recorder=recorder,
        )
        until(lambda: uplink.linked, 'the link')
    uplink.close()
    recorder.close()
    return supervisor.vault, robot


def test_the_last_line_of_a_stopped_supervisor_is_countersigned_on_both_sides(
    stopped: tuple[Path, Path],
):
    base, robot = stopped
    ending = [word for word in types(base) if not word.startswith('core.')]
    assert ending[-3:] == ['link.closed', 'supervisor.stopped', 'ledger.closed']
    assert (bare(base), bare(base, robot)) == (0, 0)


def test_cutting_one_line_off_a_stopped_supervisors_log_is_contradicted(
    stopped: tuple[Path, Path],
):
    base, robot = stopped
    cut_last_lines(base, 1)
    (base / 'agents/supervisor/witness/supervisor.jsonl').unlink()
    assert verify_vault(base).exit_code != NOT_TRUSTWORTHY
    verdict = verify_vault(base, witnesses=[robot])
    assert (verdict.witnesses.word, verdict.exit_code) == ('contradicted', NOT_TRUSTWORTHY)
    assert 'was cut off or rolled back, amr_1 saw' in verdict.witnesses.reasons[0]


def test_a_robot_that_does_not_answer_keeps_no_supervisor_from_stopping(tmp_path: Path):
    with small_fleet(tmp_path) as supervisor:
        robot = robot_of(supervisor, AGENT)
        robot.__enter__()
    robot.__exit__(None, None, None)
    assert types(supervisor.vault)[-1] == 'ledger.closed'
    assert verify_vault(supervisor.vault).exit_code == 0


@contextmanager
def counterpart(robot: Path) -> Iterator[Counterpart]:
    recorder = Recorder(vault_dir=robot, agent_id=AGENT, writer='planner')
    made = Counterpart(robot, AGENT, load_trust(robot), recorder)
    yield made
    recorder.close()
    made.close()


def say_farewell(base: Path, side: Counterpart) -> list[int]:
    """One farewell without a network; returns what the robot held at each answer."""
    held = []
    book = WitnessBook(
        vault_dir=base,
        signer=load_signer(base, 'supervisor'),
        trust=load_trust(base),
        writer='supervisor',
    )

    def send(robot: str, down: mission_pb2.SupervisorDown) -> bool:
        assert (robot, down.event_ack.writer) == (AGENT, '')
        assert side.take(down.event_ack) == ''
        answer = side.answer()
        held.append(answer.held)
        if len(held) < 9:
            farewell.take(AGENT, answer)
        return True

    farewell = Farewell(base, book, [AGENT], send)
    asyncio.run(farewell.tell())
    return held


def say_lines(base: Path, count: int) -> None:
    recorder = Recorder(vault_dir=base, agent_id='supervisor', writer='supervisor')
    for number in range(count):
        recorder.event(Kind.SYSTEM, 'test.said', {'number': number})
    recorder.close()


def test_who_holds_an_older_head_is_led_to_the_last_one_in_steps(tmp_path: Path):
    base, robot = tmp_path / 'base', tmp_path / 'robot'
    ensure_authority(base, [AGENT])
    hand_over(base, robot, [AGENT])
    say_lines(base, 5)
    with counterpart(robot) as side:
        assert say_farewell(base, side) == [7]
        say_lines(base, 2500)
        steps = say_farewell(base, side)
        assert (steps[0], steps[-1], len(steps)) == (7, 2509, 3)
    assert bare(base) == bare(base, robot) == 0
