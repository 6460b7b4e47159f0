"""Changes: what differs between two snapshots, in the words of events; health and benchmarks say nothing.

A model's price is that of the provider on top, so a new model price need not be anybody's new price:
of 820 real changes 393 came with signs of another provider on top. `cause` tells them apart.
"""

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import islice
from typing import Any

from orarchive.domain.feeds import FEEDS, Feed
from orarchive.domain.field_paths import drop_nested, remove_paths
from orarchive.domain.prices import read_entry_prices, read_prices, read_schedule, time_of_day_keys
from orarchive.domain.record_files import Key, is_same_json, is_volatile
from orarchive.domain.records import get_alias_target, is_alias
from orarchive.domain.snapshot import Snapshot, State, records_by_key
from orarchive.jsonl import Record


@dataclass(frozen=True)
class Change:
    """One meaningful difference; `key` as people write it, `field` what of the record, where one is named.

    `old` and `new` are values of the field, prices (Decimal) of `repriced`, pricing objects of
    `schedule_changed`, or the record that came or went.
    """

    kind: str
    feed: str
    key: str
    field: str = ""
    old: Any = None
    new: Any = None
    cause: str = ""
    """Of a model's `repriced` and `schedule_changed`: `endpoint` (an endpoint's own moved so), `schedule`
    (the new price is a rate of an endpoint's changed schedule), `provider` (the new one is another
    endpoint's, from before or just joined), or `unknown`."""


