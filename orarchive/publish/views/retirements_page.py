"""The page of retirements: the models that OpenRouter has announced to go, and those that went."""

import datetime as dt
from dataclasses import dataclass

from orarchive.catalog.catalog import Catalog
from orarchive.catalog.model_info import ModelInfo
from orarchive.catalog.tombstones import Tombstone, count_days
from orarchive.publish.views import View
from orarchive.publish.views.replacements import Replacement, build_replacement

PAST_DAYS = 180
"""Days for which the page shows a model that went."""


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
    """Whether no reading in the day before could have shown it, so that it may have been announced before."""
    replacement: Replacement | None


@dataclass(frozen=True)
class Retired:
    """A model that went."""

    id: str
    name: str
    last: dt.date
    notice: str
    """How long before its end that was announced; "" where it was not."""
    end: str
    """How it went."""
    replacement: Replacement | None


@dataclass(frozen=True)
class RetirementsPage:
    """The context of the page of retirements."""

    announced: list[Announced]
    retired: list[Retired]
    past_days: int = PAST_DAYS


def build_retirements_page(view: View) -> RetirementsPage:
    """Build the page of retirements: by date, dates that are over at the end; the last one gone first."""
    catalog, today = view.catalog, view.now.date()
    leaving = [info for info in catalog.models.values() if info.is_listed and info.expires]
    begin = today - dt.timedelta(days=PAST_DAYS)
    stones = [stone for stone in catalog.tombstones.values() if stone.last_seen.date() >= begin]
    stones.sort(key=lambda stone: (stone.last_seen, stone.id), reverse=True)
    announced = [_build_announced(view, info, today) for info in leaving]
    return RetirementsPage(
        announced=sorted(announced, key=lambda row: (row.expires < today, row.expires, row.id)),
        retired=[_build_retired(catalog, stone) for stone in stones],
    )


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
        is_announced_before=view.dataset.is_after_gap("models", announced),
        replacement=build_replacement(view.catalog, info.id),
    )


def describe_days_left(days: int) -> str:
    """Say how far a day is away: `in 5 days`, `today`, `1 day ago`."""
    if days == 0:
        return "today"
    return f"in {count_days(days)}" if days > 0 else f"{count_days(-days)} ago, and it is still listed"


def _build_retired(catalog: Catalog, stone: Tombstone) -> Retired:
    least = "at least " if stone.is_announced_before else ""
    return Retired(
        id=stone.id,
        name=stone.name,
        last=stone.last_seen.date(),
        notice="" if stone.notice_days is None else f"{least}{count_days(stone.notice_days)}",
        # The page says once what stands behind the semicolon: that the answer for the id is not on record.
        end=stone.end.partition("; ")[0],
        replacement=build_replacement(catalog, stone.id),
    )
