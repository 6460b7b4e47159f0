"""What the pages show of models: state, endpoints by price, conditions, relatives and changes."""

import datetime as dt
from collections import defaultdict
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

import pandas as pd

from orarchive import ledger
from orarchive.feeds import ENDPOINTS, MODELS
from orarchive.history.past import Past
from orarchive.jsonl import Record, read_lines
from orarchive.ledger import Attempt, hour_of, outcome
from orarchive.prices import CONDITIONS, clock_keys, rates
from orarchive.publish.told import HourTold, Told
from orarchive.records import Endpoint, Model, integer, part, text, texts
from orarchive.snapshot import Snapshot, rows

NEW = dt.timedelta(days=7)
"""How long a model is called new."""

State = Literal["new", "expiring", "orphaned", "alias", "router", "kept", "live"]


@dataclass(frozen=True)
class Condition:
    """A row of a price schedule: when it holds, and its prices by dimension."""

    over: int | None
    """Prompts of more tokens than this."""
    window: str | None
    """Times of day, UTC."""
    days: list[str]
    other: list[str]
    """Members that are neither a known condition nor a price: an entry with any is not understood."""
    prices: dict[str, Decimal]


@dataclass(frozen=True)
class ModelView:
    """All that is known of one model."""

    model: Model
    record: Record
    states: list[State]
    endpoints: list[Endpoint]
    lowest: dict[str, Decimal]
    """Lowest price by dimension, where its endpoints differ."""
    kept: str | None
    """Why its endpoints were not read in the last hour; None if they were."""
    elsewhere: bool
    """Whether it has prices that only the image or video feeds know."""
    conditions: list[Condition]
    clock: set[str]
    """The price dimensions that follow the clock."""
    description: str | None
    related: list[str]
    """Ids of its variants, its base and the aliases that point at it."""
    changes: list[HourTold]

    @property
    def is_free(self) -> bool:
        """Whether it costs nothing at all."""
        return self.model.is_free and not self.elsewhere


def model_views(
    found: Past, snapshot: Snapshot, now: dt.datetime, changes: list[HourTold]
) -> list[ModelView]:
    models = [Model.from_record(record) for record in snapshot["models"].values()]
    endpoints = _endpoints(snapshot)
    asked_for = [model.id for model in models if not model.is_alias and not model.is_router]
    kept = _kept(found.attempts, asked_for)
    kept |= {one: "not asked yet" for one in asked_for if (one,) not in snapshot["endpoints"]}
    before = _before(found, now - NEW)
    news = _news(changes)
    elsewhere = {key for feed in ("images", "videos") for (key,) in snapshot[feed]}
    related = _related(models)
    views = []
    for model in models:
        record = snapshot["models"][model.id,]
        asked = snapshot["endpoints"].get((model.id,), {})
        offers = endpoints.get(model.id, [])
        views.append(
            ModelView(
                model=model,
                record=record,
                states=_states(model, offers, now.date(), model.id in kept, _is_new(model, before)),
                endpoints=offers,
                lowest=_lowest(offers),
                kept=kept.get(model.id),
                elsewhere=model.id in elsewhere,
                conditions=[_condition(entry) for entry in model.schedule],
                clock=clock_keys(record.get("pricing")),
                # the list cuts descriptions short, the endpoints' envelope has them whole
                description=text(part(asked, "data").get("description")) or model.description,
                related=related.get(model.id, []),
                changes=news.get(model.id, []),
            )
        )
    return sorted(views, key=lambda one: (one.model.is_alias, one.model.id))


def _endpoints(snapshot: Snapshot) -> dict[str, list[Endpoint]]:
    """Endpoints by the model asked, cheapest first; those without a price last."""
    found = [
        Endpoint.from_record(model, n, record)
        for (model, _, n), record in rows(ENDPOINTS, snapshot["endpoints"]).items()
    ]
    if not found:
        return {}
    frame = pd.DataFrame(
        {
            "endpoint": found,
            "model": [one.model for one in found],
            "input": [_sortable(one.prices.get("prompt")) for one in found],
            "output": [_sortable(one.prices.get("completion")) for one in found],
            "tag": [one.tag for one in found],
            "n": [one.n for one in found],
        }
    ).sort_values(["model", "input", "output", "tag", "n"], kind="stable")
    return {str(model): list(group["endpoint"]) for model, group in frame.groupby("model", sort=False)}


