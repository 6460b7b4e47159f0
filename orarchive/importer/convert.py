"""From versions to hours: each version of a models file becomes an hour of this archive, or is refused."""

import datetime as dt
import hashlib
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from tqdm import tqdm

from orarchive import __version__
from orarchive.collect import validate
from orarchive.domain.changes import diff_snapshots
from orarchive.domain.feeds import FEEDS, MODELS
from orarchive.domain.relations import count_relations
from orarchive.domain.snapshot import Snapshot, hash_feed
from orarchive.errors import ArchiveError
from orarchive.importer.git_source import (
    Version,
    clone_repository,
    list_versions,
    open_blob_reader,
    repository_name,
    resolve_commits,
)
from orarchive.importer.report import SHRUNK, ImportResult, VersionResult
from orarchive.importer.rows import Rows, parse_version, rows_to_lines, rows_to_snapshot
from orarchive.importer.target import choose_target
from orarchive.store import ledger
from orarchive.store.archive import Archive
from orarchive.store.commit import archive_lock, list_first_files
from orarchive.store.commit_message import format_message
from orarchive.store.fast_import import ImportCommit, Lines, write_commits
from orarchive.store.ledger import Attempt, FeedReport, ImportSource, RejectedEntry
from orarchive.timestamps import format_hour, format_stamp


@dataclass(frozen=True)
class About:
    """What the ledger says of all versions: the source's name, the file, and the route it was read from."""

    name: str
    path: str
    scope: str


