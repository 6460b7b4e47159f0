"""Events told to people: one line a thing and hour, what follows from another line left out."""

import datetime as dt
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from itertools import groupby
from typing import Any

from orarchive.domain.changes import Change
from orarchive.domain.feeds import FEEDS
from orarchive.domain.phrasing import (
    CAUSE_PHRASES,
    Style,
    describe_change,
    format_feed,
    format_tariff,
    label_dimension,
    sort_dimensions,
)
from orarchive.domain.prices import format_price, is_dynamic
from orarchive.domain.records import as_number, parse_expiry
from orarchive.index.event_log import EventRow
from orarchive.publish.dataset import Dataset, PriceKey
from orarchive.timestamps import parse_stamp

PAGE_STYLE = Style(
    arrow="→",
    minus="−",
    ellipsis="…",
    max_items=6,
    format_field=lambda field, member: (f"{field}: {member}" if member else field).replace("_", " "),
    format_dimension=label_dimension,
)

TOPICS = {
    "price": ("repriced", "discounted"),
    "model": (
        "added",
        "first_observed",
        "returned",
        "missing",
        "deprecated",
        "removed",
        "renamed",
        "orphaned",
    ),
    "endpoint": ("joined", "left", "requantized", "gained", "lost"),
    "limit": ("limits_changed", "capabilities_changed"),
    "expiry": ("expiry_set", "expiry_moved", "expiry_cleared"),
    "other": ("edited", "alias_moved", "policy_changed", "field_appeared", "field_vanished", "restated"),
}
"""What one may look for among changes -> the kinds of events that it takes in."""

TOPIC_NAMES = {
    "price": "prices",
    "model": "models",
    "endpoint": "endpoints",
    "limit": "limits and abilities",
    "expiry": "expiry",
    "other": "other",
}

TOPIC = {kind: topic for topic, kinds in TOPICS.items() for kind in kinds}

HEALTH_KINDS = ("degraded", "recovered")
"""Told where an endpoint is shown, and nowhere else: it comes and goes by the hour."""

SIGNS = {
    **dict.fromkeys(("added", "joined", "gained", "first_observed", "field_appeared", "returned"), "+"),
    **dict.fromkeys(("missing", "left", "lost", "deprecated", "removed", "field_vanished", "orphaned"), "−"),
    "cut": "▼",
    "rise": "▲",
}

NAMES = {
    "first_observed": "first seen",
    "limits_changed": "limits",
    "capabilities_changed": "abilities",
    "expiry_set": "expiry",
    "expiry_moved": "expiry",
    "expiry_cleared": "expiry",
    "alias_moved": "alias moved",
    "policy_changed": "policy",
    "field_appeared": "new field",
    "field_vanished": "field gone",
    "gained": "zdr gained",
    "lost": "zdr lost",
}
"""What kinds of events are called in a line, where it is not their own name."""

KINDS = sorted(
    {NAMES.get(kind, kind) for kind in TOPIC if kind != "repriced"}
    | {"cut", "rise", "repriced", "listed price"}
)
"""Every kind of line."""

MAX_ITEMS = 8
"""Things that one line names."""

REASONS = {
    "gone": "OpenRouter knows it no more",
    "orphaned": "OpenRouter still knows it",
    "renamed": "OpenRouter answers with another id",
}
"""What asking for an id that is listed no more told."""


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
class ChangelogLine:
    """One line: what kind of thing happened to what."""

    kind: str
    """A word that is shown and that gives the line its colour: cut, rise, repriced, added, missing ..."""
    sign: str
    """The same as a sign: + came, − went, ▼ cheaper, ▲ dearer, ~ else."""
    topic: str
    model: str | None
    """The model that it is about, if it is about one."""
    subject: str
    """What it is about, in the feed's own name, where that is not the model alone."""
    event: str
    """What makes it this line and no other of its hour."""
    after: dt.datetime | None
    """It came about later than this hour, where that is not the hour before."""
    moves: tuple[Move, ...] = ()
    parts: tuple[str, ...] = ()
    """Words, one each for what else there is to say."""


@dataclass(frozen=True)
class ChangelogHour:
    """The lines of one hour."""

    hour: dt.datetime
    lines: list[ChangelogLine]
    more: int = 0
    """Lines left out."""


