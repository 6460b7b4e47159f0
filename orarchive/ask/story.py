"""What happened? Every event of a model, an endpoint or a provider, in words."""

import sqlite3
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from orarchive.ask.near import refuse
from orarchive.changes import Change
from orarchive.index.text import storable
from orarchive.jsonl import Record, loads
from orarchive.prices import shown
from orarchive.wording import LOG, WHY, words

PRICE_CAUSES = {**WHY, "endpoint": "an endpoint's own price", "schedule": "its schedule"}

CAUSES = {
    "model": "with its model",
    "endpoint": "with its endpoint",
    "gone": "gone",
    "orphaned": "still known, listed no more",
    "renamed": "renamed",
}


@dataclass(frozen=True)
class Told:
    """One event as the index has it, with the origin of its observation; see `events` in its schema."""

    hour: str
    after: str | None
    by: str
    kind: str
    feed: str
    key: str
    field: str
    old: Any
    new: Any
    percent: float | None
    cause: str
    origin: str

    @property
    def words(self) -> str:
        """What happened, without when and to what."""
        said = self._news()
        if self.percent is not None:
            said += f" ({self.percent:+.3g} %)"
        why = (PRICE_CAUSES if self.kind == "repriced" else CAUSES).get(self.cause, "")
        return said + (f", {why}" if why and said else why)

    def _news(self) -> str:
        if self.kind == "repriced":
            ends = (_price(self.field, end) for end in (self.old, self.new))
            return f"{LOG.dimension(self.field)} {LOG.pair(*ends)}"
        if self.kind == "returned":
            return f"was {self.old}"
        if not self.field:
            return ""
        return words(Change(self.kind, self.feed, self.key, self.field, self.old, self.new), LOG)


def _price(dimension: str, end: Any) -> str:
    """A price of an event: a decimal, or the list of conditions that rule it."""
    if isinstance(end, list):
        amounts = [shown(dimension, Decimal(entry["price"])) for entry in end]
        return f"by conditions ({', '.join(dict.fromkeys(amounts))})"
    return shown(dimension, None if end is None else Decimal(end))


def story(db: sqlite3.Connection, key: str) -> list[Told]:
    """Everything that happened to a key: a model and its endpoints, an endpoint, or a provider and its."""
    wanted = [row for (row,) in db.execute(OF, {"key": storable(key)})]
    if not wanted:
        names = [name for (name,) in db.execute(NAMES)]
        refuse("model, endpoint or provider", key, names)
    marks = ", ".join("?" * len(wanted))
    rows = db.execute(
        "select events.hour, after, by, kind, events.feed, key, field, old, new, percent, cause, origin"
        f" from events join attempts using (attempt) where key in ({marks}) order by id",
        wanted,
    )
    return [_told(*row) for row in rows]


OF = """
    select key from records where key = :key
    union select key from endpoints
        where model = :key or tag = :key or substr(tag, 1, length(:key) + 1) = :key || '/'
"""

NAMES = """
    select key from records union select tag from endpoints
    union select substr(tag, 1, instr(tag, '/') - 1) from endpoints where instr(tag, '/')
"""


def _told(*row: Any) -> Told:
    values: Record = dict(zip(Told.__dataclass_fields__, row, strict=True))
    return Told(**values | {name: loads(values[name]) if values[name] else None for name in ("old", "new")})
