"""Rows of the database for download that SQL alone cannot make, from the index attached as `src`."""

import sqlite3
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from typing import Any

from orarchive.domain.feeds import ENDPOINTS, FEEDS, MODELS, PROVIDERS
from orarchive.domain.keys import get_provider_of_tag
from orarchive.domain.records import Model, as_text
from orarchive.index.good_reads import GoodReads
from orarchive.index.sql_values import escape_surrogates, to_json
from orarchive.jsonl import Record, dumps, loads
from orarchive.timestamps import HOUR, format_stamp, parse_stamp

RESPONSES = "asked"
"""Name that the index gives the file with what responses about a model's endpoints say of the model."""

Row = tuple[Any, ...]

Version = tuple[str, str | None, str]
"""First and last hour of a line, and the line."""

PRICING = "pricing"

PROVIDER_TEXTS = ("name", "headquarters", "privacy_policy_url", "terms_of_service_url", "status_page_url")

LAST_LINES = """
    select id, key, line, max(versions.first) from src.records join src.versions on record = id
    where feed = ? and file = ? group by id order by id
"""
"""The last line of each record in a file; with `max` SQLite gives the columns of that very row."""


@dataclass(frozen=True)
class NextHours:
    """Tells when something else than a line was first seen."""

    attempts: list[str]
    """Every hour with an attempt, oldest first."""
    reads: GoodReads
    sources: dict[int, tuple[str, str]]
    """Row id of a record -> its feed, and the first part of its key: that of the parent in a fan-out feed."""

    @classmethod
    def load(cls, db: sqlite3.Connection) -> "NextHours":
        """Read the hours from an index attached as `src`."""
        attempts = [hour for (hour,) in db.execute("select distinct hour from src.attempts order by hour")]
        query = "select id, feed, parts from src.records"
        sources = {record: (feed, str(loads(parts)[0])) for record, feed, parts in db.execute(query)}
        return cls(attempts, GoodReads.load(db, "src"), sources)

    def find_next(self, record: int, file: str, last: str | None) -> str | None:
        """Return the first good hour after the last one that showed a line of a record; None for None.

        What was changed by hand, without a good read, counts from the next attempt on.
        """
        if last is None:
            return None
        feed, parent_key = self.sources[record]
        hour = self.reads.find_next_hour(ENDPOINTS.name if file == RESPONSES else feed, last, parent_key)
        if hour is None:
            hour = next(iter(self.attempts[bisect_right(self.attempts, last) :]), None)
        return hour


def list_feeds(db: sqlite3.Connection) -> Iterator[Row]:
    """Yield the feeds with the file that has a line for each listed record."""
    for feed, *columns in db.execute("select feed, route, cadence, key from src.feeds order by feed"):
        yield feed, *columns, FEEDS[feed].base_file


def list_hours(db: sqlite3.Connection) -> Iterator[Row]:
    """Yield every hour from the first to the last, with its number of attempts."""
    query = "select hour, count(*) from src.attempts group by hour order by hour"
    counts = dict(db.execute(query).fetchall())
    hour, last = (parse_stamp(stamp) for stamp in (min(counts), max(counts)))
    while hour <= last:
        yield format_stamp(hour), counts.get(format_stamp(hour), 0)
        hour += HOUR


def list_records(db: sqlite3.Connection) -> Iterator[Row]:
    """Yield every record, with what it is about: model, row id of the endpoint, tag, n and provider."""
    query = "select id, feed, key, parts, first, last, arrival, state, missing from src.records order by id"
    rows = db.execute(query).fetchall()
    endpoints = {parts: record for record, feed, _, parts, *_ in rows if feed == ENDPOINTS.name}
    for record, feed, key, parts_json, *state in rows:
        model = tag = n = provider = None
        parts = [escape_surrogates(part) if isinstance(part, str) else part for part in loads(parts_json)]
        if FEEDS[feed].is_about_models:
            model = parts[0]
        if len(parts) == len(ENDPOINTS.key):
            tag, n = parts[1:]
            provider = get_provider_of_tag(tag)
        elif feed == PROVIDERS.name:
            provider = key
        endpoint = endpoints.get(parts_json)
        yield record, feed, key, parts_json, model, endpoint, tag, n, provider, *state


