# SPDX-License-Identifier: Apache-2.0
"""Agent folders: who a robot is, in text files that people read, change and compare.

agents/<id>/ holds IDENTITY.md, SOUL.md, tools.md, model.md, mandate.md, memory/INDEX.md and
journal/. What is missing is made from templates; what is there is never overwritten.
"""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from string import Template

from swarm_config.fleets import Robot
from swarm_vault.cards import CARDS, IdentityCard, read_card
from swarm_vault.errors import VaultError
from swarm_vault.files import write_atomic
from swarm_vault.fleet_rules import Rules, section_of
from swarm_vault.mandate import NO_TIER, MandateReading, read_mandate
from swarm_vault.memory import read_memory
from swarm_vault.reading import read_regular
from swarm_vault.yaml_block import CardState

FILES = ('IDENTITY.md', 'SOUL.md', 'tools.md', 'model.md', 'mandate.md', 'memory/INDEX.md')
DEFAULT = 'default'
"""The templates that hold where no others do."""
_PROMPT_FILES = ('IDENTITY.md', 'SOUL.md', 'tools.md', 'mandate.md', 'memory/INDEX.md')


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """What an agent is told about itself, compiled from its folder."""

    system_prompt: str
    sha256: str
    """Of the prompt's UTF-8 bytes, hex."""
    mandate: MandateReading
    """What it may do; tier 0 if any file of the folder is not valid, and the reason names it."""
    faults: tuple[str, ...] = ()
    """The files that are not valid, each with its state and why."""


def agent_folder(vault_dir: Path, agent_id: str) -> Path:
    """Where an agent's folder lies."""
    return vault_dir / 'agents' / agent_id


def facts_of(robot: Robot) -> dict[str, str]:
    """What the templates say of a robot of the fleet plan."""
    model = robot.model
    x_m, y_m, yaw_rad = robot.home
    return {
        'agent_id': robot.agent_id,
        'model': model.name,
        'description': model.description,
        'radius_m': f'{model.radius_m:g}',
        'height_m': f'{model.height_m:g}',
        'mass_kg': f'{model.mass_kg:g}',
        'max_speed_mps': f'{model.max_speed_mps:.4g}',
        'max_yaw_rate_radps': f'{model.max_yaw_rate_radps:g}',
        'max_decel_mps2': f'{model.max_decel_mps2:g}',
        'lidar_beams': str(model.lidar.beams),
        'lidar_range_m': f'{model.lidar.range_max_m:g}',
        'lidar_height_m': f'{model.lidar.height_m:g}',
        'battery_wh': f'{model.battery.capacity_wh:g}',
        'home': f'x {x_m:g} m, y {y_m:g} m, yaw {yaw_rad:g} rad',
    }


def templates_of(robot: Robot, templates_dir: Path, template: str = '') -> tuple[Path, ...]:
    """The folders that a robot's files are looked for in, the most particular first.

    That of a template, or else of the robot's class where there is one; what it does not hold is
    in `default`.

    Args:
        robot: The robot of the fleet plan.
        templates_dir: Folder of all templates.
        template: Its name; empty: what the plan names, or the class.

    Raises:
        VaultError: There is no template of the name that was given.
    """
    named = template or robot.template
    folder = templates_dir / (named or robot.model.name)
    known = sorted(one.name for one in templates_dir.glob('*') if one.is_dir())
    if folder.name in known and folder.name != DEFAULT:
        return folder, templates_dir / DEFAULT
    if named and named != DEFAULT:
        raise VaultError(
            f'{robot.agent_id}: template: no folder {named!r} in {templates_dir}; there is'
            f' {", ".join(known) or "none"}'
        )
    return (templates_dir / DEFAULT,)


def ensure_folder(
    vault_dir: Path, agent_id: str, facts: Mapping[str, str], templates: Sequence[Path]
) -> Path:
    """Make an agent's folder; files that exist stay as they are.

    Args:
        vault_dir: The vault.
        agent_id: Whose folder.
        facts: Values for the templates' `$names`.
        templates: Folders with a template for each of `FILES`; the first that has one counts.

    Raises:
        VaultError: A template is missing or names a fact that is not given.
    """
    folder = agent_folder(vault_dir, agent_id)
    for name in FILES:
        if not (folder / name).exists():
            write_atomic(folder / name, _fill(_template(templates, name), facts))
    (folder / 'journal').mkdir(exist_ok=True)
    return folder


def compile_identity(folder: Path, rules: Rules | None = None) -> Identity:
    """Compile an agent's system prompt from its folder, and the standing rules of its fleet.

    A file that is not valid is named in the prompt, lowers the agent to tier 0 and says why.
    Equal files give equal bytes.
    """
    rules = rules or Rules()
    faults = (*_faults(folder), *((rules.fault,) if rules.fault else ()))
    mandate = read_mandate(folder / 'mandate.md')
    if faults and mandate.mandate is not None:
        mandate = replace(mandate, tier=0, reason=f'{faults[0]}; {NO_TIER}')
    parts = [_section(folder, name) for name in _PROMPT_FILES]
    parts += [section_of(rules.rules), _authority(mandate)]
    prompt = '\n\n'.join(part for part in parts if part) + '\n'
    digest = hashlib.sha256(prompt.encode('utf-8')).hexdigest()
    return Identity(system_prompt=prompt, sha256=digest, mandate=mandate, faults=faults)


def _faults(folder: Path) -> Iterator[str]:
    """What is wrong with the folder's files, card by card and note by note."""
    for name, type_ in CARDS.items():
        reading = read_card(folder / name, type_)
        if reading.state is not CardState.VALID:
            yield f'{reading.state.value}: {reading.reason}'
        elif isinstance(reading.card, IdentityCard) and reading.card.agent != folder.name:
            yield f'INVALID: {name}: is the card of {reading.card.agent}, not of {folder.name}'
    for note in read_memory(folder):
        if note.front is None:
            yield f'{note.state.value}: memory/{note.name}.md: {note.reason}'
    mandate = read_mandate(folder / 'mandate.md')
    if mandate.mandate is None:
        yield f'{mandate.state.value}: {mandate.reason}'


def _template(templates: Sequence[Path], name: str) -> Path:
    """The first that is there; the last folder's, which then cannot be read, where none is."""
    return next((t / name for t in templates if (t / name).exists()), templates[-1] / name)


def _fill(template: Path, facts: Mapping[str, str]) -> bytes:
    try:
        return Template(template.read_text(encoding='utf-8')).substitute(facts).encode('utf-8')
    except OSError as error:
        raise VaultError(f'{template}: template cannot be read ({error.strerror})') from error
    except (KeyError, ValueError) as error:
        raise VaultError(
            f'{template}: names {error}, which is no known fact; known are {", ".join(facts)}'
        ) from error


def _section(folder: Path, name: str) -> str:
    try:
        return read_regular(folder / name).decode('utf-8').strip()
    except (OSError, UnicodeDecodeError):
        return f'({name} is missing or cannot be read: assume nothing that it might say.)'


def _authority(reading: MandateReading) -> str:
    if reading.mandate is None or reading.reason:
        return (
            f'# Authority now\n\nTier 0: sense and report, do not move. Reason: {reading.reason}.'
        )
    zones = ', '.join(reading.mandate.zones) or 'the whole map'
    return (
        f'# Authority now\n\nTier {reading.tier}, at most'
        f' {reading.mandate.max_speed_mps:g} m/s, in {zones}.'
    )
