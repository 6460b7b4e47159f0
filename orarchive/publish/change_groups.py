"""Groups of changes: what changed of a model in an hour is one entry, the most important first.

Pages and news feeds order changes by this rule, which the page of changes states for its readers. Minor
changes are folded: OpenRouter lists another provider first, with what follows from that; an edited name or
description, or default parameters; limits that move by less than 1 %; a field that appears in or vanishes
from the service's answers; a restated ranking; and a model that is still missing after 14 and 30 days, which
was told when it went.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum
from operator import itemgetter

from orarchive.domain.event_kinds import (
    ADDED,
    DEPRECATED,
    EDITED,
    EXPIRY_CLEARED,
    EXPIRY_MOVED,
    EXPIRY_SET,
    FIELD_APPEARED,
    FIELD_VANISHED,
    FIRST_OBSERVED,
    HEALTH_LABELS,
    LIMITS_CHANGED,
    LIST_PRICE,
    LISTED_PROVIDER,
    MISSING,
    REMOVED,
    RESTATED,
    RETURNED,
    get_event_kind,
)
from orarchive.domain.records import get_lab
from orarchive.publish.changelog import ChangelogHour, ChangelogLine
from orarchive.publish.limit_words import LISTED_PROVIDER_FIELD

MAX_USED_MODELS = 100
"""The first models of OpenRouter's ranking by use that count as used."""

MIN_LAB_MODELS = 5
"""Models that a lab must have had to count as known."""

DEFAULTS_FIELD = "default_parameters"
"""Field of a model that says what OpenRouter takes where a request says nothing."""


class Rank(IntEnum):
    """Order of changes, the most important first."""

    PRICE_OF_USED = 0
    RETIREMENT = 1
    NEW_MODEL = 2
    PRICE = 3
    OTHER = 4
    MINOR = 5


def _list_labels(*kinds: str) -> frozenset[str]:
    return frozenset(get_event_kind(kind).label for kind in kinds)


MINOR_LABELS = _list_labels(EDITED, FIELD_APPEARED, FIELD_VANISHED, RESTATED, DEPRECATED, REMOVED) | {
    LISTED_PROVIDER
}
LIMITS_LABELS = _list_labels(LIMITS_CHANGED)
RETIREMENT_LABELS = _list_labels(MISSING, EXPIRY_SET, EXPIRY_MOVED, EXPIRY_CLEARED)
ARRIVAL_LABELS = _list_labels(ADDED, FIRST_OBSERVED, RETURNED)


@dataclass(frozen=True)
class Importance:
    """The models and labs that many readers care for."""

    used_models: frozenset[str] | None = None
    """The most used models; None where no use is on record: every model counts then."""
    known_labs: frozenset[str] | None = None
    """The labs that had several models; None where every lab counts."""

    def rank(self, line: ChangelogLine) -> Rank:
        """Return the rank of a line."""
        if is_minor(line):
            return Rank.MINOR
        if line.kind == LIST_PRICE:
            return Rank.PRICE
        if line.topic == "price" and line.model:
            is_used = self.used_models is None or line.model in self.used_models
            return Rank.PRICE_OF_USED if is_used else Rank.PRICE
        if line.model is None or line.subject:
            return Rank.OTHER
        if line.kind in RETIREMENT_LABELS:
            return Rank.RETIREMENT
        is_known = self.known_labs is None or get_lab(line.model) in self.known_labs
        return Rank.NEW_MODEL if line.kind in ARRIVAL_LABELS and is_known else Rank.OTHER

    def restrict(self, models: Iterable[str]) -> "Importance":
        """Return what there is to say of some models."""
        names = {*models}
        return Importance(
            None if self.used_models is None else self.used_models & names,
            None if self.known_labs is None else self.known_labs & {*map(get_lab, names)},
        )


@dataclass(frozen=True)
class ChangeGroup:
    """The lines of a model in an hour, or a line that is about no model."""

    hour: dt.datetime
    rank: Rank
    lines: tuple[ChangelogLine, ...]
    """The most important first."""

    @property
    def model(self) -> str | None:
        """Return the id of the model; None for a line that is about none."""
        return self.lines[0].model

    @property
    def size(self) -> float:
        """Return the size of the largest price move of the group, percent; 0 where there is none."""
        moves = (move for line in self.lines for move in line.moves)
        return max((abs(float(move.percent or 0)) for move in moves), default=0.0)


@dataclass(frozen=True)
class GroupedChanges:
    """The groups of some hours, ranked, and those of minor lines."""

    groups: list[ChangeGroup]
    minor: list[ChangeGroup]

    @property
    def minor_count(self) -> int:
        """Return the number of minor lines."""
        return sum(len(group.lines) for group in self.minor)


def is_minor(line: ChangelogLine) -> bool:
    """Return whether a line says so little that pages fold it."""
    if line.kind in MINOR_LABELS or line.is_small or line.fields == (DEFAULTS_FIELD,):
        return True
    return line.kind in LIMITS_LABELS and {*line.fields} == {LISTED_PROVIDER_FIELD}


def group_changes(hours: Iterable[ChangelogHour], importance: Importance) -> GroupedChanges:
    """Group the lines of hours by hour and model; within a rank the newest hour and the largest move first.

    The hours are given newest first.
    """
    groups: list[ChangeGroup] = []
    for hour in hours:
        groups += _group_lines(hour, importance)
    groups.sort(key=lambda group: (group.rank, -group.hour.timestamp(), -group.size))
    return GroupedChanges(
        groups=[group for group in groups if group.rank < Rank.MINOR],
        minor=[group for group in groups if group.rank == Rank.MINOR],
    )


def _group_lines(hour: ChangelogHour, importance: Importance) -> Iterable[ChangeGroup]:
    """Yield the groups of an hour; the minor lines of a model are a group of their own."""
    groups: dict[tuple[bool, str, str], list[tuple[Rank, ChangelogLine]]] = defaultdict(list)
    for line in hour.lines:
        rank = importance.rank(line)
        name = (rank == Rank.MINOR, line.model or "", "" if line.model else line.event)
        groups[name].append((rank, line))
    for _, ranked in sorted(groups.items()):
        ranked.sort(key=itemgetter(0))
        yield ChangeGroup(hour.hour, ranked[0][0], tuple(line for _, line in ranked))


def leave_out_health(hours: Iterable[ChangelogHour]) -> list[ChangelogHour]:
    """Return hours without the lines about health, which are left to the pages of models and providers."""
    rest = (
        ChangelogHour(hour.hour, [line for line in hour.lines if line.kind not in HEALTH_LABELS])
        for hour in hours
    )
    return [hour for hour in rest if hour.lines]
