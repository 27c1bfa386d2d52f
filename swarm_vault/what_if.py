# SPDX-License-Identifier: Apache-2.0
"""Feed a raw recording to the cores: what they would decide on it. No record, nothing compared.

A recording of sensors holds neither peers nor a planner, so this shows what the reflexes and the
localisation make of the sensors, not what the robot did.
"""

import importlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, cast

from swarm_config.fleets import Fleet
from swarm_vault.codec import codec_of
from swarm_vault.errors import VaultError
from swarm_vault.events import Query, read_events
from swarm_vault.replay import CORES
from swarm_vault.rerun import load_core
from swarm_vault.sensor_bag import Sense, Sensed, SensorBag

FEEDS: Mapping[str, str] = {
    'reflex': 'swarm_reflex.from_bag',
    'situation': 'swarm_agent.situation.from_bag',
}
"""The cores that can be fed with sensors alone, and the modules that do it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """When a core's decision changed, and to what."""

    after_s: float
    """Since the recording began [s]."""
    what: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What one core would decide."""

    core: str
    decisions: int = 0
    span_s: float = 0.0
    changes: tuple[Change, ...] = ()
    figures: Mapping[str, float] | None = None
    assumed: tuple[str, ...] = ()
    """What stands in for topics that the recording lacks."""
    not_run: str = ''
    """Why the core could not be fed."""


class Feed(Protocol):
    """A module that feeds one core."""

    NEEDS: tuple[Sense, ...]

    def defaults(self, fleet: Fleet, agent_id: str) -> Any:
        """The core's parameters for a robot of a fleet."""

    def feed(self, sensed: Iterable[Sensed], params: Any, there: frozenset[Sense]) -> Outcome:
        """Run the core over messages."""


def feed_cores(
    path: Path, *, agent_id: str = '', fleet: Fleet | None = None
) -> tuple[Outcome, ...]:
    """Feed a recording's sensors to every core that can be run from them.

    Args:
        path: An MCAP file or the folder of a rosbag2 recording.
        agent_id: Whose topics; empty where the recording has one robot.
        fleet: The plan that names robot and map; None: the recording lies in a vault, whose logs
            say with which parameters the cores ran.

    Raises:
        VaultError: The recording cannot be used, or nothing says what robot it was.
    """
    return tuple(_outcomes(path, agent_id, fleet))


def _outcomes(path: Path, agent_id: str, fleet: Fleet | None) -> Iterator[Outcome]:
    for core, module in FEEDS.items():
        feed = cast('Feed', importlib.import_module(module))
        with closing(SensorBag(path, agent_id)) as bag:
            missing = bag.missing(feed.NEEDS)
            if missing:
                yield Outcome(core=core, not_run=missing)
                continue
            params = _params(core, feed, path, agent_id, fleet)
            yield feed.feed(bag.read(), params, frozenset(bag.topics))


def _params(core: str, feed: Feed, path: Path, agent_id: str, fleet: Fleet | None) -> Any:
    if fleet is not None:
        return feed.defaults(fleet, agent_id)
    vault, agent = path.resolve().parents[3], path.resolve().parent.parent.name
    starts = read_events(vault, Query(agent_id=agent, type_='core.start'))
    recorded = [start['data'] for start in starts if start['data'].get('core') == core]
    if path.resolve().parent.parent.parent.name != 'bags' or not recorded:
        raise VaultError(
            f'{path}: does not lie in a vault that says which robot it was;'
            ' give --fleet FILE and --agent ID'
        )
    target = load_core(CORES[core])
    if recorded[-1].get('version') != target.version:
        raise VaultError(
            f'{path}: was recorded for version {recorded[-1].get("version")} of {core}, here is'
            f' version {target.version}; give --fleet FILE and --agent ID'
        )
    return codec_of(target.params).decode_plain(recorded[-1]['params'])
