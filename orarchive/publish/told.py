"""Changes told to people: one line a thing and hour, what follows from another line left out."""

import datetime as dt
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from itertools import groupby

from orarchive.changes import Change
from orarchive.prices import exact, is_dynamic
from orarchive.records import expiry
from orarchive.wording import (
    WHY,
    Voice,
    came,
    feed_name,
    in_order,
    label,
    model_of,
    offer,
    said_elsewhere,
    went,
    words,
)

PAGE = Voice(
    arrow="→",
    minus="−",
    ellipsis="…",
    most=6,
    name=lambda field, member: (f"{field}: {member}" if member else field).replace("_", " "),
    dimension=label,
)

SIGNS = {"cut": "▼", "rise": "▲"}


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
    """A word that is shown and that gives the line its colour: cut, rise, repriced, added, missing ..."""
    sign: str
    """The same as a sign: + came, − went, ▼ cheaper, ▲ dearer, ~ else."""
    model: str | None
    """The model that it is about, if it is about one."""
    subject: str
    """What it is about, in the feed's own name, where that is not the model alone."""
    moves: tuple[Move, ...] = ()
    parts: tuple[str, ...] = ()
    """Words, one each for what else there is to say."""


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


def _follows(change: Change, known: set[tuple[str, str, str | None]]) -> bool:
    """Whether there is nothing to tell: another line says it already, or both ends say the same."""
    model = model_of(change)
    if change.kind == "expiry_changed":
        return expiry(change.old) == expiry(change.new)
    if change.feed == "endpoints":
        pairs = {"joined": "added", "left": "missing"}
        return ("models", pairs.get(change.kind, ""), model) in known
    if change.feed == "zdr":
        follows = any(("endpoints", kind, change.key) in known for kind in ("joined", "left"))
        return follows or change.kind == "field_appeared"
    # an alias repeats its target's facts
    repeats = change.kind != "alias_moved" and ("models", "alias_moved", change.key) in known
    return said_elsewhere(change) or (change.feed == "models" and repeats)


def _lines(group: list[Change], changes: list[Change]) -> Iterator[Told]:
    """The lines for one record: one for each cause of its new prices, with all else in the first."""
    first = group[0]
    model = model_of(first)
    subject = _subject(first)
    if first.kind == "field_appeared":
        yield from (Told("new field", "+", None, f"{first.feed}: {one.key}") for one in group)
        return
    if came(first) or went(first):
        prices = tuple(Move(name, None, price) for name, price in offer(first).items())
        sign = "+" if came(first) else "−"
        yield Told(_kind(first), sign, model, subject, prices, tuple(_company(first, changes)))
        return
    moved = [change for change in group if change.kind == "repriced"]
    rest = [change for change in group if change.kind != "repriced"]
    for cause, same in groupby(sorted(moved, key=lambda one: one.cause), key=lambda one: one.cause):
        moves = {one.field: Move(one.field, one.old, one.new) for one in same}
        notes = [WHY[cause]] if cause in WHY else []
        kind = _way(moves.values()) if cause != "provider" else "listed price"
        lines = tuple(moves[name] for name in in_order(moves))
        yield Told(kind, SIGNS.get(kind, "~"), model, subject, lines, (*notes, *map(_words, rest)))
        rest = []
    if rest:
        yield Told(_kind(rest[0]), "~", model, subject, (), tuple(map(_words, rest)))


def _subject(change: Change) -> str:
    """What of its model a change is about, the model alone: "". Without a model, what it is about."""
    _, _, tag = change.key.partition("@")
    if change.feed in ("endpoints", "zdr"):
        return f"at {tag}"
    own = {"models": "", "providers": f"provider {change.key}", "image_endpoints": "as an image endpoint"}
    if change.feed in own:
        return own[change.feed]
    if model_of(change) is None:
        return f"{feed_name(change.feed)}: {change.key}"
    return f"at {tag} in {feed_name(change.feed)}" if tag else f"in {feed_name(change.feed)}"


def _kind(change: Change) -> str:
    if change.feed == "zdr":
        return f"zdr {change.kind}"
    if came(change) or went(change):
        return change.kind
    kinds = {"alias_moved": "alias moved", "expiry_changed": "expiry", "requantized": "requantized"}
    return kinds.get(change.kind, "edited")


def _way(moves: Iterable[Move]) -> str:
    ways = {move.way for move in moves}
    return {frozenset({-1}): "cut", frozenset({1}): "rise"}.get(frozenset(ways), "repriced")


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
    return f"discount {PAGE.pair(percent(old), percent(new))}"


def percent(share: Decimal | None) -> str:
    """A share of 1: `20 %`, `12.5 %`, `none`."""
    return f"{round(share * 100, 1).normalize():f} %" if share else "none"


def _words(change: Change) -> str:
    if change.kind == "discounted":
        return _discount(change)
    if change.kind == "expiry_changed":
        ends = (expiry(end) for end in (change.old, change.new))
        return f"expires {PAGE.pair(*('none' if end is None else str(end) for end in ends))}"
    return "description" if change.field == "description" else words(change, PAGE)
