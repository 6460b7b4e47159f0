"""The ledger, `data/hours/`: one line for every attempt at an hour: its requests and their outcomes.

A line is written also where nothing changed: "no change" and "did not run" must not look alike.
"""

import datetime as dt
import hashlib
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Literal, NotRequired, TypedDict, cast

from orarchive.errors import ArchiveError
from orarchive.jsonl import Record, dumps, read_lines
from orarchive.store.archive import Archive
from orarchive.store.line_types import find_type_fault
from orarchive.timestamps import YEARS, floor_hour, format_stamp, parse_stamp

if TYPE_CHECKING:
    Outcome = Literal["ok", "partial", "quarantined", "failed", "retired", "not-due"]
    """The outcome of a feed: complete (up to 1 % kept), more kept, rejected, not received, its route gone for
    days, not requested."""
else:
    # When a line is read any text passes: a newer version may have written an outcome that we do not know.
    Outcome = str

BAD_OUTCOMES: tuple[Outcome, ...] = ("partial", "quarantined", "failed")
"""Outcomes with which a run ends with exit code 1, and after which the feed is due again."""

VALID_AGES = range(10**9)
"""Seconds that a response may be old, as the client reads them."""


RUN_MONTHS = 2
"""Ledger files that a run reads: this month's and the one before."""

TIME_MEMBERS = ("hour", "started", "finished")
"""Members of a line that hold a time."""


class RejectedEntry(TypedDict):
    """A payload that validation rejected, as saved in a bundle under `quarantine/`."""

    reason: str
    sha256: str
    bytes: int
    key: NotRequired[str]


class Received(TypedDict):
    """What a doubted list held, to compare it with that of the next hour."""

    rows: int
    sample: str
    """Hashes of some of its keys, the same ones for equal lists."""


class BelievedDoubt(TypedDict):
    """A doubt in spite of which a list was taken; without more it lasts from before."""

    reason: str
    detail: str
    hours: NotRequired[int]
    """Hours running that brought the like of the list, this one included."""
    accepted: NotRequired[Literal[True]]
    """A person accepted the list with `--accept`."""
    counted: NotRequired[Literal[True]]
    """The list has as many rows as `/models/count` says."""


class FeedReport(TypedDict):
    """The report of one feed in one attempt; members without content are left out."""

    outcome: Outcome
    sha256: str
    """Hash of the feed's records as they stand after this attempt (see `snapshot.hash_feed`)."""
    scope: NotRequired[str]
    rows: NotRequired[int]
    """Records as they stand after this attempt."""
    requests: NotRequired[int]
    retries: NotRequired[int]
    """Requests that were repetitions."""
    limited: NotRequired[int]
    """Requests that were answered with 429, to come back later."""
    seconds: NotRequired[float]
    age: NotRequired[Annotated[int, VALID_AGES]]
    """Largest `age` header among the responses, seconds: a body may be an hour old at the edge."""
    date: NotRequired[str]
    """Latest `date` header among the responses."""
    kept: NotRequired[dict[str, str]]
    """Fan-out feeds: requested keys whose records are from before this hour, with the reason; up to
    MAX_KEPT_NAMED of them."""
    kept_counts: NotRequired[dict[str, int]]
    """All such keys by reason, where `kept` does not name them all."""
    gone: NotRequired[int]
    """Fan-out feeds: requested keys that the service does not know, for a day or from the first."""
    reasons: NotRequired[list[str]]
    notes: NotRequired[list[str]]
    received: NotRequired[Received]
    """What was received and not believed yet."""
    believed: NotRequired[list[BelievedDoubt]]
    refused: NotRequired[list[RejectedEntry]]
    """Payloads that validation rejected, up to MAX_REFUSED_NAMED."""
    refused_counts: NotRequired[dict[str, int]]
    """All such payloads by reason, where `refused` does not name them all."""
    vanished: NotRequired[dict[str, str]]
    """Models: ids that were listed before and no longer are, with the result of requesting each by itself:
    `renamed:<id>`, `unlisted` (still served, but no longer listed), `gone`, or `unknown:<reason>`."""


