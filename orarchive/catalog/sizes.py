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
    re.compile(rf"{_QUANTITY}(?:[\s-]parameters?)?(?:[\s-]are)?[\s-](?:active|activated)\b", re.IGNORECASE),
    re.compile(rf"\bactivat\w+(?: only| roughly| approximately| about)? {_QUANTITY}", re.IGNORECASE),
)
_TOTAL_IN_TEXT = (
    re.compile(rf"{_QUANTITY} total\b", re.IGNORECASE),
    re.compile(rf"\b(?:out of|total of|parameter count of)(?: a total of)? {_QUANTITY}", re.IGNORECASE),
    re.compile(rf"{_QUANTITY}[\s-]parameters?\b(?! (?:are )?(?:active|activated))", re.IGNORECASE),
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
    """Return the size of a model: from an override, else its id, and what that lacks from its description."""
    size = _complete(read_size_of_id(model.id), read_size_of_text(model.description or ""))
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
    if not match and not active_match:
        return UNKNOWN_SIZE
    evidence = "id:" + "-".join(part[0] for part in (match, active_match) if part)
    active = _read_quantity(active_match) if active_match else None
    if match and (match["experts"] or match["effective"]):
        return ModelSize(None, active, match[0].upper().replace("X", "x"), HEURISTIC, evidence)
    total = _read_quantity(match) if match else None
    return ModelSize(total, active, _format_size(total, active), HEURISTIC, evidence)


def read_size_of_text(description: str) -> ModelSize:
    """Read the size that a description states; UNKNOWN_SIZE where it states none.

    Only the first sentence that states a size counts, and the next one for the active parameters: later ones
    compare with other models.
    """
    sentences = re.split(
        r"(?<=[.;!?])\s+|\n", description.replace("*", "").replace("\N{NON-BREAKING HYPHEN}", "-")
    )
    for sentence, following in zip(sentences, [*sentences[1:], ""], strict=True):
        active = _search(_ACTIVE_IN_TEXT, sentence)
        total = _search(_TOTAL_IN_TEXT, sentence.replace(active[0], " ") if active else sentence)
        if active or total:
            active = active or _search(_ACTIVE_IN_TEXT, following)
            numbers = [_read_quantity(match) if match else None for match in (total, active)]
            evidence = "description:" + ", ".join(match[0] for match in (total, active) if match)
            return ModelSize(numbers[0], numbers[1], _format_size(*numbers), HEURISTIC, evidence)
    return UNKNOWN_SIZE


def _search(patterns: Iterable[re.Pattern[str]], text: str) -> re.Match[str] | None:
    """Return the match of the first pattern that matches."""
    return next(filter(None, (pattern.search(text) for pattern in patterns)), None)


def _complete(size: ModelSize, stated: ModelSize) -> ModelSize:
    """Return the size of an id with what it lacks from that of the description, if the two fit."""
    total, active = size.total or stated.total, size.active or stated.active
    if size is UNKNOWN_SIZE or stated is UNKNOWN_SIZE:
        return stated if size is UNKNOWN_SIZE else size
    is_effective = size.text is not None and size.text.startswith("E")
    if is_effective or (total, active) == (size.total, size.active) or (total and active and active >= total):
        return size
    text = size.text if size.text and "x" in size.text else _format_size(total, active)
    return ModelSize(total, active, text, HEURISTIC, f"{size.evidence}; {stated.evidence}")


def _read_quantity(match: re.Match[str]) -> int:
    return int(Decimal(match["number"]) * UNITS[match["unit"].lower()])


def _format_size(total: int | None, active: int | None) -> str | None:
    """Return both numbers as people write them, `235B-A22B`; None where neither is known."""
    parts = [prefix + _format_count(count) for prefix, count in (("", total), ("A", active)) if count]
    return "-".join(parts) or None


def _format_count(count: int) -> str:
    """Return a number of parameters as people write it: `1.6T`, `235B`, `0.6B`, `82M`."""
    scales = ((10**12, 10**12, "T"), (10**8, 10**9, "B"), (0, 10**6, "M"))
    scale, letter = next((scale, letter) for least, scale, letter in scales if count >= least)
    return f"{(Decimal(count) / scale).normalize():f}{letter}"
