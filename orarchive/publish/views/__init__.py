"""What the pages show, computed from the snapshot, the ledger and the recent changes; here alone is pandas.

"Now" is the hour that the site is built for, never the clock.
"""

import datetime as dt
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import get_args

import pandas as pd

from orarchive.history.coverage import SPANS, Coverage, coverage
from orarchive.history.past import Past, recent
from orarchive.ledger import hour_of
from orarchive.publish.told import HourTold, told
from orarchive.publish.views.hours import Day, Trouble, days, troubles
from orarchive.publish.views.models import ModelView, State, model_views
from orarchive.snapshot import Snapshot

MOST_CHANGES = 250
"""How many of the latest changes the pages know: some weeks of them, read in a few seconds."""

HOME_LINES = 40


@dataclass(frozen=True)
class View:
    """All that the pages show."""

    now: dt.datetime
    """The hour that the site is built for."""
    hour: dt.datetime
    """The last hour of the ledger at or before it."""
    models_hour: dt.datetime | None
    """The last hour in which the models were read."""
    begun: dt.datetime
    """The first hour of the ledger."""
    models: list[ModelView]
    labs: dict[str, int]
    states: dict[str, int]
    """How many models are in a state, the most telling first."""
    totals: dict[str, int]
    coverage: list[Coverage]
    days: list[Day]
    complete: dict[int, int]
    """How many of the last 24 and 168 hours were read completely, all hourly feeds together."""
    troubles: list[Trouble]
    changes: list[HourTold]
    since: dt.datetime
    """The changes that the pages know of go back to this hour."""

    @property
    def home_changes(self) -> Iterator[HourTold]:
        """The latest hours with changes, up to so many lines."""
        left = HOME_LINES
        for one in self.changes:
            if left <= 0:
                return
            yield HourTold(one.hour, one.lines[:left], max(len(one.lines) - left, 0))
            left -= len(one.lines)


def view(found: Past, as_of: dt.datetime | None = None) -> View:
    """All that the pages show, as of an hour (the last one of the ledger if none is given)."""
    hour = hour_of(found.attempts[-1])
    now = as_of or hour
    snapshot = found.archive.snapshot(found.commit)
    latest = recent(found, MOST_CHANGES)
    changes = [
        HourTold(at, told([change for _, change in group]))
        for at, group in groupby(latest, key=lambda pair: pair[0])
    ]
    begun = hour_of(found.attempts[0])
    strip = days(found.attempts, now, begun)
    cells = [cell for day in strip for cell in day.cells if cell is not None]
    models = model_views(found, snapshot, now, changes)
    good = found.good("models")
    counted = _counts(state for one in models for state in one.states)
    return View(
        now=now,
        hour=hour,
        models_hour=good[-1] if good else None,
        begun=begun,
        models=models,
        labs=_counts(one.model.lab for one in models),
        states={word: counted[word] for word in get_args(State) if word in counted},
        totals=_totals(models, snapshot),
        coverage=coverage(found, now),
        days=strip,
        complete={span: cells[-span:].count("good") for span in SPANS},
        troubles=list(troubles(found.attempts)),
        changes=[one for one in changes if one.lines],
        since=changes[-1].hour if len(latest) >= MOST_CHANGES else begun,
    )


def _counts(values: Iterable[str]) -> dict[str, int]:
    """How often each value occurs, by name."""
    counted = pd.Series(list(values), dtype="object").value_counts()
    return {str(name): int(counted[name]) for name in sorted(counted.index)}


def _totals(models: list[ModelView], snapshot: Snapshot) -> dict[str, int]:
    return {
        "models": len(models),
        "served": sum(bool(one.endpoints) for one in models),
        "free": sum(one.is_free and not one.model.is_alias for one in models),
        "endpoints": sum(len(one.endpoints) for one in models),
        "providers": len(snapshot["providers"]),
        "zdr": len(snapshot["zdr"]),
    }
