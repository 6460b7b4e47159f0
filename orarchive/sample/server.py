"""A real HTTP server on loopback around any responder: it remembers what it was asked and fails on demand."""

import gzip
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from email.utils import format_datetime
from fnmatch import fnmatchcase
from http import HTTPStatus
from http.client import responses
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socket import SHUT_RDWR, socket
from threading import Event, Lock, Thread
from typing import Any, NamedTuple, Self
from urllib.parse import parse_qsl, unquote, urlsplit

from orarchive.sample import openapi, routes
from orarchive.sample.datasets import DATASETS
from orarchive.sample.faults import FAULTS, Fault, Reply, encode
from orarchive.sample.happenings import START
from orarchive.sample.limits import Limits
from orarchive.sample.world import world_at

# (path below the base, query, headers by Title-Case names) -> a Reply, or a status with a JSON-able body
Respond = Callable[[str, Mapping[str, str], Mapping[str, str]], Reply | tuple[int, Any]]


class Seen(NamedTuple):
    """A request: its path (below the base) with query, the status answered, headers by Title-Case name."""

    path: str
    status: int
    headers: dict[str, str]


@dataclass
class Failing:
    """A fault in force: on which routes, how many times more (None: until healed), with which options."""

    route: str
    fault: Fault
    times: int | None
    options: dict[str, Any] = field(default_factory=dict)


class Service:
    """A service on 127.0.0.1 while its `with` block runs.

    Settable at any time: `now` (aware; the `date` header, and what a responder makes of it), `age` (seconds;
    the header of that name) and `latency` (seconds every answer is held); `limits` of the Data API.
    """

    def __init__(self, respond: Respond, base: str = "/api/v1", port: int = 0, now: datetime = START) -> None:
        self.respond = respond
        self.base = base
        self.now = now
        self.latency = 0.0
        self.age = 0
        self.limits = Limits()
        self.seen: list[Seen] = []
        self.closing = Event()
        self._failing: list[Failing] = []
        self._lock = Lock()
        self._server = _Server(self, port)

    @property
    def base_url(self) -> str:
        """What a client takes as its base URL."""
        return f"http://127.0.0.1:{self._server.server_port}{self.base}"

    @property
    def requests(self) -> list[tuple[str, int]]:
        """Every request so far, in the order of the answers: path below the base with query, and status."""
        return [(seen.path, seen.status) for seen in self.seen]

    @property
    def data_requests(self) -> dict[date, int]:
        """How many requests the Data API has counted, by UTC day."""
        return dict(self.limits.counted)

    def fail(self, route: str, fault: str, times: int | None = None, **options: Any) -> None:
        """Let requests whose path below the base matches `route` fail; the newest call goes first."""
        failing = Failing(route, FAULTS[fault], times, options)
        with self._lock:
            self._failing.insert(0, failing)

    def heal(self) -> None:
        """End all faults."""
        with self._lock:
            self._failing.clear()

    def answer(self, path: str, query: str, headers: dict[str, str]) -> tuple[Reply, Failing | None]:
        """The reply to a GET, with the fault in force worked in; the request is remembered."""
        failing = self.fault_for(path)
        reply = self.respond(path, dict(parse_qsl(query)), headers)
        if not isinstance(reply, Reply):
            reply = Reply(reply[0], encode(reply[1]))
        if path in DATASETS and reply.status != 401:
            wait = self.limits.take(self.now)
            reply = reply if wait is None else _too_many(wait)
        if failing and failing.fault.change:
            reply = failing.fault.change(reply, **failing.options)
        self.closing.wait(self.latency)
        self.seen.append(Seen(f"{path}?{query}" if query else path, reply.status, headers))
        return reply, failing

    def fault_for(self, path: str) -> Failing | None:
        """The fault in force for a path, counted down by one."""
        with self._lock:
            for failing in self._failing:
                if failing.times != 0 and fnmatchcase(path, failing.route):
                    if failing.times is not None:
                        failing.times -= 1
                    return failing
        return None

    def __enter__(self) -> Self:
        self._thread = Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.closing.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def sample_service(moment: datetime, key: str = "sample-key", port: int = 0) -> Service:
    """OpenRouter as the sample has it at the moment, moved by setting `now`; `key` opens what needs one."""
    service = Service(
        lambda path, query, headers: routes.answer(world_at(service.now), path, query, headers, key),
        port=port,
        now=moment,
    )
    return service


def _too_many(seconds: int) -> Reply:
    """The answer over a limit."""
    status, body = routes.error(429, "Rate limit exceeded")
    return Reply(status, encode(body), {"Content-Type": "application/json", "Retry-After": str(seconds)})


class _Server(ThreadingHTTPServer):
    """One thread a connection; connections left open are shut when the server closes."""

    daemon_threads = True
    request_queue_size = 256

    def __init__(self, service: Service, port: int) -> None:
        self.service = service
        self._open: set[socket] = set()
        super().__init__(("127.0.0.1", port), _Handler)

    def get_request(self) -> tuple[socket, Any]:
        connection, address = super().get_request()
        self._open.add(connection)
        return connection, address

    def shutdown_request(self, request: Any) -> None:
        self._open.discard(request)
        super().shutdown_request(request)

    def server_close(self) -> None:
        super().server_close()
        for connection in list(self._open):
            with suppress(OSError):
                connection.shutdown(SHUT_RDWR)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Stay quiet where a client has gone away; anything else is a bug and shown."""
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    """Speaks HTTP; head and body go out in one write, as a delayed ACK between two would cost 40 ms."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Server

    def do_GET(self) -> None:
        service = self.server.service
        url = urlsplit(self.path)
        path = unquote(url.path)
        if not path.startswith(f"{service.base}/") and path != openapi.PATH:
            self.send_error(HTTPStatus.NOT_FOUND)
            return
        headers = {name.title(): value for name, value in self.headers.items()}
        reply, failing = service.answer(path.removeprefix(f"{service.base}/"), url.query, headers)
        if "gzip" in self.headers.get("Accept-Encoding", ""):
            packed = gzip.compress(reply.body, compresslevel=1, mtime=0)
            reply = replace(reply, body=packed, headers={**reply.headers, "Content-Encoding": "gzip"})
        if failing and failing.fault.deliver:
            self.close_connection = True
            failing.fault.deliver(self, self._head(reply), reply.body, **failing.options)
        else:
            self.send(self._head(reply) + reply.body)

    def send(self, data: bytes) -> None:
        """Put bytes onto the connection."""
        self.connection.sendall(data)

    def wait(self, seconds: float) -> None:
        """Wait, but no longer than the service runs."""
        self.server.service.closing.wait(seconds)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing; the service remembers its requests."""

    def _head(self, reply: Reply) -> bytes:
        service = self.server.service
        headers = {
            "Date": format_datetime(service.now, usegmt=True),
            "Age": str(service.age),
            "Cache-Control": "public, max-age=300",
            "Vary": "Accept-Encoding",
            **reply.headers,
            "Content-Length": str(len(reply.body)),
        }
        lines = [f"HTTP/1.1 {reply.status} {responses.get(reply.status, '')}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")
