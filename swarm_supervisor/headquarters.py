# SPDX-License-Identifier: Apache-2.0
"""Everything a running supervisor holds, and the few steps that all its parts share.

One event loop uses it, so nothing here is locked; what must not interleave takes `turn`.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from swarm_config.fleets import Fleet
from swarm_config.maps import GridMap, Mask
from swarm_supervisor.allocator import Allocator
from swarm_supervisor.core.cells import unpack_cells
from swarm_supervisor.court import Court
from swarm_supervisor.crew_book import CrewBook
from swarm_supervisor.disputes import DisputeBook
from swarm_supervisor.experience import Experience
from swarm_supervisor.farewell import Farewell
from swarm_supervisor.joint_view import JointView
from swarm_supervisor.judges import SecondJudge
from swarm_supervisor.mandates import MandateShelf
from swarm_supervisor.mediator import MediationDesk
from swarm_supervisor.missions import Mission, Order
from swarm_supervisor.people import PeopleBook
from swarm_supervisor.places import Places
from swarm_supervisor.post import Post
from swarm_supervisor.prover import Prover
from swarm_supervisor.recollection import Recollection
from swarm_supervisor.roster import Member, Roster
from swarm_supervisor.settings import Settings
from swarm_supervisor.spare_desk import SpareDesk
from swarm_supervisor.standing_rules import StandingRules
from swarm_supervisor.store import MAX_MISSIONS, Escalation, Store
from swarm_supervisor.strategist import Context, KnownRobot, Strategist
from swarm_supervisor.wishing import WishDesk
from swarm_supervisor.world import World
from swarm_vault.heads.witness import Witness
from swarm_vault.laws.operators import Register
from swarm_vault.laws.revocation_book import RevocationBook
from swarm_vault.mirror import Mirror
from swarm_vault.recorder import Kind, Recorder

SUPERVISOR = 'supervisor'


@dataclass(slots=True, kw_only=True, eq=False)
class Headquarters:
    """The supervisor's parts and its missions."""

    fleet: Fleet
    grid: GridMap
    places: Places
    settings: Settings
    roster: Roster
    world: World
    store: Store
    post: Post
    recorder: Recorder
    mirror: Mirror
    witness: Witness
    vault_dir: Path
    allocator: Allocator
    prover: Prover
    strategist: Strategist
    missions: list[Mission]
    court: Court
    rules: StandingRules
    mandates: MandateShelf
    register: Register
    revoked: RevocationBook
    people: PeopleBook
    mediation: MediationDesk
    spares: SpareDesk
    recollection: Recollection
    experience: Experience
    wishes: WishDesk
    second_judge: SecondJudge | None = None
    insecure: bool = False
    clock: Callable[[], int] = time.time_ns
    say: Callable[[str], None] = lambda _text: None
    """Takes one line for whoever watches the process."""
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    """Held while work is shared out."""
    wake: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when the watch over the missions should look at once."""
    stops: Counter[str] = field(default_factory=Counter)
    """How often each robot was stopped since this process began."""
    counted: dict[tuple[str, str], int] = field(default_factory=dict)
    """Up to which line of each robot's logs faults are counted, by robot and writer."""
    events_stored: int = 0
    disputes: DisputeBook = field(default_factory=DisputeBook)
    """Who does not get on, and who does not agree."""
    joint: JointView = field(default_factory=JointView)
    """What the robots decided among themselves."""
    crews: CrewBook = field(default_factory=CrewBook)
    """What they told of the surveys that they share."""
    farewell: Farewell | None = None
    """The record is closed; only what belongs to the farewell counts any more."""

    def note(
        self,
        kind: Kind,
        type_: str,
        data: Mapping[str, Any],
        *,
        causes: Sequence[str] = (),
        durable: bool = False,
    ) -> str:
        """Record an event of the supervisor; returns its id."""
        causes = tuple(cause for cause in causes if cause)
        seq = self.recorder.event(kind, type_, data, causes=causes, durable=durable)
        return f'{SUPERVISOR}/{SUPERVISOR}/{seq}'

    def mission(self, mission_id: str) -> Mission | None:
        """The mission of this id."""
        return next((m for m in self.missions if m.mission_id == mission_id), None)

    def order(self, order_id: str) -> tuple[Mission, Order] | None:
        """The order of this id with its mission."""
        mission = self.mission(order_id.rpartition('-')[0])
        orders = mission.orders if mission else []
        found = next((order for order in orders if order.order_id == order_id), None)
        return (mission, found) if mission and found else None

    def orders_of(self, agent_id: str) -> list[Order]:
        """A robot's orders that are not closed."""
        return [
            order
            for mission in self.missions
            for order in mission.orders
            if order.agent_id == agent_id and not order.closed
        ]

    def add_mission(self, mission: Mission) -> None:
        """Take up a mission; the oldest closed ones are let go."""
        self.missions.append(mission)
        spare = len(self.missions) - MAX_MISSIONS
        closed = [old for old in self.missions if old.closed][: max(0, spare)]
        self.missions = [kept for kept in self.missions if kept not in closed]

    def send_order(self, order: Order) -> None:
        """Send an order if its robot is linked; it is marked before it leaves."""
        if not self.post.linked(order.agent_id):
            return
        if not order.sent:
            order.sent = True
            self.store.save_order(order)
        self.post.order(order)

    def send_recalls(self, orders: Iterable[Order]) -> None:
        """Tell robots what is taken back, which is on disk; the others hear it when they link."""
        for order in orders:
            if order.recall and not order.closed:
                self.post.recall(order.agent_id, order.order_id, order.recall)

    def region_of(self, order: Order) -> Mask:
        """The cells of a survey: as its robot says that they are now, else as ordered."""
        word = self.crews.words.get(order.order_id)
        bits = word.held if word is not None else b''
        return unpack_cells(bits or order.task().survey.region.bits, self.world.grid.shape)

    def unseen_cells(self, mission: Mission, order: Order) -> int:
        """How many cells of a survey nobody has seen since its mission began."""
        seen = self.world.seen_since(mission.created_ns)
        return int(np.count_nonzero(self.region_of(order) & ~seen))

    def escalate(self, escalation: Escalation, cause: str = '') -> None:
        """Ask an operator; the same question is asked once."""
        if not self.store.save_escalation(escalation):
            return
        self.note(
            Kind.STATE_CHANGE,
            'escalation.raised',
            {
                'escalation_id': escalation.escalation_id,
                'agent': escalation.agent_id,
                'text': escalation.text,
                'order_id': escalation.order_id,
            },
            causes=(cause,),
            durable=True,
        )

    def context(self) -> Context:
        """What a strategist may refer to."""
        return Context(
            places=self.places,
            robots={member.agent_id: known_robot(member) for member in self.roster},
            open_missions=tuple(m.mission_id for m in self.missions if m.open),
            standing=self.allocator,
        )


def known_robot(member: Member) -> KnownRobot:
    """A member as planning sees it."""
    return KnownRobot(
        agent_id=member.agent_id,
        state=member.standing.value,
        radius_m=member.robot.model.radius_m,
        pose=member.pose,
        squad=member.robot.squad,
    )
