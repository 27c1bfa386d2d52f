# SPDX-License-Identifier: Apache-2.0
"""A robot's temperament, as its SOUL.md says it; the reflexes hold whatever it says.

SOUL.md may hold one ```yaml block with `temperament: cautious`, `steady` or `bold`. No block means
steady; a block that cannot be read means cautious.
"""

import re
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

import yaml

_BLOCK = re.compile(r'^```yaml[ \t]*\n(temperament:[^\n]{0,80})\n```[ \t]*$', re.MULTILINE)
_HINT = 'temperament:'


class Temperament(str, Enum):
    """How a robot goes about its work."""

    CAUTIOUS = 'cautious'
    STEADY = 'steady'
    BOLD = 'bold'


@dataclass(frozen=True, slots=True, kw_only=True)
class Soul:
    """What was read."""

    temperament: Temperament
    reason: str = ''
    """Why it is not what the file says; empty when it is."""


def read_soul(text: str) -> Soul:
    """Read the temperament out of a SOUL.md, or of an identity that was compiled from one."""
    blocks = _BLOCK.findall(text)
    if not blocks and f'```yaml\n{_HINT}' not in text:
        return Soul(temperament=Temperament.STEADY)
    try:
        (block,) = blocks
        return Soul(temperament=Temperament(yaml.safe_load(block)['temperament']))
    except (ValueError, TypeError, KeyError, yaml.YAMLError):
        reason = 'SOUL.md: expected one block "temperament: cautious | steady | bold"'
        return Soul(temperament=Temperament.CAUTIOUS, reason=reason)


def soul_of(vault_dir: Path, agent_id: str) -> Soul:
    """The temperament of the identity kept offline, or else of the agent's folder."""
    kept = vault_dir / 'nexus' / 'identity' / f'{agent_id}.md'
    own = vault_dir / 'agents' / agent_id / 'SOUL.md'
    for path in (kept, own):
        if path.exists():
            try:
                return read_soul(path.read_text(encoding='utf-8'))
            except (OSError, UnicodeDecodeError) as error:
                reason = f'{path.name} cannot be read ({error})'
                return Soul(temperament=Temperament.CAUTIOUS, reason=reason)
    return Soul(temperament=Temperament.STEADY)
