"""The command `pick`: the best models for a need."""

import sys
from pathlib import Path

import click

from orarchive.catalog.catalog import Catalog
from orarchive.catalog.filters import Filter
from orarchive.catalog.shortlists import Entry, Ranking, list_entries, load_needs, rank_candidates
from orarchive.cli.catalog_options import (
    EXIT_NOTHING_FITS,
    benchmarks_option,
    filter_options,
    list_conditions,
    open_catalog,
)
from orarchive.cli.options import at_option, cache_option, json_option, print_json, print_note, with_archive
from orarchive.domain.foreign_text import blank_unprintable
from orarchive.store.archive import Archive
from orarchive.timestamps import format_hour, format_stamp


@click.command("pick")
@with_archive
@click.argument("need", type=click.Choice(list(load_needs())), default="general", metavar="[NEED]")
@filter_options
@click.option(
    "--limit", type=click.IntRange(min=1), default=5, show_default=True, help="Show at most this many."
)
@at_option
@benchmarks_option
@cache_option
@json_option
def pick_command(
    archive: Archive,
    need: str,
    model_filter: Filter,
    limit: int,
    time: str | None,
    benchmarks: bool,
    cache: Path | None,
    as_json: bool,
) -> None:
    """Print the best models for a NEED that meet every condition, with the reasons.

    NEED is coding, reasoning, general (the default), fast-and-cheap, vision or image-generation. One endpoint
    of a model must meet all conditions. The score is that of the shortlists, 1 at best. Exit 1 where nothing
    fits.
    """
    with open_catalog(archive, cache, time, benchmarks) as catalog:
        conditions = list_conditions(model_filter, catalog)
        ranking = rank_candidates(load_needs()[need], catalog.candidates, conditions)
    entries = list_entries(ranking)[:limit]
    if as_json:
        print_json(_describe(catalog, ranking, entries))
    elif entries:
        _print_entries(catalog, ranking, entries)
    else:
        print_note(f"{_explain_nothing(ranking)}{_describe_unranked(ranking)}")
    sys.exit(0 if entries else EXIT_NOTHING_FITS)


def _describe(catalog: Catalog, ranking: Ranking, entries: list[Entry]) -> dict[str, object]:
    quality = ranking.quality
    return {
        "hour": format_stamp(catalog.hour),
        "need": ranking.need.name,
        "quality": quality.name if quality else None,
        "quality_source": quality.source if quality else None,
        "models": ranking.selection.total,
        "fitting": len(ranking.scored),
        "unranked": list(ranking.unranked),
        "excluded": dict(ranking.selection.excluded),
        "picks": [entry.to_json() for entry in entries],
    }


def _print_entries(catalog: Catalog, ranking: Ranking, entries: list[Entry]) -> None:
    click.echo(
        f"{ranking.need.title}: {len(entries)} of {len(ranking.scored)} models that fit, "
        f"at {format_hour(catalog.hour)}{_describe_unranked(ranking)}"
    )
    for entry in entries:
        candidate = entry.candidate
        click.echo(blank_unprintable(f"{entry.score.value}  {candidate.info.id}"))
        if len(candidate.endpoints) < len(candidate.model.endpoints):
            labels = ", ".join(endpoint.key.label for endpoint in candidate.endpoints)
            click.echo(blank_unprintable(f"        only at {labels}"))
        for reason in entry.reasons:
            click.echo(blank_unprintable(f"        {reason}"))
    if ranking.quality:
        click.echo(f"Quality: {ranking.quality.title}. Source: {ranking.quality.source}")
    else:
        click.echo("The quality of no model is known at this hour: the other parts alone decide")


def _explain_nothing(ranking: Ranking) -> str:
    if ranking.unranked:
        return "Nothing that fits can be ranked"
    return f"Nothing fits: {ranking.selection.describe_excluded()}"


def _describe_unranked(ranking: Ranking) -> str:
    """Name the number of models that meet the conditions and have nothing to be ranked by."""
    count = len(ranking.unranked)
    missing = "whose quality is not known" if ranking.quality else "of which no part of the score is known"
    return f"; left out: {count} {missing}" if count else ""
