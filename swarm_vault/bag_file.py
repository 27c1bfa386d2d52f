# SPDX-License-Identifier: Apache-2.0
"""The file of a bag while it grows: an MCAP file without chunks, and its digest."""

import hashlib
import os
from pathlib import Path
from typing import IO, cast

from mcap.writer import CompressionType, IndexType, Writer

from swarm_vault.files import open_new, open_over, sync_data, write_all


class BagFile:
    """A new file that knows the digest of everything written to it; it is written at a flush.

    Args:
        path: Where it will lie.
        trailer: Stands behind what is flushed and is written over by the next flush, so that the
            file is whole at any moment; it belongs to the content only at the end.

    Raises:
        OSError: The file cannot be made.
    """

    def __init__(self, path: Path, trailer: bytes = b'') -> None:
        self._descriptor = open_over(path) if trailer else open_new(path)
        self._trailer = trailer
        self._waiting: list[bytes] = []
        self._digest = hashlib.sha256()
        self._written = self._size = 0

    def writer(self) -> Writer:
        """What writes MCAP records into it, one behind the other."""
        return Writer(
            cast('IO[bytes]', self),
            compression=CompressionType.NONE,
            index_types=IndexType.NONE,
            use_chunking=False,
        )

    def write(self, data: bytes) -> int:
        """Take bytes; they wait for the next flush."""
        self._digest.update(data)
        self._size += len(data)
        self._waiting.append(bytes(data))
        return len(data)

    def tell(self) -> int:
        """How many bytes it took."""
        return self._size

    def flush(self) -> None:
        """Write what waits; not durable before `sync`."""
        waiting, self._waiting = self._waiting, []
        if not waiting:
            return
        if self._trailer:
            os.lseek(self._descriptor, self._written, os.SEEK_SET)
        write_all(self._descriptor, b''.join((*waiting, self._trailer)))
        self._written = self._size

    def sync(self) -> None:
        """Return after what was flushed is durable."""
        sync_data(self._descriptor)

    def close(self) -> None:
        """Let the file go; what waits is lost."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def size(self, *, final: bool) -> int:
        """How many bytes there are to vouch for, at the end with the trailer."""
        return self._size + (len(self._trailer) if final else 0)

    def sha256(self, *, final: bool) -> str:
        """Their digest."""
        digest = self._digest.copy()
        digest.update(self._trailer if final else b'')
        return digest.hexdigest()
