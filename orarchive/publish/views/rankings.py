"""Rankings for the pages: OpenRouter's own figures, joined with the models that they name.

A published permaslug is a canonical slug with its variant. A name that joins with no model is kept and shown;
`other` is the service's sum of all further models, and no model itself.
"""

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from orarchive.domain.figures import format_short
from orarchive.domain.ranking_series import ALL_SLICES, SERIES
from orarchive.publish.charts.areas import draw_totals
from orarchive.publish.charts.wide import WideChart
from orarchive.publish.dataset import Dataset
from orarchive.publish.rankings_data import Row, SliceRead
from orarchive.publish.views.models import ModelView
from orarchive.publish.views.ranked import (
    App,
    CategoryRank,
    Period,
    RankedEntry,
    compare_ranks,
    estimate_spend,
)
from orarchive.publish.views.usage import (
    MAX_ENTRIES,
    OTHER,
    PeriodSums,
    find_last_date,
    find_unfinished,
    select_whole_weeks,
    sum_labs,
    sum_period,
    sum_weeks,
)
from orarchive.timestamps import DAY, WEEK

if TYPE_CHECKING:
    import pandas as pd

MAX_ENTRIES_IN_WORDS = "fifty"
"""`MAX_ENTRIES`, for sentences."""

MAX_TRENDING = 10


@dataclass(frozen=True)
class Category:
    """A use that the service ranks models by."""

    name: str
    """"" for all."""
    order: list[RankedEntry]
    """The order of the last reading: ranks without totals."""
    hour: dt.datetime | None
    """When that was read."""
    earlier_hour: dt.datetime | None
    """The reading that `moved` is against."""
    week: Period | None
    """Sampled totals of the last week that is published, where a key opens them; not for all."""
    finished_rows: list[Row]
    """Its totals by week, finished weeks only."""
    is_past: bool
    """Whether the service no longer names it."""


