"""Retries and repairs: how often a request is tried, and what the next runs ask for again."""

import gc
import socket
import tracemalloc
from typing import Any
from urllib.parse import urlsplit

import pytest

from orarchive.collect.client import Client, RetryPolicy
from orarchive.collect.feed_fetch import OUTAGE_THRESHOLD
from orarchive.collect.rate_limit import RateLimiter
from orarchive.domain.feeds import ENDPOINTS
from orarchive.errors import NotArchivedError
from orarchive.sample import START, Service
from tests.support.archives import (
    DAY,
    FEW,
    HOUR,
    KEYLESS_FEEDS,
    NO_WAITS,
    Stage,
    build_payloads,
    edit_records,
    encode_archived,
    make_responder,
    read_data_files,
)

pytestmark = pytest.mark.faults

MODEL = "anthropic/claude-haiku-4.5"


def list_model_requests(stage: Stage) -> list[str]:
    """Return the paths of the endpoints of models requested since the last call."""
    return [
        path for path in stage.take_requests() if path.startswith("models/") and path.endswith("/endpoints")
    ]


# --- one request --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fault", "options", "waits"),
    [
        ("429-retry-after", {"seconds": 7}, [7.0]),
        ("429-retry-after", {"seconds": 100_000}, [60.0]),
        ("429-retry-after", {"seconds": "Mon, 01 Jan 2001 00:00:00 GMT"}, [1.5]),
        ("429-retry-after", {"seconds": "Mon, 01 Jan 2801 00:00:00 GMT"}, [60.0]),
        ("429-retry-after", {"seconds": "Mon, 01 Jan 0001 00:00:00 -0000"}, [1.5]),
        ("429-retry-after", {"seconds": 0}, [1.5]),
        ("429-retry-after", {"seconds": "soon"}, [1.5]),
        ("429-retry-after", {"seconds": "\u00b2"}, [1.5]),
        ("429-retry-after", {"seconds": "9" * 5000}, [60.0]),
        ("429-retry-after", {"seconds": "-5"}, [1.5]),
        ("429", {}, [1.5]),
        ("500", {}, [1.5]),
    ],
)
def test_waiting(
    stage: Stage, caplog: pytest.LogCaptureFixture, fault: str, options: dict[str, Any], waits: list[float]
) -> None:
    """Obey `Retry-After` up to the cap; without a valid one wait a second, with jitter."""
    slept: list[float] = []
    stage.service.fail("providers", fault, times=1, **options)
    client = Client(
        stage.service.base_url,
        RateLimiter(0, lambda: sum(slept), slept.append),
        1000,
        clock=lambda: sum(slept),
        sleep=slept.append,
        retry_policy=RetryPolicy(),
    )
    result = client.get("providers")
    assert (result.reason, result.requests) == (None, 2)
    assert [seconds for seconds in slept if seconds] == pytest.approx(waits, abs=0.5)
    assert ("Rate limited" in caplog.text) == (fault != "500")


@pytest.mark.parametrize("fault", ["429", "429-retry-after"])
def test_a_rate_limit_holds_all_workers(stage: Stage, fault: str) -> None:
    """Make the requests of every worker wait where one is told to."""
    holds: list[float] = []
    limiter = RateLimiter(0, lambda: 0.0, lambda _: None)
    stage.service.fail("providers", fault, times=1)
    limiter.hold = holds.append  # type: ignore[method-assign, assignment]
    client = Client(stage.service.base_url, limiter, 1000, clock=lambda: 0.0, sleep=lambda _: None)
    client.get("providers")
    assert len(holds) == 1
    assert holds[0] >= 1


def test_requests_say_who_sends_them(stage: Stage) -> None:
    limiter = RateLimiter(0, lambda: 0.0, lambda _: None)
    address = "https://example.org/archive"
    Client(stage.service.base_url, limiter, 1000, contact=address, clock=lambda: 0.0).get("providers")
    headers = stage.service.seen[-1].headers
    assert headers["User-Agent"].endswith(f"(+{address})")
    assert headers["Http-Referer"] == address


def find_sockets(port: int) -> list[socket.socket]:
    """Return the sockets of this process that are connected to a port."""
    sockets = [entry for entry in gc.get_objects() if isinstance(entry, socket.socket)]
    return [entry for entry in sockets if entry.fileno() >= 0 and _get_peer_port(entry) == port]


def _get_peer_port(entry: socket.socket) -> int | None:
    try:
        return int(entry.getpeername()[1])
    except OSError:  # it listens
        return None


