"""FAULTS: every fault that an answer can have, by name.

Most faults change the reply; a few act on the socket, and their descriptions say so. A fault is `good` if it
sends unusual but valid JSON of the right shape, which an archive has to keep.
"""

import json
import os
import socket
import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from itertools import repeat
from typing import Any, Protocol

Payload = Any


@dataclass(frozen=True)
class Reply:
    """An answer on its way out."""

    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=lambda: {"Content-Type": "application/json"})


class Connection(Protocol):
    """The connection as a fault may use it; a wait ends when the service closes, or earlier."""

    connection: socket.socket

    def send(self, data: bytes) -> None:
        """Write bytes to the connection."""

    def wait(self, seconds: float) -> None:
        """Wait, at most until the service closes."""


# (connection, head, body, **options): writes an answer to the socket, which is then closed
Deliver = Callable[..., None]


@dataclass(frozen=True)
class Fault:
    """A fault: its description, and a change of the reply or a delivery; these get the options of `fail`."""

    description: str
    change: Callable[..., Reply] | None = None
    deliver: Deliver | None = None
    good: bool = False


def encode(payload: Payload) -> bytes:
    """Return JSON as the service sends it: compact UTF-8; escaped only if UTF-8 cannot express it."""
    try:
        return json.dumps(payload, ensure_ascii=False, separators=(",", ":")).encode()
    except UnicodeEncodeError:
        return json.dumps(payload, separators=(",", ":")).encode()


def find_records(payload: Payload) -> list[dict[str, Any]]:
    """Return the records of a payload, in place: its list of rows, or a list of its single record."""
    inner = payload.get("data", payload) if isinstance(payload, dict) else payload
    rows = inner.get("endpoints", [inner]) if isinstance(inner, dict) else inner
    return rows if isinstance(rows, list) else []


def answer_error(status: int, message: str, **headers: str) -> Callable[..., Reply]:
    """Return a fault that answers with an error; names of headers have underscores for hyphens."""

    def change(_: Reply, **options: Any) -> Reply:
        more_headers = {
            name.replace("_", "-"): value.format(**{"seconds": 1} | options)
            for name, value in headers.items()
        }
        body = encode({"error": {"message": message, "code": status}})
        return Reply(status, body, {"Content-Type": "application/json", **more_headers})

    return change


def answer_bytes(body: bytes, content_type: str) -> Callable[..., Reply]:
    """Return a fault that answers with these bytes and status 200."""
    return lambda _: Reply(200, body, {"Content-Type": content_type})


def change_bytes(alter: Callable[[bytes], bytes]) -> Callable[..., Reply]:
    """Return a fault that alters the bytes of the body."""
    return lambda reply: replace(reply, body=alter(reply.body))


def change_payload(alter: Callable[..., Payload]) -> Callable[..., Reply]:
    """Return a fault that alters the JSON; error answers and empty lists stay as they are."""

    def change(reply: Reply, **options: Any) -> Reply:
        payload = json.loads(reply.body)
        if reply.status != 200 or not find_records(payload):
            return reply
        return replace(reply, body=encode(alter(payload, **options)))

    return change


def change_first_record(**fields: Any) -> Callable[..., Reply]:
    """Return a fault that sets a field of the first record, to a value or to a function of the old value.

    The options `field` and `value` take precedence over the keyword given here.
    """
    ((name, value),) = fields.items()

    def alter(payload: Payload, field: str = name, value: Any = value) -> Payload:
        row = find_records(payload)[0]
        row[field] = value(row.get(field)) if callable(value) else value
        return payload

    return change_payload(alter)


def change_rows(alter: Callable[[list[Any]], list[Any]]) -> Callable[..., Reply]:
    """Return a fault that alters the list of rows; `total_count` agrees with them, so it gives no hint."""

    def change(payload: Payload) -> Payload:
        rows = find_records(payload)
        rows[:] = alter(rows)
        if "total_count" in payload:
            payload["total_count"] = len(rows)
        return payload

    return change_payload(change)


def _remove_key(rows: list[Any]) -> list[Any]:
    keys = {"id", "slug", "tag", "provider_tag", "provider_slug"}
    return [{name: value for name, value in row.items() if name not in keys} for row in rows]


def _swap_types(payload: Payload) -> Payload:
    """Return the payload with an object in place of its list, or a list in place of its object."""
    name = next((name for name in ("data", "endpoints") if name in payload), None)
    if name is None:
        return [payload]
    return payload | {name: {"rows": 1} if isinstance(payload[name], list) else [payload[name]]}


def _miscount(payload: Payload, by: int = 5) -> Payload:
    if "total_count" in payload:
        payload["total_count"] += by
    elif isinstance(payload.get("data"), dict) and "count" in payload["data"]:
        payload["data"]["count"] += by
    return payload


