"""Wherever it is run and whatever git is told by its user: a clear word and exit 2, or the same archive."""

import datetime as dt
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from orarchive.collect.feed_group import check_clock
from orarchive.collect.results import FetchResult, ListFetch
from orarchive.collect.settings import RunOptions
from orarchive.domain.feeds import FEEDS
from orarchive.errors import ArchiveError
from orarchive.jsonl import read_lines
from orarchive.sample import START
from tests.support.archives import (
    DAY,
    HOUR,
    ROOT,
    Stage,
    data_files,
    edited,
    every_byte,
    new_archive,
    payloads,
    say,
    scrape,
    tidy,
)
from tests.support.requirements import obedient

STAMP = "2026-06-01T00Z"
KEY = "sk-or-v1-0123456789abcdef"


def told(stage: Stage, *arguments: str | Path, **environment: str) -> "subprocess.CompletedProcess[str]":
    """scrape.py on the archive of a stage."""
    environment = {"OPENROUTER_BASE_URL": stage.service.base_url, **environment}
    return scrape("--archive", stage.root, "--hour", STAMP, *arguments, **environment)


def nowhere(root: Path) -> None:
    shutil.rmtree(root)


def plain(root: Path) -> None:
    shutil.rmtree(root / ".git")


def bare(root: Path) -> None:
    shutil.rmtree(root)
    subprocess.run(["git", "init", "--quiet", "--bare", root], check=True)


def inside(root: Path) -> None:
    shutil.rmtree(root / ".git")
    new_archive(root.parent)


def git_folder(root: Path) -> None:
    (root / ".git").rename(root.parent / "git")
    shutil.rmtree(root)
    (root.parent / "git").rename(root)
    (root / "config").write_text((root / "config").read_text().replace("bare = false", "bare = true"))


def dirt(root: Path) -> None:
    (root / "data/models").mkdir(parents=True)
    (root / "data/models/mine.jsonl").write_text("{}\n")


PLACES: list[tuple[Callable[[Path], None], str]] = [
    (nowhere, "is not a folder"),
    (plain, "is not a git work tree (git init makes one)"),
    (bare, "is a bare repository or a git folder"),
    (git_folder, "is a bare repository or a git folder"),
    (inside, "lies inside the git work tree"),
    (dirt, "uncommitted changes below data/: data/models/mine.jsonl"),
]


@pytest.mark.parametrize(("change", "word"), PLACES, ids=lambda value: getattr(value, "__name__", ""))
def test_places(stage: Stage, change: Callable[[Path], None], word: str) -> None:
    """What is no archive is left as it is, and nobody is asked anything."""
    change(stage.root)
    before = every_byte(stage.root.parent)
    done = told(stage)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("Error: ")
    assert done.stderr.count("\n") == 1
    assert word in done.stderr
    after = every_byte(stage.root.parent)
    after.pop("archive/.git/orarchive.lock", None)
    assert after == before
    assert stage.asked() == []


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
    ([], {"OPENROUTER_API_KEY": "sk-\u20ac"}, "OPENROUTER_API_KEY"),
    ([], {"GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "user.useConfigOnly",
          "GIT_CONFIG_VALUE_0": "true"}, "git does not know who commits here; set user.name and user.email"),
    ([], {"PATH": "/nowhere"}, "git is not installed"),
]  # fmt: skip


@pytest.mark.parametrize(("arguments", "environment", "word"), ARGUMENTS, ids=lambda value: str(value)[:40])
def test_arguments(stage: Stage, arguments: list[str], environment: dict[str, str], word: str) -> None:
    before = every_byte(stage.root)
    done = told(stage, *arguments, **environment)
    assert done.returncode == 2
    assert word in " ".join(done.stderr.split())
    assert "Traceback" not in done.stderr
    assert KEY not in done.stderr
    assert stage.asked() == []
    after = every_byte(stage.root)
    after.pop(".git/orarchive.lock", None)
    assert after == before


