"""Convert versions to hours: each version of a models file becomes an hour of this archive or is rejected."""

import datetime as dt
from bisect import bisect_right
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import PurePosixPath

from tqdm import tqdm

from orarchive.collect.feed_merge import complete_reports, count_first_records, merge_list
from orarchive.collect.merge_result import build_ledger_line, report_rejection
from orarchive.collect.plausibility import RecentReads
from orarchive.collect.results import FetchResult, ListFetch
from orarchive.collect.validate import validate_result
from orarchive.domain.changes import diff_snapshots
from orarchive.domain.feeds import MODELS
from orarchive.domain.scopes import mark_returned
from orarchive.domain.snapshot import Snapshot
from orarchive.errors import ArchiveError
from orarchive.importer.git_source import (
    Version,
    clone_repository,
    get_repository_name,
    list_versions,
    open_blob_reader,
    resolve_commits,
)
from orarchive.importer.report import SHRUNK, ImportResult, VersionResult
from orarchive.importer.rows import ParsedVersion, Rows, build_snapshot, collect_lines, parse_version
from orarchive.importer.target import choose_target
from orarchive.jsonl import Record
from orarchive.store import ledger
from orarchive.store.archive import Archive
from orarchive.store.commit import archive_lock, list_first_files
from orarchive.store.commit_message import format_message
from orarchive.store.fast_import import ImportCommit, Lines, write_commits
from orarchive.store.ledger import Attempt, FeedReport
from orarchive.timestamps import DAY, YEARS, format_hour, format_stamp


@dataclass(frozen=True)
class Source:
    """What every ledger line says of the source: its name, the file, and the route it was read from."""

    name: str
    path: str
    scope: str


@dataclass(frozen=True)
class HourVersions:
    """The versions of one hour, oldest first, and notes for its ledger line."""

    hour: dt.datetime
    versions: list[Version] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class MergedHour:
    """The versions of one hour, merged."""

    version: Version
    """The version that counts: the last good one, or where none is good the last one."""
    rows: Rows
    """The rows as they stand after the hour."""
    report: FeedReport
    """How the models fared; `complete_reports` adds the rest."""
    rejected_versions: list[tuple[Version, FetchResult[list[Record]]]]
    """Versions that were rejected, newest first."""

    @property
    def is_good(self) -> bool:
        """Return whether a version of the hour was written: none was, if all were rejected."""
        return self.report["outcome"] == "ok"


def import_versions(
    archive: Archive,
    repository: str,
    path: str,
    now: dt.datetime,
    *,
    name: str | None = None,
    branch: str | None = None,
    scope: str = MODELS.route,
    accept: Collection[str] = (),
    progress: bool = False,
) -> ImportResult:
    """Write every version of a models file as an hour: into an archive without hours, or else beside it.

    `accept` names commits of the source, whole or abbreviated, whose list may shrink by more than a fifth.
    Raise ArchiveError for wrong arguments or a source that cannot be read; then nothing is changed.
    """
    source = Source(name or get_repository_name(repository), str(PurePosixPath(path)), scope)
    # A wrong name is refused before the clone, which may take minutes.
    choose_target(archive, source.name, now)
    with clone_repository(repository) as clone, open_blob_reader(clone) as read:
        versions = list_versions(clone, source.path, branch)
        accepted = resolve_commits(versions, source.path, accept)
        with archive_lock(archive) as notes:
            ref, parent, limit = choose_target(archive, source.name, now)
            hours, results = _group_by_hour(versions, limit, now)
            if not hours:
                wrong = sum(result.outcome == "wrong-time" for result in results.values())
                msg = (
                    f"no version of {source.path} is of a possible hour before {format_hour(limit)}"
                    f" ({wrong:,} of {len(versions):,} have an impossible time): nothing to import"
                )
                raise ArchiveError(msg)
            hours[0].notes[:0] = notes
            bar = tqdm(hours, desc=source.name, unit="hour", disable=not progress)
            commits = list(_build_commits(bar, source, read, accepted, results))
            _refuse_without_models(source.path, results.values())
            first_files = list_first_files(archive, parent)
            commits[0].files.update({file: [data] for file, data in first_files.items() if data})
            write_commits(archive, ref, parent, commits, now)
    return ImportResult(
        archive.run_git("rev-parse", "--abbrev-ref", ref),
        source.path,
        [commit.hour for commit in commits],
        [results[version.commit] for version in versions],
    )


