"""The page of picks: shortlists with their scores, the best value for a price, and lists by one measure."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from orarchive.catalog.catalog import Catalog
from orarchive.catalog.flag_labels import FLAG_LABELS
from orarchive.catalog.lists import RankedList
from orarchive.catalog.measures import COST, POINTS, THROUGHPUT, Measure
from orarchive.catalog.scores import QUALITY, Score
from orarchive.catalog.shortlists import Entry, Need, Shortlist, load_weights
from orarchive.domain.prices import format_dollars
from orarchive.publish.charts.scatter import Scatter
from orarchive.publish.views.value_chart import draw_value, name_quality

MAX_LIST_ROWS = 10
"""Models of a list that the page shows."""

MIN_SCORED = 10
"""Models that must have been compared for a score, which is a percentile, to say more than the rank."""


@dataclass(frozen=True)
class PickCell:
    """A part of a score: its value, and how it was ranked."""

    value: str
    note: str
    """Rank, provider and readings; "" where the part is not known."""


@dataclass(frozen=True)
class PickRow:
    """A model in a shortlist."""

    id: str
    name: str
    score: str
    cells: list[PickCell]
    """A cell for each part, in the order of the head."""
    expires: dt.date | None


@dataclass(frozen=True)
class DisplacedRow:
    """A model that two others of its family keep out."""

    id: str
    score: str
    members: list[str]


@dataclass(frozen=True)
class PickTable:
    """A shortlist."""

    id: str
    title: str
    filled: str
    is_short: bool
    """Whether fewer models than places could be ranked."""
    requires: str
    quality: str
    """What tells the better model, and who measured it."""
    candidates: int
    unranked: int
    has_score: bool
    """Whether enough models were compared for a score to mean something."""
    parts: list[str]
    """Heads of the parts that are known of a model: its share of the score, and the unit of a price."""
    rows: list[PickRow]
    displaced: list[DisplacedRow]

    @property
    def caption(self) -> str:
        """Return the name of the table, which is told apart from that of its section."""
        return f"{self.title}: models by {'score' if self.has_score else 'rank'}"


@dataclass(frozen=True)
class ValueRow:
    """A model that no other beats in both price and quality."""

    id: str
    expires: dt.date | None
    cost: str
    quality: str


@dataclass(frozen=True)
class ListRow:
    """A place in a list: the model by its best endpoint."""

    id: str
    expires: dt.date | None
    provider: str
    value: str
    samples: int | None


@dataclass(frozen=True)
class ListTable:
    """The best models by one measure."""

    id: str
    title: str
    unit: str
    rule: str
    source: str
    rows: list[ListRow]
    count: int
    has_providers: bool
    has_samples: bool


@dataclass(frozen=True)
class PicksPage:
    """The context of the page of picks."""

    shortlists: list[PickTable]
    scatter: list[Scatter]
    value_quality: str
    value_rows: list[ValueRow]
    lists: list[ListTable]
    unknown: list[str]
    """Titles of the lists that are empty, because nothing is known of their measures."""

    @property
    def has_scores(self) -> bool:
        """Return whether a shortlist shows scores."""
        return any(table.has_score for table in self.shortlists)


def build_picks_page(catalog: Catalog) -> PicksPage:
    """Build the page of picks."""
    providers, best = _map_providers(catalog), catalog.best_value
    return PicksPage(
        shortlists=[_build_table(shortlist, providers) for shortlist in catalog.shortlists],
        scatter=draw_value(catalog),
        value_quality=name_quality(catalog),
        value_rows=[
            ValueRow(
                id=row.id,
                expires=catalog.models[row.id].expires,
                cost=_format_dollars(row.cost.value),
                quality=_format_value(best.quality, row.quality.value),
            )
            for row in best.rows
            if best.quality
        ],
        lists=[table for ranked in catalog.lists if (table := _build_list(catalog, ranked, providers)).rows],
        unknown=[ranked.kind.title for ranked in catalog.lists if not ranked.models],
    )


def _map_providers(catalog: Catalog) -> dict[str | None, str]:
    """Return the names of the providers by the endpoint, as readings name it."""
    return {
        endpoint.key.text: endpoint.endpoint.provider
        for model in catalog.source.models.values()
        for endpoint in model.endpoints
    }


def _build_table(shortlist: Shortlist, providers: Mapping[str | None, str]) -> PickTable:
    weights = load_weights()
    known = {part.name for entry in shortlist.entries for part in entry.score.parts}
    parts = [name for name in weights if name in known]
    total = sum(weights[name] for name in parts)
    need, quality, scored = shortlist.ranking.need, shortlist.ranking.quality, shortlist.ranking.scored
    has_speed = any(THROUGHPUT.read_best(candidate) for candidate, _ in scored)
    return PickTable(
        id=need.name,
        title=need.title if has_speed else need.unmeasured_title or need.title,
        filled=shortlist.filled,
        is_short=len(shortlist.entries) < need.size,
        requires=_describe_needs(need),
        quality=f"{quality.title}, {quality.source}" if quality else "",
        candidates=len(scored),
        unranked=len(shortlist.ranking.unranked),
        has_score=len(scored) >= MIN_SCORED,
        parts=[_head_part(name, quality, weights[name] / total) for name in parts],
        rows=[_build_row(entry, parts, providers) for entry in shortlist.entries],
        displaced=[
            DisplacedRow(
                displacement.entry.candidate.info.id,
                f"{displacement.entry.score.value:.2f}",
                [*displacement.members],
            )
            for displacement in shortlist.displaced
        ],
    )


def _head_part(name: str, quality: Measure | None, weight: Decimal) -> str:
    """Return the head of a part of a score: its unit, and its weight where it has not all of it."""
    units = {COST.name: "$ per M", QUALITY: quality.unit if quality else ""}
    head = ", ".join(filter(None, [name, units.get(name)]))
    return head if weight == 1 else f"{head} ({100 * weight:.0f}%)"


def _describe_needs(need: Need) -> str:
    """Say what a model must have: `tool calls, text output`; "" where nothing is required."""
    parts = [FLAG_LABELS[name] for name in need.flags]
    parts += [f"{name} input" for name in need.inputs] + [f"{name} output" for name in need.outputs]
    if need.max_price is not None:
        parts.append(f"an input price of at most ${need.max_price} per M")
    return ", ".join(parts)


def _build_row(entry: Entry, parts: list[str], providers: Mapping[str | None, str]) -> PickRow:
    info = entry.candidate.info
    return PickRow(
        id=info.id,
        name=info.name,
        score=f"{entry.score.value:.2f}",
        cells=[_build_cell(entry.score, name, providers) for name in parts],
        expires=info.expires,
    )


def _build_cell(score: Score, name: str, providers: Mapping[str | None, str]) -> PickCell:
    part = next((part for part in score.parts if part.name == name), None)
    if part is None:
        return PickCell("not known", "")
    provider = providers.get(part.reading.endpoint, "")
    readings = f"{part.reading.samples:,} readings" if part.reading.samples else ""
    value = _format_value(part.measure, part.reading.value)
    if name not in (COST.name, QUALITY):
        value = f"{value} {part.measure.unit}".replace(" %", "%")
    rank = f"rank {part.better + 1} of {part.count}"
    return PickCell(value, ", ".join(filter(None, [rank, provider, readings])))


def _build_list(catalog: Catalog, ranked: RankedList, providers: Mapping[str | None, str]) -> ListTable:
    kind = ranked.kind
    # Free models have a page of their own, and would fill the list of the lowest cost.
    models = [row for row in ranked.models if kind.measure is not COST or row.reading.value > 0]
    rows = [
        ListRow(
            id=row.id,
            expires=catalog.models[row.id].expires,
            provider=providers.get(row.reading.endpoint, ""),
            value=_format_value(kind.measure, row.reading.value),
            samples=row.reading.samples,
        )
        for row in models[:MAX_LIST_ROWS]
    ]
    return ListTable(
        id=kind.name,
        title=kind.title,
        unit=kind.measure.unit,
        rule=kind.rule,
        source=kind.measure.source,
        rows=rows,
        count=len(models),
        has_providers=any(row.provider for row in rows),
        has_samples=any(row.samples is not None for row in rows),
    )


def _format_value(measure: Measure, value: Decimal) -> str:
    if measure.unit == POINTS:
        return f"{value:.1f}"
    return _format_dollars(value) if measure is COST else _round(value)


def _format_dollars(amount: Decimal) -> str:
    return format_dollars(Decimal(f"{amount:.4g}"))


def _round(value: Decimal) -> str:
    """Return a value with at most four significant digits, and all digits of a whole number, grouped."""
    if value == value.to_integral_value():
        return f"{value:,.0f}"
    return f"{Decimal(f'{value:.4g}').normalize():f}"
