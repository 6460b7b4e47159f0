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
from orarchive.store.git import GIT_COMMAND, git_environment, run_git
from orarchive.timestamps import YEARS, floor_hour

NO_HEAD = "orarchive-no-head"
"""The branch that a clone stands on where its source has no HEAD; git would take one of the user's choice."""

NAMED = 5
"""Paths that an error names at most."""


@dataclass(frozen=True)
class Version:
    """One version of a file: the commit that brought it, that commit's time (UTC), and the file's blob."""

    commit: str
    time: dt.datetime
    blob: str

    @property
    def hour(self) -> dt.datetime:
        """The hour of the archive that the version belongs to."""
        return floor_hour(self.time)


def repository_name(repository: str) -> str:
    """What a repository is called: the last part of its path, without `.git` or `.bundle`."""
    path = _absolute(repository).rstrip("/").removesuffix("/.git")
    return re.split(r"[/:]", path)[-1].removesuffix(".git").removesuffix(".bundle")


@contextmanager
def clone_repository(repository: str) -> Iterator[Path]:
    """A bare clone of a repository (folder, bundle file or URL), for a while; a shallow one has no past."""
    with TemporaryDirectory(prefix="orarchive-") as folder:
        clone = Path(folder) / "clone.git"
        head, how = ("-c", f"init.defaultBranch={NO_HEAD}"), ("clone", "--quiet", "--bare", "--no-tags")
        try:
            run_git(Path(folder), *head, *how, "--", _absolute(repository), str(clone))
        except GitError as error:
            said = " ".join(str(error).partition("failed: ")[2].split())
            msg = f"{repository} cannot be cloned; a repository, a bundle or a URL is wanted (git: {said})"
            raise ArchiveError(msg) from error
        if _git(clone, "rev-parse", "--is-shallow-repository") == "true":
            msg = f"{repository} is a shallow clone and lacks the past (git fetch --unshallow brings it)"
            raise ArchiveError(msg)
        yield clone


def list_versions(clone: Path, path: str, branch: str | None = None) -> list[Version]:
    """The versions of a file on a branch, oldest first; a commit that removes the file is none."""
    tip = _tip(clone, branch)
    if "\n?" in _git(clone, "rev-list", "--objects", "--missing=print", tip, "--", path):
        msg = f"{path} is not whole there, in a partial clone (git clone without --filter makes a whole one)"
        raise ArchiveError(msg)
    listed = _git(clone, "rev-list", "--reverse", "--date-order", "--timestamp", tip, "--", path)
    commits = [line.split(" ") for line in listed.splitlines()]
    asked = "".join(f"{name}:{path}\n" for _, name in commits).encode()
    found = _git(clone, "cat-file", "--batch-check=%(objecttype) %(objectname)", stdin=asked)
    there = [
        Version(name, _time(seconds, name), answer.removeprefix("blob "))
        # an answer without an object repeats what was asked
        for (seconds, name), answer in zip(commits, filter(None, found.split("\n")), strict=True)
        if answer.startswith("blob ")
    ]
    if not there:
        files = _git(clone, "ls-tree", "-r", "-z", "--name-only", tip).split("\0")
        some = sorted((name for name in files if name.endswith(".json")), key=lambda name: (len(name), name))
        msg = f"{path} was never a file there; files that are: {', '.join(some[:NAMED]) or 'none with .json'}"
        raise ArchiveError(msg)
    return there


def _time(seconds: str, commit: str) -> dt.datetime:
    """A commit's time, which anybody may set to anything."""
    try:
        found = dt.datetime.fromtimestamp(int(seconds), dt.UTC)
    except (ValueError, OverflowError):
        found = None
    if found is None or found.year not in YEARS:
        msg = f"commit {commit[:10]} there is of a time that cannot be meant: {seconds} s after 1970"
        raise ArchiveError(msg)
    return found


def resolve_commits(found: Sequence[Version], path: str, names: Iterable[str]) -> set[str]:
    """The commits that names mean: each of them is one of a version, whole or as no other one begins."""
    commits: set[str] = set()
    for name in names:
        some = [one.commit for one in found if name and one.commit.startswith(name.lower())]
        if not some:
            msg = f"no version of {path} is of a commit {name!r}, which --accept names"
            raise ArchiveError(msg)
        if len(some) > 1:
            msg = f"{name!r}, which --accept names, may be any of {len(some)} versions: {', '.join(some[:2])}"
            raise ArchiveError(msg)
        commits.update(some)
    return commits


@contextmanager
def open_blob_reader(clone: Path) -> Iterator[Callable[[str], bytes]]:
    """A function that gives the bytes of a blob; one process reads them all."""
    command = [*GIT_COMMAND, "--git-dir", str(clone), "cat-file", "--batch"]
    with Popen(command, stdin=PIPE, stdout=PIPE, env=git_environment()) as process:
        stdin, stdout = process.stdin, process.stdout
        assert stdin and stdout

        def read(blob: str) -> bytes:
            stdin.write(f"{blob}\n".encode())
            stdin.flush()
            *_, size = stdout.readline().split()
            return stdout.read(int(size) + 1)[:-1]

        yield read


def _absolute(repository: str) -> str:
    """A folder or file by its whole path, for git runs elsewhere; anything else as it is."""
    return str(Path(repository).resolve()) if Path(repository).exists() else repository


def _tip(clone: Path, branch: str | None) -> str:
    """The commit to start from: the wanted branch, or HEAD, or the only branch there is."""
    listed = _git(clone, "for-each-ref", "--format=%(objectname) %(refname:lstrip=2)", "refs/heads")
    branches = {name: tip for tip, _, name in (line.partition(" ") for line in listed.splitlines())}
    named = ", ".join(branches)
    if branch is not None and branch not in branches:
        msg = f"there is no branch {branch}; --branch takes one of: {named or 'none'}"
        raise ArchiveError(msg)
    if branch is not None:
        return branches[branch]
    try:
        return _git(clone, "rev-parse", "--verify", "--quiet", "HEAD^{commit}")
    except GitError:
        pass
    if len(branches) == 1:
        return next(iter(branches.values()))
    if branches:
        msg = f"the repository has no HEAD; --branch takes one of: {named}"
    else:
        msg = "the repository has no commits"
    raise ArchiveError(msg)


def _git(clone: Path, *arguments: str, stdin: bytes | None = None) -> str:
    # named outright, for safe.bareRepository may forbid git to find it; a path is no pattern
    env = {"GIT_DIR": str(clone), "GIT_LITERAL_PATHSPECS": "1"}
    return run_git(clone, *arguments, stdin=stdin, env=env).decode(errors="replace").rstrip("\n")
