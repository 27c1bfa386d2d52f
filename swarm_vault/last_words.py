# SPDX-License-Identifier: Apache-2.0
"""Room kept on the disk for one statement: why a log ended although nobody closed it.

A full disk takes no new block, but it takes other bytes into a block that is there. The next
start of the log reads the statement, makes it an event and empties the room again.
"""

import json
from pathlib import Path

from swarm_vault.files import append_durably, overwrite
from swarm_vault.lines import JsonValue, encode_json

FILE = '.lastwords'
_ROOM = 1024


class LastWords:
    """The room of one log; made when it is missing.

    Raises:
        OSError: The room cannot be made or read.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / FILE
        if not self._path.exists() or self._path.stat().st_size < _ROOM:
            append_durably(self._path, b' ' * _ROOM)

    def read(self) -> dict[str, JsonValue] | None:
        """What was said last; None if nothing, or nothing whole."""
        try:
            said = json.loads(self._path.read_bytes().strip() or b'null')
        except ValueError:
            return {'reason': 'the disk failed while its fault was being written'}
        return said if isinstance(said, dict) else None

    def say(self, reason: str, *, seq: int, time_ns: int) -> None:
        """Write why the log ended before this sequence number.

        Raises:
            OSError: The disk does not take this either.
        """
        said = encode_json({'reason': reason[:600], 'seq': seq, 'time_ns': time_ns})
        overwrite(self._path, said[:_ROOM].ljust(_ROOM))

    def forget(self) -> None:
        """Empty the room."""
        overwrite(self._path, b' ' * _ROOM)
