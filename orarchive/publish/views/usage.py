"""Sums of published tokens: by period, by week, and by lab."""

import datetime as dt
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from orarchive.domain.records import get_lab
from orarchive.publish.rankings_data import Row, SliceRead
from orarchive.timestamps import DAY

if TYPE_CHECKING:
    import pandas as pd

OTHER = "other"
"""Name in the service's rows of the sum of all models that are not among a date's first fifty."""

MAX_ENTRIES = 50
"""Models that are published of a date, at most."""

DAYS_A_WEEK = 7


@dataclass(frozen=True)
class PeriodSums:
    """Tokens by name in the last period of a series, against the one before it."""

    first: dt.date
    last: dt.date
    tokens: Mapping[str, int]
    ranked: list[str]
    """Names by tokens, the most used first, without `other`."""
    earlier_ranks: dict[str, int] | None
    """Ranks in the period before, None where one of the two is in part: nothing can be compared."""
    growth: Mapping[str, int]
    """Tokens more than in the period before, of the names that are published on every date of both; a name
    below the first fifty on some date has no total. Empty where nothing can be compared."""
    dates: int
    """Dates that are published of it."""
    expected_dates: int
    """Dates that it has."""
    unfinished: list[str]
    """Dates that the service had not finished when it published them."""
    dates_without_other: int
    """Dates of which only the first fifty models are published, although there were more."""


def sum_period(
    rows: list[Row], length: dt.timedelta, step: dt.timedelta, unfinished: Collection[str] = ()
) -> PeriodSums | None:
    """Sum the last period of a series, whose rows are `step` apart; None where there are no rows.

    `unfinished` holds the dates that the service had not finished.
    """
    if not rows:
        return None
    last = dt.date.fromisoformat(find_last_date(rows))
    first = last - length + step
    current, earlier = select_rows(rows, first, last), select_rows(rows, first - length, first - step)
    tokens, earlier_tokens = sum_tokens_by_name(current), sum_tokens_by_name(earlier)
    expected = length // step
    dates = {date for date, _, _ in current}
    earlier_dates = {date for date, _, _ in earlier}
    is_comparable = (
        len(dates) == len(earlier_dates) == expected
        and not (dates | earlier_dates) & set(unfinished)
        and not any(_count_dates_without_other(rows, period) for period in (current, earlier))
    )
    counts = Counter(name for _, name, _ in (*current, *earlier) if name != OTHER)
    ranked_before = rank_names(earlier_tokens)
    return PeriodSums(
        first=first,
        last=last,
        tokens=tokens,
        ranked=rank_names(tokens),
        earlier_ranks={name: n for n, name in enumerate(ranked_before, start=1)} if is_comparable else None,
        growth={
            name: tokens[name] - earlier_tokens[name]
            for name, count in counts.items()
            if is_comparable and count == 2 * expected
        },
        dates=len(dates),
        expected_dates=expected,
        unfinished=sorted(dates & set(unfinished)),
        dates_without_other=_count_dates_without_other(rows, current),
    )


def select_rows(rows: Iterable[Row], first: dt.date, last: dt.date) -> list[Row]:
    """Select the rows from one date to another, both included."""
    begin, end = f"{first}", f"{last}"
    return [row for row in rows if begin <= row[0] <= end]


def _count_dates_without_other(rows: Iterable[Row], current: Iterable[Row]) -> int:
    """Count the dates of some rows of a series that lack the sum of all further models.

    A series of few models never has it: it is missed of a date with as many models as are published at most,
    and where other dates have it.
    """
    has_other = any(name == OTHER for _, name, _ in rows)
    names: dict[str, set[str]] = {}
    for date, name, _ in current:
        names.setdefault(date, set()).add(name)
    return sum(
        OTHER not in published and (has_other or len(published) >= MAX_ENTRIES)
        for published in names.values()
    )


def find_last_date(rows: Iterable[Row]) -> str:
    """Find the last date that rows are of."""
    return max(date for date, _, _ in rows)


def sum_tokens_by_name(rows: Iterable[Row]) -> Counter[str]:
    """Sum tokens by name."""
    sums: Counter[str] = Counter()
    for _, name, tokens in rows:
        sums[name] += tokens
    return sums


def rank_names(sums: Mapping[str, int]) -> list[str]:
    """Sort names by tokens, the most used first; `other` is left out, for it is no model."""
    return sorted((name for name in sums if name != OTHER), key=lambda name: (-sums[name], name))


def find_unfinished(dates: Iterable[str], step: dt.timedelta, reads: Sequence[SliceRead]) -> set[str]:
    """Find the days, or the weeks by their first date, that no reading published after their end.

    `reads` are the complete readings of the series, oldest first. A reading that lacks a date leaves what an
    earlier one published of it, which may have been in part.
    """
    return {
        date
        for date in set(dates)
        if reads and not any(_is_finished(date, step, read) for read in reversed(reads))
    }


def _is_finished(date: str, step: dt.timedelta, read: SliceRead) -> bool:
    """Return whether a reading published a day, or the week that begins with it, after its end."""
    end = f"{dt.date.fromisoformat(date) + step - DAY}"
    return date not in read.missing and end < (read.as_of or f"{read.hour:%Y-%m-%d}")[:10]


def select_whole_weeks(rows: list[Row], unfinished: Collection[str] = ()) -> "pd.DataFrame":
    """Select the daily rows of the weeks of which every day is published and finished.

    The frame has the columns week (its Monday), date, name and tokens, and no row of `other`.
    """
    # It takes a third of a second to import, and an archive without a key has no totals.
    import pandas as pd

    # Where pyarrow is installed pandas would keep texts as Arrow strings, which cannot hold a lone surrogate.
    pd.set_option("mode.string_storage", "python")
    finished = [row for row in rows if row[0] not in unfinished]
    frame = pd.DataFrame(finished, columns=["date", "name", "tokens"])
    days = pd.to_datetime(frame["date"])
    frame["week"] = (days - pd.to_timedelta(days.dt.day_of_week, unit="D")).dt.strftime("%Y-%m-%d")
    dates = frame.groupby("week")["date"].nunique()
    return frame[frame["week"].isin(dates[dates == DAYS_A_WEEK].index) & (frame["name"] != OTHER)]


def sum_weeks(whole: "pd.DataFrame") -> list[Row]:
    """Sum the daily rows of whole weeks by week and name.

    A model that was below the first fifty on some days of a week has no total for it.
    """
    sums = whole.groupby(["week", "name"], as_index=False)["tokens"].agg(["sum", "count"])
    sums = sums[sums["count"] == DAYS_A_WEEK]
    return list(zip(sums["week"], sums["name"], map(int, sums["sum"]), strict=True))


def sum_labs(whole: "pd.DataFrame") -> "pd.DataFrame":
    """Sum the daily rows of whole weeks by week and lab: a row for each week, a column for each lab.

    A lab that had no model among the first fifty on some days of a week has no total for it: NaN.
    """
    by_lab = whole.assign(lab=whole["name"].map(get_lab)).groupby(["week", "lab"])
    sums, days = by_lab["tokens"].sum().unstack(), by_lab["date"].nunique().unstack()
    return sums.where(days == DAYS_A_WEEK)
