"""Diffs: which lines each commit removed and added, read from git as one stream."""

from collections.abc import Generator, Iterator

from orarchive.domain.data_paths import FEED_FOLDERS, get_feed_of_path
from orarchive.domain.ranking_series import is_series_file
from orarchive.errors import GitError
from orarchive.store.archive import DATA_PREFIX, Archive
from orarchive.store.git import stream_git

DIFF_COMMAND = (
    *("diff-tree", "--stdin", "--always", "-r", "-p", "-U0", "--inter-hunk-context=0"),
    *("--text", "--no-color", "--no-ext-diff", "--no-textconv", "--no-renames", "--no-indent-heuristic"),
    *("--src-prefix=a/", "--dst-prefix=b/", "--encoding=UTF-8", "--format=%x00%H"),
)
"""`git diff-tree` with options that override a user's settings and attributes, which could colour the output,
detect renames, merge hunks or call a program."""

Diff = dict[str, tuple[list[bytes], list[bytes]]]
"""Path below data/ -> the removed lines and the added lines."""

Diffs = Generator[tuple[str, Diff], None, None]
"""Each commit with what it changed."""


def stream_diffs(archive: Archive, base: str | None, commits: list[str]) -> Diffs:
    """Yield each commit with its changes against the commit before it, the first against `base`."""
    if base is None and commits:
        # Without a base git would compare the first commit with its own parents.
        base, *commits = commits
        yield base, _read_whole_tree(archive, base)
    request = "".join(
        f"{commit} {before}\n" for commit, before in zip(commits, [str(base), *commits], strict=False)
    )
    folders = [f"{DATA_PREFIX}{folder}" for folder in FEED_FOLDERS]
    yield from _parse_diffs(stream_git(archive.root, *DIFF_COMMAND, "--", *folders, stdin=request.encode()))


def _read_whole_tree(archive: Archive, commit: str) -> Diff:
    """Read all files of a commit as added lines."""
    files = archive.read_files(
        commit,
        [path for path in archive.list_blobs(commit) if get_feed_of_path(path) or is_series_file(path)],
    )
    return {path: ([], data.removesuffix(b"\n").split(b"\n")) for path, data in files.items() if data}


def read_next_diff(diffs: Diffs, commit: str) -> Diff:
    """Return the next diff, which must be that of `commit`; raise GitError where git left the commit out.

    Git leaves out a commit that it cannot read.
    """
    name, diff = next(diffs, ("", {}))
    if name != commit:
        msg = f"git diff-tree printed nothing for commit {commit}; git fsck says what is wrong"
        raise GitError(msg)
    return diff


def _parse_diffs(lines: Iterator[bytes]) -> Diffs:
    """Parse git's output, commit by commit."""
    name = ""
    diff: Diff = {}
    removed: list[bytes] = []
    added: list[bytes] = []
    in_hunk = False
    for line in lines:
        mark = line[:1]
        if in_hunk and mark == b"+":
            added.append(line[1:-1])
        elif in_hunk and mark == b"-":
            removed.append(line[1:-1])
        elif mark == b"@":
            in_hunk = True
        elif mark == b"\0":
            if name:
                yield name, diff
            name, diff, in_hunk = line[1:-1].decode(), {}, False
        elif line.startswith(b"diff --git "):
            in_hunk = False
            removed, added = diff.setdefault(_parse_path(line), ([], []))
    if name:
        yield name, diff


def _parse_path(line: bytes) -> str:
    """Return the path below data/ that a `diff --git a/... b/...` line names."""
    return line.decode(errors="replace").rstrip("\n").partition(f" b/{DATA_PREFIX}")[2]
