"""The page of data: every file for programs, with its shape and an example."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from orarchive.domain.event_kinds import list_labels
from orarchive.index.datasette import METADATA_NAME
from orarchive.publish.api.kinds import (
    API_FOLDER,
    CHANGES,
    KINDS,
    OPENAPI_FILE,
    PLAIN_FILES,
    PROMISE,
    SCHEMA_FOLDER,
)
from orarchive.publish.api.members import Member, list_members
from orarchive.publish.api.schemas import get_schema_path
from orarchive.publish.news_feeds import (
    CHANGES_FEED,
    CUTS_FEED,
    FREE_FEED,
    MAX_ENTRIES,
    MAX_MODEL_ENTRIES,
    MAX_TOPIC_ENTRIES,
    RETIREMENTS_FEED,
)
from orarchive.publish.parquet_list import ParquetFile, describe, format_size
from orarchive.publish.views import View
from orarchive.publish.views.changes_page import TOPICS, Topic
from orarchive.publish.views.site import SiteContext
from orarchive.timestamps import format_hour

DATASET_WORDS = "Models, prices, endpoints and providers of OpenRouter, every hour, with every change."
DATABASE_WORDS = (
    "SQLite: every value, price, event and hour, by model, endpoint and provider, with full-text search;"
    " abilities, names, replacements and shortlists of models. Opens in Datasette or DuckDB as it is."
)
METADATA_WORDS = (
    "for Datasette: what each table and column is, units, licences, and queries to start from; datasette"
    " archive.sqlite --metadata datasette.json"
)

TABLES = {
    "data/models.csv": (
        "one row per model ever listed: id, name, author, states, first_seen, last_seen, context_length,"
        " prompt, completion"
    ),
    "data/endpoints.csv": (
        "one row per endpoint ever listed: model, provider, tag, n, first_seen, last_seen"
    ),
    "data/prices.csv": (
        "one row per price ever listed: feed, key, dimension, condition (JSON of when it applies, empty where"
        " always), from, to, usd"
    ),
    "data/events.csv": (
        "one row per event: hour, after, by, kind, feed, key, field, old, new, percent, cause, origin"
    ),
}

OTHER_API_FILES = {
    f"{API_FOLDER}/{OPENAPI_FILE}": "OpenAPI 3.1: every file with every member, for generators of clients",
    f"{API_FOLDER}/{SCHEMA_FOLDER}/{{schema}}.json": "JSON Schema (2020-12) of each kind of file",
    "metrics.prom": "the last run, the number of records and the coverage, for Prometheus",
}

FEEDS = {
    CHANGES_FEED.atom_path: "everything, as Atom",
    CHANGES_FEED.json_path: "everything, as JSON Feed",
    CUTS_FEED.atom_path: CUTS_FEED.title.lower(),
    CUTS_FEED.json_path: "the same as JSON Feed",
    FREE_FEED.atom_path: FREE_FEED.title.lower(),
    FREE_FEED.json_path: "the same as JSON Feed",
    RETIREMENTS_FEED.atom_path: RETIREMENTS_FEED.title.lower(),
    RETIREMENTS_FEED.json_path: "the same as JSON Feed",
}


@dataclass(frozen=True)
class DataFile:
    """A file for programs."""

    path: str
    words: str
    example: str
    """The first of its content; "" where the archive has none."""
    is_pattern: bool
    """Whether the path has placeholders, so that it leads nowhere."""
    size: str = ""
    """Its size with two digits; "" where it is not known when the page is made."""
    schema: str = ""
    """Path of its JSON Schema, if it has one."""
    members: Sequence[Member] = ()


@dataclass(frozen=True)
class KindFeed:
    """The news feed of a kind of changes."""

    kind: str
    name: str
    """Name of its file."""


@dataclass(frozen=True)
class DataPage:
    """The context of the page of data."""

    description: dict[str, Any]
    """The data set for search engines, as JSON-LD."""
    database: list[DataFile]
    tables: list[DataFile]
    parquet_files: list[DataFile]
    """Those that are published with the site."""
    api_files: list[DataFile]
    promise: Sequence[str]
    """What stays in the files of the API."""
    api_changes: Sequence[tuple[str, str]]
    """Version of the API and what it changed, newest first."""
    feeds: list[DataFile]
    topics: list[Topic]
    kinds: list[KindFeed]
    max_model_entries: int = MAX_MODEL_ENTRIES
    max_topic_entries: int = MAX_TOPIC_ENTRIES
    max_entries: int = MAX_ENTRIES


def build_data_page(
    view: View,
    site: SiteContext,
    examples: Mapping[str, str],
    sizes: Mapping[str, int],
    parquet_files: Sequence[ParquetFile] = (),
) -> DataPage:
    """Build the page of data.

    `examples` maps the paths of files to the first of their content, `sizes` those of tables and of the
    database to bytes.
    """
    return DataPage(
        description=_describe_dataset(view, site),
        database=_list_files({site.database: DATABASE_WORDS, METADATA_NAME: METADATA_WORDS}, examples, sizes),
        tables=_list_files(TABLES, examples, sizes),
        parquet_files=_list_files({file.path: describe(file) for file in parquet_files}, {}),
        api_files=[
            *_list_api_files(examples),
            *_list_files(
                {f"{API_FOLDER}/{path}": file.description for path, file in PLAIN_FILES.items()}, examples
            ),
            *_list_files(OTHER_API_FILES, examples),
        ],
        promise=PROMISE,
        api_changes=CHANGES,
        feeds=_list_files(FEEDS, examples),
        topics=TOPICS,
        kinds=[KindFeed(kind, kind.replace(" ", "-")) for kind in list_labels()],
    )


def _list_files(
    files: Mapping[str, str], examples: Mapping[str, str], sizes: Mapping[str, int] | None = None
) -> list[DataFile]:
    known = {path: format_size(size) for path, size in (sizes or {}).items()}
    return [
        DataFile(path, words, examples.get(path, ""), "{" in path, known.get(path, ""))
        for path, words in files.items()
    ]


def _list_api_files(examples: Mapping[str, str]) -> Iterator[DataFile]:
    """Yield each kind of file of the API with its members."""
    for kind in KINDS:
        path = f"{API_FOLDER}/{kind.paths[0]}"
        yield DataFile(
            path=path,
            words=kind.description,
            example=examples.get(path, ""),
            is_pattern="{" in path,
            schema=get_schema_path(kind),
            members=list_members(kind),
        )


def _describe_dataset(view: View, site: SiteContext) -> dict[str, Any]:
    """Describe the data set in the words of schema.org."""
    files = (
        ("application/vnd.sqlite3", site.database),
        ("text/csv", "data/prices.csv"),
        ("application/json", "api/v1/models.json"),
    )
    return {
        "@context": "https://schema.org",
        "@type": "Dataset",
        "name": "OpenRouter archive",
        "description": DATASET_WORDS,
        "temporalCoverage": f"{format_hour(view.dataset.first_hour)}/..",
        "isAccessibleForFree": True,
        "url": site.address or "index.html",
        "creator": {"@type": "Organization", "name": "OpenRouter archive"},
        "distribution": [
            {
                "@type": "DataDownload",
                "encodingFormat": media_type,
                "contentUrl": (site.base or site.root) + path,
            }
            for media_type, path in files
        ],
    }
