# SPDX-License-Identifier: Apache-2.0
"""What the mediator leaves: a line in the log, a file beside the missions, a question."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from swarm_config.errors import ConfigError
from swarm_supervisor.core.mediation import Dispute, Mediation, Option, Trigger
from swarm_supervisor.headquarters import Headquarters
from swarm_supervisor.store import Escalation
from swarm_vault.files import write_atomic
from swarm_vault.recorder import Kind

AUTHOR = 'mediator'
FOLDER = 'mediations'
QUIET_NS = 60_000_000_000
"""A remedy gets so long before the same robots are looked at again [ns]."""
REMEDIED = (Trigger.STUCK.value, Trigger.CONFLICT.value)
"""Disputes of robots at work; the others are about plans."""


def ask_operator(hq: Headquarters, dispute: Dispute, chosen: Option) -> None:
    """Put both sides' facts to a human; the same question is asked once."""
    first = dispute.sides[0].agent_id if dispute.sides else ''
    number = len(hq.disputes.tried.get(dispute.mission_id, ()))
    escalation = Escalation(
        escalation_id=f'e-mediator-{dispute.mission_id}-{dispute.trigger.value}-{number}',
        agent_id=first,
        text=f'the mediator ({dispute.trigger.value}) asks: {chosen.why}'[:500],
        stamp_ns=hq.clock(),
    )
    hq.escalate(escalation)


def leave_record(hq: Headquarters, dispute: Dispute, mediation: Mediation, result: str) -> None:
    """Put what was decided into the log and into a file beside the missions."""
    assert mediation.chosen is not None
    mission = hq.mission(dispute.mission_id)
    data = {
        'mission_id': dispute.mission_id,
        'trigger': dispute.trigger.value,
        'reason': mediation.reason,
        'chosen': mediation.chosen.key,
        'why': mediation.chosen.why,
        'author': mediation.author,
        'rejected': [one.key for one in mediation.options if one != mediation.chosen],
        'result': result[:500],
    }
    causes = () if mission is None else (mission.cause,)
    hq.note(Kind.DECISION, 'mediator.decided', data, causes=causes, durable=True)
    number = len(hq.disputes.tried.get(dispute.mission_id, ()))
    name = f'{dispute.mission_id or "none"}-{dispute.trigger.value}-{number}.json'
    sides = [asdict(side) for side in dispute.sides]
    path = hq.vault_dir / FOLDER / name
    path.parent.mkdir(parents=True, exist_ok=True)
    whole = {**data, 'stamp_ns': hq.clock(), 'sides': sides}
    write_atomic(path, (json.dumps(whole, indent=1) + '\n').encode('utf-8'))


def records_in(vault_dir: Path) -> list[dict[str, Any]]:
    """All that was decided, the oldest first.

    Raises:
        ConfigError: A record cannot be read.
    """
    told = [_read(path) for path in sorted((vault_dir / FOLDER).glob('*.json'))]
    return sorted(told, key=lambda one: int(one['stamp_ns']))


def tried_in(vault_dir: Path) -> dict[str, tuple[str, ...]]:
    """What was done about each mission that could not get on, the oldest first.

    What a record that cannot be read told is not known any more.
    """
    tried: dict[str, tuple[str, ...]] = {}
    told = [_told(path) for path in (vault_dir / FOLDER).glob('*.json')]
    for one in sorted(filter(None, told), key=lambda one: int(one['stamp_ns'])):
        if one.get('trigger') in REMEDIED:
            mission_id, chosen = str(one.get('mission_id', '')), str(one.get('chosen', ''))
            tried[mission_id] = (*tried.get(mission_id, ()), chosen)
    return tried


def quiet_in(vault_dir: Path, now_ns: int) -> dict[str, int]:
    """Until when robots are left alone for what was decided last [ns]; never longer than it says.

    A record from the future, of a clock that was set back since, says nothing.
    """
    quiet: dict[str, int] = {}
    for one in filter(None, map(_told, (vault_dir / FOLDER).glob('*.json'))):
        until_ns = int(one['stamp_ns']) + QUIET_NS
        if one.get('trigger') in REMEDIED and now_ns < until_ns <= now_ns + QUIET_NS:
            for name in _parties(one):
                quiet[name] = max(until_ns, quiet.get(name, 0))
    return quiet


def _parties(record: Mapping[str, Any]) -> list[str]:
    """Who could not get on, and who was told to do something about it."""
    sides = record.get('sides')
    first = sides[0] if isinstance(sides, list) and sides else {}
    stuck = str(first.get('agent_id', '')) if isinstance(first, dict) else ''
    return [name for name in (stuck, str(record.get('chosen', '')).partition(' ')[2]) if name]


def _told(path: Path) -> dict[str, Any] | None:
    try:
        return _read(path)
    except ConfigError:
        return None


def _read(path: Path) -> dict[str, Any]:
    try:
        told = json.loads(path.read_text(encoding='utf-8'))
        return {**told, 'stamp_ns': int(told['stamp_ns'])}
    except (OSError, ValueError, TypeError, KeyError) as error:
        text = f'{path}: no record of the mediator ({error}); move it away'
        raise ConfigError(text) from error
