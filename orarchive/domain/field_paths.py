"""Field paths: the fields that records have, at any depth, as dotted paths (`architecture.tokenizer`)."""

from collections.abc import Collection, Iterator, Mapping
from typing import Any

NESTED_TYPES = (dict, list)

MAX_PATH_LENGTH = 1000
"""Characters of a path beyond which nested fields are not followed: deep nesting would fill the memory."""


def list_paths(record: Mapping[str, Any], prefix: str = "") -> Iterator[str]:
    """Yield the path of every field of a record; lists add nothing to the path of what is in them."""
    for name, value in record.items():
        path = prefix + name
        yield path
        if len(path) > MAX_PATH_LENGTH:
            continue
        if isinstance(value, dict):
            yield from list_paths(value, path + ".")
        elif isinstance(value, list):
            for item in value:
                if isinstance(item, dict):
                    yield from list_paths(item, path + ".")


def drop_nested(paths: Collection[str]) -> list[str]:
    """Return the paths that are not inside another of the paths, sorted."""
    return [path for path in sorted(paths) if not any(outer in paths for outer in _list_outer_paths(path))]


def diff_paths(old: Mapping[str, Any], new: Mapping[str, Any]) -> tuple[set[str], set[str]]:
    """Return the paths that a record gained and the paths that it lost."""
    # Of a field that both records have, only paths inside it can differ.
    names = old.keys() ^ new.keys()
    names |= {
        name
        for name, value in old.items()
        if name in new and new[name] is not value and _may_differ_inside(value, new[name])
    }
    if not names:
        return set(), set()
    before, after = (
        set(list_paths({name: record[name] for name in names if name in record})) for record in (old, new)
    )
    return after - before, before - after


def _may_differ_inside(old: Any, new: Any) -> bool:
    """Return whether there may be a path inside only one of two values of a field."""
    if not (isinstance(old, NESTED_TYPES) or isinstance(new, NESTED_TYPES)):
        return False
    if isinstance(old, dict) and isinstance(new, dict):
        return old.keys() != new.keys() or any(_may_differ_inside(old[name], new[name]) for name in old)
    return bool(old != new)


def remove_paths(value: Any, path: str, removed: Collection[str]) -> Any:
    """Return the value at a path without the nested fields whose paths are in `removed`."""
    if isinstance(value, list):
        return [remove_paths(item, path, removed) for item in value]
    if not isinstance(value, dict):
        return value
    members = ((f"{path}.{name}", name) for name in value if f"{path}.{name}" not in removed)
    return {name: remove_paths(value[name], inner, removed) for inner, name in members}


def list_price_paths(appeared: Collection[str]) -> frozenset[str]:
    """Return the paths of new fields that hide what they hold in a pricing object.

    Those of a schedule do not: it is a price, even where the feed had no schedule before.
    """
    return frozenset(path for path in appeared if not f"{path}.".startswith("pricing.overrides."))


def _list_outer_paths(path: str) -> Iterator[str]:
    # The function `list_paths` yields no path inside one that is longer than this.
    path = path[: MAX_PATH_LENGTH + 1]
    while "." in path:
        path = path.rpartition(".")[0]
        yield path
