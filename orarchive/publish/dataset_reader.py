"""Reading of the dataset from an index."""

import datetime as dt
import sqlite3
from collections import defaultdict
from decimal import Decimal
from functools import lru_cache
from typing import Any

from orarchive.domain.feeds import FEEDS
from orarchive.domain.record_files import join_record
from orarchive.index.event_log import read_event_rows, read_names
from orarchive.index.health_days import count_days, format_day
from orarchive.index.record_rows import UNLISTED
from orarchive.jsonl import Record, loads
from orarchive.publish import rankings_data
from orarchive.publish.dataset import (
    AttemptTimes,
    Dataset,
    FeedReading,
    HealthDay,
    HealthMonth,
    PriceInterval,
    PriceKey,
    Prices,
    RecordEntry,
    Stretch,
    merge_stretches,
)
from orarchive.publish.event_groups import EventLog
from orarchive.publish.row_groups import RowGroups, Rows
from orarchive.timestamps import MAX_CACHED, format_stamp, parse_stamp


def read_dataset(
    db: sqlite3.Connection, benchmarks: bool = True, as_of: dt.datetime | None = None
) -> Dataset:
    """Read an index that has at least one attempt, with or without benchmarks.

    Months of health end with the day before `as_of`, which is the last hour if none is given.
    """
    attempts = [AttemptTimes(*map(parse_stamp, row)) for row in db.execute(LAST_ATTEMPTS)]
    return Dataset(
        entries=_read_entries(db),
        readings=_read_readings(db),
        prices=_read_prices(db),
        log=EventLog([*read_event_rows(db)], read_names(db)),
        health=_read_health(db),
        health_months=_read_health_months(db, as_of or attempts[-1].hour),
        relations=loads(db.execute(RELATIONS).fetchone()[0]),
        orphaned=frozenset(key for (key,) in db.execute(ORPHANED)),
        stretches=_read_stretches(db),
        benchmarks=_read_benchmarks(db) if benchmarks else {},
        attempts=attempts,
        usage=rankings_data.read_usage(db),
    )


RELATIONS = "select relations from attempts order by attempt desc limit 1"

LAST_ATTEMPTS = """
    select hour, started, finished from attempts
    where hour = (select max(hour) from attempts) order by attempt
"""

# The latest line of each file of a record; of a record that is gone only lines that stood in its last hour.
LINES = """
    select record, file, line, max(versions.first) from versions join records on id = record
    where versions.last is null or versions.last >= records.last
    group by record, file
"""

RECORDS = "select id, feed, key, parts, first, last, state, arrival, missing from records order by key"


def _read_entries(db: sqlite3.Connection) -> dict[str, dict[str, RecordEntry]]:
    """Read every record that was ever listed: feed -> key -> entry, by key."""
    lines: dict[int, dict[str, Record]] = defaultdict(dict)
    changed: dict[int, str] = {}
    for row_id, file, line, hour in db.execute(LINES):
        lines[row_id][file] = loads(line)
        changed[row_id] = max(hour, changed.get(row_id, hour))
    entries: dict[str, dict[str, RecordEntry]] = {name: {} for name in FEEDS}
    for row_id, feed, key, parts, first, last, state, arrival, missing in db.execute(RECORDS):
        if arrival == UNLISTED:
            continue
        entries[feed][key] = RecordEntry(
            feed=feed,
            key=key,
            parts=tuple(loads(parts)),
            first=parse_stamp(first),
            last=_parse_optional_stamp(last),
            state=state,
            arrival=arrival,
            missing=_parse_optional_stamp(missing),
            changed=parse_stamp(changed.get(row_id, first)),
            record=_join_lines(feed, lines[row_id]),
            response=lines[row_id].get("asked", {}),
        )
    return entries


def _join_lines(feed: str, lines: dict[str, Record]) -> Record:
    """Join the lines of a record's files; the endpoint response's fields of a model are kept apart."""
    files = {file: line for file, line in lines.items() if file != "asked"}
    return join_record(FEEDS[feed], files, FEEDS[feed].own_key_fields)


def _parse_optional_stamp(text: str | None) -> dt.datetime | None:
    """Parse a stamp; return None for none."""
    return parse_stamp(text) if text else None


READINGS = """
    select reads.hour, feed, outcome, good, records, requests, retries, limited, reasons, kept, origin
    from reads join attempts using (attempt) order by attempt, feed
"""