@pytest.mark.parametrize("folder", ["", ".git", "data"])
def test_read_only(stage: Stage, folder: str) -> None:
    """It is said before anything is asked."""
    stage.run(START)
    stage.asked()
    root = stage.root
    command = [sys.executable, str(ROOT / "scrape.py"), "--archive", str(root), "--hour", "2026-06-01T01Z"]
    (root / folder).chmod(0o555)
    try:
        done = subprocess.run(
            [*obedient(), *command],
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
    assert stage.asked() == []
    tidy(root)


def test_dirt_elsewhere_is_left_alone(stage: Stage) -> None:
    """Whether staged, edited or new, it is the owner's and in no commit of ours."""
    for name in ("edited", "staged"):
        (stage.root / name).write_text("old")
        say(stage.root, "add", name)
    say(stage.root, "commit", "--quiet", "-m", "The owner's")
    (stage.root / "edited").write_text("new")
    (stage.root / "staged").write_text("new")
    say(stage.root, "add", "staged")
    (stage.root / "untracked").write_text("new")
    assert stage.run(START) == 0
    assert say(stage.root, "status", "--porcelain").split("\n") == [" M edited", "M  staged", "?? untracked"]
    assert say(stage.root, "diff", "--name-only", "HEAD~2", "HEAD", "--", ".", ":!data") == ""


def test_dirt_in_data_is_not_touched(stage: Stage) -> None:
    stage.run(START)
    file = stage.root / "data/models/facts.jsonl"
    file.write_text("mine\n")
    with pytest.raises(ArchiveError, match=r"uncommitted changes below data/: data/models/facts\.jsonl"):
        stage.run(START + HOUR)
    assert file.read_text() == "mine\n"
    assert not (stage.root / ".git/orarchive.journal").exists()


HOSTILE = """
[user]
    name = Test
    email = test@example.org
[core]
    autocrlf = true
    eol = crlf
    safecrlf = true
    quotepath = true
    hooksPath = {hooks}
    pager = false
    abbrev = 4
    attributesFile = {hooks}/attributes
    excludesFile = {hooks}/excludes
[color]
    ui = always
[commit]
    gpgsign = true
    template = {hooks}/nothing
    cleanup = scissors
[gpg]
    program = false
[diff]
    external = false
    noprefix = true
    renames = copies
[status]
    short = true
    branch = true
    relativePaths = true
    showUntrackedFiles = no
[log]
    showSignature = true
    date = relative
    follow = true
    decorate = full
[i18n]
    commitEncoding = ISO-8859-1
    logOutputEncoding = ISO-8859-1
[init]
    defaultObjectFormat = sha1
[feature]
    manyFiles = true
[pull]
    rebase = true
[gc]
    auto = 1
"""


def test_hostile_configuration(stage: Stage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two hours under it are the same files, and the same objects, as two hours without."""
    other = Stage(stage.service, new_archive(tmp_path / "other"))
    hooks = tmp_path / "hooks"
    hooks.mkdir()
    for name in (
        "pre-commit",
        "commit-msg",
        "post-commit",
        "pre-push",
        "post-index-change",
        "post-checkout",
        "reference-transaction",
    ):
        (hooks / name).write_text("#!/bin/sh\nexit 1\n")
        (hooks / name).chmod(0o755)
    (hooks / "attributes").write_text("*.jsonl text eol=crlf\n")
    (hooks / "excludes").write_text("*.jsonl\n")
    (hooks / "config").write_text(HOSTILE.format(hooks=hooks))

    def hours(one: Stage) -> None:
        for number, hour in enumerate((START, START + HOUR)):
            bodies = edited(payloads(START), f"{number} \u20ac")
            one.serve(bodies)
            assert one.run(hour) == 0
        (one.root / ".git/orarchive.journal").write_text("a run under way")
        (one.root / "data/models/facts.jsonl").unlink()
        assert one.run(START + 2 * HOUR) == 0

    hours(stage)
    with monkeypatch.context() as hostile:
        hostile.setenv("GIT_CONFIG_GLOBAL", str(hooks / "config"))
        hours(other)
        found = other.past().read_snapshot(START + HOUR)
    assert found == stage.past().read_snapshot(START + HOUR)
    assert data_files(other.root) == data_files(stage.root)
    trees = [say(one.root, "rev-parse", "HEAD:data/models", "HEAD:data/endpoints") for one in (stage, other)]
    assert trees[0] == trees[1]
    assert len(other.commits()) == 4
    tidy(other.root)


@pytest.mark.parametrize(
    "name",
    ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY", "GIT_COMMON_DIR", "GIT_NAMESPACE"],
)
def test_git_in_the_environment(
    stage: Stage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """Called from a hook of another repository, that one is not touched."""
    other = new_archive(tmp_path / "other")
    before = every_byte(other)
    values = {"GIT_WORK_TREE": other, "GIT_INDEX_FILE": other / ".git/index", "GIT_NAMESPACE": "other"}
    with monkeypatch.context() as patch:
        patch.setenv(name, str(values.get(name, other / ".git")))
        assert stage.run(START) == 0
    assert every_byte(other) == before
    assert len(stage.commits()) == 2
    tidy(stage.root)


def test_detached_head(stage: Stage) -> None:
    """The commit goes where HEAD stands, and no branch moves."""
    stage.run(START)
    say(stage.root, "checkout", "--quiet", "--detach")
    main = say(stage.root, "rev-parse", "main")
    assert stage.run(START + HOUR) == 0
    assert say(stage.root, "rev-parse", "main") == main == say(stage.root, "rev-parse", "HEAD~")
    tidy(stage.root)


def test_linked_work_tree(stage: Stage, tmp_path: Path) -> None:
    """A work tree of its own branch is an archive like any other."""
    stage.run(START)
    say(stage.root, "worktree", "add", "--quiet", str(tmp_path / "linked"))
    linked = Stage(stage.service, tmp_path / "linked")
    assert linked.run(START + HOUR) == 0
    assert say(linked.root, "status", "--porcelain") == ""
    assert len(linked.commits()) == len(stage.commits()) + 1
    tidy(stage.root)


def test_the_service_is_not_there(stage: Stage) -> None:
    """Every feed failed, exit 1, and the ledger line that says so is committed."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}/api/v1"
    stage.run(START)
    before = data_files(stage.root)
    stage.options = {"base_url": url}
    assert stage.run(START + HOUR) == 1
    assert stage.outcomes(START + HOUR) == dict.fromkeys(
        ("models", "endpoints", "providers", "zdr"), "failed"
    )
    assert stage.report("models")["reasons"] == ["connection"]
    assert data_files(stage.root) == before
    assert stage.commits()[-1] == "2026-06-01T01Z: no change; not good: models, endpoints, providers, zdr"
    tidy(stage.root)


def test_the_service_was_never_there(stage: Stage) -> None:
    """An archive whose first hour failed is empty and says so; the next hour fills it."""
    stage.service.fail("*", "503")
    assert stage.run(START) == 1
    assert set(stage.outcomes(START).values()) <= {"failed", "ok"}
    assert stage.outcomes(START)["endpoints"] == "failed"
    stage.service.heal()
    assert stage.run(START + HOUR) == 0
    tidy(stage.root)


@pytest.mark.parametrize(("latency", "sent"), [("0", set()), ("1", {"endpoints"})])
def test_the_key(stage: Stage, latency: str, sent: set[str]) -> None:
    """It goes to endpoints alone, and only where asked for; it is in no file and no output."""
    stage.service.fail("providers", "wrong-type")
    stage.service.fail("endpoints/zdr", "404")
    done = told(stage, OPENROUTER_API_KEY=f"{KEY}\n", ARCHIVE_LATENCY=latency)
    assert done.returncode == 1
    assert KEY not in done.stdout + done.stderr
    assert KEY.encode() not in b"".join(every_byte(stage.root).values())
    log = say(stage.root, "log", "-p", "--text", "--all")
    assert KEY not in log
    keyed = {seen.path for seen in stage.service.seen if KEY in str(seen.headers)}
    assert {path.rpartition("/")[2] for path in keyed} == sent
    assert not any(path.startswith("images/") for path in keyed)
    assert {seen.headers.get("Authorization") for seen in stage.service.seen} <= {None, f"Bearer {KEY}"}


def test_not_committed(stage: Stage) -> None:
    """--no-commit writes the files alone; the next run says that they are not committed."""
    assert stage.run(START, commit=False) == 0
    assert stage.commits() == []
    assert (stage.root / "data/models/facts.jsonl").exists()
    written = read_lines((stage.root / "data/hours/2026-06.jsonl").read_bytes(), "the ledger")
    assert [(line["attempt"], line["feeds"]["models"]["outcome"]) for line in written] == [
        (1, "ok"),
        (2, "not-due"),
    ]
    with pytest.raises(ArchiveError, match="uncommitted changes below data/"):
        stage.run(START + HOUR)


def test_an_hour_that_is_yet_to_come(stage: Stage) -> None:
    """A slip in --hour would close the archive until then."""
    with pytest.raises(ArchiveError, match="yet to come"):
        stage.run(START + 1000 * HOUR, now=START)
    assert stage.run(START, now=START) == 0
    assert stage.run(START + 1000 * HOUR, now=START, force=True) == 0


@pytest.mark.parametrize("off", [-5 * HOUR, 5 * HOUR, 365 * DAY])
def test_a_clock_that_the_services_contradicts(stage: Stage, off: dt.timedelta) -> None:
    """Its hour is not archived: one ahead would close the archive until then. A replay may name any hour.

    Seen to fail without `_refuse_clock` in hour.py.
    """
    stage.service.now = START + DAY
    assert stage.run(START, feeds=("models",)) == 0
    before = stage.archive.resolve_commit()
    with pytest.raises(ArchiveError, match="the clock here says"):
        stage.run(START + DAY + off, is_hour_given=False)
    assert stage.archive.resolve_commit() == before
    tidy(stage.root)
    for day, late in ((2, -HOUR), (3, HOUR)):  # out of a cache, and late in the hour
        stage.service.now = START + day * DAY + late
        assert stage.run(START + day * DAY, is_hour_given=False, feeds=("models",)) == 0
        assert len(stage.commits()) == day
    assert stage.run(START + 4 * DAY, feeds=("models",)) == 0


def test_a_date_that_cannot_be_read_contradicts_no_clock(stage: Stage) -> None:
    """Seen to fail without YEARS in `check_clock`."""
    check_clock(ListFetch(FEEDS["models"], FetchResult(date="soon"), 0.0), RunOptions(START))


def test_a_push_needs_a_commit(stage: Stage) -> None:
    done = scrape("--archive", stage.root, "--push", "--no-commit")
    assert done.returncode == 2
    assert "--push needs a commit" in done.stderr
