# SPDX-License-Identifier: Apache-2.0
"""How the fleet looks on a terminal: tables, and a map drawn with Braille dots."""

import time
from collections.abc import Iterable

import numpy as np
from rich.console import Console, ConsoleDimensions, Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text
from swarm.v1 import mission_pb2, operator_pb2

from swarm_config.maps import GridMap, Mask
from swarm_supervisor.core.cells import unpack_cells

STATUS_STYLE = {'open': 'cyan', 'complete': 'green', 'failed': 'red', 'recalled': 'yellow'}
VOTE_STYLE = {'open': 'cyan', 'passed': 'green', 'rejected': 'red', 'failed': 'yellow'}
ROSTER_STYLE = {'linked': 'green', 'registered': 'yellow', 'lost': 'red', 'revoked': 'red'}
BRAILLE = 0x2800
DOTS = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))
"""Bit of each dot of a Braille character, by row and column."""
ROBOT_STYLE = ('bold red', 'bold cyan', 'bold yellow', 'bold magenta', 'bold green', 'bold blue')


def status_view(state: operator_pb2.FleetState) -> RenderableType:
    """Robots, missions and notices."""
    seen = f'{state.coverage:.1%} of the floor seen, {state.events_stored} events stored'
    parts: list[RenderableType] = [robots_table(state), Text(seen)]
    if state.missions:
        parts.append(missions_table(state.missions))
    if state.votes:
        parts.append(votes_table(state.votes))
    parts += [Text(f'notice: {notice}', style='yellow') for notice in state.notices]
    return Group(*parts)


def robots_table(state: operator_pb2.FleetState) -> Table:
    """One line for each robot."""
    table = Table(title='robots')
    for name in (
        'robot',
        'link',
        'phase',
        'skill',
        'order',
        'done',
        'battery',
        'events',
        'x, y [m]',
    ):
        table.add_column(
            name, justify='right' if name in ('done', 'battery', 'events') else 'left'
        )
    for number, robot in enumerate(state.robots):
        table.add_row(*_robot_row(number, robot, state.stamp_ns))
    return table


def _robot_row(number: int, robot: operator_pb2.RobotState, now_ns: int) -> tuple[Text | str, ...]:
    said = robot.telemetry
    name = Text(f'{_sign(number)} {robot.agent_id}', style=ROBOT_STYLE[number % len(ROBOT_STYLE)])
    name.append(f' {robot.squad}' if robot.squad else '', style='dim')
    link = Text(robot.roster_state, style=ROSTER_STYLE.get(robot.roster_state, 'dim'))
    if not robot.linked and robot.last_heard_ns:
        link.append(f' {(now_ns - robot.last_heard_ns) / 1e9:.0f} s', style='dim')
    if not said.stamp_ns:
        return name, link, '', '', '', '', '', '', ''
    return (
        name,
        link,
        said.phase,
        said.skill,
        said.order_id,
        f'{said.progress:.0%}' if said.order_id else '',
        f'{said.battery:.0%}' if said.HasField('battery') else '?',
        f'{said.events_synced}/{said.events_written}',
        f'{said.pose.x_m:.1f}, {said.pose.y_m:.1f}' if said.HasField('pose') else '?',
    )


def missions_table(missions: Iterable[operator_pb2.MissionState]) -> Table:
    """One line for each mission."""
    table = Table('mission', 'status', 'order', 'by', 'age', 'orders', title='missions')
    for mission in missions:
        end_ns = mission.closed_ns or time.time_ns()
        table.add_row(
            mission.mission_id,
            Text(mission.status, style=STATUS_STYLE.get(mission.status, '')),
            mission.text,
            mission.operator,
            f'{(end_ns - mission.created_ns) / 1e9:.0f} s',
            ', '.join(_order_words(order) for order in mission.orders),
        )
    return table


def votes_table(votes: Iterable[operator_pb2.VoteState]) -> Table:
    """One line for each vote among the robots."""
    table = Table('topic', 'status', 'question', 'by', 'ballots', 'why', title='votes')
    for vote in votes:
        ballots = [f'{one.voter} {one.ballot}' for one in vote.ballots]
        missing = sorted(set(vote.required) - {one.voter for one in vote.ballots})
        ballots += [f'{name} not yet' for name in missing]
        status = Text(vote.status, style=VOTE_STYLE.get(vote.status, ''))
        table.add_row(
            vote.topic, status, vote.question, vote.proposer, ', '.join(ballots), vote.reason
        )
    return table


def blackboard_table(texts: Iterable[operator_pb2.BlackboardState]) -> Table:
    """One line for each text on the robots' blackboard."""
    table = Table('mission', 'section', 'by', 'text', title='blackboard')
    for one in texts:
        table.add_row(one.mission_id, one.section, one.author, one.text)
    return table


