"""What did it cost? Every price of a model, or of its endpoints, at any moment, and how sure that is."""

import datetime as dt
import sqlite3
from dataclasses import dataclass
from typing import Any

from orarchive.ask.near import models, refuse
from orarchive.errors import NotArchivedError
from orarchive.hours import moment, prose, stamp
from orarchive.index.text import storable
from orarchive.jsonl import Record, loads
from orarchive.prices import clock_keys, dimensions, in_force, rates, schedule, thresholds


@dataclass(frozen=True)
class Quote:
    """The prices of one model or endpoint at a moment, between two observations."""

    key: str
    at: dt.datetime
    pricing: Record
    """The price object as it was sent at `seen`."""
    seen: str
    """The last good hour at or before the moment."""
    origin: str
    """Where that observation came from."""
    since: str
    """The first hour of an unbroken stretch in which the price object was that."""
    next: str | None
    """The first good hour after the moment; None: there is none yet."""
    same: bool | None
    """Whether the prices were the same in that hour; what follows the clock left out."""

    @property
    def prices(self) -> dict[str, dict[str, Any]]:
        """By dimension: the price as a plain decimal, and the clock entry that says so, if one does."""
        return {
            name: {"price": f"{price:f}", "entry": entry}
            for name, (price, entry) in in_force(self.pricing, self.at).items()
        }

    @property
    def thresholds(self) -> list[Record]:
        """`min_prompt_tokens`, ascending, each with every price that is another one for a longer prompt."""
        short = in_force(self.pricing, self.at)
        found: list[Record] = []
        for limit in thresholds(self.pricing, self.at):
            long = in_force(self.pricing, self.at, limit)
            moved = [name for name in long if name not in short or long[name][0] != short[name][0]]
            found.append({"min_prompt_tokens": int(limit), **{name: f"{long[name][0]:f}" for name in moved}})
        return found

    def as_json(self) -> Record:
        """All of it, for programs."""
        return {
            "key": self.key,
            "at": stamp(self.at),
            "prices": self.prices,
            "thresholds": self.thresholds,
            "overrides": schedule(self.pricing),
            "pricing": self.pricing,
            "seen": self.seen,
            "since": self.since,
            "origin": self.origin,
            "next": self.next,
            "same": self.same,
        }


def quotes(
    db: sqlite3.Connection, model: str, at: dt.datetime | None = None, provider: str | None = None
) -> list[Quote]:
    """The prices of a model at a moment (now: the last good hour); with a provider, of its endpoints there.

    A provider is named by slug, tag or name. Where nothing of it was listed then NotArchivedError is raised.
    """
    model = storable(model)
    if not db.execute("select 1 from records where feed = 'models' and key = ?", (model,)).fetchone():
        refuse("model", model, models(db))
    if provider is None:
        return [_quote(db, "models", model, model, at)]
    found: list[Quote] = []
    absent: list[NotArchivedError] = []
    for key in _endpoints(db, model, provider):
        try:
            found.append(_quote(db, "endpoints", key, model, at))
        except NotArchivedError as error:
            absent.append(error)
    if not found and absent:
        raise absent[0]
    if not found:
        names = [tag for (tag,) in db.execute(TAGS, (model,))]
        refuse(f"endpoint of {model} at", provider, names)
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


def _quote(db: sqlite3.Connection, feed: str, key: str, model: str, at: dt.datetime | None) -> Quote:
    asked = model if feed == "endpoints" else None
    limit = stamp(at) if at else "9"
    found = _read(db, asked, "hour <= ?", "desc", (feed, limit))
    if found is None:
        first = _read(db, asked, "hour > ?", "asc", (feed, limit))
        begins = f"; {feed} were first read at {prose(moment(first[0]))}" if first else ""
        msg = f"nothing is known of {key} {'at ' + stamp(at) if at else 'yet'}{begins}"
        raise NotArchivedError(msg)
    seen, origin = found
    pricing, since = _pricing(db, feed, key, seen)
    if pricing is None or since is None:
        raise NotArchivedError(_not_listed(db, feed, key, seen))
    after = _read(db, asked, "hour > ?", "asc", (feed, limit))
    following = _pricing(db, feed, key, after[0])[0] if after else None
    same = _calm(following) == _calm(pricing) if after else None
    return Quote(key, at or moment(seen), pricing, seen, origin, since, after[0] if after else None, same)


def _read(
    db: sqlite3.Connection, asked: str | None, where: str, order: str, values: tuple[str, str]
) -> tuple[str, str] | None:
    """The hour and origin of the first good reading that was one of a key, in an order."""
    rows = db.execute(
        "select reads.hour, origin, kept from reads join attempts using (attempt)"
        f" where feed = ? and good and reads.{where} order by attempt {order}",
        values,
    )
    return next(((hour, origin) for hour, origin, kept in rows if asked not in loads(kept or "{}")), None)


def _pricing(db: sqlite3.Connection, feed: str, key: str, hour: str) -> tuple[Record | None, str | None]:
    """The price object of a record in an hour, and since when it was that; None where it was not there."""
    rows = db.execute(
        "select file, versions.first, line from versions join records on id = record"
        " where feed = ? and key = ? and file in ('facts', 'prices', 'spot')"
        " and versions.first <= ? and (versions.last is null or versions.last >= ?)",
        (feed, key, hour, hour),
    )
    found = {file: (first, loads(line)) for file, first, line in rows}
    if "facts" not in found:
        return None, None
    first, line = found.get("prices", (found["facts"][0], {}))
    return {**line.get("pricing", {}), **found.get("spot", ("", {}))[1].get("pricing", {})}, first


def _calm(pricing: Record | None) -> Any:
    """What a price object says, however it is spelled, without what follows the clock."""
    if pricing is None:
        return None
    clock = clock_keys(pricing)
    stay = {name: price for name, price in dimensions(pricing).items() if name not in clock}
    return stay, [{**entry, **rates(entry)} for entry in schedule(pricing)]


def _not_listed(db: sqlite3.Connection, feed: str, key: str, hour: str) -> str:
    row = db.execute("select first, last from records where feed = ? and key = ?", (feed, key)).fetchone()
    first, last = (prose(moment(one)) if one else "now" for one in row)
    return f"{key} was not there at {prose(moment(hour))}; it was first seen at {first}, last seen {last}"
