"""The HTTP client: the only module that sends HTTP requests. It never raises for faults of the service."""

import email.utils
import logging
import random
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urlencode

import requests
import tenacity
import urllib3

from orarchive import __version__
from orarchive.collect.connection import DeadlineGuard, Exchange, GuardedAdapter
from orarchive.collect.leaked_key import contains_key
from orarchive.collect.rate_limit import RateLimiter
from orarchive.collect.results import FetchResult
from orarchive.errors import NotJSON
from orarchive.jsonl import dumps, loads

log = logging.getLogger(__name__)

CHUNK_BYTES = 1 << 16

MAX_BYTES = 20_000_000
"""Largest response that is read: the longest route, models, sent 1 MB in September 2026 and may grow."""

MAX_WEIGHT = 60_000_000
"""Heaviest response that is decoded (see `estimate_weight`): that of 1 MB weighs 5 million. The worst
body of this weight takes 0.8 GB while it is archived, the models tenfold 0.2 GB."""

VALUE_WEIGHT_BYTES = 80
"""Memory of a value beside its text: `1.0,` is four bytes on the wire and hundreds in memory."""

TIMEOUTS_S = (4.0, 30.0)
"""Seconds to connect, for which a run that is stopped may have to wait, and to wait for the next bytes."""

REQUEST_TIMEOUT_S = 60.0
"""Longest time for one response as a whole; the timeout above never ends a slow drip."""

SPARE_LEVELS = 100
"""Levels of nesting that a body must leave free: it is written where Python's stack is deeper than here."""


@dataclass(frozen=True)
class RetryPolicy:
    """How often a request is tried, and the waits between the tries (seconds; zero in tests)."""

    max_tries: int = 4
    first_wait: float = 1.0
    """Before the second try; doubled each time, with jitter of up to as much again."""
    max_wait: float = 60.0
    """Cap of every wait, `Retry-After` included: a wrong header must not hang the run for hours."""


