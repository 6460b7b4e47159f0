"""The pages that explain, calculate or show components: About, Compare, Any day and Patterns."""

import datetime as dt
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from itertools import islice
from typing import get_args

from orarchive.catalog.measures import MIN_HEALTH_DAYS
from orarchive.domain.event_kinds import DEPRECATED_AFTER_DAYS, REMOVED_AFTER_DAYS
from orarchive.domain.records import NO_DATE, get_lab
from orarchive.publish.charts.week import Week
from orarchive.publish.views import View
from orarchive.publish.views.cells import PriceCell, Since, build_since
from orarchive.publish.views.changes import ChangeHour, build_change_hours
from orarchive.publish.views.health import HealthFigure
from orarchive.publish.views.lab_prices import is_base
from orarchive.publish.views.marks import get_lab_name
from orarchive.publish.views.model_table import ModelTable, build_model_table
from orarchive.publish.views.price_charts import PriceChart, build_price_chart
from orarchive.publish.views.rankings import MAX_ENTRIES_IN_WORDS
from orarchive.publish.views.states import State
from orarchive.publish.views.status import Calendar, build_month_calendar
from orarchive.publish.views.value_chart import list_front

EXAMPLE_COUNT = 4
"""Models in an example of a comparison, and labs whose newest models are one."""


@dataclass(frozen=True)
class AboutPage:
    """The context of the page that explains the archive."""

    deprecated_days: int = DEPRECATED_AFTER_DAYS
    """Days of absence after which a model is called deprecated."""
    removed_days: int = REMOVED_AFTER_DAYS
    """Days of absence after which a model is called removed."""
    no_date_year: int = NO_DATE.year
    """The year from which on an expiration date means that there is none."""
    ranked_models: str = MAX_ENTRIES_IN_WORDS
    """Number of models in a published ranking, in words."""
    health_days: int = MIN_HEALTH_DAYS
    """Days that an endpoint must have been read on to be in the list of the most reliable."""


@dataclass(frozen=True)
class ExampleModel:
    """A model to begin a comparison with."""

    id: str
    name: str


@dataclass(frozen=True)
class Example:
    """A comparison to begin with."""

    words: str
    models: list[ExampleModel]


@dataclass(frozen=True)
class DaysPage:
    """The context of the pages that compute with the prices of days: Compare and Any day."""

    first: dt.date
    """The first day to choose prices of."""
    last: dt.date
    examples: list[Example]
    has_scores: bool
    """Whether models have scores in benchmarks."""
    spans: tuple[tuple[int, str], ...] = ((7, "7 days"), (30, "30 days"), (365, "a year"))
    """Days up to the last one whose changes a press shows, with their words."""


def build_days_page(view: View) -> DaysPage:
    """Build the page that computes with prices, with the first and the last day to choose prices of."""
    return DaysPage(
        view.dataset.first_hour.date(),
        view.now.date(),
        [*_list_examples(view)],
        has_scores=bool(view.dataset.benchmarks),
    )


def _list_examples(view: View) -> Iterator[Example]:
    """Yield the best models for their price that are to stay, and the most used ones, where that is known.

    Where neither is, yield the newest of the largest labs.
    """

    def build_example(words: str, ids: Iterable[str]) -> Example:
        names = ((key, view.catalog.models[key].name.rpartition(": ")[2]) for key in ids)
        return Example(words, [ExampleModel(key, name) for key, name in names])

    best: dict[str, str] = {}
    for key in reversed(list_front(view.catalog)):
        if not view.catalog.models[key].expires:
            best.setdefault(get_lab(key), key)
    if len(best) > 1:
        yield build_example("Best of their labs for the price", [*best.values()][:EXAMPLE_COUNT][::-1])
    ranked = sorted(
        (model.rank, model.id) for model in view.catalog.source.listed.values() if model.rank is not None
    )
    if ranked:
        yield build_example("Most used", [key for _, key in ranked[:EXAMPLE_COUNT]])
    if ranked or len(best) > 1:
        return
    for lab in sorted(view.lab_views, key=lambda lab: (-len(lab.models), lab.name))[:EXAMPLE_COUNT]:
        models = [model for model in lab.models if is_base(model) and not model.is_priced_elsewhere]
        models.sort(
            key=lambda model: (model.model.created or model.entry.first, model.model.id), reverse=True
        )
        if len(models) > 1:
            name = get_lab_name(view.catalog, lab.name)
            yield build_example(f"Newest of {name}", [model.model.id for model in models[:EXAMPLE_COUNT]])


@dataclass(frozen=True)
class PricePattern:
    """A price, and what is special about it."""

    label: str
    cell: PriceCell


PRICE_PATTERNS = [
    PricePattern("plain", PriceCell(Decimal("0.00000125"), "prompt")),
    PricePattern("rounded", PriceCell(Decimal("0.0000000416666666666667"), "prompt")),
    PricePattern("free", PriceCell(Decimal(0), "prompt", shows_free=True)),
    PricePattern("zero", PriceCell(Decimal(0), "prompt")),
    PricePattern("priced otherwise", PriceCell(Decimal(0), "prompt", is_priced_elsewhere=True)),
    PricePattern("range", PriceCell(Decimal("0.0000005"), "prompt", highest=Decimal("0.000002"))),
    PricePattern("dynamic", PriceCell(Decimal(-1), "prompt")),
    PricePattern("unpriced", PriceCell(None, "prompt")),
]


@dataclass(frozen=True)
class HealthPattern:
    """The health of an endpoint, and since when it is there."""

    figure: HealthFigure | None
    since: Since


@dataclass(frozen=True)
class PatternsPage:
    """The context of the page of components; None where the archive has no example of one."""

    states: tuple[State, ...]
    prices: list[PricePattern]
    date: dt.date
    chart: PriceChart | None
    week: Week | None
    health: HealthPattern | None
    calendar: Calendar
    models: ModelTable
    changes: list[ChangeHour]


def build_patterns_page(view: View) -> PatternsPage:
    """Build the page of components: one example of each, taken from the archive where it has one."""
    return PatternsPage(
        states=get_args(State),
        prices=PRICE_PATTERNS,
        date=view.now.date(),
        chart=_find_chart(view),
        week=_find_week(view),
        health=_find_health(view),
        calendar=build_month_calendar(view.dataset, view.now, max_months=2),
        models=build_model_table(view, view.listed_models[:4], "Some models", has_labs=True),
        changes=build_change_hours(islice(view.iterate_changes(), 3)),
    )


def _find_chart(view: View) -> PriceChart | None:
    charts = (build_price_chart(model) for model in view.models if not model.model.is_router)
    return next((chart for chart in charts if chart), None)


def _find_week(view: View) -> Week | None:
    return next((week for model in view.listed_models if (week := model.week)), None)


def _find_health(view: View) -> HealthPattern | None:
    endpoint = next((model.endpoints[0] for model in view.listed_models if model.endpoints), None)
    return HealthPattern(endpoint.health.figure, build_since(endpoint.entry)) if endpoint else None
