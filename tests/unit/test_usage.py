"""Sums of published tokens: what is published in part is marked, and compared with nothing."""

import datetime as dt
from collections.abc import Iterable
from typing import Any

import pytest

from orarchive.publish.rankings_data import Row, SliceRead
from orarchive.publish.views.ranked import Period
from orarchive.publish.views.usage import (
    MAX_ENTRIES,
    find_unfinished,
    select_whole_weeks,
    sum_labs,
    sum_period,
    sum_weeks,
)
from orarchive.timestamps import DAY, WEEK

MONDAY = dt.date(2026, 6, 1)


def build_rows(days: Iterable[int], **tokens: int) -> list[Row]:
    """Build a row for each name and day after MONDAY; a name has `/` for `_`."""
    return [
        (f"{MONDAY + n * DAY}", name.replace("_", "/"), count) for n in days for name, count in tokens.items()
    ]


def build_read(as_of: str, *missing: str, hour: str = "2026-07-01T00:00:00+00:00") -> SliceRead:
    return SliceRead(dt.datetime.fromisoformat(hour), "models", "", "ok", as_of, missing)


@pytest.mark.parametrize(
    ("days", "dates", "is_compared"),
    [
        (range(14), 7, True),
        ([*range(7), *range(8, 14)], 6, False),  # The first day of the week is missing.
        ([n for n in range(14) if n != 10], 6, False),
        ([n for n in range(14) if n != 3], 7, False),  # A day of the week before is missing.
        (range(13), 7, False),  # The record begins within the week before.
        (range(7), 7, False),
        (range(3), 3, False),  # The record is shorter than the week.
    ],
)
def test_only_whole_periods_are_compared(days: Iterable[int], dates: int, is_compared: bool) -> None:
    sums = sum_period(build_rows(days, a_b=2, a_c=1), WEEK, DAY)
    assert sums
    assert (sums.dates, sums.expected_dates) == (dates, 7)
    assert (sums.earlier_ranks == {"a/b": 1, "a/c": 2}) is is_compared
    assert bool(sums.growth) is is_compared


@pytest.mark.parametrize("day", [0, 6, 7, 13])
def test_an_unfinished_day_is_compared_with_nothing(day: int) -> None:
    """Leave out ranks and growth whether the day is of the period or of the one before."""
    date = f"{MONDAY + day * DAY}"
    sums = sum_period(build_rows(range(14), a_b=2), WEEK, DAY, {date})
    assert sums
    assert (sums.earlier_ranks, sums.growth) == (None, {})
    assert sums.unfinished == ([date] if day >= 7 else [])


@pytest.mark.parametrize(("step", "length", "days"), [(DAY, DAY, [0, 1]), (WEEK, WEEK, [0, 7])])
def test_a_period_of_one_date_that_is_unfinished(
    step: dt.timedelta, length: dt.timedelta, days: list[int]
) -> None:
    rows = build_rows(days, a_b=2)
    for date in {date for date, _, _ in rows}:
        sums = sum_period(rows, length, step, {date})
        assert sums and sums.earlier_ranks is None
    whole = sum_period(rows, length, step)
    assert whole and whole.earlier_ranks == {"a/b": 1}
    alone = sum_period(rows[:1], length, step)
    assert alone and alone.earlier_ranks is None


def test_growth_is_of_names_that_are_published_on_every_day() -> None:
    """Leave out a model that was below the first fifty on a day of either week, and a new one."""
    rows = [
        *build_rows(range(7), a_b=10, other=5),
        *build_rows(range(7, 14), a_b=12, a_new=9, other=6),
        *build_rows(range(1, 14), a_late=4),
        *build_rows(range(13), a_early=4),
    ]
    sums = sum_period(rows, WEEK, DAY)
    assert sums and sums.growth == {"a/b": 14}


@pytest.mark.parametrize(
    ("others", "names", "count"),
    [
        (range(14), 1, 0),
        ([], 1, 0),  # A series of few models has no sum of others.
        ([n for n in range(14) if n != 9], 1, 1),
        ([n for n in range(14) if n != 3], 1, 0),  # The week before has its own shares.
        ([], MAX_ENTRIES, 7),
    ],
)
def test_days_without_the_sum_of_others_are_counted(others: Iterable[int], names: int, count: int) -> None:
    models = {f"a_{n}": 1 for n in range(names)}
    sums = sum_period([*build_rows(range(14), **models), *build_rows(others, other=1)], WEEK, DAY)
    assert sums and sums.dates_without_other == count


