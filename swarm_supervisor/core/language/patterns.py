# SPDX-License-Identifier: Apache-2.0
"""What kind of mission a sentence asks for: visit, order, patrol, avoid, count, wait, react.

The kinds are the specification patterns for robotic missions (Menghi et al., IEEE TSE 2019). Rules
are tried in their order; each looks for a cue that the kinds after it do not have.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum

from swarm_supervisor.core.language.names import mark_names


class Pattern(str, Enum):
    """Kinds of missions; the values are those of the catalogue."""

    VISIT = 'visit'
    SEQUENCED_VISIT = 'sequenced_visit'
    ORDERED_VISIT = 'ordered_visit'
    STRICTLY_ORDERED_VISIT = 'strictly_ordered_visit'
    PATROLLING = 'patrolling'
    GLOBAL_AVOIDANCE = 'global_avoidance'
    PAST_AVOIDANCE = 'past_avoidance'
    FUTURE_AVOIDANCE = 'future_avoidance'
    AT_MOST = 'upper_restricted_avoidance'
    AT_LEAST = 'lower_restricted_avoidance'
    EXACTLY = 'exact_restricted_avoidance'
    WAIT = 'wait'
    DELAYED_REACTION = 'delayed_reaction'
    PROMPT_REACTION = 'prompt_reaction'
    BOUND_DELAY = 'bound_delay'


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What was understood."""

    pattern: Pattern
    places: tuple[str, ...]
    """In the order in which the sentence names them."""
    times: int = 1
    """Of the kinds that count."""


