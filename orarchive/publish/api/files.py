"""The files of the static API: prices as exact decimal strings, hours as in `data/`.

Their members are described in `types`, `ranking_types` and `status_types`.
"""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from typing import Any

from msgspec import UNSET

from orarchive.domain.keys import get_provider_of_tag
from orarchive.domain.records import Endpoint, Model, as_texts
from orarchive.index.events import Event
from orarchive.jsonl import Record, dumps, loads
from orarchive.publish.api import kinds, types
from orarchive.publish.api.change_hours import find_feeds_hour, find_model_hour
from orarchive.publish.api.envelope import ApiFile, ApiSite
from orarchive.publish.api.rankings import list_ranking_files
from orarchive.publish.api.schemas import build_openapi, build_schemas, get_schema_path
from orarchive.publish.api.status import build_status
from orarchive.publish.api.status_types import FileRow, Index, ParquetRow
from orarchive.publish.dataset import Dataset, PriceInterval, Prices, RecordEntry, format_span
from orarchive.publish.parquet_list import ParquetFile
from orarchive.publish.sanitize import to_safe_json
from orarchive.publish.views import View
from orarchive.publish.views.endpoints import ABILITIES, read_endpoint
from orarchive.publish.views.models import ModelView
from orarchive.timestamps import format_stamp, parse_stamp

LIFECYCLE_MEMBERS = ("state", "first_seen", "last_seen", "arrival")

EVENT_ID_DIGITS = 12
"""Hex digits that tell the events of an hour apart."""


def build_api(
    view: View,
    model_files: dict[str, str],
    category_pages: dict[str, str],
    site: ApiSite,
    parquet_files: Sequence[ParquetFile] = (),
) -> dict[str, bytes]:
    """Build every file of the static API: path -> bytes.

    `model_files` maps a model id to its path below `api/v1/`, without `.json`; `category_pages` a category to
    its page. `parquet_files` are published with the site.
    """
    files = [
        *_list_record_files(view, model_files, site),
        *_list_months(view.dataset),
        *list_ranking_files(view, category_pages, site),
    ]
    months = [file.path.removeprefix("changes/")[:7] for file in files if file.kind is kinds.MONTH]
    files.append(ApiFile(kinds.STATUS.paths[0], kinds.STATUS, view.now, build_status(view, months[::-1])))
    descriptions = {
        **build_schemas(site.link),
        f"{kinds.API_FOLDER}/{kinds.OPENAPI_FILE}": build_openapi(site.link),
    }
    contents = {f"{kinds.API_FOLDER}/{file.path}": file.render(site) for file in files}
    contents |= {path: to_safe_json(description) for path, description in descriptions.items()}
    index = _build_index(files, contents, site, parquet_files)
    return contents | {f"{kinds.API_FOLDER}/{index.path}": index.render(site)}


def _list_record_files(view: View, model_files: dict[str, str], site: ApiSite) -> Iterator[ApiFile]:
    """Yield the lists of models, endpoints, providers, authors and relations, and the file of each model."""
    endpoints = [entry for entry in view.dataset.entries["endpoints"].values() if entry.last is None]
    rows = [_build_model_row(model, site, model_files) for model in view.models]
    for kind, feeds, data in (
        (kinds.MODELS, ("models", "endpoints"), [types.ModelRow(**row) for row in rows]),
        (kinds.AUTHORS, ("models",), _build_authors(view)),
        (kinds.PROVIDERS, ("providers", "endpoints"), _build_providers(view)),
        (kinds.ENDPOINTS, ("endpoints",), [_build_endpoint_row(view.dataset, entry) for entry in endpoints]),
        (kinds.RELATIONS, ("models", "endpoints"), _build_relations(view, endpoints)),
    ):
        yield ApiFile(kind.paths[0], kind, find_feeds_hour(view.dataset, *feeds), data)
    for model, row in zip(view.models, rows, strict=True):
        as_of = find_model_hour(view.dataset, model.entry)
        yield ApiFile(f"{model_files[model.model.id]}.json", kinds.MODEL, as_of, _build_model(model, row))


