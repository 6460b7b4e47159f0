"""Folders, settings and services that do not work: a clear error and exit 2, or the archive as it was."""

import datetime as dt
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from orarchive.collect.feed_group import read_service_time
from orarchive.collect.results import FetchResult, ListFetch
from orarchive.domain.feeds import MODELS
from orarchive.errors import ArchiveError
from orarchive.jsonl import read_lines
from orarchive.sample import START
from orarchive.timestamps import format_stamp
from tests.support.archives import (
    DAY,
    HOUR,
    ROOT,
    Stage,
    assert_tidy,
    make_archive,
    read_all_files,
    read_data_files,
    read_git,
    run_scrape,
)
from tests.support.requirements import find_permission_prefix

STAMP = "2026-06-01T00Z"


KEY = "sk-or-v1-0123456789abcdef"


def scrape_stage(
    stage: Stage, *arguments: str | Path, **environment: str
) -> "subprocess.CompletedProcess[str]":
    """Run scrape.py on the archive of a stage."""
    environment = {"OPENROUTER_BASE_URL": stage.service.base_url, **environment}
    return run_scrape("--archive", stage.root, "--hour", STAMP, *arguments, **environment)


def remove_folder(root: Path) -> None:
    """Remove the folder."""
    shutil.rmtree(root)


def remove_git_folder(root: Path) -> None:
    """Leave a folder without git."""
    shutil.rmtree(root / ".git")


def make_bare(root: Path) -> None:
    """Make a bare repository."""
    shutil.rmtree(root)
    subprocess.run(["git", "init", "--quiet", "--bare", root], check=True)


def move_inside_a_work_tree(root: Path) -> None:
    """Make the parent folder the work tree."""
    shutil.rmtree(root / ".git")
    make_archive(root.parent)


def name_the_git_folder(root: Path) -> None:
    """Put the git folder in place of the work tree."""
    (root / ".git").rename(root.parent / "git")
    shutil.rmtree(root)
    (root.parent / "git").rename(root)
    (root / "config").write_text((root / "config").read_text().replace("bare = false", "bare = true"))


def leave_uncommitted_file(root: Path) -> None:
    """Leave a file in data/ that is not committed."""
    (root / "data/models").mkdir(parents=True)
    (root / "data/models/mine.jsonl").write_text("{}\n")


FOLDERS: list[tuple[Callable[[Path], None], str]] = [
    (remove_folder, "is not a folder"),
    (remove_git_folder, "is not a git work tree (git init makes one)"),
    (make_bare, "is a bare repository or a git folder"),
    (name_the_git_folder, "is a bare repository or a git folder"),
    (move_inside_a_work_tree, "lies inside the git work tree"),
    (leave_uncommitted_file, "uncommitted changes below data/: data/models/mine.jsonl"),
]


@pytest.mark.parametrize(("change", "word"), FOLDERS, ids=lambda value: getattr(value, "__name__", ""))
def test_folder_that_is_no_archive(stage: Stage, change: Callable[[Path], None], word: str) -> None:
    """Files stay as they are, and nothing is requested."""
    change(stage.root)
    before = read_all_files(stage.root.parent)
    done = scrape_stage(stage)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("Error: ")
    assert done.stderr.count("\n") == 1
    assert word in done.stderr
    after = read_all_files(stage.root.parent)
    after.pop("archive/.git/orarchive.lock", None)
    assert after == before
    assert stage.take_requests() == []


ARGUMENTS = [
    (["--feeds", "models,modles"], {}, "no such feed: modles"),
    (["--accept", "modles"], {}, "no such feed: modles"),
    (["--hour", "yesterday"], {}, "not a UTC hour: 'yesterday'"),
    (["--hour", "2026-02-30T00Z"], {}, "not a UTC hour"),
    ([], {"SYNC_WORKERS": "many"}, "SYNC_WORKERS is 'many'; it must be a number from 1 to 1000000"),
    ([], {"SYNC_WORKERS": "0"}, "SYNC_WORKERS is '0'"),
    ([], {"SYNC_TIMEOUT_SECONDS": "-1"}, "SYNC_TIMEOUT_SECONDS is '-1'"),
    ([], {"SYNC_TIMEOUT_SECONDS": "nan"}, "SYNC_TIMEOUT_SECONDS is 'nan'"),
    ([], {"SYNC_REQUESTS_PER_SECOND": "inf"}, "SYNC_REQUESTS_PER_SECOND is 'inf'"),
    ([], {"SYNC_MIN_INTERVAL_MINUTES": "1e300"}, "SYNC_MIN_INTERVAL_MINUTES is '1e300'"),
    ([], {"OPENROUTER_BASE_URL": "openrouter.ai/api/v1"}, "OPENROUTER_BASE_URL is 'openrouter.ai/api/v1'"),
    ([], {"OPENROUTER_BASE_URL": "https://x.example/v1?a=1"}, "which has a query"),
    ([], {"OPENROUTER_BASE_URL": "https://x.example/v1 "}, "which holds a blank"),
    ([], {"OPENROUTER_BASE_URL": "https://x.example\\v1"}, "which holds a blank or a backslash"),
    (["--hour", ""], {}, "not a UTC hour"),
    ([], {"ARCHIVE_LATENCY": "maybe"}, "ARCHIVE_LATENCY is 'maybe'; it must be a switch"),
    ([], {"OPENROUTER_API_KEY": "sk-\u20ac"}, "OPENROUTER_API_KEY"),
    ([], {"GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "user.useConfigOnly",
          "GIT_CONFIG_VALUE_0": "true"}, "git does not know who commits here; set user.name and user.email"),
    ([], {"PATH": "/nowhere"}, "git is not installed"),
]  # fmt: skip


