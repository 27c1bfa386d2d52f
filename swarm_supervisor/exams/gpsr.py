# SPDX-License-Identifier: Apache-2.0
"""Orders from the RoboCup@Home GPSR grammar: generated with their derivation, which is the answer.

What is right comes from the grammar's own rules, not from the reader that is examined: each verb
rule stands for an act, each wildcard after it for a name of that act.
"""

import random
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from xml.etree import ElementTree as ET

from swarm_supervisor.core.language.orders import Act, Clause, NameKind, read_orders
from swarm_supervisor.exams.score import Score, turned

CASES = 500
_SEED = 2018
_ACTS = {
    'vbbtake': Act.BRING, 'vbplace': Act.PLACE, 'vbbring': Act.BRING, 'vbdeliver': Act.BRING,
    'vbtake': Act.TAKE, 'vbspeak': Act.TELL, 'vbgopl': Act.GO, 'vbgor': Act.GO,
    'vbfind': Act.FIND, 'vbguide': Act.GUIDE, 'vbfollow': Act.FOLLOW, 'vbserve': Act.SERVE,
    'vbmeet': Act.MEET, 'vbtakeout': Act.TAKE_OUT,
}  # fmt: skip
"""The act of each verb rule."""
_LITERALS = {
    'tell': Act.TELL, 'answer': Act.TELL, 'meet': Act.MEET, 'introduce': Act.INTRODUCE,
    'ask': Act.ASK,
}  # fmt: skip
"""Verbs that stand in rules as they are."""
_TOKEN = re.compile(r'\$\w+|\{[^{}]*(?:\{[^{}]*\}[^{}]*)*\}|[()|]|[^\s$(){}|]+')


@dataclass(slots=True, kw_only=True)
class Generated:
    """An order in the making."""

    words: list[str] = field(default_factory=list)
    acts: list[tuple[Act, list[str]]] = field(default_factory=list)
    slots: dict[str, str] = field(default_factory=dict)

    @property
    def text(self) -> str:
        """The order as it is said."""
        return re.sub(r'\s+([,.])', r'\1', ' '.join(self.words)).strip()


class Grammar:
    """A GPSR grammar file with its names; draws orders from it."""

    def __init__(self, folder: Path) -> None:
        """Read `GPSRGrammar.txt`, `CommonRules.txt` and the names beside them."""
        base = folder / 'gpsr-cmdgen'
        rules = base / 'GPSRCmdGen' / 'Resources'
        self._rules: dict[str, list[list[str]]] = {}
        for name in ('GPSRGrammar.txt', 'CommonRules.txt'):
            self._read((rules / name).read_text(encoding='utf-8-sig'))
        self._names = _read_names(base / 'CommonFiles')
        self.known = known_names(self._names)
        self._things = {*self._names['object'], *self._names['category']}

    def draw(self, chance: random.Random) -> Generated | None:
        """One order; None where a rule leads to a name that the files do not define."""
        made = Generated()
        try:
            self._expand(['$Main'], made, chance)
        except KeyError:
            return None
        return made

    def _read(self, text: str) -> None:
        for line in text.splitlines():
            found = re.match(r'\s*\$(\w+)\s*=\s*(.*)$', line)
            if found:
                self._rules.setdefault(found[1], []).append(_TOKEN.findall(found[2]))

    def _expand(self, tokens: list[str], made: Generated, chance: random.Random) -> None:
        tokens = _choose(tokens, chance.choice)
        for part in tokens:
            if part.startswith('$'):
                self._rule(part[1:], made, chance)
            elif part.startswith('{'):
                self._fill(part[1:-1], made, chance)
            else:
                self._say(part, made)

    def _rule(self, name: str, made: Generated, chance: random.Random) -> None:
        act = _ACTS.get(name)
        if act is not None:
            made.acts.append((act, []))
            made.words += self._verb(name, chance)
            return
        self._expand(chance.choice(self._rules[name]), made, chance)

    def _verb(self, name: str, chance: random.Random) -> list[str]:
        words = Generated()
        self._expand_verb(chance.choice(self._rules[name]), words, chance)
        return words.words

    def _expand_verb(self, tokens: list[str], made: Generated, chance: random.Random) -> None:
        for part in _choose(tokens, chance.choice):
            if part.startswith('$'):
                self._expand_verb(chance.choice(self._rules[part[1:]]), made, chance)
            else:
                made.words.append(part)

    def _say(self, word: str, made: Generated) -> None:
        act = _LITERALS.get(word.lower())
        hint = made.words[-1:] in (['may'], ['can'], ['will'])
        if act is not None and not hint:
            made.acts.append((act, []))
        if word in self._things and made.acts:
            made.acts[-1][1].append(word)
        made.words.append(word)

    def _fill(self, inner: str, made: Generated, chance: random.Random) -> None:
        kind, *rest = re.split(r'\s+', inner.split('meta:', maxsplit=1)[0].strip())
        kind = kind.removesuffix('?')
        if kind == 'void':
            return
        if kind in ('pron', 'question', 'gesture'):
            made.words += _PLAIN[kind].split()
            return
        key = f'{_GROUP.get(kind, kind)} {rest[0]}' if rest else ''
        value = made.slots.get(key) or chance.choice(self._names[kind])
        if key:
            made.slots[key] = value
        made.words += value.split()
        if made.acts:
            made.acts[-1][1].append(value)