FIELD_KINDS: dict[str, str] = {
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


TOP_PROVIDER = "top_provider"

MAX_NEW_FIELDS = 200
"""New fields of a feed that are told of one hour: there are a handful, and thousands must not fill pages."""

Rows = dict[str, State]
"""Feed -> its records by key: all of them, or those that a commit touched."""


def diff_snapshots(old: Snapshot, new: Snapshot) -> list[Change]:
    """Everything that differs, feed by feed; a feed that had no records before has no changes."""
    begun = [feed for feed in FEEDS.values() if old[feed.name] and old[feed.name] is not new[feed.name]]
    before, after = (
        {feed.name: records_by_key(feed, snapshot[feed.name]) for feed in begun} for snapshot in (old, new)
    )
    # against the hour before alone: a field inside another may have been there and gone
    appeared = {name: _fields(after[name]) - _fields(before[name]) for name in before}

    def offers(model: str) -> list[Record]:
        responses = [snapshot["endpoints"].get((model,)) for snapshot in (old, new)]
        return [offer for one in responses if one for offer in one["data"]["endpoints"]]

    return diff_records(before, after, appeared, offers)


def diff_records(
    old: Rows,
    new: Rows,
    appeared: Mapping[str, Collection[str]],
    offers: Callable[[str], list[Record]],
) -> list[Change]:
    """What differs between records.

    `appeared` holds, by feed, the paths of fields that no record had before: each is one change of its own,
    and no record's. `offers` gives a model's endpoints of before and after.
    """
    found = [
        change
        for name in old
        for change in _feed(FEEDS[name], old[name], new[name], drop_nested(appeared[name]))
    ]
    if "models" not in old:
        return found
    return [*found, *_model_prices(old["models"], new["models"], appeared["models"], found, offers)]


def format_key(feed: Feed, key: Key) -> str:
    """A key as people write it: `openai/gpt-x`, `openai/gpt-x@azure/eu`, `#1` from the second twin on."""
    *names, n = key if feed.key[-1] == "n" else (*key, 0)
    return "@".join(map(str, names)) + (f"#{n}" if n else "")


def current_rates(change: Change) -> dict[str, Decimal]:
    """Of a changed schedule the new prices of what follows the clock, before or after."""
    clock = time_of_day_keys(change.old) | time_of_day_keys(change.new)
    return {name: price for name, price in read_prices(change.new).items() if name in clock}


def _feed(feed: Feed, old: State, new: State, appeared: Collection[str]) -> Iterator[Change]:
    if not feed.copied_feed:
        yield from (Change("field_appeared", feed.name, path) for path in islice(appeared, MAX_NEW_FIELDS))
    for key in sorted(old.keys() | new.keys()):
        before, after = old.get(key), new.get(key)
        name = format_key(feed, key)
        if before is None:
            yield Change(feed.added_kind, feed.name, name, new=after)
        elif after is None:
            yield Change(feed.removed_kind, feed.name, name, old=before)
        elif feed.copied_feed is None and before is not after:
            yield from _record(feed, name, before, after, appeared)


def _fields(state: State) -> set[str]:
    return {name for record in state.values() for name in record}


def _record(feed: Feed, key: str, old: Record, new: Record, appeared: Collection[str]) -> Iterator[Change]:
    inside = {path.partition(".")[0] for path in appeared}
    # most are the very same object: of a file that did not change
    new_or_gone = [name for name in old.keys() | new.keys() if old.get(name) is not new.get(name)]
    for name in sorted(new_or_gone):
        if name == "pricing" or name in appeared or is_volatile(feed, name):
            continue
        before, after = old.get(name), new.get(name)
        if name == TOP_PROVIDER:
            before, after = (_unrepeated(record) for record in (old, new))
        if not is_same_json(before, remove_paths(after, name, appeared) if name in inside else after):
            yield Change(_kind(name, before, after), feed.name, key, name, before, after)
    if feed.name != "models":
        yield from _prices(feed.name, key, old.get("pricing"), new.get("pricing"), appeared)


def _unrepeated(record: Record) -> Any:
    """What a model says of its provider on top, without a length of context that is its own."""
    top = record.get(TOP_PROVIDER)
    if not isinstance(top, dict) or not is_same_json(top.get("context_length"), record.get("context_length")):
        return top
    return {name: value for name, value in top.items() if name != "context_length"}


def _kind(field: str, before: Any, after: Any) -> str:
    """What a change of a field is called.

    An alias has not moved where only its target's name is new, and who moderates is no limit.
    """
    if field == "alias_target" and get_alias_target(before) == get_alias_target(after):
        return "edited"
    if field == TOP_PROVIDER and all(isinstance(end, dict) for end in (before, after)):
        moved = {name for name in before.keys() | after.keys() if before.get(name) != after.get(name)}
        return "edited" if moved <= {"is_moderated"} else "limits_changed"
    return FIELD_KINDS.get(field, "edited")


def _prices(feed: str, key: str, old: Any, new: Any, appeared: Collection[str]) -> Iterator[Change]:
    """Changes of one price object: prices that moved by themselves, the schedule, the discount.

    What follows the clock before or after is left to the schedule: its value now is that of this moment.
    """
    if old == new:
        return
    clock = time_of_day_keys(old) | time_of_day_keys(new)
    known = remove_paths(new, "pricing", appeared)
    before, after = read_prices(old), read_prices(known)
    for name in sorted((before.keys() | after.keys()) - clock):
        if before.get(name) != after.get(name):
            yield Change("repriced", feed, key, name, before.get(name), after.get(name))
    if not is_same_json(read_schedule(old), read_schedule(known)):
        yield Change("schedule_changed", feed, key, "overrides", old, new)
    discounts = [_discount(pricing) for pricing in (old, known)]
    if discounts[0] != discounts[1]:
        yield Change("discounted", feed, key, "discount", *discounts)


def _discount(pricing: Any) -> Any:
    return pricing.get("discount") or 0 if isinstance(pricing, Mapping) else 0


def _model_prices(
    old: State,
    new: State,
    appeared: Collection[str],
    found: list[Change],
    offers: Callable[[str], list[Record]],
) -> Iterator[Change]:
    """Changes of the prices in the models list, with their cause; an alias moves, it is never repriced."""
    moved: dict[str, list[Change]] = {}
    for change in found:
        if change.feed == "endpoints":
            moved.setdefault(change.key.partition("@")[0], []).append(change)
    for key in sorted(old.keys() & new.keys()):
        before, after = old[key], new[key]
        if before is after or is_alias(before) or is_alias(after):
            continue
        for change in _prices("models", key[0], before.get("pricing"), after.get("pricing"), appeared):
            yield replace(change, cause=_cause(change, moved.get(key[0], []), offers(key[0])))


def _cause(change: Change, moved: list[Change], offers: list[Record]) -> str:
    """Where the news of a model's price comes from: what moved at its endpoints, and what they offer."""
    if change.kind not in ("repriced", "schedule_changed"):
        return ""
    if any(_equal(change, one) for one in moved):
        return "endpoint"
    schedules = [one for one in moved if one.kind == "schedule_changed"]
    if change.kind == "repriced" and any(change.new in _rates(one, change.field) for one in schedules):
        return "schedule"
    if any(_offers(offer.get("pricing"), change) for offer in offers):
        return "provider"
    return "unknown"


def _equal(one: Change, other: Change) -> bool:
    """Whether two changes of prices say the same."""
    if one.kind != other.kind:
        return False
    if one.kind == "repriced":
        return (one.field, one.new) == (other.field, other.new)
    ends = [[read_schedule(change.old), read_schedule(change.new)] for change in (one, other)]
    return is_same_json(*ends) and current_rates(one) == current_rates(other)


def _rates(change: Change, dimension: str) -> set[Decimal]:
    """What a dimension that follows the clock costs by a changed schedule, before, after and now."""
    if dimension not in time_of_day_keys(change.old) | time_of_day_keys(change.new):
        return set()
    entries = [*read_schedule(change.old), *read_schedule(change.new)]
    return {
        some[dimension]
        for some in (current_rates(change), *map(read_entry_prices, entries))
        if dimension in some
    }


def _offers(pricing: Any, change: Change) -> bool:
    """Whether an endpoint has the price, or the schedule with its prices of now, that is new on its model."""
    prices = read_prices(pricing)
    if change.kind == "repriced":
        return bool(prices.get(change.field) == change.new)
    now = current_rates(change)
    return is_same_json(read_schedule(pricing), read_schedule(change.new)) and now.items() <= prices.items()
