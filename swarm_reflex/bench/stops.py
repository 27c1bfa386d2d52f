# SPDX-License-Identifier: Apache-2.0
"""Which zero answers which obstacle."""

import math
from bisect import bisect_right
from collections.abc import Sequence


def stop_times_ms(
    shown_ns: Sequence[int], moves_ns: Sequence[int], zeros_ns: Sequence[int]
) -> list[float]:
    """Time from each obstacle at which the robot drove until its next zero [ms].

    Args:
        shown_ns: When an obstacle was shown, rising.
        moves_ns: When the command left zero, rising.
        zeros_ns: When the command fell to zero, rising.

    Returns:
        One time for each of these obstacles; infinite where no zero came at all.
    """
    return [
        _next_ms(zeros_ns, start_ns)
        for start_ns in shown_ns
        if _latest(moves_ns, start_ns) > _latest(zeros_ns, start_ns)
    ]


def _latest(times_ns: Sequence[int], now_ns: int) -> float:
    at = bisect_right(times_ns, now_ns)
    return times_ns[at - 1] if at else -math.inf


def _next_ms(times_ns: Sequence[int], now_ns: int) -> float:
    at = bisect_right(times_ns, now_ns)
    return (times_ns[at] - now_ns) * 1e-6 if at < len(times_ns) else math.inf
