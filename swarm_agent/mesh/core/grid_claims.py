# SPDX-License-Identifier: Apache-2.0
"""Who may drive onto which cell, without a common clock, whatever the network does.

Each robot tells one thing: its state, whole, numbered. An old one is ignored, a lost one replaced
by the next, so loss, delay, doubling and reordering all come to hearing late. Two rules make it
safe (docs/protocol.md has the argument):

- Who wants a cell needs the word of every robot that stands beside it, given to this very
  request. Which cells beside it are occupied is *seen*, not heard: a body whose owner says nothing
  bars them.
- Who gives its word withdraws its own request for that cell; what it asks later is a new one.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from swarm_agent.mesh.core.grid_map import GridMap
from swarm_agent.mesh.core.grid_types import GridPeer, GridRank

Request = tuple[int, int]
"""A robot and the number of its request."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """All that a robot says of itself; see `GridState` in the wire contract."""

    agent: int
    cell: int
    """Where it stands, or what it drives away from."""
    goal: int
    rank: GridRank
    root: GridRank
    """The rank that it acts with: its own, or that of the robot that it makes way for."""
    sequence: int = 0
    want: int | None = None
    moving: bool = False
    """Entitled to `want`, besides `cell`, and on its way."""
    ticket: int = 0
    """Number of the request for `want`; rises whenever that ends or is made anew."""
    hint: tuple[int, ...] = ()
    tried: frozenset[int] = frozenset()
    """Cells that this chain of requests need not ask for again."""
    grants: frozenset[Request] = frozenset()
    refusals: frozenset[Request] = frozenset()
    lets: tuple[int, int] | None = None
    """Who is to come to the cell that it backs out of, to change places, and that cell."""

    @property
    def held(self) -> tuple[int, ...]:
        """The cells that it is entitled to."""
        return (self.cell, self.want) if self.moving and self.want is not None else (self.cell,)

    def asks_for(self, cell: int) -> bool:
        """Whether it has an open request for a cell."""
        return self.want == cell and not self.moving

    def as_peer(self) -> GridPeer:
        """Where it stands and means to go."""
        return GridPeer(self.agent, self.cell, self.goal, self.rank, self.hint)


@dataclass(frozen=True, slots=True)
class Claimant:
    """A robot in the untimed world: what it says, and what it keeps to itself."""

    told: Told
    seen: frozenset[int] = frozenset()
    """Occupied cells beside `told.want` when the request was made."""
    failed: frozenset[int] = frozenset()
    """Cells that were refused to it here."""
    pushed_by: int | None = None
    """Whose rank it acted with when they were."""


Heard = Mapping[int, Told]
"""The newest state of each peer."""


def pusher_of(told: Told, heard: Heard) -> Told | None:
    """The robot of highest inherited rank that wants this one's cell, if it outranks this one."""
    asking = [p for p in heard.values() if p.asks_for(told.cell) and p.root.agent != told.agent]
    first = max(asking, key=lambda peer: peer.root, default=None)
    return first if first is not None and first.root > told.rank else None


def arrive(me: Claimant) -> Claimant:
    """The robot stands on the cell that it drove to and leaves the one it came from."""
    told = me.told
    assert told.want is not None
    came = replace(told, cell=told.want, hint=told.hint[1:], moving=False)
    return Claimant(withdrawn(came))


def look(grid: GridMap, me: Claimant, bodies: frozenset[int]) -> Claimant:
    """Make the open request anew if somebody has come to, or left, a cell beside the one wanted.

    To be done whenever what is seen changes: a word given before says nothing of who came later.
    """
    told = me.told
    if told.want is None or told.moving:
        return me
    seen = occupied_beside(grid, told, told.want, bodies)
    return me if seen == me.seen else replace(me, told=_asking(told, told.want), seen=seen)


def two_steps(grid: GridMap, cell: int) -> frozenset[int]:
    """The cells that a robot must see: those beside it, and those beside them."""
    near = grid.neighbours
    return frozenset(c for step in near[cell] for c in (step, *near[step])) - {cell}


def decide_claim(
    grid: GridMap,
    me: Claimant,
    heard: Heard,
    *,
    bodies: frozenset[int],
    wishes: Sequence[int],
    partner: int | None = None,
    retry: bool = False,
) -> Claimant:
    """Give the others one's word, choose what to ask for, and see whether it may be entered.

    Args:
        grid: The map.
        me: The robot before.
        heard: What it has heard.
        bodies: Cells within two steps on which it sees another robot stand.
        wishes: Cells that it would like to be on, best first; its own among them.
        partner: For whom it backs out by the first of them, if that is so.
        retry: Ask again for cells that were refused.
    """
    seen = {agent: peer for agent, peer in heard.items() if peer.cell in bodies}
    told = _give_word(grid, me.told, seen)
    if not told.moving:
        me = _letting(grid, replace(me, told=told), seen, retry=retry)
        me = _choose(grid, me, seen, bodies, wishes, retry=retry)
        told = me.told
        if partner is not None and told.want is not None and told.want == wishes[0]:
            told = replace(told, lets=(partner, told.cell))
            me = replace(me, told=told)
        if told.want is not None and may_enter(grid, me, seen, bodies):
            told = replace(told, moving=True, tried=frozenset())
    return replace(me, told=told)


def may_enter(grid: GridMap, me: Claimant, heard: Heard, bodies: frozenset[int]) -> bool:
    """Whether the robot is entitled to the cell that it asks for."""
    told = me.told
    assert told.want is not None
    if told.want in bodies:
        return False
    granted = {p.cell for p in heard.values() if (told.agent, told.ticket) in p.grants}
    beside = occupied_beside(grid, told, told.want, bodies)
    return beside == me.seen and beside <= granted