@pytest.mark.parametrize(("arguments", "environment", "word"), ARGUMENTS, ids=lambda value: str(value)[:40])
def test_wrong_arguments_and_settings(
    stage: Stage, arguments: list[str], environment: dict[str, str], word: str
) -> None:
    before = read_all_files(stage.root)
    done = scrape_stage(stage, *arguments, **environment)
    assert done.returncode == 2
    assert word in " ".join(done.stderr.split())
    assert "Traceback" not in done.stderr
    assert KEY not in done.stderr
    assert stage.take_requests() == []
    after = read_all_files(stage.root)
    after.pop(".git/orarchive.lock", None)
    assert after == before


@pytest.mark.parametrize("folder", ["", ".git", "data"])
def test_read_only_folder(stage: Stage, folder: str) -> None:
    """Check that the error comes before anything is requested."""
    stage.run(START)
    stage.take_requests()
    root = stage.root
    command = [sys.executable, str(ROOT / "scrape.py"), "--archive", str(root), "--hour", "2026-06-01T01Z"]
    (root / folder).chmod(0o555)
    try:
        done = subprocess.run(
            [*find_permission_prefix(), *command],
            env={**os.environ, "OPENROUTER_BASE_URL": stage.service.base_url},
            capture_output=True,
            text=True,
            check=False,
        )
    finally:
        (root / folder).chmod(0o755)
    assert done.returncode == 2
    assert "is read-only" in done.stderr or "Permission denied" in done.stderr
    assert "Traceback" not in done.stderr
    assert stage.take_requests() == []
    assert_tidy(root)


def test_uncommitted_files_outside_of_data_stay(stage: Stage) -> None:
    """Staged, edited or new, they are in no commit of the archive."""
    for name in ("edited", "staged"):
        (stage.root / name).write_text("old")
        read_git(stage.root, "add", name)
    read_git(stage.root, "commit", "--quiet", "-m", "The owner's")
    (stage.root / "edited").write_text("new")
    (stage.root / "staged").write_text("new")
    read_git(stage.root, "add", "staged")
    (stage.root / "untracked").write_text("new")
    assert stage.run(START) == 0
    assert read_git(stage.root, "status", "--porcelain").split("\n") == [
        " M edited",
        "M  staged",
        "?? untracked",
    ]
    assert read_git(stage.root, "diff", "--name-only", "HEAD~2", "HEAD", "--", ".", ":!data") == ""


def test_uncommitted_files_in_data_are_refused(stage: Stage) -> None:
    stage.run(START)
    file = stage.root / "data/models/facts.jsonl"
    file.write_text("mine\n")
    with pytest.raises(ArchiveError, match=r"uncommitted changes below data/: data/models/facts\.jsonl"):
        stage.run(START + HOUR)
    assert file.read_text() == "mine\n"
    assert not (stage.root / ".git/orarchive.journal").exists()


def read_reason(stage: Stage, base_url: str) -> str:
    """Return why a run at an address has no models."""
    stage.options = {"base_url": base_url}
    assert stage.run(START, feeds=("models",)) == 1
    (reason,) = stage.read_report("models")["reasons"]
    return reason


def test_what_does_not_speak_tls_is_named(stage: Stage) -> None:
    assert read_reason(stage, stage.service.base_url.replace("http://", "https://")) == "tls"


