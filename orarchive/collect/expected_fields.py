"""The fields that the readers read of each feed and series, and how served records differ from them."""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from orarchive.domain.feeds import DIRECT_FEEDS
from orarchive.domain.prices import CONDITIONS, NOT_PRICES, PER_TOKEN, PER_UNIT, read_schedule
from orarchive.domain.ranking_series import SERIES
from orarchive.jsonl import Record

ABSENT = "absent"
"""Among the kinds of a field: it may be missing on all records."""

PROMPT_PRICE = "pricing.prompt"
"""End of the paths below which there are prices."""

COUNT_KINDS = "text number"
USAGE_FIELDS = {"date": "text", "model_permaslug": "text", "total_tokens": COUNT_KINDS}
"""Rows of tokens through a model on a date."""

EXPECTED_FIELDS: Mapping[str, Mapping[str, str]] = {
    "models": {
        "id": "text",
        "canonical_slug": "text",
        "name": "text",
        "description": "text",
        "created": "number",
        "context_length": "number null",
        "architecture.input_modalities": "list",
        "architecture.output_modalities": "list",
        "architecture.tokenizer": "text null",
        "top_provider.max_completion_tokens": "number null",
        "supported_parameters": "list",
        "pricing.prompt": "text",
        "pricing.completion": "text",
        "pricing.overrides": "list absent",
        "expiration_date": "text null",
        "knowledge_cutoff": "text null",
        "hugging_face_id": "text null",
        "alias_target.slug": "text absent",
        "benchmarks.artificial_analysis": "object null absent",
        "benchmarks.design_arena": "list null absent",
    },
    "endpoints": {
        "data.id": "text",
        "data.endpoints.tag": "text",
        "data.endpoints.model_id": "text",
        "data.endpoints.provider_name": "text",
        "data.endpoints.context_length": "number null",
        "data.endpoints.max_completion_tokens": "number null",
        "data.endpoints.quantization": "text null",
        "data.endpoints.pricing.prompt": "text",
        "data.endpoints.pricing.completion": "text",
        "data.endpoints.pricing.discount": "number absent",
        "data.endpoints.pricing.overrides": "list absent",
        "data.endpoints.supported_parameters": "list",
        "data.endpoints.status": "number null",
        "data.endpoints.uptime_last_30m": "number null",
        "data.endpoints.uptime_last_1d": "number null",
        "data.endpoints.latency_last_30m": "object null",
        "data.endpoints.throughput_last_30m": "object null",
    },
    "providers": {
        "slug": "text",
        "name": "text",
        "headquarters": "text null",
        "datacenters": "list null",
        "privacy_policy_url": "text null",
        "terms_of_service_url": "text null",
        "status_page_url": "text null",
    },
    "zdr": {"model_id": "text", "tag": "text", "pricing.prompt": "text"},
    "images": {"id": "text", "name": "text", "description": "text"},
    "image_endpoints": {"id": "text", "endpoints.provider_slug": "text", "endpoints.pricing": "list"},
    **{feed.name: {"id": "text"} for feed in DIRECT_FEEDS},
    "videos": {"id": "text", "name": "text", "description": "text"},
    "rankings/order": {"id": "text"},
    **{f"rankings/{name}": USAGE_FIELDS for name, series in SERIES.items() if series.is_usage},
    "rankings/apps": {
        "app_id": COUNT_KINDS,
        "app_name": "text null",
        "rank": "number",
        "total_tokens": COUNT_KINDS,
        "total_requests": COUNT_KINDS,
    },
    "rankings/tasks": {"as_of": "text", "classifications.tag": "text"},
    "rankings/sessions": {"app_slug": "text", "turn_range": "text", "model_permaslug": "text"},
    "rankings/benchmarks": {"model_permaslug": "text", "source": "text"},
}
"""The fields that are read of the records of a feed or series: path -> the kinds of value they may have. A
path that no record of the service has is a drift, as is a value of another kind; other fields are archived
unread."""


def find_drift(name: str, records: list[Record]) -> Iterator[str]:
    """Yield a line for each way in which records differ from what the readers expect.

    The records are those of a feed (of a fan-out feed: its responses) or of a series; none of them, no drift.
    """
    if not records:
        return
    for path, words in EXPECTED_FIELDS.get(name, {}).items():
        kinds = words.split()
        counts = Counter(get_json_kind(value) for record in records for value in iterate_values(record, path))
        if not counts and ABSENT not in kinds:
            yield f"{name}: no record has {path}"
        for kind in sorted(counts.keys() - {*kinds}):
            yield f"{name}: {path} is {kind} on {counts[kind]} of {counts.total()}"
        if path.endswith(PROMPT_PRICE):
            parent = path.removesuffix(PROMPT_PRICE) + "pricing"
            pricings = [pricing for record in records for pricing in iterate_values(record, parent)]
            yield from (f"{name}: {drift}" for drift in _find_unknown_prices(pricings))


def _find_unknown_prices(pricings: list[Any]) -> Iterator[str]:
    """Yield a line for each price dimension and each member of an override without a meaning here."""
    dimensions = {name for pricing in pricings if isinstance(pricing, dict) for name in pricing}
    members = {name for pricing in pricings for override in read_schedule(pricing) for name in override}
    unknown = sorted(dimensions - {*PER_TOKEN, *PER_UNIT, *NOT_PRICES})
    unknown_members = sorted(members - {*PER_TOKEN, *PER_UNIT, *NOT_PRICES, *CONDITIONS})
    yield from (f"a price of unknown unit, {name}" for name in unknown)
    yield from (f"an override with an unknown member, {name}" for name in unknown_members)


def get_json_kind(value: Any) -> str:
    """Return the kind of a JSON value in a word: flag, text, object, list, null or number."""
    kinds = {bool: "flag", str: "text", dict: "object", list: "list", type(None): "null"}
    return next((kind for type_, kind in kinds.items() if isinstance(value, type_)), "number")


def iterate_values(value: Any, path: str) -> Iterator[Any]:
    """Yield the values at a dotted path; a list on the way stands for each of its items."""
    name, _, rest = path.partition(".")
    if isinstance(value, list):
        for item in value:
            yield from iterate_values(item, path)
    elif isinstance(value, dict) and name in value:
        if rest:
            yield from iterate_values(value[name], rest)
        else:
            yield value[name]
