"""Everything that can go wrong with an answer, by name.

Most faults turn one reply into another; a few act on the socket and say so. FAULTS is the one table. A fault
is `good` if what it sends is odd but valid JSON of the right shape, which an archive has to keep.
"""

import json
import os
import socket
import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

Payload = Any


@dataclass(frozen=True)
class Reply:
    """An answer on its way out."""

    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=lambda: {"Content-Type": "application/json"})


class Line(Protocol):
    """What a fault on the socket may use; a wait ends at the latest with the service."""

    connection: socket.socket

    def send(self, data: bytes) -> None: ...
    def wait(self, seconds: float) -> None: ...


Deliver = Callable[
    ..., None
]  # (line, head, body, **options): puts an answer onto the socket, which is then closed


@dataclass(frozen=True)
class Fault:
    """What a fault does: in words, to a reply, on the socket; the options of `fail` are passed on."""

    says: str
    change: Callable[..., Reply] | None = None
    deliver: Deliver | None = None
    good: bool = False


def encode(payload: Payload) -> bytes:
    """JSON as the service sends it: UTF-8, compact; escaped only if it holds what UTF-8 cannot."""
    try:
        return json.dumps(payload, ensure_ascii=False, separators=(",", ":")).encode()
    except UnicodeEncodeError:
        return json.dumps(payload, separators=(",", ":")).encode()


def records(payload: Payload) -> list[dict[str, Any]]:
    """The records of a payload, in place: its list of rows, or the one it holds."""
    inner = payload.get("data", payload) if isinstance(payload, dict) else payload
    rows = inner.get("endpoints", [inner]) if isinstance(inner, dict) else inner
    return rows if isinstance(rows, list) else []


def fails(status: int, message: str, **headers: str) -> Callable[..., Reply]:
    """A fault that answers with an error; headers are written with underscores for hyphens."""

    def change(_: Reply, **options: Any) -> Reply:
        named = {
            name.replace("_", "-"): value.format(**{"seconds": 1} | options)
            for name, value in headers.items()
        }
        body = encode({"error": {"message": message, "code": status}})
        return Reply(status, body, {"Content-Type": "application/json", **named})

    return change


def says(body: bytes, content_type: str = "application/json") -> Callable[..., Reply]:
    """A fault that answers with other bytes and status 200."""
    return lambda _: Reply(200, body, {"Content-Type": content_type})


def in_bytes(alter: Callable[[bytes], bytes]) -> Callable[..., Reply]:
    """A fault in the bytes of the body."""
    return lambda reply: replace(reply, body=alter(reply.body))


def in_payload(alter: Callable[..., Payload]) -> Callable[..., Reply]:
    """A fault in the JSON, made by `alter`; error answers and empty lists pass as they are."""

    def change(reply: Reply, **options: Any) -> Reply:
        payload = json.loads(reply.body)
        if reply.status != 200 or not records(payload):
            return reply
        return replace(reply, body=encode(alter(payload, **options)))

    return change


def in_first(**fields: Any) -> Callable[..., Reply]:
    """A fault in one field of the first record, an option's `field` and `value` before the given ones."""
    ((name, value),) = fields.items()

    def alter(payload: Payload, field: str = name, value: Any = value) -> Payload:
        row = records(payload)[0]
        row[field] = value(row.get(field)) if callable(value) else value
        return payload

    return in_payload(alter)


def in_rows(alter: Callable[[list[Any]], list[Any]]) -> Callable[..., Reply]:
    """A fault in the list of rows; `total_count` agrees with what is left, so that only the rows tell."""

    def change(payload: Payload) -> Payload:
        rows = records(payload)
        rows[:] = alter(rows)
        if "total_count" in payload:
            payload["total_count"] = len(rows)
        return payload

    return in_payload(change)


def _without_key(rows: list[Any]) -> list[Any]:
    keys = {"id", "slug", "tag", "provider_tag", "provider_slug"}
    return [{name: value for name, value in rows[0].items() if name not in keys}, *rows[1:]]


