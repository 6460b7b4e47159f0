"""The archive: a git work tree that holds `data/`. Whatever is read of it is read from a commit."""

import os
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path

from orarchive.domain.feeds import FEEDS
from orarchive.domain.snapshot import Snapshot, empty_snapshot, snapshot_from_files
from orarchive.errors import ArchiveError, GitError
from orarchive.store.git import run_git

DATA_PREFIX = "data/"
SNAPSHOT_FILES = [path for feed in FEEDS.values() for path in feed.files]


@dataclass(frozen=True)
class Archive:
    """An archive's work tree and its git folder (both absolute)."""

    root: Path
    git_dir: Path

    @property
    def data_folder(self) -> Path:
        """The folder of the archive's files."""
        return self.root / "data"

    def run_git(self, *arguments: str, stdin: bytes | None = None, env: dict[str, str] | None = None) -> str:
        """Run a git command in the work tree and return what it printed, without the last line end.

        Bytes that are no text, as in a name of a file, come as Python's own names of files have them.
        """
        return (
            run_git(self.root, *arguments, stdin=stdin, env=env).decode(errors="surrogateescape").rstrip("\n")
        )

    def resolve_commit(self, name: str = "HEAD") -> str | None:
        """The full name of a commit, None where there is none (yet)."""
        try:
            return self.run_git("rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}")
        except GitError:
            return None

    def is_ancestor(self, one: str, other: str) -> bool:
        """Whether one commit is in the past of another; one that is not there is in nobody's."""
        try:
            self.run_git("merge-base", "--is-ancestor", one, other)
        except GitError:
            return False
        return True

    def list_blobs(self, commit: str | None) -> dict[str, str]:
        """The files below `data/` at a commit: path below `data/` -> blob name."""
        if commit is None:
            return {}
        listed = self.run_git("ls-tree", "-r", "-z", "--full-tree", commit, "--", DATA_PREFIX)
        entries = (entry.partition("\t") for entry in listed.split("\0") if entry)
        return {path.removeprefix(DATA_PREFIX): about.split()[2] for about, _, path in entries}

    def read_blobs(self, blobs: Collection[str]) -> dict[str, bytes]:
        """The bytes of blobs, read by one process."""
        asked = "".join(f"{blob}\n" for blob in blobs).encode()
        printed = run_git(self.root, "cat-file", "--batch", stdin=asked)
        found: dict[str, bytes] = {}
        at = 0
        while at < len(printed):
            start = printed.index(b"\n", at) + 1
            name, _, size = (*printed[at:start].decode().split(), "", "")[:3]
            if not size:
                msg = f"git cannot read {name}, a file of the archive; git fsck says what is wrong"
                raise GitError(msg)
            at = start + int(size) + 1
            found[name] = printed[start : at - 1]
        return found

    def read_files(self, commit: str | None, wanted: Iterable[str] | None = None) -> dict[str, bytes]:
        """The files below `data/` at a commit, or the wanted ones among them: path -> bytes."""
        blobs = self.list_blobs(commit)
        paths = blobs.keys() if wanted is None else blobs.keys() & set(wanted)
        found = self.read_blobs([blobs[path] for path in paths])
        return {path: found[blobs[path]] for path in paths}

    def read_snapshot(self, commit: str | None) -> Snapshot:
        """The snapshot that a commit holds."""
        return (
            snapshot_from_files(self.read_files(commit, SNAPSHOT_FILES).get) if commit else empty_snapshot()
        )


def open_archive(folder: Path) -> Archive:
    """Open the archive in a folder, which must be the top of a git work tree."""
    if not folder.is_dir():
        msg = f"{folder} is not a folder"
        raise ArchiveError(msg)
    try:
        bare, inside = run_git(folder, "rev-parse", "--is-bare-repository", "--is-inside-git-dir").split()
        if b"true" in (bare, inside):
            msg = f"{folder} is a bare repository or a git folder; an archive is a git work tree"
            raise ArchiveError(msg)
        said = os.fsdecode(run_git(folder, "rev-parse", "--show-toplevel", "--absolute-git-dir"))
        top, git_dir = said.split("\n")[:2]
    except GitError as error:
        msg = f"{folder} is not a git work tree (git init makes one): {error}"
        raise ArchiveError(msg) from error
    if Path(top).resolve() != folder.resolve():
        msg = f"{folder} lies inside the git work tree {top}; an archive is the top of one"
        raise ArchiveError(msg)
    return Archive(Path(top), Path(git_dir))
