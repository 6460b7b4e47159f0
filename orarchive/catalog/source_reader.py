"""Reading what the catalogue of an hour is made of, from an index."""

import datetime as dt
import sqlite3
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from orarchive.catalog.name_reader import read_alias_periods, read_starts
from orarchive.catalog.source import (
    HEALTH_WINDOW_DAYS,
    LIVE,
    CatalogEndpoint,
    CatalogModel,
    CatalogSource,
    HealthWindow,
)
from orarchive.domain.event_kinds import DEPRECATED, DEPRECATED_AFTER_DAYS, REMOVED, REMOVED_AFTER_DAYS
from orarchive.domain.feeds import DIRECT_FEEDS, ENDPOINTS, FEEDS, IMAGES, MODELS, PROVIDERS, VIDEOS, ZDR
from orarchive.domain.keys import EndpointKey
from orarchive.domain.record_files import join_record
from orarchive.domain.records import Endpoint, Model, as_text, get_object, parse_expiry
from orarchive.errors import NotCoveredError
from orarchive.history.coverage import find_gaps
from orarchive.index.download_rows import RESPONSES
from orarchive.index.record_rows import UNLISTED
from orarchive.jsonl import Record, loads
from orarchive.timestamps import DAY, format_hour, format_stamp, parse_stamp

# With `max` SQLite gives the columns of that very row: the last line of each file.
SELECT_LINES = """
    select record, file, line, max(versions.first), versions.last from versions join records on id = record
    where feed in ('models', 'endpoints', 'providers') and versions.first <= ?
    group by record, file
"""

SELECT_SPANS = """
    select record, versions.first, versions.last from versions join records on id = record
    where file = ? and feed = ? and versions.first <= ? order by record, versions.first
"""

SELECT_RECORDS = """
    select id, feed, key, parts, first from records
    where feed in ('models', 'endpoints', 'providers') and arrival != ? and first <= ? order by first, key
"""

SELECT_READS = "select hour, max(observed_s) from reads where feed = ? and good group by hour order by hour"

SELECT_MEDIA = "select distinct key from records where feed in (?, ?) and first <= ?"

SELECT_ZDR = "select parts from records where feed = ? and first <= ? and (last is null or last >= ?)"

SELECT_KEYS = "select key from records where feed = ? and first <= ? and (last is null or last >= ?)"

SELECT_BENCHMARKS = """
    select record, line from latest join records on id = record
    where feed = 'models' and file = 'benchmarks' and since <= ? and (gone is null or gone > ?)
"""

SELECT_DATES = """
    select record, versions.first, json_extract(line, '$.expiration_date')
    from versions join records on id = record
    where feed = 'models' and file = 'facts' and versions.first <= ? order by record, versions.first
"""

SELECT_ANSWERS = """
    select vanished from reads where feed = 'models' and vanished is not null and hour <= ? order by attempt
"""

SELECT_ORDER = """
    select model, rank from orders
    where slice = '' and hour = (select max(hour) from orders where slice = '' and hour <= ?)
"""

# The day of the hour itself is left out: it is not over, and asked later it would have other values.
SELECT_HEALTH = f"""
    select record, count(*), sum(uptimes), sum(well), sum(latencies), sum(latency_sum), sum(throughput_sum),
        sum(uptime_sum)
    from health_days
    where day >= :day - {HEALTH_WINDOW_DAYS} and day < :day group by record
"""


@dataclass(frozen=True)
class _Hours:
    """The good hours of a feed up to the hour of the catalogue, with the seconds observed up to each."""

    hours: list[str]
    observed_s: list[int]

    def find_state(self, last: str | None) -> str:
        """Return the state of a record that was last seen in an hour; `active` where it was in the last."""
        if last is None:
            return LIVE
        missing = bisect_right(self.hours, last)
        if missing == len(self.hours):
            return LIVE
        absence_s = self.observed_s[-1] - self.observed_s[missing]
        if absence_s >= REMOVED_AFTER_DAYS * DAY.total_seconds():
            return REMOVED
        return DEPRECATED if absence_s >= DEPRECATED_AFTER_DAYS * DAY.total_seconds() else "stale"


def read_source(
    db: sqlite3.Connection, at: dt.datetime | None = None, benchmarks: bool = True
) -> CatalogSource:
    """Read what the catalogue of an hour is made of from an index; None is the last hour.

    `benchmarks` = False leaves out the scores of third parties, which have terms of their own. Raise
    NotCoveredError where the models were not read up to that hour.
    """
    hour = format_stamp(at) if at else "9999"
    reads = {feed: _read_hours(db, feed, hour) for feed in (MODELS.name, ENDPOINTS.name, ZDR.name)}
    if not reads[MODELS.name].hours:
        first = db.execute("select min(hour) from reads where feed = 'models' and good").fetchone()[0]
        msg = "the archive has no models yet; run scrape.py first"
        if at and first:
            start = format_hour(parse_stamp(first))
            msg = f"the archive has no models up to {format_hour(at)}; it begins with {start}"
        raise NotCoveredError(msg)
    return _SourceReader(db, hour, reads).read(benchmarks)


