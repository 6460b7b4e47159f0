"""A version of a models file taken apart into rows, and the rows put into the archive's files."""

from dataclasses import dataclass

from orarchive.collect import validate
from orarchive.domain.feeds import MODELS
from orarchive.domain.record_files import split_record
from orarchive.domain.snapshot import Snapshot, empty_snapshot
from orarchive.errors import NotJSON
from orarchive.jsonl import Record, dumps, loads
from orarchive.store.fast_import import Lines


@dataclass(frozen=True)
class Row:
    """A record with its canonical bytes, and the lines that say it: path below data/ -> line."""

    record: Record
    content: bytes
    lines: dict[str, bytes]


Rows = dict[str, Row]
"""The rows of a models list, by id."""


def parse_version(data: bytes, before: Rows) -> Rows:
    """The rows of a payload by id; one that says what it said before is the same object as before."""
    try:
        body = loads(data)
        found = validate.validate_list(
            MODELS, {MODELS.payload_member: body} if isinstance(body, list) else body
        )
        return {one["id"]: _row(one, dumps(one), before.get(one["id"])) for one in found}
    except NotJSON as error:
        reason = "not-json"
        raise validate.RejectedPayload(reason, str(error)) from None


def _row(record: Record, content: bytes, before: Row | None) -> Row:
    if before and before.content == content:
        return before
    lines = {
        f"{MODELS.folder}/{file}.jsonl": dumps(line) + b"\n"
        for file, line in split_record(MODELS, {}, record)
    }
    if before:  # most of its lines are as they were
        lines = {
            path: old if (old := before.lines.get(path)) == line else line for path, line in lines.items()
        }
    return Row(record, content, lines)


def rows_to_lines(rows: Rows) -> Lines:
    """The files that say rows, as `snapshot.write` writes them."""
    found: Lines = {}
    for key in sorted(rows):
        for path, line in rows[key].lines.items():
            found.setdefault(path, []).append(line)
    return found


def rows_to_snapshot(rows: Rows) -> Snapshot:
    """The snapshot that holds these rows and nothing else."""
    return {**empty_snapshot(), MODELS.name: {(key,): row.record for key, row in rows.items()}}
