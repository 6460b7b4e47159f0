"""Sums of published tokens: by period, by week, and by lab."""

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import pandas as pd

from orarchive.domain.records import get_lab
from orarchive.publish.rankings_data import Row
from orarchive.timestamps import DAY

OTHER = "other"
"""Name in the service's rows of the sum of all models that are not among a date's first fifty."""

WEEK = dt.timedelta(days=7)
DAYS_A_WEEK = 7


@dataclass(frozen=True)
class PeriodSums:
    """Tokens by name in the last period of a series, and how names ranked in the one before it."""

    first: dt.date
    last: dt.date
    tokens: Mapping[str, int]
    ranked: list[str]
    """Names by tokens, the most used first, without `other`."""
    earlier_ranks: dict[str, int] | None
    """Ranks in the period before, None where days are missing in one of the two: nothing can be compared."""
    dates: int
    """Dates that are published of it."""
    expected_dates: int
    """Dates that it has."""


def sum_period(rows: list[Row], length: dt.timedelta, step: dt.timedelta) -> PeriodSums | None:
    """Sum the last period of a series, whose rows are `step` apart; None where there are no rows."""
    if not rows:
        return None
    last = dt.date.fromisoformat(find_last_date(rows))
    first, earlier = last - length + step, last - 2 * length + step
    before = first - step
    tokens = sum_tokens_by_name(rows, first, last)
    expected = length // step
    dates = _count_dates(rows, first, last)
    is_comparable = dates == _count_dates(rows, earlier, before) == expected
    ranked_before = rank_names(sum_tokens_by_name(rows, earlier, before))
    return PeriodSums(
        first=first,
        last=last,
        tokens=tokens,
        ranked=rank_names(tokens),
        earlier_ranks={name: n for n, name in enumerate(ranked_before, start=1)} if is_comparable else None,
        dates=dates,
        expected_dates=expected,
    )


def find_last_date(rows: Iterable[Row]) -> str:
    """Find the last date that rows are of."""
    return max(date for date, _, _ in rows)


def _count_dates(rows: Iterable[Row], first: dt.date, last: dt.date) -> int:
    return len({date for date, _, _ in rows if f"{first}" <= date <= f"{last}"})


def sum_tokens_by_name(rows: Iterable[Row], first: dt.date, last: dt.date) -> Counter[str]:
    """Sum tokens by name from one date to another, both included."""
    sums: Counter[str] = Counter()
    for date, name, tokens in rows:
        if f"{first}" <= date <= f"{last}":
            sums[name] += tokens
    return sums


def rank_names(sums: Mapping[str, int]) -> list[str]:
    """Sort names by tokens, the most used first; `other` is left out, for it is no model."""
    return sorted((name for name in sums if name != OTHER), key=lambda name: (-sums[name], name))


def is_unfinished(date: str, step: dt.timedelta, as_of: str) -> bool:
    """Return whether the service had not finished a day, or the week that begins with it, at `as_of`."""
    return bool(as_of) and f"{dt.date.fromisoformat(date) + step - DAY}" >= as_of[:10]


def sum_weeks(rows: list[Row]) -> list[Row]:
    """Sum daily rows by week, dated by its Monday; weeks of which days are missing are left out."""
    if not rows:
        return []
    frame = pd.DataFrame(rows, columns=["date", "name", "tokens"])
    days = pd.to_datetime(frame["date"])
    frame["week"] = (days - pd.to_timedelta(days.dt.day_of_week, unit="D")).dt.strftime("%Y-%m-%d")
    dates = frame.groupby("week")["date"].nunique()
    complete = frame[frame["week"].isin(dates[dates == DAYS_A_WEEK].index)]
    sums = complete.groupby(["week", "name"], as_index=False)["tokens"].agg(["sum", "count"])
    # A model that was below the first fifty on some days of a week has no total for it.
    sums = sums[sums["count"] == DAYS_A_WEEK]
    return list(zip(sums["week"], sums["name"], map(int, sums["sum"]), strict=True))


def sum_labs(rows: list[Row]) -> pd.DataFrame:
    """Sum rows by date and lab: a row for each date, a column for each lab, NaN where a lab has no total."""
    models = [(date, get_lab(name), tokens) for date, name, tokens in rows if name != OTHER]
    frame = pd.DataFrame(models, columns=["date", "lab", "tokens"])
    return frame.pivot_table(index="date", columns="lab", values="tokens", aggfunc="sum")