_PLAIN = {'pron': 'him', 'question': 'question', 'gesture': 'waving'}
_GROUP = {'beacon': 'place', 'placement': 'place', 'room': 'room'}


def _choose(tokens: list[str], pick: Callable[[list[list[str]]], list[str]]) -> list[str]:
    """Take one of the alternatives, in brackets and out of them."""
    parts: list[list[str]] = [[]]
    depth, group = 0, list[str]()
    for part in tokens:
        depth += (part == '(') - (part == ')')
        if depth or part == ')':
            group.append(part)
            if not depth:
                parts[-1] += _choose(group[1:-1], pick)
                group = []
        elif part == '|':
            parts.append([])
        else:
            parts[-1].append(part)
    return pick(parts) if len(parts) > 1 else parts[0]


def _read_names(folder: Path) -> dict[str, list[str]]:
    rooms = ET.parse(folder / 'Locations.xml').getroot()  # noqa: S314 - the file is ours
    things = ET.parse(folder / 'Objects.xml').getroot()  # noqa: S314
    people = ET.parse(folder / 'Names.xml').getroot()  # noqa: S314
    spots = list(rooms.iter('location'))
    objects = [entry.attrib['name'] for entry in things.iter('object')]
    return {
        'room': [entry.attrib['name'] for entry in rooms.iter('room')],
        'beacon': [e.attrib['name'] for e in spots if e.get('isBeacon') == 'true'],
        'placement': [e.attrib['name'] for e in spots if e.get('isPlacement') == 'true'],
        'object': objects,
        'aobject': objects,
        'kobject': objects,
        'sobject': objects,
        'category': [entry.attrib['name'] for entry in things.iter('category')],
        'name': [(entry.text or '').strip() for entry in people.iter('name')],
    }


def known_names(names: dict[str, list[str]]) -> dict[str, NameKind]:
    """What a robot of that arena knows by name."""
    kinds = {
        'room': NameKind.PLACE, 'beacon': NameKind.PLACE, 'placement': NameKind.PLACE,
        'object': NameKind.OBJECT, 'category': NameKind.CATEGORY, 'name': NameKind.PERSON,
    }  # fmt: skip
    return {name: kind for group, kind in kinds.items() for name in names[group]}


def cases(folder: Path, count: int = CASES) -> tuple[list[Generated], dict[str, NameKind]]:
    """So many orders, always the same, and the names in them."""
    grammar, chance = Grammar(folder), random.Random(_SEED)  # noqa: S311 - a fixed draw
    found: list[Generated] = []
    while len(found) < count:
        made = grammar.draw(chance)
        if made is not None and made.acts:
            found.append(made)
    return found, grammar.known


def right(case: Generated, clauses: tuple[Clause, ...]) -> bool:
    """Whether the clauses are the acts of the derivation, each with its names."""
    wanted = [(act, sorted(name.lower() for name in names)) for act, names in case.acts]
    said = [(clause.act, sorted(name.lower() for name in clause.names)) for clause in clauses]
    return wanted == said


def score(folder: Path) -> list[Score]:
    """The written rules on generated orders."""
    drawn, known = cases(folder)
    said = [read_orders(case.text, known) for case in drawn]
    hits = [right(case, clauses) for case, clauses in zip(drawn, said, strict=True)]
    blind = [right(case, c) for case, c in zip(drawn, turned(said), strict=True)]
    return [
        Score(
            exam='gpsr',
            who='deterministic',
            measure='orders read right',
            value=sum(hits) / len(drawn),
            cases=len(drawn),
            floor=0.0,
            floor_name='unseen forms',
            control=sum(blind) / len(drawn),
            control_name="another order's answer",
        )
    ]
