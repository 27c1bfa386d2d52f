# SPDX-License-Identifier: Apache-2.0
"""Orders beyond the closed grammar: several steps, missions of the catalogue, household words.

Read by the written rules of core/language; what a rule has to suppose stands in the plan's
assumptions, what it cannot know becomes one question, what no skill can do is refused by name.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

from swarm_supervisor.core.language.faculties import Faculty, faculties
from swarm_supervisor.core.language.loads import carried
from swarm_supervisor.core.language.names import mark_names
from swarm_supervisor.core.language.orders import Act, Clause, NameKind, read_orders
from swarm_supervisor.core.language.patterns import Pattern, Reading, read_pattern
from swarm_supervisor.core.language.precedence import visiting_order
from swarm_supervisor.core.language.vocabulary import strangers
from swarm_supervisor.strategist import (
    Answer,
    Context,
    DeliverTask,
    PatrolTask,
    Plan,
    Question,
    Refusal,
    Spot,
    SurveyTask,
    Task,
)

MAX_STEPS = 10
ENDLESS = 1000
"""Rounds of a patrol that is to go on for ever."""
_STEPS = re.compile(r'(?:,|;|\.)?\s*\b(?:and\s+)?(?:then|after that|afterwards|finally)\b[,:]?\s*')
_TIED = re.compile(
    r"\b(?:without|avoid\w*|before|until|unless|only|not|never|don't|again|repeat\w*|bypass|away)\b"
)
"""What ties steps together: they are read as one mission."""
_NO_SKILL = {
    Act.GUIDE: 'guide people',
    Act.FOLLOW: 'follow somebody',
    Act.TELL: Faculty.SPEAK.value,
    Act.MEET: 'meet people',
    Act.SERVE: 'serve',
    Act.INTRODUCE: 'introduce people',
    Act.ASK: 'ask people',
    Act.TAKE_OUT: 'take things out',
    Act.COUNT: 'count things',
    Act.OPERATE: 'open or close things',
}
_LAW_SKILLS = 'law "skills": robots do only what a skill card holds'
_ANY_ROBOT = 'any robot may do it'
_SAY_PLAINLY = 'it is not understood in an order to drive: say it without, or write a playbook'
_CONDITION = re.compile(
    r'\b(?:if|when|whenever|unless|until|till|before|after|while|between|every|each|except|not|never|no'
    r"|don't|without|instead|or|but|tomorrow|today|tonight|daily|hourly|later|again|times|twice)\b"
)
"""Words of an errand that change it and that no rule here reads."""
_LAW_ZONES = 'law "zones": what must never be entered is barred by a mandate or POLICY.md'

_GO = (
    r'visit(?:ing)?|go(?:ing)?|reach|drive|move|patrol|travel|head|navigate|proceed|frequent'
    r'|explor(?:e|ing)|make (?:your|a) way|stop by|swing by|pass (?:by|through)|direct yourself'
    r'|come to|check|inspect|examine|(?:have a )?look (?:at|around|in)'
    r'|find|(?:complete|make|need)[\w ]* visits? to'
)
_BAR = (
    r"avoid|never|stay away|keep away|stay|remain|wait|do not|don't|can ?not|keep|continue"
    r'|not allowed to (?:cease|stop)'
)
_OPENING = (
    r'(?:(?:please|first|now|finally|eventually|always|also|just|only|robots?|you|must|have to'
    r'|has to|need to|should|shall|are(?: (?:required|supposed) to)?|make sure|ensure'
    r'|see to it|your task is|that|to|at some point|in the future|sometime|repeatedly'
    r'|continuously|infinitely|both|all|in (?:strictly )?(?:this|that|the following|any|no'
    r' particular) order(?: you like)?|so),? )*'
)
_PASSIVE = r'(?:must|should|shall|has to|have to|needs? to|are to|is to)(?: all| both)? be'
_ORDERED = re.compile(
    rf'{_OPENING}(?:(?:{_GO}|{_BAR})\b|(?:after|before|until) (?:you )?(?:visit|go|reach)'
    rf'|(?:@\d+@|and|the|,| )+(?:{_PASSIVE}|(?:are|is)(?: all| both)?) (?:visited|reached)\b)'
)
"""How an order to drive begins: words of duty, then a verb; or places that must be visited."""

Reader = Callable[[str], Answer]


def read_steps(words: str, read_one: Reader) -> Answer | None:
    """Several orders in a row: each waits for the one before it.

    None where it is one order, or where a step says something of another.
    """
    if _TIED.search(words):
        return None
    parts = [part.strip(' ,') for part in _STEPS.split(words) if part.strip(' ,')]
    if not 2 <= len(parts) <= MAX_STEPS:
        return None
    answers = [read_one(part) for part in parts]
    plans = [answer for answer in answers if isinstance(answer, Plan)]
    if len(plans) < len(answers):
        return None
    tasks = tuple(task for plan in plans for task in plan.tasks)
    visits = [task for task in tasks if isinstance(task, PatrolTask) and task.loops == 1]
    if len(visits) == len(tasks) and len({(task.robot, task.squad) for task in visits}) == 1:
        stops = tuple(stop for task in visits for stop in task.stops)
        one = replace(visits[0], stops=stops)
        return Plan(tasks=(one,), author='grammar', assumptions=('one robot goes round all',))
    after = tuple((number - 1,) if number else () for number in range(len(tasks)))
    return Plan(
        tasks=tasks,
        author='grammar',
        after=after,
        assumptions=('each step waits for the one before it',),
    )


def lacking(words: str) -> str:
    """Which faculty an order asks for that no skill card holds; empty where it names none."""
    missing = ', or '.join(faculty.value for faculty in faculties(words))
    return f'{_LAW_SKILLS}; none can {missing}' if missing else ''


def by_robot(answer: Answer, robot: str) -> Answer:
    """The same plan for one robot; a question where a task of it is not for one."""
    if not isinstance(answer, Plan):
        return answer
    tasks = [
        replace(task, robot=robot)
        for task in answer.tasks
        if isinstance(task, (PatrolTask, DeliverTask)) and task.robot in (None, robot)
    ]
    if len(tasks) < len(answer.tasks):
        return Question(text=f'shall {robot} do all of that alone? say which part, in steps')
    said = tuple(word for word in answer.assumptions if word != _ANY_ROBOT)
    return replace(answer, tasks=tuple(tasks), assumptions=said)


def read_mission(words: str, context: Context) -> Answer | None:
    """A mission over known places, or a household order; None where neither is understood."""
    places = context.places
    known = [*places.points, *places.sectors]
    clauses = read_orders(words, _kinds(context))
    missing = '' if any(clause.names for clause in clauses) else lacking(words)
    if clauses and missing:
        return Refusal(reason=missing)
    household = _household(clauses, context) if clauses else None
    if household is not None:
        return household
    reading = read_pattern(words, known)
    if reading is None or not _asks_for_motion(words, known):
        return None
    return _mission(reading, words, context)


def _kinds(context: Context) -> Mapping[str, NameKind]:
    return dict.fromkeys([*context.places.points, *context.places.sectors], NameKind.PLACE)


def _asks_for_motion(words: str, known: Iterable[str]) -> bool:
    """Whether the sentence is an order to drive, not talk in which a place is named."""
    return _ORDERED.match(mark_names(words, known).text) is not None


def _mission(reading: Reading, words: str, context: Context) -> Answer:
    doubt = _unfit(reading, words)
    if doubt is not None:
        return doubt
    if any(place not in context.places.points for place in reading.places):
        return _of_sectors(reading, context)
    order = _in_order(reading, words)
    if order is None:
        return Question(text=f'in which order shall {", ".join(reading.places)} be visited?')
    loops, stops = _rounds(reading), tuple(_spot(name, context) for name in order)
    return Plan(
        tasks=(PatrolTask(stops=stops, loops=loops, robot=None),),
        author='grammar',
        assumptions=_supposed(reading, loops),
    )


def _unfit(reading: Reading, words: str) -> Answer | None:
    """Why a mission is no round of visits; None where it is one."""
    pattern = reading.pattern
    if pattern is Pattern.GLOBAL_AVOIDANCE:
        return Refusal(reason=f'{_LAW_ZONES}, not by an order; nothing was ordered')
    if pattern not in _VISITS:
        kind = pattern.value.replace('_', ' ')
        return Refusal(
            reason=f'{_LAW_SKILLS}; none carries out a {kind}: write a playbook for that'
        )
    strange = strangers(mark_names(words, reading.places).text, pattern)
    if strange:
        return Question(text=f'what does {strange[0]!r} ask for? {_SAY_PLAINLY}')
    if not 1 <= _rounds(reading) <= ENDLESS:
        return Refusal(reason=f'a patrol goes round 1 to {ENDLESS} times, found {reading.times}')
    return None


def _rounds(reading: Reading) -> int:
    counted = reading.pattern in (Pattern.EXACTLY, Pattern.AT_LEAST)
    return ENDLESS if reading.pattern is Pattern.PATROLLING else reading.times if counted else 1


_VISITS = (
    Pattern.VISIT,
    Pattern.SEQUENCED_VISIT,
    Pattern.ORDERED_VISIT,
    Pattern.STRICTLY_ORDERED_VISIT,
    Pattern.PATROLLING,
    Pattern.EXACTLY,
    Pattern.AT_LEAST,
)


def _supposed(reading: Reading, loops: int) -> tuple[str, ...]:
    said = [_ANY_ROBOT]
    if reading.pattern is Pattern.VISIT and len(reading.places) > 1:
        said.append('in the order in which the places are named')
    if loops == ENDLESS:
        said.append(f'for ever means {ENDLESS} rounds, until it is recalled')
    return tuple(said)


def _in_order(reading: Reading, words: str) -> tuple[str, ...] | None:
    """The places in the order of the mission; None where the words leave it open."""
    if len(reading.places) == 1 or reading.pattern in (Pattern.PATROLLING, Pattern.VISIT):
        return reading.places
    order = visiting_order(mark_names(words, reading.places).text, len(reading.places))
    return None if order is None else tuple(reading.places[number] for number in order)


def _of_sectors(reading: Reading, context: Context) -> Answer:
    sectors = [name for name in reading.places if name in context.places.sectors]
    if len(sectors) < len(reading.places):
        return Question(
            text='shall the sectors be surveyed and the places visited? say it in steps'
        )
    tasks: tuple[Task, ...] = tuple(SurveyTask(sector=name) for name in sectors)
    ordered = reading.pattern is not Pattern.VISIT
    after = tuple((n - 1,) if n and ordered else () for n in range(len(tasks)))
    return Plan(
        tasks=tasks,
        author='grammar',
        after=after,
        assumptions=('to visit a sector is to survey it',),
    )


def _household(clauses: tuple[Clause, ...], context: Context) -> Answer | None:
    """Bring, take and place between known places; None where only driving is asked for."""
    barred = next((clause for clause in clauses if clause.act in _NO_SKILL), None)
    if barred is not None:
        return Refusal(reason=f'{_LAW_SKILLS}; none can {_NO_SKILL[barred.act]}')
    acts = {clause.act for clause in clauses}
    if acts & {Act.BRING, Act.TAKE, Act.PLACE}:
        ends = carried(clauses, context.places.points)
        if ends is None or _conditions(clauses):
            places = ', '.join(context.places.points) or 'none'
            return Question(
                text=f'from which place to which? one load at a time; say two of {places}'
            )
        first, second = (_spot(name, context) for name in ends)
        task = DeliverTask(pick_up=first, drop_off=second, robot=None)
        supposed = (_ANY_ROBOT, f'from {first.name} to {second.name}')
        return Plan(tasks=(task,), author='grammar', assumptions=supposed)
    if acts == {Act.FIND}:
        return _sought(clauses, context)
    return None


def _conditions(clauses: tuple[Clause, ...]) -> bool:
    return any(_CONDITION.search(clause.text) for clause in clauses)


def _sought(clauses: tuple[Clause, ...], context: Context) -> Answer | None:
    names = [name for clause in clauses for name in clause.names]
    if len(clauses) > 1 or _conditions(clauses):
        return Question(text='what shall be looked for first, and where? say it in steps')
    if len(names) != 1 or names[0] not in context.places.sectors:
        return None
    looks = ('to look for something is to survey; robots tell what is on no map',)
    return Plan(tasks=(SurveyTask(sector=names[0]),), author='grammar', assumptions=looks)


def _spot(name: str, context: Context) -> Spot:
    x_m, y_m, yaw_rad = context.places.points[name]
    return Spot(name=name, x_m=x_m, y_m=y_m, yaw_rad=yaw_rad, use_yaw=True)
