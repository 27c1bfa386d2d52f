# SPDX-License-Identifier: Apache-2.0
"""One call of a language model in the cloud, inside the caps on tokens and money."""

import asyncio
import importlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from swarm_supervisor.core.spending import Usage
from swarm_supervisor.purse import Purse

Note = Callable[[str, Mapping[str, Any]], None]
"""Records what a model was asked and said: a type and its data."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelAccess:
    """Which model is asked, and where."""

    model: str
    api_key: str
    base_url: str | None = None
    """None: the provider's own."""
    timeout_s: float = 20.0
    max_tokens: int = 2048
    retries: int = 1


class ModelError(RuntimeError):
    """No answer came: the model was unreachable, slow or too dear."""


async def ask_model(access: ModelAccess, request: Mapping[str, Any], purse: Purse) -> Any:
    """The model's message; the most that it can cost is reserved first and settled afterwards.

    Raises:
        ModelError: The model was unreachable, slow or too dear.
    """
    most = _most(access, request)
    refusal = purse.reserve(most)
    if refusal:
        raise ModelError(f'the model {access.model} is not asked: {refusal}')
    sdk = await asyncio.to_thread(importlib.import_module, 'anthropic')
    client = sdk.AsyncAnthropic(
        api_key=access.api_key,
        base_url=access.base_url,
        timeout=access.timeout_s,
        max_retries=access.retries,
    )
    try:
        async with client:
            call = client.messages.create(**request)
            message = await asyncio.wait_for(call, access.timeout_s)
    except (sdk.AnthropicError, asyncio.TimeoutError, ValueError) as error:
        reason = ' '.join(str(error).split())[:300] or type(error).__name__
        raise ModelError(f'the model {access.model} gave no answer: {reason}') from error
    purse.settle(most, _used(message, most))
    return message


def text_of(message: Any) -> str:
    """All that a message says in words."""
    return ''.join(block.text or '' for block in message.content or () if block.type == 'text')


def _most(access: ModelAccess, request: Mapping[str, Any]) -> Usage:
    """The most that a call can take, retries included; three characters make a token or more."""
    written = json.dumps(request, ensure_ascii=False)
    once = len(written.encode('utf-8')) // 3
    tries = access.retries + 1
    return Usage(tokens_in=once * tries, tokens_out=request['max_tokens'] * tries)


def _used(message: Any, most: Usage) -> Usage:
    """What a call took; where the answer does not say, the most."""
    counts = [
        getattr(message.usage, name, None) or 0
        for name in ('input_tokens', 'cache_creation_input_tokens')
    ]
    out = getattr(message.usage, 'output_tokens', None)
    if not isinstance(out, int) or not all(isinstance(count, int) for count in counts):
        return most
    cached = getattr(message.usage, 'cache_read_input_tokens', None) or 0
    return Usage(tokens_in=max(0, sum(counts)), tokens_out=max(0, out), tokens_cached=cached)
