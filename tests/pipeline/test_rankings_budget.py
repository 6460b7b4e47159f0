"""The allowance of the Data API: so many requests a day and a minute, whoever asks, and whatever fails."""

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
from tests.support.archives import DAY, HOUR, NO_WAITS, Driver, Stage, say
from tests.support.rankings import EARLY, KEY, Told, bad, counted, reports, rows, run, stage_in

MOST, ALL, MINUTE = 480, 500, 30


@pytest.fixture
def service() -> Iterator[Service]:
    with sample_service(EARLY) as service:
        yield service


@pytest.fixture
def stage(service: Service, tmp_path: Path) -> Stage:
    """An archive with its first day, read without a key; now there is one."""
    stage = stage_in(service, tmp_path / "archive", key=None)
    assert run(stage, EARLY) == 0
    stage.options["key"] = KEY
    return stage


def data_asked(told: Told) -> int:
    """Requests to the Data API since the last time, also those that were turned away."""
    found = [path for path, _, _ in told.made if path not in ("models", "/openapi.json")]
    told.answers()
    return len(found)


def spent(stage: Stage, count: int, hour: dt.datetime) -> None:
    """The ledger knows of an attempt at an hour with so many requests."""
    book = stage.root / f"data/hours/{hour:%Y-%m}.jsonl"
    book.parent.mkdir(parents=True, exist_ok=True)
    before = book.read_text().splitlines() if book.exists() else []
    line = stage.attempts()[-1] | {"hour": f"{hour:%Y-%m-%dT%H:00:00Z}", "attempt": 9}
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
    book.write_text("".join(f"{one}\n" for one in sorted(lines)))
    say(stage.root, "add", "data")
    say(stage.root, "commit", "--quiet", "-m", "Spent")


@pytest.mark.parametrize("count", [0, 470, 477, 480, 500, 9000])
def test_what_the_ledger_knows_of_is_not_spent_again(stage: Stage, count: int) -> None:
    """What is left of 480 is asked for, nothing beyond; the rest comes in the next UTC day."""
    told = Told(stage.service)
    spent(stage, count, EARLY)
    left = max(0, MOST - count)
    assert run(stage, EARLY + HOUR) == (1 if left < 100 else bool(bad(stage)))
    asked = data_asked(told)
    assert asked == left if left < 20 else 20 < asked < 60
    waiting = {reason for parts in bad(stage).values() for reason in parts.values()} - {"empty"}
    assert waiting == ({"budget"} if left < 20 else set())
    assert stage.service.data_requests.get(EARLY.date(), 0) == asked <= left
    run(stage, EARLY + 2 * HOUR)
    assert counted(stage, EARLY.date()) == max(count, asked + count + data_asked(told))
    run(stage, EARLY + DAY)
    assert "models" in reports(stage) and reports(stage)["models"]["read"].keys() == {""}
    assert set(reports(stage)["category"]["read"]) >= {"programming"} if left < 20 else True


def test_an_attempt_on_the_eve_may_have_gone_on(stage: Stage) -> None:
    """What was asked in the hour before midnight counts for both days; an hour earlier it does not."""
    told = Told(stage.service)
    spent(stage, 475, EARLY + 17 * HOUR)
    run(stage, EARLY + 18 * HOUR)
    assert data_asked(told) == 5, "the hour is 00Z"
    with sample_service(EARLY) as other:
        stage.service = other
        assert run(stage, EARLY + 42 * HOUR) in (0, 1)
        assert "budget" not in str(bad(stage))


@pytest.mark.parametrize("allowed", [0, 1, 3, 12])
def test_the_service_says_that_it_is_enough(stage: Stage, allowed: int) -> None:
    """429 ends the asking of that attempt at once; what was had stands, the rest comes the next day."""
    told = Told(stage.service)
    stage.service.limits.per_day = allowed
    assert run(stage, EARLY + HOUR) == 1
    assert data_asked(told) <= allowed + 2, "a request is tried twice"
    assert {"429"} == {reason for parts in bad(stage).values() for reason in parts.values()} - {"empty"}
    assert ("models" not in bad(stage)) == (allowed > 0)
    assert run(stage, EARLY + 2 * HOUR) == 1
    assert data_asked(told) <= 2
    assert stage.service.data_requests.get(EARLY.date(), 0) == allowed
    stage.service.limits.per_day = ALL
    run(stage, EARLY + DAY)
    assert "429" not in str(bad(stage))
    assert stage.service.data_requests[(EARLY + DAY).date()] <= MOST


