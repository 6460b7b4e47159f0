"""Changelog: events as lines for people, by subject, kind and hour. Lines that repeat others are left out."""

import datetime as dt
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from itertools import groupby
from typing import Any

from orarchive.domain.event_kinds import (
    ABSENCE_DAYS,
    ADDED,
    ALIAS_MOVED,
    CUT,
    DISCOUNTED,
    EXPIRY_CLEARED,
    EXPIRY_MOVED,
    EXPIRY_SET,
    GAINED,
    JOINED,
    LEFT,
    LIMITS_CHANGED,
    LIST_PRICE,
    LISTED_PROVIDER,
    LOST,
    MISSING,
    PRICE_LABELS,
    REPRICED,
    RESTATED,
    RETURNED,
    RISE,
    get_event_kind,
)
from orarchive.domain.feeds import FEEDS
from orarchive.domain.figures import format_percent_change, format_share
from orarchive.domain.keys import EndpointKey, get_model_of_key
from orarchive.domain.phrasing import (
    Style,
    describe_change,
    format_feed,
    label_dimension,
    list_conditions,
    sort_dimensions,
)
from orarchive.domain.prices import (
    MAIN_DIMENSIONS,
    format_price,
    format_unit,
    parse_price,
)
from orarchive.domain.records import as_number, parse_expiry
from orarchive.index.events import Event
from orarchive.publish.dataset import Dataset
from orarchive.publish.field_labels import FLAG_WORDS, describe_parameters, drop_modality, label_field
from orarchive.publish.first_prices import describe_first_rates, list_first_prices
from orarchive.publish.limit_words import drop_repeated_limits, is_small_change
from orarchive.publish.price_moves import (
    LISTED,
    UNEXPLAINED,
    UNREAD,
    Move,
    find_price_cause,
    has_conditions,
    is_timed,
    read_move,
)
from orarchive.timestamps import format_day, parse_stamp

PAGE_STYLE = Style(
    arrow="→",
    minus="−",
    range_dash="–",
    ellipsis="…",
    max_items=6,
    format_field=label_field,
    format_dimension=label_dimension,
    cause_phrases={"provider": "another provider listed first"},
    probe_phrases={
        "gone": "OpenRouter no longer knows it",
        "unlisted": "OpenRouter still knows it",
        "renamed": "OpenRouter answers with another id",
    },
    flag_words=FLAG_WORDS,
    null_words="not stated",
    groups_digits=True,
)

UNCONFIRMED_LABELS = {LISTED: LISTED_PROVIDER, UNEXPLAINED: LIST_PRICE, UNREAD: LIST_PRICE}
"""Cause -> label of a line of new prices that no provider is known to have made."""

MAX_ITEMS = 8
"""Changes that one line names."""


@dataclass(frozen=True)
class ChangelogLine:
    """One line: a kind of change, and what it happened to."""

    kind: str
    """The label, which also gives the line its colour: cut, rise, repriced, added, missing ..."""
    sign: str
    """The same as a sign: + added, − removed, ▼ cheaper, ▲ dearer, ~ anything else."""
    topic: str
    model: str | None
    """The id of the model that it is about; None where it is about no model."""
    subject: str
    """What it is about: without a model the feed and key, else what of the model; "" for the model alone."""
    event: str
    """Identifies the line among those of its hour."""
    after: dt.datetime | None
    """It came about later than this hour; None where that is the hour before."""
    moves: tuple[Move, ...] = ()
    parts: tuple[str, ...] = ()
    """Everything else that there is to say, in words."""
    counted: tuple[str, ...] = ()
    """Names that the words count."""
    fields: tuple[str, ...] = ()
    """The fields that changed; () of a whole record."""
    has_conditions: bool = False
    """Whether prices under conditions changed, which `moves` do not state."""
    is_small: bool = False
    """Whether limits or features changed so little that it hardly matters."""


@dataclass(frozen=True)
class ChangelogHour:
    """The lines of one hour."""

    hour: dt.datetime
    lines: list[ChangelogLine]


def build_changelog(events: Iterable[Event], dataset: Dataset) -> list[ChangelogHour]:
    """Return events as lines by the hour, newest first; hours without lines are left out.

    The events are in the order in which they became known.
    """
    hours = [
        ChangelogHour(parse_stamp(stamp), list(_build_hour(list(group), dataset)))
        for stamp, group in groupby(events, lambda event: event.hour)
    ]
    return [hour for hour in reversed(hours) if hour.lines]


def _build_hour(events: list[Event], dataset: Dataset) -> Iterator[ChangelogLine]:
    moved_aliases = {event.key for event in events if (event.feed, event.kind) == ("models", ALIAS_MOVED)}
    of_endpoints = {
        (event.kind, get_model_of_key(event.key)) for event in events if event.feed == "endpoints"
    }
    distinct = sorted(
        (event for event in events if not _is_repetition(event, moved_aliases, of_endpoints)), key=_sort_key
    )
    # Events of feeds that are no snapshot's, such as restated rankings, share a line whatever their key.
    for _, group in groupby(distinct, lambda event: (event.feed, event.key if event.feed in FEEDS else "")):
        yield from _build_lines(list(group), events, dataset)


