"""Lines of the changelog: their kind, their prices, and what is left out as a consequence of another line."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from orarchive.index.events import Event
from orarchive.publish.alias_prices import add_alias_prices
from orarchive.publish.change_groups import Importance, Rank, group_changes
from orarchive.publish.changelog import ChangelogHour, ChangelogLine, build_changelog
from orarchive.publish.dataset import Dataset, PriceInterval, PriceKey, RecordEntry
from orarchive.publish.event_groups import EventLog
from orarchive.publish.price_moves import Move
from orarchive.publish.row_groups import RowGroups
from orarchive.publish.views.changes import ChangelogDay, build_change_list
from orarchive.publish.views.changes_page import build_recent_page
from orarchive.sample import START
from orarchive.timestamps import DAY, HOUR, format_stamp


def make_dataset() -> Dataset:
    """Make a dataset of one endpoint, of a/known, that was there two hours before."""
    key = ("a/known", "x", 1)
    first = START - 2 * HOUR
    entry = RecordEntry("endpoints", "a/known@x", key, first, None, "listed", "", None, first, {}, {})
    return Dataset(
        {"models": {}, "endpoints": {entry.key: entry}}, [], RowGroups({}, dict), EventLog(), {}, {}, {}
    )


def make_event(
    kind: str, feed: str, key: str, field: str = "", old: Any = None, new: Any = None, cause: str = ""
) -> Event:
    """Make an event of the hour START."""
    hour = format_stamp(START)
    return Event(kind, feed, key, field, old, new, cause=cause, by=hour, hour=hour, origin="live")


def make_reprice(feed: str, key: str, old: Any, new: Any, cause: str = "") -> Event:
    return make_event("repriced", feed, key, "prompt", old, new, cause)


def build_lines(*events: Event) -> list[ChangelogLine]:
    """Build the lines of one hour."""
    (hour,) = build_changelog(events, make_dataset())
    return hour.lines


def test_cuts_and_rises_are_told_apart() -> None:
    kinds = {
        line.kind: [move.percent for move in line.moves]
        for line in build_lines(
            make_reprice("endpoints", "a/b@x", "2", "1"),
            make_reprice("endpoints", "a/b@y", "1", "2"),
            make_reprice("models", "a/c", "1", "3", "provider"),
            make_reprice("models", "a/b", "2", "1", "endpoint"),
            make_reprice("models", "a/r", "-1", "3", "endpoint"),
            make_reprice("models", "a/known", "1", "4", "unknown"),
        )
    }
    assert kinds == {
        "cut": [-50],
        "rise": [100],
        "listed provider changed": [200],
        "repriced": [None],
        "list price moved": [300],
    }


def test_what_another_provider_brings_is_one_line() -> None:
    """Its price and its limits; limits that it has without a price are as minor."""
    limits = {"context_length": 8}, {"context_length": 4}
    events = [
        *(make_reprice("models", name, "1", "3", "provider") for name in ("a/c", "a/d")),
        make_event("limits_changed", "models", "a/c", "top_provider", *limits, cause="provider"),
        make_event("limits_changed", "models", "a/e", "top_provider", *limits, cause="provider"),
        make_event("limits_changed", "models", "a/f", "top_provider", *limits, cause="endpoint"),
        make_event("limits_changed", "endpoints", "a/f@x", "context_length", 8, 4),
        make_event("limits_changed", "models", "a/g", "top_provider", *limits),
    ]
    lines = build_lines(*events)
    assert [(line.model, line.kind, line.parts) for line in lines] == [
        ("a/c", "listed provider changed", ("context 8 → 4",)),
        ("a/d", "listed provider changed", ()),
        ("a/e", "listed provider changed", ("context 8 → 4",)),
        ("a/g", "limits", ("context 8 → 4",)),
        ("a/f", "limits", ("context 8 → 4",)),
    ]
    grouped = group_changes([ChangelogHour(START, lines)], Importance())
    assert ([group.model for group in grouped.groups], grouped.minor_count) == (["a/f"], 4)


def test_an_alias_has_the_moves_of_its_price() -> None:
    """No event tells them: they are the prices of the model that it points at."""
    hours = [START, START + HOUR, START + 2 * HOUR]
    amounts = (Decimal(3), Decimal(2), Decimal(2))
    intervals = [PriceInterval(hour, hour, amount) for hour, amount in zip(hours, amounts, strict=True)]
    prices = {PriceKey("prompt"): intervals}
    dataset = replace(make_dataset(), prices=RowGroups({("models", "~a/latest"): [()]}, lambda _: prices))
    edited = build_changelog([make_event("edited", "models", "~a/latest", "name", "Old", "New")], dataset)
    changes = add_alias_prices(edited, "~a/latest", dataset)
    assert [(change.hour, [line.kind for line in change.lines]) for change in changes] == [
        (START + HOUR, ["list price moved"]),
        (START, ["edited"]),
    ]
    (line,) = changes[0].lines
    assert line.moves == (Move("prompt", Decimal(3), Decimal(2)),)
    assert line.parts == ("with the model that it points at",)


def test_what_matters_comes_first() -> None:
    """Group the lines of a model; rank by use, retirement and lab; fold what says little."""
    lines = build_lines(
        make_event("edited", "models", "big/used", "name", "Old", "New"),
        make_event("added", "models", "big/new"),
        make_event("added", "models", "small/new"),
        make_event("expiry_set", "models", "big/old", "expiration_date", None, "2026-09-01"),
        make_event("missing", "models", "small/gone"),
        make_event("field_appeared", "models", "mystery"),
        make_reprice("endpoints", "big/used@x", "2", "1"),
        make_reprice("endpoints", "big/used@y", "2", "1.9"),
        make_reprice("endpoints", "big/rare@x", "2", "1"),
        make_event("limits_changed", "endpoints", "big/used@x", "context_length", 65_536, 131_072),
    )
    importance = Importance(frozenset({"big/used"}), frozenset({"big"}))
    grouped = group_changes([ChangelogHour(START, lines)], importance)
    assert [(group.model, group.rank.name, len(group.lines)) for group in grouped.groups] == [
        ("big/used", "PRICE_OF_USED", 3),
        ("big/old", "RETIREMENT", 1),
        ("small/gone", "RETIREMENT", 1),
        ("big/new", "NEW_MODEL", 1),
        ("big/rare", "PRICE", 1),
        ("small/new", "OTHER", 1),
    ]
    assert grouped.groups[0].lines[-1].parts == ("context 65,536 → 131,072",)
    assert [group.lines[0].kind for group in grouped.minor] == ["new field", "edited"]
    everywhere = group_changes([ChangelogHour(START, lines)], Importance())
    assert {group.model for group in everywhere.groups if group.rank == Rank.PRICE_OF_USED} == {
        "big/used",
        "big/rare",
    }
    assert importance.restrict(["small/x"]) == Importance(frozenset(), frozenset())


def test_limits_that_hardly_move_are_minor() -> None:
    """Fold a line where no limit moved by a hundredth; what is no number is told."""
    lines = build_lines(
        make_event("limits_changed", "endpoints", "a/b@x", "context_length", 65_536, 65_535),
        make_event("limits_changed", "endpoints", "a/b@x", "max_completion_tokens", 8_192, 8_150),
        make_event("limits_changed", "endpoints", "a/c@x", "context_length", 65_536, 65_535),
        make_event("limits_changed", "endpoints", "a/c@x", "max_completion_tokens", 8_192, 8_100),
        make_event("limits_changed", "endpoints", "a/d@x", "context_length", 65_536, None),
    )
    grouped = group_changes([ChangelogHour(START, lines)], Importance())
    assert [group.model for group in grouped.minor] == ["a/b"]
    assert [group.model for group in grouped.groups] == ["a/c", "a/d"]


@pytest.mark.parametrize(
    ("old", "new", "is_told"),
    [(False, None, False), (None, False, False), (True, None, True), (None, True, True)],
)
def test_a_flag_that_stays_off_is_minor(old: bool | None, new: bool | None, is_told: bool) -> None:
    """Fold that a flag which was off is no longer stated, and the reverse."""
    lines = build_lines(make_event("capabilities_changed", "models", "a/b", "reasoning.mandatory", old, new))
    assert bool(group_changes([ChangelogHour(START, lines)], Importance()).groups) == is_told


def test_a_schedule_that_no_endpoint_explains_is_told() -> None:
    """Tell it whatever its cause, unless an endpoint of the model has a line about its price in that hour."""
    night = [{"utc_start": 0, "utc_end": 800, "price": "0.000001"}, {"price": "0.000002"}]
    others = make_event("requantized", "endpoints", "a/b@x", "quantization", "fp8", "fp4")
    for cause in ("unknown", "provider", "endpoint", "schedule"):
        event = make_reprice("models", "a/b", "0.000003", night, cause)
        assert [line.model for line in build_lines(event, others)] == ["a/b", "a/b"], cause
        lines = build_lines(event, make_reprice("endpoints", "a/b@x", "1", night))
        assert len(lines) == 2 - (cause in ("endpoint", "schedule")), cause


def test_prices_by_conditions_are_named() -> None:
    """Name the prices of a schedule as a list; the price without conditions is a move like any other."""
    night = [{"utc_start": 0, "utc_end": 800, "price": "0.000001"}, {"price": "0.000002"}]
    (line,) = build_lines(make_reprice("endpoints", "a/b@x", "0.000003", night))
    assert line.kind == "cut"
    assert [(move.old, move.new) for move in line.moves] == [(Decimal("0.000003"), Decimal("0.000002"))]
    assert line.parts == ("input, 00:00–08:00 UTC: $3.00 → $1.00 per M",)


def test_prices_of_long_prompts_are_told_by_their_length() -> None:
    """Compare each with the price before; the plain price that stays is not repeated."""
    long = {"min_prompt_tokens": 200_000, "price": "0.000006"}
    longer = {"min_prompt_tokens": 400_000, "price": "0.000008"}
    begun = make_reprice("endpoints", "a/b@x", "0.000003", [{"price": "0.000003"}, long])
    assert build_lines(begun)[0].parts == ("input, prompt over 200,000 tokens: first listed, $6.00 per M",)
    more = make_reprice(
        "endpoints", "a/b@x", [{"price": "0.000003"}, long], [{"price": "0.000003"}, long, longer]
    )
    assert build_lines(more)[0].parts == ("input, prompt over 400,000 tokens: first listed, $8.00 per M",)
    ended = make_reprice("endpoints", "a/b@x", [{"price": "0.000003"}, long], "0.000003")
    words = "input, prompt over 200,000 tokens: no longer listed, $6.00 per M before"
    assert build_lines(ended)[0].parts == (words,)
    first = make_reprice("endpoints", "a/b@x", None, [{"price": "0.000003"}, long])
    words = "input, none → $3.00 per M; prompt over 200,000 tokens: first listed, $6.00 per M"
    assert build_lines(first)[0].parts == (words,)


def test_what_follows_is_not_told_twice() -> None:
    changes = build_lines(
        make_event("added", "models", "a/b"),
        make_event("joined", "endpoints", "a/b@x", cause="model"),
        make_event("joined", "endpoints", "a/b@y", cause="model"),
        make_event("gained", "zdr", "a/b@x", cause="endpoint"),
        make_event("alias_moved", "models", "~a/latest", "alias_target", {"slug": "a/a"}, {"slug": "a/b"}),
        make_event("limits_changed", "models", "~a/latest", "context_length", 1, 2),
    )
    assert [(line.kind, line.parts) for line in changes] == [
        ("added", ("with 2 endpoints",)),
        ("alias moved", ("a/a → a/b",)),
    ]


def test_a_move_is_labelled_by_input_and_output() -> None:
    """A cache price that appears with a cut, or goes, does not make it a mixed move."""
    (line,) = build_lines(
        make_reprice("models", "a/b", "2", "1"),
        make_event("repriced", "models", "a/b", "input_cache_read", None, "0.5"),
    )
    assert (line.kind, len(line.moves)) == ("cut", 2)


def test_limits_that_the_listed_provider_repeats_are_said_once() -> None:
    def list_parts(provider: dict[str, int]) -> tuple[str, ...]:
        (line,) = build_lines(
            make_event("limits_changed", "models", "a/b", "context_length", 8, 4),
            make_event("limits_changed", "models", "a/b", "top_provider", {"context_length": 8}, provider),
        )
        return line.parts

    assert list_parts({"context_length": 4}) == ("context 8 → 4",)
    assert list_parts({"context_length": 2}) == ("context 8 → 4", "listed provider: context 8 → 2")


def test_a_day_counts_what_its_lines_say() -> None:
    """Name no use that is not on record, and no retirement of what is plainly gone."""
    lines = build_lines(make_reprice("models", "a/b", "2", "1"), make_event("missing", "models", "a/gone"))
    day = ChangelogDay(START.date(), [ChangelogHour(START, lines)])
    pages = [
        build_recent_page([], [day], importance)
        for importance in (Importance(), Importance(frozenset(["a/b"])))
    ]
    assert [(page.days[0].summary, bool(page.max_used)) for page in pages] == [
        ("1 price change, 1 no longer listed", False),
        ("1 price change, 1 no longer listed", True),
    ]


def test_kinds_of_input_are_said_once() -> None:
    old = {"modality": "text->text", "input_modalities": ["text"]}
    new = {"modality": "text+file->text", "input_modalities": ["text", "file"]}
    for before, words in (
        (old, "input +file"),
        (new | {"modality": "x"}, "modality x → text+file->text"),
    ):
        (line,) = build_lines(
            make_event("capabilities_changed", "models", "a/b", "architecture", before, new)
        )
        assert line.parts == (words,)


def test_a_minor_change_by_itself_is_not_folded() -> None:
    """Show it like any other: the words to unfold it would take as much room."""
    cut = make_reprice("endpoints", "a/b@x", "2", "1")
    edits = [make_event("edited", "models", model, "name", "Old", "New") for model in ("a/b", "a/c")]
    for events, kinds, minor_count in (([*edits[:1]], ["edited"], 0), ([cut, *edits], ["cut"], 2)):
        changes = build_change_list([ChangelogHour(START, build_lines(*events))], Importance())
        assert [row.kind for row in changes.rows] == kinds
        assert len(changes.minor) == minor_count


def test_a_gap_is_told_once_for_all_that_came_about_in_it() -> None:
    before = START - 9 * DAY
    lines = build_lines(*(make_reprice("models", name, "2", "1") for name in ("a/b", "a/c", "a/d")))
    late = [replace(line, after=before) for line in lines]
    for shown, gap, is_repeated in ((late, (before, START), False), ([late[0], *lines[1:]], None, True)):
        changes = build_change_list([ChangelogHour(START, shown)], Importance())
        assert changes.gap == gap
        assert any(detail.after for row in changes.rows for detail in row.details) == is_repeated


@pytest.mark.parametrize(
    ("field", "old", "new", "parts", "counted"),
    [
        ("supported_parameters", ["a"], ["a", "b"], "parameters added: b", ()),
        ("supported_parameters", ["a"], ["b"], "parameters added: b; removed: a", ()),
        ("supported_parameters", ["a", "b"], ["b", "a"], "parameters reordered", ()),
        (
            *("supported_parameters", ["a", "b"], ["d", "c"], "2 parameters added, 2 removed"),
            ("added: c, d; removed: a, b",),
        ),
        ("reasoning", {"mandatory": True}, {"mandatory": False}, "reasoning mandatory yes → no", ()),
        ("reasoning", {"mandatory": False}, {}, "reasoning mandatory no → not stated", ()),
        ("default_parameters", {}, {"top_k": 20}, "default top k not stated → 20", ()),
    ],
)
def test_fields_are_told_in_words(
    field: str, old: Any, new: Any, parts: str, counted: tuple[str, ...]
) -> None:
    (line,) = build_lines(make_event("capabilities_changed", "models", "a/b", field, old, new))
    assert (line.parts, line.counted) == ((parts,), counted)
    (row,) = build_change_list([ChangelogHour(START, [line])], Importance()).rows
    assert [detail.parts for detail in row.folded_details] == [(words,) for words in counted]


@pytest.mark.parametrize(
    ("kind", "old", "new", "words"),
    [
        ("expiry_set", None, "2026-09-01", "ends on 1 Sep 2026"),
        ("expiry_set", "2126-09-01", "2026-09-01", "ends on 1 Sep 2026"),
        ("expiry_moved", "2026-09-01", "2026-09-08", "ends on 8 Sep 2026, not 1 Sep 2026"),
        ("expiry_cleared", "2026-09-01", None, "no longer ends on 1 Sep 2026"),
        ("expiry_cleared", "soon", None, "has no date of its end"),
    ],
)
def test_an_end_is_told_in_words(kind: str, old: str | None, new: str | None, words: str) -> None:
    (line,) = build_lines(make_event(kind, "models", "a/b", "expiration_date", old, new))
    assert line.parts == (words,)


def test_a_provider_and_an_endpoint_are_named() -> None:
    """The page links the one, and says whose the other is."""
    lines = build_lines(
        make_event("added", "providers", "novita"), make_event("joined", "endpoints", "a/b@novita/fp8")
    )
    rows = build_change_list([ChangelogHour(START, lines)], Importance()).rows
    details = [detail for row in rows for detail in row.details]
    assert sorted((detail.subject, detail.provider, detail.endpoints) for detail in details) == [
        ("", "", ("novita/fp8",)),
        ("", "novita", ()),
    ]


def test_variants_that_come_together_are_one_row() -> None:
    """Those of a lab of one kind; a model, and what is added beside it, have rows of their own."""
    names = ("a/one", "a/one:batch", "a/two:batch", "a/two:free", "b/one:batch")
    lines = build_lines(*(make_event("added", "models", name) for name in names))
    rows = build_change_list([ChangelogHour(START, lines)], Importance()).rows
    assert {row.model: [variant.model for variant in row.variants] for row in rows} == {
        "a/one": [],
        "a/one:batch": ["a/two:batch"],
        "a/two:free": [],
        "b/one:batch": [],
    }
    assert rows[1].variant_words == "and 1 more variant"


def test_equal_percentages_of_a_lab_are_one_row() -> None:
    """Amounts may differ, as those of a batch do; another percentage or another lab is a row of its own."""
    lines = build_lines(
        make_reprice("models", "a/sol", "4", "2"),
        make_reprice("models", "a/sol:batch", "2", "1"),
        make_reprice("models", "a/luna", "4", "3"),
        make_reprice("models", "b/sol", "4", "2"),
    )
    rows = build_change_list([ChangelogHour(START, lines)], Importance()).rows
    assert [(row.model, [variant.model for variant in row.variants]) for row in rows] == [
        ("a/sol", ["a/sol:batch"]),
        ("b/sol", []),
        ("a/luna", []),
    ]


def test_what_is_folded_is_named() -> None:
    """Say of prices under conditions that they are prices, and of names that others are counted."""
    tariff = [{"price": "2"}, {"price": "3", "min_prompt_tokens": 9}]
    (line,) = build_lines(make_reprice("models", "a/b", "1", tariff))
    (row,) = build_change_list([ChangelogHour(START, [line])], Importance()).rows
    assert row.folded_words == "1 more price"
    many = replace(row, folded_details=[*row.folded_details, *row.details])
    assert many.folded_words == "and 2 more"
    names = ["a", "b", "c", "d"]
    (line,) = build_lines(
        make_event("capabilities_changed", "models", "a/b", "supported_parameters", [], names)
    )
    (row,) = build_change_list([ChangelogHour(START, [line])], Importance()).rows
    assert (row.folded_words, [detail.kind for detail in row.folded_details]) == ("which", ["parameters"])
