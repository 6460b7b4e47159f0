"""A source to import from: a repository with versions of a models file, good ones and broken ones."""

import datetime as dt
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from orarchive.errors import ArchiveError
from orarchive.importer.convert import import_versions
from orarchive.importer.report import ImportResult
from orarchive.store import ledger
from orarchive.store.archive import Archive
from orarchive.store.git import run_git
from orarchive.store.ledger import Attempt
from tests.support.archives import read_git

PATH = "data/output.json"
BEGUN = dt.datetime(2025, 3, 1, 6, 7, 8, tzinfo=dt.UTC)
NOW = dt.datetime(2026, 5, 1, 12, 30, tzinfo=dt.UTC)
HOUR = dt.timedelta(hours=1)

Rows = list[dict[str, Any]]


def row(name: str, prompt: str = "0.000001", **fields: Any) -> dict[str, Any]:
    """Return a record as they were in 2024: few fields, and a price that no longer exists."""
    about = {"id": name, "name": name.upper(), "created": 1727000000, "description": f"About {name}."}
    pricing = {"prompt": prompt, "completion": "0.000002", "request": "0", "image": "0"}
    return {**about, "context_length": 8192, "pricing": pricing, "per_request_limits": None, **fields}


ROWS: Rows = [row(name) for name in ("b/two", "a/one", "c/three", "d/four", "e/five")]


def body(rows: Any = ROWS, **members: Any) -> bytes:
    """Return a version of the file with these rows, and more members beside them."""
    return json.dumps({"data": rows, **members}).encode()


def repriced(prompt: str) -> bytes:
    """Return a version of the file with another price of one model."""
    return body([row("b/two", prompt), *ROWS[1:]])


BAD_VERSIONS = {
    "not-json": b'{"data": [{"id": "a/one"',
    "not-json twice": b'{"data": [{"id": "a/one", "id": "b/two"}]}',
    "wrong-shape": b'{"error": {"message": "gone"}}',
    "wrong-shape rows": b'["a/one"]',
    "faulty-rows": body([*ROWS, {"name": "nobody"}, {"id": ""}]),
    "faulty-rows twice": body([*ROWS, ROWS[0], ROWS[1]]),
    "count-mismatch": body(total_count=9),
    "more-pages": body(links={"next": "/api/v1/models?page=2"}),
    "empty": body([]),
    "shrunk": body(ROWS[:3]),
}
"""Reason of the rejection, and more where there are several -> version of the file."""


@dataclass
class Source:
    """Another repository; `save` commits a version of its file."""

    root: Path

    def save(self, content: bytes | None, after: dt.timedelta = dt.timedelta(), path: str = PATH) -> str:
        """Commit the file, or its removal, so long after the first version; return the commit's name."""
        target = self.root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        if content is None:
            target.unlink()
        else:
            target.write_bytes(content)
        date = f"@{(BEGUN + after).timestamp():.0f} +0200"
        plain = ("-c", "core.autocrlf=false", "-c", "commit.gpgsign=false")
        run_git(self.root, *plain, "add", "--all")
        env = {"GIT_COMMITTER_DATE": date, "GIT_AUTHOR_DATE": "2020-01-01T00:00:00Z"}
        run_git(self.root, *plain, "commit", "--quiet", "-m", "update", env=env)
        return read_git(self.root, "rev-parse", "HEAD")


def run_import(
    archive: Archive, source: Source | Path | str, path: str = PATH, **options: Any
) -> ImportResult:
    """Import a source into an archive."""
    repository = source.root if isinstance(source, Source) else source
    return import_versions(archive, str(repository), path, NOW, **options)


def read_ledger(archive: Archive, commit: str = "HEAD") -> list[Attempt]:
    """Read the ledger at a commit."""
    return ledger.read_attempts(archive, archive.resolve_commit(commit))


def list_outcomes(imported: ImportResult) -> list[str]:
    """List the outcomes of all versions."""
    return [result.outcome for result in imported.versions]


def read_ids(archive: Archive, commit: str = "HEAD") -> set[str]:
    """Read the ids of the models at a commit."""
    return {key[0] for key in archive.read_snapshot(commit)["models"]}


def read_state(archive: Archive) -> dict[str, Any]:
    """Read all that an import must leave alone where it fails: refs, index, files."""
    files = (path for path in archive.root.rglob("*") if path.is_file() and ".git" not in path.parts)
    return {
        "refs": read_git(archive.root, "for-each-ref"),
        "index": read_git(archive.root, "ls-files", "--stage"),
        "files": {str(path): path.read_bytes() for path in files},
    }


def check_refused(archive: Archive, match: str, *arguments: Any, **options: Any) -> None:
    """Assert that an import is refused in one line and changes nothing."""
    before = read_state(archive)
    with pytest.raises(ArchiveError, match=match) as error:
        run_import(archive, *arguments, **options)
    assert "\n" not in str(error.value)
    assert read_state(archive) == before
    assert not (archive.git_dir / "orarchive.journal").exists()


HOSTILE_GIT_CONFIG = """
[core]
    autocrlf = true
    quotePath = true
    logAllRefUpdates = always
[user]
    name = Test
    email = test@example.org
[commit]
    gpgsign = true
[log]
    showSignature = true
    date = relative
    follow = true
[color]
    ui = always
[diff]
    noprefix = true
    external = false
[i18n]
    logOutputEncoding = ISO-8859-1
    commitEncoding = ISO-8859-1
[init]
    defaultBranch = main
[safe]
    bareRepository = explicit
[status]
    branch = true
    showUntrackedFiles = no
[clone]
    defaultRemoteName = elsewhere
[gc]
    auto = 0
"""
"""Settings of a user that change the output of many git commands."""
