"""The page of retirements: models that are announced to go, and all that are no longer listed, by year."""

import datetime as dt
from dataclasses import dataclass
from itertools import groupby

from orarchive.catalog.catalog import Catalog
from orarchive.catalog.source import ANNOUNCEMENTS_BEGAN
from orarchive.publish.views import View
from orarchive.publish.views.announced import Announced, list_announced
from orarchive.publish.views.cells import PriceCell, build_price_pair
from orarchive.publish.views.graveyard import Grave
from orarchive.publish.views.replacements import ReplacementLink, build_replacement_link


@dataclass(frozen=True)
class GraveRow:
    """A model that is no longer listed, in the table."""

    id: str
    id_parts: list[str]
    name: str
    last: dt.date
    answer: str
    """What OpenRouter answered for its id then: `renamed`, `unlisted`, `removed`; "" if not on record."""
    days: int
    has_open_days: bool
    """Whether it was listed for longer than is known."""
    expires: dt.date | None
    notice: int | None
    has_open_notice: bool
    """Whether the notice was longer than is known."""
    could_be_announced: bool
    """Whether OpenRouter announced ends at that time."""
    prices: tuple[PriceCell, PriceCell]
    """Input and output, as they were last."""
    replacement: ReplacementLink | None

    @property
    def notice_order(self) -> int | None:
        """Return the days of notice to sort by; -1 if it was not announced, -2 if it could not be."""
        if self.expires:
            return self.notice
        return -1 if self.could_be_announced else -2


@dataclass(frozen=True)
class GraveYear:
    """The models that were last seen in a year, the last one first."""

    year: int
    table_id: str
    caption: str
    rows: list[GraveRow]


@dataclass(frozen=True)
class LabChoice:
    """A lab to filter by."""

    slug: str
    name: str


@dataclass(frozen=True)
class GraveyardPage:
    """The models that are announced to go, and those that are no longer listed."""

    announced: list[Announced]
    overdue: list[Announced]
    """Those that are still listed after their date."""
    years: list[GraveYear]
    """The last one first."""
    labs: list[LabChoice]
    """Labs of models that are no longer listed, by name."""
    announcements_began: dt.date = ANNOUNCEMENTS_BEGAN

    @property
    def count(self) -> int:
        """Return the number of models that are no longer listed."""
        return sum(len(year.rows) for year in self.years)


def build_graveyard_page(view: View) -> GraveyardPage:
    """Build the page of retirements and of models that are no longer listed."""
    rows = [_build_row(grave, view.catalog) for grave in view.graves]
    slugs = {grave.model.model.lab for grave in view.graves}
    labs = view.catalog.labs
    choices = [LabChoice(slug, (labs[slug].name if slug in labs else None) or slug) for slug in slugs]
    announced, today = list_announced(view), view.now.date()
    return GraveyardPage(
        announced=[row for row in announced if row.expires >= today],
        overdue=[row for row in announced if row.expires < today],
        years=[
            GraveYear(year, f"gone-{year}", f"Models that were last listed in {year}", [*group])
            for year, group in groupby(rows, lambda row: row.last.year)
        ],
        labs=sorted(choices, key=lambda lab: (lab.name.lower(), lab.slug)),
    )


def _build_row(grave: Grave, catalog: Catalog) -> GraveRow:
    model = grave.model.model
    tombstone = grave.tombstone
    answer, colon, _ = tombstone.end.partition(": ")
    return GraveRow(
        id=model.id,
        id_parts=model.id.split("/"),
        name=model.name,
        last=grave.last.date(),
        answer=answer if colon else "",
        days=grave.days,
        has_open_days=grave.has_open_days,
        expires=tombstone.expires,
        notice=tombstone.notice_days,
        has_open_notice=tombstone.is_notice_longer,
        could_be_announced=grave.could_be_announced,
        prices=build_price_pair(model.prices, grave.model.is_free, grave.model.is_priced_elsewhere),
        replacement=build_replacement_link(catalog, model.id),
    )
