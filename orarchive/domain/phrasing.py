"""Words for changes, the same for a commit message and for a page: only their spelling differs, by voice."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from orarchive.domain.changes import Change, current_rates
from orarchive.domain.feeds import FEEDS
from orarchive.domain.prices import (
    CLOCK_CONDITIONS,
    CONDITIONS,
    PER_UNIT,
    format_price,
    parse_price,
    read_prices,
    time_of_day_keys,
)
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
"""What price dimensions are called, in the order in which they are shown; others go by their own name."""

CAUSE_PHRASES = {"provider": "another provider on top", "unknown": "cause unknown"}
"""Where a model's new price comes from, if no other line says it."""

MAX_TEXT_LENGTH = 60


@dataclass(frozen=True)
class Style:
    """How changes are spelled for one kind of reader."""

    arrow: str
    minus: str
    ellipsis: str
    max_items: int
    """Items and members of one field that are named."""
    format_field: Callable[[str, str], str]
    """What a field, or a member of one ("": the whole field), is called."""
    format_dimension: Callable[[str], str]
    """What a price dimension is called."""

    def format_pair(self, old: str, new: str) -> str:
        """Before and after."""
        return f"{old} {self.arrow} {new}"

    def shorten(self, text: str) -> str:
        """A text of a bearable length."""
        return (
            text
            if len(text) <= MAX_TEXT_LENGTH
            else text[: MAX_TEXT_LENGTH - len(self.ellipsis)] + self.ellipsis
        )

    def format_value(self, value: Any) -> str:
        """A value as JSON spells it; a text without quotes, null as `none`."""
        if value is None:
            return "none"
        return self.shorten(value if isinstance(value, str) else dumps(value).decode())


LOG_STYLE = Style(
    arrow="->",
    minus="-",
    ellipsis="...",
    max_items=10,
    format_field=lambda field, member: f"{field}.{member}" if member else field,
    format_dimension=str,
)
"""Fields and dimensions go by the service's own names, as in the lines of the diff below a message."""


# --- what a change is about ---------------------------------------------------------------------------------


def is_added(change: Change) -> bool:
    """Whether a record came, or came into view."""
    return change.kind in (FEEDS[change.feed].added_kind, "first_observed")


def is_removed(change: Change) -> bool:
    """Whether a record is no longer there."""
    return change.kind == FEEDS[change.feed].removed_kind


def format_feed(feed: str) -> str:
    """A feed's name in words."""
    return feed.replace("_", " ")


def get_model(change: Change) -> str | None:
    """The model that a change is about, if it is about one."""
    if change.kind == "field_appeared" or not FEEDS[change.feed].is_about_models:
        return None
    return change.key.partition("@")[0]


def is_told_elsewhere(change: Change) -> bool:
    """Whether a model's new price is the news of an endpoint of its, which has a line of its own."""
    return change.feed == "models" and change.cause in ("endpoint", "schedule")


def get_new_prices(change: Change) -> dict[str, Decimal]:
    """The prices that something came with."""
    if FEEDS[change.feed].copied_feed or not isinstance(change.new, Mapping):
        return {}
    prices = read_prices(change.new.get("pricing"))
    return {name: prices[name] for name in ("prompt", "completion") if name in prices}


# --- prices -------------------------------------------------------------------------------------------------


def label_dimension(dimension: str) -> str:
    """What a price dimension is called."""
    return DIMENSION_LABELS.get(dimension, dimension)


def get_unit(dimension: str) -> str:
    """What a price is for: a million tokens, where nothing else is known."""
    return PER_UNIT.get(dimension, "M")


def sort_dimensions(names: Iterable[str]) -> list[str]:
    """Price dimensions as they are shown: the known ones first."""
    known = list(DIMENSION_LABELS)
    return sorted(
        names, key=lambda name: (known.index(name) if name in DIMENSION_LABELS else len(known), name)
    )


def format_prices(prices: Mapping[str, tuple[Decimal | None, ...]], voice: Style) -> str:
    """Prices by dimension, one or before and after: `prompt $1.25 -> $1.00, completion free -> $8.00 per M`.

    What several in a row are per is said once, behind the last of them.
    """
    parts: list[str] = []
    names = sort_dimensions(prices)
    for name in names[: voice.max_items]:
        ends = [format_price(name, end) for end in prices[name]]
        tail = f" per {get_unit(name)}"
        tail = tail if any(end.endswith(tail) for end in ends) else ""
        if tail and parts and parts[-1].endswith(tail):
            parts[-1] = parts[-1].removesuffix(tail)
        words = f" {voice.arrow} ".join(end.removesuffix(tail) for end in ends)
        parts.append(f"{voice.shorten(voice.format_dimension(name))} {words}{tail}")
    return ", ".join(parts) + _more(names, voice)


