"""What commands share: options, printing, and the one mapping of errors to exit codes."""

import functools
import io
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import click

from orarchive.cli.extras import describe_missing_package
from orarchive.domain.feeds import FEEDS
from orarchive.domain.foreign_text import blank_unprintable
from orarchive.errors import ArchiveError
from orarchive.jsonl import dumps
from orarchive.store.archive import open_archive

EXIT_FOUND = 3
"""Exit code of `report` and `contract` when they find something; 1 is also that of a program that crashed."""

EXIT_INTERRUPTED = 130
"""Exit code after Ctrl-C, as shells have it: 128 and the number of the signal."""

FeedChoice = click.Choice(list(FEEDS))
json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON object, for programs.")
archive_option = click.option(
    "--archive",
    type=click.Path(path_type=Path),
    envvar="ARCHIVE_DIR",
    default=Path(),
    help="Git work tree that holds data/; default: ARCHIVE_DIR, else the current folder.",
)
at_option = click.option(
    "--at",
    "time",
    help="As of an hour (2026-11-20T06Z), a time (2026-11-20T06:45Z) or a date; default: the last hour.",
)
cache_option = click.option(
    "--cache",
    type=click.Path(path_type=Path),
    envvar="ARCHIVE_CACHE",
    help="Folder of the index; default: inside the archive's git folder.",
)


def with_archive(command: Callable[..., None]) -> Callable[..., None]:
    """Add the `--archive` option to a command and pass it the opened archive; report errors in one line."""

    @functools.wraps(command)
    def with_opened(archive: Path, **options: Any) -> None:
        command(open_archive(archive), **options)

    return archive_option(report_errors(with_opened))


def report_errors(command: Callable[..., None]) -> Callable[..., None]:
    """Print the error of a command in one line and exit with its code: 2, or what the error's class says.

    A closed pipe on standard output (`orarchive log ... | head`) is no error. Ctrl-C exits with 130.
    """

    @functools.wraps(command)
    def wrapped(**options: Any) -> None:
        # A name that the terminal's encoding lacks is no reason to end with a traceback.
        if isinstance(sys.stdout, io.TextIOWrapper):
            sys.stdout.reconfigure(errors="replace")
        try:
            command(**options)
        except BrokenPipeError:
            # Python flushes standard output once more when it exits, which would print a traceback.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        except ModuleNotFoundError as error:
            if not (message := describe_missing_package(error)):
                raise
            print_note(f"Error: {message}")
            sys.exit(2)
        except (ArchiveError, OSError) as error:
            print_note(f"Error: {error}")
            sys.exit(getattr(error, "exit_code", 2))
        except KeyboardInterrupt:
            sys.exit(EXIT_INTERRUPTED)

    return wrapped


def is_progress_shown() -> bool:
    """Return whether a command draws bars of its progress: where standard error is a terminal."""
    return sys.stderr.isatty()


def print_json(value: Any) -> None:
    """Print a value as one line of canonical JSON."""
    sys.stdout.buffer.write(dumps(value) + b"\n")


def print_note(text: str) -> None:
    """Print one line to standard error, beside the answer."""
    click.echo(blank_unprintable(text), err=True)


def print_table(rows: Sequence[Sequence[str]]) -> None:
    """Print rows in columns as wide as their longest cell; the last column is not padded."""
    rows = [[blank_unprintable(cell) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)][:-1]
    for row in rows:
        cells = [cell.ljust(width) for cell, width in zip(row[:-1], widths, strict=True)]
        click.echo("  ".join([*cells, row[-1]]).rstrip())
