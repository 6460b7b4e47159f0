"""What commands of the catalogue share: options that filter models, and the catalogue of a time."""

import functools
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import click

from orarchive import timestamps
from orarchive.catalog.catalog import Catalog, build_catalog
from orarchive.catalog.filters import Condition, Filter
from orarchive.catalog.model_info import OPEN_WEIGHTS
from orarchive.cli.options import is_progress_shown
from orarchive.domain.prices import parse_price
from orarchive.domain.records import as_text
from orarchive.index.database import open_index
from orarchive.queries.suggestions import raise_not_found
from orarchive.store.archive import Archive

EXIT_NOTHING_FITS = 1

benchmarks_option = click.option(
    "--benchmarks/--no-benchmarks",
    default=True,
    envvar="ARCHIVE_BENCHMARKS",
    help="Rank by third-party benchmarks where there are any; else by OpenRouter's order by use.",
)

FLAG_OPTIONS = {"tools": "tools", "json_schema": "json_schema", "vision": "vision", "zdr": "zdr"}
"""Name of an option -> the flag that it asks for."""


def _lower_all(_: click.Context, __: click.Parameter, names: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(name.lower() for name in names)


def _parse_percent(context: click.Context, parameter: click.Parameter, text: str | None) -> Decimal | None:
    """Return a percentage exactly as typed; raise BadParameter where it is none."""
    percent = _parse_amount(context, parameter, text)
    if percent is not None and percent > 100:
        msg = f"{text!r} is more than 100 percent"
        raise click.BadParameter(msg)
    return percent


def _parse_amount(_: click.Context, __: click.Parameter, text: str | None) -> Decimal | None:
    """Return a number exactly as typed; raise BadParameter where it is none, or negative."""
    amount = None if text is None else parse_price(text)
    if text is not None and (amount is None or amount < 0):
        msg = f"{text!r} is not a number of 0 or more"
        raise click.BadParameter(msg)
    return amount


OPTIONS = (
    click.option("--tools", is_flag=True, help="It accepts tools."),
    click.option("--json-schema", is_flag=True, help="It accepts a JSON schema for its answer."),
    click.option("--vision", is_flag=True, help="It reads images."),
    click.option(
        "--input",
        "inputs",
        multiple=True,
        callback=_lower_all,
        metavar="MODALITY",
        help="It reads text, image, audio, video or file.",
    ),
    click.option(
        "--output",
        "outputs",
        multiple=True,
        callback=_lower_all,
        metavar="MODALITY",
        help="It gives text, image, audio and so on.",
    ),
    click.option(
        "--context", type=click.IntRange(min=1), metavar="TOKENS", help="Its context is at least this."
    ),
    click.option(
        "--max-price",
        callback=_parse_amount,
        metavar="USD",
        help="A million tokens of input cost at most this.",
    ),
    click.option("--free", is_flag=True, help="It costs nothing."),
    click.option("--zdr", is_flag=True, help="OpenRouter lists an endpoint of it under zero data retention."),
    click.option(
        "--provider",
        "providers",
        multiple=True,
        help="It is served by this provider: a slug, a tag or a name; several mean any.",
    ),
    click.option(
        "--country",
        "countries",
        multiple=True,
        metavar="CODE",
        help="Country of the provider's headquarters, such as US; several mean any.",
    ),
    click.option(
        "--min-uptime",
        callback=_parse_percent,
        metavar="PERCENT",
        help="Its mean uptime of the last 30 days is at least this.",
    ),
    click.option("--open-weights", is_flag=True, help="Its weights are published."),
)


def filter_options(command: Callable[..., None]) -> Callable[..., None]:
    """Add the options that filter models, and pass them to a command as one `Filter`, `model_filter`."""

    @functools.wraps(command)
    def with_filter(archive: Archive, **options: Any) -> None:
        flags = [flag for name, flag in FLAG_OPTIONS.items() if options.pop(name)]
        if options.pop("open_weights"):
            flags.append(OPEN_WEIGHTS)
        model_filter = Filter(
            flags=tuple(flags),
            is_free=options.pop("free"),
            **{
                name: options.pop(name)
                for name in (
                    *("inputs", "outputs", "context", "max_price"),
                    *("providers", "countries", "min_uptime"),
                )
            },
        )
        command(archive, model_filter=model_filter, **options)

    for option in reversed(OPTIONS):
        with_filter = option(with_filter)
    return with_filter


def list_conditions(model_filter: Filter, catalog: Catalog) -> list[Condition]:
    """List the conditions of a filter; raise UnknownError for a provider or country that the hour has not."""
    providers = catalog.source.providers
    endpoints = [endpoint for model in catalog.source.listed.values() for endpoint in model.endpoints]
    labels = {label for endpoint in endpoints for label in endpoint.labels}
    _refuse_unknown("provider", model_filter.providers, {*providers, *labels})
    codes = {as_text(provider.get("headquarters")) for provider in providers.values()}
    _refuse_unknown("country of a provider", model_filter.countries, codes)
    return model_filter.list_conditions(providers)


def _refuse_unknown(subject: str, names: Iterable[str], candidates: Iterable[str | None]) -> None:
    """Raise UnknownError for the first name that is none of the candidates; case does not count."""
    known_names = {name for name in candidates if name}
    lower_names = {name.lower() for name in known_names}
    for name in names:
        if name.lower() not in lower_names:
            raise_not_found(subject, name, known_names, few=True)


@contextmanager
def open_catalog(
    archive: Archive, cache: Path | None, time: str | None, benchmarks: bool = True
) -> Iterator[Catalog]:
    """Yield the catalogue of a time as typed, by default of the last hour."""
    at = timestamps.parse_moment(time) if time is not None else None
    with open_index(archive, cache, progress=is_progress_shown()) as db:
        yield build_catalog(db, at, benchmarks=benchmarks, archive=archive)
