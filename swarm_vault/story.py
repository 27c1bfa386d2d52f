# SPDX-License-Identifier: Apache-2.0
"""The story of a mission: who wanted what, who planned it, what was done, what stopped it, why."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from swarm_vault.events import Query, causes_of, read_events, time_of

LAYERS: Mapping[str, str] = {
    'supervisor': 'mission',
    'planner': 'plan',
    'situation': 'skill',
    'reflex': 'reflex',
}
"""Which layer a writer speaks for, the highest first."""
_SILENT = ('core.', 'ledger.')
_WHY = ('why', 'reason', 'cause', 'text')
_WHO = ('operator', 'caller', 'author', 'agent', 'peer')


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One event in its place in the story."""

    time_ns: int
    layer: str
    agent_id: str
    id_: str
    type_: str
    why: str
    who: str
    """Who is named as its author or partner; empty if nobody is."""
    causes: tuple[str, ...]
    """The events that it names as its causes."""
    follows: tuple[str, ...] = ()
    """What it follows from by the order or mission that both name, where no cause is named."""


def story_of(
    vaults: Iterable[Path], *, agent_id: str = '', since_ns: int = 0, until_ns: int = 2**63
) -> list[Step]:
    """Tell the events of some vaults as one story; an event that lies in two is told once."""
    told: dict[str, dict[str, Any]] = {}
    for vault_dir in vaults:
        for event in read_events(vault_dir, Query(since_ns=since_ns)):
            if not str(event.get('type')).startswith(_SILENT) and time_of(event) <= until_ns:
                told.setdefault(str(event.get('id')), event)
    events = sorted(told.values(), key=lambda event: (time_of(event), str(event.get('id'))))
    steps = list(_steps(events))
    return [step for step in steps if agent_id in ('', step.agent_id)]


def _steps(events: Iterable[dict[str, Any]]) -> Iterator[Step]:
    last: dict[str, str] = {}
    for event in events:
        id_ = str(event.get('id'))
        agent_id, _, rest = id_.partition('/')
        data = event.get('data')
        data = data if isinstance(data, dict) else {}
        causes = causes_of(event)
        names = _names(data)
        follows = () if causes else tuple(dict.fromkeys(last[n] for n in names if n in last))
        yield Step(
            time_ns=time_of(event),
            layer=LAYERS.get(rest.partition('/')[0], rest.partition('/')[0]),
            agent_id=agent_id,
            id_=id_,
            type_=str(event.get('type')),
            why=_first(data, _WHY),
            who=_first(data, _WHO),
            causes=causes,
            follows=follows,
        )
        last.update(dict.fromkeys(names, id_))


def _names(data: Mapping[str, Any]) -> list[str]:
    """The orders and missions that an event names; an order's event follows its mission's."""
    names = [data[key] for key in ('order_id', 'mission_id') if isinstance(data.get(key), str)]
    orders = data.get('orders')
    names += [str(order) for order in orders] if isinstance(orders, dict) else []
    return names


def _first(data: Mapping[str, Any], keys: Iterable[str]) -> str:
    found = (data[key] for key in keys if data.get(key) not in (None, ''))
    return str(next(found, ''))
