# SPDX-License-Identifier: Apache-2.0
"""The deterministic strategist: a small closed grammar, understood the same way every time.

    survey the whole AREA               AREA: the depot's title, 'area', 'map', 'floor', …
    survey [sector] SECTOR
    patrol PLACE, PLACE … [N times] [with ROBOT]
    survey … with squad SQUAD           patrol and deliver, too; its robots alone are chosen
    send ROBOT to PLACE
    deliver from PLACE to PLACE [with ROBOT]
    wait N s [with ROBOT]
    ROBOT return home                   also: everybody return home, squad SQUAD return home
    recall MISSION
    ORDER, then ORDER …                 each waits for the one before it
    visit PLACE and PLACE in any order, go to PLACE exactly N times, keep visiting PLACE …
    bring … from PLACE to PLACE, look for … in SECTOR

The last three lines stand for what strategist_language.py reads by written rules. A PLACE is a
name from the fleet's places file or two numbers, `X Y`, in metres in the map frame. Upper and
lower case are the same, a final full stop is ignored.
"""

import re
from collections.abc import Callable
from typing import TypeAlias

from swarm_supervisor.core.language.politeness import without_politeness
from swarm_supervisor.strategist import (
    MAX_TEXT,
    Answer,
    Context,
    DeliverTask,
    GoToTask,
    PatrolTask,
    Plan,
    Question,
    RecallTask,
    Refusal,
    ReturnTask,
    Spot,
    SurveyTask,
    Task,
    WaitTask,
)
from swarm_supervisor.strategist_language import by_robot, lacking, read_mission, read_steps

FORMS = (
    'survey the whole AREA',
    'survey SECTOR',
    'patrol PLACE, PLACE [N times] [with ROBOT]',
    'survey, patrol or deliver … with squad SQUAD',
    'send ROBOT to PLACE',
    'deliver from PLACE to PLACE [with ROBOT]',
    'wait N s [with ROBOT]',
    'ROBOT return home',
    'everybody return home',
    'squad SQUAD return home',
    'recall MISSION',
)
EVERYBODY = ('everybody', 'everyone', 'all', 'all robots')
NUMBER = r'[+-]?\d+(?:\.\d+)?'

Reader: TypeAlias = Callable[[re.Match[str], Context], Task | Question]


class UnknownNameError(ValueError):
    """An order names something that is not there; the message lists what is."""


class GrammarStrategist:
    """Answer orders that follow the grammar; refuse all others with the list of forms."""

    async def plan(self, text: str, context: Context) -> Answer:
        """Answer an order; never raises."""
        return read_order(text, context)


def read_order(text: str, context: Context) -> Answer:
    """Read an order in words by the grammar."""
    words = without_politeness(' '.join(text.split()).removesuffix('.').lower())
    if not words or len(text) > MAX_TEXT:
        return Refusal(reason=f'an order has 1 to {MAX_TEXT} characters, found {len(text)}')
    closed = _read_closed(words, context)
    if isinstance(closed, Plan):
        return closed
    for form in _ADDRESSED:
        named = form.fullmatch(words)
        who = re.sub(r'[ -]', '_', named['robot']) if named else ''
        if named and who in context.robots:
            return by_robot(_read_one(named['order'], context), who)
    steps = read_steps(words, lambda part: _read_one(part, context))
    return steps or read_mission(words, context) or closed or _unknown(words)


_ADDRESSED = (
    re.compile(
        r'(?P<robot>[a-z]\w*(?: \d+)?)[,:]? (?:please |should |must |shall |has to )*(?P<order>.+)'
    ),
    re.compile(r'(?P<order>.+) with (?P<robot>[a-z]\w*(?: \d+)?)'),
)
"""An order that names its robot, before or behind."""


def _read_one(words: str, context: Context) -> Answer:
    return _read_closed(words, context) or read_mission(words, context) or _unknown(words)


def _read_closed(words: str, context: Context) -> Answer | None:
    """Read one order by the closed grammar; None where it has no such form."""
    for pattern, reader in _RULES:
        match = pattern.fullmatch(words)
        if match:
            return _answer(match, reader, context)
    return None


def _unknown(words: str) -> Refusal:
    missing = lacking(words)
    if missing:
        return Refusal(reason=missing)
    return Refusal(reason=f'{words[:80]!r} is no order known here; expected {_listed(FORMS)}')


def _answer(match: re.Match[str], reader: Reader, context: Context) -> Answer:
    try:
        found = reader(match, context)
    except UnknownNameError as error:
        return Refusal(reason=str(error))
    return found if isinstance(found, Question) else Plan(tasks=(found,), author='grammar')


def resolve_sector(words: str, context: Context) -> str | None:
    """The sector that is meant, None for the whole floor.

    Raises:
        UnknownNameError: There is none of this name.
    """
    name = words.removeprefix('the ').removeprefix('sector ').removesuffix(' sector')
    if name in context.places.titles or name == '':
        return None
    return _known('sector', name, tuple(context.places.sectors), context.places.titles[:1])


def resolve_spot(words: str, context: Context) -> Spot:
    """The place that is meant: a name, or X and Y in metres.

    Raises:
        UnknownNameError: There is none of this name.
    """
    numbers = re.fullmatch(rf'({NUMBER})[ ,]+({NUMBER})', words)
    if numbers:
        return Spot(name=words, x_m=float(numbers[1]), y_m=float(numbers[2]))
    name = _known('place', words.removeprefix('the '), tuple(context.places.points))
    x_m, y_m, yaw_rad = context.places.points[name]
    return Spot(name=name, x_m=x_m, y_m=y_m, yaw_rad=yaw_rad, use_yaw=True)