@pytest.mark.usefixtures("no_collection")
def test_a_run_closes_its_connections(stage: Stage) -> None:
    """Leave none to the collector of garbage, whose time is not known."""
    gc.collect()
    assert stage.run(START) == 0
    assert find_sockets(urlsplit(stage.service.base_url).port or 0) == []


def test_waits_double_and_end() -> None:
    """Try four times with three waits, each within its doubling, the cap and the deadline."""
    slept: list[float] = []
    with Service(make_responder({})) as service:
        service.fail("*", "500")
        client = Client(service.base_url, RateLimiter(0, lambda: 0.0, slept.append), 1000, clock=lambda: 0.0)
        client.sleep = slept.append
        assert client.get("providers").requests == 4
        assert [low <= wait <= 2 * low for low, wait in zip((1, 2, 4), slept, strict=True)] == [True] * 3
        slept.clear()
        client.retry_policy = RetryPolicy(max_wait=1.5)
        client.get("providers")
        assert max(slept) <= 1.5
        slept.clear()
        client.deadline = 0.25
        client.get("providers")
        assert max(slept) <= 0.25


def test_a_huge_body_is_not_read(stage: Stage) -> None:
    """Bound the memory of a run in which every route sends a hundred megabytes at once."""
    stage.run(START)
    before = read_data_files(stage.root)
    stage.service.fail("*", "huge")
    tracemalloc.start()
    try:
        assert stage.run(START + DAY) == 1
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 120e6
    assert read_data_files(stage.root) == before
    assert stage.read_outcomes(START + DAY) == dict.fromkeys(KEYLESS_FEEDS, "failed")


# --- many requests ------------------------------------------------------------------------------------------


def test_a_fan_out_cut_short_goes_on_where_it_stopped(stage: Stage) -> None:
    """Send nothing past the deadline; keep what was not read, and ask for it first in the next hour."""
    stage.run(START)
    stage.serve(edit_records(build_payloads(START), "second"))
    stage.service.latency = 0.05
    stage.options = {"timeout": 0.4, "workers": 1}
    stage.take_requests()
    assert stage.run(START + HOUR) == 1
    report = stage.read_report("endpoints")
    unread = set(report["kept"])
    assert (report["outcome"], set(report["kept"].values())) == ("partial", {"deadline"})
    assert 0 < len(unread) < len(FEW)
    assert len(stage.take_requests()) <= 9
    assert stage.read_outcomes(START + HOUR)["zdr"] == "failed"
    responses = {key: response for (key,), response in stage.read_snapshot()["endpoints"].items()}
    empty = {key for key, response in responses.items() if not response["data"]["endpoints"]}
    unchanged = {key for key, response in responses.items() if "edition" not in str(response)}
    assert unchanged == unread | empty
    stage.service.latency = 0
    stage.options = {"workers": 1}
    stage.take_requests()
    assert stage.run(START + 2 * HOUR) == 0
    assert set(list_model_requests(stage)[: len(unread)]) == {f"models/{key}/endpoints" for key in unread}


def test_an_outage_costs_no_more_than_a_good_hour(stage: Stage) -> None:
    """Try each key only once after twenty failures in a row."""
    bodies = build_payloads(START, ())
    stage.serve(bodies)
    models = len(bodies["models"]["data"])
    assert stage.run(START) == 0
    stage.options["workers"] = 1
    stage.service.fail("models/*/endpoints", "503")
    stage.take_requests()
    stage.run(START + HOUR)
    assert len(list_model_requests(stage)) == models + OUTAGE_THRESHOLD * (NO_WAITS.max_tries - 1)


def test_a_few_answers_do_not_end_an_outage(stage: Stage) -> None:
    """Soon try each key only once where one in ten answers."""
    bodies = build_payloads(START, ())
    stage.serve(bodies)
    models = sorted(row["id"] for row in bodies["models"]["data"])
    stage.options["workers"] = 1
    for number, model in enumerate(models):
        if number % 10:
            stage.service.fail(f"models/{model}/endpoints", "503")
    stage.run(START)
    assert len(list_model_requests(stage)) < len(models) + (OUTAGE_THRESHOLD + 10) * NO_WAITS.max_tries


# --- repairs ------------------------------------------------------------------------------------------------


