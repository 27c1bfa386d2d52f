# SPDX-License-Identifier: Apache-2.0
"""Open what others may have laid into a vault: a pipe or a device would be read for ever."""

import errno
import os
import stat
from pathlib import Path
from typing import IO


def open_regular(path: Path, *, buffering: int = -1) -> IO[bytes]:
    """Open a regular file to read.

    Args:
        path: The file, or a link to one.
        buffering: As of `open`.

    Raises:
        OSError: It cannot be opened, or is something else.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError(errno.EINVAL, 'is no regular file', str(path))
    return open(descriptor, 'rb', buffering=buffering)  # noqa: PTH123 - of a descriptor


def size_of(path: Path) -> int:
    """How many bytes a regular file has.

    Raises:
        OSError: It is not there, or is something else.
    """
    with open_regular(path, buffering=0) as file:
        return os.fstat(file.fileno()).st_size


def read_regular(path: Path) -> bytes:
    """All bytes of a regular file.

    Raises:
        OSError: It cannot be read, or is something else.
    """
    with open_regular(path) as file:
        return file.read()
