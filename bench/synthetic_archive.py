"""Synthetic archives: made by one `git fast-import`, with the versions of each file one after the other.

In this order git stores each version as a delta of the one before it, and a year is made in minutes.
"""

import datetime as dt
import hashlib
from collections.abc import Iterable, Iterator
from decimal import Decimal
from itertools import chain
from pathlib import Path

from bench.measure import create_archive
from bench.synthetic import KEPT_PER_HOUR, PATHS, SyntheticData
from orarchive.domain.changes import Change
from orarchive.domain.columns import format_columns
from orarchive.domain.data_paths import HEALTH_PATH
from orarchive.domain.feeds import ENDPOINTS, FEEDS
from orarchive.domain.relations import count_relations
from orarchive.domain.snapshot import make_empty_snapshot
from orarchive.jsonl import dumps
from orarchive.store import ledger
from orarchive.store.archive import DATA_PREFIX, Archive
from orarchive.store.commit_message import format_message
from orarchive.store.fast_import import format_data, run_fast_import
from orarchive.store.health_branch import HEALTH_REF
from orarchive.store.ledger import Attempt, FeedReport, HealthEntry
from orarchive.timestamps import HOUR, format_hour, format_stamp

FIRST_HOUR = dt.datetime(2026, 5, 31, tzinfo=dt.UTC)
"""Hour 0. A year later is the last day of a month, when the ledger's file is longest."""

LATER_REF = "refs/bench/later"
"""The ref of the hours that main does not have yet."""

FileVersion = tuple[str, int, bytes]
"""A path below data/, the hour at which the file gets these bytes, and the bytes."""


def make_archive(
    folder: Path, data: SyntheticData, hours: int, later_hours: int = 0, *, has_health_lines: bool = False
) -> tuple[Archive, list[str]]:
    """Make an archive of so many hours in one pack.

    Return it with the commits of the later hours, which are loose objects, as those of live hours are. With
    `has_health_lines` health is on the main branch, a line an endpoint, as before it had its own.
    """
    archive = create_archive(folder)
    later: list[FileVersion] = []
    health: list[HealthEntry] = []
    if not has_health_lines:
        health = _import_health(archive, data, hours + later_hours)
    versions: Iterable[FileVersion] = _list_versions(data, hours + later_hours, health)
    if has_health_lines:
        versions = chain(_list_health_versions(data, hours), versions)
    versions = _split_off_later(versions, hours, later)
    _import_hours(archive, "refs/heads/main", data, range(hours), versions)
    if not later_hours:
        return archive, []
    _import_hours(archive, LATER_REF, data, range(hours, hours + later_hours), later)
    return archive, archive.run_git("rev-list", "--reverse", f"main..{LATER_REF}").split()


def _split_off_later(
    versions: Iterable[FileVersion], hours: int, later: list[FileVersion]
) -> Iterator[FileVersion]:
    """Yield the versions of the first hours, and append the others to `later`."""
    for version in versions:
        if version[1] < hours:
            yield version
        else:
            later.append(version)


def _import_health(archive: Archive, data: SyntheticData, hours: int) -> list[HealthEntry]:
    """Make the branch of health; return what the ledger says of it at each hour."""
    digests: list[str] = []

    def format_stream() -> Iterator[bytes]:
        for hour, lines in enumerate(data.health_lines(hours)):
            content = format_columns(lines, ENDPOINTS.key)
            digests.append(hashlib.sha256(content).hexdigest())
            moment = FIRST_HOUR + hour * HOUR
            author = f"bench <b@b> {moment.timestamp():.0f} +0000"
            yield f"commit {HEALTH_REF}\nauthor {author}\ncommitter {author}\n".encode()
            subject = f"Health of endpoints at {format_hour(moment)}"
            yield format_data(f"{subject}\n\nHour: {format_stamp(moment)}\nAttempt: 1\n".encode())
            yield f"M 100644 inline {DATA_PREFIX}{HEALTH_PATH}\n".encode()
            yield format_data(content)
        yield b"done\n"

    archive.run_git("config", "fastimport.unpackLimit", "1000")
    run_fast_import(archive, format_stream())
    commits = archive.run_git("rev-list", "--reverse", HEALTH_REF).split()
    return [{"commit": commit, "sha256": digest} for commit, digest in zip(commits, digests, strict=True)]


def _list_health_versions(data: SyntheticData, hours: int) -> Iterator[FileVersion]:
    for hour, lines in enumerate(data.health_lines(hours)):
        yield HEALTH_PATH, hour, b"".join(dumps(line) + b"\n" for line in lines)