def _group_by_hour(
    versions: Iterable[Version], limit: dt.datetime, now: dt.datetime
) -> tuple[list[HourVersions], dict[str, VersionResult]]:
    """Group versions by hour, oldest first; return also the results, by commit, of those without an hour.

    Those are versions of an hour at or after the limit, of a year before YEARS or a time over a day from
    `now`, and those that contradict the order of most others: a clock that was ahead costs its commit, not
    all that follow.
    """
    hours: list[HourVersions] = []
    results: dict[str, VersionResult] = {}
    notes: list[str] = []
    versions = list(versions)
    dated = [version for version in versions if version.time.year >= YEARS[0] and version.hour < limit]
    ordered = {version.commit for version in _list_longest_order(dated)}
    for version in versions:
        if version.time.year < YEARS[0] or version.time > now + DAY:
            results[version.commit] = VersionResult(version, "wrong-time")
            notes.append(f"of no possible time, left out: {version.commit} of {format_stamp(version.time)}")
        elif version.hour >= limit:
            results[version.commit] = VersionResult(version, "too-late")
        elif version.commit not in ordered:
            results[version.commit] = VersionResult(version, "out-of-order")
            notes.append(f"out of order, left out: {version.commit} of {format_stamp(version.time)}")
        else:
            if not hours or version.hour > hours[-1].hour:
                hours.append(HourVersions(version.hour))
            hours[-1].versions.append(version)
            hours[-1].notes.extend(notes)
            notes = []
    return hours, results


def _list_longest_order(versions: Sequence[Version]) -> list[Version]:
    """Return the most versions whose hours never go back, in their order; of several choices the earliest."""
    lengths: list[int] = []
    """How many versions, from each one on, can follow each other; the last version comes first."""
    starts: list[float] = []
    """For each length the latest hour, negated, with which such a row can begin."""
    for version in reversed(versions):
        hour = -version.hour.timestamp()
        length = bisect_right(starts, hour)
        starts[length : length + 1] = [hour]
        lengths.append(length)
    chosen: list[Version] = []
    for version, length in zip(versions, reversed(lengths), strict=True):
        is_next = length == len(starts) - 1 - len(chosen)
        if is_next and (not chosen or version.hour >= chosen[-1].hour):
            chosen.append(version)
    return chosen


def _refuse_without_models(path: str, results: Collection[VersionResult]) -> None:
    """Refuse a file of which no version is a list of models: it is probably not the one that was meant."""
    if not any(result.outcome == "written" for result in results):
        reason = next(result.reason for result in results if result.outcome == "quarantined")
        msg = f"no version of {path} is a list of models: {reason}"
        raise ArchiveError(msg)


def _build_commits(
    hours: Iterable[HourVersions],
    source: Source,
    read: Callable[[str], bytes],
    accept: Collection[str],
    results: dict[str, VersionResult],
) -> Iterator[ImportCommit]:
    """Yield the commits of hours, each on top of the last; add the results of their versions."""
    rows: Rows = {}
    snapshot = build_snapshot(rows)
    lines: Lines = {}
    ledgers: Lines = {}
    vanished: set[str] = set()
    for hour in hours:
        merged = _merge_hour(hour.versions, rows, snapshot, read, accept)
        results |= _list_results(hour, merged)
        new_snapshot, new_lines = build_snapshot(merged.rows), collect_lines(merged.rows)
        changed = {
            path: new_lines.get(path, [])
            for path in lines.keys() | new_lines.keys()
            if lines.get(path) != new_lines.get(path)
        }
        line = _build_ledger_line(hour, merged, source, new_snapshot, new_lines)
        first = count_first_records(line["feeds"], snapshot, new_snapshot)
        changes = mark_returned(diff_snapshots(snapshot, new_snapshot), vanished)
        vanished |= {key for (key,) in snapshot[MODELS.name].keys() - new_snapshot[MODELS.name].keys()}
        message = format_message(hour.hour, line, changes, first)
        path = ledger.get_ledger_path(hour.hour)
        ledgers.setdefault(path, []).append(ledger.append_line(b"", line))
        yield ImportCommit(hour.hour, message, {**changed, path: [*ledgers[path]]})
        rows, snapshot, lines = merged.rows, new_snapshot, new_lines


