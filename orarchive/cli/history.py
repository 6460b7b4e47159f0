"""Commands that read git alone, without the index: at, raw, diff, status."""

import datetime as dt
import sys
from collections.abc import Callable
from typing import TypeVar

import click

from orarchive import timestamps
from orarchive.cli.options import FeedChoice, json_option, print_json, print_note, print_table, with_archive
from orarchive.domain.feeds import ENDPOINTS, FEEDS
from orarchive.domain.snapshot import Snapshot
from orarchive.errors import NotArchivedError
from orarchive.history.coverage import Coverage, find_stopped_feeds, format_max_age
from orarchive.history.history import History, read_history
from orarchive.queries import hours
from orarchive.store.archive import Archive
from orarchive.store.commit_message import format_change_lines
from orarchive.store.health_branch import HealthMissingError

Answer = TypeVar("Answer")


@click.command("at")
@with_archive
@click.argument("hour")
@click.argument("feed", type=FeedChoice, metavar="FEED")
@click.argument("key", required=False)
@json_option
def at_command(archive: Archive, hour: str, feed: str, key: str | None, as_json: bool) -> None:
    """Show the records of a FEED as they were at an HOUR, all of them or those of one KEY.

    One record a line. In a gap, print the last good hour before it and say so; likewise for endpoints not
    read in that hour.
    """
    requested = timestamps.parse_hour(hour)
    history, good = _ask(archive, requested, lambda history: history.find_last_complete_hour(feed, requested))
    _explain_other_hour(history, feed, requested, good)
    snapshot = _read_snapshot(history, good, feed)
    kept = hours.find_kept_keys(history, feed, good, key)
    if kept:
        print_note(hours.describe_kept_keys(feed, good, kept))
    records = hours.find_records(feed, snapshot, good, key)
    if as_json:
        stamps = {"asked": timestamps.format_stamp(requested), "hour": timestamps.format_stamp(good)}
        print_json({**stamps, "feed": feed, "kept": kept, "records": records})
    else:
        for record in records:
            print_json(record)


def _read_snapshot(history: History, hour: dt.datetime, feed: str) -> Snapshot:
    """Read a snapshot; print a note where the health of endpoints is not in this clone."""
    if FEEDS[feed] is not ENDPOINTS:
        return history.read_snapshot(hour, feed)
    try:
        return history.read_snapshot(hour, feed, has_health=True)
    except HealthMissingError as error:
        print_note(f"{error}; shown without it")
        return history.read_snapshot(hour, feed)


@click.command("raw")
@with_archive
@click.argument("hour")
@click.argument("feed", type=FeedChoice, metavar="FEED")
@click.argument("model", required=False)
@json_option
def raw_command(archive: Archive, hour: str, feed: str, model: str | None, as_json: bool) -> None:
    """Rebuild the response of a FEED in an HOUR as the service sent it, but for the order of rows and keys.

    A list prints {"data": [...]}; endpoints of a MODEL that model's response, without MODEL
    {model id: response}. In a gap it exits 1 and names the neighbours. (It prints JSON in any case.)
    """
    requested = timestamps.parse_hour(hour)
    try:
        _, response = _ask(
            archive, requested, lambda history: history.rebuild_response(FEEDS[feed], requested, model)
        )
    except NotArchivedError:
        if model is not None:
            hours.refuse_unknown_model(read_history(archive), feed, requested, model)
        raise
    print_json(response)


@click.command("diff")
@with_archive
@click.argument("old")
@click.argument("new")
@click.argument("feed", type=FeedChoice, metavar="[FEED]", required=False)
@json_option
def diff_command(archive: Archive, old: str, new: str, feed: str | None, as_json: bool) -> None:
    """List the differences between the hours OLD and NEW, in all feeds or in one FEED.

    In a gap the last good hour of the models (or of FEED) before it answers, and says so.
    """
    history = read_history(archive)
    before, after = (
        _choose_complete_hour(history, feed or "models", timestamps.parse_hour(hour)) for hour in (old, new)
    )
    changes = hours.compare_hours(history, before, after, feed)
    if as_json:
        stamps = [timestamps.format_stamp(hour) for hour in (before, after)]
        print_json({"hours": stamps, "changes": list(hours.describe_changes(changes))})
    else:
        for line in format_change_lines(changes):
            click.echo(line)


STATUS_HELP = f"""Print the last good hour and the coverage of every feed.

Exit 1 when a feed has had no good hour for {format_max_age()}.
"""


@click.command("status", help=STATUS_HELP)
@with_archive
@click.option("--now", "hour", help="The hour to look from, instead of the clock's.")
@json_option
def status_command(archive: Archive, hour: str | None, as_json: bool) -> None:
    """Print the coverage of every feed; exit 1 when one has stopped."""
    now = timestamps.parse_hour(hour) if hour is not None else dt.datetime.now(dt.UTC)
    history = read_history(archive, now)
    if not all(history.list_complete_hours(name) for name, feed in FEEDS.items() if not feed.is_optional):
        history = read_history(archive)
    coverages = history.compute_coverage(now)
    stopped = find_stopped_feeds(coverages, now)
    if as_json:
        feeds = {coverage.feed: coverage.to_json() for coverage in coverages}
        print_json({"now": timestamps.format_stamp(now), "stale": stopped, "feeds": feeds})
    else:
        heading = ("feed", "last good hour", "last 24 h", "7 days", "30 days")
        print_table([heading, *map(_format_coverage, coverages)])
        if stopped:
            click.echo(f"Stale: no good hour of {', '.join(stopped)} within the last {format_max_age()}.")
    sys.exit(int(bool(stopped)))


def _ask(
    archive: Archive, hour: dt.datetime, question: Callable[[History], Answer]
) -> tuple[History, Answer]:
    """Ask the history of the months up to an hour, and the whole one where that does not know the answer."""
    try:
        history = read_history(archive, hour)
        return history, question(history)
    except NotArchivedError:
        history = read_history(archive)
        return history, question(history)


def _choose_complete_hour(history: History, feed: str, requested: dt.datetime) -> dt.datetime:
    """Return the last good hour of a feed up to the requested hour; print a note where it is another."""
    good = history.find_last_complete_hour(feed, requested)
    _explain_other_hour(history, feed, requested, good)
    return good


def _explain_other_hour(history: History, feed: str, requested: dt.datetime, good: dt.datetime) -> None:
    """Print a note where another hour than the requested one answers."""
    if good != requested:
        print_note(hours.explain_other_hour(history, feed, requested, good))


def _format_coverage(coverage: Coverage) -> tuple[str, ...]:
    """Format the row of a feed in the table of coverage."""
    spans = [
        f"{coverage.complete_counts[span]:,} of {coverage.possible_counts[span]:,}"
        for span in coverage.complete_counts
    ]
    return (
        coverage.feed,
        timestamps.format_hour(coverage.last_complete) if coverage.last_complete else "never",
        *spans,
    )
