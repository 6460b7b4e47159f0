"""The README of an export: its tables and licences, and lines that open each table in DuckDB and polars."""

from collections.abc import Iterable, Sequence

from orarchive.export.columns import Table
from orarchive.export.licences import TERMS, get_terms
from orarchive.export.manifest import Manifest
from orarchive.export.schemas import TABLES
from orarchive.queries.health_attempts import LostHealth

README_NAME = "README.md"

INTRODUCTION = """\
# OpenRouter archive as Parquet

What OpenRouter's documented API said about its models, hour by hour, up to {as_of}. Not affiliated with
OpenRouter.

- Times are UTC, with microseconds. A row with `superseded_at` null still holds. A change came about after the
  good hour before `valid_from`, and by `valid_from`: what was not observed is in `coverage`.
- Prices (`..._usd`) are exact decimals, USD per unit; -1 is a router's "dynamic" price; `price_sent` is the
  text as it was sent. Read them as decimals, not as floating-point numbers.
- Measures are doubles, counts and codes 64-bit integers. `extra` has, as JSON, what fits no column.
- `json` is the record as it stands in the archive, with every field as it was sent.
- `datapackage.json` (Data Package 2) and `croissant.json` describe every column; `manifest.json` lists the
  files; `sha256sum --check SHA256SUMS` checks them. A folder without `manifest.json` is not complete. Who
  copies files while a new export comes should compare each with its SHA-256 in the manifest read before.

Feeds that are in the archive and not here: benchmarks, apps, tasks and sessions of rankings, ZDR, images and
videos. The SQLite database of the site has them.
"""


LOST_WORDS = (
    "These hours are not in `health`; in `coverage` they are. `health_days` has them if they were indexed"
    " before they were lost."
)


def build_readme(manifest: Manifest) -> str:
    """Build the text of the README."""
    parts = [INTRODUCTION.format(as_of=manifest.as_of), "## Tables\n"]
    parts += ["| table | a row for | rows | key | licence |\n|---|---|---|---|---|"]
    parts += _list_table_lines(manifest)
    if manifest.lost_health:
        parts += ["\n## Missing\n", f"{describe_lost_health(manifest.lost_health)}.", LOST_WORDS]
    parts += ["\n## Licences\n"]
    parts += [f"- {terms.id}: {terms.title}, {terms.url}. {terms.citation}" for terms in TERMS.values()]
    parts += ["\n## In DuckDB\n\n```sql", *list_duckdb_lines(manifest), "```"]
    parts += ["\n## In polars\n\n```python", "import polars as pl\n", *list_polars_lines(manifest), "```\n"]
    return "\n".join(parts)


def describe_lost_health(lost: Sequence[LostHealth], limit: int | None = None) -> str:
    """Say of which attempts the archive has lost the health; with a limit name no more than so many."""
    names = [f"{entry.hour} (attempt {entry.attempt}, {entry.reason})" for entry in lost[:limit]]
    more = [f"and {len(lost) - len(names):,} more"] if len(lost) > len(names) else []
    return f"The archive has lost the health of {', '.join([*names, *more])}"


def list_duckdb_lines(manifest: Manifest, base_url: str = "") -> list[str]:
    """List a line of SQL for each table, which makes it a view in DuckDB.

    Files are named one by one: there is no listing over HTTPS that a pattern could be matched with.
    """
    return [
        f"create view {table.name} as from read_parquet([{_join_paths(paths)}], hive_partitioning = false);"
        for table, paths in _list_paths(manifest, base_url)
    ]


def list_polars_lines(manifest: Manifest, base_url: str = "") -> list[str]:
    """List a line of Python for each table, which scans it with polars."""
    return [
        f"{table.name} = pl.scan_parquet([{_join_paths(paths)}], hive_partitioning=False)"
        for table, paths in _list_paths(manifest, base_url)
    ]


def _list_paths(manifest: Manifest, base_url: str) -> Iterable[tuple[Table, list[str]]]:
    """Yield each table that has files, with the address of each."""
    for table in TABLES:
        paths = [f"{base_url}{entry.path}" for entry in manifest.files if entry.table == table.name]
        if paths:
            yield table, paths


def _join_paths(paths: Iterable[str]) -> str:
    return ", ".join(f"'{path}'" for path in paths)


def _list_table_lines(manifest: Manifest) -> list[str]:
    """List a line of the table of tables for each."""
    lines = []
    for table, _ in _list_paths(manifest, ""):
        rows = sum(entry.rows for entry in manifest.files if entry.table == table.name)
        key = ", ".join(table.key)
        lines.append(f"| `{table.name}` | {table.title} | {rows:,} | {key} | {get_terms(table).id} |")
    return lines
