"""Numbers of parameters of models: total and active, from the id, else from the description.

Not from the Hugging Face id: `Llama-4-Maverick-17B-128E` names the active ones.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from orarchive.catalog.data_files import Override
from orarchive.catalog.flags import HEURISTIC, NONE, OVERRIDE
from orarchive.catalog.source import CatalogModel
from orarchive.domain.records import split_variant

UNITS = {"m": 10**6, "million": 10**6, "b": 10**9, "billion": 10**9, "t": 10**12, "trillion": 10**12}

TOTAL_FIELD, ACTIVE_FIELD = "total_parameters", "active_parameters"

# A size is no part of a longer word or number: `v3.1`, `0324` and `128k` are none. `r7b` has 7 billion; `e4b`
# works like 4 billion and has more; `8x7b` has 8 experts, which share a part.
_IN_ID = re.compile(
    r"(?<![a-z0-9.])(?:(?P<experts>\d+)x|(?P<effective>e)|r(?=\d+b))?"
    r"(?P<number>\d+(?:\.\d+)?)(?P<unit>[bmt])(?![a-z0-9])"
)
_ACTIVE_IN_ID = re.compile(r"(?<![a-z0-9.])a(?P<number>\d+(?:\.\d+)?)(?P<unit>[bm])(?![a-z0-9])")

_QUANTITY = r"(?P<number>\d+(?:\.\d+)?)[\s-]?(?P<unit>B|T|billion|trillion|M|million)\b"
_ACTIVE_IN_TEXT = (
    re.compile(rf"{_QUANTITY}(?:[\s-]parameters?)?[\s-](?:active|activated)\b", re.IGNORECASE),
    re.compile(rf"\bactivat\w+(?: only| roughly| approximately| about)? {_QUANTITY}", re.IGNORECASE),
)
_TOTAL_IN_TEXT = (
    re.compile(rf"{_QUANTITY} total\b", re.IGNORECASE),
    re.compile(rf"\b(?:out of|total of|parameter count of)(?: a total of)? {_QUANTITY}", re.IGNORECASE),
    re.compile(rf"{_QUANTITY}[\s-]parameters?\b(?! (?:active|activated))", re.IGNORECASE),
)


@dataclass(frozen=True)
class ModelSize:
    """The numbers of parameters of a model; None where they are not stated."""

    total: int | None
    active: int | None
    text: str | None
    """As people write it: `235B-A22B`, `8x7B`, `E4B`."""
    source: str
    """`heuristic`, `override` or `none`."""
    evidence: str


UNKNOWN_SIZE = ModelSize(None, None, None, NONE, "")


def find_size(model: CatalogModel, overrides: Iterable[Override] = ()) -> ModelSize:
    """Return the size of a model: from an override, else its id, else its description."""
    size = read_size_of_id(model.id)
    if size is UNKNOWN_SIZE:
        size = read_size_of_text(model.model.description or "")
    values = {override.field: override.value for override in overrides if override.id == model.id}
    if not values.keys() & {TOTAL_FIELD, ACTIVE_FIELD}:
        return size
    total, active = values.get(TOTAL_FIELD, size.total), values.get(ACTIVE_FIELD, size.active)
    assert not isinstance(total, str)
    assert not isinstance(active, str)
    return ModelSize(total, active, _format_size(total, active), OVERRIDE, "overrides/capabilities.toml")


def read_size_of_id(model: str) -> ModelSize:
    """Read the size in an id; UNKNOWN_SIZE where it has none."""
    slug = split_variant(model.partition("/")[2])[0].lower().replace("_", "-")
    active_match, match = _ACTIVE_IN_ID.search(slug), _IN_ID.search(slug)
    active = _read_quantity(active_match) if active_match else None
    if not match:
        text = _format_size(None, active)
        return (
            ModelSize(None, active, text, HEURISTIC, f"id:{active_match[0]}")
            if active_match
            else UNKNOWN_SIZE
        )
    evidence = "id:" + "-".join(part[0] for part in (match, active_match) if part)
    if match["experts"] or match["effective"]:
        return ModelSize(None, active, match[0].upper().replace("X", "x"), HEURISTIC, evidence)
    total = _read_quantity(match)
    return ModelSize(total, active, _format_size(total, active), HEURISTIC, evidence)


def read_size_of_text(description: str) -> ModelSize:
    """Read the size that a description states; UNKNOWN_SIZE where it states none.

    Only sentences up to the first that states a size count: later ones compare with other models.
    """
    for sentence in re.split(r"(?<=[.;!?])\s+|\n", description.replace("*", "")):
        active = next(filter(None, (pattern.search(sentence) for pattern in _ACTIVE_IN_TEXT)), None)
        rest = sentence.replace(active[0], " ") if active else sentence
        total = next(filter(None, (pattern.search(rest) for pattern in _TOTAL_IN_TEXT)), None)
        if active or total:
            numbers = [_read_quantity(match) if match else None for match in (total, active)]
            evidence = "description:" + ", ".join(match[0] for match in (total, active) if match)
            return ModelSize(numbers[0], numbers[1], _format_size(*numbers), HEURISTIC, evidence)
    return UNKNOWN_SIZE


def _read_quantity(match: re.Match[str]) -> int:
    return int(Decimal(match["number"]) * UNITS[match["unit"].lower()])


def _format_size(total: int | None, active: int | None) -> str | None:
    """Return both numbers as people write them, `235B-A22B`; None where neither is known."""
    parts = [prefix + _format_count(count) for prefix, count in (("", total), ("A", active)) if count]
    return "-".join(parts) or None


def _format_count(count: int) -> str:
    """Return a number of parameters in the largest unit that keeps it at 1 or more: `1.6T`, `235B`, `82M`."""
    scale, letter = next(
        ((scale, letter) for scale, letter in ((10**12, "T"), (10**9, "B")) if count >= scale), (10**6, "M")
    )
    return (
        f"{Decimal(count) / scale:f}".rstrip("0").rstrip(".") + letter
        if count % scale
        else f"{count // scale}{letter}"
    )
