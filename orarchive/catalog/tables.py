"""The catalogue as tables of the database for download; tables.sql describes them."""

import datetime as dt
import sqlite3
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

from orarchive.catalog.catalog import Catalog, read_catalog
from orarchive.catalog.data_files import hash_data_files
from orarchive.catalog.direct import DirectPrice
from orarchive.catalog.flags import Flag
from orarchive.catalog.lists import NO_VALUE, ListRow
from orarchive.catalog.measures import COST, Reading
from orarchive.catalog.model_info import OPEN_WEIGHTS, ModelInfo
from orarchive.catalog.names import Name
from orarchive.catalog.redirects import Redirect, Unreplaced
from orarchive.catalog.shortlists import Entry, Shortlist
from orarchive.catalog.source import CatalogEndpoint
from orarchive.catalog.table_queries import QUERIES
from orarchive.catalog.tombstones import Tombstone
from orarchive.domain.event_kinds import ADDED
from orarchive.domain.feeds import ENDPOINTS, MODELS
from orarchive.index.download import AddedTables
from orarchive.index.download_rows import Row
from orarchive.index.sql_values import escape_surrogates, to_json
from orarchive.timestamps import format_stamp

RULES_VERSION = 1
"""Version of the rules of the catalogue; raise it when the same records and files give other rows."""

MAX_INTEGER = 2**63 - 1

MODEL, ENDPOINT = "model", "endpoint"
"""What a row of a list is of."""

BEST_VALUE, BEST_VALUE_TITLE = "best-value", "Best value"
BEST_VALUE_RULE = "models that no other beats in both price and quality"

# Two models whose ids differ only in characters that SQLite cannot hold are one in the catalogue.
SELECT_RECORDS = "select key, min(id) from records where feed = ? group by key"

SELECT_BIRTHS = """
    select key from events join records using (feed, key)
    where feed = ? and kind = ? and hour = records.first
"""


def list_tables(db: sqlite3.Connection, benchmarks: bool) -> Iterator[tuple[str, Iterable[Row]]]:
    """Return each table of the catalogue of an index's last hour with its rows; none without models."""
    return _list_tables(db, read_catalog(db, benchmarks))


def prepare_tables(catalog: Catalog | None) -> AddedTables:
    """Return the same of a catalogue that is at hand, instead of one that is built for them."""
    if catalog:
        # What they show is made here once, and not by each process of a build.
        _ = catalog.names, catalog.tombstones, catalog.shortlists, catalog.lists, catalog.best_value
        _ = catalog.direct, catalog.permaslugs
    return replace(CATALOG_TABLES, list_tables=lambda db, _benchmarks: _list_tables(db, catalog))


def _list_tables(db: sqlite3.Connection, catalog: Catalog | None) -> Iterator[tuple[str, Iterable[Row]]]:
    if catalog is None:
        return
    records = {
        feed.name: dict(db.execute(SELECT_RECORDS, (feed.name,)).fetchall()) for feed in (MODELS, ENDPOINTS)
    }
    births = {key for (key,) in db.execute(SELECT_BIRTHS, (MODELS.name, ADDED))}
    tables = _Tables(catalog, records[MODELS.name], records[ENDPOINTS.name], births)
    for table, rows in tables.list_all():
        yield table, (tuple(map(_convert, row)) for row in rows)


