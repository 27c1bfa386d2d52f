# SPDX-License-Identifier: Apache-2.0
"""Processes that start at once, because a bench that kills thousands cannot wait for imports.

Each is forked from one that has imported everything and started nothing. It is a process like any
other: own memory, own middleware, own fate.
"""

import importlib
import multiprocessing
import sys
from multiprocessing.context import ForkServerProcess

MODULES = ('swarm_reflex.node', 'swarm_reflex.watchdog', 'swarm_reflex.bench.feeder')


class Nursery:
    """Start modules as processes and end exactly these."""

    def __init__(self) -> None:
        self._context = multiprocessing.get_context('forkserver')
        self._context.set_forkserver_preload([*MODULES])
        self._processes: list[ForkServerProcess] = []

    def start(self, module: str, *arguments: str) -> ForkServerProcess:
        """Run a module's `main` with these arguments."""
        process = self._context.Process(target=_play, args=(module, arguments), daemon=True)
        process.start()
        self._processes.append(process)
        return process

    def end(self, *processes: ForkServerProcess) -> None:
        """Kill some processes, or all; also stopped ones."""
        ended = processes or tuple(self._processes)
        for process in ended:
            process.kill()
        for process in ended:
            process.join()
            self._processes.remove(process)


def _play(module: str, arguments: tuple[str, ...]) -> None:
    sys.argv = [module, *arguments]
    sys.exit(importlib.import_module(module).main())
