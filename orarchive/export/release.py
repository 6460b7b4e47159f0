"""Months of health as the assets of a release: the closed months that are not among them yet.

    python -m orarchive.export.release NAMES OUT

NAMES is a file with the names of the assets, one a line. The archive is the current folder.
"""

import sqlite3
from collections.abc import Collection, Mapping
from pathlib import Path

import click

from orarchive.export.health_source import HealthAttempt, list_health_attempts
from orarchive.export.months import MonthTask, write_month
from orarchive.index.database import open_index
from orarchive.store.archive import Archive, open_archive
from orarchive.store.health_branch import list_health_commits


def build_asset_name(month: str) -> str:
    """Return the name of a month's asset; those of GitHub have no folders."""
    return f"health-{month}.parquet"


def list_missing_months(
    db: sqlite3.Connection, commits: Mapping[str, str], released: Collection[str]
) -> dict[str, tuple[HealthAttempt, ...]]:
    """List the closed months with health that have no asset, with their attempts.

    `commits` are those of health that are here. A month is closed when an hour of a later one is archived:
    none is archived before the last hour.
    """
    (last_hour,) = db.execute("select max(hour) from attempts").fetchone()
    return {
        month: tuple(attempts)
        for month, attempts in list_health_attempts(db, commits).items()
        if month < last_hour[:7] and build_asset_name(month) not in released
    }


def write_assets(archive: Archive, out: Path, released: Collection[str]) -> list[Path]:
    """Write the file of each missing month and one with its SHA-256; return the paths of the months."""
    with open_index(archive) as db:
        months = list_missing_months(db, list_health_commits(archive), released)
    paths = []
    for month, attempts in months.items():
        entry = write_month(MonthTask(archive.root, out, month, attempts))
        path = out / build_asset_name(month)
        (out / entry.path).rename(path)
        path.with_name(f"{path.name}.sha256").write_text(f"{entry.sha256}  {path.name}\n")
        paths.append(path)
    return paths


@click.command()
@click.argument("names", type=click.Path(path_type=Path, exists=True))
@click.argument("out", type=click.Path(path_type=Path))
def main(names: Path, out: Path) -> None:
    """Write the closed months of health that have no asset into a folder, and print their names."""
    out.mkdir(parents=True, exist_ok=True)
    for path in write_assets(open_archive(Path()), out, names.read_text().splitlines()):
        click.echo(path.name)


if __name__ == "__main__":
    main()
