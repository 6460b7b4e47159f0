"""Prices of a model, or of its endpoints, at any time, and how sure they are."""

import datetime as dt
import sqlite3
from dataclasses import dataclass
from typing import Any, Protocol

from orarchive.domain.equality import is_same_value
from orarchive.domain.keys import get_provider_of_tag
from orarchive.domain.prices import (
    get_prices_at,
    list_scheduled_dimensions,
    list_thresholds,
    read_entry_prices,
    read_prices,
    read_schedule,
)
from orarchive.domain.records import get_object
from orarchive.errors import NotCoveredError
from orarchive.index.sql_values import escape_surrogates
from orarchive.jsonl import Record, loads
from orarchive.queries.reads import Read, ReadLog
from orarchive.queries.suggestions import list_model_ids, raise_not_found
from orarchive.timestamps import floor_hour, format_hour, format_stamp, parse_stamp

SELECT_MODEL = "select 1 from records where feed = 'models' and key = ?"

SELECT_ENDPOINTS = "select key, tag, provider_name from endpoints where model = ? order by key"

SELECT_LINES = """
    select file, max(versions.first), versions.last, line from versions join records on id = record
    where feed = ? and key = ? and file in ('facts', 'prices', 'spot') and versions.first <= ? group by file
"""
"""The last line of each file that began by an hour; with `max` SQLite gives the columns of that very row."""

SELECT_REPLACED_LINES = """
    select file, min(replaced_lines.attempt), line from replaced_lines join records on records.id = record
    join attempts on attempts.attempt = replaced_lines.attempt
    where feed = ? and key = ? and replaced_lines.attempt > ? and hour = ? group by file
"""
"""What later attempts at an hour replaced first; with `min` SQLite gives the columns of that very row."""

SELECT_SPANS = """
    select versions.first, versions.last from versions join records on id = record
    where feed = ? and key = ? and file = 'facts'
"""


Lines = dict[str, tuple[str, str | None, Record]]
"""File -> the first and the last hour of a line, and the line; the last hour is None while it stands."""


class LineReader(Protocol):
    """Reads the lines of a record in `facts`, `prices` and `spot`."""

    def find_lines(self, feed: str, key: str, hour: str) -> Lines:
        """Return the last line of each file that began by an hour."""

    def list_spans(self, feed: str, key: str) -> list[tuple[str, str | None]]:
        """Return the first and the last hours of the lines in `facts`."""

    def read_facts(self, model: str, hour: str) -> Record:
        """Return the line of a model in `facts` at an hour; {} where it was not listed."""


@dataclass(frozen=True)
class IndexLines:
    """The lines of records in an index."""

    db: sqlite3.Connection

    def find_lines(self, feed: str, key: str, hour: str) -> Lines:
        """Return the last line of each file that began by an hour."""
        rows = self.db.execute(SELECT_LINES, (feed, key, hour))
        return {file: (first, last, loads(line)) for file, first, last, line in rows}

    def list_spans(self, feed: str, key: str) -> list[tuple[str, str | None]]:
        """Return the first and the last hours of the lines in `facts`."""
        return self.db.execute(SELECT_SPANS, (feed, key)).fetchall()

    def read_facts(self, model: str, hour: str) -> Record:
        """Return the line of a model in `facts` at an hour; {} where it was not listed."""
        _, last, line = self.find_lines("models", model, hour).get("facts", ("", "", {}))
        return line if last is None or last >= hour else {}


@dataclass(frozen=True)
class _Source:
    """What prices are read from: the reads of a feed, and the lines of its records."""

    reads: ReadLog
    lines: LineReader


