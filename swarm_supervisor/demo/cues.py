# SPDX-License-Identifier: Apache-2.0
"""The script of a demo: what happens when, in seconds after the operator's order."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from swarm_config.scenarios import Scenario
from swarm_supervisor.demo.options import DemoOptions
from swarm_supervisor.demo.prepare import Stage
from swarm_supervisor.demo.story import SIDE_AT_S, SIDE_ORDER

Act = Callable[[], object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cue:
    """One thing to do at one time."""

    at_s: float
    label: str
    act: Act


@dataclass(frozen=True, slots=True, kw_only=True)
class Stagehands:
    """What a script may ask for."""

    link: Callable[[str], None]
    """Takes 'up' or 'down'."""
    order: Callable[[str, float], object]
    """Takes an order in words and the second before which it must not leave its first stop."""
    kill: Callable[[str], None]
    side_order: Callable[[], None]
    """Gives the story's second order."""


def cues_of(options: DemoOptions, stage: Stage, hands: Stagehands) -> list[Cue]:
    """All cues in the order of time."""
    cues = [*_link_cues(stage, hands), *_meeting_cues(stage, hands), *_kill_cues(options, hands)]
    if options.story:
        cues.append(Cue(at_s=SIDE_AT_S, label=SIDE_ORDER, act=hands.side_order))
    return sorted(cues, key=lambda cue: cue.at_s)


def _link_cues(stage: Stage, hands: Stagehands) -> Sequence[Cue]:
    if stage.link_down is None:
        return ()
    down, up = stage.link_down
    return (
        Cue(at_s=down, label='link to the supervisor cut', act=lambda: hands.link('down')),
        Cue(at_s=up, label='link to the supervisor back', act=lambda: hands.link('up')),
    )


def _meeting_cues(stage: Stage, hands: Stagehands) -> Sequence[Cue]:
    """Two robots get orders that make them meet in an aisle too narrow for both."""
    meeting = _meeting_of(stage.scenario, stage)
    if meeting is None:
        return ()
    (a, b), (p, q), order_at_s, depart_s = meeting
    return tuple(
        Cue(at_s=order_at_s, label=text, act=_order(hands, text, depart_s))
        for text in (f'patrol {p}, {q} with {a}', f'patrol {q}, {p} with {b}')
    )


def _meeting_of(
    scenario: Scenario | None, stage: Stage
) -> tuple[tuple[str, str], tuple[str, str], float, float] | None:
    if scenario is None or scenario.meeting is None:
        return None
    meeting = scenario.meeting
    here = {robot.agent_id for robot in stage.run.fleet.robots}
    if not here.issuperset(meeting.robots):
        return None
    return meeting.robots, meeting.places, meeting.order_at_s, meeting.depart_s


def _order(hands: Stagehands, text: str, depart_s: float) -> Act:
    return lambda: hands.order(text, depart_s)


def _kill_cues(options: DemoOptions, hands: Stagehands) -> Sequence[Cue]:
    return tuple(
        Cue(at_s=at_s, label=f'SIGKILL to {name}', act=_kill(hands, name))
        for name, at_s in options.kills
    )


def _kill(hands: Stagehands, name: str) -> Act:
    return lambda: hands.kill(name)
