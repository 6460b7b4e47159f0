"""Commands: `python -m orarchive --help`. What they print is computed in the rooms behind them."""

import functools
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import click

from orarchive.archive import open_archive
from orarchive.errors import ArchiveError
from orarchive.feeds import FEEDS
from orarchive.jsonl import dumps

HERE = Path(__file__).parents[2]

NOT_WELL = 3
"""Exit code of what looks after something and finds it ill: 1 is also that of a program that broke."""

Feed = click.Choice(list(FEEDS))
as_json = click.option("--json", "as_json", is_flag=True, help="One JSON object, for programs.")
archive = click.option(
    "--archive",
    type=click.Path(path_type=Path),
    envvar="ARCHIVE_DIR",
    default=HERE,
    help="A git work tree; else what ARCHIVE_DIR names, else this repository.",
)
cache = click.option(
    "--cache",
    type=click.Path(path_type=Path),
    envvar="ARCHIVE_CACHE",
    help="Folder of the index; by default inside the archive's git folder.",
)


@click.group(help="Questions to the archive.")
def questions() -> None:
    pass


def question(name: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Add a command that takes an open archive; an error is told in one line."""

    def decorate(command: Callable[..., None]) -> Callable[..., None]:
        @functools.wraps(command)
        def opened(archive: Path, **options: Any) -> None:
            command(open_archive(archive), **options)

        return questions.command(name)(archive(in_one_line(opened)))

    return decorate


def in_one_line(command: Callable[..., None]) -> Callable[..., None]:
    """A command whose errors are told in one line."""

    @functools.wraps(command)
    def told(**options: Any) -> None:
        try:
            command(**options)
        except BrokenPipeError:  # whoever read what we print has seen enough
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        except (ArchiveError, OSError) as error:
            click.echo(f"Error: {plain(str(error))}", err=True)
            sys.exit(getattr(error, "exit_code", 2))

    return told


def say(value: Any) -> None:
    """Print a value as one line of canonical JSON."""
    sys.stdout.buffer.write(dumps(value) + b"\n")


def plain(text: str) -> str:
    """One line: control and direction characters in foreign text could forge another, or drive a terminal."""
    return "".join(letter if letter.isprintable() else " " for letter in text)


def table(rows: Sequence[Sequence[str]]) -> None:
    """Print rows in columns as wide as they need; the last one runs on."""
    rows = [[plain(cell) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)][:-1]
    for row in rows:
        cells = [cell.ljust(width) for cell, width in zip(row[:-1], widths, strict=True)]
        click.echo("  ".join([*cells, row[-1]]).rstrip())
