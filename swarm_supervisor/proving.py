# SPDX-License-Identifier: Apache-2.0
"""Every plan is proved by the static checker before an order of it leaves, whoever made it."""

import asyncio
from dataclasses import dataclass, replace

from swarm_supervisor.core.plan_types import PlanVerdict
from swarm_supervisor.headquarters import Headquarters
from swarm_supervisor.missions import Mission
from swarm_supervisor.proof_inputs import After, inputs_of, step_name
from swarm_supervisor.strategist import PatrolTask, Plan
from swarm_supervisor.strategist_check import MAX_LOOPS
from swarm_supervisor.tasking import CannotError, Draft, draft_orders
from swarm_vault.recorder import Kind


@dataclass(frozen=True, slots=True, kw_only=True)
class Proven:
    """Orders that were proved; none where a plan only takes missions back."""

    plan: Plan
    drafts: tuple[Draft, ...]


async def prove_orders(hq: Headquarters, plan: Plan, mission: Mission) -> Proven:
    """Choose robots for a plan so that its proof holds.

    A robot that cannot do its part is left out where the plan does not name it; a patrol without
    an end goes as many rounds as the charge bears.

    Raises:
        CannotError: No choice of robots can be proved; the message is the first fault.
    """
    unfit: frozenset[str] = frozenset()
    while True:
        drafts = tuple(await draft_orders(hq, plan, mission, unfit))
        if not drafts:
            return Proven(plan=plan, drafts=())
        verdict = await check_drafts(hq, mission, drafts, plan.after)
        if verdict.ok:
            return Proven(plan=plan, drafts=with_energy(drafts, verdict))
        shorter = await _bearable(hq, plan, mission, drafts)
        if shorter is not None:
            plan = shorter
            continue
        found = _to_blame(verdict, plan, drafts) - unfit
        others = {member.agent_id for member in hq.roster.available()} - unfit - found
        if not found or not others - mission.barred:
            raise CannotError(_sentence(verdict))
        unfit |= found


async def check_drafts(
    hq: Headquarters, mission: Mission, drafts: tuple[Draft, ...], after: After = ()
) -> PlanVerdict:
    """Prove orders as they would be sent; what was found is noted."""
    inputs = await asyncio.to_thread(inputs_of(hq, mission, drafts, after))
    verdict = hq.prover.prove(inputs)
    unheard = [start.agent_id for start in inputs.robots if start.unheard]
    data = {
        'mission_id': mission.mission_id,
        'faults': list(verdict.faults),
        'seconds': round(verdict.seconds, 1),
        'used_wh': {step.step_id: round(step.used_wh, 2) for step in verdict.proof},
        'rests_on': {step.step_id: list(step.rests_on) for step in verdict.proof},
        'left_to_the_robot': dict.fromkeys(unheard, 'charge and localisation'),
    }
    type_ = 'plan.proved' if verdict.ok else 'plan.refused'
    hq.note(Kind.DECISION, type_, data, causes=(mission.cause,))
    return verdict


def with_energy(drafts: tuple[Draft, ...], verdict: PlanVerdict) -> tuple[Draft, ...]:
    """Orders with what each is expected to take."""
    used = {step.step_id: step.used_wh for step in verdict.proof}
    return tuple(
        replace(draft, expected_wh=used[step_name(number, drafts)])
        for number, draft in enumerate(drafts)
    )


def _to_blame(verdict: PlanVerdict, plan: Plan, drafts: tuple[Draft, ...]) -> frozenset[str]:
    """Robots whose steps have faults, though the plan did not ask for them by name."""
    if not verdict.proof:
        return frozenset()
    steps = {step_name(number, drafts): draft for number, draft in enumerate(drafts)}
    return frozenset(
        draft.agent_id
        for name, draft in steps.items()
        if getattr(plan.tasks[draft.number], 'robot', None) is None
        and any(fault.startswith(f'step {name}: ') for fault in verdict.faults)
    )


async def _bearable(
    hq: Headquarters, plan: Plan, mission: Mission, drafts: tuple[Draft, ...]
) -> Plan | None:
    """The plan with its endless rounds cut to what the charge bears; None where none would do."""
    endless = [n for n, t in enumerate(plan.tasks) if isinstance(t, PatrolTask) and _endless(t)]
    low, high = 0, MAX_LOOPS - 1
    while endless and low < high:
        rounds = (low + high + 1) // 2
        tried = tuple(_with_rounds(draft, endless, rounds) for draft in drafts)
        inputs = await asyncio.to_thread(inputs_of(hq, mission, tried, plan.after))
        low, high = (rounds, high) if hq.prover.prove(inputs).ok else (low, rounds - 1)
    if not endless or low == 0:
        return None
    tasks = tuple(
        replace(task, loops=low) if number in endless and isinstance(task, PatrolTask) else task
        for number, task in enumerate(plan.tasks)
    )
    said = f'as many rounds as the charge bears: {low}'
    return replace(plan, tasks=tasks, assumptions=(*plan.assumptions, said))


def _endless(task: PatrolTask) -> bool:
    return task.loops >= MAX_LOOPS


def _with_rounds(draft: Draft, endless: list[int], rounds: int) -> Draft:
    if draft.number not in endless:
        return draft
    changed = replace(draft, task=type(draft.task)())
    changed.task.CopyFrom(draft.task)
    changed.task.patrol.loops = rounds
    return changed


def _sentence(verdict: PlanVerdict) -> str:
    """The first fault, and how many more there are."""
    more = len(verdict.faults) - 1
    also = f' (and {more} more faults)' if more > 1 else ' (and one more fault)' if more else ''
    return f'the plan cannot be proved: {verdict.faults[0]}{also}'
