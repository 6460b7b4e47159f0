"""The kinds of files of the static API: path, type and description of each, and what is promised of them."""

import re
from dataclasses import dataclass
from typing import Any

from orarchive.publish.api import (
    catalog_types,
    direct_types,
    model_types,
    name_types,
    ranking_types,
    shortlist_types,
    status_types,
    types,
)

API_FOLDER = "api/v1"

SCHEMA_FOLDER = "schemas"
"""Folder of the JSON Schemas below `API_FOLDER`."""

OPENAPI_FILE = "openapi.json"

PARAMETER = re.compile(r"\{(\w+)\}")
"""A part of a path that has a value for each file."""

CHANGES = (
    (
        "1.2.0",
        "New: catalog.json, aliases.json, redirects.json, gone.json, shortlists.json, lists, best-value.json,"
        " direct.json and check.json; ids.txt, free.txt and gone.txt; calendar.ics; badges below `badges`. A"
        " model's file has `events`, `family`, `size`, `price_class`, `flags`, `names` and `successor`.",
    ),
    (
        "1.1.0",
        "index.json lists the Parquet files that came with the site, in `parquet`. Beside the API, the"
        " columns `lab` and `context` of data/models.csv are now `author` and `context_length`, as here. The"
        " file of a category with several slashes, of which there is none so far, has one folder.",
    ),
    (
        "1.0.0",
        "The first described version. Against the files before it: every file is wrapped in `as_of`,"
        " `schema` and `data`; OpenRouter's names (`author`, `context_length`, `pricing`,"
        " `model_permaslug`, a provider's `slug`) replace `lab`, `context`, `prices` and `now`,"
        " `permaslug`, `provider`; labs.json is authors.json; `file` is `links.details`, from the root of"
        " the host; `prices` and `conditional_prices` of a model are `price_history` and"
        " `conditional_price_history`; `overrides` and `discount` replace the `pricing` of endpoints as"
        " sent; events have an `id`, and always `by`; index.json, openapi.json and schemas are new.",
    ),
)
"""Version of the API and what it changed, newest first: the changelog of the API."""

API_VERSION = CHANGES[0][0]

PROMISE = (
    "No file, member or meaning that is described here goes away or changes its type or unit below `api/v1`."
    " What would break a reader comes as `api/v2`, with `v1` beside it for at least six months.",
    "Files, members and values of enumerations (kinds of events, states, capabilities) may be added at any"
    " time: ignore what you do not know. The schemas are exact for the site that they come with, and allow"
    " nothing additional; validate with the schema that a file names, not with an old copy.",
    "Price dimensions, and what stands in `record`, `overrides`, `condition`, `old` and `new`, is"
    " OpenRouter's and changes with it.",
    "An event keeps its `id`. Events of past hours appear when a past is imported, and may be derived anew"
    " when the rules of the archive change.",
    "The order of members and of lists is promised only where a description states it.",
    "Every change raises the version and has a line in the changelog: the first number for what breaks,"
    " the second for what is added, the third for words.",
)
"""The compatibility promise, a paragraph each."""

AS_OF = (
    "Hour (UTC) of the last change of the records that `data` is made of: they have been as they are"
    " since, up to the hour of the site, which is `as_of` of status.json. What follows from the time alone"
    " (the rate of a time-of-day price, a state such as `new`) is that of the last good hour and does not"
    " move it"
)

PATH_PARAMETERS = {
    "author": "Part of a model id before `/`; special characters are written as `=` and two hex digits",
    "slug": "Part of a model id after `/`, without its variant",
    "variant": "Part of a model id after `:`",
    "category": "Category of rankings, `all` for all uses together",
    "subcategory": "Part of the category after `/`",
    "list": "Name of the list, such as `fastest`",
    "month": "Month of the hours in which the events became known, such as 2026-11",
    "schema": "Name of the schema, as files name it in their `schema`",
}


@dataclass(frozen=True)
class FileKind:
    """A kind of file; its name is that of its schema."""

    name: str
    paths: tuple[str, ...]
    """Paths below `API_FOLDER`, with parameters in braces."""
    data: Any
    """Type of `data`."""
    description: str
    is_hourly: bool = False
    """Whether a file changes every hour."""

    def is_of(self, path: str) -> bool:
        """Return whether a file of the site is of this kind."""
        patterns = (f"{API_FOLDER}/{PARAMETER.sub('[^/]+', pattern)}" for pattern in self.paths)
        return any(re.fullmatch(pattern, path) for pattern in patterns)


