"""The command `cost`: what a usage cost at a time."""

import datetime as dt
import sys
from pathlib import Path
from typing import IO

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
from orarchive.domain.prices import format_dollars, format_price
from orarchive.domain.token_usage import Usage, read_usage
from orarchive.errors import ArchiveError, NotArchivedError, NotJSON
from orarchive.index.database import open_index
from orarchive.jsonl import loads
from orarchive.queries.cost import Cost, find_costs
from orarchive.store.archive import Archive

CountOption = click.IntRange(min=0)


@click.command("cost")
@with_archive
@click.argument("model", shell_complete=complete_models)
@click.option(
    "--usage",
    "usage_file",
    type=click.File("rb"),
    help="A usage object of the API, or a response with one; - is standard input.",
)
@click.option("--input", "prompt", type=CountOption, help="Prompt tokens, cached ones included.")
@click.option("--output", "completion", type=CountOption, help="Completion tokens, reasoning included.")
@click.option("--cached", type=CountOption, help="Prompt tokens that were read from the cache.")
@at_option
@click.option("--provider", help="Use the prices of the endpoints of this provider: a slug, a tag or a name.")
@cache_option
@json_option
def cost_command(
    archive: Archive,
    model: str,
    usage_file: IO[bytes] | None,
    prompt: int | None,
    completion: int | None,
    cached: int | None,
    time: str | None,
    provider: str | None,
    cache: Path | None,
    as_json: bool,
) -> None:
    """Print what a usage of MODEL cost at a time: each part with its rate, and the exact sum.

    Cached tokens are counted within --input, reasoning tokens within --output. Exit 1 where a part has no
    price.
    """
    counts = {"--input": prompt, "--output": completion, "--cached": cached}
    usage = _read_usage(usage_file, {name: count for name, count in counts.items() if count is not None})
    at = timestamps.parse_moment(time) if time is not None else None
    if at and timestamps.is_date(time or ""):
        print_note(f"{time} means its last hour, {timestamps.format_hour(at)}")
    with open_index(archive, cache, progress=is_progress_shown()) as db:
        costs = find_costs(db, find_model_id(db, model), usage, at, provider)
    if as_json:
        print_json({"model": model, "costs": [cost.to_json() for cost in costs]})
    else:
        for cost in costs:
            _print_cost(cost)
    if any(cost.unpriced for cost in costs):
        sys.exit(NotArchivedError.exit_code)


def _read_usage(usage_file: IO[bytes] | None, counts: dict[str, int]) -> Usage:
    """Return the usage in a file or of options; raise ArchiveError where there is neither, or are both."""
    if (usage_file is None) == (not counts):
        msg = "say what was used: --usage FILE (a usage object of the API), or --input, --output and --cached"
        raise ArchiveError(msg)
    if usage_file is None:
        if counts.get("--cached", 0) > counts.get("--input", 0):
            msg = "--cached is more than --input: cached tokens are part of the prompt's"
            raise ArchiveError(msg)
        details = {"cached_tokens": counts.get("--cached", 0)}
        return read_usage(
            {
                "prompt_tokens": counts.get("--input", 0),
                "completion_tokens": counts.get("--output", 0),
                "prompt_tokens_details": details,
            }
        )
    try:
        return read_usage(loads(usage_file.read()))
    except NotJSON as error:
        msg = f"the usage object is no JSON: {error}"
        raise ArchiveError(msg) from error


def _print_cost(cost: Cost) -> None:
    alias = f", to which {cost.model} pointed," if cost.target else ""
    click.echo(blank_unprintable(f"{cost.key}{alias} at {timestamps.format_moment(cost.at)}"))
    rows = [
        (
            f"  {part.count:,} {part.name}",
            "no listed price" if part.rate is None else format_price(part.dimension, part.rate),
            "" if part.amount is None else format_dollars(part.amount),
            part.reason,
        )
        for part in cost.parts
    ]
    sum_name = "total" if cost.total is not None else "total without the parts that have no listed price"
    print_table([*rows, (f"  {sum_name}", "", format_dollars(cost.priced), "")])
    seen = timestamps.parse_stamp(cost.seen)
    if cost.at - seen >= dt.timedelta(hours=1):
        click.echo(f"  prices of {timestamps.format_hour(seen)}, the last reading before that time")
    if cost.charged is not None:
        click.echo(f"  OpenRouter charged {format_dollars(cost.charged)}, by the usage object")
    for note in cost.notes:
        click.echo(blank_unprintable(f"  {note}"))
