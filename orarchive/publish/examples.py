"""What the files for programs look like: of each kind the first entry of one, cut short where it is long."""

from typing import Any

from orarchive.jsonl import loads
from orarchive.publish.api import API_FOLDER
from orarchive.publish.json_text import format_json

ROWS = ("models", "endpoints", "providers", "labs")
"""Files that are a list of entries."""

MOST, LONGEST = 2, 60
"""Items of a list, and letters of a text, before an example is cut."""


def build_examples(files: dict[str, bytes]) -> dict[str, str]:
    """Address on the page of data -> example; of what an archive does not have there is none."""
    rows = {name: loads(files[f"{API_FOLDER}/{name}.json"])[:1] for name in ROWS}
    found = {f"{API_FOLDER}/{name}.json": row[0] for name, row in rows.items() if row}
    if model := rows["models"]:
        found[f"{API_FOLDER}/models/{{author}}/{{slug}}.json"] = loads(files[model[0]["file"]])
    found[f"{API_FOLDER}/relations.json"] = loads(files[f"{API_FOLDER}/relations.json"])
    for name, path in (
        ("categories", "categories"),
        ("rankings/{category}", "rankings/all"),
        ("validation", "validation"),
    ):
        if f"{API_FOLDER}/{path}.json" in files:
            found[f"{API_FOLDER}/{name}.json"] = loads(files[f"{API_FOLDER}/{path}.json"])
    months = sorted(name for name in files if name.startswith(f"{API_FOLDER}/changes/"))
    if months:
        found[f"{API_FOLDER}/changes/{{month}}.json"] = loads(files[months[0]])[0]
    tables = {name: content for name, content in files.items() if name.endswith(".csv")}
    heads = {name: b"\n".join(content.split(b"\n", 2)[:2]).decode() for name, content in tables.items()}
    return {name: format_json(_brief(value)) for name, value in found.items()} | heads


def _brief(value: Any) -> Any:
    """A value with few items in its lists and few letters in its texts."""
    if isinstance(value, dict):
        return {name: _brief(member) for name, member in value.items()}
    if isinstance(value, list):
        return [_brief(item) for item in value[:MOST]] + ["…"] * (len(value) > MOST)
    return f"{value[:LONGEST]}…" if isinstance(value, str) and len(value) > LONGEST else value
