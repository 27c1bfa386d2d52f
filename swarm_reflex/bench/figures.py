# SPDX-License-Identifier: Apache-2.0
"""One figure: what was measured, and what its control gave in the same run."""

import math
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A row of the report."""

    name: str
    value: float
    unit: str
    control: float = math.nan
    """The same quantity of the thing it is compared with; NaN where there is none."""

    def row(self) -> dict[str, str | float | None]:
        """The row for --json."""
        control = round(self.control, 4) if math.isfinite(self.control) else None
        value = round(self.value, 4) if math.isfinite(self.value) else None
        return {'name': self.name, 'value': value, 'unit': self.unit, 'control': control}


def quantile(values: Sequence[float], share: float) -> float:
    """The value that this share of all values does not exceed; NaN without any."""
    ordered = sorted(values)
    if not ordered:
        return math.nan
    return ordered[min(len(ordered) - 1, math.ceil(share * len(ordered)) - 1)]


def spread(
    name: str, values: Sequence[float], unit: str, control: Sequence[float] = ()
) -> list[Figure]:
    """The figures of a distribution: p50, p99 and the worst."""
    shares = (('p50', 0.5), ('p99', 0.99), ('worst', 1.0))
    return [
        Figure(
            name=f'{name}_{label}',
            value=quantile(values, share),
            unit=unit,
            control=quantile(control, share),
        )
        for label, share in shares
    ]
