"""Fates: what became of every version that an import found."""

import datetime as dt
from collections import Counter
from dataclasses import dataclass
from typing import Any, Literal

from orarchive.importer.git_source import Version
from orarchive.timestamps import prose, stamp

Became = Literal["written", "merged", "quarantined", "too-late", "out-of-order"]
"""Of a version: made an hour; left for another of its hour; refused by a check; of an hour that is archived
already, or yet to come; of an hour before that of a version committed earlier."""

SHRUNK = "shrunk"
"""The reason of a list that lost more rows than is believed; one that truly did refuses all that follow."""

ACCEPT = (
    "If you know that a list truly shrank: undo this import (see README), and import again with"
    " --accept COMMIT, the first one refused for it."
)


@dataclass(frozen=True)
class Fate:
    """What became of a version; `why`: the reason, or of a merged one the commit that counts instead.

    `said`: the reason with what the check found, for people; some of it is the source's own words.
    """

    version: Version
    became: Became
    why: str = ""
    said: str = ""


@dataclass(frozen=True)
class Imported:
    """What an import wrote, a commit an hour on one branch, and the fate of every version, in their order."""

    branch: str
    path: str
    hours: list[dt.datetime]
    fates: list[Fate]


def counts(imported: Imported) -> dict[str, int]:
    """How many versions became what."""
    return dict(Counter(fate.became for fate in imported.fates))


def summary(imported: Imported) -> list[str]:
    """What was done, in lines for people; refused versions are named."""
    hours, fates = imported.hours, imported.fates
    said = ", ".join(f"{number} {became}" for became, number in counts(imported).items())
    named = [one for one in fates if one.became in ("quarantined", "out-of-order")]
    return [
        f"Hours on {imported.branch}: {len(hours)}, {prose(hours[0])} to {prose(hours[-1])}",
        f"Versions of {imported.path}: {len(fates)} ({said})",
        *(
            f"{one.became} {one.version.commit} {stamp(one.version.time)} {one.said}".rstrip()
            for one in named
        ),
        *([ACCEPT] if any(one.why == SHRUNK for one in named) else []),
    ]


def as_json(imported: Imported) -> dict[str, Any]:
    """The same for programs, with the fate of every version."""
    return {
        "branch": imported.branch,
        "path": imported.path,
        "first": stamp(imported.hours[0]),
        "last": stamp(imported.hours[-1]),
        "hours": len(imported.hours),
        "counts": counts(imported),
        "versions": [
            {
                "commit": one.version.commit,
                "time": stamp(one.version.time),
                "became": one.became,
                "why": one.why,
            }
            for one in imported.fates
        ],
    }