def _send_half(connection: Connection, head: bytes, body: bytes) -> None:
    connection.send(head + body[: len(body) // 2])


def _drip(connection: Connection, head: bytes, body: bytes, interval: float = 0.1, size: int = 1) -> None:
    connection.send(head)
    for start in range(0, len(body), size):
        connection.wait(interval)
        connection.send(body[start : start + size])


def _repeat(begin: bytes, part: bytes) -> Deliver:
    """Return a delivery that begins an answer, in place of the head, and never ends it."""

    def deliver(connection: Connection, head: bytes, body: bytes, interval: float = 0.1) -> None:
        connection.send(begin)
        for _ in repeat(None):
            connection.send(part)
            connection.wait(interval)

    return deliver


def _send_interim(connection: Connection, head: bytes, body: bytes) -> None:
    connection.send(EARLY_HINTS + b"HTTP/1.1 100 Continue\r\n\r\n" + head + body)


def _reset(connection: Connection, head: bytes, body: bytes) -> None:
    """Close the socket without lingering, which sends RST, and at once, before the server can send FIN."""
    connection.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    os.close(connection.connection.detach())


def _send_huge(connection: Connection, head: bytes, body: bytes, size: int = 100 * 2**20) -> None:
    """Send a body of `size` bytes in pieces, with a head of its own."""
    start, piece, end = b'{"data":["', b"a" * 65536, b'"]}'
    filling = size - len(start) - len(end)
    connection.send(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n")
    connection.send(b"Content-Length: %d\r\n\r\n" % size + start)
    for _ in range(filling // len(piece)):
        connection.send(piece)
    connection.send(b"a" * (filling % len(piece)) + end)


OK = b"HTTP/1.1 200 OK\r\n"
CHUNKS = OK + b"Transfer-Encoding: chunked\r\n\r\n2"
EARLY_HINTS = b"HTTP/1.1 103 Early Hints\r\nLink: </style.css>; rel=preload\r\n\r\n"
HTML = b"<!DOCTYPE html><html><title>Just a moment...</title><body>Checking your browser</body></html>"
LIMITS = {"X_RateLimit_Limit": "20", "X_RateLimit_Remaining": "0", "X_RateLimit_Reset": "1780272060000"}

FAULTS: dict[str, Fault] = {
    "429": Fault(
        "too many requests, without Retry-After", answer_error(429, "Rate limit exceeded", **LIMITS)
    ),
    "429-retry-after": Fault(
        "too many requests, with Retry-After of `seconds` (1)",
        answer_error(429, "Rate limit exceeded", Retry_After="{seconds}", **LIMITS),
    ),
    "500": Fault("internal error", answer_error(500, "Internal Server Error")),
    "502": Fault("bad gateway", answer_error(502, "Bad Gateway")),
    "503": Fault("service unavailable", answer_error(503, "Service Unavailable")),
    "404": Fault("not found", answer_error(404, "Not Found")),
    "html": Fault("an HTML page with status 200", answer_bytes(HTML, "text/html; charset=utf-8")),
    "error-object": Fault(
        "an error in JSON with status 200",
        lambda _: replace(answer_error(502, "Upstream failed")(_), status=200),
    ),
    "invalid-json": Fault("JSON without its last byte", change_bytes(lambda body: body[:-1])),
    "not-utf8": Fault(
        "bytes that are not UTF-8 in a string",
        change_bytes(lambda body: body.replace(b'":"', b'":"\xff\xe9', 1)),
    ),
    "nan": Fault(
        "NaN, which is not JSON, in `field` (context_length)",
        change_first_record(context_length=float("nan")),
    ),
    "wrong-type": Fault("an object for a list, or a list for an object", change_payload(_swap_types)),
    "empty": Fault("no rows", change_rows(lambda rows: [])),
    "shrunken": Fault("half of the rows", change_rows(lambda rows: rows[: len(rows) // 2])),
    "duplicate": Fault("every row twice", change_rows(lambda rows: [*rows, *rows])),
    "key-missing": Fault("all rows without their keys", change_rows(_remove_key)),
    "count-mismatch": Fault(
        "a count that differs `by` 5, where the route has a count", change_payload(_miscount)
    ),
    "lone-surrogate": Fault(
        "an escaped lone surrogate in `field` (name), which is valid JSON",
        change_first_record(name=lambda name: f"{name or ''}\ud800"),
        good=True,
    ),
    "big-integer": Fault(
        "an integer of 70 bits in `field` (context_length)",
        change_first_record(context_length=2**70 - 1),
        good=True,
    ),
    "cut-off": Fault("on the socket: half of the announced body, then the end", deliver=_send_half),
    "slow-drip": Fault(
        "on the socket: `size` bytes (1) every `interval` seconds (0.1)", deliver=_drip, good=True
    ),
    "interim": Fault(
        "on the socket: interim responses, 103 and 100, before the response", deliver=_send_interim, good=True
    ),
    **{
        f"endless-{name}": Fault(
            f"on the socket: {words} without end, a part every `interval` seconds (0.1)",
            deliver=_repeat(begin, part),
        )
        for name, words, begin, part in (
            ("header", "a header", OK + b"X: ", b"x"),
            ("headers", "headers", OK, b"X: y\r\n"),
            ("continue", "responses 100 Continue", b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
            ("hints", "responses 103 Early Hints", b"", EARLY_HINTS),
            ("interim-headers", "headers of an interim response", EARLY_HINTS[:26], b"X: y\r\n"),
            ("body", "a body whose length is not announced", OK + b"\r\n{}", b" "),
            ("extension", "a chunk extension", CHUNKS + b";", b"x"),
            ("chunks", "chunks", CHUNKS + b"\r\n{}\r\n", b"1\r\n \r\n"),
            ("trailers", "trailers", CHUNKS + b"\r\n{}\r\n0\r\n", b"X: y\r\n"),
        )
    },
    "reset": Fault("on the socket: a reset instead of an answer", deliver=_reset),
    "huge": Fault("on the socket: a body of `size` bytes (100 MB), streamed", deliver=_send_huge),
}
