"""The request budget of the Data API: a limit a day and a minute, whatever fails."""

import datetime as dt
import json
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from orarchive.collect.client import Client
from orarchive.collect.ranking_fetch import fetch_slices
from orarchive.collect.rate_limit import RequestBudget
from orarchive.collect.request_budget import MAX_REQUESTS_PER_MINUTE
from orarchive.collect.run import Run
from orarchive.collect.settings import RunOptions, Settings
from orarchive.domain.ranking_series import CATEGORY, MODELS
from orarchive.sample import Service, sample_service
from tests.support.archives import DAY, HOUR, NO_WAITS, Stage, read_git
from tests.support.driver import Driver
from tests.support.rankings import (
    EARLY,
    KEY,
    Recorder,
    count_logged_requests,
    read_failures,
    reports,
    rows,
    run,
    stage_in,
)

pytestmark = pytest.mark.usefixtures("few_ranked")

MAX_REQUESTS, LIMIT_PER_DAY, LIMIT_PER_MINUTE = 480, 500, 30


@pytest.fixture
def service() -> Iterator[Service]:
    """Start a sample service."""
    with sample_service(EARLY) as service:
        yield service


@pytest.fixture
def stage(service: Service, tmp_path: Path) -> Stage:
    """Archive the first day without a key; later runs have one."""
    stage = stage_in(service, tmp_path / "archive", key=None)
    assert run(stage, EARLY) == 0
    stage.options["key"] = KEY
    return stage


def count_data_requests(recorder: Recorder) -> int:
    """Count the requests to the Data API since the last call, also those that were turned away."""
    paths = [path for path, _, _ in recorder.made if path not in ("models", "/openapi.json")]
    recorder.answers()
    return len(paths)


def write_requests(stage: Stage, count: int, hour: dt.datetime) -> None:
    """Add an attempt at an hour with a number of requests to the ledger."""
    path = stage.root / f"data/hours/{hour:%Y-%m}.jsonl"
    path.parent.mkdir(parents=True, exist_ok=True)
    before = path.read_text().splitlines() if path.exists() else []
    line = stage.read_attempts()[-1] | {"hour": f"{hour:%Y-%m-%dT%H:00:00Z}", "attempt": 9}
    failed = {
        "outcome": "failed",
        "scope": "",
        "sha256": "",
        "requests": count,
        "rows": 0,
        "read": {},
        "kept": {"": "500"},
    }
    lines = [*before, json.dumps(line | {"rankings": {"models": failed}}, separators=(",", ":"))]
    path.write_text("".join(f"{text}\n" for text in sorted(lines)))
    read_git(stage.root, "add", "data")
    read_git(stage.root, "commit", "--quiet", "-m", "Spent")


@pytest.mark.parametrize("count", [0, 470, 477, 480, 500, 9000])
def test_requests_in_the_ledger_count(stage: Stage, count: int) -> None:
    """Send what remains of 480 requests, not more; the rest is due in the next UTC day."""
    recorder = Recorder(stage.service)
    write_requests(stage, count, EARLY)
    remaining = max(0, MAX_REQUESTS - count)
    assert run(stage, EARLY + HOUR) == (1 if remaining < 100 else bool(read_failures(stage)))
    sent = count_data_requests(recorder)
    assert sent == remaining if remaining < 20 else 20 < sent < 60
    waiting = {reason for parts in read_failures(stage).values() for reason in parts.values()} - {"empty"}
    assert waiting == ({"budget"} if remaining < 20 else set())
    assert stage.service.data_requests.get(EARLY.date(), 0) == sent <= remaining
    run(stage, EARLY + 2 * HOUR)
    assert count_logged_requests(stage, EARLY.date()) == max(
        count, sent + count + count_data_requests(recorder)
    )
    run(stage, EARLY + DAY)
    assert "models" in reports(stage) and reports(stage)["models"]["read"].keys() == {""}
    assert set(reports(stage)["category"]["read"]) >= {"programming"} if remaining < 20 else True


def test_an_attempt_on_the_eve_may_have_gone_on(stage: Stage) -> None:
    """Count requests of the hour before midnight for both days; those of an hour earlier for one."""
    recorder = Recorder(stage.service)
    write_requests(stage, 475, EARLY + 17 * HOUR)
    run(stage, EARLY + 18 * HOUR)
    assert count_data_requests(recorder) == 5, "the hour is 00Z"
    with sample_service(EARLY) as fresh_service:
        stage.service = fresh_service
        assert run(stage, EARLY + 42 * HOUR) in (0, 1)
        assert "budget" not in str(read_failures(stage))


