# SPDX-License-Identifier: Apache-2.0
"""Figures of a bench: printed as a table, written as JSON."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One measured value and, where there is one, its control of the same run."""

    name: str
    value: float
    unit: str
    control: float | None = None


def quantile(values: Sequence[float], share: float) -> float:
    """The value below which this share of the values lies; nan without any."""
    ordered = sorted(values)
    if not ordered:
        return float('nan')
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def spread(
    name: str, values: Sequence[float], unit: str, control: Sequence[float] | None = None
) -> list[Figure]:
    """Median and 99th percentile, and how many there were."""
    found = []
    for label, share in (('p50', 0.5), ('p99', 0.99)):
        beside = quantile(control, share) if control else None
        value = quantile(values, share)
        found.append(Figure(name=f'{name}_{label}', value=value, unit=unit, control=beside))
    count = len(control) if control else None
    found.append(Figure(name=f'{name}_count', value=len(values), unit='', control=count))
    return found


def show(title: str, figures: Iterable[Figure], json_file: Path | None) -> None:
    """Print a table; write the same rows as JSON."""
    figures = list(figures)
    table = Table('figure', 'value', 'unit', 'control', title=title)
    for one in figures:
        beside = '' if one.control is None else f'{one.control:,.4g}'
        table.add_row(one.name, f'{one.value:,.4g}', one.unit, beside)
    Console().print(table)
    if json_file is not None:
        json_file.write_text(json.dumps([asdict(one) for one in figures], indent=1) + '\n')
