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
from orarchive.series import SERIES

HERE = Path(__file__).parent


def now() -> dt.datetime:
    """The clock, read here and nowhere below."""
    return dt.datetime.now(dt.UTC)


def names(_context: click.Context, option: click.Parameter, values: tuple[str, ...]) -> tuple[str, ...]:
    """Read names of feeds, separated by commas."""
    parts = [name.strip() for value in values for name in value.split(",")]
    known = [*FEEDS, *SERIES] if option.name == "accept" else [*FEEDS]
    if unknown := [name for name in parts if name not in known]:
        msg = f"no such feed: {', '.join(unknown)} (there are {', '.join(known)})"
        raise click.BadParameter(msg)
    return tuple(parts)


@click.command(help=__doc__)
@click.option("--archive", type=click.Path(path_type=Path), default=HERE, help="A git work tree.")
@click.option("--hour", help="Stamp of the hour, such as 2026-11-20T06Z; for replays and tests.")
@click.option("--feeds", multiple=True, callback=names, help="Only these feeds, separated by commas.")
@click.option("--dry-run", is_flag=True, help="Write nothing; print what would be committed.")
@click.option("--force", is_flag=True, help="Ignore the minimum interval between attempts at one hour.")
@click.option("--commit/--no-commit", default=True, help="Commit what was written.")
@click.option("--push", is_flag=True, help="Push the commit; write again on top where another was first.")
@click.option(
    "--rankings/--no-rankings", default=True, help="Ask for rankings, once a day; not with --feeds."
)
@click.option(
    "--accept", multiple=True, callback=names, help="A feed or ranking that may shrink by more than a fifth."
)
def main(
    archive: Path,
    hour: str | None,
    feeds: tuple[str, ...],
    dry_run: bool,
    force: bool,
    commit: bool,
    push: bool,
    rankings: bool,
    accept: tuple[str, ...],
) -> None:
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
    if push and not commit:
        msg = "--push needs a commit; leave out --no-commit"
        raise click.UsageError(msg)
    try:
        wish = Wish(
            hour=hours.parse(hour) if hour else hours.floor(now()),
            given=hour is not None,
            feeds=feeds or tuple(FEEDS),
            dry_run=dry_run,
            force=force,
            commit=commit,
            push=push,
            rankings=rankings and not feeds,
            accept=accept,
        )
        run = Run(open_archive(archive), settings_from(os.environ), wish, now, progress=sys.stderr.isatty())
        sys.exit(run())
    except (ArchiveError, OSError) as error:
        click.echo(f"Error: {error}", err=True)
        sys.exit(2)
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()
