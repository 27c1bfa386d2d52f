# SPDX-License-Identifier: Apache-2.0
"""The boundary to the disk: every byte and every sync of the vault passes through this module.

Tests put a failing or a recording `os` in its place. A failed sync is never tried again: Linux
tells of it once and forgets what it could not write.
"""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from swarm_vault.errors import VaultError

PRIVATE = 0o600
PUBLIC = 0o644
_LOCK_PATIENCE_S = 2.0


def write_atomic(path: Path, content: bytes, *, mode: int = PUBLIC) -> None:
    """Replace a file: temporary file, fsync, rename, fsync of the folder.

    Returns after the new content is durable. `mode` holds from the first byte on.
    """
    make_folder(path.parent)
    temporary = path.with_name(f'.{path.name}.{os.getpid()}.tmp')
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, mode)
    try:
        write_all(descriptor, content)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    os.replace(temporary, path)  # noqa: PTH105 - the boundary is `os`
    sync_folder(path.parent)


def make_durable(temporary: Path, path: Path) -> None:
    """Sync a file that another library wrote, and give it its name; durable at return."""
    descriptor = os.open(temporary, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    os.replace(temporary, path)  # noqa: PTH105 - the boundary is `os`
    sync_folder(path.parent)


def remove(path: Path) -> None:
    """Remove a file; its name is gone durably at return."""
    os.unlink(path)  # noqa: PTH108 - the boundary is `os`
    sync_folder(path.parent)


def open_append(path: Path) -> int:
    """Open a file to append to; a new one's name is durable at return."""
    new = not path.exists()
    flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC
    descriptor = os.open(path, flags, PUBLIC)
    if new:
        _sync_name(path, descriptor)
    return descriptor


def open_new(path: Path) -> int:
    """Make a file that must not exist yet; its name is durable at return."""
    flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
    descriptor = os.open(path, flags, PUBLIC)
    _sync_name(path, descriptor)
    return descriptor


def open_over(path: Path) -> int:
    """Make a file that must not exist yet, to be written over in part; its name is durable."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
    descriptor = os.open(path, flags, PUBLIC)
    _sync_name(path, descriptor)
    return descriptor


def _sync_name(path: Path, descriptor: int) -> None:
    """Make the name of an opened file durable, or let the file go again."""
    try:
        sync_folder(path.parent)
    except BaseException:
        os.close(descriptor)
        raise


def make_folder(path: Path) -> None:
    """Make a folder and those above it; their names are durable at return."""
    if path.is_dir():
        return
    make_folder(path.parent)
    with suppress(FileExistsError):  # another process was faster
        os.mkdir(path)  # noqa: PTH102 - the boundary is `os`
    sync_folder(path.parent)


def sync_data(descriptor: int) -> None:
    """Return after everything written to a file is durable."""
    os.fdatasync(descriptor)


def cut_file(path: Path, keep: int, sidecar: Path) -> int:
    """Move what follows the first bytes of a file to a sidecar file, durably; returns how much."""
    descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    try:
        end = os.lseek(descriptor, 0, os.SEEK_END)
        append_durably(sidecar, os.pread(descriptor, end - keep, keep))
        os.ftruncate(descriptor, keep)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    return end - keep


def append_durably(path: Path, content: bytes) -> None:
    """Append to a file; returns after the content is durable."""
    descriptor = open_append(path)
    try:
        write_all(descriptor, content)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def overwrite(path: Path, content: bytes) -> None:
    """Write over the first bytes of a file that is there; needs no new room on the disk."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CLOEXEC)
    try:
        write_all(descriptor, content)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_all(descriptor: int, content: bytes) -> None:
    """Write every byte; the system may take fewer at a time."""
    view = memoryview(content)
    while view:
        view = view[os.write(descriptor, view) :]


def file_size(descriptor: int) -> int:
    """How many bytes an opened file has."""
    return os.fstat(descriptor).st_size


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
    make_folder(path.parent)
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
