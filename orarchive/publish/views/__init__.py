"""What the pages show, computed from the book; here alone is pandas.

"Now" is the hour that the site is built for, never the clock.
"""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import get_args

import pandas as pd

from orarchive.history.coverage import SPANS, Coverage, coverage
from orarchive.publish.changelog import HEALTH, HourTold, told
from orarchive.publish.charts.steps import Chart, Span, unseen
from orarchive.publish.dataset import Book, Reading
from orarchive.publish.views import status
from orarchive.publish.views.changes import MonthTold, Moved, months, moves
from orarchive.publish.views.graveyard import Grave, graves
from orarchive.publish.views.labs_providers import LabView, ProviderView, lab_views, provider_views
from orarchive.publish.views.models import ModelView, State, model_views
from orarchive.publish.views.prices import Cheap, cheapest, medians
from orarchive.publish.views.rankings import Rankings
from orarchive.publish.views.status import Days, LastRun, Origin, complete, gaps, origins, refused, troubles
from orarchive.timestamps import HOUR

HOME_LINES = 40
WEEK = dt.timedelta(days=7)
MONTH = dt.timedelta(days=30)


@dataclass(frozen=True)
class View:
    """All that the pages show."""

    book: Book
    now: dt.datetime
    """The hour that the site is built for."""
    models: list[ModelView]
    """Every model there ever was."""
    is_past: bool = False
    """Whether it was asked for as of a past hour."""

    @property
    def hour(self) -> dt.datetime:
        """The last hour of the record at or before it."""
        return self.book.hour

    @cached_property
    def living(self) -> list[ModelView]:
        """The models that are listed."""
        return [one for one in self.models if one.is_there]

    @cached_property
    def gone(self) -> list[ModelView]:
        """The models that are listed no more."""
        return [one for one in self.models if not one.is_there]

    @property
    def models_hour(self) -> dt.datetime | None:
        """The last hour in which the models were read."""
        good = self.book.good["models"]
        return good[-1] if good else None

    @cached_property
    def labs(self) -> dict[str, int]:
        """The labs with how many models each lists."""
        return _counts(one.model.lab for one in self.living)

    @cached_property
    def states(self) -> dict[str, int]:
        """How many listed models are in a state, the most telling first."""
        return _by_state(self.living)

    @cached_property
    def gone_labs(self) -> dict[str, int]:
        """The labs that list no model any more, with how many they had."""
        counted = _counts(one.model.lab for one in self.gone)
        return {lab: count for lab, count in counted.items() if lab not in self.labs}

    @cached_property
    def gone_states(self) -> dict[str, int]:
        """How many models are listed no more, by state, the latest first."""
        return _by_state(self.gone)

    @cached_property
    def totals(self) -> dict[str, int]:
        """Today in numbers."""
        there = {
            feed: [one for one in found.values() if one.last is None]
            for feed, found in self.book.entries.items()
        }
        return {
            "models": len(self.living),
            "served": sum(bool(one.offers) for one in self.living),
            "free": sum(one.is_free and not one.model.is_alias for one in self.living),
            "ever": len(self.models),
            "endpoints": len(there["endpoints"]),
            "providers": len(there["providers"]),
            "zdr": len(there["zdr"]),
        }

    @cached_property
    def coverage(self) -> list[Coverage]:
        """How well each feed is covered."""
        return coverage(self.book.complete, {one.feed for one in self.book.readings}, self.now)

    @cached_property
    def last_run(self) -> LastRun:
        """What was done at the last hour."""
        return status.last_run(self.book)

    @cached_property
    def complete(self) -> dict[int, int]:
        """How many of the last 24, 168 and 720 hours were read completely, all hourly feeds together."""
        return {span: sum(hour > self.now - span * HOUR for hour in self.complete_hours) for span in SPANS}

    @cached_property
    def complete_hours(self) -> list[dt.datetime]:
        """The hours that were read completely, oldest first."""
        return complete(self.book, self.now)

    @cached_property
    def troubles(self) -> list[Reading]:
        """The feeds that were not good when they were last asked for."""
        return troubles(self.book)

    @cached_property
    def changes(self) -> list[HourTold]:
        """Everything that happened, newest hour first; health is told elsewhere."""
        return told((one for one in self.book.log if one.kind not in HEALTH), self.book)

    @cached_property
    def months(self) -> list[MonthTold]:
        """The same by month and day."""
        return months(self.changes)

    @cached_property
    def moves(self) -> list[Moved]:
        """The moves of prices in the last week, the biggest first."""
        return moves(self.changes, self.now - WEEK)

    @cached_property
    def newest(self) -> list[ModelView]:
        """The models that were seen to come, the last one first."""
        came = [one for one in self.living if one.since == "added" and not one.model.is_alias]
        return sorted(came, key=lambda one: (one.entry.first, one.model.id), reverse=True)

    @cached_property
    def expiring(self) -> list[ModelView]:
        """The models that are announced to go, the next one first."""
        soon = [one for one in self.living if "expiring" in one.states]
        return sorted(soon, key=lambda one: (str(one.model.expires), one.model.id))

    @cached_property
    def calendar(self) -> list[Days]:
        """The good hours of the models feed by day, a row a month."""
        return status.months(self.book, "models", self.now)

    @cached_property
    def weeks(self) -> list[Days]:
        """The same of the last weeks."""
        return status.weeks(self.book, "models", self.now)

    @cached_property
    def gaps(self) -> list[Span]:
        """The gaps of the models feed, the longest first."""
        return gaps(self.book, "models")

    @property
    def unseen(self) -> list[Span]:
        """Those that charts show: in which nobody looked for too long, the first one first."""
        return unseen(self.book.good["models"])

    @cached_property
    def origins(self) -> list[Origin]:
        """Where hours came from."""
        return origins(self.book)

    @cached_property
    def refused(self) -> list[Reading]:
        """The readings that a check refused, newest first."""
        return refused(self.book)

    @cached_property
    def lab_views(self) -> list[LabView]:
        """Every lab there ever was."""
        return lab_views(self.book, self.models)

    @cached_property
    def providers(self) -> list[ProviderView]:
        """Every provider there ever was."""
        return provider_views(self.book, self.living, self.now)

    @cached_property
    def rankings(self) -> Rankings:
        """OpenRouter's own rankings."""
        return Rankings(self.book, self.models)

    @cached_property
    def graves(self) -> list[Grave]:
        """The models that are listed no more, the newest grave first."""
        return graves(self.book, self.gone)

    @cached_property
    def successors(self) -> dict[str, str]:
        """The ids under which OpenRouter answered for models that are listed no more."""
        return {one.one.model.id: one.successor for one in self.graves if one.successor}

    @cached_property
    def cheapest(self) -> dict[str, list[Cheap]]:
        """The cheapest models for each need."""
        return cheapest(self.living, bool(self.book.good["endpoints"]))

    @cached_property
    def medians(self) -> list[Chart]:
        """The middle of the market, week by week."""
        return medians(self.book, self.now)

    @cached_property
    def month_moves(self) -> list[Moved]:
        """The moves of prices in the last 30 days, the biggest first."""
        return moves(self.changes, self.now - MONTH)

    @property
    def home_changes(self) -> list[HourTold]:
        """The latest hours with changes, up to so many lines."""
        found = []
        left = HOME_LINES
        for one in self.changes:
            if left <= 0:
                break
            found.append(HourTold(one.hour, one.lines[:left], max(len(one.lines) - left, 0)))
            left -= len(one.lines)
        return found


def view(book: Book, as_of: dt.datetime | None = None) -> View:
    """All that the pages show, as of an hour (the last one on record if none is given)."""
    now = as_of or book.hour
    return View(book, now, model_views(book, now), as_of is not None)


def _counts(values: Iterable[str]) -> dict[str, int]:
    """How often each value occurs, by name."""
    counted = pd.Series(list(values), dtype="object").value_counts()
    return {str(name): int(counted[name]) for name in sorted(counted.index)}


def _by_state(models: list[ModelView]) -> dict[str, int]:
    """How many models are in each state, the most telling state first."""
    counted = _counts(state for one in models for state in one.states)
    return {word: counted[word] for word in get_args(State) if word in counted}
