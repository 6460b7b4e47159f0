"""Two weeks of hours for each lasting change of the service: how many are lost, and that it heals by itself.

`RESULTS` is the table of OPERATIONS.md: a cause, and the hours in which the feed was not good.
"""

import copy
import datetime as dt
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from orarchive.collect import feed_fetch
from orarchive.collect.client import estimate_weight
from orarchive.collect.feed_fetch import get_origin
from orarchive.collect.plausibility import CONFIRMING_HOURS
from orarchive.domain.ranking_series import SERIES
from orarchive.history.problems import find_problems
from orarchive.sample import START, Reply, sample_service
from orarchive.sample.faults import encode
from orarchive.store import quarantine
from orarchive.store.ledger import get_feed_outcome
from orarchive.store.reports import MAX_REFUSED_NAMED
from tests.support.archives import DAY, HOUR, Payloads, Stage, build_payloads, read_git, read_quarantine
from tests.support.lasting_changes import (
    Change,
    change_both_counts,
    change_count,
    change_total,
    end_a_model,
    lose_a_key,
    lose_a_model,
    lose_a_quarter,
    lose_all_endpoints,
    lose_most_endpoints,
    lose_some_keys,
    multiply_models,
    repeat_a_row,
    retire_route,
    send_total_as_text,
    split_pages,
    split_pages_by_header,
)
from tests.support.rankings import (
    APPS,
    EARLY,
    FEW,
    MODELS,
    OPENAPI,
    Recorder,
    allow_values,
    reports,
    run,
    stage_in,
)

pytestmark = pytest.mark.faults

TWO_WEEKS = 14 * 24
MINUTE = dt.timedelta(minutes=1)
CHANGE = START + 3 * HOUR
"""The hour in which a change begins; two weeks go on after it."""

RESULTS: dict[str, tuple[Change, str, int]] = {
    "a real loss of three in ten models": (lose_a_quarter, "models", CONFIRMING_HOURS - 1),
    "a row that comes twice": (repeat_a_row, "models", 0),
    "a row without a key": (lose_a_key, "providers", 0),
    "no endpoints at all, of any model": (lose_all_endpoints, "endpoints", CONFIRMING_HOURS - 1),
    "a model whose endpoints are 404 for good": (lose_a_model, "endpoints", 24),
    "`total_count` counts something else": (change_total, "models", CONFIRMING_HOURS - 1),
    "`/models/count` counts something else": (change_count, "models", CONFIRMING_HOURS - 1),
    "nearly all models 404": (lose_most_endpoints, "endpoints", 24 + CONFIRMING_HOURS - 1),
    "a model whose endpoints are 410 for good": (end_a_model, "endpoints", 24),
    "one provider in nine without a key": (lose_some_keys, "providers", CONFIRMING_HOURS - 1),
    "`total_count` and `/models/count` count something else": (
        change_both_counts,
        "models",
        CONFIRMING_HOURS - 1,
    ),
    "`total_count` as text": (send_total_as_text, "models", 0),
    "pages by `links.next`": (split_pages, "models", 0),
    "pages by the header `Link`": (split_pages_by_header, "models", 0),
}
"""A cause -> the change of the bodies, the feed, and the hours in which it is not good."""


def play(stage: Stage, change: Change, hours: Iterable[int], **options: Any) -> list[int]:
    """Archive three hours, then hours with a change, counted from it; return the exit codes of the latter."""
    for number in range(3):
        assert stage.run(START + number * HOUR) == 0
    bodies = build_payloads(START)
    change(bodies)
    stage.serve(bodies)
    return [stage.run(CHANGE + number * HOUR, **options) for number in hours]


def count_lost(stage: Stage, feed: str) -> int:
    """Count the hours of the ledger in which a feed was not good."""
    outcomes = [get_feed_outcome(line, feed) for line in stage.read_attempts()]
    return sum(outcome not in ("ok", "not-due") for outcome in outcomes)


@pytest.mark.parametrize("cause", RESULTS)
def test_a_lasting_change_heals_by_itself(stage: Stage, cause: str) -> None:
    """All hours after the last lost one are good, those of two weeks in samples."""
    change, feed, lost = RESULTS[cause]
    # Of the day after which 404 is an answer the first hour and the last say all.
    first = range(lost + 3) if lost < 24 else [0, *range(23, lost + 3)]
    hours = [*first, *range(48, TWO_WEEKS, 144)]
    assert play(stage, change, hours) == [int(hour < lost) for hour in hours]
    report = stage.read_report(feed)
    assert report["outcome"] == "ok"
    assert count_lost(stage, feed) == sum(hour < lost for hour in hours)


