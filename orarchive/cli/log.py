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
from orarchive.domain.phrasing import feed_name
from orarchive.index.database import index
from orarchive.index.event_log import Logged
from orarchive.queries.timeline import Known, known, story, told
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
    with index(archive, cache, PROGRESS) as db:
        events, itself = story(db, key), known(db, key)
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


def _itself(one: Known) -> str:
    ends = (("first seen", one.first_seen), ("last seen", one.last_seen))
    seen = [f"{what} {timestamps.prose(timestamps.moment(hour))}" for what, hour in ends if hour]
    return f"{one.key} ({feed_name(one.feed)}): {', '.join([one.state, *seen])}"


def _line(one: Logged, key: str) -> tuple[str, ...]:
    after = timestamps.prose(timestamps.moment(one.after)) if one.after else ""
    # endpoints of a model by their tags; mind a provider that is called as a lab is
    subject = one.key.removeprefix(key) if f"{one.key}@".startswith(f"{key}@") else one.key
    # the keys of other feeds are those of models and endpoints
    feed = "" if one.feed in ("models", "endpoints", "providers") else f"{feed_name(one.feed)} "
    what = feed + one.kind.replace("_", " ")
    return timestamps.prose(timestamps.moment(one.by)), after, what, subject, told(one)
