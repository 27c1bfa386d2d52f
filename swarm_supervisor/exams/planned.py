# SPDX-License-Identifier: Apache-2.0
"""What the strategist would order of the sentences of others: read right is not yet done right.

Of an order that the fleet's skills can carry out the plan must be the one that is meant. Of all
others a refusal or a question is right, and any plan does something else: the worst answer.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import permutations
from pathlib import Path
from typing import TypeAlias

from swarm_supervisor.core.language.orders import Act, NameKind
from swarm_supervisor.exams import gpsr, lang2ltl
from swarm_supervisor.exams.cmdgen import Dialect, Generated
from swarm_supervisor.exams.floor import fleet_at, key_of
from swarm_supervisor.exams.score import Score, turned
from swarm_supervisor.strategist import (
    Answer,
    Context,
    DeliverTask,
    PatrolTask,
    Plan,
    SurveyTask,
)
from swarm_supervisor.strategist_grammar import read_order
from swarm_supervisor.strategist_language import ENDLESS

Deeds: TypeAlias = tuple[tuple[str, tuple[str, ...], int], ...]
"""What is done: verb, places in their order, how often."""
_IN_ORDER = ('sequenced_visit', 'ordered_visit', 'strictly_ordered_visit')
_ONE_LOAD = (
    [Act.BRING],
    *([take, put] for take in (Act.TAKE, Act.BRING) for put in (Act.PLACE, Act.BRING)),
    *([Act.GO, Act.FIND, put] for put in (Act.PLACE, Act.BRING)),
)
"""The acts of an order to carry one thing from one place to another."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Errand:
    """An order and what it asks for."""

    text: str
    meant: frozenset[Deeds]
    """The deeds of which each would carry it out; empty: no skill does."""


def deeds(answer: Answer) -> Deeds:
    """What a plan does; nothing for a question or a refusal."""
    return tuple(map(_deed, answer.tasks)) if isinstance(answer, Plan) else ()


def _deed(task: object) -> tuple[str, tuple[str, ...], int]:
    if isinstance(task, PatrolTask):
        return 'visit', tuple(spot.name for spot in task.stops), task.loops
    if isinstance(task, DeliverTask):
        return 'deliver', (task.pick_up.name, task.drop_off.name), 1
    if isinstance(task, SurveyTask):
        return 'survey', (task.sector or '',), 1
    return type(task).__name__, (), 1


def missions(folder: Path) -> tuple[list[Errand], Context]:
    """Navigation missions in words, and a fleet in that city."""
    cases = lang2ltl.load(folder)
    names = sorted({key_of(name) for case in cases for name in case.landmarks})
    errands = [Errand(text=case.text, meant=_visits(case)) for case in cases]
    return errands, fleet_at(points=names)


def _visits(case: lang2ltl.Case) -> frozenset[Deeds]:
    stops = tuple(map(key_of, case.in_order))
    orders = permutations(stops) if case.kind in ('visit', 'patrolling') else (stops,)
    rounds = {
        'patrolling': ENDLESS,
        'visit': 1,
        **dict.fromkeys(_IN_ORDER, 1),
        'exact_restricted_avoidance': case.times,
        'lower_restricted_avoidance': case.times,
    }
    if case.kind not in rounds:
        return frozenset()
    return frozenset((('visit', tuple(order), rounds[case.kind]),) for order in orders)


def household(folder: Path, dialect: Dialect) -> tuple[list[Errand], Context]:
    """Generated household orders, and a fleet whose sectors are the rooms."""
    drawn, known = gpsr.cases(folder, gpsr.CASES, dialect)
    rooms = gpsr.rooms(folder)
    places = [name for name, kind in known.items() if kind is NameKind.PLACE]
    points = [key_of(name) for name in places if name not in rooms]
    context = fleet_at(points=points, sectors=[key_of(name) for name in rooms])
    return [Errand(text=case.text, meant=_done(case, known, rooms)) for case in drawn], context


def _done(
    case: Generated, known: Mapping[str, NameKind], rooms: Sequence[str]
) -> frozenset[Deeds]:
    """What a fleet without hands and voice can do of an order: drive, carry, look."""
    acts = gpsr.wanted(case, known)
    names = [name for _, said in case.acts for name in said]
    kinds = {act for act, _ in acts}
    spots = [name for name in names if known[name] is NameKind.PLACE and name not in rooms]
    areas = [name for name in names if name in rooms]
    somebody = any(known[name] is NameKind.PERSON for name in names)
    if somebody or ' me ' in f' {case.text} '.lower():
        return frozenset()
    if [act for act, _ in acts] in _ONE_LOAD and len({*spots}) == len(spots) == 2 and not areas:
        return frozenset({(('deliver', tuple(map(key_of, spots)), 1),)})
    if kinds <= {Act.GO, Act.FIND} and len(areas) == 1 and not spots:
        return frozenset({(('survey', (key_of(areas[0]),), 1),)})
    return frozenset()


def score(folder: Path) -> list[Score]:
    """The deterministic strategist on all of them."""
    sets = {
        'lang2ltl': missions(folder),
        'gpsr': household(folder, gpsr.GPSR),
        'egpsr': household(folder, gpsr.EGPSR),
    }
    return [row for exam, (some, fleet) in sets.items() for row in _rows(exam, some, fleet)]


def _rows(exam: str, errands: Sequence[Errand], context: Context) -> list[Score]:
    done = [deeds(read_order(errand.text, context)) for errand in errands]
    pairs = list(zip(errands, done, strict=True))
    blind = list(zip(errands, turned(done), strict=True))
    rows = [_planned(exam, 'deterministic', pairs, blind)]
    if exam == 'lang2ltl':
        rows += [
            _planned(exam, f'deterministic, {half} half', pairs[n::2], blind[n::2])
            for n, half in enumerate(('read', 'unread'))
        ]
    other = sum(1 for errand, did in pairs if did and did not in errand.meant)
    blindly = sum(1 for errand, did in blind if did and did not in errand.meant)
    rows.append(
        Score(
            exam=f'{exam}, planned',
            who='deterministic',
            measure='orders of which something else was planned',
            value=float(other),
            cases=len(errands),
            floor=0.0,
            floor_name='who refuses all',
            control=float(blindly),
            control_name="another order's plan",
        )
    )
    return rows


def _planned(
    exam: str,
    who: str,
    pairs: Sequence[tuple[Errand, Deeds]],
    blind: Sequence[tuple[Errand, Deeds]],
) -> Score:
    can = [did in errand.meant for errand, did in pairs if errand.meant]
    wrong = [did in errand.meant for errand, did in blind if errand.meant]
    return Score(
        exam=f'{exam}, planned',
        who=who,
        measure='what can be done is planned as meant',
        value=sum(can) / max(1, len(can)),
        cases=len(can),
        floor=0.0,
        floor_name='who refuses all',
        control=sum(wrong) / max(1, len(wrong)),
        control_name="another order's plan",
    )
