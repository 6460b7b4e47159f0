"""Questions to the archive: `python -m orarchive --help`."""

import datetime as dt
import functools
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from orarchive import hours
from orarchive.archive import open_archive
from orarchive.errors import ArchiveError
from orarchive.feeds import FEEDS
from orarchive.history.coverage import coverage, stale
from orarchive.history.past import Past, past, records
from orarchive.jsonl import dumps

Feed = click.Choice(list(FEEDS))
as_json = click.option("--json", "as_json", is_flag=True, help="One JSON object, for programs.")


@click.group(help=__doc__)
def questions() -> None:
    pass


def question(name: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Add a command that takes an archive; an error is told in one line."""

    def decorate(command: Callable[..., None]) -> Callable[..., None]:
        @functools.wraps(command)
        def told(archive: Path, **options: Any) -> None:
            try:
                command(past(open_archive(archive)), **options)
            except (ArchiveError, OSError) as error:
                click.echo(f"Error: {error}", err=True)
                sys.exit(getattr(error, "exit_code", 2))

        default = Path(__file__).parents[1]
        return questions.command(name)(
            click.option(
                "--archive", type=click.Path(path_type=Path), default=default, help="A git work tree."
            )(told)
        )

    return decorate


@question("at")
@click.argument("hour")
@click.argument("feed", type=Feed, metavar="FEED")
@click.argument("key", required=False)
@as_json
def at(past: Past, hour: str, feed: str, key: str | None, as_json: bool) -> None:
    """Show the records of a FEED as they were at an HOUR, all of them or those of one KEY.

    One record a line. In a gap the last good hour before it answers, and says so.
    """
    asked = hours.parse(hour)
    found = past.last_good(feed, asked)
    if found != asked:
        click.echo(f"No good hour of {feed} at {hours.prose(asked)}; this is {hours.prose(found)}", err=True)
    shown = records(FEEDS[feed], past.snapshot(found), key)
    if as_json:
        say({"asked": hours.stamp(asked), "hour": hours.stamp(found), "feed": feed, "records": shown})
    else:
        for record in shown:
            say(record)


@question("raw")
@click.argument("hour")
@click.argument("feed", type=Feed, metavar="FEED")
@click.argument("model", required=False)
@as_json
def raw(past: Past, hour: str, feed: str, model: str | None, as_json: bool) -> None:
    """Rebuild the response of a FEED in an HOUR as the service sent it, but for the order of rows and keys.

    A list prints {"data": [...]}; endpoints of a MODEL that model's response, without MODEL
    {model id: response}. In a gap it exits 1 and names the neighbours. (It prints JSON in any case.)
    """
    say(past.response(FEEDS[feed], hours.parse(hour), model))


@question("status")
@click.option("--now", "moment", help="The hour to look from, instead of the clock's.")
@as_json
def status(past: Past, moment: str | None, as_json: bool) -> None:
    """Tell the last good hour and the coverage of every feed.

    Exit 1 when a feed has had no good hour for 25 hours (a daily one: 49).
    """
    now = hours.parse(moment) if moment else dt.datetime.now(dt.UTC)
    found = coverage(past, now)
    stopped = stale(found, now)
    if as_json:
        feeds = {
            one.feed: {
                "last_good": hours.stamp(one.last) if one.last else None,
                "good": {str(span): count for span, count in one.good.items()},
                "possible": {str(span): count for span, count in one.possible.items()},
            }
            for one in found
        }
        say({"now": hours.stamp(now), "stale": stopped, "feeds": feeds})
    else:
        click.echo(f"{'feed':16} {'last good hour':15} {'last 24 h':>10} {'last 168 h':>11}")
        for one in found:
            last = hours.prose(one.last) if one.last else "never"
            spans = [f"{one.good[span]} of {one.possible[span]}" for span in one.good]
            click.echo(f"{one.feed:16} {last:15} {spans[0]:>10} {spans[1]:>11}")
        if stopped:
            click.echo(f"Stale: no good hour of {', '.join(stopped)} within the last 25 hours (daily: 49).")
    sys.exit(int(bool(stopped)))


def say(value: Any) -> None:
    """Print a value as one line of canonical JSON."""
    sys.stdout.buffer.write(dumps(value) + b"\n")


if __name__ == "__main__":
    questions(prog_name="python -m orarchive")
