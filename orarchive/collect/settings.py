"""Settings: how to send requests, from the environment, and what one run shall do, from the command line."""

import datetime as dt
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from urllib.parse import urlsplit

from orarchive.collect.client import Client, RetryPolicy
from orarchive.collect.rate_limit import RateLimiter
from orarchive.domain.feeds import DIRECT_FEEDS, FEEDS
from orarchive.errors import ArchiveError

SWITCHES = {
    **dict.fromkeys(("1", "true", "yes", "on"), True),
    **dict.fromkeys(("", "0", "false", "no", "off"), False),
}
"""Values of a setting that is on or off."""

MAX_NUMBER = 1_000_000
"""Largest number in a setting: beyond it a number is a slip, and would overflow a time."""


@dataclass(frozen=True)
class DirectAccess:
    """Where another service than OpenRouter is asked, and with which key."""

    base_url: str
    key: str = field(repr=False)


@dataclass(frozen=True)
class Settings:
    """How to send requests, from the environment (see README)."""

    base_url: str = "https://openrouter.ai/api/v1"
    key: str | None = field(default=None, repr=False)
    direct: Mapping[str, DirectAccess] = field(default_factory=dict)
    """By the feed of the service; services without a key are not in it."""
    latency: bool = False
    """Whether the key is sent for endpoints, which opens their latency and throughput."""
    benchmarks: bool = False
    """Whether the benchmarks of third parties are read from the Data API; they have terms of their own."""
    contact: str | None = None
    min_interval: dt.timedelta = dt.timedelta(minutes=30)
    timeout: float = 600.0
    """Seconds for one attempt."""
    workers: int = 8
    per_second: float = 4.0
    """Requests a second; 0: no limit."""
    retry_policy: RetryPolicy = field(default_factory=RetryPolicy)

    def make_client(
        self,
        sleep: Callable[[float], None],
        rate_limiter: RateLimiter | None = None,
        clock: Callable[[], float] = time.monotonic,
        stopped: threading.Event | None = None,
    ) -> Client:
        """Make a client with these settings; the caller sets its deadline, which is over already.

        Once `stopped` is set it sends nothing more.
        """
        return Client(
            self.base_url,
            rate_limiter or RateLimiter(self.per_second, clock, sleep),
            deadline=0.0,
            retry_policy=self.retry_policy,
            workers=self.workers,
            key=self.key,
            contact=self.contact,
            clock=clock,
            sleep=sleep,
            stopped=stopped or threading.Event(),
        )

    def make_direct_clients(
        self,
        sleep: Callable[[float], None],
        clock: Callable[[], float] = time.monotonic,
        stopped: threading.Event | None = None,
    ) -> dict[str, Client]:
        """Make a client for each other service with a key, by feed, with a rate limit of its own."""
        return {
            feed: replace(
                self.make_client(sleep, None, clock, stopped), base_url=access.base_url, key=access.key
            )
            for feed, access in self.direct.items()
        }


@dataclass(frozen=True)
class RunOptions:
    """What one run shall do."""

    hour: dt.datetime
    is_hour_given: bool = False
    """The hour was named, not read from the clock: the minimum interval does not apply."""
    feeds: tuple[str, ...] = tuple(FEEDS)
    rankings: bool = False
    """Whether rankings are read, too."""
    dry_run: bool = False
    force: bool = False
    commit: bool = True
    push: bool = False
    accept: tuple[str, ...] = ()
    """Feeds and ranking series that may shrink by more than a fifth."""


def read_settings(environment: Mapping[str, str]) -> Settings:
    """Read the settings from environment variables; raise ArchiveError for an invalid value."""
    defaults = Settings()
    interval_minutes = _read_number(environment, "SYNC_MIN_INTERVAL_MINUTES", 30)
    return Settings(
        base_url=_read_base_url(environment, "OPENROUTER_BASE_URL", defaults.base_url),
        key=_read_key(environment, "OPENROUTER_API_KEY"),
        direct=_read_direct(environment),
        latency=_read_switch(environment, "ARCHIVE_LATENCY"),
        benchmarks=_read_switch(environment, "ARCHIVE_BENCHMARK_RUNS"),
        contact=_read_contact(environment),
        min_interval=dt.timedelta(minutes=interval_minutes),
        timeout=_read_number(environment, "SYNC_TIMEOUT_SECONDS", defaults.timeout, 1),
        workers=int(_read_number(environment, "SYNC_WORKERS", defaults.workers, 1)),
        per_second=_read_number(environment, "SYNC_REQUESTS_PER_SECOND", defaults.per_second),
    )


