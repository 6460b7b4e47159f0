"""Changes: the meaningful differences between two snapshots. Health and benchmarks make none.

A model's price is that of the provider that OpenRouter lists first, so a new model price need not mean that
any provider changed a price: of 820 real changes 393 came with signs that another provider was listed.
`cause` tells the two apart.
"""

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import islice
from typing import Any

from orarchive.domain.equality import is_same_value
from orarchive.domain.event_kinds import (
    ALIAS_MOVED,
    CAPABILITIES_CHANGED,
    DISCOUNTED,
    EDITED,
    EXPIRY_CHANGED,
    FIELD_APPEARED,
    LIMITS_CHANGED,
    RENAMED,
    REPRICED,
    REQUANTIZED,
    SCHEDULE_CHANGED,
)
from orarchive.domain.feeds import FEEDS, CopyFeed, Feed
from orarchive.domain.field_paths import drop_nested, list_price_paths, remove_paths
from orarchive.domain.keys import EndpointKey, Key, RecordName, get_model_of_key, join_key_parts
from orarchive.domain.prices import (
    is_same_price,
    list_base_prices,
    list_scheduled_dimensions,
    read_entry_prices,
    read_prices,
    read_schedule,
)
from orarchive.domain.record_files import is_volatile
from orarchive.domain.records import get_alias_target, get_object, is_alias
from orarchive.domain.snapshot import Snapshot, State, get_records_by_key
from orarchive.jsonl import Record


@dataclass(frozen=True)
class Change:
    """One meaningful difference between two states of a record, or a field that is new to a feed.

    `old` and `new` are values of the field, prices (Decimal) of `repriced`, pricing objects of
    `schedule_changed`, or the record that was added or removed.
    """

    kind: str
    feed: str
    key: str
    """The text form; of `field_appeared` the path of the field."""
    field: str = ""
    """The field of the record, where a single one changed."""
    old: Any = None
    new: Any = None
    cause: str = ""
    """Of a model's `repriced` and `schedule_changed`: `endpoint` (an endpoint changed the same way),
    `schedule` (the new price is a rate in an endpoint's changed schedule), `provider` (the new price is that
    of another endpoint, which had it before or has just joined), or `unknown`. Of its top provider's limits:
    `endpoint`, `provider` or ""."""


FIELD_KINDS: dict[str, str] = {
    "canonical_slug": RENAMED,
    "context_length": LIMITS_CHANGED,
    "max_completion_tokens": LIMITS_CHANGED,
    "max_prompt_tokens": LIMITS_CHANGED,
    "top_provider": LIMITS_CHANGED,
    "supported_parameters": CAPABILITIES_CHANGED,
    "architecture": CAPABILITIES_CHANGED,
    "reasoning": CAPABILITIES_CHANGED,
    "supported_voices": CAPABILITIES_CHANGED,
    "default_parameters": CAPABILITIES_CHANGED,
    "supports_implicit_caching": CAPABILITIES_CHANGED,
    "supports_tool_choice": CAPABILITIES_CHANGED,
    "expiration_date": EXPIRY_CHANGED,
    "alias_target": ALIAS_MOVED,
    "quantization": REQUANTIZED,
}
"""Field -> the kind of its changes. Changes of any other field are `edited`."""

TOP_PROVIDER = "top_provider"

TOP_PROVIDER_LIMITS = ("context_length", "max_completion_tokens")
"""Fields of a model's top provider that are those of one of its endpoints."""

MAX_NEW_FIELDS = 200
"""New fields of a feed that are reported for one hour. Real hours have a handful; thousands, sent by mistake,
must not fill the pages."""

Rows = dict[str, State]
"""Feed -> its records by key: all records, or those that a commit touched."""


def diff_snapshots(old: Snapshot, new: Snapshot) -> list[Change]:
    """Return all changes between two snapshots, feed by feed.

    A feed without records in the old snapshot has no changes: its record begins with the new one.
    """
    compared = [feed for feed in FEEDS.values() if old[feed.name] and old[feed.name] is not new[feed.name]]
    before, after = (
        {feed.name: get_records_by_key(feed, snapshot[feed.name]) for feed in compared}
        for snapshot in (old, new)
    )
    # Compared with the old snapshot only: the history may hold an earlier field of the same name.
    appeared = {name: _list_field_names(after[name]) - _list_field_names(before[name]) for name in before}

    def list_endpoints(model: str) -> list[Record]:
        responses = [snapshot["endpoints"].get((model,)) for snapshot in (old, new)]
        return [item for response in responses if response for item in response["data"]["endpoints"]]

    return diff_records(before, after, appeared, list_endpoints)


