# SPDX-License-Identifier: Apache-2.0
"""One line of a log: a CloudEvents object in one pinned form, chained to the line before. Pure."""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache
from hashlib import sha256
from typing import Any, NamedTuple, TypeAlias, cast

import orjson
from pydantic_core import from_json

from swarm_vault.errors import VaultError

JsonValue: TypeAlias = (
    'bool | int | float | str | Sequence[JsonValue] | Mapping[str, JsonValue] | None'
)

GENESIS = '0' * 64
"""What the first line of a chain carries as `prev`."""
KEYS = (
    'causes', 'data', 'id', 'kind', 'prev', 'seq', 'source', 'specversion', 'time_ns', 'type',
)  # fmt: skip
"""The fields of a line, in their order."""
MAX_LINE_BYTES = 2_000_000
"""A longer event is refused: it belongs into a bag."""
_SHALLOW_BYTES, _SHALLOW = 600, 100
"""Shorter lines, or with fewer brackets, are not nested so deeply that no reader takes them."""

_UNFIT = (TypeError, ValueError, RecursionError)
_begun = sha256().copy
"""A copy of an empty hash: OpenSSL makes that a quarter faster than a new one."""
_EXPONENT = re.compile(rb'e(?<=[0-9]e)[-+0-9]')
_ENCODER = json.JSONEncoder(
    sort_keys=True, separators=(',', ':'), ensure_ascii=False, allow_nan=False
)


def _made_once() -> Callable[[object], str]:
    """The encoder without what `JSONEncoder.encode` makes anew for every call, where C has it."""
    make = getattr(json.encoder, 'c_make_encoder', None)
    text = getattr(json.encoder, 'c_encode_basestring', None)
    if make is None or text is None:
        return _ENCODER.encode
    parts = make(None, _ENCODER.default, text, None, ':', ',', True, False, False)
    return lambda value: ''.join(parts(value, 0))


_encode = _made_once()


class Kind(str, Enum):
    """What an event tells about."""

    DECISION = 'DECISION'
    STATE_CHANGE = 'STATE_CHANGE'
    MESSAGE = 'MESSAGE'
    VIOLATION = 'VIOLATION'
    SYSTEM = 'SYSTEM'


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """An event before it gets its place in a chain."""

    kind: Kind
    type_: str
    data: Mapping[str, JsonValue]
    causes: tuple[str, ...] = ()


class Link(NamedTuple):
    """The end of a chain: the next line carries `seq` and `prev`."""

    seq: int = 0
    prev: str = GENESIS


def encode_json(value: object) -> bytes:
    """Encode in the one form that the vault writes: sorted keys, no spaces, UTF-8, no NaN.

    Raises:
        VaultError: The value is no JSON or holds an infinite or undefined number.
    """
    try:
        return _encode(value).encode()
    except _UNFIT as error:
        raise _refusal(error) from error


def encode_line(event: Event, link: Link, *, agent_id: str, writer: str, time_ns: int) -> bytes:
    """Encode an event as the next line of a chain, without the newline.

    Raises:
        VaultError: The event is no JSON or too long for a log.
    """
    # The keys stand in their sorted order; only what callers bring needs the encoder.
    try:
        data = _encode({'causes': event.causes, 'data': event.data})[:-1]
        line = (
            f'{data},"id":"{agent_id}/{writer}/{link.seq}","kind":"{event.kind.value}",'
            f'"prev":"{link.prev}","seq":{link.seq},"source":"/agents/{agent_id}/{writer}",'
            f'"specversion":"1.0","time_ns":{time_ns},"type":{_encode_type(event.type_)}}}'
        ).encode()
    except _UNFIT as error:
        raise _refusal(error) from error
    if len(line) > _SHALLOW_BYTES:
        _refuse_deep(line, event.type_)
    if len(line) > MAX_LINE_BYTES:
        raise VaultError(
            f'event {event.type_!r} has {len(line)} bytes, a line at most {MAX_LINE_BYTES};'
            ' put large data into a bag and its digest into the event'
        )
    return line


def _refuse_deep(line: bytes, type_: str) -> None:
    """What cannot be read again must not be written."""
    if line.count(b'[') + line.count(b'{') <= _SHALLOW:
        return
    try:
        parse_line(line)
    except VaultError as error:
        raise VaultError(
            f'event {type_!r} could not be read again: {error}; nest its data less deeply'
        ) from error


@lru_cache(maxsize=1024)
def _encode_type(type_: str) -> str:
    return _encode(type_)


def _refusal(error: Exception) -> VaultError:
    return VaultError(
        f'event data is no JSON ({error}); give finite numbers, strings, lists and dicts'
    )


def line_hash(line: bytes) -> str:
    """The hash by which the next line refers to this one: SHA-256, hex."""
    digest = _begun()
    digest.update(line)
    return digest.hexdigest()


def parse_line(line: bytes) -> dict[str, Any]:
    """Read a stored line: UTF-8, one JSON object with a sequence number.

    Raises:
        VaultError: It is not what `encode_line` writes.
    """
    try:
        value = from_json(line, allow_inf_nan=False)
    except ValueError as error:
        raise VaultError(f'line is no JSON ({error})') from error
    if not isinstance(value, dict) or type(value.get('seq')) is not int:
        raise VaultError('line is no event: expected an object with an integer seq')
    return cast('dict[str, Any]', value)


def read_pinned(line: bytes) -> dict[str, Any] | None:
    """Read a line that a quick look shows to be in the pinned form; None: look closer.

    orjson sorts and prints as the pinned encoder does, but for floats that the latter prints with
    an exponent (below 1e-4, from 1e16 on): lines whose data may hold one are left to the closer
    look. Behind the data, from the key `id` on, stand digits and no floats.
    """
    own = line.rfind(b',"id":"')
    if b'0.0000' in line or _EXPONENT.search(line, 0, own) is not None:
        return None
    try:
        value = orjson.loads(line)
        same = orjson.dumps(value, option=orjson.OPT_SORT_KEYS) == line
    except (ValueError, TypeError):  # the latter of data that is nested deeply
        return None
    return value if same and type(value) is dict else None


def is_pinned(line: bytes, value: Mapping[str, Any]) -> bool:
    """Whether a line that reads as this value is in the one form that the vault writes."""
    try:
        return encode_json(value) == line
    except VaultError:
        return False
