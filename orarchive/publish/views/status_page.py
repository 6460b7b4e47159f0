"""The status page: the last run, coverage, gaps, rejected payloads, rankings, and where hours came from."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from orarchive.catalog.catalog import Catalog
from orarchive.catalog.direct import MAX_PIN_AGE_DAYS
from orarchive.catalog.overrides import DRIFTED, REDUNDANT
from orarchive.history.coverage import SPANS_HOURS, Coverage, Gap
from orarchive.publish.rankings_data import SliceRead
from orarchive.publish.views import View
from orarchive.publish.views.status import (
    Calendar,
    LastRun,
    Origin,
    Trouble,
    build_month_calendar,
    list_gaps,
    list_origins,
    list_rejected,
    list_troubles,
)
from orarchive.timestamps import HOUR

RELATION_LABELS = {
    "endpoints_of_unlisted_models": "Endpoints of models that are not listed",
    "models_without_endpoints": "Models, aliases and routers without endpoints",
    "models_never_asked": "Models whose endpoints were never requested",
    "tags_without_provider": "Endpoint tags of unknown providers",
    "alias_targets_absent": "Aliases of models that are not listed",
    "zdr_without_endpoint": "ZDR entries without an endpoint",
    "other_model_id": "Endpoints that state another model id",
}
"""Kind of a relation, see `count_relations` -> its words."""

MAX_GAPS = 10
MAX_REJECTED = 20


@dataclass(frozen=True)
class RunSummary:
    """The last run, with notes in words."""

    run: LastRun
    requests_note: str
    models: int
    models_note: str
    complete: int
    """Complete hours of the last 24."""
    complete_note: str


@dataclass(frozen=True)
class FeedRow:
    """How well a feed is covered."""

    feed: str
    cadence: str
    last: dt.datetime | None
    spans: list[str]
    """Good hours of the last 24, 168 and 720: `23 of 24`."""
    records: int | None
    requests: int | None


@dataclass(frozen=True)
class GapRow:
    """A stretch without a good hour between two good hours."""

    after: dt.datetime
    until: dt.datetime
    hours: int


@dataclass(frozen=True)
class RejectedRow:
    """A payload that was rejected."""

    hour: dt.datetime
    feed: str
    reasons: tuple[str, ...]


@dataclass(frozen=True)
class FailedSlice:
    """A slice of a ranking whose last reading was not good."""

    name: str
    outcome: str


@dataclass(frozen=True)
class RankingRow:
    """How a series of rankings was read last."""

    series: str
    hour: dt.datetime
    slices: int
    failed_slices: list[FailedSlice]
    as_of: str
    missing: list[str]
    """Dates that are not published."""


@dataclass(frozen=True)
class RelationRow:
    """How many records point at one that is not there."""

    label: str
    count: int


@dataclass(frozen=True)
class OverrideRow:
    """A reviewed statement of the catalogue that somebody should look at."""

    model: str
    field: str
    status: str
    """`redundant` or `drifted`."""
    was: str
    """What was said without it when it was reviewed."""
    now: str
    """What is said without it now."""


@dataclass(frozen=True)
class CatalogReview:
    """What the reviewed files of the catalogue need."""

    override_count: int
    overrides: list[OverrideRow]
    """Those that are no longer needed, or whose ground has shifted."""
    pin_count: int
    stale_pins: int
    """Direct prices that were checked more than MAX_PIN_AGE_DAYS days from the hour."""
    stale_note: str = f"not checked for {MAX_PIN_AGE_DAYS} days"


@dataclass(frozen=True)
class StatusPage:
    """What the status page shows."""

    first_hour: dt.datetime
    troubles: list[Trouble]
    summary: RunSummary
    feeds: list[FeedRow]
    calendar: Calendar
    gap_count: int
    usual_gap: int
    """Hours that half of the gaps do not exceed; 0 without gaps."""
    gaps: list[GapRow]
    """The longest."""
    origins: list[Origin]
    rejected_count: int
    rejected_payloads: list[RejectedRow]
    """The latest."""
    rankings: list[RankingRow]
    name_count: int
    """Published names of rankings."""
    matched_count: int
    """Those of them that are names of models here."""
    unmatched_names: list[str]
    relations: list[RelationRow]
    catalog: CatalogReview


def build_status_page(view: View) -> StatusPage:
    """Build the status page: the last run, each feed's coverage, gaps, imports and rejected payloads."""
    gaps, rejected = list_gaps(view.dataset), list_rejected(view.dataset)
    rankings = view.rankings
    return StatusPage(
        first_hour=view.dataset.first_hour,
        troubles=list_troubles(view.dataset),
        summary=_summarize_run(view),
        feeds=[_build_feed_row(view, coverage) for coverage in view.coverage],
        calendar=build_month_calendar(view.dataset, view.now),
        gap_count=len(gaps),
        usual_gap=_build_gap_row(gaps[len(gaps) // 2]).hours if gaps else 0,
        gaps=[_build_gap_row(gap) for gap in gaps[:MAX_GAPS]],
        origins=list_origins(view.dataset),
        rejected_count=len(rejected),
        rejected_payloads=[
            RejectedRow(reading.hour, _name_feed(reading.feed), reading.reasons)
            for reading in rejected[:MAX_REJECTED]
        ],
        rankings=[
            _build_ranking_row(series, list(reads))
            for series, reads in groupby(rankings.reads, key=lambda read: read.series)
        ],
        name_count=rankings.matched_count + len(rankings.unmatched_names),
        matched_count=rankings.matched_count,
        unmatched_names=rankings.unmatched_names,
        relations=[
            RelationRow(RELATION_LABELS[name], count) for name, count in view.dataset.relations.items()
        ],
        catalog=review_catalog(view.catalog),
    )


def review_catalog(catalog: Catalog) -> CatalogReview:
    """Build what the reviewed files of the catalogue need."""
    return CatalogReview(
        override_count=len(catalog.override_audits),
        overrides=[
            OverrideRow(
                model=audit.override.id,
                field=audit.override.field,
                status=audit.status,
                was=_name_value(audit.override.was),
                now=_name_value(audit.now),
            )
            for audit in catalog.override_audits
            if audit.status in (REDUNDANT, DRIFTED)
        ],
        pin_count=len(catalog.direct),
        stale_pins=sum(price.is_stale for price in catalog.direct),
    )


def _name_value(value: bool | int | str | None) -> str:
    return "nothing" if value is None else f"{value}".lower()


def _summarize_run(view: View) -> RunSummary:
    run, complete = view.last_run, view.complete_counts
    return RunSummary(
        run=run,
        requests_note=f"{run.retries:,} retries, {run.limited:,} rate-limited",
        models=len(view.listed_models),
        models_note=f"{run.added:,} added, {run.missing:,} missing",
        complete=complete[24],
        complete_note=f"{complete[168]} of 168, {complete[720]} of 720",
    )


def _name_feed(feed: str) -> str:
    return feed.replace("_", " ")


def _build_feed_row(view: View, coverage: Coverage) -> FeedRow:
    last = view.dataset.last_readings.get(coverage.feed)
    return FeedRow(
        feed=_name_feed(coverage.feed),
        cadence=coverage.cadence,
        last=coverage.last_complete,
        spans=[
            f"{coverage.complete_counts[span]} of {coverage.possible_counts[span]}" for span in SPANS_HOURS
        ],
        records=last.records if last else None,
        requests=last.requests if last else None,
    )


def _build_gap_row(gap: Gap) -> GapRow:
    return GapRow(gap.start, gap.end, (gap.end - gap.start) // HOUR)


def _build_ranking_row(series: str, reads: Sequence[SliceRead]) -> RankingRow:
    return RankingRow(
        series=series,
        hour=max(read.hour for read in reads),
        slices=len(reads),
        failed_slices=[
            FailedSlice(read.slice_name or "all", read.outcome) for read in reads if read.outcome != "ok"
        ],
        as_of=max(read.as_of for read in reads),
        missing=sorted({date for read in reads for date in read.missing}),
    )
