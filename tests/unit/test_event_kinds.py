"""EVENT_KINDS, and that documentation and code name the kinds in it and no others."""

import ast
from collections.abc import Iterator

import pytest

from orarchive.domain.changes import FIELD_KINDS
from orarchive.domain.event_kinds import EVENT_KINDS, TOPIC_NAMES, get_event_kind
from orarchive.domain.feeds import FEEDS, ListFeed
from orarchive.index.events import Event
from orarchive.index.rankings import RANKINGS_FEED
from tests.support.archives import ROOT

DOCUMENTATION = ROOT / "docs" / "index.md"

SHARED_WORDS = {
    *("added", "returned", "missing", "deprecated", "removed", "renamed", "orphaned", "joined", "left"),
    "lost",
}
"""Kinds whose names are also words for states, results of probes and members of JSON."""


def test_the_documentation_has_the_table() -> None:
    rows = [
        f"| `{kind.name}` | {', '.join(kind.feeds) or 'any feed'} | {kind.description} |\n"
        for kind in EVENT_KINDS.values()
        if kind.is_stored
    ]
    table = "".join(["| kind | of | when |\n", "|---|---|---|\n", *rows])
    remedy = f"put this table into the section Events of docs/index.md:\n\n{table}"
    assert table in DOCUMENTATION.read_text(), remedy


def test_rows_name_feeds_that_exist() -> None:
    for kind in EVENT_KINDS.values():
        feeds = {*kind.feeds, *(feed for count in kind.subject_counts for feed in count.feeds)}
        assert feeds <= {*FEEDS, RANKINGS_FEED}, kind.name


def test_every_topic_has_kinds() -> None:
    assert {kind.topic for kind in EVENT_KINDS.values()} == set(TOPIC_NAMES)


def test_counts_of_subjects_have_one_order() -> None:
    counts = {count for kind in EVENT_KINDS.values() for count in kind.subject_counts}
    assert len({count.rank for count in counts}) == len(counts)


def test_an_unknown_kind_is_refused() -> None:
    message = r"unknown kind of event 'aded': add a row to EVENT_KINDS in orarchive/domain/event_kinds\.py"
    with pytest.raises(LookupError, match=message):
        get_event_kind("aded")
    with pytest.raises(LookupError, match="'opened'"):
        ListFeed(
            name="vectors",
            route="vectors",
            key=("id",),
            cadence="daily",
            folder="vectors",
            added_kind="opened",
        )
    with pytest.raises(LookupError, match="'aded'"):
        Event("aded", "models", "a/b")


def test_code_names_kinds_by_their_constants() -> None:
    """Find no kind spelled out in the package: a typo in a constant fails on import."""
    assert FIELD_KINDS.keys() and set(FIELD_KINDS.values()) <= EVENT_KINDS.keys()
    for path in sorted((ROOT / "orarchive").rglob("*.py")):
        # Happenings of the sample have kinds of their own.
        if path.name != "event_kinds.py" and "sample" not in path.parts:
            names = set(list_kinds(ast.parse(path.read_text())))
            assert not names, f"{path.relative_to(ROOT)}: use the constants of orarchive.domain.event_kinds"


@pytest.mark.parametrize(
    "code",
    [
        'Event("missing", feed, key)',
        'Event("degraded" if is_bad else "recovered", feed, key)',
        'ListFeed(added_kind="added")',
        'event.kind in ("added", "returned")',
        '(event.feed, event.kind) == ("models", "added")',
        'kinds["missing"]',
        'label = "first_observed"',
    ],
)
def test_kinds_are_found_in_code(code: str) -> None:
    assert [*list_kinds(ast.parse(code))]


def test_shared_words_are_no_kinds_elsewhere() -> None:
    code = 'row["missing"]; state = "removed"; result == "renamed"'
    assert [*list_kinds(ast.parse(code))] == []


def list_kinds(tree: ast.AST) -> Iterator[str]:
    """Yield the names of kinds that are spelled out.

    Shared words count only where the code is about kinds: in the call that makes an event, and in keyword
    arguments, comparisons and subscripts that name a kind.
    """
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and node.value not in SHARED_WORDS:
            yield from list_strings(node)
        elif isinstance(node, ast.Call) and ast.unparse(node.func) in ("Change", "Event"):
            yield from list_strings(*node.args[:1])
        elif isinstance(node, ast.Compare | ast.Subscript | ast.keyword) and "kind" in ast.unparse(node):
            yield from list_strings(node)


def list_strings(*nodes: ast.AST) -> Iterator[str]:
    """Yield the names of kinds among the string constants in expressions."""
    for child in (child for node in nodes for child in ast.walk(node)):
        if isinstance(child, ast.Constant) and isinstance(child.value, str) and child.value in EVENT_KINDS:
            yield child.value
