"""The whole thing once, small: archive 45 days of the bundled sample service and build their site.

`make demo` runs this. It is the real scraper on a real git repository; only the service is the sample.
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

from orarchive.collect.client import RetryPolicy
from orarchive.collect.run import Run
from orarchive.collect.settings import RunOptions, Settings
from orarchive.errors import ArchiveError
from orarchive.sample import END, START, Service, sample_service
from orarchive.store.archive import Archive, open_archive
from orarchive.timestamps import HOUR, format_hour

STRIDE = 9 * HOUR
"""Between two hours of the demo: no divisor of a day, so that every time of day comes round."""

LAST = 48 * HOUR
"""Every hour of the last two days is archived, but for what goes wrong below."""

GAP = (END - 30 * HOUR, END - 28 * HOUR)
"""Hours in which nobody archived anything."""

RANKED = 3
"""Rankings are read every so many days: enough for each to move, and to be restated."""

OUTAGE = END - 20 * HOUR
"""An hour in which the service fails on two routes."""


def hours() -> Iterator[dt.datetime]:
    """The hours that are archived, oldest first."""
    hour = START
    while hour < END:
        if not GAP[0] <= hour <= GAP[1]:
            yield hour
        hour += HOUR if hour >= END - LAST else STRIDE


def new_archive(folder: Path) -> Archive:
    """An empty archive in a folder; one that an earlier demo left there is replaced, anything else is not."""
    marker = folder / ".git" / "orarchive-demo"
    if folder.exists() and any(folder.iterdir()) and not marker.exists():
        msg = f"{folder} is not empty and not of this demo; name another folder"
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
    """Run the scraper at each hour; the service's clock goes along."""
    settings = Settings(
        service.base_url, "sample-key", per_second=0, retry_policy=RetryPolicy(first_wait=0, max_wait=0)
    )
    for hour in tqdm(list(hours()), desc="Archiving", unit="hour", disable=not sys.stderr.isatty()):
        service.now = hour
        if hour == OUTAGE:
            service.fail("providers", "503")
            service.fail("models/deepseek/*/endpoints", "html")
        wish = RunOptions(hour, is_hour_given=True, rankings=(hour - START).days % RANKED == 0)
        Run(archive, settings, wish, lambda hour=hour: hour, sleep=lambda _: None)()  # type: ignore[misc]
        service.heal()


@click.command(help=__doc__)
@click.argument("folder", type=click.Path(path_type=Path), default=Path("build/demo"))
def main(folder: Path) -> None:
    logging.basicConfig(level=logging.CRITICAL)  # the outage is on purpose
    try:
        archive = new_archive(folder)
        with sample_service(START) as service:
            archive_hours(archive, service)
    except ArchiveError as error:
        click.echo(f"Error: {error}", err=True)
        sys.exit(error.exit_code)
    build = [sys.executable, "-m", "orarchive", "build-site"]
    subprocess.run([*build, "--archive", folder, "--out", folder / "site"], check=True)
    click.echo(f"\nArchived {len(list(hours()))} hours up to {format_hour(END - HOUR)}, in {folder}")
    click.echo(f"Their changes:  git -C {folder} log")
    click.echo(f"Their prices:   git -C {folder} log -p data/models/prices.jsonl")
    click.echo(f"Their site:     {(folder / 'site' / 'index.html').resolve().as_uri()}")


if __name__ == "__main__":
    main(prog_name="python -m orarchive.sample.demo")
