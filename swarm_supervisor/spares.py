# SPDX-License-Identifier: Apache-2.0
"""What of a lost robot's survey may be given away: books and robots' words, put to the core."""

from collections.abc import Iterator

from swarm.v1 import mission_pb2

from swarm_supervisor.core.cells import pack_cells
from swarm_supervisor.core.spare import Claim, Spare, SpareInputs
from swarm_supervisor.crew_book import FRESH_NS, CrewWord
from swarm_supervisor.headquarters import Headquarters
from swarm_supervisor.missions import COMPLETED, Mission, Order
from swarm_supervisor.roster import Member, Standing


def spare_of(hq: Headquarters, mission: Mission, order: Order) -> Spare:
    """What of a survey order that its robot will not do is anybody's to take."""
    return hq.spares.judge(
        SpareInputs(
            now_ns=hq.clock(),
            order_id=order.order_id,
            area=pack_cells(hq.region_of(order)),
            seen=pack_cells(hq.world.seen_since(mission.created_ns)),
            claims=tuple(_claims(hq, mission, order)),
            awaited=_awaited(hq, mission, order),
            heard_by=_heard_by(hq, mission, order),
        )
    )


def _others(hq: Headquarters, mission: Mission, order: Order) -> Iterator[tuple[Member, Order]]:
    """The other surveys of the mission, with their robots."""
    for other in mission.orders:
        member = hq.roster.get(other.agent_id)
        if other is not order and member is not None and other.task().HasField('survey'):
            yield member, other


def _claims(hq: Headquarters, mission: Mission, order: Order) -> Iterator[Claim]:
    for member, other in _others(hq, mission, order):
        word = hq.crews.words.get(other.order_id)
        yield from _own_claims(hq, member, other, word)
        if word is not None and member.available:
            yield from _told_claims(hq, member, order, word)


def _own_claims(
    hq: Headquarters, member: Member, other: Order, word: CrewWord | None
) -> Iterator[Claim]:
    """What another order covers: as it was given, or as its robot says that it has grown."""
    if other.replaced or other.recall:
        return
    if other.status == COMPLETED:
        bits = other.task().survey.region.bits
        yield Claim(agent_id=member.agent_id, bits=bits, done=True)
        if word is not None and not word.working and word.held:
            yield Claim(agent_id=member.agent_id, bits=word.held, done=True)
    working = word is not None and word.working
    if member.available and (not other.closed or working):
        bits = pack_cells(hq.region_of(other))
        yield Claim(agent_id=member.agent_id, bits=bits, booked=not other.closed)


def _told_claims(
    hq: Headquarters, member: Member, order: Order, word: CrewWord
) -> Iterator[Claim]:
    """What a robot says of its crew: what is seen, and who took over what."""
    if word.done:
        yield Claim(agent_id=member.agent_id, bits=word.done, done=True)
    for agent_id, bits in word.taken if _fresh(hq, member, word) else ():
        peer = hq.roster.get(agent_id)
        if peer is None or peer.linked or agent_id == order.agent_id:
            continue
        if peer.standing is not Standing.REVOKED:
            yield Claim(agent_id=agent_id, bits=bits, booked=False)


def _awaited(hq: Headquarters, mission: Mission, order: Order) -> tuple[str, ...]:
    """Who shares surveys of the mission and was out of reach, and has not told since."""
    now_ns = hq.clock()
    return tuple(
        sorted(
            {
                member.agent_id
                for member, other in _others(hq, mission, order)
                if other.task().survey.crew
                and other.sent
                and not other.replaced
                and member.available
                and member.agent_id != order.agent_id
                and hq.crews.owes(member.agent_id, now_ns)
            }
        )
    )


def _heard_by(hq: Headquarters, mission: Mission, order: Order) -> tuple[str, ...]:
    """Who of its crew still hears a robot that is lost to the supervisor alone."""
    member = hq.roster.get(order.agent_id)
    if member is None or member.standing is not Standing.LOST or order.closed:
        return ()
    crew = _crew(order.task())
    names = set()
    for peer, other in _others(hq, mission, order):
        word = hq.crews.words.get(other.order_id)
        told = word is not None and _fresh(hq, peer, word) and order.agent_id in word.heard
        if told and crew and _crew(other.task()) == crew:
            names.add(peer.agent_id)
    return tuple(sorted(names))


def _crew(task: mission_pb2.MissionOrder) -> list[tuple[str, bytes]]:
    return [(part.agent_id, part.bits) for part in task.survey.crew]


def _fresh(hq: Headquarters, member: Member, word: CrewWord) -> bool:
    """Whether a robot is there and has just said so."""
    return member.linked and member.available and hq.clock() - word.told_ns <= FRESH_NS
