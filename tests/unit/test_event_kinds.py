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
EVENT_TYPES = ("Change", "Event")
COMPARED = ("event.kind", "change.kind", "one.kind")


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


def test_code_names_no_other_kinds() -> None:
    """Find every kind that is spelled out in the package and check that it has a row."""
    assert FIELD_KINDS.keys() and set(FIELD_KINDS.values()) <= EVENT_KINDS.keys()
    for path in sorted((ROOT / "orarchive").rglob("*.py")):
        if "sample" not in path.parts:  # Happenings of the sample have kinds of their own.
            unknown = set(list_kinds(ast.parse(path.read_text()))) - EVENT_KINDS.keys()
            assert not unknown, f"{path.relative_to(ROOT)} names kinds of event that EVENT_KINDS lacks"


def list_kinds(tree: ast.AST) -> Iterator[str]:
    """Yield the strings that make an event or a change, or that a `kind` is compared with."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in EVENT_TYPES:
            yield from list_strings(node.args[0])
        elif isinstance(node, ast.Compare) and ast.unparse(node.left) in COMPARED:
            yield from list_strings(node.comparators[0])


def list_strings(node: ast.AST) -> Iterator[str]:
    """Yield the string constants in an expression, but for those in conditions."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.Tuple | ast.List | ast.Set):
        for element in node.elts:
            yield from list_strings(element)
    elif isinstance(node, ast.IfExp):
        yield from list_strings(node.body)
        yield from list_strings(node.orelse)
