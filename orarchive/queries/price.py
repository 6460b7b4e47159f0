"""What did it cost? Every price of a model, or of its endpoints, at any moment, and how sure that is."""

import datetime as dt
import sqlite3
from dataclasses import dataclass
from typing import Any

from orarchive.domain.changes import format_key
from orarchive.domain.feeds import FEEDS
from orarchive.domain.prices import (
    list_thresholds,
    prices_at,
    read_entry_prices,
    read_prices,
    read_schedule,
    time_of_day_keys,
)
from orarchive.domain.records import get_object
from orarchive.domain.snapshot import records_by_key
from orarchive.errors import NotArchivedError
from orarchive.index.sql_values import escape_surrogates
from orarchive.jsonl import Record, loads
from orarchive.queries.reads import Read, ReadLog
from orarchive.queries.suggestions import list_model_ids, raise_not_found
from orarchive.store.archive import Archive
from orarchive.timestamps import floor_hour, format_hour, format_stamp, parse_stamp


@dataclass(frozen=True)
class PriceQuote:
    """The prices of one model or endpoint at a moment, between two observations."""

    key: str
    at: dt.datetime
    pricing: Record
    """The price object as it was sent at `seen`."""
    seen: str
    """The hour of the last good reading at or before the moment."""
    seen_started: str
    """When that reading started."""
    origin: str
    """Where it came from."""
    since: str
    """The first hour of an unbroken stretch in which the prices were these; see `_calm`."""
    next: str | None
    """The hour of the first good reading after the moment; None: there is none yet."""
    next_started: str | None
    """When that reading started."""
    same: bool | None
    """Whether the prices were the same in that one; see `_calm`."""

    @property
    def prices(self) -> dict[str, dict[str, Any]]:
        """By dimension: the price as a plain decimal, and the clock entry that says so, if one does."""
        return {
            name: {"price": f"{price:f}", "entry": entry}
            for name, (price, entry) in prices_at(self.pricing, self.at).items()
        }

    @property
    def thresholds(self) -> list[Record]:
        """`min_prompt_tokens`, ascending, each with every price that is another one for a longer prompt."""
        short = prices_at(self.pricing, self.at)
        found: list[Record] = []
        for limit in list_thresholds(self.pricing, self.at):
            long = prices_at(self.pricing, self.at, limit)
            moved = [name for name in long if name not in short or long[name][0] != short[name][0]]
            found.append({"min_prompt_tokens": int(limit), **{name: f"{long[name][0]:f}" for name in moved}})
        return found

    def as_json(self) -> Record:
        """All of it, for programs."""
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
    archive: Archive,
    model: str,
    at: dt.datetime | None = None,
    provider: str | None = None,
) -> list[PriceQuote]:
    """The prices of a model at a moment (now: the last good hour); with a provider, of its endpoints there.

    An hour means its snapshot, a moment with minutes what had been read by then. A provider is named by slug,
    tag or name. Where nothing of it was listed then NotArchivedError is raised.
    """
    model = escape_surrogates(model)
    if not db.execute("select 1 from records where feed = 'models' and key = ?", (model,)).fetchone():
        raise_not_found("model", model, list_model_ids(db))
    if provider is None:
        return [_quote(ReadLog(db, "models"), archive, model, at)]
    reads = ReadLog(db, "endpoints", model)
    found: list[PriceQuote] = []
    absent: list[NotArchivedError] = []
    for key in _endpoints(db, model, provider):
        try:
            found.append(_quote(reads, archive, key, at))
        except NotArchivedError as error:
            absent.append(error)
    if not found and absent:
        raise absent[0]
    if not found:
        names = [tag for (tag,) in db.execute(TAGS, (model,))]
        raise_not_found(f"endpoint of {model} at", provider, names, few=True)
    return found


TAGS = "select tag from endpoints where model = ?"


def _endpoints(db: sqlite3.Connection, model: str, provider: str) -> list[str]:
    """The keys of all endpoints that a model ever had at a provider."""
    rows = db.execute("select key, tag, provider_name from endpoints where model = ? order by key", (model,))
    wanted = provider.lower()
    return [
        key
        for key, tag, name in rows
        if wanted in (tag.lower(), tag.lower().partition("/")[0], (name or "").lower(), key.lower())
    ]