def test_404_for_a_listed_model(stage: Stage) -> None:
    """Keep its endpoints, hour for hour, until the list drops the model too."""
    stage.run(START)
    before = stage.read_snapshot()["endpoints"][MODEL,]
    stage.service.fail(f"models/{MODEL}/endpoints", "404")
    for hour in (START + HOUR, START + 2 * HOUR):
        assert stage.run(hour) == 1
        assert stage.read_report("endpoints")["kept"] == {MODEL: "404"}
        assert encode_archived(stage.read_snapshot()["endpoints"][MODEL,]) == encode_archived(before)
        with pytest.raises(NotArchivedError, match=f"{MODEL} .* \\(404\\)"):
            stage.read_history().rebuild_response(ENDPOINTS, hour, MODEL)
    stage.serve(build_payloads(START, tuple(model for model in FEW if model != MODEL)))
    assert stage.run(START + 3 * HOUR) == 0
    assert (MODEL,) not in stage.read_snapshot()["endpoints"]
    assert "kept" not in stage.read_report("endpoints")


def test_a_new_model_that_was_never_read(stage: Stage) -> None:
    """Name it in the ledger although it has no record, and ask for it first."""
    stage.serve(build_payloads(START, FEW[:9]))
    stage.run(START)
    stage.serve(build_payloads(START))
    stage.service.fail(f"models/{FEW[9]}/endpoints", "500")
    assert stage.run(START + HOUR) == 1
    assert stage.read_report("endpoints")["kept"] == {FEW[9]: "500"}
    assert (FEW[9],) not in stage.read_snapshot()["endpoints"]
    stage.service.heal()
    stage.options = {"workers": 1}
    stage.take_requests()
    assert stage.run(START + 2 * HOUR) == 0
    assert stage.take_requests()[2] == f"models/{FEW[9]}/endpoints"


def test_a_repair_that_fails_again(stage: Stage) -> None:
    """Leave the hour partial, with the names, where few of many still fail."""
    stage.run(START)
    stage.service.fail(f"models/{MODEL}/endpoints", "503")
    for attempt in (1, 2):
        assert stage.run(START + HOUR) == 1
        report = stage.read_report("endpoints")
        assert (report["outcome"], report["kept"]) == ("partial", {MODEL: "503"})
        assert report["requests"] == (len(FEW) + 3 if attempt == 1 else 4)
    assert len(stage.read_history().rebuild_response(ENDPOINTS, START + HOUR)) == len(FEW) - 1
    stage.service.heal()
    assert stage.run(START + HOUR) == 0
    assert "kept" not in stage.read_report("endpoints")


def test_an_id_that_cannot_be_asked_for(stage: Stage) -> None:
    """Archive a model whose id holds half a character, which is valid JSON; its endpoints are a 404."""
    bodies = build_payloads(START)
    bodies["models"]["data"][0]["id"] = "lab/\ud800"
    stage.serve(bodies)
    assert stage.run(START) == 0
    assert stage.read_report("models")["outcome"] == "ok"
    assert stage.read_report("endpoints")["gone"] == 1
    assert stage.run(START + HOUR) == 0


def test_one_in_a_hundred_is_good(stage: Stage) -> None:
    """Call an hour good, with a note, where up to one per cent is kept; its repair asks for nothing."""
    bodies = build_payloads(START)
    row, response = bodies["models"]["data"][0], bodies["models/openai/gpt-5-image/endpoints"]
    models = [f"lab/{number}" for number in range(200)]
    listed = {"models": {"data": [{**row, "id": model} for model in models]}}
    stage.serve({**listed, **{f"models/{model}/endpoints": response for model in models}})
    feeds = ("models", "endpoints")
    assert stage.run(START, feeds=feeds) == 0
    for model in ("lab/7", "lab/9"):
        stage.service.fail(f"models/{model}/endpoints", "503")
    assert stage.run(START + HOUR, feeds=feeds) == 0
    report = stage.read_report("endpoints")
    assert (report["outcome"], report["kept"]) == ("ok", {"lab/7": "503", "lab/9": "503"})
    stage.service.fail("models/lab/11/endpoints", "503")
    assert stage.run(START + 2 * HOUR, feeds=feeds) == 1
    assert stage.read_report("endpoints")["outcome"] == "partial"


def test_a_day_of_repairs_asks_only_for_what_was_not_read_that_day(stage: Stage) -> None:
    """Ask for the one model of a daily feed that failed, not for all the others every hour."""
    images = [row["id"] for row in build_payloads(START)["images/models"]["data"]]
    stage.service.fail(f"images/models/{images[0]}/endpoints", "503")
    assert stage.run(START) == 1
    stage.take_requests()
    assert stage.run(START + HOUR) == 1
    assert {path for path in stage.take_requests() if path.startswith("images/models/")} == {
        f"images/models/{images[0]}/endpoints"
    }
    stage.service.heal()
    assert stage.run(START + 2 * HOUR) == 0
    assert stage.run(START + 3 * HOUR) == 0
    assert not any(path.startswith("images/") for path in stage.take_requests()[-3:])
