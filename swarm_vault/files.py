# SPDX-License-Identifier: Apache-2.0
"""Writes that survive a crash: a file is the old one or the new one, never a half."""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from swarm_vault.errors import VaultError

PRIVATE = 0o600
PUBLIC = 0o644
_LOCK_PATIENCE_S = 2.0


def write_atomic(path: Path, content: bytes, *, mode: int = PUBLIC) -> None:
    """Replace a file: temporary file, fsync, rename, fsync of the folder.

    Returns after the new content is durable. `mode` holds from the first byte on.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f'.{path.name}.{os.getpid()}.tmp')
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, mode)
    try:
        write_all(descriptor, content)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    temporary.replace(path)
    sync_folder(path.parent)


def write_all(descriptor: int, content: bytes) -> None:
    """Write every byte; the system may take fewer at a time."""
    view = memoryview(content)
    while view:
        view = view[os.write(descriptor, view) :]


def sync_folder(folder: Path) -> None:
    """Make created, renamed and removed names of a folder durable."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def locked(path: Path, what: str) -> Iterator[None]:
    """Hold an exclusive lock on a file; the system lets it go when the process dies.

    Raises:
        VaultError: Another process holds it for longer than 2 s.
    """
    descriptor = take_lock(path, what)
    try:
        yield
    finally:
        os.close(descriptor)


def take_lock(path: Path, what: str) -> int:
    """Take an exclusive lock; it holds until the returned descriptor is closed.

    Raises:
        VaultError: Another process holds it for longer than 2 s.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, PUBLIC)
    deadline = time.monotonic() + _LOCK_PATIENCE_S
    while not _try_lock(descriptor, fcntl.LOCK_EX):
        if time.monotonic() > deadline:
            os.close(descriptor)
            raise VaultError(f'{path}: {what} is held by another process; stop that one first')
        time.sleep(0.02)
    return descriptor


def is_locked(path: Path) -> bool:
    """Whether a living process holds the lock of this file."""
    if not path.exists():
        return False
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        return not _try_lock(descriptor, fcntl.LOCK_SH)
    finally:
        os.close(descriptor)


def _try_lock(descriptor: int, how: int) -> bool:
    try:
        fcntl.flock(descriptor, how | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
