"""The command `price`: what a model cost at a time."""

from pathlib import Path

import click

from orarchive import timestamps
from orarchive.cli.completion import complete_models
from orarchive.cli.model_names import find_model_id
from orarchive.cli.options import (
    at_option,
    cache_option,
    is_progress_shown,
    json_option,
    print_json,
    print_note,
    print_table,
    with_archive,
)
from orarchive.domain.foreign_text import blank_unprintable
from orarchive.domain.phrasing import LOG_STYLE, list_conditions, sort_dimensions
from orarchive.domain.prices import format_price, parse_price, read_entry_prices
from orarchive.index.database import open_index
from orarchive.queries.price import PriceQuote, find_quotes
from orarchive.store.archive import Archive


@click.command("price")
@with_archive
@click.argument("model", shell_complete=complete_models)
@at_option
@click.option("--provider", help="Print the prices of its endpoints instead: a slug, a tag or a name.")
@cache_option
@json_option
def price_command(
    archive: Archive, model: str, time: str | None, provider: str | None, cache: Path | None, as_json: bool
) -> None:
    """Print what MODEL cost at a time: every dimension, its time-of-day window, and how sure that is.

    A model's own price is that of the provider that OpenRouter lists first. An hour means its snapshot,
    whenever in it that was read; a time with minutes means what had been read by then.
    """
    at = timestamps.parse_moment(time) if time is not None else None
    if at and timestamps.is_date(time or ""):
        print_note(f"{time} means its last hour, {timestamps.format_hour(at)}")
    with open_index(archive, cache, progress=is_progress_shown()) as db:
        quotes = find_quotes(db, find_model_id(db, model), at, provider)
    if as_json:
        print_json({"model": model, "quotes": [quote.to_json() for quote in quotes]})
    else:
        for quote in quotes:
            _print_quote(quote)


def _print_quote(quote: PriceQuote) -> None:
    click.echo(blank_unprintable(f"{quote.key} at {timestamps.format_moment(quote.at)}"))
    prices = quote.prices
    rows = [
        (
            f"  {name}",
            format_price(name, parse_price(prices[name]["price"])),
            ", ".join(list_conditions(prices[name]["entry"] or {}, LOG_STYLE)),
        )
        for name in sort_dimensions(prices)
    ]
    print_table(rows or [("  no price", "", "")])
    for entry in quote.thresholds:
        label = f"  {', '.join(list_conditions(entry, LOG_STYLE))}"
        long_prices = read_entry_prices(entry)
        print_table(
            [(label, name, format_price(name, long_prices[name])) for name in sort_dimensions(long_prices)]
        )
    click.echo(f"  {_describe_certainty(quote)}")


def _describe_certainty(quote: PriceQuote) -> str:
    """Say in which hours the prices were seen, and whether the next read had the same."""
    seen = timestamps.format_hour(timestamps.parse_stamp(quote.seen))
    since = timestamps.format_hour(timestamps.parse_stamp(quote.since))
    origin = "" if quote.origin == "live" else f" ({quote.origin})"
    following = "nothing was seen after it"
    if quote.next:
        comparison = "the same" if quote.same else "NOT the same"
        following = f"{comparison} at {_format_next(quote)}"
    start = f"{since} or before" if quote.is_record_start else since
    return f"seen at {seen}{origin}, so since {start}; {following}"


def _format_next(quote: PriceQuote) -> str:
    """Format the hour of the next read; within the hour of the question its minute."""
    hour, started = (timestamps.parse_stamp(str(stamp)) for stamp in (quote.next, quote.next_started))
    return timestamps.format_hour(hour) if hour > quote.at else timestamps.format_moment(started)
