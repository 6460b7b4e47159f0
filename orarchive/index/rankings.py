"""Rankings: published usage by part and date, orders of the last weeks, dates whose totals were restated."""

import datetime as dt
import re
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import suppress

from orarchive.domain.ranking_series import ORDER, RESTATED_SHARE, SERIES, Series, is_row
from orarchive.errors import NotJSON
from orarchive.history.replay import ReplayStep
from orarchive.index.context import AttemptContext
from orarchive.index.events import Event
from orarchive.index.sql_values import escape_surrogates, sql_row, to_json
from orarchive.jsonl import Record, dumps, loads
from orarchive.store.archive import Archive
from orarchive.store.ledger import SeriesReport
from orarchive.timestamps import format_stamp, parse_stamp

RANKINGS_FEED = "rankings"
"""What events call them."""

ORDER_RETENTION = dt.timedelta(days=36)
"""How long orders are kept: a month, and what it is compared with."""


def apply_attempt(
    db: sqlite3.Connection, archive: Archive, now: AttemptContext, step: ReplayStep, last_hour: str
) -> Iterator[Event]:
    """Take in what an attempt read of rankings; `last_hour` is the last one there is."""
    for name, report in step.attempt_commit.attempt.get("rankings", {}).items():
        _note(db, now, name, report)
        for part in report["read"] if name in SERIES else ():
            series = SERIES[name]
            if series is not ORDER:
                row = sql_row(name, part, series.folder(part))
                db.execute("insert or ignore into ranking_parts (series, part, folder) values (?, ?, ?)", row)
        if name == ORDER.name and parse_stamp(now.hour) > parse_stamp(last_hour) - ORDER_RETENTION:
            _orders(db, archive, now, step, list(report["read"]))
    # by the files, whoever changed them
    for folder, changes in _folders(step).items():
        query = "select id, series, part from ranking_parts where folder = ?"
        for at, name, part in db.execute(query, (folder,)).fetchall():
            went, came = ([row for row in rows if is_row(SERIES[name], row)] for rows in changes)
            if SERIES[name].is_usage:
                yield from _usage(db, at, name, part, went, came)
            else:
                _lines(db, SERIES[name], part, came)
    limit = format_stamp(parse_stamp(now.hour) - ORDER_RETENTION)
    db.execute("delete from orders where hour <= ?", (limit,))


Rows = tuple[list[Record], list[Record]]
"""The rows that went and the rows that came."""


def _folders(step: ReplayStep) -> dict[str, Rows]:
    """What changed, by the folder of a part; of a part with one file by that without its ending."""
    found: dict[str, Rows] = {}
    for path, change in step.series.items():
        name = path.rpartition("/")[0] if MONTH.fullmatch(path) else path.removesuffix(".jsonl")
        for rows, lines in zip(found.setdefault(name, ([], [])), change, strict=True):
            rows += _rows(lines)
    return found


def _rows(lines: Iterable[bytes]) -> Iterator[Record]:
    """Lines that are rows: a hand or a merge may have left others."""
    for line in lines:
        with suppress(NotJSON):
            if isinstance(row := loads(line), dict):
                yield row


MONTH = re.compile(r".*/[0-9]{4}-[0-9]{2}\.jsonl")
"""A file of a month."""


def _note(db: sqlite3.Connection, now: AttemptContext, name: str, report: SeriesReport) -> None:
    """Write how each part of a series fared."""
    read = {
        part: ("ok", as_of, report.get("missing", {}).get(part)) for part, as_of in report["read"].items()
    }
    kept = {part: (reason, "", None) for part, reason in report.get("kept", {}).items()}
    db.executemany(
        "insert into ranking_reads values (?, ?, ?, ?, ?, ?, ?)",
        (
            sql_row(now.attempt, now.hour, name, part, outcome, as_of or None, to_json(missing))
            for part, (outcome, as_of, missing) in {**read, **kept}.items()
        ),
    )


def _orders(
    db: sqlite3.Connection, archive: Archive, now: AttemptContext, step: ReplayStep, parts: list[str]
) -> None:
    """Write the orders of the parts that were read, as they stand in the commit."""
    paths = {part: ORDER.file_path(part) for part in parts}
    contents = archive.read_files(step.attempt_commit.commit, paths.values())
    for part, path in paths.items():
        db.execute("delete from orders where hour = ? and part = ?", (now.hour, escape_surrogates(part)))
        db.executemany(
            "insert into orders values (?, ?, ?, ?)",
            (
                (now.hour, escape_surrogates(part), place, escape_surrogates(str(row.get("id"))))
                for place, row in enumerate(_rows(contents.get(path, b"").splitlines()), start=1)
            ),
        )


def _usage(
    db: sqlite3.Connection, at: int, series: str, part: str, went: list[Record], came: list[Record]
) -> Iterator[Event]:
    """Take in published totals; a date that had others by more than a hundredth is an event."""
    dates = {line["date"] for line in (*went, *came)}
    before = {date: _total(db, at, date) for date in dates}
    db.executemany(
        f"delete from usage where part = ? and date = ? and permaslug = ({SLUG})",
        ((at, line["date"], _slug(line)) for line in went),
    )
    slugs = {_slug(line) for line in came}
    db.executemany(
        "insert or ignore into permaslugs (permaslug) values (?)", ((slug,) for slug in sorted(slugs))
    )
    db.executemany(
        f"insert or replace into usage values (?, ?, ({SLUG}), ?)",
        ((at, line["date"], _slug(line), _tokens(line.get("total_tokens"))) for line in came),
    )
    for date in sorted(dates):
        old, new = before[date], _total(db, at, date)
        if old and abs(new / old - 1) > RESTATED_SHARE:
            # the figures themselves are in the files, with the line that they are to carry
            percent = round((new / old - 1) * 100, 2)
            yield Event(
                "restated", RANKINGS_FEED, f"{series}/{part}" if part else series, date, None, None, percent
            )


SLUG = "select id from permaslugs where permaslugs.permaslug = ?"


def _slug(line: Record) -> str:
    return escape_surrogates(str(line["model_permaslug"]))


def _total(db: sqlite3.Connection, part: int, date: str) -> float:
    # no `sum`, which fails where integers grow too large
    query = "select total(tokens) from usage where part = ? and date = ? and typeof(tokens) = 'integer'"
    total: float = db.execute(query, (part, date)).fetchone()[0]
    return total


def _tokens(sent: object) -> int | str | None:
    """A count as a number, where it is one that SQLite holds; else as it was sent."""
    if sent is None:
        return None
    text = str(sent)
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 19 else escape_surrogates(text)


def _lines(db: sqlite3.Connection, series: Series, part: str, came: list[Record]) -> None:
    """Keep the lines of a part's last date."""
    dates = [str(line[series.key[0]]) for line in came] if series.key else []
    newest = max(dates, default="")
    place = (series.name, part)
    query = "select max(date) from ranking_lines where series = ? and part = ?"
    held = db.execute(query, place).fetchone()[0] or ""
    if not came or newest < held:
        return
    db.execute("delete from ranking_lines where series = ? and part = ? and date < ?", (*place, newest))
    rows = [line for line in came if not series.key or str(line[series.key[0]]) == newest]
    db.executemany(
        "insert or replace into ranking_lines values (?, ?, ?, ?, ?)",
        ((*place, newest, _key(series, line), dumps(line).decode()) for line in rows),
    )


def _key(series: Series, line: Record) -> str:
    return str(to_json([line[name] for name in series.key])) if series.key else dumps(line).decode()
