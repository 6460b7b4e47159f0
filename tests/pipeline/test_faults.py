"""Everything that can go wrong with an answer, on every route: what is kept, said, and asked again."""

import datetime as dt
import gzip
import hashlib
import json
import tracemalloc
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pytest

from orarchive.collect.client import Client, RetryPolicy
from orarchive.collect.feed_fetch import OUTAGE_THRESHOLD
from orarchive.collect.rate_limit import RateLimiter
from orarchive.domain.feeds import ENDPOINTS, FEEDS
from orarchive.domain.record_files import stable_part
from orarchive.errors import ArchiveError, NotArchivedError
from orarchive.jsonl import loads
from orarchive.sample import FAULTS, START, Reply, Service
from orarchive.sample.faults import encode
from tests.support.archives import (
    DAY,
    FEW,
    HOUR,
    LISTS,
    NO_WAITS,
    SWEEPS,
    Payloads,
    Stage,
    data_files,
    edited,
    every_byte,
    kept,
    new_archive,
    payloads,
    replies,
    said,
    say,
    shuffled,
    tidy,
)

pytestmark = pytest.mark.faults

ONE = "anthropic/claude-haiku-4.5"
IMAGE = "black-forest-labs/flux.2-pro"
LATER = START + DAY
"""The first hour of the next day: the daily feeds are due again too."""

ROUTES = {
    # route that fails -> the feed that feels it
    **{route: feed for feed, route in LISTS.items()},
    "models/count": "models",
    f"models/{ONE}/endpoints": "endpoints",
    "models/*/endpoints": "endpoints",
    f"images/models/{IMAGE}/endpoints": "image_endpoints",
    "images/models/*/endpoints": "image_endpoints",
}
LISTED = tuple(LISTS.values())
WHOLE = (*LISTED, "models/*/endpoints", "images/models/*/endpoints")
ASKED = tuple(route for route in ROUTES if route != "models/count")

HAD_NOT = {
    **{status: (status, ASKED) for status in ("429", "500", "502", "503", "404")},
    "429-retry-after": ("429", ASKED),
    "cut-off": ("cut-off", ASKED),
    "reset": ("connection", ASKED),
    "huge": ("too-large", ASKED),
}
"""Fault -> the reason in the ledger, and the routes on which it is one."""

REFUSED = {
    **dict.fromkeys(("html", "invalid-json", "not-utf8", "nan"), ("not-json", ASKED)),
    "error-object": ("error-object", ASKED),
    "wrong-type": ("wrong-shape", ASKED),
    "empty": ("empty", WHOLE),
    "shrunken": ("shrunk", WHOLE),
    "duplicate": ("duplicate-key", [route for route in LISTED if route != LISTS["zdr"]]),
    "key-missing": ("key-missing", [route for route in ASKED if not route.startswith("images/models/")]),
    "count-mismatch": ("count-mismatch", ["models"]),
}
"""The same of faults that a check refuses; elsewhere they are odd but good."""

SKIPS = ("models/*/endpoints",), ("nan", "wrong-type", "key-missing")
"""Where these faults find no rows they do nothing: an alias's [] stays good, and the sweep is partial."""

OPTIONS: dict[str, dict[str, Any]] = {
    "huge": {"size": 33_000_000},
    "slow-drip": {"interval": 0.0005, "size": 4000},
}


def test_no_fault_is_forgotten() -> None:
    assert FAULTS.keys() == HAD_NOT.keys() | REFUSED.keys() | {
        name for name, fault in FAULTS.items() if fault.good
    }


def expected(fault: str, route: str) -> tuple[str, str]:
    """The outcome and the reason that the ledger must name."""
    if (fault, route) == ("count-mismatch", "models/count"):
        return "quarantined", "count-off"
    for table, outcome in ((HAD_NOT, "failed"), (REFUSED, "quarantined")):
        reason, routes = table.get(fault, ("", ()))
        if route in routes:
            some = ONE in route or IMAGE in route or (route in SKIPS[0] and fault in SKIPS[1])
            return ("partial" if some else outcome), reason
    return "ok", ""


def sent(fault: str, body: Any) -> Any:
    """A body as the service sends it with a fault in force."""
    change = FAULTS[fault].change
    return json.loads(change(Reply(200, encode(body))).body) if change else body


@dataclass(frozen=True)
class Base:
    """An archive with one good hour, what is served next, and the files of an undisturbed run."""

    stage: Stage
    before: Payloads
    after: Payloads
    undisturbed: dict[str, bytes]


