"""Prices of a lab: when the list prices of its models changed, and what its families cost over time."""

import datetime as dt
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise
from typing import Any

from orarchive.catalog.catalog import Catalog
from orarchive.domain.event_kinds import REPRICED
from orarchive.domain.prices import MAIN_DIMENSIONS
from orarchive.domain.records import get_lab
from orarchive.index.event_log import EventRow
from orarchive.jsonl import Record, loads
from orarchive.publish.amounts import format_amount
from orarchive.publish.charts.bands import merge_time_of_day
from orarchive.publish.charts.step_lines import PriceLine, draw_step_lines
from orarchive.publish.charts.steps import Piece
from orarchive.publish.charts.wide import WideChart
from orarchive.publish.dataset import Dataset, PriceInterval, PriceKey
from orarchive.publish.price_moves import UNCONFIRMED_CAUSES, find_price_cause
from orarchive.publish.views import View
from orarchive.publish.views.cells import PriceCell
from orarchive.publish.views.labs_providers import LabView
from orarchive.publish.views.models import ModelView, floor_day
from orarchive.timestamps import DAY, parse_stamp

MAX_FAMILIES = 4
"""Lines of the chart of a lab: more cannot be told apart where they cross."""

LONG_PROMPT = "min_prompt_tokens"
"""Condition of a price for long prompts."""


@dataclass(frozen=True)
class YearSummary:
    """How many models of a lab changed their listed input or output price in a year."""

    models: int
    """Those of which a provider may have changed it."""
    listed_models: int
    """The others: their listed price moved, and no provider is known to have changed it."""
    last: dt.date
    """The day that showed the last change of `models`; without any that of `listed_models`."""
    last_any: dt.date
    """The day that showed the last change of any of them."""


@dataclass(frozen=True)
class PriceSpan:
    """A price before the first change of a year, and after the last one; None where it did not change."""

    old: PriceCell
    new: PriceCell

    @property
    def is_back(self) -> bool:
        """Return whether the price ended as it began."""
        return self.old == self.new


@dataclass(frozen=True)
class ChangedModel:
    """A model whose price changed in a year."""

    is_confirmed: bool
    """Whether a provider may have changed it: not where only its listed price is known to have moved."""
    model: str
    name: str
    hours: int
    """Hours that showed a change."""
    input: PriceSpan | None
    output: PriceSpan | None
    last: dt.date


@dataclass(frozen=True)
class PriceYear:
    """The models of a lab whose price changed in a year: the confirmed first, then the last one."""

    year: int
    models: list[ChangedModel]

    @property
    def id(self) -> str:
        """Return the id of the table."""
        return f"year-{self.year}"

    @property
    def heading(self) -> str:
        """Return how many models changed, and of how many only the listed price is known to have moved."""
        confirmed = sum(model.is_confirmed for model in self.models)
        listed = len(self.models) - confirmed
        if not confirmed:
            return f"{self.year}: list price of {_count_models(listed)} moved"
        words = f"{self.year}: {_count_models(confirmed)} changed"
        return f"{words}, list price of {listed} more moved" if listed else words

    @property
    def caption(self) -> str:
        """Return the caption of the table."""
        return f"Prices that changed in {self.year}, in USD per million tokens"


def _count_models(count: int) -> str:
    return f"{count} model{'s' if count != 1 else ''}"


def group_price_rows(dataset: Dataset) -> dict[str, dict[int, list[EventRow]]]:
    """Group the events of listed input and output prices by lab and year, oldest first.

    Events that leave the price of an ordinary prompt as it was, by all times of day, are left out.
    """
    rows: dict[str, dict[int, list[EventRow]]] = defaultdict(lambda: defaultdict(list))
    for row in dataset.log.select(REPRICED, "models"):
        if row.field in MAIN_DIMENSIONS and _read_ordinary(row.old) != _read_ordinary(row.new):
            rows[get_lab(row.key)][int(row.hour[:4])].append(row)
    return rows


def _read_ordinary(text: str | None) -> list[Record]:
    """Return the prices in an event that hold for a prompt of ordinary length, with their conditions."""
    value: Any = None if text is None else loads(text)
    entries = value if isinstance(value, list) else [] if value is None else [{"price": value}]
    return [{**entry, "price": Decimal(entry["price"])} for entry in entries if LONG_PROMPT not in entry]


def summarize_year(dataset: Dataset, rows: Sequence[EventRow]) -> YearSummary | None:
    """Summarize the events of a lab's prices in a year; None where there are none."""
    if not rows:
        return None
    confirmed = [row for row in rows if is_confirmed_row(dataset, row)]
    models = {row.key for row in confirmed}
    last, last_any = (parse_stamp(listed[-1].hour).date() for listed in (confirmed or rows, rows))
    return YearSummary(len(models), len({row.key for row in rows} - models), last, last_any)


def build_price_year(
    dataset: Dataset, year: int, rows: Iterable[EventRow], names: Mapping[str, str]
) -> PriceYear:
    """Build the table of a year from the events of a lab's prices; `names` are those of models by id."""
    by_model: dict[str, list[EventRow]] = defaultdict(list)
    for row in rows:
        by_model[row.key].append(row)
    models = [_build_changed(dataset, key, names.get(key, key), events) for key, events in by_model.items()]
    models.sort(key=lambda model: (model.is_confirmed, model.last, model.model), reverse=True)
    return PriceYear(year, models)


def is_confirmed_row(dataset: Dataset, row: EventRow) -> bool:
    """Return whether a provider may have made the new price of an event."""
    return find_price_cause(row, dataset) not in UNCONFIRMED_CAUSES


