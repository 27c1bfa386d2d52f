# SPDX-License-Identifier: Apache-2.0
"""One pass over a vault says what three passes said, and copies lose no field."""

from collections.abc import Callable
from pathlib import Path

import pytest
from vault_world import CORES, bag_file, log_file, record, signed_vault

from swarm_vault.audit import audit_vaults
from swarm_vault.frames import BagLog, BagReader
from swarm_vault.replay import replay_vault
from swarm_vault.verify import verify_vault


def forge_bag(vault: Path) -> None:
    path = bag_file(vault)
    path.write_bytes(path.read_bytes().replace(b'"total":', b'"total":1', 1))


def cut_bag(vault: Path) -> None:
    path = bag_file(vault)
    path.write_bytes(path.read_bytes()[:-700])


def lengthen_bag(vault: Path) -> None:
    with bag_file(vault).open('ab') as file:
        file.write(b'more')


def lose_bag(vault: Path) -> None:
    bag_file(vault).unlink()


def edit_log(vault: Path) -> None:
    path = log_file(vault)
    path.write_bytes(path.read_bytes().replace(b'"type":"test', b'"type":"tent', 1))


def leave(vault: Path) -> None:
    del vault


@pytest.mark.parametrize('harm', [leave, forge_bag, cut_bag, lengthen_bag, lose_bag, edit_log])
def test_one_pass_says_what_two_say(tmp_path: Path, harm: Callable[[Path], None]):
    vault = signed_vault(tmp_path)
    record(vault, frames=20, events=6)
    harm(vault)
    (audit,) = audit_vaults([vault], cores=CORES)
    report = replay_vault(vault, cores=CORES)
    assert audit.verdict == verify_vault(vault)
    assert audit.replay is not None
    assert audit.replay.bags == report.bags
    assert audit.replay.log_faults == report.log_faults
    assert (audit.verdict.ok and audit.replay.ok) == (harm is leave)


def test_vaults_are_judged_each_by_its_own(tmp_path: Path):
    vaults = [signed_vault(tmp_path / name) for name in ('one', 'two')]
    for vault, frames in zip(vaults, (20, 30), strict=True):
        record(vault, frames=frames, events=6)
    forge_bag(vaults[1])
    one, two = audit_vaults(vaults, cores=CORES)
    assert (one.reasons, one.replay and one.replay.decisions_reproduced) == ((), 20)
    assert any('are not those that seq' in reason for reason in two.verdict.reasons)


@pytest.mark.parametrize('size', [1, 2, 7, 8, 9, 17, 64, 1000])
def test_a_reader_gives_the_same_frames_whatever_the_pieces(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: int
):
    vault = signed_vault(tmp_path)
    record(vault, frames=5, events=1)
    whole = list(BagReader(bag_file(vault)))
    monkeypatch.setattr('swarm_vault.frames._PIECE_BYTES', size)
    reader = BagReader(bag_file(vault), BagLog(name='bag'))
    assert list(reader) == whole
    assert (reader.torn, reader.fault, len(whole)) == ('', '', 5)
