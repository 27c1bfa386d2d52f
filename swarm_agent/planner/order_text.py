# SPDX-License-Identifier: Apache-2.0
"""A closed grammar of orders for one robot, for a ROS client without a supervisor.

    go to X Y [YAW]
    patrol X Y, X Y[, ...] [N times]
    deliver from X Y to X Y
    survey
    wait S
    explore [S]
    return to base

Lengths in metres and radians in the map frame, S in seconds.
"""

import re
from collections.abc import Callable

from swarm_agent.planner.core.orders import Order, Pose, Region, Task

GRAMMAR = (
    "'go to X Y [YAW]', 'patrol X Y, X Y [N times]', 'deliver from X Y to X Y', 'survey', "
    "'wait S', 'explore [S]' or 'return to base'"
)
_EXPLORE_S = 15.0
_NUMBER = r'[-+]?\d{1,6}(?:\.\d{1,9})?'
_PLACE = rf'{_NUMBER}\s+{_NUMBER}'


class OrderTextError(ValueError):
    """The text is no order; the message says what was expected."""


def parse_order(text: str, *, order_id: str, agent_id: str, everywhere: Region) -> Order:
    """Read an order in words.

    Args:
        text: The order.
        order_id: The id that it gets.
        agent_id: Whose order it is.
        everywhere: All cells of the survey grid.

    Raises:
        OrderTextError: The text does not fit the grammar.
    """
    words = ' '.join(text.lower().split())
    for pattern, read in _FORMS:
        match = re.fullmatch(pattern, words)
        if match is not None:
            return _order(order_id, agent_id, read(match, everywhere))
    raise OrderTextError(f'order_text: {text[:80]!r} is no order; expected {GRAMMAR}')


Fields = dict[str, object]


def _order(order_id: str, agent_id: str, fields: Fields) -> Order:
    return Order(
        order_id=order_id,
        mission_id=order_id,
        agent_id=agent_id,
        issued_by='local',
        local=True,
        **fields,  # type: ignore[arg-type]
    )


def _go_to(match: re.Match[str], _: Region) -> Fields:
    numbers = [float(number) for number in match.group(1).split()]
    yaw_rad = numbers[2] if len(numbers) == 3 else 0.0
    goal: Pose = (numbers[0], numbers[1], yaw_rad)
    return {'task': Task.GO_TO, 'stops': (goal,), 'use_yaw': len(numbers) == 3}


def _patrol(match: re.Match[str], _: Region) -> Fields:
    stops = tuple(_place(place) for place in match.group(1).split(','))
    return {'task': Task.PATROL, 'stops': stops, 'loops': int(match.group(2) or 1)}


def _deliver(match: re.Match[str], _: Region) -> Fields:
    return {'task': Task.DELIVER, 'stops': (_place(match.group(1)), _place(match.group(2)))}


def _survey(_: re.Match[str], everywhere: Region) -> Fields:
    return {'task': Task.SURVEY, 'region': everywhere, 'return_home': True}


def _wait(match: re.Match[str], _: Region) -> Fields:
    return {'task': Task.WAIT, 'seconds': float(match.group(1))}


def _explore(match: re.Match[str], _: Region) -> Fields:
    return {'task': Task.EXPLORE, 'seconds': float(match.group(1) or _EXPLORE_S)}


def _home(_match: re.Match[str], _: Region) -> Fields:
    return {'task': Task.RETURN_TO_BASE}


def _place(text: str) -> Pose:
    x_m, y_m = (float(number) for number in text.split())
    return (x_m, y_m, 0.0)


_FORMS: tuple[tuple[str, Callable[[re.Match[str], Region], Fields]], ...] = (
    (rf'go to ({_PLACE}(?:\s+{_NUMBER})?)', _go_to),
    (rf'patrol ({_PLACE}(?:\s*,\s*{_PLACE})*)(?: (\d{{1,4}}) times?)?', _patrol),
    (rf'deliver from ({_PLACE}) to ({_PLACE})', _deliver),
    (r'survey(?: everything)?', _survey),
    (rf'wait ({_NUMBER})(?: s)?', _wait),
    (rf'explore(?: ({_NUMBER})(?: s)?)?', _explore),
    (r'(?:return to base|go home)', _home),
)
