# SPDX-License-Identifier: Apache-2.0
"""Old bags go by policy: the log says so, and verify tells it as a stated loss."""

import json
import time
from pathlib import Path

import pytest
from typer.testing import CliRunner
from vault_world import CORES, bag_file, log_file, parsed, record, signed_vault

from swarm_vault import cli
from swarm_vault.errors import VaultError
from swarm_vault.recorder import Recorder
from swarm_vault.replay import replay_vault
from swarm_vault.retention import Applied, Policy, apply_policy, read_policy
from swarm_vault.verify import verify_vault

DAY_NS = 86_400 * 10**9
KEEP = Policy(bags_days=30)


@pytest.fixture
def vault(tmp_path: Path) -> Path:
    record(signed_vault(tmp_path), frames=10, events=2)
    return tmp_path


def test_a_young_bag_is_kept(vault: Path):
    assert apply_policy(vault, KEEP, time.time_ns() + 29 * DAY_NS) == Applied()
    assert bag_file(vault).exists()


def test_an_old_bag_is_removed_and_the_log_says_so_first(vault: Path):
    (removed,) = apply_policy(vault, KEEP, time.time_ns() + 31 * DAY_NS).bags
    assert not (vault / removed.bag).exists()
    told = next(e for e in parsed(log_file(vault)) if e['type'] == 'bag.removed')
    assert (told['id'], told['data']['bag'], told['data']['frames']) == (
        removed.event,
        removed.bag,
        10,
    )
    verdict = verify_vault(vault)
    assert verdict.exit_code == 3
    assert 'its 10 frames were removed by policy' in verdict.losses[0]
    report = replay_vault(vault, cores=CORES)
    assert (report.ok, report.decisions_recorded) == (True, 0)
    record(vault, frames=5, events=0)
    assert replay_vault(vault, cores=CORES).decisions_reproduced == 5


def test_what_a_process_writes_is_left_alone(vault: Path):
    recorder = Recorder(vault_dir=vault, agent_id='amr_1', writer='reflex')
    assert apply_policy(vault, KEEP, time.time_ns() + 31 * DAY_NS) == Applied()
    recorder.close()


def test_evidence_of_tampering_is_not_removed(vault: Path):
    bag = bag_file(vault)
    bag.write_bytes(bag.read_bytes().replace(b'"total":0.05,', b'"total":0.06,'))
    with pytest.raises(VaultError, match='it is not removed, verify the vault'):
        apply_policy(vault, KEEP, time.time_ns() + 31 * DAY_NS)
    assert bag.exists()


@pytest.mark.parametrize(
    ('text', 'reason'),
    [
        ('', 'policy: Input should be'),
        ('bags_days: 0', 'bags_days: Input should be greater'),
        ('bags_days: 30\nlog_days: 1', 'log_days: Extra inputs'),
        ('{}', 'policy: Value error, says nothing'),
        (': : :', 'cannot be read as a policy'),
    ],
)
def test_what_is_no_policy_is_one_sentence(tmp_path: Path, text: str, reason: str):
    path = tmp_path / 'policy.yaml'
    path.write_text(text)
    with pytest.raises(VaultError, match=reason):
        read_policy(path)


def test_the_command_removes_by_the_file(vault: Path):
    path = vault / 'policy.yaml'
    path.write_text('bags_days: 30\n')
    result = CliRunner().invoke(cli.app, ['retain', str(vault), '--policy', str(path), '--json'])
    assert json.loads(result.stdout) == {'bags': [], 'archived': [], 'pruned': []}
    result = CliRunner().invoke(cli.app, ['retain', str(vault), '--policy', str(path)])
    assert result.stdout == '0 bags removed, 0 files archived, 0 logs cut at the start\n'
