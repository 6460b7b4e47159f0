"""The contexts of the pages, computed from the dataset; pandas is used in `usage` alone.

`View` holds what several pages and the machine surface share. The context of each page is a dataclass:
`model_page.ModelPage` is that of `model.html`. The modules named `..._page` hold the context of a page, or of
a list and of the page of each entry; `graveyard`, `home` and `reference` hold those of the remaining pages.
"Now" is the hour that the site is built for, never the time at which it is built.
"""

import datetime as dt
import sqlite3
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property

from orarchive.catalog.catalog import Catalog, make_empty_catalog, read_catalog
from orarchive.history.coverage import SPANS_HOURS, Coverage, Gap, compute_coverage, find_gaps
from orarchive.index.event_log import EventRow
from orarchive.index.health import DEGRADED_HOURS, is_doubted
from orarchive.publish.change_groups import MAX_USED_MODELS, MIN_LAB_MODELS, Importance
from orarchive.publish.changelog import ChangelogHour, build_changelog
from orarchive.publish.charts.steps import MAX_GAP
from orarchive.publish.dataset import Dataset
from orarchive.publish.dataset_reader import read_dataset
from orarchive.publish.event_groups import select_shown, split_hours
from orarchive.publish.views.graveyard import Grave, list_graves
from orarchive.publish.views.labs_providers import (
    LabView,
    ProviderView,
    build_lab_views,
    build_provider_views,
)
from orarchive.publish.views.models import ModelView, build_model_views
from orarchive.publish.views.moves import PriceMove, list_moves
from orarchive.publish.views.rankings import Rankings
from orarchive.publish.views.status import LastRun, list_complete_hours, summarize_last_run
from orarchive.timestamps import HOUR


