"""The files of the static API: prices as exact decimal strings, hours as in `data/`.

Their members are described in `types`, `ranking_types` and `status_types`.
"""

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from orarchive.domain.keys import get_provider_of_tag
from orarchive.domain.records import Endpoint, Model, as_texts
from orarchive.jsonl import Record, loads
from orarchive.publish.api import kinds, types
from orarchive.publish.api.catalog import list_catalog_files
from orarchive.publish.api.change_hours import find_feeds_hour, find_model_hour
from orarchive.publish.api.envelope import ApiFile, ApiSite
from orarchive.publish.api.events import build_events
from orarchive.publish.api.model_types import Model as ModelFile
from orarchive.publish.api.rankings import list_ranking_files
from orarchive.publish.api.schemas import build_openapi, build_schemas, get_schema_path
from orarchive.publish.api.status import build_status
from orarchive.publish.api.status_types import FileRow, Index, ParquetRow
from orarchive.publish.dataset import Dataset, PriceInterval, Prices, RecordEntry, format_span
from orarchive.publish.parquet_list import ParquetFile
from orarchive.publish.sanitize import to_safe_json
from orarchive.publish.site_files import SiteFiles
from orarchive.publish.views import View
from orarchive.publish.views.endpoints import ABILITIES, read_endpoint
from orarchive.publish.views.models import ModelView, floor_day
from orarchive.timestamps import format_stamp, parse_stamp

LIFECYCLE_MEMBERS = ("state", "first_seen", "last_seen", "arrival")


