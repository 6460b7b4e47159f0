"""The index of the search box, read as the programs of the tests need it: an entry of a kind as a row."""

import json
from typing import Any


def read_search_index(script: bytes, kind: str = "model") -> list[dict[str, Any]]:
    """Return the entries of a kind, as column -> value."""
    columns = json.loads(script.rpartition(b"\nsetIndex(")[2].removesuffix(b");\n"))[kind]
    return [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]