def _read_readings(db: sqlite3.Connection) -> list[FeedReading]:
    """Read the outcome of each feed in each attempt, oldest first."""
    rows = db.execute(READINGS)
    return [
        FeedReading(
            hour=parse_stamp(hour),
            feed=feed,
            outcome=outcome,
            is_good=bool(good),
            records=records,
            requests=requests or 0,
            retries=retries,
            limited=limited,
            reasons=tuple(_load_once(reasons)) if reasons else (),
            kept=loads(kept) if kept else {},
            origin=origin,
        )
        for hour, feed, outcome, good, records, requests, retries, limited, reasons, kept, origin in rows
    ]


PRICES = """
    select feed, key, dimension, condition, position, prices.first, prices.last, amount
    from prices join records on id = record order by prices.first
"""


@lru_cache(MAX_CACHED)
def _load_once(text: str) -> Any:
    """Read JSON that many rows repeat."""
    return loads(text)


def _read_prices(db: sqlite3.Connection) -> RowGroups[tuple[str, str], Prices]:
    """Read every price that was ever seen, by (feed, key)."""
    rows: dict[tuple[str, str], Rows] = defaultdict(list)
    for feed, key, *row in db.execute(PRICES):
        rows[feed, key].append(tuple(row))
    return RowGroups(dict(rows), _decode_prices)


def _decode_prices(rows: Rows) -> Prices:
    """Return the prices of one record."""
    prices: Prices = defaultdict(list)
    for dimension, condition, position, first, last, amount in rows:
        interval = PriceInterval(
            parse_stamp(first), _parse_optional_stamp(last), Decimal(amount), position=position
        )
        prices[PriceKey(dimension, condition)].append(interval)
    return dict(prices)


ORPHANED = "select id from models where is_orphaned"

STRETCHES = """
    select key, first, last from version_log where feed = 'models' and file = 'facts' order by key, first
"""

GOOD_HOURS = "select distinct hour from reads where feed = 'models' and good order by hour"


def _read_stretches(db: sqlite3.Connection) -> dict[str, list[Stretch]]:
    """Read the stretches of good hours in which each model was listed, from the spans of its versions."""
    hours = [parse_stamp(hour) for (hour,) in db.execute(GOOD_HOURS)]
    spans: dict[str, list[Stretch]] = defaultdict(list)
    for key, first, last in db.execute(STRETCHES):
        spans[key].append((parse_stamp(first), _parse_optional_stamp(last)))
    return {key: merge_stretches(versions, hours) for key, versions in spans.items()}


BENCHMARKS = """
    select key, line from latest join records on id = record
    where feed = 'models' and file = 'benchmarks' and gone is null
"""


def _read_benchmarks(db: sqlite3.Connection) -> dict[str, Record]:
    """Read the benchmark scores of each model that is listed."""
    return {key: loads(line)["benchmarks"] for key, line in db.execute(BENCHMARKS)}


HEALTH_DAYS = """
    select key, day, hours, abnormal, uptimes, uptime_sum from health_days
    join records on id = record where day > (select max(day) - 30 from health_days)
"""


def _read_health(db: sqlite3.Connection) -> dict[str, dict[str, HealthDay]]:
    """Read the health of each endpoint on each of the last 30 days."""
    health: dict[str, dict[str, HealthDay]] = defaultdict(dict)
    for key, day, hours, abnormal, uptimes, uptime_sum in db.execute(HEALTH_DAYS):
        health[key][format_day(day)] = HealthDay(hours, abnormal, uptime_sum / uptimes if uptimes else None)
    return health


# The second part of an endpoint's key is its tag, `azure/eu`, which begins with its provider. The order of
# the first join is fixed: with endpoints first each of them would look at every day.
HEALTH_MONTHS = """
    with owners as materialized (
        select id as record, substr(tag, 1, instr(tag || '/', '/') - 1) as provider
        from (select id, parts ->> '$[1]' as tag from records where feed = 'endpoints')
    ), readings as (
        select *, strftime('%Y-%m', day * 86400, 'unixepoch') as month
        from health_days cross join owners using (record) where day < ?
    ), days as (
        select provider, month, avg(uptime_sum / nullif(uptimes, 0)) as uptime,
            1.0 * sum(abnormal) / sum(hours) as problems
        from readings group by provider, day
    ), counts as (
        select provider, month, count(distinct record) as endpoints from readings group by provider, month
    )
    select provider, month, count(*), endpoints, avg(uptime), avg(problems)
    from days join counts using (provider, month) group by provider, month order by month desc
"""


def _read_health_months(db: sqlite3.Connection, now: dt.datetime) -> dict[str, dict[str, HealthMonth]]:
    """Read the health of each provider in each month of the record, up to the day before an hour."""
    months: dict[str, dict[str, HealthMonth]] = defaultdict(dict)
    for provider, month, *figures in db.execute(HEALTH_MONTHS, (count_days(format_stamp(now)),)):
        months[provider][month] = HealthMonth(*figures)
    return months