@dataclass(frozen=True)
class ApiBuilder:
    """Builds the files of the API, and remembers which there are."""

    view: View
    site: ApiSite
    model_files: dict[str, str]
    """Model id -> its path below the folder of the API, without `.json`."""
    rows: dict[str, Record]
    """Model id -> the members of its row of the list, which its own file has, too."""
    described: dict[str, tuple[kinds.FileKind, dt.datetime]] = field(default_factory=dict)
    """Path of a file -> its kind, and the hour of its data."""

    @classmethod
    def prepare(cls, view: View, model_files: dict[str, str], site: ApiSite) -> "ApiBuilder":
        """Return a builder with the row of each model."""
        rows = {model.model.id: _build_model_row(model, site, model_files) for model in view.models}
        return cls(view, site, model_files, rows)

    def put(self, files: SiteFiles, file: ApiFile) -> None:
        """Put a file where it is told."""
        files[f"{kinds.API_FOLDER}/{file.path}"] = file.render(self.site)

    def note(self, path: str, kind: kinds.FileKind, as_of: dt.datetime) -> None:
        """Note a file that is there, for the index."""
        self.described[f"{kinds.API_FOLDER}/{path}"] = kind, as_of

    def put_shared(self, files: SiteFiles, category_pages: dict[str, str]) -> None:
        """Put the lists, the rankings and the status; `category_pages` has the page of each category."""
        status = ApiFile(
            kinds.STATUS.paths[0],
            kinds.STATUS,
            self.view.now,
            build_status(self.view, [*reversed(self.view.dataset.log.by_month)]),
        )
        ranking_files = list_ranking_files(self.view, category_pages, self.site)
        catalog_files = list_catalog_files(self.view.catalog, self._find_catalog_hour())
        for file in (*self._list_record_files(), *catalog_files, *ranking_files, status):
            self.put(files, file)
            self.note(file.path, file.kind, file.as_of)

    def _find_catalog_hour(self) -> dt.datetime:
        """Return the hour since which the catalogue is as it is: health counts by whole days."""
        hour = find_feeds_hour(self.view.dataset, "models", "endpoints")
        return max(hour, floor_day(self.view.hour))

    def _list_record_files(self) -> Iterator[ApiFile]:
        """Yield the lists of models, endpoints, providers, authors and relations."""
        view = self.view
        endpoints = [entry for entry in view.dataset.entries["endpoints"].values() if entry.last is None]
        endpoint_rows = [_build_endpoint_row(view.dataset, entry) for entry in endpoints]
        for kind, feeds, data in (
            (kinds.MODELS, ("models", "endpoints"), [types.ModelRow(**row) for row in self.rows.values()]),
            (kinds.AUTHORS, ("models",), _build_authors(view)),
            (kinds.PROVIDERS, ("providers", "endpoints"), _build_providers(view)),
            (kinds.ENDPOINTS, ("endpoints",), endpoint_rows),
            (kinds.RELATIONS, ("models", "endpoints"), _build_relations(view, endpoints)),
        ):
            yield ApiFile(kind.paths[0], kind, find_feeds_hour(view.dataset, *feeds), data)

    def build_model(self, model: ModelView, description: Record) -> ApiFile:
        """Build the file of a model; `description` is that of `describe_model`."""
        as_of = find_model_hour(self.view.dataset, model.entry)
        log = self.view.dataset.log
        events = build_events(log.decode(log.by_model.get(model.model.id, ())))
        data = _build_model(model, self.rows[model.model.id] | description, events)
        return ApiFile(self.get_model_path(model), kinds.MODEL, as_of, data)

    def get_model_path(self, model: ModelView) -> str:
        """Return the path of a model's file."""
        return f"{self.model_files[model.model.id]}.json"

    def build_month(self, month: str) -> ApiFile:
        """Build the file of the events of a month."""
        log = self.view.dataset.log
        events = build_events(log.decode(log.by_month[month]))
        as_of = parse_stamp(max(event.hour for event in events))
        return ApiFile(get_month_path(month), kinds.MONTH, as_of, events)

    def put_descriptions(self, files: SiteFiles, parquet_files: Sequence[ParquetFile]) -> None:
        """Put the descriptions of the API, and the list of all files that were put or noted.

        `parquet_files` are published with the site.
        """
        descriptions = {
            **build_schemas(self.site.link),
            f"{kinds.API_FOLDER}/{kinds.OPENAPI_FILE}": build_openapi(self.site.link),
        }
        for path, description in descriptions.items():
            files[path] = to_safe_json(description)
        plain = [f"{kinds.API_FOLDER}/{path}" for path in kinds.PLAIN_FILES]
        sizes = {path: files.get_size(path) for path in (*self.described, *descriptions, *plain)}
        self.put(files, self._build_index(sizes, parquet_files))

    def _build_index(self, sizes: dict[str, int], parquet_files: Sequence[ParquetFile]) -> ApiFile:
        """Build the list of all files, itself among them; what changes every hour is left out of it."""
        path = f"{kinds.API_FOLDER}/{kinds.INDEX.paths[0]}"
        rows = []
        for name in sorted([path, *sizes]):
            kind, as_of = self.described.get(name, (kinds.INDEX if name == path else None, None))
            is_static = name != path and not (kind and kind.is_hourly)
            rows.append(
                FileRow(
                    link=self.site.link(name),
                    description=kind.description if kind else _describe_plain(name),
                    schema=self.site.link(get_schema_path(kind)) if kind else None,
                    as_of=format_stamp(as_of) if as_of and is_static else None,
                    bytes=sizes[name] if is_static else None,
                )
            )
        parquet = [
            ParquetRow(
                link=self.site.link(file.path),
                description=file.words,
                bytes=file.bytes,
                sha256=file.sha256,
                licence=file.licence,
                licence_link=file.licence_url,
            )
            for file in parquet_files
        ]
        as_of = max(as_of for kind, as_of in self.described.values() if not kind.is_hourly)
        return ApiFile(kinds.INDEX.paths[0], kinds.INDEX, as_of, Index(files=rows, parquet=parquet))


def _describe_plain(path: str) -> str:
    """Say what a file without the envelope is."""
    name = path.removeprefix(f"{kinds.API_FOLDER}/")
    return kinds.PLAIN_FILES[name].description if name in kinds.PLAIN_FILES else "Description of the API"


def get_month_path(month: str) -> str:
    """Return the path of the file of the events of a month, below the folder of the API."""
    return f"changes/{month}.json"


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


def _build_model(view: ModelView, row: Record, events: list[types.Event]) -> ModelFile:
    """Build a model's own file: its row, its record as last seen, every price of it and its endpoints."""
    endpoints = sorted(view.dataset.endpoints_by_model.get(view.model.id, ()), key=lambda entry: entry.key)
    return ModelFile(
        **row,
        events=events,
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
