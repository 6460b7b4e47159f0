"""Check of JSON values against the types of a TypedDict, for lines that are read back.

Members that a type does not name are allowed: a newer version wrote them. A type is turned into functions
once, since a year has 9,000 lines of 150 values.
"""

from collections.abc import Callable
from decimal import Decimal
from functools import cache
from typing import Annotated, Any, Literal, NotRequired, get_args, get_origin, get_type_hints, is_typeddict

TYPE_NAMES = {dict: "object", list: "array", str: "str", bool: "bool", int: "int", type(None): "null"}
"""Python type -> its name in messages; every other type is a number."""

Fault = tuple[str, str]
"""What does not fit, and the path of the value below the one that was checked."""

Check = Callable[[Any], Fault | None]


def find_type_fault(value: Any, shape: Any) -> str:
    """Describe the first part of a JSON value that does not fit a type; return "" if all fit.

    A type is a TypedDict, or made of `dict`, `list`, `str`, `int`, `float`, `Literal[True]`, and
    `Annotated[int, range(...)]`.
    """
    fault = _make_check(shape)(value)
    if fault is None:
        return ""
    message, path = fault
    return f"{message} - at `${path}`" if path else message


@cache
def _make_check(shape: Any) -> Check:
    """Return the function that finds the first fault of a value."""
    origin, arguments = get_origin(shape), get_args(shape)
    if is_typeddict(shape):
        return _make_object_check(shape)
    if origin in (dict, list):
        return _make_container_check(origin, _make_check(arguments[-1]))
    if origin is Annotated:
        return _make_range_check(*arguments)
    if origin is Literal:
        return lambda value: None if value is True else ("Expected `true`", "")
    return lambda value: None if type(value) is shape else _expect(value, shape)


def _make_object_check(shape: Any) -> Check:
    hints = get_type_hints(shape, include_extras=True)
    checks = {
        name: _make_check(get_args(hint)[0] if get_origin(hint) is NotRequired else hint)
        for name, hint in hints.items()
    }
    required = [name for name in hints if name in shape.__required_keys__]

    def check_object(value: Any) -> Fault | None:
        if type(value) is not dict:
            return _expect(value, dict)
        for name in required:
            if name not in value:
                return f"Object missing required field `{name}`", ""
        for name, item in value.items():
            check = checks.get(name)
            if check and (fault := check(item)):
                return fault[0], f".{name}{fault[1]}"
        return None

    return check_object


def _make_container_check(container: type, check: Check) -> Check:
    list_items: Callable[[Any], Any] = dict.values if container is dict else iter

    def check_container(value: Any) -> Fault | None:
        if type(value) is not container:
            return _expect(value, container)
        for item in list_items(value):
            if fault := check(item):
                return fault[0], f"[...]{fault[1]}"
        return None

    return check_container


def _make_range_check(number: type, allowed: range) -> Check:
    def check_range(value: Any) -> Fault | None:
        if fault := _expect(value, number):
            return fault
        if allowed.start <= value < allowed.stop:
            return None
        return f"Expected `int` from {allowed.start} to {allowed.stop - 1}", ""

    return check_range


def _expect(value: Any, expected: type) -> Fault | None:
    """Return a fault if a value is not of a type; a number is an int if it is whole."""
    if type(value) is expected:
        return None
    # A Number is a Decimal; to an int it is turned nowhere, for its exponent may be huge.
    is_number = isinstance(value, int | Decimal) and not isinstance(value, bool)
    if is_number and (expected is float or (expected is int and value == Decimal(value).to_integral_value())):
        return None
    names = [TYPE_NAMES.get(kind, "float") for kind in (expected, type(value))]
    return f"Expected `{names[0]}`, got `{names[1]}`", ""
