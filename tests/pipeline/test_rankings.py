"""Forty days of rankings, with a key and without: the last response for each date stands, nothing else."""

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from orarchive.sample import LATE, RESTATED, START, sample_service
from orarchive.store.ledger import Attempt
from tests.support.archives import HOUR, Stage, assert_tidy, read_git
from tests.support.rankings import (
    APPS,
    MODELS,
    OPENAPI,
    ORDER,
    Alter,
    Memory,
    Recorder,
    allow_values,
    change_body,
    count_logged_requests,
    days,
    files,
    read_failures,
    rows,
    run,
    stage_in,
)

pytestmark = pytest.mark.usefixtures("few_ranked")

DAYS = days(START + 6 * HOUR, 40)


def run_hour(text: str) -> dt.datetime:
    """Return the hour of the run on a day of 2026."""
    month, day = map(int, text.split("-"))
    return START.replace(month=month, day=day) + 6 * HOUR


@dataclass(frozen=True)
class Disturbance:
    """A disturbance at an hour: another request limit of the day, altered responses, a fault once."""

    per_day: int = 500
    alter: Alter | None = None
    fault: str = ""


EMPTY, HOLED, LEFT_OUT, EXHAUSTED, LIMITED = map(run_hour, ("06-06", "06-10", "06-13", "06-18", "06-26"))
HOLES = ["2026-05-20", "2026-06-03"]
FIRST_OF_GAMING = run_hour("06-15")
"""Its first week is not over: there are no rows of it yet, which is no failure."""

DISTURBANCES = {
    EMPTY: Disturbance(alter=change_body(MODELS, lambda body: body | {"data": []}, period="day")),
    EMPTY + HOUR: Disturbance(),
    HOLED: Disturbance(
        alter=change_body(
            MODELS, lambda body: body | {"data": [row for row in body["data"] if row["date"] not in HOLES]}
        )
    ),
    EXHAUSTED: Disturbance(per_day=5),
    EXHAUSTED + HOUR: Disturbance(per_day=5),
    LIMITED: Disturbance(fault="429"),
}
VALUES = {
    "category": ["programming", "marketing", "marketing/seo", "trivia", "gaming"],
    "modality": ["text", "tool_calling"],
    "context_bucket": ["1K", "10M"],
    "language_type": ["natural"],
}
"""Values that the OpenAPI file names here: a third of the sample's."""

ALL = sorted({*DAYS, *DISTURBANCES} - {LEFT_OUT})


@dataclass
class Forty:
    """The archive after forty days, and observations on the way, by hour."""

    stage: Stage
    memory: Memory = field(default_factory=Memory)
    codes: dict[dt.datetime, int] = field(default_factory=dict)
    lines: dict[dt.datetime, Attempt] = field(default_factory=dict)
    requests: dict[dt.datetime, list[str]] = field(default_factory=dict)
    """Paths that were requested."""
    wrong: list[dt.datetime] = field(default_factory=list)
    """Hours after which the totals by model differed from those served last."""


def archive_hours(
    stage: Stage, hours: list[dt.datetime], disturbances: Mapping[dt.datetime, Disturbance]
) -> Forty:
    """Archive hours one after the other."""
    forty, recorder, service = Forty(stage), Recorder(stage.service, [allow_values(VALUES)]), stage.service
    for hour in hours:
        disturbance = disturbances.get(hour, Disturbance())
        service.limits.per_day = disturbance.per_day
        recorder.alters[1:] = [disturbance.alter] if disturbance.alter else []
        if disturbance.fault:
            service.fail("datasets/*", disturbance.fault, times=1)
        forty.codes[hour] = run(stage, hour)
        forty.lines[hour] = stage.read_attempts()[-1]
        answers = recorder.answers()
        forty.requests[hour] = [answer.path for answer in answers]
        forty.memory.hears(answers)
        month = (hour - 6 * HOUR - HOUR).strftime("%Y-%m")
        path = stage.root / f"data/rankings/models/{month}.jsonl"
        if stage.options["key"] and path.read_bytes() != forty.memory.file("models", month):
            forty.wrong.append(hour)
    return forty


@pytest.fixture(scope="module")
def keyed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Forty]:
    """Archive with a key: an empty response, one with holes, a day left out, a 429, a day's limit used up."""
    with sample_service(START) as service:
        stage = stage_in(service, tmp_path_factory.mktemp("keyed") / "archive")
        yield archive_hours(stage, ALL, DISTURBANCES)


@pytest.fixture(scope="module")
def keyless(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Forty]:
    """Archive without a key and without disturbances."""
    with sample_service(START) as service:
        stage = stage_in(service, tmp_path_factory.mktemp("keyless") / "archive", key=None)
        yield archive_hours(stage, DAYS, {})


# --- with a key ---------------------------------------------------------------------------------------------


def test_what_was_served_last_stands(keyed: Forty) -> None:
    """Keep every row of every date, no other row, and no other file; at each step and in the end."""
    expected, archived = keyed.memory.files(), files(keyed.stage)
    assert archived.keys() == expected.keys()
    assert [path for path in expected if archived[path] != expected[path]] == []
    assert keyed.wrong == []
    assert_tidy(keyed.stage.root)


