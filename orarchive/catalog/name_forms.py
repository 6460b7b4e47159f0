"""Forms of an id that people use as names: without the lab, without the date, with a dash for a dot."""

import re
from dataclasses import dataclass
from hashlib import sha256

from orarchive.catalog.families import find_family

SLUG, TWIN, UNDATED, FAMILY, BASE = "slug", "twin", "undated", "family", "base"

DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
HASH_LENGTH = 5
"""Base-36 digits: one in 60 million that two ids with one slug get the same."""

# Of the four digits of a date the first two are the year or the month: 2407 (July 2024), 0324 (24 March). The
# years are 23 to 29, so no date has two readings.
_DATE = re.compile(
    r"-(?:20\d\d-\d\d-\d\d|20\d\d[01]\d[0-3]\d|2[3-9][01]\d[0-3]\d|(?:0\d|1[0-2])-20\d\d|"
    r"(?:0\d|1[0-2])-(?:[0-2]\d|3[01])|2[3-9](?:0[1-9]|1[0-2])|(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01]))"
    r"(?![a-z0-9.])"
)
_DOTTED = re.compile(r"(?<=\d)\.(?=\d)")
_DASHED = re.compile(r"(?<![\d.])(\d)-(\d)(?![\d.a-z])")


@dataclass(frozen=True)
class NameForm:
    """A name that follows from an id alone."""

    name: str
    kind: str
    """`slug`: what stands after the lab; `twin`: a dash for the dot of its version, or the other way round;
    `undated`: without the date; `family`; `base`: without the variant."""
    evidence: str


def list_name_forms(model: str) -> list[NameForm]:
    """List the names of a model that follow from its id; each once, in its first form, all in lower case."""
    slug = model.partition("/")[2].lower()
    base, colon, variant = slug.partition(":")
    undated = _DATE.sub("", base)
    forms = [NameForm(slug, SLUG, "id"), NameForm(make_twin(slug), TWIN, "id")]
    forms.append(NameForm(undated + colon + variant, UNDATED, "id"))
    if variant:
        forms += [NameForm(base, BASE, "id"), NameForm(undated, BASE, "id")]
    family = find_family(model, {})
    if family.name:
        forms.append(NameForm(family.name, BASE if variant else FAMILY, family.evidence))
    names: dict[str, NameForm] = {}
    for form in forms:
        if form.name:
            names.setdefault(form.name, form)
    return list(names.values())


def make_twin(slug: str) -> str:
    """Return a slug with dashes for the dots in numbers, or with dots for the dashes: `claude-sonnet-4-5`."""
    return _DOTTED.sub("-", slug) if _DOTTED.search(slug) else _DASHED.sub(r"\1.\2", slug)


def hash_name(model: str) -> str:
    """Return the slug of a model with a hash of its id, which no other model has: `reka-edge-1x9ab`."""
    number = int.from_bytes(sha256(model.encode()).digest())
    digits = ""
    for _ in range(HASH_LENGTH):
        number, rest = divmod(number, len(DIGITS))
        digits += DIGITS[rest]
    return f"{model.partition('/')[2].lower()}-{digits}"
