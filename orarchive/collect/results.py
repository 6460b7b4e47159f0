"""Results of fetching: of one path, of one feed, of one slice of a ranking."""

import datetime as dt
import email.utils
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from orarchive.domain.feeds import FanOutFeed, ListFeed
from orarchive.domain.ranking_series import Series
from orarchive.jsonl import Record

Body = TypeVar("Body")


@dataclass(frozen=True)
class FetchResult(Generic[Body]):
    """A body, or the reason why there is none.

    The type of the body tells the stage: `FetchResult[Any]` is JSON as the client decoded it (it may be None,
    for `null`); `FetchResult[list[Record]]` the validated rows of a list or of a ranking;
    `FetchResult[Record]` a validated response of a fan-out feed; `FetchResult[str]` the id that a probe
    returned; `FetchResult[bytes]` the OpenAPI file as it is archived.
    """

    body: Body | None = None
    reason: str | None = None
    """One word of the ledger, such as `timeout` or `shrunk`."""
    detail: str = ""
    """The reason in words, where a validation rejected the body."""
    is_rejected: bool = False
    """True where a whole response came and was rejected, False where none came; `raw` holds its bytes."""
    raw: bytes = b""
    age: int | None = None
    """The response's `age` header in seconds: a body may be an hour old at the edge."""
    date: str | None = None
    """The response's `date` header."""
    next_link: str | None = None
    """The address of the next page, as the header `Link` has it."""
    requests: int = 0
    """Requests that were sent for it, repeated ones included."""
    rate_limited: int = 0
    """Requests among these that were answered with 429."""


@dataclass(frozen=True)
class ListFetch:
    """Result of fetching a feed that is one list."""

    feed: ListFeed
    result: FetchResult[list[Record]]
    """The rows in canonical form, as sent otherwise."""
    seconds: float
    count: FetchResult[Any] | None = None
    """The response of `/models/count`, for models."""
    faults: tuple[str, ...] = ()
    """A description of each row that was left out, for it has no key or repeats one."""
    total_count: int | None = None
    """The number of rows that the list itself says it has."""
    probes: Mapping[str, FetchResult[str]] = field(default_factory=dict)
    """Keys that left the list, each fetched by itself -> the id under which the service knows the record."""

    @property
    def responses(self) -> list[FetchResult[Any]]:
        """Return the results whose `age` and `date` are those of the records."""
        return [self.result]

    @property
    def all_responses(self) -> list[FetchResult[Any]]:
        """Return the results of all requests for the feed: the list, its count and the probes."""
        return [self.result, *self.probes.values(), *([self.count] if self.count else [])]


@dataclass(frozen=True)
class FanOutFetch:
    """Result of fetching a fan-out feed: the response for each key of its parent, in the order requested."""

    feed: FanOutFeed
    results: Mapping[str, FetchResult[Record]]
    """Key of the parent -> the response in canonical form."""
    seconds: float

    @property
    def bodies(self) -> dict[str, Record]:
        """Return the responses by key, without the keys that failed."""
        return {key: result.body for key, result in self.results.items() if result.body is not None}

    @property
    def responses(self) -> list[FetchResult[Any]]:
        """Return the results whose `age` and `date` are those of the records."""
        return list(self.results.values())

    all_responses = responses


FeedFetch = ListFetch | FanOutFetch


@dataclass(frozen=True)
class SliceFetch:
    """Result of fetching one slice of a ranking series: its rows by their dates."""

    series: Series
    slice_name: str
    """The value of the series' parameter; "" is the slice without it."""
    result: FetchResult[list[Record]]
    as_of: str = ""
    """The time of the figures, as the service states it; "" where it does not."""
    citation: str = ""
    """How the service wants the figures of third parties to be cited."""
    missing: tuple[str, ...] = ()
    """Dates that were requested and that no row has."""
    faults: tuple[str, ...] = ()
    """Rows that were left out."""
    is_new: bool = False
    """True where nothing of it is archived: the service may have no rows of it yet."""
    seconds: float = 0.0


def parse_http_date(header: str) -> dt.datetime:
    """Parse an HTTP `Date` header; return the earliest time of all where it cannot be parsed."""
    try:
        return email.utils.parsedate_to_datetime(header).astimezone(dt.UTC)
    except (ValueError, OverflowError):
        return dt.datetime.min.replace(tzinfo=dt.UTC)
