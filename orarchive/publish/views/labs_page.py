"""The list of labs, and the page of each."""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from orarchive.index.event_log import EventRow
from orarchive.publish.charts.wide import WideChart
from orarchive.publish.sanitize import check_url, url_host
from orarchive.publish.views import View
from orarchive.publish.views.cells import PriceCell
from orarchive.publish.views.changes import ChangeHour, build_change_hours
from orarchive.publish.views.lab_prices import (
    PriceYear,
    YearSummary,
    build_price_year,
    draw_families,
    group_price_rows,
    is_base,
    is_confirmed_row,
    summarize_year,
)
from orarchive.publish.views.labs_providers import MAX_CHANGE_HOURS, LabView
from orarchive.publish.views.marks import get_country_name, get_lab_name, make_monogram
from orarchive.publish.views.models import ModelView
from orarchive.publish.views.rankings import MAX_ENTRIES_IN_WORDS
from orarchive.timestamps import parse_stamp

SHOWN_STATES = ("new", "returned", "expiring", "router")
"""States that the table of a lab's models names."""


@dataclass(frozen=True)
class LabRow:
    """A lab in the list."""

    slug: str
    name: str
    is_name_shared: bool
    """Whether another lab has the same name."""
    monogram: str
    count: int
    """Models that are listed, with their variants and aliases."""
    gone_count: int
    first: dt.date
    newest: str
    """Name of the newest listed model; "" where none is listed but variants and aliases."""
    changed: YearSummary | None
    """Changes of its models' prices in the year; None: there were none."""
    country: str


@dataclass(frozen=True)
class LabsPage:
    """The context of the list of labs."""

    rows: list[LabRow]
    """Labs with a listed model, those of the most models first."""
    past: list[LabRow]
    """The others, by name."""
    year: int
    first: dt.date
    """The day with which the record begins."""
    has_countries: bool

    @property
    def changes_title(self) -> str:
        """Return the head of the column of price changes."""
        return f"Price changes in {self.year}"


def build_labs_page(view: View) -> LabsPage:
    """Build the list of labs."""
    events = group_price_rows(view.dataset)
    year = view.now.year
    slugs = _group_by_name(view)
    rows = sorted(
        (_build_row(view, lab, events.get(lab.name, {}).get(year, []), slugs) for lab in view.lab_views),
        key=lambda row: (row.name.lower(), row.slug),
    )
    return LabsPage(
        rows=sorted((row for row in rows if row.count), key=lambda row: -row.count),
        past=[row for row in rows if not row.count],
        year=year,
        first=view.dataset.first_hour.date(),
        has_countries=any(row.country for row in rows),
    )


def _group_by_name(view: View) -> dict[str, list[str]]:
    """Return the slugs of the labs of each name: OpenRouter lists one lab under several, as `meta-llama`."""
    slugs: dict[str, list[str]] = defaultdict(list)
    for lab in view.lab_views:
        slugs[get_lab_name(view.catalog, lab.name)].append(lab.name)
    return slugs


def _build_row(
    view: View, lab: LabView, events: Sequence[EventRow], slugs: Mapping[str, Sequence[str]]
) -> LabRow:
    name = get_lab_name(view.catalog, lab.name)
    newest = next(filter(is_base, sorted(lab.models, key=_get_age_key)), None)
    facts = view.catalog.labs.get(lab.name)
    return LabRow(
        slug=lab.name,
        name=name,
        is_name_shared=len(slugs[name]) > 1,
        monogram=make_monogram(name),
        count=len(lab.models),
        gone_count=len(lab.gone_models),
        first=lab.first.date(),
        newest=newest.model.name.removeprefix(f"{name}: ") if newest else "",
        changed=summarize_year(view.dataset, events),
        country=get_country_name(facts.country) if facts and facts.country else "",
    )


@dataclass(frozen=True)
class LabModel:
    """A listed model of a lab."""

    id: str
    name: str
    """Without the name of the lab."""
    input: PriceCell
    output: PriceCell
    context: int | None
    released: dt.date
    """OpenRouter's date, else the day on which it was first seen."""
    providers: int | None
    """None where providers were never read."""
    states: list[str]
    """Those of `SHOWN_STATES` that it is in."""
    changed: dt.date | None
    """The day that showed the last change of its listed input or output price."""
    is_confirmed: bool
    """Whether a provider may have made that change."""


@dataclass(frozen=True)
class GoneModel:
    """A model that is no longer listed."""

    id: str
    name: str
    last: dt.date


