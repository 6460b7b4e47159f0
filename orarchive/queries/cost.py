"""What a usage cost at a time: at the prices of a model, of what an alias pointed at, or of a provider."""

import datetime as dt
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from orarchive.domain.cost import CostPart, add_amounts, list_cost_parts
from orarchive.domain.prices import get_prices_at, is_dynamic, is_zero, read_schedule
from orarchive.domain.records import Model, get_alias_target
from orarchive.domain.token_usage import Usage
from orarchive.errors import NotArchivedError
from orarchive.index.sql_values import escape_surrogates
from orarchive.jsonl import Record
from orarchive.queries.price import IndexLines, LineReader, PriceQuote, find_quotes, find_reads_around
from orarchive.queries.reads import ReadLog
from orarchive.timestamps import format_moment, format_stamp, parse_stamp


@dataclass(frozen=True)
class Cost:
    """What a usage cost at a time, part by part."""

    model: str
    """The id that was asked for."""
    target: str | None
    """The model that it pointed at then, if it was an alias of OpenRouter's."""
    key: str
    """What the prices are of: the id of a model, or the key of an endpoint, `openai/gpt-x@azure/eu`."""
    at: dt.datetime
    seen: str
    """Hour of the read that the prices are of; `orarchive price` says how sure they are."""
    parts: tuple[CostPart, ...]
    charged: Decimal | None
    """What the usage object says that OpenRouter charged."""
    notes: tuple[str, ...]
    """What the usage object says that the listed prices do not cover."""

    @property
    def priced(self) -> Decimal:
        """Return the sum of the parts whose price is listed, in USD."""
        return add_amounts(self.parts)

    @property
    def unpriced(self) -> tuple[CostPart, ...]:
        """Return the parts whose price is not listed."""
        return tuple(part for part in self.parts if part.rate is None)

    @property
    def total(self) -> Decimal | None:
        """Return what the usage cost, in USD; None where a part has no listed price."""
        return None if self.unpriced else self.priced

    def to_json(self) -> Record:
        """Return all members as a JSON object, amounts as decimal strings."""
        return {
            "model": self.model,
            "target": self.target,
            "key": self.key,
            "at": format_stamp(self.at),
            "seen": self.seen,
            "parts": [
                {
                    "name": part.name,
                    "count": part.count,
                    "dimension": part.dimension or None,
                    "rate": _format(part.rate),
                    "amount": _format(part.amount),
                    "reason": part.reason,
                }
                for part in self.parts
            ],
            "priced": _format(self.priced),
            "total": _format(self.total),
            "charged": _format(self.charged),
            "notes": list(self.notes),
        }


def _format(amount: Decimal | None) -> str | None:
    return None if amount is None else f"{amount:f}"


def find_costs(
    db: sqlite3.Connection,
    model: str,
    usage: Usage,
    at: dt.datetime | None = None,
    provider: str | None = None,
    lines: LineReader | None = None,
) -> list[Cost]:
    """Return what a usage cost at a time, with a provider at each of its endpoints for the model.

    Arguments and errors are those of `find_quotes`. An alias costs what the model cost that it pointed at
    then. Raise NotArchivedError for a router, and for a model that is not charged by the token and has no
    other price in the list.
    """
    lines = lines or IndexLines(db)
    read, _ = find_reads_around(ReadLog(db, "models"), at)
    hour = read.hour if read else ""
    target = _find_target(lines, model, hour)
    quotes = find_quotes(db, target, at, provider, lines)
    facts = lines.read_facts(escape_surrogates(target), hour)
    return [
        Cost(
            model=model,
            target=target if target != model else None,
            key=quote.key,
            at=quote.at,
            seen=quote.seen,
            parts=tuple(
                list_cost_parts(
                    _check_pricing(quote, target, facts), quote.at, usage, parse_stamp(quote.seen_started)
                )
            ),
            charged=usage.charged,
            notes=usage.notes,
        )
        for quote in quotes
    ]


def _find_target(lines: LineReader, model: str, hour: str) -> str:
    """Return the model that an alias pointed at in an hour, over further aliases; any other model itself."""
    visited = [model]
    while True:
        facts = lines.read_facts(escape_surrogates(visited[-1]), hour)
        target = get_alias_target(facts.get("alias_target"))
        if target is None:
            return visited[-1]
        if target in visited:
            msg = f"{model} is an alias that points at itself: {' -> '.join([*visited, target])}"
            raise NotArchivedError(msg)
        visited.append(target)


def _check_pricing(quote: PriceQuote, model: str, facts: Mapping[str, object]) -> Record:
    """Return the price object of a quote; raise NotArchivedError where it does not say what a usage costs."""
    prices = {name: price for name, (price, _) in get_prices_at(quote.pricing, quote.at).items()}
    if is_dynamic(prices.get("prompt")) or is_dynamic(prices.get("completion")):
        msg = (
            f"{quote.key} has no price of its own at {format_moment(quote.at)} (-1): it passes requests on to"
            " other models; ask for the one that answered, which the response names as its `model`"
        )
        raise NotArchivedError(msg)
    record = Model.from_record({**facts, "id": model, "pricing": quote.pricing}, quote.at)
    if is_zero(prices, read_schedule(quote.pricing)) and not record.is_charged_by_token:
        msg = (
            f"{model} is not charged by the token, but by what it makes ({', '.join(record.outputs)}),"
            " and the list has no price for that"
        )
        raise NotArchivedError(msg)
    return quote.pricing
