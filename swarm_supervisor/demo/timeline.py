# SPDX-License-Identifier: Apache-2.0
"""The story of a run as marks on a timeline: the script's cues and the robots' notable events."""

from typing import Any

from swarm_supervisor.demo.figures import Trail
from swarm_supervisor.demo.show import Shown
from swarm_supervisor.report import TimelineEvent

QUIET = ('core.', 'frames', 'reflex.stats', 'ledger.')
"""Types that say nothing to a reader of the story."""


def timeline_of(trail: Trail, shown: Shown) -> list[TimelineEvent]:
    """All marks in the order of time, in seconds after the order."""
    marks = [
        TimelineEvent(at_s=round(at_s, 2), lane='story', kind='STORY', text=text)
        for at_s, text in shown.cues
    ]
    marks += [
        _mark(event, shown.order_wall_ns)
        for event in trail.events
        if event['kind'] != 'DECISION' and not event['type'].startswith(QUIET)
    ]
    return sorted(marks, key=lambda mark: mark.at_s)


def _mark(event: dict[str, Any], order_ns: int) -> TimelineEvent:
    agent, writer, _ = str(event['id']).split('/')
    data = ', '.join(f'{key} {value}' for key, value in event['data'].items() if value != '')
    return TimelineEvent(
        at_s=round((int(event['time_ns']) - order_ns) / 1e9, 2),
        lane=f'{agent} {writer}',
        kind=event['kind'],
        text=f'{event["type"]}: {data}'[:300],
    )
