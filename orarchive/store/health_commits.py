"""Commits of health: made for each attempt, joined with the remote's, made anew where old ones go."""

import datetime as dt
import hashlib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from orarchive.domain.data_paths import HEALTH_PATH
from orarchive.errors import ArchiveError
from orarchive.store.archive import DATA_PREFIX, Archive
from orarchive.store.commit import FILE_MODE, NEW_ARCHIVE_FILES
from orarchive.store.fast_import import format_data, run_fast_import
from orarchive.store.health_branch import (
    CUT_BEFORE,
    CUT_PATH,
    HEALTH_BRANCH,
    HEALTH_REF,
    HOUR_TRAILER,
    LOG_COMMAND,
    REMOTE_HEALTH_REF,
    STANDS_FOR,
    find_health_entry,
    find_trailer,
    read_branch,
)
from orarchive.store.ledger import Attempt, HealthEntry, get_attempt_hour
from orarchive.timestamps import format_hour, format_stamp

NEW_REF = "refs/orarchive/new-health"
"""Ref under which commits are made anew."""

README = NEW_ARCHIVE_FILES / "HEALTH.md"
"""The README.md of the branch."""


def write_health_commit(
    archive: Archive, content: bytes, hour: dt.datetime, attempt: int, parent: str | None
) -> HealthEntry:
    """Make the commit of an attempt's health, on top of a parent, and return what the ledger says of it.

    The branch does not move: `move_branch` moves it once the ledger names the commit.
    """
    stream = _format_commit(archive, content, hour, attempt, parent)
    commit = run_fast_import(archive, [stream], "--force")
    return {"commit": commit, "sha256": hashlib.sha256(content).hexdigest()}


def _format_commit(
    archive: Archive, content: bytes, hour: dt.datetime, attempt: int, parent: str | None
) -> bytes:
    """Return the input of `git fast-import` for one commit: it prints the commit's name."""
    variables = archive.run_git("var", "-l").splitlines()
    people = dict(line.split("=", 1) for line in variables if re.match("GIT_(AUTHOR|COMMITTER)_IDENT=", line))
    author = people["GIT_AUTHOR_IDENT"].rsplit(" ", 2)[0]
    # Subjects of the record begin with the hour: `git show ':/^2026-07-01'` must not find health.
    subject = f"Health of endpoints at {format_hour(hour)}"
    message = f"{subject}\n\n{HOUR_TRAILER}{format_stamp(hour)}\nAttempt: {attempt}\n"
    lines = [
        f"commit {NEW_REF}\nmark :1\nauthor {author} {hour.timestamp():.0f} +0000\n".encode(),
        f"committer {people['GIT_COMMITTER_IDENT']}\n".encode(),
        format_data(message.encode()),
        f"from {parent}\n".encode() if parent else b"",
    ]
    for path, data in (("README.md", README.read_bytes()), (f"{DATA_PREFIX}{HEALTH_PATH}", content)):
        lines.append(f"M {FILE_MODE} inline {path}\n".encode() + format_data(data))
    return b"".join([*lines, b"get-mark :1\ndone\n"])


def read_refs(archive: Archive) -> dict[str, str | None]:
    """Read where the branch is, here and as it was last seen at the remote; None where it is not."""
    names = (HEALTH_REF, REMOTE_HEALTH_REF)
    output = archive.run_git("for-each-ref", "--format=%(refname) %(objectname)", *names)
    refs = dict(line.split(" ") for line in output.splitlines())
    return {name: refs.get(name) for name in names}


def align_branch(archive: Archive, lines: Iterable[Attempt]) -> None:
    """Move the branch to where it contains what the ledger names last and what was last seen at the remote.

    A run that was killed between its two branches left the first without the second. Where ours and the
    remote's grew apart, or the remote's was cut, the commits that only we have are made anew on top of it.
    """
    entry = find_health_entry(lines)
    refs = read_refs(archive)
    local, tip = refs[HEALTH_REF], refs[REMOTE_HEALTH_REF]
    if entry and entry["commit"] == local and tip in (local, None):
        return
    for commit in (local, entry and archive.resolve_commit(entry["commit"])):
        tip = _append(archive, tip, commit) if commit else tip
    if tip and tip != local:
        move_branch(archive, tip)


