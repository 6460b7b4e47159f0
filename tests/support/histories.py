"""Histories for tests: arbitrary commits, written by one git command, and the index of them."""

import datetime as dt
import hashlib
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

from orarchive.domain.data_paths import HEALTH_PATH
from orarchive.index.database import INDEX_NAME, dump_rows, open_index
from orarchive.jsonl import loads
from orarchive.store.archive import Archive, open_archive
from orarchive.store.fast_import import format_data
from orarchive.store.git import run_git
from orarchive.store.health_branch import HEALTH_REF, find_health_entry, read_health
from orarchive.store.ledger import read_attempts
from tests.support.archives import read_git

IDENTITY = b"Test <test@example.org>"

Files = dict[str, bytes]
"""Path in the work tree -> content."""


@dataclass(frozen=True)
class NewCommit:
    """A commit to make; `parents` are positions in the list of commits, by default the previous one."""

    files: Files
    message: str = "Work on the code\n"
    date: dt.datetime = dt.datetime(2026, 5, 31, 12, 34, 56, tzinfo=dt.UTC)
    parents: tuple[int, ...] | None = None
    health: tuple[str, bytes] | None = None
    """The commit of health that its last ledger line names, and the file in it."""

    def with_fields(self, **fields: Any) -> "NewCommit":
        """Return the commit with other fields."""
        return replace(self, **fields)

    def with_files(self, changes: Mapping[str, bytes | None]) -> "NewCommit":
        """Return the commit with other files below data/; None removes a file."""
        files = {**self.files, **{f"data/{path}": content for path, content in changes.items()}}
        return self.with_fields(
            files={path: content for path, content in files.items() if content is not None}
        )

    def __getitem__(self, path: str) -> bytes:
        """Return a file below data/."""
        return self.files[f"data/{path}"]

    @property
    def hours(self) -> list[str]:
        """Return the hours in its ledger."""
        return [loads(line)["hour"] for line in self._ledger_lines()]

    def _ledger_lines(self) -> Iterator[bytes]:
        for path in sorted(path for path in self.files if path.startswith("data/hours/")):
            yield from self.files[path].splitlines(keepends=True)

    def with_hours(self, *hours: str) -> "NewCommit":
        """Return the commit with only these hours in its ledger."""
        files: dict[str, bytes | None] = {
            path.removeprefix("data/"): b"".join(
                line for line in content.splitlines(keepends=True) if loads(line)["hour"] in hours
            )
            or None
            for path, content in self.files.items()
            if path.startswith("data/hours/")
        }
        return self.with_files(files)


def make_commits(root: Path, commits: Sequence[NewCommit], branch: str = "main") -> list[str]:
    """Make the commits on a branch and check the branch out; return their hashes."""
    stream = b"".join(_format_commit(commits, position, branch) for position in range(len(commits)))
    has_health = bool(run_git(root, "for-each-ref", HEALTH_REF))
    stream += b"".join(_format_health([commit.health for commit in commits], has_health=has_health))
    marks = root / ".git/marks"
    run_git(root, "fast-import", "--quiet", "--force", f"--export-marks={marks}", stdin=stream)
    names = dict(line.split() for line in marks.read_text().splitlines())
    marks.unlink()
    run_git(root, "reset", "--hard", "--quiet")
    return [names[f":{position + 1}"] for position in range(len(commits))]


def _format_health(versions: Iterable[tuple[str, bytes] | None], *, has_health: bool) -> Iterator[bytes]:
    """Yield for git fast-import commits of health that stand for those that ledger lines name."""
    begin = b"from %s^0\n" % HEALTH_REF.encode() if has_health else b""
    for name, content in dict.fromkeys(version for version in versions if version):
        yield b"commit %s\ncommitter %s 1 +0000\n" % (HEALTH_REF.encode(), IDENTITY)
        yield format_data(f"health\n\nStands-For: {name}\n".encode()) + begin
        yield b"M 100644 inline data/%s\n%s" % (HEALTH_PATH.encode(), format_data(content))
        begin = b""


