"""Words for changes, the same for a commit message and for a page: only their spelling differs, by voice."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from orarchive.domain.changes import Change, prices_now
from orarchive.domain.feeds import FEEDS
from orarchive.domain.prices import CLOCK, CONDITIONS, PER_UNIT, clock_keys, dimensions, exact, shown
from orarchive.jsonl import Record, dumps

LABELS = {
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

WHY = {"provider": "another provider on top", "unknown": "cause unknown"}
"""Where a model's new price comes from, if no other line says it."""

MAX_TEXT = 60


@dataclass(frozen=True)
class Voice:
    """How changes are spelled for one kind of reader."""

    arrow: str
    minus: str
    ellipsis: str
    most: int
    """Items and members of one field that are named."""
    name: Callable[[str, str], str]
    """What a field, or a member of one ("": the whole field), is called."""
    dimension: Callable[[str], str]
    """What a price dimension is called."""

    def pair(self, old: str, new: str) -> str:
        """Before and after."""
        return f"{old} {self.arrow} {new}"

    def short(self, text: str) -> str:
        """A text of a bearable length."""
        return text if len(text) <= MAX_TEXT else text[: MAX_TEXT - len(self.ellipsis)] + self.ellipsis

    def value(self, value: Any) -> str:
        """A value as JSON spells it; a text without quotes, null as `none`."""
        if value is None:
            return "none"
        return self.short(value if isinstance(value, str) else dumps(value).decode())


LOG = Voice(
    arrow="->",
    minus="-",
    ellipsis="...",
    most=10,
    name=lambda field, member: f"{field}.{member}" if member else field,
    dimension=str,
)
"""Fields and dimensions go by the service's own names, as in the lines of the diff below a message."""


# --- what a change is about ---------------------------------------------------------------------------------


def came(change: Change) -> bool:
    """Whether a record came, or came into view."""
    return change.kind in (FEEDS[change.feed].came, "first_observed")


def went(change: Change) -> bool:
    """Whether a record is no longer there."""
    return change.kind == FEEDS[change.feed].went


def feed_name(feed: str) -> str:
    """A feed's name in words."""
    return feed.replace("_", " ")


def model_of(change: Change) -> str | None:
    """The model that a change is about, if it is about one."""
    if change.kind == "field_appeared" or not FEEDS[change.feed].is_of_models:
        return None
    return change.key.partition("@")[0]


def said_elsewhere(change: Change) -> bool:
    """Whether a model's new price is the news of an endpoint of its, which has a line of its own."""
    return change.feed == "models" and change.cause in ("endpoint", "schedule")


def offer(change: Change) -> dict[str, Decimal]:
    """The prices that something came with."""
    if FEEDS[change.feed].copies or not isinstance(change.new, Mapping):
        return {}
    prices = dimensions(change.new.get("pricing"))
    return {name: prices[name] for name in ("prompt", "completion") if name in prices}


# --- prices -------------------------------------------------------------------------------------------------


def label(dimension: str) -> str:
    """What a price dimension is called."""
    return LABELS.get(dimension, dimension)


def unit(dimension: str) -> str:
    """What a price is for: a million tokens, where nothing else is known."""
    return PER_UNIT.get(dimension, "M")


def in_order(names: Iterable[str]) -> list[str]:
    """Price dimensions as they are shown: the known ones first."""
    known = list(LABELS)
    return sorted(names, key=lambda name: (known.index(name) if name in LABELS else len(known), name))


def price_list(prices: Mapping[str, tuple[Decimal | None, ...]], voice: Voice) -> str:
    """Prices by dimension, one or before and after: `prompt $1.25 -> $1.00, completion free -> $8.00 per M`.

    What several in a row are per is said once, behind the last of them.
    """
    parts: list[str] = []
    names = in_order(prices)
    for name in names[: voice.most]:
        ends = [shown(name, end) for end in prices[name]]
        tail = f" per {unit(name)}"
        tail = tail if any(end.endswith(tail) for end in ends) else ""
        if tail and parts and parts[-1].endswith(tail):
            parts[-1] = parts[-1].removesuffix(tail)
        words = f" {voice.arrow} ".join(end.removesuffix(tail) for end in ends)
        parts.append(f"{voice.short(voice.dimension(name))} {words}{tail}")
    return ", ".join(parts) + _more(names, voice)


