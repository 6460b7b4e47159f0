"""Writing many commits at once: built beside everything by one `git fast-import`, then one ref moves."""

import datetime as dt
import logging
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from subprocess import PIPE, Popen

from orarchive.errors import GitError
from orarchive.store.archive import DATA_PREFIX, Archive
from orarchive.store.commit import FILE_MODE, write_files
from orarchive.store.git import GIT_COMMAND, git_environment

log = logging.getLogger(__name__)

IMPORT_REF = "refs/orarchive/import"
"""Where commits are built; nobody sees them before all of them are there."""

Lines = dict[str, list[bytes]]
"""Files as lines (path below data/ -> lines): what two versions share is in memory once."""


@dataclass(frozen=True)
class ImportCommit:
    """A commit to be: its hour, its message, and the files that changed (one without lines is gone)."""

    hour: dt.datetime
    message: str
    files: Lines


def write_commits(
    archive: Archive, ref: str, parent: str | None, commits: Sequence[ImportCommit], now: dt.datetime
) -> None:
    """Put commits on top of a parent (None: they are a history of their own) and move a ref there.

    All of it happens or nothing: the ref moves once, and from that parent only. Where it is HEAD, the files
    below data/ and the index follow. `now` is the committer date.
    """
    archive.run_git("update-ref", "-d", IMPORT_REF)  # a killed import may have left it
    try:
        _feed(archive, _stream(archive, parent, commits, now))
        made = archive.run_git("rev-parse", "--verify", IMPORT_REF)
        moves = f"update {ref} {made} {parent or '0' * len(made)}\ndelete {IMPORT_REF}\n"
        archive.run_git("update-ref", "-m", f"import: {len(commits)} hours", "--stdin", stdin=moves.encode())
    finally:
        archive.run_git("update-ref", "-d", IMPORT_REF)
    if ref == "HEAD":
        last = {path: lines for one in commits for path, lines in one.files.items()}
        write_files(archive, {path: b"".join(lines) if lines else None for path, lines in last.items()})
        archive.run_git("restore", "--source=HEAD", "--staged", "--", DATA_PREFIX)
        archive.run_git("update-index", "-q", "--refresh")
    try:
        archive.run_git("repack", "-a", "-d", "-f", "--window=50", "--quiet")
    except GitError as error:
        log.warning("Imported, but not packed well: %s", error)


def _feed(archive: Archive, stream: Iterable[bytes]) -> None:
    """Let git make commits of a stream; of one that ends too early it makes none."""
    command = [*GIT_COMMAND, "-C", str(archive.root), "fast-import", "--quiet", "--done", "--date-format=raw"]
    with Popen(command, stdin=PIPE, stderr=PIPE, env=git_environment()) as process:
        assert process.stdin
        with suppress(BrokenPipeError):  # git has left, and says why
            for part in stream:
                process.stdin.write(part)
        _, said = process.communicate()
    if process.returncode:
        msg = f"git fast-import failed: {said.decode(errors='replace').strip()}"
        raise GitError(msg)


def _stream(
    archive: Archive, parent: str | None, commits: Sequence[ImportCommit], now: dt.datetime
) -> Iterator[bytes]:
    """What `git fast-import` reads: the blobs, then the commits that name them.

    All versions of one file stand together, for git makes a blob's delta from the blob before it.
    """
    marks: dict[tuple[int, str], int] = {}
    for path in sorted({path for one in commits for path in one.files}):
        for number, one in enumerate(commits):
            if lines := one.files.get(path):
                marks[number, path] = len(marks) + 1
                yield b"blob\nmark :%d\n" % len(marks)
                yield _data(b"".join(lines))
    author, committer = (_ident(archive, who) for who in ("AUTHOR", "COMMITTER"))
    for number, one in enumerate(commits):
        yield f"commit {IMPORT_REF}\nauthor {author} {one.hour.timestamp():.0f} +0000\n".encode()
        yield f"committer {committer} {now.timestamp():.0f} +0000\n".encode()
        yield _data(one.message.encode())
        if parent and not number:
            yield f"from {parent}\n".encode()
        for path, lines in sorted(one.files.items()):
            change = f"M {FILE_MODE} :{marks[number, path]}" if lines else "D"
            yield f"{change} {DATA_PREFIX}{path}\n".encode()
    yield b"done\n"


def _ident(archive: Archive, who: str) -> str:
    """A name and an address as git has them, without its date."""
    return archive.run_git("var", f"GIT_{who}_IDENT").rsplit(" ", 2)[0]


def _data(content: bytes) -> bytes:
    return b"data %d\n%b\n" % (len(content), content)
