"""Forty days of rankings, with a key and without: what the service said last of each date stands, no more."""

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from orarchive.sample import LATE, RESTATED, START, sample_service
from orarchive.store.ledger import Attempt
from tests.support.archives import HOUR, Stage, say, tidy
from tests.support.rankings import (
    APPS,
    MODELS,
    OPENAPI,
    ORDER,
    Alter,
    Memory,
    Told,
    bad,
    counted,
    days,
    files,
    naming,
    rows,
    run,
    serving,
    stage_in,
)

DAYS = days(START + 6 * HOUR, 40)


def on(text: str) -> dt.datetime:
    """The run of a day of 2026."""
    month, day = map(int, text.split("-"))
    return START.replace(month=month, day=day) + 6 * HOUR


@dataclass(frozen=True)
class Odd:
    """What is out of the ordinary at an hour: the allowance of the day, what is altered, a fault once."""

    per_day: int = 500
    alter: Alter | None = None
    fault: str = ""


EMPTY, HOLED, LEFT_OUT, EXHAUSTED, LIMITED = map(on, ("06-06", "06-10", "06-13", "06-18", "06-26"))
HOLES = ["2026-05-20", "2026-06-03"]
FIRST_OF_GAMING = on("06-15")
"""Its first week is not over: there is nothing of it yet, which is no failure."""

ODD = {
    EMPTY: Odd(alter=serving(MODELS, lambda body: body | {"data": []}, period="day")),
    EMPTY + HOUR: Odd(),
    HOLED: Odd(
        alter=serving(
            MODELS, lambda body: body | {"data": [row for row in body["data"] if row["date"] not in HOLES]}
        )
    ),
    EXHAUSTED: Odd(per_day=5),
    EXHAUSTED + HOUR: Odd(per_day=5),
    LIMITED: Odd(fault="429"),
}
SOME = {
    "category": ["programming", "marketing", "marketing/seo", "trivia", "gaming"],
    "modality": ["text", "tool_calling"],
    "context_bucket": ["1K", "10M"],
    "language_type": ["natural"],
}
"""Values that the OpenAPI file names here: a third of the sample's."""

ALL = sorted({*DAYS, *ODD} - {LEFT_OUT})


@dataclass
class Forty:
    """The archive after forty days, and what was seen on the way, by hour."""

    stage: Stage
    memory: Memory = field(default_factory=Memory)
    codes: dict[dt.datetime, int] = field(default_factory=dict)
    lines: dict[dt.datetime, Attempt] = field(default_factory=dict)
    asked: dict[dt.datetime, list[str]] = field(default_factory=dict)
    wrong: list[dt.datetime] = field(default_factory=list)
    """Hours after which the totals by model were not what had been served last."""


def lived(stage: Stage, hours: list[dt.datetime], odd: Mapping[dt.datetime, Odd]) -> Forty:
    """Archive hours one after the other."""
    forty, told, service = Forty(stage), Told(stage.service, [naming(SOME)]), stage.service
    for hour in hours:
        now = odd.get(hour, Odd())
        service.limits.per_day = now.per_day
        told.alters[1:] = [now.alter] if now.alter else []
        if now.fault:
            service.fail("datasets/*", now.fault, times=1)
        forty.codes[hour] = run(stage, hour)
        forty.lines[hour] = stage.attempts()[-1]
        answers = told.answers()
        forty.asked[hour] = [answer.path for answer in answers]
        forty.memory.hears(answers)
        month = (hour - 6 * HOUR - HOUR).strftime("%Y-%m")
        path = stage.root / f"data/rankings/models/{month}.jsonl"
        if stage.options["key"] and path.read_bytes() != forty.memory.file("models", month):
            forty.wrong.append(hour)
    return forty


@pytest.fixture(scope="module")
def keyed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Forty]:
    """With a key: an empty answer, one with holes, a day left out, a 429, a day's allowance used up."""
    with sample_service(START) as service:
        stage = stage_in(service, tmp_path_factory.mktemp("keyed") / "archive")
        yield lived(stage, ALL, ODD)


@pytest.fixture(scope="module")
def keyless(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Forty]:
    with sample_service(START) as service:
        stage = stage_in(service, tmp_path_factory.mktemp("keyless") / "archive", key=None)
        yield lived(stage, DAYS, {})


# --- with a key ---------------------------------------------------------------------------------------------


