"""Every event of an index as rows, by hour, month and model; an event is decoded when it is asked for.

A year has 80,000 events, of which the pages that change with an hour need a few hundred.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import groupby

from orarchive.domain.event_kinds import get_event_kind
from orarchive.domain.feeds import FEEDS
from orarchive.domain.keys import get_model_of_key
from orarchive.index.event_log import EventRow, RecordNames, decode_event
from orarchive.index.events import OF_FIELDS, Event

MONTH_LENGTH = len("2026-11")


@dataclass(frozen=True)
class EventLog:
    """All events, oldest first."""

    rows: Sequence[EventRow] = ()
    names: RecordNames = field(default_factory=dict)

    def __iter__(self) -> Iterator[Event]:
        """Yield every event."""
        return self.decode(self.rows)

    def __len__(self) -> int:
        """Return the number of events."""
        return len(self.rows)

    def decode(self, rows: Iterable[EventRow]) -> Iterator[Event]:
        """Yield the events of rows of this log; each is decoded once, for its month and its model need it."""
        decoded = self._decoded
        for row in rows:
            event = decoded.get(id(row))
            if event is None:
                event = decoded[id(row)] = decode_event(row, self.names)
            yield event

    @cached_property
    def _decoded(self) -> dict[int, Event]:
        """Return the events decoded so far, by the `id()` of their rows, which live as long as the log."""
        return {}

    @cached_property
    def by_hour(self) -> dict[str, list[EventRow]]:
        """Return the rows of each hour that has events, oldest first."""
        return _group(self.rows, lambda row: row.hour)

    @cached_property
    def by_month(self) -> dict[str, list[EventRow]]:
        """Return the rows of each month that has events, oldest first: `2026-11`."""
        return _group(self.rows, lambda row: row.hour[:MONTH_LENGTH])

    @cached_property
    def by_model(self) -> dict[str, list[EventRow]]:
        """Return the rows of each model and of its endpoints, oldest first."""
        of_models = {name for name, feed in FEEDS.items() if feed.is_about_models}
        rows = (row for row in self.rows if row.feed in of_models and row.kind not in OF_FIELDS)
        names = self.names
        return _group(rows, lambda row: get_model_of_key(names.get((row.feed, row.key), row.key)))

    @cached_property
    def last_hours(self) -> dict[str, str]:
        """Return the last hour with an event of each feed."""
        return {row.feed: row.hour for row in self.rows}

    def select(self, kind: str, feed: str) -> Iterator[EventRow]:
        """Yield the rows of a kind that are about a feed's records."""
        return (row for row in self.rows if row.kind == kind and row.feed == feed)


def select_shown(rows: Iterable[EventRow]) -> list[EventRow]:
    """Return the rows of changelogs: health is left to the pages of models and providers."""
    return [row for row in rows if not get_event_kind(row.kind).is_health]


def split_hours(rows: Iterable[EventRow]) -> Iterator[list[EventRow]]:
    """Yield the rows of each hour, given oldest first."""
    return (list(group) for _, group in groupby(rows, key=lambda row: row.hour))


def _group(rows: Iterable[EventRow], get_name: Callable[[EventRow], str]) -> dict[str, list[EventRow]]:
    """Group rows by a name, in the order in which the names come."""
    groups: dict[str, list[EventRow]] = defaultdict(list)
    for row in rows:
        groups[get_name(row)].append(row)
    return dict(groups)
