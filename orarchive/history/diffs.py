"""Diffs: which lines each commit took out and put in, read from git as one stream."""

from collections.abc import Generator, Iterator

from orarchive.domain.data_paths import FEED_FOLDERS, feed_of_path, is_series_file
from orarchive.errors import GitError
from orarchive.store.archive import DATA_PREFIX, Archive
from orarchive.store.git import stream_git

DIFF_COMMAND = (
    *("diff-tree", "--stdin", "--always", "-r", "-p", "-U0", "--inter-hunk-context=0"),
    *("--text", "--no-color", "--no-ext-diff", "--no-textconv", "--no-renames", "--no-indent-heuristic"),
    *("--src-prefix=a/", "--dst-prefix=b/", "--encoding=UTF-8", "--format=%x00%H"),
)
"""Whatever a user's settings and attributes say: they could colour, rename, merge hunks or call a program."""

Diff = dict[str, tuple[list[bytes], list[bytes]]]
"""Path below data/ -> the lines that went and the lines that came."""

Diffs = Generator[tuple[str, Diff], None, None]
"""Each commit with what it changed."""


def stream_diffs(archive: Archive, base: str | None, commits: list[str]) -> Diffs:
    """Yield each commit with what it changed against the one before it, the first against `base`."""
    if base is None and commits:  # against nothing: git would take the commit's own parents
        base, *commits = commits
        yield base, _whole(archive, base)
    told = [f"{commit} {before}\n" for commit, before in zip(commits, [str(base), *commits], strict=False)]
    folders = [f"{DATA_PREFIX}{folder}" for folder in FEED_FOLDERS]
    yield from _parsed(stream_git(archive.root, *DIFF_COMMAND, "--", *folders, stdin="".join(told).encode()))


def _whole(archive: Archive, commit: str) -> Diff:
    """All that a commit holds, as what came."""
    files = archive.read_files(
        commit, [path for path in archive.list_blobs(commit) if feed_of_path(path) or is_series_file(path)]
    )
    return {path: ([], data.removesuffix(b"\n").split(b"\n")) for path, data in files.items() if data}


def next_diff(diffs: Diffs, commit: str) -> Diff:
    """The diff of a commit, whose turn it must be: git passes over one that it cannot read."""
    name, diff = next(diffs, ("", {}))
    if name != commit:
        msg = f"git diff-tree told nothing of commit {commit}; git fsck says what is wrong"
        raise GitError(msg)
    return diff


def _parsed(lines: Iterator[bytes]) -> Diffs:
    """Take git's output apart, commit by commit."""
    name = ""
    diff: Diff = {}
    went: list[bytes] = []
    came: list[bytes] = []
    in_hunk = False
    for line in lines:
        mark = line[:1]
        if in_hunk and mark == b"+":
            came.append(line[1:-1])
        elif in_hunk and mark == b"-":
            went.append(line[1:-1])
        elif mark == b"@":
            in_hunk = True
        elif mark == b"\0":
            if name:
                yield name, diff
            name, diff, in_hunk = line[1:-1].decode(), {}, False
        elif line.startswith(b"diff --git "):
            in_hunk = False
            went, came = diff.setdefault(_path(line), ([], []))
    if name:
        yield name, diff


def _path(line: bytes) -> str:
    """The path below data/ that a `diff --git a/... b/...` line names."""
    return line.decode(errors="replace").rstrip("\n").partition(f" b/{DATA_PREFIX}")[2]
