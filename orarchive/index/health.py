"""Health of endpoints by the hour and the day, and the states that only several hours running make known.

Of 927 endpoints 49 crossed status 0 within 33 minutes, so one bad hour is no event: `degraded` takes six
hours running, and `orphaned` (a model that no provider serves) two.
"""

from collections.abc import Iterator
from datetime import timedelta

from orarchive.domain.columns import ColumnFile
from orarchive.domain.event_kinds import DEGRADED, ORPHANED, RECOVERED
from orarchive.domain.health_values import DISTRIBUTIONS, STATUS
from orarchive.history.health import CUT, AttemptHealth
from orarchive.index.context import AttemptContext, FeedRead
from orarchive.index.cut_health import CutHealth
from orarchive.index.events import Event
from orarchive.index.health_readings import build_rows, read_integers, read_numbers
from orarchive.index.record_rows import FIRST_ARRIVALS
from orarchive.index.runs import HEALTH, Run
from orarchive.timestamps import format_stamp, parse_stamp

DEGRADED_HOURS = 6
ORPHANED_HOURS = 2
MAX_UNSERVED_SHARE = 0.1
"""Share of the models that may be without endpoints; beyond it the feed is doubted, and nothing counted."""
MIN_DOUBTED = 2
"""Number of models without endpoints up to which the feed is never doubted."""
HEALTH_RETENTION = timedelta(days=30)
"""For so long each reading of health is kept; after that only the figures of its day are."""
MIN_UPTIME_PERCENT = 90
"""An endpoint with less uptime than this in the last day is degraded."""

DELETE_HEALTH = """
    delete from health
    where attempt < (select attempt from attempts where hour >= ? order by hour, attempt limit 1)
"""

INSERT_HEALTH = f"insert into health values ({', '.join('?' * 15)})"

SELECT_RECORD = "select key, arrival from records where id = ?"


def apply_attempt(
    context: AttemptContext, health: AttemptHealth | None, cut_health: CutHealth
) -> Iterator[Event]:
    """Count the health of endpoints and the unserved models of an attempt, each once an hour.

    Yield the events that become known by it. Readings that would be older than the retention at the end of
    the update are not kept at all.
    """
    read = context.reads.get("endpoints")
    if read is None:
        return
    if health and health.state == CUT:
        yield from cut_health.apply_attempt(context)
    if health and health.file:
        yield from _count_health(context, read, health.file)
    yield from _count_unserved(context, read)


def delete_old_health(context: AttemptContext) -> None:
    """Delete the readings of health that are older than the retention at an attempt's hour."""
    context.db.execute(DELETE_HEALTH, (compute_first_retained_hour(context.hour),))


def compute_first_retained_hour(hour: str) -> str:
    """Return the first hour whose readings of health are kept at an hour."""
    return format_stamp(parse_stamp(hour) - HEALTH_RETENTION)


def _count_health(context: AttemptContext, read: FeedRead, file: ColumnFile) -> Iterator[Event]:
    """Count an hour of the health of the endpoints that were read; yield the events it makes."""
    # A key without a record is of a line that an edit by hand left behind.
    ids = context.update.rows.find_ids("endpoints", file.keys)
    records = [
        None if key[0] in read.kept_keys else record for key, record in zip(file.keys, ids, strict=True)
    ]
    if context.hour >= compute_first_retained_hour(context.update.last_hour):
        context.db.executemany(
            INSERT_HEALTH,
            (
                (context.attempt, record, *values)
                for record, values in zip(records, build_rows(file), strict=True)
                if record is not None
            ),
        )
    statuses, uptimes = read_integers(file, STATUS), read_numbers(file, "uptime_last_1d")
    counted = set()
    long_runs = []
    for record, run in context.update.runs.count(
        HEALTH,
        read.hour,
        read.since,
        (
            (record, bool(status) or (uptime is not None and uptime < MIN_UPTIME_PERCENT))
            for record, status, uptime in zip(records, statuses, uptimes, strict=True)
            if record is not None
        ),
    ):
        counted.add(record)
        if run.run >= DEGRADED_HOURS and run.bad != run.is_reported:
            long_runs.append((record, run))
    columns = (
        records,
        statuses,
        read_numbers(file, "uptime_last_30m"),
        *(read_numbers(file, name, "p50") for name in DISTRIBUTIONS),
    )
    readings = (reading for reading in zip(*columns, strict=True) if reading[0] in counted)
    context.update.days.add(context.hour, readings)
    yield from _report(context, long_runs)


def _report(context: AttemptContext, long_runs: list[tuple[int, Run]]) -> Iterator[Event]:
    """Yield an event for each endpoint that was bad, or well again, for enough hours running."""
    names = {record: context.db.execute(SELECT_RECORD, (record,)).fetchone()[0] for record, _ in long_runs}
    for record, run in sorted(long_runs, key=lambda entry: names[entry[0]]):
        run.is_reported = run.bad
        kind = DEGRADED if run.bad else RECOVERED
        yield Event(kind, "endpoints", names[record], after=run.after, by=run.since)


def is_doubted(unserved: int, models: int) -> bool:
    """Return whether so many models without endpoints tell of a fault in the feed, and not of the models.

    Of 421 real models 2 had none. Where the lists of models and endpoints are of different origin, a third
    had.
    """
    return unserved > MIN_DOUBTED and unserved > MAX_UNSERVED_SHARE * models


def _count_unserved(context: AttemptContext, read: FeedRead) -> Iterator[Event]:
    """Count an hour of the models that need endpoints; yield an event for each unserved for long enough.

    A model that was never served since it was first observed makes no event.
    """
    served = context.update.served
    unserved = {
        record: model not in served.endpoints
        for model, record in served.needing.items()
        if model not in read.kept_keys
    }
    if is_doubted(sum(unserved.values()), len(unserved)):
        return
    events = []
    for record, run in context.update.runs.count(ORPHANED, read.hour, read.since, unserved.items()):
        if run.bad and run.run >= ORPHANED_HOURS and not run.is_reported:
            name, arrival = context.db.execute(SELECT_RECORD, (record,)).fetchone()
            if run.after is not None or arrival not in FIRST_ARRIVALS:
                events.append(Event(ORPHANED, "models", name, after=run.after, by=run.since))
        if not run.bad or run.run >= ORPHANED_HOURS:
            run.is_reported = run.bad
    yield from sorted(events, key=lambda event: event.key)