def diff_records(
    old: Rows,
    new: Rows,
    appeared: Mapping[str, Collection[str]],
    list_endpoints: Callable[[str], list[Record]],
) -> list[Change]:
    """Return the changes between records, feed by feed; `old` and `new` have the same feeds.

    `appeared` holds, by feed, the paths of fields that no record had before: each is one change of the feed,
    and no change of its records. `list_endpoints` returns the endpoints of a model, from before and after.
    """
    changes = [
        change
        for name in old
        for change in _diff_feed(FEEDS[name], old[name], new[name], drop_nested(appeared[name]))
    ]
    if "models" not in old:
        return changes
    by_model: dict[str, list[Change]] = {}
    for change in changes:
        if change.feed == "endpoints":
            by_model.setdefault(get_model_of_key(change.key), []).append(change)
    return [
        *(
            replace(
                change,
                cause=_find_limits_cause(change, by_model.get(change.key, []), list_endpoints(change.key)),
            )
            if (change.feed, change.field) == ("models", TOP_PROVIDER)
            else change
            for change in changes
        ),
        *_diff_model_prices(old["models"], new["models"], appeared["models"], by_model, list_endpoints),
    ]


def format_key(feed: Feed, key: Key) -> RecordName:
    """Return the name of a record: `openai/gpt-x`, `openai/gpt-x@azure/eu#1`."""
    text = EndpointKey(*key).text if feed.key[-1] == "n" else join_key_parts(key)
    return RecordName(text, key)


def get_current_rates(change: Change) -> dict[str, Decimal]:
    """Return the new prices of time-of-day dimensions, before or after, of a changed schedule."""
    dimensions = list_scheduled_dimensions(change.old) | list_scheduled_dimensions(change.new)
    return {name: price for name, price in read_prices(change.new).items() if name in dimensions}


def _diff_feed(feed: Feed, old: State, new: State, appeared: Collection[str]) -> Iterator[Change]:
    if not isinstance(feed, CopyFeed):
        yield from (Change(FIELD_APPEARED, feed.name, path) for path in islice(appeared, MAX_NEW_FIELDS))
    new_paths, price_paths = frozenset(appeared), list_price_paths(appeared)
    for key in sorted(old.keys() | new.keys()):
        before, after = old.get(key), new.get(key)
        name = format_key(feed, key)
        if before is None:
            yield Change(feed.added_kind, feed.name, name, new=after)
        elif after is None:
            yield Change(feed.removed_kind, feed.name, name, old=before)
        elif not isinstance(feed, CopyFeed) and before is not after:
            yield from _diff_record(feed, name, before, after, new_paths)
            if feed.name != "models":
                old_pricing, new_pricing = before.get("pricing"), after.get("pricing")
                yield from _diff_pricing(feed.name, name, old_pricing, new_pricing, price_paths)


def _list_field_names(state: State) -> set[str]:
    return {name for record in state.values() for name in record}


def _diff_record(
    feed: Feed, key: str, old: Record, new: Record, appeared: Collection[str]
) -> Iterator[Change]:
    outer_fields = {path.partition(".")[0] for path in appeared}
    # Most values are the very same object, because the file that they were read from did not change.
    names = [name for name in old.keys() | new.keys() if old.get(name) is not new.get(name)]
    for name in sorted(names):
        if name == "pricing" or name in appeared or is_volatile(feed, name):
            continue
        before, after = old.get(name), new.get(name)
        if name == TOP_PROVIDER and _only_context_length_follows(old, new):
            continue
        if not is_same_value(before, remove_paths(after, name, appeared) if name in outer_fields else after):
            yield Change(_get_field_kind(name, before, after), feed.name, key, name, before, after)


def _only_context_length_follows(old: Record, new: Record) -> bool:
    """Return whether a model's top provider differs only in its context length, which repeats the model's."""
    tops = [get_object(record, TOP_PROVIDER) for record in (old, new)]
    lengths = [record.get("context_length") for record in (old, new)]
    if not all(tops) or not is_same_value([top.get("context_length") for top in tops], lengths):
        return False
    return is_same_value(*({**top, "context_length": None} for top in tops))


def _get_field_kind(field: str, before: Any, after: Any) -> str:
    """Return the kind of event for a change of a field: that of FIELD_KINDS, or `edited`.

    An alias has not moved where only the name of its target is new, and `is_moderated` is no limit.
    """
    if field == "alias_target" and get_alias_target(before) == get_alias_target(after):
        return EDITED
    if field == TOP_PROVIDER and all(isinstance(value, dict) for value in (before, after)):
        names = before.keys() | after.keys()
        members = {name for name in names if not is_same_value(before.get(name), after.get(name))}
        return EDITED if members <= {"is_moderated"} else LIMITS_CHANGED
    return FIELD_KINDS.get(field, EDITED)