class SeriesReport(TypedDict):
    """The report of one series of rankings in one attempt; members without content are left out."""

    outcome: Outcome
    scope: str
    sha256: str
    """Hash of the files that the attempt changed, one after the other by path."""
    requests: int
    rows: int
    """Rows received, of all slices."""
    read: dict[str, str]
    """Slices that were read -> the time that the service gives for its figures; "" where it gives none."""
    seconds: NotRequired[float]
    kept: NotRequired[dict[str, str]]
    """Slices that were not read, with the reason."""
    citations: NotRequired[dict[str, str]]
    """Slices -> how the service says that figures of third parties are to be cited."""
    missing: NotRequired[dict[str, list[str]]]
    """Slices -> dates that were requested and that no row has."""
    refused: NotRequired[list[RejectedEntry]]
    refused_counts: NotRequired[dict[str, int]]
    notes: NotRequired[list[str]]


class HealthEntry(TypedDict):
    """The health of endpoints as it stands after an attempt."""

    commit: str
    """The commit on the branch `health` (see `health_branch`)."""
    sha256: str
    """Hash of the file in it."""


class ImportSource(TypedDict):
    """Where an imported hour came from: a version of a file in another repository."""

    commit: str
    path: str
    merged: NotRequired[list[str]]
    """Commits of earlier versions in the same hour, which this version replaced."""


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
    """Reports by series; an attempt at rankings requests nothing else."""
    health: NotRequired[HealthEntry]
    """Missing as long as no endpoints were read."""
    notes: NotRequired[list[str]]
    source: NotRequired[ImportSource]
    previous: NotRequired[str]
    """Hash of the ledger's line before this one, which names the state that the attempt began with."""


LEDGER_GLOB = "hours/[0-9][0-9][0-9][0-9]-[0-9][0-9].jsonl"
"""Pattern of the ledger's files for git; any other file below `hours/` is the owner's."""

_LEDGER_PATH = re.compile(r"hours/[0-9]{4}-[0-9]{2}\.jsonl")


def get_ledger_path(hour: dt.datetime) -> str:
    """Return the path of an hour's ledger file, below `data/`."""
    return f"hours/{hour:%Y-%m}.jsonl"


def is_ledger_path(path: str) -> bool:
    """Return whether a path below `data/` is that of a ledger file."""
    return bool(_LEDGER_PATH.fullmatch(path))


def list_ledger_files(archive: Archive, commit: str | None) -> dict[str, str]:
    """List the ledger's files at a commit: path below `data/` -> blob hash."""
    return {name: blob for name, blob in archive.list_blobs(commit).items() if is_ledger_path(name)}


def read_attempts(
    archive: Archive, commit: str | None, months: int | None = None, until: dt.datetime | None = None
) -> list[Attempt]:
    """Read all attempts at a commit, oldest first.

    `months` limits them to the last so many files, of those up to the month of `until`.
    """
    return drop_repeats(read_all_lines(archive, commit, months, until))


def read_all_lines(
    archive: Archive, commit: str | None, months: int | None = None, until: dt.datetime | None = None
) -> list[Attempt]:
    """Read the ledger's lines at a commit as they stand in the files; limits as for `read_attempts`.

    A line may be there twice, where it was edited by hand or merged.
    """
    names = select_files(archive.list_blobs(commit), months, until)
    return parse_files(archive.read_files(commit, names), names)


def select_files(
    paths: Iterable[str], months: int | None = None, until: dt.datetime | None = None
) -> list[str]:
    """Select the ledger files among paths below `data/`, the oldest first; limits as for `read_attempts`."""
    names = sorted(filter(is_ledger_path, paths))
    last = get_ledger_path(until) if until else max(names, default="")
    return [name for name in names if name <= last][-(months or 0) :]


def parse_files(files: Mapping[str, bytes], names: Iterable[str]) -> list[Attempt]:
    """Parse some of the ledger's files (path below `data/` -> bytes) into their lines."""
    return [line for name in names for line in parse_ledger(files[name], name)]