def build_changelog(events: Iterable[EventRow], book: Dataset) -> list[ChangelogHour]:
    """Events, which are in order, as lines by the hour, newest first; hours without lines are left out."""
    hours = [
        ChangelogHour(parse_stamp(hour), list(_hour(list(those), book)))
        for hour, those in groupby(events, lambda one: one.hour)
    ]
    return [one for one in reversed(hours) if one.lines]


def _hour(events: list[EventRow], book: Dataset) -> Iterator[ChangelogLine]:
    known = {(one.feed, one.key, one.kind) for one in events}
    news = sorted((one for one in events if not _follows(one, known)), key=_place)
    # what was restated in an hour is one line
    for _, group in groupby(news, lambda one: (one.feed, one.key if one.feed in FEEDS else "")):
        yield from _lines(list(group), events, book)


def _place(one: EventRow) -> tuple[int, str, str]:
    feeds = ("models", "endpoints", "providers")
    return (feeds.index(one.feed) if one.feed in feeds else len(feeds), one.feed, one.key)


def _follows(one: EventRow, known: set[tuple[str, str, str]]) -> bool:
    """Whether there is nothing to tell: another line says it already."""
    if one.kind in ("joined", "left", "gained", "lost") and one.cause in ("model", "endpoint"):
        return True
    if one.kind == "repriced" and one.feed == "models":
        return one.cause in ("endpoint", "schedule")
    # an alias repeats its target's facts
    moved = ("models", one.key, "alias_moved") in known
    return one.feed == "models" and moved and one.kind != "alias_moved"


def _lines(group: list[EventRow], events: list[EventRow], book: Dataset) -> Iterator[ChangelogLine]:
    """The lines of one record: one for each event of its own, one for each cause of its new prices."""
    whole = [one for one in group if not one.field or one.is_of_field]
    for one in whole:
        yield _line(one, _arrived(one, book), tuple(_more(one, events)))
    moved = sorted((one for one in group if one.kind == "repriced"), key=lambda one: one.cause)
    for cause, same in groupby(moved, lambda one: one.cause):
        yield _repriced(cause, list(same))
    rest = [one for one in group if one not in whole and one.kind != "repriced"]
    for _, same in groupby(sorted(rest, key=lambda one: NAMES.get(one.kind, one.kind)), lambda one: one.kind):
        those = list(same)
        more = [f"and {len(those) - MAX_ITEMS} more"] if len(those) > MAX_ITEMS else []
        yield _line(those[0], (), (*map(_words, those[:MAX_ITEMS]), *more))


def _line(one: EventRow, moves: tuple[Move, ...], parts: tuple[str, ...], kind: str = "") -> ChangelogLine:
    kind = kind or NAMES.get(one.kind, one.kind)
    model = one.key.partition("@")[0] if _is_of_model(one) else None
    after = parse_stamp(one.after) if one.after else None
    event = f"{one.feed}/{one.key}/{one.kind}" + (f"/{one.cause}" if one.cause else "")
    topic = TOPIC.get(one.kind, "other")
    return ChangelogLine(kind, _sign(one, kind), topic, model, _subject(one), event, after, moves, parts)


def _sign(one: EventRow, kind: str) -> str:
    feed = FEEDS.get(one.feed)
    ends = {feed.added_kind: "+", feed.removed_kind: "−"} if feed else {}
    return SIGNS.get(kind) or SIGNS.get(one.kind) or ends.get(one.kind, "~")


def _repriced(cause: str, group: list[EventRow]) -> ChangelogLine:
    moves = {one.field: move for one in group if (move := _move(one))}
    place = {name: n for n, name in enumerate(sort_dimensions({one.field for one in group}))}
    by_conditions = sorted(filter(_is_ruled, group), key=lambda one: place[one.field])
    ruled = [_ruled(one, one.field in moves) for one in by_conditions]
    lines = tuple(moves[name] for name in sort_dimensions(moves))
    ways = {move.way for move in lines}
    kind = {frozenset({-1}): "cut", frozenset({1}): "rise"}.get(frozenset(ways), "repriced")
    notes = [CAUSE_PHRASES[cause]] if cause in CAUSE_PHRASES and group[0].feed == "models" else []
    return _line(group[0], lines, (*notes, *ruled), "listed price" if cause == "provider" else kind)


