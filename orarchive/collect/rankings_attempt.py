"""The attempt at rankings: once a day, after the feeds, with a deadline and requests of its own."""

import datetime as dt
import hashlib
import logging
import time
from pathlib import Path
from typing import Any

from orarchive.collect import rankings
from orarchive.collect.attempt import Base, Writer
from orarchive.collect.client import Client
from orarchive.collect.fetch_rankings import (
    PER_DAY,
    PER_MINUTE,
    Got,
    fetch_parts,
    fetch_spec,
    parts_of,
    spent,
)
from orarchive.collect.rate_limit import Budget
from orarchive.collect.settings import Settings
from orarchive.domain.ranking_series import Series, series_of
from orarchive.domain.relations import relations
from orarchive.jsonl import loads
from orarchive.store.ledger import BAD
from orarchive.timestamps import prose

log = logging.getLogger(__name__)

COUNTER = "orarchive.requests"
"""In the git folder: how many requests to the Data API this clone has sent in a UTC day."""


class Counter:
    """Counts requests of a UTC day in a file, before they are sent: a run that is killed tells no ledger."""

    def __init__(self, path: Path, hour: dt.datetime) -> None:
        self._path = path
        self._day = f"{hour.date()}"
        day, _, count = path.read_bytes().partition(b" ") if path.exists() else (b"", b"", b"")
        known = day == self._day.encode() and count.isdigit() and len(count) < 10
        self.count = int(count) if known else 0

    def take(self) -> None:
        """Note one more."""
        self.count += 1
        self._path.write_text(f"{self._day} {self.count}")


def attempt(
    writer: Writer, client: Client, settings: Settings, base: Base, notes: list[str]
) -> tuple[bool | None, Base]:
    """Ask for the rankings that are due and write what came, on top of a base.

    Returns whether all went well (None where nothing was due), and the base for what comes next.
    """
    hour = writer.wish.hour

    which = {"keyed": bool(settings.key), "benchmarks": settings.benchmarks}

    def due(spec: Any, base: Base) -> list[tuple[Series, str]]:
        return rankings.due(spec, base.lines, hour, **which)

    known = rankings.archived_spec(writer.archive, base.commit)
    asks_spec = rankings.spec_due(base.lines, hour)
    if not asks_spec and not due(known, base):
        return None, base
    started = writer.now()
    spec = fetch_spec(client) if asks_spec else None
    if spec is not None and spec.reason is None:
        known = loads(spec.body)
    wanted = due(known, base)
    unnamed = [one for one in rankings.chosen(**which) if one.parts and not any(parts_of(one, known))]
    log.info("Starting %s: rankings, %d parts", prose(hour), len(wanted))
    got = _fetched(writer, client, settings, base, wanted)

    def write(base: Base) -> tuple[bool, Base] | None:
        # another writer may have been first, with some of it
        left = due(known, base)
        fetched = [one for one in got if (one.series, one.part) in left]
        asked = spec if rankings.spec_due(base.lines, hour) else None
        if not fetched and asked is None:
            return None
        before = rankings.standing(writer.archive, base.commit, fetched)
        settled = rankings.settle(asked, fetched, unnamed if asked else [], before, writer.wish.accept)
        good = not any(report["outcome"] in BAD for report in settled.reports.values())
        return good, _kept(writer, base, settled, started, notes)

    return writer.on_top(base, write)


def _fetched(
    writer: Writer, client: Client, settings: Settings, base: Base, wanted: list[tuple[Series, str]]
) -> list[Got]:
    """Ask for parts of series: those with a key within what the Data API allows."""
    hour = writer.wish.hour
    held = rankings.held_dates(writer.archive, base.commit, wanted)
    rate = min(PER_MINUTE / 60, settings.per_second or PER_MINUTE)  # also where the pace of the feeds is off
    counter = Counter(writer.archive.git_dir / COUNTER, hour)
    already = max(spent(base.lines, hour), counter.count)
    took = counter.take if not writer.wish.dry_run else lambda: None
    data = settings.client(writer.sleep, Budget(PER_DAY - already, rate, time.monotonic, writer.sleep, took))
    data.deadline = client.deadline
    open_ = [one for one in wanted if not one[0].keyed]
    keyed = [one for one in wanted if one[0].keyed]
    return [*fetch_parts(client, open_, held, hour), *fetch_parts(data, keyed, held, hour)]


def _kept(
    writer: Writer, base: Base, settled: rankings.Settled, started: dt.datetime, notes: list[str]
) -> Base:
    """Write what was settled, with its ledger line, as one commit."""
    for name, report in settled.reports.items():
        if report["outcome"] in BAD:
            reasons = sorted(set(report["kept"].values()))
            log.error("Sync failed: rankings %s (%s)", name, ", ".join(reasons))
        else:
            log.info("Synced rankings %s, %d rows", name, report["rows"])
    there = writer.archive.files(base.commit, [*settled.files, *rankings.FIRST])
    files: dict[str, bytes | None] = {
        path: data for path, data in settled.files.items() if there.get(path) != data
    }
    for name, report in settled.reports.items():
        own = (data or b"" for path, data in sorted(files.items()) if series_of(path) == name)
        report["sha256"] = hashlib.sha256(b"".join(own)).hexdigest()
    files |= {path: data for path, data in rankings.FIRST.items() if path not in there}
    line = writer.line(base, started, notes)
    line["rankings"] = settled.reports
    line["relations"] = relations(base.snapshot)
    text = rankings.message(writer.wish.hour, line["attempt"], settled)
    return writer.commit(base, line, files, settled.payloads, text)
