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

from orarchive.jsonl import Record
from orarchive.publish.book import Book
from orarchive.publish.trends import Trend, trend
from orarchive.publish.usage import RankingRead, Row
from orarchive.publish.views.models import ModelView
from orarchive.records import integer, lab_of

OTHER = "other"
"""What the service calls the sum of all that is not among a date's first fifty."""

TOP = 50
LINES = 8
"""Lines of a chart."""

WEEK = dt.timedelta(days=7)
DAY = dt.timedelta(days=1)


@dataclass(frozen=True)
class Place:
    """A place in a ranking."""

    rank: int
    name: str
    """The id of the model, or the published name where no model goes by it."""
    model: ModelView | None
    moved: int | None
    """Places up (or, negative, down) against the period before; None: it was not in it."""
    tokens: int | None = None
    share: float | None = None
    """Of all published tokens of the period."""
    spend: Decimal | None = None
    """Tokens times a mix of list prices: an estimate, USD."""

    @property
    def lab(self) -> str:
        """Who makes it."""
        return lab_of(self.name)


@dataclass(frozen=True)
class Period:
    """Published totals of some days, and of as many before them."""

    name: str
    first: dt.date
    last: dt.date
    total: int
    places: list[Place]
    unfinished: bool
    """Whether it ends with a day that the service had not finished when it was read."""


@dataclass(frozen=True)
class Category:
    """A use that the service ranks models by."""

    name: str
    """"" for all."""
    order: list[Place]
    """The order of the last reading: places, no totals."""
    hour: dt.datetime | None
    """When that was read."""
    before: dt.datetime | None
    """What `moved` is against."""
    week: Period | None
    """Sampled totals of the last week that is published, where a key opens them."""
    chart: Trend | None
    is_past: bool
    """Whether the service names it no more."""

    @property
    def depth(self) -> int:
        """How deep it lies: `marketing/seo` below `marketing`."""
        return self.name.count("/")


