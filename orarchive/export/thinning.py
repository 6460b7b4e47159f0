"""Thinning: cut old health off its branch, once the months that it is of are exported."""

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from orarchive.errors import ArchiveError
from orarchive.export.export import export_archive
from orarchive.export.manifest import Manifest
from orarchive.export.months import is_intact
from orarchive.export.readme import describe_lost_health
from orarchive.export.schemas import HEALTH
from orarchive.history.health import CUT, READ, stream_attempt_health
from orarchive.history.history import History, read_history
from orarchive.index.cut_health import format_cut_file
from orarchive.index.database import open_index
from orarchive.store.archive import Archive
from orarchive.store.health_branch import HEALTH_REF
from orarchive.store.health_commits import align_branch, cut_branch
from orarchive.timestamps import format_hour, format_stamp, parse_stamp


@dataclass(frozen=True)
class Thinning:
    """What was cut off: the hour before which no health is left, and the number of commits."""

    hour: dt.datetime
    commits: int


def thin_health(
    archive: Archive,
    out: Path,
    keep: dt.timedelta,
    cache: Path | None = None,
    *,
    jobs: int = 1,
    lost_hours: Collection[dt.datetime] = (),
) -> Thinning:
    """Cut off the months of health that lie wholly before the last hour less `keep`; export them first.

    `lost_hours` are hours whose health may be missing in the export because the archive has lost it. Raise
    ArchiveError, with nothing cut, where the export lacks a month or any other hour afterwards, or where this
    clone lacks the branch.
    """
    history = read_history(archive)
    last = history.attempt_commits[-1].hour
    hour = (last - keep).replace(day=1, hour=0)
    align_branch(archive, history.attempts)
    if archive.resolve_commit(HEALTH_REF) is None:
        msg = "this clone lacks the branch health; git fetch origin +health:health brings it"
        raise ArchiveError(msg)
    manifest, _ = export_archive(archive, out, cache, jobs=jobs)
    states = _list_states(history, hour)
    readable = {month for month, state in states if state == READ}
    if missing := sorted(readable - _list_exported(manifest, out)):
        msg = f"nothing is cut off: {out} lacks the health of {', '.join(missing)}, which cannot be exported"
        raise ArchiveError(msg)
    months = {month for month, state in states if state != CUT}
    accepted = {format_stamp(lost_hour) for lost_hour in lost_hours}
    lost = [
        entry for entry in manifest.lost_health if entry.hour[:7] in months and entry.hour not in accepted
    ]
    if lost:
        options = " ".join(f"--lost {format_hour(parse_stamp(entry.hour))}" for entry in lost)
        msg = (
            f"nothing is cut off: {describe_lost_health(lost)}, so {out} lacks it, too; to cut off what is"
            f" left of these months all the same, name the hours: {options}"
        )
        raise ArchiveError(msg)
    with open_index(archive, cache) as db:
        figures = format_cut_file(db, format_stamp(hour))
    return Thinning(hour, cut_branch(archive, hour, history.attempts, figures))


def _list_states(history: History, hour: dt.datetime) -> set[tuple[str, str]]:
    """List the months before an hour with health, each with the states of its attempts."""
    attempts = [attempt for attempt in history.attempt_commits if attempt.hour < hour]
    states = stream_attempt_health(history.archive, attempts)
    return {
        (attempt.attempt["hour"][:7], health.state)
        for attempt, health in zip(attempts, states, strict=True)
        if health
    }


def _list_exported(manifest: Manifest, out: Path) -> set[str]:
    """List the months whose files are in an export as its manifest says."""
    return {entry.period for entry in manifest.files if entry.table == HEALTH.name and is_intact(out, entry)}


def describe(thinning: Thinning) -> str:
    """Say in one sentence what was cut off."""
    if not thinning.commits:
        return f"No health before {format_hour(thinning.hour)} is left to cut off"
    return f"Cut off {thinning.commits:,} commits of health before {format_hour(thinning.hour)}"
