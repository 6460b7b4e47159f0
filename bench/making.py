"""Making a synthetic archive: one `git fast-import`, each file's versions one after the other.

So git makes the delta of a version from the one before it, and a year is made in minutes.
"""

import datetime as dt
import hashlib
from collections.abc import Iterable, Iterator
from decimal import Decimal
from pathlib import Path
from subprocess import PIPE, Popen
from typing import IO

from bench.measure import fresh
from bench.world import KEPT, PATHS, World
from orarchive.domain.changes import Change
from orarchive.domain.feeds import FEEDS
from orarchive.domain.relations import count_relations
from orarchive.domain.snapshot import empty_snapshot
from orarchive.store import ledger
from orarchive.store.archive import DATA_PREFIX, Archive
from orarchive.store.commit_message import format_message
from orarchive.store.git import GIT_COMMAND, git_environment
from orarchive.store.ledger import Attempt, FeedReport
from orarchive.timestamps import HOUR, format_stamp

FIRST = dt.datetime(2026, 5, 31, tzinfo=dt.UTC)
"""Hour 0. A year later is the last day of a month, when the ledger's file is as long as it gets."""

LATER = "refs/bench/later"
"""Where the hours are that main does not have yet."""

File = tuple[str, int, bytes]
"""A path below data/, the hour from which on the file is so, and its bytes."""


def make(folder: Path, world: World, hours: int, later: int = 0) -> tuple[Archive, list[str]]:
    """An archive of so many hours in one pack, and the commits of so many more, loose as live ones are."""
    archive = fresh(folder)
    held: list[File] = []
    _import(
        archive, "refs/heads/main", world, range(hours), _before(_files(world, hours + later), hours, held)
    )
    if not later:
        return archive, []
    _import(archive, LATER, world, range(hours, hours + later), held)
    return archive, archive.run_git("rev-list", "--reverse", f"main..{LATER}").split()


def _before(files: Iterable[File], hours: int, rest: list[File]) -> Iterator[File]:
    """The files of the first hours; what comes later is put aside."""
    for one in files:
        if one[1] < hours:
            yield one
        else:
            rest.append(one)


def _files(world: World, hours: int) -> Iterator[File]:
    for path in PATHS:
        for hour, content in world.versions(path, hours):
            yield path, hour, content
    book, path = b"", ""
    for hour in range(hours):
        if path != (path := ledger.ledger_path(FIRST + hour * HOUR)):
            book = b""
        book = ledger.append_line(book, attempt(world, hour))
        yield path, hour, book


def _import(archive: Archive, ref: str, world: World, hours: range, files: Iterable[File]) -> None:
    """Commit hours on top of main; a few are left loose, as git does by itself."""
    command = [*GIT_COMMAND, "-C", str(archive.root), "-c", "fastimport.unpackLimit=1000", "fast-import"]
    with Popen(
        [*command, "--quiet", "--done", "--date-format=raw"], stdin=PIPE, env=git_environment()
    ) as process:
        assert process.stdin
        _write(process.stdin, ref, world, hours, files)
    if process.returncode:
        raise SystemExit("git fast-import failed")


def _write(to: IO[bytes], ref: str, world: World, hours: range, files: Iterable[File]) -> None:
    marks: dict[tuple[int, str], int] = {}
    for path, hour, content in files:
        marks[hour, path] = len(marks) + 1
        to.write(b"blob\nmark :%d\ndata %d\n" % (len(marks), len(content)))
        to.write(content)
    changed: dict[int, list[str]] = {hour: [] for hour in hours}
    for hour, path in marks:
        changed[hour].append(path)
    for hour in hours:
        moment = FIRST + hour * HOUR
        told = format_message(moment, attempt(world, hour), list(_changes(world, hour)), {}).encode()
        who = f"bench <b@b> {moment.timestamp():.0f} +0000"
        to.write(f"commit {ref}\nauthor {who}\ncommitter {who}\ndata {len(told)}\n".encode() + told)
        if hour == hours[0] and hour:
            to.write(b"from refs/heads/main^0\n")
        for path in changed[hour]:
            to.write(f"M 100644 :{marks[hour, path]} {DATA_PREFIX}{path}\n".encode())
    to.write(b"done\n")


def attempt(world: World, hour: int) -> Attempt:
    """The ledger's line of an hour."""
    moment = FIRST + hour * HOUR
    rows = {
        "models": world.models,
        "endpoints": world.endpoints,
        "providers": 25,
        "zdr": world.endpoints // 2,
    }
    feeds: dict[str, FeedReport] = {}
    for name, feed in FEEDS.items():
        since = hour if name in ("models", "endpoints") else hour // 12 if name == "zdr" else 0
        feeds[name] = {"outcome": "not-due", "sha256": hashlib.sha256(f"{name} {since}".encode()).hexdigest()}
        if name in rows:
            seconds = int(feeds["models"]["sha256"][:3], 16) / 100
            feeds[name] |= {"outcome": "ok", "scope": feed.scope, "rows": rows[name], "age": hour * 7 % 60}
            feeds[name] |= {"requests": 1, "seconds": seconds, "date": f"{moment:%a, %d %b %Y %H:02:%S GMT}"}
    kept = {world.id(place, hour): "503" for place in sorted(world.kept(hour))}
    notes = [f"{model}: 503 three times, its last good endpoints stay" for model in kept]
    feeds["endpoints"] |= {"requests": world.models + 2 * KEPT, "kept": kept, "reasons": ["503"]}
    feeds["endpoints"] |= {"notes": notes} if notes else {}
    if hour and (gone := world.turned(hour)):
        feeds["models"]["vanished"] = {world.id(place, hour - 1): "gone" for place in gone}
    return {
        "hour": format_stamp(moment),
        "attempt": 1,
        "started": format_stamp(moment + dt.timedelta(seconds=hour % 60)),
        "finished": format_stamp(moment + dt.timedelta(seconds=170 + hour % 60)),
        "origin": "live",
        "version": "0.1.0",
        "feeds": feeds,
        "relations": dict.fromkeys(count_relations(empty_snapshot()), hour % 7),
    }


def _changes(world: World, hour: int) -> Iterator[Change]:
    """What the message tells: prices, and who came and went."""
    old, new = (Decimal(f"0.{n % 97 + 1:09}") for n in (hour - 1, hour))
    for place in sorted(world.edited("endpoints/prices.jsonl", hour)):
        tag = world.places[place][1][0][1]["tag"]
        yield Change("repriced", "endpoints", f"{world.id(place, hour)}@{tag}", "prompt", old, new)
