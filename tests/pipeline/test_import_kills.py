"""Importing while the process is killed: no commit, or all; then it works."""

import os
import signal
import subprocess
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from orarchive.errors import ArchiveError, GitError
from orarchive.store import fast_import
from orarchive.store.archive import Archive, open_archive
from orarchive.store.commit import archive_lock, write_journal
from orarchive.store.git import run_git
from tests.support.archives import make_archive, read_git
from tests.support.import_source import (
    HOSTILE_GIT_CONFIG,
    Source,
    read_ledger,
    run_import,
)


def import_and_kill(archive: Archive, source: Source, step: int, kind: str) -> int:
    """Import in a process of its own that kills itself before a step; return the number of steps.

    Step 0 means that it is not killed. A step is a git command or a written file, or with the kind `stream` a
    part of the input of git.
    """
    counter = archive.root.parent / "steps"
    temporary = archive.root.parent / "temporary"
    temporary.mkdir(exist_ok=True)
    pid = os.fork()
    if not pid:
        steps = 0
        # A killed process does not clean up.
        os.environ["TMPDIR"] = tempfile.tempdir = str(temporary)

        def count_step() -> None:
            nonlocal steps
            steps += 1
            if steps == step:
                os.kill(os.getpid(), signal.SIGKILL)

        def count_calls(real: Callable[..., Any]) -> Callable[..., Any]:
            def call(*arguments: Any, **options: Any) -> Any:
                count_step()
                return real(*arguments, **options)

            return call

        def stream(*arguments: Any) -> Iterator[bytes]:
            for part in real_stream(*arguments):
                count_step()
                yield part

        real_stream = fast_import.format_stream
        if kind == "stream":
            fast_import.format_stream = stream  # type: ignore[assignment]
        else:
            subprocess.run = count_calls(subprocess.run)
            for name in ("write_bytes", "write_text", "replace", "unlink"):
                setattr(Path, name, count_calls(getattr(Path, name)))
        try:
            run_import(archive, source)
            os.write(os.open(counter, os.O_CREAT | os.O_WRONLY), str(steps).encode())
            os._exit(0)
        finally:
            os._exit(1)
    code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    assert code == (-signal.SIGKILL if step else 0)
    return 0 if step else int(counter.read_text())


@pytest.mark.faults
@pytest.mark.parametrize(
    ("kind", "config", "stride"),
    [("step", "", 1), ("step", HOSTILE_GIT_CONFIG, 4), ("stream", "", 5)],
    ids=["step", "hostile settings", "stream"],
)
def test_killed_before_a_step(
    source: Source,
    three_commits: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    kind: str,
    config: str,
    stride: int,
) -> None:
    """Leave no commit or all of them; then the next import works."""
    if config:
        (tmp_path / "config").write_text(config)
        monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "config"))
    whole = open_archive(make_archive(tmp_path / "whole"))
    count = import_and_kill(whole, source, 0, kind)
    assert count > 20
    outcomes = Counter[str]()
    for step in range(count, 0, -stride):
        archive = open_archive(make_archive(tmp_path / str(step)))
        import_and_kill(archive, source, step, kind)
        while (archive.git_dir / f"{fast_import.IMPORT_REF}.lock").exists():
            time.sleep(0.01)
        if archive.resolve_commit() is None:
            outcomes["nothing"] += 1
            run_import(archive, source)
        else:
            outcomes["all"] += 1
            with pytest.raises(ArchiveError):  # The hours are there, but what was left is restored.
                run_import(archive, source)
            with archive_lock(archive, sleep=lambda _: None):
                pass
        assert archive.resolve_commit() == whole.resolve_commit(), step
        assert read_git(archive.root, "for-each-ref", "refs/orarchive") == ""
        assert archive.run_git("status", "--porcelain", "--untracked-files=all") == ""
        for path, data in archive.read_files("HEAD").items():
            assert (archive.data_folder / path).read_bytes() == data
    assert outcomes["nothing"] > 3
    assert outcomes["all"] > 3 or kind == "stream"


def test_half_a_stream_makes_no_commit(archive: Archive) -> None:
    commit = b"commit %s\ncommitter A <a@example.org> 1 +0000\ndata 1\na\n" % fast_import.IMPORT_REF.encode()
    with pytest.raises(GitError, match="fast-import"):
        fast_import.run_fast_import(archive, [commit])
    assert read_git(archive.root, "for-each-ref") == ""


def test_what_a_killed_import_left_is_dropped(
    archive: Archive, source: Source, three_commits: list[str]
) -> None:
    """Its ref points at commits that another import must not build on."""
    tree = read_git(archive.root, "hash-object", "-w", "-t", "tree", os.devnull)
    archive.run_git(
        "update-ref", fast_import.IMPORT_REF, archive.run_git("commit-tree", tree, "-m", "half an import")
    )
    run_import(archive, source)
    assert read_git(archive.root, "for-each-ref", "--format=%(refname)") == "refs/heads/main"
    assert read_git(archive.root, "rev-list", "--count", "HEAD") == "3"


def test_the_first_line_says_what_was_restored(
    archive: Archive, source: Source, three_commits: list[str]
) -> None:
    (archive.root / "data").mkdir()
    (archive.root / "data/README.md").write_text("about\n")
    run_git(archive.root, "add", "--all")
    run_git(archive.root, "commit", "--quiet", "-m", "begun")
    (archive.root / "data/README.md").write_text("abo")
    write_journal(archive, ["README.md"])
    run_import(archive, source)
    notes = [line.get("notes") for line in read_ledger(archive)]
    assert notes == [["restored after a killed run: data/README.md"], None, None]


def test_one_run_at_a_time(archive: Archive, source: Source, three_commits: list[str]) -> None:
    with archive_lock(archive), pytest.raises(ArchiveError, match="another run is archiving into"):
        run_import(archive, source)
    assert archive.resolve_commit() is None
