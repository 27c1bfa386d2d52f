# SPDX-License-Identifier: Apache-2.0
"""Lets the takeover core keep watch over a shared survey while its orders are carried out.

Once a second: what is seen and heard goes to the core, its news go on the mission's blackboard.
While the supervisor is there it hands lost parts over itself, so nobody counts as lost then.
"""

from swarm_agent.planner.core.crewing import Shared, count, done_blocks, shared, widened
from swarm_agent.planner.core.orders import AckStatus
from swarm_agent.planner.core.state import State
from swarm_agent.planner.core.sweep.crew import Inputs, News, Outputs
from swarm_agent.planner.core.sweep.crew import State as CrewState
from swarm_agent.planner.core.types import SituationView, Widened
from swarm_agent.planner.crew_text import MOST_CHARACTERS, SECTION, crew_key, from_text, to_text
from swarm_agent.planner.journal import Journal
from swarm_agent.planner.topics import Topics

TEND_NS = 1_000_000_000


class CrewDesk:
    """One robot's part in the newest survey that it shares with others."""

    def __init__(self, agent_id: str, journal: Journal, topics: Topics) -> None:
        self._agent_id, self._journal, self._topics = agent_id, journal, topics
        self._crew: Shared | None = None
        self._state: CrewState | None = None
        self._key, self._due_ns = '', 0
        self._news: dict[str, News] = {}
        self._lost: frozenset[str] = frozenset()
        self._region = b''

    def tend(
        self, now_ns: int, planner: State, situation: SituationView | None, *, cut: bool
    ) -> Widened | None:
        """Keep watch; what the own order grows to, when that has changed.

        Args:
            now_ns: Monotonic.
            planner: What the planner is about.
            situation: Where the robot is, and whom it hears.
            cut: The supervisor is out of reach.
        """
        for mission_id, author, text in self._topics.board_texts(SECTION):
            self._hear(mission_id, author, text)
        if now_ns < self._due_ns:
            return None
        self._due_ns = now_ns + TEND_NS
        self._follow(planner)
        crew = self._crew
        if crew is None or situation is None:
            return None
        done = self._done(crew, planner)
        if done is None:
            self._leave(crew, now_ns, situation, cut=cut)
            return None
        outputs = self._decided(crew, done, now_ns, situation, cut=cut)
        self._tell(crew, outputs.news)
        return self._grown(crew, outputs)

    def _hear(self, mission_id: str, author: str, text: str) -> None:
        crew = self._crew
        if crew is not None and mission_id == crew.order.mission_id and author != self._agent_id:
            news = from_text(text, author, self._key)
            if news is not None:
                self._news[author] = news

    def _follow(self, planner: State) -> None:
        """Take up the newest shared survey that was accepted."""
        jobs = sorted(planner.jobs, key=lambda job: -job.arrival)
        newest = next((job.order for job in jobs if job.order.crew), None)
        if newest is None or (
            self._crew is not None and self._crew.order.order_id == newest.order_id
        ):
            return
        self._crew = shared(newest, self._agent_id, planner.ground)
        self._news, self._lost, self._region = {}, frozenset(), b''
        if self._crew is not None:
            self._key = crew_key(self._crew.params)
            self._state = self._journal.start_crew(self._crew.params)
            self._region = widened(self._crew, b'', b'', frozenset())

    def _done(self, crew: Shared, planner: State) -> bytes | None:
        """Blocks that this robot has done; None when it has given its order up."""
        order_id = crew.order.order_id
        job = next((j for j in planner.jobs if j.order.order_id == order_id), None)
        if job is not None:
            return done_blocks(crew, job.memory.seen)
        last = next((e.last for e in planner.answered if e.first.order_id == order_id), None)
        if last is None or last.status is not AckStatus.COMPLETED:
            return None
        return done_blocks(crew, widened(crew, b'', b'', frozenset()))

    def _leave(self, crew: Shared, now_ns: int, situation: SituationView, *, cut: bool) -> None:
        """Answer for nothing more; without a supervisor peers take it over."""
        self._crew = None
        none = bytes(len(crew.params.free))
        if cut:
            here = crew.block_at(*situation.pose[:2])
            news = News(
                agent_id=self._agent_id, stamp_ns=now_ns, part=none, done=none, cell=here, load=0.0
            )
            self._tell(crew, news)

    def _decided(
        self, crew: Shared, done: bytes, now_ns: int, situation: SituationView, *, cut: bool
    ) -> Outputs:
        assert self._state is not None
        names = tuple(part.agent_id for part in crew.params.parts)
        there = tuple(name for name in names if not cut or name in situation.peers)
        part = next(part for part in crew.params.parts if part.agent_id == self._agent_id)
        inputs = Inputs(
            now_ns=now_ns,
            cell=crew.block_at(*situation.pose[:2]),
            load=float(max(0, count(part.bits) - count(done))),
            done=done,
            news=tuple(self._news[name] for name in sorted(self._news)),
            alive=there,
        )
        self._news = {}
        self._state, outputs = self._journal.decide_crew(self._state, inputs, crew.params)
        return outputs

    def _tell(self, crew: Shared, news: News | None) -> None:
        if news is None:
            return
        text = to_text(news, self._key)
        if len(text) <= MOST_CHARACTERS:
            self._topics.tell_board(crew.order.mission_id, SECTION, text)

    def _grown(self, crew: Shared, outputs: Outputs) -> Widened | None:
        """The order as it is now, when peers were lost and it has changed."""
        self._lost |= frozenset(outputs.lost) | self._left()
        if not self._lost:
            return None
        region = widened(crew, outputs.part, _without(outputs.part, outputs.todo), self._lost)
        if region == self._region:
            return None
        self._region = region
        return Widened(order=crew.order, bits=region, lost=tuple(sorted(self._lost)))

    def _left(self) -> frozenset[str]:
        """Who has said that it answers for nothing any more."""
        assert self._state is not None
        heard = self._state.heard.items()
        said = ((name, news) for name, news in heard if news.stamp_ns >= 0)
        return frozenset(name for name, news in said if not any(news.part))


def _without(part: bytes, todo: bytes) -> bytes:
    """What of the own part is done, packed."""
    return bytes(a & ~b & 0xFF for a, b in zip(part, todo, strict=True))
