# SPDX-License-Identifier: Apache-2.0
"""The words that an order to drive may hold: what is not understood must not be passed over.

'Go to the dock if the gate is open' names two places and is no order to visit them. Who reads an
order by its cues asks here whether anything else stands in it.
"""

import re

from swarm_supervisor.core.language.patterns import Pattern

_DRIVE = """
    visit visits visiting visited go going reach reaching move moving travel traveling head
    heading drive driving navigate navigating proceed explore exploring patrol frequent swing pass
    passing stop by through direct yourself way make making find check inspect examine look have
    around come a an the and or then to at in on of from between into towards
    you your robot please must should shall need needs has is are be been will
    sure ensure see task that this there them it they which following
    first second third finally eventually sometime some point future now also next later last
    after afterward afterwards followed consecutively consecutive one another other others each
    all both any no particular arbitrary order sequence strictly strict specific exact turn like
    location locations place places stop stops waypoint waypoints landmark landmarks area areas
    """
_ORDERED = """
    not never do don't can cannot without avoid avoiding bypass bypassing skip skipping keep away
    stay staying only once while until till before directly previous returning return revisit
    revisiting repeated back again time single just but already been completed
    along path out turn exactly permitted allowed previously successor predecessor sequence
    follow as many times you want least leave leaving
    """
_COUNTED = """
    zero once one two three four five six seven eight nine ten twice thrice single time times
    exactly only just least most more than less fewer greater equal or no nor not never do don't
    can cannot any either neither minimum required number prohibited complete distinct separate
    different instances instance occasions occasion again anymore revisit come coming back leave
    leaving repeat while without each before but additional limit
    """
_ENDLESS = """
    keep keeping continue continuing continuously infinitely infinite endlessly endless forever
    repeatedly again always often cease not never do don't can cannot without number times finite
    limits limit allowed ceasing stopping between
    """
_WORDS = {
    Pattern.VISIT: _DRIVE,
    Pattern.SEQUENCED_VISIT: _DRIVE + _ORDERED,
    Pattern.ORDERED_VISIT: _DRIVE + _ORDERED,
    Pattern.STRICTLY_ORDERED_VISIT: _DRIVE + _ORDERED,
    Pattern.PATROLLING: _DRIVE + _ENDLESS,
    Pattern.EXACTLY: _DRIVE + _COUNTED,
    Pattern.AT_LEAST: _DRIVE + _COUNTED,
}
_KNOWN = {pattern: frozenset(words.split()) for pattern, words in _WORDS.items()}
_PHRASES = re.compile(
    r"\bat least once\b|\b(?:do not|don't) stop until\b|\bany order required\b"
    r'|\ball (?:two|three|four|five|six|seven|eight|nine|ten) (?:locations|places|stops|sites)\b'
)
"""Words that change nothing together, though one of them alone might."""
_COUNTS = (Pattern.EXACTLY, Pattern.AT_LEAST)


def strangers(text: str, pattern: Pattern) -> tuple[str, ...]:
    """The words that mean nothing in an order of this kind.

    Args:
        text: The sentence; names stand as '@<number>@'.
        pattern: A kind that is carried out by visits.
    """
    words = re.findall(r"[^\W\d_][\w']*|\d+", _PHRASES.sub(' ', re.sub(r'@\d+@', ' ', text)))
    known = _KNOWN[pattern]
    numbers = pattern in _COUNTS
    return tuple(
        word for word in words if word not in known and not (numbers and word.isdecimal())
    )
