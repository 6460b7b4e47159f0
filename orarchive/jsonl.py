"""Canonical JSON Lines: equal content gives equal bytes, and no value of a JSON text is lost.

Number tokens are kept as they were written (`1.0`, `1e-7`, 70-bit integers), keys are sorted by code point,
text is UTF-8. The serialiser must never change: orjson and the standard library write the same float in
different bytes, so another serialiser would rewrite every line of every archive.
"""

import io
import json
import re
from codecs import BOM_UTF8
from collections.abc import Iterable
from decimal import Decimal, InvalidOperation
from typing import Any

import orjson

from orarchive.errors import ArchiveError, NotJSON

Record = dict[str, Any]
"""A JSON object as received."""

SAFE_DIGITS = 18
"""Integers of at most 18 characters fit the 64 bits that orjson writes."""


class Number(Decimal):
    """A JSON number that a Python int would not write back exactly: the value, and the token as sent."""

    token: str

    def __new__(cls, token: str) -> "Number":
        """Return the number of a token; raise NotJSON for one that Decimal cannot hold."""
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
    """Read one JSON text; raise NotJSON, also for NaN, invalid UTF-8 and a name given twice in one object.

    A byte order mark before the text is read past.
    """
    try:
        # The decoder's own `decode` and the codec utf-8-sig take half of the time of a line.
        string = text if isinstance(text, str) else text.removeprefix(BOM_UTF8).decode()
        string = string.strip(" \t\n\r")
        value, end = _DECODER.raw_decode(string)
        if end < len(string):
            msg = f"Extra data (char {end})"
            raise NotJSON(msg)
        return value
    except RecursionError:
        msg = "nested too deeply"
        raise NotJSON(msg) from None
    except ValueError as error:
        msg = str(error)
        raise NotJSON(msg) from None


def dumps(value: Any) -> bytes:
    """Return one value in the archive's only form: compact, keys sorted, UTF-8, number tokens as sent.

    Raises NotJSON for nesting that Python cannot follow, of several hundred levels.
    """
    try:
        return orjson.dumps(value, default=_build_number_fragment, option=orjson.OPT_SORT_KEYS)
    except TypeError:
        # Orjson refuses a lone surrogate, and nesting beyond its 254 levels.
        pass
    try:
        return _serialize(value).encode()
    except RecursionError:
        msg = "nested too deeply"
        raise NotJSON(msg) from None


def read_lines(data: bytes, name: str) -> list[Record]:
    """Read every record of a JSONL file; raise ArchiveError, naming the file by `name`, for a bad line."""
    records = []
    for number, line in enumerate(io.BytesIO(data), start=1):
        try:
            record = loads(line)
            fault = "" if isinstance(record, dict) else "it is no JSON object"
        except NotJSON as error:
            fault = f"it is no JSON: {error}"
        if fault:
            msg = f"{name}, line {number}: {fault}; git log says who changed it, git revert undoes that"
            raise ArchiveError(msg)
        records.append(record)
    return records


def write_lines(records: Iterable[Record]) -> bytes:
    """Return records as JSONL, one a line, in the order given."""
    # The collector alone writes lines; whoever only reads an archive needs no library for it.
    import jsonlines

    buffer = io.BytesIO()
    with jsonlines.Writer(buffer, dumps=dumps) as writer:
        writer.write_all(records)
    return buffer.getvalue()


def _parse_integer(token: str) -> int | Number:
    return int(token) if len(token) <= SAFE_DIGITS and token != "-0" else Number(token)


def _reject_constant(token: str) -> None:
    msg = f"{token} is not JSON"
    raise NotJSON(msg)


def _build_object(pairs: list[tuple[str, Any]]) -> Record:
    record = dict(pairs)
    if len(record) != len(pairs):
        msg = "a name appears twice in one object"
        raise NotJSON(msg)
    return record


_DECODER = json.JSONDecoder(
    parse_int=_parse_integer,
    parse_float=Number,
    parse_constant=_reject_constant,
    object_pairs_hook=_build_object,
)


def _build_number_fragment(value: object) -> orjson.Fragment:
    if isinstance(value, Number):
        return orjson.Fragment(value.token)
    msg = f"{type(value).__name__} is not JSON"
    raise TypeError(msg)


def _serialize(value: Any) -> str:
    """Serialise a value that orjson refuses; what orjson accepts would come out in the same bytes."""
    if isinstance(value, dict):
        members = (f"{_serialize_string(key)}:{_serialize(value[key])}" for key in sorted(value))
        return "{" + ",".join(members) + "}"
    if isinstance(value, list | tuple):
        return "[" + ",".join(map(_serialize, value)) + "]"
    if isinstance(value, str):
        return _serialize_string(value)
    return orjson.dumps(value, default=_build_number_fragment).decode()


def _serialize_string(text: str) -> str:
    written = json.dumps(text, ensure_ascii=False)
    return re.sub("[\ud800-\udfff]", lambda surrogate: f"\\u{ord(surrogate[0]):04x}", written)
