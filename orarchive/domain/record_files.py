"""Records as lines of files: split a record into the lines of its feed's files and join it again."""

import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from fnmatch import fnmatchcase
from functools import cache, lru_cache
from itertools import count
from typing import Any

from orarchive.domain.feeds import ARCHIVE_KEY_FIELDS, Feed
from orarchive.domain.keys import Key
from orarchive.domain.prices import list_time_of_day_keys, split_time_of_day
from orarchive.jsonl import Record, dumps

RESERVED_NAMES = (*ARCHIVE_KEY_FIELDS, "lacks", "response")
"""Names of fields that the archive itself writes into lines. A field that the service sends under such a name
is written with `=` before its name, `=model`, and one that is sent as `=model` with one more."""

_RESERVED = re.compile(f"=*({'|'.join(RESERVED_NAMES)})")


def sort_set_fields(record: Any, paths: Iterable[str]) -> Any:
    """Sort the lists at the dotted paths of a record in place, inner lists first; return the record."""
    for path in _order_paths(tuple(paths)):
        _sort(record, path)
    return record


@cache
def _order_paths(paths: tuple[str, ...]) -> list[tuple[str, ...]]:
    """Return dotted paths as tuples of names, those of inner lists first."""
    return [tuple(path.split(".")) for path in sorted(paths, key=lambda path: -path.count("."))]


# The same few hundred words come in the lists of every record of every hour.
_dump_word = lru_cache(maxsize=2**12)(dumps)


def _sort(node: Any, path: tuple[str, ...]) -> None:
    if isinstance(node, list):
        for item in node:
            _sort(item, path)
    elif isinstance(node, dict) and path[0] in node:
        if len(path) > 1:
            _sort(node[path[0]], path[1:])
        elif isinstance(items := node[path[0]], list):
            items.sort(key=_dump_word if {str}.issuperset(map(type, items)) else dumps)


def split_record(feed: Feed, archive_fields: Record, record: Record) -> Iterator[tuple[str, Record]]:
    """Yield (file name, line) for one record; `archive_fields` are the key fields that it does not carry."""
    key = {**archive_fields, **{name: record[name] for name in feed.key if name not in archive_fields}}
    base_fields = dict(record)
    for file, patterns in feed.facets.items():
        facet = {name: base_fields.pop(name) for name in record if _matches(name, patterns)}
        pricing: Any = facet.get("pricing")
        if feed.spot_file and list_time_of_day_keys(pricing):
            facet["pricing"], rates = split_time_of_day(pricing)
            yield feed.spot_file, {**key, "pricing": rates}
        if facet:
            yield file, {**key, **facet}
    yield feed.base_file, {**archive_fields, **escape_names(base_fields)}


def join_record(feed: Feed, lines: dict[str, Record], archive_fields: Collection[str] = ()) -> Record:
    """Return the record whose lines `split_record` made, without `archive_fields`.

    `lines` are by file name. They may include files that only earlier versions of the archive wrote.
    """
    record: Record = {}
    for file, line in lines.items():
        if file != feed.spot_file:
            record.update(unescape_names(line, archive_fields))
    if feed.spot_file and (spot := lines.get(feed.spot_file)):
        record["pricing"] = {**record["pricing"], **spot["pricing"]}
    return record


def find_improper_key_field(line: Record, key_fields: Iterable[str]) -> str | None:
    """Return the first key field that a line lacks or has with the wrong type; None where all are proper."""
    return next(
        (name for name in key_fields if type(line.get(name)) is not (int if name == "n" else str)), None
    )


def is_volatile(feed: Feed, name: str) -> bool:
    """Return whether a field is in a volatile facet, so that its changes are not reported."""
    return _matches(name, feed.volatile_fields)


def extract_stable_part(feed: Feed, record: Record) -> Record:
    """Return a record without its volatile fields and without current time-of-day rates."""
    stable = {name: value for name, value in record.items() if not is_volatile(feed, name)}
    if list_time_of_day_keys(stable.get("pricing")):
        stable["pricing"], _ = split_time_of_day(stable["pricing"])
    return stable


def shorten_record(record: Record, base: Record) -> Record:
    """Return the fields in which a record differs from `base`; `lacks` lists fields that only `base` has."""
    differing = {
        name: value
        for name, value in record.items()
        if name not in base or not is_same_json(value, base[name])
    }
    lacks = sorted(base.keys() - record.keys())
    return {**escape_names(differing), **({"lacks": lacks} if lacks else {})}


def restore_record(line: Record, base: Record, archive_fields: Collection[str] = ()) -> Record:
    """Return the record that `shorten_record` made `line` of, without `archive_fields`."""
    lacks = line.get("lacks", ())
    copied = {name: value for name, value in base.items() if name not in lacks}
    return {**copied, **unescape_names(line, {*archive_fields, "lacks"})}


def is_same_json(left: Any, right: Any) -> bool:
    """Return whether two values are the same JSON text: 1 and 1.0 are not."""
    if isinstance(left, str) or left is None:
        return bool(left == right)
    return dumps(left) == dumps(right)


def share_values(record: Record, earlier: Record) -> Record:
    """Return a record whose values are the objects of an earlier version wherever they are the same JSON.

    So the fields that changed are known without another comparison, and each value is in memory once.
    """
    return {
        name: earlier[name] if name in earlier and is_same_json(earlier[name], value) else value
        for name, value in record.items()
    }


def escape_names(record: Record) -> Record:
    """Return a record with `=` before each field name that could be taken for a name of the archive's."""
    return {f"={name}" if _RESERVED.fullmatch(name) else name: value for name, value in record.items()}