def _list_months(dataset: Dataset) -> Iterator[ApiFile]:
    """Yield the events of each month, oldest first."""
    repetitions: Counter[bytes] = Counter()
    months: dict[str, list[types.Event]] = defaultdict(list)
    for event in dataset.log:
        months[event.hour[:7]].append(_build_event(event, repetitions))
    for month, events in sorted(months.items()):
        as_of = parse_stamp(max(event.hour for event in events))
        yield ApiFile(f"changes/{month}.json", kinds.MONTH, as_of, events)


def _build_index(
    files: list[ApiFile], contents: dict[str, bytes], site: ApiSite, parquet_files: Sequence[ParquetFile]
) -> ApiFile:
    """Build the list of all files, itself among them; what changes every hour is left out of it."""
    described = {f"{kinds.API_FOLDER}/{file.path}": file for file in files}
    path = f"{kinds.API_FOLDER}/{kinds.INDEX.paths[0]}"
    rows = []
    for name in sorted([path, *contents]):
        file = described.get(name)
        kind = file.kind if file else kinds.INDEX if name == path else None
        is_static = name in contents and kind is not kinds.STATUS
        rows.append(
            FileRow(
                link=site.link(name),
                description=kind.description if kind else "Description of the API",
                schema=site.link(get_schema_path(kind)) if kind else None,
                as_of=format_stamp(file.as_of) if file and is_static else None,
                bytes=len(contents[name]) if is_static else None,
            )
        )
    parquet = [
        ParquetRow(
            link=site.link(file.path),
            description=file.words,
            bytes=file.bytes,
            sha256=file.sha256,
            licence=file.licence,
            licence_link=file.licence_url,
        )
        for file in parquet_files
    ]
    as_of = max(file.as_of for file in files if file.kind is not kinds.STATUS)
    return ApiFile(kinds.INDEX.paths[0], kinds.INDEX, as_of, Index(files=rows, parquet=parquet))


def _build_model_row(view: ModelView, site: ApiSite, model_files: dict[str, str]) -> Record:
    """Return the members of a model's row of the list, which its own file has, too."""
    model = view.model
    return {
        "id": model.id,
        "name": model.name,
        "author": model.lab,
        "canonical_slug": model.canonical_slug,
        "states": [*view.states],
        **_build_lifecycle(view.entry),
        "context_length": model.context,
        "max_completion_tokens": model.max_output,
        "input_modalities": [*model.inputs],
        "output_modalities": [*model.outputs],
        "capabilities": _list_capabilities(model.parameters),
        "expiration_date": f"{model.expires}" if model.expires else None,
        **_build_current_prices(model),
        "providers": sorted({endpoint.provider for endpoint in view.endpoints}),
        "links": site.link_details(model_files[model.id]),
    }


def _build_model(view: ModelView, row: Record) -> types.Model:
    """Build a model's own file: its row, its record as last seen, and every price of it and its endpoints."""
    endpoints = sorted(view.dataset.endpoints_by_model.get(view.model.id, ()), key=lambda entry: entry.key)
    return types.Model(
        **row,
        record=view.entry.record,
        **_build_price_history(view.points),
        endpoints=[
            types.ModelEndpoint(
                **_describe_endpoint(view.dataset, entry),
                **_build_price_history(view.dataset.prices.get(("endpoints", entry.key), {})),
            )
            for entry in endpoints
        ],
    )


def _build_endpoint_row(dataset: Dataset, entry: RecordEntry) -> types.EndpointRow:
    """Return an endpoint's row of the list."""
    return types.EndpointRow(**_describe_endpoint(dataset, entry))


def _describe_endpoint(dataset: Dataset, entry: RecordEntry) -> Record:
    """Return the members of an endpoint, current or former, in the list and in its model's file."""
    model, tag, n = entry.parts
    endpoint = read_endpoint(dataset, entry)
    return {
        "model": model,
        "tag": tag,
        "n": n,
        "provider": get_provider_of_tag(tag),
        **_build_lifecycle(entry),
        "context_length": endpoint.context,
        "max_completion_tokens": endpoint.max_output,
        "capabilities": _list_capabilities(as_texts(entry.record.get("supported_parameters"))),
        "quantization": endpoint.quantization,
        "discount": f"{endpoint.discount:f}" if endpoint.discount is not None else None,
        **_build_current_prices(endpoint),
    }