_NUMBERS = {
    'once': 1, 'one': 1, 'single': 1, 'twice': 2, 'two': 2, 'thrice': 3, 'three': 3, 'four': 4,
    'five': 5, 'six': 6, 'seven': 7, 'eight': 8, 'nine': 9, 'ten': 10,
}  # fmt: skip
_P = r'@\d+@,?'
_NOT = (
    r"\b(?:not|never|don't|cannot|can't|avoid\w*|prohibited|no)\b|\baway from\b"
    r'|\b(?:keep|stay|steer|remain) (?:out|off|clear)\b|\boff limits\b'
)
_STAY = (
    r'\b(?:stay|remain|wait|hold position|keep going on|do not leave|leave)\b.*'
    r'\b(?:until|till|as long as|otherwise)\b|\botherwise (?:stay|remain)\b|\bfeel free to leave\b'
    r'|\b(?:until|till)\b.*\b(?:stay|remain|wait)\b|\bafter\b.*\botherwise stay\b'
    r'|\bdo not leave\b.*\bbefore\b'
)
_ENDLESS = (
    r'\binfinit\w+|\brepeatedly\b|\bcontinu(?:e|ously)\b|\bcease\b|\bagain and again\b'
    r'|\bkeep (?:on )?(?:visiting|going|moving|travel\w*)|\bno limits?\b|\bendless\w*'
    r'|\b(?:never|not) (?:to )?(?:stop|cease)\b(?! until)|\bfinite\b|\bforever\b|\bfrequent\b'
    r'|\balways (?:be )?visiting\b'
)
_EXACT = (
    r'\bexact\w*|\bno more no less\b|\bmore or less\b|\bgreater or fewer\b|\bany fewer\b'
    r'|\bnever (?:revisit|come back)|\bvisit it any ?more\b|\brequired number\b|\bonly one\b'
    r'|\bonly (?:once|twice)\b|\bneither more\b'
)
_MOST = (
    r'\bat most\b|\bmaximum\b|\bmore than\b(?=.*\bprohibited\b)|(?:not|never)\b.*\bmore than\b'
    r'|\bagain after\b|\block\w*\b|\bzero times\b|\bvisit it again\b|\bno more than\b|\bup to\b'
)
_LEAST = (
    r'\bat least\b|\bminimum\b|\bor more\b|\bless than\b|\bfewer than\b|\bmore than\b'
    r'|\b(?:separate|distinct|different) (?:instances|occasions|times|visits)\b'
    r'|\btimes\b|\btwice\b|\bthrice\b|\bonce again\b'
)
_MORE = r'\bonce again\b|\bone more time\b|\brepeat\b.*\bmore\b|\bmore times? after\b'
"""What is counted comes after a first visit."""
_BOUND = (
    r'\bonly and only\b|\bif and only if\b|\bright before\b|\bimmediately before\b'
    r'|\bonly then (?:is|should)\b|\bimmediately previous\b|\bany other time\b'
    r'|\bcan only\b.*\b(?:immediately|right) after\b|\bonly\b.*\bvery next\b'
    r'|\bnowhere else\b.*\bnowhere else\b'
)
_PROMPT = (
    r'\bimmediate\w*|\bright after\b|\bas soon as\b|\bvery next\b|\banywhere but\b'
    r'|\bnext (?:time|step|instant|moment)\b|\bnowhere else\b|\binstantly\b|\bat once\b'
    r'|\bdirectly after\b|\bstraight\b'
)
_IF = r'\b(?:if|whenever|when|once|every time|each time|in case|upon|always after|seeing)\b'
_AFTERWARDS = r'\b(?:after(?:wards?)?|any ?more|from then|subsequent\w*|once|future)\b'
_ONCE_EACH = (
    r'\bonce\b(?! the\b| you\b| @)|\bone (?:time|visit)\b|\bwithout (?:returning|revisiting)\b'
    r'|\bnever (?:return|revisit|visit it again|go back)\b|\brevisit\b|\brepeated visits\b'
    r'|\bonly one\b|\bjust visit\b|\bnot return\b'
)
_ORDER_KEPT = (
    r'\bonly then\b|\bonly after\b|\bonly go\b|\bstrict\w*|\bwithout\b|\bspecific order\b'
    r'|\bout of (?:turn|order)\b|\bbefore\b|\buntil\b|\bdirectly\b|\bnot through\b|\bbypass\b'
)
_SEQUENCE = (
    r'\bthen\b|\bafter\w*\b|\bfollowed\b|\bone (?:after|by)\b|\bconsecutive\w*|\bnext\b'
    r'|\bin (?:this|that|the) (?:\w+ )?order\b|\bfinally\b|\blater\b|\bin sequence\b'
    r'|\bfrom @.*\bto @|\bfirst\b|\bsequen\w+'
)
_ANY_ORDER = (
    r'\bany order\b|\bno particular order\b|\barbitrary\b|\bany sequence\b|\bpick one\b'
    r'|\bto the other\b|(?<!any )\bone of\b|\bthe other one\b'
)
_RELATED = r'\b(?:then|after|before|until|once|without|order|sequence|first)\b'
_BARRED_BEFORE = (
    rf'\b(?:avoid|never|not|keep away|stay away)\b.*{_P}.*\b(?:until|before|when|unless)\b.*{_P}'
    rf'|\bcan\b.*{_P} but only after|\bsee {_P} before\b|\b(?:unseen|not seen)\b'
)
_COMMANDED = (
    rf'\b(?:and|then|also|but)\b.*\b(?:visit|go to|reach)\b {_P}'
    r'|^(?:visit|go|reach|head|navigate)\b|\bonly once\b|\bin turn\b|\brevisit\b|\bwithout\b'
    r'|\bensure\b'
)
_MUST = r'\b(?:must|have to|need to|should|also|ensure|has to)\b'


def read_pattern(sentence: str, known: Iterable[str]) -> Reading | None:
    """Read a mission; None where no known place is named."""
    marked = mark_names(sentence, known)
    if not marked.names:
        return None
    text = marked.text
    pattern = _one(text) if len(marked.names) == 1 else _several(text, len(marked.names))
    return Reading(pattern=pattern, places=marked.names, times=_times(text, pattern))


def _has(cue: str, text: str) -> bool:
    return re.search(cue, text) is not None


