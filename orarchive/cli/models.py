"""The command `models`: list and search the models."""

import sys
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import click

from orarchive.catalog.candidates import Candidate
from orarchive.catalog.filters import Filter, Selection, search_text, select_candidates
from orarchive.catalog.model_info import ModelInfo
from orarchive.cli.catalog_options import EXIT_NOTHING_FITS, filter_options, list_conditions, open_catalog
from orarchive.cli.options import (
    at_option,
    cache_option,
    json_option,
    print_json,
    print_note,
    print_table,
    with_archive,
)
from orarchive.domain.prices import format_price
from orarchive.jsonl import Record
from orarchive.store.archive import Archive
from orarchive.timestamps import format_stamp

SORTS: dict[str, tuple[Callable[[Candidate], Any], bool]] = {
    "id": (lambda candidate: candidate.info.id, False),
    "price": (lambda candidate: candidate.info.price_class.blended, False),
    "context": (lambda candidate: candidate.info.served_context or candidate.info.context, True),
    "created": (lambda candidate: candidate.info.created, True),
    "first-seen": (lambda candidate: candidate.info.first_seen, True),
    "last-seen": (lambda candidate: candidate.info.last_seen, True),
    "use": (lambda candidate: candidate.model.rank, False),
}
"""Name of an order -> what is compared, and whether the highest comes first."""


@click.command("models")
@with_archive
@click.argument("words", metavar="[TEXT]...", nargs=-1)
@filter_options
@click.option("--gone", is_flag=True, help="List models that left the list, instead of those in it.")
@click.option("--sort", type=click.Choice(list(SORTS)), help="Default: id; with --gone: last-seen.")
@click.option("--limit", type=click.IntRange(min=1), help="Show at most this many; default: all.")
@at_option
@cache_option
@json_option
def models_command(
    archive: Archive,
    words: tuple[str, ...],
    model_filter: Filter,
    gone: bool,
    sort: str | None,
    limit: int | None,
    time: str | None,
    cache: Path | None,
    as_json: bool,
) -> None:
    """List the models that have every word of TEXT in their id, name, lab or family and meet all conditions.

    One endpoint of a model must meet all conditions. Exit 1 where nothing fits.
    """
    text = " ".join(words)
    with open_catalog(archive, cache, time) as catalog:
        matches = search_text((info for info in catalog.models.values() if info.is_listed != gone), text)
        models = [catalog.source.models[info.id] for info in matches]
        candidates = [
            Candidate(info, model, model.endpoints) for info, model in zip(matches, models, strict=True)
        ]
        selection = select_candidates(candidates, list_conditions(model_filter, catalog))
    rows = _sort(selection, sort or ("last-seen" if gone else "id"))[:limit]
    if as_json:
        print_json(
            {
                "hour": format_stamp(catalog.hour),
                "fitting": len(selection.candidates),
                "excluded": dict(selection.excluded),
                "models": [describe_model(row) for row in rows],
            }
        )
    elif rows:
        print_table([_HEADING, *map(_format_row, rows)])
        if sort and all(SORTS[sort][0](row) is None for row in rows):
            print_note(f"the {sort} of none of them is on record: they are in the order of ids")
    else:
        print_note(_explain_nothing(selection, text, gone))
    sys.exit(0 if rows else EXIT_NOTHING_FITS)


def _explain_nothing(selection: Selection, text: str, gone: bool) -> str:
    if selection.total:
        return f"Nothing fits: {selection.describe_excluded()}"
    state = "left the list" if gone else "is listed"
    return (
        f"No model that {state} has {text!r} in its id, name, lab or family" if text else f"No model {state}"
    )


def _sort(selection: Selection, name: str) -> list[Candidate]:
    """Return the candidates in an order, of equal ones by id; those without the value come last."""
    read, is_highest_first = SORTS[name]
    rows = sorted(selection.candidates, key=lambda candidate: candidate.info.id)
    with_value = [row for row in rows if read(row) is not None]
    without_value = [row for row in rows if read(row) is None]
    return sorted(with_value, key=read, reverse=is_highest_first) + without_value


def describe_model(candidate: Candidate) -> Record:
    """Return what the catalogue says of a model as a JSON object; `endpoints` are those that fit."""
    info = candidate.info
    return {
        "id": info.id,
        "name": info.name,
        "lab": info.lab,
        "family": info.family.name,
        "state": info.state,
        "first_seen": format_stamp(info.first_seen),
        "last_seen": format_stamp(info.last_seen) if info.last_seen else None,
        "created": format_stamp(info.created) if info.created else None,
        "expires": info.expires.isoformat() if info.expires else None,
        "context": info.context,
        "served_context": info.served_context,
        "max_output": info.max_output,
        "inputs": list(info.inputs),
        "outputs": list(info.outputs),
        "prices": {name: f"{price:f}" for name, price in sorted(info.prices.items())},
        "tier": info.price_class.tier,
        "outside_tiers": info.price_class.outside or None,
        "blended": _format_amount(info.price_class.blended),
        "alias_target": info.alias_target,
        "rank": candidate.model.rank,
        "open_weights": info.open_weights.value,
        "flags": {
            name: {
                "value": flag.value,
                "source": flag.source,
                "evidence": flag.evidence,
                "endpoints": flag.endpoints,
            }
            for name, flag in info.flags.items()
        },
        "endpoints": [endpoint.key.text for endpoint in candidate.endpoints],
    }


_HEADING = ("id", "input", "output", "context", "price class", "seen")


def _format_row(candidate: Candidate) -> tuple[str, ...]:
    info = candidate.info
    prices = (format_price(name, info.prices.get(name)) for name in ("prompt", "completion"))
    context = info.served_context or info.context
    return (
        info.id,
        *prices,
        f"{context:,}" if context else "",
        info.price_class.tier or info.price_class.outside,
        _format_seen(info),
    )


def _format_seen(info: ModelInfo) -> str:
    if info.last_seen:
        return f"until {info.last_seen:%Y-%m-%d}"
    return f"expires {info.expires}" if info.expires else f"since {info.first_seen:%Y-%m-%d}"


def _format_amount(amount: Decimal | None) -> str | None:
    return None if amount is None else f"{amount.normalize():f}"
