# SPDX-License-Identifier: Apache-2.0
"""Run every recorded decision again and compare, to the byte.

The cores are found by name, not imported here: the rooms stay independent of each other.
"""

import gc
import importlib
import os
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from typing_extensions import Self

from swarm_vault.code import code_version
from swarm_vault.codec import codec_of, frame_codec, frame_type
from swarm_vault.core import Core
from swarm_vault.divergence import Difference, first_difference
from swarm_vault.errors import VaultError
from swarm_vault.frames import BagLog, BagReader, about_bag, plain_frame
from swarm_vault.listing import bags_in, log_folders
from swarm_vault.log_check import LogCheck, LogWalk
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
_INPUTS, _OUTPUTS = b'{"i":', b',"o":{'
_ONLY_FORM = Difference(
    field='the JSON text', recorded='another form of the same values', recomputed='the pinned form'
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Divergence:
    """The first decision of a bag that came out differently."""

    frame: int
    field: str
    recorded: str
    recomputed: str
    code_recorded: str
    code_now: str
    inexact: str = ''
    """An input that the recorder saw as another type than was declared."""

    def __str__(self) -> str:
        """One sentence for people."""
        code = (
            f'the code is the same ({self.code_now})'
            if self.code_recorded == self.code_now
            else f'recorded by {self.code_recorded}, recomputed by {self.code_now}'
        )
        return (
            f'frame {self.frame}: {self.field} was {self.recorded}, comes out as'
            f' {self.recomputed}; {code}' + (f'; note that {self.inexact}' if self.inexact else '')
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class BagReplay:
    """What became of one bag."""

    agent_id: str
    writer: str
    core: str
    bag: str
    recorded: int = 0
    """Decisions that the log vouches for or the bag holds, whichever is more."""
    reproduced: int = 0
    missing: int = 0
    """Decisions that the log vouches for and the bag does not hold."""
    divergence: Divergence | None = None
    fault: str = ''
    """What kept decisions from being run, or does not fit the log; empty when nothing."""
    forged: str = ''
    """How the file differs from what the log vouches for; empty if it does not."""
    frames: int = 0
    """How many decisions the file holds."""
    span_s: float = 0.0
    """How long the recording took [s]."""

    @property
    def reason(self) -> str:
        """Why it is not fully reproduced; empty when it is."""
        if self.divergence is not None:
            return f'{self.bag}: {self.divergence}'
        return f'{self.bag}: {self.fault}' if self.fault else ''


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplayReport:
    """What became of all decisions of a vault."""

    bags: tuple[BagReplay, ...]
    elapsed_s: float
    log_faults: tuple[str, ...] = ()
    """Logs that break off, so that decisions behind the break are not known."""

    @property
    def decisions_recorded(self) -> int:
        """How many decisions there should be."""
        return sum(bag.recorded for bag in self.bags)

    @property
    def decisions_reproduced(self) -> int:
        """How many came out equal to the byte."""
        return sum(bag.reproduced for bag in self.bags)

    @property
    def decisions_missing(self) -> int:
        """How many the log vouches for and no bag holds."""
        return sum(bag.missing for bag in self.bags)

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why not all are reproduced; empty when all are."""
        return self.log_faults + tuple(bag.reason for bag in self.bags if bag.reason)

    @property
    def ok(self) -> bool:
        """Whether every recorded decision was reproduced."""
        return not self.reasons and self.decisions_recorded == self.decisions_reproduced

    @property
    def speed(self) -> float:
        """How many times faster than the longest recording the whole replay was."""
        return max((bag.span_s for bag in self.bags), default=0.0) / max(self.elapsed_s, 1e-9)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Task:
    path: Path
    agent_id: str
    writer: str
    log: BagLog
    target: str

    @property
    def bytes_(self) -> int:
        return _bytes_of(self.path)


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
    task = _Task(path=path, agent_id='', writer='', log=log, target=target)
    return ReplayReport(bags=(_replay_bag(task),), elapsed_s=time.perf_counter() - began)


def load_core(target: str) -> Core[Any, Any, Any, Any]:
    """Import a core by '<module>:<name>'.

    Raises:
        VaultError: There is none.
    """
    module, _, name = target.partition(':')
    try:
        core = getattr(importlib.import_module(module), name)
    except (ImportError, AttributeError) as error:
        raise VaultError(f'core {target!r} cannot be imported ({error})') from error
    if not isinstance(core, Core):
        raise VaultError(f'{target!r} is no core but a {type(core).__name__}')
    return core


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
        large = [path for path in bags if _bytes_of(path) > _WORTH_A_PROCESS_BYTES]
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

    def _run(self, tasks: list[_Task]) -> Iterator[tuple[_Task, BagReplay]]:
        if self._pool is None:
            return ((task, _replay_bag(task)) for task in tasks)
        futures = {self._pool.submit(_replay_bag, task): task for task in tasks}
        return ((futures[future], future.result()) for future in as_completed(futures))


class Replaying:
    """A replay under way."""

    def __init__(
        self,
        tasks: list[_Task],
        found: Iterator[tuple[_Task, BagReplay]],
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


def _tasks(vault_dir: Path, check: LogCheck, cores: Mapping[str, str]) -> Iterator[_Task]:
    for log in check.decision_bags:
        if log.removed is not None and not (vault_dir / log.name).exists():
            continue
        yield _Task(
            path=vault_dir / log.name,
            agent_id=check.agent_id,
            writer=check.writer,
            log=log,
            target=cores.get(str(log.start.get('core')), ''),
        )


def _bytes_of(path: Path) -> int:
    """How large a file is; 0 where it cannot be told: who reads it says why."""
    try:
        return path.stat().st_size
    except OSError:
        return 0


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


def _replay_bag(task: _Task) -> BagReplay:
    machine, log = _Machine(task), task.log
    reader = BagReader(task.path, log)
    for data in reader:
        machine.run(data)
    fault, frames = machine.fault or reader.fault, reader.frames
    return BagReplay(
        agent_id=task.agent_id,
        writer=task.writer,
        core=str(log.start.get('core', '')),
        bag=log.name,
        recorded=max(frames, log.sealed),
        reproduced=machine.reproduced,
        missing=max(0, log.sealed - frames),
        divergence=machine.divergence,
        fault=fault.removeprefix(f'{log.name}: '),
        forged=reader.fault,
        frames=frames,
        span_s=(reader.last_ns - reader.first_ns) / 1e9,
    )


class _Machine:
    """Run one core over the frames of one bag, until it diverges or cannot go on."""

    def __init__(self, task: _Task) -> None:
        self.reproduced = 0
        self.fault = ''
        self.divergence: Divergence | None = None
        self._inexact = task.log.inexact
        try:
            self._load(task)
        except VaultError as error:
            self.fault = str(error)

    def run(self, data: bytes) -> None:
        """Take the next frame."""
        if self.fault or self.divergence is not None:
            return
        try:
            again = self._decide(data)
            if again == data:
                self.reproduced += 1
            else:
                self.divergence = self._explain(data, again)
        except VaultError as error:
            self.fault = f'frame {self.reproduced}: {error}'

    def _load(self, task: _Task) -> None:
        start = task.log.start
        if not start:
            raise VaultError('no core.start event speaks of it')
        if not task.target:
            raise VaultError(f'core {start.get("core")!r} is not in the table of allowed cores')
        self._core = load_core(task.target)
        if start.get('version') != self._core.version:
            raise VaultError(
                f'recorded by version {start.get("version")} of the core, here is version'
                f' {self._core.version}; check out the recorded one'
            )
        self._codes = _one_line(start.get('code')), _one_line(code_version(self._core))
        self._frame = frame_type(self._core)
        self._codec = frame_codec(self._core)
        self._inputs = codec_of(self._core.inputs)
        self._params = codec_of(self._core.params).decode_plain(start.get('params'))
        self._state = self._guarded(lambda: self._core.initial(self._params))

    def _inputs_of(self, data: bytes) -> Any:
        """The inputs of a frame, read without its outputs where their place is plain to see."""
        end = data.rfind(_OUTPUTS)
        try:
            return self._inputs.decode(data[len(_INPUTS) : end])
        except VaultError:
            return self._codec.decode(data).i

    def _decide(self, data: bytes) -> bytes:
        inputs = self._inputs_of(data)
        self._state, outputs = self._guarded(
            lambda: self._core.decide(self._state, inputs, self._params)
        )
        return self._codec.encode(self._frame(inputs, outputs))

    def _guarded(self, call: Callable[[], Any]) -> Any:
        try:
            return call()
        except Exception as error:
            raise VaultError(f'the core raised {error!r}') from error

    def _explain(self, data: bytes, again: bytes) -> Divergence:
        recorded, recomputed = (plain_frame(each, 'the frame') for each in (data, again))
        found = first_difference(recorded, recomputed) or _ONLY_FORM
        return Divergence(
            frame=self.reproduced,
            field=found.field,
            recorded=found.recorded,
            recomputed=found.recomputed,
            code_recorded=self._codes[0],
            code_now=self._codes[1],
            inexact=self._inexact,
        )


def _one_line(code: Any) -> str:
    if not isinstance(code, dict):
        return 'unknown code'
    return ', '.join(f'{name} {code[name]}' for name in sorted(code) if code[name])