def _sortable(price: Decimal | None) -> float:
    """A price to sort by, never to show."""
    return float(price) if price is not None and price >= 0 else float("inf")


def _lowest(offers: list[Endpoint]) -> dict[str, Decimal]:
    found = {}
    for name in ("prompt", "completion"):
        prices = {price for one in offers if (price := one.prices.get(name, Decimal(-1))) >= 0}
        if len(prices) > 1:
            found[name] = min(prices)
    return found


def _kept(attempts: list[Attempt], ids: list[str]) -> dict[str, str]:
    """The models whose endpoints were not read in the last hour, with the reason."""
    last = hour_of(attempts[-1])
    asked = [one for one in attempts[-50:] if hour_of(one) == last and outcome(one, "endpoints") != "not-due"]
    had = [one for one in asked if outcome(one, "endpoints") in ("ok", "partial")]
    if had:
        return ledger.kept(had[-1], "endpoints")
    reasons = ", ".join(asked[-1]["feeds"]["endpoints"].get("reasons", [])) if asked else "not asked"
    return dict.fromkeys(ids, reasons or "failed")


@dataclass(frozen=True)
class Before:
    """The model ids at an hour a week ago, or at the first hour with any."""

    hour: dt.datetime
    ids: set[str]
    first: bool
    """Whether nothing was recorded before."""


def _before(found: Past, moment: dt.datetime) -> Before | None:
    """What was listed at the last hour up to a moment; without one, at the first hour that lists any."""
    path = f"{MODELS.folder}/{MODELS.base_file}.jsonl"
    commits = list(found.commits())
    older = [one for one in commits if one[1] <= moment]
    for commit, hour in older[:1] or reversed(commits):
        if data := found.archive.files(commit, [path]).get(path):
            ids = {record["id"] for record in read_lines(data, path)}
            return Before(hour, ids, first=not older)
    return None


def _is_new(model: Model, before: Before | None) -> bool:
    """Whether a model was first seen after `before`, as far as that can be known without all of history.

    It was not listed then. In an archive that is older it may have been listed earlier still (one in six
    vanished models comes back), unless OpenRouter created it later than that.
    """
    if before is None or model.id in before.ids:
        return False
    return before.first or (model.created is not None and model.created > before.hour)


def _states(model: Model, offers: list[Endpoint], today: dt.date, kept: bool, is_new: bool) -> list[State]:
    """The words for a model's state, the most telling first; a date that is over says nothing of it."""
    bare = not offers and not model.is_alias and not model.is_router and not kept
    found: list[tuple[State, bool]] = [
        ("new", is_new),
        ("expiring", model.expires is not None and model.expires >= today),
        ("orphaned", bare),
        ("alias", model.is_alias),
        ("router", model.is_router),
        ("kept", kept),
    ]
    return [word for word, holds in found if holds] or ["live"]


def _condition(entry: Record) -> Condition:
    """One entry of a price schedule."""
    prices = rates(entry)
    days = entry.get("utc_days")
    start, end = integer(entry.get("utc_start")), integer(entry.get("utc_end"))
    return Condition(
        over=integer(entry.get("min_prompt_tokens")),
        window=f"{_clock(start)}–{_clock(end)}" if start is not None and end is not None else None,
        days=[day.capitalize() for day in texts(days)],
        other=sorted(entry.keys() - prices.keys() - set(CONDITIONS)),
        prices=prices,
    )


def _clock(hhmm: int) -> str:
    """A time of day that is sent as a number: 30 is 00:30, 1000 is 10:00."""
    return f"{hhmm // 100:02}:{hhmm % 100:02}"


def _related(models: list[Model]) -> dict[str, list[str]]:
    """For each model the other variants of it, and the aliases that point at it."""
    families: dict[str, list[str]] = defaultdict(list)
    for model in models:
        families[model.id.partition(":")[0]].append(model.id)
    found = {
        model.id: [one for one in families[model.id.partition(":")[0]] if one != model.id] for model in models
    }
    for model in models:
        if model.alias_target in found:
            found[model.alias_target].append(model.id)
    return found


def _news(changes: list[HourTold]) -> dict[str, list[HourTold]]:
    """The changes of each model, newest hour first."""
    found: dict[str, list[HourTold]] = defaultdict(list)
    for one in changes:
        by_model: dict[str, list[Told]] = defaultdict(list)
        for line in one.lines:
            if line.model:
                by_model[line.model].append(line)
        for model, lines in by_model.items():
            found[model].append(HourTold(one.hour, lines))
    return found
