# SPDX-License-Identifier: Apache-2.0
"""Standing rules of the fleet: accepted lessons with an effect that can only make robots careful.

fleet/rules.yaml in the supervisor's vault holds them. Each robot gets them in its signed identity
and lays them over its policy by `stricter`: whatever a rule says, nothing becomes allowed by it.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from swarm_vault.errors import VaultError
from swarm_vault.files import write_atomic
from swarm_vault.laws.core.decide import Params
from swarm_vault.laws.core.policy import Policy, stricter
from swarm_vault.laws.core.values import Zone, ZoneKind
from swarm_vault.yaml_block import CardState, blocks_of, read_text

KEY = 'fleet_rules'
_LONGEST_BLOCK = 16_000
STRICT = ConfigDict(extra='forbid', frozen=True, allow_inf_nan=False)


class Rule(BaseModel):
    """One rule, with the lesson that it came from and who accepted it."""

    model_config = STRICT

    name: str = Field(pattern=r'^[a-z0-9][a-z0-9_-]{0,63}$')
    """Of the lesson."""
    by: str = Field(pattern=r'^[a-z][a-z0-9_-]{0,31}$')
    stamp_ns: int = Field(gt=0)
    """Since the epoch."""
    effect: Literal['slow', 'avoid', 'wait']
    place: str = Field(default='', max_length=64)
    """The sector whose corners these were when it was accepted."""
    corners: Annotated[tuple[tuple[float, float], ...], Field(max_length=100)] = ()
    """Of the floor to keep clear of or to be slow on, map frame [m]."""
    max_speed_mps: float = Field(default=0.0, ge=0.0, le=10.0)
    max_seconds: float = Field(default=0.0, ge=0.0, le=86_400.0)
    """Longest single wait."""

    @model_validator(mode='after')
    def _whole(self) -> 'Rule':
        if self.effect != 'wait' and len(self.corners) < 3:
            raise ValueError('expected at least 3 corners')
        if (self.effect == 'slow') != (self.max_speed_mps > 0.0):
            raise ValueError('expected max_speed_mps above 0 for slow, and for nothing else')
        if (self.effect == 'wait') != (self.max_seconds > 0.0):
            raise ValueError('expected max_seconds above 0 for wait, and for nothing else')
        return self

    @property
    def text(self) -> str:
        """What it asks for, in words."""
        return {
            'slow': f'{self.place}: at most {self.max_speed_mps:g} m/s',
            'avoid': f'{self.place}: keep clear',
            'wait': f'wait at most {self.max_seconds:g} s',
        }[self.effect]


class _Rules(BaseModel):
    model_config = STRICT
    fleet_rules: Annotated[tuple[Rule, ...], Field(max_length=50)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """The rules as read; with a fault nothing is allowed."""

    rules: tuple[Rule, ...] = ()
    fault: str = ''


def path_of(vault_dir: Path) -> Path:
    """Where the supervisor keeps them."""
    return vault_dir / 'fleet' / 'rules.yaml'


def kept_rules(vault_dir: Path) -> Rules:
    """The rules in the supervisor's vault; never raises."""
    path = path_of(vault_dir)
    if not path.exists():
        return Rules()
    try:
        return _read([path.read_text(encoding='utf-8')])
    except (OSError, UnicodeDecodeError) as error:
        return Rules(fault=f'{path.name}: cannot be read ({error})')


def rules_of(vault_dir: Path, agent_id: str) -> Rules:
    """The rules in the identity that a robot keeps; none where it has none; never raises."""
    kept = vault_dir / 'nexus' / 'identity' / f'{agent_id}.md'
    if not kept.exists():
        return Rules()
    try:
        return rules_in(kept.read_text(encoding='utf-8'))
    except (OSError, UnicodeDecodeError) as error:
        return Rules(fault=f'{kept.name}: cannot be read ({error})')


