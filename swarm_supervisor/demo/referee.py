# SPDX-License-Identifier: Apache-2.0
"""Read what the simulator's referee writes: the only word on contacts and coverage."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HOME_TOLERANCE_M = 0.6
"""A robot is home when it stands this near to its home [m]."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RefereeReport:
    """The referee's figures; all zero before its first report."""

    coverage: float = 0.0
    contacts: int = 0
    distance_m: float = 0.0
    robots_home: tuple[str, ...] = ()
    real_time_factor: float = 0.0
    script_started: bool = False
    present: bool = False


def read_referee(out_dir: Path) -> RefereeReport:
    """The newest report in the folder; it is replaced atomically, so it is always whole."""
    try:
        data = json.loads((out_dir / 'referee.json').read_text(encoding='utf-8'))
    except FileNotFoundError:
        return RefereeReport()
    robots: dict[str, Any] = data['robots']
    return RefereeReport(
        coverage=float(data['coverage']),
        contacts=len(data['contacts']),
        distance_m=sum(float(robot['distance_m']) for robot in robots.values()),
        robots_home=tuple(sorted(name for name, robot in robots.items() if _home(robot))),
        real_time_factor=float(data['real_time_factor']),
        script_started=data['script_started_s'] is not None,
        present=True,
    )


def _home(robot: dict[str, Any]) -> bool:
    return bool(robot['at_rest']) and float(robot['distance_from_home_m']) <= HOME_TOLERANCE_M


def read_truth(out_dir: Path, order_ns: int) -> list[dict[str, Any]]:
    """All lines of the referee's track, without a torn last one; `t_s` counts from the order.

    Args:
        out_dir: The run's folder.
        order_ns: When the order was given, since the epoch [ns].
    """
    path = out_dir / 'truth.jsonl'
    if not path.exists():
        return []
    lines = path.read_text(encoding='utf-8').split('\n')[:-1]
    track = [json.loads(line) for line in lines]
    return [{**step, 't_s': (step['time_ns'] - order_ns) / 1e9} for step in track]
