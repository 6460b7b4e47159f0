"""The client: the only module with network. It asks for JSON and never raises for what the service does."""

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
from requests.adapters import HTTPAdapter

from orarchive import __version__
from orarchive.collect.rate_limit import RateLimiter
from orarchive.collect.results import FetchResult
from orarchive.collect.secret import contains_key
from orarchive.errors import NotJSON
from orarchive.jsonl import dumps, loads

log = logging.getLogger(__name__)

CHUNK_BYTES = 1 << 16

MAX_BYTES = 10_000_000
"""Largest response that is read: the longest route, models, sent 1 MB in September 2026. Every worker may
hold one."""

MAX_WEIGHT = 25_000_000
"""Heaviest response that is taken (see `weight`): that of 1 MB weighs 5 million."""

VALUE_WEIGHT = 80
"""What a value weighs beside its text: `1.0,` is four bytes on the wire and hundreds in memory."""

TIMEOUTS_S = (10.0, 30.0)
"""Seconds to connect, and to wait for the next bytes of a response."""

REQUEST_TIMEOUT_S = 60.0
"""Longest time for one response as a whole; the timeout above never ends a slow drip."""

SPARE_LEVELS = 100
"""Levels of nesting that a body leaves free: it is written where Python's stack is deeper than here."""


@dataclass(frozen=True)
class RetryPolicy:
    """How often a request is tried, and the waits between (seconds; zero in tests)."""

    max_tries: int = 4
    first_wait: float = 1.0
    """Before the second try; doubled each time, with jitter of up to as much again."""
    max_wait: float = 60.0
    """Cap of every wait, `Retry-After` included: a wrong header must not hang the run for hours."""


