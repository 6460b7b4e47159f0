"""Phrasing: changes and prices in words. Commit messages and pages share the words, in different styles."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from orarchive.domain.changes import Change, get_current_rates
from orarchive.domain.event_kinds import (
    ALIAS_MOVED,
    FIELD_APPEARED,
    FIRST_OBSERVED,
    RETURNED,
    SCHEDULE_CHANGED,
)
from orarchive.domain.feeds import FEEDS, CopyFeed
from orarchive.domain.foreign_text import shorten
from orarchive.domain.keys import get_model_of_key
from orarchive.domain.prices import (
    MAIN_DIMENSIONS,
    PER_UNIT,
    format_price,
    format_time_of_day,
    format_unit,
    list_scheduled_dimensions,
    parse_price,
    parse_time_of_day,
    read_entry_prices,
    read_prices,
)
from orarchive.domain.records import as_integer, as_texts
from orarchive.jsonl import Record, dumps

DIMENSION_LABELS = {
    "prompt": "input",
    "completion": "output",
    "input_cache_read": "cache read",
    "input_cache_write": "cache write",
    "input_cache_write_1h": "cache write, 1 hour",
    "internal_reasoning": "reasoning",
    "image": "image",
    "image_output": "image output",
    "image_token": "image token",
    "audio": "audio",
    "audio_output": "audio output",
    "input_audio_cache": "audio cache",
    "web_search": "web search",
    "request": "request",
}
"""Labels of price dimensions, in the order in which they are shown. Other dimensions go by their own name."""

MAX_TEXT_LENGTH = 60

MAX_COUNT = 999_999_999
"""The largest whole number that is taken for a count, such as of tokens; times in seconds are larger."""


@dataclass(frozen=True)
class Style:
    """How changes are spelled for one kind of reader."""

    arrow: str
    minus: str
    range_dash: str
    ellipsis: str
    max_items: int
    """Items, and members of one field, that are named."""
    format_field: Callable[[str, str], str]
    """Returns the words for a field ("" as second argument) or a member of it."""
    format_dimension: Callable[[str], str]
    """Returns the words for a price dimension."""
    cause_phrases: Mapping[str, str]
    """Words for the causes of a model's new price that no other line explains."""
    probe_phrases: Mapping[str, str]
    """Words for the answer of the service to a request for a missing model alone."""
    flag_words: Mapping[bool, str]
    """Words for the values of a flag; those without are told like other values."""
    null_words: str
    """Words for a value that is null, or not there."""
    groups_digits: bool
    """Whether counts, such as of tokens, have commas between groups of three digits."""

    def format_pair(self, old: str, new: str) -> str:
        """Return the words before and after with the arrow between them."""
        return f"{old} {self.arrow} {new}"

    def shorten(self, text: str) -> str:
        """Return a text of at most MAX_TEXT_LENGTH characters, with the ellipsis where it was cut."""
        return shorten(text, MAX_TEXT_LENGTH, self.ellipsis)

    def format_value(self, value: Any) -> str:
        """Return a value as JSON, shortened: strings without quotes, null in words."""
        if value is None:
            return self.null_words
        if self.groups_digits and type(value) is int and abs(value) <= MAX_COUNT:
            return f"{value:,}"
        return self.shorten(value if isinstance(value, str) else dumps(value).decode())


LOG_STYLE = Style(
    arrow="->",
    minus="-",
    range_dash="-",
    ellipsis="...",
    max_items=10,
    format_field=lambda field, member: f"{field}.{member}" if member else field,
    format_dimension=str,
    cause_phrases={"provider": "listed at another provider's price", "unknown": "cause unknown"},
    probe_phrases={
        "gone": "gone",
        "unlisted": "still known, but no longer listed",
        "renamed": "renamed",
    },
    flag_words={},
    null_words="none",
    groups_digits=False,
)
"""Style of commit messages and of the command line: fields and dimensions go by the service's own names, and
values are written as in the diff below a message."""


# --- what a change is about ---------------------------------------------------------------------------------


def is_added(change: Change) -> bool:
    """Return whether a record was added, came into view, or is back."""
    return change.kind in (FEEDS[change.feed].added_kind, FIRST_OBSERVED, RETURNED)


