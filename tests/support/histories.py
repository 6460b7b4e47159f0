"""Histories for tests: any commits at all, written by git in one go, and what the index makes of them."""

import datetime as dt
import hashlib
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

from orarchive.index.database import INDEX_NAME, dump_rows, open_index
from orarchive.jsonl import loads
from orarchive.store.archive import Archive, open_archive
from orarchive.store.git import run_git
from tests.support.archives import say

WHO = b"Test <test@example.org>"

Files = dict[str, bytes]
"""Path in the work tree -> content."""


@dataclass(frozen=True)
class Made:
    """A commit to be made; `parents` are positions in the list of commits, by default the one before."""

    files: Files
    message: str = "Work on the code\n"
    date: dt.datetime = dt.datetime(2026, 5, 31, 12, 34, 56, tzinfo=dt.UTC)
    parents: tuple[int, ...] | None = None

    def but(self, **fields: Any) -> "Made":
        """The same with other fields."""
        return replace(self, **fields)

    def having(self, changes: Mapping[str, bytes | None]) -> "Made":
        """The same with other files below data/; None: gone."""
        found = {**self.files, **{f"data/{path}": content for path, content in changes.items()}}
        return self.but(files={path: content for path, content in found.items() if content is not None})

    def __getitem__(self, path: str) -> bytes:
        """A file below data/."""
        return self.files[f"data/{path}"]

    @property
    def hours(self) -> list[str]:
        """The hours in its ledger."""
        return [loads(line)["hour"] for line in self._ledger()]

    def _ledger(self) -> Iterator[bytes]:
        for path in sorted(path for path in self.files if path.startswith("data/hours/")):
            yield from self.files[path].splitlines(keepends=True)

    def keeping(self, *hours: str) -> "Made":
        """The same with no other hours in its ledger than these."""
        files: dict[str, bytes | None] = {
            path.removeprefix("data/"): b"".join(
                line for line in content.splitlines(keepends=True) if loads(line)["hour"] in hours
            )
            or None
            for path, content in self.files.items()
            if path.startswith("data/hours/")
        }
        return self.having(files)


def make(root: Path, commits: Sequence[Made], branch: str = "main") -> list[str]:
    """Make the commits on a branch, the work tree with them; returns their names."""
    told = b"".join(_told(commits, position, branch) for position in range(len(commits)))
    marks = root / ".git/marks"
    run_git(root, "fast-import", "--quiet", "--force", f"--export-marks={marks}", stdin=told)
    names = dict(line.split() for line in marks.read_text().splitlines())
    marks.unlink()
    run_git(root, "reset", "--hard", "--quiet")
    return [names[f":{position + 1}"] for position in range(len(commits))]


def _told(commits: Sequence[Made], position: int, branch: str) -> bytes:
    """A commit in the words of git fast-import."""
    one = commits[position]
    parents = one.parents if one.parents is not None else tuple(range(position)[-1:])
    # the committer's clock goes on by itself, whatever date the author gives
    committed = 1_790_000_000 + 60 * position
    words = [
        b"reset refs/heads/%s\n" % branch.encode() if not parents else b"",
        b"commit refs/heads/%s\nmark :%d\n" % (branch.encode(), position + 1),
        b"author %s %d +0000\ncommitter %s %d +0000\n" % (WHO, one.date.timestamp(), WHO, committed),
        _data(one.message.encode()),
        *(
            b"%s :%d\n" % (word, parent + 1)
            for word, parent in zip([b"from", *[b"merge"] * 9], parents, strict=False)
        ),
        b"deleteall\n",
        *(b"M 100644 inline %s\n%s" % (path.encode(), _data(data)) for path, data in one.files.items()),
    ]
    return b"".join(words)


def _data(content: bytes) -> bytes:
    return b"data %d\n%s\n" % (len(content), content)


def made(archive: Archive) -> list[Made]:
    """The commits of an archive with a straight history of data alone, oldest first."""
    found = []
    for name in say(archive.root, "rev-list", "--reverse", "HEAD").split():
        seconds, _, message = say(archive.root, "log", "-1", "--format=%at %B", name).partition(" ")
        files = {f"data/{path}": content for path, content in archive.read_files(name).items()}
        found.append(Made(files, message, dt.datetime.fromtimestamp(int(seconds), dt.UTC)))
    return found


def indexed(archive: Archive, cache: Path | None = None) -> list[str]:
    """Every row of an archive's index, brought up to date."""
    with open_index(archive, cache) as db:
        return list(dump_rows(db))


def anew(archive: Archive) -> list[str]:
    """Every row of an index that is built from nothing."""
    return indexed(archive, Path(mkdtemp(dir=archive.git_dir)))


def grown(root: Path, names: Iterable[str]) -> list[str]:
    """Every row of an index that was brought up to date at each of some commits."""
    archive = open_archive(root)
    cache = Path(mkdtemp(dir=archive.git_dir))
    rows: list[str] = []
    for name in names:
        run_git(root, "update-ref", "refs/heads/main", name)
        rows = indexed(archive, cache)
    return rows


@contextmanager
def _built(archive: Archive) -> Iterator[sqlite3.Connection]:
    """An index that was built from nothing, once for what an archive's branches are at."""
    refs = say(archive.root, "for-each-ref") + str(archive.resolve_commit())
    folder = archive.git_dir / f"built-{hashlib.sha256(refs.encode()).hexdigest()}"
    if not (folder / INDEX_NAME).exists():
        with open_index(archive, folder):
            pass
    with closing(sqlite3.connect(folder / INDEX_NAME)) as db:
        yield db


def ask(archive: Archive, query: str) -> list[tuple[Any, ...]]:
    """What an archive's index answers."""
    with _built(archive) as db:
        return db.execute(query).fetchall()


Tables = dict[str, list[tuple[Any, ...]]]
"""Table -> rows."""


def tables(archive: Archive, *without: str) -> Tables:
    """What an archive's index says, but for some columns and tables, and for the names of commits."""
    left_out = {"meta", "tips", "commit_id", *without}
    found = {}
    with _built(archive) as db:
        for (name,) in db.execute("select name from sqlite_schema where type = 'table'").fetchall():
            about = db.execute("select name from pragma_table_info(?)", (name,)).fetchall()
            columns = ", ".join(column for (column,) in about if column not in left_out)
            if name not in left_out:
                found[name] = db.execute(f"select {columns} from {name} order by {columns}").fetchall()
    return found


def facts(archive: Archive) -> Tables:
    """What an archive's index says of the world, whatever the attempts were that told it."""
    return tables(archive, "attempts", "reads", "attempt")
