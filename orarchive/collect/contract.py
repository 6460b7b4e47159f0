"""The contract: every route that is archived, asked once in a while and held against what the readers expect.

It stands apart from the hours: a drift keeps nothing from being archived, it is told to people. What may be
gone in an hour is no drift; it is told where for want of it nothing could be compared.
"""

import datetime as dt
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from orarchive.collect import openapi, rankings, validate
from orarchive.collect.client import Client
from orarchive.collect.expected_fields import find_drift
from orarchive.collect.fetch import fetch_fan_out, fetch_list, fetch_probes
from orarchive.collect.fetch_rankings import (
    MAX_REQUESTS_PER_MINUTE,
    fetch_openapi,
    fetch_slices,
    is_transient,
    list_slices,
)
from orarchive.collect.rate_limit import RateLimiter
from orarchive.collect.results import FetchResult
from orarchive.collect.settings import Settings
from orarchive.domain.feeds import FEEDS, Feed
from orarchive.domain.ranking_series import RANKINGS_FOLDER, SERIES, Series
from orarchive.jsonl import loads
from orarchive.timestamps import DAY

MAX_EXAMPLES = 20
"""Keys of a sweep that are asked for, from its whole list."""


def find_drifts(
    settings: Settings, hour: dt.datetime, sleep: Callable[[float], None] = time.sleep
) -> Iterator[str]:
    """Ask each route that is archived; yields a line for each thing that is not as the readers expect it.

    A sweep is asked for some of its keys, a series with parts for one of them, of the days before the hour.
    What needs a key is left out where there is none.
    """
    client = settings.make_client(sleep)
    client.deadline = time.monotonic() + settings.timeout
    answer = fetch_openapi(client)
    spec = loads(answer.body) if answer.reason is None else None
    yield from find_undocumented(spec) if spec else describe_failures(openapi.OPENAPI_ROUTE, {"": answer})
    yield from _feeds(client)
    paced = settings.make_client(sleep, RateLimiter(MAX_REQUESTS_PER_MINUTE / 60, time.monotonic, sleep))
    paced.deadline = time.monotonic() + settings.timeout
    chosen = rankings.chosen(keyed=bool(settings.key), benchmarks=settings.benchmarks)
    yield from _rankings(paced, chosen, spec, hour)


def find_undocumented(spec: Any) -> Iterator[str]:
    """What is asked for that the OpenAPI file does not name: routes, parameters, and values of these."""
    asked: list[Feed | Series] = [*FEEDS.values(), *SERIES.values()]
    for one in asked:
        path = one.route.replace("{}", "{author}/{slug}")
        known = openapi.list_parameters(spec, path)
        if known is None:
            yield f"{one.name}: the OpenAPI file does not name /{path}"
            continue
        for name, value in one.query.items():
            if name not in known:
                yield f"{one.name}: the OpenAPI file names no parameter {name} of /{path}"
            elif known[name] and value not in known[name]:
                yield f"{one.name}: the OpenAPI file does not name {value} for {name} of /{path}"


def _feeds(client: Client) -> Iterator[str]:
    """What is not as expected in the feeds."""
    lists: dict[str, list[str]] = {}
    for name, feed in FEEDS.items():
        if feed.parent:
            fetched = fetch_fan_out(client, feed, lists[feed.parent][:MAX_EXAMPLES])
            records = [answer.body for answer in fetched.good.values()]
        else:
            fetched = fetch_list(client, feed)
            records = [record for answer in fetched.good.values() for record in answer.body]
            lists[name] = [record[feed.key[0]] for record in records]
        if feed.probe_route:
            fetched = fetch_probes(client, fetched, lists[name][:1])
        yield from describe_failures(name, fetched.results)
        yield from describe_failures(f"{name} by {feed.probe_route}", fetched.probes)
        if fetched.count and records and not is_transient(fetched.count.reason or ""):
            yield from (f"{name}: {odd}" for odd in _miscounted(len(records), fetched.count))
        yield from find_drift(name, records)


def describe_failures(name: str, answers: Mapping[str, FetchResult]) -> Iterator[str]:
    """Why answers (by key, "" of a list) were not had, but for what passes and for a single key that left."""
    reasons = {key: answer.reason for key, answer in answers.items() if answer.reason is not None}
    lasting = {
        key: reason
        for key, reason in reasons.items()
        if not (is_transient(reason) or (key and reason == "404"))
    }
    yield from (f"{name}{f', {key}' if key else ''}: {reason}" for key, reason in lasting.items())
    if len(lasting) < len(reasons) == len(answers):
        yield f"{name}: nothing could be had: {', '.join(sorted({*reasons.values()}))}"


def _miscounted(count: int, answer: FetchResult) -> Iterator[str]:
    """What the route that counts says against a list, or does not say at all."""
    try:
        if note := validate.check_against_count(count, answer):
            yield note
    except validate.RejectedPayload as refusal:
        yield str(refusal)


def _rankings(client: Client, chosen: list[Series], spec: Any, hour: dt.datetime) -> Iterator[str]:
    """What is not as expected in some series, of one part each and of the last weeks."""
    wanted = [(one, part) for one in chosen for part in list_slices(one, spec)[:1]]
    yesterday = frozenset([f"{hour.date() - DAY}"])
    held = {(one.name, part): yesterday for one, part in wanted if one.date_mode}
    for got in fetch_slices(client, wanted, held, hour):
        name = f"{RANKINGS_FOLDER}/{got.series.name}"
        yield from describe_failures(name, {"": got.result})
        if got.result.reason is None:
            yield from find_drift(name, got.result.body)
