"""Rows by date in files by month: what is new replaces dates whole, and the rest stays."""

import datetime as dt
import json
import random
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orarchive.collect import validate
from orarchive.collect.fetch_rankings import MAX_REQUESTS_PER_DAY, MAX_REQUESTS_PER_MINUTE, period_start
from orarchive.collect.validate import RejectedPayload
from orarchive.domain.ranking_series import (
    APPS,
    CATEGORY,
    MODELS,
    ORDER,
    SERIES,
    SESSIONS,
    Series,
    list_file_paths,
    merge_rows,
)
from orarchive.jsonl import Record
from orarchive.sample import sample_service
from tests.support.archives import DAY, say, tidy
from tests.support.rankings import EARLY, OPENAPI, Told, files, run, stage_in

Files = dict[str, bytes]
Dates = dict[str, dict[str, str]]
"""Date -> model -> tokens."""

DATES = st.dates(dt.date(2025, 11, 25), dt.date(2026, 2, 5)).map(str)
ANSWERS = st.lists(
    st.dictionaries(
        DATES,
        st.dictionaries(
            st.sampled_from(["a", "b", "B", "other", "é"]), st.integers(0, 10**20).map(str), min_size=1
        ),
        min_size=1,
        max_size=6,
    ),
    max_size=6,
)


def rows_of(dates: Dates) -> list[Record]:
    return [
        {"date": date, "model_permaslug": model, "total_tokens": tokens}
        for date, models in dates.items()
        for model, tokens in models.items()
    ]


