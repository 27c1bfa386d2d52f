# SPDX-License-Identifier: Apache-2.0
"""A crew shares a sweep: a lost robot's part finds heirs without anybody who hands it out."""

from dataclasses import replace
from pathlib import Path

import numpy as np

from swarm_agent.planner.core.sweep.board import make_board
from swarm_agent.planner.core.sweep.crew import CORE, Inputs, News, Outputs, Params, Part, State
from swarm_agent.planner.core.sweep.share import Heir, share_out
from swarm_config.maps import Mask
from swarm_vault.recorder import Recorder
from swarm_vault.replay import replay_vault

ROWS, COLS = 4, 12
SECOND_NS = 1_000_000_000
NAMES = ('a', 'b', 'c')


def _pack(mask: Mask) -> bytes:
    return np.packbits(mask).tobytes()


def _unpack(bits: bytes) -> Mask:
    flat = np.unpackbits(np.frombuffer(bits, dtype=np.uint8), count=ROWS * COLS)
    return flat.reshape(ROWS, COLS).astype(bool)


def _third(number: int) -> Mask:
    mask = np.zeros((ROWS, COLS), dtype=bool)
    mask[:, 4 * number : 4 * number + 4] = True
    return mask


NONE = _pack(np.zeros((ROWS, COLS), dtype=bool))
PARTS = tuple(
    Part(agent_id=name, bits=_pack(_third(n)), cell=4 * n) for n, name in enumerate(NAMES)
)
PARAMS = Params(
    agent_id='a', rows=ROWS, cols=COLS, free=_pack(np.ones((ROWS, COLS), dtype=bool)), parts=PARTS
)


class Crew:
    """All robots' cores, and the post between them."""

    def __init__(self) -> None:
        """Nobody has heard anything."""
        self.params = {name: replace(PARAMS, agent_id=name) for name in NAMES}
        self.states: dict[str, State] = {n: CORE.initial(p) for n, p in self.params.items()}
        self.heard: dict[str, list[News]] = {name: [] for name in NAMES}
        self.alive = set(NAMES)
        self.done = dict.fromkeys(NAMES, NONE)

    def beat(self, second: int, deaf: tuple[str, ...] = ()) -> dict[str, Outputs]:
        """Let all living decide once; who is deaf hears nothing of what is said now."""
        said: dict[str, Outputs] = {}
        for name in sorted(self.alive):
            inputs = Inputs(
                now_ns=second * SECOND_NS,
                cell=PARTS[NAMES.index(name)].cell,
                load=16.0,
                done=self.done[name],
                news=tuple(self.heard[name]),
                alive=tuple(sorted(self.alive - {name})),
            )
            self.heard[name] = []
            state = self.states[name]
            self.states[name], said[name] = CORE.decide(state, inputs, self.params[name])
        for name, outputs in said.items():
            for peer in self.alive - {name} - set(deaf):
                self.heard[peer] += [outputs.news] if outputs.news else []
        return said


def test_nobody_takes_anything_while_all_live() -> None:
    """Parts stay what they were."""
    crew = Crew()
    for second in range(6):
        for name, outputs in crew.beat(second).items():
            assert outputs.taken == ()
            assert outputs.part == PARTS[NAMES.index(name)].bits


def test_a_lost_robots_cells_go_to_the_others_without_gap_or_overlap() -> None:
    """After the grace, and not before."""
    crew = Crew()
    crew.beat(0)
    crew.alive.remove('b')
    assert all(not outputs.taken for outputs in crew.beat(1).values())
    said = crew.beat(2)
    assert all(outputs.lost == ('b',) for outputs in said.values())
    a, c = _unpack(said['a'].part), _unpack(said['c'].part)
    standing = np.zeros((ROWS, COLS), dtype=bool)
    standing.reshape(-1)[PARTS[1].cell] = True
    assert not (a & c).any()
    assert ((a | c) == ~standing).all()


def test_what_the_lost_robot_had_told_to_be_swept_is_not_swept_again() -> None:
    """Only the rest is shared."""
    crew = Crew()
    swept = _third(1)
    swept[2:] = False
    crew.done['b'] = _pack(swept)
    crew.beat(0)
    crew.alive.remove('b')
    crew.beat(1)
    said = crew.beat(2)
    gained = [cell for outputs in said.values() for cell in outputs.taken]
    assert sorted(gained) == sorted(np.flatnonzero(_third(1) & ~swept))


