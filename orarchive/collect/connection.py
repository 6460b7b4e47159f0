"""HTTP connections that end at a deadline, whatever the other side sends, and read past interim responses.

The timeout of a socket bounds the wait for the next bytes alone: a head, a trailer or a chunk extension that
drips, or an endless row of interim responses, would hold a run for ever.
"""

import http.client
import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import urllib3.connection
from requests.adapters import HTTPAdapter
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import ConnectTimeoutError, NewConnectionError


class Exchange:
    """One request and its response, in the thread that sends it."""

    def __init__(self, deadline: float, clock: Callable[[], float] = time.monotonic) -> None:
        self.deadline = deadline
        self.clock = clock
        self.is_ended = False
        self._sock: socket.socket | None = None

    def use(self, sock: socket.socket) -> None:
        """Take note of the socket of the connection, as a duplicate, for TLS takes the socket itself over."""
        self.close()
        self._sock = socket.socket(fileno=os.dup(sock.fileno()))
        if self.is_ended:
            self.end()

    def end(self) -> None:
        """Shut the connection down: the thread that waits for it gets an error at once."""
        self.is_ended = True
        if self._sock:
            with suppress(OSError):  # it may be closed already
                self._sock.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Close the duplicate, which leaves the connection open."""
        if self._sock:
            self._sock.close()


_thread = threading.local()
"""`exchange`: the one that the thread is at."""


MAX_WATCH_S = 1.0
"""Longest time until the watch notices a request whose deadline is the next one."""

MIN_WATCH_S = 0.1


class DeadlineGuard:
    """Ends each exchange at its deadline (seconds of `clock`), and all of them once `stopped` is set."""

    def __init__(self, clock: Callable[[], float], stopped: threading.Event) -> None:
        self._clock = clock
        self._stopped = stopped
        self._lock = threading.Lock()
        self._exchanges: set[Exchange] = set()
        self._is_watching = False

    @contextmanager
    def limit(self, deadline: float) -> Iterator[Exchange]:
        """End what this thread sends and receives inside the block at a deadline."""
        exchange = Exchange(deadline, self._clock)
        with self._lock:
            self._exchanges.add(exchange)
            if not self._is_watching:
                self._is_watching = True
                threading.Thread(target=self._watch, daemon=True, name="deadlines").start()
        _thread.exchange = exchange
        try:
            yield exchange
        finally:
            with self._lock:
                self._exchanges.discard(exchange)
            exchange.close()

    def _watch(self) -> None:
        """End what is past its deadline, as long as there are exchanges."""
        while True:
            with self._lock:
                if not self._exchanges:
                    self._is_watching = False
                    return
                now = self._clock()
                for exchange in self._exchanges:
                    if exchange.deadline <= now or self._stopped.is_set():
                        exchange.end()
                soonest = min(exchange.deadline for exchange in self._exchanges)
            if self._stopped.wait(min(max(soonest - now, MIN_WATCH_S), MAX_WATCH_S)):
                time.sleep(MIN_WATCH_S)


class _Response(http.client.HTTPResponse):
    """A response whose interim responses (1xx) are skipped, not only `100 Continue`."""

    def _read_status(self) -> tuple[str, int, str]:
        while True:
            version, status, reason = super()._read_status()  # type: ignore[misc]
            if not 100 <= status < 200:
                return version, status, reason
            while self.fp.readline(1 << 16).strip():
                pass


class _Watched:
    """A part of a connection class: the exchange of the thread learns of the socket."""

    response_class: Any = _Response
    sock: socket.socket | None
    port: int
    timeout: Any
    _dns_host: str

    def _new_conn(self) -> socket.socket:
        """Connect to one of the host's addresses, each for the time that is left; return the socket."""
        exchange: Exchange = _thread.exchange
        host, timeout = self._dns_host, self.timeout
        error: Exception | None = None
        for address in _resolve(host, self.port):
            left = exchange.deadline - exchange.clock()
            if exchange.is_ended or left <= 0:
                break
            try:
                self._dns_host, self.timeout = address, min(timeout, left)
                sock: socket.socket = super()._new_conn()  # type: ignore[misc]
            except (NewConnectionError, ConnectTimeoutError) as failure:
                error = failure
                continue
            finally:
                self._dns_host, self.timeout = host, timeout
            _watch_socket(sock)
            return sock
        raise error or ConnectTimeoutError(self, f"no time is left to connect to {host}")

    def request(self, *arguments: Any, **options: Any) -> None:
        """Send a request, on a connection that may be there from an earlier one."""
        if self.sock:
            _watch_socket(self.sock)
        super().request(*arguments, **options)  # type: ignore[misc]


def _resolve(host: str, port: int) -> list[str]:
    """Return the addresses of a host; its name where it has none, so that connecting names the error."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError:
        return [host]
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


def _watch_socket(sock: socket.socket) -> None:
    """Let the exchange of this thread use a socket."""
    exchange: Exchange = _thread.exchange
    exchange.use(sock)


class _HTTPConnection(_Watched, urllib3.connection.HTTPConnection):
    pass


class _HTTPSConnection(_Watched, urllib3.connection.HTTPSConnection):
    pass


class _HTTPPool(HTTPConnectionPool):
    ConnectionCls = _HTTPConnection


class _HTTPSPool(HTTPSConnectionPool):
    ConnectionCls = _HTTPSConnection


POOL_CLASSES = {"http": _HTTPPool, "https": _HTTPSPool}


class GuardedAdapter(HTTPAdapter):
    """Sends requests of a session over connections that a DeadlineGuard can end."""

    def init_poolmanager(self, *arguments: Any, **options: Any) -> None:
        """Make the pools of direct connections."""
        super().init_poolmanager(*arguments, **options)
        self.poolmanager.pool_classes_by_scheme = POOL_CLASSES

    def proxy_manager_for(self, proxy: str, **options: Any) -> Any:
        """Make the pools of connections through a proxy."""
        manager = super().proxy_manager_for(proxy, **options)
        manager.pool_classes_by_scheme = POOL_CLASSES
        return manager
