# SPDX-License-Identifier: Apache-2.0
"""An agent's folder is made once, compiled to the same bytes, and grants nothing when unclear."""

import hashlib
from pathlib import Path

import pytest

from swarm_config.fleets import load_fleet
from swarm_vault.cards import ToolsCard, read_card
from swarm_vault.errors import VaultError
from swarm_vault.folders import FILES, compile_identity, ensure_folder, facts_of
from swarm_vault.mandate import CardState, read_mandate
from swarm_vault.soul import Soul, Temperament, read_soul

CONFIG = Path(__file__).parents[2] / 'config'
TEMPLATES = (CONFIG / 'agents' / 'default',)
FLEET = load_fleet(CONFIG / 'fleets' / 'depot.yaml')


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return ensure_folder(tmp_path, 'amr_1', facts_of(FLEET.robot('amr_1')), TEMPLATES)


@pytest.mark.parametrize('agent_id', [robot.agent_id for robot in FLEET.robots])
def test_the_templates_make_a_whole_folder_for_every_robot(tmp_path: Path, agent_id: str):
    robot = FLEET.robot(agent_id)
    folder = ensure_folder(tmp_path, agent_id, facts_of(robot), TEMPLATES)
    assert all((folder / name).is_file() for name in FILES)
    assert (folder / 'journal').is_dir()
    identity = compile_identity(folder)
    assert identity.mandate.state is CardState.VALID
    assert identity.mandate.mandate is not None
    assert identity.mandate.mandate.max_speed_mps == pytest.approx(
        robot.model.max_speed_mps, rel=1e-3
    )
    for fact in (agent_id, f'{robot.model.radius_m:g} m', robot.model.description, 'Tier 3'):
        assert fact in identity.system_prompt
    assert '$' not in identity.system_prompt


def test_what_people_wrote_is_never_overwritten(folder: Path, tmp_path: Path):
    (folder / 'SOUL.md').write_text('# Mine\n')
    (folder / 'tools.md').unlink()
    ensure_folder(tmp_path, 'amr_1', facts_of(FLEET.robot('amr_1')), TEMPLATES)
    assert (folder / 'SOUL.md').read_text() == '# Mine\n'
    assert (folder / 'tools.md').exists()


def test_equal_files_compile_to_equal_bytes(folder: Path):
    first, second = compile_identity(folder), compile_identity(folder)
    assert first == second
    assert first.sha256 == hashlib.sha256(first.system_prompt.encode()).hexdigest()
    (folder / 'SOUL.md').write_text('# Another\n')
    assert compile_identity(folder).sha256 != first.sha256


@pytest.mark.parametrize('name', ['IDENTITY.md', 'SOUL.md', 'tools.md', 'memory/INDEX.md'])
@pytest.mark.parametrize('content', [None, b'\xff\xfe'])
def test_a_file_that_cannot_be_read_is_named_in_the_prompt(folder: Path, name: str, content):
    (folder / name).unlink()
    if content is not None:
        (folder / name).write_bytes(content)
    identity = compile_identity(folder)
    assert f'({name} is missing or cannot be read' in identity.system_prompt
    assert identity.mandate.tier == 0


@pytest.mark.parametrize('name', [name for name in FILES if name != 'mandate.md'])
@pytest.mark.parametrize(
    ('content', 'state'),
    [
        (None, 'ABSENT'),
        (b'# Just text\n', 'NO_BLOCK'),
        (b'```yaml\nwings: 2\n```\n', 'INVALID'),
        (b'\xff\xfe', 'UNREADABLE'),
    ],
)
def test_any_file_that_is_not_valid_lowers_the_robot_to_tier_0_and_says_why(
    folder: Path, name: str, content, state: str
):
    assert (compile_identity(folder).faults, compile_identity(folder).mandate.tier) == ((), 3)
    (folder / name).unlink()
    if content is not None:
        (folder / name).write_bytes(content)
    identity = compile_identity(folder)
    (fault,) = identity.faults
    assert fault.startswith(f'{state}: {Path(name).name}: ')
    assert identity.mandate.tier == 0
    assert f'Tier 0: sense and report, do not move. Reason: {fault}; the robot' in (
        identity.system_prompt
    )


def test_a_soul_with_another_order_of_override_and_a_foreign_identity_grant_nothing(folder: Path):
    soul = folder / 'SOUL.md'
    good = soul.read_text()
    soul.write_text(good.replace('[safety, swarm, mission]', '[mission, swarm, safety]'))
    assert 'SOUL.md: override.0: Input should be' in compile_identity(folder).faults[0]
    soul.write_text(good)
    card = folder / 'IDENTITY.md'
    card.write_text(card.read_text().replace('agent: amr_1', 'agent: amr_2'))
    assert compile_identity(folder).faults == (
        'INVALID: IDENTITY.md: is the card of amr_2, not of amr_1',
    )


@pytest.mark.parametrize('temperament', list(Temperament))
def test_a_soul_with_a_temperament_keeps_its_tier_and_the_identity_tells_it(
    folder: Path, temperament: Temperament
):
    soul = folder / 'SOUL.md'
    line = f'```yaml\ntemperament: {temperament.value}\n'
    soul.write_text(soul.read_text().replace('```yaml\n', line))
    identity = compile_identity(folder)
    assert (identity.faults, identity.mandate.tier) == ((), 3)
    assert read_soul(identity.system_prompt) == Soul(temperament=temperament)


def test_a_memory_note_without_provenance_lowers_the_robot_to_tier_0(folder: Path):
    (folder / 'memory' / 'door.md').write_text('The door is open, I think.\n')
    identity = compile_identity(folder)
    assert identity.faults[0].startswith('NO_BLOCK: memory/door.md: has no front matter')
    assert identity.mandate.tier == 0


