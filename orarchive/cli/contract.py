"""Whether the service still answers as the readers expect, in lines: for an issue, once a week."""

import datetime as dt
import os
import sys

import click

from orarchive import timestamps
from orarchive.cli.options import (
    EXIT_FOUND,
    report_errors,
    to_one_line,
)


@click.command("contract")
@click.option("--now", "moment", help="The hour before which to ask for rankings, instead of the clock's.")
@report_errors
def contract_command(moment: str | None) -> None:
    """Ask the service every route that is archived, and tell what is not as it is read.

    Writes nothing. Takes the settings of scrape.py. Exit 3 when something has drifted.
    """
    # the network client is imported here, so that no other command pays for it
    from orarchive.collect.contract import find_drifts
    from orarchive.collect.settings import read_settings

    now = timestamps.parse_hour(moment) if moment else dt.datetime.now(dt.UTC)
    found = list(find_drifts(read_settings(os.environ), now))
    for line in [f"- {line}" for line in found] or ["Every route answers as it is read."]:
        click.echo(to_one_line(line))
    sys.exit(EXIT_FOUND if found else 0)
