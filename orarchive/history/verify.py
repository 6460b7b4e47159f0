"""Verify: check that the records in git are those that were received.

For every hour the bytes of each feed are hashed as they lie in git and compared with the ledger; all commits
are replayed, and the resulting state is compared with the files at the tip. Between two hours, and after the
last one, nothing may have changed: the next hour would take an edit by hand for something received. And the
ledger must name each attempt once.
"""

import datetime as dt
import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice, pairwise

from orarchive.domain.data_paths import KEPT_FILES, SNAPSHOT_FILES
from orarchive.domain.feeds import FEEDS, CopyFeed, FanOutFeed
from orarchive.domain.ranking_series import get_series_of_path
from orarchive.domain.snapshot import hash_feed
from orarchive.history.attempts import AttemptCommit, list_committed_lines, list_tips, refuse_shallow
from orarchive.history.coverage import find_gaps
from orarchive.history.history import History
from orarchive.history.replay import ReplayState, replay
from orarchive.history.verify_health import check_health
from orarchive.progress import show_progress
from orarchive.store import ledger
from orarchive.store.archive import DATA_PREFIX, Archive
from orarchive.store.git import stream_git
from orarchive.store.ledger import (
    Attempt,
    SeriesReport,
    get_attempt_hour,
    get_feed_outcome,
    list_complete_hours,
)
from orarchive.timestamps import HOUR, format_hour

UNCHANGED_OUTCOMES = ("not-due", "failed", "quarantined", "retired")
"""Outcomes of a list that leave it as it was."""

Tree = dict[str, str]
"""The blobs of a commit: path below data/ -> blob hash, "" for a file that was removed."""

NO_ERRORS = ("attempts", "gaps", "health_absent", "health_extra")
"""Members of the findings that tell of no error."""

BATCH_COMMITS = 16
"""Commits whose files are read together: some dozen megabytes."""


@dataclass
class Findings:
    """What differs, and what no attempt recorded; hours as in prose. `verify --json` prints the members."""

    attempts: int = 0
    differs: list[str] = field(default_factory=list)
    """Feeds whose bytes are not those that the ledger hashed: `hour feed`."""
    broken: list[str] = field(default_factory=list)
    """Commits that cannot be read, with the reason."""
    by_hand: list[str] = field(default_factory=list)
    """Feeds that changed other than by an attempt, with the last hour before that: `hour feed`."""
    in_doubt: list[str] = field(default_factory=list)
    """Hours of the ledger whose state no commit shows."""
    unchained: list[str] = field(default_factory=list)
    """Attempts whose line names another line before it than the ledger has: one was edited, or is missing."""
    rewritten: list[str] = field(default_factory=list)
    """Attempts whose line is not the one that was committed first, or is missing at the ledger's begin."""
    twice: list[str] = field(default_factory=list)
    """Attempts that have more than one line in the ledger."""
    replayed: list[str] = field(default_factory=list)
    """Files at the tip that differ from the replayed state."""
    gaps: list[str] = field(default_factory=list)
    """Stretches without a good hour of any hourly feed: no error, for they cannot be filled."""

    health_lost: list[str] = field(default_factory=list)
    """Hours whose health the branch `health` lacks, although it was not cut off."""
    health_absent: int = 0
    """Attempts whose health is not here: it was cut off, or this clone lacks the branch. No error."""
    health_extra: list[str] = field(default_factory=list)
    """Commits of the branch `health` that the ledger does not name: of reverted hours, say. No error."""

    @property
    def wrong(self) -> bool:
        """Return whether anything was found that is an error."""
        return any(value for name, value in vars(self).items() if name not in NO_ERRORS)


