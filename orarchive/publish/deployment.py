"""When the site is deployed: `python -m orarchive.publish.deployment`, for the Publish workflow.

An hour in which nothing changed but the clock is not worth a deployment, until the site that is there is so
old that it looks stopped. `status.json` holds a digest of all the rest, so each site says what it shows.
"""

import datetime as dt
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from orarchive.index.database import has_index
from orarchive.jsonl import loads
from orarchive.timestamps import HOUR, parse_stamp

QUIET_SPAN = 6 * HOUR
"""Age from which a site is deployed again though nothing changed; from 8 hours on it says that it is late."""

MIN_SPACING = dt.timedelta(minutes=6)
"""Least time between two deployments, for GitHub Pages builds a site up to ten times an hour."""


def is_due(deployed: bytes, built: bytes) -> bool:
    """Return whether a site is worth a deployment, given its status and that of the site that is there."""
    new, old = _read_status(built), _read_status(deployed)
    if _get_digest(old) != _get_digest(new):
        return True
    return not dt.timedelta(0) <= parse_stamp(new["as_of"]) - parse_stamp(old["as_of"]) < QUIET_SPAN


def _read_status(content: bytes) -> Mapping[str, Any]:
    """Read a status; return an empty one where there is no site yet, or something else at its address."""
    try:
        status = loads(content)
    except ValueError:
        return {}
    return status if isinstance(status, dict) else {}


def _get_digest(status: Mapping[str, Any]) -> Any:
    """Return the digest in a status; None where there is none, as in the status of an older version."""
    data = status.get("data")
    return data.get("digest") if isinstance(data, dict) else None


def compute_pause(last: str, now: dt.datetime) -> int:
    """Return the seconds to wait before a deployment; `last` is the time of the last one, "" for none."""
    if not last:
        return 0
    left = parse_stamp(last) + MIN_SPACING - now
    return max(0, min(round(left.total_seconds()), round(MIN_SPACING.total_seconds())))


@click.group()
def main() -> None:
    """Say what a build goes on from, whether a site is worth a deployment, and how long to wait for it."""


@main.command("index")
@click.argument("folder", type=click.Path(path_type=Path))
def print_index(folder: Path) -> None:
    """Print `yes` if a folder has an index that the build can update, `no` if it builds one anew."""
    click.echo("yes" if has_index(folder) else "no")


@main.command("due")
@click.argument("deployed", type=click.Path(path_type=Path))
@click.argument("built", type=click.Path(path_type=Path))
def print_due(deployed: Path, built: Path) -> None:
    """Print `yes` or `no`, given the files of two statuses; the first one may be empty."""
    click.echo("yes" if is_due(deployed.read_bytes(), built.read_bytes()) else "no")


@main.command("pause")
@click.argument("last")
def print_pause(last: str) -> None:
    """Print the seconds to wait, given the time of the last deployment, which may be empty."""
    click.echo(compute_pause(last, dt.datetime.now(dt.UTC)))


if __name__ == "__main__":
    main()
