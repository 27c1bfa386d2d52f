# SPDX-License-Identifier: Apache-2.0
"""What a recorded topic's type looks like as text, as rosbag2 writes it into a bag.

It is made from the message class itself, so it needs no .msg files and fits what is serialized.
"""

import importlib
import re
from collections.abc import Iterator
from typing import Any

from swarm_vault.raw_bag import Topic

_WORDS = {'float': 'float32', 'double': 'float64', 'boolean': 'bool', 'octet': 'byte'}
_SEQUENCE = re.compile(r'sequence<(.+?)(?:, (\d+))?>')
_RULE = '=' * 80


def topic_of(name: str, type_: Any) -> Topic:
    """Describe a topic.

    Args:
        name: Its resolved name.
        type_: The message class.
    """
    parts = dict(_definitions(type_))
    (own, text), *others = parts.items()
    definition = '\n'.join([text, *(f'{_RULE}\nMSG: {used}\n{more}' for used, more in others)])
    return Topic(name=name, type_=own.replace('/', '/msg/'), definition=definition)


def _definitions(type_: Any) -> Iterator[tuple[str, str]]:
    """Name and text of a type, then of those that it uses."""
    package = type_.__module__.partition('.')[0]
    fields = {name: _word(text) for name, text in type_.get_fields_and_field_types().items()}
    yield (
        f'{package}/{type_.__name__}',
        ''.join(f'{word} {name}\n' for name, word in fields.items()),
    )
    for word in fields.values():
        used, slash, name = word.partition('[')[0].partition('/')
        if slash:
            yield from _definitions(getattr(importlib.import_module(f'{used}.msg'), name))


def _word(text: str) -> str:
    """A field's type: 'sequence<float>' is 'float32[]', 'double[36]' is 'float64[36]'."""
    found = _SEQUENCE.fullmatch(text)
    if found is not None:
        bound = f'<={found[2]}' if found[2] else ''
        return f'{_word(found[1])}[{bound}]'
    base, bracket, size = text.partition('[')
    return _WORDS.get(base, base) + bracket + size
