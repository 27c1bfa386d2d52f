# SPDX-License-Identifier: Apache-2.0
"""A supervisor in a process of its own, so that it can be killed."""

import os
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path

from supervisor_room import PATIENCE_S, TalkingRobot, until

from swarm_config.fleets import load_fleet


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(('127.0.0.1', 0))
        return probe.getsockname()[1]


class Process:
    """A supervisor in a process of its own."""

    def __init__(self, fleet: Path, vault: Path, *more: str, key: str = '') -> None:
        environment = {k: v for k, v in os.environ.items() if k != 'ANTHROPIC_API_KEY'}
        environment |= {'ANTHROPIC_API_KEY': key} if key else {}
        self.popen = subprocess.Popen(
            (
                *(sys.executable, '-m', 'swarm_supervisor.server'),
                *('--fleet', str(fleet), '--vault', str(vault), *more),
            ),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=environment,
        )
        self.lines: list[str] = []
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        for line in self.popen.stdout:
            self.lines.append(line.rstrip())

    def ready(self) -> 'Process':
        until(lambda: bool(self.lines) or self.popen.poll() is not None, 'the ready line')
        assert self.lines, self.popen.stderr.read()
        return self

    def end(self, number: int = signal.SIGTERM) -> int:
        self.popen.send_signal(number)
        code = self.popen.wait(PATIENCE_S)
        self._reader.join(PATIENCE_S)
        self.popen.stdout.close()
        self.popen.stderr.close()
        return code


def connect(plan_file: Path, vault: Path, agent_id: str, open_orders=()) -> TalkingRobot:
    fleet = load_fleet(plan_file)
    robot = TalkingRobot(fleet.file.supervisor.port, vault, fleet, agent_id)
    robot.say_hello(open_orders)
    until(lambda: robot.welcome is not None, 'welcome')
    return robot
