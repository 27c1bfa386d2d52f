# SPDX-License-Identifier: Apache-2.0
"""Robot and supervisor countersign each other's heads with the batches of events."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from swarm.v1 import mission_pb2

from swarm_agent.uplink.outbox import LogOutbox
from swarm_agent.uplink.witnessing import Counterpart
from swarm_supervisor.liaison import show_heads
from swarm_vault.checkpoints import FILE, newest_note
from swarm_vault.errors import VaultError
from swarm_vault.heads.witness import Witness
from swarm_vault.keys import ensure_authority, hand_over, load_signer, load_trust
from swarm_vault.mirror import Mirror
from swarm_vault.recorder import Kind, Recorder
from swarm_vault.replay import replay_vault
from swarm_vault.segments import log_folder
from swarm_vault.verify import verify_vault
from swarm_vault.witness import WitnessBook


@pytest.fixture
def vaults(tmp_path: Path) -> tuple[Path, Path]:
    robot, base = tmp_path / 'robot', tmp_path / 'base'
    ensure_authority(base, ['amr_1'])
    hand_over(base, robot, ['amr_1'])
    record(robot, 'amr_1', 'reflex')
    record(base, 'supervisor', 'supervisor')
    return robot, base


def record(vault: Path, agent: str, writer: str) -> None:
    recorder = Recorder(vault_dir=vault, agent_id=agent, writer=writer)
    recorder.event(Kind.MESSAGE, 'test.said', {})
    recorder.close()


@dataclass
class Base:
    """As much of the supervisor as takes batches, with liaison's own step for the heads."""

    vault_dir: Path
    mirror: Mirror
    witness: Witness
    recorder: Recorder
    refused: list[dict[str, Any]]


@contextmanager
def opened(base: Path) -> Iterator[Base]:
    recorder = Recorder(vault_dir=base, agent_id='supervisor', writer='desk')
    book = WitnessBook(
        vault_dir=base,
        signer=load_signer(base, 'supervisor'),
        trust=load_trust(base),
        writer='supervisor',
    )
    witness = Witness(book, recorder, load_trust(base), 'supervisor')
    made = Base(base, Mirror(base), witness, recorder, [])
    yield made
    book.flush(final=True)
    for closing in (made.mirror, book, recorder):
        closing.close()


@contextmanager
def counterpart_of(robot: Path) -> Iterator[Counterpart]:
    recorder = Recorder(vault_dir=robot, agent_id='amr_1', writer='planner')
    made = Counterpart(robot, 'amr_1', load_trust(robot), recorder)
    yield made
    recorder.close()
    made.close()


def exchange(robot: Path, base: Base, counterpart: Counterpart) -> str:
    """One round of everything that waits; returns what the robot refused."""
    outbox, refused = LogOutbox(robot, 'amr_1'), ''
    outbox.resume(
        mission_pb2.EventAck(writer=name, seq=head)
        for name in ('reflex', 'planner')
        if (head := base.mirror.head('amr_1', name)) >= 0
    )
    for batch in outbox.batches(counterpart.untold()):
        counterpart.dress(batch)
        base.mirror.store('amr_1', batch.writer, batch.first_seq, list(batch.lines))
        ack = mission_pb2.EventAck(writer=batch.writer)
        base.refused += show_heads(base, 'amr_1', batch, ack)
        refused += counterpart.take(ack)
    return refused


def test_both_sides_hold_a_countersigned_head_of_the_other(vaults: tuple[Path, Path]):
    robot, base_dir = vaults
    with opened(base_dir) as base, counterpart_of(robot) as counterpart:
        assert exchange(robot, base, counterpart) == ''
        record(robot, 'amr_1', 'reflex')
        record(base_dir, 'supervisor', 'supervisor')
        for _ in range(2):
            assert exchange(robot, base, counterpart) == ''
            record(robot, 'amr_1', 'reflex')
        assert base.refused == []
        assert base.witness.held('amr_1/reflex') > 3
    log = verify_vault(robot).witnesses.logs[1]
    assert (log.writer, log.witnesses) == ('amr_1/reflex', ('supervisor',))
    logs = verify_vault(base_dir, witnesses=[robot]).witnesses.logs
    (log,) = (log for log in logs if log.writer == 'supervisor/supervisor')
    assert (log.witnesses, log.bare) == (('amr_1',), 0)


