"""Events in the files of the API, each with a permanent id."""

import hashlib
from collections import Counter
from collections.abc import Iterable
from typing import Any

from msgspec import UNSET

from orarchive.index.events import Event
from orarchive.jsonl import dumps
from orarchive.publish.api import types

EVENT_ID_DIGITS = 12
"""Hex digits that tell the events of an hour apart."""


def build_events(events: Iterable[Event]) -> list[types.Event]:
    """Return events, oldest first, with their ids; all that are told apart by no more must be among them."""
    repetitions: Counter[bytes] = Counter()
    return [_build_event(event, repetitions) for event in events]


def _build_event(event: Event, repetitions: Counter[bytes]) -> types.Event:
    """Return an event with its id; `repetitions` counts the events so far that are told apart by no more.

    The id is made of what never changes: not of values, which another rule could spell otherwise. A repair of
    an hour may repeat an event of it; as events are appended, the number of the repetition stays, too.
    """
    identity = dumps([event.origin, event.hour, event.feed, event.kind, event.key, event.field])
    repetitions[identity] += 1
    digest = hashlib.sha256(identity + b"%d" % repetitions[identity]).hexdigest()
    return types.Event(
        id=f"{event.hour[:13]}Z-{digest[:EVENT_ID_DIGITS]}",
        hour=event.hour,
        after=event.after or UNSET,
        by=event.by,
        kind=event.kind,
        feed=event.feed,
        key=event.key,
        field=event.field or UNSET,
        old=_omit_none(event.old),
        new=_omit_none(event.new),
        percent=_omit_none(event.percent),
        cause=event.cause or UNSET,
        origin=event.origin,
    )


def _omit_none(value: Any) -> Any:
    """Return a value, or for None the sign that its member is left out."""
    return UNSET if value is None else value