def test_what_was_served_last_stands(keyed: Forty) -> None:
    """Every row of every date, no other row, and no other file; at each step and in the end."""
    wanted, found = keyed.memory.files(), files(keyed.stage)
    assert found.keys() == wanted.keys()
    assert [path for path in wanted if found[path] != wanted[path]] == []
    assert keyed.wrong == []
    tidy(keyed.stage.root)


def test_the_backfill_begins_with_the_first_date_of_all(keyed: Forty) -> None:
    served = keyed.memory.standing
    assert min(served["models"]) == min(served["context/1=4b"]) == "2025-01-01"
    assert min(served["category/marketing/seo"]) == "2024-12-30", "the Monday of its week"
    assert len(served["models"]) == (DAYS[-1].date() - dt.date(2025, 1, 1)).days
    assert keyed.asked[DAYS[0]].count(MODELS) == 2 * (1 + 2 + 2 + 4 + 1), "two spans each"


def test_the_codes_and_the_ledger_tell_what_was_not_good(keyed: Forty) -> None:
    unpublished = on("06-21")  # the day before it comes late, and its apps with it
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


def test_a_repair_asks_for_what_is_missing_alone(keyed: Forty) -> None:
    assert keyed.asked[EMPTY + HOUR].count(MODELS) == 1 + 2 + 2
    assert set(keyed.asked[EMPTY + HOUR]) == {MODELS}


def test_missing_dates_stay_and_are_named(keyed: Forty) -> None:
    """Of a date that an answer lacks nothing is taken away."""
    report = keyed.lines[HOLED]["rankings"]
    assert report["models"]["missing"] == {"": HOLES}
    assert set(report["modality"]["missing"]) == {"text", "tool_calling"}
    assert {row["date"] for row in rows(keyed.stage, "models/2026-06.jsonl")} >= {HOLES[1]}


def test_a_date_that_comes_late(keyed: Forty) -> None:
    """It is named while it is missing, and read when it comes; apps, asked by the day, do not lose it."""
    late = f"{LATE.about}"
    assert keyed.lines[on("06-21")]["rankings"]["models"]["missing"] == {"": [late]}
    assert keyed.lines[on("06-21")]["rankings"]["apps"]["kept"] == {"popular": "empty", "trending": "empty"}
    assert keyed.lines[on("06-22")]["rankings"]["apps"]["missing"] == {"popular": [late], "trending": [late]}
    assert "missing" not in keyed.lines[on("06-23")]["rankings"]["models"]
    for path in ("models", "apps/popular", "context/10=4d"):
        assert late in {row["date"] for row in rows(keyed.stage, f"{path}/2026-06.jsonl")}


def test_a_day_without_a_run_is_made_good(keyed: Forty) -> None:
    left_out = f"{LEFT_OUT.date() - dt.timedelta(days=1)}"
    assert keyed.asked[on("06-14")].count(APPS) == 2 * 2
    assert left_out in keyed.memory.standing["apps/trending"]


def test_git_shows_a_restatement(keyed: Forty) -> None:
    """In place: of the lines of that date some go and some come, and the message names it."""
    hour = f"{RESTATED.on}T06Z"
    commit = say(keyed.stage.root, "log", "--format=%H", f"--grep=^Hour: {hour}")
    diff = say(keyed.stage.root, "show", "-U0", commit, "--", "data/rankings/models").splitlines()
    changed = [
        line for line in diff if f'"{RESTATED.about}"' in line and "minimax/minimax-m2.7-20260318" in line
    ]
    assert [line[0] for line in changed] == ["-", "+"]


def test_the_budget_is_never_exceeded(keyed: Forty) -> None:
    """The service counts, and the ledger has the same count, but for what came back with 429."""
    for day, count in keyed.stage.service.data_requests.items():
        limit = 5 if day == EXHAUSTED.date() else 500
        limited = {EXHAUSTED.date(): 4, LIMITED.date(): 0}.get(day, 0)
        assert count <= limit
        assert counted(keyed.stage, day) == count + limited, day


def test_the_daily_count_is_small(keyed: Forty) -> None:
    """One request a part, and one more for each day of apps that was missed."""
    found = keyed.stage.service.data_requests
    usual = [found[hour.date()] for hour in DAYS[1:] if hour.weekday() and keyed.codes.get(hour) == 0]
    assert min(usual) == 1 + 2 + 1 + 2 + 2 and usual.count(min(usual)) > 20


def test_one_commit_a_day(keyed: Forty) -> None:
    assert len(keyed.stage.commits()) == len(keyed.stage.attempts()) == len(ALL)
    assert run(keyed.stage, DAYS[-1] + HOUR) == 0
    assert len(keyed.stage.commits()) == len(ALL)


