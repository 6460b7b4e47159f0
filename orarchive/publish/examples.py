"""Examples of the files for programs: the first entry of each kind of file, cut short where it is long."""

from typing import Any

from orarchive.json_text import format_for_pages
from orarchive.jsonl import loads
from orarchive.publish.api import API_FOLDER
from orarchive.publish.exports import ENCODING

LISTS = ("models", "endpoints", "providers", "labs")
"""Files that are a list of entries."""

MAX_ITEMS = 2
"""Items of a list in an example."""

MAX_TEXT_LENGTH = 60
"""Characters of a text in an example, before the ellipsis."""


def build_examples(files: dict[str, bytes]) -> dict[str, str]:
    """Return the example of each path on the page of data; kinds of which there is no file are left out."""

    def read(name: str) -> Any:
        return loads(files[f"{API_FOLDER}/{name}.json"])

    lists = {name: read(name)[:1] for name in LISTS}
    values = {name: rows[0] for name, rows in lists.items() if rows}
    if lists["models"]:
        values["models/{author}/{slug}"] = loads(files[lists["models"][0]["file"]])
    values["relations"] = read("relations")
    values |= {"categories": read("categories"), "validation": read("validation")}
    if f"{API_FOLDER}/rankings/all.json" in files:
        values["rankings/{category}"] = read("rankings/all")
    months = sorted(path for path in files if path.startswith(f"{API_FOLDER}/changes/"))
    if months:
        values["changes/{month}"] = loads(files[months[0]])[0]
    examples = {
        f"{API_FOLDER}/{name}.json": format_for_pages(_abridge(value)) for name, value in values.items()
    }
    tables = {path: content for path, content in files.items() if path.endswith(".csv")}
    return examples | {
        path: "\n".join(table.decode(ENCODING).split("\n", 2)[:2]) for path, table in tables.items()
    }


def _abridge(value: Any) -> Any:
    """Return a value with at most MAX_ITEMS items in its lists, and with its texts shortened."""
    if isinstance(value, dict):
        return {name: _abridge(member) for name, member in value.items()}
    if isinstance(value, list):
        return [_abridge(item) for item in value[:MAX_ITEMS]] + ["…"] * (len(value) > MAX_ITEMS)
    is_long = isinstance(value, str) and len(value) > MAX_TEXT_LENGTH
    return f"{value[:MAX_TEXT_LENGTH]}…" if is_long else value
