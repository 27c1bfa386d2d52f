# SPDX-License-Identifier: Apache-2.0
"""What robots' logs and reports tell of standing still and of not agreeing, as it comes in."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field

from swarm_supervisor.core import standstill
from swarm_supervisor.core.standstill import Sight, Standstill

TELLING = (b'"nav_state"', b'"claim.sent"', b'"negotiation.settled"')


@dataclass(slots=True)
class DisputeBook:
    """Filled by the link, read by the watch; one event loop uses it."""

    memory: Standstill = field(default_factory=Standstill)
    said: dict[str, str] = field(default_factory=dict)
    """The reason that each robot's situation node gave last."""
    tried: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """What was done about each mission."""
    quiet_until_ns: dict[str, int] = field(default_factory=dict)
    """A remedy takes its time: until then a robot is left alone."""

    def take(self, agent_id: str, lines: Iterable[bytes], now_ns: int) -> None:
        """Read fresh lines of a robot's log, which are stored and well-formed."""
        for line in lines:
            if any(mark in line for mark in TELLING):
                event = json.loads(line)
                data = event.get('data')
                told = data if isinstance(data, dict) else {}
                self._event(agent_id, str(event.get('type', '')), told, now_ns)

    def _event(self, agent_id: str, type_: str, data: dict[str, object], now_ns: int) -> None:
        if type_ == 'nav_state':
            self.said[agent_id] = str(data.get('reason', ''))[:200]
        elif type_ == 'claim.sent' and data.get('kind') == 'DECLINE':
            other, claim_id = str(data.get('to', '')), str(data.get('claim_id', ''))
            self.memory = standstill.declined(self.memory, agent_id, other, claim_id, now_ns)
        elif type_ == 'negotiation.settled':
            self.memory = standstill.agreed(self.memory, agent_id, str(data.get('peer', '')))

    def look(self, sights: Iterable[Sight], now_ns: int) -> None:
        """Take up how the robots at work stand."""
        self.memory = standstill.seen(self.memory, sights, now_ns)

    def due(self, agent_id: str, now_ns: int) -> bool:
        """Whether a robot is not left alone just now."""
        return now_ns >= self.quiet_until_ns.get(agent_id, 0)

    def done(self, mission_id: str, key: str, agents: Iterable[str], until_ns: int) -> None:
        """Remember a remedy, and give it time."""
        self.tried[mission_id] = (*self.tried.get(mission_id, ()), key)
        for agent_id in agents:
            self.quiet_until_ns[agent_id] = until_ns
