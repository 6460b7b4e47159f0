"""Facts that an index must have as events, and the excuses of changes without an event."""

from collections import Counter
from typing import Any, NamedTuple

from orarchive.jsonl import dumps
from tests.support.oracle.attempts import AttemptLog

EXCUSE_VOLATILE = "silent"
EXCUSE_TIME_OF_DAY = "clock"


class Fact(NamedTuple):
    """An event; `old` and `new` as JSON."""

    attempt: int
    kind: str
    feed: str
    key: str
    field: str = ""
    old: bytes | None = None
    new: bytes | None = None
    percent: float | None = None
    cause: str = ""
    after: str | None = None
    by: str = ""


class FactLog:
    """The facts of all attempts so far, and how often each excuse was used."""

    def __init__(self, log: AttemptLog) -> None:
        self.log = log
        self.facts: list[Fact] = []
        self.excuses: Counter[str] = Counter()

    def add(self, kind: str, feed: str, key: str, field: str = "", **values: Any) -> None:
        """Add a fact of the current attempt; `old` and `new` are values, `by` is its hour if left out."""
        for side in ("old", "new"):
            values[side] = to_json(values.get(side))
        values.setdefault("by", self.log.hour)
        self.facts.append(Fact(self.log.position, kind, feed, key, field, **values))

    def excuse(self, name: str) -> None:
        """Count a change without an event."""
        self.excuses[name] += 1


def to_json(value: Any) -> bytes | None:
    """Serialise a value; None stays None."""
    return None if value is None else dumps(value)