def list_model_details(db: sqlite3.Connection) -> Iterator[Row]:
    """Yield the columns of models that the index does not have, after the row id."""
    for record, _, line, first in db.execute(LAST_LINES, (MODELS.name, MODELS.base_file)):
        model = Model.from_record(loads(line), parse_stamp(first))
        lists = map(list, (model.inputs, model.outputs, model.parameters))
        names = (model.tokenizer, model.knowledge_cutoff, model.hugging_face, model.alias_target)
        yield record, model.max_output, *map(to_json, lists), *map(_escape, names)


def list_provider_details(db: sqlite3.Connection) -> Iterator[Row]:
    """Yield the columns of providers that only their lines have, after the row id."""
    for record, slug, line, _ in db.execute(LAST_LINES, (PROVIDERS.name, PROVIDERS.base_file)):
        facts = loads(line)
        name, *texts = (_escape(as_text(facts.get(name))) for name in PROVIDER_TEXTS)
        yield record, name or slug, to_json(facts.get("datacenters")), *texts


def _escape(text: str | None) -> str | None:
    """Return a text as SQLite can hold it; None stays None."""
    return None if text is None else escape_surrogates(text)


def list_benchmarks(db: sqlite3.Connection) -> Iterator[Row]:
    """Yield the scores of each model that has or had some: model, since, gone, moves, scores."""
    query = """
        select key, since, gone, moves, line from src.latest join src.records on id = record
        where feed = 'models' and file = 'benchmarks' order by key, id
    """
    for key, since, gone, moves, line in db.execute(query):
        yield key, since, gone, moves, dumps(loads(line).get("benchmarks")).decode()


def list_fields(db: sqlite3.Connection, hours: NextHours) -> Iterator[tuple[list[Row], list[Row]]]:
    """Yield for each record the stretches of its lines, and every value of its fields, each in order."""
    query = "select record, file, first, last, line from src.versions order by record, file, first"
    for record, rows in groupby(db.execute(query), key=itemgetter(0)):
        stretches: list[Row] = []
        fields: list[Row] = []
        for file, versions in groupby(rows, key=itemgetter(1)):
            for field, *span, value in _split_lines(hours, record, file, [row[2:] for row in versions]):
                if field is None:
                    stretches.append((record, file, *span))
                else:
                    fields.append((record, field, file, *span, value))
        yield stretches, sorted(fields)


def _split_lines(hours: NextHours, record: int, file: str, versions: list[Version]) -> Iterator[Row]:
    """Yield field, first, last, next_first and value for each field of the lines in a file, as JSON.

    The line itself comes as a field None without a value. Equal values that follow each other are one.
    """
    feed = hours.sources[record][0]
    key_fields = ENDPOINTS.key if file == RESPONSES else FEEDS[feed].key
    standing: dict[str | None, tuple[str, str | None]] = {}
    last: str | None = None
    next_first: str | None = None
    for (first, new_last, line), following in zip(versions, [*versions[1:], None], strict=True):
        fields = {name: value for name, value in loads(line).items() if name not in key_fields}
        values: dict[str | None, str | None] = {
            escape_surrogates(name): dumps(value).decode() for name, value in _split_pricing(fields).items()
        }
        values[None] = None
        is_continued = next_first == first
        for name, (begin, value) in list(standing.items()):
            if not is_continued or name not in values or values[name] != value:
                yield name, begin, last, next_first, value
                del standing[name]
        standing |= {name: (first, value) for name, value in values.items() if name not in standing}
        last, next_first = new_last, hours.find_next(record, file, new_last)
        if following and (next_first is None or following[0] < next_first):
            next_first = following[0]
    for name, (begin, value) in standing.items():
        yield name, begin, last, next_first, value


def _split_pricing(fields: Record) -> Record:
    """Return the fields of a line with `pricing` split into its members, `pricing.prompt` and so on.

    A price that moves is then a row of its own, and not one with all the others.
    """
    pricing = fields.get(PRICING)
    if not isinstance(pricing, dict) or not pricing:
        return fields
    rest = {name: value for name, value in fields.items() if name != PRICING}
    return rest | {f"{PRICING}.{name}": value for name, value in pricing.items()}
