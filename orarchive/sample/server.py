"""A real HTTP server on loopback around any responder: it records its requests and fails on demand."""

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
from orarchive.sample.world import build_world_at

# (path below the base, query, headers by Title-Case names) -> a Reply, or a status with a JSON-able body
Respond = Callable[[str, Mapping[str, str], Mapping[str, str]], Reply | tuple[int, Any]]


class SeenRequest(NamedTuple):
    """A request: its path (below the base) with query, the status answered, headers by Title-Case name."""

    path: str
    status: int
    headers: dict[str, str]


@dataclass
class ActiveFault:
    """A fault in force: the pattern of its routes, how many times more (None: until `heal`), its options."""

    route: str
    fault: Fault
    times: int | None
    options: dict[str, Any] = field(default_factory=dict)


class Service:
    """A service on 127.0.0.1 while its `with` block runs.

    Settable at any time: `now` (aware; the `date` header, and the responder's time), `age` (seconds; the
    header of that name), `latency` (seconds by which every answer is delayed), `limits` (of the Data API).
    """

    def __init__(self, respond: Respond, base: str = "/api/v1", port: int = 0, now: datetime = START) -> None:
        self.respond = respond
        self.base = base
        self.now = now
        self.latency = 0.0
        self.age = 0
        self.limits = Limits()
        self.seen: list[SeenRequest] = []
        self.closing = Event()
        self._faults: list[ActiveFault] = []
        self._lock = Lock()
        self._server = _Server(self, port)

    @property
    def base_url(self) -> str:
        """Return the base URL for clients."""
        return f"http://127.0.0.1:{self._server.server_port}{self.base}"

    @property
    def requests(self) -> list[tuple[str, int]]:
        """Return every request so far, in the order of the answers: path with query, and status."""
        return [(seen.path, seen.status) for seen in self.seen]

    @property
    def data_requests(self) -> dict[date, int]:
        """Return the number of requests that the Data API has counted, by UTC day."""
        return dict(self.limits.counted)

    def fail(self, route: str, fault: str, times: int | None = None, **options: Any) -> None:
        """Let requests whose path below the base matches `route` fail; the newest call goes first."""
        active = ActiveFault(route, FAULTS[fault], times, options)
        with self._lock:
            self._faults.insert(0, active)

    def heal(self) -> None:
        """End all faults."""
        with self._lock:
            self._faults.clear()

    def answer(self, path: str, query: str, headers: dict[str, str]) -> tuple[Reply, ActiveFault | None]:
        """Record a GET and return its reply, changed by the fault in force, and that fault."""
        active = self.take_fault(path)
        reply = self.respond(path, dict(parse_qsl(query)), headers)
        if not isinstance(reply, Reply):
            reply = Reply(reply[0], encode(reply[1]))
        if path in DATASETS and reply.status != 401:
            wait = self.limits.count_request(self.now)
            reply = reply if wait is None else _refuse(wait)
        if active and active.fault.change:
            reply = active.fault.change(reply, **active.options)
        self.closing.wait(self.latency)
        self.seen.append(SeenRequest(f"{path}?{query}" if query else path, reply.status, headers))
        return reply, active

    def take_fault(self, path: str) -> ActiveFault | None:
        """Return the fault in force for a path, after counting it down by one."""
        with self._lock:
            for active in self._faults:
                if active.times != 0 and fnmatchcase(path, active.route):
                    if active.times is not None:
                        active.times -= 1
                    return active
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
    """Return the sample of OpenRouter at a moment; set `now` to move it.

    `key` opens the routes that need one; port 0 takes any free port.
    """
    service = Service(
        lambda path, query, headers: routes.answer(build_world_at(service.now), path, query, headers, key),
        port=port,
        now=moment,
    )
    return service


def _refuse(seconds: int) -> Reply:
    """Return the reply to a request over a limit."""
    status, body = routes.build_error(429, "Rate limit exceeded")
    return Reply(status, encode(body), {"Content-Type": "application/json", "Retry-After": str(seconds)})


class _Server(ThreadingHTTPServer):
    """A server with a thread for each connection; open connections are shut when the server closes."""

    daemon_threads = True
    request_queue_size = 256

    def __init__(self, service: Service, port: int) -> None:
        self.service = service
        self._open: set[socket] = set()
        super().__init__(("127.0.0.1", port), _Handler)

    def get_request(self) -> tuple[socket, Any]:
        """Accept a connection and remember it."""
        connection, address = super().get_request()
        self._open.add(connection)
        return connection, address

    def shutdown_request(self, request: Any) -> None:
        """Close a connection and forget it."""
        self._open.discard(request)
        super().shutdown_request(request)

    def server_close(self) -> None:
        """Close the server and all connections that are still open."""
        super().server_close()
        for connection in list(self._open):
            with suppress(OSError):
                connection.shutdown(SHUT_RDWR)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Ignore the error of a client that has disconnected; any other error is a bug and printed."""
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    """A request over HTTP. Head and body go out in one write: a delayed ACK between two would cost 40 ms."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Server

    def do_GET(self) -> None:
        """Answer a GET, or deliver the fault in force."""
        service = self.server.service
        url = urlsplit(self.path)
        path = unquote(url.path)
        if not path.startswith(f"{service.base}/") and path != openapi.PATH:
            self.send_error(HTTPStatus.NOT_FOUND)
            return
        headers = {name.title(): value for name, value in self.headers.items()}
        reply, active = service.answer(path.removeprefix(f"{service.base}/"), url.query, headers)
        if "gzip" in self.headers.get("Accept-Encoding", ""):
            packed = gzip.compress(reply.body, compresslevel=1, mtime=0)
            reply = replace(reply, body=packed, headers={**reply.headers, "Content-Encoding": "gzip"})
        if active and active.fault.deliver:
            self.close_connection = True
            active.fault.deliver(self, self._format_head(reply), reply.body, **active.options)
        else:
            self.send(self._format_head(reply) + reply.body)

    def send(self, data: bytes) -> None:
        """Write bytes to the connection."""
        self.connection.sendall(data)

    def wait(self, seconds: float) -> None:
        """Wait, at most until the service closes."""
        self.server.service.closing.wait(seconds)

    def log_message(self, format: str, *args: object) -> None:
        """Print nothing; the service records its requests."""

    def _format_head(self, reply: Reply) -> bytes:
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
