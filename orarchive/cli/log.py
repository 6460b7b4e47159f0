"""What happened to a model, an endpoint or a provider: log."""

import sys
from pathlib import Path

import click

from orarchive import timestamps
from orarchive.cli.options import (
    cache_option,
    json_option,
    print_json,
    print_table,
    to_one_line,
    with_archive,
)
from orarchive.domain.phrasing import format_feed
from orarchive.index.database import open_index
from orarchive.index.event_log import EventRow
from orarchive.queries.timeline import RecordSummary, describe_event, read_timeline, summarize_records
from orarchive.store.archive import Archive

PROGRESS = sys.stderr.isatty()


@click.command("log")
@with_archive
@click.argument("key")
@cache_option
@json_option
def log_command(archive: Archive, key: str, cache: Path | None, as_json: bool) -> None:
    """Tell everything that happened to KEY: a model with its endpoints, an endpoint, or a provider.

    First what is known of KEY itself. Then each line: the hour that first showed it, the last one that did
    not, what it happened to, and what.
    """
    with open_index(archive, cache, PROGRESS) as db:
        events, itself = read_timeline(db, key), summarize_records(db, key)
    if as_json:
        print_json(
            {"key": key, "records": [vars(one) for one in itself], "events": [vars(one) for one in events]}
        )
        return
    for one in itself:
        click.echo(to_one_line(_itself(one)))
    if events:
        print_table([("in", "after", "what", "to", ""), *(_line(one, key) for one in events)])
    else:
        click.echo(to_one_line(f"Nothing has happened to {key} since its record began."))


def _itself(one: RecordSummary) -> str:
    ends = (("first seen", one.first_seen), ("last seen", one.last_seen))
    seen = [f"{what} {timestamps.format_hour(timestamps.parse_stamp(hour))}" for what, hour in ends if hour]
    return f"{one.key} ({format_feed(one.feed)}): {', '.join([one.state, *seen])}"


def _line(one: EventRow, key: str) -> tuple[str, ...]:
    after = timestamps.format_hour(timestamps.parse_stamp(one.after)) if one.after else ""
    # endpoints of a model by their tags; mind a provider that is called as a lab is
    subject = one.key.removeprefix(key) if f"{one.key}@".startswith(f"{key}@") else one.key
    # the keys of other feeds are those of models and endpoints
    feed = "" if one.feed in ("models", "endpoints", "providers") else f"{format_feed(one.feed)} "
    what = feed + one.kind.replace("_", " ")
    return timestamps.format_hour(timestamps.parse_stamp(one.by)), after, what, subject, describe_event(one)
