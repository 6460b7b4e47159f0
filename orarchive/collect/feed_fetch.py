"""Fetch feeds from the service. Each response is validated by itself, not yet against the archive."""

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from typing import Any
from urllib.parse import urljoin, urlsplit

from tqdm import tqdm

from orarchive.collect.client import Client, estimate_weight
from orarchive.collect.results import Body, FanOutFetch, FetchResult, ListFetch
from orarchive.collect.validate import (
    RejectedPayload,
    check_page,
    find_next_page,
    get_list_rows,
    get_response_items,
    read_total_count,
    reject_result,
    validate_list,
    validate_response,
    validate_result,
)
from orarchive.domain.feeds import LIST_MEMBER, FanOutFeed, ListFeed
from orarchive.jsonl import Record

log = logging.getLogger(__name__)

OUTAGE_THRESHOLD = 20
"""Surplus of failed keys over answered ones that looks like an outage: from then on each key is tried once,
until enough have answered. An outage should cost the service few more requests than a good hour."""

MAX_FAN_OUT_WEIGHT = 50_000_000
"""Weight of a fan-out feed's responses, all in memory at once, past which nothing more is requested: those of
630 models weigh 15 million. The next attempt goes on with the rest."""

MAX_FAN_OUT_BYTES = 2_000_000
"""Largest response of a fan-out feed that is read: one for each worker at a time. The longest has 50 KB."""

MAX_PAGES = 100
"""Pages of one list: 600 models in pages of ten come to 60."""

MAX_PROBES = 50
"""Probes in an attempt: the largest true loss of one hour was 28 models (see `plausibility.MAX_CHANGE`)."""

MAX_PROBE_TRIES = 2
"""How often a probe is tried: one failure is forgiven."""


def fetch_list(client: Client, feed: ListFeed, *, keyed: bool = False) -> ListFetch:
    """Fetch a feed that is one list, and the count to compare it with where there is one.

    `keyed` sends the API key with the list.
    """
    begun = client.clock()
    count = client.get(feed.count_route, feed.query) if feed.count_route else None
    result = fetch_all_pages(client, feed.route, feed.query, get_list_rows, keyed=keyed)
    checked = _log_rejection(validate_result(result, lambda body: validate_list(feed, body)))
    listed = validate_result(checked, lambda body: body.rows)
    faults, total_count = (checked.body.faults, read_total_count(result.body)) if checked.body else ((), None)
    return ListFetch(feed, listed, client.clock() - begun, count, faults, total_count)


def fetch_all_pages(
    client: Client,
    path: str,
    query: Mapping[str, str] | None,
    get_items: Callable[[Any], list[Any]],
    **options: Any,
) -> FetchResult[Any]:
    """Fetch an answer, and where it comes in pages all of them: the body of the first has the items of all.

    There is no body where any page could not be had. `options` are those of the client.
    """
    pages = list(_fetch_pages(client, path, query, get_items, **options))
    first, last = pages[0], pages[-1]
    if len(pages) == 1:
        return first
    if last.body is not None:
        for page in pages[1:]:
            get_items(first.body).extend(get_items(page.body))
    return replace(
        last,
        body=None if last.body is None else first.body,
        raw=b"\n".join(page.raw for page in pages),
        requests=sum(page.requests for page in pages),
        rate_limited=sum(page.rate_limited for page in pages),
        age=max((page.age for page in pages if page.age is not None), default=None),
    )


