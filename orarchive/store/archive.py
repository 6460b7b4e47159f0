"""The archive: a git work tree that holds `data/`. All reading is from a commit, never from the work tree."""

import os
import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from functools import lru_cache
from io import BytesIO
from pathlib import Path

from orarchive.domain.data_paths import SNAPSHOT_FILES
from orarchive.domain.snapshot import Snapshot, make_empty_snapshot, parse_snapshot_files
from orarchive.errors import ArchiveError, GitError
from orarchive.store.git import parse_batch, run_git

DATA_PREFIX = "data/"

_FULL_HASH = re.compile("[0-9a-f]{40,64}")


@dataclass(frozen=True)
class Archive:
    """An archive's work tree and its git folder (both absolute)."""

    root: Path
    git_dir: Path

    @property
    def data_folder(self) -> Path:
        """Return the folder of the archive's files."""
        return self.root / "data"

    @property
    def shared_dir(self) -> Path:
        """Return the git folder that all work trees of the repository share."""
        # Git's layout: the git folder of a linked work tree names that of the main one in a file.
        pointer = self.git_dir / "commondir"
        return (self.git_dir / pointer.read_text().strip()).resolve() if pointer.exists() else self.git_dir

    @property
    def is_shallow(self) -> bool:
        """Return whether this is a shallow clone, which lacks its past."""
        return (self.shared_dir / "shallow").exists()

    def run_git(self, *arguments: str, stdin: bytes | None = None, env: dict[str, str] | None = None) -> str:
        """Run a git command in the work tree and return its output without the last line end.

        Bytes that are not UTF-8, as in the name of a file, are decoded as Python decodes file names.
        """
        return (
            run_git(self.root, *arguments, stdin=stdin, env=env).decode(errors="surrogateescape").rstrip("\n")
        )

    def resolve_commit(self, name: str = "HEAD") -> str | None:
        """Return the full hash of a commit, None where there is no such commit (yet)."""
        try:
            return self.run_git("rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}")
        except GitError:
            return None

    def is_ancestor(self, ancestor: str, descendant: str) -> bool:
        """Return whether `descendant` has `ancestor` in its history; False where either does not exist.

        A commit is its own ancestor.
        """
        if ancestor == descendant:
            return True
        try:
            self.run_git("merge-base", "--is-ancestor", ancestor, descendant)
        except GitError:
            return False
        return True

    def list_blobs(self, commit: str | None) -> dict[str, str]:
        """List the files below `data/` at a commit: path below `data/` -> blob hash."""
        if commit is None:
            return {}
        return dict(_list_tree(self, commit) if _FULL_HASH.fullmatch(commit) else _read_tree(self, commit))

    def read_blobs(self, blobs: Collection[str]) -> dict[str, bytes]:
        """Read blobs with one git process: blob hash -> bytes; one that is missing raises GitError."""
        request = "".join(f"{blob}\n" for blob in blobs).encode()
        return dict(parse_batch(BytesIO(run_git(self.root, "cat-file", "--batch", stdin=request))))

    def read_files(self, commit: str | None, selection: Iterable[str] | None = None) -> dict[str, bytes]:
        """Read the files below `data/` at a commit: path -> bytes.

        With a `selection` of paths, read only those of them that the commit has.
        """
        blobs = self.list_blobs(commit)
        paths = blobs.keys() if selection is None else blobs.keys() & set(selection)
        contents = self.read_blobs([blobs[path] for path in paths])
        return {path: contents[blobs[path]] for path in paths}

    def read_snapshot(self, commit: str | None) -> Snapshot:
        """Read the snapshot that a commit holds; an empty one for None."""
        return (
            parse_snapshot_files(self.read_files(commit, SNAPSHOT_FILES).get)
            if commit
            else make_empty_snapshot()
        )


def _read_tree(archive: Archive, commit: str) -> dict[str, str]:
    """List the files below `data/` at a commit, as `Archive.list_blobs` does."""
    output = archive.run_git("ls-tree", "-r", "-z", "--full-tree", commit, "--", DATA_PREFIX)
    entries = (entry.partition("\t") for entry in output.split("\0") if entry)
    return {path.removeprefix(DATA_PREFIX): details.split()[2] for details, _, path in entries}


# A run lists the files of the same commit several times, and a commit never changes.
_list_tree = lru_cache(maxsize=2)(_read_tree)


def refuse_data_folder(path: Path, archive: Archive) -> None:
    """Raise ArchiveError for a path below the data of an archive, where it would stop the next run."""
    place = path.resolve()
    others = [
        folder for folder in place.parents if folder.name == "data" and (folder.parent / ".git").exists()
    ]
    for folder in (archive.data_folder, *others):
        if place.is_relative_to(folder.resolve()):
            msg = f"{path} lies inside {folder}; name another place"
            raise ArchiveError(msg)


def open_archive(folder: Path) -> Archive:
    """Open the archive in a folder; raise ArchiveError unless it is the top of a git work tree."""
    if not folder.is_dir():
        msg = f"{folder} is not a folder"
        raise ArchiveError(msg)
    try:
        output = os.fsdecode(run_git(folder, "rev-parse", "--show-toplevel", "--absolute-git-dir"))
        top, git_dir = output.split("\n")[:2]
    except GitError as error:
        if _is_git_folder(folder):
            msg = f"{folder} is a bare repository or a git folder; an archive is a git work tree"
            raise ArchiveError(msg) from error
        msg = f"{folder} is not a git work tree (git init makes one): {error}"
        raise ArchiveError(msg) from error
    if Path(top).resolve() != folder.resolve():
        msg = f"{folder} lies inside the git work tree {top}; an archive is the top of one"
        raise ArchiveError(msg)
    return Archive(Path(top), Path(git_dir))


def _is_git_folder(folder: Path) -> bool:
    """Return whether a folder is a bare repository, or lies in the git folder of a work tree."""
    try:
        answer = run_git(folder, "rev-parse", "--is-bare-repository", "--is-inside-git-dir")
    except GitError:
        return False
    return b"true" in answer.split()
