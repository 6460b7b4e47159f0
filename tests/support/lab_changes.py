"""Whose prices changed this year, as the site's database says it."""

import json
import sqlite3
import tomllib
from collections.abc import Iterable
from pathlib import Path

from tests.support.archives import ROOT

QUERY = """
    select key, hour, old, new, cause != 'provider' and not (cause = 'unknown' and (
        julianday(hour) - julianday(after) > 1.5
        or (select group_concat(distinct provider) from endpoints where model = records.key) is not ?
        or exists (select 1 from endpoints where model = records.key and first_seen < hour)
    ))
    from events join records on records.id = record
    where kind = 'repriced' and events.feed = 'models' and field in ('prompt', 'completion')
        and key like ? and hour like ?
"""
"""New prices, and whether a provider may have made each: not of one listed first, unread or unexplained."""

LABS = Path("orarchive/catalog/data/labs.toml")


def count_changes(rows: Iterable[tuple[str, str, str | None, str | None, int]]) -> tuple[int, int, str]:
    """Count the models whose price for ordinary prompts a provider changed, and the others whose price moved.

    Return also the last hour that showed one or the other; "" without any.
    """
    moved = [
        (key, hour, is_made) for key, hour, old, new, is_made in rows if read_tariff(old) != read_tariff(new)
    ]
    models = {key for key, _, is_made in moved if is_made}
    hours = (hour for _, hour, _ in moved)
    return len(models), len({key for key, _, _ in moved} - models), max(hours, default="")


def read_tariff(text: str | None) -> set[tuple[float, str]]:
    """Read the prices in an event, with their conditions, but for those of long prompts."""
    value = json.loads(text or "[]")
    entries = value if isinstance(value, list) else [{"price": value}]
    return {
        (float(entry.pop("price")), json.dumps(entry))
        for entry in entries
        if "min_prompt_tokens" not in entry
    }


def count_lab_changes(
    database: sqlite3.Connection, labs: Iterable[str]
) -> tuple[str, dict[str, tuple[int, int, str]]]:
    """Return the year of the last hour, and the changes in it of each lab as `count_changes` counts them."""
    ((year,),) = database.execute("select substr(max(hour), 1, 4) from hours")
    rows = tomllib.loads((ROOT / LABS).read_text())["lab"]
    own = {row["slug"]: row.get("provider", row["slug"]) for row in rows}
    values = {slug: (own.get(slug, slug), f"{slug}/%", f"{year}%") for slug in labs}
    return year, {slug: count_changes(database.execute(QUERY, values[slug])) for slug in labs}