def _one(text: str) -> Pattern:
    """A mission about one place."""
    if _has(_ENDLESS, text):
        return Pattern.PATROLLING
    if _has(r'\bat least\b|\bor more\b|\bonce again\b', text):
        return Pattern.AT_LEAST
    if _has(_EXACT, text) or _has(r'\bthen leave\b|\bonce and (?:never|do not)\b', text):
        return Pattern.EXACTLY
    return _counted(text)


def _counted(text: str) -> Pattern:
    if _has(_MOST, text):
        return Pattern.AT_MOST
    always = r'\b(?:never|not)\b.*\bsingle\b|\bat all costs\b|\bat any time\b'
    if _has(always, text) or (_has(_NOT, text) and not _has(_LEAST, text)):
        return Pattern.GLOBAL_AVOIDANCE
    return Pattern.AT_LEAST if _has(_LEAST, text) else Pattern.VISIT


def _several(text: str, count: int) -> Pattern:
    """A mission about several places."""
    pair = _pair(text) if count == 2 else None
    if pair is not None:
        return pair
    if _has(_ENDLESS, text) and not _has(r'\bstop until\b', text):
        return Pattern.PATROLLING
    if _has(_ANY_ORDER, text):
        return Pattern.VISIT
    bars = _has(_NOT, text) or _has(r'\banywhere but\b', text)
    if bars and not _has(_RELATED, text) and not _has(r'\bstop\b', text):
        return Pattern.GLOBAL_AVOIDANCE
    return _order(text)


def _order(text: str) -> Pattern:
    kept = _has(_ORDER_KEPT, text) or _has(_NOT, text)
    if _has(_ONCE_EACH, text) and not _has(r'\bat least once\b', text):
        return Pattern.STRICTLY_ORDERED_VISIT
    if kept and not _has(r'\bstop until\b', text):
        return Pattern.ORDERED_VISIT
    return Pattern.SEQUENCED_VISIT if _has(_SEQUENCE, text) else Pattern.VISIT


def _pair(text: str) -> Pattern | None:
    """Kinds that relate exactly two places: wait, reactions, avoidance before and after."""
    if _has(_STAY, text) and not _has(r'\b(?:go|going) to\b.*\buntil\b', text):
        return Pattern.WAIT
    if _has(_ENDLESS, text) or _has(_ANY_ORDER, text):
        return None
    rules = (
        (Pattern.BOUND_DELAY, _has(_BOUND, text)),
        (
            Pattern.PROMPT_REACTION,
            _has(_PROMPT, text) and not _has(r'\bfirst\b|\bthen\b', text),
        ),
        (Pattern.PAST_AVOIDANCE, _has(_BARRED_BEFORE, text) and not _has(_COMMANDED, text)),
        (Pattern.FUTURE_AVOIDANCE, _bars_after(text)),
        (Pattern.DELAYED_REACTION, _reacts(text)),
    )
    return next((pattern for pattern, holds in rules if holds), None)


def _bars_after(text: str) -> bool:
    if not _has(_NOT, text) or _has(r'\bbefore\b|\buntil\b|\bwithout\b|\bthen\b', text):
        return _has(r'\blocks?\b.*\bfrom\b', text)
    return _has(_AFTERWARDS, text) or _has(_IF, text)


def _reacts(text: str) -> bool:
    if _has(_NOT, text) or _has(r'\bonly\b|\bbefore\b|\bfirst\b', text):
        return False
    return _has(_MUST, text) and (_has(_IF, text) or _has(r'\bafter\b', text))


def _times(text: str, pattern: Pattern) -> int:
    if pattern not in (Pattern.AT_MOST, Pattern.AT_LEAST, Pattern.EXACTLY):
        return 1
    words = re.findall(r'[a-z]+|\d+', re.sub(r'@\d+@', ' ', text))
    found = [int(w) if w.isdigit() else _NUMBERS[w] for w in words if w.isdigit() or w in _NUMBERS]
    return (found[0] if found else 1) + _has(_MORE, text)