def read_first_hour(archive: Archive, commit: str) -> str | None:
    """Read the hour (as in files) of the first line of the ledger at a commit; None where it has none."""
    for name, blob in sorted(list_ledger_files(archive, commit).items()):
        if lines := parse_ledger(archive.read_blobs([blob])[blob].partition(b"\n")[0], name):
            return lines[0]["hour"]
    return None


def drop_repeats(lines: Iterable[Attempt], earlier: Iterable[Attempt] = ()) -> list[Attempt]:
    """Return lines without those that repeat a line before them, or one of `earlier`."""
    by_hour: dict[str, list[Attempt]] = defaultdict(list)
    for line in earlier:
        by_hour[line["hour"]].append(line)
    unique = []
    for line in lines:
        if line not in by_hour[line["hour"]]:
            by_hour[line["hour"]].append(line)
            unique.append(line)
    return unique


def parse_ledger(content: bytes, name: str) -> list[Attempt]:
    """Parse the bytes of a ledger file, whose path below `data/` is `name`, into its lines.

    Raise ArchiveError, which names file, line and member, for a line that lacks what every reader relies on.
    Members that we do not know are allowed: a newer version wrote them.
    """
    lines = read_lines(content, f"data/{name}")
    for number, line in enumerate(lines, start=1):
        if fault := _find_fault(line):
            msg = f"data/{name}, line {number}: not a line of the ledger: {fault}"
            raise ArchiveError(msg)
    return cast(list[Attempt], lines)


def _find_fault(line: Record) -> str:
    """Describe the first fault of a line of the ledger; return "" for a valid line."""
    if fault := find_type_fault(line, Attempt):
        return _find_report_fault(line) or fault
    return next(filter(None, (_find_time_fault(name, line[name]) for name in TIME_MEMBERS)), "")


def _find_report_fault(line: Record) -> str:
    """Return the first fault in the reports of a line with the report's name."""
    for member, shape in (("feeds", FeedReport), ("rankings", SeriesReport)):
        reports = line.get(member)
        for name, report in reports.items() if isinstance(reports, dict) else ():
            if fault := find_type_fault(report, shape):
                return f"{member}, {name}: {fault}"
    return ""


def _find_time_fault(name: str, text: str) -> str:
    """Return why a text is not a time of the archive, or not an hour where the member is `hour`; else ""."""
    try:
        time = parse_stamp(text)
    except ValueError:
        time = None
    if time is None or time.tzinfo is None or time.year not in YEARS:
        return f"{name} is not a UTC time: {text!r} (write 2026-11-20T06:05:04Z)"
    if name == "hour" and format_stamp(floor_hour(time)) != text:
        return f"hour is not a UTC hour: {text!r} (write 2026-11-20T06:00:00Z)"
    return ""


def hash_line(line: Attempt) -> str:
    """Return the sha256 of a line of the ledger, as the next line names it."""
    return hashlib.sha256(dumps(line)).hexdigest()


def append_line(file: bytes, attempt: Attempt) -> bytes:
    """Return the bytes of a ledger file with one more line."""
    return file + dumps(attempt) + b"\n"


def get_attempt_hour(attempt: Attempt) -> dt.datetime:
    """Return the hour of an attempt, a UTC time."""
    return parse_stamp(attempt["hour"])


def list_complete_hours(lines: Iterable[Attempt], feed: str) -> set[dt.datetime]:
    """Return the hours in which a feed was read completely, in no order."""
    return {get_attempt_hour(line) for line in lines if get_feed_outcome(line, feed) == "ok"}


def get_feed_outcome(attempt: Attempt, feed: str) -> Outcome:
    """Return the outcome of a feed in an attempt; `not-due` where its line does not name the feed."""
    report = attempt["feeds"].get(feed)
    return report["outcome"] if report else "not-due"


def find_last_scope(lines: Sequence[Attempt], feed: str) -> str:
    """Return the scope (route and query) of the last attempt that read a feed completely, "" if none did."""
    read = (line["feeds"][feed] for line in reversed(lines) if get_feed_outcome(line, feed) == "ok")
    return next((report.get("scope", "") for report in read), "")
