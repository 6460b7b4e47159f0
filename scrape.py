#!/usr/bin/env python3
"""Archive this hour: ask OpenRouter for everything that is due and commit it. See README.md."""

import datetime as dt
import logging
import os
import sys
from pathlib import Path

import click

from orarchive import hours
from orarchive.archive import open_archive
from orarchive.collect.hour import Run
from orarchive.collect.settings import Wish, settings_from
from orarchive.errors import ArchiveError
from orarchive.feeds import FEEDS


def names(_context: click.Context, _option: click.Parameter, value: str | tuple[str, ...]) -> tuple[str, ...]:
    """Read names of feeds, separated by commas; none means none."""
    parts = value.split(",") if isinstance(value, str) else [name for one in value for name in one.split(",")]
    if unknown := [name for name in parts if name not in FEEDS]:
        msg = f"no such feed: {', '.join(unknown)} (there are {', '.join(FEEDS)})"
        raise click.BadParameter(msg)
    return tuple(parts)


@click.command(help=__doc__)
@click.option(
    "--archive", type=click.Path(path_type=Path), default=Path(__file__).parent, help="A git work tree."
)
@click.option("--hour", help="Stamp of the hour, such as 2026-11-20T06Z; for replays and tests.")
@click.option(
    "--feeds", default=",".join(FEEDS), callback=names, help="Only these feeds, separated by commas."
)
@click.option("--dry-run", is_flag=True, help="Write nothing; print what would be committed.")
@click.option("--force", is_flag=True, help="Ignore the minimum interval between attempts at one hour.")
@click.option("--commit/--no-commit", default=True, help="Commit what was written.")
@click.option("--push", is_flag=True, help="Push the commit; write again on top where another was first.")
@click.option("--accept", multiple=True, callback=names, help="A feed that may shrink by more than a fifth.")
def main(archive: Path, hour: str | None, **options: object) -> None:
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
    now = dt.datetime.now(dt.UTC)
    try:
        stamp = hours.parse(hour) if hour else hours.floor(now)
        wish = Wish(stamp, given=hour is not None, **options)  # type: ignore[arg-type]
        run = Run(
            open_archive(archive),
            settings_from(os.environ),
            wish,
            lambda: dt.datetime.now(dt.UTC),
            sys.stderr.isatty(),
        )
        sys.exit(run())
    except (ArchiveError, OSError) as error:
        click.echo(f"Error: {error}", err=True)
        sys.exit(2)


if __name__ == "__main__":
    main()
