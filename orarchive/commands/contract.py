"""Whether the service still answers as the readers expect, in lines: for an issue, once a week."""

import datetime as dt
import os
import sys

import click

from orarchive import hours
from orarchive.collect.contract import drifts
from orarchive.collect.settings import settings_from
from orarchive.commands import NOT_WELL, in_one_line, plain, questions


@questions.command("contract")
@click.option("--now", "moment", help="The hour before which to ask for rankings, instead of the clock's.")
@in_one_line
def contract(moment: str | None) -> None:
    """Ask the service every route that is archived, and tell what is not as it is read.

    Writes nothing. Takes the settings of scrape.py. Exit 3 when something has drifted.
    """
    now = hours.parse(moment) if moment else dt.datetime.now(dt.UTC)
    found = list(drifts(settings_from(os.environ), now))
    for line in [f"- {line}" for line in found] or ["Every route answers as it is read."]:
        click.echo(plain(line))
    sys.exit(NOT_WELL if found else 0)
