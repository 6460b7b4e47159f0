"""The branch `health`: the health of endpoints, a commit for each attempt that read some.

Health is most of what an hour brings, and git cannot store it as differences. On a branch of its own it makes
no clone of the record larger, and old health can be cut off. The ledger line of an attempt names the commit
of its health and the hash of the file. The branch is a straight log of all these commits. Where old health
was cut off, or two archives grew apart, commits are made anew on top of others, each with a trailer that says
which commit of the ledger it stands for.
"""

import datetime as dt
import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from orarchive.domain.data_paths import HEALTH_PATH
from orarchive.errors import ArchiveError, GitError
from orarchive.store.archive import DATA_PREFIX, Archive
from orarchive.store.git import stream_blobs
from orarchive.store.ledger import Attempt, HealthEntry
from orarchive.timestamps import format_hour, format_stamp

HEALTH_BRANCH = "health"
HEALTH_REF = f"refs/heads/{HEALTH_BRANCH}"
REMOTE_HEALTH_REF = "refs/orarchive/health"
"""The branch as it was last seen at the remote. A clone of one branch has no remote-tracking ref for it."""

READ_REFS = (HEALTH_REF, REMOTE_HEALTH_REF, "refs/remotes/*/health")
"""Refs in which the commits of health are looked for."""

LOG_COMMAND = ("log", "--no-show-signature", "--encoding=UTF-8", "--no-color", "--no-mailmap")
"""`git log` with options that override a user's settings."""

STANDS_FOR = "Stands-For: "
"""Trailer of a commit that was made anew: the commit that the ledger names."""
HOUR_TRAILER = "Hour: "
"""Trailer of every commit: its hour, as in files."""
CUT_PATH = f"{DATA_PREFIX}endpoints/cut_health.jsonl"
"""Path, in the first commit after a cut, of the days and events of the health that was cut off."""
CUT_BEFORE = "Cut-Before: "
"""Trailer of the first commit after a cut: the hour before which health was cut off."""


class HealthMissingError(ArchiveError):
    """The health of an attempt is not in this clone."""


def find_health_entry(lines: Iterable[Attempt]) -> HealthEntry | None:
    """Return what the ledger says last of health, given its lines from the oldest; else None."""
    return next((line["health"] for line in reversed([*lines]) if "health" in line), None)


def find_health_commit(archive: Archive, name: str) -> str | None:
    """Return the commit that the ledger names, or the one that stands for it; None if not here."""
    return archive.resolve_commit(name) or list_health_commits(archive).get(name)


def has_health(archive: Archive) -> bool:
    """Return whether this clone has the branch of health."""
    return bool(_list_tips(archive))


def _list_tips(archive: Archive) -> list[str]:
    """List the commits at which the branch of health ends, here and at the remotes."""
    return archive.run_git("for-each-ref", "--format=%(objectname)", *READ_REFS).split()


def list_health_commits(archive: Archive) -> dict[str, str]:
    """List the commits of health that are here: the name that the ledger has for each -> the commit."""
    return read_branch(archive).commits


@dataclass(frozen=True)
class HealthBranch:
    """The commits of health in a clone."""

    commits: dict[str, str]
    """The name that the ledger has for each -> the commit."""
    cut_hour: str | None
    """The hour (as in files) before which health was cut off; None where nothing was."""
    hours: tuple[str, str] | None
    """The first and the last hour of the commits; None without commits."""
    cut_commit: str | None = None
    """The first commit after the cut."""


def read_branch(archive: Archive, tips: list[str] | None = None) -> HealthBranch:
    """Read the commits in the history of some tips: by default of the branch here and at the remotes."""
    messages = [*_list_messages(archive, _list_tips(archive) if tips is None else tips)]
    cuts = [(hour, name) for name, message in messages if (hour := find_trailer(CUT_BEFORE, message))]
    cut_hour, cut_commit = max(cuts, default=(None, None))
    hours = [hour for _, message in messages if (hour := find_trailer(HOUR_TRAILER, message))]
    return HealthBranch(
        {find_trailer(STANDS_FOR, message) or name: name for name, message in messages},
        cut_hour,
        (min(hours), max(hours)) if hours else None,
        cut_commit,
    )


def _list_messages(archive: Archive, tips: list[str]) -> Iterator[tuple[str, str]]:
    """Yield name and message of each commit in the history of some tips."""
    output = archive.run_git(*LOG_COMMAND, "--format=%H%n%B%x00", *tips, "--") if tips else ""
    for text in output.split("\0")[:-1]:
        name, _, message = text.lstrip("\n").partition("\n")
        yield name, message


def find_trailer(trailer: str, message: str) -> str | None:
    """Return the value of a trailer; git's own search for them depends on a user's settings."""
    lines = (line for line in message.split("\n") if line.startswith(trailer))
    return next((line.removeprefix(trailer) for line in lines), None)


def read_health(archive: Archive, entry: HealthEntry | None, hour: dt.datetime) -> bytes:
    """Read the file of health that a line of the ledger, of an hour, names; no bytes where it names none.

    Raise HealthMissingError where it is not in this clone, and ArchiveError where it is not what was hashed.
    """
    if entry is None:
        return b""
    try:
        (content,) = stream_health(archive, [entry["commit"]])
    except GitError as error:
        commit = list_health_commits(archive).get(entry["commit"])
        if commit is None:
            raise HealthMissingError(describe_missing(archive, hour)) from error
        (content,) = stream_health(archive, [commit])
    if hashlib.sha256(content).hexdigest() != entry["sha256"]:
        msg = f"the health of {format_hour(hour)} is not what the ledger hashed; orarchive verify names all"
        raise ArchiveError(msg)
    return content


def read_cut_file(archive: Archive) -> bytes:
    """Read what a cut left of the health that it cut off; no bytes where there is no such file."""
    commit = read_branch(archive).cut_commit
    if not (commit and archive.run_git("ls-tree", "--full-tree", commit, CUT_PATH)):
        return b""
    (content,) = stream_blobs(archive.root, [f"{commit}:{CUT_PATH}"])
    return content


def describe_missing(archive: Archive, hour: dt.datetime) -> str:
    """Say why the health of an hour is not in this clone, and what to do."""
    cut_hour = read_branch(archive).cut_hour
    if cut_hour and format_stamp(hour) < cut_hour:
        return f"the health of {format_hour(hour)} was cut off; its month was exported before that"
    return (
        f"the health of {format_hour(hour)} is on the branch {HEALTH_BRANCH}, which this clone lacks;"
        f" git fetch origin +{HEALTH_BRANCH}:{HEALTH_BRANCH} brings it"
    )


def stream_health(archive: Archive, commits: Iterable[str]) -> Iterator[bytes]:
    """Yield the file of health of each commit; raise GitError for one that cannot be read."""
    return stream_blobs(archive.root, (f"{commit}:{DATA_PREFIX}{HEALTH_PATH}" for commit in commits))
