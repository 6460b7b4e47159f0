"""What the pages show of rankings: OpenRouter's own figures, joined with the models that they name.

A published permaslug is a canonical slug with its variant. What joins with no model is kept and named;
`other` is what the service sums up of the rest, and no model.
"""

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property

import pandas as pd

from orarchive.domain.ranking_series import ALL_SLICES
from orarchive.domain.records import as_integer, as_text, get_lab
from orarchive.jsonl import Record
from orarchive.publish.charts.lines import LineChart, draw_lines
from orarchive.publish.dataset import Dataset
from orarchive.publish.rankings_data import Row, SliceRead
from orarchive.publish.views.models import ModelView
from orarchive.timestamps import DAY

OTHER = "other"
"""What the service calls the sum of all that is not among a date's first fifty."""

TOP = 50
LINES = 8
"""Lines of a chart."""

WEEK = dt.timedelta(days=7)


@dataclass(frozen=True)
class RankedEntry:
    """A place in a ranking."""

    rank: int
    name: str
    """The id of the model, or the published name where no model goes by it."""
    model: ModelView | None
    moved: int | None
    """Places up (or, negative, down) against the period before; None: there is nothing to compare with."""
    is_new: bool = False
    """Whether it was not in the period before."""
    tokens: int | None = None
    share: float | None = None
    """Of all published tokens of the period."""
    spend: Decimal | None = None
    """Tokens times a mix of list prices: an estimate, USD."""

    @property
    def lab(self) -> str:
        """Who makes it."""
        return get_lab(self.name)


@dataclass(frozen=True)
class Period:
    """Published totals of some days, and of as many before them."""

    name: str
    first: dt.date
    last: dt.date
    total: int
    entries: list[RankedEntry]
    unfinished: bool
    """Whether it ends with a day that the service had not finished when it was read."""
    dates: int
    """Dates that are published of it."""
    expected: int
    """Dates that it has."""


@dataclass(frozen=True)
class Category:
    """A use that the service ranks models by."""

    name: str
    """"" for all."""
    order: list[RankedEntry]
    """The order of the last reading: places, no totals."""
    hour: dt.datetime | None
    """When that was read."""
    before: dt.datetime | None
    """What `moved` is against."""
    week: Period | None
    """Sampled totals of the last week that is published, where a key opens them; not for all."""
    chart: LineChart | None
    is_past: bool
    """Whether the service names it no more."""


@dataclass(frozen=True)
class App:
    """An app by its tokens on a day; what was not sent is None."""

    name: str
    date: str
    rank: int | None
    tokens: int | None
    requests: int | None

    @classmethod
    def from_record(cls, record: Record) -> "App":
        """Read a row as it was sent."""
        return cls(
            name=as_text(record.get("app_name")) or str(record.get("app_id")),
            date=str(record.get("date")),
            rank=as_integer(record.get("rank")),
            tokens=as_integer(record.get("total_tokens")),
            requests=as_integer(record.get("total_requests")),
        )


