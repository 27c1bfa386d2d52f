# SPDX-License-Identifier: Apache-2.0
"""Robot and supervisor countersign each other's heads with the batches of events."""

from pathlib import Path

import pytest
from swarm.v1 import mission_pb2

from swarm_agent.uplink.outbox import LogOutbox
from swarm_agent.uplink.witnessing import Counterpart
from swarm_vault.checkpoints import newest_note
from swarm_vault.errors import VaultError
from swarm_vault.keys import ensure_authority, hand_over, load_signer, load_trust
from swarm_vault.mirror import Mirror
from swarm_vault.recorder import Kind, Recorder
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


def supervisor_mirror(base: Path) -> tuple[Mirror, WitnessBook]:
    book = WitnessBook(
        vault_dir=base,
        signer=load_signer(base, 'supervisor'),
        trust=load_trust(base),
        writer='supervisor',
    )
    return Mirror(base, book), book


def exchange(vaults: tuple[Path, Path], mirror: Mirror, counterpart: Counterpart) -> str:
    """One round of everything that waits; returns what the robot refused."""
    robot, base = vaults
    refused = ''
    for batch in LogOutbox(robot, 'amr_1').batches():
        counterpart.dress(batch)
        mirror.store('amr_1', batch.writer, batch.first_seq, list(batch.lines))
        mirror.keep(batch.cosigned, 'amr_1')
        ack = mission_pb2.EventAck(
            writer=batch.writer,
            cosigned=mirror.countersign('amr_1', batch.writer, batch.checkpoint),
            checkpoint=newest_note(log_folder(base, 'supervisor', 'supervisor')),
        )
        refused += counterpart.take(ack)
    return refused


def test_both_sides_hold_a_countersigned_head_of_the_other(vaults: tuple[Path, Path]):
    robot, base = vaults
    mirror, book = supervisor_mirror(base)
    counterpart = Counterpart(robot, 'amr_1', load_trust(robot))
    assert exchange(vaults, mirror, counterpart) == ''
    assert exchange(vaults, mirror, counterpart) == ''
    book.flush(final=True)
    for closing in (mirror, book, counterpart):
        closing.close()
    assert verify_vault(robot).witnesses.logs[0].witnesses == ('supervisor',)
    (log,) = (
        log
        for log in verify_vault(base, witnesses=[robot]).witnesses.logs
        if log.writer == 'supervisor/supervisor'
    )
    assert (log.witnesses, log.bare) == (('amr_1',), 0)


def test_a_head_that_does_not_fit_the_copy_is_not_countersigned(vaults: tuple[Path, Path]):
    robot, base = vaults
    mirror, _ = supervisor_mirror(base)
    note = newest_note(log_folder(robot, 'amr_1', 'reflex'))
    with pytest.raises(VaultError, match='3 lines signed, 0 are here'):
        mirror.countersign('amr_1', 'reflex', note)
    with pytest.raises(VaultError, match='brought a checkpoint of amr_1/reflex'):
        mirror.countersign('amr_1', 'planner', note)
    other = robot.parent / 'other'
    hand_over(base, other, ['amr_1'])
    record(other, 'amr_1', 'reflex')
    (batch,) = LogOutbox(other, 'amr_1').batches()
    mirror.store('amr_1', 'reflex', 0, list(batch.lines))
    with pytest.raises(VaultError, match='seq 2 was signed otherwise than sent'):
        mirror.countersign('amr_1', 'reflex', note)
    mirror.close()


def test_without_a_book_nothing_is_countersigned(vaults: tuple[Path, Path]):
    mirror = Mirror(vaults[1])
    assert mirror.countersign('amr_1', 'reflex', 'x') == ''
    mirror.keep('x', 'amr_1')
    mirror.close()


def test_what_the_supervisor_says_wrongly_is_told(vaults: tuple[Path, Path]):
    robot, _ = vaults
    counterpart = Counterpart(robot, 'amr_1', load_trust(robot))
    assert 'note is no checkpoint' in counterpart.take(mission_pb2.EventAck(checkpoint='x'))
    own = newest_note(log_folder(robot, 'amr_1', 'reflex'))
    refused = counterpart.take(mission_pb2.EventAck(cosigned=own))
    assert "'supervisor' has not countersigned it" in refused
    assert 'nobody is the witness' in counterpart.take(mission_pb2.EventAck(checkpoint=own))
