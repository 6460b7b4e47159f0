"""The report of an import: what became of each version of the file."""

import datetime as dt
from collections import Counter
from dataclasses import dataclass
from typing import Any, Literal

from orarchive.importer.git_source import Version
from orarchive.timestamps import format_hour, format_stamp

VersionOutcome = Literal["written", "merged", "quarantined", "too-late", "out-of-order", "wrong-time"]
"""Outcome of a version: it made an hour; another version of its hour counts; a validation rejected it; its
hour is archived already, or yet to come; its hour contradicts the order of most others;
it is of a year in which there was nothing to record."""

SHRUNK = "shrunk"
"""Reason of a list that lost more rows than is believed; one that truly did so rejects all that follow."""

ACCEPT_HINT = (
    "If you know that a list truly shrank: undo this import (see README), and import again with"
    " --accept COMMIT, the first one refused for it."
)


@dataclass(frozen=True)
class VersionResult:
    """The outcome of one version of the file, with its reason."""

    version: Version
    outcome: VersionOutcome
    reason: str = ""
    """The reason of a rejection; of a merged version the commit that counts instead."""
    detail: str = ""
    """The reason with details from the validation, for people; it may quote the source's text."""


@dataclass(frozen=True)
class ImportResult:
    """What an import wrote, a commit an hour on one branch, and every version's outcome, in their order."""

    branch: str
    path: str
    hours: list[dt.datetime]
    versions: list[VersionResult]


def count_outcomes(imported: ImportResult) -> dict[str, int]:
    """Count the versions by their outcome."""
    return dict(Counter(result.outcome for result in imported.versions))


def format_summary(imported: ImportResult) -> list[str]:
    """Format the result of an import as lines: the hours, the counts, and each version left out."""
    hours, versions = imported.hours, imported.versions
    counts = ", ".join(f"{count:,} {outcome}" for outcome, count in count_outcomes(imported).items())
    omitted = [
        result for result in versions if result.outcome in ("quarantined", "out-of-order", "wrong-time")
    ]
    names = dict.fromkeys(result.version.path for result in versions if result.version.path != imported.path)
    return [
        f"Hours on {imported.branch}: {len(hours):,}, {format_hour(hours[0])} to {format_hour(hours[-1])}",
        f"Versions of {imported.path}: {len(versions):,} ({counts})",
        *([f"Earlier names, followed: {', '.join(names)}"] if names else []),
        *(
            f"{result.outcome} {result.version.commit} {format_stamp(result.version.time)}"
            f" {result.detail}".rstrip()
            for result in omitted
        ),
        *([ACCEPT_HINT] if any(result.reason == SHRUNK for result in omitted) else []),
    ]


def to_json(imported: ImportResult) -> dict[str, Any]:
    """Return the result of an import as `import --json` prints it, with the outcome of every version."""
    return {
        "branch": imported.branch,
        "path": imported.path,
        "first": format_stamp(imported.hours[0]),
        "last": format_stamp(imported.hours[-1]),
        "hours": len(imported.hours),
        "counts": count_outcomes(imported),
        "versions": [
            {
                "commit": result.version.commit,
                "time": format_stamp(result.version.time),
                "became": result.outcome,
                "why": result.reason,
            }
            for result in imported.versions
        ],
    }
