"""Report how the archive is doing, in lines: for an issue, a summary of a workflow, or a mail."""

import datetime as dt
import sys
from collections.abc import Iterable
from pathlib import Path

import click

from orarchive import timestamps
from orarchive.catalog.catalog import build_catalog
from orarchive.catalog.review import list_reviews
from orarchive.cli.options import EXIT_FOUND, cache_option, is_progress_shown, with_archive
from orarchive.domain.foreign_text import blank_unprintable
from orarchive.errors import ArchiveError, NotArchivedError
from orarchive.history.history import read_history
from orarchive.history.problems import find_problems
from orarchive.index.database import open_index
from orarchive.store.archive import Archive
from orarchive.timestamps import format_hour


@click.command("report")
@with_archive
@click.option("--now", "hour", help="The hour to look from, instead of the clock's.")
@cache_option
def report_command(archive: Archive, hour: str | None, cache: Path | None) -> None:
    """List the problems of the archive with their reasons, one a line.

    Then what to look at in the reviewed files of the catalogue: direct prices that are old or differ from
    OpenRouter's, overrides and replacements that are no longer needed. That is no problem of the archive.

    Exit 3 when a feed or ranking has stopped, when fewer than three in four of the last 24 hours were good,
    and when no hour was ever archived.
    """
    now = timestamps.parse_hour(hour) if hour is not None else timestamps.floor_hour(dt.datetime.now(dt.UTC))
    try:
        history = read_history(archive)
    except NotArchivedError:
        click.echo("No hour is archived yet: no run has ended well, or none was started.")
        sys.exit(EXIT_FOUND)
    problems = find_problems(history, now)
    click.echo(f"As of {format_hour(now)}:" if problems else f"All is well as of {format_hour(now)}.")
    _print_lines(problems)
    if reviews := _list_reviews(archive, cache, now):
        click.echo("To look at in orarchive/catalog/data:")
        _print_lines(reviews)
    sys.exit(EXIT_FOUND if problems else 0)


def _list_reviews(archive: Archive, cache: Path | None, now: dt.datetime) -> list[str]:
    """List what to look at in the reviewed files; an archive that cannot be indexed is told in one line."""
    try:
        with open_index(archive, cache, progress=is_progress_shown()) as db:
            return list_reviews(build_catalog(db, now))
    except ArchiveError as error:
        return [f"not compared with the archive: {error}"]


def _print_lines(sentences: Iterable[str]) -> None:
    for sentence in sentences:
        click.echo(blank_unprintable(f"- {sentence}"))
