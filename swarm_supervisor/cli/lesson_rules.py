# SPDX-License-Identifier: Apache-2.0
"""`swarm memory rules`, and how an accepted lesson becomes a rule: slow, keep clear, wait."""

import json
import time

import typer

from swarm_config.errors import ConfigError
from swarm_config.fleets import Fleet
from swarm_supervisor.cli.options import SUPERVISORS_VAULT, JsonOption, VaultOption
from swarm_vault.errors import VaultError
from swarm_vault.fleet_rules import Rule, kept_rules
from swarm_vault.laws.policy_file import sectors_of

WHEN = '; it counts from the next order on'


def rules(
    vault: VaultOption = SUPERVISORS_VAULT,
    as_json: JsonOption = False,
) -> None:
    """The rules that lessons became."""
    kept = kept_rules(vault)
    if kept.fault:
        raise VaultError(f'{kept.fault}; until it is mended nothing is allowed')
    if as_json:
        typer.echo(json.dumps([rule.model_dump(mode='json') for rule in kept.rules]))
        return
    for rule in kept.rules:
        typer.echo(f'{rule.name} (by {rule.by}): {rule.text}')
    if not kept.rules:
        typer.echo('no lesson became a rule')


def rule_from(name: str, by: str, effect: tuple[str, str, float], plan: Fleet) -> Rule | None:
    """The rule that a lesson becomes; None where it has no effect.

    Args:
        name: The lesson.
        by: Who accepts it.
        effect: The options slow, avoid and wait [s], as given.
        plan: Whose sectors are meant.

    Raises:
        ConfigError: The options cannot be understood.
    """
    slow, avoid, wait = effect
    if sum(map(bool, effect)) > 1:
        raise ConfigError('memory: expected one of --slow, --avoid, --wait')
    place, _, speed = (slow or avoid).partition('=')
    kind = 'slow' if slow else 'avoid' if avoid else 'wait'
    plain: dict[str, object] = {
        'name': name,
        'by': by,
        'stamp_ns': time.time_ns(),
        'effect': kind,
        'place': place,
    }
    plain |= {'corners': _corners(place, plan)} if place else {}
    try:
        plain |= {'max_speed_mps': float(speed)} if slow else {}
        return Rule.model_validate({**plain, 'max_seconds': wait}) if any(effect) else None
    except ValueError as error:
        raise ConfigError(f'memory: --{kind}: {" ".join(str(error).split())[:200]}') from error


def _corners(place: str, plan: Fleet) -> tuple[tuple[float, float], ...]:
    sectors, fault = sectors_of(plan)
    if place not in sectors:
        known = fault or ', '.join(sectors) or 'none'
        raise ConfigError(f'memory: there is no sector {place[:64]!r}; there is {known}')
    return tuple(sectors[place])
