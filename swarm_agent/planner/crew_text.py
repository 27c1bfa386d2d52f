# SPDX-License-Identifier: Apache-2.0
"""News of a shared survey as a text on the mission's blackboard, signed there by its author."""

import base64
import binascii
import hashlib
import json
import math
import zlib
from collections.abc import Sequence
from typing import Any

from swarm_agent.planner.core.orders import CrewPart
from swarm_agent.planner.core.sweep.crew import News

SECTION = 'crew'
MOST_CHARACTERS = 2000
"""A text on the blackboard may be so long."""
_MOST_BYTES = 1 << 20


def crew_key(crew: Sequence[CrewPart]) -> str:
    """Names one division of one floor: news of another one mean nothing here.

    All robots of the crew name it alike, whichever floor each of them can stand on.
    """
    said = sorted(part.agent_id.encode() + part.bits for part in crew)
    return hashlib.sha256(b'|'.join(said)).hexdigest()[:16]


def to_text(news: News, key: str) -> str:
    """News as text; longer than a board takes where the floor is too large."""
    return json.dumps(
        {
            'crew': key,
            'stamp_ns': news.stamp_ns,
            'part': _squeezed(news.part),
            'done': _squeezed(news.done),
            'cell': news.cell,
            'load': round(news.load, 1),
        }
    )


def from_text(text: str, author: str, key: str) -> News | None:
    """What a peer wrote; None where it makes no sense or is of another division."""
    try:
        said: dict[str, Any] = json.loads(text)
        if said['crew'] != key:
            return None
        load = float(said['load'])
        return News(
            agent_id=author,
            stamp_ns=int(said['stamp_ns']),
            part=_spread(said['part']),
            done=_spread(said['done']),
            cell=int(said['cell']),
            load=load if math.isfinite(load) else 0.0,
        )
    except (ValueError, TypeError, KeyError, OverflowError, zlib.error, RecursionError):
        return None


def _squeezed(bits: bytes) -> str:
    return base64.b64encode(zlib.compress(bits, 9)).decode()


def _spread(text: str) -> bytes:
    """Unpack, but never more than a board can hold."""
    try:
        packed = base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise ValueError(str(error)) from error
    return zlib.decompressobj().decompress(packed, _MOST_BYTES)
