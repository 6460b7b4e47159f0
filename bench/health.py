"""Health of endpoints as it moves, drawn so that it looks like two recordings of 933 and 962 real ones.

An uptime is a ratio of two counts, which its digits give away: in the middle an endpoint had 30,000 requests
a day, of which 0.3 % failed, with a wide spread. Both are drawn, and the uptimes follow from them.
Shares of (no value, 100, a fraction), recorded and drawn: 5 minutes .34 .42 .24 and .31 .41 .28; 30 minutes
.23 .30 .47 and .25 .31 .44; a day .03 .17 .80 and .03 .16 .81. Latency and throughput were never recorded at
scale: their form is that of single recorded ones, their movement a guess.
"""

from collections import deque
from typing import Any

import numpy as np
from numpy.typing import NDArray

Counts = NDArray[np.int64]

LEAST = {"5m": 30, "30m": 130, "1d": 300}
"""Requests below which there is no uptime."""

WELL = 0.1
"""Share of endpoints that never fail."""


class Health:
    """So many endpoints, hour by hour."""

    def __init__(self, count: int, latency: bool) -> None:
        self.count = count
        self.latency = latency
        self.random = np.random.default_rng(count)
        self.traffic = self.random.lognormal(np.log(30000 / 24), 2.4, count)
        errors = np.minimum(self.random.lognormal(np.log(0.003), 2.2, count), 0.95)
        self.errors = np.where(self.random.random(count) < WELL, 0, errors)
        self.pace = self.random.lognormal(np.log([[900], [60]]), 0.8, (2, count))
        self.day: deque[tuple[Counts, Counts]] = deque(maxlen=24)
        for _ in range(24):
            self._requests()

    def hour(self) -> list[dict[str, Any]]:
        """The health of every endpoint an hour later."""
        windows = self._requests()
        uptimes = {f"uptime_last_{name}": _uptimes(*windows[name], LEAST[name]) for name in windows}
        status = self.random.choice([0, -2, -5], self.count, p=[0.95, 0.04, 0.01]).tolist()
        columns = {"status": status, **uptimes}
        for number, name in enumerate(("latency_last_30m", "throughput_last_30m")):
            paces = self._percentiles(self.pace[number]) if self.latency else [None] * self.count
            known = uptimes["uptime_last_30m"]
            columns[name] = [one if had is not None else None for one, had in zip(paces, known, strict=True)]
        return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]

    def _requests(self) -> dict[str, tuple[Counts, Counts]]:
        """Requests and failures of the windows that end with the next hour."""
        random = self.random
        asked = random.poisson(self.traffic * random.lognormal(0, 0.4, self.count))
        rate = np.minimum(self.errors * random.lognormal(-0.85, 1.3, self.count), 1)
        half = random.binomial(asked, 0.5)
        five = random.binomial(half, 1 / 6)
        failed = random.binomial(five, rate)
        windows = {"5m": (five, failed)}
        failed = failed + random.binomial(half - five, rate)
        windows["30m"] = half, failed
        self.day.append((asked, failed + random.binomial(asked - half, rate)))
        windows["1d"] = np.sum([n for n, _ in self.day], axis=0), np.sum([n for _, n in self.day], axis=0)
        return windows

    def _percentiles(self, middle: NDArray[np.float64]) -> list[dict[str, Any]]:
        """Percentiles around a middle: whole numbers, one in five a half, of p99 half with more digits."""
        factors = np.array([[1], [1.8], [2.6], [6.45]]) * self.random.lognormal(0, 0.15, (4, self.count))
        values = np.round(middle * np.sort(factors, axis=0) * 2) / 2
        values = np.where(self.random.random(values.shape) < 0.8, np.round(values), values)
        more = np.round(values[3] + self.random.random(self.count), 2)
        values[3] = np.where(self.random.random(self.count) < 0.5, more, values[3])
        rows = values.T.tolist()
        return [
            {name: _number(one) for name, one in zip(("p50", "p75", "p90", "p99"), row, strict=True)}
            for row in rows
        ]


def _uptimes(asked: Counts, failed: Counts, least: int) -> list[float | None]:
    values = (asked - failed) / np.maximum(asked, 1) * 100
    return [
        _number(one) if n >= least else None for one, n in zip(values.tolist(), asked.tolist(), strict=True)
    ]


def _number(value: float) -> float:
    """A number as the service writes it: 100, not 100.0."""
    return int(value) if value.is_integer() else value