@dataclass(frozen=True)
class PriceQuote:
    """The prices of one model or endpoint at a time that lies between two reads."""

    key: str
    at: dt.datetime
    pricing: Record
    """The price object as it was sent at `seen`."""
    seen: str
    """Hour of the last good read up to `at`."""
    seen_started: str
    """When that read started."""
    origin: str
    """Origin of that read: `live`, or an import."""
    since: str
    """First hour of the unbroken stretch in which the prices were equal; see `_is_same_pricing`."""
    is_record_start: bool
    """Whether nothing was read before `since`, so that the prices may be older."""
    next: str | None
    """Hour of the first good read after `at`; None if there is none yet."""
    next_started: str | None
    """When that read started."""
    same: bool | None
    """Whether the prices were equal in that one; see `_is_same_pricing`."""

    @property
    def prices(self) -> dict[str, dict[str, Any]]:
        """Return by dimension the price as a plain decimal, and the schedule entry that sets it or None."""
        return {
            name: {"price": f"{price:f}", "entry": entry}
            for name, (price, entry) in get_prices_at(self.pricing, self.at).items()
        }

    @property
    def thresholds(self) -> list[Record]:
        """Return `min_prompt_tokens`, ascending, each with every price that differs for a longer prompt."""
        base_prices = get_prices_at(self.pricing, self.at)
        thresholds: list[Record] = []
        for limit in list_thresholds(self.pricing, self.at):
            prices = {
                name: f"{price:f}"
                for name, (price, _) in get_prices_at(self.pricing, self.at, limit).items()
                if name not in base_prices or price != base_prices[name][0]
            }
            thresholds.append({"min_prompt_tokens": int(limit), **prices})
        return thresholds

    def to_json(self) -> Record:
        """Return all members as a JSON object."""
        return {
            "key": self.key,
            "at": format_stamp(self.at),
            "prices": self.prices,
            "thresholds": self.thresholds,
            "overrides": read_schedule(self.pricing),
            "pricing": self.pricing,
            "seen": self.seen,
            "seen_started": self.seen_started,
            "since": self.since,
            "origin": self.origin,
            "next": self.next,
            "next_started": self.next_started,
            "same": self.same,
        }


def find_quotes(
    db: sqlite3.Connection,
    model: str,
    at: dt.datetime | None = None,
    provider: str | None = None,
    lines: LineReader | None = None,
) -> list[PriceQuote]:
    """Return the prices of a model at a time, or with a provider those of its endpoints there.

    `at` on the hour means that hour's snapshot; with minutes, the last read that had started by then; None
    means the last good hour. `provider` is a slug, a tag or a name. `lines` reads the lines of another
    database than an index. Raises UnknownError if the model or the provider is unknown, and NotCoveredError
    if nothing is known of that time, or the model or every endpoint was not listed then.
    """
    lines = lines or IndexLines(db)
    model = escape_surrogates(model)
    if not db.execute(SELECT_MODEL, (model,)).fetchone():
        raise_not_found("model", model, list_model_ids(db))
    if provider is None:
        return [_find_quote(_Source(ReadLog(db, "models"), lines), model, at)]
    endpoints = db.execute(SELECT_ENDPOINTS, (model,)).fetchall()
    source = _Source(ReadLog(db, "endpoints", model), lines)
    quotes: list[PriceQuote] = []
    errors: list[NotCoveredError] = []
    for key, *names in endpoints:
        if _is_at_provider(provider, key, *names):
            try:
                quotes.append(_find_quote(source, key, at))
            except NotCoveredError as error:
                errors.append(error)
    if not quotes and errors:
        raise errors[0]
    if not quotes:
        raise_not_found(f"endpoint of {model} at", provider, [tag for _, tag, _ in endpoints], few=True)
    return quotes


def _is_at_provider(provider: str, key: str, tag: str, provider_name: str | None) -> bool:
    """Return whether `provider` names an endpoint, its tag or its provider; case does not count."""
    names = (tag, get_provider_of_tag(tag), provider_name or "", key)
    return provider.lower() in [name.lower() for name in names]


def _find_quote(source: _Source, key: str, at: dt.datetime | None) -> PriceQuote:
    """Return the prices of one record at a time; raise NotCoveredError if it was not listed then."""
    reads = source.reads
    seen, following = find_reads_around(reads, at)
    if seen is None:
        begin = (
            f"; {reads.feed} were first read at {format_hour(parse_stamp(following.hour))}"
            if following
            else ""
        )
        msg = f"nothing is known of {key} {'at ' + format_stamp(at) if at else 'yet'}{begin}"
        raise NotCoveredError(msg)
    pricing = _read_pricing(source, key, seen)
    if pricing is None:
        raise NotCoveredError(_describe_absence(source, key, seen.hour))
    since = _find_since(source, key, seen, pricing)
    same = None
    if following:
        same = _is_same_pricing(_read_pricing(source, key, following), pricing)
    return PriceQuote(
        key=key,
        at=at or parse_stamp(seen.hour),
        pricing=pricing,
        seen=seen.hour,
        seen_started=seen.started,
        origin=seen.origin,
        since=since,
        is_record_start=reads.find_last("attempts.hour < ?", since) is None,
        next=following.hour if following else None,
        next_started=following.started if following else None,
        same=same,
    )


