"""Fates: what became of every version that an import found."""

import datetime as dt
from collections import Counter
from dataclasses import dataclass
from typing import Any, Literal

from orarchive.importer.git_source import Version
from orarchive.timestamps import format_hour, format_stamp

VersionOutcome = Literal["written", "merged", "quarantined", "too-late", "out-of-order"]
"""Of a version: made an hour; left for another of its hour; refused by a check; of an hour that is archived
already, or yet to come; of an hour before that of a version committed earlier."""

SHRUNK = "shrunk"
"""The reason of a list that lost more rows than is believed; one that truly did refuses all that follow."""

ACCEPT_HINT = (
    "If you know that a list truly shrank: undo this import (see README), and import again with"
    " --accept COMMIT, the first one refused for it."
)


@dataclass(frozen=True)
class VersionResult:
    """What became of a version; `why`: the reason, or of a merged one the commit that counts instead.

    `said`: the reason with what the check found, for people; some of it is the source's own words.
    """

    version: Version
    outcome: VersionOutcome
    reason: str = ""
    detail: str = ""


@dataclass(frozen=True)
class ImportResult:
    """What an import wrote, a commit an hour on one branch, and the fate of every version, in their order."""

    branch: str
    path: str
    hours: list[dt.datetime]
    versions: list[VersionResult]


def count_outcomes(imported: ImportResult) -> dict[str, int]:
    """How many versions became what."""
    return dict(Counter(fate.outcome for fate in imported.versions))


def format_summary(imported: ImportResult) -> list[str]:
    """What was done, in lines for people; refused versions are named."""
    hours, fates = imported.hours, imported.versions
    said = ", ".join(f"{number} {became}" for became, number in count_outcomes(imported).items())
    named = [one for one in fates if one.outcome in ("quarantined", "out-of-order")]
    return [
        f"Hours on {imported.branch}: {len(hours)}, {format_hour(hours[0])} to {format_hour(hours[-1])}",
        f"Versions of {imported.path}: {len(fates)} ({said})",
        *(
            f"{one.outcome} {one.version.commit} {format_stamp(one.version.time)} {one.detail}".rstrip()
            for one in named
        ),
        *([ACCEPT_HINT] if any(one.reason == SHRUNK for one in named) else []),
    ]


def to_json(imported: ImportResult) -> dict[str, Any]:
    """The same for programs, with the fate of every version."""
    return {
        "branch": imported.branch,
        "path": imported.path,
        "first": format_stamp(imported.hours[0]),
        "last": format_stamp(imported.hours[-1]),
        "hours": len(imported.hours),
        "counts": count_outcomes(imported),
        "versions": [
            {
                "commit": one.version.commit,
                "time": format_stamp(one.version.time),
                "became": one.outcome,
                "why": one.reason,
            }
            for one in imported.versions
        ],
    }
