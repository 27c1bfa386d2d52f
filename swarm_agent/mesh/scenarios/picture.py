# SPDX-License-Identifier: Apache-2.0
"""A run as one self-contained SVG: paths on the floor, the way over time, waiting times."""

from html import escape
from pathlib import Path
from typing import Any

from swarm_agent.mesh.scenarios.places import CHARACTER_M, Scenario
from swarm_agent.mesh.scenarios.referee import Result

COLOURS = (
    '#c0392b', '#2471a3', '#1e8449', '#b9770e', '#7d3c98', '#117a65',
    '#a04000', '#2e4053', '#d4618f', '#5d8a00', '#0097a7', '#6d4c41',
)  # fmt: skip
SCALE = 28.0
"""Pixels a metre."""
PLOT_W, PLOT_H = 620.0, 200.0
EDGE = 46.0


def draw(scenario: Scenario, result: Result, path: Path) -> None:
    """Write the picture."""
    rows = [line for line in scenario.drawing.strip('\n').split('\n') if line]
    width_m, height_m = max(map(len, rows)) * CHARACTER_M, len(rows) * CHARACTER_M
    stories = sorted(result.stories, key=lambda story: str(story['agent_id']))
    floor_h = height_m * SCALE
    width = max(width_m * SCALE, PLOT_W) + 2 * EDGE
    bars_h = 18.0 * len(stories) + 30.0
    height = floor_h + PLOT_H + bars_h + 5 * EDGE
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height:.0f}">',
        f'<rect width="{width:.0f}" height="{height:.0f}" fill="#ffffff"/>',
        _text(EDGE, 24, _headline(scenario, result), size=15),
        f'<g transform="translate({EDGE} {EDGE})">',
        *_walls(rows),
        *_paths(stories, height_m),
        '</g>',
        f'<g transform="translate({EDGE} {floor_h + 2 * EDGE:.0f})">',
        *_over_time(stories, width_m, result.seconds),
        '</g>',
        f'<g transform="translate({EDGE} {floor_h + PLOT_H + 3.6 * EDGE:.0f})">',
        *_waiting(stories),
        '</g></svg>',
    ]
    path.write_text('\n'.join(parts) + '\n')


def _headline(scenario: Scenario, result: Result) -> str:
    return (
        f'{scenario.name}: {scenario.about} - {result.arrived} arrived in {result.seconds:.0f} s,'
        f' {result.contacts} contacts, least gap {result.least_gap_m:.2f} m'
    )


def _walls(rows: list[str]) -> list[str]:
    side = CHARACTER_M * SCALE
    return [
        f'<rect x="{j * side:.1f}" y="{i * side:.1f}" width="{side:.1f}" height="{side:.1f}"'
        ' fill="#8a9299"/>'
        for i, row in enumerate(rows)
        for j, mark in enumerate(row)
        if mark == '#'
    ]


def _paths(stories: list[dict[str, Any]], height_m: float) -> list[str]:
    found = []
    for number, story in enumerate(stories):
        colour = COLOURS[number % len(COLOURS)]
        points = [(x * SCALE, (height_m - y) * SCALE) for _, x, y, _ in story['track']]
        if not points:
            continue
        line = ' '.join(f'{x:.1f},{y:.1f}' for x, y in points)
        x, y = points[0]
        found.append(
            f'<polyline points="{line}" fill="none" stroke="{colour}" stroke-width="2"'
            f' stroke-opacity="0.7"/><circle cx="{x:.1f}" cy="{y:.1f}" r="7" fill="{colour}"/>'
        )
        found += [
            f'<circle cx="{x * SCALE:.1f}" cy="{(height_m - y) * SCALE:.1f}" r="2.5"'
            f' fill="{colour}"/>'
            for _, x, y, what in story['track'][::4]
            if what == 'waits'
        ]
    return found


def _over_time(stories: list[dict[str, Any]], width_m: float, seconds: float) -> list[str]:
    """The x coordinate over time: a corridor that runs east and west, second by second."""
    found = [
        f'<rect width="{PLOT_W}" height="{PLOT_H}" fill="none" stroke="#555"/>',
        _text(0, -6, 'x [m] over time [s]; dots: standing'),
        _text(0, PLOT_H + 14, '0'),
        _text(PLOT_W - 30, PLOT_H + 14, f'{seconds:.0f} s'),
        _text(-30, 10, f'{width_m:.0f} m'),
    ]
    for number, story in enumerate(stories):
        colour = COLOURS[number % len(COLOURS)]
        points = [
            (at / max(seconds, 1e-9) * PLOT_W, PLOT_H * (1.0 - x / width_m), what)
            for at, x, _, what in story['track']
        ]
        line = ' '.join(f'{x:.1f},{y:.1f}' for x, y, _ in points)
        found.append(
            f'<polyline points="{line}" fill="none" stroke="{colour}" stroke-width="1.5"/>'
        )
        found += [
            f'<circle cx="{x:.1f}" cy="{y:.1f}" r="1.8" fill="{colour}"/>'
            for x, y, what in points
            if what == 'waits'
        ]
    return found


def _waiting(stories: list[dict[str, Any]]) -> list[str]:
    """How long each robot waited, in all and at once."""
    most = max([1.0, *(story['waited_s'] for story in stories)])
    found = [_text(0, -8, 'waited [s]: pale in all, full at once')]
    for number, story in enumerate(stories):
        colour, y = COLOURS[number % len(COLOURS)], 18.0 * number
        for key, opacity in (('waited_s', 0.35), ('longest_wait_s', 1.0)):
            wide = min(story[key], most) / most * (PLOT_W - 120.0)
            found.append(
                f'<rect x="60" y="{y:.0f}" width="{wide:.1f}" height="12" fill="{colour}"'
                f' fill-opacity="{opacity}"/>'
            )
        label = f'{story["waited_s"]:.0f} ({story["longest_wait_s"]:.0f})'
        found += [_text(0, y + 10, story['agent_id']), _text(PLOT_W - 50, y + 10, label)]
    return found


def _text(x: float, y: float, text: str, size: int = 12) -> str:
    where = f'x="{x:.0f}" y="{y:.0f}"'
    return f'<text {where} font-size="{size}" font-family="sans-serif">{escape(text)}</text>'