@dataclass(frozen=True)
class View:
    """The dataset as of an hour, with the values that several pages and the machine surface share."""

    dataset: Dataset
    now: dt.datetime
    """The hour that the site is built for."""
    models: list[ModelView]
    """All models ever listed."""
    catalog: Catalog
    """What the records mean."""
    is_past: bool = False
    """Whether `now` is a past hour that somebody chose."""
    _hours: dict[str, list[ChangelogHour]] = field(default_factory=dict, repr=False)
    """The changes of the hours that were read so far."""
    _moves: dict[dt.timedelta, list[PriceMove]] = field(default_factory=dict, repr=False)
    """The moves of prices within the spans that were asked for so far."""

    @property
    def hour(self) -> dt.datetime:
        """Return the last hour of the record at or before `now`."""
        return self.dataset.hour

    @cached_property
    def listed_models(self) -> list[ModelView]:
        """Return the models that are listed."""
        return [model for model in self.models if model.is_there]

    @cached_property
    def gone_models(self) -> list[ModelView]:
        """Return the models that are no longer listed."""
        return [model for model in self.models if not model.is_there]

    @property
    def models_hour(self) -> dt.datetime:
        """Return the last hour in which the models were read, `now` if they never were."""
        good = self.dataset.good_hours["models"]
        return good[-1] if good else self.now

    @cached_property
    def totals(self) -> dict[str, int]:
        """Count the models, endpoints, providers and ZDR rows listed now, and the models ever seen."""
        current = Counter(
            feed
            for feed, entries in self.dataset.entries.items()
            for entry in entries.values()
            if entry.last is None
        )
        return {
            "models": len(self.listed_models),
            "served": sum(bool(model.endpoints) for model in self.listed_models),
            "free": sum(model.is_free and not model.model.is_alias for model in self.listed_models),
            "ever": len(self.models),
            "endpoints": current["endpoints"],
            "providers": current["providers"],
            "zdr": current["zdr"],
        }

    @cached_property
    def is_endpoints_doubted(self) -> bool:
        """Return whether so many listed models are without endpoints that the list of these is in doubt."""
        needing = [view for view in self.listed_models if not (view.model.is_alias or view.model.is_router)]
        return is_doubted(sum(not view.endpoints for view in needing), len(needing))

    @cached_property
    def is_health_known(self) -> bool:
        """Return whether so many of the last 24 hours were read that an endpoint can have become degraded."""
        hours = self.dataset.good_hours["endpoints"]
        return sum(hour > self.now - 24 * HOUR for hour in hours) >= DEGRADED_HOURS

    @cached_property
    def coverage(self) -> list[Coverage]:
        """Return the good and the possible hours of each feed among the last 24, 168 and 720."""
        last_requests = {reading.feed: reading.hour for reading in self.dataset.readings}
        return compute_coverage(self.dataset.complete_hours, last_requests, self.now)

    @cached_property
    def last_run(self) -> LastRun:
        """Return the outcome, records, requests and times of the attempts at the last hour."""
        return summarize_last_run(self.dataset)

    @cached_property
    def complete_counts(self) -> dict[int, int]:
        """Count the completely read hours, all hourly feeds together, among the last 24, 168 and 720."""
        return {
            span: sum(hour > self.now - span * HOUR for hour in self.complete_hours) for span in SPANS_HOURS
        }

    @cached_property
    def complete_hours(self) -> list[dt.datetime]:
        """Return the hours that were read completely, oldest first."""
        return list_complete_hours(self.dataset, self.now)

    @cached_property
    def changes(self) -> list[ChangelogHour]:
        """Return every change, newest hour first; health is left to the pages of models and providers."""
        return [*self.iterate_changes()]

    def iterate_changes(self) -> Iterator[ChangelogHour]:
        """Yield the same one by one."""
        for stamp in reversed(self.dataset.log.by_hour):
            yield from self.read_hour(stamp)

    def read_hour(self, stamp: str) -> list[ChangelogHour]:
        """Return the changes of an hour with events; [] where none is shown. They are read once."""
        if stamp not in self._hours:
            rows = select_shown(self.dataset.log.by_hour[stamp])
            self._hours[stamp] = build_changelog(self.dataset.log.decode(rows), self.dataset)
        return self._hours[stamp]

    def read_month(self, month: str) -> list[ChangelogHour]:
        """Return the changes of a month, such as `2026-08`, newest hour first."""
        stamps = reversed([stamp for stamp in self.dataset.log.by_hour if stamp.startswith(month)])
        return [hour for stamp in stamps for hour in self.read_hour(stamp)]

    def list_moves(self, span: dt.timedelta) -> list[PriceMove]:
        """Return the moves of the prices of listed models within a span before `now`; see `moves`."""
        if span not in self._moves:
            self._moves[span] = list_moves(self.dataset, self.listed_models, self.now, span)
        return self._moves[span]

    @cached_property
    def importance(self) -> Importance:
        """Return the models that are used most, and the labs that had several models."""
        ranked = [entry.name for category in self.rankings.categories[:1] for entry in category.order]
        if not ranked and self.rankings.week:
            ranked = [entry.name for entry in self.rankings.week.entries]
        # A lab may have several slugs, such as `meta` and `meta-llama`.
        names = {slug: lab.name or slug for slug, lab in self.catalog.labs.items()}
        counts = Counter(names[model.model.lab] for model in self.models)
        return Importance(
            used_models=frozenset(ranked[:MAX_USED_MODELS]) if ranked else None,
            known_labs=frozenset(slug for slug, name in names.items() if counts[name] >= MIN_LAB_MODELS),
        )

    @cached_property
    def months(self) -> dict[str, list[EventRow]]:
        """Return the rows of the events of each month that has changes, newest first."""
        return {
            name: rows
            for name, rows in reversed(self.dataset.log.by_month.items())
            if any(self.read_hour(hour_rows[0].hour) for hour_rows in split_hours(rows))
        }

    @property
    def long_gaps(self) -> list[Gap]:
        """Return the gaps of the models feed that are too long for a chart to bridge, the first one first."""
        return find_gaps(self.dataset.good_hours["models"], MAX_GAP)

    @cached_property
    def gaps(self) -> list[Gap]:
        """Return all gaps of the models feed, the first one first."""
        return find_gaps(self.dataset.good_hours["models"], HOUR)

    @cached_property
    def lab_views(self) -> list[LabView]:
        """Return every lab that ever had a listed model, by name."""
        return build_lab_views(self.dataset, self.models)

    @cached_property
    def providers(self) -> list[ProviderView]:
        """Return every provider that is or was listed, or serves or served a model, by name."""
        return build_provider_views(self.dataset, self.listed_models, self.now)

    @cached_property
    def rankings(self) -> Rankings:
        """Return the rankings that OpenRouter publishes, joined with the models that they name."""
        names = {slug: lab.name for slug, lab in self.catalog.labs.items() if lab.name}
        return Rankings(self.dataset, self.models, self.catalog.permaslugs, names)

    @cached_property
    def graves(self) -> list[Grave]:
        """Return the models that are no longer listed, the last one seen first."""
        return list_graves(self.dataset, self.gone_models, self.catalog.tombstones)

    @cached_property
    def successors(self) -> dict[str, str]:
        """Return by model no longer listed the id under which OpenRouter answered for it, where it did."""
        return {grave.model.model.id: grave.successor for grave in self.graves if grave.successor}


def read_view(
    db: sqlite3.Connection,
    as_of: dt.datetime | None = None,
    benchmarks: bool = True,
    catalog: Catalog | None = None,
) -> View:
    """Read what the site shows from an index, as of an hour that it ends with or of its last one.

    `benchmarks` = False leaves out the scores of third parties, which have terms of their own. The catalogue
    is built unless it is at hand.
    """
    dataset = read_dataset(db, benchmarks, as_of)
    # A site without models shows why there are none.
    catalog = catalog or read_catalog(db, benchmarks) or make_empty_catalog(dataset.hour)
    now = as_of or dataset.hour
    view = View(dataset, now, build_model_views(dataset, now), catalog, as_of is not None)
    _ = view.rankings.weekly  # summed once, and not by each process of a build
    return view
