# SPDX-License-Identifier: Apache-2.0
"""From letters to what is known of the peers: intents, claims, hazards, votes, hands."""

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from google.protobuf.message import DecodeError
from swarm.v1 import common_pb2, laws_pb2, mesh_pb2

from swarm_agent.mesh import joint_wire
from swarm_agent.mesh.core.hazards import Known, living, reported, summed_up
from swarm_agent.mesh.core.joint import Answer, Ask, Call, Cast, Entry
from swarm_agent.mesh.core.plausible import Track, follow
from swarm_agent.mesh.core.types import Claim, Hazard, Peer
from swarm_agent.mesh.gate import BUDGET, Gate, Letter
from swarm_agent.mesh.wire import (
    MAX_HEADS,
    Malformed,
    check_author,
    check_heads,
    claim_of,
    hazard_of,
    peer_of,
)

FORGET_PEER_S = 10.0
QUIET_NS = 7 * 10**9
"""Who has said nothing for so long is not there, whatever its token says: two beats."""
LATELY_NS = 10**9
"""Of whom something was heard within this time a beat says nothing new."""
NEVER_NS = -(10**18)
MOST_WORDS = 16
"""So many words of revocation are looked at in one drain."""
KEPT_BALLOTS = 1000
KEPT_TEXTS = 32
"""Sections of the blackboard in which one author may write."""


@dataclass(slots=True, kw_only=True)
class JointMail:
    """What was heard of joint decisions since the last drain."""

    calls: list[Call] = field(default_factory=list)
    casts: list[Cast] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)
    asks: list[tuple[Ask, Any]] = field(default_factory=list)
    """With the query that is to be answered."""
    answers: list[Answer] = field(default_factory=list)

    @property
    def empty(self) -> bool:
        """Nothing came."""
        return not (self.calls or self.casts or self.entries or self.asks or self.answers)


@dataclass(frozen=True, slots=True, kw_only=True)
class Drained:
    """What has been heard."""

    peers: tuple[Peer, ...]
    """The newest word of every peer whose intent was heard within 10 s, by id."""
    claims: tuple[Claim, ...]
    """Claims to this robot since the last drain, in the order of arrival."""
    hazards: tuple[Hazard, ...]
    """All hazards of others that hold, by id."""
    heads: tuple[mesh_pb2.LogHeads, ...] = ()
    """Where others say that their logs stand, and what they countersigned, since then."""
    revocations: tuple[common_pb2.Signed, ...] = ()
    """Words of revocation that others passed on; each is still to be verified."""
    joint: JointMail = field(default_factory=JointMail)


