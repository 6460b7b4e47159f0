"""The request budget of the Data API: an account may send 30 requests a minute and 500 a day.

The requests of the day are counted from the ledger and, for a run that was killed before it wrote its line,
from a file of this clone. Whatever the remaining requests do not suffice for is due in the next hour, or day.
"""

import datetime as dt
from collections.abc import Iterable, Mapping
from pathlib import Path

from orarchive.domain.ranking_series import SERIES
from orarchive.store.ledger import Attempt, SeriesReport, get_attempt_hour
from orarchive.timestamps import DAY, HOUR

MAX_REQUESTS_PER_MINUTE = 27
"""Requests to the Data API; 30 are allowed, by a clock that may differ from ours."""

MAX_REQUESTS_PER_DAY = 480
"""Of 500 that are allowed: some are left for other uses of the key."""

COUNTER_FILE = "orarchive.requests"
"""In the git folder: how many requests to the Data API this clone has sent in a UTC day."""


class RequestCounter:
    """Counts the requests of a UTC day in a file, before they are sent, for a killed run writes no ledger."""

    def __init__(self, path: Path, hour: dt.datetime) -> None:
        self._path = path
        self._day = f"{hour.date()}"
        day, _, count = path.read_bytes().partition(b" ") if path.exists() else (b"", b"", b"")
        is_valid = day == self._day.encode() and count.isdigit() and len(count) < 10
        self.count = int(count) if is_valid else 0

    def add(self) -> None:
        """Count one more request."""
        self.count += 1
        self._path.write_text(f"{self._day} {self.count}")


def count_requests_today(lines: Iterable[Attempt], hour: dt.datetime) -> int:
    """Count the requests to the Data API that the ledger has for the hour's UTC day.

    Those of the hour before midnight are included: such an attempt may have gone on into the day.
    """
    eve = dt.datetime.combine(hour.date(), dt.time(), dt.UTC) - HOUR
    return sum(
        count_keyed_requests(line.get("rankings", {}))
        for line in lines
        if eve <= get_attempt_hour(line) < eve + HOUR + DAY
    )


def count_keyed_requests(reports: Mapping[str, SeriesReport]) -> int:
    """Count the requests to the Data API in the reports of an attempt, by series."""
    return sum(
        report["requests"] for name, report in reports.items() if name in SERIES and SERIES[name].needs_key
    )
