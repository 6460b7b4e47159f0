"""What the pages show of hours: the strip of the last seven days, and the feeds that are not good."""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import pandas as pd

from orarchive.feeds import FEEDS
from orarchive.hours import HOUR
from orarchive.ledger import Attempt, hour_of, outcome

WEEK = 168

Cell = Literal["good", "part", "gap", "before"]


@dataclass(frozen=True)
class Trouble:
    """A feed that was not good when it was last asked for."""

    feed: str
    hour: dt.datetime
    outcome: str
    reasons: list[str]
    kept: int


@dataclass(frozen=True)
class Day:
    """A day of hours, for the strip: None for an hour that is yet to come."""

    date: dt.date
    cells: list[Cell | None]


def days(attempts: list[Attempt], now: dt.datetime, begun: dt.datetime) -> list[Day]:
    """The hours of the last seven days, a row a day."""
    first = now - (WEEK - 1) * HOUR
    recent_ones: dict[dt.datetime, list[Attempt]] = defaultdict(list)
    for attempt in reversed(attempts):
        if hour_of(attempt) < first:
            break
        recent_ones[hour_of(attempt)].append(attempt)
    found = []
    for date in pd.date_range(first.date(), now.date()).date:
        midnight = dt.datetime.combine(date, dt.time(), dt.UTC)
        hours = [midnight + n * HOUR for n in range(24)]
        cells = [
            _cell(recent_ones.get(hour, []), hour < begun) if first <= hour <= now else None for hour in hours
        ]
        found.append(Day(date, cells))
    return found


def _cell(attempts: list[Attempt], before: bool) -> Cell:
    hourly = [name for name, feed in FEEDS.items() if feed.cadence == "hourly"]
    outcomes = [{outcome(attempt, name) for attempt in attempts} for name in hourly]
    if all("ok" in found for found in outcomes):
        return "good"
    if any(found & {"ok", "partial"} for found in outcomes):
        return "part"
    return "before" if before else "gap"


def troubles(attempts: list[Attempt]) -> Iterator[Trouble]:
    """The feeds that were not good when they were last asked for."""
    for name in FEEDS:
        asked = next((one for one in reversed(attempts) if outcome(one, name) != "not-due"), None)
        if asked is None or outcome(asked, name) == "ok":
            continue
        report = asked["feeds"][name]
        yield Trouble(
            name,
            hour_of(asked),
            report["outcome"],
            report.get("reasons", []),
            len(report.get("kept", {})),
        )
