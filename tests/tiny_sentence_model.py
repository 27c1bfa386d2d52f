# SPDX-License-Identifier: Apache-2.0
"""A real ONNX sentence model of a few words, written byte by byte as onnx.proto3 numbers it.

Its one layer looks a piece up in a table (`Gather`): vectors of words that mean the same are near.
"""

import struct
from collections.abc import Sequence
from pathlib import Path

PIECES = {
    '[UNK]': (0.05, 0.05, 0.05), '[CLS]': (0.1, 0.1, 0.1), '[SEP]': (0.1, 0.1, 0.1),
    'gate': (1.0, 0.0, 0.0), 'entrance': (0.9, 0.1, 0.0), 'door': (0.8, 0.0, 0.1),
    'box': (0.0, 1.0, 0.0), '##es': (0.0, 0.2, 0.0), 'crate': (0.0, 0.9, 0.1),
    'wet': (0.0, 0.0, 1.0), 'slippery': (0.1, 0.0, 0.9), '.': (0.0, 0.0, 0.0),
}  # fmt: skip
_FLOAT, _INT64 = 1, 7


def write_model(folder: Path, inputs: Sequence[str] = ('input_ids', 'attention_mask')) -> Path:
    """Write `model.onnx` and `vocab.txt`; returns the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / 'vocab.txt').write_text('\n'.join(PIECES) + '\n')
    (folder / 'model.onnx').write_bytes(_model(inputs))
    return folder


def _model(inputs: Sequence[str]) -> bytes:
    rows = [number for row in PIECES.values() for number in row]
    table = (
        _number(1, len(PIECES)) + _number(1, 3) + _number(2, _FLOAT)
        + _text(8, 'table') + _field(9, struct.pack(f'<{len(rows)}f', *rows))
    )  # fmt: skip
    node = _text(1, 'table') + _text(1, 'input_ids') + _text(2, 'layer') + _text(4, 'Gather')
    graph = _field(1, node) + _text(2, 'tiny') + _field(5, table)
    for name in inputs:
        graph += _field(11, _value(name, _INT64, ('texts', 'pieces')))
    graph += _field(12, _value('layer', _FLOAT, ('texts', 'pieces', 3)))
    return _number(1, 8) + _field(7, graph) + _field(8, _number(2, 13))


def _value(name: str, kind: int, shape: Sequence[str | int]) -> bytes:
    sizes = (_number(1, s) if isinstance(s, int) else _text(2, s) for s in shape)
    dimensions = b''.join(_field(1, size) for size in sizes)
    return _text(1, name) + _field(2, _field(1, _number(1, kind) + _field(2, dimensions)))


def _varint(number: int) -> bytes:
    low, rest = number & 0x7F, number >> 7
    return bytes([low | 0x80]) + _varint(rest) if rest else bytes([low])


def _number(field: int, number: int) -> bytes:
    return _varint(field << 3) + _varint(number)


def _field(field: int, content: bytes) -> bytes:
    return _varint(field << 3 | 2) + _varint(len(content)) + content


def _text(field: int, text: str) -> bytes:
    return _field(field, text.encode())
