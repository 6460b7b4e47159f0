"""The branch `health`: the health of endpoints, a commit for each attempt that read some.

Health is most of what an hour brings, and git cannot store it as differences. On a branch of its own it makes
no clone of the record larger, and old health can be cut off. The ledger line of an attempt names the commit
of its health and the hash of the file. The branch is a log of all these commits: where two archives grew
apart a merge joins their logs, and where old health was cut off the later commits were made anew, each with a
trailer that says which commit of the ledger it stands for.
"""

import datetime as dt
import hashlib
from collections.abc import Iterable, Iterator

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
CUT_REF = "refs/orarchive/cut-health"
"""Ref under which the branch is made anew when old health is cut off."""

READ_REFS = (HEALTH_REF, REMOTE_HEALTH_REF, "refs/remotes/*/health")
"""Refs in which the commits of health are looked for."""

STANDS_FOR_TRAILER = "Stands-For"
"""Trailer of a commit that was made anew: the commit that the ledger names."""
CUT_BEFORE_TRAILER = "Cut-Before"
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
    tree = _write_tree(archive, content)
    commit = _commit_tree(archive, tree, [parent] if parent else [], message, hour)
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


def _commit_tree(archive: Archive, tree: str, parents: Iterable[str], message: str, hour: dt.datetime) -> str:
    options = [option for parent in parents for option in ("-p", parent)]
    command = ["-c", "i18n.commitEncoding=UTF-8", "commit-tree", tree, *options, "-F", "-"]
    return archive.run_git(*command, stdin=message.encode(), env={"GIT_AUTHOR_DATE": format_stamp(hour)})


def align_branch(archive: Archive, lines: Iterable[Attempt]) -> None:
    """Move the branch to where it contains what the ledger names last and what was last seen at the remote.

    A run that was killed between its two branches left the first without the second. Where the branch and the
    remote's grew apart, a commit with both as parents joins them.
    """
    entry = find_health_entry(lines)
    named = find_health_commit(archive, entry["commit"]) if entry else None
    tips = [archive.resolve_commit(ref) for ref in (HEALTH_REF, REMOTE_HEALTH_REF)]
    local, remote = tips
    if local and remote and _get_first_name(archive, remote) == _get_first_name(archive, local):
        local = None  # The remote's was cut, and stands for ours.
    heads = _drop_contained(archive, [commit for commit in (remote, local, named) if commit])
    if not heads:
        return
    tip = heads[0]
    if len(heads) > 1:
        latest = named or tip
        hour = dt.datetime.fromtimestamp(int(archive.run_git("log", "-1", "--format=%at", latest)), dt.UTC)
        tree = archive.run_git("rev-parse", f"{latest}^{{tree}}")
        tip = _commit_tree(archive, tree, heads, "Join the health of two archives\n", hour)
    if tip != archive.resolve_commit(HEALTH_REF):
        move_branch(archive, tip)


def move_branch(archive: Archive, commit: str | None) -> None:
    """Move the branch to a commit; None removes it, as before the first health."""
    change = ("-m", "health", HEALTH_REF, commit) if commit else ("-d", HEALTH_REF)
    archive.run_git("update-ref", *change)


def refuse_health_checkout(archive: Archive) -> None:
    """Raise ArchiveError where the work tree is on the branch of health, which mixes two histories."""
    if (archive.git_dir / "HEAD").read_text().strip() == f"ref: {HEALTH_REF}":
        msg = f"the branch {HEALTH_BRANCH} is for health alone; archive into another one (git switch BRANCH)"
        raise ArchiveError(msg)


def _drop_contained(archive: Archive, commits: list[str]) -> list[str]:
    """Return commits without those that are in the history of another."""
    unique = list(dict.fromkeys(commits))
    return [
        commit
        for commit in unique
        if not any(archive.is_ancestor(commit, tip) for tip in unique if tip != commit)
    ]


