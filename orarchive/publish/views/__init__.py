"""What the pages show, computed from the book; here alone is pandas.

"Now" is the hour that the site is built for, never the clock.
"""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import get_args

import pandas as pd

from orarchive.history.coverage import SPANS_HOURS, Coverage, compute_coverage
from orarchive.publish.changelog import HEALTH_KINDS, ChangelogHour, build_changelog
from orarchive.publish.charts.steps import Chart, Span, find_gaps
from orarchive.publish.dataset import Dataset, FeedReading
from orarchive.publish.views import status
from orarchive.publish.views.changes import ChangelogMonth, PriceMove, group_months, list_moves
from orarchive.publish.views.graveyard import Grave, list_graves
from orarchive.publish.views.labs_providers import (
    LabView,
    ProviderView,
    build_lab_views,
    build_provider_views,
)
from orarchive.publish.views.models import ModelView, State, build_model_views
from orarchive.publish.views.prices import PricedModel, draw_medians, list_cheapest
from orarchive.publish.views.rankings import Rankings
from orarchive.publish.views.status import (
    Days,
    LastRun,
    Origin,
    list_complete_hours,
    list_gaps,
    list_origins,
    list_rejected,
    list_troubles,
)
from orarchive.timestamps import HOUR

HOME_LINES = 40
WEEK = dt.timedelta(days=7)
MONTH = dt.timedelta(days=30)


