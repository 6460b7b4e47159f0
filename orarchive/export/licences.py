"""Licences of the exported tables, which NOTICE explains: each comes under the terms of its source."""

from dataclasses import dataclass

from orarchive.export.columns import Licence, Table


@dataclass(frozen=True)
class Terms:
    """The terms under which a table comes."""

    id: str
    """Of opendefinition.org, or `notspecified`."""
    title: str
    url: str
    citation: str


TERMS: dict[Licence, Terms] = {
    "catalogue": Terms(
        "notspecified",
        "OpenRouter documents these routes for free use and states no licence for their answers",
        "https://openrouter.ai/terms",
        "Source: OpenRouter's documented API (openrouter.ai), by the hour.",
    ),
    "rankings": Terms(
        "CC-BY-4.0",
        "Creative Commons Attribution 4.0",
        "https://creativecommons.org/licenses/by/4.0/",
        "Source: OpenRouter (openrouter.ai/rankings), as of the date in the column as_of."
        " Licensed under CC BY 4.0.",
    ),
}


def get_terms(table: Table) -> Terms:
    """Return the terms of a table."""
    return TERMS[table.licence]
