# SPDX-License-Identifier: Apache-2.0
"""The steps of a set-up, and how it is known that one is done.

A stamp is written when its step is done, and holds a digest of all that the step was made from:
so an interrupted step is done again, and a changed lock or interface repeats what depends on it.
"""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from bootstrap.progress import Progress
from bootstrap.site import Site, interpreter


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step of the set-up."""

    name: str
    title: str
    run: Callable[[Site, Progress], None]
    sources: Callable[[Site], Sequence[Path]]
    """The files that it is made from."""
    home: Callable[[Site], Path]
    """The folder that it fills; its stamp lies there and vanishes with it."""
    proof: Callable[[Site], Path]
    """A file that is there as long as the step's work is."""
    needs: tuple['Step', ...] = ()
    """The steps before it, in their order; doing one of them again repeats this one."""


def key_of(step: Step, site: Site) -> str:
    """A digest of what the step is made from."""
    digest = hashlib.sha256(f'{step.name} {interpreter()} {site.checkout}'.encode())
    for before in step.needs[-1:]:
        digest.update(key_of(before, site).encode())
    for path in step.sources(site):
        digest.update(path.name.encode() + b'\0' + path.read_bytes() + b'\0')
    return digest.hexdigest()


def is_done(step: Step, site: Site) -> bool:
    """Whether the step's work and its stamp are there, and the stamp fits."""
    try:
        return step.proof(site).exists() and _stamp(step, site).read_text(
            encoding='ascii'
        ) == key_of(step, site)
    except FileNotFoundError:
        return False


def mark_done(step: Step, site: Site) -> None:
    """Write the step's stamp, whole or not at all."""
    stamp = _stamp(step, site)
    stamp.parent.mkdir(parents=True, exist_ok=True)
    draft = stamp.with_suffix('.draft')
    draft.write_text(key_of(step, site), encoding='ascii')
    draft.replace(stamp)


def unmark(step: Step, site: Site) -> None:
    """Take the stamp away before the step is done again."""
    _stamp(step, site).unlink(missing_ok=True)


def _stamp(step: Step, site: Site) -> Path:
    return step.home(site) / 'stamps' / step.name