@dataclass(frozen=True)
class _Tables:
    """Makes the rows of the tables, as values of Python."""

    catalog: Catalog
    models: Mapping[str, int]
    """Row ids of the records of models by id."""
    endpoints: Mapping[str, int]
    """Row ids of the records of endpoints by their text form."""
    births: Collection[str]
    """Models whose first sighting was seen as an addition."""

    def list_all(self) -> Iterator[tuple[str, Iterable[Row]]]:
        """Yield each table with its rows; of shortlists more than once."""
        catalog = self.catalog
        infos, names = catalog.models.values(), catalog.names.by_name.values()
        yield "catalog", (_build_model(info, escape_surrogates(info.id) in self.births) for info in infos)
        yield from self._list_flags()
        yield "names", map(self._build_name, names)
        periods = ((name.name, part.since, part.until, part.id) for name in names for part in name.periods)
        yield "name_periods", periods
        redirects: list[Redirect | Unreplaced] = [*catalog.redirects.by_source.values()]
        redirects += catalog.redirects.unreplaced.values()
        yield "redirects", map(_build_redirect, redirects)
        yield "tombstones", map(_build_tombstone, catalog.tombstones.values())
        for shortlist in catalog.shortlists:
            yield from self._list_shortlist(shortlist)
        yield "lists", _list_lists(catalog)
        yield "list_rows", self._list_places()
        yield "direct_prices", map(self._build_direct, catalog.direct)
        yield "permaslug_models", catalog.permaslugs.items()

    def _list_flags(self) -> Iterator[tuple[str, Iterable[Row]]]:
        """Yield the statements about flags, and which models they hold of."""
        flags = [
            (info.id, (name, _format_flag(flag.value), flag.source, flag.evidence), flag)
            for info in self.catalog.models.values()
            for name, flag in {**info.flags, OPEN_WEIGHTS: info.open_weights}.items()
            if flag.value is not None
        ]
        statements = sorted({statement for _, statement, _ in flags})
        numbers = {statement: number for number, statement in enumerate(statements, start=1)}
        yield "flag_statements", ((number, *statement) for statement, number in numbers.items())
        rows = (
            (
                self.models[escape_surrogates(model)],
                numbers[statement],
                *_split_count(flag),
                list(flag.modes) or None,
            )
            for model, statement, flag in flags
        )
        yield "model_flags", rows

    def _build_name(self, name: Name) -> Row:
        model = name.id if name.id in self.catalog.models else None
        return name.name, name.kind, name.source, model, list(name.candidates)

    def _list_shortlist(self, shortlist: Shortlist) -> Iterator[tuple[str, list[Row]]]:
        """Yield the tables of shortlists with the rows of one of them."""
        ranking, quality = shortlist.ranking, shortlist.ranking.quality
        need = ranking.need
        requires = [condition.label for condition in need.list_conditions()]
        measure = (quality.name, quality.source) if quality else (None, None)
        counts = (len(ranking.scored), len(ranking.unranked))
        yield "shortlists", [(need.name, need.title, need.size, requires, *measure, *counts)]
        entries: list[tuple[Entry, list[str] | None]] = [(entry, None) for entry in shortlist.entries]
        entries += [(displaced.entry, list(displaced.members)) for displaced in shortlist.displaced]
        yield (
            "shortlist_entries",
            [
                (
                    *(need.name, entry.position, entry.candidate.info.id, entry.score.value),
                    *(list(entry.score.unknown), entry.reasons, displaced_by),
                )
                for entry, displaced_by in entries
            ],
        )
        yield (
            "shortlist_parts",
            [
                (
                    *(need.name, entry.position, part.name, part.measure.name, part.measure.source),
                    *(part.measure.unit, *self._build_reading(part.reading), part.better, part.count),
                    *(part.normalised, part.weight),
                )
                for entry, _ in entries
                for part in entry.score.parts
            ],
        )

    def _build_reading(self, reading: Reading) -> Row:
        """Return value, endpoint and number of samples."""
        return reading.text, self._find_record(reading.endpoint), reading.samples

    def _find_record(self, key: str | None) -> int | None:
        return None if key is None else self.endpoints[escape_surrogates(key)]

    def _find_endpoint(self, endpoint: CatalogEndpoint | None) -> int | None:
        return self._find_record(endpoint.key.text if endpoint else None)

    def _list_places(self) -> Iterator[Row]:
        for ranked in self.catalog.lists:
            parts: tuple[tuple[str, tuple[ListRow, ...]], ...] = (
                (MODEL, ranked.models),
                (ENDPOINT, ranked.endpoints),
            )
            for kind, rows in parts:
                for rank, row in enumerate(rows, start=1):
                    yield ranked.kind.name, kind, rank, row.id, *self._build_reading(row.reading), None
        for rank, best in enumerate(self.catalog.best_value.rows, start=1):
            yield BEST_VALUE, MODEL, rank, best.id, *self._build_reading(best.cost), best.quality.text

    def _build_direct(self, price: DirectPrice) -> Row:
        pin, own = price.pin, price.own
        model = pin.openrouter if pin.openrouter in self.catalog.models else None
        return (
            *(pin.provider, pin.region, pin.id, model, pin.currency, pin.converted_from),
            *(pin.pricing.get("prompt"), pin.pricing.get("completion"), pin.pricing),
            *(pin.context, pin.max_output, pin.source_url, pin.checked_on),
            *(price.age_days, price.is_stale, price.is_offered),
            *(self._find_endpoint(price.cheapest), _to_ratio(price.cheapest_ratio)),
            *(self._find_endpoint(own.endpoint if own else None), _to_ratio(price.own_ratio)),
            *([str(entry) for entry in own.disagreements] if own else None, price.reason),
        )


