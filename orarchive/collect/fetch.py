"""Fetching: ask the service for feeds. What comes back is checked by itself, not yet against the archive."""

import logging
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Any

from tqdm import tqdm

from orarchive.collect import validate
from orarchive.collect.client import Client, estimate_weight
from orarchive.collect.results import FetchResult
from orarchive.domain.feeds import Feed

log = logging.getLogger(__name__)

OUTAGE_THRESHOLD = 20
"""So many keys more failing than answering look like an outage: from then on each key is tried once, until
enough have answered. An outage should cost the service few more requests than an hour that is well."""

MAX_WEIGHT = 50_000_000
"""Weight of a sweep's responses, all in memory at once, past which nothing more is asked: those of 630 models
weigh 15 million."""

MAX_BYTES = 2_000_000
"""Largest response of a sweep that is read: one for each worker at a time. The longest has 50 KB."""

MAX_PROBES = 50
"""Probes an attempt: the largest true loss of one hour on record was 28 models (see `checks.SHRINK`)."""

MAX_PROBE_TRIES = 2
"""How often a probe is tried: one hiccup is forgiven."""


@dataclass(frozen=True)
class FeedFetch:
    """What asking for one feed brought: key -> answer, in the order asked; a list feed has the key "".

    Each answer's body is the list of rows (list feed) or the response (sweep), in canonical order.
    """

    feed: Feed
    results: dict[str, FetchResult]
    seconds: float
    count: FetchResult | None = None
    """The answer of `/models/count`, for models."""
    probes: dict[str, FetchResult] = field(default_factory=dict)
    """What asking by itself for a key that left the list brought; the body is the id it is known by."""

    @property
    def good(self) -> dict[str, FetchResult]:
        """The answers with a body."""
        return {key: answer for key, answer in self.results.items() if answer.reason is None}


def fetch_list(client: Client, feed: Feed) -> FeedFetch:
    """Ask for a feed that is one list."""
    begun = time.monotonic()
    count = client.get(feed.count_route, feed.query) if feed.count_route else None
    answer = _checked(lambda body: validate.validate_list(feed, body), client.get(feed.route, feed.query))
    return FeedFetch(feed, {"": answer}, time.monotonic() - begun, count)


def fetch_fan_out(
    client: Client, feed: Feed, keys: Sequence[str], *, keyed: bool = False, progress: bool = False
) -> FeedFetch:
    """Ask for every key of a sweep, in order, with all workers; past the deadline nothing more is sent."""
    begun = time.monotonic()
    failing = 0  # less those that answered; workers may miscount each other by a few
    held = 0

    def ask(key: str) -> FetchResult:
        nonlocal failing, held
        if held > MAX_WEIGHT:
            return FetchResult(reason="too-large")
        tries = 1 if failing >= OUTAGE_THRESHOLD else None
        got = client.get(feed.request_path(key), keyed=keyed, tries=tries, most=MAX_BYTES)
        step = -1 if got.reason in (None, "404") else 1
        failing = min(max(failing + step, 0), 2 * OUTAGE_THRESHOLD)
        held += estimate_weight(got.raw)
        answer = _checked(lambda body: validate.validate_response(feed, body), got)
        # a good response's bytes are said again by its body: 600 of them would double the run's memory
        return replace(answer, raw=b"") if answer.reason is None else answer

    with ThreadPoolExecutor(client.workers) as workers:
        asked: Iterable[FetchResult] = workers.map(ask, keys)
        shown = tqdm(asked, total=len(keys), desc=feed.name, unit="model", disable=not progress)
        answers = dict(zip(keys, shown, strict=True))
    return FeedFetch(feed, answers, time.monotonic() - begun)


def fetch_probes(client: Client, fetched: FeedFetch, keys: Sequence[str]) -> FeedFetch:
    """Ask by itself for each key that left a list; of very many the first ones."""
    begun = time.monotonic()
    probes: dict[str, FetchResult] = {}
    for key in keys[:MAX_PROBES]:
        got = client.get(fetched.feed.probe_path(key), tries=MAX_PROBE_TRIES)
        probes[key] = _known_as(fetched.feed, got)
    return replace(fetched, probes=probes, seconds=fetched.seconds + time.monotonic() - begun)


def _known_as(feed: Feed, answer: FetchResult) -> FetchResult:
    """A probe's answer with nothing but the id by which the service knows the record."""
    if answer.reason is not None:
        return replace(answer, raw=b"")
    record = answer.body.get(feed.payload_member) if isinstance(answer.body, dict) else None
    known = record.get(feed.key[0]) if isinstance(record, dict) else None
    if isinstance(known, str) and known:
        return replace(answer, body=known, raw=b"")
    return replace(answer, body=None, reason="wrong-shape", raw=b"")


def _checked(check: Callable[[Any], Any], answer: FetchResult) -> FetchResult:
    if answer.reason is not None:
        return answer
    try:
        return replace(answer, body=check(answer.body))
    except validate.RejectedPayload as refusal:
        log.warning("Refused: %.300r", str(refusal))  # keys are foreign text, which could forge a line
        return replace(answer, body=None, reason=refusal.reason, is_rejected=True)
