"""The contract check: every archived route, compared with what the readers expect of it.

It stands apart from the hours: a drift keeps nothing from being archived, it is reported to people. A failure
that may be gone in an hour is no drift; it is reported only where nothing could be compared because of it.
"""

import datetime as dt
import time
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import ExitStack, closing
from typing import Any

from orarchive.collect import openapi, validate
from orarchive.collect.client import Client
from orarchive.collect.expected_fields import find_drift
from orarchive.collect.feed_fetch import fetch_fan_out, fetch_list, fetch_probes
from orarchive.collect.plausibility import list_count_doubts
from orarchive.collect.ranking_fetch import fetch_openapi, fetch_slices
from orarchive.collect.ranking_schedule import is_transient, list_series, list_slices
from orarchive.collect.rate_limit import RateLimiter
from orarchive.collect.request_budget import MAX_REQUESTS_PER_MINUTE
from orarchive.collect.results import FetchResult
from orarchive.collect.settings import Settings
from orarchive.domain.feeds import FEEDS, FanOutFeed, Feed, ListFeed
from orarchive.domain.ranking_series import RANKINGS_FOLDER, SERIES, Series
from orarchive.jsonl import Record, loads
from orarchive.timestamps import DAY

MAX_EXAMPLES = 20
"""Keys of a fan-out feed that are fetched, the first of its parent."""


def find_drifts(
    settings: Settings, hour: dt.datetime, sleep: Callable[[float], None] = time.sleep
) -> Iterator[str]:
    """Fetch each archived route, and yield a line for each difference from what the readers expect.

    A fan-out feed is fetched for some of its keys, a series with slices for one of them, of the days before
    the hour. Whatever needs a key is left out where there is none, also the lists of other services.
    """
    with ExitStack() as stack:
        client = stack.enter_context(closing(settings.make_client(sleep)))
        client.deadline = client.clock() + settings.timeout
        response = fetch_openapi(client)
        if response.body is None:
            spec = None
            yield from describe_failures(openapi.OPENAPI_ROUTE, {"": response})
        else:
            spec = loads(response.body)
            yield from find_undocumented(spec)
        direct_clients = settings.make_direct_clients(sleep, client.clock)
        for direct_client in direct_clients.values():
            stack.callback(direct_client.close)
            direct_client.deadline = client.deadline
        yield from _find_feed_drifts(client, direct_clients)
        limiter = RateLimiter(MAX_REQUESTS_PER_MINUTE / 60, client.clock, sleep)
        keyed_client = stack.enter_context(closing(settings.make_client(sleep, limiter, client.clock)))
        keyed_client.deadline = keyed_client.clock() + settings.timeout
        series = list_series(has_key=bool(settings.key), benchmarks=settings.benchmarks)
        yield from _find_ranking_drifts(keyed_client, series, spec, hour)


def find_undocumented(spec: Any) -> Iterator[str]:
    """Yield a line for each requested route, parameter or value that the OpenAPI file does not name."""
    feeds = [feed for feed in FEEDS.values() if not feed.is_optional]
    sources: list[Feed | Series] = [*feeds, *SERIES.values()]
    for source in sources:
        path = source.route.replace("{}", "{author}/{slug}")
        parameters = openapi.list_parameters(spec, path)
        if parameters is None:
            yield f"{source.name}: the OpenAPI file does not name /{path}"
            continue
        for name, value in source.query.items():
            if name not in parameters:
                yield f"{source.name}: the OpenAPI file names no parameter {name} of /{path}"
            elif parameters[name] and value not in parameters[name]:
                yield f"{source.name}: the OpenAPI file does not name {value} for {name} of /{path}"


def _find_feed_drifts(client: Client, direct_clients: Mapping[str, Client]) -> Iterator[str]:
    """Fetch the feeds, those of other services with their clients, and yield a line for each drift."""
    keys: dict[str, list[str]] = {}
    for name, feed in FEEDS.items():
        if feed.is_optional and name not in direct_clients:
            continue
        if isinstance(feed, FanOutFeed):
            fan_out = fetch_fan_out(client, feed, keys[feed.parent][:MAX_EXAMPLES])
            yield from describe_failures(name, fan_out.results)
            records = list(fan_out.bodies.values())
        else:
            feed_client = direct_clients.get(name, client)
            records = yield from _find_list_drifts(feed_client, feed, keyed=feed.is_optional)
            keys[name] = [record[feed.key[0]] for record in records]
        yield from find_drift(name, records)


def _find_list_drifts(
    client: Client, feed: ListFeed, *, keyed: bool = False
) -> Generator[str, None, list[Record]]:
    """Fetch a list feed with its count and one probe; yield a line for each failure, and return the rows."""
    fetched = fetch_list(client, feed, keyed=keyed)
    rows = fetched.result.body or []
    if feed.probe_route:
        fetched = fetch_probes(client, fetched, [row[feed.key[0]] for row in rows[:1]])
    yield from describe_failures(feed.name, {"": fetched.result})
    yield from (f"{feed.name}: left out: {fault}" for fault in fetched.faults[:1])
    yield from describe_failures(f"{feed.name} by {feed.probe_route}", fetched.probes)
    if fetched.count and rows and not is_transient(fetched.count.reason or ""):
        yield from (f"{feed.name}: {note}" for note in _compare_count(len(rows), fetched.count))
    return rows


def describe_failures(name: str, results: Mapping[str, FetchResult[Any]]) -> Iterator[str]:
    """Describe why results (by key, "" of a list) have no body.

    Transient reasons are left out, as is a single key that has left its list; where nothing at all came, they
    are named, too.
    """
    reasons = {key: result.reason for key, result in results.items() if result.reason is not None}
    lasting = {
        key: reason
        for key, reason in reasons.items()
        if not (is_transient(reason) or (key and reason == "404"))
    }
    yield from (f"{name}{f', {key}' if key else ''}: {reason}" for key, reason in lasting.items())
    if len(lasting) < len(reasons) == len(results):
        yield f"{name}: nothing could be fetched: {', '.join(sorted({*reasons.values()}))}"


def _compare_count(count: int, response: FetchResult[Any]) -> Iterator[str]:
    """Yield a line where the count route contradicts a list, or has no count."""
    expected = validate.read_count_route(response)
    if expected is None:
        yield validate.describe_missing_count(response)
    else:
        yield from map(str, list_count_doubts(count, expected))


def _find_ranking_drifts(
    client: Client, series_list: list[Series], spec: Any, hour: dt.datetime
) -> Iterator[str]:
    """Fetch one slice of each series, of the last weeks, and yield a line for each drift."""
    slices = [(series, name) for series in series_list for name in list_slices(series, spec)[:1]]
    yesterday = frozenset([f"{hour.date() - DAY}"])
    archived = {(series.name, name): yesterday for series, name in slices if series.date_mode}
    for fetched in fetch_slices(client, slices, archived, hour):
        name = f"{RANKINGS_FOLDER}/{fetched.series.name}"
        yield from describe_failures(name, {"": fetched.result})
        yield from find_drift(name, fetched.result.body or [])
