"""Changes told to people: one line a thing and hour, what follows from another line left out."""

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from itertools import groupby
from typing import Any

from orarchive.changes import Change
from orarchive.prices import PER_UNIT, clock_keys, dimensions, exact, is_dynamic
from orarchive.records import expiry

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

MAX_TEXT = 60
MAX_PARTS = 6

CAME = ("added", "joined", "gained")
WENT = ("missing", "left", "lost")
WHY = {"provider": "another provider on top", "unknown": "cause unknown"}


@dataclass(frozen=True)
class Move:
    """One price that moved."""

    dimension: str
    old: Decimal | None
    new: Decimal | None

    @property
    def percent(self) -> int | None:
        """The move in percent, None where either end is not a positive price."""
        if not self.old or not self.new or self.old < 0 or self.new < 0:
            return None
        return int(((self.new - self.old) / self.old * 100).to_integral_value())

    @property
    def way(self) -> int:
        """-1 cheaper, 1 dearer, 0 cannot be said: a router's -1 and no price are not amounts."""
        if self.old is None or self.new is None or is_dynamic(self.old) or is_dynamic(self.new):
            return 0
        return (self.new > self.old) - (self.new < self.old)


@dataclass(frozen=True)
class Told:
    """One line: what kind of thing happened to what."""

    kind: str
    """A word that is shown and that gives the line its shape: cut, rise, repriced, added, missing ..."""
    model: str | None
    """The model that it is about, if it is about one."""
    subject: str
    """What it is about, in the feed's own name, where that is not the model alone."""
    moves: tuple[Move, ...] = ()
    parts: tuple[str, ...] = ()
    """Words, one each for what else there is to say."""


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


@dataclass(frozen=True)
class HourTold:
    """The lines of one hour."""

    hour: dt.datetime
    lines: list[Told]
    more: int = 0
    """Lines left out."""


def told(changes: list[Change]) -> list[Told]:
    """The changes of one hour, as lines."""
    known = {(one.feed, one.kind, key) for one in changes for key in (one.key, model_of(one))}
    wanted = [change for change in changes if not _follows(change, known)]
    groups = groupby(sorted(wanted, key=_place), key=lambda change: (change.feed, change.key))
    return [line for (_, _), group in groups for line in _lines(list(group), changes)]


def _place(change: Change) -> tuple[int, str, str]:
    feeds = ("models", "endpoints", "providers")
    return (feeds.index(change.feed) if change.feed in feeds else len(feeds), change.feed, change.key)


def model_of(change: Change) -> str | None:
    """The model that a change is about."""
    if change.kind == "field_appeared" or change.feed == "providers":
        return None
    return change.key.partition("@")[0]


def _follows(change: Change, known: set[tuple[str, str, str | None]]) -> bool:
    """Whether there is nothing to tell: another line says it already, or both ends say the same."""
    model = model_of(change)
    if change.kind == "expiry_changed":
        return expiry(change.old) == expiry(change.new)
    if change.feed == "endpoints":
        pairs = {"joined": "added", "left": "missing"}
        return ("models", pairs.get(change.kind, ""), model) in known
    if change.feed == "zdr":
        came = any(("endpoints", kind, change.key) in known for kind in ("joined", "left"))
        return came or change.kind == "field_appeared"
    if change.feed != "models" or change.kind == "alias_moved":
        return False
    if change.kind == "repriced":
        return change.cause in ("endpoint", "schedule")
    if change.kind == "schedule_changed" and ("endpoints", change.kind, model) in known:
        return True
    # an alias repeats its target's facts
    return ("models", "alias_moved", change.key) in known


def _lines(group: list[Change], changes: list[Change]) -> Iterator[Told]:
    """The lines for one record: one for each cause of its new prices, with all else in the first."""
    first = group[0]
    model = model_of(first)
    subject = _subject(first)
    if first.kind == "field_appeared":
        yield from (Told("new field", None, f"{first.feed}: {one.key}") for one in group)
        return
    if first.kind in CAME + WENT:
        yield Told(_kind(first), model, subject, _offer(first), tuple(_company(first, changes)))
        return
    prices = [change for change in group if change.kind == "repriced"]
    rest = [change for change in group if change.kind != "repriced"]
    for cause, same in groupby(sorted(prices, key=lambda one: one.cause), key=lambda one: one.cause):
        moves = {one.field: Move(one.field, one.old, one.new) for one in same}
        notes = [WHY[cause]] if cause in WHY else []
        kind = _way(moves.values()) if cause != "provider" else "listed price"
        lines = tuple(moves[name] for name in in_order(moves))
        yield Told(kind, model, subject, lines, (*notes, *map(_words, rest)))
        rest = []
    if rest:
        yield Told(_kind(rest[0]), model, subject, (), tuple(map(_words, rest)))


