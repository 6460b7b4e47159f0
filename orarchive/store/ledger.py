"""The ledger, `data/hours/`: one line for every attempt at an hour, what was asked and how it went.

A line is written also when nothing changed: "no change" and "did not run" must not look alike.
"""

import datetime as dt
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from decimal import Decimal
from typing import Any, Literal, NotRequired, TypedDict, get_args, get_origin, get_type_hints, is_typeddict

from orarchive.errors import ArchiveError
from orarchive.jsonl import Record, dumps, read_lines
from orarchive.store.archive import Archive
from orarchive.timestamps import YEARS, floor_hour, format_stamp, parse_stamp

Outcome = Literal["ok", "partial", "quarantined", "failed", "not-due"]
"""Of a feed in an attempt: complete (up to 1 % kept); more than that kept; refused; not had; not asked."""

BAD_OUTCOMES: tuple[Outcome, ...] = ("partial", "quarantined", "failed")
"""What is not good: a run with such a feed ends with 1, and the feed is due again."""


class RejectedEntry(TypedDict):
    """A payload that a check refused, as saved under `quarantine/`."""

    reason: str
    sha256: str
    bytes: int
    key: NotRequired[str]


class FeedReport(TypedDict):
    """How one feed fared in one attempt; members without content are left out."""

    outcome: Outcome
    sha256: str
    """Of the feed's records as they stand after this attempt (see `snapshot.sha256`)."""
    scope: NotRequired[str]
    rows: NotRequired[int]
    """Records as they stand after this attempt."""
    requests: NotRequired[int]
    retries: NotRequired[int]
    """Of these the repeated ones."""
    limited: NotRequired[int]
    """Of these those that were told to come back later (429)."""
    seconds: NotRequired[float]
    age: NotRequired[int]
    """Largest `age` header among the responses, seconds: a body may be an hour old at the edge."""
    date: NotRequired[str]
    """Latest `date` header among the responses."""
    kept: NotRequired[dict[str, str]]
    """Sweeps: asked keys whose records are from before this hour, with the reason."""
    reasons: NotRequired[list[str]]
    notes: NotRequired[list[str]]
    refused: NotRequired[list[RejectedEntry]]
    vanished: NotRequired[dict[str, str]]
    """Models: ids that were listed before and no longer are, with what asking for each by itself told:
    `renamed:<id>`, `unlisted` (still known, listed no more), `gone`, or `unknown:<reason>`."""


class SeriesReport(TypedDict):
    """How one series of rankings fared in one attempt; members without content are left out."""

    outcome: Outcome
    scope: str
    sha256: str
    """Of the files that the attempt changed, one after the other by path."""
    requests: int
    rows: int
    """Rows that came, of all parts."""
    read: dict[str, str]
    """Parts that were read -> of when the service says the figures are; "" where it does not."""
    seconds: NotRequired[float]
    kept: NotRequired[dict[str, str]]
    """Parts that were not read, with the reason."""
    citations: NotRequired[dict[str, str]]
    """Parts -> how the service says that the figures of others are to be cited."""
    missing: NotRequired[dict[str, list[str]]]
    """Parts -> dates that were asked for and that no row has."""
    refused: NotRequired[list[RejectedEntry]]
    notes: NotRequired[list[str]]


class ImportSource(TypedDict):
    """Where an imported hour came from: a version of a file in another repository."""

    commit: str
    path: str
    merged: NotRequired[list[str]]
    """Commits of earlier versions in the same hour, which this one replaced."""


class Attempt(TypedDict):
    """One line of the ledger."""

    hour: str
    attempt: int
    started: str
    finished: str
    origin: str
    version: str
    feeds: dict[str, FeedReport]
    relations: dict[str, int]
    rankings: NotRequired[dict[str, SeriesReport]]
    """By series; an attempt at rankings asks for nothing else."""
    notes: NotRequired[list[str]]
    source: NotRequired[ImportSource]


Fits = Callable[[Any], bool]
"""Whether a value is of a kind."""


def _kinds(shape: type) -> dict[str, Fits]:
    """What the members of a line are, and what is in them."""
    return {name: _kind(hint) for name, hint in get_type_hints(shape).items()}


def _kind(hint: Any) -> Fits:
    """A kind as JSON has it: an outcome is a text, a number of seconds has a token."""
    if get_origin(hint) is dict and not is_typeddict(get_args(hint)[1]):
        inner = _kind(get_args(hint)[1])
        return lambda value: isinstance(value, dict) and all(map(inner, value.values()))
    if get_origin(hint) is list:
        inner = _kind(get_args(hint)[0])
        return lambda value: isinstance(value, list) and all(map(inner, value))
    if is_typeddict(hint) or get_origin(hint) is dict:  # what is in a report is told by its name
        return _is_object
    plain = {float: (int, Decimal)}.get(hint, str if get_origin(hint) is Literal else hint)
    return lambda value: isinstance(value, plain)


def _is_object(value: Any) -> bool:
    return isinstance(value, dict)


ATTEMPT, REPORT, RANKING = _kinds(Attempt), _kinds(FeedReport), _kinds(SeriesReport)
OF_ATTEMPT, OF_REPORT = Attempt.__required_keys__, FeedReport.__required_keys__
OF_RANKING = SeriesReport.__required_keys__
MOMENTS = ("hour", "started", "finished")
VALID_AGES = range(10**9)
"""Seconds that a response may be old, as the client reads them."""


