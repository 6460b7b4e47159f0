"""Health of endpoints, drawn so that it changes like two recordings of 933 and 962 real ones.

An uptime is a ratio of two counts, which its digits reveal: the median endpoint had 30,000 requests a day, of
which 0.3 % failed, with a wide spread. Both are drawn, and the uptimes follow from them.
Shares of (no value, 100, a fraction), recorded and drawn: 5 minutes .34 .42 .24 and .31 .41 .28; 30 minutes
.23 .30 .47 and .25 .31 .44; a day .03 .17 .80 and .03 .16 .81. Latency and throughput were never recorded at
scale: their form is that of single recorded ones, their changes are a guess.
"""

from collections import deque
from typing import Any

import numpy as np
from numpy.typing import NDArray

Counts = NDArray[np.int64]

MIN_REQUESTS = {"5m": 30, "30m": 130, "1d": 300}
"""Requests below which there is no uptime."""

NEVER_FAILING_SHARE = 0.1
"""Share of endpoints that never fail."""

PERCENTILES = ("p50", "p75", "p90", "p99")


class Health:
    """The health of so many endpoints, hour by hour."""

    def __init__(self, count: int, latency: bool) -> None:
        self.count = count
        self.latency = latency
        self.random = np.random.default_rng(count)
        self.traffic = self.random.lognormal(np.log(30000 / 24), 2.4, count)
        error_rates = np.minimum(self.random.lognormal(np.log(0.003), 2.2, count), 0.95)
        self.error_rates = np.where(self.random.random(count) < NEVER_FAILING_SHARE, 0, error_rates)
        self.medians = self.random.lognormal(np.log([[900], [60]]), 0.8, (2, count))
        self.day: deque[tuple[Counts, Counts]] = deque(maxlen=24)
        for _ in range(24):
            self._draw_windows()

    def advance(self) -> list[dict[str, Any]]:
        """Move on by an hour and return the health of every endpoint."""
        windows = self._draw_windows()
        uptimes = {
            f"uptime_last_{name}": _compute_uptimes(*windows[name], MIN_REQUESTS[name]) for name in windows
        }
        status = self.random.choice([0, -2, -5], self.count, p=[0.95, 0.04, 0.01]).tolist()
        columns = {"status": status, **uptimes}
        for number, name in enumerate(("latency_last_30m", "throughput_last_30m")):
            values = self._draw_percentiles(self.medians[number]) if self.latency else [None] * self.count
            columns[name] = [
                value if uptime is not None else None
                for value, uptime in zip(values, uptimes["uptime_last_30m"], strict=True)
            ]
        return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]

    def _draw_windows(self) -> dict[str, tuple[Counts, Counts]]:
        """Return requests and failures of the windows that end with the next hour."""
        random = self.random
        hour = random.poisson(self.traffic * random.lognormal(0, 0.4, self.count))
        rate = np.minimum(self.error_rates * random.lognormal(-0.85, 1.3, self.count), 1)
        half_hour = random.binomial(hour, 0.5)
        five_minutes = random.binomial(half_hour, 1 / 6)
        failed = random.binomial(five_minutes, rate)
        windows = {"5m": (five_minutes, failed)}
        failed = failed + random.binomial(half_hour - five_minutes, rate)
        windows["30m"] = half_hour, failed
        self.day.append((hour, failed + random.binomial(hour - half_hour, rate)))
        windows["1d"] = np.sum([n for n, _ in self.day], axis=0), np.sum([n for _, n in self.day], axis=0)
        return windows

    def _draw_percentiles(self, medians: NDArray[np.float64]) -> list[dict[str, Any]]:
        """Return percentiles around the medians: integers, one in five a half, half of p99 finer."""
        factors = np.array([[1], [1.8], [2.6], [6.45]]) * self.random.lognormal(0, 0.15, (4, self.count))
        values = np.round(medians * np.sort(factors, axis=0) * 2) / 2
        values = np.where(self.random.random(values.shape) < 0.8, np.round(values), values)
        fractions = np.round(values[3] + self.random.random(self.count), 2)
        values[3] = np.where(self.random.random(self.count) < 0.5, fractions, values[3])
        return [
            {name: _to_number(value) for name, value in zip(PERCENTILES, row, strict=True)}
            for row in values.T.tolist()
        ]


def _compute_uptimes(requests: Counts, failed: Counts, min_requests: int) -> list[float | None]:
    """Return uptimes in percent, None where there were too few requests."""
    values = (requests - failed) / np.maximum(requests, 1) * 100
    return [
        _to_number(value) if count >= min_requests else None
        for value, count in zip(values.tolist(), requests.tolist(), strict=True)
    ]


def _to_number(value: float) -> float:
    """Return a number as the service writes it: 100, not 100.0."""
    return int(value) if value.is_integer() else value
