# SPDX-License-Identifier: Apache-2.0
"""What an order asks for that no skill card holds, so that a refusal can say so."""

import re
from enum import Enum


class Faculty(str, Enum):
    """Something that robots of other kinds can do; the values end 'none can …'."""

    HANDLE = 'handle things with an arm'
    SEE = 'take pictures or tell what is seen in them'
    SPEAK = 'speak or send messages to people'
    SYSTEM = 'look into or change the software'


_CUES = {
    Faculty.HANDLE: (
        r'\b(?:arm|grippers?|manipulat\w+|grab\w*|grasp\w*|grip|lift\w*|stack\w*'
        r'|sort\w*|align\w*|rotate|pour\w*|assemble|push\w*|pull\w*)\b'
        r'|\b\d+ ?(?:mm|cm|centimet\w+)\b'
    ),
    Faculty.SEE: (
        r'\b(?:cameras?|images?|photos?|photograph\w*|pictures?|videos?|point ?clouds?|depth|rgb'
        r'|segment\w*|detect\w*|recogni[sz]e\w*|identif\w+|classif\w+|positions of)\b'
        r'|\bget the .* positions?\b'
    ),
    Faculty.SPEAK: (
        r'\b(?:tell|say|speak|announce|inform|notif\w+|messages?|report|audio|sound|alert|greet'
        r'|explain|describe|ask)\b'
    ),
    Faculty.SYSTEM: (
        r'\b(?:topics?|services?|parameters?|spawn\w*|respawn\w*|simulat\w+|logs?|configur\w+'
        r'|reconfigur\w+|documentation|robot description|nodes?|database|software|quer(?:y|ies))\b'
    ),
}
_ALLOWED = re.compile(r'(?:^|(?<=[.!?] ))you (?:can|may) [^.]*(?:\.(?=\d)[^.]*)*\.?')
"""What one may do is not asked for."""
_CALLED = re.compile(r"\b(?:call|publish\w*)\b.*?\b(?:service|topic)\b(?: '[^']*'| \"[^\"]*\")?")
"""The service or topic that is called is the way, not what is asked for."""


def faculties(words: str) -> tuple[Faculty, ...]:
    """The faculties that an order speaks of.

    Args:
        words: The order in small letters.
    """
    text = _CALLED.sub(_name_of, _ALLOWED.sub(' ', words))
    return tuple(faculty for faculty, cues in _CUES.items() if re.search(cues, text))


def _name_of(match: re.Match[str]) -> str:
    """The words in the name of what is called: '/get_log_digest' speaks of a log."""
    return re.sub(r'\b(?:service|topic)\b|[^a-z0-9]+', ' ', match[0].lower())
