# SPDX-License-Identifier: Apache-2.0
"""What the tests of the disk only sample, in full and by hand; it prints what was lost.

    python tests/vault/vault_disk_proofs.py FOLDER pairs    # every pair of failing calls
    python tests/vault/vault_disk_proofs.py FOLDER cuts 2000     # power cuts on ext4; needs root
    python tests/vault/vault_disk_proofs.py FOLDER states 40     # all disks after sessions so long

A second number says where to begin: to go on after an end, or to share the work among processes.
The project and this folder have to be on the Python path; `pairs` and `states` do not need a real
disk, so a folder in memory is best. Exit code 1 if anything was lost.
"""

import itertools
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from test_vault_disk import (
    EVENTS,
    HOWS,
    calls_of_a_session,
    cut_session,
    disk_after,
    fresh,
    index_fits,
    lost,
    open_files,
)
from vault_disk import FailingDisk, RecordingDisk, legal_crashes, session
from vault_world import signed_vault

from swarm_vault.verify import verify_vault


def pairs(folder: Path, keys: Path, begin: int, _end: int) -> Iterator[str]:
    """Every pair of calls fails, the second at most as far behind as a start has calls."""
    opened = calls_of_a_session(keys, folder / 'opened', events=0)
    calls = calls_of_a_session(keys, folder / 'whole')
    two = [(n, n + more) for n in range(1, calls) for more in range(1, opened)]
    for how, pair in list(itertools.product(HOWS[:3], two))[begin:]:
        vault = fresh(keys, folder / 'v')
        with FailingDisk(pair, how) as disk:
            promised = session(vault, events=EVENTS)
            session(vault, events=0)
        odd = 'retried' if disk.retried else 'left open' if open_files(vault) else ''
        yield odd or judged(vault, promised)
        shutil.rmtree(vault)


def cuts(folder: Path, keys: Path, begin: int, end: int) -> Iterator[str]:
    """The power is cut, again and again, on one file system that is really mounted."""
    image, place = folder / 'disk.img', folder / 'mnt'
    place.mkdir()
    with image.open('wb') as file:
        file.truncate(16_000_000)
    subprocess.run(['mkfs.ext4', '-q', image], check=True)
    mount = ['mount', '-o', 'loop', image, place]
    subprocess.run(mount, check=True)
    for cut in range(begin, end):
        vault = fresh(keys, place / f'{cut}')
        subprocess.run(['sync', '-f', place], check=True)
        promised = cut_session(vault, cut, lying=False)
        subprocess.run(['umount', place], check=True)
        subprocess.run(mount, check=True)
        yield judged(vault, promised) or ('' if index_fits(vault) else 'the index does not fit')
        shutil.rmtree(vault)
    subprocess.run(['umount', place], check=True)


def states(folder: Path, keys: Path, begin: int, end: int) -> Iterator[str]:
    """Every disk that a power cut may leave of two sessions, for ever longer ones; each once."""
    seen: set[int] = set()
    for events in range(begin + 1, end + 1):
        vault = fresh(keys, folder / f'{events}')
        with RecordingDisk(vault, lying=False) as disk:
            session(vault, events=events, disk=disk)
            session(vault, events=events // 2, disk=disk)
        seen.clear()
        for crash in legal_crashes(disk.steps, each_byte=True):
            known = hash((len(crash.promised), *crash.files.items()))
            if known not in seen:
                seen.add(known)
                yield judged(disk_after(crash, vault, keys, folder / 'after'), crash.promised)
        print(f'sessions of {events} events: {len(seen)} disks', flush=True)  # noqa: T201


def judged(vault: Path, promised: dict[int, int]) -> str:
    """What is wrong with a vault after its log was opened again; empty if nothing."""
    missing = lost(vault, promised)
    verdict = verify_vault(vault)
    return f'lost {missing}' if missing else '' if verdict.exit_code != 1 else str(verdict.reasons)


def main() -> int:
    folder, name = Path(sys.argv[1]), sys.argv[2]
    folder.mkdir(parents=True)
    keys = signed_vault(folder / 'keys')
    prove = {'pairs': pairs, 'cuts': cuts, 'states': states}[name]
    bad, began = 0, time.monotonic()
    end, begin = map(int, (*sys.argv[3:], '0', '0')[:2])
    for number, wrong in enumerate(prove(folder, keys, begin, end), start=1):
        bad += bool(wrong)
        if wrong or number % 500 == 0:
            spent_s = time.monotonic() - began
            print(f'{number} judged in {spent_s:.0f} s, {bad} bad {wrong}', flush=True)  # noqa: T201
    print(f'{number} judged, {bad} bad')  # noqa: T201
    return 1 if bad else 0


if __name__ == '__main__':
    sys.exit(main())
