"""What the graveyard shows: models that are listed no more, how long they lived, and how they went."""

import datetime as dt
from dataclasses import dataclass

from orarchive.domain.records import parse_expiry
from orarchive.publish.dataset import Dataset
from orarchive.publish.views.models import ModelView


@dataclass(frozen=True)
class Grave:
    """A model that is listed no more."""

    model: ModelView
    announced: dt.date | None
    """The date that OpenRouter had set for its end, where it had set one."""
    told: dt.datetime | None
    """The hour in which it was first seen that there is a date, which may have been moved since."""
    successor: str
    """The id under which OpenRouter answered when it was asked for; "" where it did not."""

    @property
    def days(self) -> int:
        """How long it was seen, from the first good hour with it to the last."""
        assert self.model.entry.last
        return (self.model.entry.last - self.model.entry.first).days

    @property
    def notice(self) -> int | None:
        """Days between the announcement and the last hour with it."""
        assert self.model.entry.last
        return (self.model.entry.last - self.told).days if self.told else None


def list_graves(book: Dataset, gone: list[ModelView]) -> list[Grave]:
    """The graves, the newest first."""
    found = []
    for one in gone:
        own = [event for event in book.news.get(one.model.id, ()) if event.feed == "models"]
        renamed = [event.new for event in own if event.kind == "renamed" and event.field == "id"]
        announced = parse_expiry(one.entry.record.get("expiration_date"))
        told = book.announced.get(one.model.id)
        found.append(Grave(one, announced, told, str(renamed[-1]) if renamed else ""))
    return sorted(found, key=lambda grave: (grave.model.entry.last, grave.model.model.id), reverse=True)