def _read_number(environment: Mapping[str, str], name: str, default: float, minimum: float = 0) -> float:
    """Read a number of at least the minimum; an empty value means the default."""
    text = environment.get(name) or str(default)
    try:
        value = float(text)
    except ValueError:
        value = -1
    if not minimum <= value <= MAX_NUMBER:
        msg = f"{name} is {text!r}; it must be a number from {minimum:g} to {MAX_NUMBER}"
        raise ArchiveError(msg)
    return value


def _read_switch(environment: Mapping[str, str], name: str) -> bool:
    """Read a setting that is on or off; an empty value means off."""
    text = environment.get(name, "").strip().lower()
    if text not in SWITCHES:
        msg = f"{name} is {text!r}; it must be a switch: 1 or 0, true or false, yes or no, on or off"
        raise ArchiveError(msg)
    return SWITCHES[text]


def _read_base_url(environment: Mapping[str, str], name: str, default: str) -> str:
    """Read the base URL of a service, without slashes at its end."""
    base_url = environment.get(name) or default
    if "@" in base_url:
        msg = f"{name} names a user, and perhaps a password, which are not sent; leave them out"
        raise ArchiveError(msg)
    if not base_url.startswith(("https://", "http://")):
        msg = f"{name} is {base_url!r}; it must begin with https://"
        raise ArchiveError(msg)
    if any(mark.isspace() or mark == "\\" for mark in base_url):
        msg = f"{name} is {base_url!r}, which holds a blank or a backslash; leave it out"
        raise ArchiveError(msg)
    if any(mark in base_url for mark in "?#"):
        msg = f"{name} is {base_url!r}, which has a query; paths of routes are put behind it"
        raise ArchiveError(msg)
    if not _is_valid_url(base_url):
        msg = f"{name} is {base_url!r}, not a valid URL (write {default})"
        raise ArchiveError(msg)
    return base_url.rstrip("/")


def _is_valid_url(url: str) -> bool:
    """Return whether a URL names a host, and a port from 1 to 65535 where it names one."""
    try:
        parts = urlsplit(url)
        return bool(parts.hostname and parts.port != 0 and url.isascii() and url.isprintable())
    except ValueError:
        return False


def _read_key(environment: Mapping[str, str], name: str) -> str | None:
    """Read an API key, None where there is none; a secret often comes with a line end."""
    key = (environment.get(name) or "").strip()
    if not (key.isascii() and key.isprintable()):
        msg = f"{name} holds characters that cannot be sent; set it again"
        raise ArchiveError(msg)
    return key or None


def _read_direct(environment: Mapping[str, str]) -> dict[str, DirectAccess]:
    """Read address and key of each other service that has a key, by feed."""
    access = {}
    for feed in DIRECT_FEEDS:
        base_url = _read_base_url(environment, feed.base_url_variable, feed.base_url)
        if key := _read_key(environment, feed.key_variable):
            access[feed.name] = DirectAccess(base_url, key)
    return access


def _read_contact(environment: Mapping[str, str]) -> str | None:
    """Read the contact URL; by default it is the repository that GitHub Actions runs for."""
    repository = environment.get("GITHUB_REPOSITORY")
    server = environment.get("GITHUB_SERVER_URL", "https://github.com")
    contact = environment.get("ARCHIVE_CONTACT_URL") or (f"{server}/{repository}" if repository else None)
    if contact and not (contact.isascii() and contact.isprintable()):
        msg = f"the contact, {contact!r}, holds characters that cannot be sent (see ARCHIVE_CONTACT_URL)"
        raise ArchiveError(msg)
    return contact