def _quote(reads: ReadLog, archive: Archive, key: str, at: dt.datetime | None) -> PriceQuote:
    seen, after = _around(reads, at)
    if seen is None:
        begins = f"; {reads.feed} were first read at {format_hour(parse_stamp(after.hour))}" if after else ""
        msg = f"nothing is known of {key} {'at ' + format_stamp(at) if at else 'yet'}{begins}"
        raise NotArchivedError(msg)
    pricing = _pricing(reads, archive, key, seen)
    if pricing is None:
        raise NotArchivedError(_not_listed(reads, key, seen.hour))
    same = _calm(_pricing(reads, archive, key, after)) == _calm(pricing) if after else None
    return PriceQuote(
        key=key,
        at=at or parse_stamp(seen.hour),
        pricing=pricing,
        seen=seen.hour,
        seen_started=seen.started,
        origin=seen.origin,
        since=_since(reads, key, seen, pricing),
        next=after.hour if after else None,
        next_started=after.started if after else None,
        same=same,
    )


def _around(reads: ReadLog, at: dt.datetime | None) -> tuple[Read | None, Read | None]:
    """The last reading at or before a moment, and the first one after it.

    An hour has its own snapshot, whenever in it that was read; at a moment with minutes only what had started
    by then was known.
    """
    if at is None:
        return reads.last("attempts.hour <= ?", "9"), None
    column = "attempts.hour" if at == floor_hour(at) else "started"
    return reads.last(f"{column} <= ?", format_stamp(at)), reads.first(f"{column} > ?", format_stamp(at))


def _pricing(reads: ReadLog, archive: Archive, key: str, reading: Read) -> Record | None:
    """The price object of a record in a reading; None where it was not there."""
    if not reading.replaced:
        found = _standing(reads, key, reading.hour)
        return found[0] if found else None
    feed = FEEDS[reads.feed]
    state = records_by_key(feed, archive.read_snapshot(reading.commit)[feed.name])
    record = next(
        (one for name, one in state.items() if escape_surrogates(format_key(feed, name)) == key), None
    )
    return None if record is None else record.get("pricing", {})


def _standing(reads: ReadLog, key: str, hour: str) -> tuple[Record, str] | None:
    """The price object of a record as it stood in an hour, and since when its line did, if it was there."""
    found = {
        file: (first, last, loads(line))
        for file, first, last, line in reads.db.execute(LINES, (reads.feed, key, hour))
    }
    there = {file: line for file, (_, last, line) in found.items() if last is None or last >= hour}
    if "facts" not in there:
        return None
    pricing = {**get_object(there.get("prices", {}), "pricing"), **there.get("spot", {}).get("pricing", {})}
    if "prices" in there:
        return pricing, found["prices"][0]
    begun = found["facts"][0]
    if "prices" in found and (after := reads.first("attempts.hour > ?", found["prices"][1])):
        begun = max(begun, after.hour)
    return pricing, begun


LINES = """
    select file, max(versions.first), versions.last, line from versions join records on id = record
    where feed = ? and key = ? and file in ('facts', 'prices', 'spot') and versions.first <= ? group by file
"""
"""The last line of each file that began by an hour; with `max` SQLite gives the columns of that very row."""


def _since(reads: ReadLog, key: str, seen: Read, pricing: Record) -> str:
    """The first hour of the unbroken stretch, up to a reading, in which a record had these prices."""
    stands = None if seen.replaced else _standing(reads, key, seen.hour)
    since = stands[1] if stands else seen.hour
    while before := reads.last("attempts.hour < ?", since):
        stands = _standing(reads, key, before.hour)
        if stands is None or _calm(stands[0]) != _calm(pricing):
            break
        since = stands[1]
    return since


def _calm(pricing: Record | None) -> Any:
    """What a price object says, however it is spelled, without what follows the clock."""
    if pricing is None:
        return None
    clock = time_of_day_keys(pricing)
    stay = {name: price for name, price in read_prices(pricing).items() if name not in clock}
    return stay, [{**entry, **read_entry_prices(entry)} for entry in read_schedule(pricing)]


def _not_listed(reads: ReadLog, key: str, hour: str) -> str:
    """That a record was not there in an hour, and when it was before and after."""
    spans = reads.db.execute(SPANS, (reads.feed, key)).fetchall()
    before = max((last for _, last in spans if last and last < hour), default=None)
    after = min((first for first, _ in spans if first > hour), default=None)
    ends = [format_hour(parse_stamp(one)) if one else "" for one in (before, after)]
    said = f"{key} was not there at {format_hour(parse_stamp(hour))}"
    if before and after:
        return f"{said}; it was away between {ends[0]} (last seen before) and {ends[1]} (first seen again)"
    if after:
        return f"{said}; it was first seen at {ends[1]}"
    begun = min((first for first, _ in spans), default=None)
    return (
        f"{said}; it was first seen at {format_hour(parse_stamp(begun))}, last seen {ends[0]}"
        if before and begun
        else said
    )


SPANS = """
    select versions.first, versions.last from versions join records on id = record
    where feed = ? and key = ? and file = 'facts'
"""
