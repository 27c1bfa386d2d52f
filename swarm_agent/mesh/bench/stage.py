# SPDX-License-Identifier: Apache-2.0
"""A fleet of any size on loopback: its plan, its keys, and processes that play its robots."""

import json
import subprocess
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from swarm_config.fleets import Fleet, FleetFile, Robot
from swarm_config.loopback import free_row
from swarm_config.robots import RobotModel
from swarm_vault.keys import ensure_authority


def names(count: int) -> tuple[str, ...]:
    """Robots r000, r001 and so on, in the order of their ids."""
    return tuple(f'r{number:03d}' for number in range(count))


def bare_fleet(count: int, base_port: int, mesh: Mapping[str, Any]) -> Fleet:
    """A plan with robots, but without map and models: for sessions only."""
    file = FleetFile.model_validate(
        {
            'fleet': 'bench',
            'map': 'none.yaml',
            'robots': [
                {'id': name, 'model': 'none', 'home': (0.0, 0.0, 0.0)} for name in names(count)
            ],
            'mesh': {'host': '127.0.0.1', 'base_port': base_port, **mesh},
        }
    )
    return Fleet(
        path=Path('bench.yaml'),
        file=file,
        map_path=Path('none.yaml'),
        places_path=None,
        scenario_path=None,
        robots=tuple(
            Robot(
                agent_id=entry.id,
                index=index,
                model=RobotModel.model_construct(),
                home=entry.home,
                start=entry.home,
            )
            for index, entry in enumerate(file.robots)
        ),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """Where the processes of one bench play."""

    folder: Path
    count: int
    base_port: int
    mesh: dict[str, Any]

    @classmethod
    def make(cls, folder: Path, count: int, **mesh: Any) -> 'Stage':
        """Keys for so many robots, and ports."""
        ensure_authority(folder, names(count))
        return cls(folder=folder, count=count, base_port=free_row(count), mesh=mesh)

    def start(self, module: str, role: str, agents: Iterable[str], **more: Any) -> 'Player':
        """Start a process that plays some robots; it reports in JSON lines."""
        told = {
            'folder': str(self.folder),
            'count': self.count,
            'base_port': self.base_port,
            'mesh': self.mesh,
            'role': role,
            'agents': list(agents),
            **more,
        }
        process = subprocess.Popen(
            [sys.executable, '-m', module, json.dumps(told)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        return Player(process)


class Player:
    """A process that plays robots."""

    def __init__(self, process: 'subprocess.Popen[str]') -> None:
        self.process = process

    def read(self) -> dict[str, Any]:
        """The next report; empty when the process has ended."""
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        said: dict[str, Any] = json.loads(line) if line.strip() else {}
        return said

    def say(self, word: str) -> None:
        """Send a word."""
        assert self.process.stdin is not None
        self.process.stdin.write(word + '\n')
        self.process.stdin.flush()

    def end(self) -> dict[str, Any]:
        """Ask it to end, and return its last report."""
        try:
            self.say('end')
        except BrokenPipeError:
            return {}
        found: dict[str, Any] = {}
        while said := self.read():
            found = said
        self.close()
        return found

    def close(self, patience_s: float = 30.0) -> None:
        """Wait until it has ended, kill one that does not, and let its pipes go."""
        with self.process:
            try:
                self.process.wait(timeout=patience_s)
            except subprocess.TimeoutExpired:
                self.process.kill()