def _move(one: EventRow) -> Move | None:
    """How a price moved; of one that conditions rule the price without any, where both ends have one."""
    ends = [_plain(end) for end in (one.old, one.new)]
    return None if _is_ruled(one) and None in ends else Move(one.field, *ends)


def _plain(end: Any) -> Decimal | None:
    if isinstance(end, list):
        return next((Decimal(entry["price"]) for entry in end if entry.keys() == {"price"}), None)
    return None if end is None else Decimal(end)


def _is_ruled(one: EventRow) -> bool:
    """Whether a price was or is ruled by conditions."""
    return isinstance(one.old, list) or isinstance(one.new, list)


def _ruled(one: EventRow, said: bool) -> str:
    """How a price that conditions rule changed."""
    ends = (_tariff(one, end, said) for end in (one.old, one.new))
    return f"{label_dimension(one.field)} {PAGE_STYLE.format_pair(*ends)}"


def _tariff(one: EventRow, end: Any, said: bool) -> str:
    """A price, or the list of conditions that rule it; without the plain price where that is said already."""
    if isinstance(end, list):
        return format_tariff(
            one.field, [entry for entry in end if not said or entry.keys() != {"price"}], PAGE_STYLE
        )
    if said:
        return "no conditions"
    return format_price(one.field, None if end is None else Decimal(end))


def _arrived(one: EventRow, book: Dataset) -> tuple[Move, ...]:
    """The prices that something came with."""
    if one.kind not in ("added", "first_observed", "joined"):
        return ()
    points = book.prices.get((one.feed, one.key), {})
    hour = parse_stamp(one.hour)
    found = {
        name: [point for point in points.get(PriceKey(name), ()) if point.first == hour] for name in OFFER
    }
    return tuple(Move(name, None, some[0].amount) for name, some in found.items() if some)


OFFER = ("prompt", "completion")


def _more(one: EventRow, events: list[EventRow]) -> Iterator[str]:
    """What else there is to say of an event of a whole record."""
    if one.kind == "returned":
        yield f"was {one.old}"
    if one.cause in REASONS:
        yield REASONS[one.cause]
    if one.feed == "models" and one.kind in ("added", "missing"):
        kind = "joined" if one.kind == "added" else "left"
        count = sum(other.kind == kind and other.key.startswith(f"{one.key}@") for other in events)
        if count:
            yield f"with {count} endpoint{'' if count == 1 else 's'}"


def _is_of_model(one: EventRow) -> bool:
    return one.feed in FEEDS and FEEDS[one.feed].is_about_models and not one.is_of_field


def _subject(one: EventRow) -> str:
    """What of its model an event is about, the model alone: "". Without a model, what it is about."""
    _, _, tag = one.key.partition("@")
    if not _is_of_model(one):
        is_provider = one.feed == "providers" and not one.is_of_field
        what = "provider" if is_provider else f"{format_feed(one.feed)}:"
        return f"{what} {one.key}"
    if one.feed in ("endpoints", "zdr"):
        return f"at {tag}"
    own = {"models": "", "image_endpoints": "as an image endpoint"}
    if one.feed in own:
        return own[one.feed]
    return f"at {tag} in {format_feed(one.feed)}" if tag else f"in {format_feed(one.feed)}"


def _words(one: EventRow) -> str:
    if one.kind == "restated":
        return f"{one.key} of {one.field} {one.percent:+.1f} %"
    if one.kind == "discounted":
        shares = (format_share(as_number(end)) for end in (one.old, one.new))
        return f"discount {PAGE_STYLE.format_pair(*shares)}"
    if one.kind.startswith("expiry_"):
        ends = (parse_expiry(end) for end in (one.old, one.new))
        return PAGE_STYLE.format_pair(*("none" if end is None else str(end) for end in ends))
    if one.field == "description":
        return "description"
    said = describe_change(Change(one.kind, one.feed, one.key, one.field, one.old, one.new), PAGE_STYLE)
    return said or f"{PAGE_STYLE.format_field(one.field, '')} spelled another way"


def format_share(share: Decimal | None) -> str:
    """A share of 1: `20 %`, `12.5 %`, `none`."""
    return f"{round(share * 100, 1).normalize():f} %" if share else "none"
