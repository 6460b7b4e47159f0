"""Verify: prove that what was written is what was received.

Of every hour the bytes of each feed are hashed as they lie in git and compared with the ledger; all commits
are replayed, and the state that comes out is compared with the files at the tip. Between two hours, and after
the last one, nothing may have changed: what somebody commits by hand the next hour would take for received.
And the ledger names an attempt once.
"""

import datetime as dt
import hashlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice, pairwise

from tqdm import tqdm

from orarchive.domain.feeds import FEEDS
from orarchive.domain.ranking_series import series_of_path
from orarchive.domain.snapshot import hash_feed
from orarchive.history.attempts import AttemptCommit, list_tips, refuse_shallow
from orarchive.history.coverage import find_gaps
from orarchive.history.history import History
from orarchive.history.replay import ReplayState, replay
from orarchive.store import ledger
from orarchive.store.archive import DATA_PREFIX, SNAPSHOT_FILES, Archive
from orarchive.store.git import stream_git
from orarchive.store.ledger import SeriesReport, attempt_hour, feed_outcome, good_hours
from orarchive.timestamps import HOUR, format_hour

UNCHANGED_OUTCOMES = ("not-due", "failed", "quarantined")
"""Outcomes of a list that leave it as it was."""

Tree = dict[str, str]
"""The blobs of a commit: path below data/ -> name, "" for one that is gone."""

BATCH_COMMITS = 16
"""Commits whose files are read together: some dozen megabytes."""


@dataclass
class Findings:
    """What is not as it should be, and what nobody recorded; hours in prose."""

    attempts: int = 0
    differs: list[str] = field(default_factory=list)
    """Feeds whose bytes are not those of the ledger: `hour feed`."""
    broken: list[str] = field(default_factory=list)
    """Commits that cannot be read, with the reason."""
    by_hand: list[str] = field(default_factory=list)
    """Feeds that something else than an attempt changed, with the last hour before that: `hour feed`."""
    in_doubt: list[str] = field(default_factory=list)
    """Hours of the ledger whose state no commit shows."""
    twice: list[str] = field(default_factory=list)
    """Attempts that have more than one line in the ledger."""
    replayed: list[str] = field(default_factory=list)
    """Files at the tip that the replayed changes do not give."""
    gaps: list[str] = field(default_factory=list)
    """Stretches of hours without a good one of any hourly feed: no error, for nothing fills them in."""

    @property
    def wrong(self) -> bool:
        """Whether anything differs."""
        return any((self.differs, self.broken, self.by_hand, self.in_doubt, self.twice, self.replayed))


def verify(past: History, progress: bool = False) -> Findings:
    """Check every attempt of an archive, one that git holds whole."""
    refuse_shallow(past.archive)
    found = Findings(attempts=len(past.attempt_commits), by_hand=list(_by_hand(past)), gaps=list(_gaps(past)))
    found.twice += _twice(past.archive)
    _replay(past, found)
    shown = [one for one in past.attempt_commits if one.commit]
    with tqdm(total=len(shown), desc="Verifying", unit="hour", disable=not progress) as bar:
        for held, hashes in _hashes(past.archive, _rankings(past, found, shown)):
            for name, report in held.attempt["feeds"].items():
                if name in FEEDS and report["sha256"] != hashes[name]:
                    found.differs.append(f"{_name(held)} {name}")
            bar.update()
    return found


def _name(held: AttemptCommit) -> str:
    return _words(held.hour, held.attempt["attempt"])


def _words(hour: dt.datetime, number: int) -> str:
    return format_hour(hour) + (f" attempt {number}" if number > 1 else "")


def _twice(archive: Archive) -> list[str]:
    """The attempts that stand in the ledger more than once."""
    lines = (line for end in list_tips(archive, "HEAD") for line in ledger.read_all_lines(archive, end))
    counted = Counter((attempt_hour(line), line["attempt"]) for line in lines)
    return [_words(*name) for name, count in sorted(counted.items()) if count > 1]


def _replay(past: History, found: Findings) -> None:
    """Replay all changes, and hold what comes out against the files at the tip."""
    state = ReplayState()
    for step in replay(past.archive, past.attempt_commits, None, state):
        if step.attempt_commit.commit is None:
            found.in_doubt.append(f"{_name(step.attempt_commit)}: {step.broken}")
        elif step.broken:
            found.broken.append(
                f"{_name(step.attempt_commit)} {step.attempt_commit.commit[:10]}: {step.broken}"
            )
    tip = past.archive.read_files(past.commit, SNAPSHOT_FILES)
    for path in SNAPSHOT_FILES:
        lines = {line.text for line in state.files[path].values()}
        if lines != {*tip.get(path, b"").split(b"\n")} - {b""}:
            found.replayed.append(path)


