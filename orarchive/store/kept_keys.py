"""The files of kept keys: `data/endpoints/kept.jsonl` and its like, one line a key of a fan-out feed.

The ledger counts the keys that an attempt did not read, and names some of them. The file names all, with the
hour since which each was not read.
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

from orarchive.domain.feeds import FanOutFeed
from orarchive.errors import ArchiveError
from orarchive.jsonl import dumps, read_lines
from orarchive.store.archive import Archive
from orarchive.store.ledger import Attempt
from orarchive.timestamps import format_stamp, parse_stamp

NOT_FOUND = ("404", "410")
"""Reasons of a key that the service does not know."""


@dataclass(frozen=True)
class KeptKey:
    """Why a key was not read, and since when."""

    reason: str
    since: str
    """The first hour of those in which it was not read, as in files."""


KeptKeys = Mapping[str, KeptKey]
"""The keys of a fan-out feed that were requested and not read."""


def parse_kept_keys(feed: FanOutFeed, content: bytes | None) -> dict[str, KeptKey]:
    """Parse the file of a feed's kept keys; None, no file, has none.

    Raise ArchiveError, which names the line, for one that the archive never wrote.
    """
    kept = {}
    for number, line in enumerate(read_lines(content or b"", f"data/{feed.kept_path}"), start=1):
        try:
            key = str(line["model"])
            kept[key] = KeptKey(str(line["reason"]), format_stamp(parse_stamp(line["since"])))
        except (KeyError, TypeError, ValueError):
            msg = f"data/{feed.kept_path}, line {number}: no model, reason and hour (the file may be deleted)"
            raise ArchiveError(msg) from None
    return kept


def format_kept_keys(kept: KeptKeys) -> bytes | None:
    """Format kept keys as the bytes of their file, sorted by key; None where there are none."""
    lines = (
        dumps({"model": key, "reason": entry.reason, "since": entry.since}) + b"\n"
        for key, entry in sorted(kept.items())
    )
    return b"".join(lines) or None


def update_kept_keys(before: KeptKeys, reasons: Mapping[str, str], hour: dt.datetime) -> dict[str, KeptKey]:
    """Return the kept keys after an hour in which keys were not read for these reasons.

    A key keeps its hour as long as it is not read.
    """
    now = format_stamp(hour)
    return {
        key: KeptKey(reason, before[key].since if key in before else now) for key, reason in reasons.items()
    }


def read_kept_reasons(
    archive: Archive, attempt: Attempt, commit: str | None, feed: FanOutFeed
) -> dict[str, str]:
    """Return the keys that an attempt did not read, with the reasons; `commit` shows the state after it.

    Most attempts name all in the ledger. Of others only those that it names are known without a commit.
    """
    report = attempt["feeds"].get(feed.name)
    if report is None:
        return {}
    if "kept_counts" not in report or commit is None:
        return report.get("kept", {})
    content = archive.read_files(commit, [feed.kept_path]).get(feed.kept_path)
    return {key: entry.reason for key, entry in parse_kept_keys(feed, content).items()}
