"""Serve the sample on loopback until interrupted."""

import datetime as dt
import shlex
import sys
import time
from contextlib import suppress

import click

from orarchive import timestamps
from orarchive.domain.feeds import DIRECT_FEEDS
from orarchive.errors import ArchiveError
from orarchive.sample import FAULTS, HAPPENINGS, LATE, RESTATED, START, Service, sample_service

STEP_S = 0.1
"""Seconds between two moves of the service's clock."""


def read_hour(_context: click.Context, _option: click.Parameter, value: str) -> dt.datetime:
    """Return an option's hour; raise BadParameter if it is not an hour."""
    try:
        return timestamps.parse_hour(value)
    except ArchiveError as error:
        raise click.BadParameter(str(error)) from error


def read_faults(
    _context: click.Context, _option: click.Parameter, values: tuple[str, ...]
) -> list[tuple[str, str]]:
    """Return the pairs of ROUTE=FAULT options: a pattern of paths that fail, and the name of a fault."""
    pairs = [(route, fault) for route, _equals, fault in (value.rpartition("=") for value in values)]
    if not all(route and fault in FAULTS for route, fault in pairs):
        msg = f"not ROUTE=FAULT with one of these faults: {', '.join(FAULTS)}"
        raise click.BadParameter(msg)
    return pairs


@click.command(help=__doc__)
@click.option("--port", default=8901, show_default=True, help="Port to listen on; 0 takes any free port.")
@click.option(
    "--now",
    default=timestamps.format_hour(START),
    callback=read_hour,
    show_default=True,
    help="Hour at which the service's clock starts.",
)
@click.option(
    "--speed", default=0.0, help="Seconds that its clock moves in one second; 3600 is an hour a second."
)
@click.option("--fault", multiple=True, callback=read_faults, help="Let routes fail, such as 'models/*=503'.")
@click.option("--list", "is_listing", is_flag=True, help="Print the script and the faults, then exit.")
def main(port: int, now: dt.datetime, speed: float, fault: list[tuple[str, str]], is_listing: bool) -> None:
    """Print the script and the faults, or serve the sample with these faults and move its clock."""
    if is_listing:
        print_script()
        return
    with sample_service(now, port=port) as service:
        for route, name in fault:
            service.fail(route, name)
        click.echo(f"The sample of OpenRouter at {timestamps.format_hour(now)}: {service.base_url}")
        click.echo("To scrape it into a new archive, paste this into another shell in the project's folder:")
        click.echo(build_scrape_command(service.base_url, now))
        with suppress(KeyboardInterrupt):
            move_clock(service, speed)


def build_scrape_command(base_url: str, hour: dt.datetime) -> str:
    """Return lines for a shell that make an archive in build/try and scrape an hour of the service into it.

    They name the interpreter that runs now and an author of commits, so that neither an activated environment
    nor a name known to git is needed. They name the hour because the scraper refuses a service whose clock
    differs from the machine's, and force it because it may be yet to come. Keys of the real services are not
    sent, and loopback needs no pause between requests.
    """
    keys = ("OPENROUTER_API_KEY", *(feed.key_variable for feed in DIRECT_FEEDS))
    settings = f"OPENROUTER_BASE_URL={base_url} {'= '.join(keys)}= SYNC_REQUESTS_PER_SECOND=0"
    options = ["--archive", "build/try", "--hour", timestamps.format_hour(hour), "--force"]
    commands = (
        "git init --quiet build/try",
        "git -C build/try config user.name sample",
        "git -C build/try config user.email sample@example.invalid",
        f"{settings} {shlex.join([sys.executable, '-m', 'orarchive', 'scrape', *options])}",
    )
    return " &&\n".join(commands)


def move_clock(service: Service, speed: float) -> None:
    """Move the service's clock, `speed` seconds a second, until interrupted."""
    start_hour, start_s = service.now, time.monotonic()
    while True:
        time.sleep(STEP_S)
        service.now = start_hour + dt.timedelta(seconds=speed * (time.monotonic() - start_s))


def print_script() -> None:
    """Print the happenings, the restatements and the faults."""
    for happening in HAPPENINGS:
        click.echo(f"{timestamps.format_hour(happening.at)}  {happening.kind:20}  {happening.key}")
        click.echo(f"{'':16}{happening.description}")
    for restatement in (LATE, RESTATED):
        click.echo(f"{restatement.on}      usage of {restatement.about}\n{'':16}{restatement.description}")
    for name, fault in FAULTS.items():
        click.echo(f"{name:16} {fault.description}{' (a good payload)' if fault.good else ''}")


if __name__ == "__main__":
    main(prog_name="python -m orarchive.sample")
