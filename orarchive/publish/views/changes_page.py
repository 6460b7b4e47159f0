"""The pages of changes: the last days, each month, and each day of a long month."""

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice

from orarchive.domain.event_kinds import MISSING, TOPIC_NAMES, get_event_kind
from orarchive.publish.change_groups import (
    MAX_USED_MODELS,
    MIN_LAB_MODELS,
    ChangeGroup,
    Importance,
    Rank,
    group_changes,
)
from orarchive.publish.views.changes import (
    ChangeList,
    ChangelogDay,
    ChangelogMonth,
    build_change_list,
)

MAX_RECENT_MONTHS, MAX_RECENT_DAYS = 2, 14
"""Limits of the page of changes: it ends where the first of them is reached; months' pages have all."""

MAX_OPEN_ROWS = 160
"""Rows of a month whose days are unfolded; further days show their summary alone until they are opened."""

MAX_MONTH_LINES = 2500
"""Lines of a month that are shown on one page, about 45 KB of it compressed; of more each day has a page."""

RANK_WORDS = {
    Rank.PRICE_OF_USED: "{} price change{s}",
    Rank.RETIREMENT: "{} retirement{s} announced",
    Rank.NEW_MODEL: "{} new model{s}",
    Rank.PRICE: "{} price change{s}",
    Rank.OTHER: "{} other change{s}",
    Rank.MINOR: "{} minor",
}
"""Words for the number of groups of a rank in the summary of a day; `{s}` is the plural's ending."""

MISSING_WORDS = "{} no longer listed"
"""Words for the models among these that are plainly gone."""


@dataclass(frozen=True)
class Topic:
    """A topic that changes can be filtered by."""

    name: str
    label: str


TOPICS = [Topic(name, label) for name, label in TOPIC_NAMES.items()]


@dataclass(frozen=True)
class ChangeDay:
    """The changes of a day."""

    date: dt.date
    summary: str
    """How many of each rank: `3 price changes, 1 end date, 14 minor`."""
    changes: ChangeList
    is_open: bool


@dataclass(frozen=True)
class MonthLink:
    """A month in the list of months."""

    name: str
    is_current: bool = False


@dataclass(frozen=True)
class DayLink:
    """A day in the list of days of a long month."""

    date: dt.date
    name: str
    """The day of the month, `03`."""
    summary: str


@dataclass(frozen=True)
class ChangesPage:
    """The context of a page of changes."""

    month: str
    """The month, `2026-08`; "" for the last days."""
    date: dt.date | None
    """The day; None for a month and for the last days."""
    topics: list[Topic]
    days: list[ChangeDay]
    day_links: list[DayLink]
    """The pages of the days of a long month, whose own page shows no changes."""
    months: list[MonthLink]
    """Newest first."""
    earlier: str
    """Path of the page before, below `changes/`; "" for none."""
    later: str
    """Path of the page after."""
    max_used: int
    """How many models count as used; 0 where no use is on record."""
    min_lab: int = MIN_LAB_MODELS


def is_long(month: ChangelogMonth) -> bool:
    """Return whether each day of a month has a page of its own."""
    return month.lines > MAX_MONTH_LINES


def build_month_page(months: Sequence[str], month: ChangelogMonth, importance: Importance) -> ChangesPage:
    """Build the page of the changes of a month; `months` are all months, newest first."""
    links = month.days if is_long(month) else []
    days = [] if links else month.days
    place = months.index(month.name)
    page = _build_page(months, days, importance, month.name)
    return replace(
        page,
        day_links=[_build_day_link(day, importance) for day in links],
        earlier=_get(months, place + 1),
        later=_get(months, place - 1),
    )


def build_day_page(
    months: Sequence[str], month: ChangelogMonth, day: ChangelogDay, importance: Importance
) -> ChangesPage:
    """Build the page of the changes of a day of a long month."""
    dates = [f"{month.name}/{listed.date:%d}" for listed in month.days]
    place = month.days.index(day)
    page = _build_page(months, [day], importance, month.name)
    return replace(page, date=day.date, earlier=_get(dates, place + 1), later=_get(dates, place - 1))


def _get(names: Sequence[str], place: int) -> str:
    return names[place] if 0 <= place < len(names) else ""


def build_recent_page(
    months: Sequence[str], days: Iterable[ChangelogDay], importance: Importance
) -> ChangesPage:
    """Build the page of the last days with changes, of the given ones, newest first."""
    page = _build_page(months, islice(days, MAX_RECENT_DAYS), importance)
    return replace(page, days=[day for day in page.days if day.is_open], earlier=_get(months, 0))


def _build_page(
    months: Sequence[str], days: Iterable[ChangelogDay], importance: Importance, name: str = ""
) -> ChangesPage:
    return ChangesPage(
        month=name,
        date=None,
        topics=TOPICS,
        days=[*_build_days(days, importance)],
        day_links=[],
        months=[MonthLink(month, month == name) for month in months],
        earlier="",
        later="",
        max_used=0 if importance.used_models is None else MAX_USED_MODELS,
    )


def _build_days(days: Iterable[ChangelogDay], importance: Importance) -> Iterator[ChangeDay]:
    """Yield the days; those that begin after `MAX_OPEN_ROWS` rows are folded."""
    rows = 0
    for day in days:
        changes = build_change_list(day.hours, importance)
        is_open = rows < MAX_OPEN_ROWS
        yield ChangeDay(
            date=day.date,
            summary=_summarize(day, importance),
            changes=changes,
            is_open=is_open,
        )
        rows += len(changes.rows)


def _build_day_link(day: ChangelogDay, importance: Importance) -> DayLink:
    return DayLink(day.date, f"{day.date:%d}", _summarize(day, importance))


def _summarize(day: ChangelogDay, importance: Importance) -> str:
    """Say how many changes of each rank a day has."""
    grouped = group_changes(day.hours, importance)
    counts = Counter(map(_name_group, grouped.groups))
    counts[RANK_WORDS[Rank.MINOR]] = grouped.minor_count
    return ", ".join(
        words.format(f"{count:,}", s="s" * (count != 1)) for words, count in counts.items() if count
    )


def _name_group(group: ChangeGroup) -> str:
    """Return the words that a group counts under."""
    if group.rank == Rank.RETIREMENT and group.lines[0].kind == get_event_kind(MISSING).label:
        return MISSING_WORDS
    return RANK_WORDS[group.rank]