def _wrong_type(payload: Payload) -> Payload:
    """An object where a list is due, a list where an object is."""
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


def _cut_off(line: Line, head: bytes, body: bytes) -> None:
    line.send(head + body[: len(body) // 2])


def _drip(line: Line, head: bytes, body: bytes, interval: float = 0.1, size: int = 1) -> None:
    line.send(head)
    for start in range(0, len(body), size):
        line.wait(interval)
        line.send(body[start : start + size])


def _reset(line: Line, head: bytes, body: bytes) -> None:
    """Close with no time to linger, which sends RST, and at once, before the server can send FIN."""
    line.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    os.close(line.connection.detach())


def _huge(line: Line, head: bytes, body: bytes, size: int = 100 * 2**20) -> None:
    """Send a body of `size` bytes, a piece at a time; the head it comes with is replaced."""
    start, piece, end = b'{"data":["', b"a" * 65536, b'"]}'
    filling = size - len(start) - len(end)
    line.send(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n")
    line.send(b"Content-Length: %d\r\n\r\n" % size + start)
    for _ in range(filling // len(piece)):
        line.send(piece)
    line.send(b"a" * (filling % len(piece)) + end)


HTML = b"<!DOCTYPE html><html><title>Just a moment...</title><body>Checking your browser</body></html>"
LIMITS = {"X_RateLimit_Limit": "20", "X_RateLimit_Remaining": "0", "X_RateLimit_Reset": "1780272060000"}

FAULTS: dict[str, Fault] = {
    "429": Fault(
        "too many requests, no word on when to come back", fails(429, "Rate limit exceeded", **LIMITS)
    ),
    "429-retry-after": Fault(
        "too many requests, come back after `seconds` (1)",
        fails(429, "Rate limit exceeded", Retry_After="{seconds}", **LIMITS),
    ),
    "500": Fault("internal error", fails(500, "Internal Server Error")),
    "502": Fault("bad gateway", fails(502, "Bad Gateway")),
    "503": Fault("service unavailable", fails(503, "Service Unavailable")),
    "404": Fault("not found", fails(404, "Not Found")),
    "html": Fault("a page for people with status 200", says(HTML, "text/html; charset=utf-8")),
    "error-object": Fault(
        "an error in JSON with status 200", lambda _: replace(fails(502, "Upstream failed")(_), status=200)
    ),
    "invalid-json": Fault("JSON without its last byte", in_bytes(lambda body: body[:-1])),
    "not-utf8": Fault(
        "bytes that are not UTF-8 in a string", in_bytes(lambda body: body.replace(b'":"', b'":"\xff\xe9', 1))
    ),
    "nan": Fault(
        "NaN, which is not JSON, in `field` (context_length)", in_first(context_length=float("nan"))
    ),
    "wrong-type": Fault("an object for a list, or a list for an object", in_payload(_wrong_type)),
    "empty": Fault("no rows", in_rows(lambda rows: [])),
    "shrunken": Fault("half of the rows", in_rows(lambda rows: rows[: len(rows) // 2])),
    "duplicate": Fault("the first row twice", in_rows(lambda rows: [rows[0], *rows])),
    "key-missing": Fault("the first row without its key", in_rows(_without_key)),
    "count-mismatch": Fault("a count off `by` some (5), where the route has one", in_payload(_miscount)),
    "lone-surrogate": Fault(
        "half a character, as an escape, in `field` (name): valid JSON",
        in_first(name=lambda name: f"{name or ''}\ud800"),
        good=True,
    ),
    "big-integer": Fault(
        "an integer of 70 bits in `field` (context_length)", in_first(context_length=2**70 - 1), good=True
    ),
    "cut-off": Fault("on the socket: half of the promised body, then the end", deliver=_cut_off),
    "slow-drip": Fault(
        "on the socket: `size` bytes (1) every `interval` seconds (0.1)", deliver=_drip, good=True
    ),
    "reset": Fault("on the socket: reset instead of an answer", deliver=_reset),
    "huge": Fault("on the socket: a body of `size` bytes (100 MB), streamed", deliver=_huge),
}