def _diff_pricing(feed: str, key: str, old: Any, new: Any, new_paths: Collection[str]) -> Iterator[Change]:
    """Yield the changes of one pricing object: plain prices, the schedule, the discount.

    Dimensions with time-of-day prices before or after are left to the change of the schedule: their value at
    the top level is only the rate of the moment. `new_paths` are those of `list_price_paths`.
    """
    if old == new:
        return
    time_of_day = list_scheduled_dimensions(old) | list_scheduled_dimensions(new)
    comparable = remove_paths(new, "pricing", new_paths)
    before, after = read_prices(old), read_prices(comparable)
    for name in sorted((before.keys() | after.keys()) - time_of_day):
        if not is_same_price(before.get(name), after.get(name)):
            yield Change(REPRICED, feed, key, name, before.get(name), after.get(name))
    if not is_same_value(read_schedule(old), read_schedule(comparable)):
        yield Change(SCHEDULE_CHANGED, feed, key, "overrides", old, new)
    else:
        bases, new_bases = list_base_prices(old), list_base_prices(new)
        for name in sorted(bases.keys() & new_bases.keys()):
            if not is_same_price(bases[name], new_bases[name]):
                yield Change(REPRICED, feed, key, name, bases[name], new_bases[name])
    discounts = [_read_discount(pricing) for pricing in (old, comparable)]
    if not is_same_value(*discounts):
        yield Change(DISCOUNTED, feed, key, "discount", *discounts)


def _read_discount(pricing: Any) -> Any:
    return pricing.get("discount") or 0 if isinstance(pricing, Mapping) else 0


def _diff_model_prices(
    old: State,
    new: State,
    appeared: Collection[str],
    endpoint_changes: Mapping[str, list[Change]],
    list_endpoints: Callable[[str], list[Record]],
) -> Iterator[Change]:
    """Yield the changes of list prices with their cause; an alias moves and is never repriced.

    `endpoint_changes` are those of the endpoints, by model.
    """
    new_paths = list_price_paths(appeared)
    for key in sorted(old.keys() & new.keys()):
        before, after = old[key], new[key]
        if before is after or is_alias(before) or is_alias(after):
            continue
        name = format_key(FEEDS["models"], key)
        for change in _diff_pricing("models", name, before.get("pricing"), after.get("pricing"), new_paths):
            cause = _find_cause(change, endpoint_changes.get(name, []), list_endpoints(name))
            yield replace(change, cause=cause)


def _find_limits_cause(change: Change, endpoint_changes: list[Change], endpoints: list[Record]) -> str:
    """Return the cause of a change of a top provider's limits; "" where no endpoint explains it."""
    before, after = (value if isinstance(value, dict) else {} for value in (change.old, change.new))
    changed = [name for name in TOP_PROVIDER_LIMITS if not is_same_value(before.get(name), after.get(name))]
    moves = [(each.field, each.new) for each in endpoint_changes if each.kind == LIMITS_CHANGED]
    if not changed or change.kind != LIMITS_CHANGED:
        return ""
    if all(
        any(field == name and is_same_value(value, after.get(name)) for field, value in moves)
        for name in changed
    ):
        return "endpoint"
    # A limit that is no longer stated is that of no other endpoint.
    is_of_other = after.keys() >= {*changed} and any(
        all(is_same_value(endpoint.get(name), after[name]) for name in TOP_PROVIDER_LIMITS if name in after)
        for endpoint in endpoints
    )
    return "provider" if is_of_other else ""


def _find_cause(change: Change, endpoint_changes: list[Change], endpoints: list[Record]) -> str:
    """Return the cause of a change of a list price; "" for a change that is not about prices."""
    if change.kind not in (REPRICED, SCHEDULE_CHANGED):
        return ""
    if any(_is_same_move(change, endpoint_change) for endpoint_change in endpoint_changes):
        return "endpoint"
    schedules = [
        endpoint_change for endpoint_change in endpoint_changes if endpoint_change.kind == SCHEDULE_CHANGED
    ]
    if change.kind == REPRICED and any(
        change.new in _list_schedule_rates(schedule, change.field) for schedule in schedules
    ):
        return "schedule"
    if any(_has_new_price(endpoint.get("pricing"), change) for endpoint in endpoints):
        return "provider"
    return "unknown"


def _is_same_move(change: Change, endpoint_change: Change) -> bool:
    """Return whether a list price and an endpoint's price, or schedule, changed to the same."""
    if change.kind != endpoint_change.kind:
        return False
    if change.kind == REPRICED:
        return (change.field, change.new) == (endpoint_change.field, endpoint_change.new)
    schedules = [[read_schedule(each.old), read_schedule(each.new)] for each in (change, endpoint_change)]
    return is_same_value(*schedules) and get_current_rates(change) == get_current_rates(endpoint_change)


def _list_schedule_rates(change: Change, dimension: str) -> set[Decimal]:
    """Return the rates of a time-of-day dimension in a changed schedule: before, after and current."""
    if dimension not in list_scheduled_dimensions(change.old) | list_scheduled_dimensions(change.new):
        return set()
    entries = [*read_schedule(change.old), *read_schedule(change.new)]
    return {
        prices[dimension]
        for prices in (get_current_rates(change), *map(read_entry_prices, entries))
        if dimension in prices
    }


def _has_new_price(pricing: Any, change: Change) -> bool:
    """Return whether an endpoint has a model's new list price, or its new schedule with the current rates."""
    prices = read_prices(pricing)
    if change.kind == REPRICED:
        return is_same_price(prices.get(change.field), change.new)
    rates = get_current_rates(change)
    is_same_schedule = is_same_value(read_schedule(pricing), read_schedule(change.new))
    return is_same_schedule and rates.items() <= prices.items()
