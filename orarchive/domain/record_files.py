"""One record taken apart into the lines of its files, and put together again; nothing is lost on the way."""

import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from fnmatch import fnmatchcase
from functools import cache
from itertools import count
from typing import Any

from orarchive.domain.feeds import Feed
from orarchive.domain.prices import split_time_of_day, time_of_day_keys
from orarchive.jsonl import Record, dumps

Key = tuple[Any, ...]

RESERVED_NAMES = ("model", "n", "lacks", "response")
"""Names that the archive itself puts into lines. A field of the same name that the service sends is
written with `=` in front (and one that begins with `=` already with one more)."""

_RESERVED = re.compile(f"=*({'|'.join(RESERVED_NAMES)})")


def sort_set_fields(record: Any, sets: Iterable[str]) -> Any:
    """Sort the set-like lists of a record, in place, the inner ones first; returns the record."""
    for path in sorted(sets, key=lambda path: -path.count(".")):
        _sort(record, path.split("."))
    return record


def _sort(node: Any, path: list[str]) -> None:
    if isinstance(node, list):
        for item in node:
            _sort(item, path)
    elif isinstance(node, dict) and path[0] in node:
        if len(path) > 1:
            _sort(node[path[0]], path[1:])
        elif isinstance(node[path[0]], list):
            node[path[0]].sort(key=dumps)


def split_record(feed: Feed, own: Record, record: Record) -> Iterator[tuple[str, Record]]:
    """Yield (file name, line) for one record; `own` are the key fields that it does not carry itself."""
    key = {**own, **{name: record[name] for name in feed.key if name not in own}}
    rest = dict(record)
    for file, patterns in feed.facets.items():
        part = {name: rest.pop(name) for name in record if _matches(name, patterns)}
        pricing: Any = part.get("pricing")
        if feed.spot_file and time_of_day_keys(pricing):
            part["pricing"], spot = split_time_of_day(pricing)
            yield feed.spot_file, {**key, "pricing": spot}
        if part:
            yield file, {**key, **part}
    yield feed.base_file, {**own, **escape_names(rest)}


def join_record(feed: Feed, lines: dict[str, Record], own: Collection[str] = ()) -> Record:
    """The record that `split` took apart; `lines` by file name, also names that the feed once had."""
    record: Record = {}
    for file, line in lines.items():
        if file != feed.spot_file:
            record.update(unescape_names(line, own))
    if feed.spot_file and (spot := lines.get(feed.spot_file)):
        record["pricing"] = {**record["pricing"], **spot["pricing"]}
    return record


def is_volatile(feed: Feed, name: str) -> bool:
    """Whether a field moves by itself, so that its changes are no news."""
    return _matches(name, feed.volatile_fields)


def stable_part(feed: Feed, record: Record) -> Record:
    """A record without what moves by itself: health, and the prices of the moment."""
    kept = {name: value for name, value in record.items() if not is_volatile(feed, name)}
    if time_of_day_keys(kept.get("pricing")):
        kept["pricing"], _ = split_time_of_day(kept["pricing"])
    return kept


def shorten_record(record: Record, base: Record) -> Record:
    """What of a record is not already said by `base`; `lacks` names the base's fields that it has not."""
    kept = {
        name: value
        for name, value in record.items()
        if name not in base or not is_same_json(value, base[name])
    }
    lacks = sorted(base.keys() - record.keys())
    return {**escape_names(kept), **({"lacks": lacks} if lacks else {})}


def restore_record(line: Record, base: Record, own: Collection[str] = ()) -> Record:
    """The record that `differing` shortened."""
    lacks = line.get("lacks", ())
    copied = {name: value for name, value in base.items() if name not in lacks}
    return {**copied, **unescape_names(line, {*own, "lacks"})}


def is_same_json(one: Any, other: Any) -> bool:
    """Whether two values are the same text: 1 and 1.0 are not."""
    if isinstance(one, str) or one is None:
        return bool(one == other)
    return dumps(one) == dumps(other)


def escape_names(record: Record) -> Record:
    """A record whose field names cannot be taken for the archive's own."""
    return {f"={name}" if _RESERVED.fullmatch(name) else name: value for name, value in record.items()}


def unescape_names(line: Record, own: Collection[str]) -> Record:
    """A line without the archive's own fields, the service's under the names it sent."""
    return {
        name[1:] if name.startswith("=") and _RESERVED.fullmatch(name) else name: value
        for name, value in line.items()
        if name not in own
    }


def number_duplicates(feed: Feed, items: Iterable[Record]) -> Iterator[tuple[int, Record]]:
    """Yield (n, item): n counts the items with one tag, in an order that health cannot turn round.

    Endpoints have no id, and one tag may occur up to three times in a response. The order is that of
    quantization, limits, parameters and prices, then of all calm bytes, then of all bytes.
    """

    def order(item: Record) -> tuple[bytes, ...]:
        slow = stable_part(feed, item)
        return dumps([slow.get(name) for name in DUPLICATE_ORDER]), dumps(slow), dumps(item)

    twins: dict[str, list[Record]] = {}
    for item in items:
        twins.setdefault(item["tag"], []).append(item)
    for tag in sorted(twins):
        yield from enumerate(sorted(twins[tag], key=order) if len(twins[tag]) > 1 else twins[tag])


DUPLICATE_ORDER = (
    "quantization",
    "context_length",
    "max_completion_tokens",
    "max_prompt_tokens",
    "supported_parameters",
    "pricing",
)


def match_copies(feed: Feed, rows: Iterable[Record], endpoints: dict[Key, Record]) -> dict[Key, Record]:
    """Key rows that repeat endpoints by the endpoint each of them repeats: (model_id, tag, n).

    Of twins, a row takes the one that it differs from least; a row without an endpoint counts on.
    """
    found: dict[Key, Record] = {}
    free: dict[tuple[str, str], list[int]] = {}  # the last one is the next
    counts: Counter[tuple[str, str]] = Counter()
    for row in sorted(rows, key=dumps):
        pair = (row["model_id"], row["tag"])
        if pair not in free:
            twins = next(n for n in count() if (*pair, n) not in endpoints)
            free[pair], counts[pair] = [*reversed(range(twins))], twins
        if near := free[pair][-MAX_DUPLICATES:]:
            best = min(near, key=lambda n: (len(shorten_record(row, endpoints[*pair, n])), n))
            del free[pair][near.index(best) - len(near)]
        else:
            best = counts[pair]
            counts[pair] += 1
        found[*pair, best] = row
    return found


MAX_DUPLICATES = 100
"""Twins that a row is compared with: three are the most that were ever seen, and time goes by the square."""


@cache  # a snapshot asks for the same few dozen names a hundred thousand times
def _matches(name: str, patterns: tuple[str, ...]) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in patterns)