@pytest.fixture(scope="module")
def base(running: Service, tmp_path_factory: pytest.TempPathFactory) -> Base:
    folder = tmp_path_factory.mktemp("base")
    running.heal()
    running.now = START
    stage = Stage(running, new_archive(folder / "archive"))
    before = payloads(START)
    after = edited(before, "second")
    stage.serve(before)
    assert stage.run(START) == 0
    undisturbed = stage.copy(folder / "undisturbed")
    undisturbed.serve(after)
    assert undisturbed.run(LATER) == 0
    return Base(stage, before, after, data_files(undisturbed.root))


@pytest.fixture
def case(base: Base, tmp_path: Path) -> Iterator[Stage]:
    """A copy of the archive with one good hour; the service serves the next one."""
    base.stage.service.heal()
    base.stage.serve(base.after)
    stage = base.stage.copy(tmp_path / "archive")
    stage.asked()
    yield stage
    base.stage.service.heal()


@pytest.mark.parametrize("route", ROUTES)
@pytest.mark.parametrize("fault", FAULTS)
def test_fault(base: Base, case: Stage, fault: str, route: str) -> None:
    """A fault is named and touches nothing but its own records; the repair asks for these alone."""
    feed = ROUTES[route]
    outcome, reason = expected(fault, route)
    failing = {path for path in base.after if reason and fnmatchcase(path, route)}
    if outcome == "partial":
        failing = {path for path in failing if fault not in SKIPS[1] or "[]" not in str(base.after[path])}
    if "models/count" in failing:
        failing = {"models"}
    case.service.fail(route, fault, **OPTIONS.get(fault, {}))
    assert case.run(LATER) == (0 if outcome == "ok" else 1)

    report = case.report(feed)
    assert (report["outcome"], report.get("reasons", [])) == (outcome, [reason] if reason else [])
    assert case.outcomes(LATER) == dict.fromkeys(FEEDS, "ok") | {feed: outcome}
    wanted = {
        path: base.before[path]
        if path in failing
        else sent(fault, body)
        if fnmatchcase(path, route) and path != "models/count"
        else body
        for path, body in base.after.items()
    }
    assert archived(case) == bodies(wanted)
    if feed in LISTS and feed != "zdr" and reason:  # zdr repeats endpoints, which are newer now
        assert {path: case_file(case, path) for path in FEEDS[feed].files} == {
            path: case_file(base.stage, path) for path in FEEDS[feed].files
        }
    saved = {path.name: gzip.decompress(path.read_bytes()) for path in case.root.glob("quarantine/*")}
    refused = {line["sha256"]: line["bytes"] for line in report.get("refused", [])}
    assert {hashlib.sha256(payload).hexdigest(): len(payload) for payload in saved.values()} == refused
    assert bool(refused) == bool(reason and fault in REFUSED)
    assert say(case.root, "status", "--porcelain") == ""

    case.service.heal()
    case.asked()
    commits = case.commits()
    assert case.run(LATER, is_hour_given=False, force=True) == 0
    assert set(case.asked()) == failing | ({"models/count"} if "models" in failing else set())
    assert len(case.commits()) == len(commits) + bool(failing)
    if failing or wanted == base.after:
        assert data_files(case.root) == base.undisturbed
    tidy(case.root)


def case_file(stage: Stage, path: str) -> bytes | None:
    """A file below data/, None where it is not there."""
    file = stage.root / "data" / path
    return file.read_bytes() if file.exists() else None


def archived(stage: Stage) -> dict[str, bytes]:
    """Everything that an archive holds, as the bodies in which it came."""
    snapshot = stage.snapshot()
    found = {route: kept({"data": list(snapshot[feed].values())}) for feed, route in LISTS.items()}
    for feed, route in SWEEPS.items():
        found |= {route.format(key): kept(response) for (key,), response in snapshot[feed].items()}
    return found


def bodies(served: Payloads) -> dict[str, bytes]:
    """What is served in the same form; of zdr what an archive keeps of it."""
    found = {path: said(body) for path, body in served.items() if path != "models/count"}
    for route in LISTED:
        rows = loads(encode(served[route]["data"]))
        if route == LISTS["zdr"]:
            rows = [stable_part(ENDPOINTS, row) for row in rows]
        found[route] = kept({"data": rows})
    return found


# --- hours that go as they should ---------------------------------------------------------------------------