def test_a_count_that_fails_for_an_hour_leaves_settled_what_was(stage: Stage) -> None:
    codes = play(stage, change_both_counts, range(CONFIRMING_HOURS))
    stage.service.fail("models/count", "502")
    codes += [stage.run(CHANGE + 6 * HOUR)]
    stage.service.heal()
    codes += [stage.run(CHANGE + number * HOUR) for number in (7, 8)]
    assert codes == [1] * 5 + [0] * 4


def test_a_list_that_is_cut_a_little_is_never_believed(stage: Stage) -> None:
    """One provider in eight is missing, and the list says that there are more."""

    def cut(bodies: Payloads) -> None:
        rows = bodies["providers"]["data"]
        bodies["providers"] = {"data": rows[len(rows) // 8 :], "total_count": len(rows)}

    bodies = build_payloads(START)
    assert len(bodies["providers"]["data"]) > 20
    assert play(stage, cut, range(CONFIRMING_HOURS + 2)) == [1] * (CONFIRMING_HOURS + 2)
    assert stage.read_report("providers")["rows"] == len(bodies["providers"]["data"])


def test_a_wrong_hour_that_the_count_confirms_costs_nothing(stage: Stage) -> None:
    """The true list after it is like the hours before."""
    assert play(stage, multiply_models, [0]) == [0]
    stage.serve(build_payloads(START))
    assert [stage.run(CHANGE + number * HOUR) for number in (1, 2)] == [0, 0]


def test_ten_times_as_many_models(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """The list is taken at once, as its count confirms it; each hour three ticks make up one sweep."""
    bodies = build_payloads(START)
    multiply_models(bodies, times=10)
    rows = bodies["models"]["data"]
    total = sum(estimate_weight(encode(bodies[f"models/{row['id']}/endpoints"])) for row in rows)
    monkeypatch.setattr(feed_fetch, "MAX_FAN_OUT_WEIGHT", total * 2 // 5)
    feeds = ("models", "endpoints")
    assert stage.run(START, feeds=feeds) == 0
    stage.serve(bodies)
    for number in [0, 1, *range(48, TWO_WEEKS, 96)]:
        codes = [stage.run(CHANGE + number * HOUR, feeds=feeds) for _ in range(3)]
        assert codes == [1, 1, 0]
        assert stage.read_report("models")["rows"] == len(rows)
    assert "kept" not in stage.read_report("endpoints")
    assert len({key for key, *_ in stage.read_snapshot()["endpoints"]}) == len(rows)


def test_what_is_believed_is_said(stage: Stage) -> None:
    """The ledger, the commit and the report say it."""
    play(stage, lose_a_quarter, range(CONFIRMING_HOURS))
    (believed,) = stage.read_report("models")["believed"]
    assert (believed["reason"], believed["hours"]) == ("shrunk", CONFIRMING_HOURS)
    words = f"shrunk: {believed['detail']}; alike for 6 hours"
    assert f"! models: believed: {words}" in read_git(stage.root, "log", "-1", "--format=%b")
    problems = find_problems(stage.read_history(), CHANGE + CONFIRMING_HOURS * HOUR)
    assert any("models was taken at" in problem and words in problem for problem in problems)


def test_one_wrong_hour_is_not_the_measure(stage: Stage) -> None:
    """A list that shrinks or grows for an hour is refused, and the true one after it is good."""
    bodies = build_payloads(START)
    for number in range(3):
        assert stage.run(START + number * HOUR) == 0
    for number, rows in ((3, bodies["providers"]["data"] * 2), (5, bodies["providers"]["data"][:2])):
        for position, row in enumerate(rows := copy.deepcopy(rows)):
            row["slug"] += f"-{position // len(bodies['providers']['data']) or ''}"
        stage.serve({**bodies, "providers": {"data": rows}})
        assert stage.run(START + number * HOUR) == 1
        stage.serve(bodies)
        assert stage.run(START + (number + 1) * HOUR) == 0
    assert count_lost(stage, "providers") == 2


def test_growth_is_believed_when_it_is_confirmed(stage: Stage) -> None:
    """The count route confirms it at once, else the next hour; other rows confirm nothing."""
    bodies = build_payloads(START)
    rows = bodies["providers"]["data"]

    def serve(name: str) -> None:
        more = [{**row, "slug": f"{name}-{row['slug']}"} for row in rows]
        stage.serve({**bodies, "providers": {"data": [*rows, *more]}})

    assert stage.run(START) == 0
    codes = []
    for number, name in enumerate(("a", "b", "b", "b"), start=1):
        serve(name)
        codes.append(stage.run(START + number * HOUR))
    assert codes == [1, 1, 0, 0]


def test_a_part_of_the_whole_is_never_believed(stage: Stage) -> None:
    """A shorter list whose count says that there is more stays refused; --accept takes it."""

    def cut(bodies: Payloads) -> None:
        bodies["models"] = {"data": bodies["models"]["data"][:3]}

    assert set(play(stage, cut, range(10))) == {1}
    assert stage.run(CHANGE + 10 * HOUR, accept=("models",)) == 0
    assert stage.read_report("models")["believed"][0]["accepted"]


def test_rows_whose_key_is_named_anew_are_never_believed(stage: Stage) -> None:
    """Left out as a whole they would look like an empty list."""

    def rename(bodies: Payloads) -> None:
        for row in bodies["endpoints/zdr"]["data"]:
            row["model"] = row.pop("model_id")

    assert set(play(stage, rename, range(8))) == {1}
    assert stage.read_report("zdr")["reasons"] == ["faulty-rows"]


@pytest.mark.parametrize(
    "page", [{"has_more": True}, {"links": {"next": "https://elsewhere.example/"}}, {"links": {"next": 2}}]
)
def test_pages_that_cannot_be_followed_are_refused(stage: Stage, page: dict[str, Any]) -> None:
    def cut(bodies: Payloads) -> None:
        bodies["models"] |= page

    assert play(stage, cut, range(2)) == [1, 1]
    assert stage.read_report("models")["reasons"] == ["more-pages"]


def test_responses_of_a_sweep_in_pages_are_followed(stage: Stage) -> None:
    """The next page is at another path of the same origin; without an address the response is refused."""
    bodies = build_payloads(START)
    model = max(bodies["models"]["data"], key=lambda row: len(list_endpoints(bodies, row["id"])))["id"]
    path, endpoints = f"models/{model}/endpoints", list_endpoints(bodies, model)
    assert len(endpoints) > 2
    first = {"data": {**bodies[path]["data"], "endpoints": endpoints[:2]}, "total_count": len(endpoints)}
    rest = {"data": {**bodies[path]["data"], "endpoints": endpoints[2:]}}
    stage.serve({**bodies, path: {**first, "links": {"next": "/api/v1/rest"}}, "rest": rest})
    assert stage.run(START) == 0
    assert len(stage.read_snapshot()["endpoints"][model,]["data"]["endpoints"]) == len(endpoints)
    for cut, reason in (({"has_more": True}, "more-pages"), ({}, "count-mismatch")):
        stage.serve({**bodies, path: {**first, **cut}})
        hour = START + HOUR * (1 if cut else 2)
        stage.run(hour)
        assert stage.read_report("endpoints")["kept"] == {model: reason}
    assert len(stage.read_snapshot()["endpoints"][model,]["data"]["endpoints"]) == len(endpoints)


def list_endpoints(bodies: Payloads, model: str) -> list[Any]:
    """List the endpoints that are served for a model."""
    endpoints: list[Any] = bodies[f"models/{model}/endpoints"]["data"]["endpoints"]
    return endpoints


def test_a_next_page_may_be_outside_the_base_path() -> None:
    assert get_origin("https://h.example/api/v1") == get_origin("https://h.example/api/v2/models?cursor=x")
    assert get_origin("https://h.example/api/v1") != get_origin("https://h.example:444/api/v1")


@pytest.mark.usefixtures("few_ranked")
def test_rankings_in_pages_are_followed(tmp_path: Path) -> None:
    """Where nothing says where an answer goes on it is refused."""
    with sample_service(EARLY) as service:
        stage = stage_in(service, tmp_path / "archive")
        recorder = Recorder(service, [allow_values(FEW)])
        recorder.alters.append(lambda path, _, body: {**body, "has_more": True} if path == MODELS else body)
        assert run(stage, EARLY) == 1
        assert set(reports(stage)["models"]["kept"].values()) == {"more-pages"}
        whole: list[Any] = []

        def split(path: str, query: Mapping[str, str], body: Any) -> Any:
            if path != MODELS:
                return body
            rows = body["data"]
            if query.get("rest"):
                return {**body, "data": rows[1:]}
            whole.extend(rows)
            return {**body, "data": rows[:1], "links": {"next": f"?{urlencode({**query, 'rest': 1})}"}}

        recorder.alters[-1] = split
        assert run(stage, EARLY + HOUR) == 0
        of_route = [name for name, series in SERIES.items() if series.route == MODELS]
        rows = sum(reports(stage)[name]["rows"] for name in of_route if name in reports(stage))
        assert rows == len(whole) > 2


def test_pages_without_end_are_refused(stage: Stage) -> None:
    """Whether they lead back or on and on."""

    def loop(bodies: Payloads) -> None:
        bodies["models"]["links"] = {"next": "models/more"}
        bodies["models/more"] = {"data": [], "links": {"next": "/api/v1/models/more"}}

    assert play(stage, loop, range(1)) == [1]
    assert stage.take_requests().count("models/more") == 1
    assert stage.read_report("models")["reasons"] == ["more-pages"]


def test_a_route_that_is_gone_is_asked_for_once_a_day(stage: Stage) -> None:
    """For three days each hour is red, then none; when the route is back, its feed is good within a day."""
    codes = play(stage, retire_route, range(0, 96, 6), feeds=("zdr",))
    stage.take_requests()
    codes += [stage.run(CHANGE + hours * HOUR, feeds=("zdr",)) for hours in range(96, TWO_WEEKS, 6)]
    assert codes == [1] * 12 + [0] * (len(codes) - 12)
    assert stage.take_requests() == ["endpoints/zdr"] * 10
    assert stage.read_report("zdr")["outcome"] == "retired"
    stage.serve(build_payloads(START))
    stage.take_requests()
    back = CHANGE + TWO_WEEKS * HOUR
    assert [stage.run(back + hours * HOUR, feeds=("zdr",)) for hours in range(0, 36, 6)] == [0] * 6
    assert stage.read_report("zdr")["outcome"] == "ok"


@pytest.mark.usefixtures("few_ranked")
def test_rankings_whose_route_is_gone_are_asked_for_once_a_day(tmp_path: Path) -> None:
    """The same holds for the OpenAPI file and each series; the other series go on as before."""
    with sample_service(EARLY) as service:
        stage = stage_in(service, tmp_path / "archive")
        Recorder(service, [allow_values(FEW)])
        assert run(stage, EARLY) == 0
        hours = [EARLY + DAY + number * 12 * HOUR for number in range(16)]
        for route in (OPENAPI, APPS):
            service.fail(route, "404")
        codes = [run(stage, hour) for hour in hours]
        assert codes == [1] * 6 + [0] * (len(hours) - 6)
        lines = [line["rankings"] for line in stage.read_attempts()[-5:]]
        assert {line[name]["outcome"] for line in lines for name in ("openapi", "apps") if name in line} == {
            "retired"
        }
        service.heal()
        assert run(stage, hours[-1] + DAY) == 0
        assert {report["outcome"] for report in reports(stage).values()} == {"ok"}


def test_many_refused_payloads_are_counted_and_in_one_bundle(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Five are named in the ledger; old bundles are deleted where the folder holds too much."""
    bodies = build_payloads(START, ())
    models = [row["id"] for row in bodies["models"]["data"]][:12]
    keyless = {"data": {"endpoints": [{"name": "nobody"}]}}
    spoiled = {f"models/{model}/endpoints": {**keyless, "model": model} for model in models}
    stage.serve({**bodies, **spoiled})
    assert stage.run(START) == 1
    report = stage.read_report("endpoints")
    assert [entry["key"] for entry in report["refused"]] == sorted(models)[:MAX_REFUSED_NAMED]
    assert report["refused_counts"] == {"key-missing": 12}
    assert len(read_quarantine(stage.root)) == 12
    monkeypatch.setattr(quarantine, "MAX_FOLDER_BYTES", 10)
    assert stage.run(START + HOUR) == 1
    assert [path.name for path in stage.root.glob("quarantine/*")] == ["2026-06-01T01Z-1.zip"]


def test_odd_dates_of_a_repair_are_no_wrong_clock(stage: Stage) -> None:
    """An earlier attempt at the hour read answers that agree with the clock."""
    stage.service.now = START
    stage.service.fail("providers", "404")
    assert stage.run(START, is_hour_given=False) == 1
    stage.service.heal()
    odd = Reply(200, encode(build_payloads(START)["providers"]), {"Date": "Mon, 01 Jan 2035 00:00:00 GMT"})
    stage.serve({**build_payloads(START), "providers": odd})
    assert stage.run(START, is_hour_given=False, now=START + 45 * MINUTE) == 1
    assert stage.read_report("providers")["reasons"] == ["wrong-date"]


def test_one_odd_date_costs_its_feed_alone(stage: Stage) -> None:
    """The newest date of all answers judges the clock."""
    stage.service.now = START
    odd = Reply(200, encode(build_payloads(START)["providers"]), {"Date": "Mon, 01 Jan 2035 00:00:00 GMT"})
    stage.serve({**build_payloads(START), "providers": odd})
    assert stage.run(START, is_hour_given=False) == 1
    assert stage.read_report("providers")["reasons"] == ["wrong-date"]
    assert stage.read_report("models")["outcome"] == "ok"


def test_an_old_answer_out_of_a_cache_is_no_wrong_clock(stage: Stage) -> None:
    """Its date is as old as its age."""
    day = 24 * HOUR
    stage.service.now = START
    assert stage.run(START, feeds=("providers",)) == 0
    headers = {"Date": f"{START:%a, %d %b %Y %H:%M:%S} GMT", "Age": "86400"}
    old = Reply(200, encode(build_payloads(START)["providers"]), headers)
    stage.serve({**build_payloads(START), "providers": old})
    assert stage.run(START + day, is_hour_given=False, feeds=("providers",)) == 0