def test_the_backfill_begins_with_the_first_date_of_all(keyed: Forty) -> None:
    served = keyed.memory.standing
    assert min(served["models"]) == min(served["context/1=4b"]) == "2025-01-01"
    assert min(served["category/marketing/seo"]) == "2024-12-30", "the Monday of its week"
    assert len(served["models"]) == (DAYS[-1].date() - dt.date(2025, 1, 1)).days
    assert keyed.requests[DAYS[0]].count(MODELS) == 2 * (1 + 2 + 2 + 4 + 1), "two spans each"


def test_the_codes_and_the_ledger_tell_what_was_not_good(keyed: Forty) -> None:
    unpublished = run_hour("06-21")  # the day before it comes late, and its apps with it
    failed = {EMPTY, EXHAUSTED, EXHAUSTED + HOUR, unpublished}
    assert [hour for hour, code in keyed.codes.items() if code] == sorted(failed)
    for hour, line in keyed.lines.items():
        not_good = {name for name, report in line["rankings"].items() if report["outcome"] != "ok"}
        assert bool(not_good) == (hour in failed), hour
    assert keyed.lines[EMPTY]["rankings"]["models"]["kept"] == {"": "empty"}
    assert keyed.lines[EMPTY]["rankings"]["models"]["outcome"] == "quarantined"
    assert set(keyed.lines[unpublished]["rankings"]["apps"]["kept"].values()) == {"empty"}
    weekly = [line["rankings"]["category"] for line in keyed.lines.values() if "category" in line["rankings"]]
    assert [report["notes"] for report in weekly if "notes" in report] == [["gaming: nothing yet"]]
    assert "gaming" in keyed.lines[FIRST_OF_GAMING]["rankings"]["category"]["read"]
    assert set(keyed.lines[EXHAUSTED]["rankings"]["context"]["kept"].values()) == {"429"}


def test_a_repair_requests_only_what_is_missing(keyed: Forty) -> None:
    assert keyed.requests[EMPTY + HOUR].count(MODELS) == 1 + 2 + 2
    assert set(keyed.requests[EMPTY + HOUR]) == {MODELS}


def test_missing_dates_stay_and_are_named(keyed: Forty) -> None:
    """Keep the rows of a date that a response lacks."""
    report = keyed.lines[HOLED]["rankings"]
    assert report["models"]["missing"] == {"": HOLES}
    assert set(report["modality"]["missing"]) == {"text", "tool_calling"}
    assert {row["date"] for row in rows(keyed.stage, "models/2026-06.jsonl")} >= {HOLES[1]}


def test_a_date_that_comes_late(keyed: Forty) -> None:
    """Name it while it is missing, and read it when it comes; apps, fetched by the day, do not lose it."""
    late = f"{LATE.about}"
    assert keyed.lines[run_hour("06-21")]["rankings"]["models"]["missing"] == {"": [late]}
    assert keyed.lines[run_hour("06-21")]["rankings"]["apps"]["kept"] == {
        "popular": "empty",
        "trending": "empty",
    }
    assert keyed.lines[run_hour("06-22")]["rankings"]["apps"]["missing"] == {
        "popular": [late],
        "trending": [late],
    }
    assert "missing" not in keyed.lines[run_hour("06-23")]["rankings"]["models"]
    for path in ("models", "apps/popular", "context/10=4d"):
        assert late in {row["date"] for row in rows(keyed.stage, f"{path}/2026-06.jsonl")}


def test_a_day_without_a_run_is_fetched_later(keyed: Forty) -> None:
    left_out = f"{LEFT_OUT.date() - dt.timedelta(days=1)}"
    assert keyed.requests[run_hour("06-14")].count(APPS) == 2 * 2
    assert left_out in keyed.memory.standing["apps/trending"]


def test_git_shows_a_restatement(keyed: Forty) -> None:
    """Replace lines of that date in place."""
    hour = f"{RESTATED.on}T06Z"
    commit = read_git(keyed.stage.root, "log", "--format=%H", f"--grep=^Hour: {hour}")
    diff = read_git(keyed.stage.root, "show", "-U0", commit, "--", "data/rankings/models").splitlines()
    changed = [
        line for line in diff if f'"{RESTATED.about}"' in line and "minimax/minimax-m2.7-20260318" in line
    ]
    assert [line[0] for line in changed] == ["-", "+"]


def test_the_budget_is_never_exceeded(keyed: Forty) -> None:
    """Compare the service's count with the ledger's, which has those answered with 429 in addition."""
    for day, count in keyed.stage.service.data_requests.items():
        limit = 5 if day == EXHAUSTED.date() else 500
        limited = {EXHAUSTED.date(): 4, LIMITED.date(): 0}.get(day, 0)
        assert count <= limit
        assert count_logged_requests(keyed.stage, day) == count + limited, day


def test_the_daily_count_is_small(keyed: Forty) -> None:
    """Send one request a slice, and one more for each day of apps that was missed."""
    counts = keyed.stage.service.data_requests
    usual = [counts[hour.date()] for hour in DAYS[1:] if hour.weekday() and keyed.codes.get(hour) == 0]
    assert min(usual) == 1 + 2 + 1 + 2 + 2 and usual.count(min(usual)) > 20