def test_a_key_that_is_none_is_tried_once(stage: Stage) -> None:
    told = Told(stage.service)
    stage.options["key"] = "another"
    assert run(stage, EARLY + HOUR) == 1
    assert [path for path, _, _ in told.made] == ["datasets/rankings-daily"]
    assert {"401"} == {reason for parts in bad(stage).values() for reason in parts.values()}


def test_the_pace(service: Service) -> None:
    """A service that allows 30 within any minute never has to say so."""
    moment = [0.0]
    waits: list[float] = []

    def sleep(seconds: float) -> None:
        waits.append(seconds)
        moment[0] += seconds

    def clock() -> float:
        return moment[0]

    service.limits.clock, service.limits.per_minute = clock, MINUTE
    pacer = RequestBudget(MOST, MAX_REQUESTS_PER_MINUTE / 60, clock, sleep)
    client = Client(
        service.base_url, pacer, deadline=1e9, retry_policy=NO_WAITS, key=KEY, clock=clock, sleep=sleep
    )
    wanted = [(MODELS, ""), (CATEGORY, "finance")] * 50
    got = list(fetch_slices(client, wanted, {}, EARLY))
    assert [one.result.reason for one in got] == [None] * 100
    assert [status for _, status in service.requests] == [200] * 100
    assert moment[0] == pytest.approx(99 * 60 / MAX_REQUESTS_PER_MINUTE)


def test_a_run_keeps_that_pace_whatever_the_other_feeds_are_asked_with(stage: Stage) -> None:
    told = Told(stage.service)
    waits: list[float] = []
    settings = Settings(stage.service.base_url, key=KEY, per_second=50, retry_policy=NO_WAITS)
    hour = EARLY + HOUR
    Run(
        stage.archive,
        settings,
        RunOptions(hour, is_hour_given=True, feeds=(), rankings=True),
        lambda: hour,
        sleep=waits.append,
    )()
    count = data_asked(told)
    assert count > 20
    assert max(waits) > (count - 1) * 60 / MINUTE - 10, "the clock itself goes on meanwhile"


def test_benchmarks_of_others_are_asked_for_only_where_that_is_wished(stage: Stage) -> None:
    told = Told(stage.service)
    run(stage, EARLY + HOUR)
    assert "benchmarks" not in told.asked() and "benchmarks" not in reports(stage)
    stage.options["benchmarks"] = True
    run(stage, EARLY + 2 * HOUR)
    assert told.asked().count("benchmarks") == 3, "one for each source"
    assert rows(stage, "benchmarks/openrouter.jsonl")
    run(stage, EARLY + DAY)
    assert "benchmarks" not in told.asked(), "once a week"


def test_a_killed_run_has_spent_what_it_sent(service: Service, tmp_path: Path) -> None:
    """No ledger tells of it: the clone does, and never more than the service allows is asked for."""
    stage = stage_in(service, tmp_path / "archive")
    noted = stage.root / ".git/orarchive.requests"
    with Driver() as driver:
        for _ in range(3):
            # while it asks: each request that is noted is a step
            driver.start(stage, EARLY, key=KEY, wish={"feeds": [], "rankings": True}, step=30)
            assert driver.ended() == -signal.SIGKILL
    sent = sum(service.data_requests.values())
    assert sent > 20
    assert noted.read_text() == f"{EARLY.date()} {sent}"
    told = Told(service)
    noted.write_text(f"{EARLY.date()} {MOST - 2}")
    assert run(stage, EARLY) == 1
    assert data_asked(told) == 2
    run(stage, EARLY + DAY)
    assert data_asked(told) > 2, "a new day begins at nothing"