def test_a_repeat_run_has_nothing_to_do(stage: Stage) -> None:
    assert stage.run(START) == 0
    commits = stage.commits()
    stage.asked()
    assert stage.run(START, is_hour_given=False, force=True) == 0
    assert (stage.asked(), stage.commits()) == ([], commits)


def test_no_change_is_a_line_in_the_ledger(stage: Stage) -> None:
    """The next hour with the same answers commits that line and nothing else."""
    stage.run(START)
    assert stage.run(START + HOUR) == 0
    assert say(stage.root, "show", "--name-only", "--format=%s", "HEAD").split("\n") == [
        "2026-06-01T01Z: no change",
        "",
        "data/hours/2026-06.jsonl",
    ]
    assert say(stage.root, "diff", "--numstat", "HEAD~").split() == ["1", "0", "data/hours/2026-06.jsonl"]


def test_order_of_arrival_means_nothing(stage: Stage, tmp_path: Path) -> None:
    other = Stage(stage.service, new_archive(tmp_path / "other"))
    stage.run(START)
    other.serve(shuffled(payloads(START)))
    other.run(START)
    assert data_files(other.root) == data_files(stage.root)
    lines = [
        [line["feeds"][name]["sha256"] for name in FEEDS for line in one.attempts()] for one in (stage, other)
    ]
    assert lines[0] == lines[1]


def test_dry_run_writes_nothing(stage: Stage, capsys: pytest.CaptureFixture[str]) -> None:
    stage.run(START)
    stage.serve(edited(payloads(START), "second"))
    stage.service.fail("providers", "html")
    before = every_byte(stage.root)
    assert stage.run(LATER, dry_run=True) == 1
    assert every_byte(stage.root) == before
    assert "2026-06-02T00Z: 1 image" not in (printed := capsys.readouterr().out)
    assert "! providers: quarantined (not-json)" in printed


def test_only_the_wanted_feeds(stage: Stage) -> None:
    assert stage.run(START, feeds=("providers", "videos")) == 0
    assert stage.asked() == ["providers", "videos/models"]
    assert stage.outcomes(START) == {"providers": "ok", "videos": "ok"}
    assert stage.run(START, feeds=("providers", "zdr")) == 0
    assert stage.asked() == ["endpoints/zdr"]


def test_minimum_interval(stage: Stage) -> None:
    """It holds back a repair in the same hour only."""
    stage.service.fail("providers", "503")
    minute = dt.timedelta(minutes=1)

    def at(minutes: int, **wish: Any) -> tuple[int, list[str]]:
        return stage.run(START, START + minutes * minute, is_hour_given=False, **wish), stage.asked()

    assert at(1)[0] == 1
    assert at(30) == (0, [])
    assert at(30, force=True)[0] == 1
    assert at(59) == (0, [])
    assert at(60) == (1, ["providers"] * 4)
    assert stage.run(START + HOUR, START + 61 * minute, is_hour_given=False) == 1


def test_an_hour_that_is_over(stage: Stage) -> None:
    stage.run(START + HOUR)
    before = every_byte(stage.root)
    with pytest.raises(
        ArchiveError, match="2026-06-01T00Z lies before the last hour of the ledger, 2026-06-01T01Z"
    ):
        stage.run(START)
    assert every_byte(stage.root) == before


def test_accepting_a_shrink(stage: Stage) -> None:
    """At once; seen to fail where the minimum interval holds for it, too: nothing was due."""
    stage.run(START)
    fewer = payloads(LATER, FEW[:6])
    stage.serve(fewer)
    assert stage.run(LATER) == 1
    assert stage.report("models").get("notes") == ["shrunk: 10 to 6"]
    soon = stage.service.now = LATER + dt.timedelta(minutes=10)
    assert stage.run(LATER, now=soon, is_hour_given=False, accept=("models", "endpoints", "zdr")) == 0
    assert archived(stage) == bodies(fewer)


def test_empty_feeds_that_never_had_rows(stage: Stage) -> None:
    """Nothing there yet is good news for zdr, images and videos, and none for the others."""
    for feed in ("zdr", "images", "videos"):
        stage.service.fail(LISTS[feed], "empty")
    assert stage.run(START) == 0
    stage.service.fail("providers", "empty")
    stage.service.fail("models", "empty")
    assert stage.run(START + HOUR) == 1
    assert stage.outcomes(START + HOUR) == {
        "models": "quarantined", "endpoints": "ok", "providers": "quarantined", "zdr": "ok",
    }  # fmt: skip


