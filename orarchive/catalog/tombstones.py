"""Tombstones: what is on record of a model that is gone."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from orarchive.catalog.model_info import ModelInfo
from orarchive.catalog.redirects import RENAMED, Redirect
from orarchive.catalog.source import CatalogModel, CatalogSource
from orarchive.timestamps import HOUR, format_stamp

NOT_ANNOUNCED = "not announced anywhere we could see"
"""Said of every model that went before 16 January 2026, too: the list has expiration dates since then."""


@dataclass(frozen=True)
class Tombstone:
    """What is on record of a model that is gone."""

    id: str
    name: str
    first_seen: dt.datetime
    last_seen: dt.datetime
    state: str
    """`stale`, `deprecated`, `removed`: missing for 0, 14 and 30 days."""
    listed_hours: int
    """Hours from the first to the last sighting, without absences."""
    absences: int
    """Number of times that it went and came back."""
    prices: Mapping[str, Decimal]
    """Its last prices by dimension, USD per unit; -1 is dynamic."""
    blended: Decimal | None
    """USD for a million tokens, three of input to one of output."""
    providers: tuple[str, ...] | None
    """Those that served it in its last hour; None where no endpoints of it are on record."""
    expires: dt.date | None
    """The date that the list had for it."""
    announced: dt.datetime | None
    """The first hour that showed that date."""
    is_notice_longer: bool
    """Whether the notice may have been longer; see `CatalogSource.is_notice_longer`."""
    answer: str
    """How OpenRouter answered for its id afterwards; see `CatalogModel.answer`."""
    redirect: Redirect | None

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON values, prices as exact texts; without the replacement."""
        return {
            "id": self.id,
            "name": self.name,
            "first_seen": format_stamp(self.first_seen),
            "last_seen": format_stamp(self.last_seen),
            "state": self.state,
            "listed_hours": self.listed_hours,
            "absences": self.absences,
            "prices": {dimension: f"{price:f}" for dimension, price in sorted(self.prices.items())},
            "blended": None if self.blended is None else f"{self.blended.normalize():f}",
            "providers": None if self.providers is None else list(self.providers),
            "expires": str(self.expires) if self.expires else None,
            "announced": format_stamp(self.announced) if self.announced else None,
            "notice_days": self.notice_days,
            "notice": self.notice,
            "answer": self.answer,
            "end": self.end,
        }

    @property
    def notice_days(self) -> int | None:
        """Return the days from the announcement to the last sighting; None where it was not announced."""
        return (self.last_seen - self.announced).days if self.announced else None

    @property
    def notice(self) -> str:
        """Say how long before its end that was announced."""
        if self.notice_days is None:
            return NOT_ANNOUNCED
        least = "at least " if self.is_notice_longer else ""
        seen = f"the date {self.expires} was first seen on {self.announced:%Y-%m-%d}"
        return f"{least}{count_days(self.notice_days)}: {seen}"

    @property
    def end(self) -> str:
        """Say how it went."""
        if self.answer.startswith(RENAMED):
            return f"renamed: OpenRouter answers with {self.answer.removeprefix(RENAMED)}"
        if self.answer == "unlisted":
            return "unlisted: OpenRouter still answers for its id"
        date = f", {self._compare_dates()}" if self.expires else ""
        if self.answer == "gone":
            return f"removed: OpenRouter no longer knows its id{date}"
        return f"no longer listed{date}; how OpenRouter answers for its id is not on record"

    def _compare_dates(self) -> str:
        """Say how the last sighting lies to the announced date."""
        assert self.expires
        days = (self.last_seen.date() - self.expires).days
        if days == 0:
            return "on the announced date"
        return f"{count_days(abs(days))} {'after' if days > 0 else 'before'} the announced date"


def build_tombstones(
    source: CatalogSource, infos: Mapping[str, ModelInfo], redirects: Mapping[str, Redirect]
) -> dict[str, Tombstone]:
    """Return the tombstone of each model that is not listed, by id."""
    return {
        model.id: _build_tombstone(source, model, model.last, infos[model.id], redirects.get(model.id))
        for model in source.models.values()
        if model.last
    }


def _build_tombstone(
    source: CatalogSource, model: CatalogModel, last: dt.datetime, info: ModelInfo, redirect: Redirect | None
) -> Tombstone:
    listed = sum(((end or last) - begin for begin, end in model.stretches), dt.timedelta())
    providers = sorted({endpoint.endpoint.provider for endpoint in model.endpoints})
    return Tombstone(
        id=model.id,
        name=info.name,
        first_seen=model.first,
        last_seen=last,
        state=model.state,
        listed_hours=listed // HOUR,
        absences=len(model.stretches) - 1,
        prices=info.prices,
        blended=info.price_class.blended,
        providers=tuple(providers) or None,
        expires=info.expires,
        announced=model.announced,
        is_notice_longer=model.announced is not None and source.is_notice_longer(model.announced, last),
        answer=model.answer,
        redirect=redirect,
    )


def count_days(days: int) -> str:
    """Write a number of days."""
    return f"{days} day" if days == 1 else f"{days} days"
