"""Models that are no longer listed: how long they were, and whether their end was announced."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

from orarchive.catalog.source import ANNOUNCEMENTS_BEGAN
from orarchive.catalog.tombstones import Tombstone
from orarchive.domain.event_kinds import RENAMED
from orarchive.publish.dataset import Dataset
from orarchive.publish.views.models import ModelView


@dataclass(frozen=True)
class Grave:
    """A model that is no longer listed."""

    model: ModelView
    tombstone: Tombstone
    successor: str
    """The id under which OpenRouter answered a request for the model; "" where it did not."""
    stretches: list[tuple[dt.datetime, dt.datetime]]
    """The first and last hours of the stretches in which it was listed."""
    has_open_days: bool
    """Whether it was listed for longer than is known: it was there when the record began, or one of the
    stretches begins or ends in a gap of over a day."""

    @property
    def last(self) -> dt.datetime:
        """Return the last good hour that listed the model."""
        assert self.model.entry.last
        return self.model.entry.last

    @property
    def days(self) -> int:
        """Return the whole days in which it was listed, without absences."""
        return sum((last - first for first, last in self.stretches), dt.timedelta()).days

    @property
    def could_be_announced(self) -> bool:
        """Return whether OpenRouter stated expiration dates while it was listed."""
        return self.last.date() >= ANNOUNCEMENTS_BEGAN


def list_graves(dataset: Dataset, gone: list[ModelView], tombstones: Mapping[str, Tombstone]) -> list[Grave]:
    """List the models that are no longer listed, the last one seen first."""
    graves = []
    for model in gone:
        rows = (row for row in dataset.log.by_model.get(model.model.id, ()) if row.feed == "models")
        events = dataset.log.decode(row for row in rows if row.kind == RENAMED and row.field == "id")
        renamed = [event.new for event in events]
        stretches = [(first, last) for first, last in dataset.stretches[model.entry.key] if last]
        graves.append(
            Grave(
                model=model,
                tombstone=tombstones[model.model.id],
                successor=str(renamed[-1]) if renamed else "",
                stretches=stretches,
                has_open_days=model.since == "first seen"
                or any(
                    dataset.is_after_gap("models", first) or dataset.is_before_gap("models", last)
                    for first, last in stretches
                ),
            )
        )
    return sorted(graves, key=lambda grave: (grave.last, grave.model.model.id), reverse=True)
