# SPDX-License-Identifier: Apache-2.0
"""Lets the takeover core keep watch over a shared survey while its orders are carried out.

Once a second: what is seen and heard goes to the core, its news go on the mission's blackboard.
While the supervisor is there it hands lost parts over itself, so nobody is newly lost then. What
was taken over before stays with its heirs, and the supervisor is told of it (`words`).
"""

import numpy as np

from swarm_agent.planner.core.crewing import (
    Shared,
    count,
    done_blocks,
    done_cells,
    shared,
    taken_cells,
    widened,
)
from swarm_agent.planner.core.orders import AckStatus
from swarm_agent.planner.core.state import State
from swarm_agent.planner.core.sweep.crew import Inputs, News, Outputs
from swarm_agent.planner.core.sweep.crew import State as CrewState
from swarm_agent.planner.core.types import SituationView, Taken, Widened
from swarm_agent.planner.crew_text import MOST_CHARACTERS, SECTION, crew_key, from_text, to_text
from swarm_agent.planner.crew_word import CrewWord, held_words
from swarm_agent.planner.journal import Journal
from swarm_agent.planner.topics import Topics

TEND_NS = 1_000_000_000
HEARD_NS = 15_000_000_000
"""News are told every 5 s: who has told none for so long is not counted on."""


class CrewDesk:
    """One robot's part in the newest survey that it shares with others."""

    def __init__(self, agent_id: str, journal: Journal, topics: Topics) -> None:
        self._agent_id, self._journal, self._topics = agent_id, journal, topics
        self._crew: Shared | None = None
        self._state: CrewState | None = None
        self._key, self._due_ns = '', 0
        self._news: dict[str, News] = {}
        self._lost: frozenset[str] = frozenset()
        self._gone: frozenset[str] = frozenset()
        self._region, self._grown_at = b'', (b'', self._lost)
        self._told_ns: dict[str, tuple[int, int]] = {}

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
            self._hear(mission_id, author, text, now_ns)
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

    def words(self, now_ns: int, planner: State) -> tuple[CrewWord, ...]:
        """What the supervisor is told: what is held under each order, and what the crew says."""
        words = held_words(planner.jobs)
        crew, state = self._crew, self._state
        if crew is None or state is None:
            return tuple(words.values())
        heard = self._heard(now_ns)
        order_id = crew.order.order_id
        words[order_id] = CrewWord(
            order_id=order_id,
            held=words[order_id].held if order_id in words else b'',
            done=done_cells(crew, np.packbits(state.done).tobytes()),
            heard=heard,
            taken=tuple((one.agent_id, one.bits) for one in self.taken(now_ns)),
        )
        return tuple(words.values())

    def taken(self, now_ns: int) -> tuple[Taken, ...]:
        """What peers that are there said that they took over from those that are lost."""
        crew, state = self._crew, self._state
        if crew is None or state is None:
            return ()
        cells = {
            name: taken_cells(crew, state.heard[name].part, self._lost - {name})
            for name in self._heard(now_ns)
            if name in state.heard
        }
        return tuple(
            Taken(mission_id=crew.order.mission_id, agent_id=name, bits=bits)
            for name, bits in cells.items()
            if bits
        )

    def _heard(self, now_ns: int) -> tuple[str, ...]:
        """Who has told of its part lately."""
        told = self._told_ns.items()
        return tuple(sorted(name for name, (_, at) in told if now_ns - at <= HEARD_NS))

    def _hear(self, mission_id: str, author: str, text: str, now_ns: int) -> None:
        crew = self._crew
        if crew is None or mission_id != crew.order.mission_id or author == self._agent_id:
            return
        news = from_text(text, author, self._key)
        if news is None or author not in crew.cells:
            return
        self._news[author] = news
        if news.stamp_ns > self._told_ns.get(author, (-1, 0))[0]:
            self._told_ns[author] = (news.stamp_ns, now_ns)

    def _follow(self, planner: State) -> None:
        """Take up the newest shared survey that was accepted."""
        jobs = sorted(planner.jobs, key=lambda job: -job.arrival)
        newest = next((job.order for job in jobs if job.order.crew), None)
        if newest is None or (
            self._crew is not None and self._crew.order.order_id == newest.order_id
        ):
            return
        self._crew = shared(newest, self._agent_id, planner.ground)
        self._news, self._told_ns = {}, {}
        self._lost = self._gone = frozenset()
        self._region, self._grown_at = b'', (b'', self._lost)
        if self._crew is not None:
            self._key = crew_key(newest.crew)
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
        peers = situation.peers
        there = tuple(n for n in names if n in peers or not (cut or n in self._gone))
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
        self._gone = frozenset(outputs.lost)
        return outputs

    def _tell(self, crew: Shared, news: News | None) -> None:
        if news is None:
            return
        text = to_text(news, self._key)
        if len(text) <= MOST_CHARACTERS:
            self._topics.tell_board(crew.order.mission_id, SECTION, text)

    def _grown(self, crew: Shared, outputs: Outputs) -> Widened | None:
        """The order as it is now, when peers were lost and the own blocks have changed.

        What is done is left out only then: a region that shrank with each block that is seen
        would have the survey planned anew each time.
        """
        self._lost |= frozenset(outputs.lost) | self._left()
        grown_at = (outputs.part, self._lost)
        if not self._lost or grown_at == self._grown_at:
            return None
        self._grown_at = grown_at
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
