"""The command `export`: the archive as Parquet files with their descriptions."""

from pathlib import Path

import click

from orarchive.cli.options import (
    cache_option,
    is_progress_shown,
    json_option,
    print_json,
    print_note,
    with_archive,
)
from orarchive.store.archive import Archive, refuse_data_folder

MAX_LOST_NAMED = 10
"""Hours whose health is lost that a message names; the manifest names all."""


@click.command("export")
@with_archive
@click.option("--format", "file_format", type=click.Choice(["parquet"]), default="parquet", show_default=True)
@click.option(
    "--out", type=click.Path(path_type=Path, file_okay=False), required=True, help="Folder of the export."
)
@click.option("--health/--no-health", default=True, help="With the raw health of endpoints, by month.")
@click.option("--jobs", type=click.IntRange(min=1), default=1, help="Processes that write months of health.")
@cache_option
@json_option
def export_command(
    archive: Archive, file_format: str, out: Path, health: bool, jobs: int, cache: Path | None, as_json: bool
) -> None:
    """Export every table as Parquet, described; a later export writes only the months that changed."""
    refuse_data_folder(out, archive)
    # pyarrow is imported here: it is an extra, and takes time to load.
    from orarchive.export.export import export_archive
    from orarchive.export.readme import describe_lost_health

    manifest, months = export_archive(
        archive, out, cache, health=health, jobs=jobs, progress=is_progress_shown()
    )
    if manifest.lost_health:
        words = describe_lost_health(manifest.lost_health, MAX_LOST_NAMED)
        print_note(f"{words}; the export has all but that, and its manifest names all")
    size = sum(entry.bytes for entry in manifest.files)
    if as_json:
        print_json({"path": str(out), "files": len(manifest.files), "bytes": size, "months": months})
    else:
        written = ", ".join(months) or "none"
        click.echo(
            f"{click.format_filename(out)}: {len(manifest.files):,} files, {size:,} bytes;"
            f" months of health written: {written}"
        )
