# SPDX-License-Identifier: Apache-2.0
"""How a call ends that cannot be read, or that the disk does not bear: in one sentence.

gRPC would print a traceback here and tell the caller the name of a Python class.
"""

import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import grpc
import grpc.aio
from google.protobuf.message import DecodeError

from swarm_config.errors import ConfigError
from swarm_vault.errors import VaultError

_NOT_KEPT = (OSError, sqlite3.Error, VaultError, ConfigError)
"""What a disk that is full, torn or not ours raises."""


class Manners(grpc.aio.ServerInterceptor):  # type: ignore[type-arg]
    """Wraps every method; a message that cannot be read reaches a stream as None."""

    async def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], Awaitable[Any]],
        details: grpc.HandlerCallDetails,
    ) -> Any:
        """Wrap the method that is called, if there is one."""
        handler = await continuation(details)
        if handler is None:
            return None
        reader = _reader(handler.request_deserializer)
        writer = handler.response_serializer
        if handler.request_streaming:
            return handler._replace(request_deserializer=reader)
        if handler.response_streaming:
            return grpc.unary_stream_rpc_method_handler(
                _many(handler.unary_stream), reader, writer
            )
        return grpc.unary_unary_rpc_method_handler(_one(handler.unary_unary), reader, writer)


def _reader(parse: Callable[[bytes], Any] | None) -> Callable[[bytes], Any] | None:
    if parse is None:
        return None

    def read(content: bytes) -> Any:
        try:
            return parse(content)
        except DecodeError:
            return None

    return read


def _one(method: Callable[[Any, Any], Awaitable[Any]]) -> Callable[[Any, Any], Awaitable[Any]]:
    async def answer(request: Any, context: Any) -> Any:
        await _see_that_it_was_read(request, context)
        try:
            return await method(request, context)
        except _NOT_KEPT as error:
            await context.abort(grpc.StatusCode.UNAVAILABLE, _sentence(error))

    return answer


def _many(
    method: Callable[[Any, Any], AsyncIterator[Any]],
) -> Callable[[Any, Any], AsyncIterator[Any]]:
    async def answer(request: Any, context: Any) -> AsyncIterator[Any]:
        await _see_that_it_was_read(request, context)
        try:
            async for reply in method(request, context):
                yield reply
        except _NOT_KEPT as error:
            await context.abort(grpc.StatusCode.UNAVAILABLE, _sentence(error))

    return answer


async def _see_that_it_was_read(request: Any, context: Any) -> None:
    if request is None:
        text = 'the request cannot be read: its bytes are no message of swarm/v1/operator.proto'
        await context.abort(grpc.StatusCode.INVALID_ARGUMENT, text)


def _sentence(error: Exception) -> str:
    told = ' '.join(str(error).split())[:300]
    return f'the supervisor cannot keep a record of it ({told}); mend its disk, then ask again'