@dataclass
class Client:
    """Sends requests to one service; shared by all workers. `deadline` is in seconds of `clock`."""

    base_url: str
    rate_limiter: RateLimiter
    deadline: float
    retry_policy: RetryPolicy = field(default_factory=RetryPolicy)
    workers: int = 1
    key: str | None = field(default=None, repr=False)
    contact: str | None = None
    """A URL at which the service can look up who sends the requests."""
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    stopped: threading.Event = field(default_factory=threading.Event)
    """Once it is set, requests under way end at once, and no other is sent."""

    def __post_init__(self) -> None:
        self._guard = DeadlineGuard(self.clock, self.stopped)
        self._session = requests.Session()
        # The proxies and certificates that the environment names are those of all requests to the service;
        # the session would look them up again for each.
        settings = self._session.merge_environment_settings(self.base_url, {}, None, None, None)
        self._session.proxies, self._session.verify = settings["proxies"], settings["verify"]
        self._session.trust_env = False
        # There is one retry layer, the one below. The pool has a connection for each worker.
        adapter = GuardedAdapter(pool_maxsize=self.workers, max_retries=0)
        self._session.mount("http://", adapter)
        self._session.mount("https://", adapter)
        # No redirect is followed; requests would read the whole body of one, and its address, of any size.
        self._session.get_redirect_target = lambda _: None  # type: ignore[assignment, method-assign]
        agent = f"openrouter-archive/{__version__}"
        headers = {"User-Agent": agent, "Accept": "application/json", "X-Title": "OpenRouter archive"}
        if self.contact:
            headers |= {"User-Agent": f"{agent} (+{self.contact})", "HTTP-Referer": self.contact}
        self._session.headers.update(headers)
        self._jitter = random.Random()
        self._lock = threading.Lock()
        self._logged: set[str] = set()

    def close(self) -> None:
        """Close the connections that are kept for further requests; the next request opens one again."""
        self._session.close()

    def get(
        self,
        path: str,
        query: Mapping[str, str] | None = None,
        *,
        keyed: bool = False,
        tries: int | None = None,
        max_bytes: int = MAX_BYTES,
    ) -> FetchResult[Any]:
        """Fetch a path below the base URL until it answers, the tries are used up or the deadline is over.

        `keyed` sends the API key; a response of more than `max_bytes` fails as `too-large`.
        """
        # An id of the service's with such a segment would lead to another route.
        if not {".", ".."}.isdisjoint(path.split("/")):
            return FetchResult(reason="no-path")
        url = f"{self.base_url}/{path}" + (f"?{urlencode(query)}" if query else "")
        return self.get_address(url, keyed=keyed, tries=tries, max_bytes=max_bytes)

    def get_address(
        self, url: str, *, keyed: bool = False, tries: int | None = None, max_bytes: int = MAX_BYTES
    ) -> FetchResult[Any]:
        """Fetch an address, such as that of a next page, as `get` does a path; its origin is not checked."""
        sent = rate_limited = 0
        failure = _FailedTry("")

        def send() -> FetchResult[Any]:
            nonlocal sent, rate_limited, failure
            if self.stopped.is_set():
                raise _FailedTry("stopped")
            if refusal := self.rate_limiter.wait(self.deadline):
                failure = failure if sent else _FailedTry(refusal)
                failure.is_transient = False
                raise failure
            sent += 1
            try:
                return self._send(url, keyed, max_bytes)
            except _FailedTry as error:
                failure = error
                rate_limited += error.reason == "429"
                raise

        retrying = tenacity.Retrying(
            stop=tenacity.stop_after_attempt(tries or self.retry_policy.max_tries),
            wait=self._compute_wait,
            retry=tenacity.retry_if_exception(
                lambda error: isinstance(error, _FailedTry) and error.is_transient
            ),
            sleep=self.sleep,
            reraise=True,
        )
        try:
            result = retrying(send)
        except _FailedTry as error:
            result = FetchResult(reason=error.reason, is_rejected=error.is_rejected, raw=error.raw)
        return replace(result, requests=sent, rate_limited=rate_limited)

    def _compute_wait(self, state: tenacity.RetryCallState) -> float:
        """Return the seconds before the next try.

        Where the service asks to wait, the rate limiter holds all requests, this one too: the wait is 0 here.
        """
        assert state.outcome
        failure = state.outcome.exception()
        assert isinstance(failure, _FailedTry)
        doubled = self.retry_policy.first_wait * 2.0 ** (state.attempt_number - 1)
        wait = max(doubled + self._jitter.uniform(0, doubled), failure.retry_after or 0.0)
        if failure.reason == "429" or failure.retry_after is not None:
            self.rate_limiter.hold(min(wait, self.retry_policy.max_wait))
            return 0.0
        return min(wait, self.retry_policy.max_wait, max(self.deadline - self.clock(), 0.0))

    def _send(self, url: str, keyed: bool, max_bytes: int) -> FetchResult[Any]:
        """Send one request and decode its response; raise _FailedTry where either fails."""
        headers = {"Authorization": f"Bearer {self.key}"} if keyed and self.key else {}
        deadline = min(self.deadline, self.clock() + REQUEST_TIMEOUT_S)
        with self._guard.limit(deadline) as exchange:
            try:
                with self._session.get(
                    url, headers=headers, stream=True, timeout=TIMEOUTS_S, allow_redirects=False
                ) as response:
                    if response.status_code != 200:
                        raise self._fail_with_status(response)
                    raw = self._read_body(response, max_bytes)
            except (requests.RequestException, urllib3.exceptions.HTTPError, OSError) as error:
                log.debug("%s: %s", url, error)
                raise self._fail_with_error(error, exchange) from None
            if exchange.is_ended:
                # A body that only the end of the connection ends would pass for a whole one.
                raise self._fail_with_error(None, exchange)
        age, date = response.headers.get("age", ""), response.headers.get("date")
        # Rejected before it is decoded, and not saved in quarantine; the date goes into the ledger, too.
        if self.key and (contains_key(raw, self.key) or contains_key((date or "").encode(), self.key)):
            raise _FailedTry("holds-key")
        return FetchResult(
            body=_decode(raw),
            raw=raw,
            age=int(age) if age.isascii() and age.isdigit() and len(age) < 10 else None,
            date=date,
            next_link=response.links.get("next", {}).get("url"),
        )

    def _read_body(self, response: requests.Response, max_bytes: int) -> bytes:
        """Read the body, of a limited size."""
        parts: list[bytes] = []
        size = 0
        response.raw.decode_content = True
        while part := response.raw.read1(CHUNK_BYTES):
            parts.append(part)
            size += len(part)
            if size > max_bytes:
                # The error's traceback would keep the parts in memory for a while.
                parts.clear()
                raise _FailedTry("too-large")
        return b"".join(parts)

    def _fail_with_error(self, error: Exception | None, exchange: Exchange) -> "_FailedTry":
        """Build the failure for an error of the connection, or for its end at the deadline."""
        if exchange.is_ended:
            is_late = exchange.deadline >= self.deadline
            return _FailedTry("deadline" if is_late else "too-slow", is_transient=not is_late)
        if isinstance(error, requests.Timeout | urllib3.exceptions.TimeoutError):
            return _FailedTry("timeout", is_transient=True)
        if isinstance(error, urllib3.exceptions.ProtocolError | urllib3.exceptions.DecodeError):
            return _FailedTry("cut-off", is_transient=True)
        return _FailedTry(_name_connection_error(error), is_transient=True)

    def _fail_with_status(self, response: requests.Response) -> "_FailedTry":
        """Build the failure for a status other than 200; log the first rate limit."""
        status = response.status_code
        failure = _FailedTry(str(status), is_transient=status in (408, 429) or status >= 500)
        if status in (429, 503):
            failure.retry_after = _parse_retry_after(response.headers)
        if status == 429:
            self._log_once("Rate limited by %s; all requests wait", self.base_url)
        return failure

    def _log_once(self, message: str, *values: object) -> None:
        """Log a warning once for each text; all workers share the set of logged texts."""
        with self._lock:
            if message in self._logged:
                return
            self._logged.add(message)
        log.warning(message, *values)


