"""The providers on the page of a model: a row for each endpoint, and the answers that people look for."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from orarchive.catalog.measures import MIN_HEALTH_DAYS
from orarchive.catalog.source import CatalogEndpoint
from orarchive.domain.prices import ZERO
from orarchive.domain.records import as_text, as_texts
from orarchive.publish.views import View
from orarchive.publish.views.cells import PriceCell, Since, find_common_since
from orarchive.publish.views.endpoint_history import EndpointHistory, build_endpoint_history
from orarchive.publish.views.endpoint_rows import EndpointRow, list_rows
from orarchive.publish.views.endpoints import MIN_HEALTHY_PERCENT
from orarchive.publish.views.health import format_uptime, has_strips
from orarchive.publish.views.models import ModelView
from orarchive.publish.views.price_charts import CHART_DIMENSIONS

MAX_ANSWERED = 3
"""Other models that are named under which OpenRouter answered."""

FILTER_LABELS = {
    "healthy": f"Uptime ≥ {MIN_HEALTHY_PERCENT}%",
    "128k": "128K+",
    "tools": "Tools",
    "structured": "JSON schema",
    "zdr": "ZDR",
}
"""Trait of an endpoint -> the label of its filter. Quantizations and regions have their own names."""


@dataclass(frozen=True)
class Answer:
    """The provider that answers a question, such as the cheapest one; without one a remark."""

    label: str
    provider: str
    provider_name: str
    detail: str
    price: PriceCell | None
    words: str
    anchor: str = ""
    """Id of the remark on the page that says more."""
    more: int = 0
    """How many further endpoints are equal to it."""


@dataclass(frozen=True)
class TraitFilter:
    """A filter of the table, with the number of endpoints that have the trait."""

    trait: str
    label: str
    count: int


@dataclass(frozen=True)
class EndpointSection:
    """The endpoints of a model."""

    rows: list[EndpointRow]
    provider_count: int
    has_only_paid: bool
    """Whether the model is free, and none of them is."""
    answers: list[Answer]
    filters: list[TraitFilter]
    further_filters: list[TraitFilter]
    """Those of quantizations and regions."""
    has_speed: bool
    days_read: int
    """Of the last 30 days those on which health was read."""
    has_strips: bool
    """Whether enough of these days were read to draw them."""
    common_since: Since | None
    """Since when they are there, where that is the same of all."""
    is_read: bool
    """Whether they were ever read, and in the last hour."""
    is_doubted: bool
    """Whether so many models are without endpoints that their list is in doubt."""
    has_discounts: bool
    has_conditions: bool
    answered: list[str]
    """Ids of the first of other models that OpenRouter named in its answer."""
    answered_count: int
    """Endpoints of which it named another model."""
    history: EndpointHistory


def build_endpoint_section(view: View, model: ModelView) -> EndpointSection | None:
    """Build the endpoints of a model, those that left included.

    None for an alias, a router, and a gone model that never had any.
    """
    if model.model.is_alias or model.model.is_router or not (model.is_there or model.former_endpoints):
        return None
    endpoints = model.endpoints
    catalog_endpoints = list_catalog_endpoints(view, model)
    regions = map_regions(view, model)
    rows = list_rows(model, catalog_endpoints, regions)
    answered = [endpoint.answers_as for endpoint in endpoints if endpoint.answers_as]
    return EndpointSection(
        rows=rows,
        provider_count=len({row.provider for row in rows}),
        has_only_paid=model.has_only_paid_endpoints,
        answers=_list_answers(rows, has_cheapest=not model.has_only_paid_endpoints),
        filters=_list_filters(rows, FILTER_LABELS),
        further_filters=_list_further_filters(rows),
        has_speed=any(row.throughput is not None for row in rows),
        days_read=max((len(endpoint.health.bars) for endpoint in endpoints), default=0),
        has_strips=has_strips(row.health for row in rows),
        common_since=find_common_since([row.since for row in rows]),
        is_read=bool(model.dataset.good_hours["endpoints"]) and not model.kept_reason,
        is_doubted=not endpoints and view.is_endpoints_doubted,
        has_discounts=any(endpoint.endpoint.discount for endpoint in endpoints),
        has_conditions=any(endpoint.endpoint.schedule for endpoint in endpoints),
        answered=list(dict.fromkeys(answered))[:MAX_ANSWERED],
        answered_count=len(answered),
        history=build_endpoint_history(model),
    )


def list_catalog_endpoints(view: View, model: ModelView) -> dict[str, CatalogEndpoint]:
    """Return what the catalogue knows of the endpoints of a model, by label."""
    entry = view.catalog.source.models.get(model.model.id)
    return {endpoint.key.label: endpoint for endpoint in entry.endpoints} if entry else {}


def map_regions(view: View, model: ModelView) -> dict[str, tuple[list[str], str]]:
    """Return by provider the countries of its data centers, or of its headquarters, and which it is."""
    regions: dict[str, tuple[list[str], str]] = {}
    for endpoint in model.endpoints:
        entry = view.dataset.entries["providers"].get(endpoint.provider)
        centers = [*as_texts(entry.record.get("datacenters"))] if entry else []
        country = as_text(entry.record.get("headquarters")) if entry else None
        if centers:
            regions[endpoint.provider] = (centers, "Countries of its data centers")
        elif country:
            regions[endpoint.provider] = ([country], "Country of its headquarters")
    return regions


# --- answers and filters ------------------------------------------------------------------------------------


def _list_answers(rows: Sequence[EndpointRow], has_cheapest: bool) -> list[Answer]:
    """List the cheapest provider, that for long prompts with tools, the most reliable and the fastest one."""
    if not rows:
        return []
    healthy = [row for row in rows if has_cheapest and "ok" in row.traits]
    priced = [row for row in healthy if row.blended.cell.sort_value is not None]
    demanding = [row for row in priced if {"128k", "tools"} <= {*row.traits}]
    read = [row for row in rows if row.uptime is not None]
    proven = [row for row in read if _count_days(row) >= MIN_HEALTH_DAYS]
    fast = [row for row in rows if row.throughput is not None]
    return [
        *_answer("Cheapest", priced, _get_cost),
        *(
            _answer("Cheapest with 128K and tools", demanding, _get_cost)
            or [Answer("With 128K and tools", "", "", "", None, "none")][: len(priced)]
        ),
        *(
            _answer("Most reliable", proven, _get_uptime_key, _describe_uptime, len(rows))
            or _answer("Highest uptime, few days read", read, _get_uptime_key, _describe_uptime, len(rows))
        ),
        *(
            _answer("Fastest", fast, _get_speed_key, _describe_speed, len(rows))
            or [Answer("Fastest", "", "", "", None, "speed is not collected", "speed")]
        ),
    ]


def _get_cost(row: EndpointRow) -> tuple[Decimal, Decimal]:
    """Return the blended price, then the price for reading the cache; one that is not stated comes last."""
    cache_read = row.prices[CHART_DIMENSIONS.index("input_cache_read")].cell.sort_value
    return row.blended.cell.sort_value or ZERO, Decimal("Infinity") if cache_read is None else cache_read


def _get_uptime_key(row: EndpointRow) -> tuple[float, int]:
    """Put the highest uptime first, of equal ones that which was read on more days."""
    return -(row.uptime or 0), -_count_days(row)


def _count_days(row: EndpointRow) -> int:
    """Return on how many of the last days an endpoint was read."""
    return len(row.health.bars) if row.health else 0


def _get_speed_key(row: EndpointRow) -> Decimal:
    return -(row.throughput or ZERO)


def _describe_uptime(row: EndpointRow) -> str:
    days = _count_days(row)
    return f"{format_uptime(row.uptime)} uptime ({days} day{'s' if days != 1 else ''} read)"


def _describe_speed(row: EndpointRow) -> str:
    return f"{row.throughput or 0:f} tokens/s"


def _answer(
    label: str,
    rows: Sequence[EndpointRow],
    get_key: Callable[[EndpointRow], Any],
    describe: Callable[[EndpointRow], str] | None = None,
    total: int = 0,
) -> list[Answer]:
    """Build the answer: the row with the least key, and how many more have it; [] without rows.

    It comes with its blended price or in the words of `describe`. Where all several rows are equal none is
    named. Those of `total` rows that are not among `rows` are counted as not known.
    """
    if not rows:
        return []
    least = min(map(get_key, rows))
    first, *equal = [row for row in rows if get_key(row) == least]
    words = describe(first) if describe else f"{first.blended.text} blended"
    price = first.blended.cell if describe is None and not first.blended.text else None
    unknown = max(total - len(rows), 0)
    rest = f"; not known for {unknown} other{'s' if unknown > 1 else ''}" if unknown else ""
    if equal and len(equal) + 1 == len(rows):
        count = "both" if len(rows) == 2 else f"all {len(rows)}"
        words = f"{words.strip()} at {count}{' that are measured' if unknown else ''}{rest}"
        return [Answer(label, "", "", "", price, words)]
    return [
        Answer(
            label=label,
            provider=first.provider,
            provider_name=first.provider_name,
            detail="" if equal else first.detail,
            price=price,
            words=words + rest,
            more=len(equal),
        )
    ]


def _list_filters(rows: Sequence[EndpointRow], labels: Mapping[str, str]) -> list[TraitFilter]:
    """List the filters that some rows pass, and others do not."""
    counts = Counter(trait for row in rows for trait in row.traits)
    return [
        TraitFilter(trait, label, counts[trait])
        for trait, label in labels.items()
        if 0 < counts[trait] < len(rows)
    ]


def _list_further_filters(rows: Sequence[EndpointRow]) -> list[TraitFilter]:
    """List the filters of quantizations, then of regions, each by its count."""
    counts = Counter(trait for row in rows for trait in row.traits if ":" in trait)
    labels = {
        trait: trait.partition(":")[2]
        for prefix in ("q:", "in:")
        for trait, _ in counts.most_common()
        if trait.startswith(prefix)
    }
    return _list_filters(rows, labels)
