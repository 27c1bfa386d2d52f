# SPDX-License-Identifier: Apache-2.0
"""An hour of ticks as fast as they go, ten minutes of them recorded, and what recording adds.

The drive is one as the node sees it: odometry in every fifth tick, scan, command and heartbeats in
every tenth. At 20 s the drive is an hour long and its record ten minutes; less is a share of both.
It runs in a process of its own with ordinary scheduling: it would keep a core from all others.
"""

import json
import math
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from itertools import islice
from pathlib import Path

import numpy as np

from swarm_reflex.bench.compute import ROBOT
from swarm_reflex.bench.figures import Figure, spread
from swarm_reflex.core import CORE, Command, Inputs, Odom, Outputs, Params, Scan, State
from swarm_vault.recorder import Recorder
from swarm_vault.replay import replay_vault

_TICK_NS = 10_000_000
_HOUR_TICKS = 18_000
"""Ticks for each second of --seconds: at 20 s an hour of driving."""
_RECORDED_TICKS = 3_000
"""The same of the recorded drive: at 20 s ten minutes."""
_PARAMS = Params(robot=ROBOT)


def endurance(folder: Path, seconds: int) -> list[Figure]:
    """Pace and growth of the bare core, loss and cost of its record."""
    command = [sys.executable, '-m', 'swarm_reflex.bench.endurance', str(folder), str(seconds)]
    said = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    return [Figure(**row) for row in json.loads(said.stdout)]


def endured(folder: Path, seconds: int) -> list[Figure]:
    """The same in this process."""
    return [
        *_bare(_HOUR_TICKS * seconds),
        _recorded(folder / 'drive', _RECORDED_TICKS * seconds),
        *_added(folder / 'paced', 100 * seconds),
    ]


def drive(ticks: int) -> Iterator[Inputs]:
    """A drive through a hall whose walls come and go."""
    rng = np.random.default_rng(4)
    for k in range(ticks):
        now_ns = 10**9 + k * _TICK_NS
        beat_ns = now_ns if k % 10 == 3 else None
        yield Inputs(
            now_ns=now_ns,
            command=_command(rng, now_ns) if k % 10 == 1 else None,
            scan=_scan(rng, now_ns) if k % 10 == 2 else None,
            odom=_odom(k, now_ns) if k % 5 == 0 else None,
            situation_beat_ns=beat_ns,
            planner_beat_ns=beat_ns,
        )


def _command(rng: np.random.Generator, now_ns: int) -> Command:
    return Command(
        vx_mps=rng.uniform(0.0, 0.8),
        wz_radps=rng.uniform(-0.5, 0.5),
        arrival_ns=now_ns,
        stamp_age_s=0.01,
    )


def _scan(rng: np.random.Generator, now_ns: int) -> Scan:
    return Scan(
        ranges_mm=rng.integers(600, 6000, 360).astype('<u2').tobytes(),
        angle_min_rad=-math.pi,
        angle_increment_rad=math.pi / 180.0,
        arrival_ns=now_ns,
        stamp_age_s=0.02,
    )


def _odom(k: int, now_ns: int) -> Odom:
    return Odom(
        vx_mps=0.3,
        wz_radps=0.1,
        x_m=0.003 * k,
        y_m=0.0,
        yaw_rad=0.0,
        arrival_ns=now_ns,
        stamp_age_s=0.0,
    )


def _bare(ticks: int) -> list[Figure]:
    """Ticks in a minute of processor time, and how the memory grows after the first tenth."""
    state, inputs, spent_s = CORE.initial(_PARAMS), drive(ticks), 0.0
    for one in islice(inputs, ticks // 10):
        state, _ = CORE.decide(state, one, _PARAMS)
    before_mb = _memory_mb()
    for one in inputs:
        start_s = time.thread_time()
        state, _ = CORE.decide(state, one, _PARAMS)
        spent_s += time.thread_time() - start_s
    pace = 60.0 * (ticks - ticks // 10) / spent_s
    growth_mb = _memory_mb() - before_mb
    return [
        Figure(name='offline_ticks_a_minute', value=pace, unit='ticks', control=1e6),
        Figure(name='memory_growth', value=growth_mb, unit='MB', control=2.0),
    ]


def _recorded(vault_dir: Path, ticks: int) -> Figure:
    """Ticks that a replay of their record does not show to the byte."""
    recorder = Recorder(vault_dir=vault_dir, agent_id='bench', writer='reflex')
    state = recorder.start(CORE, _PARAMS)
    for one in drive(ticks):
        state, _ = recorder.decide(CORE, state, one, _PARAMS)
    recorder.close()
    lost = ticks - replay_vault(vault_dir).decisions_reproduced
    return Figure(name=f'lost_of_{ticks}_recorded', value=lost, unit='ticks', control=0.0)


class _Timed:
    """A run of ticks that notes what each took."""

    def __init__(
        self, decide: Callable[[State, Inputs, Params], tuple[State, Outputs]], state: State
    ) -> None:
        self.spent_ms: list[float] = []
        self._decide = decide
        self._state = state

    def tick(self, inputs: Inputs) -> None:
        """Decide once more."""
        start_s = time.perf_counter()
        self._state, _ = self._decide(self._state, inputs, _PARAMS)
        self.spent_ms.append((time.perf_counter() - start_s) * 1e3)


def _added(vault_dir: Path, ticks: int) -> list[Figure]:
    """A recorded tick at 100 Hz; control: the same tick without a record.

    They take turns in coming first: after the pause the first finds cold caches.
    """
    recorder = Recorder(vault_dir=vault_dir, agent_id='bench', writer='reflex')
    state = recorder.start(CORE, _PARAMS)
    runs = [
        _Timed(partial(recorder.decide, CORE), state),
        _Timed(CORE.decide, state),
    ]
    due_s = time.perf_counter()
    for one in drive(ticks):
        due_s += _TICK_NS * 1e-9
        time.sleep(max(0.0, due_s - time.perf_counter()))
        for run in runs if one.now_ns // _TICK_NS % 2 else reversed(runs):
            run.tick(one)
    recorder.close()
    return spread('decide_and_record', runs[0].spent_ms, 'ms', runs[1].spent_ms)


def _memory_mb() -> float:
    """What this process holds in memory [MB]."""
    pages = int(Path('/proc/self/statm').read_text(encoding='ascii').split()[1])
    return pages * os.sysconf('SC_PAGE_SIZE') * 1e-6


if __name__ == '__main__':
    rows = [figure.row() for figure in endured(Path(sys.argv[1]), int(sys.argv[2]))]
    sys.stdout.write(json.dumps(rows) + '\n')