def is_removed(change: Change) -> bool:
    """Return whether a record is no longer there."""
    return change.kind == FEEDS[change.feed].removed_kind


def format_feed(feed: str) -> str:
    """Return a feed's name in words."""
    return feed.replace("_", " ")


def get_model(change: Change) -> str | None:
    """Return the id of the model that a change is about; None for a change that is about no model."""
    if change.kind == FIELD_APPEARED or not FEEDS[change.feed].is_about_models:
        return None
    return get_model_of_key(change.key)


def is_explained_by_endpoint(change: Change) -> bool:
    """Return whether a model's new price follows from a change of an endpoint, which has its own line."""
    return change.feed == "models" and change.cause in ("endpoint", "schedule")


def get_new_prices(change: Change) -> dict[str, Decimal]:
    """Return the main prices of an added record: dimension -> dollars."""
    if isinstance(FEEDS[change.feed], CopyFeed) or not isinstance(change.new, Mapping):
        return {}
    prices = read_prices(change.new.get("pricing"))
    return {name: prices[name] for name in MAIN_DIMENSIONS if name in prices}


# --- prices -------------------------------------------------------------------------------------------------


def label_dimension(dimension: str) -> str:
    """Return the label of a price dimension."""
    return DIMENSION_LABELS.get(dimension, dimension)


def get_unit(dimension: str) -> str:
    """Return the unit of a price: `M` (a million tokens) for dimensions without another unit.

    "" where OpenRouter does not state it.
    """
    return PER_UNIT.get(dimension, "M")


def sort_dimensions(names: Iterable[str]) -> list[str]:
    """Return price dimensions in the order in which they are shown: labelled dimensions first."""
    ranks = {name: rank for rank, name in enumerate(DIMENSION_LABELS)}
    return sorted(names, key=lambda name: (ranks.get(name, len(ranks)), name))


def format_prices(prices: Mapping[str, tuple[Decimal | None, ...]], style: Style) -> str:
    """Return prices by dimension in words: `prompt $1.25 -> $1.00, completion $0 -> $8.00 per M`.

    Each dimension has one price, or two: before and after. A unit that neighbours share is said once, behind
    the last of them.
    """
    parts: list[str] = []
    names = sort_dimensions(prices)
    for name in names[: style.max_items]:
        amounts = [format_price(name, price) for price in prices[name]]
        unit = format_unit(name)
        # Behind a word that has no unit, such as "none", it would be read as part of that.
        unit = unit if amounts[-1].endswith(unit) else ""
        if unit and parts and parts[-1].endswith(unit):
            parts[-1] = parts[-1].removesuffix(unit)
        words = f" {style.arrow} ".join(amount.removesuffix(unit) for amount in amounts)
        parts.append(f"{style.shorten(style.format_dimension(name))} {words}{unit}")
    return ", ".join(parts) + _count_omitted(names, style)


def format_tariff(dimension: str, entries: list[Record], style: Style) -> str:
    """Return conditional prices of a dimension in words: `($1.25, prompt over 200,000 tokens $2.50) per M`.

    Each entry is its conditions with the `price`; the plain price has no conditions.
    """
    unit = format_unit(dimension)
    amounts = [format_price(dimension, parse_price(entry["price"])) for entry in entries]
    parts = [
        " ".join([*list_conditions(entry, style), amount.removesuffix(unit)])
        for entry, amount in zip(entries, amounts, strict=True)
    ]
    tail = unit if any(amount.endswith(unit) for amount in amounts) else ""
    return f"({_join(parts, ', ', style)}){tail}"