def _sort_key(event: Event) -> tuple[int, str, str]:
    feeds = ("models", "endpoints", "providers")
    return (feeds.index(event.feed) if event.feed in feeds else len(feeds), event.feed, event.key)


def _is_repetition(event: Event, moved_aliases: set[str], of_endpoints: set[tuple[str, str]]) -> bool:
    """Return whether another line of the hour already reports an event.

    `of_endpoints` are the kinds of the events of endpoints, each with the model: a model's new price follows
    from an endpoint's only where that has a line, which a time-of-day price that an endpoint keeps has not.
    """
    if event.kind in (JOINED, LEFT, GAINED, LOST) and event.cause in ("model", "endpoint"):
        return True
    if event.feed == "models" and event.kind in (REPRICED, LIMITS_CHANGED) and event.cause:
        return event.cause in ("endpoint", "schedule") and (event.kind, event.key) in of_endpoints
    # A moved alias has other values because it repeats the facts of its new target.
    return event.feed == "models" and event.key in moved_aliases and event.kind != ALIAS_MOVED


def _build_lines(group: list[Event], events: list[Event], dataset: Dataset) -> Iterator[ChangelogLine]:
    """Yield the lines of one record, whose events are `group`; `events` are all events of the hour.

    There is one line for each event of the whole record, one for the new prices of each cause, and one for
    each kind of change of its fields.
    """
    of_record = [event for event in group if not event.field or event.is_of_field]
    for event in of_record:
        yield _build_line(
            event,
            moves=list_first_prices(event, dataset),
            parts=tuple(_describe_record_event(event, events, dataset)),
        )
    limits = [event for event in group if event.kind == LIMITS_CHANGED and event.cause == LISTED]
    causes: dict[str, list[Event]] = {LISTED: []} if limits else {}
    for event in group:
        if event.kind == REPRICED:
            causes.setdefault(find_price_cause(event, dataset), []).append(event)
    for cause, repriced in sorted(causes.items()):
        yield _build_price_line(cause, repriced, limits if cause == LISTED else [])
    rest = [event for event in group if event not in [*of_record, *limits] and event.kind != REPRICED]
    of_fields = sorted(rest, key=lambda event: get_event_kind(event.kind).label)
    for _, same_kind in groupby(of_fields, lambda event: event.kind):
        changed = list(same_kind)
        omitted = [f"and {len(changed) - MAX_ITEMS:,} more"] if len(changed) > MAX_ITEMS else []
        words = [(event.field, _describe_field_event(event)) for event in changed[:MAX_ITEMS]]
        yield _build_line(
            changed[0],
            parts=(*drop_repeated_limits(words), *omitted),
            counted=tuple(filter(None, (describe_parameters(event.to_change())[1] for event in changed))),
            fields=tuple(event.field for event in changed),
            is_small=get_event_kind(changed[0].kind).topic == "limit" and all(map(is_small_change, changed)),
        )


def _build_line(event: Event, price_label: str = "", **said: Any) -> ChangelogLine:
    """Return the line of an event; `said` are the members that say what happened."""
    kind = get_event_kind(event.kind)
    return ChangelogLine(
        kind=price_label or kind.label,
        sign=PRICE_LABELS[price_label] if price_label else kind.sign,
        topic=kind.topic,
        model=get_model_of_key(event.key) if _is_of_model(event) else None,
        subject=_format_subject(event),
        event=f"{event.feed}/{event.key}/{event.kind}" + (f"/{event.cause}" if event.cause else ""),
        after=parse_stamp(event.after) if event.after else None,
        **said,
    )


def _build_price_line(cause: str, events: list[Event], limits: list[Event]) -> ChangelogLine:
    """Return the line of the new prices of one record that share a cause, and of limits that have it, too."""
    moves = {event.field: move for event in events if (move := read_move(event))}
    ranks = {name: rank for rank, name in enumerate(sort_dimensions({event.field for event in events}))}
    conditional = sorted(filter(has_conditions, events), key=lambda event: ranks[event.field])
    tariffs = [_describe_tariffs(event, event.field in moves) for event in conditional]
    sorted_moves = tuple(moves[name] for name in sort_dimensions(moves))
    # A cache price that came with cheaper tokens does not make the move a mixed one.
    main_moves = [move for move in sorted_moves if move.dimension in MAIN_DIMENSIONS]
    directions = frozenset(move.direction for move in main_moves or sorted_moves)
    label = {frozenset({-1}): CUT, frozenset({1}): RISE}.get(directions, get_event_kind(REPRICED).label)
    changed = [*events, *limits]
    words = [describe_change(event.to_change(), PAGE_STYLE) for event in limits]
    return _build_line(
        changed[0],
        UNCONFIRMED_LABELS.get(cause, label),
        moves=sorted_moves,
        parts=(*tariffs, *filter(None, words)),
        fields=tuple(event.field for event in changed),
        has_conditions=bool(conditional),
    )