def _by_hand(past: History) -> Iterator[str]:
    """What changed though no attempt read it: between two of one origin, or after the last one."""
    for last, one in pairwise(past.attempt_commits):
        for name, feed in FEEDS.items():
            # of a sweep, and of what copies one, lines change with those of another feed
            if feed.parent or feed.copied_feed or feed_outcome(one.attempt, name) not in UNCHANGED_OUTCOMES:
                continue
            before, after = (held.attempt["feeds"].get(name) for held in (last, one))
            same_origin = last.attempt["origin"] == one.attempt["origin"]
            if same_origin and before and after and before["sha256"] != after["sha256"]:
                yield f"{_name(last)} {name}"
    if past.archive.is_ancestor(past.commit, "HEAD"):  # else only imported pasts have hours
        was, now = (past.archive.list_blobs(commit) for commit in (past.commit, "HEAD"))
        for name, feed in FEEDS.items():
            if any(was.get(path) != now.get(path) for path in feed.files):
                yield f"{_name(past.attempt_commits[-1])} {name}"


def _rankings(
    past: History, found: Findings, shown: list[AttemptCommit]
) -> Iterator[tuple[AttemptCommit, Tree]]:
    """Yield every attempt with its commit's tree, and on the way hold its rankings against the ledger.

    At the end those at the tip, which nothing may have changed since.
    """
    was: dict[str, str] = {}
    last: AttemptCommit | None = None
    for one, tree in zip(shown, _trees(past.archive, shown), strict=True):
        now = {path: blob for path, blob in tree.items() if blob and series_of_path(path)}
        _changed(past.archive, found, was, now, one.attempt.get("rankings", {}), one, last or one)
        was, last = now, one
        yield one, tree
    if last and past.archive.is_ancestor(past.commit, "HEAD"):
        blobs = past.archive.list_blobs("HEAD")
        _changed(
            past.archive,
            found,
            was,
            {path: blobs[path] for path in blobs if series_of_path(path)},
            {},
            last,
            last,
        )


def _changed(
    archive: Archive,
    found: Findings,
    was: dict[str, str],
    now: dict[str, str],
    reports: dict[str, SeriesReport],
    held: AttemptCommit,
    last: AttemptCommit,
) -> None:
    """What changed of rankings between two states, against the reports of who changed it."""
    changed = sorted(path for path in was.keys() | now.keys() if was.get(path) != now.get(path))
    contents = archive.read_blobs({now[path] for path in changed if path in now}) if changed else {}
    by: dict[str, hashlib._Hash] = {name: hashlib.sha256() for name in reports}
    for path in changed:
        name = str(series_of_path(path))
        if name in by:
            by[name].update(contents[now[path]] if path in now else b"")
        else:
            found.by_hand.append(f"{_name(last)} {path}")
    found.differs += [
        f"{_name(held)} rankings {name}"
        for name, report in reports.items()
        if report["sha256"] != by[name].hexdigest()
    ]


def _gaps(past: History) -> Iterator[str]:
    """Stretches without any good hour of an hourly feed, between the first and the last good one."""
    names = [name for name, feed in FEEDS.items() if feed.cadence == "hourly"]
    hours = sorted({hour for name in names for hour in good_hours(past.attempts, name)})
    for last, following in find_gaps(hours, HOUR):
        missing = int((following - last) / HOUR) - 1
        yield f"{format_hour(last + HOUR)} to {format_hour(following - HOUR)} ({missing} h)"


Hashes = dict[str, str]
"""Feed -> sha256 of its files."""


def _hashes(
    archive: Archive, attempts: Iterator[tuple[AttemptCommit, Tree]]
) -> Iterator[tuple[AttemptCommit, Hashes]]:
    """Yield every attempt with the hashes of all feeds as they lie in its commit's tree."""
    known: dict[tuple[str, ...], str] = {}
    while batch := [(one, _blobs(tree)) for one, tree in islice(attempts, BATCH_COMMITS)]:
        new = {names for _, feeds in batch for names in feeds.values() if names not in known}
        contents = archive.read_blobs({blob for names in new for blob in names if blob})
        for one, feeds in batch:
            for name, names in feeds.items():
                if names not in known:
                    files = {
                        path: contents[blob]
                        for path, blob in zip(FEEDS[name].files, names, strict=True)
                        if blob
                    }
                    known[names] = hash_feed(FEEDS[name], files)
            yield one, {name: known[names] for name, names in feeds.items()}


def _blobs(tree: Tree) -> dict[str, tuple[str, ...]]:
    """Feed -> the blobs of its files, "" for one that is not there."""
    return {name: tuple(tree.get(path, "") for path in feed.files) for name, feed in FEEDS.items()}


def _trees(archive: Archive, held: list[AttemptCommit]) -> Iterator[Tree]:
    """Yield the blobs of each attempt's commit, in a dict that goes on changing."""
    commits = [str(one.commit) for one in held]
    # the first one whole: git would compare it with its own parents
    tree = archive.list_blobs(commits[0])
    told = "".join(f"{commit} {before}\n" for before, commit in pairwise(commits))
    command = ("diff-tree", "--stdin", "--always", "-r", "--no-renames", "--format=%x00")
    for line in stream_git(archive.root, *command, "--", DATA_PREFIX, stdin=told.encode()):
        if line.startswith(b"\0"):
            yield tree
        elif line.startswith(b":"):
            about, _, path = line.decode(errors="surrogateescape").rstrip("\n").partition("\t")
            _, mode, _, blob, _ = about.split(" ")
            tree[path.removeprefix(DATA_PREFIX)] = blob if mode != "000000" else ""
    yield tree