def _get_first_name(archive: Archive, commit: str) -> str:
    """Return the commit of the ledger that a commit stands for, which is itself if it was never made anew."""
    form = f"--format={_format_trailer(STANDS_FOR_TRAILER)}"
    return archive.run_git("log", "-1", form, commit) or commit


def _format_trailer(key: str) -> str:
    """Return the placeholder of `git log` for the values of a trailer, separated by spaces."""
    return f"%(trailers:key={key},valueonly,separator=%x20)"


def find_health_entry(lines: Iterable[Attempt]) -> HealthEntry | None:
    """Return what the ledger says last of health, given its lines from the oldest; else None."""
    return next((line["health"] for line in reversed([*lines]) if "health" in line), None)


def find_health_commit(archive: Archive, name: str) -> str | None:
    """Return the commit that the ledger names, or the one that stands for it; None if not here."""
    return archive.resolve_commit(name) or list_health_commits(archive).get(name)


def list_health_commits(archive: Archive) -> dict[str, str]:
    """List the commits of health that are here: the name that the ledger has for each -> the commit."""
    refs = archive.run_git("for-each-ref", "--format=%(objectname)", *READ_REFS).split()
    if not refs:
        return {}
    form = f"--format=%H {_format_trailer(STANDS_FOR_TRAILER)}"
    lines = archive.run_git("log", form, *refs, "--").splitlines()
    names = (line.partition(" ") for line in lines)
    return {stands_for or commit: commit for commit, _, stands_for in names}


def find_cut_hour(archive: Archive) -> str | None:
    """Return the hour (as in files) before which health was cut off; None where all is there."""
    refs = archive.run_git("for-each-ref", "--format=%(objectname)", *READ_REFS).split()
    if not refs:
        return None
    form = f"--format={_format_trailer(CUT_BEFORE_TRAILER)}"
    return max(archive.run_git("log", "--max-parents=0", form, *refs, "--").split(), default=None)


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
    """Make the branch anew without the health before an hour; return how many commits it lost.

    Each commit that stays is made anew, with a trailer for the commit that it stands for.
    """
    form = f"%H%n%T%n%an <%ae> %at +0000%n%cn <%ce> %ct +0000%n{_format_trailer(STANDS_FOR_TRAILER)}%n%B%x00"
    log = ("log", "--no-merges", "--reverse", "--topo-order", f"--format={form}", HEALTH_REF, "--")
    commits = [text.lstrip("\n").split("\n", 5) for text in archive.run_git(*log).split("\0")[:-1]]
    staying = [commit for commit in commits if int(commit[2].split(" ")[-2]) >= hour.timestamp()]
    if not staying or len(staying) == len(commits):
        return 0
    archive.run_git("update-ref", "-d", CUT_REF)
    try:
        run_fast_import(archive, _format_cut(staying, hour))
        tip = archive.run_git("rev-parse", "--verify", CUT_REF)
        archive.run_git("update-ref", "-m", f"cut before {format_stamp(hour)}", HEALTH_REF, tip)
    finally:
        archive.run_git("update-ref", "-d", CUT_REF)
    return len(commits) - len(staying)


def _format_cut(commits: list[list[str]], hour: dt.datetime) -> Iterator[bytes]:
    """Yield the input of `git fast-import` that makes commits anew.

    Each is given by its name, tree, author, committer, the commit that it stands for, and message.
    """
    for number, (commit, tree, author, committer, stands_for, message) in enumerate(commits):
        lines = [line for line in message.split("\n") if not line.startswith(f"{CUT_BEFORE_TRAILER}: ")]
        trailers = "" if stands_for else f"{STANDS_FOR_TRAILER}: {commit}\n"
        if not number:
            trailers += f"{CUT_BEFORE_TRAILER}: {format_stamp(hour)}\n"
        text = "\n".join(lines).rstrip()
        yield f"commit {CUT_REF}\nauthor {author}\ncommitter {committer}\n".encode()
        yield format_data(f"{text}\n{trailers}".encode())
        yield f'M 040000 {tree} ""\n'.encode()
    yield b"done\n"
