"""The graveyard: models that are no longer listed, how long they lived, and how they ended."""

import datetime as dt
from dataclasses import dataclass

from orarchive.domain.event_kinds import DEPRECATED_AFTER_DAYS, REMOVED_AFTER_DAYS, RENAMED
from orarchive.domain.records import parse_expiry
from orarchive.publish.dataset import Dataset
from orarchive.publish.views.cells import PriceCell, build_price_pair
from orarchive.publish.views.models import ModelView


@dataclass(frozen=True)
class Grave:
    """A model that is no longer listed."""

    model: ModelView
    expires: dt.date | None
    """The date that OpenRouter had set for its end, where it had set one."""
    announced: dt.datetime | None
    """The hour that first showed that there is a date, which may have been moved since."""
    successor: str
    """The id under which OpenRouter answered a request for the model; "" where it did not."""

    @property
    def last(self) -> dt.datetime:
        """Return the last good hour that listed the model."""
        assert self.model.entry.last
        return self.model.entry.last

    @property
    def days(self) -> int:
        """Return the whole days between the first good hour that listed it and the last."""
        return (self.last - self.model.entry.first).days

    @property
    def notice(self) -> int | None:
        """Return the days between the announcement of its end and the last hour that listed it."""
        return (self.last - self.announced).days if self.announced else None


def list_graves(dataset: Dataset, gone: list[ModelView]) -> list[Grave]:
    """List the models that are no longer listed, the last one seen first."""
    graves = []
    for model in gone:
        events = [
            event for event in dataset.events_by_model.get(model.model.id, ()) if event.feed == "models"
        ]
        renamed = [event.new for event in events if event.kind == RENAMED and event.field == "id"]
        expires = parse_expiry(model.entry.record.get("expiration_date"))
        announced = dataset.announcement_hours.get(model.model.id)
        graves.append(Grave(model, expires, announced, str(renamed[-1]) if renamed else ""))
    return sorted(graves, key=lambda grave: (grave.last, grave.model.model.id), reverse=True)


@dataclass(frozen=True)
class GraveRow:
    """A model that is no longer listed, in the table."""

    id: str
    id_parts: list[str]
    name: str
    last: dt.date
    days: int
    is_record_start: bool
    """Whether the record began with it, so that it lived for longer."""
    expires: dt.date | None
    notice: int | None
    is_announced_before_record: bool
    """Whether the date was there when it was first seen, so that the notice was longer."""
    successor: str
    prices: tuple[PriceCell, PriceCell]
    """Input and output, as they were last."""
    state: str

    @property
    def notice_order(self) -> int | None:
        """Return the days of notice to sort by: -1 without an announcement, before all notices."""
        return self.notice if self.expires else -1


@dataclass(frozen=True)
class GraveyardPage:
    """The models that are no longer listed."""

    rows: list[GraveRow]
    deprecated_days: int = DEPRECATED_AFTER_DAYS
    """Days of absence after which a model is called deprecated."""
    removed_days: int = REMOVED_AFTER_DAYS
    """Days of absence after which a model is called removed."""


def build_graveyard_page(graves: list[Grave]) -> GraveyardPage:
    """Build the page of the models that are no longer listed."""
    return GraveyardPage([_build_row(grave) for grave in graves])


def _build_row(grave: Grave) -> GraveRow:
    model = grave.model.model
    return GraveRow(
        id=model.id,
        id_parts=model.id.split("/"),
        name=model.name,
        last=grave.last.date(),
        days=grave.days,
        is_record_start=grave.model.since == "first seen",
        expires=grave.expires,
        notice=grave.notice,
        is_announced_before_record=grave.announced == grave.model.entry.first,
        successor=grave.successor,
        prices=build_price_pair(model.prices, grave.model.is_free, grave.model.is_priced_elsewhere),
        state=grave.model.states[0],
    )
