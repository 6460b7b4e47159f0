"""Checks: each may refuse a payload, with a named reason. A refused payload never replaces a good one."""

from collections import Counter
from collections.abc import Collection
from typing import Any

from orarchive.collect.results import FetchResult
from orarchive.domain.feeds import Feed
from orarchive.domain.ranking_series import MAX_ORDER_LENGTH, ORDER, Series, is_date, row_date
from orarchive.domain.record_files import sort_set_fields
from orarchive.jsonl import Record

MAX_SHRINK = 0.2
"""Largest believable loss of rows between two hours: the worst true one on record was 8 %
(364 to 336 models on 31 July 2026), the next larger ones were gaps of months and a broken file."""

MAX_COUNT_DIFFERENCE = 2
"""How far the list may be from `/models/count`: the two are cached apart at the edge."""


class RejectedPayload(Exception):
    """A payload is not to be believed; `reason` is one word of the ledger, `detail` says more."""

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(f"{reason}: {detail}" if detail else reason)
        self.reason = reason


def validate_list(feed: Feed, body: Any) -> list[Record]:
    """The rows of a list feed's response, checked by themselves: shape, keys, and its own count."""
    payload = _member(body, feed.payload_member)
    if not isinstance(payload, list) or not all(isinstance(row, dict) for row in payload):
        raise RejectedPayload("wrong-shape", f"{feed.payload_member} is not a list of objects")
    for position, row in enumerate(payload):
        _keyed(row, feed.key, position)
    if not feed.copied_feed:  # rows that repeat endpoints have no key of their own
        _unique([row[feed.key[0]] for row in payload])
    if isinstance(body.get("links"), dict) and body["links"].get("next") is not None:
        raise RejectedPayload("more-pages", "the list goes on elsewhere")
    total = body.get("total_count")
    if isinstance(total, int) and total != len(payload):
        raise RejectedPayload("count-mismatch", f"{len(payload)} rows, total_count {total}")
    return [sort_set_fields(row, feed.set_fields) for row in payload]


def validate_response(feed: Feed, body: Any) -> Record:
    """One response of a sweep, checked by itself: its shape, and the keys of its items."""
    payload = _member(body, feed.payload_member)
    items = _member(payload, feed.items_member)
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise RejectedPayload("wrong-shape", f"{feed.items_member} is not a list of objects")
    if feed.has_item_lines:
        for position, item in enumerate(items):
            _keyed(item, feed.key, position)
    sort_set_fields(payload, feed.set_fields)
    return dict(body)


def check_row_count(feed: Feed, count: int, before: int, accepted: bool) -> None:
    """Refuse a feed that is empty or shrank by more than a fifth; `accepted` waves a shrink through."""
    if not count and (feed.must_not_be_empty or (before and not accepted)):
        raise RejectedPayload("empty", f"{before} before")
    if count < before * (1 - MAX_SHRINK) and not accepted:
        raise RejectedPayload("shrunk", f"{before} to {count}")


def check_against_count(count: int, answer: FetchResult) -> str | None:
    """Refuse a list that `/models/count` contradicts; a count that was not had is only noted."""
    body = answer.body
    said = (
        body["data"].get("count") if isinstance(body, dict) and isinstance(body.get("data"), dict) else None
    )
    if not isinstance(said, int):
        return f"no count to compare with: {answer.reason or 'wrong-shape'}"
    if abs(count - said) > MAX_COUNT_DIFFERENCE:
        raise RejectedPayload("count-off", f"{count} rows, /models/count says {said}")
    return None


def _member(value: Any, name: str | None) -> Any:
    if not isinstance(value, dict):
        raise RejectedPayload("wrong-shape", "not an object")
    if name is None:
        return value
    if name not in value:
        raise RejectedPayload("wrong-shape", f"no {name}")
    return value[name]


def _keyed(row: Record, key: Collection[str], position: int) -> None:
    """A row must carry the key fields that the service sends (`model` and `n` are the archive's own)."""
    for name in key:
        if name not in ("model", "n") and not (isinstance(row.get(name), str) and row[name]):
            raise RejectedPayload("key-missing", f"row {position} has no {name}")


def _unique(keys: list[str]) -> None:
    if len(set(keys)) != len(keys):
        twice = sorted(key for key, count in Counter(keys).items() if count > 1)
        raise RejectedPayload("duplicate-key", ", ".join(twice[:5]))


def validate_openapi(body: Any) -> None:
    """Refuse a body that is no OpenAPI file with paths."""
    if not (isinstance(body, dict) and isinstance(body.get("openapi"), str)):
        raise RejectedPayload("wrong-shape", "not an OpenAPI file")
    if not (isinstance(body.get("paths"), dict) and body["paths"]):
        raise RejectedPayload("wrong-shape", "an OpenAPI file without paths")


def validate_ranking(series: Series, body: Any) -> list[Record]:
    """The rows of a ranking's response, each with its date; of an order the first ids."""
    payload = _member(body, "data")
    rows = [payload] if isinstance(payload, dict) else payload
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise RejectedPayload("wrong-shape", "data is not a list of objects")
    if series is ORDER:
        return [{"id": row["id"]} for row in rows[:MAX_ORDER_LENGTH] if _named(row, "id")]
    if series.date_path:
        # a window that has no end yet is of when the figures are
        date = _at(body, series.date_path) or str(_at(body, "meta.as_of"))[:10]
        rows = [{series.key[0]: date, **row} for row in rows]
    for position, row in enumerate(rows):
        if series.key and not (isinstance(row.get(series.key[0]), str) and is_date(row[series.key[0]])):
            raise RejectedPayload("no-date", f"row {position}")
        if any(not isinstance(row.get(name), str | int) for name in series.key):
            raise RejectedPayload("key-missing", f"row {position}")
    return rows


def check_dates(series: Series, rows: list[Record], first: str, last: str) -> None:
    """Refuse rows of dates that were not asked for: there they might stand beside others' for ever."""
    if others := {row_date(series, row) for row in rows if not first <= row_date(series, row) <= last}:
        raise RejectedPayload("other-dates", ", ".join(sorted(others)[:5]))


def check_unique_rows(series: Series, rows: list[Record]) -> None:
    """Refuse rows of which two have one key, and no rows at all."""
    if not rows:
        raise RejectedPayload("empty")
    key = series.key or ("id",)
    if series is ORDER or series.key:
        keys = [tuple(row[name] for name in key) for row in rows]
        if len(set(keys)) != len(keys):
            raise RejectedPayload("duplicate-key", f"{len(keys) - len(set(keys))} of {len(keys)}")


def check_shrunk_dates(series: Series, rows: list[Record], held: list[Record]) -> None:
    """Refuse rows where a date that is held has lost more than a fifth of its rows."""
    counts, before = (Counter(row_date(series, row) for row in some) for some in (rows, held))
    for date in sorted(counts.keys() & before.keys()):
        if counts[date] < before[date] * (1 - MAX_SHRINK):
            raise RejectedPayload("shrunk", f"{date}: {before[date]} to {counts[date]}")


def _named(row: Record, name: str) -> bool:
    if not (isinstance(row.get(name), str) and row[name]):
        raise RejectedPayload("key-missing", name)
    return True


def _at(body: Any, path: str) -> Any:
    for name in path.split("."):
        body = body.get(name) if isinstance(body, dict) else None
    return body
