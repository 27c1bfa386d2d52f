# SPDX-License-Identifier: Apache-2.0
"""What a household command asks for: verbs become frames, the phrases after them become roles.

Frames and roles are those of FrameNet as HuRIC uses them. A lexicon of verbs, and prepositions
that tell where a phrase begins; nothing is learned.
"""

import re
from dataclasses import dataclass
from typing import TypeAlias

from swarm_supervisor.core.language.lexicon import (
    AGENT,
    BRING,
    FIND,
    GIVE,
    GO,
    LEXICON,
    LOOK_AT,
    PREPOSITION,
    SENSES,
    SWITCH,
    Verb,
)

Roles: TypeAlias = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """One action or state that a sentence speaks of."""

    name: str
    verb: str
    roles: Roles
    """Role and the words that fill it."""


_POLITE = re.compile(
    r'\b(?:please|robot|sorry|hi|hello|hey|ok|kindly|now|immediately|i would like|i want)\b'
)
_ASKED = re.compile(
    r'\b(?:can|could|may|will|would|should|must|think) you(?: can)?(?: \w+ly)?$|\byou$'
)
_BEING = (
    r"there (?:is|are|'s)"
    r"|(?:is|are|be)(?= (?:in|on|at|near|next|under|inside|behind|to|a|an|the|there)\b)|'s"
)
_VERBS = '|'.join(sorted(LEXICON, key=len, reverse=True))
_VERB = re.compile(rf'\b(?:(?P<verb>{_VERBS})|(?P<be>{_BEING}))\b')
_NOT_A_VERB = re.compile(r'\b(?:the|a|an|my|your|this|that|of)\s+(?:tv\s+)?$')
_TAIL = re.compile(r'(?:\s*,)?\s*(?:\b(?:and|then|that|which|you|can|could)\b\s*)*$')
_PHRASE = re.compile(rf'\s+(?={PREPOSITION}\b)')
_STATE = re.compile(r'^(on|off)\b|\b(on|off)$')
_SUBJECT = re.compile(r'\b((?:the |this|that|it|these|those)[\w ]*)$')


def read_commands(sentence: str) -> tuple[Frame, ...]:
    """The frames of a sentence, in its order."""
    text = ' '.join(_POLITE.sub(' ', sentence.lower().replace(',', ' , ')).split())
    heads = [m for m in _VERB.finditer(text) if not _NOT_A_VERB.search(text[: m.start()])]
    ends = [*(match.start() for match in heads[1:]), len(text)][: len(heads)]
    found: list[Frame] = []
    for match, end in zip(heads, ends, strict=True):
        rest = _TAIL.sub('', text[match.end() : end]).strip(' ,')
        frame = _frame(match, text[: match.start()].rstrip(), rest)
        if frame is not None:
            found.append(frame)
    return tuple(found)


def _frame(match: re.Match[str], before: str, rest: str) -> Frame | None:
    if match['be']:
        return _being(match[0], before, rest)
    verb = match['verb']
    entry = next((e for v, cue, e in SENSES if verb in v and re.search(cue, rest)), LEXICON[verb])
    agent = ((AGENT.get(entry.frame, 'Agent'), 'you'),) if _ASKED.search(before) else ()
    return Frame(name=entry.frame, verb=verb, roles=(*agent, *_roles(entry, rest)))


def _roles(entry: Verb, rest: str) -> Roles:
    if entry in (BRING, GIVE):
        return _carried(entry, rest)
    if entry is SWITCH:
        return _switched(rest)
    if entry is LOOK_AT:
        return (('Phenomenon', rest.removeprefix('at ')),)
    if entry is FIND:
        rest = re.sub(r'^(?:me|us)\s+|\s+for (?:me|us|him|her)$', '', rest)
    rest, manner = _manner(rest)
    return (*_plain_roles(entry, rest), *manner)


def _plain_roles(entry: Verb, rest: str) -> Roles:
    sought = 'for ' if entry is FIND and rest.startswith('for ') else ''
    thing, phrases = _split(rest.removeprefix(sought))
    thing = sought + thing
    if entry is GO:
        return _moved(thing, phrases)
    if entry.attached and thing:
        return _attached(entry, thing, phrases)
    roles = [(entry.thing, thing)] if thing else []
    if phrases:
        roles.append((entry.place, ' '.join(phrases)))
    return tuple(roles)