def list_conditions(entry: Record, style: Style) -> list[str]:
    """Return the conditions of an entry in words, all of which must hold: `prompt over 200,000 tokens`.

    A member that is neither a price nor readable as a condition is named with its value.
    """
    threshold = as_integer(entry.get("min_prompt_tokens"))
    start, end = (parse_time_of_day(entry.get(name)) for name in ("utc_start", "utc_end"))
    days = as_texts(entry.get("utc_days"))
    words, phrased = [], {*read_entry_prices(entry)}
    if threshold is not None:
        words.append(f"prompt over {threshold:,} tokens")
        phrased.add("min_prompt_tokens")
    if start is not None and end is not None:
        words.append(f"{format_time_of_day(start)}{style.range_dash}{format_time_of_day(end)} UTC")
        phrased |= {"utc_start", "utc_end"}
    if days:
        words.append("/".join(map(str.capitalize, days)) + ("" if "utc_start" in phrased else " UTC"))
        phrased.add("utc_days")
    for name in sorted(entry.keys() - phrased):
        words.append(f"unknown condition {style.shorten(name)} {style.format_value(entry[name])}")
    return words


# --- what is new --------------------------------------------------------------------------------------------


def describe_change(change: Change, style: Style) -> str:
    """Return in words what changed of a record: a field with its items or members, or the schedule."""
    old, new = change.old, change.new
    if change.kind == SCHEDULE_CHANGED:
        return _describe_schedule(change, style)
    if change.kind == ALIAS_MOVED:
        return style.format_pair(*(style.format_value(_get_alias_slug(target)) for target in (old, new)))
    name = style.shorten(style.format_field(change.field, ""))
    before, after = ({} if side is None else side for side in (old, new))
    if isinstance(before, dict) and isinstance(after, dict):
        members = [
            _describe_field(
                style.shorten(style.format_field(change.field, member)),
                before.get(member),
                after.get(member),
                style,
            )
            for member in sorted(before.keys() | after.keys())
            if before.get(member) != after.get(member)
        ]
        # There are no members to name where the only difference is between null and absence.
        return _join(members, ", ", style) or f"{name} changed"
    return _describe_field(name, old, new, style)


def _describe_field(name: str, old: Any, new: Any, style: Style) -> str:
    if isinstance(old, list) and isinstance(new, list):
        return f"{name} {_describe_items(old, new, style)}"
    if isinstance(old, dict | list) or isinstance(new, dict | list):
        return f"{name} changed"
    before, after = style.format_value(old), style.format_value(new)
    if isinstance(old, bool) or isinstance(new, bool):
        before, after = style.flag_words.get(old, before), style.flag_words.get(new, after)
    if before != after:
        return f"{name} {style.format_pair(before, after)}"
    # The values differ only beyond the length at which they are cut.
    return f"{name} reworded" if isinstance(old, str) and isinstance(new, str) else f"{name} changed"


def _describe_items(old: list[Any], new: list[Any], style: Style) -> str:
    """Return in words the items that a list gained and lost."""
    gained, lost = ([*map(style.format_value, items)] for items in list_item_changes(old, new))
    if gained and gained == lost:
        return "changed"
    items = [*(f"+{item}" for item in gained), *(f"{style.minus}{item}" for item in lost)]
    return _join(items, " ", style) or "reordered"


def list_item_changes(old: list[Any], new: list[Any]) -> tuple[list[Any], list[Any]]:
    """Return the items that a list gained and those that it lost."""
    before, after = ({dumps(item) for item in items} for items in (old, new))
    gained = [item for item in new if dumps(item) not in before]
    return gained, [item for item in old if dumps(item) not in after]


def _get_alias_slug(target: Any) -> Any:
    return target.get("slug") if isinstance(target, Mapping) else target


def _describe_schedule(change: Change, style: Style) -> str:
    """Return in words how a schedule changed, and the current prices that it hides or no longer hides."""
    before, after = (bool(list_scheduled_dimensions(pricing)) for pricing in (change.old, change.new))
    words = {
        (False, True): "prices depend on the time of day from now on",
        (True, False): "prices no longer depend on the time of day",
    }.get((before, after), "price conditions changed")
    rates = {name: (price,) for name, price in get_current_rates(change).items()}
    cause = f" ({style.cause_phrases[change.cause]})" if change.cause in style.cause_phrases else ""
    return words + (f": now {format_prices(rates, style)}" if rates else "") + cause


def _join(parts: list[str], separator: str, style: Style) -> str:
    return separator.join(parts[: style.max_items]) + _count_omitted(parts, style)


def _count_omitted(parts: list[str], style: Style) -> str:
    count = len(parts) - style.max_items
    return f" and {count:,} more" if count > 0 else ""
