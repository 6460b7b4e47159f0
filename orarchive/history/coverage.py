"""Coverage: which hours are good, which are gaps, and how old the newest good one is."""

import datetime as dt
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from orarchive.domain.feeds import FEEDS, Feed
from orarchive.timestamps import HOUR

MAX_AGE = {"hourly": dt.timedelta(hours=25), "daily": dt.timedelta(hours=49)}
"""A feed whose last good hour is older than this has stopped: a day (or two) and an hour to be late."""

SPANS_HOURS = (24, 168, 720)
"""Hours: a day, a week, thirty days."""

Gap = tuple[dt.datetime, dt.datetime]
"""The two consecutive good hours with a gap between them."""


@dataclass(frozen=True)
class Coverage:
    """How well a feed is covered at a moment; `last` is None before its first good hour."""

    feed: str
    cadence: str
    asked: bool
    """Whether any attempt ever asked for it."""
    last: dt.datetime | None
    good: dict[int, int]
    """Span in hours -> good hours among the last so many (days for a daily feed)."""
    possible: dict[int, int]
    """Span in hours -> how many there could be."""


def compute_coverage(
    good: Mapping[str, Sequence[dt.datetime]], asked: Collection[str], now: dt.datetime
) -> list[Coverage]:
    """The coverage of every feed in the last 24, 168 and 720 hours, the running one included.

    `good` holds the good hours of each feed, oldest first; `asked` the feeds that any attempt asked for.
    """
    return [_of_feed(feed, good[feed.name], feed.name in asked, now) for feed in FEEDS.values()]


def _of_feed(feed: Feed, good: Sequence[dt.datetime], asked: bool, now: dt.datetime) -> Coverage:
    until = [hour for hour in good if hour <= now]
    recent = {span: [hour for hour in until if hour > now - span * HOUR] for span in SPANS_HOURS}
    daily = feed.cadence == "daily"
    return Coverage(
        feed=feed.name,
        cadence=feed.cadence,
        asked=asked,
        last=until[-1] if until else None,
        good={
            # a span of a day touches two dates
            span: min(len({hour.date() for hour in found}), span // 24) if daily else len(found)
            for span, found in recent.items()
        },
        possible={span: span // 24 if daily else span for span in SPANS_HOURS},
    )


def find_stale(found: Iterable[Coverage], now: dt.datetime) -> list[str]:
    """The feeds that have stopped: asked for, but not read completely for 25 hours (daily ones: 49)."""
    return [
        one.feed for one in found if one.asked and (one.last is None or now - one.last > MAX_AGE[one.cadence])
    ]


def find_gaps(hours: Iterable[dt.datetime], max_step: dt.timedelta) -> list[Gap]:
    """Return each pair of consecutive hours, given oldest first, that are further apart than `max_step`."""
    return [(last, following) for last, following in pairwise(hours) if following - last > max_step]