STATUS = FileKind(
    "status",
    ("status.json",),
    status_types.Status,
    "State of the archive: hours, the last run, coverage, gaps",
    is_hourly=True,
)
INDEX = FileKind("index", ("index.json",), status_types.Index, "Every file of the API")
MODELS = FileKind(
    "models", ("models.json",), list[types.ModelRow], "All models ever listed, with their prices now"
)
MODEL = FileKind(
    "model",
    ("models/{author}/{slug}.json", "models/{author}/{slug}/{variant}.json"),
    model_types.Model,
    "A model: its record, every price of it and of its endpoints, its changes, and what they mean",
)
ENDPOINTS = FileKind(
    "endpoints", ("endpoints.json",), list[types.EndpointRow], "Every endpoint now, with its prices"
)
PROVIDERS = FileKind("providers", ("providers.json",), list[types.ProviderRow], "All providers ever listed")
AUTHORS = FileKind("authors", ("authors.json",), list[types.AuthorRow], "Every author of models")
RELATIONS = FileKind(
    "relations", ("relations.json",), types.Relations, "Who made, and who serves, which model"
)
MONTH = FileKind(
    "changes",
    ("changes/{month}.json",),
    list[types.Event],
    "Events of a month, in the order they became known",
)
CATEGORIES = FileKind(
    "categories", ("categories.json",), ranking_types.Categories, "Categories of OpenRouter's rankings"
)
RANKING = FileKind(
    "ranking",
    ("rankings/{category}.json", "rankings/{category}/{subcategory}.json"),
    ranking_types.Ranking,
    "Ranking of a category: the order of models and the published totals",
)
VALIDATION = FileKind(
    "validation",
    ("validation.json",),
    ranking_types.Validation,
    "How the rankings were read, and what they match",
)

CATALOG = FileKind(
    "catalog",
    ("catalog.json",),
    list[catalog_types.CatalogRow],
    "Every listed model with the facts to compare it by, in one small file",
)
ALIASES = FileKind(
    "aliases", ("aliases.json",), list[name_types.NameRow], "Further names of models, and what they stand for"
)
REDIRECTS = FileKind(
    "redirects",
    ("redirects.json",),
    name_types.RedirectFile,
    "What replaces models that are gone or about to go",
)
GONE = FileKind(
    "gone", ("gone.json",), list[name_types.TombstoneRow], "Every model that is gone, and how it went"
)
SHORTLISTS = FileKind(
    "shortlists",
    ("shortlists.json",),
    list[shortlist_types.ShortlistData],
    "A few models for a need, with every part of their scores",
)
LIST = FileKind(
    "list",
    ("lists/{list}.json",),
    shortlist_types.RankedListData,
    "Endpoints and models ranked by one measure, such as lists/fastest.json",
)
BEST_VALUE = FileKind(
    "best_value",
    ("best-value.json",),
    shortlist_types.BestValueData,
    "Models that no other beats in both price and quality",
)
DIRECT = FileKind(
    "direct",
    ("direct.json",),
    list[direct_types.DirectRow],
    "Makers' own prices for models that they serve themselves",
)
CHECK = FileKind(
    "check",
    ("check.json",),
    catalog_types.CheckList,
    "Every id that was ever listed with its state, to check the ids of a repository by",
    is_hourly=True,
)


@dataclass(frozen=True)
class PlainFile:
    """A file without the envelope."""

    type: str
    """Its media type."""
    description: str


PLAIN_FILES = {
    "ids.txt": PlainFile("text/plain", "Ids of the listed models, one a line"),
    "free.txt": PlainFile("text/plain", "Ids of the models that are free, one a line"),
    "gone.txt": PlainFile("text/plain", "Ids of the models that are no longer listed, one a line"),
    "calendar.ics": PlainFile("text/calendar", "Days on which models leave, as OpenRouter announced them"),
}
"""Path below `API_FOLDER` -> the file."""

KINDS = (
    *(INDEX, STATUS, MODELS, MODEL, ENDPOINTS, PROVIDERS, AUTHORS, RELATIONS, MONTH),
    *(CATALOG, ALIASES, REDIRECTS, GONE, SHORTLISTS, LIST, BEST_VALUE, DIRECT, CHECK),
    *(CATEGORIES, RANKING, VALIDATION),
)
