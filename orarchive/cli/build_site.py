"""Render the site: `orarchive build-site`, `python build_site.py`."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlsplit

import click

from orarchive import timestamps
from orarchive.cli.options import archive_option, cache_option, is_progress_shown, report_errors
from orarchive.errors import ArchiveError
from orarchive.store.archive import Archive, open_archive, refuse_data_folder

ALLOCATIONS = 50_000
"""Objects that are made between two searches for garbage."""


def _check_base_url(_context: click.Context, _option: click.Parameter, value: str | None) -> str | None:
    """Refuse an address that links could not begin with; an empty one means none."""
    parts = urlsplit(value or "")
    is_plain = parts.scheme in ("https", "http") and parts.hostname and not (parts.query or parts.fragment)
    if value and not is_plain:
        msg = f"{value!r} is no address (write https://example.org/archive/)"
        raise click.BadParameter(msg)
    return value or None


def _refuse_out(out: Path, archive: Archive) -> None:
    """Refuse a folder in which a site would mix with the archive's files, or with those of a work tree."""
    place = out.resolve()
    links = [folder for folder in (out, *out.parents) if folder.is_symlink()]
    if links:
        msg = f"{out} leads through the link {links[0]}; name the folder itself: {place}"
        raise ArchiveError(msg)
    refuse_data_folder(out, archive)
    if place.is_relative_to(archive.git_dir.resolve()):
        msg = f"{out} lies inside {archive.git_dir}; name another folder"
        raise ArchiveError(msg)
    if (place / ".git").exists():
        msg = f"{out} is the top of a git work tree; name a folder below it, such as {out / 'site'}"
        raise ArchiveError(msg)


@contextmanager
def _keep_all() -> Iterator[None]:
    """Keep what is read to the end of the build: looking for garbage in it took a fifth of the time.

    Later it is looked for more rarely than usual, which took a tenth: most goes with its last reference.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
    gc.freeze()
    gc.set_threshold(ALLOCATIONS)


@click.command("build-site")
@archive_option
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    default=Path("site"),
    show_default=True,
    help="Folder that the site is written to.",
)
@click.option(
    "--base-url",
    callback=_check_base_url,
    help="Address of the published site, for links that must be absolute.",
)
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
    """Render the archive as a site of static files.

    It lists the tables that an export has put into the folder `parquet` of the site.
    """
    hour = timestamps.parse_hour(as_of) if as_of is not None else None
    opened, progress = open_archive(archive), is_progress_shown()
    _refuse_out(out, opened)
    # pandas and Jinja are imported here, so that neither other commands nor refusals load them.
    from orarchive.catalog.catalog import read_catalog
    from orarchive.catalog.tables import prepare_tables
    from orarchive.history.history import read_history
    from orarchive.index.database import build_in_memory, get_cache_folder, open_index
    from orarchive.index.download import export_index, locate_index
    from orarchive.publish.build import build_files
    from orarchive.publish.feed_ids import read_origin
    from orarchive.publish.pages import DATABASE
    from orarchive.publish.parquet_list import read_parquet_files
    from orarchive.publish.processes import start_forked
    from orarchive.publish.render import keep_compiled
    from orarchive.publish.site_files import Manifest, SiteFiles
    from orarchive.publish.site_folder import read_manifest, write_site
    from orarchive.publish.units import compute_program, compute_value_digest
    from orarchive.publish.views import read_view

    parquet_files = read_parquet_files(out)
    commits = read_history(opened).truncate_after(hour).attempt_commits if hour else []
    with (
        TemporaryDirectory() as folder,
        build_in_memory(opened, commits) if commits else open_index(opened, cache, progress) as db,
        locate_index(db) as index,
    ):
        database, pages = Path(folder) / DATABASE, Path(folder) / "files"
        pages.mkdir()
        with _keep_all():
            catalog = read_catalog(db, benchmarks)
            tables = prepare_tables(catalog)
            wait_for_database = start_forked(partial(export_index, index, database, benchmarks, tables))
            earlier, view = read_manifest(out), read_view(db, hour, benchmarks, catalog)
        origin = read_origin(opened, db)
        program = compute_program()
        maker = compute_value_digest(
            [program, base_url, origin, view.is_past, benchmarks, view.rankings.is_there]
        )
        kept = earlier if earlier.maker == maker else Manifest(out)

        def read_database_size() -> int:
            wait_for_database()
            return database.stat().st_size

        new = SiteFiles(pages)
        with keep_compiled(get_cache_folder(opened, cache) / "templates", program):
            files = build_files(
                view, base_url, origin, progress, new, kept, parquet_files, read_database_size
            )
        files.keep(DATABASE, database, "")
        written, removed = write_site(earlier, files, maker)
    page = click.format_filename(out / "index.html")
    click.echo(f"{timestamps.format_hour(view.now)}: {written:,} files written, {removed:,} removed: {page}")
