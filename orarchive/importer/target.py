"""The target of an import: the branch of an archive without hours, else a branch of its own beside it."""

import datetime as dt

from orarchive.domain.data_paths import SNAPSHOT_FILES
from orarchive.errors import ArchiveError, GitError
from orarchive.store import ledger
from orarchive.store.archive import Archive
from orarchive.store.ledger import get_attempt_hour
from orarchive.timestamps import HOUR, floor_hour

PAST_PREFIX = "refs/heads/past/"
"""Prefix of the branches for imports into an archive that has hours."""


def choose_target(archive: Archive, name: str, now: dt.datetime) -> tuple[str, str | None, dt.datetime]:
    """Choose where the commits of an import go: a ref, its commit, and the hour that they must lie before.

    That is HEAD in an archive without hours, otherwise a new branch, before all that is archived. Raise
    ArchiveError where the name is invalid or taken.
    """
    ref = f"{PAST_PREFIX}{name}"
    if not _is_valid_ref(archive, ref) or "/" in name:
        msg = f"{name!r} cannot be part of a branch's name; --name gives another"
        raise ArchiveError(msg)
    patterns = (PAST_PREFIX, "refs/remotes/*/past/**")
    pasts = archive.run_git("for-each-ref", "--format=%(refname)", *patterns).split()
    if taken := [past for past in pasts if past.endswith(f"/past/{name}")]:
        msg = f"{taken[0]} is there already, and nothing is rewritten; --name gives this past another name"
        raise ArchiveError(msg)
    head = archive.resolve_commit()
    ledgers = [ledger.read_attempts(archive, tip) for tip in (head, *map(archive.resolve_commit, pasts))]
    if first_hours := [min(map(get_attempt_hour, lines)) for lines in ledgers if lines]:
        return ref, None, min(first_hours)
    if archive.read_files(head, SNAPSHOT_FILES):
        msg = (
            f"data/ of {archive.root} holds records, but no ledger that says of which hour; restore"
            " data/hours/ (git log -- data/hours shows it) or import into a new repository"
        )
        raise ArchiveError(msg)
    # An hour that is yet to come would close the archive until then; clocks may differ by an hour.
    return "HEAD", head, floor_hour(now) + 2 * HOUR


def _is_valid_ref(archive: Archive, ref: str) -> bool:
    """Return whether git takes a text for the name of a ref."""
    try:
        archive.run_git("check-ref-format", ref)
    except GitError:
        return False
    return True
