"""Render the site: `orarchive build-site`, `python build_site.py`."""

from pathlib import Path

import click

from orarchive import timestamps
from orarchive.cli.options import archive_option, cache_option, is_progress_shown, report_errors
from orarchive.store.archive import open_archive


@click.command("build-site")
@archive_option
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    default=Path("site"),
    show_default=True,
    help="Folder that the site is written to.",
)
@click.option("--base-url", help="Address of the published site, for links that must be absolute.")
@click.option("--as-of", help="Render the site as of a past hour, such as 2026-11-20T06Z.")
@cache_option
@click.option(
    "--benchmarks/--no-benchmarks",
    default=True,
    envvar="ARCHIVE_BENCHMARKS",
    help="Show the latest third-party benchmarks, which have terms of their own.",
)
@report_errors
def build_site_command(
    archive: Path, out: Path, base_url: str | None, as_of: str | None, cache: Path | None, benchmarks: bool
) -> None:
    """Render the archive as a site of static files."""
    # pandas and Jinja are imported here, so that no other command spends time on loading them.
    from orarchive.history.history import read_history
    from orarchive.index.database import build_in_memory, export_bytes, open_index
    from orarchive.publish.build import build_files
    from orarchive.publish.dataset import read_dataset
    from orarchive.publish.pages import DATABASE
    from orarchive.publish.render import write_site
    from orarchive.publish.views import build_view

    hour = timestamps.parse_hour(as_of) if as_of else None
    opened, progress = open_archive(archive), is_progress_shown()
    commits = read_history(opened).truncate_after(hour).attempt_commits if hour else []
    with build_in_memory(opened, commits) if commits else open_index(opened, cache, progress) as db:
        view = build_view(read_dataset(db, benchmarks), hour)
        files = {**build_files(view, base_url, progress), DATABASE: export_bytes(db, benchmarks)}
    written, removed = write_site(out, files)
    page = click.format_filename(out / "index.html")
    click.echo(f"{timestamps.format_hour(view.now)}: {written} files written, {removed} removed: {page}")