# --- waiting ------------------------------------------------------------------------------------------------


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
    """The service's own word is obeyed, up to the cap; without one the waits double, with jitter."""
    slept: list[float] = []
    now = [0.0]

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        now[0] += seconds

    def clock() -> float:
        return now[0]

    stage.service.fail("providers", fault, times=1, **options)
    client = Client(
        stage.service.base_url,
        RateLimiter(0, clock, sleep),
        1000,
        clock=clock,
        sleep=sleep,
        retry_policy=RetryPolicy(),
    )
    answer = client.get("providers")
    assert (answer.reason, answer.requests) == (None, 2)
    assert [one for one in slept if one] == pytest.approx(waits, abs=0.5)
    assert ("Rate limited" in caplog.text) == (fault != "500")


@pytest.mark.parametrize("fault", ["429", "429-retry-after"])
def test_a_rate_limit_holds_all_workers(stage: Stage, fault: str) -> None:
    held: list[float] = []
    pacer = RateLimiter(0, lambda: 0.0, lambda _: None)
    stage.service.fail("providers", fault, times=1)
    pacer.hold = held.append  # type: ignore[method-assign, assignment]
    Client(stage.service.base_url, pacer, 1000, sleep=lambda _: None).get("providers")
    assert len(held) == 1
    assert held[0] >= 1


def test_waits_double_and_end() -> None:
    """Four tries, three waits, each within its doubling and the cap; and never past the deadline."""
    slept: list[float] = []
    with Service(replies({})) as service:
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


def test_a_sweep_cut_short_goes_on_where_it_stopped(stage: Stage) -> None:
    """Past the deadline nothing is sent; what was not read is kept, and comes first in the next hour."""
    stage.run(START)
    stage.serve(edited(payloads(START), "second"))
    stage.service.latency = 0.05
    stage.options = {"timeout": 0.4, "workers": 1}
    stage.asked()
    assert stage.run(START + HOUR) == 1
    report = stage.report("endpoints")
    unread = set(report["kept"])
    assert (report["outcome"], set(report["kept"].values())) == ("partial", {"deadline"})
    assert 0 < len(unread) < len(FEW)
    assert len(stage.asked()) <= 9
    assert stage.outcomes(START + HOUR)["zdr"] == "failed"
    state = stage.snapshot()["endpoints"]
    assert {key for (key,), found in state.items() if "edition" not in str(found)} == unread | {
        key for (key,), found in state.items() if not found["data"]["endpoints"]
    }
    stage.service.latency = 0
    stage.options = {"workers": 1}
    stage.asked()
    assert stage.run(START + 2 * HOUR) == 0
    sweep = [path for path in stage.asked() if path.endswith("/endpoints")]
    assert set(sweep[: len(unread)]) == {f"models/{key}/endpoints" for key in unread}


# --- sizes --------------------------------------------------------------------------------------------------


def test_a_huge_body_is_not_read(stage: Stage) -> None:
    """A hundred megabytes each, on every route at once: what is read of them stays bounded."""
    stage.run(START)
    before = data_files(stage.root)
    stage.service.fail("*", "huge")
    tracemalloc.start()
    try:
        assert stage.run(LATER) == 1
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 120e6
    assert data_files(stage.root) == before
    assert stage.outcomes(LATER) == dict.fromkeys(FEEDS, "failed")


# --- relations between feeds --------------------------------------------------------------------------------


@pytest.mark.parametrize("fault", ["500", "html", "wrong-type", "reset", "404", "nan"])
def test_a_count_that_cannot_be_had_refuses_nothing(stage: Stage, fault: str) -> None:
    stage.service.fail("models/count", fault)
    assert stage.run(START) == 0
    assert "no count to compare with" in str(stage.report("models").get("notes"))


@pytest.mark.parametrize(("off", "outcome"), [(2, "ok"), (-2, "ok"), (3, "quarantined"), (-3, "quarantined")])
def test_a_count_that_is_off(stage: Stage, off: int, outcome: str) -> None:
    stage.service.fail("models/count", "count-mismatch", by=off)
    stage.run(START)
    assert stage.report("models")["outcome"] == outcome