def test_a_proxy_that_is_away_is_named(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    assert read_reason(stage, "http://openrouter.invalid/api/v1") == "proxy"


def test_a_name_that_is_not_found_is_named(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_arguments: object, **_options: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", fail)
    assert read_reason(stage, "http://openrouter.invalid/api/v1") == "dns"


def test_unreachable_service(stage: Stage) -> None:
    """Every feed fails, the exit code is 1, and the ledger line is committed."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}/api/v1"
    stage.run(START)
    before = read_data_files(stage.root)
    stage.options = {"base_url": url}
    assert stage.run(START + HOUR) == 1
    assert stage.read_outcomes(START + HOUR) == dict.fromkeys(
        ("models", "endpoints", "providers", "zdr"), "failed"
    )
    assert stage.read_report("models")["reasons"] == ["refused"]
    assert read_data_files(stage.root) == before
    assert (
        stage.list_subjects()[-1] == "2026-06-01T01Z: no change; not good: models, endpoints, providers, zdr"
    )
    assert_tidy(stage.root)


def test_first_hour_fails(stage: Stage) -> None:
    """Check that the archive is empty and says so; the next hour fills it."""
    stage.service.fail("*", "503")
    assert stage.run(START) == 1
    assert set(stage.read_outcomes(START).values()) <= {"failed", "ok"}
    assert stage.read_outcomes(START)["endpoints"] == "failed"
    stage.service.heal()
    assert stage.run(START + HOUR) == 0
    assert_tidy(stage.root)


@pytest.mark.parametrize(
    ("latency", "sent"),
    [("0", set()), ("off", set()), ("1", {"endpoints"}), ("True", {"endpoints"}), ("yes", {"endpoints"})],
)
def test_the_key(stage: Stage, latency: str, sent: set[str]) -> None:
    """Send it to endpoints alone, and only with ARCHIVE_LATENCY; it is in no file and no output."""
    stage.service.fail("providers", "wrong-type")
    stage.service.fail("endpoints/zdr", "404")
    done = scrape_stage(stage, OPENROUTER_API_KEY=f"{KEY}\n", ARCHIVE_LATENCY=latency)
    assert done.returncode == 1
    assert KEY not in done.stdout + done.stderr
    assert KEY.encode() not in b"".join(read_all_files(stage.root).values())
    log = read_git(stage.root, "log", "-p", "--text", "--all")
    assert KEY not in log
    keyed = {seen.path for seen in stage.service.seen if KEY in str(seen.headers)}
    assert {path.rpartition("/")[2] for path in keyed} == sent
    assert not any(path.startswith("images/") for path in keyed)
    assert {seen.headers.get("Authorization") for seen in stage.service.seen} <= {None, f"Bearer {KEY}"}


def test_no_commit_writes_the_files_alone(stage: Stage) -> None:
    """Check that the next run says that they are not committed."""
    assert stage.run(START, commit=False) == 0
    assert stage.list_subjects() == []
    assert (stage.root / "data/models/facts.jsonl").exists()
    written = read_lines((stage.root / "data/hours/2026-06.jsonl").read_bytes(), "the ledger")
    assert [(line["attempt"], line["feeds"]["models"]["outcome"]) for line in written] == [
        (1, "ok"),
        (2, "not-due"),
    ]
    with pytest.raises(ArchiveError, match="uncommitted changes below data/"):
        stage.run(START + HOUR)


def test_future_hour_is_refused(stage: Stage) -> None:
    """Refuse it, for a slip in --hour would block the archive until that hour."""
    with pytest.raises(ArchiveError, match="yet to come"):
        stage.run(START + 1000 * HOUR, now=START)
    assert stage.run(START, now=START) == 0
    assert stage.run(START + 1000 * HOUR, now=START, force=True) == 0


@pytest.mark.parametrize("off", [-5 * HOUR, 5 * HOUR, 365 * DAY])
def test_clock_that_contradicts_the_service_is_refused(stage: Stage, off: dt.timedelta) -> None:
    """Refuse it: an hour ahead would block the archive until then. A replay may name any hour."""
    stage.service.now = START + DAY
    assert stage.run(START, feeds=("models",)) == 0
    before = read_data_files(stage.root)
    with pytest.raises(ArchiveError, match="the clock here says"):
        stage.run(START + DAY + off, is_hour_given=False)
    # The attempt is in the ledger, at the earlier of the two hours: one to come would close the archive.
    line = stage.read_attempts()[-1]
    assert line["hour"] == format_stamp(START + DAY + min(off, dt.timedelta()))
    assert {report["outcome"] for report in line["feeds"].values()} == {"failed", "not-due"}
    assert line["feeds"]["models"]["reasons"] == ["wrong-date"]
    assert read_data_files(stage.root) == before
    assert_tidy(stage.root)
    subjects = len(stage.list_subjects())
    # A response out of a cache is an hour old, and a run may end in the next hour.
    for day, late in ((2, -HOUR), (3, HOUR)):
        stage.service.now = START + day * DAY + late
        assert stage.run(START + day * DAY, is_hour_given=False, feeds=("models",)) == 0
        assert len(stage.list_subjects()) == subjects + day - 1
    assert stage.run(START + 4 * DAY, feeds=("models",)) == 0


def test_unreadable_date_contradicts_no_clock(stage: Stage) -> None:
    assert read_service_time(ListFetch(MODELS, FetchResult(date="soon"), 0.0)) is None


def test_push_needs_a_commit(stage: Stage) -> None:
    done = run_scrape("--archive", stage.root, "--push", "--no-commit")
    assert done.returncode == 2
    assert "--push needs a commit" in done.stderr
