# SPDX-License-Identifier: Apache-2.0
"""Which templates a robot's folder is made from, and that each of ours makes a whole robot."""

from dataclasses import replace
from pathlib import Path

import pytest

from swarm_config.fleets import Robot, load_fleet
from swarm_vault.cards import ToolsCard, read_card
from swarm_vault.errors import VaultError
from swarm_vault.folders import compile_identity, ensure_folder, facts_of, templates_of
from swarm_vault.soul import Temperament, read_soul

FLEET = load_fleet(Path(__file__).parents[2] / 'config' / 'fleets' / 'depot.yaml')
OURS = FLEET.templates_dir
AMR = FLEET.robot('amr_1')


def names_of(robot: Robot, templates_dir: Path, template: str = '') -> list[str]:
    return [folder.name for folder in templates_of(robot, templates_dir, template)]


def rules_of(soul: Path) -> list[str]:
    return [line for line in soul.read_text().splitlines() if line[:1].isdigit()]


@pytest.mark.parametrize(
    ('template', 'tier', 'temperament'),
    [
        ('default', 3, Temperament.STEADY),
        ('scout', 2, Temperament.BOLD),
        ('inspector', 2, Temperament.CAUTIOUS),
        ('carrier', 3, Temperament.STEADY),
    ],
)
def test_each_template_makes_a_whole_robot_with_the_rules_that_all_share(
    tmp_path: Path, template: str, tier: int, temperament: Temperament
) -> None:
    templates = templates_of(AMR, OURS, template)
    folder = ensure_folder(tmp_path, 'amr_1', facts_of(AMR), templates)
    identity = compile_identity(folder)
    assert (identity.faults, identity.mandate.tier) == ((), tier)
    assert read_soul(identity.system_prompt).temperament is temperament
    assert rules_of(folder / 'SOUL.md') == rules_of(OURS / 'default' / 'SOUL.md')
    tools = read_card(folder / 'tools.md', ToolsCard).card
    assert tools is not None
    assert identity.mandate.mandate is not None
    assert identity.mandate.mandate.skills == tools.skills


def test_no_template_is_left_out_of_the_test_above() -> None:
    found = {folder.name for folder in OURS.iterdir() if folder.is_dir()}
    assert found == {'default', 'scout', 'inspector', 'carrier'}


def test_the_class_chooses_the_plan_outranks_it_and_default_holds_the_rest(tmp_path: Path) -> None:
    assert names_of(AMR, OURS) == ['default']
    for name in ('default', 'amr', 'scout'):
        (tmp_path / name).mkdir()
    assert names_of(AMR, tmp_path) == ['amr', 'default']
    assert names_of(replace(AMR, template='scout'), tmp_path) == ['scout', 'default']
    assert names_of(replace(AMR, template='default'), tmp_path) == ['default']
    assert names_of(replace(AMR, template='scout'), tmp_path, 'amr') == ['amr', 'default']


@pytest.mark.parametrize('template', ['nurse', '../fleets', '/', '.'])
def test_a_template_that_is_not_there_is_named_with_those_that_are(template: str) -> None:
    with pytest.raises(VaultError, match=r'amr_1: template: no folder .* there is carrier, def'):
        templates_of(AMR, OURS, template)


def test_a_file_comes_from_the_first_folder_that_has_it(tmp_path: Path) -> None:
    own = tmp_path / 'own'
    own.mkdir()
    (own / 'SOUL.md').write_text('# Of $agent_id\n')
    layers = (own, OURS / 'default')
    folder = ensure_folder(tmp_path / 'vault', 'amr_1', facts_of(AMR), layers)
    assert (folder / 'SOUL.md').read_text() == '# Of amr_1\n'
    assert 'robot of class amr' in (folder / 'IDENTITY.md').read_text()