def _describe_tariffs(event: Event, has_move: bool) -> str:
    """Phrase a price with conditions, by each: `input, TIME OF DAY: $3.00 → $1.00 per M`.

    With `has_move` a move states its plain price. Where there was or is only that, it is the price at every
    time of day; of longer prompts a first price is no rise, as they can have cost that much before.
    """
    old, new = (_read_tariff(value) for value in (event.old, event.new))
    # What holds where a condition has no price of its own.
    bases = [tariff.get("") if is_timed(event) and tariff.keys() <= {""} else None for tariff in (old, new)]
    parts = []
    for condition in dict.fromkeys((*new, *old)):
        before, after = old.get(condition, bases[0]), new.get(condition, bases[1])
        if before != after and (condition or not has_move):
            words = _describe_tariff_change(event.field, before, after, bool(condition))
            parts.append(f"{condition}: {words}" if condition else words)
    omitted = [f"and {len(parts) - MAX_ITEMS:,} more"] if len(parts) > MAX_ITEMS else []
    return f"{label_dimension(event.field)}, {'; '.join([*parts[:MAX_ITEMS], *omitted]) or 'conditions'}"


def _describe_tariff_change(
    dimension: str, before: Decimal | None, after: Decimal | None, is_conditional: bool
) -> str:
    """Phrase how a price changed; None stands for none."""
    old, new = (format_price(dimension, price) for price in (before, after))
    if is_conditional and before is None:
        return f"first listed, {new}"
    if is_conditional and after is None:
        return f"no longer listed, {old} before"
    return PAGE_STYLE.format_pair(old.removesuffix(format_unit(dimension)), new)


def _read_tariff(value: Any) -> dict[str, Decimal | None]:
    """Read a price and those under conditions: the words of a condition, "" for none -> the price."""
    if not isinstance(value, list):
        return {"": None if value is None else Decimal(value)}
    return {", ".join(list_conditions(entry, PAGE_STYLE)): parse_price(entry["price"]) for entry in value}


def _describe_record_event(event: Event, events: list[Event], dataset: Dataset) -> Iterator[str]:
    """Yield details of an event of a whole record; `events` are all events of the hour."""
    yield from describe_first_rates(event, dataset)
    if event.kind == RETURNED and event.old in ABSENCE_DAYS:
        yield f"after {ABSENCE_DAYS[event.old]} days or more"
    if event.cause in PAGE_STYLE.probe_phrases:
        yield PAGE_STYLE.probe_phrases[event.cause]
    if event.feed == "models" and event.kind in (ADDED, MISSING):
        kind = JOINED if event.kind == ADDED else LEFT
        count = sum(
            other.kind == kind and other.feed == "endpoints" and get_model_of_key(other.key) == event.key
            for other in events
        )
        if count:
            verb = "with" if event.kind == ADDED else "had"
            yield f"{verb} {count} endpoint{'' if count == 1 else 's'}"


def _is_of_model(event: Event) -> bool:
    return event.feed in FEEDS and FEEDS[event.feed].is_about_models and not event.is_of_field


def _format_subject(event: Event) -> str:
    """Format the record that an event is about, seen from its model: the tag of an endpoint, `other#1`.

    "" for the model itself; feed and key for a record that belongs to no model.
    """
    if not _is_of_model(event):
        is_provider = event.feed == "providers" and not event.is_of_field
        prefix = "provider" if is_provider else f"{format_feed(event.feed)}:"
        return f"{prefix} {event.key}"
    if event.feed == "models":
        return ""
    if event.feed == "image_endpoints":
        return "as an image endpoint"
    endpoint = EndpointKey.parse(event.key)
    at_endpoint = f"at {endpoint.label}" if endpoint else ""
    if event.feed in ("endpoints", "zdr"):
        return at_endpoint
    return f"{at_endpoint} in {format_feed(event.feed)}".strip()


def _describe_field_event(event: Event) -> str:
    if event.kind == RESTATED:
        return f"{event.key} of {event.field} {format_percent_change(event.percent or 0, PAGE_STYLE.minus)}"
    if event.kind == DISCOUNTED:
        discounts = (as_number(value) for value in (event.old, event.new))
        shares = (format_share(discount) if discount else "none" for discount in discounts)
        return f"discount {PAGE_STYLE.format_pair(*shares)}"
    if event.kind in (EXPIRY_SET, EXPIRY_MOVED, EXPIRY_CLEARED):
        return _describe_expiry(*(parse_expiry(value) for value in (event.old, event.new)))
    if event.field == "description":
        return "description"
    change = drop_modality(event.to_change())
    words = describe_parameters(change)[0] or describe_change(change, PAGE_STYLE)
    return words or f"{PAGE_STYLE.format_field(event.field, '')} spelled another way"


def _describe_expiry(old: dt.date | None, new: dt.date | None) -> str:
    """Phrase a new date of the end of a model; None stands for none, and for one that cannot be read."""
    if new is None:
        return f"no longer ends on {format_day(old)}" if old else "has no date of its end"
    return f"ends on {format_day(new)}" + (f", not {format_day(old)}" if old else "")
