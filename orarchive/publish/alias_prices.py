"""Prices of an alias, which are those of the model that it points at: no event tells them."""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable
from itertools import pairwise

from orarchive.domain.event_kinds import LIST_PRICE, PRICE_LABELS, REPRICED, get_event_kind
from orarchive.domain.prices import MAIN_DIMENSIONS
from orarchive.publish.changelog import ChangelogHour, ChangelogLine
from orarchive.publish.dataset import Dataset, PriceKey
from orarchive.publish.price_moves import Move


def add_alias_prices(changes: Iterable[ChangelogHour], alias: str, dataset: Dataset) -> list[ChangelogHour]:
    """Return the changes of an alias, and a line for each move of its list price, newest first."""
    lines = {change.hour: change.lines for change in changes}
    for hour, moves in _list_moves(alias, dataset).items():
        lines[hour] = [_build_line(alias, hour, moves, dataset), *lines.get(hour, ())]
    return [ChangelogHour(hour, lines[hour]) for hour in sorted(lines, reverse=True)]


def _list_moves(alias: str, dataset: Dataset) -> dict[dt.datetime, list[Move]]:
    """List the moves of the main prices by the hour that first showed the new one."""
    prices = dataset.prices.get(("models", alias), {})
    moves: dict[dt.datetime, list[Move]] = defaultdict(list)
    for dimension in MAIN_DIMENSIONS:
        for before, after in pairwise(prices.get(PriceKey(dimension), ())):
            if before.amount != after.amount:
                moves[after.first].append(Move(dimension, before.amount, after.amount))
    return moves


def _build_line(alias: str, hour: dt.datetime, moves: list[Move], dataset: Dataset) -> ChangelogLine:
    return ChangelogLine(
        kind=LIST_PRICE,
        sign=PRICE_LABELS[LIST_PRICE],
        topic=get_event_kind(REPRICED).topic,
        model=alias,
        subject="",
        event=f"models/{alias}/{REPRICED}",
        after=dataset.find_gap_before("models", hour),
        moves=tuple(moves),
        parts=("with the model that it points at",),
        fields=tuple(move.dimension for move in moves),
    )
