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
from orarchive.errors import ArchiveError
from orarchive.store.archive import DATA_PREFIX, Archive
from orarchive.store.commit import FILE_MODE, NEW_ARCHIVE_FILES
from orarchive.store.fast_import import format_data, run_fast_import
from orarchive.store.git import stream_blobs
from orarchive.store.ledger import Attempt, HealthEntry
from orarchive.timestamps import format_hour, format_stamp

HEALTH_BRANCH = "health"
HEALTH_REF = f"refs/heads/{HEALTH_BRANCH}"
REMOTE_HEALTH_REF = "refs/orarchive/health"
"""The branch as it was last seen at the remote. A clone of one branch has no remote-tracking ref for it."""
NEW_REF = "refs/orarchive/new-health"
"""Ref under which commits are made anew."""

READ_REFS = (HEALTH_REF, REMOTE_HEALTH_REF, "refs/remotes/*/health")
"""Refs in which the commits of health are looked for."""

LOG_COMMAND = ("log", "--no-show-signature", "--encoding=UTF-8", "--no-color", "--no-mailmap")
"""`git log` with options that override a user's settings."""

STANDS_FOR = "Stands-For: "
"""Trailer of a commit that was made anew: the commit that the ledger names."""
CUT_BEFORE = "Cut-Before: "
"""Trailer of the first commit after a cut: the hour before which health was cut off."""

README = NEW_ARCHIVE_FILES / "HEALTH.md"
"""The README.md of the branch."""


class HealthMissingError(ArchiveError):
    """The health of an attempt is not in this clone."""


def write_health_commit(archive: Archive, content: bytes, hour: dt.datetime, attempt: int) -> HealthEntry:
    """Make the commit of an attempt's health, on top of the branch, and return what the ledger says of it.

    The branch does not move: `align_branch` moves it once the ledger names the commit.
    """
    parent = archive.resolve_commit(HEALTH_REF)
    subject = f"{format_hour(hour)}: health of endpoints"
    message = f"{subject}\n\nHour: {format_stamp(hour)}\nAttempt: {attempt}\n"
    command = ["-c", "i18n.commitEncoding=UTF-8", "commit-tree", _write_tree(archive, content), "-F", "-"]
    options = ["-p", parent] if parent else []
    env = {"GIT_AUTHOR_DATE": format_stamp(hour)}
    commit = archive.run_git(*command, *options, stdin=message.encode(), env=env)
    return {"commit": commit, "sha256": hashlib.sha256(content).hexdigest()}


def _write_tree(archive: Archive, content: bytes) -> str:
    """Write the tree of a commit: the file of health, and a README that says what it is."""
    folder, _, name = f"{DATA_PREFIX}{HEALTH_PATH}".rpartition("/")
    entries = f"{FILE_MODE} blob {_write_object(archive, content)}\t{name}\n"
    for folder_name in reversed(folder.split("/")):
        tree = archive.run_git("mktree", stdin=entries.encode())
        entries = f"040000 tree {tree}\t{folder_name}\n"
    readme = f"{FILE_MODE} blob {_write_object(archive, README.read_bytes())}\tREADME.md\n"
    return archive.run_git("mktree", stdin=(entries + readme).encode())


def _write_object(archive: Archive, content: bytes) -> str:
    return archive.run_git("hash-object", "-w", "--no-filters", "--stdin", stdin=content)


def align_branch(archive: Archive, lines: Iterable[Attempt]) -> None:
    """Move the branch to where it contains what the ledger names last and what was last seen at the remote.

    A run that was killed between its two branches left the first without the second. Where ours and the
    remote's grew apart, or the remote's was cut, the commits that only we have are made anew on top of it.
    """
    entry = find_health_entry(lines)
    tip = archive.resolve_commit(REMOTE_HEALTH_REF)
    for commit in (archive.resolve_commit(HEALTH_REF), entry and archive.resolve_commit(entry["commit"])):
        tip = _append(archive, tip, commit) if commit else tip
    if tip and tip != archive.resolve_commit(HEALTH_REF):
        move_branch(archive, tip)


def _append(archive: Archive, tip: str | None, commit: str) -> str:
    """Return the end of a branch that goes on from `tip` with what only the history of `commit` has."""
    if tip is None or archive.is_ancestor(tip, commit):
        return commit
    names, cut_hour = _map_names(archive, [tip]), _find_cut_hour(archive, [tip]) or ""
    lacking = [
        entry
        for entry in _read_commits(archive, commit, f"^{tip}")
        if entry.first_name not in names and format_stamp(entry.hour) >= cut_hour
    ]
    return _make_anew(archive, lacking, tip) if lacking else tip


def move_branch(archive: Archive, commit: str | None) -> None:
    """Move the branch to a commit; None removes it, as before the first health."""
    change = ("-m", "health", HEALTH_REF, commit) if commit else ("-d", HEALTH_REF)
    archive.run_git("update-ref", *change)


def refuse_health_checkout(archive: Archive) -> None:
    """Raise ArchiveError where the work tree is on the branch of health, which mixes two histories."""
    if (archive.git_dir / "HEAD").read_text().strip() == f"ref: {HEALTH_REF}":
        msg = f"the branch {HEALTH_BRANCH} is for health alone; archive into another one (git switch BRANCH)"
        raise ArchiveError(msg)


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
    return _map_names(archive, _list_tips(archive))


def _map_names(archive: Archive, tips: list[str]) -> dict[str, str]:
    """Map the names that the ledger has for commits to the commits, of those in the history of some tips."""
    return {
        _find_trailer(STANDS_FOR, message) or name: name for name, message in _list_messages(archive, tips)
    }