def unescape_names(line: Record, archive_fields: Collection[str]) -> Record:
    """Return a line without the archive's own fields, with the other field names as the service sent them."""
    return {
        name[1:] if name.startswith("=") and _RESERVED.fullmatch(name) else name: value
        for name, value in line.items()
        if name not in archive_fields
    }


class NumberedItem(dict[str, Any]):
    """An item with its number among those with the same key, which the service does not send."""

    def __init__(self, item: Record, n: int) -> None:
        super().__init__(item)
        self.n = n


def number_items(feed: Feed, items: Iterable[Record], before: Iterable[Record] = ()) -> list[NumberedItem]:
    """Return the items of one response with their numbers; n counts items with the same tag, from 0.

    Endpoints have no id, and a tag occurs up to three times in a response. Each item gets the number of the
    item of the response before (`before`, numbered) from which it differs least: so others keep theirs when
    one joins, leaves or is repriced past another. The rest get numbers that are free, ordered by
    quantization, limits, parameters and prices, then by all stable fields and last by all fields, so that n
    does not depend on health as long as the stable fields differ.
    """
    by_tag: dict[str, list[Record]] = {}
    for item in items:
        by_tag.setdefault(item["tag"], []).append(item)
    numbers_before: dict[str, dict[int, Record]] = {}
    for n, item in list_numbered(feed, before):
        numbers_before.setdefault(item["tag"], {})[n] = item
    return [
        NumberedItem(item, n)
        for tag, duplicates in sorted(by_tag.items())
        for n, item in sorted(_number(feed, duplicates, numbers_before.get(tag, {})).items())
    ]


def list_numbered(feed: Feed, items: Iterable[Record]) -> Iterator[tuple[int, Record]]:
    """Yield (n, item) for the items of one model, which are numbered here where they are not yet."""
    items = list(items)
    numbered = [item for item in items if isinstance(item, NumberedItem)]
    for item in numbered if len(numbered) == len(items) else number_items(feed, items):
        yield item.n, item


def _number(feed: Feed, items: list[Record], before: dict[int, Record]) -> dict[int, Record]:
    """Return items with one tag by number: first those most like an item before, then the rest in order."""
    if len(items) == 1 and len(before) < 2:
        return {next(iter(before), 0): items[0]}

    def sort_key(item: Record) -> tuple[bytes, ...]:
        stable = extract_stable_part(feed, item)
        return dumps([stable.get(name) for name in DUPLICATE_ORDER]), dumps(stable), dumps(item)

    items = sorted(items, key=sort_key)
    stable_items = [extract_stable_part(feed, item) for item in items]
    stable_before = {n: extract_stable_part(feed, item) for n, item in before.items()}
    differences = sorted(
        (_count_differences(old, item), n, position)
        for n, old in [*stable_before.items()][:MAX_DUPLICATES]
        for position, item in enumerate(stable_items[:MAX_DUPLICATES])
    )
    numbers: dict[int, int] = {}
    for _, n, position in differences:
        if n not in numbers.values() and position not in numbers:
            numbers[position] = n
    free = (n for n in count() if n not in before)
    return {
        numbers[position] if position in numbers else next(free): item for position, item in enumerate(items)
    }


def _count_differences(old: Record, new: Record) -> int:
    """Count the fields in which two items differ; each price is a field."""
    old, new = ({**item, "pricing": None, **_name_prices(item)} for item in (old, new))
    return sum(not is_same_json(old.get(name), new.get(name)) for name in old.keys() | new.keys())


def _name_prices(item: Record) -> Record:
    """Return the members of an item's price object, each with the name of the object before its own."""
    pricing = item.get("pricing")
    return {f"pricing.{name}": value for name, value in pricing.items()} if isinstance(pricing, dict) else {}


DUPLICATE_ORDER = (
    "quantization",
    "context_length",
    "max_completion_tokens",
    "max_prompt_tokens",
    "supported_parameters",
    "pricing",
)


def match_copies(feed: Feed, rows: Iterable[Record], endpoints: dict[Key, Record]) -> dict[Key, Record]:
    """Match rows that repeat endpoints to these endpoints; return the rows by (model_id, tag, n).

    Among endpoints with the same model and tag a row gets the one from which it differs in the fewest fields.
    A row without an endpoint gets the next free n.
    """
    matches: dict[Key, Record] = {}
    # The free n of each model and tag are in descending order: the lowest are at the end.
    free: dict[tuple[str, str], list[int]] = {}
    counts: Counter[tuple[str, str]] = Counter()
    numbers: dict[tuple[str, str], list[int]] = {}
    for model, tag, n in endpoints:
        numbers.setdefault((model, tag), []).append(n)
    for row in sorted(rows, key=dumps):
        pair = (row["model_id"], row["tag"])
        if pair not in free:
            free[pair] = sorted(numbers.get(pair, ()), reverse=True)
            counts[pair] = max(free[pair], default=-1) + 1
        if candidates := free[pair][-MAX_DUPLICATES:]:
            best = min(candidates, key=lambda n: (len(shorten_record(row, endpoints[*pair, n])), n))
            del free[pair][candidates.index(best) - len(candidates)]
        else:
            best = counts[pair]
            counts[pair] += 1
        matches[*pair, best] = row
    return matches


MAX_DUPLICATES = 100
"""Endpoints with the same model and tag that a row is compared with. At most three were ever seen, and the
time grows with the square."""


# A snapshot asks for the same few dozen names a hundred thousand times.
@cache
def _matches(name: str, patterns: tuple[str, ...]) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in patterns)