def verify(history: History, progress: bool = False) -> Findings:
    """Check every attempt of an archive; raise ArchiveError for a shallow clone, which lacks most of them."""
    refuse_shallow(history.archive)
    tips = list_tips(history.archive, history.head)
    ledgers = [ledger.read_all_lines(history.archive, tip) for tip in tips]
    findings = Findings(
        attempts=len(history.attempt_commits),
        by_hand=list(_find_manual_changes(history)),
        unchained=list(_find_unchained(ledgers)),
        rewritten=[
            name
            for tip, lines in zip(tips, ledgers, strict=True)
            for name in _find_rewritten(history.archive, tip, lines)
        ],
        twice=_find_repeated_attempts(ledgers),
        gaps=list(_find_gaps(history)),
    )
    _verify_replay(history, findings)
    health = check_health(history)
    findings.differs += [f"{_format_attempt(attempt)} health" for attempt in health.damaged]
    findings.health_lost = [_format_attempt(attempt) for attempt in health.lost]
    findings.health_absent, findings.health_extra = health.absent, health.extra
    visible = [attempt for attempt in history.attempt_commits if attempt.commit]
    hashed = _hash_feeds(history.archive, _verify_rankings(history, findings, visible))
    for attempt, hashes in show_progress(hashed, progress, "Verifying", "hour", len(visible)):
        for name, report in attempt.attempt["feeds"].items():
            if name in FEEDS and report["sha256"] != hashes[name]:
                findings.differs.append(f"{_format_attempt(attempt)} {name}")
    return findings


def _format_attempt(attempt: AttemptCommit) -> str:
    return _format_number(attempt.hour, attempt.attempt["attempt"])


def _format_number(hour: dt.datetime, number: int) -> str:
    """Name an attempt by its hour, and by its number where it is not the first at that hour."""
    return format_hour(hour) + (f" attempt {number}" if number > 1 else "")


def _find_unchained(ledgers: list[list[Attempt]]) -> Iterator[str]:
    """Yield the attempts whose line does not name the line before it in its ledger."""
    for lines in ledgers:
        for before, line in zip([None, *lines], lines, strict=False):
            if "previous" in line and (before is None or line["previous"] != ledger.hash_line(before)):
                yield _format_number(get_attempt_hour(line), line["attempt"])


def _find_rewritten(archive: Archive, tip: str, lines: list[Attempt]) -> Iterator[str]:
    """Yield the attempts of a ledger whose line was edited after it was committed.

    Lines that are missing before the first one are named, too; a later one may have been reverted.
    """
    first: dict[tuple[dt.datetime, int], str] = {}
    for line in list_committed_lines(archive, tip):
        first.setdefault((get_attempt_hour(line), line["attempt"]), ledger.hash_line(line))
    now: dict[tuple[dt.datetime, int], set[str]] = {}
    for line in lines:
        now.setdefault((get_attempt_hour(line), line["attempt"]), set()).add(ledger.hash_line(line))
    for attempt, digest in sorted(first.items()):
        if digest not in now[attempt] if attempt in now else attempt < min(now):
            yield _format_number(*attempt)


def _find_repeated_attempts(ledgers: list[list[Attempt]]) -> list[str]:
    """Find the attempts that have more than one line in the ledgers."""
    counts = Counter((get_attempt_hour(line), line["attempt"]) for lines in ledgers for line in lines)
    return [_format_number(*attempt) for attempt, count in sorted(counts.items()) if count > 1]


def _verify_replay(history: History, findings: Findings) -> None:
    """Replay all changes, and compare the resulting lines with the files at the tip."""
    state = ReplayState()
    for step in replay(history.archive, history.attempt_commits, None, state):
        attempt = step.attempt_commit
        if attempt.commit is None:
            findings.in_doubt.append(f"{_format_attempt(attempt)}: {step.broken_reason}")
        elif step.broken_reason:
            findings.broken.append(f"{_format_attempt(attempt)} {attempt.commit[:10]}: {step.broken_reason}")
    tip = history.archive.read_files(history.commit, SNAPSHOT_FILES)
    for path in SNAPSHOT_FILES:
        lines = {line.text for line in state.files[path].values()}
        if lines != {*tip.get(path, b"").split(b"\n")} - {b""}:
            findings.replayed.append(path)