def find_cut_hour(archive: Archive) -> str | None:
    """Return the hour (as in files) before which health was cut off; None where all is there."""
    return _find_cut_hour(archive, _list_tips(archive))


def _find_cut_hour(archive: Archive, tips: list[str]) -> str | None:
    messages = _list_messages(archive, tips, "--max-parents=0")
    return max(filter(None, (_find_trailer(CUT_BEFORE, message) for _, message in messages)), default=None)


def _list_messages(archive: Archive, tips: list[str], *options: str) -> Iterator[tuple[str, str]]:
    """Yield name and message of each commit in the history of some tips."""
    output = archive.run_git(*LOG_COMMAND, *options, "--format=%H%n%B%x00", *tips, "--") if tips else ""
    for text in output.split("\0")[:-1]:
        name, _, message = text.lstrip("\n").partition("\n")
        yield name, message


def _find_trailer(trailer: str, message: str) -> str | None:
    """Return the value of a trailer; git's own search for them depends on a user's settings."""
    lines = (line for line in message.split("\n") if line.startswith(trailer))
    return next((line.removeprefix(trailer) for line in lines), None)


def read_health(archive: Archive, entry: HealthEntry | None, hour: dt.datetime) -> bytes:
    """Read the file of health that a line of the ledger, of an hour, names; no bytes where it names none.

    Raise HealthMissingError where it is not in this clone, and ArchiveError where it is not what was hashed.
    """
    if entry is None:
        return b""
    commit = find_health_commit(archive, entry["commit"])
    if commit is None:
        raise HealthMissingError(describe_missing(archive, hour))
    (content,) = stream_health(archive, [commit])
    if hashlib.sha256(content).hexdigest() != entry["sha256"]:
        msg = f"the health of {format_hour(hour)} is not what the ledger hashed; orarchive verify names all"
        raise ArchiveError(msg)
    return content


def describe_missing(archive: Archive, hour: dt.datetime) -> str:
    """Say why the health of an hour is not in this clone, and what to do."""
    cut_hour = find_cut_hour(archive)
    if cut_hour and format_stamp(hour) < cut_hour:
        return f"the health of {format_hour(hour)} was cut off; its month was exported before that"
    return (
        f"the health of {format_hour(hour)} is on the branch {HEALTH_BRANCH}, which this clone lacks;"
        f" git fetch origin {HEALTH_BRANCH}:{HEALTH_BRANCH} brings it (--depth=1 is enough to archive)"
    )


def stream_health(archive: Archive, commits: Iterable[str]) -> Iterator[bytes]:
    """Yield the file of health of each commit; raise GitError for one that cannot be read."""
    return stream_blobs(archive.root, (f"{commit}:{DATA_PREFIX}{HEALTH_PATH}" for commit in commits))


def cut_branch(archive: Archive, hour: dt.datetime) -> int:
    """Make the branch anew without the health before an hour; return how many commits it lost."""
    commits = _read_commits(archive, HEALTH_REF)
    staying = [commit for commit in commits if commit.hour >= hour]
    if not staying or len(staying) == len(commits):
        return 0
    move_branch(archive, _make_anew(archive, staying, None, hour))
    return len(commits) - len(staying)


@dataclass(frozen=True)
class HealthCommit:
    """A commit of health."""

    name: str
    tree: str
    hour: dt.datetime
    author: str
    """Name, address and date, as git prints them; likewise the committer."""
    committer: str
    first_name: str
    """The name that the ledger has for it: its own, if it was never made anew."""
    message: str


def _read_commits(archive: Archive, *revisions: str) -> list[HealthCommit]:
    """Read the commits of some revisions, oldest first."""
    people = "%an <%ae> %at +0000%n%cn <%ce> %ct +0000"
    form = f"--format=%H%n%T%n%at%n{people}%n%B%x00"
    output = archive.run_git(*LOG_COMMAND, "--reverse", "--topo-order", form, *revisions, "--")
    texts = (text.lstrip("\n").split("\n", 5) for text in output.split("\0")[:-1])
    return [
        HealthCommit(
            name,
            tree,
            dt.datetime.fromtimestamp(int(seconds), dt.UTC),
            author,
            committer,
            _find_trailer(STANDS_FOR, message) or name,
            message,
        )
        for name, tree, seconds, author, committer, message in texts
    ]


def _make_anew(
    archive: Archive, commits: list[HealthCommit], parent: str | None, cut_hour: dt.datetime | None = None
) -> str:
    """Make commits anew on top of a parent, or as a new history that begins at a cut; return the last one.

    Each gets a trailer for the commit of the ledger that it stands for.
    """
    archive.run_git("update-ref", "-d", NEW_REF)
    try:
        run_fast_import(archive, _format_anew(commits, parent, cut_hour))
        return archive.run_git("rev-parse", "--verify", NEW_REF)
    finally:
        archive.run_git("update-ref", "-d", NEW_REF)


def _format_anew(
    commits: list[HealthCommit], parent: str | None, cut_hour: dt.datetime | None
) -> Iterator[bytes]:
    """Yield the input of `git fast-import` that makes commits anew."""
    begin = f"from {parent}\n" if parent else ""
    cut = [f"{CUT_BEFORE}{format_stamp(cut_hour)}"] if cut_hour else []
    for commit in commits:
        replaced = (STANDS_FOR, CUT_BEFORE)
        lines = [line for line in commit.message.rstrip().split("\n") if not line.startswith(replaced)]
        message = "\n".join([*lines, f"{STANDS_FOR}{commit.first_name}", *cut, ""])
        yield f"commit {NEW_REF}\nauthor {commit.author}\ncommitter {commit.committer}\n".encode()
        yield format_data(message.encode())
        yield f'{begin}M 040000 {commit.tree} ""\n'.encode()
        begin, cut = "", []
    yield b"done\n"