@dataclass(frozen=True)
class View:
    """All that the pages show."""

    dataset: Dataset
    now: dt.datetime
    """The hour that the site is built for."""
    models: list[ModelView]
    """Every model there ever was."""
    is_past: bool = False
    """Whether it was asked for as of a past hour."""

    @property
    def hour(self) -> dt.datetime:
        """The last hour of the record at or before it."""
        return self.dataset.hour

    @cached_property
    def listed(self) -> list[ModelView]:
        """The models that are listed."""
        return [one for one in self.models if one.is_there]

    @cached_property
    def gone(self) -> list[ModelView]:
        """The models that are listed no more."""
        return [one for one in self.models if not one.is_there]

    @property
    def models_hour(self) -> dt.datetime | None:
        """The last hour in which the models were read."""
        good = self.dataset.good["models"]
        return good[-1] if good else None

    @cached_property
    def labs(self) -> dict[str, int]:
        """The labs with how many models each lists."""
        return _counts(one.model.lab for one in self.listed)

    @cached_property
    def states(self) -> dict[str, int]:
        """How many listed models are in a state, the most telling first."""
        return _by_state(self.listed)

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
            for feed, found in self.dataset.entries.items()
        }
        return {
            "models": len(self.listed),
            "served": sum(bool(one.endpoints) for one in self.listed),
            "free": sum(one.is_free and not one.model.is_alias for one in self.listed),
            "ever": len(self.models),
            "endpoints": len(there["endpoints"]),
            "providers": len(there["providers"]),
            "zdr": len(there["zdr"]),
        }

    @cached_property
    def coverage(self) -> list[Coverage]:
        """How well each feed is covered."""
        return compute_coverage(self.dataset.complete, {one.feed for one in self.dataset.readings}, self.now)

    @cached_property
    def last_run(self) -> LastRun:
        """What was done at the last hour."""
        return status.summarize_last_run(self.dataset)

    @cached_property
    def complete(self) -> dict[int, int]:
        """How many of the last 24, 168 and 720 hours were read completely, all hourly feeds together."""
        return {
            span: sum(hour > self.now - span * HOUR for hour in self.complete_hours) for span in SPANS_HOURS
        }

    @cached_property
    def complete_hours(self) -> list[dt.datetime]:
        """The hours that were read completely, oldest first."""
        return list_complete_hours(self.dataset, self.now)

    @cached_property
    def troubles(self) -> list[FeedReading]:
        """The feeds that were not good when they were last asked for."""
        return list_troubles(self.dataset)

    @cached_property
    def changes(self) -> list[ChangelogHour]:
        """Everything that happened, newest hour first; health is told elsewhere."""
        return build_changelog(
            (one for one in self.dataset.log if one.kind not in HEALTH_KINDS), self.dataset
        )

    @cached_property
    def months(self) -> list[ChangelogMonth]:
        """The same by month and day."""
        return group_months(self.changes)

    @cached_property
    def moves(self) -> list[PriceMove]:
        """The moves of prices in the last week, the biggest first."""
        return list_moves(self.changes, self.now - WEEK)

    @cached_property
    def newest(self) -> list[ModelView]:
        """The models that were seen to come, the last one first."""
        came = [one for one in self.listed if one.since == "added" and not one.model.is_alias]
        return sorted(came, key=lambda one: (one.entry.first, one.model.id), reverse=True)

    @cached_property
    def expiring(self) -> list[ModelView]:
        """The models that are announced to go, the next one first."""
        soon = [one for one in self.listed if "expiring" in one.states]
        return sorted(soon, key=lambda one: (str(one.model.expires), one.model.id))

    @cached_property
    def calendar(self) -> list[Days]:
        """The good hours of the models feed by day, a row a month."""
        return status.list_months(self.dataset, "models", self.now)

    @cached_property
    def weeks(self) -> list[Days]:
        """The same of the last weeks."""
        return status.list_weeks(self.dataset, "models", self.now)

    @cached_property
    def gaps(self) -> list[Span]:
        """The gaps of the models feed, the longest first."""
        return list_gaps(self.dataset, "models")

    @property
    def long_gaps(self) -> list[Span]:
        """Those that charts show: in which nobody looked for too long, the first one first."""
        return find_gaps(self.dataset.good["models"])

    @cached_property
    def origins(self) -> list[Origin]:
        """Where hours came from."""
        return list_origins(self.dataset)

    @cached_property
    def refused(self) -> list[FeedReading]:
        """The readings that a check refused, newest first."""
        return list_rejected(self.dataset)

    @cached_property
    def lab_views(self) -> list[LabView]:
        """Every lab there ever was."""
        return build_lab_views(self.dataset, self.models)

    @cached_property
    def providers(self) -> list[ProviderView]:
        """Every provider there ever was."""
        return build_provider_views(self.dataset, self.listed, self.now)

    @cached_property
    def rankings(self) -> Rankings:
        """OpenRouter's own rankings."""
        return Rankings(self.dataset, self.models)

    @cached_property
    def graves(self) -> list[Grave]:
        """The models that are listed no more, the newest grave first."""
        return list_graves(self.dataset, self.gone)

    @cached_property
    def successors(self) -> dict[str, str]:
        """The ids under which OpenRouter answered for models that are listed no more."""
        return {one.model.model.id: one.successor for one in self.graves if one.successor}

    @cached_property
    def cheapest(self) -> dict[str, list[PricedModel]]:
        """The cheapest models for each need."""
        return list_cheapest(self.listed, bool(self.dataset.good["endpoints"]))

    @cached_property
    def medians(self) -> list[Chart]:
        """The middle of the market, week by week."""
        return draw_medians(self.dataset, self.now)

    @cached_property
    def month_moves(self) -> list[PriceMove]:
        """The moves of prices in the last 30 days, the biggest first."""
        return list_moves(self.changes, self.now - MONTH)

    @property
    def home_changes(self) -> list[ChangelogHour]:
        """The latest hours with changes, up to so many lines."""
        found = []
        left = HOME_LINES
        for one in self.changes:
            if left <= 0:
                break
            found.append(ChangelogHour(one.hour, one.lines[:left], max(len(one.lines) - left, 0)))
            left -= len(one.lines)
        return found


def build_view(book: Dataset, as_of: dt.datetime | None = None) -> View:
    """All that the pages show, as of an hour (the last one on record if none is given)."""
    now = as_of or book.hour
    return View(book, now, build_model_views(book, now), as_of is not None)


def _counts(values: Iterable[str]) -> dict[str, int]:
    """How often each value occurs, by name."""
    counted = pd.Series(list(values), dtype="object").value_counts()
    return {str(name): int(counted[name]) for name in sorted(counted.index)}


def _by_state(models: list[ModelView]) -> dict[str, int]:
    """How many models are in each state, the most telling state first."""
    counted = _counts(state for one in models for state in one.states)
    return {word: counted[word] for word in get_args(State) if word in counted}
