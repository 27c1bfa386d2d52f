# SPDX-License-Identifier: Apache-2.0
"""What the nodes of a robot that did not come home said last, for whoever has nothing but this."""

from collections.abc import Collection
from typing import Any

from swarm_supervisor.demo.figures import Trail
from swarm_supervisor.demo.show import Shown

TELLING = (
    'choice.', 'held', 'home', 'link', 'nav_state', 'negotiation.', 'node.', 'order.', 'plan.path',
    'reflex.action', 'violation.',
)  # fmt: skip
"""Beginnings of the types of events that tell what a robot does."""
TOLD = ('why', 'reason', 'nav_state', 'action', 'cause', 'peer')
"""What is quoted of an event's data."""
EACH = 3
"""So many of each node."""


def last_words(trail: Trail, shown: Shown, robots: Collection[str]) -> tuple[str, ...]:
    """A sentence for each node of each robot that is not at home.

    Args:
        trail: The events of the robots' logs.
        shown: What came of the show.
        robots: All robots of the fleet.
    """
    out = sorted(set(robots) - set(shown.referee.robots_home))
    end_ns = shown.order_wall_ns + round(shown.mission_s * 1e9)
    sources = [f'/agents/{robot}/{node}' for robot in out for node in _nodes(trail, robot)]
    return tuple(_words_of(trail, source, end_ns) for source in sources)


def _nodes(trail: Trail, robot: str) -> list[str]:
    return sorted({e['source'].split('/')[3] for e in trail.events if f'/{robot}/' in e['source']})


def _words_of(trail: Trail, source: str, end_ns: int) -> str:
    said = [e for e in trail.events if e['source'] == source and int(e['time_ns']) <= end_ns]
    telling = [e for e in said if e['type'].startswith(TELLING)][-EACH:]
    return f'{source.removeprefix("/agents/")}: ' + '; '.join(_word(e, end_ns) for e in telling)


def _word(event: dict[str, Any], end_ns: int) -> str:
    before_s = (end_ns - int(event['time_ns'])) / 1e9
    told = ', '.join(str(event['data'][key]) for key in TOLD if event['data'].get(key))
    return f'{event["type"]} {before_s:.0f} s before the end ({told})'
