# SPDX-License-Identifier: Apache-2.0
"""What happened to the robot in the last minute: all that a model sees besides the moment. Pure.

The words are the planner's own. Nothing that a peer, an operator or a sensor wrote gets in here,
and none is a skill's name: a small model repeats what it has just read.
"""

from collections import Counter
from dataclasses import dataclass
from enum import Enum

WINDOW_S = 60.0
"""Older events are forgotten [s]."""
MOST = 8
"""Of more events within the window the newest are kept."""


class Word(str, Enum):
    """What can have happened."""

    BEGUN = 'began'
    COMPLETED = 'completed'
    FAILED = 'failed'
    RECALLED = 'recalled'
    BLOCKED = 'blocked'
    SURPRISED = 'surprised'
    """The world was not as expected: a violation."""
    HELD = 'held'
    """It had to stand: a stop, a law, a sensor, the battery."""
    STOOD = 'stood'
    """It waited, as an aside before the order."""
    MADE_WAY = 'made way'
    LOOKED = 'looked'


CALLED = {'wait': Word.STOOD, 'yield': Word.MADE_WAY, 'explore': Word.LOOKED}
"""What an aside is called once it was taken."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that happened."""

    stamp_ns: int
    """Monotonic."""
    word: Word


def grown(events: tuple[Event, ...], word: Word, now_ns: int) -> tuple[Event, ...]:
    """The buffer with one more event, and without what is too old or too much."""
    return (*fresh(events, now_ns), Event(stamp_ns=now_ns, word=word))[-MOST:]


def fresh(events: tuple[Event, ...], now_ns: int) -> tuple[Event, ...]:
    """What lies within the window, the oldest first."""
    return tuple(one for one in events if now_ns - one.stamp_ns <= WINDOW_S * 1e9)


def in_words(events: tuple[Event, ...], now_ns: int) -> str:
    """The window in a few words, e.g. 'began, blocked x2, stood'; empty when it is."""
    counts = Counter(one.word for one in fresh(events, now_ns))
    return ', '.join(
        word.value if number == 1 else f'{word.value} x{number}' for word, number in counts.items()
    )
