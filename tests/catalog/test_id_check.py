"""Judgements of ids by a list, and their reports."""

import datetime as dt
import json
from typing import Any

import pytest

from orarchive.catalog.id_check import (
    ALIVE,
    EXPIRING,
    GONE,
    MAX_AGE,
    UNKNOWN,
    CheckListError,
    Finding,
    format_annotations,
    format_summary,
    format_text,
    get_exit_code,
    judge,
    parse_check_list,
)
from tests.support.check_lists import make_list, read_list

TODAY = dt.date(2026, 11, 20)
LIST = read_list()


@pytest.mark.parametrize(
    ("name", "status", "words"),
    [
        ("openai/gpt-4o", ALIVE, ""),
        ("openai/gpt-4o:nitro", ALIVE, ""),
        # it stands in the list as gone, but a request may add it to any id
        ("openai/gpt-4o:exacto", ALIVE, ""),
        ("anthropic/claude-4.5-sonnet-20250929", ALIVE, ""),
        # 30 days are within 30 days, 31 are not
        ("google/gemini-2.0-flash-001", EXPIRING, "expires on 2026-12-20"),
        ("anthropic/claude-opus-4", ALIVE, ""),
        ("anthropic/claude-2.1", GONE, "last on 2025-07-21; no replacement is known"),
        ("openai/gpt-4-vision-preview", GONE, "last on 2025-02-01; perhaps openai/gpt-4o"),
        ("openai/gpt-4-vision-preview:floor", GONE, "last on 2025-02-01; perhaps openai/gpt-4o"),
        ("anthropic/claude-sonet-4.5", UNKNOWN, "did you mean anthropic/claude-sonnet-4.5?"),
        ("openai/gpt-4o:free", UNKNOWN, "in no list since the record began"),
        ("x/y", UNKNOWN, "in no list since the record began"),
    ],
)
def test_an_id_is_judged(name: str, status: str, words: str) -> None:
    judgement = judge(name, LIST, TODAY, 30)
    assert (judgement.id, judgement.status) == (name, status)
    assert words in judgement.text


def test_the_days_decide_what_expires() -> None:
    name = "anthropic/claude-opus-4"
    assert (
        judge(name, LIST, TODAY, 31).text
        == "expires on 2026-12-21; use anthropic/claude-opus-4.1, which is dearer"
    )
    assert judge(name, LIST, dt.date(2026, 12, 22), 0).text.startswith("expired on 2026-12-21")
    assert judge(name, LIST, dt.date(2026, 12, 20), 0).status == ALIVE


def test_a_list_is_too_old_after_25_hours() -> None:
    assert LIST.describe_age(LIST.as_of + MAX_AGE) is None
    problem = LIST.describe_age(LIST.as_of + MAX_AGE + dt.timedelta(seconds=1))
    assert problem == "the list is of 2026-11-20 06:00 UTC, 25 hours ago: too old to say what is alive"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (make_list(format=2), "has format 2, this version reads 1"),
        (make_list()[:-9], "JSONDecodeError"),
        (b"[]", "TypeError"),
        (b'{"format": 1}', "KeyError: 'data'"),
        (b'{"data": {"format": 1}}', "KeyError: 'as_of'"),
        (make_list(alive=[]), "it has no ids"),
        (make_list(as_of="yesterday"), "yesterday"),
        (make_list(as_of="2026-11-20T06:00:00"), "no time zone"),
        (make_list(expires={"a/b": "soon"}), "soon"),
        (make_list(replacements=[]), "AttributeError"),
        (b"\xff", "UnicodeDecodeError"),
    ],
)
def test_what_is_no_list(content: bytes, words: str) -> None:
    with pytest.raises(CheckListError) as raised:
        parse_check_list(content)
    assert words in str(raised.value)


def find(*names: str) -> list[Finding]:
    return [Finding("a,%:b", number, 5, judge(name, LIST, TODAY, 30)) for number, name in enumerate(names, 1)]


FINDINGS = find("openai/gpt-4o", "anthropic/claude-2.1", "google/gemini-2.0-flash-001", "x/y")


@pytest.mark.parametrize(
    ("findings", "problem", "code"),
    [
        ([], None, 0),
        (FINDINGS[:1], None, 0),
        (FINDINGS[:2], None, 1),
        (FINDINGS[2:3], None, 1),
        (FINDINGS[3:], None, 2),
        (FINDINGS, None, 2),
        (FINDINGS[:1], "too old", 2),
        (FINDINGS[:2], "too old", 2),
    ],
)
def test_the_exit_code(findings: list[Finding], problem: str | None, code: int) -> None:
    assert get_exit_code(findings, problem) == code


def test_reports_name_what_is_not_alive() -> None:
    assert list(format_text(FINDINGS)) == [
        "a,%:b:2:5: anthropic/claude-2.1 is no longer listed, last on 2025-07-21; no replacement is known",
        "a,%:b:3:5: google/gemini-2.0-flash-001 expires on 2026-12-20",
        "a,%:b:4:5: x/y is unknown: it is in no list since the record began",
        "ids: 1 gone, 1 expiring, 1 unknown, 1 alive",
    ]


def test_annotations_are_escaped() -> None:
    lines = list(format_annotations(FINDINGS, "100 %\nof it"))
    assert lines[0] == "::error title=OpenRouter models::100 %25%0Aof it"
    assert lines[1].startswith(
        "::error file=a%2C%25%3Ab,line=2,col=5,title=OpenRouter model gone::anthropic/claude-2.1 is no"
    )
    assert lines[2].startswith("::warning file=")
    assert len(lines) == 4
    argument = Finding("", 0, 0, FINDINGS[3].judgement)
    assert next(format_annotations([argument])).startswith("::error title=OpenRouter model unknown::x/y")


def test_the_summary_is_a_table() -> None:
    lines = list(format_summary(FINDINGS, "too | old"))
    assert lines[2] == "**too \\| old**"
    assert lines[-3] == (
        "| `anthropic/claude-2.1` | is no longer listed, last on 2025-07-21; no replacement is known |  "
        "| a,%:b:2:5 |"
    )
    assert list(format_summary(FINDINGS[:1], None))[2:] == ["ids: 0 gone, 0 expiring, 0 unknown, 1 alive"]


def test_names_from_a_site_are_text() -> None:
    """What a list says must not begin another command of the workflow, or another row of the table."""
    hostile: dict[str, Any] = json.loads(make_list())
    hostile["data"]["replacements"]["anthropic/claude-2.1"] = "x`|\n::error::y"
    hostile_list = parse_check_list(json.dumps(hostile).encode())
    findings = [Finding("a", 1, 1, judge("anthropic/claude-2.1", hostile_list, TODAY, 1))]
    assert all("\n" not in line for line in format_annotations(findings))
    assert all("\n" not in line for line in format_summary(findings, None))