def test_one_commit_a_day(keyed: Forty) -> None:
    assert len(keyed.stage.list_subjects()) == len(keyed.stage.read_attempts()) == len(ALL)
    assert run(keyed.stage, DAYS[-1] + HOUR) == 0
    assert len(keyed.stage.list_subjects()) == len(ALL)


def test_the_message_names_what_was_read_and_what_was_not(keyed: Forty) -> None:
    subjects = dict(zip(ALL, keyed.stage.list_subjects(), strict=True))
    assert subjects[DAYS[0]].startswith("2026-06-01T06Z: rankings read: model order in 4 categories, ")
    assert subjects[DAYS[0]].endswith(", daily totals of models, top apps and 7 more")
    assert subjects[EMPTY + HOUR] == (
        "2026-06-06T07Z: rankings read: "
        "daily totals of models, daily totals by modality, daily totals by context length"
    )
    assert "; not good: daily totals of models, daily totals by modality, " in subjects[EMPTY]
    body = read_git(keyed.stage.root, "log", "--format=%b", "--grep=^Hour: 2026-06-18T06Z").splitlines()
    assert body[0].startswith("Read: model order in 5 categories, daily totals of models, ")
    assert "! daily totals by context length: 2 of 2 not read (429)" in body


def test_figures_are_as_sent(keyed: Forty) -> None:
    """Totals are strings; the time of the figures stands in the ledger, once."""
    archived = rows(keyed.stage, "models/2026-07.jsonl")
    assert all(
        isinstance(row["total_tokens"], str) and row.keys() == {*("date", "model_permaslug", "total_tokens")}
        for row in archived
    )
    assert keyed.lines[DAYS[-1]]["rankings"]["models"]["read"] == {"": "2026-07-10T06:00:00.000Z"}


# --- without a key ------------------------------------------------------------------------------------------


def test_orders(keyless: Forty) -> None:
    """Keep the orders that were served last, and no other file; every day is good."""
    expected = keyless.memory.files()
    assert files(keyless.stage) == expected
    assert len(expected) == 1 + 4 + 1, "all, those that are, and one that was"
    assert set(keyless.codes.values()) == {0} and keyless.wrong == []
    assert keyless.stage.list_subjects()[0] == (
        "2026-06-01T06Z: rankings read: model order in 4 categories, OpenAPI file"
    )
    assert len(keyless.stage.list_subjects()) == len(DAYS)
    assert_tidy(keyless.stage.root)


def test_a_category_appears_and_another_goes(keyless: Forty) -> None:
    """Follow the OpenAPI file; a category that went is kept, and no longer requested."""
    read = {hour: set(line["rankings"]["order"]["read"]) for hour, line in keyless.lines.items()}
    assert all(("gaming" in parts) == (hour >= run_hour("06-15")) for hour, parts in read.items())
    assert all(("trivia" in parts) == (hour < run_hour("07-01")) for hour, parts in read.items())
    assert {"", "marketing", "marketing/seo"} <= read[DAYS[0]]
    for name in ("gaming", "trivia", "marketing", "marketing/seo"):
        assert rows(keyless.stage, f"order/{name}.jsonl")
    spec = read_git(keyless.stage.root, "log", "--format=%s", "--", "data/openapi/spec.json").splitlines()
    assert [subject[:10] for subject in spec] == ["2026-07-01", "2026-06-15", "2026-06-01"]


def test_what_needs_a_key_is_not_requested(keyless: Forty) -> None:
    assert {path for paths in keyless.requests.values() for path in paths} == {ORDER, OPENAPI}
    assert keyless.stage.service.data_requests == {}


def test_orders_stay_out_of_the_log(keyless: Forty) -> None:
    root = keyless.stage.root
    orders = [f"data/rankings/{name}.jsonl" for name in ("order", "order/gaming", "order/marketing/seo")]
    attributes = read_git(root, "check-attr", "diff", "--", *orders, "data/rankings/models/2026-07.jsonl")
    assert [line.rpartition(": ")[2] for line in attributes.splitlines()] == [
        "unset",
        "unset",
        "unset",
        "unspecified",
    ]
    assert read_git(root, "check-attr", "text", "--", orders[0]).endswith("unset")


def test_of_a_long_order_the_first_200_stand(tmp_path: Any) -> None:
    def lengthen(body: Any) -> Any:
        rows = [row | {"id": f"{row['id']}-{n}"} for n in range(4) for row in body["data"]]
        return body | {"data": rows, "total_count": len(rows)}

    with sample_service(START) as service:
        stage = stage_in(service, tmp_path / "archive", key=None)
        recorder = Recorder(service, [change_body(ORDER, lengthen)])
        assert run(stage, START) == 0
        answers = recorder.answers()
        served = next(answer for answer in answers if answer.path == ORDER and "category" not in answer.query)
        assert len(served.body["data"]) > 200
        assert rows(stage, "order.jsonl") == [{"id": row["id"]} for row in served.body["data"][:200]]
        assert read_failures(stage) == {}
