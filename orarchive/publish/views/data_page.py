"""The page of data: every file for programs, with its shape and an example."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from orarchive.domain.event_kinds import list_labels
from orarchive.publish.news_feeds import (
    CHANGES_FEED,
    CUTS_FEED,
    MAX_ENTRIES,
    MAX_MODEL_ENTRIES,
    MAX_TOPIC_ENTRIES,
)
from orarchive.publish.views import View
from orarchive.publish.views.changes_page import TOPICS, Topic
from orarchive.publish.views.site import SiteContext
from orarchive.timestamps import format_hour

DATASET_WORDS = "Models, prices, endpoints and providers of OpenRouter, every hour, with every change."
DATABASE_WORDS = "SQLite: every version, price, event and hour. Opens in Datasette or DuckDB as it is."

TABLES = {
    "data/models.csv": (
        "a row a model there ever was: id, name, lab, states, first_seen, last_seen, context, prompt,"
        " completion"
    ),
    "data/endpoints.csv": (
        "a row an endpoint there ever was: model, provider, tag, n, first_seen, last_seen"
    ),
    "data/prices.csv": (
        "a row a price point: feed, key, dimension, condition (the JSON of what must hold, if anything),"
        " from, to, usd"
    ),
    "data/events.csv": (
        "a row an event: hour, after, by, kind, feed, key, field, old, new, percent, cause, origin"
    ),
}

API_FILES = {
    "api/v1/status.json": (
        "hour, as_of, begun, last_run, next_expected, last_complete (the last hour in which every hourly feed"
        " was good), complete (hours of the last 24, 168 and 720), totals, each feed's last good hour and"
        " coverage, gaps: pairs of good hours of the models feed with a long stretch without data between"
        " them, and changes: the months that there are; its own best example"
    ),
    "metrics.prom": "the last run, the number of records and the coverage, for Prometheus",
    "api/v1/models.json": (
        "every model there ever was: id, name, lab, states, state, first_seen, last_seen, arrival, context,"
        " prices (at its last hour, a time-of-day price as it was then, for a prompt of ordinary length),"
        " has_conditions, price_ranges (by dimension the lowest and the highest of the prices that depend on"
        " the time of day or the length of the prompt), providers, file"
    ),
    "api/v1/models/{author}/{slug}.json": (
        "one model: its record as last seen, now, has_conditions and price_ranges (as prices and the like of"
        " models.json), its price points by dimension (from, to: the first and last hour"
        " that showed it, both inclusive), those under a condition apart, and the same of each endpoint; a"
        " variant's lies below its base, and special characters of an id are written as = and hex"
    ),
    "api/v1/endpoints.json": (
        "every endpoint now: model, tag, n, provider, state, first_seen, last_seen, arrival, pricing as sent,"
        " prices, has_conditions, price_ranges"
    ),
    "api/v1/providers.json": "every provider there ever was, with how many endpoints it has",
    "api/v1/labs.json": "every lab, with how many models are listed and gone",
    "api/v1/relations.json": "lab_models and provider_models, as pairs",
    "api/v1/categories.json": (
        "where rankings are archived: every category there ever was, null for all, with past, read and file"
    ),
    "api/v1/rankings/{category}.json": (
        "one category, all.json for all: its order (ids, the most used first; ranks without totals) and,"
        " where a key opens them, its published totals by date with the model that each name is of;"
        " unfinished: the service had not finished that day or week; missing: the dates between that it did"
        " not publish"
    ),
    "api/v1/validation.json": (
        "for every ranking: route, when it was asked, outcome, as_of, rows, names, how many joined, dates"
        " missing; and the names that match no model"
    ),
    "api/v1/changes/{month}.json": (
        "the events of a month, 2026-08: hour, after, by, kind, feed, key, field, old, new, percent, cause,"
        " origin; members without content are left out, and by where it is the hour"
    ),
}

FEEDS = {
    CHANGES_FEED.atom_path: "everything, as Atom",
    CHANGES_FEED.json_path: "everything, as JSON Feed",
    CUTS_FEED.atom_path: CUTS_FEED.title.lower(),
    CUTS_FEED.json_path: "the same as JSON Feed",
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
    api_files: list[DataFile]
    feeds: list[DataFile]
    topics: list[Topic]
    kinds: list[KindFeed]
    max_model_entries: int = MAX_MODEL_ENTRIES
    max_topic_entries: int = MAX_TOPIC_ENTRIES
    max_entries: int = MAX_ENTRIES


def build_data_page(view: View, site: SiteContext, examples: Mapping[str, str]) -> DataPage:
    """Build the page of data; `examples` maps the paths of files to the first of their content."""
    return DataPage(
        description=_describe_dataset(view, site),
        database=_list_files({site.database: DATABASE_WORDS}, examples),
        tables=_list_files(TABLES, examples),
        api_files=_list_files(API_FILES, examples),
        feeds=_list_files(FEEDS, examples),
        topics=TOPICS,
        kinds=[KindFeed(kind, kind.replace(" ", "-")) for kind in list_labels()],
    )


def _list_files(files: Mapping[str, str], examples: Mapping[str, str]) -> list[DataFile]:
    return [DataFile(path, words, examples.get(path, ""), "{" in path) for path, words in files.items()]


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
