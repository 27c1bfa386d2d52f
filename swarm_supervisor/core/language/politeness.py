# SPDX-License-Identifier: Apache-2.0
"""What is said around an order out of politeness: 'could you … please?'."""

import re

_BEFORE = re.compile(
    r'^(?:(?:hey|hi|hello|ok|okay|robot|please|kindly)[,!:]? '
    r'|(?:could|can|would|will) (?:you|someone|somebody|a robot|one of you) '
    r"|(?:i|we) (?:want|need|would like) you to |(?:i|we)'d like you to "
    r'|(?:someone|somebody|a robot|one of you) (?:should|must|shall|has to) )+'
)
_AFTER = re.compile(r'(?:,? (?:please|thanks|thank you))*[ .!?]*$')


def without_politeness(words: str) -> str:
    """The order alone.

    Args:
        words: In small letters, single spaces.
    """
    return _AFTER.sub('', _BEFORE.sub('', words))
