"""Questions that the index answers: log, price, and the index itself."""

import sys
from pathlib import Path

import click

from orarchive import hours
from orarchive.archive import Archive
from orarchive.ask.price import Quote, quotes
from orarchive.ask.story import Known, known, story, told
from orarchive.commands import as_json, cache, plain, question, say, table
from orarchive.index.database import index, publish
from orarchive.index.log import Logged
from orarchive.prices import exact, rates, shown
from orarchive.wording import feed_name, in_order, window

PROGRESS = sys.stderr.isatty()


@question("log")
@click.argument("key")
@cache
@as_json
def log(archive: Archive, key: str, cache: Path | None, as_json: bool) -> None:
    """Tell everything that happened to KEY: a model with its endpoints, an endpoint, or a provider.

    First what is known of KEY itself. Then each line: the hour that first showed it, the last one that did
    not, what it happened to, and what.
    """
    with index(archive, cache, PROGRESS) as db:
        events, itself = story(db, key), known(db, key)
    if as_json:
        say({"key": key, "records": [vars(one) for one in itself], "events": [vars(one) for one in events]})
        return
    for one in itself:
        click.echo(plain(_itself(one)))
    if events:
        table([("in", "after", "what", "to", ""), *(_line(one, key) for one in events)])
    else:
        click.echo(plain(f"Nothing has happened to {key} since its record began."))


def _itself(one: Known) -> str:
    ends = (("first seen", one.first_seen), ("last seen", one.last_seen))
    seen = [f"{what} {hours.prose(hours.moment(hour))}" for what, hour in ends if hour]
    return f"{one.key} ({feed_name(one.feed)}): {', '.join([one.state, *seen])}"


def _line(one: Logged, key: str) -> tuple[str, ...]:
    after = hours.prose(hours.moment(one.after)) if one.after else ""
    # endpoints of a model by their tags; mind a provider that is called as a lab is
    subject = one.key.removeprefix(key) if f"{one.key}@".startswith(f"{key}@") else one.key
    # the keys of other feeds are those of models and endpoints
    feed = "" if one.feed in ("models", "endpoints", "providers") else f"{feed_name(one.feed)} "
    what = feed + one.kind.replace("_", " ")
    return hours.prose(hours.moment(one.by)), after, what, subject, told(one)


@question("price")
@click.argument("model")
@click.option(
    "--at", "moment", help="An hour, 2026-11-20T06Z, or a moment, 2026-11-20T06:45Z; else the last hour."
)
@click.option("--provider", help="What its endpoints there cost: a slug, a tag or a name.")
@cache
@as_json
def price(
    archive: Archive, model: str, moment: str | None, provider: str | None, cache: Path | None, as_json: bool
) -> None:
    """Tell what MODEL cost at a moment: every dimension, the clock window in force, and how sure that is.

    A model's own price is that of the provider on top. An hour means its snapshot, whenever in it that was
    read; a moment with minutes means what had been read by then.
    """
    at = hours.instant(moment) if moment else None
    with index(archive, cache, PROGRESS) as db:
        found = quotes(db, archive, model, at, provider)
    if as_json:
        say({"model": model, "quotes": [one.as_json() for one in found]})
    else:
        for one in found:
            _print(one)


def _print(one: Quote) -> None:
    click.echo(plain(f"{one.key} at {one.at:%Y-%m-%dT%H:%MZ}"))
    prices = one.prices
    table(
        [
            (f"  {name}", shown(name, exact(prices[name]["price"])), window(prices[name]["entry"] or {}))
            for name in in_order(prices)
        ]
        or [("  no price", "", "")]
    )
    for entry in one.thresholds:
        over = f"  over {entry['min_prompt_tokens']} prompt tokens"
        others = rates(entry)
        table([(over, name, shown(name, others[name])) for name in in_order(others)])
    seen = hours.prose(hours.moment(one.seen))
    origin = "" if one.origin == "live" else f" ({one.origin})"
    after = "nothing was seen after it"
    if one.next:
        same = "the same" if one.same else "NOT the same"
        after = f"{same} at {_after(one)}"
    click.echo(f"  seen at {seen}{origin}, so since {hours.prose(hours.moment(one.since))}; {after}")


def _after(one: Quote) -> str:
    """The hour of the next reading; in the very hour that was asked about, the minute."""
    hour, started = (hours.moment(str(text)) for text in (one.next, one.next_started))
    return hours.prose(hour) if hour > one.at else f"{started:%Y-%m-%dT%H:%MZ}"


def _named(_: click.Context, __: click.Parameter, path: Path | None) -> Path | None:
    """Refuse "", which is a path to nothing that one could write."""
    if path is not None and not path.name:
        msg = "it must name a file."
        raise click.BadParameter(msg)
    return path


@question("index")
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    callback=_named,
    help="Write it there for others.",
)
@cache
@as_json
def index_(archive: Archive, out: Path | None, cache: Path | None, as_json: bool) -> None:
    """Bring the index up to date: one SQLite file with every version, price and event; see docs/index.md."""
    with index(archive, cache, PROGRESS) as db:
        path = Path(db.execute("select file from pragma_database_list").fetchone()[0])
        tables = ("attempts", "records", "versions", "prices", "events")
        counts = {name: db.execute(f"select count(*) from {name}").fetchone()[0] for name in tables}
        if out:
            publish(db, out)
            path = out
    if as_json:
        say({"path": str(path), **counts})
    else:
        click.echo(f"{path}: " + ", ".join(f"{count} {name}" for name, count in counts.items()))
