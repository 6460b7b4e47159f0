"""Metadata for Datasette of the database for download: titles, units, licences, and queries to start from."""

import re
from collections.abc import Mapping
from typing import Any

from orarchive.index.download import TABLES_SQL, VIEWS_SQL, AddedTables

METADATA_NAME = "datasette.json"

TABLE_HEAD = re.compile(r"create (?:table|view) (\w+) (?:\(|as) +-- (.+)")

COLUMN_LINE = re.compile(r"    (\w+) [^-]*-- (.+)")

CONTINUED_LINE = re.compile(r" +-- (.+)")

LABEL_COLUMNS = {
    "attempts": "hour",
    "days": "date",
    "endpoints": "key",
    "models": "name",
    "permaslugs": "permaslug",
    "providers": "name",
    "ranking_slices": "name",
    "records": "key",
    "scopes": "scope",
}
"""Table -> the column that stands for its row where another table refers to it."""

SEARCH_TABLES = {name: f"{name}_search" for name in ("models", "endpoints", "providers")}
"""Table -> the table of its full-text search."""

UNITS = {
    "reads": {"seconds": "s"},
    "events": {"percent": "percent"},
    "health_days": {
        "uptime_mean": "percent",
        "uptime_min": "percent",
        "latency_mean": "ms",
        "throughput_mean": "1 / s",
    },
}
"""Table -> column -> its unit, as Datasette's library of units reads it."""

RANKING_TABLES = (
    *("ranking_reads", "ranking_slices", "permaslugs", "usage", "orders", "ranking_lines"),
    *("rankings", "rankings_source"),
)
"""Tables and views of figures that OpenRouter publishes under a licence."""

RANKING_LICENSE = {
    "license": "CC BY 4.0",
    "license_url": "https://creativecommons.org/licenses/by/4.0/",
    "source": "OpenRouter; show the notice in rankings_source with the figures",
    "source_url": "https://openrouter.ai/rankings",
}

QUERIES = {
    "prices_at_an_hour": (
        "Prices in force at an hour",
        """
        select model, tag, dimension, condition, amount from prices_at
        where hour = :hour and model = :model order by tag, dimension, position
        """,
    ),
    "models_at_an_hour": (
        "Models listed at an hour",
        "select key as model, first, last from listed_at where hour = :hour and feed = 'models' order by key",
    ),
    "states_at_an_hour": (
        "Models at an hour by their state",
        "select model, state, since from states_at where hour = :hour order by state, model",
    ),
    "record_at_an_hour": (
        "A record at an hour, by field",
        "select feed, file, field, value from fields_at where hour = :hour and key = :key order by 1, 2, 3",
    ),
    "prices_of_a_model": (
        "Every price that a model ever listed",
        """
        select dimension, condition, first, last, amount from prices
        where model = :model and endpoint is null order by dimension, condition, first
        """,
    ),
    "changes_of_a_model": (
        "Everything that happened to a model and its endpoints",
        """
        select hour, kind, key, field, old, new, percent, cause from event_log
        where model = :model order by id desc
        """,
    ),
    "price_cuts": (
        "Price cuts of at least so many percent",
        """
        select hour, key, field, old, new, percent, cause from event_log
        where kind = 'repriced' and percent <= -cast(:percent as real) order by id desc
        """,
    ),
    "going_away": (
        "Models that have an expiration date, or are missing",
        """
        select id, name, state, expires, missing_since from models
        where (state = 'active' and expires is not null) or state in ('stale', 'deprecated')
        order by coalesce(expires, missing_since)
        """,
    ),
    "cheapest_endpoints": (
        "Endpoints of a model now, the cheapest input first",
        """
        select endpoints.tag, endpoints.provider, amount, lowest, highest, quantization, context_length
        from endpoints join current_prices on endpoint = record
        where endpoints.model = :model and state = 'active' and dimension = 'prompt' order by value
        """,
    ),
    "reliability": (
        "Providers by their hours of trouble in a month, 2026-11",
        """
        select provider, count(distinct key) as endpoints, sum(hours) as hours, sum(abnormal) as abnormal,
            round(sum(uptime_mean * uptimes) / sum(uptimes), 3) as uptime_percent
        from health_log where substr(date, 1, 7) = :month group by provider order by uptime_percent
        """,
    ),
    "find_models": (
        "Models by words in their names and ids",
        """
        select models.id, models.name, state, prompt, completion
        from models_search join models on models.rowid = models_search.rowid
        where models_search match '"' || replace(:words, '"', '""') || '"' order by rank
        """,
    ),
    "missing_hours": (
        "Hours and days without data, by feed",
        "select feed, count(*) as gaps, sum(missing) as missing from gaps group by feed order by feed",
    ),
    "most_used": (
        "Models by published use on a date",
        """
        select permaslug, tokens, notice from rankings join rankings_source using (series, slice)
        where series = 'models' and date = :date order by tokens desc
        """,
    ),
}
"""Name -> title and SQL. Parameters are names after a colon."""


