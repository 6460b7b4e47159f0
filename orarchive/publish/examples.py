"""Examples of the files for programs: the first entry of each kind of file, cut short where it is long."""

from collections.abc import Mapping
from typing import Any

from orarchive.json_text import format_for_pages
from orarchive.jsonl import loads
from orarchive.publish.api.kinds import API_FOLDER, KINDS
from orarchive.publish.exports import ENCODING

MAX_ITEMS = 2
"""Items of a list in an example."""

MAX_TEXT_LENGTH = 60
"""Characters of a text in an example, before the ellipsis."""


def build_examples(files: Mapping[str, bytes]) -> dict[str, str]:
    """Return the example of each path on the page of data; kinds of which there is no file are left out.

    What changes every hour has none: the page would change with it.
    """
    examples = {}
    for kind in KINDS:
        path = next(filter(kind.is_of, files), None)
        if path and not kind.is_hourly:
            file = _abridge(loads(files[path]))
            if isinstance(file["data"], list):
                file["data"] = [*file["data"][:1], *file["data"][MAX_ITEMS:]]
            examples[f"{API_FOLDER}/{kind.paths[0]}"] = format_for_pages(file)
    tables = [path for path in files if path.endswith(".csv")]
    return examples | {path: "\n".join(files[path].decode(ENCODING).split("\n", 2)[:2]) for path in tables}


def _abridge(value: Any) -> Any:
    """Return a value with at most MAX_ITEMS items in its lists, and with its texts shortened."""
    if isinstance(value, dict):
        return {name: _abridge(member) for name, member in value.items()}
    if isinstance(value, list):
        return [_abridge(item) for item in value[:MAX_ITEMS]] + ["…"] * (len(value) > MAX_ITEMS)
    is_long = isinstance(value, str) and len(value) > MAX_TEXT_LENGTH
    return f"{value[:MAX_TEXT_LENGTH]}…" if is_long else value
