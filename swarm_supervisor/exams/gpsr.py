# SPDX-License-Identifier: Apache-2.0
"""Orders from the RoboCup@Home grammars GPSR and EGPSR: what is to be done, clause by clause."""

import random
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from swarm_supervisor.core.language.names import mark_names
from swarm_supervisor.core.language.orders import Act, Clause, NameKind, read_orders
from swarm_supervisor.exams.cmdgen import Dialect, Generated, Grammar
from swarm_supervisor.exams.cmdgen_names import read_names
from swarm_supervisor.exams.score import Score, nearest, turned

CASES = 500
_SEED = 2018
_GPSR = 'GPSRCmdGen/Resources'
GPSR = Dialect(
    files=(f'{_GPSR}/GPSRGrammar.txt', f'{_GPSR}/CommonRules.txt'),
    rules={
        'vbbtake': Act.BRING, 'vbplace': Act.PLACE, 'vbbring': Act.BRING, 'vbdeliver': Act.BRING,
        'vbtake': Act.TAKE, 'vbspeak': Act.TELL, 'vbgopl': Act.GO, 'vbgor': Act.GO,
        'vbfind': Act.FIND, 'vbguide': Act.GUIDE, 'vbfollow': Act.FOLLOW, 'vbserve': Act.SERVE,
        'vbmeet': Act.MEET, 'vbtakeout': Act.TAKE_OUT,
    },
    words={
        'tell': Act.TELL, 'answer': Act.TELL, 'meet': Act.MEET, 'introduce': Act.INTRODUCE,
        'ask': Act.ASK,
    },
)  # fmt: skip
EGPSR = Dialect(
    files=('EGPSRCmdGen/Resources/EGPSRGrammar.txt',),
    rules={
        'vbdeliver': Act.BRING, 'vbfind': Act.FIND, 'vbfollow': Act.FOLLOW, 'vbgopl': Act.GO,
        'vbgor': Act.GO, 'vbguide': Act.GUIDE, 'vbmeet': Act.MEET, 'vbplace': Act.PLACE,
        'vbpour': Act.SERVE, 'vbreport': Act.TELL, 'vbspeak': Act.TELL, 'vbtake': Act.TAKE,
        'greet': Act.MEET,
    },
    words={
        'tell': Act.TELL, 'describe': Act.TELL, 'answer': Act.TELL, 'say': Act.TELL,
        'speak': Act.TELL, 'count': Act.COUNT, 'open': Act.OPERATE, 'close': Act.OPERATE,
        'offer': Act.SERVE, 'bring': Act.BRING, 'take': Act.BRING, 'put': Act.PLACE,
        'pick': Act.TAKE, 'greet': Act.MEET, 'find': Act.MEET, 'escort': Act.GUIDE,
    },
)  # fmt: skip


def cases(
    folder: Path, count: int = CASES, dialect: Dialect = GPSR
) -> tuple[list[Generated], dict[str, NameKind]]:
    """So many orders, always the same, and the names in them."""
    base = folder / 'gpsr-cmdgen'
    names = read_names(base / 'CommonFiles')
    grammar, chance = Grammar(base, dialect, names), random.Random(_SEED)  # noqa: S311 - a fixed draw
    found: list[Generated] = []
    while len(found) < count:
        made = grammar.draw(chance)
        if made is not None and made.acts:
            found.append(made)
    return found, names.known


def rooms(folder: Path) -> tuple[str, ...]:
    """The rooms of the arena."""
    return read_names(folder / 'gpsr-cmdgen' / 'CommonFiles').of['room']


def wanted(case: Generated, known: Mapping[str, NameKind]) -> list[tuple[Act, list[str]]]:
    """The acts of the derivation, each with its names.

    To find somebody by name is to meet them in one of the grammars and to find them in the other:
    here it is to meet them.
    """
    return [
        (_act(act, names, known), sorted(n.lower() for n in names)) for act, names in case.acts
    ]


def _act(act: Act, names: list[str], known: Mapping[str, NameKind]) -> Act:
    somebody = bool(names) and known[names[0]] is NameKind.PERSON
    return Act.MEET if act is Act.FIND and somebody else act


def right(case: Generated, clauses: tuple[Clause, ...], known: Mapping[str, NameKind]) -> bool:
    """Whether the clauses are the acts of the derivation, each with its names."""
    said = [(clause.act, sorted(name.lower() for name in clause.names)) for clause in clauses]
    return wanted(case, known) == said


def score(folder: Path) -> list[Score]:
    """The written rules on orders of the GPSR grammar."""
    return _score('gpsr', folder, GPSR)


def score_extended(folder: Path) -> list[Score]:
    """The written rules on orders of the EGPSR grammar."""
    return _score('egpsr', folder, EGPSR)


def _score(exam: str, folder: Path, dialect: Dialect) -> list[Score]:
    drawn, known = cases(folder, CASES, dialect)
    said = [read_orders(case.text, known) for case in drawn]
    acts = [_sequence(act for act, _ in wanted(case, known)) for case in drawn]
    read = [_sequence(clause.act for clause in clauses) for clauses in said]
    words = [_bare(case.text, known) for case in drawn]
    return [
        Score(
            exam=exam,
            who='deterministic',
            measure='orders read right',
            value=_share([right(c, s, known) for c, s in zip(drawn, said, strict=True)]),
            cases=len(drawn),
            floor=0.0,
            floor_name='unseen forms',
            control=_share([right(c, s, known) for c, s in zip(drawn, turned(said), strict=True)]),
            control_name="another order's answer",
        ),
        Score(
            exam=exam,
            who='deterministic',
            measure='acts in their order',
            value=_share([a == b for a, b in zip(acts, read, strict=True)]),
            cases=len(drawn),
            floor=nearest(words, acts),
            floor_name='nearest neighbour',
            control=_share([a == b for a, b in zip(acts, turned(read), strict=True)]),
            control_name="another order's answer",
        ),
    ]


def _sequence(acts: Iterable[Act]) -> str:
    return ' '.join(act.value for act in acts)


def _bare(text: str, known: Mapping[str, NameKind]) -> frozenset[str]:
    """The words of an order without its names, for the nearest neighbour."""
    return frozenset(mark_names(text, known).text.replace(',', ' ').split())


def _share(hits: Sequence[bool]) -> float:
    return sum(hits) / max(1, len(hits))
