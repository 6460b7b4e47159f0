"""The command `contract`: check once a week that the service still answers as the readers expect."""

import datetime as dt
import os
import sys

import click

from orarchive import timestamps
from orarchive.cli.options import (
    EXIT_FOUND,
    report_errors,
)
from orarchive.domain.foreign_text import blank_unprintable


@click.command("contract")
@click.option("--now", "hour", help="Request the rankings before this hour; by default the current one.")
@report_errors
def contract_command(hour: str | None) -> None:
    """Request every route that is archived, and print each difference from what the readers expect.

    Writes nothing. Takes the settings of scrape.py. Exit 3 if there are differences.
    """
    # The network client is imported here, so that no other command spends time on loading it.
    from orarchive.collect.contract import find_drifts
    from orarchive.collect.settings import read_settings

    now = timestamps.parse_hour(hour) if hour is not None else dt.datetime.now(dt.UTC)
    drifts = list(find_drifts(read_settings(os.environ), now))
    for line in [f"- {drift}" for drift in drifts] or ["Every route answers as it is read."]:
        click.echo(blank_unprintable(line))
    sys.exit(EXIT_FOUND if drifts else 0)
