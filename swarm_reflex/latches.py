# SPDX-License-Identifier: Apache-2.0
"""The latches on the disk, so that a restart releases nothing. The loop never waits for it."""

import json
import os
import threading
from dataclasses import dataclass
from pathlib import Path

from swarm_reflex.core import Outputs, Request


@dataclass(frozen=True, slots=True, kw_only=True)
class Latches:
    """What outlives the process."""

    e_stop: bool = False
    breached: bool = False
    frozen: bool = False

    def requests(self) -> tuple[Request, ...]:
        """What the first tick after a start is asked for."""
        held = (
            (self.e_stop, Request.E_STOP),
            (self.breached, Request.LATCH_BREACH),
            (self.frozen, Request.FREEZE),
        )
        return tuple(request for holds, request in held if holds)


ALL = Latches(e_stop=True, breached=True)
"""What a file that cannot be read means."""


def latches_of(outputs: Outputs) -> Latches:
    """The latches after a tick."""
    return Latches(e_stop=outputs.e_stop, breached=outputs.breached, frozen=outputs.frozen)


def latch_file(vault_dir: Path, agent_id: str) -> Path:
    """Where the latches of an agent lie."""
    return vault_dir / 'nexus' / 'latches' / f'{agent_id}.json'


def load_latches(path: Path) -> tuple[Latches, str]:
    """The latches, and why they are all set if the file cannot be understood."""
    try:
        held = json.loads(path.read_text(encoding='utf-8'))
        values = [held[name] for name in ('e_stop', 'breached', 'frozen')]
    except FileNotFoundError:
        return Latches(), ''
    except (OSError, ValueError, TypeError, KeyError) as error:
        return ALL, f'{path}: cannot be read ({error!r}); latched until a reset'
    if not all(isinstance(value, bool) for value in values):
        return ALL, f'{path}: {held!r} are no latches; latched until a reset'
    return Latches(e_stop=values[0], breached=values[1], frozen=values[2]), ''


def store_latches(path: Path, latches: Latches) -> None:
    """Replace the file; returns when it is on the disk, old or new but never half.

    Raises:
        OSError: The disk is full or gone.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_suffix('.new')
    text = json.dumps(
        {'e_stop': latches.e_stop, 'breached': latches.breached, 'frozen': latches.frozen}
    )
    with fresh.open('w', encoding='utf-8') as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


class LatchStore:
    """Keep the file equal to the latches from a thread of its own."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.found, self.doubt = load_latches(path)
        self._wanted = self._stored = self.found
        self._changed = threading.Condition()
        self._closing = False
        self.fault = ''
        self._thread = threading.Thread(target=self._write, name='latches', daemon=True)
        self._thread.start()

    @property
    def settled(self) -> bool:
        """Whether the disk says what the latches are."""
        return self._wanted == self._stored

    def keep(self, latches: Latches) -> None:
        """Have these on the disk soon; returns at once."""
        if latches == self._wanted:
            return
        with self._changed:
            self._wanted = latches
            self._changed.notify()

    def close(self) -> None:
        """Return when all is on the disk or cannot be."""
        with self._changed:
            self._closing = True
            self._changed.notify()
        self._thread.join()

    def _write(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._closing or not self.settled)
                wanted = self._wanted
            if wanted == self._stored:
                return
            try:
                store_latches(self._path, wanted)
            except OSError as error:
                self.fault = f'{self._path}: {error.strerror}; the latches would not survive'
                return
            self._stored = wanted