def tariff(dimension: str, entries: list[Record], voice: Voice) -> str:
    """A price by conditions: `($1.25, over 200,000 tokens $2.50) per M`."""
    tail = f" per {unit(dimension)}"
    amounts = [shown(dimension, exact(entry["price"])) for entry in entries]
    said = [
        f"{when(entry, voice)} {amount.removesuffix(tail)}".strip()
        for entry, amount in zip(entries, amounts, strict=True)
    ]
    per = tail if any(amount.endswith(tail) for amount in amounts) else ""
    return f"({_some(said, ', ', voice)}){per}"


def when(entry: Record, voice: Voice) -> str:
    """When an entry of a tariff holds; what no word is known for goes by its own name."""
    found = []
    least = exact(entry.get("min_prompt_tokens"))
    if least is not None:
        found.append(f"over {least:,f} tokens")
    if open_at := window(entry):
        found.append(open_at)
    known = {"price", *CONDITIONS[: least is not None], *(CLOCK if open_at else ())}
    found += [f"{voice.short(name)} {voice.value(entry[name])}" for name in sorted(entry.keys() - known)]
    return " ".join(found)


def window(entry: Record) -> str:
    """The clock window that a price is for."""
    start, end = (entry.get(name) for name in ("utc_start", "utc_end"))
    said = f"{_clock(start)}-{_clock(end)} UTC" if isinstance(start, int) and isinstance(end, int) else ""
    days = entry.get("utc_days")
    return " ".join([said, *(map(str, days) if isinstance(days, list) else [])]).strip()


def _clock(hhmm: int) -> str:
    """A time of day that is sent as a number: 30 is 00:30, 1000 is 10:00."""
    return f"{hhmm // 100:02}:{hhmm % 100:02}"


# --- what is new --------------------------------------------------------------------------------------------


def words(change: Change, voice: Voice) -> str:
    """What changed of a record: a field before and after, items won and lost, members, or the schedule."""
    old, new = change.old, change.new
    if change.kind == "schedule_changed":
        return _schedule(change, voice)
    if change.kind == "alias_moved":
        return voice.pair(*(voice.value(_target(end)) for end in (old, new)))
    name = voice.short(voice.name(change.field, ""))
    if isinstance(old, dict) and isinstance(new, dict):
        moved = [member for member in sorted(old.keys() | new.keys()) if old.get(member) != new.get(member)]
        members = [
            _field(voice.short(voice.name(change.field, member)), old.get(member), new.get(member), voice)
            for member in moved
        ]
        return _some(members, ", ", voice) or f"{name} changed"  # only members that are null
    return _field(name, old, new, voice)


def _field(name: str, old: Any, new: Any, voice: Voice) -> str:
    if isinstance(old, list) and isinstance(new, list):
        return f"{name} {_items(old, new, voice)}"
    if isinstance(old, dict | list) or isinstance(new, dict | list):
        return f"{name} changed"
    ends = voice.value(old), voice.value(new)
    if ends[0] != ends[1]:
        return f"{name} {voice.pair(*ends)}"
    # they differ behind what is shown of them
    return f"{name} reworded" if isinstance(old, str) and isinstance(new, str) else f"{name} changed"


def _items(old: list[Any], new: list[Any], voice: Voice) -> str:
    """What a list won and lost."""
    before, after = ({dumps(item) for item in end} for end in (old, new))
    won = [voice.value(item) for item in new if dumps(item) not in before]
    lost = [voice.value(item) for item in old if dumps(item) not in after]
    if won and won == lost:
        return "changed"
    items = [*(f"+{item}" for item in won), *(f"{voice.minus}{item}" for item in lost)]
    return _some(items, " ", voice) or "reordered"


def _target(alias: Any) -> Any:
    return alias.get("slug") if isinstance(alias, Mapping) else alias


def _schedule(change: Change, voice: Voice) -> str:
    """What became of a schedule, and the prices of now that it had hidden or hides."""
    before, after = (bool(clock_keys(pricing)) for pricing in (change.old, change.new))
    said = {
        (False, True): "prices follow the clock from now on",
        (True, False): "prices no longer follow the clock",
    }.get((before, after), "price conditions changed")
    now = {name: (price,) for name, price in prices_now(change).items()}
    why = f" ({WHY[change.cause]})" if change.cause in WHY else ""
    return said + (f": now {price_list(now, voice)}" if now else "") + why


def _some(parts: list[str], between: str, voice: Voice) -> str:
    return between.join(parts[: voice.most]) + _more(parts, voice)


def _more(all_of_them: list[str], voice: Voice) -> str:
    left = len(all_of_them) - voice.most
    return f" and {left} more" if left > 0 else ""
