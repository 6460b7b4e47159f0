"""Models that OpenRouter has announced to go."""

import datetime as dt
from dataclasses import dataclass

from orarchive.catalog.model_info import ModelInfo
from orarchive.catalog.tombstones import count_days
from orarchive.publish.views import View
from orarchive.publish.views.replacements import (
    Replacement,
    ReplacementLink,
    build_replacement,
    build_replacement_link,
)


@dataclass(frozen=True)
class Announced:
    """A listed model with a date for its end."""

    id: str
    name: str
    expires: dt.date
    left: str
    """How long it is until then: `in 5 days`."""
    announced: dt.date
    """The day that first showed the date."""
    is_announced_before: bool
    """Whether it may have been announced before; see `CatalogSource.is_announced_before`."""
    replacement: Replacement | None
    link: ReplacementLink | None
    """The same as a link; None where nothing replaces it."""


def list_announced(view: View) -> list[Announced]:
    """List the listed models with a date for their end, the next one first; dates that are over come last."""
    today = view.now.date()
    leaving = [info for info in view.catalog.models.values() if info.is_listed and info.expires]
    announced = [_build_announced(view, info, today) for info in leaving]
    return sorted(announced, key=lambda row: (row.expires < today, row.expires, row.id))


def _build_announced(view: View, info: ModelInfo, today: dt.date) -> Announced:
    announced = view.catalog.source.models[info.id].announced
    assert info.expires
    assert announced
    return Announced(
        id=info.id,
        name=info.name,
        expires=info.expires,
        left=describe_days_left((info.expires - today).days),
        announced=announced.date(),
        is_announced_before=view.catalog.source.is_announced_before(announced),
        replacement=build_replacement(view.catalog, info.id),
        link=build_replacement_link(view.catalog, info.id),
    )


def describe_days_left(days: int) -> str:
    """Say how far a day is away: `in 5 days`, `today`, `passed`."""
    if days == 0:
        return "today"
    return f"in {count_days(days)}" if days > 0 else "passed"
