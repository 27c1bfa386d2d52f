# SPDX-License-Identifier: Apache-2.0
"""Pictures of plans and runs as self-contained SVG; rows of the board run upwards."""

from collections.abc import Sequence

from swarm_agent.planner.core.sweep.plan import SweepPlan
from swarm_agent.planner.sweep_bench.instances import Instance
from swarm_agent.planner.sweep_bench.traffic import Run

_CELL = 10
_CHART = 140
_INKS = ('#1b6ca8', '#c8553d', '#3a7d44', '#8d5a97', '#b8860b', '#2a9d8f', '#d1495b', '#5c6f82')


def draw_plan(instance: Instance, plan: SweepPlan) -> str:
    """Who answers for which cell, and the routes."""
    owner = {cell: int(robot) for cell, robot in enumerate(plan.owner)}
    title = f'{instance.name}: makespan {plan.longest:g}, balance {plan.balance:.3f}'
    return _page(instance, [*_cells(instance, owner), *_lines(instance, plan.routes)], title, [])


def draw_run(instance: Instance, run: Run, killed: int | None) -> str:
    """Who swept which cell first, where the lost robot stands, and what was left at each beat."""
    first: dict[int, int] = {}
    left = []
    for beat in range(len(run.paths[0])):
        for robot, path in enumerate(run.paths):
            first.setdefault(path[beat], robot)
        left.append(instance.board.size - len(first))
    marks = [] if killed is None else [_cross(instance, run.paths[killed][-1])]
    title = f'{instance.name}: swept by whom; below, cells left over {len(left) - 1} beats'
    return _page(instance, [*_cells(instance, first), *marks], title, left)


def _page(instance: Instance, shapes: list[str], title: str, left: Sequence[int]) -> str:
    rows, cols = instance.board.number.shape
    width, height = cols * _CELL, rows * _CELL
    dots = [_dot(instance, cell, robot) for robot, cell in enumerate(instance.starts)]
    chart = _chart(left, width, height) if left else []
    full = height + 24 + (_CHART if left else 0)
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {full}"'
        ' font-family="sans-serif" font-size="12">'
    )
    return '\n'.join(
        [
            head,
            f'<title>{title}</title>',
            f'<rect width="{width}" height="{full}" fill="#ffffff"/>',
            f'<rect width="{width}" height="{height}" fill="#d7dade"/>',
            *shapes,
            *dots,
            *chart,
            f'<text x="4" y="{height + 16}">{title}</text>',
            '</svg>\n',
        ]
    )


def _cells(instance: Instance, owner: dict[int, int]) -> list[str]:
    """The floor in one path for each robot."""
    squares: dict[int, list[str]] = {-1: []}
    for cell in range(instance.board.size):
        x, y = _corner(instance, cell)
        step = f'M{x} {y}h{_CELL}v{_CELL}h-{_CELL}z'
        squares.setdefault(owner.get(cell, -1), []).append(step)
    return [
        f'<path d="{"".join(steps)}" fill="{_ink(robot)}" fill-opacity="0.28"/>'
        if robot >= 0
        else f'<path d="{"".join(steps)}" fill="#ffffff"/>'
        for robot, steps in sorted(squares.items())
    ]


def _lines(instance: Instance, routes: Sequence[Sequence[int]]) -> list[str]:
    lines = []
    for robot, route in enumerate(routes):
        points = ' '.join('{},{}'.format(*_middle(instance, cell)) for cell in route)
        lines.append(
            f'<polyline points="{points}" fill="none" stroke="{_ink(robot)}" stroke-width="1.4"/>'
        )
    return lines


def _chart(left: Sequence[int], width: int, top: int) -> list[str]:
    """Cells left over time, full height for all of them."""
    base, high = top + 24 + _CHART - 6, _CHART - 12
    points = ' '.join(
        f'{width * beat / max(1, len(left) - 1):.1f},{base - high * count / max(left[0], 1):.1f}'
        for beat, count in enumerate(left)
    )
    return [
        f'<path d="M0 {base}h{width}" stroke="#5c6f82"/>',
        f'<polyline points="{points}" fill="none" stroke="#1b6ca8" stroke-width="2"/>',
    ]


def _corner(instance: Instance, cell: int) -> tuple[int, int]:
    row, col = instance.board.places[cell].tolist()
    return col * _CELL, (instance.board.number.shape[0] - 1 - row) * _CELL


def _middle(instance: Instance, cell: int) -> tuple[int, int]:
    x, y = _corner(instance, cell)
    return x + _CELL // 2, y + _CELL // 2


def _dot(instance: Instance, cell: int, robot: int) -> str:
    x, y = _middle(instance, cell)
    return f'<circle cx="{x}" cy="{y}" r="4" fill="{_ink(robot)}" stroke="#000000"/>'


def _cross(instance: Instance, cell: int) -> str:
    x, y = _corner(instance, cell)
    return (
        f'<path d="M{x} {y}l{_CELL} {_CELL}m0 -{_CELL}l-{_CELL} {_CELL}"'
        ' stroke="#b00020" stroke-width="3"/>'
    )


def _ink(robot: int) -> str:
    return _INKS[robot % len(_INKS)]
