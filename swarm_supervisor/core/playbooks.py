# SPDX-License-Identifier: Apache-2.0
"""A playbook: stages with gates for humans, time limits, branches and retries. Pure.

`advance` takes what is known of the current stage and says what is to be done next; the state is
plain values that are written down after every step, so a restart goes on where it was.
"""

from dataclasses import dataclass, replace
from enum import Enum

MAX_STEPS = 1000
"""More steps than this is a playbook that goes round in circles."""


class StageState(str, Enum):
    """How the current stage stands."""

    READY = 'ready'
    RUNNING = 'running'
    WAITING = 'waiting'
    """For a human."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """One stage: an order in words, or a gate that a human opens."""

    name: str
    order: str = ''
    gate: str = ''
    """What the human is asked; a stage has an order or a gate."""
    timeout_s: float = 1800.0
    retries: int = 0
    on_done: str = ''
    """The next stage; empty: the end."""
    on_failed: str = ''
    """Empty: the playbook has failed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """Where a playbook is."""

    stage: str
    state: StageState = StageState.READY
    since_ns: int = 0
    tries: int = 0
    mission_id: str = ''
    steps: int = 0
    ended: str = ''
    """'done', or 'failed: <why>'; empty while it goes on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What is known of the current stage now."""

    now_ns: int
    mission: str = ''
    """Status of its mission; empty: not known."""
    approved: bool | None = None
    """A human's word about the gate; None: none yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """What is to be done: give an order, ask a human, or nothing."""

    order: str = ''
    ask: str = ''


def advance(stages: tuple[Stage, ...], progress: Progress, seen: Seen) -> tuple[Progress, Action]:
    """Take one step."""
    stage = next((one for one in stages if one.name == progress.stage), None)
    if progress.ended or stage is None:
        return replace(progress, ended=progress.ended or 'failed: no such stage'), Action()
    if progress.state is StageState.READY:
        return _begin(stage, progress, seen)
    late = seen.now_ns - progress.since_ns > stage.timeout_s * 1e9
    if progress.state is StageState.WAITING:
        return _at_gate(stage, progress, seen, late=late)
    return _under_way(stage, progress, seen, late=late)


def _at_gate(
    stage: Stage, progress: Progress, seen: Seen, *, late: bool
) -> tuple[Progress, Action]:
    if seen.approved is not None:
        return _leave(stage, progress, seen, well=seen.approved, why='a human said no')
    if late:
        return _leave(stage, progress, seen, well=False, why='nobody answered')
    return _stay(progress)


def _under_way(
    stage: Stage, progress: Progress, seen: Seen, *, late: bool
) -> tuple[Progress, Action]:
    if seen.mission == 'complete':
        return _leave(stage, progress, seen, well=True, why='')
    if seen.mission in ('failed', 'recalled', 'refused') or late:
        why = 'it took too long' if late else f'its mission is {seen.mission}'
        if progress.tries <= stage.retries and seen.mission != 'recalled':
            return replace(progress, state=StageState.READY, mission_id=''), Action()
        return _leave(stage, progress, seen, well=False, why=why)
    return _stay(progress)


def _stay(progress: Progress) -> tuple[Progress, Action]:
    return progress, Action()


def _begin(stage: Stage, progress: Progress, seen: Seen) -> tuple[Progress, Action]:
    if progress.steps >= MAX_STEPS:
        return replace(progress, ended=f'failed: more than {MAX_STEPS} steps'), Action()
    begun = replace(
        progress,
        state=StageState.WAITING if stage.gate else StageState.RUNNING,
        since_ns=seen.now_ns,
        tries=progress.tries + 1,
        steps=progress.steps + 1,
    )
    return begun, Action(ask=stage.gate) if stage.gate else Action(order=stage.order)


def _leave(
    stage: Stage, progress: Progress, seen: Seen, *, well: bool, why: str
) -> tuple[Progress, Action]:
    after = stage.on_done if well else stage.on_failed
    if not after:
        ended = 'done' if well else f'failed: stage {stage.name}: {why}'
        return replace(progress, ended=ended), Action()
    fresh = Progress(stage=after, since_ns=seen.now_ns, steps=progress.steps)
    return fresh, Action()