@dataclass(frozen=True)
class Rankings:
    """All that the pages show of rankings."""

    book: Book
    models: list[ModelView]

    @cached_property
    def by_slug(self) -> dict[str, ModelView]:
        """The models by what rankings call them; of several the one that is there, or came last."""
        found: dict[str, ModelView] = {}
        for one in sorted(self.models, key=lambda one: (one.is_there, one.entry.first), reverse=True):
            if not one.model.is_alias:
                found.setdefault(permaslug(one), one)
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
        read = self.book.usage.good.get(("models", ""))
        return read.as_of if read else ""

    def as_of_category(self, name: str) -> str:
        """Of when the service says its totals of a category are."""
        read = self.book.usage.good.get(("category", name))
        return read.as_of if read else ""

    @property
    def apps(self) -> list[Record]:
        """The apps of the last day that is published, the most used first."""
        found = self.book.usage.lines.get(("apps", "popular"), [])
        return sorted(found, key=lambda one: (integer(one.get("rank")) or 0, str(one.get("app_name"))))

    @property
    def apps_day(self) -> str:
        """The day that they are of."""
        return str(self.apps[0]["date"]) if self.apps else ""

    @property
    def apps_as_of(self) -> str:
        """Of when the service says that is."""
        read = self.book.usage.good.get(("apps", "popular"))
        return read.as_of if read else ""

    @cached_property
    def periods(self) -> list[Period]:
        """The last day, seven days and thirty days that are published."""
        rows = self.book.usage.tokens.get(("models", ""), [])
        names = (("Day", 1), ("Week", 7), ("Month", 30))
        return [found for name, days in names if (found := self._period(name, rows, days * DAY, DAY))]

    def _period(self, name: str, rows: list[Row], length: dt.timedelta, step: dt.timedelta) -> Period | None:
        """The totals of the last stretch of a series, against the one before it."""
        if not rows:
            return None
        last = max(date for date, _, _ in rows)
        end = dt.date.fromisoformat(last)
        first, before = end - length + step, end - 2 * length + step
        now = _sums(rows, f"{first}", last)
        was = _sums(rows, f"{before}", f"{first - step}")
        total = sum(now.values())
        old = {slug: rank for rank, slug in enumerate(_ranked(was), start=1)}
        places = [
            self._place(rank, slug, old, now[slug], total) for rank, slug in enumerate(_ranked(now), start=1)
        ]
        return Period(name, first, end, total, places[:TOP], bool(self.as_of) and last >= self.as_of[:10])

    def _place(self, rank: int, slug: str, old: Mapping[str, int], tokens: int, total: int) -> Place:
        model = self.by_slug.get(slug)
        return Place(
            rank=rank,
            name=model.model.id if model else slug,
            model=model,
            moved=old[slug] - rank if slug in old else None,
            tokens=tokens,
            share=tokens / total if total else None,
            spend=_spend(model, tokens) if model else None,
        )

    @cached_property
    def categories(self) -> list[Category]:
        """Every category there ever was, "" for all first."""
        names = {part for series, part in self.book.usage.last if series in ("order", "category")} | {""}
        return [self._category(name) for name in sorted(names)] if self.is_there else []

    def _category(self, name: str) -> Category:
        hours = self.book.usage.orders.get(name, {})
        hour = max(hours, default=None)
        earlier = [one for one in hours if hour and one <= hour - WEEK]
        before = max(earlier, default=None)
        old = {model: rank for rank, model in enumerate(hours[before], start=1)} if before else {}
        order = [
            Place(rank, model, self.by_id.get(model), old[model] - rank if model in old else None)
            for rank, model in enumerate(hours[hour] if hour else [], start=1)
        ]
        rows = self.book.usage.tokens.get(("category", name) if name else ("models", ""), [])
        week = self._period("Week", rows, WEEK, WEEK if name else DAY)
        newest = max(
            (read.hour for key, read in self.book.usage.good.items() if key[0] == "order"), default=None
        )
        read = self.book.usage.good.get(("order", name))
        gone = bool(
            name and newest and (read is None or read.hour < newest) and not self._asked(name, newest)
        )
        return Category(name, order, hour, before, week, self.chart(rows if name else self.weekly), gone)

    def _asked(self, name: str, hour: dt.datetime) -> bool:
        """Whether an order was asked for in an hour, had or not."""
        read = self.book.usage.last.get(("order", name))
        return bool(read and read.hour >= hour)

    @cached_property
    def weekly(self) -> list[Row]:
        """Published totals by whole week and name."""
        rows = self.book.usage.tokens.get(("models", ""), [])
        return _weekly(rows)

    def chart(self, rows: list[Row], names: Iterable[str] | None = None) -> Trend | None:
        """The most used of rows by week, as lines."""
        if not rows:
            return None
        last = max(date for date, _, _ in rows)
        chosen = list(names) if names is not None else _ranked(_sums(rows, last, last))[:LINES]
        found: dict[str, list[tuple[dt.date, float]]] = {slug: [] for slug in chosen}
        for date, slug, tokens in rows:
            if slug in found:
                found[slug].append((dt.date.fromisoformat(date), float(tokens)))
        return trend({self.named(slug): points for slug, points in found.items()}, short, WEEK)

    def named(self, slug: str) -> str:
        """What a published name is called: the id of its model without the lab, where it has one."""
        model = self.by_slug.get(slug)
        return (model.model.id if model else slug).rpartition("/")[2]

    @cached_property
    def labs(self) -> Trend | None:
        """The labs' shares of what is published of the first fifty, by week."""
        rows = [row for row in self.weekly if row[1] != OTHER]
        if not rows:
            return None
        frame = pd.DataFrame(rows, columns=["date", "slug", "tokens"])
        frame["lab"] = frame["slug"].map(lab_of)
        table = frame.pivot_table(index="date", columns="lab", values="tokens", aggfunc="sum", fill_value=0)
        shares = table.div(table.sum(axis=1), axis=0)
        top = list(shares.iloc[-1].sort_values(ascending=False).index[:LINES])
        points = {
            str(lab): [
                (dt.date.fromisoformat(str(date)), float(share)) for date, share in shares[lab].items()
            ]
            for lab in top
        }
        return trend(points, lambda share: f"{share:.0%}", WEEK)

    @cached_property
    def _of_models(self) -> dict[str, list[Row]]:
        found: dict[str, list[Row]] = {}
        for row in self.weekly:
            found.setdefault(row[1], []).append(row)
        return found

    def of_model(self, one: ModelView) -> Trend | None:
        """A model's usage by week, where it was among the first fifty."""
        slug = permaslug(one)
        rows = self._of_models.get(slug, [])
        return self.chart(rows, [slug]) if self.by_slug.get(slug) is one else None

    def places_of(self, one: ModelView) -> list[tuple[Category, Place]]:
        """Where a model stands in the order of each category."""
        return [
            (category, place)
            for category in self.categories
            if not category.is_past
            for place in category.order
            if place.name == one.model.id
        ]

    def of_lab(self, lab: str) -> Trend | None:
        """A lab's published usage by week."""
        sums: dict[str, int] = {}
        for date, slug, tokens in self.weekly:
            if slug != OTHER and lab_of(slug) == lab:
                sums[date] = sums.get(date, 0) + tokens
        points = [(dt.date.fromisoformat(date), float(tokens)) for date, tokens in sorted(sums.items())]
        return trend({lab: points}, short, WEEK)

    @cached_property
    def trending(self) -> list[tuple[Place, int]]:
        """What grew most in the last week against the one before, in tokens."""
        week = next((one for one in self.periods if one.name == "Week"), None)
        if week is None:
            return []
        rows = self.book.usage.tokens["models", ""]
        was = _sums(rows, f"{week.first - WEEK}", f"{week.first - DAY}")
        slugs = {one.name: one for one in week.places}
        grown = [(one, (one.tokens or 0) - was.get(self._slug(one), 0)) for one in slugs.values()]
        return sorted((pair for pair in grown if pair[1] > 0), key=lambda pair: -pair[1])[:10]

    def _slug(self, place: Place) -> str:
        return permaslug(place.model) if place.model else place.name

    @cached_property
    def unmatched(self) -> list[str]:
        """Published names that no model goes by, of all series."""
        slugs = {slug for rows in self.book.usage.tokens.values() for _, slug, _ in rows}
        return sorted(slugs - self.by_slug.keys() - {OTHER})

    @cached_property
    def matched(self) -> int:
        """How many published names a model goes by."""
        slugs = {slug for rows in self.book.usage.tokens.values() for _, slug, _ in rows}
        return len(slugs & self.by_slug.keys())

    @property
    def reads(self) -> list[RankingRead]:
        """How each part of each series fared when it was asked for last."""
        return [self.book.usage.last[key] for key in sorted(self.book.usage.last)]


def permaslug(one: ModelView) -> str:
    """What rankings call a model: its canonical slug, with its variant."""
    slug, variant = one.model.canonical_slug or one.model.id, one.model.variant
    return f"{slug}:{variant}" if variant and not slug.endswith(f":{variant}") else slug


def short(amount: float | Decimal) -> str:
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
    frame["week"] = (days - pd.to_timedelta(days.dt.weekday, unit="D")).dt.strftime("%Y-%m-%d")
    whole = frame.groupby("week")["date"].nunique()
    kept = frame[frame["week"].isin(whole[whole == 7].index)]
    summed = kept.groupby(["week", "slug"], as_index=False)["tokens"].sum()
    return list(zip(summed["week"], summed["slug"], map(int, summed["tokens"]), strict=True))
