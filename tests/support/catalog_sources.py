"""Sources of the catalogue built by hand, and cut to what an archive with fewer hours would have."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import replace

from orarchive.catalog.model_info import ModelInfo, build_model_info
from orarchive.catalog.names import MOVING_KINDS, Names
from orarchive.catalog.source import AliasPeriod, CatalogModel, CatalogSource
from orarchive.history.coverage import Gap
from tests.support.catalog_models import HOUR

Span = tuple[dt.datetime, dt.datetime | None]


def at_hour(number: int) -> dt.datetime:
    """Return the hour with a number."""
    return HOUR + dt.timedelta(hours=number)


def build_source(
    *models: CatalogModel,
    periods: Iterable[AliasPeriod] = (),
    starts: Iterable[dt.datetime] = (),
    gaps: Iterable[Gap] = (),
) -> CatalogSource:
    """Return a source at the hour 100, in which the given models are or were listed."""
    ordered = sorted(models, key=lambda model: (model.first, model.id))
    return CatalogSource(
        hour=at_hour(100),
        models={model.id: model for model in ordered},
        providers={},
        alias_periods=tuple(periods),
        starts=tuple(starts) or (HOUR,),
        first_hour=HOUR,
        gaps=tuple(gaps),
    )


def build_infos(source: CatalogSource) -> dict[str, ModelInfo]:
    """Return what the catalogue says of each model of a source, without overrides."""
    return {key: build_model_info(model, {}, ()) for key, model in source.models.items()}


def cut_source(source: CatalogSource, start: dt.datetime, hour: dt.datetime) -> CatalogSource:
    """Return the source of the archive that begins with one hour and ends with another."""
    models = {}
    for key, model in source.models.items():
        spans = _cut_spans(model.stretches, start, hour)
        if spans:
            models[key] = replace(model, first=spans[0][0], last=spans[-1][1], stretches=tuple(spans))
    periods = [
        replace(period, since=since, until=until)
        for period in source.alias_periods
        for since, until in _cut_spans([(period.since, period.until)], start, hour)
    ]
    return replace(
        source,
        hour=hour,
        models=dict(sorted(models.items(), key=lambda item: (item[1].first, item[0]))),
        alias_periods=tuple(periods),
        starts=tuple(begin for begin in source.starts if start <= begin <= hour),
    )


def _cut_spans(spans: Iterable[Span], start: dt.datetime, hour: dt.datetime) -> list[Span]:
    """Return the parts of stretches of hours between two hours; the end at the last is open."""
    return [
        (max(first, start), None if last is None or last >= hour else last)
        for first, last in spans
        if first <= hour and (last is None or last >= start)
    ]


def list_given(names: Names) -> dict[str, str]:
    """Return the names that stand for one model, with that, but for those that follow the newest."""
    return {key: name.id for key, name in names.by_name.items() if name.id and name.kind not in MOVING_KINDS}
