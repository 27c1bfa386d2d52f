# SPDX-License-Identifier: Apache-2.0
"""What comes from outside: checkpoint, trust, orders, recalls, stops, the state of the link."""

from swarm_agent.planner.core import laws
from swarm_agent.planner.core.admission import Standing, refusal
from swarm_agent.planner.core.orders import AckStatus, LinkLoss, Order, Recall, Task
from swarm_agent.planner.core.repeats import blocked
from swarm_agent.planner.core.state import Job, current, resume
from swarm_agent.planner.core.trimming import trimmed
from swarm_agent.planner.core.turn import Turn
from swarm_vault.laws.core.tiers import takes_over
from swarm_vault.replacing import replace

_RECOVERED = 0.05
"""A battery this much above the reserve counts as charged again."""


def restore(turn: Turn) -> None:
    """Take up what was found on the disk."""
    restored = turn.inputs.restored
    if restored is None:
        return
    if restored.fault:
        turn.note('checkpoint.refused', f'{restored.fault}; starting idle', kind='SYSTEM')
    if restored.checkpoint is not None:
        turn.state = resume(turn.state, restored.checkpoint)
        turn.note(
            'checkpoint.resumed', f'{len(turn.state.jobs)} orders are still open', kind='SYSTEM'
        )


def trust(turn: Turn) -> None:
    """Hear who is revoked; take a newer token in the place of the old one."""
    laws.hear(turn, turn.inputs.revocations)
    laws.told(turn, turn.inputs.policy)
    new, old = turn.inputs.token, turn.state.token
    if new is None:
        return
    fault = takes_over(new, old, turn.params.agent_id)
    if fault:
        turn.note('token.refused', fault, kind='VIOLATION')
        return
    turn.state = replace(turn.state, token=new)
    if old is None or old.tier != new.tier:
        turn.note('token.taken', f'tier {new.tier}', kind='STATE_CHANGE')


def link(turn: Turn) -> None:
    """Follow the link to the supervisor; a lost one brings the order's policy into force."""
    state, inputs = turn.state, turn.inputs
    if not turn.params.supervised:
        return
    if inputs.linked:
        turn.state = replace(state, unlinked_ns=None, link_leg=None)
        return
    since_ns = inputs.now_ns if state.unlinked_ns is None else state.unlinked_ns
    turn.state = replace(state, unlinked_ns=since_ns)
    job = current(turn.state.jobs)
    if job is None or not link_lost(turn):
        return
    if turn.state.link_leg is None:
        turn.state = replace(turn.state, link_leg=job.memory.leg)
        turn.note('link.lost', f'policy {policy_of(job.order).value}', kind='STATE_CHANGE')
    if policy_of(job.order) is LinkLoss.LOCK_DOWN:
        turn.halt('locked down: the link to the supervisor is lost')


def link_lost(turn: Turn) -> bool:
    """Whether the supervisor has been silent for long enough."""
    since_ns = turn.state.unlinked_ns
    lost_ns = turn.params.tuning.link_lost_s * 1e9
    return since_ns is not None and turn.inputs.now_ns - since_ns >= lost_ns


def policy_of(order: Order) -> LinkLoss:
    """The link-loss policy of an order; one that was given locally needs no link."""
    return LinkLoss.CONTINUE if order.local else order.link_loss


def stops(turn: Turn) -> None:
    """Obey stop requests: everything open fails, the robot stands until it gets a new order.

    Orders of the same decision came before: the shell keeps those that came after for the next.
    """
    for reason in turn.inputs.stops:
        turn.halt(f'stopped: {reason or "no reason given"}')


def recalls(turn: Turn) -> None:
    """Take recalled orders off the queue."""
    for recall in turn.inputs.recalls:
        _recall(turn, recall)


def orders(turn: Turn) -> None:
    """Answer new orders; the accepted ones join the queue."""
    for order in turn.inputs.orders:
        known = [e for e in turn.state.answered if e.first.order_id == order.order_id]
        if known:
            turn.acks.extend(ack for ack in (known[0].first, known[0].last) if ack is not None)
            turn.note('order.duplicate', 'answered as before', order_id=order.order_id)
        else:
            _admit(turn, order)


def expire(turn: Turn) -> None:
    """End the orders whose time is over."""
    for job in turn.state.jobs:
        if job.order.expires_ns and job.order.expires_ns <= turn.inputs.wall_ns:
            turn.close(job, AckStatus.FAILED, 'the order expired')


def battery(turn: Turn) -> None:
    """Below the reserve everything but the way home ends."""
    charge = turn.battery
    if charge is None:
        return
    least = turn.params.min_battery
    if charge.share > least + _RECOVERED:
        turn.state = replace(turn.state, low_battery=False)
    if charge.share > least or turn.state.low_battery:
        return
    reason = f'battery at {100 * charge.share:.0f} %, the reserve is {100 * least:.0f} %'
    turn.note('battery.low', f'{reason}: returning to base')
    for job in turn.state.jobs:
        if job.order.task is not Task.RETURN_TO_BASE:
            turn.close(job, AckStatus.FAILED, f'{reason}: returning to base')
    turn.state = replace(
        turn.state, low_battery=True, going_home=not turn.state.parked and not turn.state.stopped
    )


def _admit(turn: Turn, order: Order) -> None:
    laws.adopt(turn)
    charge = turn.battery
    standing = Standing(
        wall_ns=turn.inputs.wall_ns,
        tier=turn.tier,
        battery=None if charge is None else charge.share,
        locked_down=turn.state.stopped if turn.state.stopped.startswith('locked down') else '',
    )
    reason = refusal(order, standing, turn.state.ground, turn.params) or blocked(
        turn.state.failures, order, turn.knowledge
    )
    if not reason:
        order, reason = laws.admitted(turn, order)
    if not reason:
        order, reason = trimmed(turn, order)
    if reason:
        laws.refused_by_law(turn, order, reason)
        turn.answer(order.order_id, AckStatus.REFUSED, reason)
        return
    job = Job(order=order, arrival=turn.state.arrivals)
    turn.state = replace(
        turn.state,
        jobs=(*turn.state.jobs, job),
        arrivals=turn.state.arrivals + 1,
        going_home=False,
        stopped='',
    )
    turn.answer(order.order_id, AckStatus.ACCEPTED, _place_in_queue(turn, job))
    if order.handoff:
        turn.note('handoff.taken', order.handoff, order_id=order.order_id, kind='STATE_CHANGE')


def _place_in_queue(turn: Turn, job: Job) -> str:
    first = current(turn.state.jobs)
    return '' if first is job or first is None else f'after {first.order.order_id}'


def _recall(turn: Turn, recall: Recall) -> None:
    job = next((j for j in turn.state.jobs if j.order.order_id == recall.order_id), None)
    reason = recall.reason or 'no reason given'
    if job is not None:
        turn.close(job, AckStatus.RECALLED, f'recalled: {reason}')
        return
    known = [e for e in turn.state.answered if e.first.order_id == recall.order_id]
    if known:
        turn.acks.append(known[0].last or known[0].first)
    turn.note('recall.void', 'there is no such open order', order_id=recall.order_id)