def ledger_path(hour: dt.datetime) -> str:
    """The ledger file of an hour, below `data/`."""
    return f"hours/{hour:%Y-%m}.jsonl"


LEDGER_GLOB = "hours/[0-9][0-9][0-9][0-9]-[0-9][0-9].jsonl"
"""Those files as a pattern for git; whatever else lies below `hours/` is somebody's own."""

_PATH = re.compile(r"hours/[0-9]{4}-[0-9]{2}\.jsonl")


def is_ledger_path(path: str) -> bool:
    """Whether a file below `data/` is one of the ledger."""
    return bool(_PATH.fullmatch(path))


def read_attempts(archive: Archive, commit: str | None, months: int | None = None) -> list[Attempt]:
    """All attempts at a commit, oldest first; `months` limits them to the last so many files."""
    return drop_repeats(read_all_lines(archive, commit, months))


def read_all_lines(archive: Archive, commit: str | None, months: int | None = None) -> list[Attempt]:
    """The same as they stand in the files: a hand or a merge may have put a line there twice."""
    blobs = list_ledger_files(archive, commit)
    wanted = sorted(blobs)[-months:] if months else sorted(blobs)
    contents = archive.read_blobs([blobs[name] for name in wanted])
    return [line for name in wanted for line in parse_ledger(contents[blobs[name]], name)]


def drop_repeats(lines: Iterable[Attempt], there: Iterable[Attempt] = ()) -> list[Attempt]:
    """Lines without those that stood before, among them or `there`."""
    known: dict[str, list[Attempt]] = defaultdict(list)
    for line in there:
        known[line["hour"]].append(line)
    found = []
    for line in lines:
        if line not in known[line["hour"]]:
            known[line["hour"]].append(line)
            found.append(line)
    return found


def list_ledger_files(archive: Archive, commit: str | None) -> dict[str, str]:
    """The ledger's files at a commit: path below `data/` -> blob name."""
    return {name: blob for name, blob in archive.list_blobs(commit).items() if is_ledger_path(name)}


def parse_ledger(content: bytes, name: str) -> list[Attempt]:
    """The lines of a ledger file; `name` is its path below `data/`. What is no such line is refused."""
    lines = read_lines(content, f"data/{name}")
    for number, line in enumerate(lines, start=1):
        if wrong := _wrong(line):
            msg = f"data/{name}, line {number}: not a line of the ledger: {wrong}"
            raise ArchiveError(msg)
    return lines  # type: ignore[return-value]


def _wrong(line: Record) -> str:
    """What a line lacks that every reader relies on; members that we do not know are a newer version's."""
    faults = [
        *_faults(line, ATTEMPT, OF_ATTEMPT),
        *(f"{name} is no moment" for name in MOMENTS if not _is_moment(line.get(name))),
    ]
    if faults:
        return faults[0]
    if format_stamp(floor_hour(parse_stamp(line["hour"]))) != line["hour"]:
        return "hour is no hour"
    told = (
        (name, fault)
        for reports, kinds, required in (
            (line["feeds"], REPORT, OF_REPORT),
            (line.get("rankings", {}), RANKING, OF_RANKING),
        )
        for name, report in reports.items()
        for fault in _faults(report, kinds, required)
    )
    return next((f"{name}: {fault}" for name, fault in told), "")


def _faults(found: Any, kinds: Mapping[str, Fits], required: Set[str]) -> Iterator[str]:
    """Which members are missing, or of another kind."""
    if not isinstance(found, dict):
        yield "not an object"
        return
    if missing := required - found.keys():
        yield f"{min(missing)} is missing"
    for name, value in found.items():
        if name in kinds and not kinds[name](value):
            yield f"{name} is of another kind"
    if found.get("age", 0) not in VALID_AGES:
        yield "age is none"


def _is_moment(text: Any) -> bool:
    try:
        return parse_stamp(text).tzinfo is not None and parse_stamp(text).year in YEARS
    except (ValueError, TypeError):
        return False


def append_line(file: bytes, attempt: Attempt) -> bytes:
    """A ledger file with one more line."""
    return file + dumps(attempt) + b"\n"


def attempt_hour(attempt: Attempt) -> dt.datetime:
    """The hour that an attempt was at."""
    return parse_stamp(attempt["hour"])


def good_hours(lines: Iterable[Attempt], feed: str) -> set[dt.datetime]:
    """The hours in which a feed was read completely."""
    return {attempt_hour(line) for line in lines if feed_outcome(line, feed) == "ok"}


def feed_outcome(attempt: Attempt, feed: str) -> Outcome:
    """How a feed fared; a feed that the line does not know was not asked."""
    report = attempt["feeds"].get(feed)
    return report["outcome"] if report else "not-due"


def last_scope(lines: Sequence[Attempt], feed: str) -> str:
    """What was asked for when a feed was last read completely; "" where it never was."""
    read = (line["feeds"][feed] for line in reversed(lines) if feed_outcome(line, feed) == "ok")
    return next((report.get("scope", "") for report in read), "")


def kept_keys(attempt: Attempt, feed: str) -> dict[str, str]:
    """The keys of a sweep whose records are from before that hour, with the reasons."""
    return attempt["feeds"][feed].get("kept", {}) if feed in attempt["feeds"] else {}
