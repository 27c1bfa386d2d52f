# SPDX-License-Identifier: Apache-2.0
"""Make the loop's thread as punctual as this machine allows, and say how far that went."""

import gc
import os
import sys
from pathlib import Path

_SWITCH_S = 0.0005
"""How long another thread may keep the interpreter from the loop [s]."""
_COLLECT_EVERY_NS = 10_000_000_000


def claim_realtime(priority: int, *, inherited: bool = True) -> str:
    """Ask for SCHED_FIFO for this process; say which scheduling it has now.

    The calling thread gets the priority, all others (the recorder's, the middleware's) and those
    they start get one less: an ordinary thread that is preempted while it holds the interpreter's
    lock would keep a real-time loop waiting with it. Unless `inherited`, processes and threads
    that are started later are ordinary.
    """
    sys.setswitchinterval(_SWITCH_S)
    if priority == 0:
        return 'SCHED_OTHER (realtime_priority is 0)'
    try:
        for thread in Path('/proc/self/task').iterdir():
            _make_fifo(int(thread.name), max(1, priority - 1), inherited=inherited)
        _make_fifo(0, priority, inherited=inherited)
    except OSError as error:
        return f'SCHED_OTHER (SCHED_FIFO {priority} not permitted: {error.strerror})'
    return f'SCHED_FIFO {priority}'


def _make_fifo(thread_id: int, priority: int, *, inherited: bool) -> None:
    policy = os.SCHED_FIFO if inherited else os.SCHED_FIFO | os.SCHED_RESET_ON_FORK
    try:
        os.sched_setscheduler(thread_id, policy, os.sched_param(priority))
    except ProcessLookupError:
        return  # it ended meanwhile


class Garbage:
    """Keep the garbage collector out of the loop; collect only while the robot stands."""

    def __init__(self, now_ns: int) -> None:
        gc.collect()
        gc.freeze()
        gc.disable()
        self._last_ns = now_ns

    def collect_when_standing(self, now_ns: int, *, standing: bool) -> None:
        """Collect once in 10 s, if nothing moves."""
        if standing and now_ns - self._last_ns > _COLLECT_EVERY_NS:
            gc.collect()
            self._last_ns = now_ns