def test_the_heirs_of_an_heir_take_over_what_it_had_taken_over() -> None:
    """Two losses one after the other leave nothing behind."""
    crew = Crew()
    crew.beat(0)
    crew.alive.remove('b')
    for second in range(1, 6):
        crew.beat(second)
    crew.alive.remove('c')
    for second in range(6, 12):
        said = crew.beat(second)
    free = _unpack(said['a'].part)
    assert np.flatnonzero(~free).tolist() == sorted(PARTS[n].cell for n in (1, 2))


def test_claims_that_cross_leave_each_cell_to_the_lower_id() -> None:
    """A peer that was only out of reach comes back, and nothing is swept twice for ever."""
    crew = Crew()
    crew.beat(0)
    crew.alive.remove('b')
    for second in range(1, 5):
        crew.beat(second)
    crew.alive.add('b')
    for second in range(5, 9):
        said = crew.beat(second)
    parts = [_unpack(said[name].part).astype(int) for name in NAMES]
    assert (sum(parts) == 1).all()


def test_a_share_that_nobody_confirms_is_split_again() -> None:
    """News that get lost leave no gap for longer than the time to settle."""
    crew = Crew()
    crew.beat(0)
    crew.alive.remove('b')
    crew.beat(1)
    crew.beat(2)
    crew.alive.remove('c')
    crew.heard['a'] = []
    for second in range(3, 12):
        said = crew.beat(second)
    free = _unpack(said['a'].part)
    assert np.flatnonzero(~free).tolist() == sorted(PARTS[n].cell for n in (1, 2))


def test_news_that_are_old_foreign_or_broken_change_nothing() -> None:
    """No stranger gives orders, no shard of a board is read."""
    state = CORE.initial(PARAMS)
    good = News(agent_id='b', stamp_ns=5, part=PARTS[1].bits, done=NONE, cell=4, load=1.0)
    bad = (
        replace(good, stamp_ns=-1, done=PARTS[0].bits),
        replace(good, agent_id='x', done=PARTS[0].bits),
        replace(good, done=PARTS[0].bits[:-1]),
        replace(good, done=PARTS[0].bits, cell=ROWS * COLS),
        replace(good, done=PARTS[0].bits, load=float('nan')),
    )
    inputs = Inputs(now_ns=1, cell=0, load=1.0, done=NONE, news=bad, alive=('b', 'c'))
    _, outputs = CORE.decide(state, inputs, PARAMS)
    assert outputs.todo == PARTS[0].bits


def test_a_takeover_runs_again_from_its_record(tmp_path: Path) -> None:
    """The vault knows the core by name and comes to the same decisions."""
    recorder = Recorder(vault_dir=tmp_path, agent_id='a', writer='planner')
    state = recorder.start(CORE, PARAMS)
    for second in range(4):
        alive = ('b', 'c') if second == 0 else ('c',)
        inputs = Inputs(
            now_ns=second * SECOND_NS, cell=0, load=9.0, done=NONE, news=(), alive=alive
        )
        state, outputs = recorder.decide(CORE, state, inputs, PARAMS)
    recorder.close()
    assert outputs.lost == ('b',)
    report = replay_vault(tmp_path)
    assert (report.decisions_reproduced, report.ok) == (4, True)


def test_orphans_that_nobody_reaches_are_given_to_nobody() -> None:
    """They stay orphans, should a way open."""
    free = np.ones((3, 5), dtype=bool)
    free[:, 2] = False
    board = make_board(free)
    heirs = (Heir(agent_id='a', passes=np.array([0]), load=0.0),)
    shares = share_out(board, np.array([board.at((0, 3)), board.at((0, 4))]), heirs)
    assert shares['a'].size == 0


def test_the_heir_with_less_to_do_gets_more() -> None:
    """Both are done at about the same time."""
    board = make_board(np.ones((4, 10), dtype=bool))
    heirs = (
        Heir(agent_id='a', passes=np.array([0]), load=0.0),
        Heir(agent_id='b', passes=np.array([0]), load=14.0),
    )
    shares = share_out(board, np.arange(4, 40), heirs)
    assert len(shares['a']) > len(shares['b']) > 0
    assert sorted([*shares['a'], *shares['b']]) == list(range(4, 40))
