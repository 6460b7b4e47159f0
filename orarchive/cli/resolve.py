"""The command `resolve`: which model a name stands for, and what replaces it."""

import datetime as dt
import sys
from pathlib import Path

import click

from orarchive import timestamps
from orarchive.catalog.catalog import build_catalog
from orarchive.catalog.flag_labels import label_losses
from orarchive.catalog.names import KIND_PHRASES, Name
from orarchive.catalog.redirect_words import KIND_WORDS, describe_price
from orarchive.catalog.redirects import Redirect, Unreplaced
from orarchive.catalog.tombstones import Tombstone, count_days
from orarchive.cli.completion import complete_names
from orarchive.cli.options import (
    EXIT_FOUND,
    at_option,
    cache_option,
    is_progress_shown,
    json_option,
    print_json,
    print_note,
    print_table,
    with_archive,
)
from orarchive.domain.foreign_text import blank_unprintable
from orarchive.domain.phrasing import label_dimension, sort_dimensions
from orarchive.domain.prices import format_price
from orarchive.errors import NotArchivedError
from orarchive.index.database import open_index
from orarchive.queries.resolve import AMBIGUOUS, GONE, LISTED, Resolution, resolve_name
from orarchive.store.archive import Archive

EXIT_GONE = 1

EXIT_CODES = {LISTED: 0, GONE: EXIT_GONE}
"""Status -> exit code; of a name that stands for no single model EXIT_FOUND."""


@click.command("resolve")
@with_archive
@click.argument("name", shell_complete=complete_names)
@at_option
@cache_option
@json_option
def resolve_command(archive: Archive, name: str, time: str | None, cache: Path | None, as_json: bool) -> None:
    """Print which model NAME stands for: an id, or any shorter name, such as claude-opus@latest.

    Of a model that is gone it prints what is on record of it, and what replaces it. Exit 0: NAME stands for a
    listed model; 1: for a model that is gone; 3: it fits several models or is unknown, or the archive does
    not go back that far.
    """
    at = timestamps.parse_moment(time) if time is not None else None
    with open_index(archive, cache, progress=is_progress_shown()) as db:
        try:
            resolution = resolve_name(build_catalog(db, at), name)
        except NotArchivedError as error:
            print_note(f"Error: {error}")
            sys.exit(EXIT_FOUND)
    if as_json:
        print_json(resolution.to_json())
    else:
        _print_resolution(resolution)
    sys.exit(EXIT_CODES.get(resolution.status, EXIT_FOUND))


def _print_resolution(resolution: Resolution) -> None:
    if resolution.model is None:
        _print_unresolved(resolution)
        return
    model, name = resolution.model, resolution.name
    click.echo(blank_unprintable(model.id))
    rows = [("state", _describe_state(resolution))]
    if name:
        rows.append((name.name, _describe_name(name)))
    if names := [other.name for other in resolution.names if other != name]:
        rows.append(("names", ", ".join(names)))
    if model.is_alias:
        rows.append(("alias", "of OpenRouter's; what it points at is not on record"))
    if resolution.tombstone:
        rows += _describe_tombstone(resolution.tombstone)
    if resolution.redirect:
        rows += _describe_redirect(resolution.redirect)
    if resolution.unreplaced:
        rows += _describe_unreplaced(resolution.unreplaced)
    print_table([(f"  {label}", text) for label, text in rows])


def _print_unresolved(resolution: Resolution) -> None:
    if resolution.status == AMBIGUOUS:
        click.echo(
            blank_unprintable(f"{resolution.asked} stands for no single model; it fits, newest first:")
        )
        print_table(
            [
                (f"  {model.id}", _format_sighting(model.last_seen) if model.last_seen else "listed")
                for model in resolution.candidates
            ]
        )
        if not any(model.is_listed for model in resolution.candidates):
            print_note(
                f"none of them is listed; `orarchive models {resolution.asked}` searches those that are"
            )
        return
    if resolution.id:
        print_note(f"{resolution.asked} points at {resolution.id}, which no list in the archive has")
        return
    hint = f"; did you mean {', '.join(resolution.suggestions)}?" if resolution.suggestions else ""
    print_note(f"no model or name {resolution.asked!r}{hint}")


def _describe_state(resolution: Resolution) -> str:
    assert resolution.model
    if resolution.tombstone:
        return f"gone ({resolution.tombstone.state}): {_format_sighting(resolution.tombstone.last_seen)}"
    listed, expires = f"listed at {timestamps.format_hour(resolution.hour)}", resolution.model.expires
    if expires is None:
        return listed
    verb = "expires" if expires >= resolution.hour.date() else "was to expire"
    return f"{listed}; {verb} on {expires}"


def _format_sighting(last_seen: dt.datetime) -> str:
    return f"last seen {timestamps.format_hour(last_seen)}"


def _describe_name(name: Name) -> str:
    """Say what a name is, and since when it has stood for the model."""
    source = "" if name.source in ("id", name.name) else f" ({name.source})"
    return f"{KIND_PHRASES[name.kind]}{source}; since {timestamps.format_hour(name.since)}"


def _describe_tombstone(tombstone: Tombstone) -> list[tuple[str, str]]:
    prices = [
        f"{label_dimension(dimension)} {format_price(dimension, tombstone.prices[dimension])}"
        for dimension in sort_dimensions(tombstone.prices)
    ]
    first = timestamps.format_hour(tombstone.first_seen)
    days = tombstone.listed_hours // 24
    absences = f", {tombstone.absences} absences left out" if tombstone.absences else ""
    providers = "not on record" if tombstone.providers is None else ", ".join(tombstone.providers)
    return [
        ("listed", f"for {count_days(days)} ({tombstone.listed_hours} h) since {first}{absences}"),
        ("last price", ", ".join(prices) or "none"),
        ("last providers", providers),
        ("notice", tombstone.notice),
        ("end", tombstone.end),
    ]


def _describe_redirect(redirect: Redirect) -> list[tuple[str, str]]:
    via = [("  by way of", ", ".join(redirect.via))] if redirect.via else []
    return [
        ("replaced by", redirect.target),
        ("  because", KIND_WORDS[redirect.kind]),
        ("  evidence", redirect.evidence),
        *via,
        ("  price", describe_price(redirect)),
        ("  may lack", ", ".join(label_losses(redirect.lost)) or "nothing"),
    ]


def _describe_unreplaced(unreplaced: Unreplaced) -> list[tuple[str, str]]:
    rows = [("replaced by", f"nothing: {unreplaced.reason}")]
    if unreplaced.nearest:
        rows.append(("  nearest", unreplaced.nearest))
        rows.append(("  may lack", ", ".join(label_losses(unreplaced.lost))))
    if unreplaced.newest:
        rows.append(("  newest of its lab", ", ".join(unreplaced.newest)))
    return rows