def test_the_message_names_what_was_read_and_what_was_not(keyed: Forty) -> None:
    subjects = dict(zip(ALL, keyed.stage.commits(), strict=True))
    assert subjects[DAYS[0]].startswith("2026-06-01T06Z: rankings read: model order in 4 categories, ")
    assert subjects[DAYS[0]].endswith(", daily totals of models, top apps and 7 more")
    assert subjects[EMPTY + HOUR] == (
        "2026-06-06T07Z: rankings read: "
        "daily totals of models, daily totals by modality, daily totals by context length"
    )
    assert "; not good: daily totals of models, daily totals by modality, " in subjects[EMPTY]
    body = say(keyed.stage.root, "log", "--format=%b", "--grep=^Hour: 2026-06-18T06Z").splitlines()
    assert body[0].startswith("Read: model order in 5 categories, daily totals of models, ")
    assert "! daily totals by context length: 2 of 2 not read (429)" in body


def test_figures_are_as_sent(keyed: Forty) -> None:
    """Totals are strings; when the figures are of stands in the ledger, once."""
    found = rows(keyed.stage, "models/2026-07.jsonl")
    assert all(
        isinstance(row["total_tokens"], str) and row.keys() == {*("date", "model_permaslug", "total_tokens")}
        for row in found
    )
    assert keyed.lines[DAYS[-1]]["rankings"]["models"]["read"] == {"": "2026-07-10T06:00:00.000Z"}


# --- without a key ------------------------------------------------------------------------------------------


def test_orders(keyless: Forty) -> None:
    """The orders that were served last stand, no other file, and every day was good."""
    wanted = keyless.memory.files()
    assert files(keyless.stage) == wanted
    assert len(wanted) == 1 + 4 + 1, "all, those that are, and one that was"
    assert set(keyless.codes.values()) == {0} and keyless.wrong == []
    assert keyless.stage.commits()[0] == (
        "2026-06-01T06Z: rankings read: model order in 4 categories, OpenAPI file"
    )
    assert len(keyless.stage.commits()) == len(DAYS)
    tidy(keyless.stage.root)


def test_a_category_appears_and_one_goes(keyless: Forty) -> None:
    """By what the OpenAPI file says; one that went is kept, and asked for no more."""
    read = {hour: set(line["rankings"]["order"]["read"]) for hour, line in keyless.lines.items()}
    assert all(("gaming" in parts) == (hour >= on("06-15")) for hour, parts in read.items())
    assert all(("trivia" in parts) == (hour < on("07-01")) for hour, parts in read.items())
    assert {"", "marketing", "marketing/seo"} <= read[DAYS[0]]
    for name in ("gaming", "trivia", "marketing", "marketing/seo"):
        assert rows(keyless.stage, f"order/{name}.jsonl")
    spec = say(keyless.stage.root, "log", "--format=%s", "--", "data/openapi/spec.json").splitlines()
    assert [subject[:10] for subject in spec] == ["2026-07-01", "2026-06-15", "2026-06-01"]


def test_what_needs_a_key_is_not_asked(keyless: Forty) -> None:
    assert {path for paths in keyless.asked.values() for path in paths} == {ORDER, OPENAPI}
    assert keyless.stage.service.data_requests == {}


def test_orders_stay_out_of_the_log(keyless: Forty) -> None:
    root = keyless.stage.root
    orders = [f"data/rankings/{name}.jsonl" for name in ("order", "order/gaming", "order/marketing/seo")]
    told = say(root, "check-attr", "diff", "--", *orders, "data/rankings/models/2026-07.jsonl")
    assert [line.rpartition(": ")[2] for line in told.splitlines()] == [
        "unset",
        "unset",
        "unset",
        "unspecified",
    ]
    assert say(root, "check-attr", "text", "--", orders[0]).endswith("unset")


def test_of_a_long_order_the_first_200_stand(tmp_path: Any) -> None:
    def long(body: Any) -> Any:
        found = [row | {"id": f"{row['id']}-{n}"} for n in range(4) for row in body["data"]]
        return body | {"data": found, "total_count": len(found)}

    with sample_service(START) as service:
        stage = stage_in(service, tmp_path / "archive", key=None)
        told = Told(service, [serving(ORDER, long)])
        assert run(stage, START) == 0
        served = next(one for one in told.answers() if one.path == ORDER and "category" not in one.query)
        assert len(served.body["data"]) > 200
        assert rows(stage, "order.jsonl") == [{"id": row["id"]} for row in served.body["data"][:200]]
        assert bad(stage) == {}