def _read_hours(db: sqlite3.Connection, feed: str, hour: str) -> _Hours:
    rows = [row for row in db.execute(SELECT_READS, (feed,)) if row[0] <= hour]
    return _Hours([row[0] for row in rows], [row[1] for row in rows])


class _SourceReader:
    """Reads the source of the catalogue of one hour."""

    def __init__(self, db: sqlite3.Connection, hour: str, reads: dict[str, _Hours]) -> None:
        self.db = db
        self.hour = hour
        self.reads = reads
        self.moment = parse_stamp(reads[MODELS.name].hours[-1])
        self.lines: dict[int, dict[str, tuple[str, str | None]]] = defaultdict(dict)
        for record, file, line, _, last in db.execute(SELECT_LINES, (hour,)):
            self.lines[record][file] = (line, last)
        self.spans = {feed: self._read_spans(feed) for feed in reads if feed != ZDR.name}

    def _read_spans(self, feed: str) -> dict[int, list[tuple[str, str | None]]]:
        """Read by record the stretches of good hours in which it was listed, ended at the hour."""
        hours = self.reads[feed].hours
        spans: dict[int, list[tuple[str, str | None]]] = defaultdict(list)
        for record, first, last in self.db.execute(SELECT_SPANS, (FEEDS[feed].base_file, feed, self.hour)):
            end = None if last is None or (hours and last >= hours[-1]) else last
            stretches = spans[record]
            previous = stretches[-1][1] if stretches else None
            if previous and bisect_right(hours, previous) >= bisect_right(hours, first) - 1:
                stretches[-1] = (stretches[-1][0], end)
            else:
                stretches.append((first, end))
        return spans

    def read(self, benchmarks: bool) -> CatalogSource:
        """Read everything, with or without benchmarks."""
        providers: dict[str, Record] = {}
        models: list[tuple[int, str, str]] = []
        endpoints: dict[str, list[tuple[int, EndpointKey, str]]] = defaultdict(list)
        for record, feed, key, parts, first in self.db.execute(SELECT_RECORDS, (UNLISTED, self.hour)):
            if feed == MODELS.name:
                models.append((record, loads(parts)[0], first))
            elif feed == ENDPOINTS.name:
                endpoint_key = EndpointKey(*loads(parts))
                endpoints[endpoint_key.model].append((record, endpoint_key, first))
            elif (line := self.lines[record].get(PROVIDERS.base_file)) and line[1] is None:
                providers[key] = loads(line[0])
        health, zdr = self._read_health(), self._read_zdr()
        hours = [parse_stamp(hour) for hour in self.reads[MODELS.name].hours]
        read_endpoints = {
            model: [self._read_endpoint(*row, health, zdr) for row in rows]
            for model, rows in endpoints.items()
        }
        facts = _ModelFacts(
            media={key for (key,) in self.db.execute(SELECT_MEDIA, (IMAGES.name, VIDEOS.name, self.hour))},
            benchmarks=self._read_benchmarks() if benchmarks else {},
            announced=self._read_announced(),
            answers=self._read_answers(),
            ranks=dict(self.db.execute(SELECT_ORDER, (self.hour,))),
        )
        return CatalogSource(
            hour=self.moment,
            models={
                key: self._read_model(record, key, first, read_endpoints.get(key, []), facts)
                for record, key, first in models
                if record in self.spans[MODELS.name]
            },
            providers=providers,
            direct_ids=dict(self._read_direct_ids()),
            alias_periods=read_alias_periods(self.db, self.reads[MODELS.name].hours, self.hour),
            starts=read_starts(self.db, self.hour),
            first_hour=hours[0],
            gaps=tuple(find_gaps(hours, DAY)),
        )

    def _read_model(
        self,
        record: int,
        key: str,
        first: str,
        endpoints: list[CatalogEndpoint],
        facts: "_ModelFacts",
    ) -> CatalogModel:
        spans = self.spans[MODELS.name][record]
        last = spans[-1][1]
        row = self._join_lines(MODELS.name, record, last)
        current = [endpoint for endpoint in endpoints if endpoint.last is None]
        if last and not current:
            final = max((endpoint.last for endpoint in endpoints if endpoint.last), default=None)
            current = [endpoint for endpoint in endpoints if endpoint.last == final]
        return CatalogModel(
            id=key,
            record=row,
            model=Model.from_record(row, parse_stamp(last) if last else self.moment),
            first=parse_stamp(first),
            last=parse_stamp(last) if last else None,
            state=self.reads[MODELS.name].find_state(last),
            stretches=tuple((parse_stamp(start), parse_stamp(end) if end else None) for start, end in spans),
            endpoints=tuple(current),
            former_endpoints=tuple(endpoint for endpoint in endpoints if endpoint not in current),
            has_media_prices=key in facts.media,
            announced=facts.announced.get(record),
            answer=facts.answers.get(key, "") if last else "",
            description=self._read_description(record) or as_text(row.get("description")),
            benchmarks=facts.benchmarks.get(record, {}),
            rank=facts.ranks.get(key),
        )

    def _read_description(self, record: int) -> str | None:
        """Read the description in the response for a model's endpoints."""
        line, _ = self.lines[record].get(RESPONSES, ("{}", None))
        return as_text(loads(line).get("description"))

    def _read_endpoint(
        self,
        record: int,
        key: EndpointKey,
        first: str,
        health: Mapping[int, HealthWindow],
        zdr: set[tuple[str, str, int]] | None,
    ) -> CatalogEndpoint:
        spans = self.spans[ENDPOINTS.name].get(record, [])
        last = spans[-1][1] if spans else first
        row = self._join_lines(ENDPOINTS.name, record, last)
        moment = parse_stamp(last) if last else self.moment
        return CatalogEndpoint(
            key=key,
            record=row,
            endpoint=Endpoint.from_record(key.model, key.n, row, moment),
            first=parse_stamp(first),
            last=parse_stamp(last) if last else None,
            is_zdr=None if zdr is None else tuple(key) in zdr,
            health=health.get(record),
        )

    def _join_lines(self, feed: str, record: int, last: str | None) -> Record:
        """Join the lines of a record that stood at the hour, or in the last hour that showed it."""
        lines = {
            file: loads(line)
            for file, (line, end) in self.lines[record].items()
            if file != RESPONSES and (end is None or end >= (last or self.reads[feed].hours[-1]))
        }
        return join_record(FEEDS[feed], lines, FEEDS[feed].own_key_fields)

    def _read_benchmarks(self) -> dict[int, Record]:
        rows = self.db.execute(SELECT_BENCHMARKS, (self.hour, self.hour))
        return {record: get_object(loads(line), "benchmarks") for record, line in rows}

    def _read_health(self) -> dict[int, HealthWindow]:
        day = (self.moment.date() - dt.date(1970, 1, 1)).days
        return {
            record: HealthWindow(
                days=days,
                readings=uptimes,
                well=well,
                latency_ms=latency / latencies if latencies else None,
                throughput=throughput / latencies if latencies else None,
                speed_readings=latencies,
                uptime=uptime / uptimes if uptimes else None,
            )
            for record, days, uptimes, well, latencies, latency, throughput, uptime in self.db.execute(
                SELECT_HEALTH, {"day": day}
            )
        }

    def _read_zdr(self) -> set[tuple[str, str, int]] | None:
        """Read the endpoints that keep no data; None where that list was never read."""
        hours = self.reads[ZDR.name].hours
        if not hours:
            return None
        rows = self.db.execute(SELECT_ZDR, (ZDR.name, hours[-1], hours[-1]))
        return {tuple(loads(parts)) for (parts,) in rows}

    def _read_direct_ids(self) -> Iterator[tuple[str, frozenset[str]]]:
        """Yield each feed of another service that was ever read, with the ids in its last list."""
        for feed in DIRECT_FEEDS:
            if hours := _read_hours(self.db, feed.name, self.hour).hours:
                rows = self.db.execute(SELECT_KEYS, (feed.name, hours[-1], hours[-1]))
                yield feed.name, frozenset(key for (key,) in rows)

    def _read_announced(self) -> dict[int, dt.datetime]:
        """Read when each model that has an expiration date got it; another date starts anew."""
        dates: dict[int, tuple[dt.date, dt.datetime]] = {}
        for record, first, text in self.db.execute(SELECT_DATES, (self.hour,)):
            date = parse_expiry(text)
            if date is None:
                dates.pop(record, None)
            elif record not in dates or dates[record][0] != date:
                dates[record] = date, parse_stamp(first)
        return {record: first for record, (_, first) in dates.items()}

    def _read_answers(self) -> dict[str, str]:
        """Read how OpenRouter last answered a request for each model that had left the list."""
        answers: dict[str, str] = {}
        for (text,) in self.db.execute(SELECT_ANSWERS, (self.hour,)):
            answers |= loads(text)
        return answers


@dataclass(frozen=True)
class _ModelFacts:
    """What is known of models beside their records, by id or by row id."""

    media: set[str]
    benchmarks: Mapping[int, Record]
    announced: Mapping[int, dt.datetime]
    answers: Mapping[str, str]
    ranks: Mapping[str, int]
