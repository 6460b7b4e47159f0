"""Changes: what differs between two snapshots, in the words of events; health and benchmarks say nothing.

A model's price is that of the provider on top, so a new model price need not be anybody's new price:
of 820 real changes 393 came with signs of another provider on top. `cause` tells them apart.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from orarchive.facets import Key, same
from orarchive.feeds import FEEDS, HEALTH, Feed
from orarchive.jsonl import Record
from orarchive.prices import clock_keys, dimensions, schedule
from orarchive.snapshot import Snapshot, State, rows


@dataclass(frozen=True)
class Change:
    """One meaningful difference; `key` as people write it, `field` what of the record, where one is named."""

    kind: str
    feed: str
    key: str
    field: str = ""
    old: Any = None
    new: Any = None
    cause: str = ""
    """Of a model's `repriced`: `endpoint` (an endpoint's own price moved), `provider` (the new price was
    another endpoint's before), `schedule`, or `unknown`."""


KINDS: dict[str, tuple[str, str]] = {
    "models": ("added", "missing"),
    "endpoints": ("joined", "left"),
    "providers": ("added", "missing"),
    "zdr": ("gained", "lost"),
    "images": ("added", "missing"),
    "image_endpoints": ("added", "missing"),
    "videos": ("added", "missing"),
}
"""What it is called when a record comes, and when it is no longer there. One miss is not a removal."""

FIELDS: dict[str, str] = {
    "canonical_slug": "renamed",
    "context_length": "limits_changed",
    "max_completion_tokens": "limits_changed",
    "max_prompt_tokens": "limits_changed",
    "top_provider": "limits_changed",
    "supported_parameters": "capabilities_changed",
    "architecture": "capabilities_changed",
    "reasoning": "capabilities_changed",
    "supported_voices": "capabilities_changed",
    "default_parameters": "capabilities_changed",
    "supports_implicit_caching": "capabilities_changed",
    "supports_tool_choice": "capabilities_changed",
    "expiration_date": "expiry_changed",
    "alias_target": "alias_moved",
    "quantization": "requantized",
}
"""What a change of a field is called; of any other field the record is `edited`."""

SILENT = ("pricing", "benchmarks")
"""Fields that have changes of their own, and third-party scores, which move constantly."""


def diff(old: Snapshot, new: Snapshot) -> list[Change]:
    """Everything that differs, feed by feed; a feed that had no records before has no changes."""
    found = [
        change
        for feed in FEEDS.values()
        if old[feed.name] and old[feed.name] is not new[feed.name]
        for change in _feed(feed, rows(feed, old[feed.name]), rows(feed, new[feed.name]))
    ]
    return [*found, *_model_prices(old, new, found)]


def text_key(feed: Feed, key: Key) -> str:
    """A key as people write it: `openai/gpt-x`, `openai/gpt-x@azure/eu`, `#1` from the second twin on."""
    if len(key) == 1:
        return str(key[0])
    model, tag, n = key
    return f"{model}@{tag}" + (f"#{n}" if n else "")


def _feed(feed: Feed, old: State, new: State) -> Iterator[Change]:
    came, went = KINDS[feed.name]
    appeared = set() if feed.copies else _fields(new) - _fields(old)
    for name in sorted(appeared):
        yield Change("field_appeared", feed.name, name)
    for key in sorted(old.keys() | new.keys()):
        name = text_key(feed, key)
        if key not in old:
            yield Change(came, feed.name, name, new=new[key])
        elif key not in new:
            yield Change(went, feed.name, name, old=old[key])
        elif feed.copies is None:
            yield from _record(feed, name, old[key], new[key], appeared)


def _fields(state: State) -> set[str]:
    return {name for record in state.values() for name in record}


def _record(feed: Feed, key: str, old: Record, new: Record, appeared: set[str]) -> Iterator[Change]:
    for name in sorted((old.keys() | new.keys()) - appeared):
        if name in SILENT or (feed.name == "endpoints" and _is_health(name)):
            continue
        before, after = old.get(name), new.get(name)
        if not same(before, after):
            yield Change(FIELDS.get(name, "edited"), feed.name, key, name, before, after)
    if feed.name == "endpoints":
        yield from _prices(feed.name, key, old.get("pricing"), new.get("pricing"))


def _is_health(name: str) -> bool:
    return name.startswith(tuple(pattern.rstrip("*") for pattern in HEALTH))


def _prices(feed: str, key: str, old: Any, new: Any) -> Iterator[Change]:
    """Changes of one price object: prices that moved by themselves, the schedule, the discount.

    What follows the clock before or after is left to the schedule: its value now is that of this moment.
    """
    clock = clock_keys(old) | clock_keys(new)
    before, after = dimensions(old), dimensions(new)
    for name in sorted((before.keys() | after.keys()) - clock):
        if before.get(name) != after.get(name):
            yield Change("repriced", feed, key, name, before.get(name), after.get(name))
    if not same(schedule(old), schedule(new)):
        yield Change("schedule_changed", feed, key, "overrides", schedule(old), schedule(new))
    discounts = [_discount(pricing) for pricing in (old, new)]
    if discounts[0] != discounts[1]:
        yield Change("discounted", feed, key, "discount", *discounts)


def _discount(pricing: Any) -> Any:
    return pricing.get("discount") or 0 if isinstance(pricing, Mapping) else 0


def _model_prices(old: Snapshot, new: Snapshot, found: list[Change]) -> Iterator[Change]:
    """Changes of the prices in the models list, with their cause; an alias moves, it is never repriced."""
    moved: dict[str, list[Change]] = {}
    for change in found:
        if change.feed == "endpoints":
            moved.setdefault(change.key.partition("@")[0], []).append(change)
    for key in sorted(old["models"].keys() & new["models"].keys()):
        before, after = old["models"][key], new["models"][key]
        if "alias_target" in after or before is after:
            continue
        for change in _prices("models", key[0], before.get("pricing"), after.get("pricing")):
            cause = _cause(change, moved.get(key[0], []), old["endpoints"].get(key))
            yield Change(change.kind, "models", change.key, change.field, change.old, change.new, cause)


def _cause(change: Change, moved: list[Change], response: Record | None) -> str:
    if change.kind != "repriced":
        return "schedule" if change.kind == "schedule_changed" else ""
    if any((one.kind, one.field, one.new) == ("repriced", change.field, change.new) for one in moved):
        return "endpoint"
    if any(one.kind == "schedule_changed" for one in moved):
        return "schedule"
    offers = response["data"]["endpoints"] if response else []
    if any(dimensions(offer.get("pricing")).get(change.field) == change.new for offer in offers):
        return "provider"
    return "unknown"
