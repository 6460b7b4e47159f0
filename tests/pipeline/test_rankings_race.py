"""Rankings where another writer pushes first, where a run is killed, and where a key must not be seen."""

import logging
import signal
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from orarchive.sample import Service, sample_service
from orarchive.store import push as push_module
from orarchive.store.git import run_git
from orarchive.store.push import Remote
from tests.support.archives import DAY, HOUR, Stage, assert_tidy, read_all_files, read_data_files, read_git
from tests.support.driver import Driver
from tests.support.rankings import (
    APPS,
    EARLY,
    FEW,
    KEY,
    MODELS,
    OPENAPI,
    ORDER,
    Recorder,
    allow_values,
    change_body,
    count_logged_requests,
    read_failures,
    reports,
    rows,
    run,
    stage_in,
)

pytestmark = pytest.mark.usefixtures("few_ranked")

LATER = EARLY + DAY


@pytest.fixture(scope="module")
def service() -> Iterator[Service]:
    with sample_service(EARLY) as service:
        service.limits.per_day = 10**6
        yield service


@pytest.fixture(scope="module")
def recorder(service: Service) -> Recorder:
    return Recorder(service, [allow_values(FEW)])


@pytest.fixture(scope="module")
def base(recorder: Recorder, tmp_path_factory: pytest.TempPathFactory) -> Stage:
    stage = stage_in(recorder.service, tmp_path_factory.mktemp("base") / "archive")
    assert run(stage, EARLY) == 0
    return stage


