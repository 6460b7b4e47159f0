"""Settings: how to ask, from the environment, and what one run shall do, from the command line."""

import datetime as dt
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from orarchive.collect.client import Client, RetryPolicy
from orarchive.collect.rate_limit import RateLimiter
from orarchive.domain.feeds import FEEDS
from orarchive.errors import ArchiveError

MAX_NUMBER = 1_000_000
"""Beyond this a number is a slip, and would overflow a time."""


@dataclass(frozen=True)
class Settings:
    """How to ask, from the environment (see README)."""

    base_url: str = "https://openrouter.ai/api/v1"
    key: str | None = field(default=None, repr=False)
    latency: bool = False
    benchmarks: bool = False
    """Whether the Data API is asked for the benchmarks of others, which have terms of their own."""
    contact: str | None = None
    min_interval: dt.timedelta = dt.timedelta(minutes=30)
    timeout: float = 600.0
    workers: int = 8
    per_second: float = 4.0
    retry_policy: RetryPolicy = field(default_factory=RetryPolicy)

    def make_client(self, sleep: Callable[[float], None], pacer: RateLimiter | None = None) -> Client:
        """A client that asks so; whoever uses it sets its deadline."""
        return Client(
            self.base_url,
            pacer or RateLimiter(self.per_second, time.monotonic, sleep),
            deadline=0.0,
            retry_policy=self.retry_policy,
            workers=self.workers,
            key=self.key,
            contact=self.contact,
            sleep=sleep,
        )


@dataclass(frozen=True)
class RunOptions:
    """What one run shall do."""

    hour: dt.datetime
    is_hour_given: bool = False
    """The hour was named, not read from the clock: the minimum interval does not apply."""
    feeds: tuple[str, ...] = tuple(FEEDS)
    rankings: bool = False
    """Whether rankings are asked for, too, once a day."""
    dry_run: bool = False
    force: bool = False
    commit: bool = True
    push: bool = False
    accept: tuple[str, ...] = ()


def read_settings(environment: Mapping[str, str]) -> Settings:
    """Read the settings; a value that cannot be meant raises ArchiveError."""

    def number(name: str, default: float, least: float = 0) -> float:
        text = environment.get(name) or str(default)
        try:
            value = float(text)
        except ValueError:
            value = -1
        if not least <= value <= MAX_NUMBER:
            msg = f"{name} is {text!r}; it must be a number from {least:g} to {MAX_NUMBER}"
            raise ArchiveError(msg)
        return value

    base_url = environment.get("OPENROUTER_BASE_URL") or Settings.base_url
    if "@" in base_url:
        msg = "OPENROUTER_BASE_URL names a user, and perhaps a password, which are not sent; leave them out"
        raise ArchiveError(msg)
    if not base_url.startswith(("https://", "http://")):
        msg = f"OPENROUTER_BASE_URL is {base_url!r}; it must begin with https://"
        raise ArchiveError(msg)
    if not _is_address(base_url):
        msg = f"OPENROUTER_BASE_URL is {base_url!r}, which is no address"
        raise ArchiveError(msg)
    key = (environment.get("OPENROUTER_API_KEY") or "").strip()  # a secret often comes with a line end
    if not (key.isascii() and key.isprintable()):
        msg = "OPENROUTER_API_KEY holds characters that cannot be sent"
        raise ArchiveError(msg)
    repository = environment.get("GITHUB_REPOSITORY")
    contact = (
        f"{environment.get('GITHUB_SERVER_URL', 'https://github.com')}/{repository}" if repository else None
    )
    contact = environment.get("ARCHIVE_CONTACT_URL") or contact
    if contact and not (contact.isascii() and contact.isprintable()):
        msg = f"the contact, {contact!r}, holds characters that cannot be sent"
        raise ArchiveError(msg)
    default = Settings()
    return Settings(
        base_url=base_url.rstrip("/"),
        key=key or None,
        latency=environment.get("ARCHIVE_LATENCY") == "1",
        benchmarks=environment.get("ARCHIVE_BENCHMARK_RUNS") == "1",
        contact=contact,
        min_interval=dt.timedelta(minutes=number("SYNC_MIN_INTERVAL_MINUTES", 30)),
        timeout=number("SYNC_TIMEOUT_SECONDS", default.timeout, 1),
        workers=int(number("SYNC_WORKERS", default.workers, 1)),
        per_second=number("SYNC_REQUESTS_PER_SECOND", default.per_second),
    )


def _is_address(url: str) -> bool:
    """Whether a URL names a host, and a port that there may be."""
    try:
        parts = urlsplit(url)
        return bool(parts.hostname and parts.port != 0 and url.isascii() and url.isprintable())
    except ValueError:
        return False