def build_metadata(name: str, added: AddedTables) -> dict[str, Any]:
    """Build the metadata for a database file with a name, without its ending, and with added tables."""
    units, queries = {**UNITS, **added.units}, {**QUERIES, **added.queries}
    return {
        "title": "OpenRouter archive",
        "description": "Models, prices, endpoints and providers of OpenRouter, with every change.",
        "source": "OpenRouter's documented API; not affiliated with OpenRouter",
        "source_url": "https://openrouter.ai/docs/api",
        "license": "See NOTICE: facts without a licence of their own, rankings under CC BY 4.0",
        "databases": {
            name: {
                "tables": {
                    table: _describe_table(table, description, columns, units.get(table))
                    for table, description, columns in _list_tables(TABLES_SQL + VIEWS_SQL + added.sql)
                },
                "queries": {
                    query: {"title": title, "sql": _dedent(sql)} for query, (title, sql) in queries.items()
                },
            }
        },
    }


def _describe_table(
    table: str, description: str, columns: dict[str, str], units: Mapping[str, str] | None
) -> dict[str, Any]:
    """Build the metadata of a table or view."""
    metadata: dict[str, Any] = {"description": description}
    if columns:
        metadata["columns"] = columns
    if table in LABEL_COLUMNS:
        metadata["label_column"] = LABEL_COLUMNS[table]
    if units:
        metadata["units"] = units
    if table in SEARCH_TABLES:
        metadata["fts_table"] = SEARCH_TABLES[table]
    if table in RANKING_TABLES:
        metadata |= RANKING_LICENSE
    return metadata


def _list_tables(script: str) -> list[tuple[str, str, dict[str, str]]]:
    """List the tables and then the views, with their descriptions and those of their columns."""
    tables: list[tuple[str, str, dict[str, str]]] = []
    blocks = re.split(r"\n(?=create )", script)
    for block in sorted(blocks, key=lambda block: block.startswith("create view")):
        head, *lines = block.splitlines()
        if match := TABLE_HEAD.fullmatch(head):
            tables.append((match[1], match[2], _read_columns(lines)))
    return tables


def _read_columns(lines: list[str]) -> dict[str, str]:
    """Read the descriptions of columns; one may go on in the comments of the next lines."""
    columns: dict[str, str] = {}
    column = ""
    for line in lines:
        if match := COLUMN_LINE.fullmatch(line):
            column = match[1]
            columns[column] = match[2]
        elif column and (match := CONTINUED_LINE.fullmatch(line)):
            columns[column] += f" {match[1]}"
        else:
            column = ""
    return columns


def _dedent(sql: str) -> str:
    """Return a query without the indent that it has in this file."""
    return "\n".join(line.removeprefix(" " * 8) for line in sql.strip().splitlines())
