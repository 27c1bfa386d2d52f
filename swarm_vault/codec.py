# SPDX-License-Identifier: Apache-2.0
"""Plain dataclasses to JSON bytes and back, exactly: every float, every byte, every enum.

Infinite and undefined floats travel as the strings 'Infinity', '-Infinity' and 'NaN', bytes as
URL-safe base64, so that what is written is JSON for every reader.
"""

from collections.abc import Callable
from dataclasses import make_dataclass
from functools import cache, cached_property
from types import GenericAlias
from typing import Any, Generic, Protocol, TypeVar, cast

from pydantic import ConfigDict, TypeAdapter, ValidationError
from pydantic_core import PydanticSerializationError, from_json, to_json

from swarm_vault.core import Core
from swarm_vault.errors import VaultError

T = TypeVar('T')

_CONFIG = ConfigDict(
    ser_json_bytes='base64', val_json_bytes='base64', ser_json_inf_nan='strings', extra='forbid'
)


class Codec(Generic[T]):
    """Encode and decode values of one dataclass. One per type is enough: see `codec_of`."""

    def __init__(self, type_: type[T]) -> None:
        # A dataclass of the standard library takes its configuration from what contains it.
        container: Any = GenericAlias(tuple, (type_,))
        self._adapter: TypeAdapter[Any] = TypeAdapter(container, config=_CONFIG)
        # The adapter's own methods pass a dozen arguments on: as long as a small value takes.
        self._to_json = self._adapter.serializer.to_json
        self._from_json = self._adapter.validator.validate_json
        self._name = type_.__name__

    def encode(self, value: T) -> bytes:
        """Encode a value as canonical JSON bytes.

        Raises:
            VaultError: A field holds something else than the type says.
        """
        try:
            return self._to_json((value,), warnings='error')[1:-1]
        except (PydanticSerializationError, UnicodeEncodeError) as error:
            reason = ' '.join(str(error).split())
            raise VaultError(f'{self._name}: cannot be recorded ({reason}); mend it') from error

    def encode_plain(self, value: T) -> Any:
        """Encode a value as plain JSON values, to stand inside an event."""
        return from_json(self.encode(value))

    def decode_plain(self, plain: Any) -> T:
        """Decode what `encode_plain` made.

        Raises:
            VaultError: It is something else.
        """
        try:
            return self.decode(to_json(plain))
        except (PydanticSerializationError, RecursionError) as error:
            raise VaultError(f'{self._name}: is no plain value ({error})') from error

    def decode(self, data: bytes) -> T:
        """Decode what `encode` wrote.

        Raises:
            VaultError: The bytes are no such value.
        """
        try:
            return cast('T', self._from_json(b'[' + data + b']')[0])
        except ValidationError as error:
            fault = error.errors(include_url=False)[0]
            field = '.'.join(str(part) for part in fault['loc'][1:]) or 'value'
            raise VaultError(
                f'{self._name}.{field}: {fault["msg"]}; the record does not fit the type'
            ) from error

    @cached_property
    def json_schema(self) -> dict[str, Any]:
        """The JSON Schema of the encoded form."""
        return self._adapter.json_schema(mode='serialization')


class Frame(Protocol):
    """One decision: what the core was given and what it answered."""

    i: Any
    o: Any


@cache
def frame_type(core: Core[Any, Any, Any, Any]) -> Callable[[Any, Any], Frame]:
    """The type of a core's frames, encoded as `{"i": inputs, "o": outputs}`."""
    fields = [('i', core.inputs), ('o', core.outputs)]
    return make_dataclass(f'{core.name}_frame', fields, slots=True)


_CODECS: dict[type[Any], Codec[Any]] = {}


def codec_of(type_: type[T]) -> Codec[T]:
    """The codec of a type, built once."""
    if type_ not in _CODECS:
        _CODECS[type_] = Codec(type_)
    return _CODECS[type_]


def frame_codec(core: Core[Any, Any, Any, Any]) -> Codec[Frame]:
    """The codec of a core's frames, built once."""
    return codec_of(cast('type[Frame]', frame_type(core)))