def _append(archive: Archive, tip: str | None, commit: str) -> str:
    """Return the end of a branch that goes on from `tip` with what only the history of `commit` has."""
    if tip in (None, commit) or archive.is_ancestor(str(tip), commit):
        return commit
    assert tip
    branch = read_branch(archive, [tip])
    cut_hour = branch.cut_hour or ""
    lacking = [
        entry
        for entry in _read_commits(archive, commit, f"^{tip}")
        if entry.first_name not in branch.commits and format_stamp(entry.hour) >= cut_hour
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


def cut_branch(archive: Archive, hour: dt.datetime, lines: Iterable[Attempt], figures: bytes) -> int:
    """Make the branch anew without the health before an hour; return how many commits it lost.

    `figures` is the file of days and events that the first commit gets in its place. `lines` are all of the
    ledger: what those from that hour on name stays, although it may be older. Raise ArchiveError, with
    nothing cut, where a commit before that hour is named by none of them.
    """
    lines = [line for line in lines if "health" in line]
    commits = _read_commits(archive, HEALTH_REF)
    kept_names = {line["health"]["commit"] for line in lines if get_attempt_hour(line) >= hour}
    going = [entry for entry in commits if entry.hour < hour and entry.first_name not in kept_names]
    named = {line["health"]["commit"] for line in lines}
    if unnamed := [entry.name for entry in going if entry.first_name not in named]:
        msg = (
            f"nothing is cut off: the ledger here does not name {len(unnamed)} commits of the branch"
            f" {HEALTH_BRANCH} before {format_hour(hour)}, such as {unnamed[0]:.10}: those of another"
            " archive, or of hours that were taken back, which no export has"
        )
        raise ArchiveError(msg)
    staying = [entry for entry in commits if entry not in going]
    if not staying or not going:
        return 0
    move_branch(archive, _make_anew(archive, staying, None, Cut(hour, figures)))
    return len(going)


@dataclass(frozen=True)
class Cut:
    """Where a history of health begins, and what it keeps of the health before."""

    hour: dt.datetime
    figures: bytes


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
            find_trailer(STANDS_FOR, message) or name,
            message,
        )
        for name, tree, seconds, author, committer, message in texts
    ]


def _make_anew(
    archive: Archive, commits: list[HealthCommit], parent: str | None, cut: Cut | None = None
) -> str:
    """Make commits anew on top of a parent, or as a new history that begins at a cut; return the last one.

    Each gets a trailer for the commit of the ledger that it stands for.
    """
    archive.run_git("update-ref", "-d", NEW_REF)
    try:
        run_fast_import(archive, _format_anew(commits, parent, cut))
        return archive.run_git("rev-parse", "--verify", NEW_REF)
    finally:
        archive.run_git("update-ref", "-d", NEW_REF)


def _format_anew(commits: list[HealthCommit], parent: str | None, cut: Cut | None) -> Iterator[bytes]:
    """Yield the input of `git fast-import` that makes commits anew."""
    begin = f"from {parent}\n" if parent else ""
    for commit in commits:
        replaced = (STANDS_FOR, CUT_BEFORE)
        lines = [line for line in commit.message.rstrip().split("\n") if not line.startswith(replaced)]
        cut_lines = [f"{CUT_BEFORE}{format_stamp(cut.hour)}"] if cut else []
        message = "\n".join([*lines, f"{STANDS_FOR}{commit.first_name}", *cut_lines, ""])
        yield f"commit {NEW_REF}\nauthor {commit.author}\ncommitter {commit.committer}\n".encode()
        yield format_data(message.encode())
        yield f'{begin}M 040000 {commit.tree} ""\n'.encode()
        if cut:
            yield f"M {FILE_MODE} inline {CUT_PATH}\n".encode() + format_data(cut.figures)
        begin, cut = "", None
    yield b"done\n"
