"""Field paths: which fields records have, at any depth, as dotted paths (`architecture.tokenizer`)."""

from collections.abc import Collection, Iterator, Mapping
from typing import Any

NESTED_TYPES = (dict, list)

MAX_PATH_LENGTH = 1000
"""Letters of a path past which what is inside is not followed: names in names would fill the memory."""


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


def drop_nested(found: Collection[str]) -> list[str]:
    """The paths that are not inside another one of them, sorted."""
    return [path for path in sorted(found) if not any(above in found for above in _above(path))]


def diff_paths(old: Mapping[str, Any], new: Mapping[str, Any]) -> tuple[set[str], set[str]]:
    """The paths that a record won and those that it lost."""
    # of a field that both have, only what is inside it can have moved
    names = {name for name in old.keys() & new.keys() if _is_new_inside(old[name], new[name])}
    names |= old.keys() ^ new.keys()
    if not names:
        return set(), set()
    was, now = (set(list_paths({name: end[name] for name in names if name in end})) for end in (old, new))
    return now - was, was - now


def _is_new_inside(old: Any, new: Any) -> bool:
    return (
        old is not new
        and (isinstance(old, NESTED_TYPES) or isinstance(new, NESTED_TYPES))
        and bool(old != new)
    )


def remove_paths(value: Any, path: str, gone: Collection[str]) -> Any:
    """What stands at a path, without the fields whose paths are named."""
    if isinstance(value, list):
        return [remove_paths(item, path, gone) for item in value]
    if not isinstance(value, dict):
        return value
    kept = ((f"{path}.{name}", name) for name in value if f"{path}.{name}" not in gone)
    return {name: remove_paths(value[name], inner, gone) for inner, name in kept}


def _above(path: str) -> Iterator[str]:
    path = path[: MAX_PATH_LENGTH + 1]  # above a longer one is none
    while "." in path:
        path = path.rpartition(".")[0]
        yield path
