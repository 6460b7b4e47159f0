"""Months of health as the assets of a release: the closed months that are not among them yet.

    python -m orarchive.export.release NAMES OUT

NAMES is a file with the names of the assets, one a line. The archive is the current folder.
"""

import sqlite3
from collections.abc import Collection
from pathlib import Path

import click

from orarchive.export.months import MonthTask, write_month
from orarchive.export.readme import describe_lost_health
from orarchive.index.database import open_index
from orarchive.queries.health_attempts import LostHealth, MonthHealth, list_months, refuse_unfetched
from orarchive.store.archive import Archive, open_archive
from orarchive.store.health_branch import HealthBranch, read_branch


def build_asset_name(month: str) -> str:
    """Return the name of a month's asset; those of GitHub have no folders."""
    return f"health-{month}.parquet"


def list_missing_months(
    db: sqlite3.Connection, branch: HealthBranch, released: Collection[str]
) -> dict[str, MonthHealth]:
    """List the closed months with health that have no asset.

    `branch` is that of this clone. A month is closed when an hour of a later one is archived: none is
    archived before the last hour.
    """
    (last_hour,) = db.execute("select max(hour) from attempts").fetchone()
    months = list_months(db, branch)
    refuse_unfetched(months.values())
    return {
        name: month
        for name, month in months.items()
        if name < last_hour[:7]
        and build_asset_name(name) not in released
        and month.attempts
        and not month.is_cut
    }


def write_assets(
    archive: Archive, out: Path, released: Collection[str]
) -> tuple[list[Path], list[LostHealth]]:
    """Write the file of each missing month and one with its SHA-256.

    Return the paths of the months, and the attempts that they lack because the archive has lost their health.
    """
    with open_index(archive) as db:
        months = list_missing_months(db, read_branch(archive), released)
    paths = []
    for name, month in months.items():
        entry = write_month(MonthTask(archive.root, out, name, tuple(month.attempts)))
        path = out / build_asset_name(name)
        (out / entry.path).rename(path)
        path.with_name(f"{path.name}.sha256").write_text(f"{entry.sha256}  {path.name}\n")
        paths.append(path)
    return paths, [lost for month in months.values() for lost in month.lost]


@click.command()
@click.argument("names", type=click.Path(path_type=Path, exists=True))
@click.argument("out", type=click.Path(path_type=Path))
def main(names: Path, out: Path) -> None:
    """Write the closed months of health that have no asset into a folder, and print their names."""
    out.mkdir(parents=True, exist_ok=True)
    paths, lost = write_assets(open_archive(Path()), out, names.read_text().splitlines())
    for path in paths:
        click.echo(path.name)
    if lost:
        click.echo(describe_lost_health(lost), err=True)


if __name__ == "__main__":
    main()
