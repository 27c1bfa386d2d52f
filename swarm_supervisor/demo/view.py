# SPDX-License-Identifier: Apache-2.0
"""What a user sees while a demo runs: a live table on a terminal, plain lines elsewhere."""

from types import TracebackType

from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from swarm.v1 import operator_pb2

from swarm_supervisor.demo.referee import RefereeReport

PLAIN_PERIOD_S = 10.0


class View:
    """Progress of a demo; use it as a context."""

    def __init__(self, console: Console) -> None:
        """Choose between live and plain.

        Args:
            console: Where to draw.
        """
        self._console = console
        self._live = Live(console=console, refresh_per_second=4) if console.is_terminal else None
        self._notes: list[str] = []
        self._said = ''
        self._next_plain_s = 0.0

    def __enter__(self) -> 'View':  # noqa: PYI034 - Self came with Python 3.11
        """Start drawing."""
        if self._live:
            self._live.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop drawing."""
        if self._live:
            self._live.stop()

    def waiting(self, linked: list[str], missing: list[str]) -> None:
        """Say who is still expected."""
        text = f'registered: {", ".join(linked) or "none"}'
        if missing:
            text += f'; waiting for: {", ".join(missing)}'
        if self._live:
            self._live.update(text)
        elif text != self._said:
            self._said = text
            self._console.print(text)

    def say(self, text: str) -> None:
        """Print one line."""
        self._console.print(text)

    def note(self, at_s: float, text: str) -> None:
        """Keep a line of the story."""
        line = f'{at_s:6.1f} s  {text}'
        self._notes.append(line)
        if not self._live:
            self._console.print(line)

    def running(self, at_s: float, fleet: operator_pb2.FleetState, referee: RefereeReport) -> None:
        """Draw the fleet's state."""
        if self._live:
            self._live.update(Group(*self._notes[-8:], _table(at_s, fleet, referee)))
        elif at_s >= self._next_plain_s:
            self._next_plain_s = at_s + PLAIN_PERIOD_S
            self._console.print(
                f'{at_s:6.1f} s  coverage {referee.coverage:.1%}, contacts {referee.contacts}, '
                f'home {len(referee.robots_home)}'
            )


def _table(at_s: float, fleet: operator_pb2.FleetState, referee: RefereeReport) -> Table:
    title = f'{at_s:.0f} s · coverage {referee.coverage:.1%} · contacts {referee.contacts}'
    table = Table(title=title)
    for heading in ('robot', 'link', 'phase', 'skill', 'pose [m]', 'battery', 'driven [m]'):
        table.add_column(heading)
    for robot in fleet.robots:
        t = robot.telemetry
        table.add_row(
            robot.agent_id,
            'up' if robot.linked else 'down',
            t.phase,
            t.skill,
            f'{t.pose.x_m:.1f}, {t.pose.y_m:.1f}' if t.HasField('pose') else '?',
            f'{t.battery:.0%}' if t.HasField('battery') else '?',
            f'{t.distance_m:.0f}',
        )
    return table
