"""The command `index`: bring the index up to date, or export it."""

from pathlib import Path

import click

from orarchive.cli.options import (
    cache_option,
    is_progress_shown,
    json_option,
    print_json,
    with_archive,
)
from orarchive.index.database import open_index
from orarchive.store.archive import Archive, refuse_data_folder

COUNTED_TABLES = ("attempts", "records", "versions", "prices", "events")


def _check_out(_: click.Context, __: click.Parameter, path: Path | None) -> Path | None:
    """Return the path of `--out`; raise BadParameter for "" and other paths without a file name."""
    if path is not None and not path.name:
        msg = "it must name a file, such as index.sqlite."
        raise click.BadParameter(msg)
    return path


@click.command("index")
@with_archive
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    callback=_check_out,
    help="Also write the database for download to this file.",
)
@cache_option
@json_option
def index_command(archive: Archive, out: Path | None, cache: Path | None, as_json: bool) -> None:
    """Bring the index up to date: one SQLite file with every version, price and event; see docs/index.md."""
    if out:
        refuse_data_folder(out, archive)
    with open_index(archive, cache, progress=is_progress_shown()) as db:
        path = Path(db.execute("select file from pragma_database_list").fetchone()[0])
        counts = {name: db.execute(f"select count(*) from {name}").fetchone()[0] for name in COUNTED_TABLES}
        if out:
            # Imported late: the catalogue takes a tenth of a second.
            from orarchive.catalog.tables import CATALOG_TABLES
            from orarchive.index.download import export_file

            export_file(db, out, added=CATALOG_TABLES)
            path = out
    if as_json:
        print_json({"path": str(path), **counts})
    else:
        click.echo(f"{path}: " + ", ".join(f"{count:,} {name}" for name, count in counts.items()))