def test_endpoints_of_the_last_good_list(stage: Stage) -> None:
    """Where the new list is refused, its new model is not asked for, and the vanished one still is."""
    stage.serve(payloads(START, FEW[:9]))
    stage.run(START)
    stage.serve(payloads(START, FEW[1:]))
    stage.service.fail("models", "html")
    stage.asked()
    assert stage.run(START + HOUR) == 1
    asked = {path for path in stage.asked() if path.endswith("/endpoints")}
    assert asked == {f"models/{model}/endpoints" for model in FEW[:9]}
    assert stage.report("endpoints")["kept"] == {FEW[0]: "404"}


def test_a_repaired_list_brings_its_new_models(stage: Stage) -> None:
    """Repairing a list brings endpoints of models that nobody asked for in that hour, and only these."""
    stage.serve(payloads(START, FEW[:9]))
    stage.run(START)
    second = payloads(START, FEW)
    stage.serve(second)
    stage.service.fail("models", "503")
    assert stage.run(START + HOUR) == 1
    stage.service.heal()
    stage.asked()
    assert stage.run(START + HOUR, is_hour_given=False, force=True) == 0
    assert set(stage.asked()) == {"models", "models/count", f"models/{FEW[9]}/endpoints"}
    assert archived(stage) == bodies(second)


def test_404_for_a_listed_model(stage: Stage) -> None:
    """Its endpoints are kept, hour for hour, until the list drops the model too."""
    stage.run(START)
    held = stage.snapshot()["endpoints"][ONE,]
    stage.service.fail(f"models/{ONE}/endpoints", "404")
    for hour in (START + HOUR, START + 2 * HOUR):
        assert stage.run(hour) == 1
        assert stage.report("endpoints")["kept"] == {ONE: "404"}
        assert kept(stage.snapshot()["endpoints"][ONE,]) == kept(held)
        with pytest.raises(NotArchivedError, match=f"{ONE} were not read at .* \\(404\\)"):
            stage.past().rebuild_response(ENDPOINTS, hour, ONE)
    stage.serve(payloads(START, tuple(model for model in FEW if model != ONE)))
    assert stage.run(START + 3 * HOUR) == 0
    assert (ONE,) not in stage.snapshot()["endpoints"]
    assert "kept" not in stage.report("endpoints")


def test_a_new_model_that_was_never_read(stage: Stage) -> None:
    """It is named in the ledger though it has no record, and asked for first."""
    stage.serve(payloads(START, FEW[:9]))
    stage.run(START)
    stage.serve(payloads(START))
    stage.service.fail(f"models/{FEW[9]}/endpoints", "500")
    assert stage.run(START + HOUR) == 1
    assert stage.report("endpoints")["kept"] == {FEW[9]: "500"}
    assert (FEW[9],) not in stage.snapshot()["endpoints"]
    stage.service.heal()
    stage.options = {"workers": 1}
    stage.asked()
    assert stage.run(START + 2 * HOUR) == 0
    assert stage.asked()[2] == f"models/{FEW[9]}/endpoints"


def test_a_repair_that_fails_again(stage: Stage) -> None:
    """Few of many could not be read, as before: the hour stays partial, with their names."""
    stage.run(START)
    stage.service.fail(f"models/{ONE}/endpoints", "503")
    for attempt in (1, 2):
        assert stage.run(START + HOUR) == 1
        report = stage.report("endpoints")
        assert (report["outcome"], report["kept"]) == ("partial", {ONE: "503"})
        assert report["requests"] == (len(FEW) + 3 if attempt == 1 else 4)
    assert len(stage.past().rebuild_response(ENDPOINTS, START + HOUR)) == len(FEW) - 1
    stage.service.heal()
    assert stage.run(START + HOUR) == 0
    assert "kept" not in stage.report("endpoints")


def test_an_id_that_cannot_be_asked_for(stage: Stage) -> None:
    """Half a character in a model's id is valid JSON; nobody serves its endpoints, and the rest goes on."""
    bodies = payloads(START)
    bodies["models"]["data"][0]["id"] = "lab/\ud800"
    stage.serve(bodies)
    assert stage.run(START) == 1
    assert stage.report("models")["outcome"] == "ok"
    assert stage.report("endpoints").get("kept") == {"lab/\ud800": "404"}
    assert stage.run(START + HOUR) == 1