def expected(dates: Dates) -> Files:
    """The files by a plain reckoning."""
    found: dict[str, list[str]] = {}
    for row in sorted(rows_of(dates), key=lambda row: (row["date"], row["model_permaslug"])):
        path = f"rankings/category/marketing/seo/{row['date'][:7]}.jsonl"
        text = json.dumps(row, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        found.setdefault(path, []).append(f"{text}\n")
    return {path: "".join(lines).encode() for path, lines in found.items()}


@given(ANSWERS, st.randoms(use_true_random=False))
def test_merged(answers: Sequence[Dates], luck: random.Random) -> None:
    """After any answers each date is as the last one had it, whatever the order of its rows."""
    files: Files = {}
    stands: Dates = {}
    for answer in answers:
        rows = rows_of(answer)
        luck.shuffle(rows)
        new = merge_rows(CATEGORY, "marketing/seo", rows, files)
        assert new.keys() == list_file_paths(CATEGORY, "marketing/seo", rows), (
            "files of other months are not touched"
        )
        files |= new
        stands |= answer
        assert files == expected(stands)
        assert merge_rows(CATEGORY, "marketing/seo", rows, files) == new, "once more changes nothing"


def test_only_the_files_of_its_months_are_needed() -> None:
    rows = rows_of({"2026-01-31": {"a": "1"}, "2026-02-01": {"a": "2"}})
    files = merge_rows(MODELS, "", rows, {})
    later = rows_of({"2026-02-01": {"b": "3"}})
    path = "rankings/models/2026-02.jsonl"
    assert merge_rows(MODELS, "", later, files) == merge_rows(MODELS, "", later, {path: files[path]})


def test_what_is_not_known_is_kept_as_sent() -> None:
    row = {"date": "2026-01-01", "model_permaslug": "a", "total_tokens": "007", "new": {"z": [1, None]}}
    (data,) = merge_rows(MODELS, "", [row], {}).values()
    assert data == b'{"date":"2026-01-01","model_permaslug":"a","new":{"z":[1,null]},"total_tokens":"007"}\n'


def test_keys_of_several_kinds_have_an_order() -> None:
    rows: list[Record] = [{"date": "2026-01-01", "app_id": app} for app in (10, "x", 9, "10")]
    (data,) = merge_rows(APPS, "popular", rows, {}).values()
    assert [json.loads(line)["app_id"] for line in data.splitlines()] == [9, 10, "10", "x"]


def test_an_order_stands_as_sent() -> None:
    files = merge_rows(ORDER, "", [{"id": "b"}, {"id": "a"}], {"rankings/order.jsonl": b'{"id":"c"}\n'})
    assert files == {"rankings/order.jsonl": b'{"id":"b"}\n{"id":"a"}\n'}


# --- foreign names, all the way -----------------------------------------------------------------------------

NAMES = [
    *(
        "../x",
        "../../../../x",
        "a/../b",
        "a/b",
        "a",
        "/",
        "CON",
        "con",
        "Nul.jsonl",
        "x.jsonl/y",
        "x",
        "~",
        "*",
    ),
    *(
        "a" * 300,
        "A" * 300,
        "b/" * 400,
        "Marketing",
        "marketing",
        ".git/config",
        ".gitattributes",
        "&category=x#",
    ),
]


def test_categories_of_any_name_are_archived(tmp_path: Path) -> None:
    """Each in a file of its own below data/rankings/; nothing else is touched, and the next day is good."""
    with sample_service(EARLY) as service:
        real = service.respond

        def respond(path: str, query: Mapping[str, str], headers: Mapping[str, str]) -> Any:
            known = {"category": "finance"} if query.get("category") in NAMES else {}
            return real(path, {**query, **known}, headers)

        def named(path: str, query: Mapping[str, str], body: Any) -> Any:
            for one in body["paths"]["/models"]["get"]["parameters"] if path == OPENAPI else ():
                if one["name"] == "category":
                    one["schema"]["enum"] = [*NAMES, "half \ud800"]
            return body

        service.respond = respond
        stage = stage_in(service, tmp_path / "in" / "archive", key=None)
        told = Told(service, [named])
        for day in (0, 1):
            assert run(stage, EARLY + day * DAY) == 0
            asked = [one.query.get("category") for one in told.answers() if one.path == "models"]
            assert asked == [None, *NAMES]
    tidy(stage.root)
    found = files(stage)
    assert len(found) == len(NAMES) + 1 == len({path.lower() for path in found})
    assert len(set(found.values())) == 2
    assert {path.name for path in tmp_path.rglob("*") if path.parent in (tmp_path, tmp_path / "in")} == {
        *("in", "archive")
    }
    listed = say(stage.root, "ls-tree", "-r", "--name-only", "HEAD").splitlines()
    others = {path for path in listed if not path.startswith("data/rankings/order")}
    assert others == {
        f"data/{name}"
        for name in (
            *(".gitattributes", "README.md", "hours/2025-01.jsonl", "openapi/spec.json"),
            *("rankings/.gitattributes", "rankings/NOTICE"),
        )
    }


# --- the table ----------------------------------------------------------------------------------------------


def test_the_table() -> None:
    """The order needs no key; what lies in the budget; and no two parts share a file."""
    assert [one.name for one in SERIES.values() if not one.needs_key] == ["order"]
    assert {one.name for one in SERIES.values() if one.cadence == "weekly"} == {
        *("category", "language", "sessions", "benchmarks")
    }
    assert MAX_REQUESTS_PER_MINUTE < 30 and MAX_REQUESTS_PER_DAY < 500
    assert len({one.folder() for one in SERIES.values()}) == len(SERIES)
    assert all(one.key[:1] == ("date",) for one in SERIES.values() if one.date_mode)


@pytest.mark.parametrize(
    ("series", "turn"), [(MODELS, "2026-06-07"), (CATEGORY, "2026-06-01"), (SESSIONS, "2026-06-01")]
)
def test_turns(series: Series, turn: str) -> None:
    """A week begins on Monday: the 7th of June 2026 is a Sunday."""
    assert f"{period_start(series, dt.datetime(2026, 6, 7, 23, tzinfo=dt.UTC))}" == turn


# --- checks -------------------------------------------------------------------------------------------------


def row(date: str, model: Any = "a") -> Record:
    return {"date": date, "model_permaslug": model}


@pytest.mark.parametrize(
    ("held", "came", "believed"),
    [(50, 41, True), (50, 40, True), (50, 39, False), (1, 1, True), (2, 1, False)],
)
def test_a_date_may_lose_a_fifth_of_its_rows(held: int, came: int, believed: bool) -> None:
    """Dates are looked at one by one, those that did not come not at all."""
    before = [row(date, str(n)) for date in ("2026-01-01", "2026-01-02") for n in range(held)]
    rows = [row("2026-01-02", str(n)) for n in range(came)] + [row("2026-01-03")] * 1000
    if believed:
        validate.check_shrunk_dates(MODELS, rows, before)
    else:
        with pytest.raises(RejectedPayload, match=f"shrunk: 2026-01-02: {held} to {came}"):
            validate.check_shrunk_dates(MODELS, rows, before)


def test_rows_of_one_key() -> None:
    validate.check_unique_rows(MODELS, [row("2026-01-01"), row("2026-01-02"), row("2026-01-01", "b")])
    with pytest.raises(RejectedPayload, match="duplicate-key"):
        validate.check_unique_rows(MODELS, [row("2026-01-01"), row("2026-01-02"), row("2026-01-01")])
    with pytest.raises(RejectedPayload, match="empty"):
        validate.check_unique_rows(MODELS, [])


def test_dates_that_were_not_asked_for() -> None:
    validate.check_dates(MODELS, [row("2026-01-01"), row("2026-01-31")], "2026-01-01", "2026-01-31")
    for date in ("2025-12-31", "2026-02-01"):
        with pytest.raises(RejectedPayload, match=f"other-dates: {date}"):
            validate.check_dates(MODELS, [row("2026-01-01"), row(date)], "2026-01-01", "2026-01-31")
