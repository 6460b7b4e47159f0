"""Coverage: which hours are good, which are gaps, and how old the newest good one is."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from orarchive.feeds import FEEDS
from orarchive.history.past import Past
from orarchive.hours import HOUR

STALE = dt.timedelta(hours=25)
"""An archive whose last good hour is older than this has stopped: a day of hours and one to be late."""

SPANS = (24, 168)


@dataclass(frozen=True)
class Coverage:
    """How well a feed is covered at a moment; `last` is None before its first good hour."""

    feed: str
    cadence: str
    last: dt.datetime | None
    good: dict[int, int]
    """Span in hours -> good hours among the last so many (days for a daily feed)."""
    possible: dict[int, int]
    """Span in hours -> how many there could be."""


def coverage(past: Past, now: dt.datetime) -> list[Coverage]:
    """The coverage of every feed in the last 24 and 168 hours, the running one included."""
    return [_of_feed(name, feed.cadence, past.good(name), now) for name, feed in FEEDS.items()]


def _of_feed(name: str, cadence: str, hours: Sequence[dt.datetime], now: dt.datetime) -> Coverage:
    until = [hour for hour in hours if hour <= now]
    recent = {span: [hour for hour in until if hour > now - span * HOUR] for span in SPANS}
    daily = cadence == "daily"
    return Coverage(
        feed=name,
        cadence=cadence,
        last=until[-1] if until else None,
        good={
            # a span of a day touches two dates
            span: min(len({hour.date() for hour in found}), span // 24) if daily else len(found)
            for span, found in recent.items()
        },
        possible={span: span // 24 if daily else span for span in SPANS},
    )


def stale(found: Sequence[Coverage], now: dt.datetime) -> bool:
    """Whether the archive has stopped: no hourly feed was read completely for 25 hours."""
    newest = max((one.last for one in found if one.cadence == "hourly" and one.last), default=None)
    return newest is None or now - newest > STALE
