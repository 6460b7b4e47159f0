"""Questions that git answers by itself: at, raw, diff, status, verify."""

import datetime as dt
import sys
from collections.abc import Iterator
from itertools import groupby

import click

from orarchive import timestamps
from orarchive.cli.options import FeedChoice, json_option, print_json, print_table, to_one_line, with_archive
from orarchive.domain.changes import Change, diff_snapshots, format_key
from orarchive.domain.feeds import FEEDS
from orarchive.domain.phrasing import is_added, is_removed
from orarchive.domain.scopes import apply_scopes
from orarchive.domain.snapshot import records_by_key
from orarchive.errors import NotArchivedError
from orarchive.history.coverage import find_stale
from orarchive.history.history import History, read_history, select_records
from orarchive.index.events import derive_record_events
from orarchive.jsonl import Record
from orarchive.queries.suggestions import raise_not_found
from orarchive.store import ledger
from orarchive.store.archive import Archive
from orarchive.store.commit_message import format_change_lines


@click.command("at")
@with_archive
@click.argument("hour")
@click.argument("feed", type=FeedChoice, metavar="FEED")
@click.argument("key", required=False)
@json_option
def at_command(archive: Archive, hour: str, feed: str, key: str | None, as_json: bool) -> None:
    """Show the records of a FEED as they were at an HOUR, all of them or those of one KEY.

    One record a line. In a gap the last good hour before it answers, and says so; so does a model's endpoints
    that were not read in that hour.
    """
    found = read_history(archive)
    asked = timestamps.parse_hour(hour)
    good = _good(found, feed, asked)
    snapshot = found.read_snapshot(good, feed)
    kept = _kept(found, feed, good, key)
    shown = select_records(FEEDS[feed], snapshot, key)
    if key is not None and not shown:
        names = [format_key(FEEDS[feed], one) for one in records_by_key(FEEDS[feed], snapshot[feed])]
        raise_not_found(f"{feed} at {timestamps.format_hour(good)}:", key, names)
    if as_json:
        hour_of = {"asked": timestamps.format_stamp(asked), "hour": timestamps.format_stamp(good)}
        print_json({**hour_of, "feed": feed, "kept": kept, "records": shown})
    else:
        for record in shown:
            print_json(record)


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
    found, asked = read_history(archive), timestamps.parse_hour(hour)
    try:
        print_json(found.rebuild_response(FEEDS[feed], asked, model))
    except NotArchivedError:
        if model is not None and _reads(found, feed, asked):
            names = [name for (name,) in found.read_snapshot(asked)[feed]]
            if model not in names:
                raise_not_found(f"{feed} at {timestamps.format_hour(asked)}:", model, names)
        raise


@click.command("diff")
@with_archive
@click.argument("old")
@click.argument("new")
@click.argument("feed", type=FeedChoice, metavar="[FEED]", required=False)
@json_option
def diff_command(archive: Archive, old: str, new: str, feed: str | None, as_json: bool) -> None:
    """Tell what differs between the hours OLD and NEW, in all feeds or in one FEED.

    In a gap the last good hour of the models (or of FEED) before it answers, and says so.
    """
    found = read_history(archive)
    good = [_good(found, feed or "models", timestamps.parse_hour(hour)) for hour in (old, new)]
    before, after = (found.read_snapshot(hour, *([feed] if feed else FEEDS)) for hour in good)
    scopes = [ledger.last_scope(found.until(hour).attempts, "models") for hour in good]
    changes = [
        change
        for change in apply_scopes(diff_snapshots(before, after), *scopes)
        if feed in (None, change.feed)
    ]
    if as_json:
        print_json({"hours": list(map(timestamps.format_stamp, good)), "changes": list(_told(changes))})
    else:
        for line in format_change_lines(changes):
            click.echo(line)


def _good(found: History, feed: str, asked: dt.datetime) -> dt.datetime:
    """The last good hour of a feed; that it is another one than was asked for is said."""
    good = found.last_good_hour(feed, asked)
    if good != asked:
        why = (
            f"No commit shows {feed} as of"
            if asked in found.good_hours(feed)
            else f"No good hour of {feed} at"
        )
        click.echo(f"{why} {timestamps.format_hour(asked)}; this is {timestamps.format_hour(good)}", err=True)
    return good


def _told(changes: list[Change]) -> Iterator[Record]:
    """Changes for programs, in the words of events: prices as plain decimals."""
    for _, group in groupby(changes, key=lambda change: (change.feed, change.key)):
        moved = []
        for change in group:
            if is_added(change) or is_removed(change):
                yield vars(change)
            else:
                moved.append(change)
        yield from ({name: getattr(one, name) for name in TOLD} for one in derive_record_events(moved))


TOLD = ("kind", "feed", "key", "field", "old", "new", "percent", "cause")


def _reads(found: History, feed: str, hour: dt.datetime) -> list[ledger.Attempt]:
    """The attempts that read a sweep in an hour, at least in part."""
    lines = (one for one in found.attempts if ledger.attempt_hour(one) == hour)
    return [one for one in lines if ledger.feed_outcome(one, feed) in ("ok", "partial")]


def _kept(found: History, feed: str, hour: dt.datetime, key: str | None) -> dict[str, str]:
    """What of a feed, or of one key of it, was not read in a good hour, with the reasons; it is also said."""
    kept = ledger.kept_keys(_reads(found, feed, hour)[-1], feed)
    if key is not None:
        kept = {model: why for model, why in kept.items() if model in (key, key.partition("@")[0])}
    if kept:
        what = [f"{model} ({why})" for model, why in kept.items()]
        told = what[0] if len(what) == 1 else f"{len(what)} models"
        click.echo(
            to_one_line(f"Not read at {timestamps.format_hour(hour)}: {feed} of {told}; this is from before"),
            err=True,
        )
    return kept


@click.command("status")
@with_archive
@click.option("--now", "moment", help="The hour to look from, instead of the clock's.")
@json_option
def status_command(archive: Archive, moment: str | None, as_json: bool) -> None:
    """Tell the last good hour and the coverage of every feed.

    Exit 1 when a feed has had no good hour for 25 hours (a daily one: 49).
    """
    now = timestamps.parse_hour(moment) if moment else dt.datetime.now(dt.UTC)
    whole = read_history(archive)
    found = whole.compute_coverage(now)
    stopped = find_stale(found, now)
    if as_json:
        feeds = {
            one.feed: {
                "last_good": timestamps.format_stamp(one.last) if one.last else None,
                "good": {str(span): count for span, count in one.good.items()},
                "possible": {str(span): count for span, count in one.possible.items()},
            }
            for one in found
        }
        print_json({"now": timestamps.format_stamp(now), "stale": stopped, "feeds": feeds})
    else:
        lines: list[tuple[str, ...]] = [("feed", "last good hour", "last 24 h", "7 days", "30 days")]
        for one in found:
            spans = [f"{one.good[span]} of {one.possible[span]}" for span in one.good]
            lines.append((one.feed, timestamps.format_hour(one.last) if one.last else "never", *spans))
        print_table(lines)
        if stopped:
            click.echo(f"Stale: no good hour of {', '.join(stopped)} within the last 25 hours (daily: 49).")
    sys.exit(int(bool(stopped)))
