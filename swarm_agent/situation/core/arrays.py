# SPDX-License-Identifier: Apache-2.0
"""Names for the array types of this room."""

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Floats32 = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int64]
Ints32 = npt.NDArray[np.int32]
Counts = npt.NDArray[np.int16]
Mask = npt.NDArray[np.bool_]