def _format_commit(commits: Sequence[NewCommit], position: int, branch: str) -> bytes:
    """Format a commit for git fast-import."""
    commit = commits[position]
    parents = commit.parents if commit.parents is not None else tuple(range(position)[-1:])
    # Committer dates follow each other, whatever date the author gives.
    committed = 1_790_000_000 + 60 * position
    parts = [
        b"reset refs/heads/%s\n" % branch.encode() if not parents else b"",
        b"commit refs/heads/%s\nmark :%d\n" % (branch.encode(), position + 1),
        b"author %s %d +0000\ncommitter %s %d +0000\n"
        % (IDENTITY, commit.date.timestamp(), IDENTITY, committed),
        format_data(commit.message.encode()),
        *(
            b"%s :%d\n" % (word, parent + 1)
            for word, parent in zip([b"from", *[b"merge"] * 9], parents, strict=False)
        ),
        b"deleteall\n",
        *(
            b"M 100644 inline %s\n%s" % (path.encode(), format_data(data))
            for path, data in commit.files.items()
        ),
    ]
    return b"".join(parts)


def list_commits(archive: Archive) -> list[NewCommit]:
    """Return the commits of an archive with a straight history of data alone, oldest first."""
    commits = []
    for name in read_git(archive.root, "rev-list", "--reverse", "HEAD").split():
        seconds, _, message = read_git(archive.root, "log", "-1", "--format=%at %B", name).partition(" ")
        files = {f"data/{path}": content for path, content in archive.read_files(name).items()}
        commit = NewCommit(files, message, dt.datetime.fromtimestamp(int(seconds), dt.UTC))
        if entry := find_health_entry(read_attempts(archive, name)):
            content = read_health(archive, entry, commit.date)
            commit = commit.with_fields(health=(entry["commit"], content))
        commits.append(commit)
    return commits


def update_index(archive: Archive, cache: Path | None = None) -> list[str]:
    """Bring an archive's index up to date and return its rows."""
    with open_index(archive, cache) as db:
        return list(dump_rows(db))


def build_index(archive: Archive) -> list[str]:
    """Build an index from nothing and return its rows."""
    return update_index(archive, Path(mkdtemp(dir=archive.git_dir)))


def grow_index(root: Path, names: Iterable[str]) -> list[str]:
    """Bring an index up to date at each of some commits and return its rows after the last."""
    archive = open_archive(root)
    cache = Path(mkdtemp(dir=archive.git_dir))
    rows: list[str] = []
    for name in names:
        run_git(root, "update-ref", "refs/heads/main", name)
        rows = update_index(archive, cache)
    return rows


@contextmanager
def _open_new_index(archive: Archive) -> Iterator[sqlite3.Connection]:
    """Open an index that was built from nothing, once for each state of an archive's branches."""
    refs = read_git(archive.root, "for-each-ref") + str(archive.resolve_commit())
    folder = archive.git_dir / f"built-{hashlib.sha256(refs.encode()).hexdigest()}"
    if not (folder / INDEX_NAME).exists():
        with open_index(archive, folder):
            pass
    with closing(sqlite3.connect(folder / INDEX_NAME)) as db:
        yield db


def query_index(archive: Archive, query: str) -> list[tuple[Any, ...]]:
    """Return the rows of a query to an archive's index."""
    with _open_new_index(archive) as db:
        return db.execute(query).fetchall()


Tables = dict[str, list[tuple[Any, ...]]]
"""Table -> rows."""


def read_tables(archive: Archive, *without: str) -> Tables:
    """Return an archive's index without the hashes of commits, and without some columns and tables."""
    left_out = {"meta", "tips", "commit_id", "health_commit", *without}
    contents = {}
    with _open_new_index(archive) as db:
        for (name,) in db.execute("select name from sqlite_schema where type = 'table'").fetchall():
            names = db.execute("select name from pragma_table_info(?)", (name,)).fetchall()
            columns = ", ".join(column for (column,) in names if column not in left_out)
            if name not in left_out:
                contents[name] = db.execute(f"select {columns} from {name} order by {columns}").fetchall()
    return contents


def read_facts(archive: Archive) -> Tables:
    """Return what an archive's index says about the service, without the attempts that read it."""
    return read_tables(archive, "attempts", "reads", "attempt")
