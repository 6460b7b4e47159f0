"""Moves of prices: what an input or output price was at the beginning of a window, and what it is now.

Only the prices that held at the two ends count, whatever happened between them: a price that went and came
back has not moved, and one that moved because OpenRouter lists another provider has.
"""

import datetime as dt
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal

from orarchive.domain.equality import is_same_value
from orarchive.domain.event_kinds import REPRICED
from orarchive.domain.prices import MAIN_DIMENSIONS, MAX_NOISE, ZERO
from orarchive.publish.dataset import Dataset, RecordEntry
from orarchive.publish.price_moves import LISTED, UNCONFIRMED_CAUSES, Move, find_price_cause, is_timed
from orarchive.publish.spans import find_span_start
from orarchive.publish.views.changes import MoveView, build_move_view
from orarchive.publish.views.models import ModelView
from orarchive.timestamps import format_stamp, parse_stamp

CAUSES = {
    "endpoint": "changed by a provider",
    "provider": "another provider listed first",
    "schedule": "a provider's schedule",
    "unexplained": "no provider has that price",
    "unread": "moved while its providers were not read",
    "unknown": "served by its lab alone",
}
"""Cause of an event of a model's price -> its words."""

TIME_OF_DAY = "time-of-day price"


@dataclass(frozen=True)
class PriceMove:
    """A price that is not what it was at the beginning of a window."""

    model: str
    label: str
    """The label of the endpoint whose price it is; "" for the list price."""
    causes: tuple[str, ...]
    """Keys of CAUSES, or TIME_OF_DAY; () where it moved while the model was not listed."""
    move: Move
    hour: dt.datetime
    """The hour that first showed the price that holds now."""

    @property
    def is_confirmed(self) -> bool:
        """Return whether a provider may have changed it."""
        return is_confirmed(self.causes)

    @property
    def is_minor(self) -> bool:
        """Return whether it moved only because OpenRouter lists another provider first."""
        return {*self.causes} == {LISTED}


def list_moves(
    dataset: Dataset, models: Iterable[ModelView], now: dt.datetime, span: dt.timedelta
) -> list[PriceMove]:
    """List the input and output prices of listed models that moved within a span, the biggest first.

    Those that no provider is known to have changed come last.
    Of a model or endpoint the larger of its moves counts. A list price that an endpoint's own move explains
    stands for both. A move from zero has no percentage, and is left out. Where the beginning of the span
    was not read for `MAX_GAP`, the first reading within the span is the beginning.
    """
    window = _Window(dataset, now - span)
    moves: list[PriceMove] = []
    for view in models:
        if view.model.is_alias:
            continue
        listed = window.find_moves(view.entry, view.model.prices)
        candidates = [(view.entry, "", listed)]
        for endpoint in view.endpoints:
            own = window.find_moves(endpoint.entry, endpoint.endpoint.prices)
            candidates.append((endpoint.entry, endpoint.label, [move for move in own if move not in listed]))
        moves += [
            window.describe(entry, view.model.id, label, max(moved, key=_get_size))
            for entry, label, moved in candidates
            if moved
        ]
    return sorted(moves, key=_rank_move)


def _rank_move(move: PriceMove) -> tuple[bool, Decimal, str, str]:
    return not move.is_confirmed, -_get_size(move.move), move.model, move.label


def _get_size(move: Move) -> Decimal:
    return abs(move.percent or ZERO)


@dataclass(frozen=True)
class _Window:
    """The time from `start` to the last hour of a dataset."""

    dataset: Dataset
    start: dt.datetime

    def find_moves(self, entry: RecordEntry, prices: Mapping[str, Decimal]) -> list[Move]:
        """Return the moves of the main prices of a record, which are `prices` now."""
        known = find_span_start(self.dataset, entry.feed, entry.parts, self.start)
        if known is None or not self._has_change(entry, known):
            return []
        moves = (
            Move(name, self.dataset.find_price_at(entry, name, known), prices.get(name))
            for name in MAIN_DIMENSIONS
        )
        return [
            move
            for move in moves
            if _get_size(move) > 100 * MAX_NOISE and self._is_new_tariff(entry, move.dimension, known)
        ]

    def _has_change(self, entry: RecordEntry, known: dt.datetime) -> bool:
        """Return whether a price of a record began or ended after an hour."""
        stamp = format_stamp(known)
        rows = self.dataset.prices.rows.get((entry.feed, entry.key), ())
        return any(first > stamp or (last is not None and last >= stamp) for _, _, _, first, last, _ in rows)

    def _is_new_tariff(self, entry: RecordEntry, dimension: str, known: dt.datetime) -> bool:
        """Return whether a price is not ruled by the same schedule as it was in an hour."""
        now = self.dataset.find_read_hour(entry)
        before, after = (self.dataset.find_tariff(entry, dimension, hour) for hour in (known, now))
        return not is_same_value(before, after)

    def describe(self, entry: RecordEntry, model: str, label: str, move: Move) -> PriceMove:
        """Return a move with its causes and the hour in which its last price was first seen."""
        known = find_span_start(self.dataset, entry.feed, entry.parts, self.start) or self.start
        return PriceMove(
            model=model,
            label=label,
            causes=find_causes(self.dataset, entry, move.dimension, known),
            move=move,
            hour=self.dataset.find_price_hour(entry, move.dimension),
        )


def find_causes(dataset: Dataset, entry: RecordEntry, dimension: str, known: dt.datetime) -> tuple[str, ...]:
    """Find why a price of a record moved after an hour: keys of CAUSES, or TIME_OF_DAY."""
    rows = (
        row
        for row in dataset.log.by_model.get(entry.parts[0], ())
        if (row.kind, row.feed, row.key, row.field) == (REPRICED, entry.feed, entry.key, dimension)
        and parse_stamp(row.hour) > known
    )
    events = list(dataset.log.decode(rows))
    causes = dict.fromkeys(find_price_cause(event, dataset) or "endpoint" for event in events)
    return (*causes, *([TIME_OF_DAY] if any(map(is_timed, events)) else ()))


def is_confirmed(causes: Collection[str]) -> bool:
    """Return whether a provider may have changed a price: not where only OpenRouter lists another one."""
    return not causes or not {*causes} - {TIME_OF_DAY} <= UNCONFIRMED_CAUSES


@dataclass(frozen=True)
class MoveRow:
    """A price that moved, in a list of the biggest moves."""

    model: str
    subject: str
    """The endpoint of the model whose price moved; "" for the listed price."""
    cause: str
    move: MoveView
    hour: dt.datetime


def build_move_rows(moves: Iterable[PriceMove]) -> list[MoveRow]:
    """Build the rows of a list of moves."""
    return [
        MoveRow(
            model=move.model,
            subject=f"at {move.label}" if move.label else "",
            cause=", ".join(filter(None, _phrase_causes(move))),
            move=build_move_view(move.move, move.is_confirmed),
            hour=move.hour,
        )
        for move in moves
    ]


def _phrase_causes(move: PriceMove) -> Iterator[str]:
    if not move.causes:
        yield "moved while it was not listed"
    for cause in move.causes:
        yield "changed by the provider" if move.label and cause == "endpoint" else CAUSES.get(cause, cause)