def _find_manual_changes(history: History) -> Iterator[str]:
    """Yield the feeds that changed without an attempt that read them: between attempts or after the last."""
    parents = _read_parents(history)
    for previous, attempt in pairwise(history.attempt_commits):
        if previous.attempt["origin"] == attempt.attempt["origin"]:
            changed = {*_find_changed_lists(previous, attempt)}
            parent = parents.get(str(attempt.commit))
            if previous.commit and parent and parent != previous.commit:
                by_hand = _find_changed_feeds(history.archive, previous.commit, parent)
                changed |= {name for name in by_hand if _has_older_records(attempt, name)}
                yield from (
                    f"{_format_attempt(previous)} {path}"
                    for path in _find_changed_paths(history.archive, previous.commit, parent)
                    if path in KEPT_FILES or get_series_of_path(path) in attempt.attempt.get("rankings", {})
                )
            yield from (f"{_format_attempt(previous)} {name}" for name in FEEDS if name in changed)
    # Where only imported pasts have hours, HEAD is another branch and need not hold their files.
    if history.archive.is_ancestor(history.commit, history.head):
        last = _format_attempt(history.attempt_commits[-1])
        changed = _find_changed_feeds(history.archive, history.commit, history.head)
        yield from (f"{last} {name}" for name in FEEDS if name in changed)


def _has_older_records(attempt: AttemptCommit, feed: str) -> bool:
    """Return whether an attempt left records of a feed as they were; what it read replaced all others."""
    report = attempt.attempt["feeds"].get(feed)
    if report is None or report["outcome"] in UNCHANGED_OUTCOMES or report.get("kept"):
        return True
    # A repair asks only for what an earlier attempt at the same hour, or day, has not read.
    is_repair = attempt.attempt["attempt"] > 1 or FEEDS[feed].cadence == "daily"
    return isinstance(FEEDS[feed], FanOutFeed) and is_repair


def _read_parents(history: History) -> dict[str, str]:
    """Return the first parent of each attempt's commit, which holds the files that the attempt began with."""
    commits = [attempt.commit for attempt in history.attempt_commits if attempt.commit]
    command = ("rev-list", "--no-walk=unsorted", "--parents", "--stdin")
    request = "".join(f"{commit}\n" for commit in commits).encode()
    lines = (line.decode().split() for line in stream_git(history.archive.root, *command, stdin=request))
    return {commit: parents[0] for commit, *parents in lines if parents}


def _find_changed_feeds(archive: Archive, before: str, after: str) -> set[str]:
    """Find the feeds with files that differ between two commits."""
    paths = {*_find_changed_paths(archive, before, after)}
    return {name for name, feed in FEEDS.items() if paths.intersection(feed.files)}


def _find_changed_paths(archive: Archive, before: str, after: str) -> list[str]:
    """Find the files below data/ that differ between two commits."""
    old, new = (archive.list_blobs(commit) for commit in (before, after))
    return sorted(path for path in old.keys() | new.keys() if old.get(path) != new.get(path))


def _find_changed_lists(previous: AttemptCommit, attempt: AttemptCommit) -> Iterator[str]:
    """Yield the lists whose hash changed with an attempt that did not read them."""
    for name, feed in FEEDS.items():
        # The lines of a fan-out feed, and of a feed that copies one, change with those of another feed.
        if (
            isinstance(feed, FanOutFeed | CopyFeed)
            or get_feed_outcome(attempt.attempt, name) not in UNCHANGED_OUTCOMES
        ):
            continue
        before, after = (commit.attempt["feeds"].get(name) for commit in (previous, attempt))
        if before and after and before["sha256"] != after["sha256"]:
            yield name


def _verify_rankings(
    history: History, findings: Findings, visible: list[AttemptCommit]
) -> Iterator[tuple[AttemptCommit, Tree]]:
    """Yield every attempt with its commit's tree, and compare its rankings with the ledger on the way.

    At the end compare those at the tip, which nothing may have changed since the last attempt.
    """
    archive = history.archive
    before: dict[str, str] = {}
    previous: AttemptCommit | None = None
    for attempt, tree in zip(visible, _stream_trees(archive, visible), strict=True):
        now = {path: blob for path, blob in tree.items() if blob and get_series_of_path(path)}
        reports = attempt.attempt.get("rankings", {})
        by_hand, differing = _compare_rankings(archive, before, now, reports)
        findings.by_hand += [f"{_format_attempt(previous or attempt)} {path}" for path in by_hand]
        findings.differs += [f"{_format_attempt(attempt)} rankings {name}" for name in differing]
        before, previous = now, attempt
        yield attempt, tree
    if previous and archive.is_ancestor(history.commit, history.head):
        blobs = archive.list_blobs(history.head)
        now = {path: blob for path, blob in blobs.items() if get_series_of_path(path)}
        by_hand, _ = _compare_rankings(archive, before, now, {})
        findings.by_hand += [f"{_format_attempt(previous)} {path}" for path in by_hand]


