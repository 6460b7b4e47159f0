"""Shapes: what the readers read of each feed and series, and how that differs from what is served."""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from orarchive.domain.prices import CONDITIONS, NOT_PRICES, PER_TOKEN, PER_UNIT, read_schedule
from orarchive.domain.ranking_series import SERIES
from orarchive.jsonl import Record

ABSENT = "absent"
"""Among the kinds of a field: it may be on no record at all."""

PRICED = "pricing.prompt"
"""Where there is this, there are prices."""

COUNTS = "text number"
USAGE = {"date": "text", "model_permaslug": "text", "total_tokens": COUNTS}
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
    "videos": {"id": "text", "name": "text", "description": "text"},
    "rankings/order": {"id": "text"},
    **{f"rankings/{name}": USAGE for name, series in SERIES.items() if series.is_usage},
    "rankings/apps": {
        "app_id": COUNTS,
        "app_name": "text null",
        "rank": "number",
        "total_tokens": COUNTS,
        "total_requests": COUNTS,
    },
    "rankings/tasks": {"as_of": "text", "classifications.tag": "text"},
    "rankings/sessions": {"app_slug": "text", "turn_range": "text", "model_permaslug": "text"},
    "rankings/benchmarks": {"model_permaslug": "text", "source": "text"},
}
"""What is read of the records of a feed or series: path -> the kinds of value it may have. A path that is on
no record of the service's is a drift, as is a value of another kind; what else there is, is kept unread."""


def find_drift(name: str, records: list[Record]) -> Iterator[str]:
    """What is not as the readers expect it in the records (of a sweep: the responses) of a feed or series."""
    if not records:
        return
    for path, words in EXPECTED_FIELDS.get(name, {}).items():
        kinds = words.split()
        found = Counter(json_kind(value) for record in records for value in values_at(record, path))
        if not found and ABSENT not in kinds:
            yield f"{name}: no record has {path}"
        for other in sorted(found.keys() - {*kinds}):
            yield f"{name}: {path} is {other} on {found[other]} of {found.total()}"
        if path.endswith(PRICED):
            priced = [
                one for record in records for one in values_at(record, path.removesuffix(PRICED) + "pricing")
            ]
            yield from (f"{name}: {odd}" for odd in _unknown(priced))


def _unknown(priced: list[Any]) -> Iterator[str]:
    """The price dimensions and the conditions that have no meaning here yet."""
    known = {*PER_TOKEN, *PER_UNIT, *NOT_PRICES}
    dimensions = {name for one in priced if isinstance(one, dict) for name in one}
    entries = {name for one in priced for entry in read_schedule(one) for name in entry} - {*CONDITIONS}
    yield from (f"a price of unknown unit, {name}" for name in sorted(dimensions - known))
    yield from (f"an override with something unknown, {name}" for name in sorted(entries - known))


def json_kind(value: Any) -> str:
    """What a JSON value is, in a word."""
    kinds = {bool: "flag", str: "text", dict: "object", list: "list", type(None): "null"}
    return next((word for one, word in kinds.items() if isinstance(value, one)), "number")


def values_at(value: Any, path: str) -> Iterator[Any]:
    """The values at a path; lists on the way add nothing to it."""
    name, _, rest = path.partition(".")
    if isinstance(value, list):
        for item in value:
            yield from values_at(item, path)
    elif isinstance(value, dict) and name in value:
        if rest:
            yield from values_at(value[name], rest)
        else:
            yield value[name]