def test_a_template_that_is_missing_or_asks_too_much_is_named(tmp_path: Path):
    with pytest.raises(VaultError, match=r'IDENTITY.md: template cannot be read'):
        ensure_folder(tmp_path, 'a', {}, (tmp_path,))
    (tmp_path / 'IDENTITY.md').write_text('$wings')
    with pytest.raises(VaultError, match="names 'wings', which is no known fact; known are legs"):
        ensure_folder(tmp_path, 'a', {'legs': '2'}, (tmp_path,))


def card(block: str) -> bytes:
    return f'# Mandate\n\n```yaml\n{block}\n```\n'.encode()


BARE = 'tier: 2\nmax_speed_mps: 1'
GOOD = 'tier: 2\nmax_speed_mps: 1\nzones: [dock, aisle_3]'


@pytest.mark.parametrize(
    ('content', 'state', 'reason'),
    [
        (None, 'ABSENT', 'is not there'),
        (card(GOOD), 'VALID', ''),
        (b'# Mandate\n', 'NO_BLOCK', 'holds no ```yaml block'),
        (b'', 'NO_BLOCK', 'holds no ```yaml block'),
        (b'```yaml\ntier: 2\n', 'NO_BLOCK', 'holds no ```yaml block'),
        (b'\xff\xfe\x00', 'UNREADABLE', 'cannot be read'),
        (b'x' * 70_000, 'UNREADABLE', 'has over 65536 bytes'),
        (card(GOOD) + card(GOOD), 'INVALID', 'holds 2 ```yaml blocks'),
        (card('tier: 5\nmax_speed_mps: 1.0'), 'INVALID', 'tier: Input should be less than'),
        (card('tier: -1\nmax_speed_mps: 1.0'), 'INVALID', 'tier: Input should be greater'),
        (
            card('tier: "2"\nmax_speed_mps: 1.0'),
            'INVALID',
            'tier: Input should be a valid integer',
        ),
        (card('tier: true\nmax_speed_mps: 1.0'), 'INVALID', 'tier: Input should be a valid int'),
        (card('tier: 2\nmax_speed_mps: .inf'), 'INVALID', 'max_speed_mps'),
        (card('tier: 2\nmax_speed_mps: .nan'), 'INVALID', 'max_speed_mps'),
        (card('tier: 2\nmax_speed_mps: 0'), 'INVALID', 'max_speed_mps'),
        (card('tier: 2'), 'INVALID', 'max_speed_mps: Field required'),
        (card(GOOD + '\nfly: true'), 'INVALID', 'fly: Extra inputs'),
        (card(GOOD + '\ntier: 4'), 'INVALID', 'a key stands twice'),
        (card(': : :'), 'INVALID', 'not YAML'),
        (card('!!python/object:os.system {}'), 'INVALID', 'not YAML'),
        (card(BARE), 'INVALID', 'bounds nothing; set one of zones, bl'),
        (card(BARE + '\nzones: []\nenergy_wh: 0.0'), 'INVALID', 'bounds nothing'),
        (card(BARE + '\nnot_before: 2030-01-01T00:00:00Z'), 'INVALID', 'bounds nothing'),
        (card(BARE + '\nunlimited_because: "  "'), 'INVALID', 'because why none is needed'),
        (card(BARE + '\nunlimited_because: a closed test track'), 'VALID', ''),
        (card(BARE + '\nskills: [survey]'), 'VALID', ''),
        (card(BARE + '\ncharge_share: 0.5'), 'VALID', ''),
        (card(BARE + '\nnot_after: 2030-01-01T00:00:00Z'), 'VALID', ''),
        (card('just text'), 'INVALID', 'block: Input should be'),
        (card(''), 'INVALID', 'block: Input should be'),
        (card('[' * 900), 'INVALID', 'not YAML'),
        (card('[' * 1001), 'INVALID', 'longer than 1000 characters'),
    ],
)
def test_a_mandate_is_in_one_of_five_states(tmp_path: Path, content, state: str, reason: str):
    path = tmp_path / 'mandate.md'
    if content is not None:
        path.write_bytes(content)
    reading = read_mandate(path)
    assert reading.state == state
    assert reason in reading.reason
    assert reading.tier == (2 if state == 'VALID' else 0)
    assert (reading.mandate is None) == (state != 'VALID')
    if state != 'VALID':
        assert reading.reason.endswith('; the robot gets tier 0')


def test_a_folder_in_the_place_of_a_mandate_is_unreadable(tmp_path: Path):
    (tmp_path / 'mandate.md').mkdir()
    assert read_mandate(tmp_path / 'mandate.md').state is CardState.UNREADABLE


def test_the_template_lists_the_skills_that_its_tools_propose(folder: Path):
    mandate = read_mandate(folder / 'mandate.md').mandate
    tools = read_card(folder / 'tools.md', ToolsCard).card
    assert mandate is not None
    assert tools is not None
    assert mandate.skills == tools.skills


def test_an_invalid_mandate_lowers_the_agent_to_tier_0_and_says_why(folder: Path):
    (folder / 'mandate.md').write_bytes(card('tier: 9\nmax_speed_mps: 1.0'))
    identity = compile_identity(folder)
    assert identity.mandate.tier == 0
    assert 'Tier 0: sense and report, do not move. Reason: mandate.md: tier' in (
        identity.system_prompt
    )


def test_zones_are_named_in_the_prompt(folder: Path):
    (folder / 'mandate.md').write_bytes(card(GOOD))
    assert 'Tier 2, at most 1 m/s, in dock, aisle_3.' in compile_identity(folder).system_prompt