def _fetch_pages(
    client: Client,
    path: str,
    query: Mapping[str, str] | None,
    get_items: Callable[[Any], list[Any]],
    **options: Any,
) -> Iterator[FetchResult[Any]]:
    """Fetch an answer page by page; the last result has no body where any page could not be had."""
    response = client.get(path, query, **options)
    address = f"{client.base_url}/{path}"
    origin = get_origin(client.base_url)
    seen = set()
    for _ in range(MAX_PAGES):
        next_link = response.next_link
        page = validate_result(response, partial(check_page, get_items=get_items, next_link=next_link))
        yield _log_rejection(page)
        link = find_next_page(page.body, next_link) if page.body else None
        if link is None:
            return
        address = urljoin(address, link)
        if address in seen or get_origin(address) != origin:
            yield reject_result(
                response, RejectedPayload("more-pages", f"the next page is at {address[:200]}")
            )
            return
        seen.add(address)
        response = client.get_address(address, **options)
    yield reject_result(response, RejectedPayload("more-pages", f"more than {MAX_PAGES} pages"))


def get_origin(address: str) -> tuple[str, str]:
    """Return scheme and host, with the port, of an address."""
    parts = urlsplit(address)
    return parts.scheme, parts.netloc


def fetch_fan_out(
    client: Client, feed: FanOutFeed, keys: Sequence[str], *, keyed: bool = False, progress: bool = False
) -> FanOutFetch:
    """Fetch a fan-out feed for every key, in order, with all workers.

    Past the client's deadline, or with too much in memory, nothing more is sent, and the remaining keys fail.
    `keyed` sends the API key, `progress` draws a bar.
    """
    begun = client.clock()
    # Each key that fails counts 1 and each one that answers -1. The workers share the count without a lock,
    # so it may be off by a few.
    failures = 0
    weight = 0

    def fetch(key: str) -> FetchResult[Record]:
        nonlocal failures, weight
        if weight > MAX_FAN_OUT_WEIGHT:
            return FetchResult(reason="memory")
        tries = 1 if failures >= OUTAGE_THRESHOLD else None
        path = feed.build_request_path(key)
        response = fetch_all_pages(
            client,
            path,
            None,
            partial(get_response_items, feed),
            keyed=keyed,
            tries=tries,
            max_bytes=MAX_FAN_OUT_BYTES,
        )
        step = -1 if response.reason in (None, "404") else 1
        failures = min(max(failures + step, 0), 2 * OUTAGE_THRESHOLD)
        weight += estimate_weight(response.raw)
        result = _log_rejection(validate_result(response, lambda body: validate_response(feed, body)))
        # The body repeats a good response's bytes: 600 of them would double the run's memory.
        return replace(result, raw=b"") if result.reason is None else result

    with ThreadPoolExecutor(client.workers) as workers:
        fetched: Iterable[FetchResult[Record]] = workers.map(fetch, keys)
        bar = tqdm(fetched, total=len(keys), desc=feed.name, unit="model", disable=not progress)
        results = dict(zip(keys, bar, strict=True))
    return FanOutFetch(feed, results, client.clock() - begun)


def fetch_probes(client: Client, fetched: ListFetch, keys: Sequence[str]) -> ListFetch:
    """Fetch each key that left a list by itself, at most MAX_PROBES of them; return the list with them."""
    begun = client.clock()
    probes = {}
    for key in keys[:MAX_PROBES]:
        response = client.get(fetched.feed.build_probe_path(key), tries=MAX_PROBE_TRIES)
        result = validate_result(response, lambda body: _get_id(fetched.feed, body))
        probes[key] = replace(result, raw=b"")
    return replace(fetched, probes=probes, seconds=fetched.seconds + client.clock() - begun)


def _get_id(feed: ListFeed, body: Any) -> str:
    """Return the id under which the service knows a probed record."""
    record = body.get(LIST_MEMBER) if isinstance(body, dict) else None
    key = record.get(feed.key[0]) if isinstance(record, dict) else None
    if not (isinstance(key, str) and key):
        raise RejectedPayload("wrong-shape", "a record without an id")
    return key


def _log_rejection(result: FetchResult[Body]) -> FetchResult[Body]:
    """Log why a validation rejected a body; return the result."""
    if result.detail:
        # The detail quotes the service's text, which could forge a line of the log: hence %r, cut to 300.
        log.warning("Rejected: %.300r", result.detail)
    return result
