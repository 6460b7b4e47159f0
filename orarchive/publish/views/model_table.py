"""Models as a table: a row each, without the columns that nothing fills."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import ROUND_DOWN, Decimal
from functools import cached_property
from operator import attrgetter

from orarchive.catalog.candidates import Candidate
from orarchive.catalog.flags import NO_REASONING
from orarchive.catalog.measures import THROUGHPUT
from orarchive.catalog.model_info import ModelInfo
from orarchive.catalog.tiers import blend
from orarchive.domain.prices import MILLION
from orarchive.publish.charts.bands import merge_time_of_day
from orarchive.publish.charts.spark import draw_spark
from orarchive.publish.charts.steps import count_days
from orarchive.publish.dataset import PriceKey
from orarchive.publish.views import View
from orarchive.publish.views.cells import PriceCell
from orarchive.publish.views.changes import MoveView, build_move_view
from orarchive.publish.views.endpoints import LONG_CONTEXT_TOKENS
from orarchive.publish.views.marks import get_lab_name
from orarchive.publish.views.model_offers import (
    Offer,
    build_blended,
    has_all_traits,
    is_offered,
    list_offers,
)
from orarchive.publish.views.models import ModelView, floor_day
from orarchive.publish.views.moves import PriceMove

MOVES_SPAN = dt.timedelta(days=30)
"""How far back the column of price changes looks."""

MIN_SPARK_DAYS = 5

CACHE_READ = "input_cache_read"

ABILITIES = (("tools", "tools"), ("reasoning", "reasoning"), ("json_schema", "JSON"))
"""Flag of the catalogue -> its word in the column of what a model supports."""

TRAIT_FLAGS = {
    "tools": "tools",
    "json": "json_schema",
    "reasoning": "reasoning",
    "vision": "vision",
    "audio": "audio_input",
    "image": "image_output",
    "zdr": "zdr",
}
"""Trait to filter by -> the flag of the catalogue that it stands for."""

LOW_INPUT_PRICE = Decimal(1)
"""USD for a million tokens of input up to which a model has the trait `1usd`."""

MIN_FILLED_SHARE = 0.05
"""Share of the rows with a price change from which on the column of them is shown."""

TENTH = Decimal("0.1")


@dataclass(frozen=True)
class Spark:
    """A price that moved within MOVES_SPAN."""

    path: str
    """"" where too few days were read to draw a line."""
    change: Decimal
    """In percent, to sort by."""
    move: MoveView


@dataclass(frozen=True)
class ModelRow:
    """A model in a table."""

    id: str
    name: str
    """Without its lab."""
    lab: str
    """Display name; "" where the table has no labs."""
    states: list[str]
    """What is special about it; [] of a model that is just listed."""
    traits: list[str]
    """Traits to filter by."""
    providers: list[str]
    """Slugs of the providers that serve it, sorted."""
    provider_numbers: list[int]
    """Their positions in the filter, from 1; [] where there is none."""
    prices: tuple[PriceCell, PriceCell]
    """Input and output."""
    cache_read: PriceCell | None
    blended: PriceCell | None
    provider: str
    """Display name of the provider with these prices; "" where they are the list price."""
    offers: list[Offer]
    """What its providers charge, these prices first; [] where no other has a trait that the first lacks."""
    spark: Spark | None
    context: int | None
    max_output: int | None
    inputs: list[tuple[str, str]]
    """First letter and name of each input modality but for text, sorted."""
    abilities: list[str]
    """For each of ABILITIES its word, or "" where the model is not known to have it."""
    released: dt.date | None
    last: dt.date | None
    """The last day that showed it; None while it is listed."""
    rank: int | None
    uptime: Decimal | None
    """The best mean uptime of its endpoints, in percent, rounded down to a tenth."""
    speed: int | None
    """The most tokens a second of its endpoints."""
    variant_count: int = 0
    """Rows that follow and belong to it."""
    is_follower: bool = False
    """Whether it follows the row that it belongs to."""

    @property
    def offers_text(self) -> str:
        """Return the offers as the script of the list reads them."""
        return "/".join(offer.text for offer in self.offers)


OPTIONAL_COLUMNS = (
    *("cache_read", "blended", "spark", "max_output", "inputs", "abilities", "providers", "released", "last"),
    *("rank", "uptime", "speed"),
)
"""Columns that are left out where nothing fills them: names of members of a row."""


@dataclass(frozen=True)
class ModelTable:
    """Models as a table that sorts."""

    caption: str
    rows: list[ModelRow]
    is_list: bool = False
    """Whether it is the list with filters: with columns to choose models and for the cost of a month."""

    @property
    def css_class(self) -> str:
        """Return the classes of the table."""
        return "list sortable folds" if self.is_list else "list sortable"

    @property
    def spark_class(self) -> str:
        """Return the classes of the column of price changes, shown when chosen where few rows fill it."""
        filled = sum(row.spark is not None for row in self.rows)
        return f"n spark {'roomy' if filled >= MIN_FILLED_SHARE * len(self.rows) else 'extra'}"

    @cached_property
    def columns(self) -> set[str]:
        """Return the optional columns that a row fills."""
        return {name for name in OPTIONAL_COLUMNS if any(map(attrgetter(name), self.rows))}


def build_model_table(
    view: View, models: list[ModelView], caption: str, has_labs: bool = False
) -> ModelTable:
    """Build the table of models, in the order given; `has_labs` names the lab beside each."""
    return ModelTable(caption_table(caption), build_rows(view, models, has_labs))


def caption_table(caption: str) -> str:
    """Return the caption of a table of models, with the units of its columns."""
    return f"{caption}, with context in tokens and prices in USD per million tokens"


def build_rows(view: View, models: list[ModelView], has_labs: bool) -> list[ModelRow]:
    """Build a row for each model, in the order given."""
    sparks = _draw_sparks(view, models)
    return [_build_row(view, model, sparks.get(model.model.id), has_labs) for model in models]


def _build_row(view: View, model: ModelView, spark: Spark | None, has_labs: bool) -> ModelRow:
    facts, info = model.model, view.catalog.models[model.model.id]
    source = view.catalog.source.models[facts.id]
    lab = get_lab_name(view.catalog, facts.lab)
    is_outside = bool(info.price_class.outside)
    cells = _list_price_cells(model, is_outside)
    offers = [] if is_outside or model.is_free else list_offers(model, source.endpoints)
    provider = model.offer.endpoint.provider if offers and model.offer else ""
    if offers:
        offers[0] = replace(offers[0], cells=cells, provider=provider)
    traits = list_traits(model, info)
    uptimes = [endpoint.health.uptime for endpoint in source.endpoints if endpoint.health]
    uptime = max((value for value in uptimes if value is not None), default=None)
    speed = THROUGHPUT.read_best(Candidate(info, source, source.endpoints))
    return ModelRow(
        id=facts.id,
        name=facts.name.rpartition(": ")[2] or facts.name,
        lab=lab if has_labs else "",
        states=[state for state in model.states if state != "live"],
        traits=traits,
        providers=sorted({endpoint.provider for endpoint in model.endpoints}),
        provider_numbers=[],
        prices=model.price_cells,
        cache_read=cells[2],
        blended=cells[3],
        provider=provider,
        offers=[] if not offers or has_all_traits(offers[0], traits) else offers,
        spark=spark,
        context=facts.context,
        max_output=info.max_output,
        inputs=[(name[0], name) for name in facts.media_inputs],
        abilities=_align_abilities(list_abilities(model, info)),
        released=facts.created.date() if facts.created else None,
        last=model.entry.last.date() if model.entry.last else None,
        rank=source.rank,
        uptime=Decimal(uptime).quantize(TENTH, ROUND_DOWN) if uptime is not None else None,
        speed=round(speed.value) if speed else None,
    )


def _list_price_cells(model: ModelView, is_outside: bool) -> list[PriceCell | None]:
    """List input, output, reading the cache and blended; None for what has no price.

    A model that is outside the classes of price has none that is blended.
    """
    prompt, completion = model.price_cells
    cache_read = model.build_price_cell(CACHE_READ)
    lows = {cell.dimension: cell.price for cell in (prompt, completion) if cell.price is not None}
    highs = {cell.dimension: cell.highest for cell in (prompt, completion) if cell.highest is not None}
    low, high = blend(lows), blend({**lows, **highs})
    blended = None if is_outside or low is None else build_blended(low, model.is_free, high)
    return [prompt, completion, None if cache_read.price is None else cache_read, blended]


def list_traits(model: ModelView, info: ModelInfo) -> list[str]:
    """List the traits of a model to filter by; what is not known does not count as had."""
    price, _ = model.price_cells
    is_low = price.price is not None and 0 <= price.price * MILLION <= LOW_INPUT_PRICE
    traits = {
        **{trait: _has_flag(info, flag) and is_offered(model, trait) for trait, flag in TRAIT_FLAGS.items()},
        "open": bool(info.open_weights.value),
        "free": info.is_free,
        "paid": any(amount > 0 for amount in model.model.prices.values()),
        "128k": (model.model.context or 0) >= LONG_CONTEXT_TOKENS,
        "1usd": is_low and not info.price_class.outside,
        "new": "new" in model.states,
    }
    return [trait for trait, holds in traits.items() if holds]


def _has_flag(info: ModelInfo, name: str) -> bool:
    value = info.flags[name].value
    return bool(value) and value != NO_REASONING


def list_abilities(model: ModelView, info: ModelInfo) -> list[str]:
    """List the words of the abilities that a model is known to have."""
    return [word for flag, word in ABILITIES if _has_flag(info, flag) and is_offered(model, word.lower())]


def _align_abilities(words: Sequence[str]) -> list[str]:
    """Put "" for each ability that a model is not known to have; [] where it has none."""
    return [word if word in words else "" for _, word in ABILITIES] if words else []


def _draw_sparks(view: View, models: list[ModelView]) -> dict[str, Spark]:
    """Draw the list prices of listed models that moved; of input and output that which moved more."""
    by_id = {model.model.id: model for model in models if model.is_there}
    moves = [move for move in view.list_moves(MOVES_SPAN) if move.model in by_id and not move.label]
    return {move.model: _draw(view, by_id[move.model], move) for move in moves}


def _draw(view: View, model: ModelView, move: PriceMove) -> Spark:
    prices = merge_time_of_day(model.points, view.dataset.good_hours["models"])
    intervals = prices[PriceKey(move.move.dimension)]
    # By whole days, so that a quiet hour leaves the page as it is.
    end = max(floor_day(view.now), intervals[-1].first)
    # No provider changed a price that moved because another one is listed first.
    words = build_move_view(move.move, move.is_confirmed)
    change = (move.move.percent or Decimal(0)).quantize(TENTH)
    begin, hours = end - MOVES_SPAN, view.dataset.good_hours["models"]
    path = draw_spark(intervals, begin, end) if count_days(hours, begin, end) >= MIN_SPARK_DAYS else ""
    return Spark(path, change, words)
