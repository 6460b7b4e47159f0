"""Completion of ids and names by the Tab key, from the index as it stands: it is not brought up to date."""

import sqlite3
from contextlib import closing
from pathlib import Path

import click

from orarchive.catalog.name_forms import list_name_forms
from orarchive.domain.feeds import ENDPOINTS, MODELS, PROVIDERS
from orarchive.errors import ArchiveError
from orarchive.index.database import INDEX_NAME, get_cache_folder
from orarchive.index.sql_values import decode_text
from orarchive.store.archive import open_archive

TIMEOUT_S = 0.2
"""For so long completion waits for a program that writes the index."""


def complete_models(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[str]:
    """List the ids of models that begin with a text; [] where there is no index to read."""
    return [key for key in _list_keys(context, MODELS.name) if key.startswith(incomplete)]


def complete_keys(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[str]:
    """List the ids and keys of models, endpoints and providers that begin with a text."""
    keys = _list_keys(context, MODELS.name, ENDPOINTS.name, PROVIDERS.name)
    return [key for key in keys if key.startswith(incomplete)]


def complete_names(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[str]:
    """List the ids of models, and the names that follow from them, that begin with a text."""
    ids = _list_keys(context, MODELS.name)
    names = {form.name for key in ids for form in list_name_forms(key)}
    return [name for name in sorted({*ids, *names}) if name.startswith(incomplete)]


def _list_keys(context: click.Context, *feeds: str) -> list[str]:
    """List the keys of all records of some feeds; [] on any error, which would disturb the command line."""
    archive, cache = context.params.get("archive"), context.params.get("cache")
    query = f"select key from records where feed in ({', '.join('?' * len(feeds))}) order by key"
    try:
        path = get_cache_folder(open_archive(archive or Path()), cache) / INDEX_NAME
        address = f"{path.absolute().as_uri()}?mode=ro"
        with closing(sqlite3.connect(address, uri=True, timeout=TIMEOUT_S)) as db:
            db.text_factory = decode_text
            return [key for (key,) in db.execute(query, feeds)]
    except (ArchiveError, OSError, sqlite3.Error):
        return []
