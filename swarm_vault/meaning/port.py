# SPDX-License-Identifier: Apache-2.0
"""What a sentence model must do, whatever it is made of."""

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np

Vector = np.ndarray[Any, np.dtype[np.float32]]
"""Of unit length, shape (dimensions,)."""


class Encoder(Protocol):
    """Turns texts into vectors that lie close where the texts mean the same."""

    @property
    def model_id(self) -> str:
        """Tells models apart: vectors of two models must never be compared."""

    def vectors(self, texts: Sequence[str]) -> tuple[Vector, ...]:
        """One unit vector a text; of a text alone, never of its company.

        Raises:
            VaultError: The model failed.
        """
