# SPDX-License-Identifier: Apache-2.0
"""A robot's temperament, as its SOUL.md says it; the reflexes hold whatever it says.

The ```yaml block of SOUL.md may say `temperament: cautious`, `steady` or `bold`. One that says
nothing of it means steady; what cannot be read, or is said twice, means cautious. The text may be
a whole identity with the blocks of its other cards.
"""

from dataclasses import dataclass
from enum import Enum
from pathlib import Path

import yaml

from swarm_vault.reading import read_regular
from swarm_vault.yaml_block import blocks_of

_KEY = 'temperament'
_MAX_BLOCK = 1000
"""More is not read: the YAML reader could spend seconds on it [characters]."""


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
    blocks = [block for block in blocks_of(text) if _KEY in block]
    if not blocks and f'```yaml\n{_KEY}:' not in text:
        return Soul(temperament=Temperament.STEADY)
    try:
        (block,) = blocks
        return Soul(temperament=_said(block))
    except (ValueError, TypeError, KeyError, RecursionError, yaml.YAMLError):
        reason = 'SOUL.md: expected "temperament: cautious | steady | bold", once, in its block'
        return Soul(temperament=Temperament.CAUTIOUS, reason=reason)


def _said(block: str) -> Temperament:
    if len(block) > _MAX_BLOCK or block.count(_KEY) > 1:
        raise ValueError('too long, or said twice')
    return Temperament(yaml.safe_load(block)[_KEY])


def soul_of(vault_dir: Path, agent_id: str) -> Soul:
    """The temperament of the identity kept offline, or else of the agent's folder."""
    kept = vault_dir / 'nexus' / 'identity' / f'{agent_id}.md'
    own = vault_dir / 'agents' / agent_id / 'SOUL.md'
    for path in (kept, own):
        try:
            return read_soul(read_regular(path).decode('utf-8'))
        except FileNotFoundError:
            continue
        except (OSError, UnicodeDecodeError) as error:
            reason = f'{path.name} cannot be read ({error})'
            return Soul(temperament=Temperament.CAUTIOUS, reason=reason)
    return Soul(temperament=Temperament.STEADY)
