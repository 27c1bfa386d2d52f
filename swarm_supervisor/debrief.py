# SPDX-License-Identifier: Apache-2.0
"""After a mission each robot gets a note of how it went, and a lesson where something failed."""

import asyncio
import re
from pathlib import Path

from swarm_supervisor.experience import about
from swarm_supervisor.headquarters import SUPERVISOR, Headquarters
from swarm_supervisor.missions import COMPLETED, Mission, Order
from swarm_vault.errors import VaultError
from swarm_vault.folders import agent_folder
from swarm_vault.lessons import shelf_of
from swarm_vault.memory import Front, NoteKind, Standing
from swarm_vault.recall import keep_lesson
from swarm_vault.recorder import Kind


def debrief(hq: Headquarters, mission: Mission) -> None:
    """File the notes of a closed mission; a fault of the disk is told, the mission is closed."""
    try:
        names = [_note(hq, mission, order) for order in mission.orders]
    except (OSError, VaultError) as error:
        data = {'mission_id': mission.mission_id, 'reason': str(error)[:300]}
        hq.note(Kind.VIOLATION, 'debrief.failed', data, causes=(mission.cause,))
        return
    filed: dict[str, object] = {'mission_id': mission.mission_id, 'notes': names}
    hq.recollection.filed()
    hq.note(Kind.STATE_CHANGE, 'debrief.filed', filed, causes=(mission.cause,))


def recalled(hq: Headquarters, text: str) -> dict[str, object]:
    """What notes, shared lessons and manuals say to an order, for its plan's record."""
    told = hq.recollection.told(_folders(hq), text, most=3)
    notes = [f'{n.agent_id}/{n.name} ({n.standing}): {n.title}' for n in told.notes]
    manuals = [f'{passage.place} {passage.heading}'.strip() for passage in told.manuals]
    return {'recalled': notes, 'manuals': manuals, 'recalled_by': told.how}


async def read_notes(hq: Headquarters) -> None:
    """Let the sentence model read the notes that it has not read yet."""
    if hq.recollection.due:
        await asyncio.to_thread(hq.recollection.learn, _folders(hq))


def _folders(hq: Headquarters) -> list[Path]:
    folders = [agent_folder(hq.vault_dir, member.agent_id) for member in hq.roster]
    return [*folders, shelf_of(hq.vault_dir)]


def _note(hq: Headquarters, mission: Mission, order: Order) -> str:
    task = order.task().WhichOneof('task') or 'nothing'
    well = order.status == COMPLETED
    name = re.sub(r'[^a-z0-9-]+', '-', f'{mission.mission_id}-{task}'.lower())[:64].strip('-')
    how = 'done' if well else 'not done'
    why = ' '.join(order.reason.split())
    front = Front(
        title=f'{task}: {how}; order "{mission.text[:60]}"'.replace('\n', ' ')[:120],
        standing=Standing.OBSERVED if well else Standing.INFERRED,
        since_ns=mission.closed_ns,
        source=SUPERVISOR,
        evidence=(mission.cause,) if mission.cause else (),
        kind=NoteKind.DECISION if well else NoteKind.LESSON,
        about=about(order),
    )
    text = f'Order {order.order_id}: {how}{": " + why if why else ""}. Mission: {mission.text}'
    keep_lesson(agent_folder(hq.vault_dir, order.agent_id), name, front, text)
    return f'{order.agent_id}/{name}'
