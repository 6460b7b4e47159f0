"""Checks: each may refuse a payload, with a named reason. A refused payload never replaces a good one."""

from collections.abc import Collection
from typing import Any

from orarchive.collect.answer import Answer
from orarchive.facets import canonical
from orarchive.feeds import Feed
from orarchive.jsonl import Record

SHRINK = 0.2
"""Largest believable loss of rows between two hours: the worst true one on record was 8 %
(364 to 336 models on 31 July 2026), the next larger ones were gaps of months and a broken file."""

COUNT_SKEW = 2
"""How far the list may be from `/models/count`: the two are cached apart at the edge."""


class Refusal(Exception):
    """A payload is not to be believed; `reason` is one word of the ledger, `detail` says more."""

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(f"{reason}: {detail}" if detail else reason)
        self.reason = reason


def listed(feed: Feed, body: Any) -> list[Record]:
    """The rows of a list feed's response, checked by themselves: shape, keys, and its own count."""
    payload = _member(body, feed.wrapper)
    if not isinstance(payload, list) or not all(isinstance(row, dict) for row in payload):
        raise Refusal("wrong-shape", f"{feed.wrapper} is not a list of objects")
    for position, row in enumerate(payload):
        _keyed(row, feed.key, position)
    if not feed.copies:  # rows that repeat endpoints have no key of their own
        _unique([row[feed.key[0]] for row in payload])
    if isinstance(body.get("links"), dict) and body["links"].get("next") is not None:
        raise Refusal("more-pages", "the list goes on elsewhere")
    total = body.get("total_count")
    if isinstance(total, int) and total != len(payload):
        raise Refusal("count-mismatch", f"{len(payload)} rows, total_count {total}")
    return [canonical(row, feed.sets) for row in payload]


def response(feed: Feed, body: Any) -> Record:
    """One response of a sweep, checked by itself: its shape, and the keys of its items."""
    payload = _member(body, feed.wrapper)
    items = _member(payload, feed.items)
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise Refusal("wrong-shape", f"{feed.items} is not a list of objects")
    if feed.item_lines:
        for position, item in enumerate(items):
            _keyed(item, feed.key, position)
    canonical(payload, feed.sets)
    return dict(body)


def plausible(feed: Feed, count: int, before: int, accepted: bool) -> None:
    """Refuse a feed that is empty or shrank by more than a fifth; `accepted` waves a shrink through."""
    if not count and (feed.must_have_rows or (before and not accepted)):
        raise Refusal("empty", f"{before} before")
    if count < before * (1 - SHRINK) and not accepted:
        raise Refusal("shrunk", f"{before} to {count}")


def counted(count: int, answer: Answer) -> str | None:
    """Refuse a list that `/models/count` contradicts; a count that was not had is only noted."""
    body = answer.body
    said = (
        body["data"].get("count") if isinstance(body, dict) and isinstance(body.get("data"), dict) else None
    )
    if not isinstance(said, int):
        return f"no count to compare with: {answer.reason or 'wrong-shape'}"
    if abs(count - said) > COUNT_SKEW:
        raise Refusal("count-off", f"{count} rows, /models/count says {said}")
    return None


def _member(value: Any, name: str | None) -> Any:
    if not isinstance(value, dict):
        raise Refusal("wrong-shape", "not an object")
    if name is None:
        return value
    if name not in value:
        raise Refusal("wrong-shape", f"no {name}")
    return value[name]


def _keyed(row: Record, key: Collection[str], position: int) -> None:
    """A row must carry the key fields that the service sends (`model` and `n` are the archive's own)."""
    for name in key:
        if name not in ("model", "n") and not (isinstance(row.get(name), str) and row[name]):
            raise Refusal("key-missing", f"row {position} has no {name}")


def _unique(keys: list[str]) -> None:
    if len(set(keys)) != len(keys):
        twice = sorted({key for key in keys if keys.count(key) > 1})
        raise Refusal("duplicate-key", ", ".join(twice[:5]))
