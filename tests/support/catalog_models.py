"""Models of the catalogue built by hand."""

import datetime as dt
from collections.abc import Iterable
from typing import Any

from orarchive.catalog.candidates import Candidate, list_candidates
from orarchive.catalog.model_info import build_model_info
from orarchive.catalog.source import (
    LIVE,
    CatalogEndpoint,
    CatalogModel,
    CatalogSource,
    HealthWindow,
    list_parameters,
)
from orarchive.domain.keys import EndpointKey
from orarchive.domain.records import Endpoint, Model
from orarchive.jsonl import Record

HOUR = dt.datetime(2026, 11, 20, 6, tzinfo=dt.UTC)


def build_model(
    key: str = "lab/model-1",
    *,
    endpoints: list[CatalogEndpoint] | None = None,
    last: dt.datetime | None = None,
    state: str = LIVE,
    has_media_prices: bool = False,
    rank: int | None = None,
    benchmarks: Record | None = None,
    answer: str = "",
    first: dt.datetime = HOUR,
    **fields: Any,
) -> CatalogModel:
    """Return a model of text, first seen in an hour, with the given fields in its record."""
    record: Record = {
        "id": key,
        "name": f"Lab: {key}",
        "architecture": {"input_modalities": ["text"], "output_modalities": ["text"]},
        "pricing": {"prompt": "0.000001", "completion": "0.000002"},
        **fields,
    }
    model = Model.from_record(record, HOUR)
    return CatalogModel(
        id=key,
        record=record,
        model=model,
        first=first,
        last=last,
        state=state,
        stretches=((first, last),),
        endpoints=tuple(endpoints or ()),
        former_endpoints=(),
        has_media_prices=has_media_prices,
        announced=None,
        answer=answer,
        description=model.description,
        benchmarks=benchmarks or {},
        rank=rank,
    )


def build_endpoint(
    tag: str = "provider",
    *,
    model: str = "lab/model-1",
    is_zdr: bool | None = None,
    health: HealthWindow | None = None,
    **fields: Any,
) -> CatalogEndpoint:
    """Return an endpoint that serves a model, with the given fields in its record."""
    record: Record = {"tag": tag, "provider_name": tag.title(), "pricing": {"prompt": "0.000001"}, **fields}
    return CatalogEndpoint(
        key=EndpointKey(model, tag, 0),
        record=record,
        endpoint=Endpoint.from_record(model, 0, record, HOUR),
        first=HOUR,
        last=None,
        is_zdr=is_zdr,
        health=health,
    )


def build_candidates(models: Iterable[CatalogModel]) -> list[Candidate]:
    """Return those of some models that can be chosen."""
    by_id = {model.id: model for model in models}
    infos = {key: build_model_info(model, {}, ()) for key, model in by_id.items()}
    return list_candidates(CatalogSource(HOUR, by_id, {}), infos)


def list_union_breaks(model: CatalogModel) -> list[str]:
    """List the request parameters in which the list of a model is not the union of its endpoints' lists.

    [] where an endpoint, or the model, has no such list.
    """
    lists = [endpoint.parameters for endpoint in model.endpoints]
    if not lists or None in lists or model.parameters is None:
        return []
    return sorted(list_parameters(model.endpoints) ^ set(model.parameters))