@pytest.mark.parametrize(
    ("reads", "unfinished"),
    [
        ([], []),
        ([build_read("2026-06-02T00:00:00Z")], []),
        ([build_read("2026-06-01T23:00:00Z")], ["2026-06-01"]),
        ([build_read("2026-06-01")], ["2026-06-01"]),
        # The next reading publishes the day again, or lacks it: then what the first one published stays.
        ([build_read("2026-06-01"), build_read("2026-06-03")], []),
        ([build_read("2026-06-01"), build_read("2026-06-03", "2026-06-01")], ["2026-06-01"]),
        ([build_read("2026-06-02"), build_read("2026-06-03", "2026-06-01")], []),
        # Without a time of its own a reading is of the hour in which it was read.
        ([build_read("", hour="2026-06-02T00:00:00+00:00")], []),
        ([build_read("", hour="2026-06-01T23:00:00+00:00")], ["2026-06-01"]),
    ],
)
def test_a_day_is_finished_by_a_reading_after_its_end(reads: list[SliceRead], unfinished: list[str]) -> None:
    assert sorted(find_unfinished({"2026-06-01"}, DAY, reads)) == unfinished


def test_a_week_is_finished_by_a_reading_after_its_last_day() -> None:
    weeks = {"2026-05-25", "2026-06-01"}
    assert find_unfinished(weeks, WEEK, [build_read("2026-06-07T12:00:00Z")]) == {"2026-06-01"}
    assert find_unfinished(weeks, WEEK, [build_read("2026-06-08T00:00:00Z")]) == set()


def test_weeks_in_part_are_no_points_of_a_line() -> None:
    """Leave out a week of which a day is missing or unfinished."""
    rows = build_rows([n for n in range(28) if n != 15], a_b=1, other=1)
    assert sum_weeks(select_whole_weeks(rows, {f"{MONDAY + 27 * DAY}"})) == [
        ("2026-06-01", "a/b", 7),
        ("2026-06-08", "a/b", 7),
    ]
    assert sum_weeks(select_whole_weeks([])) == []
    assert sum_labs(select_whole_weeks([])).empty


def test_a_lab_counts_what_is_published_of_its_models() -> None:
    """Give a lab no total of a week in which it has no model among the first fifty on some day.

    A model that is below them on a day leaves the total of its lab by that day alone.
    """
    rows = [
        *build_rows(range(14), a_b=10, other=99),
        *build_rows([n for n in range(14) if n != 9], a_small=1, b_small=1),
    ]
    labs = sum_labs(select_whole_weeks(rows))
    assert list(labs["a"]) == [77, 76]
    assert list(labs["b"].dropna()) == [7]


@pytest.mark.parametrize(
    ("lacking", "words"),
    [
        ({}, ""),
        ({"dates": 5}, "in part: 5 of 7 days published"),
        ({"unfinished": ["2026-06-07"]}, "in part: the last day was not finished"),
        ({"unfinished": ["2026-06-02"]}, "in part: 1 day was not finished"),
        ({"unfinished": ["2026-06-02", "2026-06-07"]}, "in part: 2 days were not finished"),
        ({"dates_without_other": 1}, "in part: no total for 1 day"),
        (
            {"dates": 6, "unfinished": ["2026-06-07"]},
            "in part: 6 of 7 days published, the last day was not finished",
        ),
        (
            {"dates": 1, "expected_dates": 1, "unfinished": ["2026-06-07"]},
            "in part: the day was not finished",
        ),
        (
            {"dates": 1, "expected_dates": 1, "unfinished": ["2026-06-07"], "step": "week"},
            "in part: the week was not finished",
        ),
    ],
)
def test_what_a_period_lacks_is_named(lacking: dict[str, Any], words: str) -> None:
    whole: dict[str, Any] = {"dates": 7, "expected_dates": 7, "unfinished": [], "dates_without_other": 0}
    members: dict[str, Any] = {"step": "day", "is_compared": False, "total": 1, "entries": []}
    period = Period("Week", MONDAY, MONDAY + 6 * DAY, **(members | whole | lacking))
    assert period.coverage == words
