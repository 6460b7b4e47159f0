"""Render the site: `orarchive build-site`, `python build_site.py`."""

import sys
from pathlib import Path

import click

from orarchive import timestamps
from orarchive.cli.options import archive_option, cache_option, report_errors
from orarchive.store.archive import open_archive


@click.command("build-site")
@archive_option
@click.option("--out", type=click.Path(path_type=Path), default=Path("site"), help="Where the site goes.")
@click.option("--base-url", help="Where the site will stand, for the links that must be absolute.")
@click.option("--as-of", help="The site as it would have been at an hour, such as 2026-11-20T06Z.")
@cache_option
@click.option(
    "--benchmarks/--no-benchmarks",
    default=True,
    envvar="ARCHIVE_BENCHMARKS",
    help="Show the latest benchmarks of others, which have terms of their own.",
)
@report_errors
def build_site_command(
    archive: Path, out: Path, base_url: str | None, as_of: str | None, cache: Path | None, benchmarks: bool
) -> None:
    """Render the site: what the archive holds, as pages that need no server."""
    # pandas is imported here, so that no other command pays for it
    from orarchive.history.history import read_history
    from orarchive.index.database import build_in_memory, export_bytes, open_index
    from orarchive.publish.build import build_files
    from orarchive.publish.dataset import read_dataset
    from orarchive.publish.pages import DATABASE
    from orarchive.publish.render import write_site
    from orarchive.publish.views import build_view

    hour = timestamps.parse_hour(as_of) if as_of else None
    opened, progress = open_archive(archive), sys.stderr.isatty()
    held = read_history(opened).until(hour).attempt_commits if hour else None
    with build_in_memory(opened, held) if held else open_index(opened, cache, progress) as db:
        shown = build_view(read_dataset(db, benchmarks), hour)
        found = {**build_files(shown, base_url, progress), DATABASE: export_bytes(db, benchmarks)}
    written, removed = write_site(out, found)
    page = click.format_filename(out / "index.html")
    click.echo(f"{timestamps.format_hour(shown.now)}: {written} files written, {removed} removed: {page}")