def _subject(change: Change) -> str:
    """What of its model a change is about; the model alone: ""."""
    if change.feed in ("endpoints", "zdr"):
        return "at " + change.key.partition("@")[2]
    feeds = {"models": "", "providers": f"provider {change.key}", "image_endpoints": "as an image endpoint"}
    return feeds.get(change.feed, f"in {change.feed}")


def _kind(change: Change) -> str:
    if change.feed == "zdr":
        return f"zdr {change.kind}"
    return {"alias_moved": "alias moved", "expiry_changed": "expiry", "requantized": "requantized"}.get(
        change.kind, change.kind if change.kind in CAME + WENT else "edited"
    )


def _way(moves: Iterable[Move]) -> str:
    ways = {move.way for move in moves}
    return {frozenset({-1}): "cut", frozenset({1}): "rise"}.get(frozenset(ways), "repriced")


def _offer(change: Change) -> tuple[Move, ...]:
    """The prices that something came with."""
    if change.feed not in ("models", "endpoints") or not isinstance(change.new, Mapping):
        return ()
    prices = dimensions(change.new.get("pricing"))
    return tuple(Move(name, None, prices[name]) for name in ("prompt", "completion") if name in prices)


def _company(change: Change, changes: list[Change]) -> Iterator[str]:
    """How many endpoints came or went with a model."""
    if change.feed == "models":
        kind = "joined" if change.kind == "added" else "left"
        count = sum(
            one.feed == "endpoints" and one.kind == kind and model_of(one) == change.key for one in changes
        )
        if count:
            yield f"with {count} endpoint{'' if count == 1 else 's'}"


def _discount(change: Change) -> str:
    old, new = (exact(value) for value in (change.old, change.new))
    return f"discount {percent(old)} → {percent(new)}"


def percent(share: Decimal | None) -> str:
    """A share of 1: `20 %`, `12.5 %`, `none`."""
    return f"{round(share * 100, 1).normalize():f} %" if share else "none"


def _words(change: Change) -> str:
    old, new = change.old, change.new
    name = change.field.replace("_", " ")
    if change.kind == "discounted":
        return _discount(change)
    if change.kind == "schedule_changed":
        return _schedule(old, new)
    if change.kind == "alias_moved":
        return " → ".join(_short(one.get("slug") if isinstance(one, Mapping) else one) for one in (old, new))
    if change.kind == "expiry_changed":
        return _pair("expires", expiry(old), expiry(new))
    if change.field == "description":
        return "description"
    if isinstance(old, list) and isinstance(new, list):
        parts = [f"+{_short(item)}" for item in new if item not in old]
        parts += [f"−{_short(item)}" for item in old if item not in new]
        return f"{name} {_some(parts) or 'reordered'}"
    if isinstance(old, dict) and isinstance(new, dict):
        moved = [item for item in sorted(old.keys() | new.keys()) if old.get(item) != new.get(item)]
        return _some([_pair(f"{name}: {item}", old.get(item), new.get(item)) for item in moved])
    return _pair(name, old, new)


def _pair(name: str, old: Any, new: Any) -> str:
    if isinstance(old, dict | list) or isinstance(new, dict | list):
        return name.replace("_", " ")
    return f"{name.replace('_', ' ')} {_short(old)} → {_short(new)}"


def _schedule(old: Any, new: Any) -> str:
    clock = [bool(clock_keys({"overrides": entries})) for entries in (old, new)]
    words = {
        (False, True): "prices follow the clock from now on",
        (True, False): "prices no longer follow the clock",
    }
    return words.get((clock[0], clock[1]), "price conditions changed")


def _some(parts: list[str]) -> str:
    more = f" and {len(parts) - MAX_PARTS} more" if len(parts) > MAX_PARTS else ""
    return ", ".join(parts[:MAX_PARTS]) + more


def _short(value: Any) -> str:
    words = "none" if value is None else str(value)
    return words if len(words) <= MAX_TEXT else f"{words[: MAX_TEXT - 1]}…"
