"""The library: questions to an archive, with typed answers; `orarchive.open` makes the reader."""

import datetime as dt
import sqlite3
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from orarchive.domain.event_kinds import EVENT_KINDS
from orarchive.domain.feeds import MODELS
from orarchive.domain.record_files import join_record
from orarchive.domain.records import Model
from orarchive.domain.token_usage import read_usage
from orarchive.errors import AmbiguousError, ArchiveError, NotCoveredError
from orarchive.index.download_rows import PRICING
from orarchive.index.event_log import read_events
from orarchive.index.events import Event
from orarchive.index.sql_values import decode_text
from orarchive.jsonl import Record, loads
from orarchive.queries.cost import Cost, find_costs
from orarchive.queries.download_lines import INDEX_VIEWS, DownloadLines
from orarchive.queries.endpoint_health import (
    FILE_REMEDY,
    EndpointHealth,
    read_archive_month,
    read_month_file,
)
from orarchive.queries.price import PriceQuote, find_quotes, find_reads_around
from orarchive.queries.reads import ReadLog
from orarchive.queries.sources import fetch_file, fetch_month, is_address
from orarchive.queries.suggestions import raise_not_found
from orarchive.queries.timeline import RecordSummary, read_timeline, summarize_records
from orarchive.store.archive import Archive
from orarchive.timestamps import HOUR, format_hour, format_stamp, is_date, parse_moment, parse_stamp

Time = dt.datetime | str | None
"""An aware datetime, or a text as on the command line: an hour, a time, or a date (its last hour)."""

SELECT_FIELDS = """
    select records.id, parts, fields.file, field, value from records
    join stretches on stretches.record = records.id and stretches.file = 'facts'
        and stretches.first <= :hour and (stretches.next_first is null or :hour < stretches.next_first)
    join field_versions as fields on fields.record = records.id and fields.file != 'asked'
        and fields.first <= :hour and (fields.next_first is null or :hour < fields.next_first)
    where feed = 'models' order by key, records.id
"""

SELECT_HEALTH = """
    select date, key, model, tag, n, provider, hours, abnormal, uptime_mean, uptime_min, latency_mean,
        throughput_mean
    from health_log where substr(date, 1, 7) = ? order by date, key
"""


@dataclass(frozen=True)
class LongPromptPrices:
    """The prices that differ for prompts of at least so many tokens."""

    min_prompt_tokens: int
    amounts: Mapping[str, Decimal]


@dataclass(frozen=True)
class Price:
    """What a model, or one of its endpoints, cost at a time that lies between two reads."""

    key: str
    """The id of the model, or the key of the endpoint: `openai/gpt-x@azure/eu`."""
    at: dt.datetime
    amounts: Mapping[str, Decimal]
    """By dimension (prompt, completion, ...) the price in USD per unit; -1 is a router's dynamic price."""
    conditions: Mapping[str, Record]
    """By dimension the entry of the time-of-day schedule that sets its price; only of such prices."""
    long_prompts: tuple[LongPromptPrices, ...]
    seen: dt.datetime
    """Hour of the last good read up to `at`."""
    since: dt.datetime
    """First hour of the unbroken stretch in which the prices were equal."""
    is_record_start: bool
    """Whether nothing was read before `since`, so that the prices may be older."""
    next: dt.datetime | None
    """Hour of the first good read after `at`; None if there is none yet."""
    is_same_next: bool | None
    """Whether the prices were equal in that one."""
    origin: str
    """`live`, or the import that `seen` came from."""
    pricing: Record
    """The price object as it was sent."""

    @classmethod
    def from_quote(cls, quote: PriceQuote) -> Self:
        """Return the typed form of a quote, which `orarchive price` prints."""
        prices = quote.prices
        return cls(
            key=quote.key,
            at=quote.at,
            amounts={name: Decimal(price["price"]) for name, price in prices.items()},
            conditions={name: price["entry"] for name, price in prices.items() if price["entry"]},
            long_prompts=tuple(_read_threshold(**entry) for entry in quote.thresholds),
            seen=parse_stamp(quote.seen),
            since=parse_stamp(quote.since),
            is_record_start=quote.is_record_start,
            next=parse_stamp(quote.next) if quote.next else None,
            is_same_next=quote.same,
            origin=quote.origin,
            pricing=quote.pricing,
        )