@dataclass(frozen=True)
class Rankings:
    """All that the pages show of rankings."""

    book: Dataset
    models: list[ModelView]

    @cached_property
    def by_slug(self) -> dict[str, ModelView]:
        """The models by what rankings call them; of several the one that is there, or came last."""
        found: dict[str, ModelView] = {}
        for one in sorted(self.models, key=lambda one: (one.is_there, one.entry.first), reverse=True):
            if not one.model.is_alias:
                found.setdefault(get_permaslug(one), one)
        return found

    @cached_property
    def by_id(self) -> dict[str, ModelView]:
        return {one.model.id: one for one in self.models}

    @property
    def is_there(self) -> bool:
        """Whether any ranking was ever read."""
        return bool(self.book.usage.good)

    @property
    def has_totals(self) -> bool:
        """Whether totals were ever read: they need a key."""
        return ("models", "") in self.book.usage.tokens

    @property
    def as_of(self) -> str:
        """Of when the service says its totals are."""
        return self.as_of_slice("models")

    def as_of_slice(self, series: str, part: str = "") -> str:
        """Of when the service says the figures of a part of a series are."""
        read = self.book.usage.good.get((series, part))
        return read.as_of if read else ""

    @cached_property
    def apps(self) -> list[App]:
        """The apps of the last day that is published, the most used first."""
        found = [App.from_record(one) for one in self.book.usage.lines.get(("apps", "popular"), [])]
        return sorted(found, key=lambda one: (one.rank is None, one.rank, one.name))

    @property
    def apps_day(self) -> str:
        """The day that they are of."""
        return self.apps[0].date if self.apps else ""

    @cached_property
    def periods(self) -> list[Period]:
        """The last day, seven days and thirty days that are published."""
        rows = self.book.usage.tokens.get(("models", ""), [])
        names = (("Day", 1), ("Week", 7), ("Month", 30))
        return [
            found for name, days in names if (found := self._period(name, rows, days * DAY, DAY, self.as_of))
        ]

    @property
    def week(self) -> Period | None:
        """The last seven days that are published."""
        return next((one for one in self.periods if one.name == "Week"), None)

    def _period(
        self, name: str, rows: list[Row], length: dt.timedelta, step: dt.timedelta, as_of: str
    ) -> Period | None:
        """The totals of the last stretch of a series, against the one before it."""
        if not rows:
            return None
        last = max(date for date, _, _ in rows)
        end = dt.date.fromisoformat(last)
        first, before = end - length + step, end - 2 * length + step
        now = _sums(rows, f"{first}", last)
        was = _sums(rows, f"{before}", f"{first - step}")
        total = sum(now.values())
        expected = length // step
        dates, earlier = (
            len({date for date, _, _ in rows if begin <= date <= until})
            for begin, until in ((f"{first}", last), (f"{before}", f"{first - step}"))
        )
        # with days missing in one of the two nothing can be said of movement
        whole = dates == earlier == expected
        old = {slug: rank for rank, slug in enumerate(_ranked(was), start=1)} if whole else None
        places = [
            self._place(rank, slug, old, now[slug], total) for rank, slug in enumerate(_ranked(now), start=1)
        ]
        return Period(
            name, first, end, total, places[:TOP], is_unfinished(last, step, as_of), dates, expected
        )

    def _place(
        self, rank: int, slug: str, old: Mapping[str, int] | None, tokens: int, total: int
    ) -> RankedEntry:
        model = self.by_slug.get(slug)
        return RankedEntry(
            rank,
            model.model.id if model else slug,
            model,
            *_against(old, slug, rank),
            tokens=tokens,
            share=tokens / total if total else 0.0,
            spend=_spend(model, tokens) if model else None,
        )

    @cached_property
    def categories(self) -> list[Category]:
        """Every category there ever was, "" for all first."""
        asked = {part for series, part in self.book.usage.last if series in ("order", "category")}
        names = (asked - {ALL_SLICES}) | {""}
        return [self._category(name) for name in sorted(names)] if self.is_there else []

    def _category(self, name: str) -> Category:
        hours = self.book.usage.orders.get(name, {})
        hour = max(hours, default=None)
        earlier = [one for one in hours if hour and one <= hour - WEEK]
        before = max(earlier, default=None)
        old = {model: rank for rank, model in enumerate(hours[before], start=1)} if before else None
        order = [
            RankedEntry(rank, model, self.by_id.get(model), *_against(old, model, rank))
            for rank, model in enumerate(hours[hour] if hour else [], start=1)
        ]
        rows = self.book.usage.tokens.get(("category", name), [])
        week = self._period("Week", rows, WEEK, WEEK, self.as_of_slice("category", name))
        asked = [read.hour.date() for key, read in self.book.usage.last.items() if key[0] == "order"]
        own = self.book.usage.last.get(("order", name))
        gone = bool(name and own and own.hour.date() < max(asked))
        return Category(name, order, hour, before, week, self.chart(rows), gone)

    @cached_property
    def weekly(self) -> list[Row]:
        """Published totals by whole week and name."""
        rows = self.book.usage.tokens.get(("models", ""), [])
        return _weekly(rows)

    @cached_property
    def _end(self) -> dt.date | None:
        """The last week that is published whole."""
        return dt.date.fromisoformat(max(row[0] for row in self.weekly)) if self.weekly else None

    @cached_property
    def leaders(self) -> LineChart | None:
        """The models that lead now, by week."""
        return self.chart(self.weekly)

    def chart(self, rows: list[Row], names: Iterable[str] | None = None) -> LineChart | None:
        """The most used of rows by week, as lines."""
        if not rows:
            return None
        last = max(date for date, _, _ in rows)
        chosen = list(names) if names is not None else _ranked(_sums(rows, last, last))[:LINES]
        found: dict[str, list[tuple[dt.date, float]]] = {slug: [] for slug in chosen}
        for date, slug, tokens in rows:
            if slug in found:
                found[slug].append((dt.date.fromisoformat(date), float(tokens)))
        return draw_lines(
            {self.named(slug): points for slug, points in found.items()}, format_short, WEEK, self._end
        )

    def named(self, slug: str) -> str:
        """What a published name is called: the id of its model without the lab, where it has one."""
        model = self.by_slug.get(slug)
        return (model.model.id if model else slug).rpartition("/")[2]

    @cached_property
    def labs(self) -> LineChart | None:
        """The labs' shares of what is published of the first fifty, by week."""
        dates = sorted({date for sums in self._of_labs.values() for date in sums})
        if not dates:
            return None
        totals = {date: sum(sums.get(date, 0) for sums in self._of_labs.values()) for date in dates}
        leading = sorted(self._of_labs, key=lambda lab: (-self._of_labs[lab].get(dates[-1], 0), lab))
        points = {
            lab: [
                (dt.date.fromisoformat(date), self._of_labs[lab].get(date, 0) / (totals[date] or 1))
                for date in dates
            ]
            for lab in leading[:LINES]
        }
        return draw_lines(points, lambda share: f"{share:.0%}", WEEK, self._end)

    @cached_property
    def _of_models(self) -> dict[str, list[Row]]:
        found: dict[str, list[Row]] = {}
        for row in self.weekly:
            found.setdefault(row[1], []).append(row)
        return found

    def of_model(self, one: ModelView) -> LineChart | None:
        """A model's usage by week, where it was among the first fifty."""
        slug = get_permaslug(one)
        rows = self._of_models.get(slug, [])
        return self.chart(rows, [slug]) if self.by_slug.get(slug) is one else None

    @cached_property
    def places(self) -> dict[str, list[tuple[Category, RankedEntry]]]:
        """Where models stand in the order of each category, by id."""
        found: dict[str, list[tuple[Category, RankedEntry]]] = {}
        for category in self.categories:
            for place in () if category.is_past else category.order:
                found.setdefault(place.name, []).append((category, place))
        return found

    @cached_property
    def _of_labs(self) -> dict[str, dict[str, int]]:
        found: dict[str, dict[str, int]] = {}
        for date, slug, tokens in self.weekly:
            if slug != OTHER:
                sums = found.setdefault(get_lab(slug), {})
                sums[date] = sums.get(date, 0) + tokens
        return found

    def of_lab(self, lab: str) -> LineChart | None:
        """A lab's published usage by week."""
        sums = self._of_labs.get(lab, {})
        points = [(dt.date.fromisoformat(date), float(tokens)) for date, tokens in sorted(sums.items())]
        return draw_lines({lab: points}, format_short, WEEK, self._end)

    @cached_property
    def trending(self) -> list[tuple[RankedEntry, int]]:
        """What grew most in the last week against the one before, in tokens."""
        if (week := self.week) is None:
            return []
        rows = self.book.usage.tokens["models", ""]
        was = _sums(rows, f"{week.first - WEEK}", f"{week.first - DAY}")
        grown = [(one, (one.tokens or 0) - was.get(self._slug(one), 0)) for one in week.entries]
        return sorted((pair for pair in grown if pair[1] > 0), key=lambda pair: -pair[1])[:10]

    def _slug(self, place: RankedEntry) -> str:
        return get_permaslug(place.model) if place.model else place.name

    @cached_property
    def unmatched(self) -> list[str]:
        """Published names that no model goes by, of all series."""
        return sorted(self._names - self.by_slug.keys())

    @cached_property
    def matched(self) -> int:
        """How many published names a model goes by."""
        return len(self._names & self.by_slug.keys())

    @cached_property
    def _names(self) -> set[str]:
        return {slug for names in self.book.usage.names.values() for slug in names} - {OTHER}

    @property
    def reads(self) -> list[SliceRead]:
        """How each part of each series fared when it was asked for last."""
        return [self.book.usage.last[key] for key in sorted(self.book.usage.last)]


