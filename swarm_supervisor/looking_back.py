# SPDX-License-Identifier: Apache-2.0
"""What the robots told before this supervisor began, read again from its copies of their logs.

Votes, blackboard, and who declined whom: nothing is decided here. It is bounded, so that a long
history costs no more than a short one.
"""

import json
from collections.abc import Iterator

from swarm_supervisor import disputes, joint_view
from swarm_supervisor.headquarters import Headquarters
from swarm_supervisor.mediation_records import quiet_in
from swarm_vault.errors import VaultError
from swarm_vault.recorder import Kind
from swarm_vault.tail import newest_lines

LOOK_BACK = 100_000
"""So many lines of all robots together are read, as many of each."""
WRITER = 'situation'
"""Whose log tells of peers."""
_TELLING = (*joint_view.MARKS, *disputes.TELLING)


def look_back(hq: Headquarters) -> None:
    """Fill what is known of votes, blackboard and disputes, in the order in which it was told."""
    now_ns = hq.clock()
    told = [
        (min(int(json.loads(line)['time_ns']), now_ns), agent_id, line)
        for agent_id in [member.agent_id for member in hq.roster]
        for line in _telling_lines(hq, agent_id)
    ]
    for stamp_ns, agent_id, line in sorted(told, key=lambda one: one[0]):
        hq.joint.take((line,), stamp_ns)
        hq.disputes.take(agent_id, (line,), stamp_ns)
    hq.disputes.quiet_until_ns.update(quiet_in(hq.vault_dir, now_ns))


def _telling_lines(hq: Headquarters, agent_id: str) -> Iterator[bytes]:
    """The lines of a robot's log that are about peers; a log that cannot be read tells nothing."""
    most = LOOK_BACK // max(1, len(hq.fleet.robots))
    try:
        lines = newest_lines(hq.vault_dir, agent_id, WRITER, most)
    except (OSError, VaultError) as error:
        data = {'agent': agent_id, 'reason': str(error)[:500]}
        hq.note(Kind.VIOLATION, 'look_back.failed', data)
        return
    yield from (line for line in lines if any(mark in line for mark in _TELLING))
