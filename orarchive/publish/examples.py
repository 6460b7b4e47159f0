"""What the files for programs look like: of each kind the first entry of one, cut short where it is long."""

from typing import Any

from orarchive.jsonl import loads
from orarchive.publish.api import BASE
from orarchive.publish.pages import pretty

ROWS = ("models", "endpoints", "providers", "labs")
"""Files that are a list of entries."""

MOST, LONGEST = 2, 60
"""Items of a list, and letters of a text, before an example is cut."""


def examples(files: dict[str, bytes]) -> dict[str, str]:
    """Address on the page of data -> example; of what an archive does not have there is none."""
    rows = {name: loads(files[f"{BASE}/{name}.json"])[:1] for name in ROWS}
    found = {f"{BASE}/{name}.json": row[0] for name, row in rows.items() if row}
    if model := rows["models"]:
        found[f"{BASE}/models/{{author}}/{{slug}}.json"] = loads(files[model[0]["file"]])
    found[f"{BASE}/relations.json"] = loads(files[f"{BASE}/relations.json"])
    for name, path in (
        ("categories", "categories"),
        ("rankings/{category}", "rankings/all"),
        ("validation", "validation"),
    ):
        if f"{BASE}/{path}.json" in files:
            found[f"{BASE}/{name}.json"] = loads(files[f"{BASE}/{path}.json"])
    months = sorted(name for name in files if name.startswith(f"{BASE}/changes/"))
    if months:
        found[f"{BASE}/changes/{{month}}.json"] = loads(files[months[0]])[0]
    tables = {name: content for name, content in files.items() if name.endswith(".csv")}
    heads = {name: b"\n".join(content.split(b"\n", 2)[:2]).decode() for name, content in tables.items()}
    return {name: pretty(_brief(value)) for name, value in found.items()} | heads


def _brief(value: Any) -> Any:
    """A value with few items in its lists and few letters in its texts."""
    if isinstance(value, dict):
        return {name: _brief(member) for name, member in value.items()}
    if isinstance(value, list):
        return [_brief(item) for item in value[:MOST]] + ["…"] * (len(value) > MOST)
    return f"{value[:LONGEST]}…" if isinstance(value, str) and len(value) > LONGEST else value