def get_permaslug(one: ModelView) -> str:
    """What rankings call a model: its canonical slug, with its variant."""
    slug, variant = one.model.canonical_slug or one.model.id, one.model.variant
    return f"{slug}:{variant}" if variant and not slug.endswith(f":{variant}") else slug


def _against(old: Mapping[str, int] | None, name: str, rank: int) -> tuple[int | None, bool]:
    """How many places up a name is against an earlier ranking, if there is one, and whether it is new."""
    return (old[name] - rank, False) if old and name in old else (None, old is not None)


def is_unfinished(date: str, step: dt.timedelta, as_of: str) -> bool:
    """Whether the service had not finished a day, or the week that begins with it, when it was read."""
    return bool(as_of) and f"{dt.date.fromisoformat(date) + step - DAY}" >= as_of[:10]


def format_short(amount: float | Decimal) -> str:
    """A large number in a few letters: `1.23T`, `340B`, `1,500T`."""
    value = float(amount)
    for unit, size in (("T", 1e12), ("B", 1e9), ("M", 1e6), ("K", 1e3)):
        if value >= size:
            return f"{value / size:,.0f}{unit}" if value >= 999.5 * size else f"{value / size:.3g}{unit}"
    return f"{value:.0f}"


def _spend(one: ModelView, tokens: int) -> Decimal | None:
    """Tokens times list price, three tokens in for one out."""
    prices = [one.model.prices.get(name) for name in ("prompt", "completion")]
    if any(price is None or price < 0 for price in prices):
        return None
    prompt, completion = (price or Decimal(0) for price in prices)
    return tokens * (3 * prompt + completion) / 4