class Hearing:
    """Believe letters that pass the gate, and remember what they say."""

    def __init__(self, agent_id: str, gate: Gate) -> None:
        self._agent_id, self._gate = agent_id, gate
        self._peers: dict[str, Peer] = {}
        self._tracks: dict[str, Track] = {}
        self._hazards: tuple[Known, ...] = ()
        self._claims: list[Claim] = []
        self._heads: list[mesh_pb2.LogHeads] = []
        self._words: dict[bytes, common_pb2.Signed] = {}
        self._joint = JointMail()
        self._beats = deque[Letter](maxlen=BUDGET)
        """Not verified until somebody asks who is there."""
        self._believers: dict[str, Callable[[Letter], None]] = {
            'intent': self._intent,
            'beat': self._beats.append,
            'claim': self._claim,
            'heads': self._head,
            'revocations': self._revocations,
            'hazard': self._hazard,
            'vote': self._vote,
            'blackboard': self._entry,
            'hand': self._ask,
            'answer': self._answer,
        }
        self.ballots: dict[tuple[str, str], common_pb2.Signed] = {}
        """Signed ballots by vote and voter, as evidence for a result."""
        self.board: dict[tuple[str, str, str], tuple[int, bytes]] = {}
        """Revision and signed text by mission, section and author, for who comes later."""

    def drain(self, now_ns: int, alive: Mapping[str, bool]) -> Drained:
        """Verify what has arrived since the last call."""
        for letter in self._gate.take(now_ns):
            self._believe(letter, self._believers[letter.kind])
        claims, self._claims = tuple(self._claims), []
        heads, self._heads = tuple(self._heads), []
        words, self._words = tuple(self._words.values()), {}
        joint, self._joint = self._joint, JointMail()
        self._hazards = living(self._hazards, now_ns)
        return Drained(
            peers=self._peer_table(now_ns, alive),
            claims=claims,
            hazards=summed_up(self._hazards, now_ns),
            heads=heads,
            revocations=words,
            joint=joint,
        )

    def _peer_table(self, now_ns: int, alive: Mapping[str, bool]) -> tuple[Peer, ...]:
        self._peers = {
            agent: _seen(peer, alive=alive.get(agent, False))
            for agent, peer in sorted(self._peers.items())
            if now_ns - peer.heard_ns < FORGET_PEER_S * 1e9
        }
        return tuple(self._peers.values())

    def there(self, now_ns: int, alive: Mapping[str, bool]) -> tuple[str, ...]:
        """Peers near or far whose token stands and that have said anything within 7 s, by id.

        Tokens are not signed, and stand as well for a process that decides no more. A beat is
        verified here, and only one of a peer of which nothing else was heard as lately.
        """
        words = self._gate.spoken_ns
        while self._beats:
            letter = self._beats.popleft()
            if letter.heard_ns - words.get(letter.signed.agent_id, NEVER_NS) >= LATELY_NS:
                self._believe(letter, self._beat)
        heard = sorted(name for name, ns in words.items() if now_ns - ns < QUIET_NS)
        return tuple(name for name in heard if alive.get(name, False))

    def _believe(self, letter: Letter, take: Callable[[Letter], None]) -> None:
        try:
            take(letter)
        except (Malformed, DecodeError) as error:
            reason = str(error) if isinstance(error, Malformed) else 'not a message'
            self._gate.drop(letter.kind, reason)

    def _intent(self, letter: Letter) -> None:
        intent = self._gate.read(letter, mesh_pb2.PeerIntent())
        author = letter.signed.agent_id
        peer = peer_of(intent, author=author, heard_ns=letter.heard_ns, alive=True)
        track, believed = follow(self._tracks.get(author), peer.pose, letter.heard_ns)
        self._tracks[author] = track
        if not believed:
            raise Malformed('leaps')
        self._peers[author] = peer

    def _beat(self, letter: Letter) -> None:
        check_author(self._gate.read(letter, mesh_pb2.Beat()).agent_id, letter.signed.agent_id)

    def _claim(self, letter: Letter) -> None:
        claim = self._gate.read(letter, mesh_pb2.Claim())
        author = letter.signed.agent_id
        self._claims.append(claim_of(claim, author=author, reader=self._agent_id))

    def _head(self, letter: Letter) -> None:
        heads = self._gate.read(letter, mesh_pb2.LogHeads())
        check_heads(heads, author=letter.signed.agent_id)
        self._heads.append(heads)

    def _revocations(self, letter: Letter) -> None:
        passed_on = self._gate.read(letter, laws_pb2.Revocations(), once=False)
        self._words |= {entry.SerializeToString(): entry for entry in passed_on.entries}
        while len(self._words) > MOST_WORDS:
            del self._words[next(iter(self._words))]

    def _hazard(self, letter: Letter) -> None:
        message = self._gate.read(letter, mesh_pb2.Hazard())
        author = letter.signed.agent_id
        hazard = hazard_of(message, author=author, heard_ns=letter.heard_ns)
        self._hazards = reported(self._hazards, hazard, gone=message.gone)

    def _vote(self, letter: Letter) -> None:
        author = letter.signed.agent_id
        if letter.signed.domain == mesh_pb2.Vote.DESCRIPTOR.full_name:
            vote = self._gate.read(letter, mesh_pb2.Vote())
            cast = joint_wire.cast_of(vote, author=author)
            if len(self.ballots) >= KEPT_BALLOTS:
                self.ballots.pop(next(iter(self.ballots)))
            self.ballots.setdefault((cast.vote_id, author), letter.signed)
            self._joint.casts.append(cast)
            return
        call = self._gate.read(letter, mesh_pb2.VoteCall())
        self._joint.calls.append(
            joint_wire.call_of(call, author=author, counted=self._counted(call))
        )

    def _counted(self, call: mesh_pb2.VoteCall) -> list[Cast]:
        """The ballots that a result encloses, each signed by its voter and of this vote."""
        if len(call.ballots) > joint_wire.MAX_REQUIRED + MAX_HEADS:
            raise Malformed('too many ballots')
        enclosed = self._gate.read_enclosed(call.ballots, mesh_pb2.Vote)
        casts = [joint_wire.cast_of(vote, author=author) for author, vote in enclosed]
        return [cast for cast in casts if cast.vote_id == call.vote_id]

    def _entry(self, letter: Letter) -> None:
        message = self._gate.read(letter, mesh_pb2.BlackboardEntry(), once=False)
        entry = joint_wire.entry_of(message, author=letter.signed.agent_id)
        self.keep(entry, letter.signed.SerializeToString())
        self._joint.entries.append(entry)

    def keep(self, entry: Entry, signed: bytes) -> None:
        """Keep a text for who comes later, if it is the author's newest and there is room."""
        place = (entry.mission_id, entry.section, entry.author)
        known = self.board.get(place, (-1, b''))
        of_author = sum(author == entry.author for _, _, author in self.board)
        if known[0] < 0 and of_author >= KEPT_TEXTS:
            raise Malformed('too many texts')
        if entry.revision > known[0]:
            self.board[place] = (entry.revision, signed)

    def _ask(self, letter: Letter) -> None:
        request = self._gate.read(letter, mesh_pb2.HandRequest())
        author = letter.signed.agent_id
        ask = joint_wire.ask_of(request, author=author, reader=self._agent_id)
        self._joint.asks.append((ask, letter.extra))

    def _answer(self, letter: Letter) -> None:
        reply = self._gate.read(letter, mesh_pb2.HandReply())
        author = letter.signed.agent_id
        self._joint.answers.append(
            joint_wire.answer_of(reply, author=author, reader=self._agent_id)
        )


def _seen(peer: Peer, *, alive: bool) -> Peer:
    return peer if peer.alive == alive else replace(peer, alive=alive)
