"""Coverage: which hours of a feed are complete, which are gaps, and how old the last complete one is."""

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from orarchive.domain.feeds import FEEDS, Feed
from orarchive.timestamps import HOUR, format_stamp

MAX_AGE = {"hourly": dt.timedelta(hours=25), "daily": dt.timedelta(hours=49)}
"""Age of the last complete hour beyond which a feed has stopped: a day (or two), and an hour to be late."""

SPANS_HOURS = (24, 168, 720)
"""Hours: a day, a week, thirty days."""


class Gap(NamedTuple):
    """A stretch without a good hour."""

    start: dt.datetime
    """The last good hour before it."""
    end: dt.datetime
    """The first good hour after it."""


@dataclass(frozen=True)
class Coverage:
    """How well a feed is covered at some time; `last` is None before its first complete hour."""

    feed: str
    cadence: str
    was_requested: bool
    """Whether any attempt ever requested the feed; an optional one lately, for its key may be gone."""
    last_complete: dt.datetime | None
    complete_counts: dict[int, int]
    """Span in hours -> good hours among the last so many (days for a daily feed)."""
    possible_counts: dict[int, int]
    """Span in hours -> how many there could be."""

    def to_json(self) -> dict[str, Any]:
        """Return the last complete hour and the counts as `status --json` prints them."""
        return {
            "last_good": format_stamp(self.last_complete) if self.last_complete else None,
            "good": {str(span): count for span, count in self.complete_counts.items()},
            "possible": {str(span): count for span, count in self.possible_counts.items()},
        }


def compute_coverage(
    complete_hours: Mapping[str, Sequence[dt.datetime]],
    last_requests: Mapping[str, dt.datetime],
    now: dt.datetime,
) -> list[Coverage]:
    """Compute the coverage of every feed in the last 24, 168 and 720 hours, the current one included.

    `complete_hours` maps each feed to its hours, oldest first; `last_requests` has the last hour at which an
    attempt requested a feed. An optional feed that was never requested is left out.
    """
    return [
        _cover_feed(feed, complete_hours[feed.name], _was_requested(feed, last_requests, now), now)
        for feed in FEEDS.values()
        if feed.name in last_requests or not feed.is_optional
    ]


def _was_requested(feed: Feed, last_requests: Mapping[str, dt.datetime], now: dt.datetime) -> bool:
    """Return whether a feed was requested at all, or an optional one within `MAX_AGE`."""
    hour = last_requests.get(feed.name)
    return hour is not None and not (feed.is_optional and now - hour > MAX_AGE[feed.cadence])


def _cover_feed(
    feed: Feed, complete_hours: Sequence[dt.datetime], was_requested: bool, now: dt.datetime
) -> Coverage:
    past = [hour for hour in complete_hours if hour <= now]
    by_span = {span: [hour for hour in past if hour > now - span * HOUR] for span in SPANS_HOURS}
    daily = feed.cadence == "daily"
    return Coverage(
        feed=feed.name,
        cadence=feed.cadence,
        was_requested=was_requested,
        last_complete=past[-1] if past else None,
        complete_counts={
            # A span of 24 hours touches two dates, so the count of dates is limited to the days of the span.
            span: min(len({hour.date() for hour in hours}), span // 24) if daily else len(hours)
            for span, hours in by_span.items()
        },
        possible_counts={span: span // 24 if daily else span for span in SPANS_HOURS},
    )


def find_stopped_feeds(coverages: Iterable[Coverage], now: dt.datetime) -> list[str]:
    """Return the feeds that stopped: requested, but not read completely for longer than `MAX_AGE`."""
    return [
        coverage.feed
        for coverage in coverages
        if coverage.was_requested
        and (coverage.last_complete is None or now - coverage.last_complete > MAX_AGE[coverage.cadence])
    ]


def format_max_age() -> str:
    """Format `MAX_AGE` for people: `25 hours (daily: 49)`."""
    return f"{MAX_AGE['hourly'] // HOUR} hours (daily: {MAX_AGE['daily'] // HOUR})"


def find_gaps(hours: Sequence[dt.datetime], max_step: dt.timedelta) -> list[Gap]:
    """Return each pair of consecutive hours that are further apart than `max_step`.

    The hours are whole and distinct, oldest first. So a stretch in which too few are missing for a gap is not
    walked through: each line of a chart asks for those of a year.
    """
    if len(hours) < 2 or hours[-1] - hours[0] - (len(hours) - 2) * HOUR <= max_step:
        return []
    if len(hours) == 2:
        return [Gap(*hours)]
    middle = len(hours) // 2
    return find_gaps(hours[: middle + 1], max_step) + find_gaps(hours[middle:], max_step)
