# SPDX-License-Identifier: Apache-2.0
"""Run every recorded decision again and compare, to the byte.

The cores are found by name, not imported here: the rooms stay independent of each other.
"""

import gc
import os
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import suppress
from pathlib import Path

from typing_extensions import Self

from swarm_vault.errors import VaultError
from swarm_vault.frames import BagLog, about_bag
from swarm_vault.listing import bags_in, log_folders
from swarm_vault.log_check import LogCheck, LogWalk
from swarm_vault.replay_report import BagReplay, ReplayReport
from swarm_vault.rerun import Task, bytes_of, load_core, rerun
from swarm_vault.worker_start import worker_context

CORES: Mapping[str, str] = {
    'reflex': 'swarm_reflex.core:CORE',
    'monitor': 'swarm_reflex.monitor.core:CORE',
    'situation': 'swarm_agent.situation.core:CORE',
    'planner': 'swarm_agent.planner.core:CORE',
    'joint': 'swarm_agent.mesh.core.joint:CORE',
    'sweep_crew': 'swarm_agent.planner.core.sweep.crew:CORE',
    'allocation': 'swarm_supervisor.core.allocation_core:CORE',
    'laws': 'swarm_vault.laws.core:CORE',
    'mediation': 'swarm_supervisor.core.mediation:MEDIATION',
    'witness': 'swarm_vault.heads.core:CORE',
    'spare': 'swarm_supervisor.core.spare:SPARE',
    'plan_check': 'swarm_supervisor.core.plan_core:PLAN_CHECK',
    'giving': 'swarm_supervisor.core.giving:GIVING',
    'wishes': 'swarm_supervisor.core.wishes:WISHES',
    'strategy': 'swarm_supervisor.core.strategy:STRATEGY',
}
"""The only code that a record can make run, by the core's name."""

WORKERS = os.cpu_count() or 1
_WORTH_A_PROCESS_BYTES = 1_000_000
Progress = Callable[[int, int], None]


def replay_vault(
    vault_dir: Path,
    agents: Collection[str] | None = None,
    *,
    cores: Mapping[str, str] = CORES,
    progress: Progress = lambda _done, _all: None,
) -> ReplayReport:
    """Re-execute the recorded decisions of a vault.

    Logs that are copies of other machines' are passed over: their bags lie there.

    Args:
        vault_dir: The vault; nothing in it is changed.
        agents: Only these; None: all.
        cores: The table of allowed cores, '<module>:<name>' by core name.
        progress: Called with the bytes of bags done, at first 0, and the bytes of all bags.
    """
    with Workers([vault_dir], cores) as workers:
        walks = (LogWalk(folder, trust=None).check() for folder in log_folders(vault_dir))
        checks = [check for check in walks if agents is None or check.agent_id in agents]
        return workers.begin(vault_dir, checks).report(progress)


def replay_bag(path: Path, *, cores: Mapping[str, str] = CORES) -> ReplayReport:
    """Feed the inputs of one recorded bag to its core, by the bag's word alone.

    No log vouches for the bag here: only the decisions are judged, not whether it was forged.

    Args:
        path: The bag, as a recorder wrote it.
        cores: The table of allowed cores.

    Raises:
        VaultError: The bag does not say which core decided with which parameters.
    """
    began = time.perf_counter()
    start = about_bag(path)
    log = BagLog(name=path.name, start=start)
    target = cores.get(str(start.get('core')), '')
    task = Task(path=path, agent_id='', writer='', log=log, target=target)
    return ReplayReport(bags=(rerun(task),), elapsed_s=time.perf_counter() - began)


class Workers:
    """What re-executes the bags of some vaults: other processes, or this one where that will do.

    They are started at once, so that they have read their code when the logs have been walked.

    Args:
        vault_dirs: The vaults.
        cores: The table of allowed cores.
    """

    def __init__(self, vault_dirs: Collection[Path], cores: Mapping[str, str] = CORES) -> None:
        self._cores = cores
        self._began = time.perf_counter()
        self._pool: ProcessPoolExecutor | None = None
        bags = [path for each in vault_dirs for path in bags_in(each) if path.stem.isdigit()]
        large = [path for path in bags if bytes_of(path) > _WORTH_A_PROCESS_BYTES]
        count = min(len(large), WORKERS)
        if count > 1:
            wanted = sorted({path.parent.name for path in large} & cores.keys())
            self._pool = _pool(count, tuple(cores[name] for name in wanted))

    def __enter__(self) -> Self:
        """Nothing to do: they are at work already."""
        return self

    def __exit__(self, *_: object) -> None:
        """Let them go; what has not begun is not done."""
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)

    def begin(self, vault_dir: Path, checks: Collection[LogCheck]) -> 'Replaying':
        """Begin to re-execute what some logs of a vault vouch for; copies are passed over."""
        own = [check for check in checks if not check.mirror]
        tasks = [task for check in own for task in _tasks(vault_dir, check, self._cores)]
        tasks.sort(key=lambda task: -task.bytes_)
        faults = tuple(f'{check.name}: {check.fault}' for check in own if check.broken)
        if not own:
            faults = (f'{vault_dir}: there is no such log to replay; copies hold no frames',)
        return Replaying(tasks, self._run(tasks), faults, self._began)

    def _run(self, tasks: list[Task]) -> Iterator[tuple[Task, BagReplay]]:
        if self._pool is None:
            return ((task, rerun(task)) for task in tasks)
        futures = {self._pool.submit(rerun, task): task for task in tasks}
        return ((futures[future], future.result()) for future in as_completed(futures))


class Replaying:
    """A replay under way."""

    def __init__(
        self,
        tasks: list[Task],
        found: Iterator[tuple[Task, BagReplay]],
        faults: tuple[str, ...],
        began_s: float,
    ) -> None:
        self._total = sum(task.bytes_ for task in tasks)
        self._found, self._faults, self._began_s = found, faults, began_s

    def report(self, progress: Progress = lambda _done, _all: None) -> ReplayReport:
        """Wait for its end."""
        bags, done = [], 0
        progress(done, self._total)
        for task, replayed in self._found:
            bags.append(replayed)
            done += task.bytes_
            progress(done, self._total)
        return ReplayReport(
            bags=tuple(sorted(bags, key=lambda bag: bag.bag)),
            elapsed_s=time.perf_counter() - self._began_s,
            log_faults=self._faults,
        )


def _tasks(vault_dir: Path, check: LogCheck, cores: Mapping[str, str]) -> Iterator[Task]:
    for log in check.decision_bags:
        if log.removed is not None and not (vault_dir / log.name).exists():
            continue
        yield Task(
            path=vault_dir / log.name,
            agent_id=check.agent_id,
            writer=check.writer,
            log=log,
            target=cores.get(str(log.start.get('core')), ''),
        )


def _pool(count: int, targets: tuple[str, ...]) -> ProcessPoolExecutor:
    """Processes that read the code of some cores, or are copies of this one that has read it."""
    context = worker_context()
    if context.get_start_method() == 'fork':
        _warm(targets)
    pool = ProcessPoolExecutor(count, mp_context=context, initializer=_prepare)
    for _ in range(count):
        pool.submit(_warm, targets)
    return pool


def _prepare() -> None:
    """Collect garbage seldom: a worker decides for some seconds and ends."""
    gc.freeze()
    gc.set_threshold(100_000, 50, 1000)


def _warm(targets: tuple[str, ...]) -> None:
    """Import cores before they are needed; what cannot be imported is told when it is."""
    for target in targets:
        with suppress(VaultError):
            load_core(target)
