# SPDX-License-Identifier: Apache-2.0
"""The skill cards that a robot needs: every task of an order, and making way."""

from pathlib import Path

from swarm_agent.planner.core.orders import Task
from swarm_config.card_files import read_cards
from swarm_config.cards import SkillCard
from swarm_config.errors import ConfigError

NEEDED = frozenset({task.value for task in Task if task is not Task.UNKNOWN} | {'yield'})
"""A skill without a card would be refused for ever; so each must have one."""


def load_cards(folder: Path) -> tuple[SkillCard, ...]:
    """Read all cards of a folder, in the order of their names.

    Raises:
        ConfigError: A card is missing, malformed or stands under another name than its own.
    """
    cards = read_cards(folder)
    missing = sorted(NEEDED - {card.name for card in cards})
    if missing:
        raise ConfigError(f'{folder}: no skill card for {", ".join(missing)}; add NAME.yaml')
    return cards
