# SPDX-License-Identifier: Apache-2.0
"""A BERT-like sentence model as an ONNX file, run by onnxruntime on one thread.

Texts go in one by one: the scales of an int8 model are those of the whole batch, so that company
would change a text's vector.
"""

import hashlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from swarm_vault.errors import VaultError
from swarm_vault.meaning.port import Vector
from swarm_vault.meaning.wordpiece import WordPieces

LONGEST = 128
"""Word pieces of a text that are read."""
_INPUTS = frozenset({'input_ids', 'attention_mask', 'token_type_ids'})


class OnnxEncoder:
    """Mean of the last layer over a text's pieces, made one long (Reimers, Gurevych 2019)."""

    def __init__(self, model: Path, vocabulary: Path) -> None:
        """Load a model; takes some tenths of a second.

        Args:
            model: ONNX file with the inputs `input_ids` and `attention_mask`, perhaps
                `token_type_ids`; its first output has the shape (texts, pieces, dimensions), or
                (texts, dimensions).
            vocabulary: Its word pieces, uncased, one a line.

        Raises:
            VaultError: A file is missing or not of that kind, or onnxruntime is not installed.
        """
        content = _content(model)
        pieces = _content(vocabulary)
        self._pieces = WordPieces(pieces.decode('utf-8', 'replace').split('\n'))
        digest = hashlib.sha256(hashlib.sha256(content).digest() + pieces)
        self._model_id = f'{model.parent.name}/{model.name}@{digest.hexdigest()[:16]}'
        try:
            import onnxruntime
        except ImportError as error:
            raise VaultError('onnxruntime is not installed; ./swarm setup --recall') from error
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = 4
        try:
            self._session = onnxruntime.InferenceSession(
                content, options, providers=['CPUExecutionProvider']
            )
        except Exception as error:  # onnxruntime's errors share no other base
            raise VaultError(f'{model}: no ONNX model ({_first_line(error)})') from error
        self._inputs = frozenset(one.name for one in self._session.get_inputs())
        if not {'input_ids', 'attention_mask'} <= self._inputs <= _INPUTS:
            raise VaultError(
                f'{model}: expected the inputs input_ids and attention_mask (and perhaps'
                f' token_type_ids), found {", ".join(sorted(self._inputs))}'
            )

    @property
    def model_id(self) -> str:
        """File name and digest of model and vocabulary."""
        return self._model_id

    def vectors(self, texts: Sequence[str]) -> tuple[Vector, ...]:
        """One unit vector a text.

        Raises:
            VaultError: The model failed, or its output has no such shape.
        """
        return tuple(self._vector(text) for text in texts)

    def _vector(self, text: str) -> Vector:
        numbers = np.array([self._pieces.numbers(text, LONGEST)], dtype=np.int64)
        fed = {
            'input_ids': numbers,
            'attention_mask': np.ones_like(numbers),
            'token_type_ids': np.zeros_like(numbers),
        }
        try:
            found = self._session.run(None, {name: fed[name] for name in self._inputs})[0]
        except Exception as error:  # onnxruntime's errors share no other base
            raise VaultError(f'{self._model_id}: failed ({_first_line(error)})') from error
        layer = np.asarray(found, dtype=np.float32)
        mean = layer[0].mean(axis=0) if layer.ndim == 3 and len(layer) == 1 else layer.reshape(-1)
        length = float(np.linalg.norm(mean))
        if layer.ndim not in {2, 3} or not np.isfinite(length) or length == 0.0:
            raise VaultError(f'{self._model_id}: expected finite numbers, shape {layer.shape}')
        return np.asarray(mean / length, dtype=np.float32)


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise VaultError(f'{path}: cannot be read ({error.strerror})') from error


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:200]
