"""Names of labs and countries, and monograms of labs and providers."""

import re

from orarchive.catalog.catalog import Catalog
from orarchive.catalog.data_files import load_document

COUNTRIES_FILE = "countries.toml"

_WORD = re.compile(r"[^\W_]+")
_CAPITALS = re.compile(r"[A-Z0-9]")


def get_lab_name(catalog: Catalog, slug: str) -> str:
    """Return the display name of a lab; the words of its slug where no name is known."""
    lab = catalog.labs.get(slug)
    words = (word[:1].upper() + word[1:] for word in slug.split("-"))
    return (lab.name if lab else None) or " ".join(words)


def get_country_name(code: str) -> str:
    """Return the name of the country with a code of ISO 3166; the code where there is none."""
    names: dict[str, str] = load_document(COUNTRIES_FILE)["country"]
    return names.get(code, code)


def make_monogram(name: str) -> str:
    """Return one or two letters of a name: `Z.ai` is ZA, `OpenAI` OA, `Novita` No; "?" where it has none."""
    words: list[str] = _WORD.findall(name)
    if not words:
        return "?"
    if len(words) > 1:
        return f"{words[0][0]}{words[1][0]}".upper()
    capitals = _CAPITALS.findall(words[0])
    if len(capitals) > 1:
        return f"{capitals[0]}{capitals[1]}"
    return words[0][:2].capitalize()
