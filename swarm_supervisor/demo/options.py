# SPDX-License-Identifier: Apache-2.0
"""What a user may choose of a demo, checked once."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from swarm_config.errors import ConfigError

LARGE_MAP_TIME_S = 300.0
FOR_GOOD = '.*'
"""After a robot's name: all its processes, and none of them is started again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoOptions:
    """The options of `swarm demo`."""

    robots: int | None = None
    map_path: Path | None = None
    seed: int = 0
    link_down: tuple[float, float] | None = None
    """From and to in seconds after the order; None: as the scenario says."""
    no_link_down: bool = False
    out_dir: Path = Path('out/demo')
    json_path: Path | None = None
    headless: bool = True
    composed: bool = False
    slm: bool = False
    story: str = ''
    """'governed' or empty for the demo as it is."""
    kills: tuple[tuple[str, float], ...] = ()
    """Processes to SIGKILL and when, in seconds after the order; `amr_2.*`: all of a robot's, for
    good."""
    time_limit_s: float | None = None

    @property
    def lost(self) -> frozenset[str]:
        """Robots that are killed for good."""
        return frozenset(
            name.removesuffix(FOR_GOOD) for name, _ in self.kills if name.endswith(FOR_GOOD)
        )


def parse_span(text: str) -> tuple[float, float]:
    """Read `FROM:TO` in seconds.

    Raises:
        ConfigError: It is not two rising numbers.
    """
    found = re.fullmatch(r'(\d+(?:\.\d+)?):(\d+(?:\.\d+)?)', text)
    if not found or float(found[1]) >= float(found[2]):
        raise ConfigError(
            f'--link-down {text!r}: expected FROM:TO in seconds after the order, for example 20:40'
        )
    return float(found[1]), float(found[2])


def parse_story(text: str) -> str:
    """Read the name of a story.

    Raises:
        ConfigError: There is no such story.
    """
    if text not in {'', 'governed'}:
        raise ConfigError(f"--story {text!r}: expected 'governed'")
    return text


def parse_kill(text: str) -> tuple[str, float]:
    """Read `PROCESS@SECONDS`.

    Raises:
        ConfigError: It has another form.
    """
    found = re.fullmatch(r'([a-z0-9_.]+(?:\.\*)?)@(\d+(?:\.\d+)?)', text)
    if not found:
        raise ConfigError(
            f'--kill {text!r}: expected PROCESS@SECONDS, for example amr_1.planner@25, or'
            ' amr_1.*@25 for a whole robot'
        )
    return found[1], float(found[2])


def killed_by(name: str, processes: Sequence[str]) -> tuple[str, ...]:
    """The processes that are meant."""
    if name.endswith(FOR_GOOD):
        stem = name.removesuffix('*')
        return tuple(one for one in processes if one.startswith(stem))
    return tuple(one for one in processes if one == name)


def check_kills(kills: Sequence[tuple[str, float]], processes: Sequence[str]) -> None:
    """Refuse to kill what does not run.

    Raises:
        ConfigError: There is no process of such a name.
    """
    for name, _ in kills:
        if not killed_by(name, processes):
            raise ConfigError(
                f'--kill {name}: no such process; expected one of {", ".join(processes)}'
            )
