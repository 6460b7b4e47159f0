"""Validation: each check may reject a payload, with a named reason; it never replaces a good one."""

from collections import Counter
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from operator import itemgetter
from typing import Any

from orarchive.collect.results import Body, FetchResult
from orarchive.domain.feeds import ARCHIVE_KEY_FIELDS, LIST_MEMBER, CopyFeed, FanOutFeed, ListFeed
from orarchive.domain.ranking_series import MAX_ORDER_LENGTH, ORDER, Series, get_row_date, has_key, is_date
from orarchive.domain.record_files import sort_set_fields
from orarchive.domain.records import get_nested
from orarchive.jsonl import Record

MAX_SHRINK = 0.2
"""Largest believable loss of the rows that a ranking has of a date."""

MAX_KEY_LENGTH = 100
"""Characters of a repeated key that a note quotes."""

MAX_DIGITS = 9
"""Digits of a total that is sent as text."""


@dataclass(frozen=True)
class ListRows:
    """The rows of a list that have a key, and a description of each that has none or repeats one."""

    rows: list[Record]
    faults: tuple[str, ...]


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


def validate_list(feed: ListFeed, body: Any) -> ListRows:
    """Return the rows of a list feed's response, their lists without an order sorted.

    Rows without a key, and those that repeat one, are left out and named. Raise RejectedPayload for a wrong
    shape.
    """
    payload = _get_member(body, LIST_MEMBER)
    if not isinstance(payload, list) or not all(isinstance(row, dict) for row in payload):
        raise RejectedPayload("wrong-shape", f"{LIST_MEMBER} is not a list of objects")
    # Rows that repeat endpoints have no key of their own: several may name the same model.
    rows, faults = _drop_faulty_rows(payload, feed.key, may_repeat=isinstance(feed, CopyFeed))
    return ListRows([sort_set_fields(row, feed.set_fields) for row in rows], tuple(faults))


def check_page(body: Any, get_items: Callable[[Any], list[Any]], next_link: str | None) -> Any:
    """Return one page; raise RejectedPayload where it has no items, or its next page no address."""
    get_items(body)
    find_next_page(body, next_link)
    return body


def get_list_rows(body: Any) -> list[Any]:
    """Return the rows of a list; raise RejectedPayload where there are none."""
    rows = _get_member(body, LIST_MEMBER)
    if not isinstance(rows, list):
        raise RejectedPayload("wrong-shape", f"{LIST_MEMBER} is not a list of objects")
    return rows


def get_response_items(feed: FanOutFeed, body: Any) -> list[Any]:
    """Return the items of a response of a fan-out feed; raise RejectedPayload where there are none."""
    items = _get_member(_get_member(body, feed.payload_member), feed.items_member)
    if not isinstance(items, list):
        raise RejectedPayload("wrong-shape", f"{feed.items_member} is not a list of objects")
    return items


def read_total_count(body: Any) -> int | None:
    """Return the number of rows that a list says it has; None where it does not say."""
    total = body.get("total_count")
    if isinstance(total, str) and total.isascii() and total.isdigit():
        total = int(total[:MAX_DIGITS])
    return total if isinstance(total, int) else None


def find_next_page(body: Any, next_link: str | None = None) -> str | None:
    """Return the address of a list's next page: that in its body, else `next_link`, from the header `Link`.

    Return None for the last page. Raise RejectedPayload where there is more, and nothing says where.
    """
    links = body.get("links")
    address = (links.get("next") if isinstance(links, dict) else None) or next_link
    if not address and body.get("has_more") is True:
        raise RejectedPayload("more-pages", "the list goes on, and does not say where")
    if address is not None and not isinstance(address, str):
        raise RejectedPayload("more-pages", "the address of the next page is no text")
    return address or None


def validate_response(feed: FanOutFeed, body: Any) -> Record:
    """Return one response of a fan-out feed, its lists without an order sorted.

    Raise RejectedPayload for a wrong shape, and where no item has a key.
    """
    items = get_response_items(feed, body)
    if not all(isinstance(item, dict) for item in items):
        raise RejectedPayload("wrong-shape", f"{feed.items_member} is not a list of objects")
    payload = _get_member(body, feed.payload_member)
    if (total := read_total_count(body)) not in (None, len(items)):
        raise RejectedPayload("count-mismatch", f"{len(items)} of {total}")
    if feed.has_item_lines and items and not any(_read_key(item, feed.key) for item in items):
        raise RejectedPayload("key-missing", "row 0")
    sort_set_fields(payload, feed.set_fields)
    return dict(body)