@dataclass
class Client:
    """Asks one service; shared by all workers. `deadline` is in seconds of `clock`."""

    base_url: str
    rate_limiter: RateLimiter
    deadline: float
    retry_policy: RetryPolicy = field(default_factory=RetryPolicy)
    workers: int = 1
    key: str | None = field(default=None, repr=False)
    contact: str | None = None
    """A URL at which the service finds who is asking."""
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep

    def __post_init__(self) -> None:
        self._session = requests.Session()
        # one retry layer: ours. The pool holds a connection for each worker
        adapter = HTTPAdapter(pool_maxsize=self.workers, max_retries=0)
        self._session.mount("http://", adapter)
        self._session.mount("https://", adapter)
        self._session.auth = lambda request: request  # or a .netrc entry would be sent
        # none is followed; requests would read the whole body of one, and its address, whatever they are
        self._session.get_redirect_target = lambda _: None  # type: ignore[assignment, method-assign]
        agent = f"openrouter-archive/{__version__}"
        headers = {"User-Agent": agent, "Accept": "application/json", "X-Title": "OpenRouter archive"}
        if self.contact:
            headers |= {"User-Agent": f"{agent} (+{self.contact})", "HTTP-Referer": self.contact}
        self._session.headers.update(headers)
        self._jitter = random.Random()
        self._lock = threading.Lock()
        self._said: set[str] = set()

    def get(
        self,
        path: str,
        query: Mapping[str, str] | None = None,
        *,
        keyed: bool = False,
        tries: int | None = None,
        most: int = MAX_BYTES,
    ) -> FetchResult:
        """Ask for a path below the base URL until it answers, the tries are used up or time is over.

        An answer of more than so many bytes is none.
        """
        if not {".", ".."}.isdisjoint(path.split("/")):
            return FetchResult(reason="no-path")  # a foreign id that would lead to another route
        url = f"{self.base_url}/{path}" + (f"?{urlencode(query)}" if query else "")
        sent = limited = 0
        last = _Failed("")

        def once() -> FetchResult:
            nonlocal sent, limited, last
            if refused := self.rate_limiter.wait(self.deadline):
                last = last if sent else _Failed(refused)
                last.again = False
                raise last
            sent += 1
            try:
                return self._once(url, keyed, most)
            except _Failed as failed:
                last = failed
                limited += failed.reason == "429"
                raise

        retrying = tenacity.Retrying(
            stop=tenacity.stop_after_attempt(tries or self.retry_policy.max_tries),
            wait=self._wait,
            retry=tenacity.retry_if_exception(lambda error: isinstance(error, _Failed) and error.again),
            sleep=self.sleep,
            reraise=True,
        )
        try:
            return replace(retrying(once), requests=sent, rate_limited=limited)
        except _Failed as failed:
            said = FetchResult(reason=failed.reason, is_rejected=failed.refused, raw=failed.raw)
            return replace(said, requests=sent, rate_limited=limited)

    def _wait(self, state: tenacity.RetryCallState) -> float:
        """Seconds before the next try. Where the service says wait, the pacer holds all, this try too."""
        assert state.outcome
        failed = state.outcome.exception()
        assert isinstance(failed, _Failed)
        doubled = self.retry_policy.first_wait * 2.0 ** (state.attempt_number - 1)
        wait = max(doubled + self._jitter.uniform(0, doubled), failed.retry_after or 0.0)
        if failed.reason == "429" or failed.retry_after is not None:
            self.rate_limiter.hold(min(wait, self.retry_policy.max_wait))
            return 0.0
        return min(wait, self.retry_policy.max_wait, max(self.deadline - self.clock(), 0.0))

    def _once(self, url: str, keyed: bool, most: int) -> FetchResult:
        headers = {"Authorization": f"Bearer {self.key}"} if keyed and self.key else {}
        until = min(self.deadline, self.clock() + REQUEST_TIMEOUT_S)
        try:
            with self._session.get(
                url, headers=headers, stream=True, timeout=TIMEOUTS_S, allow_redirects=False
            ) as response:
                if response.status_code != 200:
                    raise self._status(response)
                raw = self._read(response, until, most)
        except (requests.Timeout, urllib3.exceptions.TimeoutError):
            raise _Failed("timeout", again=True) from None
        except (urllib3.exceptions.ProtocolError, urllib3.exceptions.DecodeError):
            raise _Failed("cut-off", again=True) from None
        except (requests.RequestException, urllib3.exceptions.HTTPError, OSError) as error:
            log.debug("%s: %s", url, error)
            raise _Failed("connection", again=True) from None
        age, date = response.headers.get("age", ""), response.headers.get("date")
        # refused before anything is made of it, and not saved: the ledger keeps the date, too
        if self.key and (contains_key(raw, self.key) or contains_key((date or "").encode(), self.key)):
            raise _Failed("holds-key")
        return FetchResult(
            body=_decoded(raw),
            raw=raw,
            age=int(age) if age.isascii() and age.isdigit() and len(age) < 10 else None,
            date=date,
        )

    def _read(self, response: requests.Response, until: float, most: int) -> bytes:
        """The body, as far as size and time allow; `read1` gives what has come, so a drip is seen."""
        parts: list[bytes] = []
        size = 0
        response.raw.decode_content = True
        while part := response.raw.read1(CHUNK_BYTES):
            parts.append(part)
            size += len(part)
            if size > most:
                parts.clear()  # the error's traceback would hold them for a while
                raise _Failed("too-large")
            if self.clock() > until:
                raise _Failed("too-slow", again=True) if until < self.deadline else _Failed("deadline")
        return b"".join(parts)

    def _status(self, response: requests.Response) -> "_Failed":
        status = response.status_code
        failed = _Failed(str(status), again=status in (408, 429) or status >= 500)
        if status in (429, 503):
            failed.retry_after = _retry_after(response.headers)
        if status == 429:
            self._say_once("Rate limited by %s; holding all requests back", self.base_url)
        return failed

    def _say_once(self, message: str, *values: object) -> None:
        with self._lock:
            if message in self._said:
                return
            self._said.add(message)
        log.warning(message, *values)


class _Failed(Exception):
    """One try that brought no body."""

    def __init__(self, reason: str, *, again: bool = False, refused: bool = False, raw: bytes = b"") -> None:
        super().__init__(reason)
        self.reason = reason
        self.again = again
        self.refused = refused
        self.raw = raw
        self.retry_after: float | None = None


def estimate_weight(raw: bytes) -> int:
    """How heavy a body is in memory, about: its bytes, and so many more for each value that it may hold."""
    return len(raw) + VALUE_WEIGHT * sum(map(raw.count, (b",", b"[", b"{")))


def _decoded(raw: bytes) -> Any:
    """The JSON value of a body that can be written back; anything else is refused."""
    if estimate_weight(raw) > MAX_WEIGHT:
        raise _Failed("too-large")
    try:
        body = deeper = loads(raw)
        for _ in range(SPARE_LEVELS):
            deeper = [deeper]
        dumps(deeper)
    except NotJSON:
        raise _Failed("not-json", again=True, refused=True, raw=raw) from None
    if isinstance(body, dict) and "error" in body and not body.keys() & {"data", "endpoints"}:
        raise _Failed("error-object", again=True, refused=True, raw=raw)
    return body


def _retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds that `Retry-After` asks for; it comes as seconds, or as a date beside the answer's own."""
    header = headers.get("retry-after", "").strip()
    if header.isdecimal():
        return float(header)
    try:
        until, sent = map(email.utils.parsedate_to_datetime, (header, headers.get("date", "")))
        return max(0.0, (until - sent).total_seconds())
    except (ValueError, TypeError, OverflowError):
        return None
