# SPDX-License-Identifier: Apache-2.0
"""Sweep plans: all cells, disjoint parts, honest costs, balance, the same answer every time."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from swarm_agent.planner.core.sweep.board import Board, connected_parts, make_board, sweepable
from swarm_agent.planner.core.sweep.plan import Effort, plan_sweep
from swarm_agent.planner.core.sweep.ring import WEAVES, Weave, weave_ring
from swarm_agent.planner.core.sweep.travel import headings_of, quarters, route_cost
from swarm_config.maps import GridMap, Mask

QUICK = Effort(rings=2, tries=60)


def _board(text: str) -> Board:
    return make_board(np.array([[sign == '.' for sign in line] for line in text.split()]))


def _connected(rows: int, cols: int, walls: set[int]) -> Board:
    """The largest connected part of a board with some cells walled up."""
    free = np.ones((rows, cols), dtype=bool)
    free.reshape(-1)[sorted(wall % (rows * cols) for wall in walls)] = False
    free[0, 0] = True
    board = make_board(free)
    part = connected_parts(board)
    kept = np.zeros_like(free)
    kept[tuple(board.places[part == np.argmax(np.bincount(part))].T)] = True
    return make_board(kept)


boards = st.builds(
    _connected,
    st.integers(1, 9),
    st.integers(1, 9),
    st.sets(st.integers(0, 80), max_size=25),
)


@settings(max_examples=40, deadline=None)
@given(board=boards, weave=st.sampled_from(WEAVES))
def test_a_ring_visits_every_cell_and_closes(board: Board, weave: Weave) -> None:
    """Whatever the walls, and however it is woven."""
    ring = weave_ring(board, weave, turn=0.5)
    assert set(ring) == set(range(board.size))
    if board.size > 1:
        headings_of(board, (*ring, ring[0]))


@settings(max_examples=25, deadline=None)
@given(board=boards, data=st.data())
def test_the_routes_of_a_plan_cover_the_board_and_end_where_they_begin(
    board: Board, data: st.DataObject
) -> None:
    """Every cell has one owner, whose route visits it; what a route costs is what is said."""
    team = data.draw(st.integers(1, 5))
    starts = [data.draw(st.integers(0, board.size - 1)) for _ in range(team)]
    plan = plan_sweep(board, starts, 0.5, QUICK)
    assert {cell for route in plan.routes for cell in route} == set(range(board.size))
    for robot, (start, route) in enumerate(zip(starts, plan.routes, strict=True)):
        assert route[0] == route[-1] == start
        assert set(np.flatnonzero(plan.owner == robot)) <= set(route)
        assert plan.costs[robot] == pytest.approx(route_cost(board, route, 0.5))
    assert (plan.owner >= 0).all()


def test_a_plan_is_the_same_every_time() -> None:
    """Robots that plan for themselves rely on it."""
    board = _connected(9, 9, {11, 12, 20, 40, 41, 50, 66})
    first = plan_sweep(board, [0, 1, 2], 0.5, QUICK)
    again = plan_sweep(board, [0, 1, 2], 0.5, QUICK)
    assert first.routes == again.routes
    assert np.array_equal(first.owner, again.owner)


def test_parts_of_a_large_hall_are_balanced() -> None:
    """Within 1.10 from the same corner."""
    board = make_board(np.ones((20, 30), dtype=bool))
    plan = plan_sweep(board, [0, 2, 4, 6], 0.5, Effort(rings=2, tries=400))
    assert plan.balance <= 1.10


def test_robots_in_separate_rooms_each_sweep_their_own() -> None:
    """A room without a robot is left, and said to be."""
    board = _board('...@...@.. ...@...@..')
    plan = plan_sweep(board, [board.at((0, 0)), board.at((0, 5))], 0.5, QUICK)
    assert plan.owner[board.at((1, 1))] == 0
    assert plan.owner[board.at((1, 6))] == 1
    assert plan.owner[board.at((0, 9))] == -1


def test_a_robot_alone_on_its_cell_stays_there() -> None:
    """One cell is swept by standing on it."""
    plan = plan_sweep(_board('.'), [0], 0.5)
    assert plan.routes == ((0,),)
    assert plan.balance == 1.0


def test_a_turn_costs_its_quarters() -> None:
    """From north: ahead none, right one, back two."""
    board = make_board(np.ones((3, 3), dtype=bool))
    assert route_cost(board, (1, 4), 0.5) == 1.0
    assert route_cost(board, (1, 2), 0.5) == 1.5
    assert route_cost(board, (4, 1), 0.5) == 2.0
    assert quarters(np.array([3]), np.array([0])).tolist() == [1]


def test_a_jump_is_no_route() -> None:
    """Cells that do not touch are named."""
    with pytest.raises(ValueError, match='cells 0 and 2 are not beside each other'):
        headings_of(make_board(np.ones((1, 3), dtype=bool)), (0, 2))


def test_a_cell_with_any_wall_in_it_is_not_sweepable() -> None:
    """Nor is one whose middle is too near to a wall for the robot."""
    free: Mask = np.ones((12, 12), dtype=bool)
    free[5, 5] = False
    grid = GridMap(
        name='room', resolution_m=0.1, origin_x_m=0.0, origin_y_m=0.0, occupied=~free, free=free
    )
    cells = sweepable(grid, cell_m=0.4, radius_m=0.15)
    assert cells.shape == (3, 3)
    assert not cells[1, 1]
    assert cells[0, 0]
    assert not sweepable(grid, cell_m=0.4, radius_m=0.6).any()
