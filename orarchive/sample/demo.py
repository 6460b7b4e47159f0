"""Archive 45 days of the bundled sample service in FOLDER and build the site of that archive.

`make demo` runs this. It runs the real scraper on a real git repository; only the service is the sample.
"""

import datetime as dt
import logging
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
from tqdm import tqdm

from orarchive.cli.options import is_progress_shown, report_errors
from orarchive.collect.client import RetryPolicy
from orarchive.collect.run import Run
from orarchive.collect.settings import RunOptions, Settings
from orarchive.errors import ArchiveError
from orarchive.sample import END, START, Service, sample_service
from orarchive.store.archive import Archive, open_archive
from orarchive.timestamps import HOUR, format_hour

STRIDE = 15 * HOUR
"""Time between two hours of the demo. It does not divide a day, so that every time of day occurs."""

HOURLY_PERIOD = 48 * HOUR
"""Length of the last period, in which every hour is archived, except for the gap and the outage below."""

GAP = (END - 30 * HOUR, END - 28 * HOUR)
"""First and last hour of a gap, in which the scraper does not run."""

OUTAGE = END - 20 * HOUR
"""Hour in which the service fails on two routes."""

RANKINGS_EVERY_DAYS = 7
"""Days from one reading of the rankings to the next: each changes and is restated, the weekly ones too."""


def list_hours() -> Iterator[dt.datetime]:
    """Yield the hours that are archived, oldest first."""
    hour = START
    while hour < END:
        if not GAP[0] <= hour <= GAP[1]:
            yield hour
        hour += HOUR if hour >= END - HOURLY_PERIOD else STRIDE


def create_archive(folder: Path) -> Archive:
    """Create an empty archive in a folder, replacing the one of an earlier demo.

    Raise ArchiveError if the folder holds anything else.
    """
    marker = folder / ".git" / "orarchive-demo"
    if folder.exists() and any(folder.iterdir()) and not marker.exists():
        msg = f"{folder} is not empty and was not made by the demo; name another folder"
        raise ArchiveError(msg)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    subprocess.run(["git", "init", "--quiet", "--initial-branch=main", folder], check=True)
    marker.touch()
    archive = open_archive(folder)
    archive.run_git("config", "user.name", "OpenRouter archive demo")
    archive.run_git("config", "user.email", "demo@example.invalid")
    exclude = archive.git_dir / "info" / "exclude"
    exclude.parent.mkdir(exist_ok=True)
    exclude.write_text("/site/\n")
    return archive


def archive_hours(archive: Archive, service: Service) -> None:
    """Run the scraper at each hour, with the service's clock set to it."""
    settings = Settings(
        service.base_url, "sample-key", per_second=0, retry_policy=RetryPolicy(first_wait=0, max_wait=0)
    )
    for hour in tqdm(list(list_hours()), desc="Archiving", unit="hour", disable=not is_progress_shown()):
        service.now = hour
        if hour == OUTAGE:
            service.fail("providers", "503")
            service.fail("models/deepseek/*/endpoints", "html")
        with_rankings = (hour - START).days % RANKINGS_EVERY_DAYS == 0
        options = RunOptions(hour, is_hour_given=True, rankings=with_rankings)
        Run(archive, settings, options, lambda: service.now, sleep=lambda _: None).execute()
        service.heal()


@click.command(help=__doc__)
@click.argument("folder", type=click.Path(path_type=Path), default=Path("build/demo"))
@report_errors
def main(folder: Path) -> None:
    """Run the demo."""
    logging.basicConfig(level=logging.CRITICAL)  # the errors of the outage are intended
    archive = create_archive(folder)
    with sample_service(START) as service:
        archive_hours(archive, service)
    build = [sys.executable, "-m", "orarchive", "build-site"]
    subprocess.run([*build, "--archive", folder, "--out", folder / "site"], check=True)
    click.echo(f"\nArchived {len(list(list_hours()))} hours up to {format_hour(END - HOUR)} in {folder}")
    click.echo(f"Changes:  git -C {folder} log")
    click.echo(f"Prices:   git -C {folder} log -p data/models/prices.jsonl")
    click.echo(f"Site:     {(folder / 'site' / 'index.html').resolve().as_uri()}")


if __name__ == "__main__":
    main(prog_name="python -m orarchive.sample.demo")
