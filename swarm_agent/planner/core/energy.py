# SPDX-License-Identifier: Apache-2.0
"""What an order has taken of the battery, against what the mandate lets one order take.

The supervisor reckons before; the robot measures, and stops what takes more than was granted.
"""

from swarm_agent.planner.core.state import Job, with_job
from swarm_agent.planner.core.turn import Turn
from swarm_vault.replacing import replace


def charged(turn: Turn, job: Job) -> Job:
    """Add what the battery has lost since the last decision on this order."""
    battery = turn.battery
    assert battery is not None
    lost = 0.0 if job.charge is None else max(0.0, job.charge - battery.share)
    memory = replace(job.memory, used_share=job.memory.used_share + lost) if lost else job.memory
    job = replace(job, memory=memory, charge=battery.share)
    turn.state = with_job(turn.state, job)
    return job


def spent(turn: Turn, job: Job) -> str:
    """Why an order must end because of what it has taken; empty while it may go on."""
    mandate, used = turn.trust.mandate, job.memory.used_share
    if mandate is None:
        return ''
    used_wh, text = used * turn.params.capacity_wh, ''
    if mandate.charge_share and used > mandate.charge_share:
        share = 100 * mandate.charge_share
        text = f'{100 * used:.1f} % of charge used, the mandate covers {share:.1f} %'
    elif mandate.energy_wh and used_wh > mandate.energy_wh:
        text = f'{used_wh:.1f} Wh used, the mandate covers {mandate.energy_wh:.1f} Wh'
    if text:
        turn.note('mandate.spent', text, order_id=job.order.order_id, kind='VIOLATION')
    return f'law mandate.energy: {text}' if text else ''