def format_tariff(dimension: str, entries: list[Record], voice: Style) -> str:
    """A price by conditions: `($1.25, over 200,000 tokens $2.50) per M`."""
    tail = f" per {get_unit(dimension)}"
    amounts = [format_price(dimension, parse_price(entry["price"])) for entry in entries]
    said = [
        f"{format_conditions(entry, voice)} {amount.removesuffix(tail)}".strip()
        for entry, amount in zip(entries, amounts, strict=True)
    ]
    per = tail if any(amount.endswith(tail) for amount in amounts) else ""
    return f"({_some(said, ', ', voice)}){per}"


def format_conditions(entry: Record, voice: Style) -> str:
    """When an entry of a tariff holds; what no word is known for goes by its own name."""
    found = []
    least = parse_price(entry.get("min_prompt_tokens"))
    if least is not None:
        found.append(f"over {least:,f} tokens")
    if open_at := format_window(entry):
        found.append(open_at)
    known = {"price", *CONDITIONS[: least is not None], *(CLOCK_CONDITIONS if open_at else ())}
    found += [
        f"{voice.shorten(name)} {voice.format_value(entry[name])}" for name in sorted(entry.keys() - known)
    ]
    return " ".join(found)


def format_window(entry: Record) -> str:
    """The clock window that a price is for."""
    start, end = (entry.get(name) for name in ("utc_start", "utc_end"))
    said = f"{_clock(start)}-{_clock(end)} UTC" if isinstance(start, int) and isinstance(end, int) else ""
    days = entry.get("utc_days")
    return " ".join([said, *(map(str, days) if isinstance(days, list) else [])]).strip()


def _clock(hhmm: int) -> str:
    """A time of day that is sent as a number: 30 is 00:30, 1000 is 10:00."""
    return f"{hhmm // 100:02}:{hhmm % 100:02}"


# --- what is new --------------------------------------------------------------------------------------------


def describe_change(change: Change, voice: Style) -> str:
    """What changed of a record: a field before and after, items won and lost, members, or the schedule."""
    old, new = change.old, change.new
    if change.kind == "schedule_changed":
        return _schedule(change, voice)
    if change.kind == "alias_moved":
        return voice.format_pair(*(voice.format_value(_target(end)) for end in (old, new)))
    name = voice.shorten(voice.format_field(change.field, ""))
    if isinstance(old, dict) and isinstance(new, dict):
        moved = [member for member in sorted(old.keys() | new.keys()) if old.get(member) != new.get(member)]
        members = [
            _field(
                voice.shorten(voice.format_field(change.field, member)),
                old.get(member),
                new.get(member),
                voice,
            )
            for member in moved
        ]
        return _some(members, ", ", voice) or f"{name} changed"  # only members that are null
    return _field(name, old, new, voice)


def _field(name: str, old: Any, new: Any, voice: Style) -> str:
    if isinstance(old, list) and isinstance(new, list):
        return f"{name} {_items(old, new, voice)}"
    if isinstance(old, dict | list) or isinstance(new, dict | list):
        return f"{name} changed"
    ends = voice.format_value(old), voice.format_value(new)
    if ends[0] != ends[1]:
        return f"{name} {voice.format_pair(*ends)}"
    # they differ behind what is shown of them
    return f"{name} reworded" if isinstance(old, str) and isinstance(new, str) else f"{name} changed"


def _items(old: list[Any], new: list[Any], voice: Style) -> str:
    """What a list won and lost."""
    before, after = ({dumps(item) for item in end} for end in (old, new))
    won = [voice.format_value(item) for item in new if dumps(item) not in before]
    lost = [voice.format_value(item) for item in old if dumps(item) not in after]
    if won and won == lost:
        return "changed"
    items = [*(f"+{item}" for item in won), *(f"{voice.minus}{item}" for item in lost)]
    return _some(items, " ", voice) or "reordered"


def _target(alias: Any) -> Any:
    return alias.get("slug") if isinstance(alias, Mapping) else alias


def _schedule(change: Change, voice: Style) -> str:
    """What became of a schedule, and the prices of now that it had hidden or hides."""
    before, after = (bool(time_of_day_keys(pricing)) for pricing in (change.old, change.new))
    said = {
        (False, True): "prices follow the clock from now on",
        (True, False): "prices no longer follow the clock",
    }.get((before, after), "price conditions changed")
    now = {name: (price,) for name, price in current_rates(change).items()}
    why = f" ({CAUSE_PHRASES[change.cause]})" if change.cause in CAUSE_PHRASES else ""
    return said + (f": now {format_prices(now, voice)}" if now else "") + why


def _some(parts: list[str], between: str, voice: Style) -> str:
    return between.join(parts[: voice.max_items]) + _more(parts, voice)


def _more(all_of_them: list[str], voice: Style) -> str:
    left = len(all_of_them) - voice.max_items
    return f" and {left} more" if left > 0 else ""
