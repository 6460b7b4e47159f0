"""The `log` command: all events of a model, an endpoint or a provider."""

from pathlib import Path

import click

from orarchive.cli.completion import complete_keys
from orarchive.cli.options import (
    cache_option,
    is_progress_shown,
    json_option,
    print_json,
    print_table,
    with_archive,
)
from orarchive.domain.foreign_text import blank_unprintable
from orarchive.domain.phrasing import format_feed
from orarchive.index.database import open_index
from orarchive.index.events import Event
from orarchive.queries.timeline import RecordSummary, describe_event, read_timeline, summarize_records
from orarchive.store.archive import Archive
from orarchive.timestamps import format_hour, parse_stamp


@click.command("log")
@with_archive
@click.argument("key", shell_complete=complete_keys)
@cache_option
@json_option
def log_command(archive: Archive, key: str, cache: Path | None, as_json: bool) -> None:
    """Show all events of KEY: a model with its endpoints, an endpoint, or a provider with its endpoints.

    First comes the state of KEY itself. Then one line an event: the hour that first showed it, the last hour
    that did not, the kind of event, the key, and what changed.
    """
    with open_index(archive, cache, progress=is_progress_shown()) as db:
        events, summaries = read_timeline(db, key), summarize_records(db, key)
    if as_json:
        records = [vars(summary) for summary in summaries]
        print_json({"key": key, "records": records, "events": [vars(event) for event in events]})
        return
    for summary in summaries:
        click.echo(blank_unprintable(_format_summary(summary)))
    if events:
        print_table([("in", "after", "what", "to", ""), *(_format_event(event, key) for event in events)])
    else:
        click.echo(blank_unprintable(f"Nothing has happened to {key} since its record began."))


def _format_summary(summary: RecordSummary) -> str:
    stamps = (("first seen", summary.first_seen), ("last seen", summary.last_seen))
    seen = [f"{label} {format_hour(parse_stamp(stamp))}" for label, stamp in stamps if stamp]
    return f"{summary.key} ({format_feed(summary.feed)}): {', '.join([summary.state, *seen])}"


def _format_event(event: Event, key: str) -> tuple[str, ...]:
    """Return the cells of an event's line."""
    after = format_hour(parse_stamp(event.after)) if event.after else ""
    # Endpoints of the model KEY go by their tags alone. The `@` keeps a provider apart that has the name of a
    # lab.
    subject = event.key.removeprefix(key) if f"{event.key}@".startswith(f"{key}@") else event.key
    # Keys of other feeds are those of models and endpoints, so the feed must be named.
    feed = "" if event.feed in ("models", "endpoints", "providers") else f"{format_feed(event.feed)} "
    kind = feed + event.kind.replace("_", " ")
    return format_hour(parse_stamp(event.by)), after, kind, subject, describe_event(event)