def _list_versions(data: SyntheticData, hours: int, health: list[HealthEntry]) -> Iterator[FileVersion]:
    for path in PATHS:
        for hour, content in data.versions(path, hours):
            yield path, hour, content
    month, path = b"", ""
    for hour in range(hours):
        if path != (path := ledger.get_ledger_path(FIRST_HOUR + hour * HOUR)):
            month = b""
        line = build_attempt(data, hour)
        if health:
            line["health"] = health[hour]
        month = ledger.append_line(month, line)
        yield path, hour, month


def _import_hours(
    archive: Archive, ref: str, data: SyntheticData, hours: range, versions: Iterable[FileVersion]
) -> None:
    """Commit hours on top of main; the objects of a few hours stay loose, as git leaves them by default."""
    archive.run_git("config", "fastimport.unpackLimit", "1000")
    run_fast_import(archive, _format_stream(ref, data, hours, versions))


def _format_stream(
    ref: str, data: SyntheticData, hours: range, versions: Iterable[FileVersion]
) -> Iterator[bytes]:
    """Yield the input of fast-import: the blob of each version, then a commit for each hour."""
    marks: dict[tuple[int, str], int] = {}
    for path, hour, content in versions:
        marks[hour, path] = len(marks) + 1
        yield b"blob\nmark :%d\n" % len(marks)
        yield format_data(content)
    changed: dict[int, list[str]] = {hour: [] for hour in hours}
    for hour, path in marks:
        changed[hour].append(path)
    for hour in hours:
        moment = FIRST_HOUR + hour * HOUR
        changes = list(_list_changes(data, hour))
        message = format_message(moment, build_attempt(data, hour), changes, {}).encode()
        author = f"bench <b@b> {moment.timestamp():.0f} +0000"
        yield f"commit {ref}\nauthor {author}\ncommitter {author}\n".encode()
        yield format_data(message)
        if hour == hours[0] and hour:
            yield b"from refs/heads/main^0\n"
        for path in changed[hour]:
            yield f"M 100644 :{marks[hour, path]} {DATA_PREFIX}{path}\n".encode()
    yield b"done\n"


def build_attempt(data: SyntheticData, hour: int) -> Attempt:
    """Return the ledger's line of an hour."""
    moment = FIRST_HOUR + hour * HOUR
    rows = {
        "models": data.models,
        "endpoints": data.endpoints,
        "providers": 25,
        "zdr": data.endpoints // 2,
    }
    feeds: dict[str, FeedReport] = {}
    for name, feed in FEEDS.items():
        since = hour if name in ("models", "endpoints") else hour // 12 if name == "zdr" else 0
        feeds[name] = {"outcome": "not-due", "sha256": hashlib.sha256(f"{name} {since}".encode()).hexdigest()}
        if name in rows:
            seconds = int(feeds["models"]["sha256"][:3], 16) / 100
            feeds[name] |= {"outcome": "ok", "scope": feed.scope, "rows": rows[name], "age": hour * 7 % 60}
            feeds[name] |= {"requests": 1, "seconds": seconds, "date": f"{moment:%a, %d %b %Y %H:02:%S GMT}"}
    kept_models = {data.model_id(slot, hour): "503" for slot in sorted(data.kept_slots(hour))}
    notes = [f"{model}: 503 three times, its last good endpoints stay" for model in kept_models]
    feeds["endpoints"] |= {
        "requests": data.models + 2 * KEPT_PER_HOUR,
        "kept": kept_models,
        "reasons": ["503"],
    }
    feeds["endpoints"] |= {"notes": notes} if notes else {}
    if hour and (replaced := data.replaced(hour)):
        feeds["models"]["vanished"] = {data.model_id(slot, hour - 1): "gone" for slot in replaced}
    return {
        "hour": format_stamp(moment),
        "attempt": 1,
        "started": format_stamp(moment + dt.timedelta(seconds=hour % 60)),
        "finished": format_stamp(moment + dt.timedelta(seconds=170 + hour % 60)),
        "origin": "live",
        "version": "0.1.0",
        "feeds": feeds,
        "relations": dict.fromkeys(count_relations(make_empty_snapshot()), hour % 7),
    }


def _list_changes(data: SyntheticData, hour: int) -> Iterator[Change]:
    """Yield the changes of prices for the commit message."""
    old, new = (Decimal(f"0.{n % 97 + 1:09}") for n in (hour - 1, hour))
    for slot in sorted(data.edited("endpoints/prices.jsonl", hour)):
        tag = data.slots[slot][1][0][1]["tag"]
        yield Change("repriced", "endpoints", f"{data.model_id(slot, hour)}@{tag}", "prompt", old, new)
