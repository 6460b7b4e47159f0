"""The attempt at rankings: once a day, after the feeds, with a deadline and requests of its own."""

import datetime as dt
import hashlib
import logging
import time
from pathlib import Path
from typing import Any

from orarchive.collect import rankings
from orarchive.collect.attempt import AttemptBase, AttemptWriter
from orarchive.collect.client import Client
from orarchive.collect.fetch_rankings import (
    MAX_REQUESTS_PER_DAY,
    MAX_REQUESTS_PER_MINUTE,
    SeriesFetch,
    count_requests_today,
    fetch_openapi,
    fetch_slices,
    list_slices,
)
from orarchive.collect.rate_limit import RequestBudget
from orarchive.collect.settings import Settings
from orarchive.domain.ranking_series import Series, series_of_path
from orarchive.domain.relations import count_relations
from orarchive.jsonl import loads
from orarchive.store.ledger import BAD_OUTCOMES
from orarchive.timestamps import format_hour

log = logging.getLogger(__name__)

COUNTER_FILE = "orarchive.requests"
"""In the git folder: how many requests to the Data API this clone has sent in a UTC day."""


class RequestCounter:
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
    writer: AttemptWriter, client: Client, settings: Settings, base: AttemptBase, notes: list[str]
) -> tuple[bool | None, AttemptBase]:
    """Ask for the rankings that are due and write what came, on top of a base.

    Returns whether all went well (None where nothing was due), and the base for what comes next.
    """
    hour = writer.options.hour

    which = {"keyed": bool(settings.key), "benchmarks": settings.benchmarks}

    def due(spec: Any, base: AttemptBase) -> list[tuple[Series, str]]:
        return rankings.due(spec, base.lines, hour, **which)

    known = rankings.archived_spec(writer.archive, base.commit)
    asks_spec = rankings.spec_due(base.lines, hour)
    if not asks_spec and not due(known, base):
        return None, base
    started = writer.now()
    spec = fetch_openapi(client) if asks_spec else None
    if spec is not None and spec.reason is None:
        known = loads(spec.body)
    wanted = due(known, base)
    unnamed = [
        one for one in rankings.chosen(**which) if one.slice_parameter and not any(list_slices(one, known))
    ]
    log.info("Starting %s: rankings, %d parts", format_hour(hour), len(wanted))
    got = _fetched(writer, client, settings, base, wanted)

    def write(base: AttemptBase) -> tuple[bool, AttemptBase] | None:
        # another writer may have been first, with some of it
        left = due(known, base)
        fetched = [one for one in got if (one.series, one.slice_name) in left]
        asked = spec if rankings.spec_due(base.lines, hour) else None
        if not fetched and asked is None:
            return None
        before = rankings.standing(writer.archive, base.commit, fetched)
        settled = rankings.settle(asked, fetched, unnamed if asked else [], before, writer.options.accept)
        good = not any(report["outcome"] in BAD_OUTCOMES for report in settled.reports.values())
        return good, _kept(writer, base, settled, started, notes)

    return writer.write_on_top(base, write)


def _fetched(
    writer: AttemptWriter,
    client: Client,
    settings: Settings,
    base: AttemptBase,
    wanted: list[tuple[Series, str]],
) -> list[SeriesFetch]:
    """Ask for parts of series: those with a key within what the Data API allows."""
    hour = writer.options.hour
    held = rankings.held_dates(writer.archive, base.commit, wanted)
    rate = min(
        MAX_REQUESTS_PER_MINUTE / 60, settings.per_second or MAX_REQUESTS_PER_MINUTE
    )  # also where the pace of the feeds is off
    counter = RequestCounter(writer.archive.git_dir / COUNTER_FILE, hour)
    already = max(count_requests_today(base.lines, hour), counter.count)
    took = counter.take if not writer.options.dry_run else lambda: None
    data = settings.make_client(
        writer.sleep, RequestBudget(MAX_REQUESTS_PER_DAY - already, rate, time.monotonic, writer.sleep, took)
    )
    data.deadline = client.deadline
    open_ = [one for one in wanted if not one[0].needs_key]
    keyed = [one for one in wanted if one[0].needs_key]
    return [*fetch_slices(client, open_, held, hour), *fetch_slices(data, keyed, held, hour)]


def _kept(
    writer: AttemptWriter,
    base: AttemptBase,
    settled: rankings.Settled,
    started: dt.datetime,
    notes: list[str],
) -> AttemptBase:
    """Write what was settled, with its ledger line, as one commit."""
    for name, report in settled.reports.items():
        if report["outcome"] in BAD_OUTCOMES:
            reasons = sorted(set(report["kept"].values()))
            log.error("Sync failed: rankings %s (%s)", name, ", ".join(reasons))
        else:
            log.info("Synced rankings %s, %d rows", name, report["rows"])
    there = writer.archive.read_files(base.commit, [*settled.files, *rankings.FIRST])
    files: dict[str, bytes | None] = {
        path: data for path, data in settled.files.items() if there.get(path) != data
    }
    for name, report in settled.reports.items():
        own = (data or b"" for path, data in sorted(files.items()) if series_of_path(path) == name)
        report["sha256"] = hashlib.sha256(b"".join(own)).hexdigest()
    files |= {path: data for path, data in rankings.FIRST.items() if path not in there}
    line = writer.start_line(base, started, notes)
    line["rankings"] = settled.reports
    line["relations"] = count_relations(base.snapshot)
    text = rankings.message(writer.options.hour, line["attempt"], settled)
    return writer.commit(base, line, files, settled.payloads, text)
