# SPDX-License-Identifier: Apache-2.0
"""What the doctor checks of the machine, from Python to the disk."""

import ctypes
import os
import platform
import shutil
import sys
from datetime import datetime, timezone
from pathlib import Path

import psutil

from swarm_supervisor.cli.doctor_finding import Finding, Subject, fail, ok, warn

OLDEST_PYTHON = (3, 10)
FEW_CORES = 2
LITTLE_MEMORY_MB = 1500
LITTLE_DISK_MB = 1000
NO_DISK_MB = 100
TIME_ERROR = 5
"""What adjtimex answers while nothing disciplines the clock."""
MB = 1 << 20


def python(_subject: Subject) -> Finding:
    """Which Python runs."""
    text = f'{platform.python_version()} at {sys.executable}'
    if sys.version_info < OLDEST_PYTHON:
        return fail(text, 'use Python 3.10 or newer')
    return ok(text)


def compiler(subject: Subject) -> Finding:
    """A C++ compiler: needed when interfaces change, or to compile the language model."""
    path = subject.environment.get('PATH')
    found = [shutil.which(name, path=path) for name in ('c++', 'g++', 'clang++')]
    if any(found):
        return ok(next(name for name in found if name))
    return warn('none on PATH; needed to build swarm_msgs anew', 'sudo apt install g++')


def cores(_subject: Subject) -> Finding:
    """How many cores this process may use."""
    count = len(os.sched_getaffinity(0))
    if count < FEW_CORES:
        return warn(f'{count} core', 'use at least 2, or start with --composed')
    return ok(f'{count} cores')


def memory(_subject: Subject) -> Finding:
    """How much memory is available."""
    free_mb = psutil.virtual_memory().available // MB
    if free_mb < LITTLE_MEMORY_MB:
        return warn(f'{free_mb} MB available', 'end something, or start fewer robots')
    return ok(f'{free_mb} MB available')


def clock(subject: Subject) -> Finding:
    """Whether the wall clock can be right, and is kept right."""
    now = datetime.now(timezone.utc)
    newest = datetime.fromtimestamp(_source_time_s(subject), timezone.utc)
    if now < newest:
        return fail(
            f'it is {now:%Y-%m-%d %H:%M} UTC, but the fleet plan is from {newest:%Y-%m-%d %H:%M}',
            'set the clock: certificates and logs depend on it',
        )
    if _adjtimex() == TIME_ERROR:
        return warn(
            f'{now:%Y-%m-%d %H:%M} UTC, but nothing keeps it right',
            'robots that work together need one time: run chrony or systemd-timesyncd',
        )
    return ok(f'{now:%Y-%m-%d %H:%M} UTC, synchronised')


def real_time(_subject: Subject) -> Finding:
    """Whether the reflex may have real-time priority; it works without, with a wider period."""
    try:
        before, parameter = os.sched_getscheduler(0), os.sched_getparam(0)
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))
        os.sched_setscheduler(0, before, parameter)
    except OSError as error:
        return ok(f'SCHED_FIFO is not permitted ({error.strerror}); the reflex runs without it')
    return ok('SCHED_FIFO is permitted')


def disk(subject: Subject) -> Finding:
    """Whether the vault can be written, and for how long."""
    folder = next(p for p in (subject.vault_dir, *subject.vault_dir.parents) if p.exists())
    if not folder.is_dir() or not os.access(folder, os.W_OK | os.X_OK):
        return fail(f'{folder} cannot be written', 'give --vault a folder of your own')
    free_mb = shutil.disk_usage(folder).free // MB
    text = f'{subject.vault_dir}: {free_mb} MB free'
    if free_mb < NO_DISK_MB:
        return fail(text, 'make room: nothing can be recorded')
    if free_mb < LITTLE_DISK_MB:
        return warn(text, 'make room before a long mission')
    return ok(text)


def _source_time_s(subject: Subject) -> float:
    try:
        return subject.fleet_path.stat().st_mtime
    except OSError:
        return Path(__file__).stat().st_mtime


def _adjtimex() -> int:
    """The kernel's word on the clock; changes nothing."""
    buffer = ctypes.create_string_buffer(512)
    return int(ctypes.CDLL(None).adjtimex(buffer))