def _manner(rest: str) -> tuple[str, Roles]:
    """Take an adverb off: 'the man closely'."""
    found = re.search(r'(?:^|\s)((?:slow|quick|close|careful|soft|gent)\w*ly)$', rest)
    if found is None:
        return rest, ()
    return rest[: found.start()].strip(), (('Manner', found[1]),)


def _switched(rest: str) -> Roles:
    found = _STATE.search(rest)
    if found is None:
        return (('Device', rest),) if rest else ()
    device = (rest[: found.start()] + rest[found.end() :]).strip()
    parts = (('Operational_state', found[0]), ('Device', device))
    return tuple(part for part in parts if part[1])


def _attached(entry: Verb, thing: str, phrases: list[str]) -> Roles:
    """A place phrase tells which thing is meant, except for one that says where from."""
    if phrases and phrases[-1].startswith('from ') and entry.frame == 'Taking':
        return (entry.thing, ' '.join([thing, *phrases[:-1]])), ('Source', phrases[-1])
    return ((entry.thing, ' '.join([thing, *phrases])),)


def _carried(entry: Verb, rest: str) -> Roles:
    """Bring (me) something (to somewhere | to me | for me)."""
    who = 'Beneficiary' if entry is BRING else 'Recipient'
    roles: list[tuple[str, str]] = []
    if match := re.match(r'(?:to )?(me|us|him|her)\b\s*', rest):
        roles.append((who, match[1]))
        rest = rest[match.end() :]
    tail = re.search(r'\s+((?:to|for) (?:me|us|him|her))$', rest)
    thing, phrases = _split(rest[: tail.start()] if tail else rest)
    source, goal = _from_and_to(phrases, named=bool(roles or tail))
    roles.append(('Theme', ' '.join([thing, *phrases[:source]]).strip()))
    roles.append(('Source', ' '.join(phrases[source:goal])))
    roles.append(('Goal' if entry is BRING else who, ' '.join(phrases[goal:])))
    roles.append((who, tail[1] if tail else ''))
    return tuple(role for role in roles if role[1])


def _from_and_to(phrases: list[str], *, named: bool) -> tuple[int, int]:
    """Where among the phrases the source begins and where the goal does."""
    there = [n for n, phrase in enumerate(phrases) if re.match(r'(?:to|into|onto)\b', phrase)]
    goal = there[0] if there else 0 if phrases and not named else len(phrases)
    source = next((n for n in range(goal) if phrases[n].startswith('from')), goal)
    return source, goal


def _moved(thing: str, phrases: list[str]) -> Roles:
    roles: list[tuple[str, str]] = []
    if thing:
        ahead = re.match(r'(?:forwards?|backwards?|back|ahead|left|right|straight)\b', thing)
        roles.append(('Direction' if ahead else 'Goal', thing))
    path = [phrase for phrase in phrases if re.match(r'(?:along|through|by)\b', phrase)]
    roles.append(('Path', ' '.join(path)))
    roles.append(('Goal', ' '.join(phrase for phrase in phrases if phrase not in path)))
    return tuple(role for role in roles if role[1])


def _being(verb: str, before: str, rest: str) -> Frame | None:
    """'There is a book on the table', 'this is a bedroom'."""
    subject = _SUBJECT.search(before)
    about = subject[1].strip() if subject else ''
    if verb.startswith('there'):
        about, phrases = _split(rest)
        rest = ' '.join(phrases)
    elif about and re.match(r'(?:a|an|the)\b', rest):
        found = (('Item', about), ('Category', rest))
        return Frame(name='Being_in_category', verb=verb, roles=found)
    elif not re.match(rf'{PREPOSITION}\b', rest):
        return None
    theme = 'that' if about.endswith('that') else about
    roles = (('Theme', theme), ('Location', rest))
    return Frame(name='Being_located', verb=verb, roles=tuple(r for r in roles if r[1]))


def _split(rest: str) -> tuple[str, list[str]]:
    """What stands before the first preposition, and the phrases after it."""
    begins = re.match(rf'{PREPOSITION}\b', rest)
    thing, *phrases = _PHRASE.split(f' {rest}' if begins else rest)
    return thing.strip(), [phrase.strip() for phrase in phrases]
