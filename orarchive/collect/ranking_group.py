"""The rankings and the OpenAPI file as a group of sources: read once a UTC day, or week."""

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from orarchive.collect.attempt import AttemptBase
from orarchive.collect.client import Client
from orarchive.collect.merge_result import MergeResult
from orarchive.collect.ranking_fetch import fetch_openapi, fetch_slices
from orarchive.collect.ranking_merge import list_merge_paths, merge_rankings
from orarchive.collect.ranking_message import format_ranking_message
from orarchive.collect.ranking_schedule import (
    Slice,
    is_openapi_due,
    list_due_slices,
    list_series,
    list_slices,
    read_archived_dates,
    read_archived_openapi,
)
from orarchive.collect.rate_limit import RequestBudget
from orarchive.collect.request_budget import (
    COUNTER_FILE,
    MAX_REQUESTS_PER_DAY,
    MAX_REQUESTS_PER_MINUTE,
    RequestCounter,
    count_requests_today,
)
from orarchive.collect.results import FetchResult, SliceFetch
from orarchive.collect.retirement import is_retired, list_series_outcomes, summarize_series
from orarchive.collect.settings import RunOptions, Settings
from orarchive.domain.ranking_series import Series
from orarchive.jsonl import loads
from orarchive.store.archive import Archive
from orarchive.store.ledger import BAD_OUTCOMES, Attempt, SeriesReport
from orarchive.timestamps import format_hour

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class RankingBatch:
    """Rankings that were fetched."""

    openapi: FetchResult[bytes] | None
    """None where it was read before in this UTC day."""
    spec: Any
    """The parsed OpenAPI file that names the slices: the fetched one, or else the archived one."""
    slices: list[SliceFetch]
    unnamed_series: list[Series]
    """Series of whose slices the file names none."""


@dataclass
class RankingGroup:
    """All ranking series, those with a key within the request budget of the Data API."""

    archive: Archive
    client: Client
    settings: Settings
    options: RunOptions
    sleep: Callable[[float], None] = time.sleep

    @cached_property
    def series(self) -> list[Series]:
        """Return the series that the run may read: with a key or without, with benchmarks or without."""
        return list_series(has_key=bool(self.settings.key), benchmarks=self.settings.benchmarks)

    def _list_due(self, spec: Any, base: AttemptBase) -> list[Slice]:
        """List the slices that are due, as an OpenAPI file names them."""
        return list_due_slices(self.series, spec, base.lines, self.options.hour)

    def is_due(self, base: AttemptBase) -> bool:
        """Return whether the OpenAPI file or any slice is due."""
        if is_openapi_due(base.lines, self.options.hour):
            return True
        return bool(self._list_due(read_archived_openapi(self.archive, base.commit), base))

    def fetch(self, base: AttemptBase) -> RankingBatch:
        """Fetch the OpenAPI file if it is due, then the slices that are due by it, or by the archived one."""
        openapi = fetch_openapi(self.client) if is_openapi_due(base.lines, self.options.hour) else None
        if openapi is not None and openapi.body is not None:
            spec = loads(openapi.body)
        else:
            spec = read_archived_openapi(self.archive, base.commit)
        due = self._list_due(spec, base)
        log.info("Starting %s: rankings, %d slices", format_hour(self.options.hour), len(due))
        unnamed = [
            series for series in self.series if series.slice_parameter and not any(list_slices(series, spec))
        ]
        return RankingBatch(openapi, spec, self._fetch_slices(due, base), unnamed)

    def _fetch_slices(self, slices: Sequence[Slice], base: AttemptBase) -> list[SliceFetch]:
        """Fetch slices: first those without a key, then those with one, within the request budget."""
        hour = self.options.hour
        archived = read_archived_dates(self.archive, base.commit, slices)
        public = [entry for entry in slices if not entry[0].needs_key]
        keyed = [entry for entry in slices if entry[0].needs_key]
        with closing(self._make_keyed_client(base)) as keyed_client:
            return [
                *fetch_slices(self.client, public, archived, hour),
                *fetch_slices(keyed_client, keyed, archived, hour),
            ]

    def _make_keyed_client(self, base: AttemptBase) -> Client:
        """Make a client that stays within the request budget, with the deadline of the attempt."""
        counter = RequestCounter(self.archive.git_dir / COUNTER_FILE, self.options.hour)
        sent = max(count_requests_today(base.lines, self.options.hour), counter.count)
        # The budget holds also where the rate of the feeds has no limit (0).
        per_second = min(MAX_REQUESTS_PER_MINUTE / 60, self.settings.per_second or MAX_REQUESTS_PER_MINUTE)
        on_request = (lambda: None) if self.options.dry_run else counter.add
        budget = RequestBudget(
            MAX_REQUESTS_PER_DAY - sent, per_second, self.client.clock, self.sleep, on_request
        )
        client = self.settings.make_client(self.sleep, budget, self.client.clock, self.client.stopped)
        client.deadline = self.client.deadline
        return client

    def merge(self, batch: RankingBatch, base: AttemptBase) -> MergeResult | None:
        """Merge the slices still due on top of a base; None where another writer has archived all of them."""
        due = self._list_due(batch.spec, base)
        slices = [fetched for fetched in batch.slices if (fetched.series, fetched.slice_name) in due]
        openapi = batch.openapi if is_openapi_due(base.lines, self.options.hour) else None
        if not slices and openapi is None:
            return None
        result = merge_rankings(
            openapi,
            slices,
            batch.unnamed_series if openapi is not None else [],
            self.archive.read_files(base.commit, list_merge_paths(slices)),
            base.snapshot,
            self.options.accept,
        )
        for name, report in result.rankings.items():
            outcome = summarize_series(self.options.hour, report)
            if is_retired(outcome, list_series_outcomes(base.lines, name)):
                report["outcome"] = "retired"
        _log_reports(result.rankings)
        return result

    def describe(self, result: MergeResult, line: Attempt, base: AttemptBase) -> str:
        """Format the commit message: the slices that were read, and those that were not with the reason."""
        return format_ranking_message(self.options.hour, line["attempt"], result)


def _log_reports(reports: Mapping[str, SeriesReport]) -> None:
    """Log the outcome of each series: an error with the reasons, or the count of its rows."""
    for name, report in reports.items():
        if report["outcome"] == "retired":
            log.warning("rankings %s: its route has been gone for days; it is requested once a day", name)
        elif report["outcome"] in BAD_OUTCOMES:
            reasons = sorted(set(report["kept"].values()))
            log.error("Sync failed: rankings %s (%s)", name, ", ".join(reasons))
        else:
            log.info("Synced rankings %s, %d rows", name, report["rows"])
