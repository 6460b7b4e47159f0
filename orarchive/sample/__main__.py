"""Serve the sample on loopback until interrupted."""

import datetime as dt
import time
from contextlib import suppress

import click

from orarchive import timestamps
from orarchive.errors import ArchiveError
from orarchive.sample import FAULTS, HAPPENINGS, LATE, RESTATED, START, Service, sample_service

STEP = 0.1  # seconds between two moves of the service's clock


def hour(_context: click.Context, _option: click.Parameter, value: str) -> dt.datetime:
    """Read an hour in either form."""
    try:
        return timestamps.parse_hour(value)
    except ArchiveError as error:
        raise click.BadParameter(str(error)) from error


def route_faults(
    _context: click.Context, _option: click.Parameter, values: tuple[str, ...]
) -> list[tuple[str, str]]:
    """Read ROUTE=FAULT: which paths fail (a pattern), and how."""
    pairs = [(route, fault) for route, _equals, fault in (value.rpartition("=") for value in values)]
    if not all(route and fault in FAULTS for route, fault in pairs):
        msg = f"write ROUTE=FAULT; the faults are {', '.join(FAULTS)}"
        raise click.BadParameter(msg)
    return pairs


@click.command(help=__doc__)
@click.option("--port", default=8901, show_default=True, help="0 for any that is free.")
@click.option(
    "--now",
    default=timestamps.format_hour(START),
    callback=hour,
    show_default=True,
    help="The service's clock.",
)
@click.option("--speed", default=0.0, help="Seconds of its clock in one of ours: 3600 is an hour a second.")
@click.option(
    "--fault", multiple=True, callback=route_faults, help="Let a route fail, such as 'models/*=503'."
)
@click.option("--list", "listing", is_flag=True, help="Print the happenings and the faults.")
def main(port: int, now: dt.datetime, speed: float, fault: list[tuple[str, str]], listing: bool) -> None:
    if listing:
        show()
        return
    with sample_service(now, port=port) as service:
        for route, name in fault:
            service.fail(route, name)
        click.echo(f"The sample of OpenRouter at {timestamps.format_hour(now)}: {service.base_url}")
        scrape = f"OPENROUTER_BASE_URL={service.base_url} .venv/bin/python scrape.py --archive build/try"
        click.echo(f"Try it on an archive of its own: git init --quiet build/try && {scrape}")
        with suppress(KeyboardInterrupt):
            run(service, speed)


def run(service: Service, speed: float) -> None:
    """Move the service's clock, `speed` seconds a second, until interrupted."""
    start, begun = service.now, time.monotonic()
    while True:
        time.sleep(STEP)
        service.now = start + dt.timedelta(seconds=speed * (time.monotonic() - begun))


def show() -> None:
    """Print the script and the faults, a line each."""
    for one in HAPPENINGS:
        click.echo(f"{timestamps.format_hour(one.at)}  {one.kind:20}  {one.key}\n{'':16}{one.says}")
    for usage in (LATE, RESTATED):
        click.echo(f"{usage.on}      usage of {usage.about}\n{'':16}{usage.says}")
    for name, fault in FAULTS.items():
        click.echo(f"{name:16} {fault.says}{' (a good payload)' if fault.good else ''}")


if __name__ == "__main__":
    main(prog_name="python -m orarchive.sample")
