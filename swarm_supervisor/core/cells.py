# SPDX-License-Identifier: Apache-2.0
"""Sets of survey cells as bits, the form in which they travel and stand in records."""

import numpy as np

from swarm_config.maps import Mask


def pack_cells(mask: Mask) -> bytes:
    """Pack a row-major mask to bits, big bit order, as in CellSet.bits."""
    return np.packbits(mask).tobytes()


def unpack_cells(bits: bytes, shape: tuple[int, int]) -> Mask:
    """Restore a mask of this shape.

    Raises:
        ValueError: The bits are not those of such a mask.
    """
    size = shape[0] * shape[1]
    expected = (size + 7) // 8
    if len(bits) != expected:
        raise ValueError(
            f'bits: {len(bits)} bytes, expected {expected} for {shape[0]} x {shape[1]} cells'
        )
    flat = np.unpackbits(np.frombuffer(bits, dtype=np.uint8), count=size)
    return flat.reshape(shape).astype(np.bool_)
