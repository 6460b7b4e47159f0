"""Replacements that a description names beside the date on which a model goes."""

import re
from collections.abc import Container
from dataclasses import dataclass

from orarchive.catalog.source import CatalogModel

# What stands after these words is the replacement. Sentences about the past of a model ("it succeeds X") or
# about what it can do in place of another have none of them.
_PHRASE = re.compile(
    r"\b(?:(?:replaced|superseded|succeeded) by|replacement (?:is|model is)|in favou?r of|redirect(?:s|ed)"
    r" to|(?:migrate|switch|move|upgrade) to)\b(?P<after>.+)|\buse\b(?P<between>.+?)\binstead\b",
    re.IGNORECASE,
)
_SITE = re.compile(r"(?:https?://)?openrouter\.ai/(?:models/)?", re.IGNORECASE)
_ID = re.compile(r"(?<![\w.~-])~?[\w][\w.-]*/[\w.-]*\w(?::\w+)?")


@dataclass(frozen=True)
class Announcement:
    """A replacement that the description of a model names."""

    target: str
    phrase: str
    """The sentence that names it."""


def find_announcement(model: CatalogModel, ids: Container[str]) -> Announcement | None:
    """Return the replacement that the description of a model with an expiration date names.

    None unless a sentence that speaks of a replacement names one model of the archive, and only one.
    """
    if model.model.expires is None:
        return None
    text = _SITE.sub("", model.description or "")
    for sentence in re.split(r"(?<=[.!?])\s+|\n", text):
        if match := _PHRASE.search(sentence):
            words = match["after"] or match["between"]
            targets = {word for word in _ID.findall(words) if word in ids and word != model.id}
            if len(targets) == 1:
                return Announcement(targets.pop(), sentence.strip())
    return None