def drop_faulty_items(feed: FanOutFeed, response: Record) -> tuple[Record, list[str]]:
    """Return a validated response without the items that have no key, and a description of each of those."""
    if not feed.has_item_lines:
        return response, []
    payload = feed.get_payload(response)
    items, faults = _drop_faulty_rows(payload[feed.items_member], feed.key, may_repeat=True)
    if not faults:
        return response, []
    payload = {**payload, feed.items_member: items}
    return ({**response, feed.payload_member: payload} if feed.payload_member else payload), faults


def read_count_route(response: FetchResult[Any]) -> int | None:
    """Return the number in the response of `/models/count`; None where it has none."""
    body = response.body
    data = body.get("data") if isinstance(body, dict) else None
    count = data.get("count") if isinstance(data, dict) else None
    return count if isinstance(count, int) else None


def describe_missing_count(response: FetchResult[Any]) -> str:
    """Say why the response of `/models/count` has no number."""
    return f"no count to compare with: {response.reason or 'wrong-shape'}"


def _get_member(value: Any, name: str | None) -> Any:
    """Return a member of an object; the object itself where no name is given."""
    if not isinstance(value, dict):
        raise RejectedPayload("wrong-shape", "not an object")
    if name is None:
        return value
    if name not in value:
        raise RejectedPayload("wrong-shape", f"no {name}")
    return value[name]


def _drop_faulty_rows(
    rows: list[Record], key: Collection[str], *, may_repeat: bool
) -> tuple[list[Record], list[str]]:
    """Return the rows that have a key which none before them has, and a description of each other row.

    `may_repeat` lets rows have the same key.
    """
    good: list[Record] = []
    faults: list[str] = []
    seen = set()
    for position, row in enumerate(rows):
        values = _read_key(row, key)
        if values is None:
            faults.append(f"key-missing: row {position}")
        elif values in seen and not may_repeat:
            faults.append(f"duplicate-key: {'@'.join(values)[:MAX_KEY_LENGTH]}")
        else:
            seen.add(values)
            good.append(row)
    return good, faults


def _read_key(row: Record, key: Collection[str]) -> tuple[str, ...] | None:
    """Return the key fields that the service sends with a row; None where one is missing or no text."""
    names = [name for name in key if name not in ARCHIVE_KEY_FIELDS]
    values = tuple(value for name in names if isinstance(value := row.get(name), str) and value)
    return values if len(values) == len(names) else None


def validate_openapi(body: Any) -> None:
    """Reject a body that is not an OpenAPI file with paths."""
    if not (isinstance(body, dict) and isinstance(body.get("openapi"), str)):
        raise RejectedPayload("wrong-shape", "not an OpenAPI file")
    if not (isinstance(body.get("paths"), dict) and body["paths"]):
        raise RejectedPayload("wrong-shape", "an OpenAPI file without paths")


def get_ranking_rows(body: Any) -> list[Any]:
    """Return the rows of a ranking's response, which may be one object; raise RejectedPayload for others."""
    payload = _get_member(body, LIST_MEMBER)
    rows = [payload] if isinstance(payload, dict) else payload
    if not isinstance(rows, list):
        raise RejectedPayload("wrong-shape", f"{LIST_MEMBER} is not a list of objects")
    return rows


def validate_ranking(series: Series, body: Any) -> list[Record]:
    """Return the rows of a ranking's response, each with its date; of a model order the first ids.

    Raise RejectedPayload for a wrong shape, and for rows without a date or another field of their key.
    """
    rows = get_ranking_rows(body)
    if not all(isinstance(row, dict) for row in rows):
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
        if not has_key(series, row):
            raise RejectedPayload("key-missing", f"row {position}")
    return rows


def check_dates(series: Series, rows: list[Record], first: str, last: str) -> None:
    """Reject rows of dates that were not requested: there they might stand beside others' for ever."""
    dates = {get_row_date(series, row) for row in rows}
    if outside := sorted(date for date in dates if not first <= date <= last):
        raise RejectedPayload("other-dates", ", ".join(outside[:5]))


MAX_REPEATED_SHARE = 0.01
"""Share of the rows of a ranking that may repeat a key, and are left out; one row may always be."""


def drop_repeated_rows(series: Series, rows: list[Record]) -> tuple[list[Record], tuple[str, ...]]:
    """Return rows without those whose key came before, and a description of each of these.

    Reject an empty list, and one in which more than one row, and more than a hundredth, repeat a key.
    """
    if not rows:
        raise RejectedPayload("empty")
    if series is not ORDER and not series.key:
        return rows, ()
    get_key = itemgetter(*series.key or ("id",))
    unique: dict[Any, Record] = {}
    repeated = []
    for number, row in enumerate(rows):
        if unique.setdefault(get_key(row), row) is not row:
            repeated.append(f"duplicate-key: row {number}")
    if len(repeated) > max(1, MAX_REPEATED_SHARE * len(rows)):
        raise RejectedPayload("duplicate-key", f"{len(repeated)} of {len(rows)}")
    return [*unique.values()], tuple(repeated)


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
