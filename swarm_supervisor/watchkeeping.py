# SPDX-License-Identifier: Apache-2.0
"""The slow loop: who is lost, whose token ends, what must be handed over, what is complete."""

import asyncio
import contextlib

from swarm_supervisor.debrief import read_notes
from swarm_supervisor.deciding import look_at_pending
from swarm_supervisor.handoff import write_handoffs
from swarm_supervisor.headquarters import Headquarters
from swarm_supervisor.identities import tell_rules
from swarm_supervisor.mediating import mediate
from swarm_supervisor.revoking import heed_revocations
from swarm_supervisor.settling import settle
from swarm_supervisor.trusting import renew_token
from swarm_vault.errors import VaultError
from swarm_vault.recorder import Kind

PERIOD_S = 1.0
SAVE_WORLD_S = 5.0


async def keep_watch(hq: Headquarters, done: asyncio.Event) -> None:
    """Watch until done; acknowledgements and links wake it at once.

    Raises:
        VaultError: The audit log is not kept any more: without a record it must not go on.
    """
    began_ns, saved_s = hq.clock(), asyncio.get_running_loop().time()
    while not done.is_set():
        with contextlib.suppress(asyncio.TimeoutError):
            await asyncio.wait_for(hq.wake.wait(), PERIOD_S)
        hq.wake.clear()
        if hq.recorder.fault:
            raise VaultError(hq.recorder.fault)
        tell_rules(hq)
        began_ns = min(began_ns, hq.clock())  # it may be set back
        look_after_members(hq, began_ns)
        await look_at_pending(hq)
        await mediate(hq)
        await settle(hq)
        await read_notes(hq)
        now_s = asyncio.get_running_loop().time()
        if now_s - saved_s >= SAVE_WORLD_S:
            saved_s = now_s
            save_world(hq)


def look_after_members(hq: Headquarters, since_ns: int) -> None:
    """Note who is lost or was revoked by hand, and renew tokens."""
    hq.revoked.poll()
    heed_revocations(hq)
    for member in hq.roster.newly_lost(hq.clock(), hq.settings.lost_after_s, since_ns):
        hq.store.save_member(member)
        data = {'agent': member.agent_id, 'after_s': hq.settings.lost_after_s}
        hq.note(Kind.STATE_CHANGE, 'robot.lost', data, durable=True)
        write_handoffs(hq, member, f'not heard for {hq.settings.lost_after_s:g} s')
    for member in hq.roster:
        renew_token(hq, member)


def save_world(hq: Headquarters) -> None:
    """Remember what has been seen and who told so, if that has changed."""
    unwritten = hq.crews.unwritten()
    if not (hq.world.changed or unwritten):
        return
    with hq.store.together():
        hq.store.save_world(hq.world.stored())
        hq.store.save_reported(hq.world.reported())
        hq.store.save_crew(unwritten)
    hq.world.changed = False
