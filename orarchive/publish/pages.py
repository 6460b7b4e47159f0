"""Which pages there are: every page kind with its route, its template and what the template is given."""

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from orarchive.jsonl import Record, dumps
from orarchive.publish.views import View

DATABASE = "archive.sqlite"
"""The index, for download."""

LONGEST = 80
"""Longest part of a path made from a foreign id; file systems allow 255 bytes."""

# names that Windows keeps for itself, and the one that every page has
RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d|index)(\.|$)")


@dataclass(frozen=True)
class Page:
    """One page of the site."""

    path: str
    """The file below the out folder."""
    template: str
    context: dict[str, Any]

    @property
    def root(self) -> str:
        """From the page to the top of the site."""
        return "../" * self.path.count("/")


def pages(view: View) -> Iterator[Page]:
    """Every page of the site."""
    paths = {one.model.id: model_path(one.model.id) for one in view.models}
    shared = {"view": view, "paths": paths, "database": DATABASE}
    yield Page("index.html", "home.html", shared)
    yield Page("models/index.html", "models.html", shared)
    for one in view.models:
        yield Page(paths[one.model.id], "model.html", {**shared, "one": one, "raw": pretty(one.record)})
    yield Page("404.html", "404.html", shared)


def model_path(model: str) -> str:
    """The page of a model: `models/<author>/<slug>/`, a variant's below its base.

    Ids are foreign: no two of them share a path, not even where case does not count.
    """
    author, slash, rest = model.partition("/")
    slug, colon, variant = rest.partition(":")
    parts = [segment(author), segment(slug)] if slash else ["=-", segment(author)]
    if colon:
        parts.append(segment(variant))
    return "/".join(["models", *parts, "index.html"])


def segment(text: str) -> str:
    """One part of a path: what is not plain is written as `=` and the hex of its bytes; never empty."""
    plain = "".join(
        letter if letter in "abcdefghijklmnopqrstuvwxyz0123456789-_.~" else _hex(letter) for letter in text
    )
    if plain.startswith(".") or RESERVED.match(plain):
        plain = _hex(plain[0]) + plain[1:]
    if plain.endswith("."):
        plain = plain[:-1] + _hex(".")
    if len(plain) > LONGEST:
        digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]
        plain = f"{plain[:LONGEST]}=x{digest}"
    return plain or "="


def _hex(letter: str) -> str:
    return "".join(f"={byte:02x}" for byte in letter.encode("utf-8", "surrogatepass"))


def pretty(value: Any, indent: str = "") -> str:
    """JSON as people read it: short lists in one line, number tokens as sent."""
    if isinstance(value, dict) and value and len(indent) < 40:
        members = [
            f"{indent}  {_token(name)}: {pretty(value[name], indent + '  ')}" for name in _order(value)
        ]
        return "{\n" + ",\n".join(members) + f"\n{indent}}}"
    if isinstance(value, list) and any(isinstance(item, dict | list) for item in value) and len(indent) < 40:
        items = [f"{indent}  {pretty(item, indent + '  ')}" for item in value]
        return "[\n" + ",\n".join(items) + f"\n{indent}]"
    if isinstance(value, list):
        return "[" + ", ".join(map(_token, value)) + "]"
    return _token(value)


def _order(record: Record) -> list[str]:
    return sorted(record, key=lambda name: (name not in ("id", "name"), name))


def _token(value: Any) -> str:
    return dumps(value).decode()
