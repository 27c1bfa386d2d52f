# SPDX-License-Identifier: Apache-2.0
"""Draws orders from a grammar of the RoboCup@Home command generator, with their derivation.

What is right comes from the grammar's own rules, not from the reader that is examined: each verb
rule stands for an act, each wildcard after it for a name of that act.
"""

import random
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from swarm_supervisor.core.language.orders import Act
from swarm_supervisor.exams.cmdgen_names import Names

_TOKEN = re.compile(r'\$\w+|\{[^{}]*(?:\{[^{}]*\}[^{}]*)*\}|[()|]|[^\s$(){}|]+')
_WILDCARD = re.compile(
    r'(?P<kind>\w+)(?P<vague>\?)?(?: (?:known|alike|special))?(?: (?P<number>\d))?'
    r'(?: where (?P<condition>.*))?'
)
_SAID = {'pron': 'him', 'question': 'question'}
_GROUP = {'beacon': 'place', 'placement': 'place'}
_DOOR = ('front', 'back', 'main', 'rear')
"""An entrance after such a word is a door of the building, not the place of that name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """What the verbs of a grammar mean."""

    files: tuple[str, ...]
    """Below the folder of the exam."""
    rules: Mapping[str, Act]
    """The act of each verb rule."""
    words: Mapping[str, Act]
    """Verbs that stand in rules as they are."""


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
    """The rules of a dialect and an arena's names; draws orders."""

    def __init__(self, folder: Path, dialect: Dialect, names: Names) -> None:
        """Read the rules."""
        self._dialect, self._names = dialect, names
        self._known = frozenset(names.known)
        self._rules: dict[str, list[list[str]]] = {}
        for name in dialect.files:
            self._read((folder / name).read_text(encoding='utf-8-sig'))

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
        for part in _choose(tokens, chance.choice):
            if part.startswith('$'):
                self._rule(part[1:], made, chance)
            elif part.startswith('{'):
                self._fill(part[1:-1], made, chance)
            else:
                self._say(part, made)

    def _rule(self, name: str, made: Generated, chance: random.Random) -> None:
        act = self._dialect.rules.get(name)
        if act is None:
            self._expand(chance.choice(self._rules[name]), made, chance)
            return
        made.acts.append((act, []))
        self._verb(chance.choice(self._rules[name]), made, chance)

    def _verb(self, tokens: list[str], made: Generated, chance: random.Random) -> None:
        for part in _choose(tokens, chance.choice):
            if part.startswith('$'):
                self._verb(chance.choice(self._rules[part[1:]]), made, chance)
            else:
                made.words.append(part)

    def _say(self, word: str, made: Generated) -> None:
        act = self._dialect.words.get(word.lower())
        hint = made.words[-1:] in (['may'], ['can'], ['will'])
        if act is not None and not hint:
            made.acts.append((act, []))
        door = bool(made.words) and made.words[-1] in _DOOR
        if word in self._known and made.acts and not door:
            made.acts[-1][1].append(word)
        made.words.append(word)

    def _fill(self, inner: str, made: Generated, chance: random.Random) -> None:
        plain = ' '.join(inner.split('meta:', maxsplit=1)[0].split())
        found = _WILDCARD.fullmatch(plain)
        if found is None or plain == 'void':
            return
        kind = found['kind']
        if kind in _SAID or kind == 'gesture':
            made.words += (_SAID.get(kind) or chance.choice(self._names.of[kind])).split()
            return
        value = self._value(found, made, chance)
        made.words += value.split()
        if made.acts:
            made.acts[-1][1].append(value)

    def _value(self, found: re.Match[str], made: Generated, chance: random.Random) -> str:
        kind, number = found['kind'], found['number']
        key = f'{_GROUP.get(kind, kind)} {number}' if number else ''
        value = made.slots.get(key)
        if value is None:
            value = chance.choice(self._names.such(kind, found['condition'] or ''))
        if key:
            made.slots[key] = value
        return self._names.vague[value] if found['vague'] else value


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