class _FailedTry(Exception):
    """One try that brought no body."""

    def __init__(
        self, reason: str, *, is_transient: bool = False, is_rejected: bool = False, raw: bytes = b""
    ) -> None:
        super().__init__(reason)
        self.reason = reason
        self.is_transient = is_transient
        """True where another try may succeed."""
        self.is_rejected = is_rejected
        self.raw = raw
        self.retry_after: float | None = None
        """Seconds that the service asks to wait."""


def estimate_weight(raw: bytes) -> int:
    """Estimate the memory of a decoded body in bytes: its text, and a share for each value it may hold."""
    return len(raw) + VALUE_WEIGHT_BYTES * sum(map(raw.count, (b",", b"[", b"{")))


def _decode(raw: bytes) -> Any:
    """Decode a body to a JSON value that can be written back; raise _FailedTry for anything else."""
    if estimate_weight(raw) > MAX_WEIGHT:
        raise _FailedTry("too-large")
    try:
        body = nested = loads(raw)
        for _ in range(SPARE_LEVELS):
            nested = [nested]
        dumps(nested)
    except NotJSON:
        raise _FailedTry("not-json", is_transient=True, is_rejected=True, raw=raw) from None
    if isinstance(body, dict) and "error" in body and not body.keys() & {"data", "endpoints"}:
        raise _FailedTry("error-object", is_transient=True, is_rejected=True, raw=raw)
    return body


def _name_connection_error(error: BaseException | None) -> str:
    """Name why there is no connection: `tls`, `proxy`, `dns`, `refused`, or else `connection`."""
    # Files of certificates are read before anything is sent, and requests has no error of its own for them.
    if isinstance(error, OSError) and "certificate" in str(error) and not error.args[1:]:
        return "tls"
    reasons = {
        requests.exceptions.SSLError: "tls",
        requests.exceptions.ProxyError: "proxy",
        requests.exceptions.InvalidProxyURL: "proxy",
        requests.exceptions.InvalidSchema: "proxy",
        urllib3.exceptions.NameResolutionError: "dns",
        ConnectionRefusedError: "refused",
    }
    while error:
        for kind, reason in reasons.items():
            if isinstance(error, kind):
                return reason
        # The error of requests holds that of urllib3, which holds that of the socket.
        inner = getattr(error, "reason", None) or next(iter(error.args), None)
        error = inner if isinstance(inner, BaseException) and inner is not error else error.__cause__
    return "connection"


def _parse_retry_after(headers: Mapping[str, str]) -> float | None:
    """Parse `Retry-After` to seconds; it is a number of seconds, or a date relative to the response's own."""
    header = headers.get("retry-after", "").strip()
    if header.isdecimal():
        return float(header)
    try:
        until, sent = map(email.utils.parsedate_to_datetime, (header, headers.get("date", "")))
        return max(0.0, (until - sent).total_seconds())
    except (ValueError, TypeError, OverflowError):
        return None
