# SPDX-License-Identifier: Apache-2.0
"""What a parameter may be, for `Annotated` fields of parameter dataclasses."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Range:
    """Least and most that a parameter may be, both included.

    One class for all rooms: `typing` keeps one `Annotated` for equal metadata, so that two classes
    of equal tuples would be taken for each other, depending on what was imported first.
    """

    least: float
    most: float