def _merge_hour(
    versions: list[Version],
    rows: Rows,
    snapshot: Snapshot,
    read: Callable[[str], bytes],
    accept: Collection[str],
) -> MergedHour:
    """Merge the last good version of an hour into a snapshot; where none is good, the rows stay as they are.

    `rows` are those of the snapshot, and `accept` holds the commits whose list may shrink.
    """
    rejected: list[tuple[Version, FetchResult[list[Record]]]] = []
    report: FeedReport = {"outcome": "quarantined", "sha256": ""}
    for version in reversed(versions):
        data = read(version.blob)
        parsed = validate_result(FetchResult(data, raw=data), lambda data: parse_version(data, rows))
        fetched = ListFetch(MODELS, validate_result(parsed, _list_records), seconds=0)
        if parsed.body is not None:
            fetched = replace(fetched, faults=parsed.body.faults, total_count=parsed.body.total_count)
        # Versions may lie months apart: only a loss is judged, and only against the version before.
        recent = RecentReads(len(snapshot[MODELS.name]), judges_growth=False)
        merged = merge_list(fetched, snapshot, recent, accepted=version.commit in accept)
        report = merged.report
        if parsed.body is not None and report["outcome"] == "ok":
            return MergedHour(version, parsed.body.rows, report, rejected)
        rejected += [(version, result) for _, result in merged.rejected_responses]
    return MergedHour(versions[-1], rows, report, rejected)


def _list_records(version: ParsedVersion) -> list[Record]:
    """Return the records of a version, in the order of its rows."""
    return [row.record for row in version.rows.values()]


def _list_results(hour: HourVersions, merged: MergedHour) -> dict[str, VersionResult]:
    """List the result of each version of an hour (merged, written or quarantined), by commit."""
    results = {
        version.commit: VersionResult(version, "merged", merged.version.commit) for version in hour.versions
    }
    results[merged.version.commit] = VersionResult(merged.version, "written")
    for version, result in merged.rejected_versions:
        detail = f"{result.detail} rows" if result.reason == SHRUNK else result.detail
        results[version.commit] = VersionResult(version, "quarantined", str(result.reason), detail)
    return results


def _build_ledger_line(
    hour: HourVersions, merged: MergedHour, source: Source, snapshot: Snapshot, lines: Lines
) -> Attempt:
    """Build the ledger line of an hour, from its snapshot and the lines of its files."""
    version, notes = merged.version, [*hour.notes]
    if merged.is_good:
        notes += [f"{note}; {version.commit} of the same hour counts" for note in _describe_rejected(merged)]
    files = {path: b"".join(parts) for path, parts in lines.items()}
    reports = {MODELS.name: _report_models(merged, source)}
    line = build_ledger_line(
        hour.hour,
        snapshot,
        complete_reports(reports, snapshot, files),
        started=version.time,
        finished=version.time,
        origin=f"import:{source.name}",
        notes=notes,
    )
    line["source"] = {"commit": version.commit, "path": version.path}
    if earlier := hour.versions[: hour.versions.index(version)]:
        line["source"]["merged"] = [version.commit for version in earlier]
    return line


def _report_models(merged: MergedHour, source: Source) -> FeedReport:
    """Build the report of the models for an hour's ledger line; its rejected versions are part of it."""
    report: FeedReport = {**merged.report, "scope": source.scope}
    for _, result in merged.rejected_versions:
        report_rejection(report, result)
    if not merged.is_good:
        report["reasons"] = sorted({str(result.reason) for _, result in merged.rejected_versions})
        report["notes"] = _describe_rejected(merged)
    return report


def _describe_rejected(merged: MergedHour) -> list[str]:
    """Describe the rejected versions of an hour, newest first."""
    return [f"{version.commit} refused: {result.detail}" for version, result in merged.rejected_versions]
