# SPDX-License-Identifier: Apache-2.0
"""What a supervisor puts in order before it serves: whatever a kill may have left half done.

Each step is told to whom it concerns only after it is on the disk. So what is half done here was
told to nobody, and is either finished, where nothing moves by that, or dropped with a reason.
"""

from swarm_supervisor import approvals, faults
from swarm_supervisor.headquarters import Headquarters
from swarm_supervisor.looking_back import look_back
from swarm_supervisor.mission_files import finish
from swarm_supervisor.missions import Mission, MissionStatus
from swarm_supervisor.refusing import drop
from swarm_supervisor.revoking import heed_revocations
from swarm_supervisor.store import PendingRow
from swarm_supervisor.wire import WRITERS
from swarm_vault.keys import OPERATOR
from swarm_vault.laws.core.approval import Answer, Settlement

ENDED = 'the supervisor ended before it was ordered; give it again'


def take_up(hq: Headquarters) -> None:
    """Put in order what the process that ran before left.

    Raises:
        VaultError: The copy of a robot's log cannot be read.
    """
    heed_revocations(hq)
    rows = {row.mission_id: row for row in hq.store.pending()}
    for mission in [m for m in hq.missions if m.status is MissionStatus.PENDING]:
        _question(hq, mission, rows.get(mission.mission_id))
    for row in approvals.open_rows(hq):
        if hq.mission(row.mission_id) is None:
            gone = Settlement(answer=Answer.STALE, reason=ENDED)
            approvals.close(hq, row, gone, by='nobody', via='restart', may=True)
    _put_aside_answered(hq)
    for mission in [m for m in hq.missions if m.closed]:
        finish(hq, mission)
    for member in hq.roster:
        for writer in WRITERS:
            faults.count_missed(hq, member, writer)
    look_back(hq)


def _put_aside_answered(hq: Headquarters) -> None:
    """A file whose question is settled is no place for an answer any more."""
    waiting = {row.pending_id for row in approvals.open_rows(hq)}
    for path in approvals.path_of(hq, 'p').parent.glob('*.md'):
        if path.stem not in waiting:
            path.replace(path.with_suffix('.refused'))


def _question(hq: Headquarters, mission: Mission, row: PendingRow | None) -> None:
    """A mission that waits for a human: its question still waits, with its file, or it is over."""
    if row is None:
        drop(hq, mission, ENDED)
    elif row.status != 'open':
        approved = row.status == Answer.APPROVED.value
        drop(hq, mission, f'{row.reason}; {ENDED}' if approved else row.reason)
    elif not approvals.path_of(hq, row.pending_id).exists():
        approvals.show(hq, row, hq.register.principal(OPERATOR, row.caller))
