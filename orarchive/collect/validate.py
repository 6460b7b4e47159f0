"""Validation: each check may reject a payload, with a named reason; it never replaces a good one."""

from collections import Counter
from collections.abc import Callable, Collection
from dataclasses import replace
from typing import Any

from orarchive.collect.results import Body, FetchResult
from orarchive.domain.feeds import LIST_MEMBER, CopyFeed, FanOutFeed, Feed, ListFeed
from orarchive.domain.ranking_series import MAX_ORDER_LENGTH, ORDER, Series, get_row_date, is_date
from orarchive.domain.record_files import sort_set_fields
from orarchive.domain.records import get_nested
from orarchive.jsonl import Record

MAX_SHRINK = 0.2
"""Largest believable loss of rows between two hours: the worst true one on record was 8 %
(364 to 336 models on 31 July 2026), the next larger ones were gaps of months and a broken file."""

MAX_COUNT_DIFFERENCE = 2
"""Largest difference of the list from `/models/count`: the two are cached apart at the edge."""


class RejectedPayload(Exception):
    """A payload that is not to be believed; `reason` is one word of the ledger, the text says more."""

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(f"{reason}: {detail}" if detail else reason)
        self.reason = reason


def validate_result(result: FetchResult[Any], check: Callable[[Any], Body]) -> FetchResult[Body]:
    """Replace the body of a result by the value that a check returns for it.

    A body that the check rejects is replaced by the reason; a result without a body is returned as it is.
    """
    if result.reason is not None:
        return result
    try:
        return replace(result, body=check(result.body))
    except RejectedPayload as rejection:
        return reject_result(result, rejection)


def reject_result(result: FetchResult[Any], rejection: RejectedPayload) -> FetchResult[Any]:
    """Replace the body of a result by the reason why it was rejected; the raw bytes stay."""
    return replace(result, body=None, reason=rejection.reason, detail=str(rejection), is_rejected=True)


def validate_list(feed: ListFeed, body: Any) -> list[Record]:
    """Return the rows of a list feed's response, their lists without an order sorted.

    Raise RejectedPayload for a wrong shape, a missing or repeated key, and a list that is not complete.
    """
    payload = _get_member(body, LIST_MEMBER)
    if not isinstance(payload, list) or not all(isinstance(row, dict) for row in payload):
        raise RejectedPayload("wrong-shape", f"{LIST_MEMBER} is not a list of objects")
    for position, row in enumerate(payload):
        _check_key(row, feed.key, position)
    # Rows that repeat endpoints have no key of their own: several may name the same model.
    if not isinstance(feed, CopyFeed):
        _check_unique([row[feed.key[0]] for row in payload])
    if isinstance(body.get("links"), dict) and body["links"].get("next") is not None:
        raise RejectedPayload("more-pages", "the list goes on elsewhere")
    total = body.get("total_count")
    if isinstance(total, int) and total != len(payload):
        raise RejectedPayload("count-mismatch", f"{len(payload)} rows, total_count {total}")
    return [sort_set_fields(row, feed.set_fields) for row in payload]


def validate_response(feed: FanOutFeed, body: Any) -> Record:
    """Return one response of a fan-out feed, its lists without an order sorted.

    Raise RejectedPayload for a wrong shape, and for items without their keys.
    """
    payload = _get_member(body, feed.payload_member)
    items = _get_member(payload, feed.items_member)
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise RejectedPayload("wrong-shape", f"{feed.items_member} is not a list of objects")
    if feed.has_item_lines:
        for position, item in enumerate(items):
            _check_key(item, feed.key, position)
    sort_set_fields(payload, feed.set_fields)
    return dict(body)


def check_row_count(feed: Feed, count: int, previous: int, accepted: bool) -> None:
    """Reject a feed that is empty or shrank by more than a fifth; `accepted` lets it shrink."""
    if not count and (feed.must_not_be_empty or (previous and not accepted)):
        raise RejectedPayload("empty", f"{previous} before")
    if count < previous * (1 - MAX_SHRINK) and not accepted:
        raise RejectedPayload("shrunk", f"{previous} to {count}")


