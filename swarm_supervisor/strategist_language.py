# SPDX-License-Identifier: Apache-2.0
"""Orders beyond the closed grammar: several steps, missions of the catalogue, household words.

Read by the written rules of core/language; what a rule has to suppose stands in the plan's
assumptions, what it cannot know becomes one question, what no skill can do is refused by name.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import replace

from swarm_supervisor.core.language.orders import Act, Clause, NameKind, read_orders
from swarm_supervisor.core.language.patterns import Pattern, Reading, read_pattern
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
_NO_SKILL = {
    Act.GUIDE: 'guide people',
    Act.FOLLOW: 'follow somebody',
    Act.TELL: 'speak',
    Act.MEET: 'meet people',
    Act.SERVE: 'serve',
    Act.INTRODUCE: 'introduce people',
    Act.ASK: 'ask people',
    Act.TAKE_OUT: 'take things out',
}
_LAW_SKILLS = 'law "skills": robots do only what a skill card holds'
_LAW_ZONES = 'law "zones": what must never be entered is barred by a mandate or POLICY.md'

Reader = Callable[[str], Answer]


def read_steps(words: str, read_one: Reader) -> Answer | None:
    """Several orders in a row: each waits for the one before it. None where it is one order."""
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


def read_mission(words: str, context: Context) -> Answer | None:
    """A mission over known places, or a household order; None where neither is understood."""
    places = context.places
    known = [*places.points, *places.sectors]
    clauses = read_orders(words, _kinds(context))
    household = _household(clauses, context) if clauses else None
    if household is not None:
        return household
    reading = read_pattern(words, known)
    if reading is None or not _asks_for_motion(words):
        return None
    return _mission(reading, words, context)


def _kinds(context: Context) -> Mapping[str, NameKind]:
    return dict.fromkeys([*context.places.points, *context.places.sectors], NameKind.PLACE)


def _asks_for_motion(words: str) -> bool:
    verbs = r'visit|go|reach|drive|move|patrol|travel|head|navigate|make your way|stop by|find'
    avoid = r'avoid|never|stay away|keep away|stay|remain|wait|do not|keep'
    return (
        re.match(rf'(?:please |first |you must |robots? )*\b(?:{verbs}|{avoid})\b', words)
        is not None
    )


def _mission(reading: Reading, words: str, context: Context) -> Answer:
    pattern = reading.pattern
    if pattern is Pattern.GLOBAL_AVOIDANCE:
        return Refusal(reason=f'{_LAW_ZONES}, not by an order; nothing was ordered')
    loops = {Pattern.PATROLLING: ENDLESS, Pattern.EXACTLY: reading.times}.get(pattern, 1)
    if pattern is Pattern.AT_LEAST:
        loops = reading.times
    if not 1 <= loops <= ENDLESS:
        return Refusal(reason=f'a patrol goes round 1 to {ENDLESS} times, found {loops}')
    if pattern not in _VISITS:
        kind = pattern.value.replace('_', ' ')
        return Refusal(
            reason=f'{_LAW_SKILLS}; none carries out a {kind}: write a playbook for that'
        )
    if any(place not in context.places.points for place in reading.places):
        return _of_sectors(reading, context)
    order = _in_order(reading, words)
    if order is None:
        return Question(text=f'in which order shall {", ".join(reading.places)} be visited?')
    spots = tuple(_spot(name, context) for name in order)
    return Plan(
        tasks=(PatrolTask(stops=spots, loops=loops, robot=None),),
        author='grammar',
        assumptions=_supposed(reading, loops),
    )


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
    said = ['any robot may do it']
    if reading.pattern is Pattern.VISIT and len(reading.places) > 1:
        said.append('in the order in which the places are named')
    if loops == ENDLESS:
        said.append(f'for ever means {ENDLESS} rounds, until it is recalled')
    return tuple(said)


def _in_order(reading: Reading, words: str) -> tuple[str, ...] | None:
    """The places in the order of the mission; None where the words turn it around too often."""
    turned = re.findall(r'\b(?:after|before|until|unless)\b', words)
    if not turned or reading.pattern in (Pattern.PATROLLING, Pattern.VISIT):
        return reading.places
    if len(reading.places) != 2:
        return None
    backwards = re.search(r'\b(?:after|until|unless)\b', words) is not None
    begins = re.match(r'(?:only )?(?:after|before|once|until)\b', words) is not None
    return reading.places[::-1] if backwards != begins else reading.places


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
    points = [n for c in clauses for n in c.names if n in context.places.points]
    if acts & {Act.BRING, Act.TAKE, Act.PLACE}:
        if len(points) == 2:
            first, second = (_spot(name, context) for name in points)
            task = DeliverTask(pick_up=first, drop_off=second, robot=None)
            supposed = ('any robot may do it', f'from {first.name} to {second.name}')
            return Plan(tasks=(task,), author='grammar', assumptions=supposed)
        places = ', '.join(context.places.points) or 'none'
        return Question(text=f'from which place to which? say two of {places}')
    if acts == {Act.FIND}:
        sectors = [n for c in clauses for n in c.names if n in context.places.sectors]
        if len(sectors) == 1:
            looks = ('to look for something is to survey; robots tell what is on no map',)
            task_ = SurveyTask(sector=sectors[0])
            return Plan(tasks=(task_,), author='grammar', assumptions=looks)
    return None


def _spot(name: str, context: Context) -> Spot:
    x_m, y_m, yaw_rad = context.places.points[name]
    return Spot(name=name, x_m=x_m, y_m=y_m, yaw_rad=yaw_rad, use_yaw=True)