@dataclass(frozen=True)
class Rankings:
    """All that is known of rankings."""

    dataset: Dataset
    models: list[ModelView]
    ids: Mapping[str, str]
    """Of models, by permaslug."""
    lab_names: Mapping[str, str] = field(default_factory=dict)
    """Display names of labs, by slug."""

    @cached_property
    def by_slug(self) -> dict[str, ModelView]:
        """Return the models by permaslug."""
        return {slug: self.by_id[model] for slug, model in self.ids.items()}

    @cached_property
    def by_id(self) -> dict[str, ModelView]:
        """Return the models by id."""
        return {model.model.id: model for model in self.models}

    @property
    def is_there(self) -> bool:
        """Return whether any ranking was ever read."""
        return bool(self.dataset.usage.complete_reads)

    @property
    def has_totals(self) -> bool:
        """Return whether totals were ever read: they need a key."""
        return ("models", "") in self.dataset.usage.tokens

    @property
    def as_of(self) -> str:
        """Return the time that the service states for its totals, "" where there is none."""
        return self.find_as_of("models")

    def find_as_of(self, series: str, name: str = "") -> str:
        """Return the time that the service states for the figures of a slice, "" where there is none."""
        reads = self.dataset.usage.complete_reads.get((series, name))
        return reads[-1].as_of if reads else ""

    def find_unfinished(self, series: str, name: str, dates: Iterable[str]) -> set[str]:
        """Find those of some dates of a slice that the service had not finished when it published them."""
        step = WEEK if SERIES[series].cadence == "weekly" else DAY
        return find_unfinished(dates, step, self.dataset.usage.complete_reads.get((series, name), []))

    @property
    def apps(self) -> list[App]:
        """Return the apps of the last day that is published, the most used first."""
        return self.list_apps("popular")

    def list_apps(self, name: str) -> list[App]:
        """List the apps of the last day of a ranking of apps, `popular` or `trending`, by rank."""
        apps = [App.from_record(record) for record in self.dataset.usage.lines.get(("apps", name), [])]
        return sorted(apps, key=lambda app: (app.rank is None, app.rank, app.name))

    @cached_property
    def periods(self) -> list[Period]:
        """Return the last day, seven days and thirty days that are published."""
        names = (("Day", DAY), ("Week", WEEK), ("Month", 30 * DAY))
        periods = (
            self.build_period(name, self.rows, length, DAY, self._unfinished) for name, length in names
        )
        return [period for period in periods if period]

    @property
    def week(self) -> Period | None:
        """Return the last seven days that are published."""
        return next((period for period in self.periods if period.name == "Week"), None)

    @property
    def rows(self) -> list[Row]:
        """Return the published totals by date."""
        return self.dataset.usage.tokens.get(("models", ""), [])

    @cached_property
    def _unfinished(self) -> set[str]:
        """Return the days of published totals that the service had not finished."""
        return self.find_unfinished("models", "", (date for date, _, _ in self.rows))

    def build_period(
        self, name: str, rows: list[Row], length: dt.timedelta, step: dt.timedelta, unfinished: set[str]
    ) -> Period | None:
        """Build the last period of a series with movement against the one before; None without rows."""
        sums = sum_period(rows, length, step, unfinished)
        if sums is None:
            return None
        total = sum(sums.tokens.values())
        entries = [
            self._build_entry(rank, slug, sums, total)
            for rank, slug in enumerate(sums.ranked[:MAX_ENTRIES], start=1)
        ]
        return Period(
            name=name,
            first=sums.first,
            last=sums.last,
            total=total,
            entries=entries,
            step="week" if step == WEEK else "day",
            dates=sums.dates,
            expected_dates=sums.expected_dates,
            unfinished=sums.unfinished,
            dates_without_other=sums.dates_without_other,
            is_compared=sums.earlier_ranks is not None,
        )

    def _build_entry(self, rank: int, slug: str, sums: PeriodSums, total: int) -> RankedEntry:
        model, tokens = self.by_slug.get(slug), sums.tokens[slug]
        return RankedEntry(
            rank,
            model.model.id if model else slug,
            model,
            *compare_ranks(sums.earlier_ranks, slug, rank),
            tokens=tokens,
            share=tokens / total if total else 0.0,
            growth=sums.growth.get(slug),
            spend=estimate_spend(model, tokens) if model else None,
        )

    @cached_property
    def categories(self) -> list[Category]:
        """Return every category that was ever ranked; the order of all uses together, named "", is first."""
        slices = {name for series, name in self.dataset.usage.last_reads if series in ("order", "category")}
        names = (slices - {ALL_SLICES}) | {""}
        return [self._build_category(name) for name in sorted(names)] if self.is_there else []

    def _build_category(self, name: str) -> Category:
        usage = self.dataset.usage
        orders = usage.orders.get(name, {})
        hour = max(orders, default=None)
        before = max((earlier for earlier in orders if hour and earlier <= hour - WEEK), default=None)
        earlier_ranks = (
            {model: rank for rank, model in enumerate(orders[before], start=1)} if before else None
        )
        order = [
            RankedEntry(rank, model, self.by_id.get(model), *compare_ranks(earlier_ranks, model, rank))
            for rank, model in enumerate(orders[hour] if hour else [], start=1)
        ]
        rows = usage.tokens.get(("category", name), [])
        unfinished = self.find_unfinished("category", name, (date for date, _, _ in rows))
        week = self.build_period("Week", rows, WEEK, WEEK, unfinished)
        # A week that is not finished would look like a fall.
        finished = [row for row in rows if row[0] not in unfinished]
        dates = [read.hour.date() for (series, _), read in usage.last_reads.items() if series == "order"]
        read = usage.last_reads.get(("order", name))
        is_past = bool(name and read and read.hour.date() < max(dates))
        return Category(name, order, hour, before, week, finished, is_past)

    @cached_property
    def weekly(self) -> list[Row]:
        """Return published totals by whole week and name."""
        return sum_weeks(self.whole_weeks) if self.rows else []

    @cached_property
    def whole_weeks(self) -> "pd.DataFrame":
        """Return the daily totals of the weeks of which every day is published and finished."""
        return select_whole_weeks(self.rows, self._unfinished)

    @cached_property
    def _last_week(self) -> dt.date | None:
        """Return the last week of which every day is published and finished."""
        return dt.date.fromisoformat(find_last_date(self.weekly)) if self.weekly else None

    def get_id(self, slug: str) -> str:
        """Return the id of the model with a published name; without a model the name."""
        model = self.by_slug.get(slug)
        return model.model.id if model else slug

    def get_model_name(self, slug: str) -> str:
        """Return the name, without the lab, of the model with a published name; without a model the name."""
        model = self.by_slug.get(slug)
        return model.model.name.rpartition(": ")[2] if model else slug

    def get_lab_name(self, lab: str) -> str:
        """Return the display name of a lab."""
        return self.lab_names.get(lab, lab)

    @cached_property
    def lab_sums(self) -> "pd.DataFrame":
        """Return published totals by whole week and lab."""
        return sum_labs(self.whole_weeks)

    def draw_lab(self, lab: str) -> WideChart | None:
        """Draw a lab's published usage by week; None where nothing can be drawn."""
        if not self.rows or lab not in self.lab_sums.columns:
            return None
        sums = self.lab_sums[lab].dropna()
        return self._draw(self.get_lab_name(lab), {str(week): float(value) for week, value in sums.items()})

    def draw_model(self, model: ModelView) -> WideChart | None:
        """Draw a model's usage by week, where it was among the first fifty; None where it never was."""
        slug = model.model.permaslug
        if self.by_slug.get(slug) is not model:
            return None
        rows = self.rows_by_slug.get(slug, [])
        return self._draw(self.get_model_name(slug), {week: float(tokens) for week, _, tokens in rows})

    def _draw(self, name: str, tokens: Mapping[str, float]) -> WideChart | None:
        if not self._last_week:
            return None
        weeks = {dt.date.fromisoformat(week): amount for week, amount in tokens.items()}
        return draw_totals(name, weeks, self._last_week, format_short)

    @cached_property
    def rows_by_slug(self) -> dict[str, list[Row]]:
        """Return published totals by whole week of each name, oldest first."""
        rows: dict[str, list[Row]] = {}
        for row in self.weekly:
            rows.setdefault(row[1], []).append(row)
        return rows

    @cached_property
    def ranks(self) -> dict[str, list[CategoryRank]]:
        """Return the ranks of each model, by id, in the categories that the service still names."""
        ranks: dict[str, list[CategoryRank]] = {}
        for category in self.categories:
            for entry in () if category.is_past else category.order:
                ranks.setdefault(entry.name, []).append(CategoryRank(category.name, entry.rank))
        return ranks

    @cached_property
    def trending(self) -> list[tuple[RankedEntry, int]]:
        """Return the entries that grew most in a week, and by how many tokens."""
        entries = self.week.entries if self.week else []
        growing = [(entry, entry.growth) for entry in entries if entry.growth and entry.growth > 0]
        return sorted(growing, key=lambda pair: -pair[1])[:MAX_TRENDING]

    @cached_property
    def unmatched_names(self) -> list[str]:
        """Return the published names of all series that match no model."""
        return sorted(self._names - self.by_slug.keys())

    @cached_property
    def matched_count(self) -> int:
        """Count the published names that match a model."""
        return len(self._names & self.by_slug.keys())

    @cached_property
    def _names(self) -> set[str]:
        return {slug for names in self.dataset.usage.names.values() for slug in names} - {OTHER}

    @property
    def reads(self) -> list[SliceRead]:
        """Return the last reading of each slice of each series."""
        return [self.dataset.usage.last_reads[key] for key in sorted(self.dataset.usage.last_reads)]
