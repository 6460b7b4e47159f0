"""What an index says of rankings, read once: usage, orders, apps, tasks, and how reading them fared."""

import datetime as dt
import sqlite3
from collections import defaultdict
from dataclasses import dataclass, field

from orarchive.jsonl import Record, loads
from orarchive.timestamps import parse_stamp

Row = tuple[str, str, int]
"""Date, permaslug, tokens."""


@dataclass(frozen=True)
class SliceRead:
    """A part of a series as it was asked for last."""

    hour: dt.datetime
    series: str
    part: str
    outcome: str
    """ok, or why it was not had."""
    as_of: str
    """Of when the service says the figures are; "" where it does not."""
    missing: tuple[str, ...]


@dataclass(frozen=True)
class Usage:
    """All that is known of rankings; nothing where none were ever asked for."""

    tokens: dict[tuple[str, str], list[Row]] = field(default_factory=dict)
    """(series, part) -> published totals by date, those that are numbers; of models and categories alone."""
    names: dict[tuple[str, str], dict[str, int]] = field(default_factory=dict)
    """(series, part) -> published names, with how many rows each has."""
    orders: dict[str, dict[dt.datetime, list[str]]] = field(default_factory=dict)
    """Category ("" for all) -> hour -> ids, the most used first."""
    lines: dict[tuple[str, str], list[Record]] = field(default_factory=dict)
    """(series, part) -> the lines of its last date."""
    last: dict[tuple[str, str], SliceRead] = field(default_factory=dict)
    """(series, part) -> how it fared when it was asked for last."""
    good: dict[tuple[str, str], SliceRead] = field(default_factory=dict)
    """(series, part) -> the last time it was had."""


def read_usage(db: sqlite3.Connection) -> Usage:
    """Read what an index has of rankings."""
    tokens: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for series, part, date, slug, count in db.execute(TOKENS):
        tokens[series, part].append((date, slug, count))
    names: dict[tuple[str, str], dict[str, int]] = defaultdict(dict)
    for series, part, slug, count in db.execute(NAMES):
        names[series, part][slug] = count
    orders: dict[str, dict[dt.datetime, list[str]]] = defaultdict(dict)
    for hour, part, model in db.execute("select hour, part, model from orders order by part, hour, place"):
        orders[part].setdefault(parse_stamp(hour), []).append(model)
    lines: dict[tuple[str, str], list[Record]] = defaultdict(list)
    for series, part, line in db.execute("select series, part, line from ranking_lines"):
        lines[series, part].append(loads(line))
    last: dict[tuple[str, str], SliceRead] = {}
    good: dict[tuple[str, str], SliceRead] = {}
    query = "select hour, series, part, outcome, as_of, missing from ranking_reads order by attempt"
    for hour, series, part, outcome, as_of, missing in db.execute(query):
        one = SliceRead(parse_stamp(hour), series, part, outcome, as_of or "", tuple(loads(missing or "[]")))
        last[series, part] = one
        if outcome == "ok":
            good[series, part] = one
    return Usage(dict(tokens), dict(names), dict(orders), dict(lines), last, good)


TOKENS = """
    select series, part, date, permaslug, tokens from rankings
    where series in ('models', 'category') and typeof(tokens) = 'integer' order by series, part, date
"""

NAMES = "select series, part, permaslug, count(*) from rankings group by series, part, permaslug"
