# SPDX-License-Identifier: Apache-2.0
"""Which robot gets a task that names none: the soonest done that experience does not hold back.

A survey has parts for many: for it counts only who is held back.

What robots' notes tell of the same task at the same places is an input. It only changes the order
among robots that judge and checker let do the task; nobody becomes barred by it. Pure: `GIVING` is
replayed from its record.
"""

from dataclasses import dataclass

from swarm_vault.core import Core


@dataclass(frozen=True, slots=True, kw_only=True)
class Try:
    """How a robot fared with this very task before, as its note tells."""

    note: str
    failed: bool
    age_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A robot that may and can do the task."""

    agent_id: str
    done_in_s: float
    """With all that it has to do before, and the way there; inf: never."""
    tries: tuple[Try, ...] = ()
    """The newest first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GivingInputs:
    """One question."""

    mission_id: str
    task: str
    """The task with its places, as `action_key` names it; empty where it has none."""
    candidates: tuple[Candidate, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class GivingParams:
    """When experience counts."""

    failures: int = 2
    """A robot that failed so often in a row comes after the others."""
    forgotten_after_s: float = 7 * 86_400.0
    """What is older no longer counts: floors change."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """A robot that comes after the others, and the notes that tell why."""

    agent_id: str
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """Who gets the task; empty where nobody can do it."""

    chosen: str
    passed_over: tuple[str, ...] = ()
    """Robots that would have been done sooner, and failed at it before."""
    notes: tuple[str, ...] = ()
    """The notes that tell so, of these and of the chosen one."""
    warned: bool = False
    """Whether the chosen one failed at it before, too, as all others did."""
    held_back: tuple[Failure, ...] = ()
    """All that failed at it again and again, by name."""


def decide_giving(state: None, inputs: GivingInputs, params: GivingParams) -> tuple[None, Given]:
    """Choose a robot."""
    able = [one for one in inputs.candidates if one.done_in_s < float('inf')]
    failed = {one.agent_id: failures_of(one, params) for one in able}

    def held_back(one: Candidate) -> bool:
        return len(failed[one.agent_id]) >= params.failures

    able.sort(key=lambda one: (held_back(one), one.done_in_s, one.agent_id))
    if not able:
        return state, Given(chosen='')
    best = able[0]
    sooner = [o for o in able if o.done_in_s < best.done_in_s and held_back(o)]
    told = [*sooner, *([best] if held_back(best) else [])]
    return state, Given(
        chosen=best.agent_id,
        passed_over=tuple(one.agent_id for one in sooner),
        notes=tuple(note for one in told for note in failed[one.agent_id]),
        warned=held_back(best),
        held_back=tuple(
            Failure(agent_id=name, notes=failed[name])
            for name in sorted(one.agent_id for one in able if held_back(one))
        ),
    )


def failures_of(candidate: Candidate, params: GivingParams) -> tuple[str, ...]:
    """The notes of its failures in a row, up to the last time that it went well."""
    found = []
    for one in candidate.tries:
        if not one.failed or one.age_s > params.forgotten_after_s:
            break
        found.append(f'{candidate.agent_id}/{one.note}')
    return tuple(found)


def _nothing(_params: GivingParams) -> None:
    """There is no state."""


GIVING: Core[GivingParams, None, GivingInputs, Given] = Core(
    name='giving',
    version=3,
    params=GivingParams,
    inputs=GivingInputs,
    outputs=Given,
    initial=_nothing,
    decide=decide_giving,
)
