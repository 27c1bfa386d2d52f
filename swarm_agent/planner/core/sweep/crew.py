# SPDX-License-Identifier: Apache-2.0
"""Share one sweep with peers and take over what a lost one left: nobody hands anything out.

Each robot tells its peers which cells it answers for and which it knows to be swept. From that
each decides alone:

1. A cell of the mission that is not swept and that no living robot answers for is an orphan.
2. All split the orphans by the same rule, and each takes its own share and says so.
3. When two living robots answer for a cell, the one with the lower id keeps it.

A robot gives a cell up only to a living peer that has itself said to have it, so with whatever
messages late or lost a cell may be swept twice, but not forgotten: as long as somebody lives and
news get through in the end, an orphan finds its heir.
"""

from dataclasses import dataclass, field

import numpy as np

from swarm_agent.planner.core.ground import Ints
from swarm_agent.planner.core.sweep.board import Board, make_board
from swarm_agent.planner.core.sweep.share import Heir, share_out
from swarm_config.maps import Mask
from swarm_vault.core import Core
from swarm_vault.replacing import replace

_UNHEARD = -1
"""Stamp of what is only known from the mission, not from the peer itself."""
_MOST_STEPS = 1e9
"""A load that is larger, or no number, is nonsense."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """The cells that a robot answers for at first."""

    agent_id: str
    bits: bytes
    """The board's rows and columns, packed row by row."""
    cell: int
    """Where the robot starts, row * columns + column."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Params:
    """One mission of one robot."""

    agent_id: str
    rows: int
    cols: int
    free: bytes
    """Cells that can be swept, packed row by row."""
    parts: tuple[Part, ...]
    """Everybody's first part, its own among them."""
    grace_ns: int = 2_000_000_000
    """A peer not alive for so long is lost, range 0.1 to 60 s [ns]."""
    repeat_ns: int = 1_000_000_000
    """News are repeated so often, as some may get lost, range 0.1 to 10 s [ns]."""
    settle_ns: int = 3_000_000_000
    """So long peers have to say that they took their share of orphans, range 0.1 to 60 s [ns]."""
    bars: bool = True
    """Nobody can sweep the cell on which a lost robot stands; it can be looked at, though."""


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    """What a robot tells its peers."""

    agent_id: str
    stamp_ns: int
    """When it was said, by the sender's clock; what is older than known is passed over."""
    part: bytes
    """The cells that it answers for, packed."""
    done: bytes
    """The cells that it knows to be swept, packed."""
    cell: int
    """Where it is, row * columns + column."""
    load: float
    """How many steps it reckons to need until all is swept and it is home."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """What a robot knows at one moment."""

    now_ns: int
    cell: int
    """Where it is, row * columns + column."""
    load: float
    """How many steps it reckons to need until all is swept and it is home."""
    done: bytes
    """The cells that it has swept itself, packed."""
    news: tuple[News, ...]
    """What it heard since the last time."""
    alive: tuple[str, ...]
    """Peers whose liveliness shows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outputs:
    """What follows from it."""

    part: bytes
    """The cells that it answers for now, packed."""
    todo: bytes
    """Those of them that are not swept, packed."""
    taken: tuple[int, ...]
    """Cells that it took over this time, in the order of sweeping, row * columns + column."""
    given: int
    """How many cells it left to a peer that has them, too."""
    lost: tuple[str, ...]
    """Peers that are lost."""
    news: News | None
    """What to tell the peers, if anything."""


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """Everything between two decisions."""

    free: Mask
    mission: Mask
    """All cells of all first parts."""
    part: Mask
    done: Mask
    heard: dict[str, News]
    """The newest of each peer."""
    seen_ns: dict[str, int] = field(default_factory=dict)
    """When each peer was last alive; from the first moment on."""
    told: News | None = None
    """What it said last: its peers know no more, so it splits orphans by that, as they do."""
    left_to: Mask | None = None
    """Orphans that are left to peers for now."""
    left_until_ns: int = 0


def initial(params: Params) -> State:
    """The state before the first decision."""
    shape = (params.rows, params.cols)
    free = _mask(params.free, shape)
    parts = {part.agent_id: part for part in params.parts}
    mission = np.zeros(shape, dtype=bool)
    for part in params.parts:
        mission |= _mask(part.bits, shape)
    none = np.packbits(np.zeros(shape, dtype=bool)).tobytes()
    heard = {
        agent_id: _unheard(part, none)
        for agent_id, part in sorted(parts.items())
        if agent_id != params.agent_id
    }
    own = parts.get(params.agent_id)
    return State(
        free=free,
        mission=mission & free,
        part=_mask(own.bits if own else none, shape) & free,
        done=np.zeros(shape, dtype=bool),
        heard=heard,
    )


def _unheard(part: Part, none: bytes) -> News:
    """What is known of a peer before it says anything."""
    return News(
        agent_id=part.agent_id,
        stamp_ns=_UNHEARD,
        part=part.bits,
        done=none,
        cell=part.cell,
        load=float(np.unpackbits(np.frombuffer(part.bits, dtype=np.uint8)).sum()),
    )


def decide(state: State, inputs: Inputs, params: Params) -> tuple[State, Outputs]:
    """Take the news in, take over and give up cells, and say what is new."""
    before = state.part
    state = _hear(state, inputs)
    lost = _lost(state, inputs.now_ns, params.grace_ns)
    state, given = _give_up(state, lost, params)
    state, taken = _take_over(state, inputs, lost, params)
    state, news = _tell(state, inputs, params, changed=bool((state.part != before).any()))
    return state, Outputs(
        part=_pack(state.part),
        todo=_pack(state.part & ~state.done),
        taken=taken,
        given=given,
        lost=lost,
        news=news,
    )