@dataclass(frozen=True)
class Group:
    """The versions of one hour, oldest first, and notes for its line in the ledger."""

    hour: dt.datetime
    versions: list[Version] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Settled:
    """What an hour comes to: its version, whether that is good, the rows as they stand, what was refused."""

    version: Version
    good: bool
    rows: Rows
    refused: list[tuple[Version, validate.RejectedPayload, RejectedEntry]]


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

    `accept` names commits of the source, or how their names begin, whose list may be much shorter than the
    one before it. Whatever is wrong raises ArchiveError and changes nothing.
    """
    about = About(name or repository_name(repository), str(PurePosixPath(path)), scope)
    choose_target(archive, about.name, now)  # what can be said before the clone
    with clone_repository(repository) as clone, open_blob_reader(clone) as read:
        found = list_versions(clone, about.path, branch)
        accepted = resolve_commits(found, about.path, accept)
        with archive_lock(archive) as notes:
            ref, parent, limit = choose_target(archive, about.name, now)
            groups, fates = _placed(found, limit)
            if not groups:
                msg = (
                    f"no version of {about.path} is of an hour before {format_hour(limit)}: nothing to import"
                )
                raise ArchiveError(msg)
            groups[0].notes[:0] = notes
            shown = tqdm(groups, desc=about.name, unit="hour", disable=not progress)
            commits = list(_commits(shown, about, read, accepted, fates))
            _refuse_nothing(about.path, fates.values())
            files = list_first_files(archive, parent)
            commits[0].files.update({file: [data] for file, data in files.items() if data})
            write_commits(archive, ref, parent, commits, now)
    on = archive.run_git("rev-parse", "--abbrev-ref", ref)
    return ImportResult(on, about.path, [one.hour for one in commits], [fates[one.commit] for one in found])


def _placed(found: Iterable[Version], limit: dt.datetime) -> tuple[list[Group], dict[str, VersionResult]]:
    """The versions by hour, and by commit the fate of those that have no place."""
    groups: list[Group] = []
    fates: dict[str, VersionResult] = {}
    notes: list[str] = []
    for one in found:
        if one.hour >= limit:
            fates[one.commit] = VersionResult(one, "too-late")
        elif groups and one.hour < groups[-1].hour:
            fates[one.commit] = VersionResult(one, "out-of-order")
            notes.append(f"out of order, left out: {one.commit} of {format_stamp(one.time)}")
        else:
            if not groups or one.hour > groups[-1].hour:
                groups.append(Group(one.hour))
            groups[-1].versions.append(one)
            groups[-1].notes.extend(notes)
            notes = []
    return groups, fates


def _refuse_nothing(path: str, fates: Collection[VersionResult]) -> None:
    """Refuse a file none of whose versions could be read: it is another one than meant."""
    if not any(one.outcome == "written" for one in fates):
        why = next(one.reason for one in fates if one.outcome == "quarantined")
        msg = f"no version of {path} is a list of models: {why}"
        raise ArchiveError(msg)


def _commits(
    groups: Iterable[Group],
    about: About,
    read: Callable[[str], bytes],
    accept: Collection[str],
    fates: dict[str, VersionResult],
) -> Iterator[ImportCommit]:
    """The commits of hours, one on top of the other; adds the fates of their versions."""
    rows: Rows = {}
    books: Lines = {}
    for group in groups:
        one = _settled(group, rows, read, accept)
        fates |= _fates(group, one)
        old, new = rows_to_lines(rows), rows_to_lines(one.rows)
        changed = {
            path: new.get(path, []) for path in old.keys() | new.keys() if old.get(path) != new.get(path)
        }
        snapshots = rows_to_snapshot(rows), rows_to_snapshot(one.rows)
        attempt = _attempt(group, one, about, snapshots[1], new)
        first = {} if rows or not one.rows else {MODELS.name: len(one.rows)}
        text = format_message(group.hour, attempt, diff_snapshots(*snapshots), first)
        book = books.setdefault(ledger.ledger_path(group.hour), [])
        book.append(ledger.append_line(b"", attempt))
        yield ImportCommit(group.hour, text, {**changed, ledger.ledger_path(group.hour): [*book]})
        rows = one.rows


def _settled(group: Group, rows: Rows, read: Callable[[str], bytes], accept: Collection[str]) -> Settled:
    """The last good version of an hour; where none is, the rows stay as they are."""
    refused: list[tuple[Version, validate.RejectedPayload, RejectedEntry]] = []
    for one in reversed(group.versions):
        data = read(one.blob)
        try:
            found = parse_version(data, rows)
            validate.check_row_count(MODELS, len(found), len(rows), one.commit in accept)
        except validate.RejectedPayload as refusal:
            digest = hashlib.sha256(data).hexdigest()
            refused.append((one, refusal, {"reason": refusal.reason, "sha256": digest, "bytes": len(data)}))
        else:
            return Settled(one, True, found, refused)
    return Settled(group.versions[-1], False, rows, refused)


def _fates(group: Group, settled: Settled) -> dict[str, VersionResult]:
    """What became of the versions of one hour."""
    fates = {one.commit: VersionResult(one, "merged", settled.version.commit) for one in group.versions}
    fates[settled.version.commit] = VersionResult(settled.version, "written")
    for one, why, _ in settled.refused:
        said = f"{why} rows" if why.reason == SHRUNK else str(why)
        fates[one.commit] = VersionResult(one, "quarantined", why.reason, said)
    return fates


def _attempt(group: Group, settled: Settled, about: About, snapshot: Snapshot, files: Lines) -> Attempt:
    """The ledger's line of an hour."""
    written = {path: b"".join(lines) for path, lines in files.items()}
    feeds: dict[str, FeedReport] = {
        name: {"outcome": "not-due", "sha256": hash_feed(feed, written)} for name, feed in FEEDS.items()
    }
    models, one, notes = feeds[MODELS.name], settled.version, [*group.notes]
    models |= {"outcome": "ok", "scope": about.scope, "rows": len(settled.rows)}
    if settled.refused:
        models["refused"] = [line for _, _, line in settled.refused]
        said = [f"{version.commit} refused: {why}" for version, why, _ in settled.refused]
        if settled.good:
            notes += [f"{line}; {one.commit} of the same hour counts" for line in said]
        else:
            reasons = sorted({why.reason for _, why, _ in settled.refused})
            models |= {"outcome": "quarantined", "reasons": reasons, "notes": said}
    source: ImportSource = {"commit": one.commit, "path": about.path}
    if merged := group.versions[: group.versions.index(one)]:
        source["merged"] = [version.commit for version in merged]
    attempt: Attempt = {
        "hour": format_stamp(group.hour),
        "attempt": 1,
        "started": format_stamp(one.time),
        "finished": format_stamp(one.time),
        "origin": f"import:{about.name}",
        "version": __version__,
        "feeds": feeds,
        "relations": count_relations(snapshot),
        "source": source,
    }
    return {**attempt, "notes": notes} if notes else attempt
