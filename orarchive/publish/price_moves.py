"""New prices of records: how far a price moved, and whose price it is that moved."""

from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import Any

from orarchive.catalog.labs import read_own_providers
from orarchive.domain.keys import get_provider_of_tag
from orarchive.domain.prices import TIME_OF_DAY_CONDITIONS, compute_percent_change, is_dynamic
from orarchive.domain.records import get_lab
from orarchive.index.event_log import EventRow
from orarchive.index.events import Event
from orarchive.publish.charts.steps import MAX_GAP
from orarchive.publish.dataset import Dataset
from orarchive.timestamps import parse_stamp

LISTED, UNEXPLAINED, UNREAD = "provider", "unexplained", "unread"
"""Causes of a list price that no provider is known to have changed: another provider is listed first; or
endpoints of the model were read, and no price of theirs moved to it; or they were not read, and another
provider can have come first: not only the lab itself is known to serve the model, or nothing was read for
`MAX_GAP`."""

UNCONFIRMED_CAUSES = frozenset((LISTED, UNEXPLAINED, UNREAD))


@dataclass(frozen=True)
class Move:
    """One price that changed."""

    dimension: str
    old: Decimal | None
    new: Decimal | None

    @cached_property
    def percent(self) -> Decimal | None:
        """Return the change in percent; None from zero, and where either end is no price."""
        if self.old and self.old > 0 and self.new == 0:
            return Decimal(-100)
        return compute_percent_change(self.old, self.new)

    @property
    def direction(self) -> int:
        """Return -1 for cheaper, 1 for dearer, 0 for equal or where an end is no price, or a router's -1."""
        if self.old is None or self.new is None or is_dynamic(self.old) or is_dynamic(self.new):
            return 0
        return (self.new > self.old) - (self.new < self.old)


def read_move(event: Event) -> Move | None:
    """Read the old and the new amount of a changed price.

    A price with conditions counts by its plain price; None where that is missing before or after.
    """
    old, new = _read_plain_price(event.old), _read_plain_price(event.new)
    if has_conditions(event) and (None in (old, new) or old == new):
        return None
    return Move(event.field, old, new)


def _read_plain_price(value: Any) -> Decimal | None:
    """Return the price without conditions in a value of a `repriced` event; None where it has none."""
    if isinstance(value, list):
        return next((Decimal(entry["price"]) for entry in value if entry.keys() == {"price"}), None)
    return None if value is None else Decimal(value)


def has_conditions(event: Event) -> bool:
    """Return whether a price has conditions, before or after."""
    return isinstance(event.old, list) or isinstance(event.new, list)


def is_timed(event: Event) -> bool:
    """Return whether the old or the new price of an event depends on the time, not only on the prompt."""
    sides = [side for side in (event.old, event.new) if isinstance(side, list)]
    return any({*TIME_OF_DAY_CONDITIONS} & entry.keys() for side in sides for entry in side)


def find_price_cause(event: Event | EventRow, dataset: Dataset) -> str:
    """Return the cause of a new price; where it is not on record, UNEXPLAINED or UNREAD if they hold."""
    if event.cause != "unknown":
        return event.cause
    hour = parse_stamp(event.hour)
    entries = dataset.endpoints_by_model.get(event.key, ())
    were_read = any(entry.first < hour and (entry.last is None or entry.last >= hour) for entry in entries)
    if were_read:
        return UNEXPLAINED
    lab = get_lab(event.key)
    providers = {get_provider_of_tag(entry.parts[1]) for entry in entries}
    is_over_gap = event.after is not None and hour - parse_stamp(event.after) > MAX_GAP
    is_of_lab = providers == {read_own_providers().get(lab, lab)} and not is_over_gap
    return event.cause if is_of_lab else UNREAD
