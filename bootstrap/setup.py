# SPDX-License-Identifier: Apache-2.0
"""Do the steps of the set-up that are not done yet, one process at a time."""

import fcntl
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from bootstrap.needs import check_needs
from bootstrap.progress import Progress
from bootstrap.site import Site
from bootstrap.stamps import Step, is_done, mark_done, unmark


def set_up(site: Site, steps: Sequence[Step], environment: Mapping[str, str]) -> None:
    """Do what is not done yet of the steps; at once back where all is.

    Raises:
        SetupError: Something is missing or failed.
    """
    if all(is_done(step, site) for step in steps):
        return
    site.build.mkdir(parents=True, exist_ok=True)
    with _alone(site.build / 'setup.lock') as lock_fd:
        todo = pending(site, steps)
        if todo:
            check_needs(site, environment)
            _do(site, todo, lock_fd)


def pending(site: Site, steps: Sequence[Step]) -> list[Step]:
    """The steps that are not done, and whatever lies in the same folder when that is made anew."""
    remake = not is_done(steps[0], site)
    return [
        step
        for step in steps
        if not is_done(step, site) or (remake and step.home(site) == steps[0].home(site))
    ]


def _do(site: Site, steps: Sequence[Step], lock_fd: int) -> None:
    where = 'the ROS 2 wheels' if site.distro is None else f'the sourced ROS 2 {site.distro}'
    sys.stderr.write(f'swarm: sets itself up in {site.venv}, with {where}; once, resumable.\n')
    progress = Progress(steps=len(steps), log_dir=site.build / 'log', lock_fd=lock_fd)
    for step in steps:
        unmark(step, site)
        with progress.step(step.name, step.title):
            step.run(site, progress)
        mark_done(step, site)


@contextmanager
def _alone(path: Path) -> Iterator[int]:
    """Hold the lock of the set-up; wait while another process has it."""
    fd = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            sys.stderr.write('swarm: another set-up is running here; waiting for it.\n')
            fcntl.flock(fd, fcntl.LOCK_EX)
        yield fd
    finally:
        os.close(fd)
