"""Reading the past that names depend on, from an index: aliases, and where the archive once began."""

import datetime as dt
import sqlite3
from bisect import bisect_right
from dataclasses import replace

from orarchive.catalog.source import AliasPeriod
from orarchive.domain.records import get_alias_target
from orarchive.jsonl import loads
from orarchive.timestamps import format_stamp, parse_stamp

SELECT_TARGETS = """
    select key, json_extract(line, '$.alias_target'), versions.first, versions.last
    from versions join records on id = record
    where feed = 'models' and file = 'facts' and versions.first <= ?
        and json_type(line, '$.alias_target') = 'object'
    order by key, versions.first
"""

SELECT_STARTS = "select min(hour) from attempts where hour <= ? group by origin order by 1"


def read_alias_periods(db: sqlite3.Connection, hours: list[str], hour: str) -> tuple[AliasPeriod, ...]:
    """Read what each alias pointed at, and when; versions with one target in a row are one period.

    `hours` are the good hours of the models up to `hour`.
    """
    periods: list[AliasPeriod] = []
    for alias, text, first, last in db.execute(SELECT_TARGETS, (hour,)):
        if not (target := get_alias_target(loads(text))):
            continue
        until = None if last is None or last >= hours[-1] else parse_stamp(last)
        previous = periods[-1] if periods else None
        if previous and (previous.alias, previous.target) == (alias, target) and previous.until:
            following = hours[bisect_right(hours, format_stamp(previous.until))]
            if first <= following:
                periods[-1] = replace(previous, until=until)
                continue
        periods.append(AliasPeriod(alias, target, parse_stamp(first), until))
    return tuple(periods)


def read_starts(db: sqlite3.Connection, hour: str) -> tuple[dt.datetime, ...]:
    """Read the first hour of each origin, live or imported, oldest first."""
    return tuple(parse_stamp(start) for (start,) in db.execute(SELECT_STARTS, (hour,)))
