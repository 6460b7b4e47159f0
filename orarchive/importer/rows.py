"""A version of a models file as rows, each with its lines in the archive's files.

Thousands of versions follow one another and differ in a few rows: a row that is as it was is the same object
as before, so that it is split into lines once, and stays in memory once.
"""

from dataclasses import dataclass

from orarchive.collect.validate import RejectedPayload, find_next_page, read_total_count, validate_list
from orarchive.domain.feeds import LIST_MEMBER, MODELS
from orarchive.domain.record_files import split_record
from orarchive.domain.snapshot import Snapshot, make_empty_snapshot
from orarchive.errors import NotJSON
from orarchive.jsonl import Record, dumps, loads
from orarchive.store.fast_import import Lines


@dataclass(frozen=True)
class Row:
    """A record with its canonical bytes, and its lines: path below data/ -> line."""

    record: Record
    content: bytes
    lines: dict[str, bytes]


Rows = dict[str, Row]
"""The rows of a models list, by id."""


@dataclass(frozen=True)
class ParsedVersion:
    """The rows of one version, what was left out of them, and how many the version says it has."""

    rows: Rows
    faults: tuple[str, ...]
    total_count: int | None


def parse_version(data: bytes, before: Rows) -> ParsedVersion:
    """Parse a version of the file, `{"data": [...]}` or a bare list, into rows; reuse those of the last one.

    Raise RejectedPayload where it is not JSON, or not a whole list of models.
    """
    try:
        body = loads(data)
        response = {LIST_MEMBER: body} if isinstance(body, list) else body
        parsed = validate_list(MODELS, response)
        if find_next_page(response):
            reason = "more-pages"
            raise RejectedPayload(reason, "the list goes on elsewhere")
        rows = {record["id"]: _build_row(record, before.get(record["id"])) for record in parsed.rows}
        return ParsedVersion(rows, parsed.faults, read_total_count(response))
    except NotJSON as error:
        reason = "not-json"
        raise RejectedPayload(reason, str(error)) from None


def _build_row(record: Record, before: Row | None) -> Row:
    """Build the row of a record, with all that it shares with the row before."""
    content = dumps(record)
    if before and before.content == content:
        return before
    lines = {
        f"{MODELS.folder}/{file}.jsonl": dumps(line) + b"\n"
        for file, line in split_record(MODELS, {}, record)
    }
    # Most lines of a row are as they were: equal lines are shared to save memory.
    if before:
        lines = {
            path: old if (old := before.lines.get(path)) == line else line for path, line in lines.items()
        }
    return Row(record, content, lines)


def collect_lines(rows: Rows) -> Lines:
    """Collect the lines of rows by file, as `format_snapshot_files` writes them: sorted by id."""
    files: Lines = {}
    for key in sorted(rows):
        for path, line in rows[key].lines.items():
            files.setdefault(path, []).append(line)
    return files


def build_snapshot(rows: Rows) -> Snapshot:
    """Return the snapshot that has these rows and nothing else."""
    return {**make_empty_snapshot(), MODELS.name: {(key,): row.record for key, row in rows.items()}}