@dataclass(frozen=True)
class LabPage:
    """The context of the page of a lab."""

    slug: str
    name: str
    monogram: str
    count: int
    """Models that are listed, with their variants and aliases."""
    first: dt.datetime
    """When the first of its models was first seen."""
    namesakes: list[str]
    """Slugs of other labs with its name."""
    country: str
    website: str | None
    website_host: str
    models: list[LabModel]
    """Listed models, the newest first."""
    variants: list[LabModel]
    """Listed variants, aliases and routers."""
    has_providers: bool
    chart: WideChart | None
    year: int
    """The year of the last hour."""
    changed: YearSummary | None
    """Changes of prices in that year."""
    years: list[PriceYear]
    """Years with changes of prices, the last one first."""
    record_first: dt.date
    """The day with which the record begins."""
    usage: WideChart | None
    as_of: str
    gone_models: list[GoneModel]
    changes: list[ChangeHour]
    has_older_changes: bool
    usage_caption: str = f"Tokens by week, of its models among the {MAX_ENTRIES_IN_WORDS} that are published"


def build_lab_pages(view: View) -> Iterator[tuple[LabView, LabPage]]:
    """Yield every lab with its page."""
    events = group_price_rows(view.dataset)
    slugs = _group_by_name(view)
    for lab in view.lab_views:
        yield lab, _build_page(view, lab, events.get(lab.name, {}), slugs)


def _build_page(
    view: View, lab: LabView, events: Mapping[int, Sequence[EventRow]], slugs: Mapping[str, Sequence[str]]
) -> LabPage:
    name = get_lab_name(view.catalog, lab.name)
    facts = view.catalog.labs.get(lab.name)
    website = check_url(facts.website) if facts and facts.website else None
    names = {model.model.id: _cut_name(model, name) for model in (*lab.models, *lab.gone_models)}
    last_changes = {row.key: row for year in sorted(events) for row in events[year]}
    models = [
        _build_model(view, model, names, last_changes) for model in sorted(lab.models, key=_get_age_key)
    ]
    bases = {model.model.id for model in lab.models if is_base(model)}
    return LabPage(
        slug=lab.name,
        name=name,
        monogram=make_monogram(name),
        count=len(lab.models),
        first=lab.first,
        namesakes=[slug for slug in slugs[name] if slug != lab.name],
        country=get_country_name(facts.country) if facts and facts.country else "",
        website=website,
        website_host=url_host(website) if website else "",
        models=[model for model in models if model.id in bases],
        variants=[model for model in models if model.id not in bases],
        has_providers=bool(view.dataset.good_hours["endpoints"]),
        chart=draw_families(view, lab),
        year=view.now.year,
        changed=summarize_year(view.dataset, events.get(view.now.year, [])),
        years=[
            build_price_year(view.dataset, year, events[year], names) for year in sorted(events, reverse=True)
        ],
        record_first=view.dataset.first_hour.date(),
        usage=view.rankings.draw_lab(lab.name),
        as_of=view.rankings.as_of,
        gone_models=[_build_gone(model) for model in lab.gone_models],
        changes=build_change_hours(lab.changes[:MAX_CHANGE_HOURS]),
        has_older_changes=len(lab.changes) > MAX_CHANGE_HOURS,
    )


def _cut_name(model: ModelView, lab: str) -> str:
    """Return the name of a model without that of its lab."""
    return model.model.name.removeprefix(f"{lab}: ") or model.model.id


def _get_age_key(model: ModelView) -> tuple[float, int, str]:
    """Return a key that sorts the newest day first, and in a day the shortest id."""
    day = (model.model.created or model.entry.first).date()
    return -day.toordinal(), len(model.model.id), model.model.id


def _build_model(
    view: View, model: ModelView, names: Mapping[str, str], last_changes: Mapping[str, EventRow]
) -> LabModel:
    facts = model.model
    prompt, completion = model.price_cells
    changed = last_changes.get(facts.id)
    return LabModel(
        id=facts.id,
        name=names[facts.id],
        input=prompt,
        output=completion,
        context=facts.context,
        released=(facts.created or model.entry.first).date(),
        providers=len({endpoint.provider for endpoint in model.endpoints}) or None,
        states=[state for state in model.states if state in SHOWN_STATES],
        changed=parse_stamp(changed.hour).date() if changed else None,
        is_confirmed=changed is not None and is_confirmed_row(view.dataset, changed),
    )


def _build_gone(model: ModelView) -> GoneModel:
    assert model.entry.last
    return GoneModel(model.model.id, model.model.name, model.entry.last.date())