def _read_threshold(min_prompt_tokens: int, **prices: str) -> LongPromptPrices:
    return LongPromptPrices(min_prompt_tokens, {name: Decimal(price) for name, price in prices.items()})


@dataclass(frozen=True)
class History:
    """Everything that happened to a model with its endpoints, to an endpoint, or to a provider."""

    records: tuple[RecordSummary, ...]
    """The records with that key, at most one of each feed, and how they stand now."""
    events: tuple[Event, ...]
    """Oldest first."""


@dataclass(frozen=True)
class HealthDay:
    """The health of an endpoint on a UTC day; a figure is None where nothing was measured."""

    date: dt.date
    key: str
    model: str
    tag: str
    n: int
    provider: str
    hours: int
    """Number of hours in which it was read."""
    abnormal: int
    """Number of these with a status other than 0."""
    uptime_mean: float | None
    """Percent, as is `uptime_min`."""
    uptime_min: float | None
    latency_mean: float | None
    """Milliseconds to the first token."""
    throughput_mean: float | None
    """Output tokens a second."""


class ArchiveReader:
    """An archive that was opened for questions. It closes at the end of a `with` block, or by `close`."""

    def __init__(
        self, path: Path, archive: Archive | None = None, site: str = "", cache: Path | None = None
    ) -> None:
        self.path = path
        """The file of the database for download; see docs/download.md."""
        self._archive = archive
        self._site = site
        """Address of the site that the file is from."""
        self._cache = cache
        self._queries = _connect(path)
        self._queries.executescript(INDEX_VIEWS)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the database."""
        self._queries.close()
        if "db" in vars(self):
            self.db.close()

    @cached_property
    def db(self) -> sqlite3.Connection:
        """Return a connection to the database, for reading; docs/download.md describes the tables."""
        return _connect(self.path)

    @cached_property
    def hours(self) -> tuple[dt.datetime, dt.datetime]:
        """Return the first and the last hour of the archive."""
        first, last = self._queries.execute("select first_hour, hour from about").fetchone()
        return parse_stamp(first), parse_stamp(last)

    def models(self, at: Time = None) -> list[Model]:
        """Return the models that were listed at a time, by id; by default those listed now.

        Time-of-day prices are those of that time. Raise NotCoveredError for a time before the first read of
        the models or after the last hour.
        """
        moment = _parse_time(at)
        first, last = self.hours
        read, _ = find_reads_around(ReadLog(self._queries, MODELS.name), moment)
        if read is None or (moment and moment >= last + HOUR):
            msg = f"the archive covers {format_hour(first)} to {format_hour(last)}"
            raise NotCoveredError(f"{msg}, not {format_stamp(moment)}" if moment else msg)
        rows = self._queries.execute(SELECT_FIELDS, {"hour": read.hour})
        return [
            Model.from_record(_join_fields(list(fields)), moment or parse_stamp(read.hour))
            for _, fields in groupby(rows, key=itemgetter(0))
        ]

    def price(self, model: str, at: Time = None, provider: str | None = None) -> Price:
        """Return what a model cost at a time, or its endpoint at a provider: a slug, a tag, a name or a key.

        An hour means its snapshot, a time with minutes what had been read by then, None the last good hour.
        Raise UnknownError for a model or provider that the archive never had, NotCoveredError where nothing
        is known of that time or the model was not listed, and AmbiguousError where a provider has several
        endpoints for the model.
        """
        lines = DownloadLines(self._queries)
        quotes = find_quotes(self._queries, model, _parse_time(at), provider, lines)
        _require_single([quote.key for quote in quotes], model, provider)
        return Price.from_quote(quotes[0])

    def cost(
        self, usage: Mapping[str, Any], model: str, at: Time = None, provider: str | None = None
    ) -> Cost:
        """Return what a usage object of the API cost at a time, part by part and exactly.

        `usage` is the member of a response of that name; see `read_usage` for what is read. Times, providers
        and errors are as for `price`. An alias costs what the model cost that it pointed at then. Raise
        NotArchivedError for a router, and ArchiveError for an object that cannot be read. `Cost.total` is
        None where the list has no price of a part: `Cost.unpriced` names it.
        """
        lines, amounts = DownloadLines(self._queries), read_usage(usage)
        costs = find_costs(self._queries, model, amounts, _parse_time(at), provider, lines)
        _require_single([cost.key for cost in costs], model, provider)
        return costs[0]

    def events(self, since: Time = None, kind: str | None = None) -> list[Event]:
        """Return the events that became known in an hour or later, of all kinds or of one, oldest first.

        A date as text means its first hour. Raise UnknownError for a kind that there is not; docs/index.md
        has the table of kinds.
        """
        if kind is not None and kind not in EVENT_KINDS:
            raise_not_found("kind of event", kind, EVENT_KINDS)
        if isinstance(since, str) and is_date(since):
            since = f"{since}T00Z"
        moment = _parse_time(since)
        condition = "events.hour >= ? and ? in ('', kind)"
        return list(
            read_events(self._queries, condition, (format_stamp(moment) if moment else "", kind or ""))
        )

    def history(self, key: str) -> History:
        """Return everything that happened to a model with its endpoints, an endpoint or a provider.

        Raise UnknownError, with similar names, for a key that the archive never had.
        """
        events = read_timeline(self._queries, key)
        return History(tuple(summarize_records(self._queries, key)), tuple(events))

    def health(self, month: str, file: str | Path | None = None) -> Iterator[EndpointHealth]:
        """Return every reading of the health of endpoints in a month, `2026-11`.

        Of an archive it is read from git; of a published site from the Parquet file of the month, where the
        site or the release of its repository on GitHub has it. `file` is the path or the address of such a
        file. Files take the package pyarrow. Raise NotCoveredError, which says what to do, where the health
        of that month is not there.
        """
        if file is not None or self._archive is None:
            return read_month_file(self._find_month(month, file), month)
        return read_archive_month(self._archive, self.path.parent, month)

    def _find_month(self, month: str, file: str | Path | None) -> Path:
        """Return the Parquet file of a month, downloaded if it has an address."""
        path: Path | None = None
        if file is not None:
            path = fetch_file(str(file), self._cache) if is_address(file) else Path(file)
        elif self._site:
            path = fetch_month(self._site, self._cache, month)
        if path is None:
            source = file or self._site or self.path
            msg = f"{source} has no raw health of {month}; {FILE_REMEDY.format(month=month)}"
            raise NotCoveredError(msg)
        return path

    def health_days(self, month: str) -> list[HealthDay]:
        """Return the health of each endpoint on each day of a month, `2026-11`, by date and key.

        Raise NotCoveredError for a month of which no health was read.
        """
        rows = self._queries.execute(SELECT_HEALTH, (month,)).fetchall()
        if not rows:
            first, last = self._queries.execute("select min(date), max(date) from days").fetchone()
            known = f"it was read from {first} to {last}" if first else "none was ever read"
            msg = f"no health of {month} (write 2026-11); {known}"
            raise NotCoveredError(msg)
        return [HealthDay(dt.date.fromisoformat(date), *columns) for date, *columns in rows]


def _require_single(keys: list[str], model: str, provider: str | None) -> None:
    """Raise AmbiguousError where a provider has several endpoints for a model."""
    if len(keys) > 1:
        names = ", ".join(keys)
        msg = f"{provider} has {len(keys)} endpoints of {model}; name one of them as provider: {names}"
        raise AmbiguousError(msg)


def _connect(path: Path) -> sqlite3.Connection:
    db = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)
    db.text_factory = decode_text
    return db


def _parse_time(time: Time) -> dt.datetime | None:
    """Return a time as an aware datetime; raise ArchiveError for a text or a datetime that is none."""
    if time is None or isinstance(time, str):
        return None if time is None else parse_moment(time)
    if time.tzinfo is None:
        msg = f"the datetime {time} has no time zone; give it one: tzinfo=datetime.UTC"
        raise ArchiveError(msg)
    return time.astimezone(dt.UTC)


def _join_fields(rows: list[tuple[int, str, str, str, str]]) -> Record:
    """Put a record of the models feed together from its rows: row id, parts, file, field, value."""
    files: dict[str, Record] = {}
    for _, _, file, field, value in rows:
        line = files.setdefault(file, {})
        name = field.removeprefix(f"{PRICING}.")
        target: Any = line if name == field else line.setdefault(PRICING, {})
        target[name] = loads(value)
    base = files.setdefault(MODELS.base_file, {})
    base |= dict(zip(MODELS.key, loads(rows[0][1]), strict=True))
    if MODELS.spot_file in files:
        files.setdefault("prices", {}).setdefault(PRICING, {})
    return join_record(MODELS, files)
