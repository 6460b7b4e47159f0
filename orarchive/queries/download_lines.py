"""The database for download as the queries of the index read it: lines of fields, and views."""

import sqlite3
from dataclasses import dataclass
from typing import Any

from orarchive.index.download_rows import PRICING
from orarchive.jsonl import Record, loads
from orarchive.queries.price import Lines

INDEX_VIEWS = """
    create temp view reads as select *, state as sha256 from main.reads;
    create temp view events as
        select events.id, hour, attempt, after, by, kind, events.feed, coalesce(key, subject) as key, field,
            old, new, percent, cause
        from main.events left join main.records on records.id = record;
"""
"""Tables under the names and with the columns that they have in the index."""

SELECT_STRETCHES = """
    select id, file, max(stretches.first), stretches.last from stretches join records on id = record
    where feed = ? and key = ? and file in ('facts', 'prices', 'spot') and stretches.first <= ? group by file
"""
"""The last stretch of each file that began by an hour; with `max` SQLite gives the columns of that row."""

SELECT_PRICING = """
    select field, first, last, next_first, value from field_versions
    where record = ? and file = ? and first between ? and ?
"""

SELECT_SPANS = """
    select stretches.first, stretches.last from stretches join records on id = record
    where feed = ? and key = ? and file = 'facts'
"""


SELECT_FACTS = """
    select field, value from records join field_versions as fields on fields.record = records.id
    where feed = 'models' and key = ? and file = 'facts' and fields.first <= ?
        and (fields.last is null or fields.last >= ?)
"""


@dataclass(frozen=True)
class DownloadLines:
    """The lines of records in a database for download; see `price.LineReader`."""

    db: sqlite3.Connection

    def find_lines(self, feed: str, key: str, hour: str) -> Lines:
        """Return the last line of each file that began by an hour; of `facts` only when it began."""
        lines: Lines = {}
        for record, file, first, last in self.db.execute(SELECT_STRETCHES, (feed, key, hour)).fetchall():
            line: Record = {}
            if file != "facts":
                first, line[PRICING] = self._read_pricing(record, file, first, hour)
            lines[file] = (first, last, line)
        return lines

    def _read_pricing(self, record: int, file: str, first: str, hour: str) -> tuple[str, Any]:
        """Return since when a line that stands since `first` is as it is in an hour, and its price object."""
        pricing: Any = {}
        rows = self.db.execute(SELECT_PRICING, (record, file, first, hour))
        for field, begin, last, next_first, value in rows:
            if last is not None and last < hour:
                first = max(first, next_first)
                continue
            first = max(first, begin)
            if field == PRICING:
                pricing = loads(value)
            else:
                pricing[field.removeprefix(f"{PRICING}.")] = loads(value)
        return first, pricing

    def list_spans(self, feed: str, key: str) -> list[tuple[str, str | None]]:
        """Return the first and the last hours of the stretches in which a record was listed."""
        return self.db.execute(SELECT_SPANS, (feed, key)).fetchall()

    def read_facts(self, model: str, hour: str) -> Record:
        """Return the line of a model in `facts` at an hour; {} where it was not listed."""
        rows = self.db.execute(SELECT_FACTS, (model, hour, hour))
        return {field: loads(value) for field, value in rows}
