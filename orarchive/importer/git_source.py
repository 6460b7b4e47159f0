"""Another git repository as a source: the versions of one file in its history."""

import datetime as dt
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from subprocess import PIPE, Popen
from tempfile import TemporaryDirectory

from orarchive.errors import ArchiveError, GitError
from orarchive.store.git import GIT_COMMAND, build_git_environment, run_git, run_remote_git
from orarchive.timestamps import floor_hour

NO_HEAD = "orarchive-no-head"
"""The branch that a clone stands on where its source has no HEAD; git would take one of the user's choice."""

CLONE_TIMEOUT_S = 3600.0
"""Longest time for a clone, whose size nobody knows before; a silent HTTP remote is given up much sooner."""

MAX_NAMED_PATHS = 5
"""Paths that an error names."""


@dataclass(frozen=True)
class Version:
    """One version of a file: the commit that brought it, its time (UTC), the file's blob and path."""

    commit: str
    time: dt.datetime
    blob: str
    path: str
    """Path of the file in that commit; it may have been renamed since."""

    @property
    def hour(self) -> dt.datetime:
        """Return the hour of the archive that the version belongs to."""
        return floor_hour(self.time)


def get_repository_name(repository: str) -> str:
    """Return the name of a repository: the last part of its path, without `.git` or `.bundle`."""
    path = _resolve_path(repository).rstrip("/").removesuffix("/.git")
    return re.split(r"[/:]", path)[-1].removesuffix(".git").removesuffix(".bundle")


@contextmanager
def clone_repository(repository: str) -> Iterator[Path]:
    """Clone a repository (folder, bundle file or URL) for the time of a context, and yield the bare clone.

    Raise ArchiveError where it cannot be cloned, or is shallow and so lacks its past.
    """
    with TemporaryDirectory(prefix="orarchive-") as folder:
        clone = Path(folder) / "clone.git"
        options = ("-c", f"init.defaultBranch={NO_HEAD}", "clone", "--quiet", "--bare", "--no-tags")
        try:
            source = _resolve_path(repository)
            run_remote_git(Path(folder), *options, "--", source, str(clone), timeout=CLONE_TIMEOUT_S)
        except GitError as error:
            reason = " ".join(str(error).partition("failed: ")[2].split())
            msg = f"{repository} cannot be cloned; name a git repository, a bundle or a URL (git: {reason})"
            raise ArchiveError(msg) from error
        if _run_git(clone, "rev-parse", "--is-shallow-repository") == "true":
            msg = f"{repository} is a shallow clone and lacks the past (git fetch --unshallow brings it)"
            raise ArchiveError(msg)
        yield clone


def list_versions(clone: Path, path: str, branch: str | None = None) -> list[Version]:
    """List the versions of a file on a branch, oldest first; a commit that removes the file has none.

    Where the file had another name before, its versions under that name come first. Raise ArchiveError where
    the file was never there, or the clone is partial and lacks some of it.
    """
    if "\n" in path:
        msg = (
            f"a path with a line end cannot be imported: {path!r}; rename the file in a branch of the source"
        )
        raise ArchiveError(msg)
    tip = _resolve_tip(clone, branch)
    versions = _list_versions(clone, path, tip)
    if not versions:
        files = _run_git(clone, "ls-tree", "-r", "-z", "--name-only", tip).split("\0")
        paths = sorted((name for name in files if name.endswith(".json")), key=lambda name: (len(name), name))
        listing = ", ".join(paths[:MAX_NAMED_PATHS]) or "none"
        msg = f"{path} was never a file of the source; its JSON files: {listing}"
        raise ArchiveError(msg)
    names = {path}
    while (earlier := _find_earlier_name(clone, versions[0])) and earlier not in names:
        names.add(earlier)
        versions = [*_list_versions(clone, earlier, f"{versions[0].commit}^"), *versions]
    return versions


def _find_earlier_name(clone: Path, version: Version) -> str | None:
    """Return the path that the file had before a version: renamed in its commit, or removed before it.

    A file that was removed counts if it has the same name in another folder; None where there is none.
    """
    options = ("-r", "-z", "--root", "--no-commit-id", "--find-renames", "--diff-filter=R", "--name-status")
    fields = _run_git(clone, "diff-tree", *options, version.commit).split("\0")
    renamed = zip(fields[1::3], fields[2::3], strict=False)
    if earlier := next((old for old, new in renamed if new == version.path), None):
        return earlier
    try:
        listing = ("--no-renames", "--diff-filter=D", "--format=", "--name-only", "-z")
        removed = _run_git(clone, "log", *listing, f"{version.commit}^").split("\0")
    except GitError:  # the commit has no parent
        return None
    name = version.path.rpartition("/")[2]
    return next((path for path in removed if path.rpartition("/")[2] == name and path != version.path), None)