def _hear(state: State, inputs: Inputs) -> State:
    shape = state.free.shape
    heard, done = dict(state.heard), state.done | _mask(inputs.done, shape)
    seen_ns = {agent_id: state.seen_ns.get(agent_id, inputs.now_ns) for agent_id in heard}
    for news in inputs.news:
        if _fits(news, heard, state):
            heard[news.agent_id] = news
            done = done | _mask(news.done, shape)
    for agent_id in inputs.alive:
        if agent_id in seen_ns:
            seen_ns[agent_id] = inputs.now_ns
    return replace(state, heard=heard, done=done & state.free, seen_ns=seen_ns)


def _fits(news: News, heard: dict[str, News], state: State) -> bool:
    """Whether news come from a peer of the mission, are new, and speak of this board."""
    known = heard.get(news.agent_id)
    if known is None or news.stamp_ns <= known.stamp_ns:
        return False
    size = -(-state.free.size // 8)
    sound = len(news.part) == len(news.done) == size
    return sound and 0 <= news.cell < state.free.size and 0.0 <= news.load < _MOST_STEPS


def _lost(state: State, now_ns: int, grace_ns: int) -> tuple[str, ...]:
    return tuple(
        agent_id
        for agent_id in sorted(state.heard)
        if now_ns - state.seen_ns[agent_id] >= grace_ns
    )


def _give_up(state: State, lost: tuple[str, ...], params: Params) -> tuple[State, int]:
    """Leave cells to living peers of lower id that have said to have them."""
    theirs = np.zeros(state.free.shape, dtype=bool)
    for agent_id, news in state.heard.items():
        if agent_id < params.agent_id and agent_id not in lost and news.stamp_ns != _UNHEARD:
            theirs |= _mask(news.part, state.free.shape)
    given = state.part & theirs
    return replace(state, part=state.part & ~theirs), int((given & ~state.done).sum())


def _take_over(
    state: State, inputs: Inputs, lost: tuple[str, ...], params: Params
) -> tuple[State, tuple[int, ...]]:
    living = {name: news for name, news in state.heard.items() if name not in lost}
    orphans = _orphans(state, inputs.now_ns, living)
    if not orphans.any():
        return state, ()
    board = make_board(state.free & ~_standing(state, lost) if params.bars else state.free)
    own = state.told or _news(state, inputs, params)
    heirs = _heirs(state, {**living, params.agent_id: own}, params, board)
    numbers = board.number[orphans]
    shares = share_out(board, numbers[numbers >= 0], heirs)
    mine = board.places[shares.get(params.agent_id, np.zeros(0, dtype=np.int64))]
    part = state.part.copy()
    part[tuple(mine.T)] = True
    state = replace(
        state,
        part=part,
        left_to=orphans & ~part,
        left_until_ns=inputs.now_ns + params.settle_ns,
    )
    return state, tuple((mine[:, 0] * state.free.shape[1] + mine[:, 1]).tolist())


def _orphans(state: State, now_ns: int, living: dict[str, News]) -> Mask:
    """Cells not swept for which nobody answers and that nobody is expected to take."""
    answered = state.part.copy()
    if state.left_to is not None and now_ns < state.left_until_ns:
        answered |= state.left_to
    for news in living.values():
        answered |= _mask(news.part, state.free.shape)
    return state.mission & ~state.done & ~answered


def _standing(state: State, lost: tuple[str, ...]) -> Mask:
    """Where the lost peers were last: there they may still stand."""
    bodies = np.zeros(state.free.size, dtype=bool)
    bodies[[state.heard[agent_id].cell for agent_id in lost]] = True
    return bodies.reshape(state.free.shape)


def _heirs(
    state: State, living: dict[str, News], params: Params, board: Board
) -> tuple[Heir, ...]:
    """All that live, as far as they stand on the board; who answers for nothing has given up."""
    homes = {part.agent_id: part.cell for part in params.parts}
    ways = {name: _way(state, news, homes[name], board) for name, news in living.items()}
    return tuple(
        Heir(agent_id=name, passes=way, load=living[name].load)
        for name, way in ways.items()
        if len(way) and any(living[name].part)
    )


def _way(state: State, news: News, home: int, board: Board) -> Ints:
    """The cells of the board on which a robot is, will be, and ends."""
    shape = state.free.shape
    way = _mask(news.part, shape) & ~_mask(news.done, shape)
    way.reshape(-1)[[news.cell, home]] = True
    numbers = board.number[way]
    return numbers[numbers >= 0]


def _tell(
    state: State, inputs: Inputs, params: Params, *, changed: bool
) -> tuple[State, News | None]:
    due = state.told is None or inputs.now_ns - state.told.stamp_ns >= params.repeat_ns
    if not (changed or due):
        return state, None
    news = _news(state, inputs, params)
    return replace(state, told=news), news


def _news(state: State, inputs: Inputs, params: Params) -> News:
    return News(
        agent_id=params.agent_id,
        stamp_ns=inputs.now_ns,
        part=_pack(state.part),
        done=_pack(state.done),
        cell=inputs.cell,
        load=inputs.load,
    )


def _pack(mask: Mask) -> bytes:
    return np.packbits(mask).tobytes()


def _mask(bits: bytes, shape: tuple[int, ...]) -> Mask:
    size = int(np.prod(shape))
    flat = np.unpackbits(np.frombuffer(bits, dtype=np.uint8), count=size)
    return flat.reshape(shape).astype(bool)


CORE: Core[Params, State, Inputs, Outputs] = Core(
    name='sweep_crew',
    version=1,
    params=Params,
    inputs=Inputs,
    outputs=Outputs,
    initial=initial,
    decide=decide,
)
