# SPDX-License-Identifier: Apache-2.0
"""The cold form of a log's file: Parquet, a fifth of the size, with every line's exact bytes.

The column `line` is the truth; the others (`seq`, `time_ns`, `kind`, `type`) are for tools that
query Parquet. A damaged or hostile file may end the process that decodes it, so that is another
process than the one that asks.
"""

import subprocess
import sys
from functools import lru_cache
from hashlib import sha256
from pathlib import Path

from swarm_vault.errors import VaultError
from swarm_vault.files import make_durable
from swarm_vault.lines import parse_line
from swarm_vault.reading import read_regular

SUFFIX = '.parquet'
_PATIENCE_S = 120.0
_BYTES_KEY = 'hybrid_swarm.bytes'


def write_cold(lines: list[bytes], path: Path) -> None:
    """Write a file's lines, without newlines, as Parquet; returns after it is durable."""
    from arro3.core import Array, DataType, Table
    from arro3.io import write_parquet

    events = [parse_line(line) for line in lines]
    table = Table.from_pydict(
        {
            'seq': Array([event['seq'] for event in events], DataType.int64()),
            'time_ns': Array([event['time_ns'] for event in events], DataType.int64()),
            'kind': Array([event['kind'] for event in events], DataType.string()),
            'type': Array([event['type'] for event in events], DataType.string()),
            'line': Array(lines, DataType.binary()),
        }
    )
    about = {_BYTES_KEY: str(sum(len(line) + 1 for line in lines))}
    temporary = path.with_name(f'.{path.name}.tmp')
    write_parquet(table, temporary, compression='zstd(9)', key_value_metadata=about)
    make_durable(temporary, path)


def read_cold(path: Path) -> bytes:
    """The bytes of the file that was made cold, newlines and all.

    Raises:
        VaultError: It is no such Parquet file.
        OSError: It cannot be read.
    """
    stat = path.stat()
    return _read_cold(path, stat.st_mtime_ns, stat.st_size)


@lru_cache(maxsize=2)
def _read_cold(path: Path, _changed_ns: int, _size: int) -> bytes:
    command = [sys.executable, '-m', 'swarm_vault.cold', str(path)]
    try:
        child = subprocess.run(command, capture_output=True, timeout=_PATIENCE_S, check=False)
    except subprocess.TimeoutExpired as error:
        raise VaultError(f'{path.name} takes more than {_PATIENCE_S:g} s to decode') from error
    if child.returncode:
        last = (child.stderr.decode(errors='replace').strip().splitlines() or ['it crashed'])[-1]
        raise VaultError(f'{path.name} cannot be decoded as Parquet ({last[:120]})')
    return child.stdout


def cold_digest(path: Path) -> str:
    """SHA-256 of the Parquet file itself, hex."""
    return sha256(read_regular(path)).hexdigest()


def _decode(path: Path) -> bytes:
    from arro3.io import read_parquet

    table = read_parquet(path).read_all()
    chunks = (chunk.to_pylist() for chunk in table.column('line').chunks)
    return b''.join(line + b'\n' for chunk in chunks for line in chunk)


if __name__ == '__main__':
    sys.stdout.buffer.write(_decode(Path(sys.argv[1])))