def resolve_robot(words: str, context: Context) -> str:
    """The robot that is meant.

    Raises:
        UnknownNameError: There is none of this name.
    """
    return _known('robot', words, tuple(context.robots))


def _squad_or_any(match: re.Match[str], context: Context) -> str | None:
    """The squad that is meant, None where none is named.

    Raises:
        UnknownNameError: No robot belongs to one of this name.
    """
    squads = dict.fromkeys(robot.squad for robot in context.robots.values() if robot.squad)
    return _known('squad', match['squad'], tuple(squads)) if match['squad'] else None


def _known(what: str, words: str, names: tuple[str, ...], more: tuple[str, ...] = ()) -> str:
    name = re.sub(r'[ -]+', '_', words)
    if name in names:
        return name
    there = _listed((*names, *(f'the whole {title}' for title in more))) or 'none'
    raise UnknownNameError(f'there is no {what} {words[:64]!r}; there is {there}')


def _listed(names: tuple[str, ...]) -> str:
    return ', '.join(names)


def _robot_or_any(match: re.Match[str], context: Context) -> str | None:
    return resolve_robot(match['robot'], context) if match['robot'] else None


def _survey_whole(match: re.Match[str], context: Context) -> Task:
    sector = resolve_sector(match['area'], context)
    return SurveyTask(sector=sector, squad=_squad_or_any(match, context))


def _patrol(match: re.Match[str], context: Context) -> Task:
    stops = [part.strip() for part in re.split(r',| and ', match['stops']) if part.strip()]
    times = {'once': 1, 'twice': 2}.get(match['times'] or 'once')
    loops = times if times is not None else int(match['times'].split()[0])
    return PatrolTask(
        stops=tuple(resolve_spot(stop, context) for stop in stops),
        loops=loops,
        robot=_robot_or_any(match, context),
        squad=_squad_or_any(match, context),
    )


def _send(match: re.Match[str], context: Context) -> Task:
    robot = resolve_robot(match['robot'], context)
    if match['place'] == 'home':
        return ReturnTask(robot=robot)
    return GoToTask(robot=robot, goal=resolve_spot(match['place'], context))


def _send_any(match: re.Match[str], context: Context) -> Task:
    spot = resolve_spot(match['place'], context)
    return PatrolTask(stops=(spot,), loops=1, robot=None)


def _deliver(match: re.Match[str], context: Context) -> Task:
    return DeliverTask(
        pick_up=resolve_spot(match['start'], context),
        drop_off=resolve_spot(match['end'], context),
        robot=_robot_or_any(match, context),
        squad=_squad_or_any(match, context),
    )


def _wait(match: re.Match[str], context: Context) -> Task:
    unit_s = 60.0 if (match['unit'] or 's').startswith('m') else 1.0
    return WaitTask(seconds=float(match['number']) * unit_s, robot=_robot_or_any(match, context))


def _return_home(match: re.Match[str], context: Context) -> Task | Question:
    who = match['who']
    if match['squad']:
        return ReturnTask(robot=None, squad=_squad_or_any(match, context))
    if not who:
        known = _listed((*context.robots, 'everybody'))
        return Question(text=f'who shall return home? say one of {known}, and "return home"')
    return ReturnTask(robot=None if who in EVERYBODY else resolve_robot(who, context))


def _recall(match: re.Match[str], _context: Context) -> Task:
    return RecallTask(mission_id=match['mission'])


_ROBOT = r'(?P<robot>[a-z]\S*(?: \d+)?)'
_SQUAD = r'squad (?P<squad>[a-z]\w*)'
_WITH = rf'(?: with (?:{_SQUAD}|{_ROBOT}))?'
_UNIT = r'(?P<unit>s|sec|seconds?|min|minutes?)?'
_RULES: tuple[tuple[re.Pattern[str], Reader], ...] = tuple(
    (re.compile(pattern), reader)
    for pattern, reader in (
        (
            rf'survey (?:the )?(?:whole|entire|all of the) (?P<area>.+?)(?: with {_SQUAD})?',
            _survey_whole,
        ),
        (rf'survey (?P<area>.+?)(?: with {_SQUAD})?', _survey_whole),
        (rf'patrol (?P<stops>.+?)(?: (?P<times>\d{{1,6}} times?|once|twice))?{_WITH}', _patrol),
        (r'send (?:a|any|one|some)(?: ?robot|body|one)? to (?P<place>.+)', _send_any),
        (r'send (?P<robot>\S+) (?:to )?(?P<place>.+)', _send),
        (rf'deliver from (?P<start>.+?) to (?P<end>.+?){_WITH}', _deliver),
        (
            r'wait (?:for )?(?P<number>\d{1,9}(?:\.\d+)?) ?' + _UNIT + rf'(?: with {_ROBOT})?',
            _wait,
        ),
        (
            rf'(?:(?:{_SQUAD}|(?P<who>.+?)) )?(?:return|returns|go|goes|come|comes) home',
            _return_home,
        ),
        (r'recall (?:mission )?(?P<mission>\S+)', _recall),
    )
)