@pytest.mark.parametrize("allowed", [0, 1, 3, 12])
def test_the_service_refuses_more_requests(stage: Stage, allowed: int) -> None:
    """End the attempt at the first 429; what was read stands, the rest is due the next day."""
    recorder = Recorder(stage.service)
    stage.service.limits.per_day = allowed
    assert run(stage, EARLY + HOUR) == 1
    assert count_data_requests(recorder) <= allowed + 2, "a request is tried twice"
    reasons = {reason for parts in read_failures(stage).values() for reason in parts.values()}
    assert {"429"} == reasons - {"empty"}
    assert ("models" not in read_failures(stage)) == (allowed > 0)
    assert run(stage, EARLY + 2 * HOUR) == 1
    assert count_data_requests(recorder) <= 2
    assert stage.service.data_requests.get(EARLY.date(), 0) == allowed
    stage.service.limits.per_day = LIMIT_PER_DAY
    run(stage, EARLY + DAY)
    assert "429" not in str(read_failures(stage))
    assert stage.service.data_requests[(EARLY + DAY).date()] <= MAX_REQUESTS


def test_an_invalid_key_is_tried_once(stage: Stage) -> None:
    recorder = Recorder(stage.service)
    stage.options["key"] = "another"
    assert run(stage, EARLY + HOUR) == 1
    assert [path for path, _, _ in recorder.made] == ["datasets/rankings-daily"]
    assert {"401"} == {reason for parts in read_failures(stage).values() for reason in parts.values()}


def test_the_rate(service: Service) -> None:
    """Stay within the limit of a service that allows 30 requests in any minute."""
    moment = [0.0]
    waits: list[float] = []

    def sleep(seconds: float) -> None:
        waits.append(seconds)
        moment[0] += seconds

    def clock() -> float:
        return moment[0]

    service.limits.clock, service.limits.per_minute = clock, LIMIT_PER_MINUTE
    budget = RequestBudget(MAX_REQUESTS, MAX_REQUESTS_PER_MINUTE / 60, clock, sleep)
    client = Client(
        service.base_url, budget, deadline=1e9, retry_policy=NO_WAITS, key=KEY, clock=clock, sleep=sleep
    )
    slices = [(MODELS, ""), (CATEGORY, "finance")] * 50
    results = [fetched.result for fetched in fetch_slices(client, slices, {}, EARLY)]
    assert [result.reason for result in results] == [None] * 100
    assert [status for _, status in service.requests] == [200] * 100
    assert moment[0] == pytest.approx(99 * 60 / MAX_REQUESTS_PER_MINUTE)


def test_a_run_keeps_that_rate_whatever_the_rate_of_the_feeds(stage: Stage) -> None:
    recorder = Recorder(stage.service)
    waits: list[float] = []
    settings = Settings(stage.service.base_url, key=KEY, per_second=50, retry_policy=NO_WAITS)
    hour = EARLY + HOUR
    Run(
        stage.archive,
        settings,
        RunOptions(hour, is_hour_given=True, feeds=(), rankings=True),
        lambda: hour,
        sleep=waits.append,
    ).execute()
    count = count_data_requests(recorder)
    assert count > 20
    assert max(waits) > (count - 1) * 60 / LIMIT_PER_MINUTE - 10, "the clock itself goes on meanwhile"


def test_benchmarks_are_read_only_where_the_settings_say_so(stage: Stage) -> None:
    recorder = Recorder(stage.service)
    run(stage, EARLY + HOUR)
    assert "benchmarks" not in recorder.asked() and "benchmarks" not in reports(stage)
    stage.options["benchmarks"] = True
    run(stage, EARLY + 2 * HOUR)
    assert recorder.asked().count("benchmarks") == 3, "one for each source"
    assert rows(stage, "benchmarks/openrouter.jsonl")
    run(stage, EARLY + DAY)
    assert "benchmarks" not in recorder.asked(), "once a week"


def test_requests_of_a_killed_run_count(service: Service, tmp_path: Path) -> None:
    """Count them in the clone, for the ledger lacks them; the limit of the service holds."""
    stage = stage_in(service, tmp_path / "archive")
    counter = stage.root / ".git/orarchive.requests"
    with Driver() as driver:
        for _ in range(3):
            # Each request that is counted is a step: so the run is killed while it fetches.
            driver.start(stage, EARLY, key=KEY, wish={"feeds": [], "rankings": True}, step=30)
            assert driver.wait_for_exit() == -signal.SIGKILL
    sent = sum(service.data_requests.values())
    assert sent > 20
    assert counter.read_text() == f"{EARLY.date()} {sent}"
    recorder = Recorder(service)
    counter.write_text(f"{EARLY.date()} {MAX_REQUESTS - 2}")
    assert run(stage, EARLY) == 1
    assert count_data_requests(recorder) == 2
    run(stage, EARLY + DAY)
    assert count_data_requests(recorder) > 2, "a new day begins at nothing"