def _build_model(info: ModelInfo, is_born: bool) -> Row:
    family, size, price = info.family, info.size, info.price_class
    return (
        *(info.id, info.lab, family.name, family.source, family.evidence, family.generation, family.base),
        *(info.variant, info.variant_group, info.state),
        *(info.first_seen, info.first_seen if is_born else None, info.last_seen),
        *(info.served_context, info.max_output),
        *(size.total, size.active, size.text, size.source, size.evidence),
        *(price.tier, price.output_tier, price.blended_tier),
        f"{price.blended.normalize():f}" if price.blended is not None else None,
        float(price.blended) if price.blended is not None else None,
        *(price.outside, info.is_free, info.is_choice, info.open_weights.value),
    )


def _format_flag(value: bool | str) -> str:
    return value if isinstance(value, str) else str(value).lower()


def _split_count(flag: Flag) -> tuple[int | None, int | None]:
    """Return how many endpoints have a flag, and how many say whether they have it."""
    if flag.endpoints is None:
        return None, None
    with_flag, _, endpoints = flag.endpoints.partition(" of ")
    return int(with_flag), int(endpoints)


def _build_redirect(redirect: Redirect | Unreplaced) -> Row:
    if isinstance(redirect, Unreplaced):
        lost = list(redirect.lost) if redirect.nearest else None
        return redirect.source, *[None] * 6, lost, redirect.reason, redirect.nearest, list(redirect.newest)
    return (
        *(redirect.source, redirect.target, redirect.kind, redirect.evidence, list(redirect.via)),
        *(redirect.price, _to_ratio(redirect.price_ratio), list(redirect.lost), *[None] * 3),
    )


def _build_tombstone(tombstone: Tombstone) -> Row:
    facts = tombstone.to_json()
    return (
        *(tombstone.id, tombstone.listed_hours, tombstone.absences, facts["prices"], facts["providers"]),
        *(tombstone.announced, tombstone.notice_days, tombstone.notice, tombstone.answer, tombstone.end),
    )


def _list_lists(catalog: Catalog) -> Iterator[Row]:
    for ranked in catalog.lists:
        kind, unknown = ranked.kind, None if ranked.models else ranked.kind.unknown
        measure = kind.measure
        yield kind.name, kind.title, measure.unit, measure.source, kind.window_days, kind.rule, unknown
    best = catalog.best_value
    source = best.quality.source if best.quality else None
    unknown = None if best.rows else NO_VALUE
    yield BEST_VALUE, BEST_VALUE_TITLE, COST.unit, source, None, BEST_VALUE_RULE, unknown


def _to_ratio(ratio: Decimal | Fraction | None) -> float | None:
    return None if ratio is None else float(ratio)


def _convert(value: Any) -> Any:
    """Return a value as SQLite holds it: lists as JSON, exact decimals and times as text."""
    if isinstance(value, dt.datetime):
        return format_stamp(value)
    if isinstance(value, dt.date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, str):
        return escape_surrogates(value)
    if isinstance(value, list | dict):
        return to_json(value)
    return None if isinstance(value, int) and value > MAX_INTEGER else value


CATALOG_TABLES = AddedTables(
    sql=(Path(__file__).parent / "tables.sql").read_text(),
    rules=f"{RULES_VERSION}-{hash_data_files():08x}",
    list_tables=list_tables,
    units={"tombstones": {"listed_hours": "h", "notice_days": "d"}, "direct_prices": {"age_days": "d"}},
    queries=QUERIES,
)
"""What every database for download has beside the tables of the index."""
