"""Foreign text: what cannot be seen is shown, and nothing forges another line."""

import json

import pytest

from orarchive.domain.foreign_text import (
    blank_unprintable,
    escape_invisible,
    escape_invisible_json,
    shorten,
    to_single_line,
)

FORGED = "a\u202eb\r\n::c\x1b[2J\ud800\U000e0041\td"


def test_invisible_characters_are_shown_by_their_number() -> None:
    """Keep tab and line feed, which lay text out."""
    escaped = "a\\u202eb\\u000d\n::c\\u001b[2J\\ud800\\ue0041\td"
    assert escape_invisible(FORGED) == escaped
    assert escape_invisible("naïve 漢字 🎉") == "naïve 漢字 🎉"


def test_escaped_json_means_the_same() -> None:
    text = json.dumps(FORGED, ensure_ascii=False)
    escaped = escape_invisible_json(text)
    assert "\\u202e" in escaped
    assert "\\udb40\\udc41" in escaped
    assert json.loads(escaped) == FORGED


def test_unprintable_characters_become_spaces() -> None:
    assert blank_unprintable(FORGED) == "a b  ::c [2J   d"
    assert to_single_line(f" {FORGED}\n") == "a b ::c [2J d"


@pytest.mark.parametrize(
    ("length", "ellipsis", "expected"), [(5, "…", "abcde"), (4, "…", "abc…"), (4, "...", "a...")]
)
def test_a_long_text_is_cut(length: int, ellipsis: str, expected: str) -> None:
    assert shorten("abcde", length, ellipsis) == expected