def _compare_rankings(
    archive: Archive,
    before: Mapping[str, str],
    now: Mapping[str, str],
    reports: Mapping[str, SeriesReport],
) -> tuple[list[str], list[str]]:
    """Compare the rankings' files that changed between two trees with the reports of the later attempt.

    Return the changed paths of series without a report, and the series whose hash is not that of their
    report.
    """
    changed = sorted(path for path in before.keys() | now.keys() if before.get(path) != now.get(path))
    contents = archive.read_blobs({now[path] for path in changed if path in now}) if changed else {}
    digests = {name: hashlib.sha256() for name in reports}
    by_hand = []
    for path in changed:
        name = str(get_series_of_path(path))
        if name in digests:
            digests[name].update(contents[now[path]] if path in now else b"")
        else:
            by_hand.append(path)
    differing = [name for name, report in reports.items() if report["sha256"] != digests[name].hexdigest()]
    return by_hand, differing


def _find_gaps(history: History) -> Iterator[str]:
    """Yield stretches without a good hour of any hourly feed, between the first and the last good hour."""
    names = [name for name, feed in FEEDS.items() if feed.cadence == "hourly"]
    hours = sorted({hour for name in names for hour in list_complete_hours(history.attempts, name)})
    for previous, following in find_gaps(hours, HOUR):
        missing = int((following - previous) / HOUR) - 1
        yield f"{format_hour(previous + HOUR)} to {format_hour(following - HOUR)} ({missing} h)"


Hashes = dict[str, str]
"""Feed -> sha256 of its files."""


def _hash_feeds(
    archive: Archive, attempts: Iterator[tuple[AttemptCommit, Tree]]
) -> Iterator[tuple[AttemptCommit, Hashes]]:
    """Yield every attempt with the hashes of all feeds as they lie in its commit's tree."""
    hashes: dict[tuple[str, ...], str] = {}
    while batch := [(attempt, _group_blobs(tree)) for attempt, tree in islice(attempts, BATCH_COMMITS)]:
        new = {blobs for _, feeds in batch for blobs in feeds.values() if blobs not in hashes}
        contents = archive.read_blobs({blob for blobs in new for blob in blobs if blob})
        for attempt, feeds in batch:
            for name, blobs in feeds.items():
                if blobs not in hashes:
                    paths = zip(FEEDS[name].files, blobs, strict=True)
                    hashes[blobs] = hash_feed(
                        FEEDS[name], {path: contents[blob] for path, blob in paths if blob}
                    )
            yield attempt, {name: hashes[blobs] for name, blobs in feeds.items()}


def _group_blobs(tree: Tree) -> dict[str, tuple[str, ...]]:
    """Group the blobs of a tree by feed, in the order of its files, with "" for a file that is not there."""
    return {name: tuple(tree.get(path, "") for path in feed.files) for name, feed in FEEDS.items()}


def _stream_trees(archive: Archive, attempts: list[AttemptCommit]) -> Iterator[Tree]:
    """Yield the tree of each attempt's commit, always as the same dict, which changes from step to step."""
    commits = [str(attempt.commit) for attempt in attempts]
    # The first tree is listed as a whole, for git would compare it with the commit's own parents.
    tree = archive.list_blobs(commits[0])
    request = "".join(f"{commit} {before}\n" for before, commit in pairwise(commits))
    command = ("diff-tree", "--stdin", "--always", "-r", "--no-renames", "--format=%x00")
    for line in stream_git(archive.root, *command, "--", DATA_PREFIX, stdin=request.encode()):
        if line.startswith(b"\0"):
            yield tree
        elif line.startswith(b":"):
            details, _, path = line.decode(errors="surrogateescape").rstrip("\n").partition("\t")
            _, mode, _, blob, _ = details.split(" ")
            tree[path.removeprefix(DATA_PREFIX)] = blob if mode != "000000" else ""
    yield tree
