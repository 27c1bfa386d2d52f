# SPDX-License-Identifier: Apache-2.0
"""The mediator before a mission begins and after it says it is complete."""

from dataclasses import replace

from swarm_supervisor.core.mediation import Dispute, TaskFact, Trigger, Way, called_for
from swarm_supervisor.evidence import LEAST_SEEN, seen_share
from swarm_supervisor.headquarters import Headquarters
from swarm_supervisor.mediation_records import ask_operator, leave_record
from swarm_supervisor.missions import COMPLETED, Mission
from swarm_supervisor.strategist import DeliverTask, GoToTask, PatrolTask, Plan, Spot, Task


async def sequenced(hq: Headquarters, plan: Plan) -> Plan:
    """A complex plan with its tasks in an order in which they share no place at a time."""
    dispute = Dispute(trigger=Trigger.COMPLEXITY, tasks=_facts(plan))
    if not called_for(dispute, hq.mediation.params)[0]:
        return plan
    mediation = await hq.mediation.settle(dispute)
    chosen = mediation.chosen
    if chosen is None or chosen.way is not Way.SEQUENCE:
        leave_record(hq, dispute, mediation, 'as planned')
        return plan
    leave_record(hq, dispute, mediation, f'tasks wait for {chosen.after}')
    assumed = f'the mediator: {mediation.reason}, {chosen.why}'
    return replace(plan, after=chosen.after, assumptions=(*plan.assumptions, assumed))


def _facts(plan: Plan) -> tuple[TaskFact, ...]:
    return tuple(
        TaskFact(
            number=number,
            places=tuple((spot.x_m, spot.y_m) for spot in _spots(task)),
            after=plan.after[number] if plan.after else (),
        )
        for number, task in enumerate(plan.tasks)
    )


def _spots(task: Task) -> tuple[Spot, ...]:
    if isinstance(task, PatrolTask):
        return task.stops
    if isinstance(task, GoToTask):
        return (task.goal,)
    return (task.pick_up, task.drop_off) if isinstance(task, DeliverTask) else ()


def finally_checked(hq: Headquarters, mission: Mission) -> dict[str, object]:
    """The final check of a mission that says it is complete: what of it was seen to be done."""
    counting = [order for order in mission.orders if not order.replaced]
    done = [order for order in counting if order.status == COMPLETED]
    shares = {o.order_id: seen_share(hq, mission, o) for o in done if o.task().HasField('survey')}
    unseen = {name: share for name, share in shares.items() if share < LEAST_SEEN}
    met = (len(done) - len(unseen)) / max(1, len(counting))
    told = ', '.join(f'{100 * share:.0f} % of {name} was seen' for name, share in unseen.items())
    dispute = Dispute(
        trigger=Trigger.FINAL, mission_id=mission.mission_id, met=round(met, 3), unmet=told
    )
    mediation = hq.mediation.decide(dispute)
    assert mediation.chosen is not None
    asked = mediation.chosen.way is Way.ASK
    if asked:
        ask_operator(hq, dispute, mediation.chosen)
    leave_record(hq, dispute, mediation, 'an operator is asked' if asked else 'accepted')
    return {'met': met, 'unseen': told, 'mediator': mediation.chosen.key}
