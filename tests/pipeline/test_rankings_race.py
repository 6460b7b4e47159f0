"""Rankings where others write too, where a run is killed, and where a key must not be seen."""

import logging
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from orarchive.sample import Service, sample_service
from orarchive.store import push as push_module
from orarchive.store.archive import Archive
from orarchive.store.git import run_git
from tests.support.archives import DAY, HOUR, Stage, data_files, every_byte, say, tidy
from tests.support.driver import Driver
from tests.support.rankings import (
    APPS,
    EARLY,
    FEW,
    KEY,
    MODELS,
    Recorder,
    bad,
    counted,
    naming,
    reports,
    rows,
    run,
    serving,
    stage_in,
)

LATER = EARLY + DAY


@pytest.fixture(scope="module")
def service() -> Iterator[Service]:
    with sample_service(EARLY) as service:
        service.limits.per_day = 10**6
        yield service


@pytest.fixture(scope="module")
def told(service: Service) -> Recorder:
    return Recorder(service, [naming(FEW)])


@pytest.fixture(scope="module")
def base(told: Recorder, tmp_path_factory: pytest.TempPathFactory) -> Stage:
    stage = stage_in(told.service, tmp_path_factory.mktemp("base") / "archive")
    assert run(stage, EARLY) == 0
    return stage


