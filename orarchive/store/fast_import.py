"""Write many commits at once: one `git fast-import` builds them under a ref of its own, then a ref moves."""

import datetime as dt
import logging
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from subprocess import PIPE, Popen

from orarchive.errors import GitError
from orarchive.store.archive import DATA_PREFIX, Archive
from orarchive.store.commit import FILE_MODE, update_index, write_files, write_journal
from orarchive.store.git import GIT_COMMAND, build_git_environment

log = logging.getLogger(__name__)

IMPORT_REF = "refs/orarchive/import"
"""Ref under which commits are built; the branch moves only when all of them exist."""

Lines = dict[str, list[bytes]]
"""Files as lines (path below data/ -> lines), so that versions of a file share equal lines in memory."""


@dataclass(frozen=True)
class ImportCommit:
    """A commit to write: its hour, its message, and the changed files (no lines: the file is removed)."""

    hour: dt.datetime
    message: str
    files: Lines


def write_commits(
    archive: Archive, ref: str, parent: str | None, commits: Sequence[ImportCommit], now: dt.datetime
) -> None:
    """Write commits on top of a parent (None: as a new history) and move a ref to the last of them.

    Either all of it happens or nothing: the ref moves once, and only from that parent. Where the ref is HEAD,
    the files below data/ and the index follow. `now` is the committer date. Raise GitError where git fails.
    """
    last = {path: lines for commit in commits for path, lines in commit.files.items()}
    # A killed import may have left the ref.
    archive.run_git("update-ref", "-d", IMPORT_REF)
    try:
        run_fast_import(archive, format_stream(archive, parent, commits, now))
        tip = archive.run_git("rev-parse", "--verify", IMPORT_REF)
        moves = f"update {ref} {tip} {parent or '0' * len(tip)}\ndelete {IMPORT_REF}\n"
        if ref == "HEAD":
            write_journal(archive, last)
        archive.run_git("update-ref", "-m", f"import: {len(commits)} hours", "--stdin", stdin=moves.encode())
    finally:
        archive.run_git("update-ref", "-d", IMPORT_REF)
    if ref == "HEAD":
        write_files(archive, {path: b"".join(lines) if lines else None for path, lines in last.items()})
        update_index(archive)
    try:
        archive.run_git("repack", "-a", "-d", "-f", "--window=50", "--quiet")
    except GitError as error:
        log.warning("Imported, but the repository could not be packed: %s", error)


def run_fast_import(archive: Archive, stream: Iterable[bytes], *options: str) -> str:
    """Let git make the commits of a stream; return what it prints, such as the commit of a `get-mark`.

    Raise GitError, with no commit made, where the stream ends too early.
    """
    fixed = ("fast-import", "--quiet", "--done", "--date-format=raw")
    command = [*GIT_COMMAND, "-C", str(archive.root), *fixed, *options]
    env = build_git_environment()
    with Popen(command, stdin=PIPE, stdout=PIPE, stderr=PIPE, env=env) as process:
        assert process.stdin
        # Where git has exited its error output, read below, says why.
        with suppress(BrokenPipeError):
            for part in stream:
                process.stdin.write(part)
        output, errors = process.communicate()
    if process.returncode:
        reason = errors.decode(errors="replace").strip()
        msg = f"git fast-import failed, no commit was made: {reason}; mend that and import again"
        raise GitError(msg)
    return output.decode().strip()


def format_stream(
    archive: Archive, parent: str | None, commits: Sequence[ImportCommit], now: dt.datetime
) -> Iterator[bytes]:
    """Yield the input of `git fast-import`: the blobs, then the commits that name them.

    All versions of one file follow each other, for git makes a blob's delta from the blob before it.
    """
    marks: dict[tuple[int, str], int] = {}
    for path in sorted({path for commit in commits for path in commit.files}):
        for number, commit in enumerate(commits):
            if lines := commit.files.get(path):
                marks[number, path] = len(marks) + 1
                yield b"blob\nmark :%d\n" % len(marks)
                yield format_data(b"".join(lines))
    author, committer = (_read_identity(archive, role) for role in ("AUTHOR", "COMMITTER"))
    for number, commit in enumerate(commits):
        yield f"commit {IMPORT_REF}\nauthor {author} {commit.hour.timestamp():.0f} +0000\n".encode()
        yield f"committer {committer} {now.timestamp():.0f} +0000\n".encode()
        yield format_data(commit.message.encode())
        if parent and not number:
            yield f"from {parent}\n".encode()
        for path, lines in sorted(commit.files.items()):
            change = f"M {FILE_MODE} :{marks[number, path]}" if lines else "D"
            yield f"{change} {DATA_PREFIX}{path}\n".encode()
    yield b"done\n"


def _read_identity(archive: Archive, role: str) -> str:
    """Return name and address of git's AUTHOR or COMMITTER, without the date."""
    return archive.run_git("var", f"GIT_{role}_IDENT").rsplit(" ", 2)[0]


def format_data(content: bytes) -> bytes:
    """Return the `data` command of `git fast-import` that carries a content."""
    return b"data %d\n%b\n" % (len(content), content)