def check_against_count(count: int, response: FetchResult[Any]) -> str | None:
    """Reject a list that `/models/count` contradicts; return a note where that count is missing."""
    body = response.body
    data = body.get("data") if isinstance(body, dict) else None
    expected = data.get("count") if isinstance(data, dict) else None
    if not isinstance(expected, int):
        return f"no count to compare with: {response.reason or 'wrong-shape'}"
    if abs(count - expected) > MAX_COUNT_DIFFERENCE:
        raise RejectedPayload("count-off", f"{count} rows, /models/count says {expected}")
    return None


def _get_member(value: Any, name: str | None) -> Any:
    """Return a member of an object; the object itself where no name is given."""
    if not isinstance(value, dict):
        raise RejectedPayload("wrong-shape", "not an object")
    if name is None:
        return value
    if name not in value:
        raise RejectedPayload("wrong-shape", f"no {name}")
    return value[name]


def _check_key(row: Record, key: Collection[str], position: int) -> None:
    """Reject a row without the key fields that the service sends (the archive adds `model` and `n`)."""
    for name in key:
        if name not in ("model", "n") and not (isinstance(row.get(name), str) and row[name]):
            raise RejectedPayload("key-missing", f"row {position} has no {name}")


def _check_unique(keys: list[str]) -> None:
    """Reject keys of which two are the same."""
    if len(set(keys)) != len(keys):
        repeated = sorted(key for key, count in Counter(keys).items() if count > 1)
        raise RejectedPayload("duplicate-key", ", ".join(repeated[:5]))


def validate_openapi(body: Any) -> None:
    """Reject a body that is not an OpenAPI file with paths."""
    if not (isinstance(body, dict) and isinstance(body.get("openapi"), str)):
        raise RejectedPayload("wrong-shape", "not an OpenAPI file")
    if not (isinstance(body.get("paths"), dict) and body["paths"]):
        raise RejectedPayload("wrong-shape", "an OpenAPI file without paths")


def validate_ranking(series: Series, body: Any) -> list[Record]:
    """Return the rows of a ranking's response, each with its date; of a model order the first ids.

    Raise RejectedPayload for a wrong shape, and for rows without a date or another field of their key.
    """
    payload = _get_member(body, "data")
    rows = [payload] if isinstance(payload, dict) else payload
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise RejectedPayload("wrong-shape", "data is not a list of objects")
    if series is ORDER:
        return [{"id": _get_id(row)} for row in rows[:MAX_ORDER_LENGTH]]
    if series.date_path:
        # A window that is still open has no end date; its figures are of the time in `as_of`.
        end_date = get_nested(body, *series.date_path.split("."))
        date = end_date or str(get_nested(body, "meta", "as_of"))[:10]
        rows = [{series.key[0]: date, **row} for row in rows]
    for position, row in enumerate(rows):
        if series.key and not (isinstance(row.get(series.key[0]), str) and is_date(row[series.key[0]])):
            raise RejectedPayload("no-date", f"row {position}")
        if any(not isinstance(row.get(name), str | int) for name in series.key):
            raise RejectedPayload("key-missing", f"row {position}")
    return rows


def check_dates(series: Series, rows: list[Record], first: str, last: str) -> None:
    """Reject rows of dates that were not requested: there they might stand beside others' for ever."""
    dates = {get_row_date(series, row) for row in rows}
    if outside := sorted(date for date in dates if not first <= date <= last):
        raise RejectedPayload("other-dates", ", ".join(outside[:5]))


def check_unique_rows(series: Series, rows: list[Record]) -> None:
    """Reject rows of which two have the same key, and an empty list."""
    if not rows:
        raise RejectedPayload("empty")
    key = series.key or ("id",)
    if series is ORDER or series.key:
        keys = [tuple(row[name] for name in key) for row in rows]
        if len(set(keys)) != len(keys):
            raise RejectedPayload("duplicate-key", f"{len(keys) - len(set(keys))} of {len(keys)}")


def check_shrunk_dates(series: Series, rows: list[Record], archived: list[Record]) -> None:
    """Reject rows where a date that is archived has lost more than a fifth of its rows."""
    counts, previous = (Counter(get_row_date(series, row) for row in group) for group in (rows, archived))
    for date in sorted(counts.keys() & previous.keys()):
        if counts[date] < previous[date] * (1 - MAX_SHRINK):
            raise RejectedPayload("shrunk", f"{date}: {previous[date]} to {counts[date]}")


def _get_id(row: Record) -> str:
    """Return the id of a row of a model order."""
    model = row.get("id")
    if not (isinstance(model, str) and model):
        raise RejectedPayload("key-missing", "id")
    return model