def test_one_in_a_hundred_is_good(stage: Stage) -> None:
    """Up to one per cent kept is an hour that is good, with a note; and the repair leaves it alone."""
    bodies = payloads(START)
    row, answer = bodies["models"]["data"][0], bodies["models/openai/gpt-5-image/endpoints"]
    many = [{**row, "id": f"lab/{number}"} for number in range(200)]
    bodies = {"models": {"data": many}, **{f"models/{one['id']}/endpoints": answer for one in many}}
    stage.serve(bodies)
    feeds = ("models", "endpoints")
    assert stage.run(START, feeds=feeds) == 0
    for model in ("lab/7", "lab/9"):
        stage.service.fail(f"models/{model}/endpoints", "503")
    assert stage.run(START + HOUR, feeds=feeds) == 0
    report = stage.report("endpoints")
    assert (report["outcome"], report["kept"]) == ("ok", {"lab/7": "503", "lab/9": "503"})
    stage.service.fail("models/lab/11/endpoints", "503")
    assert stage.run(START + 2 * HOUR, feeds=feeds) == 1
    assert stage.report("endpoints")["outcome"] == "partial"


# --- odd but good -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("route", "field"),
    [
        ("models", "description"),
        ("providers", "name"),
        ("models/*/endpoints", "tag"),
        ("endpoints/zdr", "tag"),
    ],
)
@pytest.mark.parametrize("value", ["\ud800", "a\x00b\r\n", "\u202e\u2028", "\U0001f600", "x" * 100_000])
def test_odd_text(stage: Stage, route: str, field: str, value: str) -> None:
    stage.run(START)
    second = payloads(START)
    for path, body in second.items():
        if fnmatchcase(path, route):
            for row in body.get("data", {}) if route != "models/*/endpoints" else body["data"]["endpoints"]:
                row[field] = f"{row[field]}{value}"
    stage.serve(second)
    assert stage.run(START + HOUR) == 0
    assert archived(stage) == bodies(second)
    assert "\n\nHour: 2026-06-01T01Z\nAttempt: 1" in say(stage.root, "log", "-1", "--format=%B")
    tidy(stage.root)


def test_an_outage_costs_no_more_than_an_hour_that_is_well(stage: Stage) -> None:
    """After twenty keys in a row each is tried once; the first that answers has its tries again."""
    bodies = payloads(START, ())
    stage.serve(bodies)
    models = len(bodies["models"]["data"])
    assert stage.run(START) == 0
    stage.options["workers"] = 1
    stage.service.fail("models/*/endpoints", "503")
    stage.asked()
    stage.run(START + HOUR)
    sweep = [path for path in stage.asked() if path.endswith("/endpoints")]
    assert len(sweep) == models + OUTAGE_THRESHOLD * (NO_WAITS.max_tries - 1)


def test_a_few_that_answer_do_not_end_an_outage(stage: Stage) -> None:
    """One in ten answers: the rest are soon tried once each all the same."""
    bodies = payloads(START, ())
    stage.serve(bodies)
    models = [row["id"] for row in bodies["models"]["data"]]
    stage.options["workers"] = 1
    for number, model in enumerate(sorted(models)):
        if number % 10:
            stage.service.fail(f"models/{model}/endpoints", "503")
    stage.run(START)
    sweep = [path for path in stage.asked() if path.startswith("models/") and path.endswith("/endpoints")]
    assert len(sweep) < len(models) + (OUTAGE_THRESHOLD + 10) * NO_WAITS.max_tries


def test_a_day_of_repairs_asks_only_for_what_was_not_read_that_day(stage: Stage) -> None:
    """Daily sweeps too: one model that fails does not have all the others asked for every hour."""
    images = [row["id"] for row in payloads(START)["images/models"]["data"]]
    stage.service.fail(f"images/models/{images[0]}/endpoints", "503")
    assert stage.run(START) == 1
    stage.asked()
    assert stage.run(START + HOUR) == 1
    assert {path for path in stage.asked() if path.startswith("images/models/")} == {
        f"images/models/{images[0]}/endpoints"
    }
    stage.service.heal()
    assert stage.run(START + 2 * HOUR) == 0
    assert stage.run(START + 3 * HOUR) == 0
    assert not any(path.startswith("images/") for path in stage.asked()[-3:])


def test_age_and_date_are_those_of_the_list(stage: Stage) -> None:
    """Not those of the count that is asked beside it."""
    real = stage.service.respond

    def respond(path: str, query: Any, headers: Any) -> Any:
        stage.service.age = 500 if path == "models/count" else 7
        return real(path, query, headers)

    stage.service.respond = respond
    stage.options["workers"] = 1
    assert stage.run(START) == 0
    assert stage.report("models")["age"] == 7