def _build_changed(dataset: Dataset, model: str, name: str, rows: Sequence[EventRow]) -> ChangedModel:
    confirmed = [row for row in rows if is_confirmed_row(dataset, row)]
    prompt, completion = (_build_span(dimension, rows) for dimension in MAIN_DIMENSIONS)
    hours = {row.hour for row in rows}
    return ChangedModel(
        is_confirmed=bool(confirmed),
        model=model,
        name=name,
        hours=len(hours),
        input=prompt,
        output=completion,
        last=parse_stamp(max(hours)).date(),
    )


def _build_span(dimension: str, rows: Iterable[EventRow]) -> PriceSpan | None:
    changes = [row for row in rows if row.field == dimension]
    if not changes:
        return None
    return PriceSpan(_read_cell(dimension, changes[0].old), _read_cell(dimension, changes[-1].new))


def _read_cell(dimension: str, text: str | None) -> PriceCell:
    """Read the price in an event; of one with conditions the range."""
    amounts = [entry["price"] for entry in _read_ordinary(text)]
    return PriceCell(min(amounts, default=None), dimension, highest=max(amounts, default=None))


# --- the chart ----------------------------------------------------------------------------------------------


def draw_families(view: View, lab: LabView) -> WideChart | None:
    """Draw the input price of the newest model of each family of a lab that has a listed model.

    Variants, aliases, and models that give something else than text are left out, and so are free prices.
    """
    hours = view.dataset.good_hours["models"]
    # By whole days, so that a quiet hour leaves the page as it is.
    days = (
        floor_day(interval.first) + DAY
        for model in (*lab.models, *lab.gone_models)
        for interval in _list_prices(view.dataset, model, hours)
        if interval.first >= floor_day(view.now)
    )
    end = max((floor_day(view.now), *days))
    families: dict[str, list[ModelView]] = defaultdict(list)
    for model in (*lab.models, *lab.gone_models):
        info = view.catalog.models.get(model.model.id)
        if info and info.family.name and is_base(model) and not model.is_priced_elsewhere:
            families[info.family.name].append(model)
    living = {
        name: _select_main(view.catalog, models)
        for name, models in families.items()
        if any(model.is_there for model in models)
    }
    series = {name: _list_pieces(view.dataset, models, hours, end) for name, models in living.items()}
    chosen = sorted(
        (name for name, pieces in series.items() if pieces),
        key=lambda name: (-sum(model.is_there for model in living[name]), name),
    )[:MAX_FAMILIES]
    chosen.sort(key=lambda name: -series[name][-1].amount)
    lines = [PriceLine(name, series[name], hours, is_joined=False) for name in chosen]
    return draw_step_lines(lines, end, lambda amount: format_amount(amount, MAIN_DIMENSIONS[0]))


def is_base(model: ModelView) -> bool:
    """Return whether a model is no variant, alias or router of others."""
    return not (model.model.variant or model.model.is_alias or model.model.is_router)


def _select_main(catalog: Catalog, models: Sequence[ModelView]) -> list[ModelView]:
    """Leave out models whose id is another one of their generation with an addition: `opus-5-fast`.

    A date is no such addition: `v4-pro-0813` is a later release of `v4-pro`.
    """
    ids = {(model.model.id, catalog.models[model.model.id].family.generation) for model in models}
    return [
        model
        for model in models
        if not any(
            model.model.id.startswith(f"{key}-")
            and not model.model.id[len(key) + 1 :].isdigit()
            and generation == catalog.models[model.model.id].family.generation
            for key, generation in ids
        )
    ]


def _list_pieces(
    dataset: Dataset, models: Iterable[ModelView], hours: Sequence[dt.datetime], end: dt.datetime
) -> list[Piece]:
    """List what the newest model of a family cost in each stretch of good hours, oldest first.

    Of several that came on the same day it is the dearest: the others are smaller.
    """
    priced = [
        (model, interval)
        for model in models
        for interval in _list_prices(dataset, model, hours)
        if interval.amount > 0
    ]
    ends = [bisect_right(hours, interval.last) for _, interval in priced if interval.last]
    edges = {interval.first for _, interval in priced} | {hours[n] for n in ends if n < len(hours)}
    pieces: list[Piece] = []
    for start, following in pairwise([*sorted(edges), end]):
        held = [
            (model, interval)
            for model, interval in priced
            if interval.first <= start and (interval.last is None or start <= interval.last)
        ]
        if not held:
            continue
        newest, interval = max(held, key=_get_age_key)
        piece = Piece(start, following, interval.amount, newest.model.name.rpartition(": ")[2])
        previous = pieces[-1] if pieces else None
        if previous and (previous.end, previous.amount, previous.label) == (start, piece.amount, piece.label):
            pieces[-1] = Piece(previous.first, following, piece.amount, piece.label)
        else:
            pieces.append(piece)
    return pieces


def _list_prices(dataset: Dataset, model: ModelView, hours: Sequence[dt.datetime]) -> list[PriceInterval]:
    """List the input prices of a model; of a time-of-day price the lowest rate."""
    prices = dataset.prices.get(("models", model.model.id), {})
    return merge_time_of_day(prices, hours).get(PriceKey(MAIN_DIMENSIONS[0]), [])


def _get_age_key(priced: tuple[ModelView, PriceInterval]) -> tuple[dt.date, Decimal, int]:
    """Return a key that sorts the newest model last, of one day the dearest, then the shortest id."""
    model, interval = priced
    return (model.model.created or model.entry.first).date(), interval.amount, -len(model.model.id)
