"""Ids of models as people type them: whole, or as a shorter name."""

import sqlite3

from orarchive.cli.options import print_note
from orarchive.errors import AmbiguousError, NotArchivedError
from orarchive.queries.suggestions import list_model_ids


def find_model_id(db: sqlite3.Connection, text: str) -> str:
    """Return the id that was typed, or what a shorter name stands for, which is then noted.

    A text that is no name is returned as it is. Raise AmbiguousError for a name that fits several models.
    """
    if text in list_model_ids(db):
        return text
    # Only a name needs the catalogue, which takes half a second to load and to build.
    from orarchive.catalog.catalog import build_catalog
    from orarchive.queries.resolve import resolve_name

    try:
        resolution = resolve_name(build_catalog(db), text)
    except NotArchivedError:
        return text
    if resolution.candidates:
        ids = ", ".join(model.id for model in resolution.candidates)
        msg = f"{text} stands for no single model; name one of these: {ids}"
        raise AmbiguousError(msg)
    if resolution.model is None:
        return text
    print_note(f"{text} stands for {resolution.model.id}")
    return resolution.model.id
