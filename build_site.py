#!/usr/bin/env python3
"""Render the site: what the archive holds, as pages that need no server. See README.md."""

import sys
from pathlib import Path

import click

from orarchive import hours
from orarchive.archive import open_archive
from orarchive.errors import ArchiveError
from orarchive.history.past import past
from orarchive.index.database import index, index_of, published
from orarchive.publish.book import read
from orarchive.publish.pages import DATABASE
from orarchive.publish.render import write
from orarchive.publish.site import files
from orarchive.publish.views import view

HERE = Path(__file__).parent


@click.command(help=__doc__)
@click.option("--archive", type=click.Path(path_type=Path), default=HERE, help="A git work tree.")
@click.option("--out", type=click.Path(path_type=Path), default=HERE / "site", help="Where the site goes.")
@click.option("--base-url", help="Where the site will stand, for the links that must be absolute.")
@click.option("--as-of", help="The site as it would have been at an hour, such as 2026-11-20T06Z.")
@click.option(
    "--cache",
    type=click.Path(path_type=Path),
    envvar="ARCHIVE_CACHE",
    help="Folder of the index; by default inside the archive's git folder.",
)
@click.option(
    "--benchmarks/--no-benchmarks",
    default=True,
    envvar="ARCHIVE_BENCHMARKS",
    help="Show the latest benchmarks of others, which have terms of their own.",
)
def main(
    archive: Path, out: Path, base_url: str | None, as_of: str | None, cache: Path | None, benchmarks: bool
) -> None:
    try:
        hour = hours.parse(as_of) if as_of else None
        opened, progress = open_archive(archive), sys.stderr.isatty()
        then = past(opened).until(hour).held if hour else None
        with index_of(opened, then) if then else index(opened, cache, progress) as db:
            shown = view(read(db, benchmarks), hour)
            found = {**files(shown, base_url, progress), DATABASE: published(db, benchmarks)}
        written, removed = write(out, found)
    except (ArchiveError, OSError) as error:
        click.echo(f"Error: {error}", err=True)
        sys.exit(getattr(error, "exit_code", 2))
    page = click.format_filename(out / "index.html")
    click.echo(f"{hours.prose(shown.now)}: {written} files written, {removed} removed: {page}")


if __name__ == "__main__":
    main()
