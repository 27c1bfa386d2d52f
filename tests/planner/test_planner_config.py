# SPDX-License-Identifier: Apache-2.0
"""Skill cards and parameters: what the files say is what the code means."""

import re
from dataclasses import fields
from pathlib import Path

import pytest
import yaml
from planner_world import CARDS

from swarm_agent.planner.core.cards import card_of
from swarm_agent.planner.core.types import Tuning
from swarm_agent.planner.parameters import Settings
from swarm_agent.planner.skill_cards import NEEDED, load_cards
from swarm_config.errors import ConfigError
from swarm_config.ranges import ranges

ROOT = Path(__file__).parents[2]
PARAMS_FILE = ROOT / 'config' / 'params' / 'planner.yaml'
CARD = """
name: {name}
description: x
class: move_in_zone
tier: 2
cost_s: 1.0
parameters: {parameters}
preconditions: [{preconditions}]
"""


def defaults() -> dict[str, object]:
    return {f.name: f.default for type_ in (Tuning, Settings) for f in fields(type_)}


def test_the_parameter_file_names_every_parameter_with_its_default() -> None:
    text = PARAMS_FILE.read_text()
    written = yaml.safe_load(text)['/**/planner']['ros__parameters']
    commented = re.findall(r'^    # (\w+): (\S+) +#', text, re.MULTILINE)
    written |= {name: yaml.safe_load(value) for name, value in commented}
    assert written == defaults()


def test_the_parameter_file_tells_every_range() -> None:
    text = PARAMS_FILE.read_text()
    for type_ in (Tuning, Settings):
        for name, limits in ranges(type_).items():
            line = next(row for row in text.splitlines() if row.strip().startswith(f'{name}:'))
            assert line.endswith(f'{limits.least:g} to {limits.most:g}'), line


def test_every_default_lies_in_its_range() -> None:
    for type_ in (Tuning, Settings):
        for name, limits in ranges(type_).items():
            assert limits.least <= getattr(type_(), name) <= limits.most


def test_what_a_launcher_gives_on_the_command_line_does_not_stand_in_the_file() -> None:
    """A parameter file that comes later would win."""
    written = yaml.safe_load(PARAMS_FILE.read_text())['/**/planner']['ros__parameters']
    given = {'supervisor_target', 'planner', 'insecure', 'slm_model', 'skills_dir'}
    assert not given & set(written)


def test_every_skill_has_a_card() -> None:
    assert {card.name for card in CARDS} >= NEEDED
    assert all(card_of(CARDS, name) is not None for name in NEEDED)


def test_all_that_moves_needs_tier_2() -> None:
    assert {card.name for card in CARDS if card.tier < 2} == {'wait'}


def folder_with(tmp_path: Path, file: str, changes: dict[str, str]) -> Path:
    for card in (ROOT / 'config' / 'skills').glob('*.yaml'):
        (tmp_path / card.name).write_text(card.read_text())
    given = {'name': file, 'parameters': '{}', 'preconditions': '', **changes}
    (tmp_path / f'{file}.yaml').write_text(CARD.format(**given))
    return tmp_path


@pytest.mark.parametrize(
    ('changes', 'said'),
    [
        ({'name': 'other'}, "name: found 'other', expected 'go_to'"),
        ({'preconditions': 'sunny'}, 'preconditions.0: '),
        ({'parameters': '{a: {unit: m, minimum: 2, maximum: 1}}'}, 'expected minimum <= maximum'),
        ({'parameters': '{a: {unit: m, minimum: .nan, maximum: 1}}'}, 'parameters.a.minimum'),
        ({'parameters': '{A: {unit: m, minimum: 1, maximum: 1}}'}, 'parameters.A'),
    ],
)
def test_a_malformed_card_is_one_sentence_that_names_file_and_field(
    tmp_path: Path, changes: dict[str, str], said: str
) -> None:
    folder = folder_with(tmp_path, 'go_to', changes)
    with pytest.raises(ConfigError) as caught:
        load_cards(folder)
    assert 'go_to.yaml' in str(caught.value)
    assert said in str(caught.value)
    assert '\n' not in str(caught.value)


def test_a_missing_card_is_named(tmp_path: Path) -> None:
    folder = folder_with(tmp_path, 'go_to', {})
    (folder / 'patrol.yaml').unlink()
    with pytest.raises(ConfigError, match=r'no skill card for patrol; add NAME.yaml'):
        load_cards(folder)
