"""Retirement: a route that is gone for days is requested once a day, and makes no run red any longer."""

import datetime as dt
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass

from orarchive.store.ledger import Attempt, FeedReport, Outcome, SeriesReport, get_attempt_hour
from orarchive.timestamps import DAY

GONE_REASONS = {"301", "308", "404", "405", "410", "501"}
"""Reasons that say that a route is no longer there, or has moved for good."""

RETIRED_AFTER = 3 * DAY
"""Time after which a route that is gone is retired."""

RETIRED_INTERVAL = DAY
"""Time between two requests for a retired route."""


@dataclass(frozen=True)
class RequestOutcome:
    """How one attempt to read a source ended."""

    hour: dt.datetime
    outcome: Outcome
    reasons: Collection[str]

    @property
    def says_gone(self) -> bool:
        """Return whether nothing was read, as the route is not there."""
        is_unread = self.outcome in ("failed", "retired")
        return is_unread and bool(self.reasons) and GONE_REASONS.issuperset(self.reasons)


def list_feed_outcomes(lines: Sequence[Attempt], feed: str) -> Iterator[RequestOutcome]:
    """Yield the outcomes of a feed, latest first, of the attempts that requested it."""
    for line in reversed(lines):
        report = line["feeds"].get(feed)
        if report and report["outcome"] != "not-due":
            yield summarize_feed(get_attempt_hour(line), report)


def list_series_outcomes(lines: Sequence[Attempt], series: str) -> Iterator[RequestOutcome]:
    """Yield the outcomes of a series of rankings, latest first, of the attempts that requested it."""
    for line in reversed(lines):
        report = line.get("rankings", {}).get(series)
        if report:
            yield summarize_series(get_attempt_hour(line), report)


def summarize_feed(hour: dt.datetime, report: FeedReport) -> RequestOutcome:
    """Return how an attempt at an hour ended for a feed."""
    return RequestOutcome(hour, report["outcome"], report.get("reasons", ()))


def summarize_series(hour: dt.datetime, report: SeriesReport) -> RequestOutcome:
    """Return how an attempt at an hour ended for a series of rankings."""
    return RequestOutcome(hour, report["outcome"], report.get("kept", {}).values())


def is_retired(now: RequestOutcome, earlier: Iterable[RequestOutcome]) -> bool:
    """Return whether a route that is gone now was gone days before, and never read since.

    `earlier` has the latest first. Requests that failed for another reason say nothing.
    """
    if not now.says_gone:
        return False
    for outcome in earlier:
        if outcome.outcome in ("ok", "partial"):
            return False
        if outcome.says_gone and now.hour - outcome.hour >= RETIRED_AFTER:
            return True
    return False


def is_resting(earlier: Iterable[RequestOutcome], hour: dt.datetime) -> bool:
    """Return whether a retired route was requested less than a day before an hour."""
    latest = next(iter(earlier), None)
    return bool(latest and latest.outcome == "retired" and hour - latest.hour < RETIRED_INTERVAL)
