"""The latest entries of each news feed, taken from the newest hours back, as far as the feed needs them."""

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import takewhile

from orarchive.domain.event_kinds import EVENT_KINDS, LIMITS_CHANGED, PRICE_LABELS, REPRICED
from orarchive.domain.keys import get_model_of_key
from orarchive.publish.changelog import ChangelogHour, ChangelogLine
from orarchive.publish.event_groups import MONTH_LENGTH
from orarchive.publish.news_feeds import (
    FLAPPING_WINDOW,
    MAX_ENTRIES,
    NewsEntry,
    build_entries,
    fold_flapping,
    is_cut,
    merge_entries,
)
from orarchive.publish.views import View
from orarchive.timestamps import format_stamp, parse_stamp

CUTS = "cuts"

PRICE_KINDS = (REPRICED, LIMITS_CHANGED)
"""Kinds of the events that lines with prices are made of."""


@dataclass(frozen=True)
class News:
    """The changes of a view as entries of feeds."""

    view: View
    paths: dict[str, str]
    """The page of each model."""
    months: dict[str, "MonthFacts"]
    """What lines each month has."""

    def select(
        self,
        stamps: Iterable[str],
        is_wanted: Callable[[ChangelogLine], bool],
        max_entries: int = MAX_ENTRIES,
        is_folded: bool = False,
    ) -> list[NewsEntry]:
        """Return the latest entries of the hours given newest first, with all of the last hour among them.

        With `is_folded` the minor changes of an hour are one entry.
        """
        entries: list[NewsEntry] = []
        for stamp in stamps:
            if len(entries) >= max_entries:
                break
            entries += merge_entries(self._list_entries(stamp, is_wanted), is_folded)
        return entries

    def list_hours(self, label: str) -> Iterator[str]:
        """Yield the hours that can have a line with a label, topic or `CUTS`, newest first."""
        by_hour, kinds = self.view.dataset.log.by_hour, list_kinds(label)
        for stamp in reversed(by_hour):
            if label in self.months[stamp[:MONTH_LENGTH]].labels and any(
                row.kind in kinds for row in by_hour[stamp]
            ):
                yield stamp

    def _list_entries(self, stamp: str, is_wanted: Callable[[ChangelogLine], bool]) -> Iterator[NewsEntry]:
        """Yield the entries of an hour but for those that a price's way back is folded into."""
        for hour in self.view.read_hour(stamp):
            lines = [line for line in hour.lines if is_wanted(line)]
            for entry in build_entries([ChangelogHour(hour.hour, lines)], self.paths):
                if not entry.line.moves or entry.line.topic != "price":
                    yield entry
                elif folded := self._fold(entry):
                    yield folded

    def _fold(self, entry: NewsEntry) -> NewsEntry | None:
        """Return an entry as flapping prices leave it; None where an earlier one stands for it."""
        subject = entry.line.model, entry.line.subject
        hours = [
            ChangelogHour(hour.hour, [line for line in hour.lines if (line.model, line.subject) == subject])
            for stamp in self._list_neighbours(entry)
            for hour in self.view.read_hour(stamp)
        ]
        entries = fold_flapping(list(build_entries(hours, self.paths)))
        return next((folded for folded in entries if folded.id == entry.id), None)

    def _list_neighbours(self, entry: NewsEntry) -> list[str]:
        """List, newest first, the hours with prices of a model that lead to an entry without a long pause."""
        stamps = self._price_hours.get(entry.line.model or "", [])
        here = format_stamp(entry.hour)
        later = _take_near(entry.hour, [stamp for stamp in stamps if stamp > here])
        earlier = _take_near(entry.hour, [stamp for stamp in reversed(stamps) if stamp < here])
        return [*reversed([*later]), here, *earlier]

    @cached_property
    def _price_hours(self) -> dict[str, list[str]]:
        """Return by model the hours that have an event about its prices or those of its endpoints."""
        hours: dict[str, dict[str, None]] = defaultdict(dict)
        names = self.view.dataset.log.names
        for row in self.view.dataset.log.rows:
            if row.kind in PRICE_KINDS:
                hours[get_model_of_key(names.get((row.feed, row.key), row.key))][row.hour] = None
        return {model: [*stamps] for model, stamps in hours.items()}


def _take_near(hour: dt.datetime, stamps: Iterable[str]) -> Iterator[str]:
    """Yield hours, each closer and closer to none, up to the first pause that no price flaps over."""

    def is_near(stamp: str) -> bool:
        nonlocal hour
        previous, hour = hour, parse_stamp(stamp)
        return abs(hour - previous) <= FLAPPING_WINDOW

    return takewhile(is_near, stamps)


def list_kinds(label: str) -> set[str]:
    """List the kinds of events whose lines can have a label, topic or `CUTS`."""
    kinds = {kind.name for kind in EVENT_KINDS.values() if label in (kind.label, f"topic:{kind.topic}")}
    return kinds | {*PRICE_KINDS} if label in (CUTS, *PRICE_LABELS) else kinds


def list_line_labels(line: ChangelogLine) -> list[str]:
    """List what feeds a line can be in: its label, its topic, and `CUTS`."""
    return [line.kind, f"topic:{line.topic}", *([CUTS] if is_cut(line) else [])]


@dataclass(frozen=True)
class MonthFacts:
    """What other files show of a month."""

    as_of: str
    """The last hour with an event."""
    labels: list[str]
    """What its lines are, by `list_line_labels`."""

    @classmethod
    def of(cls, as_of: str, hours: Iterable[ChangelogHour]) -> "MonthFacts":
        """Return the facts of the changes of a month."""
        lines = [line for hour in hours for line in hour.lines]
        return cls(as_of, sorted({label for line in lines for label in list_line_labels(line)}))