def _order_words(order: operator_pb2.OrderState) -> str:
    name = mission_pb2.AckStatus.Name(order.status).removeprefix('ACK_STATUS_').lower()
    if order.status == mission_pb2.ACK_STATUS_ACCEPTED:
        return f'{order.agent_id} {order.progress:.0%}'
    return f'{order.agent_id} {"waiting" if order.status == 0 else name}'


def watch_view(
    state: operator_pb2.FleetState, grid: GridMap, size: ConsoleDimensions
) -> RenderableType:
    """Status and map, fitted to the terminal."""
    status = status_view(state)
    probe = Console(width=size.width, height=size.height)
    used = len(probe.render_lines(status, probe.options.update(width=size.width)))
    rows = max(6, size.height - used - 3)
    drawn = draw_map(state, grid, (rows, max(10, size.width - 4)))
    return Group(Panel(drawn, title=f'{grid.name}: seen floor and robots'), status)


def draw_map(state: operator_pb2.FleetState, grid: GridMap, size: tuple[int, int]) -> Text:
    """Draw walls and seen floor as Braille dots and each robot as its number.

    Args:
        state: The common picture.
        grid: The map.
        size: Rows and columns of characters at hand.
    """
    rows, cols = _fitted(grid.shape, size)
    occupied = _resampled(grid.occupied, (rows * 4, cols * 2))
    seen = _resampled(_seen_mask(state, grid), (rows * 4, cols * 2))
    signs = _signs(state, grid, (rows, cols))
    text = Text()
    for row in range(rows - 1, -1, -1):
        for col in range(cols):
            block = slice(row * 4, row * 4 + 4), slice(col * 2, col * 2 + 2)
            text.append(*_character(occupied[block], seen[block], signs.get((row, col))))
        text.append('\n')
    text.right_crop(1)
    return text


def _fitted(shape: tuple[int, int], size: tuple[int, int]) -> tuple[int, int]:
    """Rows and columns of characters for the map without distortion (a dot is square)."""
    scale = max(shape[0] / (size[0] * 4), shape[1] / (size[1] * 2), 1e-9)
    return max(1, round(shape[0] / scale / 4)), max(1, round(shape[1] / scale / 2))


def _resampled(mask: Mask, shape: tuple[int, int]) -> Mask:
    """Whether any cell under each dot is set."""
    edges = [
        np.linspace(0, size, count + 1).astype(int)
        for size, count in zip(mask.shape, shape, strict=True)
    ]
    sums = np.zeros((mask.shape[0] + 1, mask.shape[1] + 1), dtype=np.int64)
    sums[1:, 1:] = mask.cumsum(axis=0).cumsum(axis=1)
    low = [edge[:-1] for edge in edges]
    high = [np.maximum(edge[1:], edge[:-1] + 1) for edge in edges]
    total = sums[np.ix_(high[0], high[1])] - sums[np.ix_(low[0], high[1])]
    total += sums[np.ix_(low[0], low[1])] - sums[np.ix_(high[0], low[1])]
    return np.asarray(total > 0)


def _seen_mask(state: operator_pb2.FleetState, grid: GridMap) -> Mask:
    """What is seen, on the cells of the map."""
    cells = state.seen
    factor = max(1, round(cells.resolution_m / grid.resolution_m))
    coarse = unpack_cells(cells.bits, (cells.height, cells.width))
    fine = np.kron(coarse, np.ones((factor, factor), dtype=bool))
    return np.asarray(fine[: grid.shape[0], : grid.shape[1]]) & grid.free


def _signs(
    state: operator_pb2.FleetState, grid: GridMap, shape: tuple[int, int]
) -> dict[tuple[int, int], tuple[str, str]]:
    found = {}
    for number, robot in enumerate(state.robots):
        if robot.telemetry.HasField('pose'):
            pose = robot.telemetry.pose
            cell = grid.cell_of(pose.x_m, pose.y_m)
            place = tuple(
                min(max(c * n // size, 0), n - 1)
                for c, n, size in zip(cell, shape, grid.shape, strict=True)
            )
            style = ROBOT_STYLE[number % len(ROBOT_STYLE)]
            found[place[0], place[1]] = (_sign(number), style)
    return found


def _sign(number: int) -> str:
    return chr(ord('1') + number) if number < 9 else chr(ord('A') + (number - 9) % 26)


def _character(occupied: Mask, seen: Mask, sign: tuple[str, str] | None) -> tuple[str, str]:
    if sign is not None:
        return sign
    walls = bool(occupied.any())
    shown = occupied if walls else seen
    bits = sum(DOTS[r][c] for r in range(4) for c in range(2) if shown[r, c])
    return chr(BRAILLE + bits), 'white' if walls else 'green'
