"""Members of the files about the archive and the API themselves, with their types and descriptions."""

from typing import Annotated

from msgspec import Meta

from orarchive.publish.api.types import Count, Hour, Link, Moment, Month, Shape, describe, restrict

Spans = Annotated[dict[str, Count], Meta(extra_json_schema={"propertyNames": {"enum": ["24", "168", "720"]}})]


class LastRun(Shape, frozen=True, kw_only=True):
    """The run of the last hour, all its attempts together."""

    hour: Annotated[Hour, describe("Hour (UTC) that it archived")]
    started: Annotated[Moment, describe("When it began (UTC)")]
    finished: Annotated[Moment, describe("When it ended (UTC)")]
    seconds: Annotated[
        Count, describe("Duration of its attempts, in seconds, without the time between attempts")
    ]
    outcome: Annotated[
        str,
        restrict(["ok", "not good"]),
        describe("Whether every feed and ranking that was due was read completely"),
    ]
    not_good: Annotated[list[str], describe("Feeds and rankings that were not read completely")]
    records: Annotated[dict[str, Count], describe("By feed the number of its records after the run")]
    models_added: Annotated[Count, describe("Number of models that were added or came back")]
    models_missing: Annotated[Count, describe("Number of models that were no longer listed")]
    requests: Annotated[Count, describe("Number of requests for feeds")]
    retries: Annotated[Count, describe("Number of these requests that were repeated")]
    rate_limited: Annotated[Count, describe("Number of these requests that were answered with 429")]


class StatusTotals(Shape, frozen=True, kw_only=True):
    """Numbers of records at the last hour."""

    models: Annotated[Count, describe("Models that are listed")]
    served: Annotated[Count, describe("Listed models that a provider serves")]
    free: Annotated[Count, describe("Listed models that cost nothing, without aliases")]
    ever: Annotated[Count, describe("Models that are or ever were listed")]
    endpoints: Annotated[Count, describe("Endpoints that are listed")]
    providers: Annotated[Count, describe("Providers that are listed")]
    zdr: Annotated[Count, describe("Endpoints on OpenRouter's list of zero data retention")]


class FeedCoverage(Shape, frozen=True, kw_only=True):
    """How completely a feed was read."""

    last_good: Annotated[
        Hour | None, describe("Last hour (UTC) in which it was read completely; null if it never was")
    ]
    good: Annotated[
        Spans, describe("Among the last 24, 168 and 720 hours: hours (of a daily feed: days) read completely")
    ]
    possible: Annotated[Spans, describe("How many there could be")]


class Status(Shape, frozen=True, kw_only=True):
    """The state of the archive."""

    hour: Annotated[Hour, describe("Last hour (UTC) on record")]
    begun: Annotated[Hour, describe("First hour (UTC) on record")]
    last_run: Annotated[LastRun, describe("The run of the last hour")]
    next_expected: Annotated[Hour, describe("Hour (UTC) of the next run")]
    last_complete: Annotated[
        Hour | None, describe("Last hour (UTC) in which every hourly feed was read completely; null for none")
    ]
    complete: Annotated[
        Spans, describe("Hours among the last 24, 168 and 720 in which every hourly feed was read completely")
    ]
    totals: Annotated[StatusTotals, describe("Numbers of records")]
    feeds: Annotated[dict[str, FeedCoverage], describe("By feed how completely it was read")]
    gaps: Annotated[
        list[tuple[Hour, Hour]],
        describe(
            "Long stretches without a good reading of the list of models: the last hour (UTC) before, the"
            " first after"
        ),
    ]
    changes: Annotated[
        list[Month], describe("Months that have a file of changes, newest first: changes/{month}.json")
    ]
    digest: Annotated[
        str,
        Meta(pattern="^[0-9a-f]{64}$"),
        describe("SHA-256, in hex, of everything that the site shows but for the hour: unchanged, no news"),
    ]


class FileRow(Shape, frozen=True, kw_only=True):
    """A file of the API."""

    link: Annotated[Link, describe("Where it is, as a link from the root of the host")]
    description: Annotated[str, describe("What it holds")]
    schema: Annotated[
        Link | None, describe("JSON Schema (2020-12) of the file; null of schemas and the OpenAPI file")
    ]
    as_of: Annotated[Hour | None, describe("Its `as_of`; null where it has none or changes every hour")]
    bytes: Annotated[Count | None, describe("Its size, uncompressed; null where that changes every hour")]


class ParquetRow(Shape, frozen=True, kw_only=True):
    """A Parquet file."""

    link: Annotated[Link, describe("Where it is, as a link from the root of the host")]
    description: Annotated[str, describe("What it has a row for")]
    bytes: Annotated[Count, describe("Its size, in bytes")]
    sha256: Annotated[str, Meta(pattern="^[0-9a-f]{64}$"), describe("SHA-256 of the file, in hex")]
    licence: Annotated[
        str, describe("Id of its licence at opendefinition.org, or `notspecified`: the service states none")
    ]
    licence_link: Annotated[str, describe("Address of the licence or of the terms")]


class Index(Shape, frozen=True, kw_only=True):
    """The files of the API."""

    files: Annotated[list[FileRow], describe("Every file below api/v1/, by path")]
    parquet: Annotated[
        list[ParquetRow],
        describe("Tables as Parquet that came with the site, by table; README.md beside them says more"),
    ]
