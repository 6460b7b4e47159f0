"""Checks that every row of a rendered page is what a naive reading of the recordings says.

Nothing here, nor in the modules that it imports, is code of the archive.
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.support.naive_graves import list_graves
from tests.support.naive_market import NEEDS, list_cheapest, list_medians, list_plans
from tests.support.naive_moves import Move, Reading, list_price_moves, read_endpoints
from tests.support.naive_rankings import find_ids, rank_period
from tests.support.naive_versions import Record, Version
from tests.support.shown_rows import (
    ShownMove,
    is_percent_of,
    is_share,
    is_short_form,
    read_count,
    read_graves,
    read_medians,
    read_moves,
    read_needs,
    read_ranks,
    read_short_moves,
    read_week,
)

MAX_MOVES, MAX_SHORT_MOVES = 15, 5

Pages = Mapping[str, str]
"""Path of a page -> its HTML."""


@dataclass(frozen=True)
class Recorded:
    """What was recorded: versions of the models list, and responses for endpoints of some hours."""

    versions: Sequence[Version]
    """One an hour, oldest first."""
    endpoints: Sequence[tuple[dt.datetime, Mapping[str, Any]]] = field(default=())

    def read_last_rows(self, now: dt.datetime) -> Mapping[str, Record]:
        """Return the rows of the last version up to now."""
        return [version for version in self.versions if version.hour_start <= now][-1].rows

    def list_aliases(self, now: dt.datetime) -> set[str]:
        """Return the listed models that only point at another one."""
        rows = self.read_last_rows(now)
        return {name for name, row in rows.items() if name.startswith("~") or row.get("alias_target")}


def assert_prices_agree(pages: Pages, recorded: Recorded, now: dt.datetime) -> dict[str, list[Move]]:
    """Assert that moves, medians and the cheapest models agree; return the moves by their table."""
    moves = assert_moves_agree(pages, recorded, now)
    assert_cheapest_agree(pages["prices/index.html"], recorded, now)
    assert_medians_agree(pages["prices/index.html"], recorded, now)
    return moves


# --- moves --------------------------------------------------------------------------------------------------


def assert_moves_agree(pages: Pages, recorded: Recorded, now: dt.datetime) -> dict[str, list[Move]]:
    """Assert that each row of each list of moves agrees, and the numbers in their headings."""
    readings = [
        Reading(version.hour_start, {name: row["pricing"] for name, row in version.rows.items()})
        for version in recorded.versions
    ]
    endpoints = read_endpoints(recorded.endpoints)
    aliases = recorded.list_aliases(now)
    all_week, all_month = (list_price_moves(readings, now, days, aliases, endpoints) for days in (7, 30))
    week, month = (leave_out_repeated(moves) for moves in (all_week, all_month))
    cuts = [move for move in month if move.percent < 0]
    tables = {"cuts": cuts, "week": week, "month": month, "listed": [*filter(is_minor, all_month)]}
    page = pages["prices/index.html"]
    if week == month:
        assert 'id="month"' not in page
        del tables["month"]
    for name, moves in tables.items():
        assert read_count(page, name) == (min(len(moves), MAX_MOVES), len(moves)), name
        assert_same_moves(read_moves(page, name), moves[:MAX_MOVES])
    assert_same_moves(read_short_moves(pages["index.html"]), list_short(all_week), is_short=True)
    return tables


def is_minor(move: Move) -> bool:
    """Return whether a price moved only because another provider is listed first."""
    return move.cause == "another provider listed first"


def leave_out_repeated(moves: Sequence[Move]) -> list[Move]:
    """Leave out minor moves, and those of variants whose base moved by the same percentage."""
    percents = {(move.model, move.label, move.dimension): round(move.percent) for move in moves}

    def is_repeated(move: Move) -> bool:
        base, colon, _ = move.model.partition(":")
        return bool(colon) and percents.get((base, move.label, move.dimension)) == round(move.percent)

    return [move for move in moves if not (is_minor(move) or is_repeated(move))]


def list_short(week: Sequence[Move]) -> list[Move]:
    """List the moves of a week that home shows: the largest of each model but minor ones."""
    largest: dict[str, Move] = {}
    for move in week:
        if ":" not in move.model and not is_minor(move):
            largest.setdefault(move.model, move)
    return [*largest.values()][:MAX_SHORT_MOVES]


def assert_same_moves(shown: Sequence[ShownMove], moves: Sequence[Move], is_short: bool = False) -> None:
    """Assert that rows are these moves, in this order; a short list has no hours and no causes."""
    assert [(move.model, move.label, move.dimension, move.old, move.new) for move in shown] == [
        (move.model, move.label, move.dimension, move.old, move.new) for move in moves
    ]
    if not is_short:
        assert [(row.cause, row.hour) for row in shown] == [(move.cause, move.hour) for move in moves]
    for row, move in zip(shown, moves, strict=True):
        assert is_percent_of(row.percent, move.percent), (row, move)


# --- the cheapest, and the medians --------------------------------------------------------------------------


def assert_cheapest_agree(page: str, recorded: Recorded, now: dt.datetime) -> None:
    """Assert that the cheapest models for each need agree."""
    responses = [responses for hour, responses in recorded.endpoints if hour <= now]
    rows, aliases = recorded.read_last_rows(now), recorded.list_aliases(now)
    plans = list(list_plans(rows, aliases, responses[-1] if responses else None))
    needs = read_needs(page)
    assert needs.keys() == NEEDS.keys()
    for rule, is_fitting in NEEDS.items():
        cheapest = list_cheapest(plans, is_fitting)
        assert needs[rule] == [(plan.model, plan.provider, *plan.prices) for plan in cheapest], rule


def assert_medians_agree(page: str, recorded: Recorded, now: dt.datetime) -> None:
    """Assert that the medians of all models, of those that see images and of classes of price agree."""
    medians = {name: by_month for name, by_month in list_medians(recorded.versions, now).items() if by_month}
    shown = {**read_medians(page, "ability"), **read_medians(page, "tier")}
    assert {name: shown.get(name) for name in medians} == medians


# --- the graveyard ------------------------------------------------------------------------------------------


def assert_graves_agree(page: str, recorded: Recorded, now: dt.datetime) -> int:
    """Assert that each row of the graveyard agrees; return their number."""
    shown, graves = read_graves(page), list_graves(recorded.versions, now)
    for row, grave in zip(shown, graves, strict=True):
        assert row == grave, f"{row} is not {grave}"
    return len(graves)


# --- rankings -----------------------------------------------------------------------------------------------


def assert_ranks_agree(
    page: str, rows: Sequence[Record], finished: set[str], models: Mapping[str, Record]
) -> dict[str, list[str]]:
    """Assert that each row of the rankings agrees with the published rows; return the moves by table."""
    ids = find_ids(models)
    week = rank_period(rows, 7, finished, ids)
    shown_week = read_week(page)
    assert [(rank, int(tokens)) for rank, tokens, _ in shown_week] == [
        (f"{rank.rank}", rank.tokens) for rank in week
    ]
    tables = {
        "week": ([row for _, _, row in shown_week], week),
        "day": (read_ranks(page, "day"), rank_period(rows, 1, finished, ids)[:10]),
        "month": (read_ranks(page, "month"), rank_period(rows, 30, finished, ids)[:10]),
    }
    for shown, ranks in tables.values():
        assert [(row.name, row.moved) for row in shown] == [(rank.name, rank.moved) for rank in ranks]
        for row, rank in zip(shown, ranks, strict=True):
            assert is_short_form(row.tokens, rank.tokens), (row, rank)
            assert is_share(row.share, rank.share), (row, rank)
    return {name: [rank.moved for rank in ranks] for name, (_, ranks) in tables.items()}