class Writers:
    """Two clones of a bare repository with one day; before each push of ours an action of theirs runs."""

    def __init__(
        self, base: Stage, recorder: Recorder, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        self.recorder = recorder
        self.remote = folder / "remote.git"
        read_git(folder, "clone", "--quiet", "--bare", str(base.root), str(self.remote))
        read_git(folder, "clone", "--quiet", "--depth=1", f"file://{self.remote}", "ours")
        read_git(folder, "clone", "--quiet", str(self.remote), "theirs")
        self.ours, self.theirs = (
            Stage(base.service, folder / name, base.options) for name in ("ours", "theirs")
        )
        self.actions: list[Callable[[], object]] = []
        push_branch = push_module.push_branch

        def push(remote: Remote) -> bool:
            if remote.archive.root == self.ours.root and self.actions:
                self.actions.pop(0)()
            return push_branch(remote)

        monkeypatch.setattr(push_module, "push_branch", push)

    def archive(self, hour: Any, *failing: str) -> None:
        """Archive rankings as the other writer; their rows are marked."""
        self.recorder.alters += [change_body(MODELS, mark), change_body(APPS, mark)]
        for route in failing:
            self.recorder.service.fail(route, "503")
        read_git(self.theirs.root, "pull", "--quiet", "--ff-only")
        run(self.theirs, hour, push=True)
        self.recorder.service.heal()
        del self.recorder.alters[1:]

    def check(self) -> list[str]:
        """Check that both have one straight history without doubled attempts; return its later subjects."""
        assert read_git(self.ours.root, "rev-parse", "HEAD") == read_git(self.remote, "rev-parse", "main")
        assert_tidy(self.ours.root)
        ledger = [(line["hour"], line["attempt"]) for line in self.ours.read_attempts()]
        assert ledger == sorted(set(ledger))
        return read_git(self.remote, "log", "--reverse", "--format=%s", "main").splitlines()[1:]


def mark(body: Any) -> Any:
    """Mark the rows of a body as theirs."""
    return body | {"data": [row | {"by": "theirs"} for row in body["data"]]}


@pytest.fixture
def writers(base: Stage, recorder: Recorder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Writers:
    recorder.answers()
    return Writers(base, recorder, tmp_path, monkeypatch)


def find_writers(stage: Stage, path: str) -> set[str]:
    """Return the writers of the rows of the second day in a file."""
    return {row.get("by", "ours") for row in rows(stage, path) if row["date"] == "2025-01-15"}


def test_the_rankings_are_archived_by_another(writers: Writers) -> None:
    """Drop our commit."""
    writers.actions = [lambda: writers.archive(LATER)]
    assert run(writers.ours, LATER, push=True) == 0
    assert len(writers.check()) == 1
    assert find_writers(writers.ours, "models/2025-01.jsonl") == {"theirs"}
    assert read_data_files(writers.ours.root) == read_data_files(writers.theirs.root)


@pytest.mark.parametrize("failing", [(APPS,), (MODELS,), (OPENAPI, ORDER, APPS)])
def test_a_part_of_them_is_archived_by_another(writers: Writers, failing: tuple[str, ...]) -> None:
    """Commit our slices only where theirs failed, and fetch nothing again."""
    writers.actions = [lambda: writers.archive(LATER, *failing)]
    assert run(writers.ours, LATER, push=True) == 0
    assert len(writers.check()) == 2
    assert find_writers(writers.ours, "models/2025-01.jsonl") == {"ours" if MODELS in failing else "theirs"}
    assert find_writers(writers.ours, "apps/popular/2025-01.jsonl") == {
        "ours" if APPS in failing else "theirs"
    }
    assert read_failures(writers.ours) == {}
    assert run(writers.ours, LATER + HOUR, push=True) == 0
    assert len(writers.check()) == 2


def test_something_else_is_changed_by_another(writers: Writers) -> None:
    """Write our commit again on top, with everything that was fetched."""

    def edit() -> None:
        (writers.theirs.root / "README.md").write_text("new")
        read_git(writers.theirs.root, "add", "README.md")
        read_git(writers.theirs.root, "commit", "--quiet", "-m", "Edit")
        read_git(writers.theirs.root, "push", "--quiet")

    writers.actions = [edit]
    service = writers.recorder.service
    before = service.data_requests.get(LATER.date(), 0)
    assert run(writers.ours, LATER, push=True) == 0
    first, *later = writers.check()
    assert (first, len(later)) == ("Edit", 1)
    assert count_logged_requests(writers.ours, LATER.date()) == service.data_requests[LATER.date()] - before
    assert read_failures(writers.ours) == {}


def test_a_later_day_is_there(writers: Writers) -> None:
    """Drop our commit and exit with 1; the ledger never goes back."""
    writers.actions = [lambda: writers.archive(LATER + DAY)]
    assert run(writers.ours, LATER, push=True) == 1
    assert len(writers.check()) == 1


def test_lost_three_times(writers: Writers) -> None:
    """Commit the rest on top of three commits that each brought another part before us."""
    for failing in [(MODELS, APPS, "classifications/task", ORDER), (MODELS, APPS), (MODELS,)]:
        writers.actions.append(partial(writers.archive, LATER, *failing))
    assert run(writers.ours, LATER, push=True) == 0
    assert len(writers.check()) == 4
    assert find_writers(writers.ours, "models/2025-01.jsonl") == {"ours"}
    assert find_writers(writers.ours, "apps/popular/2025-01.jsonl") == {"theirs"}


# --- killed -------------------------------------------------------------------------------------------------


def test_killed_before_any_step(base: Stage, recorder: Recorder, tmp_path: Path) -> None:
    """Restore everything in the next run, wherever a run was killed: before each seventh step."""
    undisturbed = base.copy(tmp_path / "undisturbed")
    assert run(undisturbed, LATER) == 0
    options = {"key": KEY, "wish": {"rankings": True, "feeds": []}}
    with Driver() as driver:
        counting = base.copy(tmp_path / "counting")
        driver.start(counting, LATER, step=0, steps=str(tmp_path / "steps"), **options)
        assert driver.wait_for_exit() == 0
        steps = int((tmp_path / "steps").read_text())
        assert steps > 30
        for step in range(1, steps + 1, 7):
            stage = base.copy(tmp_path / str(step))
            driver.start(stage, LATER, step=step, **options)
            assert driver.wait_for_exit() == -signal.SIGKILL, step
            assert run(stage, LATER) == 0
            assert_tidy(stage.root)
            assert read_data_files(stage.root) == read_data_files(undisturbed.root), step
            assert len(stage.list_subjects()) == len(stage.read_attempts()) == 2


# --- the key ------------------------------------------------------------------------------------------------


def list_keyed_paths(service: Service, key: str) -> set[str]:
    """Return the paths that were requested with a key."""
    return {seen.path.partition("?")[0] for seen in service.seen if key in str(seen.headers)}


def test_the_key_is_sent_to_the_data_api_alone(
    recorder: Recorder, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Write it to no file, commit or log."""
    caplog.set_level(logging.DEBUG)
    secret = "sk-or-v1-0123456789abcdef"
    stage = stage_in(recorder.service, tmp_path / "archive", key=secret)
    recorder.answers()
    assert run(stage, EARLY) == 1
    assert read_failures(stage)["models"] == {"": "401"}
    assert list_keyed_paths(recorder.service, secret) == {MODELS}
    with sample_service(EARLY, key=secret) as service:
        stage.service = service
        service.fail(APPS, "html")
        Recorder(service, [allow_values(FEW)])
        assert run(stage, EARLY + HOUR) == 1
        assert reports(stage)["models"]["outcome"] == "ok"
        paths = list_keyed_paths(service, secret)
    assert paths == {MODELS, APPS, "classifications/task", "datasets/session-cost"}
    objects = run_git(stage.root, "cat-file", "--batch", "--batch-all-objects")
    assert b"model_permaslug" in objects
    assert secret.encode() not in objects
    assert all(secret.encode() not in content for content in read_all_files(stage.root).values())
    assert "rankings" in caplog.text
    assert secret not in caplog.text
    recorder.answers()
