"""The rankings an index holds, read once: usage, orders, apps and tasks, and how each was read."""

import datetime as dt
import sqlite3
from collections import defaultdict
from dataclasses import dataclass, field

from orarchive.jsonl import Record, loads
from orarchive.timestamps import parse_stamp

Row = tuple[str, str, int]
"""Date, permaslug, tokens."""

SliceKey = tuple[str, str]
"""Series, and the slice of it: a category, a ranking of apps ...; "" for all."""


@dataclass(frozen=True)
class SliceRead:
    """How a slice of a series was read on one attempt."""

    hour: dt.datetime
    series: str
    slice_name: str
    outcome: str
    """`ok`, or the reason of the failure."""
    as_of: str
    """The date of the figures as the service states it; "" where it does not."""
    missing: tuple[str, ...]
    """Dates that were requested and had no rows."""


@dataclass(frozen=True)
class Usage:
    """All rankings; empty where none were ever requested."""

    tokens: dict[SliceKey, list[Row]] = field(default_factory=dict)
    """Published totals by date, those that are numbers; by language, modality and context recent ones."""
    names: dict[SliceKey, dict[str, int]] = field(default_factory=dict)
    """Published names, with how many rows each has."""
    orders: dict[str, dict[dt.datetime, list[str]]] = field(default_factory=dict)
    """Category ("" for all) -> hour -> model ids, the most used first."""
    lines: dict[SliceKey, list[Record]] = field(default_factory=dict)
    """The lines of the last date."""
    last_reads: dict[SliceKey, SliceRead] = field(default_factory=dict)
    """The last reading."""
    complete_reads: dict[SliceKey, list[SliceRead]] = field(default_factory=dict)
    """All readings with outcome `ok`, oldest first."""


MAX_SLICE_DAYS = 21
"""Days of totals by language, modality and context that are read: two weeks, and days not yet published."""

NAMED_USAGE = """
    usage join ranking_slices as slices on slices.id = usage.slice
    join permaslugs as names on names.id = usage.permaslug
"""

TOKENS = f"""
    select series, slices.slice, date, names.permaslug, tokens from {NAMED_USAGE}
    where tokens is not null and (series in ('models', 'category')
        or date >= (select date(max(date), '-{MAX_SLICE_DAYS} days') from usage))
    order by series, slices.slice, date
"""

NAMES = f"""
    select series, slices.slice, names.permaslug, count(*) from {NAMED_USAGE}
    group by series, slices.slice, names.permaslug
"""

ORDERS = "select hour, slice, model from orders order by slice, hour, rank"

LINES = "select series, slice, line from ranking_lines"

READS = "select hour, series, slice, outcome, as_of, missing from ranking_reads order by attempt"


def read_usage(db: sqlite3.Connection) -> Usage:
    """Read the rankings of an index."""
    tokens: dict[SliceKey, list[Row]] = defaultdict(list)
    for series, slice_name, date, permaslug, count in db.execute(TOKENS):
        tokens[series, slice_name].append((date, permaslug, count))
    names: dict[SliceKey, dict[str, int]] = defaultdict(dict)
    for series, slice_name, permaslug, count in db.execute(NAMES):
        names[series, slice_name][permaslug] = count
    orders: dict[str, dict[dt.datetime, list[str]]] = defaultdict(dict)
    for hour, slice_name, model in db.execute(ORDERS):
        orders[slice_name].setdefault(parse_stamp(hour), []).append(model)
    lines: dict[SliceKey, list[Record]] = defaultdict(list)
    for series, slice_name, line in db.execute(LINES):
        lines[series, slice_name].append(loads(line))
    reads = _read_reads(db)
    complete_reads: dict[SliceKey, list[SliceRead]] = defaultdict(list)
    for read in reads:
        if read.outcome == "ok":
            complete_reads[read.series, read.slice_name].append(read)
    return Usage(
        tokens=dict(tokens),
        names=dict(names),
        orders=dict(orders),
        lines=dict(lines),
        last_reads={(read.series, read.slice_name): read for read in reads},
        complete_reads=dict(complete_reads),
    )


def _read_reads(db: sqlite3.Connection) -> list[SliceRead]:
    """Read every reading of every slice, oldest first."""
    return [
        SliceRead(
            hour=parse_stamp(hour),
            series=series,
            slice_name=slice_name,
            outcome=outcome,
            as_of=as_of or "",
            missing=tuple(loads(missing or "[]")),
        )
        for hour, series, slice_name, outcome, as_of, missing in db.execute(READS)
    ]
