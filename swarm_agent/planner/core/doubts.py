# SPDX-License-Identifier: Apache-2.0
"""A skill that is done, against its card: a look where the world says otherwise, then a word."""

from swarm_agent.planner.core import effects
from swarm_agent.planner.core.cards import card_of
from swarm_agent.planner.core.orders import Task
from swarm_agent.planner.core.recent import Word
from swarm_agent.planner.core.skills.step import Step, Want
from swarm_agent.planner.core.state import Aside, Job, with_job
from swarm_agent.planner.core.turn import Turn
from swarm_agent.planner.core.types import IntentKind
from swarm_vault.replacing import replace


def effect(turn: Turn, job: Job, step: Step) -> str:
    """Check what a finished skill has brought about.

    The first contradiction leads to a look (`turn.state.aside`), after which the skill says once
    more whether it is done; the second one to a human. A survey has looked already: it went to all
    stops twice, and its share is told.

    Returns:
        Why the order has failed after all; empty when it has not.
    """
    card, situation = card_of(turn.params.cards, job.order.task.value), turn.situation
    assert card is not None
    assert situation is not None
    text = effects.contradicted(card, job.order, situation.pose, step.progress, turn.params)
    passing, lasting = effects.hypotheses_of(job.order)
    if not text:
        if job.doubted:
            _note(turn, job, 'exploration.ended', f'effect: {passing}')
        return ''
    if job.doubted:
        _note(turn, job, 'exploration.escalated', f'effect: {lasting}: {text}')
        return f'done, but {text}: {lasting}'
    look = 'its tour, which tries every stop twice' if _surveys(job) else 'look around, go again'
    said = f'{card.name}: {text}; hypotheses: {passing}, or {lasting}; look: {look}'
    turn.note('violation.effect', said, order_id=job.order.order_id, kind='VIOLATION')
    turn.happened(Word.SURPRISED)
    if _surveys(job):
        _note(turn, job, 'exploration.ended', f'effect: {lasting}: {text}')
    else:
        _look(turn, job)
    return ''


def _surveys(job: Job) -> bool:
    return job.order.task is Task.SURVEY


def _look(turn: Turn, job: Job) -> None:
    """Look around before the skill goes on; where that is forbidden, only wait."""
    silent = 'explore' in job.order.forbidden
    kind = IntentKind.HOLD if silent else IntentKind.EXPLORE
    until_ns = turn.inputs.now_ns + round(effects.LOOK_S * 1e9)
    want = Want(kind=kind, skill='' if silent else 'explore')
    turn.state = with_job(turn.state, replace(job, doubted=True, stepped_ns=None))
    turn.state = replace(turn.state, aside=Aside(want=want, until_ns=until_ns))


def _note(turn: Turn, job: Job, type_: str, why: str) -> None:
    turn.note(type_, why, order_id=job.order.order_id, kind='STATE_CHANGE')