def rules_in(text: str) -> Rules:
    """The rules of an identity; never raises."""
    blocks = [block for block in blocks_of(text) if f'{KEY}:' in block]
    return _read(blocks) if blocks else Rules()


def _read(blocks: Iterable[str]) -> Rules:
    """The rules of the one block that there must be."""
    text = ''.join(f'```yaml\n{block}\n```\n' for block in blocks)
    block = read_text('fleet rules', text, longest=_LONGEST_BLOCK)
    if block.state is not CardState.VALID:
        return Rules(fault=block.reason)
    try:
        return Rules(rules=_Rules.model_validate(block.values).fleet_rules)
    except ValidationError as error:
        fault = error.errors(include_url=False)[0]
        field = '.'.join(str(part) for part in fault['loc'])
        return Rules(fault=f'fleet rules: {field}: {fault["msg"]}')


def add_rule(vault_dir: Path, rule: Rule) -> None:
    """Keep one more rule; one of the same name is replaced; durable at return.

    Raises:
        VaultError: The rules that are there cannot be read, or it would be too many of them.
    """
    others = [one for one in _sound(vault_dir) if one.name != rule.name]
    _write(vault_dir, [*others, rule])


def remove_rule(vault_dir: Path, name: str) -> bool:
    """Take a rule back; tells whether there was one.

    Raises:
        VaultError: The rules cannot be read.
    """
    rules = _sound(vault_dir)
    others = [one for one in rules if one.name != name]
    if len(others) < len(rules):
        _write(vault_dir, others)
    return len(others) < len(rules)


def section_of(rules: Iterable[Rule]) -> str:
    """The part of an identity that carries the rules; empty without any."""
    text = _block(rules)
    head = '# Standing rules of the fleet\n\nAccepted by people; they only make you more careful.'
    return f'{head}\n\n```yaml\n{text}```' if text else ''


def careful(policy: Policy, rules: Rules) -> Policy:
    """A policy with the rules laid over it: never laxer than it was."""
    if rules.fault:
        return replace(policy, fault=policy.fault or rules.fault)
    if not rules.rules:
        return policy
    waits = [rule.max_seconds for rule in rules.rules if rule.effect == 'wait']
    more = replace(
        policy,
        zones=tuple(_zone(rule) for rule in rules.rules if rule.effect != 'wait'),
        max_seconds=min(waits, default=policy.max_seconds),
    )
    names = ', '.join(rule.name for rule in rules.rules)
    return replace(stricter(policy, more), version=f'{policy.version} with {names}'[:300])


def careful_params(params: Params, rules: Rules) -> Params:
    """The policies of all robots with the rules laid over them."""
    policies = (replace(p, policy=careful(p.policy, rules)) for p in params.policies)
    return replace(params, policies=tuple(policies))


def _zone(rule: Rule) -> Zone:
    kind = ZoneKind.SLOW if rule.effect == 'slow' else ZoneKind.FORBIDDEN
    name = f'{rule.place or "floor"} (lesson {rule.name})'
    return Zone(name=name, kind=kind, corners=rule.corners, max_speed_mps=rule.max_speed_mps)


def _sound(vault_dir: Path) -> tuple[Rule, ...]:
    kept = kept_rules(vault_dir)
    if kept.fault:
        raise VaultError(f'{path_of(vault_dir)}: {kept.fault}; mend or remove it')
    return kept.rules


def _write(vault_dir: Path, rules: list[Rule]) -> None:
    text = _block(rules) or f'{KEY}: []\n'
    if _read([text]).fault:
        raise VaultError(
            f'{path_of(vault_dir)}: expected at most 50 rules and {_LONGEST_BLOCK} characters,'
            f' found {len(rules)} and {len(text)}; revoke one first'
        )
    write_atomic(path_of(vault_dir), text.encode('utf-8'))


def _block(rules: Iterable[Rule]) -> str:
    plain = [rule.model_dump(mode='json', exclude_defaults=True) for rule in rules]
    return yaml.safe_dump({KEY: plain}, sort_keys=True) if plain else ''