def occupied_beside(
    grid: GridMap, told: Told, cell: int, bodies: frozenset[int]
) -> frozenset[int]:
    """Cells beside one on which the robot sees another stand, and that cell if so itself."""
    return frozenset(c for c in (cell, *grid.neighbours[cell]) if c in bodies and c != told.cell)


def _wanted(peer: Told | None, ticket: int) -> int | None:
    return peer.want if peer is not None and peer.ticket == ticket else None


def _give_word(grid: GridMap, told: Told, heard: Heard) -> Told:
    """Drop grants of requests that are no more; grant what nothing speaks against."""
    grants = {r for r in told.grants if _wanted(heard.get(r[0]), r[1]) is not None}
    beside = grid.neighbours[told.cell]
    drops = False
    for peer in heard.values():
        request = (peer.agent, peer.ticket)
        if peer.want is None or peer.moving or request in grants or peer.want not in beside:
            continue
        if peer.want in told.held:
            continue
        if told.want == peer.want:
            if told.root > peer.root:
                continue
            drops = True
        grants.add(request)
    if drops:
        told = withdrawn(told)
    return replace(told, grants=frozenset(grants))


def _letting(grid: GridMap, me: Claimant, heard: Heard, *, retry: bool) -> Claimant:
    """Let a partner have the cell backed out of, as long as it stands before it."""
    if me.told.lets is None:
        return me
    agent, cell = me.told.lets
    partner = heard.get(agent)
    waits = partner is not None and partner.cell in grid.neighbours[cell]
    if waits and not retry and cell != me.told.cell:
        return me
    return replace(me, told=replace(me.told, lets=None))


def _followed(told: Told, heard: Heard) -> bool:
    """Whether the robot has come after one that does not know it yet: what next is that one's."""
    return any(peer.lets == (told.agent, told.cell) for peer in heard.values())


def _leader(grid: GridMap, told: Told, heard: Heard) -> Told | None:
    """Who backs out and wants this robot to come after it, if that one outranks it."""
    leaders = [
        peer
        for peer in heard.values()
        if peer.lets is not None
        and peer.lets[0] == told.agent
        and peer.lets[1] in grid.neighbours[told.cell]
        and peer.root > told.rank
    ]
    return max(leaders, key=lambda peer: peer.root, default=None)


def _choose(
    grid: GridMap,
    me: Claimant,
    heard: Heard,
    bodies: frozenset[int],
    wishes: Sequence[int],
    *,
    retry: bool,
) -> Claimant:
    """Ask for the best cell that is not refused or due to another."""
    told = me.told
    pusher = pusher_of(told, heard)
    root = told.rank if pusher is None else pusher.root
    leader = _leader(grid, told, heard)
    if leader is not None and leader.lets is not None:
        root = max(root, leader.root)
        wishes = (leader.lets[1], *wishes)
    patron = None if root == told.rank else root.agent
    failed = me.failed if me.pushed_by == patron and not retry else frozenset[int]()
    failed |= _refused(told, heard)
    closed = failed | (frozenset() if pusher is None else pusher.tried | {pusher.cell})
    if told.lets is not None:
        closed |= {told.lets[1]}
    if pusher is None and not retry and _followed(told, heard):
        wishes = ()
    want = _first(told, heard, bodies, wishes, closed, root, pushed=pusher is not None)
    tried = closed | {told.cell}
    refusals = frozenset[Request]()
    if pusher is not None and want is None:
        refusals = frozenset({(pusher.agent, pusher.ticket)})
        tried |= frozenset(grid.neighbours[told.cell])
    told = replace(told, root=root, tried=tried if pusher else failed, refusals=refusals)
    if want is None:
        return Claimant(withdrawn(told), frozenset(), failed, patron)
    if want != told.want:
        told = _asking(told, want)
        me = replace(me, seen=occupied_beside(grid, told, want, bodies))
    return look(grid, Claimant(told, me.seen, failed, patron), bodies)


def _first(
    told: Told,
    heard: Heard,
    bodies: frozenset[int],
    wishes: Sequence[int],
    closed: frozenset[int],
    root: GridRank,
    *,
    pushed: bool,
) -> int | None:
    due = _outranking(told, heard.values(), root)
    above = {p.cell for p in heard.values() if pushed and not p.moving and p.root >= root}
    for cell in wishes:
        if cell == told.cell:
            if pushed:
                continue
            return None
        if cell in closed or cell in due or (cell in bodies and cell in above):
            continue
        return cell
    return None


def _outranking(told: Told, peers: Iterable[Told], root: GridRank) -> frozenset[int]:
    """Cells that others of higher rank ask for, or drive to."""
    return frozenset(
        p.want for p in peers if p.want is not None and (p.moving or p.root > root)
    ) - {told.cell}


def _refused(told: Told, heard: Heard) -> frozenset[int]:
    """What the robot asked for if its occupant cannot leave, and what that one tried."""
    request = (told.agent, told.ticket)
    for peer in heard.values():
        if told.want is not None and peer.cell == told.want and request in peer.refusals:
            return frozenset({told.want}) | (peer.tried - {told.cell})
    return frozenset()


def _asking(told: Told, want: int) -> Told:
    return replace(told, want=want, ticket=told.ticket + 1)


def withdrawn(told: Told) -> Told:
    """The robot with no request; the one that it had is never used again."""
    if told.want is None:
        return told
    return replace(told, want=None, moving=False, ticket=told.ticket + 1)


def numbered(before: Told, after: Told) -> Told:
    """The state with its sequence number, which rises with every change that matters to others.

    That an answered request is no more does not: who made it knows.
    """
    grants = after.grants if after.grants - before.grants else before.grants
    same = replace(after, sequence=before.sequence, grants=grants) == before
    return before if same else replace(after, sequence=before.sequence + 1)
