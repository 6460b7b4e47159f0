"""Rankings: rows by date in files by month, where new rows replace whole dates and other dates stay."""

import datetime as dt
import json
import random
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orarchive.collect import validate
from orarchive.collect.ranking_schedule import get_period_start
from orarchive.collect.request_budget import MAX_REQUESTS_PER_DAY, MAX_REQUESTS_PER_MINUTE
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
    parse_rows,
)
from orarchive.jsonl import Record
from orarchive.sample import sample_service
from tests.support.archives import DAY, assert_tidy, read_git
from tests.support.rankings import EARLY, OPENAPI, Recorder, files, run, stage_in

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


def build_rows(dates: Dates) -> list[Record]:
    """Return the rows of some dates as the service sends them."""
    return [
        {"date": date, "model_permaslug": model, "total_tokens": tokens}
        for date, models in dates.items()
        for model, tokens in models.items()
    ]


def build_files(dates: Dates) -> Files:
    """Return the files of some dates, written in the simplest way."""
    lines: dict[str, list[str]] = {}
    for row in sorted(build_rows(dates), key=lambda row: (row["date"], row["model_permaslug"])):
        path = f"rankings/category/marketing/seo/{row['date'][:7]}.jsonl"
        text = json.dumps(row, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        lines.setdefault(path, []).append(f"{text}\n")
    return {path: "".join(texts).encode() for path, texts in lines.items()}


def parse_files(series: Series, files: Files, paths: Iterable[str]) -> list[Record]:
    """Return the rows of some files, of those that there are."""
    return [row for path in sorted(paths) for row in parse_rows(series, files.get(path, b""), path)]


@given(ANSWERS, st.randoms(use_true_random=False))
def test_merged(answers: Sequence[Dates], chance: random.Random) -> None:
    """Keep of every date the rows of the last answer that had it, whatever their order."""
    files: Files = {}
    dates: Dates = {}
    for answer in answers:
        rows = build_rows(answer)
        chance.shuffle(rows)
        paths = list_file_paths(CATEGORY, "marketing/seo", rows)
        new = merge_rows(CATEGORY, "marketing/seo", rows, parse_files(CATEGORY, files, paths))
        assert new.keys() == paths, "files of other months are not touched"
        files |= new
        dates |= answer
        assert files == build_files(dates)
        again = merge_rows(CATEGORY, "marketing/seo", rows, parse_files(CATEGORY, files, paths))
        assert again == new, "merging again changes nothing"


def test_unknown_fields_are_kept_as_sent() -> None:
    row = {"date": "2026-01-01", "model_permaslug": "a", "total_tokens": "007", "new": {"z": [1, None]}}
    (data,) = merge_rows(MODELS, "", [row], []).values()
    assert data == b'{"date":"2026-01-01","model_permaslug":"a","new":{"z":[1,null]},"total_tokens":"007"}\n'


def test_keys_of_mixed_types_have_an_order() -> None:
    rows: list[Record] = [{"date": "2026-01-01", "app_id": app} for app in (10, "x", 9, "10")]
    (data,) = merge_rows(APPS, "popular", rows, []).values()
    assert [json.loads(line)["app_id"] for line in data.splitlines()] == [9, 10, "10", "x"]


def test_an_order_is_kept_as_sent() -> None:
    files = merge_rows(ORDER, "", [{"id": "b"}, {"id": "a"}], [{"id": "c"}])
    assert files == {"rankings/order.jsonl": b'{"id":"b"}\n{"id":"a"}\n'}


# --- names of categories that the service may send ----------------------------------------------------------

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
    """Write each into its own file below data/rankings/ and touch nothing else, also on the next day."""
    with sample_service(EARLY) as service:
        real_respond = service.respond

        def respond(path: str, query: Mapping[str, str], headers: Mapping[str, str]) -> Any:
            category = {"category": "finance"} if query.get("category") in NAMES else {}
            return real_respond(path, {**query, **category}, headers)

        def list_names(path: str, query: Mapping[str, str], body: Any) -> Any:
            for parameter in body["paths"]["/models"]["get"]["parameters"] if path == OPENAPI else ():
                if parameter["name"] == "category":
                    parameter["schema"]["enum"] = [*NAMES, "half \ud800"]
            return body

        service.respond = respond
        stage = stage_in(service, tmp_path / "in" / "archive", key=None)
        log = Recorder(service, [list_names])
        for day in (0, 1):
            assert run(stage, EARLY + day * DAY) == 0
            answers = [answer for answer in log.answers() if answer.path == "models"]
            assert [answer.query.get("category") for answer in answers] == [None, *NAMES]
    assert_tidy(stage.root)
    contents = files(stage)
    assert len(contents) == len(NAMES) + 1 == len({path.lower() for path in contents})
    assert len(set(contents.values())) == 2
    assert {path.name for path in tmp_path.rglob("*") if path.parent in (tmp_path, tmp_path / "in")} == {
        *("in", "archive")
    }
    committed = read_git(stage.root, "ls-tree", "-r", "--name-only", "HEAD").splitlines()
    assert {path for path in committed if not path.startswith("data/rankings/order")} == {
        f"data/{name}"
        for name in (
            *(".gitattributes", "README.md", "hours/2025-01.jsonl", "openapi/spec.json"),
            *("rankings/.gitattributes", "rankings/NOTICE"),
        )
    }


# --- the table ----------------------------------------------------------------------------------------------


def test_the_table() -> None:
    """Need a key for all but the order, stay below the service's limits, and share no folder."""
    assert [series.name for series in SERIES.values() if not series.needs_key] == ["order"]
    assert {series.name for series in SERIES.values() if series.cadence == "weekly"} == {
        *("category", "language", "sessions", "benchmarks")
    }
    assert MAX_REQUESTS_PER_MINUTE < 30 and MAX_REQUESTS_PER_DAY < 500
    assert len({series.get_folder() for series in SERIES.values()}) == len(SERIES)
    assert all(series.key[:1] == ("date",) for series in SERIES.values() if series.date_mode)


@pytest.mark.parametrize(
    ("series", "start"), [(MODELS, "2026-06-07"), (CATEGORY, "2026-06-01"), (SESSIONS, "2026-06-01")]
)
def test_periods(series: Series, start: str) -> None:
    """Begin a week on Monday: the 7th of June 2026 is a Sunday."""
    assert f"{get_period_start(series, dt.datetime(2026, 6, 7, 23, tzinfo=dt.UTC))}" == start


# --- checks -------------------------------------------------------------------------------------------------


def build_row(date: str, model: str = "a") -> Record:
    return {"date": date, "model_permaslug": model}


@pytest.mark.parametrize(
    ("old_count", "new_count", "is_accepted"),
    [(50, 41, True), (50, 40, True), (50, 39, False), (1, 1, True), (2, 1, False)],
)
def test_a_date_may_lose_a_fifth_of_its_rows(old_count: int, new_count: int, is_accepted: bool) -> None:
    """Compare every date by itself, and no date that was not sent."""
    before = [build_row(date, str(n)) for date in ("2026-01-01", "2026-01-02") for n in range(old_count)]
    rows = [build_row("2026-01-02", str(n)) for n in range(new_count)] + [build_row("2026-01-03")] * 1000
    if is_accepted:
        validate.check_shrunk_dates(MODELS, rows, before)
    else:
        with pytest.raises(RejectedPayload, match=f"shrunk: 2026-01-02: {old_count} to {new_count}"):
            validate.check_shrunk_dates(MODELS, rows, before)


def test_rows_have_different_keys() -> None:
    rows = [build_row("2026-01-01"), build_row("2026-01-02")]
    others = [*rows, build_row("2026-01-01", "b")]
    assert validate.drop_repeated_rows(MODELS, others) == (others, ())
    repeated = [*rows, build_row("2026-01-01")]
    assert validate.drop_repeated_rows(MODELS, repeated) == (rows, ("duplicate-key: row 2",))
    with pytest.raises(RejectedPayload, match="duplicate-key: 2 of 4"):
        validate.drop_repeated_rows(MODELS, [*repeated, build_row("2026-01-02")])
    with pytest.raises(RejectedPayload, match="empty"):
        validate.drop_repeated_rows(MODELS, [])


def test_only_requested_dates_are_accepted() -> None:
    span = ("2026-01-01", "2026-01-31")
    validate.check_dates(MODELS, list(map(build_row, span)), *span)
    for date in ("2025-12-31", "2026-02-01"):
        with pytest.raises(RejectedPayload, match=f"other-dates: {date}"):
            validate.check_dates(MODELS, [build_row("2026-01-01"), build_row(date)], *span)
