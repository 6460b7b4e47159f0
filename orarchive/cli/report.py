"""Report how the archive is doing, in lines: for an issue, a summary of a workflow, or a mail."""

import datetime as dt
import sys

import click

from orarchive import timestamps
from orarchive.cli.options import EXIT_FOUND, with_archive
from orarchive.domain.foreign_text import blank_unprintable
from orarchive.errors import NotArchivedError
from orarchive.history.history import read_history
from orarchive.history.problems import find_problems
from orarchive.store.archive import Archive
from orarchive.timestamps import format_hour


@click.command("report")
@with_archive
@click.option("--now", "hour", help="The hour to look from, instead of the clock's.")
def report_command(archive: Archive, hour: str | None) -> None:
    """List the problems of the archive with their reasons, one a line.

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
    for problem in problems:
        click.echo(blank_unprintable(f"- {problem}"))
    sys.exit(EXIT_FOUND if problems else 0)
