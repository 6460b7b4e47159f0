"""The catalogue of an hour: every model with what is known of it, made of an index and the reviewed files."""

import datetime as dt
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from orarchive.catalog.candidates import Candidate, list_candidates
from orarchive.catalog.data_files import Override
from orarchive.catalog.direct import DirectPrice, build_direct_prices, load_pins
from orarchive.catalog.families import list_api_families
from orarchive.catalog.flags import detect_flags
from orarchive.catalog.labs import Lab, build_labs
from orarchive.catalog.latest_names import add_latest_names
from orarchive.catalog.lists import LISTS, BestValue, RankedList, build_best_value, build_list
from orarchive.catalog.model_info import OPEN_WEIGHTS, ModelInfo, build_model_info
from orarchive.catalog.names import Names, build_names, map_permaslugs
from orarchive.catalog.overrides import OverrideAudit, audit_override, load_overrides
from orarchive.catalog.past_scores import restore_scores
from orarchive.catalog.redirects import Redirects, build_redirects
from orarchive.catalog.shortlists import Shortlist, build_shortlists
from orarchive.catalog.sizes import ACTIVE_FIELD, TOTAL_FIELD, find_size
from orarchive.catalog.source import CatalogModel, CatalogSource
from orarchive.catalog.source_reader import read_source
from orarchive.catalog.tombstones import Tombstone, build_tombstones
from orarchive.errors import NotCoveredError
from orarchive.store.archive import Archive


@dataclass(frozen=True)
class Catalog:
    """Everything that the catalogue of an hour says; each part is made when it is first asked for."""

    source: CatalogSource
    models: Mapping[str, ModelInfo]
    """By id, in the order of first sightings."""
    overrides: tuple[Override, ...]

    @property
    def hour(self) -> dt.datetime:
        """Return the hour that the catalogue is of: the last good hour of the models."""
        return self.source.hour

    @cached_property
    def labs(self) -> dict[str, Lab]:
        """Return the labs by slug."""
        return build_labs(self.source)

    @cached_property
    def candidates(self) -> list[Candidate]:
        """Return the models that can be chosen."""
        return list_candidates(self.source, self.models)

    @cached_property
    def lists(self) -> list[RankedList]:
        """Return the lists of endpoints and models, but for the best value."""
        return [build_list(kind, self.candidates) for kind in LISTS]

    @cached_property
    def best_value(self) -> BestValue:
        """Return the models with the best quality for their price."""
        return build_best_value(self.candidates)

    @cached_property
    def shortlists(self) -> list[Shortlist]:
        """Return the shortlists."""
        return build_shortlists(self.candidates)

    @cached_property
    def direct(self) -> list[DirectPrice]:
        """Return the pinned prices of makers that serve their models themselves, beside OpenRouter's."""
        return build_direct_prices(self.source, self.labs, load_pins())

    @cached_property
    def names(self) -> Names:
        """Return every name of every model."""
        return add_latest_names(build_names(self.source), self.source, self.models)

    @cached_property
    def redirects(self) -> Redirects:
        """Return what replaces each model that is gone or about to go."""
        return build_redirects(self.source, self.models)

    @cached_property
    def permaslugs(self) -> dict[str, str]:
        """Return the id that each name of a model in rankings means."""
        return map_permaslugs(self.source.models)

    @cached_property
    def tombstones(self) -> dict[str, Tombstone]:
        """Return what is on record of each model that is gone, by id."""
        return build_tombstones(self.source, self.models, self.redirects.by_source)

    @cached_property
    def override_audits(self) -> list[OverrideAudit]:
        """Return how each override compares with what is said without it."""
        return [self._audit(override) for override in self.overrides]

    def _audit(self, override: Override) -> OverrideAudit:
        model = self.source.models.get(override.id)
        return audit_override(
            override, _read_value(model, override.field) if model else None, model is not None
        )


def build_catalog(
    db: sqlite3.Connection,
    at: dt.datetime | None = None,
    overrides: tuple[Override, ...] | None = None,
    benchmarks: bool = True,
    archive: Archive | None = None,
) -> Catalog:
    """Build the catalogue of an hour from an index; None is the last hour.

    `benchmarks` = False leaves out the scores of third parties, which have terms of their own.
    `archive`: of a past hour, benchmarks and ranks are read from it as they stood; without it only those are
    known that are still the same. Raise NotCoveredError where the models were not read up to that hour.
    """
    source = read_source(db, at, benchmarks)
    if at and archive:
        source = restore_scores(source, db, archive, at, benchmarks)
    statements = load_overrides() if overrides is None else overrides
    targets = {key: model.model.alias_target for key, model in source.listed.items()}
    api_families = list_api_families(targets)
    models = {key: build_model_info(model, api_families, statements) for key, model in source.models.items()}
    return Catalog(source, models, statements)


def read_catalog(db: sqlite3.Connection, benchmarks: bool = True) -> Catalog | None:
    """Build the catalogue of the last hour; None where the models were never read."""
    try:
        return build_catalog(db, benchmarks=benchmarks)
    except NotCoveredError:
        return None


def make_empty_catalog(hour: dt.datetime) -> Catalog:
    """Return the catalogue of an archive whose models were never read."""
    return Catalog(CatalogSource(hour, {}, {}), {}, ())


def _read_value(model: CatalogModel, field: str) -> bool | int | str | None:
    """Return what the API and the rules say of a field that can be overridden."""
    if field in (TOTAL_FIELD, ACTIVE_FIELD):
        size = find_size(model)
        return size.total if field == TOTAL_FIELD else size.active
    if field == OPEN_WEIGHTS:
        return bool(model.model.hugging_face) or None
    return detect_flags(model)[field].value
