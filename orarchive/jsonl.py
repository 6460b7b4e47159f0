"""Canonical JSON Lines: equal content is equal bytes, and nothing a JSON text can say is lost.

Number tokens are kept as they were written (`1.0`, `1e-7`, 70-bit integers), keys are sorted by code
point, text is UTF-8. One serialiser for ever: orjson and the standard library write the same float in
different bytes, so a change of serialiser would rewrite every line of every archive.
"""

import io
import json
import re
from collections.abc import Iterable
from decimal import Decimal, InvalidOperation
from typing import Any

import jsonlines
import orjson

from orarchive.errors import ArchiveError, NotJSON

Record = dict[str, Any]
"""A JSON object as received."""

SAFE_DIGITS = 18
"""Integers of up to 18 characters always fit the 64 bits that orjson writes."""


class Number(Decimal):
    """A JSON number that a Python int does not write back exactly: its value, and the token as sent."""

    token: str

    def __new__(cls, token: str) -> "Number":
        try:
            number = super().__new__(cls, token)
        except InvalidOperation:
            msg = f"number out of range: {token[:40]}"
            raise NotJSON(msg) from None
        number.token = token
        return number

    def __reduce__(self) -> tuple[type, tuple[str]]:
        return Number, (self.token,)

    def __deepcopy__(self, memo: dict[int, Any], /) -> "Number":
        return self


def loads(text: bytes | str) -> Any:
    """Read one JSON text; NaN, invalid UTF-8 and a name given twice in one object raise NotJSON."""
    try:
        return _DECODER.decode(text if isinstance(text, str) else text.decode())
    except RecursionError:
        msg = "nested too deeply"
        raise NotJSON(msg) from None
    except ValueError as error:
        msg = str(error)
        raise NotJSON(msg) from None


def dumps(value: Any) -> bytes:
    """Write one value in the archive's only form: compact, keys sorted, UTF-8, number tokens as sent.

    Nesting that Python cannot follow (several hundred levels) raises NotJSON.
    """
    try:
        return orjson.dumps(value, default=_fragment, option=orjson.OPT_SORT_KEYS)
    except TypeError:  # a lone surrogate, or nesting beyond orjson's 254 levels
        pass
    try:
        return _exact(value).encode()
    except RecursionError:
        msg = "nested too deeply"
        raise NotJSON(msg) from None


def read_lines(data: bytes, name: str) -> list[Record]:
    """Read every record of a JSONL file; `name` is what an error calls it."""
    try:
        with jsonlines.Reader(io.BytesIO(data), loads=loads) as reader:
            return list(reader.iter(type=dict))
    except jsonlines.InvalidLineError as error:
        msg = f"{name}, line {error.lineno}: {error}"
        raise ArchiveError(msg) from error


def write_lines(records: Iterable[Record]) -> bytes:
    """Write records in the order given, one a line."""
    buffer = io.BytesIO()
    with jsonlines.Writer(buffer, dumps=dumps) as writer:
        writer.write_all(records)
    return buffer.getvalue()


def _integer(token: str) -> int | Number:
    return int(token) if len(token) <= SAFE_DIGITS and token != "-0" else Number(token)


def _constant(token: str) -> None:
    msg = f"{token} is not JSON"
    raise NotJSON(msg)


def _object(pairs: list[tuple[str, Any]]) -> Record:
    record = dict(pairs)
    if len(record) != len(pairs):
        msg = "a name appears twice in one object"
        raise NotJSON(msg)
    return record


_DECODER = json.JSONDecoder(
    parse_int=_integer, parse_float=Number, parse_constant=_constant, object_pairs_hook=_object
)


def _fragment(value: object) -> orjson.Fragment:
    if isinstance(value, Number):
        return orjson.Fragment(value.token)
    msg = f"{type(value).__name__} is not JSON"
    raise TypeError(msg)


def _exact(value: Any) -> str:
    """Write what orjson cannot: the same bytes as orjson's wherever both can."""
    if isinstance(value, dict):
        return "{" + ",".join(f"{_string(key)}:{_exact(value[key])}" for key in sorted(value)) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(_exact, value)) + "]"
    if isinstance(value, str):
        return _string(value)
    return orjson.dumps(value, default=_fragment).decode()


def _string(text: str) -> str:
    written = json.dumps(text, ensure_ascii=False)
    return re.sub("[\ud800-\udfff]", lambda lone: f"\\u{ord(lone[0]):04x}", written)
