# SPDX-License-Identifier: Apache-2.0
"""`swarm agent init`, and the templates that a fleet plan names."""

from pathlib import Path

import pytest
import yaml
from supervisor_room import write_fleet
from typer.testing import CliRunner

from swarm_config.fleets import load_fleet
from swarm_supervisor.building import make_folders
from swarm_supervisor.cli.app import app
from swarm_vault.errors import VaultError
from swarm_vault.folders import agent_folder
from swarm_vault.mandate import read_mandate


def init(*words: str, fleet: Path, vault: Path):
    line = ['agent', 'init', *words, '--fleet', str(fleet), '--vault', str(vault)]
    return CliRunner().invoke(app, line)


def with_template(fleet: Path, template: str) -> Path:
    content = yaml.safe_load(fleet.read_text())
    content['robots'][0]['template'] = template
    fleet.write_text(yaml.safe_dump(content))
    return fleet


def skills(vault: Path, agent_id: str) -> tuple[str, ...]:
    mandate = read_mandate(agent_folder(vault, agent_id) / 'mandate.md').mandate
    assert mandate is not None
    return mandate.skills


def test_a_folder_is_made_once_and_what_people_wrote_stays(tmp_path: Path) -> None:
    fleet, vault = write_fleet(tmp_path), tmp_path / 'vault'
    made = init('amr_1', '--template', 'scout', fleet=fleet, vault=vault)
    assert made.exit_code == 0, made.output
    assert 'amr_1: from scout, default, tier 2 at most' in made.output
    soul = agent_folder(vault, 'amr_1') / 'SOUL.md'
    soul.write_text(soul.read_text() + '\n9. I whistle at corners.\n')
    (soul.parent / 'tools.md').unlink()
    again = init('amr_1', '--template', 'carrier', fleet=fleet, vault=vault)
    assert again.exit_code == 0
    assert f'kept {soul}' in again.output
    assert f'made {soul.parent / "tools.md"}' in again.output
    assert 'I whistle' in soul.read_text()
    make_folders(load_fleet(fleet), vault)
    assert 'deliver' not in skills(vault, 'amr_1')
    assert 'deliver' in skills(vault, 'amr_2')


def test_the_fleet_plan_names_a_robots_template(tmp_path: Path) -> None:
    fleet = with_template(write_fleet(tmp_path), 'inspector')
    make_folders(load_fleet(fleet), tmp_path / 'vault')
    assert 'deliver' not in skills(tmp_path / 'vault', 'amr_1')
    assert 'deliver' in skills(tmp_path / 'vault', 'amr_2')


def test_a_plan_with_a_template_that_is_not_there_starts_nothing(tmp_path: Path) -> None:
    fleet = with_template(write_fleet(tmp_path), 'nurse')
    with pytest.raises(VaultError, match="amr_1: template: no folder 'nurse'"):
        make_folders(load_fleet(fleet), tmp_path / 'vault')


def test_a_folder_that_grants_nothing_is_said_so(tmp_path: Path) -> None:
    fleet, vault = write_fleet(tmp_path), tmp_path / 'vault'
    init('amr_1', fleet=fleet, vault=vault)
    (agent_folder(vault, 'amr_1') / 'mandate.md').write_text('# Mine\n')
    told = init('amr_1', fleet=fleet, vault=vault)
    assert told.exit_code == 1
    assert 'mandate.md: holds no ```yaml block; the robot gets tier 0' in str(told.exception)