def _list_versions(clone: Path, path: str, tip: str) -> list[Version]:
    """List the versions of a file that has this path, in the history of a commit, oldest first."""
    if "\n?" in _run_git(clone, "rev-list", "--objects", "--missing=print", tip, "--", path):
        msg = (
            f"versions of {path} are missing: the source is a partial clone"
            " (git clone without --filter makes a whole one)"
        )
        raise ArchiveError(msg)
    options = ("--reverse", "--date-order", "--no-commit-header", "--format=%H %ct %at")
    listed = _run_git(clone, "rev-list", *options, tip, "--", path)
    commits = [line.split(" ") for line in listed.splitlines()]
    times = _choose_times(commits)
    names = "".join(f"{name}:{path}\n" for name, *_ in commits).encode()
    objects = _run_git(clone, "cat-file", "--batch-check=%(objecttype) %(objectname)", stdin=names)
    return [
        Version(name, time, line.removeprefix("blob "), path)
        # Git repeats the name where the commit has no such file. So the output is split at line feeds alone:
        # `splitlines` would also split at other line ends in a name. Without commits the output is empty.
        for (name, *_), time, line in zip(commits, times, filter(None, objects.split("\n")), strict=True)
        if line.startswith("blob ")
    ]


def _choose_times(commits: Sequence[Sequence[str]]) -> list[dt.datetime]:
    """Return the time of each commit, given as name and seconds of its committer and its author.

    The committer's counts, unless all are of one hour: then the history was written anew, and the author's
    counts.
    """
    committed, written = ([_parse_time(commit[position]) for commit in commits] for position in (1, 2))
    is_rewritten = len({*map(floor_hour, committed)}) == 1 < len({*map(floor_hour, written)})
    return written if is_rewritten else committed


def _parse_time(seconds: str) -> dt.datetime:
    """Parse a commit's time (seconds after 1970) to UTC; the last of all for one that no calendar has."""
    try:
        return dt.datetime.fromtimestamp(int(seconds), dt.UTC)
    except (ValueError, OverflowError, OSError):
        return dt.datetime.max.replace(tzinfo=dt.UTC)


def resolve_commits(versions: Sequence[Version], path: str, names: Iterable[str]) -> set[str]:
    """Resolve the names of commits to those of versions; a name may be abbreviated if it is unique.

    Raise ArchiveError for a name that fits none of the versions, or several.
    """
    commits: set[str] = set()
    for name in names:
        matches = [version.commit for version in versions if name and version.commit.startswith(name.lower())]
        if not matches:
            msg = f"--accept names {name!r}, but no version of {path} is of such a commit"
            raise ArchiveError(msg)
        if len(matches) > 1:
            msg = (
                f"--accept names {name!r}, which may be any of {len(matches)} versions (write more digits):"
                f" {', '.join(matches[:2])}"
            )
            raise ArchiveError(msg)
        commits.update(matches)
    return commits


@contextmanager
def open_blob_reader(clone: Path) -> Iterator[Callable[[str], bytes]]:
    """Start a process that reads blobs, and yield a function that returns the bytes of one by its name."""
    command = [*GIT_COMMAND, "--git-dir", str(clone), "cat-file", "--batch"]
    with Popen(command, stdin=PIPE, stdout=PIPE, env=build_git_environment()) as process:
        stdin, stdout = process.stdin, process.stdout
        assert stdin and stdout

        def read(blob: str) -> bytes:
            stdin.write(f"{blob}\n".encode())
            stdin.flush()
            *_, size = stdout.readline().split()
            return stdout.read(int(size) + 1)[:-1]

        yield read


def _resolve_path(repository: str) -> str:
    """Return the absolute path of a folder or file, since git runs in another one; a URL as it is."""
    return str(Path(repository).resolve()) if Path(repository).exists() else repository


def _resolve_tip(clone: Path, branch: str | None) -> str:
    """Return the commit to start from: that of the named branch, or HEAD, or the only branch there is."""
    listed = _run_git(clone, "for-each-ref", "--format=%(objectname) %(refname:lstrip=2)", "refs/heads")
    branches = {name: tip for tip, _, name in (line.partition(" ") for line in listed.splitlines())}
    names = ", ".join(branches)
    if branch is not None and branch not in branches:
        msg = f"there is no branch {branch}; --branch takes one of: {names or 'none'}"
        raise ArchiveError(msg)
    if branch is not None:
        return branches[branch]
    try:
        return _run_git(clone, "rev-parse", "--verify", "--quiet", "HEAD^{commit}")
    except GitError:
        pass
    if len(branches) == 1:
        return next(iter(branches.values()))
    if branches:
        msg = f"the repository has no HEAD; --branch takes one of: {names}"
    else:
        msg = "the repository has no commits"
    raise ArchiveError(msg)


def _run_git(clone: Path, *arguments: str, stdin: bytes | None = None) -> str:
    """Run a git command on a bare clone, and return its output without the last line ends.

    The clone is named outright, for `safe.bareRepository` may forbid git to discover it; paths are taken
    literally.
    """
    env = {"GIT_DIR": str(clone), "GIT_LITERAL_PATHSPECS": "1"}
    return run_git(clone, *arguments, stdin=stdin, env=env).decode(errors="replace").rstrip("\n")
