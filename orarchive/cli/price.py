"""What a model cost at a moment: price."""

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
from orarchive.domain.phrasing import format_window, sort_dimensions
from orarchive.domain.prices import format_price, parse_price, read_entry_prices
from orarchive.index.database import open_index
from orarchive.queries.price import PriceQuote, find_quotes
from orarchive.store.archive import Archive

PROGRESS = sys.stderr.isatty()


@click.command("price")
@with_archive
@click.argument("model")
@click.option(
    "--at", "moment", help="An hour, 2026-11-20T06Z, or a moment, 2026-11-20T06:45Z; else the last hour."
)
@click.option("--provider", help="What its endpoints there cost: a slug, a tag or a name.")
@cache_option
@json_option
def price_command(
    archive: Archive, model: str, moment: str | None, provider: str | None, cache: Path | None, as_json: bool
) -> None:
    """Tell what MODEL cost at a moment: every dimension, the clock window in force, and how sure that is.

    A model's own price is that of the provider on top. An hour means its snapshot, whenever in it that was
    read; a moment with minutes means what had been read by then.
    """
    at = timestamps.parse_moment(moment) if moment else None
    with open_index(archive, cache, PROGRESS) as db:
        found = find_quotes(db, archive, model, at, provider)
    if as_json:
        print_json({"model": model, "quotes": [one.as_json() for one in found]})
    else:
        for one in found:
            _print(one)


def _print(one: PriceQuote) -> None:
    click.echo(to_one_line(f"{one.key} at {one.at:%Y-%m-%dT%H:%MZ}"))
    prices = one.prices
    print_table(
        [
            (
                f"  {name}",
                format_price(name, parse_price(prices[name]["price"])),
                format_window(prices[name]["entry"] or {}),
            )
            for name in sort_dimensions(prices)
        ]
        or [("  no price", "", "")]
    )
    for entry in one.thresholds:
        over = f"  over {entry['min_prompt_tokens']} prompt tokens"
        others = read_entry_prices(entry)
        print_table([(over, name, format_price(name, others[name])) for name in sort_dimensions(others)])
    seen = timestamps.format_hour(timestamps.parse_stamp(one.seen))
    origin = "" if one.origin == "live" else f" ({one.origin})"
    since = timestamps.format_hour(timestamps.parse_stamp(one.since))
    after = "nothing was seen after it"
    if one.next:
        same = "the same" if one.same else "NOT the same"
        after = f"{same} at {_after(one)}"
    click.echo(f"  seen at {seen}{origin}, so since {since}; {after}")


def _after(one: PriceQuote) -> str:
    """The hour of the next reading; in the very hour that was asked about, the minute."""
    hour, started = (timestamps.parse_stamp(str(text)) for text in (one.next, one.next_started))
    return timestamps.format_hour(hour) if hour > one.at else f"{started:%Y-%m-%dT%H:%MZ}"
