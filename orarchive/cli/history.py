"""Questions that git answers by itself: at, raw, diff, status, verify."""

import datetime as dt
import sys
from collections.abc import Iterator
from itertools import groupby

import click

from orarchive import timestamps
from orarchive.cli.options import FeedChoice, json_option, print_json, print_table, to_one_line, with_archive
from orarchive.domain.changes import Change, diff, text_key
from orarchive.domain.feeds import FEEDS
from orarchive.domain.phrasing import came, went
from orarchive.domain.scopes import rescoped
from orarchive.domain.snapshot import rows
from orarchive.errors import NotArchivedError
from orarchive.history.coverage import stale
from orarchive.history.history import Past, past, records
from orarchive.index.events import of_record
from orarchive.jsonl import Record
from orarchive.queries.suggestions import refuse
from orarchive.store import ledger
from orarchive.store.archive import Archive
from orarchive.store.commit_message import change_lines


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
    found = past(archive)
    asked = timestamps.parse(hour)
    good = _good(found, feed, asked)
    snapshot = found.snapshot(good, feed)
    kept = _kept(found, feed, good, key)
    shown = records(FEEDS[feed], snapshot, key)
    if key is not None and not shown:
        names = [text_key(FEEDS[feed], one) for one in rows(FEEDS[feed], snapshot[feed])]
        refuse(f"{feed} at {timestamps.prose(good)}:", key, names)
    if as_json:
        hour_of = {"asked": timestamps.stamp(asked), "hour": timestamps.stamp(good)}
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
    found, asked = past(archive), timestamps.parse(hour)
    try:
        print_json(found.response(FEEDS[feed], asked, model))
    except NotArchivedError:
        if model is not None and _reads(found, feed, asked):
            names = [name for (name,) in found.snapshot(asked)[feed]]
            if model not in names:
                refuse(f"{feed} at {timestamps.prose(asked)}:", model, names)
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
    found = past(archive)
    good = [_good(found, feed or "models", timestamps.parse(hour)) for hour in (old, new)]
    before, after = (found.snapshot(hour, *([feed] if feed else FEEDS)) for hour in good)
    scopes = [ledger.scope(found.until(hour).attempts, "models") for hour in good]
    changes = [change for change in rescoped(diff(before, after), *scopes) if feed in (None, change.feed)]
    if as_json:
        print_json({"hours": list(map(timestamps.stamp, good)), "changes": list(_told(changes))})
    else:
        for line in change_lines(changes):
            click.echo(line)


def _good(found: Past, feed: str, asked: dt.datetime) -> dt.datetime:
    """The last good hour of a feed; that it is another one than was asked for is said."""
    good = found.last_good(feed, asked)
    if good != asked:
        why = f"No commit shows {feed} as of" if asked in found.good(feed) else f"No good hour of {feed} at"
        click.echo(f"{why} {timestamps.prose(asked)}; this is {timestamps.prose(good)}", err=True)
    return good


def _told(changes: list[Change]) -> Iterator[Record]:
    """Changes for programs, in the words of events: prices as plain decimals."""
    for _, group in groupby(changes, key=lambda change: (change.feed, change.key)):
        moved = []
        for change in group:
            if came(change) or went(change):
                yield vars(change)
            else:
                moved.append(change)
        yield from ({name: getattr(one, name) for name in TOLD} for one in of_record(moved))


TOLD = ("kind", "feed", "key", "field", "old", "new", "percent", "cause")


def _reads(found: Past, feed: str, hour: dt.datetime) -> list[ledger.Attempt]:
    """The attempts that read a sweep in an hour, at least in part."""
    lines = (one for one in found.attempts if ledger.hour_of(one) == hour)
    return [one for one in lines if ledger.outcome(one, feed) in ("ok", "partial")]


def _kept(found: Past, feed: str, hour: dt.datetime, key: str | None) -> dict[str, str]:
    """What of a feed, or of one key of it, was not read in a good hour, with the reasons; it is also said."""
    kept = ledger.kept(_reads(found, feed, hour)[-1], feed)
    if key is not None:
        kept = {model: why for model, why in kept.items() if model in (key, key.partition("@")[0])}
    if kept:
        what = [f"{model} ({why})" for model, why in kept.items()]
        told = what[0] if len(what) == 1 else f"{len(what)} models"
        click.echo(
            to_one_line(f"Not read at {timestamps.prose(hour)}: {feed} of {told}; this is from before"),
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
    now = timestamps.parse(moment) if moment else dt.datetime.now(dt.UTC)
    whole = past(archive)
    found = whole.coverage(now)
    stopped = stale(found, now)
    if as_json:
        feeds = {
            one.feed: {
                "last_good": timestamps.stamp(one.last) if one.last else None,
                "good": {str(span): count for span, count in one.good.items()},
                "possible": {str(span): count for span, count in one.possible.items()},
            }
            for one in found
        }
        print_json({"now": timestamps.stamp(now), "stale": stopped, "feeds": feeds})
    else:
        lines: list[tuple[str, ...]] = [("feed", "last good hour", "last 24 h", "7 days", "30 days")]
        for one in found:
            spans = [f"{one.good[span]} of {one.possible[span]}" for span in one.good]
            lines.append((one.feed, timestamps.prose(one.last) if one.last else "never", *spans))
        print_table(lines)
        if stopped:
            click.echo(f"Stale: no good hour of {', '.join(stopped)} within the last 25 hours (daily: 49).")
    sys.exit(int(bool(stopped)))
