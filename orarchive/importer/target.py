"""Where imported hours go: on the branch of an archive without hours, else on a branch beside it."""

import datetime as dt

from orarchive.errors import ArchiveError, GitError
from orarchive.store import ledger
from orarchive.store.archive import SNAPSHOT_FILES, Archive
from orarchive.store.ledger import attempt_hour
from orarchive.timestamps import HOUR, floor_hour

PAST = "refs/heads/past/"
"""Where a past goes that is imported beside hours."""


def choose_target(archive: Archive, name: str, now: dt.datetime) -> tuple[str, str | None, dt.datetime]:
    """Where commits go: a ref, the commit it is at, and the hour that all of them must lie before.

    That is HEAD in an archive without hours, otherwise a branch of its own, before all that is archived.
    """
    ref = f"{PAST}{name}"
    if not _is_valid(archive, ref) or "/" in name:
        msg = f"{name!r} cannot be part of a branch's name; --name gives another"
        raise ArchiveError(msg)
    pasts = archive.run_git("for-each-ref", "--format=%(refname)", PAST, "refs/remotes/*/past/**").split()
    if taken := [one for one in pasts if one.endswith(f"/past/{name}")]:
        msg = f"{taken[0]} is there already, and nothing is rewritten; --name gives this past another name"
        raise ArchiveError(msg)
    head = archive.resolve_commit()
    books = [ledger.read_attempts(archive, tip) for tip in (head, *map(archive.resolve_commit, pasts))]
    if firsts := [min(map(attempt_hour, lines)) for lines in books if lines]:
        return ref, None, min(firsts)
    if archive.read_files(head, SNAPSHOT_FILES):
        msg = f"data/ of {archive.root} holds records, but no ledger that says of which hour"
        raise ArchiveError(msg)
    # an hour that is yet to come would close the archive until then; clocks may differ a little
    return "HEAD", head, floor_hour(now) + 2 * HOUR


def _is_valid(archive: Archive, ref: str) -> bool:
    try:
        archive.run_git("check-ref-format", ref)
    except GitError:
        return False
    return True
