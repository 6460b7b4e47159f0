"""Resolving a name: the model that it stands for, its end and its replacement, or the models that it fits."""

import datetime as dt
from dataclasses import dataclass
from typing import Any

from orarchive.catalog.catalog import Catalog
from orarchive.catalog.check_list import list_permanent_names
from orarchive.catalog.id_check import find_requested_id
from orarchive.catalog.model_info import ModelInfo
from orarchive.catalog.names import OPENROUTER, Name
from orarchive.catalog.redirects import Redirect, Unreplaced
from orarchive.catalog.tombstones import Tombstone
from orarchive.queries.suggestions import find_similar
from orarchive.timestamps import format_stamp

LISTED, GONE, AMBIGUOUS, UNKNOWN = "listed", "gone", "ambiguous", "unknown"
NEVER_LISTED = "never listed"

ROUTING_PREFIX = "openrouter/"
"""What LiteLLM and others write before an id."""


@dataclass(frozen=True)
class Resolution:
    """What a name stands for at an hour."""

    asked: str
    hour: dt.datetime
    """The hour of the list that was read."""
    status: str
    """`listed` or `gone`: it stands for one model; `never listed`: OpenRouter's alias points at a model that
    no list of the archive has; `ambiguous`: it fits several; `unknown`."""
    id: str | None = None
    model: ModelInfo | None = None
    name: Name | None = None
    """The name that was asked for; None where that is an id, or no name."""
    names: tuple[Name, ...] = ()
    """All names of the model."""
    candidates: tuple[ModelInfo, ...] = ()
    """Of an ambiguous name the models that it fits, newest first."""
    suggestions: tuple[str, ...] = ()
    """Of an unknown name similar ones."""
    tombstone: Tombstone | None = None
    redirect: Redirect | None = None
    """What replaces a model that is gone or has an expiration date."""
    unreplaced: Unreplaced | None = None
    """Why nothing replaces it."""

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON values."""
        return {
            "asked": self.asked,
            "hour": format_stamp(self.hour),
            "status": self.status,
            "id": self.id,
            "expires": str(self.model.expires) if self.model and self.model.expires else None,
            "name": self.name.to_json() if self.name else None,
            "names": [name.to_json() for name in self.names],
            "candidates": [
                {
                    "id": model.id,
                    "listed": model.is_listed,
                    "last_seen": format_stamp(model.last_seen) if model.last_seen else None,
                }
                for model in self.candidates
            ],
            "suggestions": list(self.suggestions),
            "tombstone": self.tombstone.to_json() if self.tombstone else None,
            "redirect": self.redirect.to_json() if self.redirect else None,
            "unreplaced": self.unreplaced.to_json() if self.unreplaced else None,
        }


def resolve_name(catalog: Catalog, text: str) -> Resolution:
    """Resolve an id or a name at the hour of a catalogue; an id counts only as it is spelled.

    A permanent name, an id after `openrouter/`, and one with a variant that any request may add resolve, too.
    """
    name = catalog.names.find(text)
    if name is None or (text in catalog.models and name.kind != OPENROUTER):
        if text in catalog.models:
            return _describe_model(catalog, text, text, None)
        requested = find_requested_id(
            text.removeprefix(ROUTING_PREFIX), list_permanent_names(catalog), catalog.models
        )
        if requested in catalog.models:
            return _describe_model(catalog, text, requested, None)
        similar = find_similar(text, [*catalog.models, *catalog.names.by_name])
        return Resolution(text, catalog.hour, UNKNOWN, suggestions=tuple(dict.fromkeys(similar)))
    if name.candidates or not (name.id or name.kind == OPENROUTER):
        candidates = tuple(catalog.models[candidate] for candidate in name.candidates)
        return Resolution(text, catalog.hour, AMBIGUOUS, name=name, candidates=candidates)
    return _describe_model(catalog, text, name.id or name.source, name)


def _describe_model(catalog: Catalog, text: str, key: str, name: Name | None) -> Resolution:
    """Return the resolution to one model; of an alias that points nowhere any more `key` is the alias."""
    model = catalog.models.get(key)
    if model is None:
        return Resolution(text, catalog.hour, NEVER_LISTED, key, name=name)
    return Resolution(
        asked=text,
        hour=catalog.hour,
        status=LISTED if model.is_listed else GONE,
        id=key,
        model=model,
        name=name,
        names=tuple(catalog.names.by_model.get(key, ())),
        tombstone=catalog.tombstones.get(key),
        redirect=catalog.redirects.by_source.get(key),
        unreplaced=catalog.redirects.unreplaced.get(key),
    )