def _list_capabilities(parameters: tuple[str, ...]) -> list[str]:
    """List the request parameters, of those that a record supports, that stand for an ability."""
    return [name for name in ABILITIES.values() if name in parameters]


def _build_authors(view: View) -> list[types.AuthorRow]:
    """Return a row for each author."""
    return [
        types.AuthorRow(
            author=lab.name,
            models=len(lab.models),
            gone=len(lab.gone_models),
            first_seen=format_stamp(lab.first),
        )
        for lab in view.lab_views
    ]


def _build_providers(view: View) -> list[types.ProviderRow]:
    """Return a row for each provider; one without a record of its own has null for its lifecycle."""
    return [
        types.ProviderRow(
            slug=provider.slug,
            name=provider.name,
            endpoints=len(provider.servings),
            left=provider.former_count,
            **(_build_lifecycle(provider.entry) if provider.entry else dict.fromkeys(LIFECYCLE_MEMBERS)),
        )
        for provider in view.providers
    ]


def _build_current_prices(priced: Model | Endpoint) -> Record:
    """Return the prices at the last hour, and what is known of those that depend on conditions."""
    return {
        "pricing": {dimension: f"{price:f}" for dimension, price in priced.prices.items()},
        "overrides": priced.schedule,
        "has_conditions": bool(priced.price_ranges),
        "price_ranges": {
            dimension: (f"{low:f}", f"{high:f}") for dimension, (low, high) in priced.price_ranges.items()
        },
    }


def _build_relations(view: View, endpoints: list[RecordEntry]) -> types.Relations:
    """Build the pairs of author and model, and of provider and model."""
    served = {(get_provider_of_tag(entry.parts[1]), entry.parts[0]) for entry in endpoints}
    return types.Relations(
        author_models=[(model.model.lab, model.model.id) for model in view.models],
        provider_models=sorted(served),
    )


def _build_event(event: Event, repetitions: Counter[bytes]) -> types.Event:
    """Return an event with its id; `repetitions` counts the events so far that are told apart by no more.

    The id is made of what never changes: not of values, which another rule could spell otherwise. A repair of
    an hour may repeat an event of it; as events are appended, the number of the repetition stays, too.
    """
    identity = dumps([event.origin, event.hour, event.feed, event.kind, event.key, event.field])
    repetitions[identity] += 1
    digest = hashlib.sha256(identity + b"%d" % repetitions[identity]).hexdigest()
    return types.Event(
        id=f"{event.hour[:13]}Z-{digest[:EVENT_ID_DIGITS]}",
        hour=event.hour,
        after=event.after or UNSET,
        by=event.by,
        kind=event.kind,
        feed=event.feed,
        key=event.key,
        field=event.field or UNSET,
        old=_omit_none(event.old),
        new=_omit_none(event.new),
        percent=_omit_none(event.percent),
        cause=event.cause or UNSET,
        origin=event.origin,
    )


def _omit_none(value: Any) -> Any:
    """Return a value, or for None the sign that its member is left out."""
    return UNSET if value is None else value


def _build_lifecycle(entry: RecordEntry) -> Record:
    """Return a record's state, its first and last hour, and how it arrived."""
    first, last = format_span(entry)
    return dict(zip(LIFECYCLE_MEMBERS, (entry.state, first, last, entry.arrival), strict=True))


def _build_price_history(prices: Prices) -> Record:
    """Return every price interval by dimension; those under a condition stand apart."""
    return {
        "price_history": {
            price_key.dimension: _build_points(intervals)
            for price_key, intervals in prices.items()
            if not price_key.condition
        },
        "conditional_price_history": [
            types.ConditionalPrice(
                dimension=price_key.dimension,
                condition=loads(price_key.condition),
                points=_build_points(intervals),
            )
            for price_key, intervals in prices.items()
            if price_key.condition
        ],
    }


def _build_points(intervals: list[PriceInterval]) -> list[types.PricePoint]:
    """Return price intervals with their exact prices."""
    spans = [(interval, *format_span(interval)) for interval in intervals]
    return [
        types.PricePoint(since=first, until=last, price=f"{interval.amount:f}")
        for interval, first, last in spans
    ]
