"""Repositories of recorders: other people's git histories of a models file, as the importer reads them."""

import datetime as dt
from pathlib import Path

from orarchive.store.git import run_git


def commit_recording(repository: Path, path: str, content: bytes, time: dt.datetime) -> None:
    """Write a file of a recorder's repository and commit it at a time.

    The importer takes the committer's date for the time at which a version was recorded.
    """
    (repository / path).write_bytes(content)
    run_git(repository, "add", path)
    date = {"GIT_COMMITTER_DATE": time.isoformat()}
    run_git(repository, "commit", "--quiet", "-m", "update", env=date)