class Writers:
    """A bare repository with one day; before our push the other writer does something."""

    def __init__(self, base: Stage, told: Recorder, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.told = told
        self.remote = folder / "remote.git"
        say(folder, "clone", "--quiet", "--bare", str(base.root), str(self.remote))
        say(folder, "clone", "--quiet", "--depth=1", f"file://{self.remote}", "ours")
        say(folder, "clone", "--quiet", str(self.remote), "theirs")
        self.ours, self.theirs = (
            Stage(base.service, folder / name, base.options) for name in ("ours", "theirs")
        )
        self.before: list[Callable[[], object]] = []
        real = push_module.push_branch

        def push(archive: Archive, sleep: Callable[[float], None]) -> bool:
            if archive.root == self.ours.root and self.before:
                self.before.pop(0)()
            return real(archive, lambda _: None)

        monkeypatch.setattr(push_module, "push_branch", push)

    def archive(self, hour: Any, *failing: str) -> None:
        """The other writer archives rankings: every total it was told is marked."""
        self.told.alters.append(serving(MODELS, marked))
        self.told.alters.append(serving(APPS, marked))
        for route in failing:
            self.told.service.fail(route, "503")
        say(self.theirs.root, "pull", "--quiet", "--ff-only")
        run(self.theirs, hour, push=True)
        self.told.service.heal()
        del self.told.alters[1:]

    def sound(self) -> list[str]:
        """Assert that both have one straight history without doubled attempts; its subjects but the first."""
        assert say(self.ours.root, "rev-parse", "HEAD") == say(self.remote, "rev-parse", "main")
        tidy(self.ours.root)
        ledger = [(line["hour"], line["attempt"]) for line in self.ours.attempts()]
        assert ledger == sorted(set(ledger))
        return say(self.remote, "log", "--reverse", "--format=%s", "main").splitlines()[1:]


def marked(body: Any) -> Any:
    return body | {"data": [row | {"by": "theirs"} for row in body["data"]]}


@pytest.fixture
def writers(base: Stage, told: Recorder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Writers:
    told.answers()
    return Writers(base, told, tmp_path, monkeypatch)


def whose(stage: Stage, path: str) -> set[str]:
    """Who was told the rows of a file since the first day."""
    return {row.get("by", "ours") for row in rows(stage, path) if row["date"] == "2025-01-15"}


def test_the_rankings_are_archived_by_another(writers: Writers) -> None:
    """Ours are dropped."""
    writers.before = [lambda: writers.archive(LATER)]
    assert run(writers.ours, LATER, push=True) == 0
    assert len(writers.sound()) == 1
    assert whose(writers.ours, "models/2025-01.jsonl") == {"theirs"}
    assert data_files(writers.ours.root) == data_files(writers.theirs.root)


@pytest.mark.parametrize(
    "failing", [(APPS,), (MODELS,), ("/openapi.json",), ("/openapi.json", "models", APPS)]
)
def test_a_part_of_them_is_archived_by_another(writers: Writers, failing: tuple[str, ...]) -> None:
    """What they could not have is ours, nothing else, and nobody is asked twice."""
    writers.before = [lambda: writers.archive(LATER, *failing)]
    assert run(writers.ours, LATER, push=True) == 0
    assert len(writers.sound()) == 2
    assert whose(writers.ours, "models/2025-01.jsonl") == {"ours" if MODELS in failing else "theirs"}
    assert whose(writers.ours, "apps/popular/2025-01.jsonl") == {"ours" if APPS in failing else "theirs"}
    assert bad(writers.ours) == {}
    assert run(writers.ours, LATER + HOUR, push=True) == 0
    assert len(writers.sound()) == 2


def test_something_else_is_changed_by_another(writers: Writers) -> None:
    """Ours are written again on top, with all that was asked for."""

    def edit() -> None:
        (writers.theirs.root / "README.md").write_text("new")
        say(writers.theirs.root, "add", "README.md")
        say(writers.theirs.root, "commit", "--quiet", "-m", "Edit")
        say(writers.theirs.root, "push", "--quiet")

    writers.before = [edit]
    before = writers.told.service.data_requests.get(LATER.date(), 0)
    assert run(writers.ours, LATER, push=True) == 0
    assert writers.sound()[0] == "Edit" and len(writers.sound()) == 2
    assert counted(writers.ours, LATER.date()) == writers.told.service.data_requests[LATER.date()] - before
    assert bad(writers.ours) == {}


def test_a_later_day_is_there(writers: Writers) -> None:
    """Ours are dropped, that is said, and the ledger never goes back."""
    writers.before = [lambda: writers.archive(LATER + DAY)]
    assert run(writers.ours, LATER, push=True) == 1
    assert len(writers.sound()) == 1


def test_lost_three_times(writers: Writers) -> None:
    """Three others each bring a part before us: a commit of each, and the rest is ours."""
    routes = [(MODELS, APPS, "classifications/task", "models"), (MODELS, APPS), (MODELS,)]
    writers.before = [lambda failing=failing: writers.archive(LATER, *failing) for failing in routes]  # type: ignore[misc]
    assert run(writers.ours, LATER, push=True) == 0
    assert len(writers.sound()) == 4
    assert whose(writers.ours, "models/2025-01.jsonl") == {"ours"}
    assert whose(writers.ours, "apps/popular/2025-01.jsonl") == {"theirs"}


# --- killed -------------------------------------------------------------------------------------------------


def test_killed_before_any_step(base: Stage, told: Recorder, tmp_path: Path) -> None:
    """Each fifth git command or file written: the next run leaves all as if nothing had happened."""
    undisturbed = base.copy(tmp_path / "whole")
    assert run(undisturbed, LATER) == 0
    options = {"key": KEY, "wish": {"rankings": True, "feeds": []}}
    with Driver() as driver:
        counting = base.copy(tmp_path / "counting")
        driver.start(counting, LATER, step=0, steps=str(tmp_path / "steps"), **options)
        assert driver.ended() == 0
        steps = int((tmp_path / "steps").read_text())
        assert steps > 30
        for step in range(1, steps + 1, 5):
            stage = base.copy(tmp_path / str(step))
            driver.start(stage, LATER, step=step, **options)
            assert driver.ended() == -signal.SIGKILL, step
            assert run(stage, LATER) == 0
            tidy(stage.root)
            assert data_files(stage.root) == data_files(undisturbed.root), step
            assert len(stage.commits()) == len(stage.attempts()) == 2


# --- the key ------------------------------------------------------------------------------------------------


def test_the_key_is_seen_by_nobody(told: Recorder, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Neither in a file, nor in a commit, nor in a log; and only the Data API is told it."""
    caplog.set_level(logging.DEBUG)
    secret = "sk-or-v1-0123456789abcdef"
    stage = stage_in(told.service, tmp_path / "archive", key=secret)
    told.answers()
    assert run(stage, EARLY) == 1
    assert bad(stage)["models"] == {"": "401"}
    keyed = {seen.path.partition("?")[0] for seen in told.service.seen if secret in str(seen.headers)}
    assert keyed == {MODELS}
    with sample_service(EARLY, key=secret) as service:
        stage.service = service
        service.fail(APPS, "html")
        Recorder(service, [naming(FEW)])
        assert run(stage, EARLY + HOUR) == 1
        assert reports(stage)["models"]["outcome"] == "ok"
        keyed = {seen.path.partition("?")[0] for seen in service.seen if secret in str(seen.headers)}
    assert keyed == {MODELS, APPS, "classifications/task", "datasets/session-cost"}
    objects = run_git(stage.root, "cat-file", "--batch", "--batch-all-objects")
    assert b"model_permaslug" in objects
    assert secret.encode() not in objects
    assert all(secret.encode() not in content for content in every_byte(stage.root).values())
    assert "rankings" in caplog.text
    assert secret not in caplog.text
    told.answers()
