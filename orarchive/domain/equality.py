"""Equality of values: another form of the same number is no change."""

from typing import Any

from orarchive.domain.prices import is_same_price, parse_price


def is_same_value(old: Any, new: Any) -> bool:
    """Return whether two JSON values say the same, at any depth: 0 and "0", 131072 and 131072.0.

    Two different strings are different, even if both spell a number: one may be a version, `1.10`.
    """
    if old is new:
        return True
    if isinstance(old, dict) and isinstance(new, dict):
        return old.keys() == new.keys() and all(is_same_value(old[name], new[name]) for name in old)
    if isinstance(old, list) and isinstance(new, list):
        return len(old) == len(new) and all(map(is_same_value, old, new))
    if isinstance(old, str) and isinstance(new, str):
        return old == new
    if type(old) is type(new) and old == new:
        return True
    before, after = parse_price(old), parse_price(new)
    if before is None or after is None:
        return False
    return is_same_price(before, after)
