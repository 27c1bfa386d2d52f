# SPDX-License-Identifier: Apache-2.0
"""How regular the loop was: a histogram of tick periods, exact enough and of constant size."""

_BIN_NS = 50_000
_BINS = 4_000


class Periods:
    """Count tick periods in bins of 0.05 ms up to 200 ms; the worst is kept exactly."""

    def __init__(self) -> None:
        self._counts = [0] * _BINS
        self.ticks = 0
        self.worst_ns = 0

    def add(self, period_ns: int) -> None:
        """Count one period [ns]."""
        self._counts[min(period_ns // _BIN_NS, _BINS - 1)] += 1
        self.ticks += 1
        self.worst_ns = max(self.worst_ns, period_ns)

    def quantile_ms(self, share: float) -> float:
        """Upper edge of the bin that holds this share of all periods [ms]; 0 without any."""
        left = share * self.ticks
        for i, count in enumerate(self._counts):
            left -= count
            if left <= 0.0 and self.ticks:
                return min((i + 1) * _BIN_NS, self.worst_ns) * 1e-6
        return 0.0

    def summary(self) -> dict[str, float | int]:
        """Figures for the log."""
        shares = {'p50': 0.5, 'p99': 0.99, 'p999': 0.999}
        quantiles = {
            f'period_{name}_ms': round(self.quantile_ms(share), 3)
            for name, share in shares.items()
        }
        return {
            'ticks': self.ticks,
            **quantiles,
            'period_worst_ms': round(self.worst_ns * 1e-6, 3),
        }