def _sums(rows: Iterable[Row], first: str, last: str) -> dict[str, int]:
    found: dict[str, int] = {}
    for date, slug, tokens in rows:
        if first <= date <= last:
            found[slug] = found.get(slug, 0) + tokens
    return found


def _ranked(sums: Mapping[str, int]) -> list[str]:
    """Names by tokens, the most first, without what is no model."""
    return sorted((slug for slug in sums if slug != OTHER), key=lambda slug: (-sums[slug], slug))


def _weekly(rows: list[Row]) -> list[Row]:
    """Daily rows by week, dated by its Monday; weeks of which days are missing are left out."""
    if not rows:
        return []
    frame = pd.DataFrame(rows, columns=["date", "slug", "tokens"])
    days = pd.to_datetime(frame["date"])
    frame["week"] = (days - pd.to_timedelta(days.dt.day_of_week, unit="D")).dt.strftime("%Y-%m-%d")
    whole = frame.groupby("week")["date"].nunique()
    kept = frame[frame["week"].isin(whole[whole == 7].index)]
    summed = kept.groupby(["week", "slug"], as_index=False)["tokens"].agg(["sum", "count"])
    # a model that was below the first fifty on some days of a week has no total for it
    summed = summed[summed["count"] == 7]
    return list(zip(summed["week"], summed["slug"], map(int, summed["sum"]), strict=True))
