# SPDX-License-Identifier: Apache-2.0
"""What a robot tells the supervisor of a shared survey: whose hands its cells are in."""

from collections.abc import Iterable
from dataclasses import dataclass

from swarm.v1 import mission_pb2

from swarm_agent.planner.core.state import Job


@dataclass(frozen=True, slots=True, kw_only=True)
class CrewWord:
    """One survey that the robot shares; sets of cells packed as those of its region."""

    order_id: str
    held: bytes = b''
    """What it surveys under this order now; empty: nothing any more."""
    done: bytes = b''
    """What the crew says is seen."""
    heard: tuple[str, ...] = ()
    """Peers of the crew that told of their part lately."""
    taken: tuple[tuple[str, bytes], ...] = ()
    """What each of these said that it took over."""


def held_words(jobs: Iterable[Job]) -> dict[str, CrewWord]:
    """What is surveyed under each open order that is shared, by its id."""
    return {
        job.order.order_id: CrewWord(order_id=job.order.order_id, held=job.order.region.bits)
        for job in jobs
        if job.order.crew and job.order.region is not None
    }


def from_word(word: CrewWord) -> mission_pb2.CrewReport:
    """A word as it goes up."""
    return mission_pb2.CrewReport(
        order_id=word.order_id,
        held=word.held,
        done=word.done,
        heard=word.heard,
        taken=[mission_pb2.CrewPart(agent_id=name, bits=bits) for name, bits in word.taken],
    )
