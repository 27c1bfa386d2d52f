# SPDX-License-Identifier: Apache-2.0
"""Processes of a bench and the base that listens to them."""

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from geometry_msgs.msg import TwistStamped
from rclpy.impl.implementation_singleton import rclpy_implementation
from rclpy.node import Node

from swarm_config.errors import ConfigError
from swarm_reflex.ports import taken, unused

_TICKS = os.sysconf('SC_CLK_TCK')
_PATIENCE_S = 30.0


class Stage:
    """Start processes by module name, and end exactly these."""

    def __init__(self, folder: Path, fleet: Path, agent_id: str) -> None:
        self.folder = folder
        self._fleet = fleet
        self._agent_id = agent_id
        self._processes: list[subprocess.Popen[str]] = []

    def start(self, module: str, *arguments: str, listen: bool = False) -> subprocess.Popen[str]:
        """Start a module; with `listen` its standard output is a pipe."""
        out = subprocess.PIPE if listen else subprocess.DEVNULL
        command = [sys.executable, '-m', module, *arguments]
        process = subprocess.Popen(command, stdout=out, text=True)
        self._processes.append(process)
        return process

    def reflex(self, name: str) -> subprocess.Popen[str]:
        """Start a reflex node for a robot of this name."""
        return self.start(*self.reflex_words(name))

    def reflex_words(self, name: str, **parameters: str) -> list[str]:
        """Module and arguments of a reflex node."""
        settings = {
            'agent_id': self._agent_id,
            'fleet_file': self._fleet,
            'vault_dir': self.folder / name,
            **parameters,
        }
        pairs = [word for key, value in settings.items() for word in ('-p', f'{key}:={value}')]
        return ['swarm_reflex.node', *self.where(name), *pairs]

    def where(self, name: str) -> list[str]:
        """The arguments that put a node into a robot's namespace."""
        return ['--ros-args', '-r', f'__ns:=/{name}']

    def feeder(self, names: str, *arguments: str, listen: bool = False) -> subprocess.Popen[str]:
        """Start what is around robots of these names."""
        return self.start(*self.feeder_words(names, *arguments), listen=listen)

    def feeder_words(self, names: str, *arguments: str) -> list[str]:
        """Module and arguments of a feeder."""
        return ['swarm_reflex.bench.feeder', '--names', names, *arguments]

    @contextlib.contextmanager
    def load(self, *, busy: bool) -> Iterator[None]:
        """Keep every core busy meanwhile."""
        count = len(os.sched_getaffinity(0)) if busy else 0
        code = 'while True: sum(range(100000))'
        burners = [subprocess.Popen([sys.executable, '-c', code]) for _ in range(count)]
        try:
            yield
        finally:
            for burner in burners:
                burner.kill()
                burner.wait()

    def end(self, *processes: subprocess.Popen[str]) -> None:
        """End some processes, or all."""
        for process in processes or tuple(self._processes):
            with contextlib.suppress(ProcessLookupError):
                process.send_signal(signal.SIGCONT)
            process.kill()
            process.wait()
            if process.stdout:
                process.stdout.close()
            if process in self._processes:
                self._processes.remove(process)


def tell(sentence: str) -> None:
    """Say on standard error what is under way."""
    sys.stderr.write(f'bench: {sentence}\n')


def numbers_of(process: subprocess.Popen[str], meanwhile: Callable[[], None]) -> list[int]:
    """What a process prints until it ends; a pipe that nobody empties would hold it up."""
    found: list[int] = []

    def read() -> None:
        assert process.stdout is not None, 'it was started to be listened to'
        found.extend(int(line) for line in process.stdout)

    reader = threading.Thread(target=read)
    reader.start()
    while reader.is_alive():
        meanwhile()
    return found


def cpu_s(process: subprocess.Popen[str]) -> float:
    """Processor time that a process has used [s]."""
    fields = (
        Path(f'/proc/{process.pid}/stat').read_text(encoding='ascii').rpartition(')')[2].split()
    )
    return (int(fields[11]) + int(fields[12])) / _TICKS


class Base:
    """What arrives at the motors of some robots: when, and how fast."""

    def __init__(self, node: Node, names: list[str], topic: str = 'cmd_vel') -> None:
        self._listening = [
            node.create_subscription(TwistStamped, f'/{name}/{topic}', unused, 100)
            for name in names
        ]
        count = len(names)
        self._wait_set = rclpy_implementation.WaitSet(count, 0, 0, 0, 0, 0, node.context.handle)
        self.last: list[float] = [0.0] * count
        self.moves: list[list[int]] = [[] for _ in names]
        """When each robot's command left zero, steady clock [ns]."""
        self.stops: list[list[int]] = [[] for _ in names]
        """When each robot's command fell to zero, steady clock [ns]."""
        self.sent_ns: list[list[int]] = [[] for _ in names]
        """Stamps of all commands of each robot [ns]."""

    def listen(self, wait_ns: int) -> None:
        """Take what comes, waiting at most this long [ns]."""
        waiting = self._wait_set
        waiting.clear_entities()
        for subscription in self._listening:
            waiting.add_subscription(subscription.handle)
        waiting.wait(wait_ns)
        now_ns = time.monotonic_ns()
        for i, subscription in enumerate(self._listening):
            for message, _ in taken(subscription):
                self._note(i, message, now_ns)

    def _note(self, i: int, message: Any, now_ns: int) -> None:
        speed = message.twist.linear.x
        if (speed == 0.0) != (self.last[i] == 0.0):
            (self.stops if speed == 0.0 else self.moves)[i].append(now_ns)
        stamp = message.header.stamp
        self.sent_ns[i].append(stamp.sec * 1_000_000_000 + stamp.nanosec)
        self.last[i] = speed

    def listen_for(self, seconds: float) -> None:
        """Take what comes for a while [s]."""
        end_ns = time.monotonic_ns() + round(seconds * 1e9)
        while (left_ns := end_ns - time.monotonic_ns()) > 0:
            self.listen(left_ns)

    def close(self, node: Node) -> None:
        """Listen no more."""
        for subscription in self._listening:
            node.destroy_subscription(subscription)

    def until(self, condition: Callable[[], bool], why: str) -> None:
        """Listen until something is so."""
        deadline = time.monotonic() + _PATIENCE_S
        while not condition():
            if time.monotonic() > deadline:
                raise ConfigError(f'bench: waited {_PATIENCE_S} s in vain until {why}')
            self.listen(20_000_000)

    def all_move(self) -> bool:
        """Whether every robot drives."""
        return all(speed > 0.0 for speed in self.last)

    def all_below(self, speed_mps: float) -> bool:
        """Whether every robot is slower than this."""
        return max(self.last) < speed_mps

    def all_cruise(self, speed_mps: float) -> bool:
        """Whether every robot has reached this speed."""
        return min(self.last) >= speed_mps

    def all_stand(self) -> bool:
        """Whether every robot is commanded to stand."""
        return not any(self.last)