def find_reads_around(reads: ReadLog, at: dt.datetime | None) -> tuple[Read | None, Read | None]:
    """Return the last read up to a time, and the first one after it.

    An hour has its own snapshot, whenever in the hour that was read; at a time with minutes only what had
    started by then was known.
    """
    if at is None:
        return reads.find_last("attempts.hour <= ?", "9"), None
    column = "attempts.hour" if at == floor_hour(at) else "started"
    return reads.find_last(f"{column} <= ?", format_stamp(at)), reads.find_first(
        f"{column} > ?", format_stamp(at)
    )


def _read_pricing(source: _Source, key: str, read: Read) -> Record | None:
    """Return the price object of a record in a read; None if it was not listed."""
    if not read.is_replaced:
        standing = _find_standing_pricing(source, key, read.hour)
        return standing[0] if standing else None
    versions = source.lines.find_lines(source.reads.feed, key, read.hour)
    lines = _select_standing(versions, read.hour)
    values = (source.reads.feed, key, read.attempt, read.hour)
    for file, _, line in source.reads.db.execute(SELECT_REPLACED_LINES, values):
        lines.pop(file, None)
        if line is not None:
            lines[file] = loads(line)
    return _join_pricing(lines) if "facts" in lines else None


def _select_standing(versions: Lines, hour: str) -> dict[str, Record]:
    """Return of the last lines that began by an hour those that still stood in it."""
    return {file: line for file, (_, last, line) in versions.items() if last is None or last >= hour}


def _join_pricing(lines: dict[str, Record]) -> Record:
    """Return the price object of a record, given its lines."""
    spot_pricing = lines.get("spot", {}).get("pricing", {})
    return {**get_object(lines.get("prices", {}), "pricing"), **spot_pricing}


def _find_standing_pricing(source: _Source, key: str, hour: str) -> tuple[Record, str] | None:
    """Return the price object of a record in an hour, and the first hour of its line.

    None if the record was not listed in that hour.
    """
    reads = source.reads
    versions = source.lines.find_lines(reads.feed, key, hour)
    lines = _select_standing(versions, hour)
    if "facts" not in lines:
        return None
    pricing = _join_pricing(lines)
    if "prices" in lines:
        return pricing, versions["prices"][0]
    # A record without a line in `prices` has no price: since its facts began, or since the hour after
    # the last one with such a line.
    first = versions["facts"][0]
    last = versions["prices"][1] if "prices" in versions else None
    if last and (following := reads.find_first("attempts.hour > ?", last)):
        first = max(first, following.hour)
    return pricing, first


def _find_since(source: _Source, key: str, seen: Read, pricing: Record) -> str:
    """Return the first hour of the unbroken stretch, up to a read, in which a record had equal prices."""
    standing = None if seen.is_replaced else _find_standing_pricing(source, key, seen.hour)
    since = standing[1] if standing else seen.hour
    while before := source.reads.find_last("attempts.hour < ?", since):
        standing = _find_standing_pricing(source, key, before.hour)
        if standing is None or not _is_same_pricing(standing[0], pricing):
            break
        since = standing[1]
    return since


def _is_same_pricing(left: Record | None, right: Record | None) -> bool:
    """Return whether two price objects have the same prices and schedule, in whatever form.

    The current rates of time-of-day prices do not count. None is no price object.
    """
    if left is None or right is None:
        return left is right
    return is_same_value(*map(_read_all_prices, (left, right)))


def _read_all_prices(pricing: Record) -> list[Any]:
    """Return the fixed prices and the schedule of a price object, with prices as numbers."""
    scheduled = list_scheduled_dimensions(pricing)
    prices = {name: price for name, price in read_prices(pricing).items() if name not in scheduled}
    return [prices, [{**entry, **read_entry_prices(entry)} for entry in read_schedule(pricing)]]


def _describe_absence(source: _Source, key: str, hour: str) -> str:
    """Say that a record was not listed in an hour, and when it was before and after."""
    spans = source.lines.list_spans(source.reads.feed, key)
    before = max((last for _, last in spans if last and last < hour), default=None)
    after = min((first for first, _ in spans if first > hour), default=None)
    text = f"{key} was not there at {_format(hour)}"
    if before and after:
        return (
            f"{text}; it was away between {_format(before)} (last seen before)"
            f" and {_format(after)} (first seen again)"
        )
    if after:
        return f"{text}; it was first seen at {_format(after)}"
    if before:
        first = min(first for first, _ in spans)
        return f"{text}; it was first seen at {_format(first)}, last seen {_format(before)}"
    return text


def _format(stamp: str) -> str:
    return format_hour(parse_stamp(stamp))
