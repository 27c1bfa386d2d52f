# SPDX-License-Identifier: Apache-2.0
"""The doctor proves that the judge is on: a policy that lets a canary pass, or is gone, fails."""

from dataclasses import replace
from pathlib import Path

import pytest

from swarm_config.fleets import load_fleet
from swarm_supervisor.cli.doctor_finding import Subject
from swarm_supervisor.cli.doctor_laws import canaries, laws

CONFIG = Path(__file__).parents[2] / 'config'
POLICY = (CONFIG / 'codex' / 'POLICY.md').read_text()


def subject_of(folder: Path, policy: str | None) -> Subject:
    fleet = load_fleet(CONFIG / 'fleets' / 'depot.yaml')
    if policy is not None:
        (folder / 'POLICY.md').write_text(policy)
    file = fleet.file.model_copy(update={'codex': str(folder)})
    return Subject(
        environment={},
        vault_dir=folder,
        fleet_path=fleet.path,
        fleet=replace(fleet, file=file),
    )


def test_the_projects_policy_blocks_every_canary(tmp_path: Path) -> None:
    finding = laws(subject_of(tmp_path, POLICY))
    assert finding.level == 'ok'
    assert f'{len(list(canaries()))} violations blocked' in finding.text


@pytest.mark.parametrize(
    ('policy', 'said'),
    [
        (None, 'POLICY.md: is not there'),
        ('no block', 'holds no ```yaml block'),
        (
            POLICY.replace('{mode: judge, tier: 2}', '{mode: bypass, tier: 0}'),
            'the judge let pass: motion without trust',
        ),
    ],
)
def test_a_policy_that_is_gone_or_too_mild_fails(
    tmp_path: Path, policy: str | None, said: str
) -> None:
    finding = laws(subject_of(tmp_path, policy))
    assert finding.level == 'fail'
    assert said in finding.text