def test_a_head_that_is_signed_after_its_lines_went_up_follows_without_any(
    vaults: tuple[Path, Path],
):
    robot, base_dir = vaults
    path = log_folder(robot, 'amr_1', 'reflex') / FILE
    signed = path.read_bytes()
    with opened(base_dir) as base, counterpart_of(robot) as counterpart:
        path.write_bytes(b'')
        exchange(robot, base, counterpart)
        assert (base.mirror.head('amr_1', 'reflex'), base.witness.held('amr_1/reflex')) == (2, 0)
        path.write_bytes(signed)
        assert 'reflex' in counterpart.untold()
        exchange(robot, base, counterpart)
        assert base.witness.held('amr_1/reflex') == 3
        assert 'reflex' not in counterpart.untold()
    (log,) = (log for log in verify_vault(robot).witnesses.logs if log.writer == 'amr_1/reflex')
    assert log.bare == 0


def test_a_head_that_is_never_countersigned_goes_up_alone_three_times(vaults: tuple[Path, Path]):
    robot, _ = vaults
    outbox = LogOutbox(robot, 'amr_1')
    with counterpart_of(robot) as counterpart:
        for _ in range(3):
            for batch in outbox.batches(counterpart.untold()):
                counterpart.dress(batch)
                ack = mission_pb2.EventAck(writer=batch.writer, seq=batch.first_seq)
                counterpart.take(ack)
                outbox.acknowledge(ack)
        assert 'reflex' not in counterpart.untold()


def test_both_sides_remember_what_the_other_holds_over_restarts(vaults: tuple[Path, Path]):
    robot, base_dir = vaults
    for _ in range(3):
        with opened(base_dir) as base, counterpart_of(robot) as counterpart:
            for _ in range(2):
                record(robot, 'amr_1', 'reflex')
                record(base_dir, 'supervisor', 'supervisor')
                assert exchange(robot, base, counterpart) == ''
            assert base.refused == []
            held = base.witness.held('amr_1/reflex')
            assert held == base.mirror.head('amr_1', 'reflex') + 1
    assert replay_vault(base_dir).reasons == ()


def test_a_supervisor_whose_log_was_put_back_gets_no_signature_and_the_robot_tells(
    vaults: tuple[Path, Path],
):
    robot, base_dir = vaults
    log = base_dir / 'agents/supervisor/log/supervisor'
    shutil.copytree(log, base_dir / 'old')
    record(base_dir, 'supervisor', 'supervisor')
    with opened(base_dir) as base, counterpart_of(robot) as counterpart:
        assert exchange(robot, base, counterpart) == ''
        shutil.rmtree(log)
        shutil.copytree(base_dir / 'old', log)
        record(robot, 'amr_1', 'reflex')
        assert exchange(robot, base, counterpart) == ''  # an old word may come late
        for _ in range(3):
            record(base_dir, 'supervisor', 'supervisor')
        refused = ''
        for _ in range(2):
            record(robot, 'amr_1', 'reflex')
            refused += exchange(robot, base, counterpart)
        assert 'it was written anew' in refused
    verdict = verify_vault(robot).witnesses
    assert verdict.word == 'contradicted'
    assert len([reason for reason in verdict.reasons if 'supervisor/supervisor' in reason]) == 1


def test_a_head_that_does_not_fit_the_copy_is_not_countersigned(vaults: tuple[Path, Path]):
    robot, base_dir = vaults
    mirror = Mirror(base_dir)
    note = newest_note(log_folder(robot, 'amr_1', 'reflex'))
    with pytest.raises(VaultError, match='3 lines signed, 0 are here'):
        mirror.compare('amr_1', 'reflex', note)
    with pytest.raises(VaultError, match='brought a checkpoint of amr_1/reflex'):
        mirror.compare('amr_1', 'planner', note)
    other = robot.parent / 'other'
    hand_over(base_dir, other, ['amr_1'])
    record(other, 'amr_1', 'reflex')
    (batch,) = LogOutbox(other, 'amr_1').batches()
    mirror.store('amr_1', 'reflex', 0, list(batch.lines))
    with pytest.raises(VaultError, match='seq 2 was signed otherwise than sent'):
        mirror.compare('amr_1', 'reflex', note)
    mirror.close()


def test_what_the_supervisor_says_wrongly_is_told(vaults: tuple[Path, Path]):
    robot, _ = vaults
    own = newest_note(log_folder(robot, 'amr_1', 'reflex'))
    with counterpart_of(robot) as counterpart:
        assert 'note is no checkpoint' in counterpart.take(mission_pb2.EventAck(checkpoint='x'))
        refused = counterpart.take(mission_pb2.EventAck(cosigned=own))
        assert "'supervisor' has not countersigned it" in refused
        refused = counterpart.take(mission_pb2.EventAck(checkpoint=own))
        assert 'a checkpoint of amr_1/reflex was brought for it' in refused
