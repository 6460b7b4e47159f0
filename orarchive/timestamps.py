"""Hours and stamps: parse and format UTC times. An hour stamps everything that a run in it collects."""

import datetime as dt
import re
from functools import lru_cache

from orarchive.errors import ArchiveError

HOUR = dt.timedelta(hours=1)
DAY = dt.timedelta(days=1)
WEEK = dt.timedelta(days=7)
YEARS = range(2000, 3000)
"""Years that hours can be of. At the ends of what Python can represent, adding an hour or a day would
overflow."""

MAX_CACHED = 32768
"""Formatted times that are kept: a site of a year names 8,760 hours nearly a million times."""

_HOUR_FORM = re.compile(r"(2\d{3}-\d\d-\d\dT\d\d)(?::00:00)?Z", re.ASCII)
_TIME_FORM = re.compile(r"2\d{3}-\d\d-\d\dT\d\d:\d\d(?::\d\d)?(?:Z|[+-]\d\d:\d\d)", re.ASCII)
_DATE_FORM = re.compile(r"2\d{3}-\d\d-\d\d", re.ASCII)


def parse_hour(text: str) -> dt.datetime:
    """Read an hour, `2026-11-20T06Z` or `2026-11-20T06:00:00Z`; raise ArchiveError for anything else."""
    match = _HOUR_FORM.fullmatch(text)
    if match:
        try:
            return dt.datetime.strptime(match[1], "%Y-%m-%dT%H").replace(tzinfo=dt.UTC)
        except ValueError:
            pass
    msg = f"not a UTC hour: {text!r} (write 2026-11-20T06Z)"
    raise ArchiveError(msg)


def parse_moment(text: str) -> dt.datetime:
    """Read an hour, a time to the minute or the second, or a date, which means its last hour.

    A time is in UTC, `2026-11-20T06:45Z`, or has an offset, `2026-11-20T08:45+02:00`. Raise ArchiveError for
    anything else.
    """
    if is_date(text):
        return parse_hour(f"{text}T23Z")
    if not _TIME_FORM.fullmatch(text):
        return parse_hour(text)
    try:
        return dt.datetime.fromisoformat(text).astimezone(dt.UTC)
    except ValueError:
        return parse_hour(text)


def is_date(text: str) -> bool:
    """Return whether a text has the form of a date, `2026-11-20`."""
    return bool(_DATE_FORM.fullmatch(text))


def format_moment(moment: dt.datetime) -> str:
    """Format a time in UTC to the minute, in the form that `parse_moment` reads: `2026-11-20T06:45Z`."""
    return moment.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%MZ")


def floor_hour(moment: dt.datetime) -> dt.datetime:
    """Return the UTC hour that contains a time."""
    return moment.astimezone(dt.UTC).replace(minute=0, second=0, microsecond=0)


@lru_cache(MAX_CACHED)
def format_stamp(moment: dt.datetime) -> str:
    """Format a time in UTC to the second, as it stands in files: `2026-11-20T06:00:00Z`."""
    return moment.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


@lru_cache(MAX_CACHED)
def format_hour(hour: dt.datetime) -> str:
    """Format an hour in UTC for people and on the command line: `2026-11-20T06Z`."""
    return hour.astimezone(dt.UTC).strftime("%Y-%m-%dT%HZ")


@lru_cache(MAX_CACHED)
def parse_stamp(text: str) -> dt.datetime:
    """Parse a time that `format_stamp` wrote; raise ValueError for a text that is no ISO time."""
    return dt.datetime.fromisoformat(text)


def format_day(day: dt.date) -> str:
    """Format a day for people: `8 Jul 2026`."""
    return f"{day.day} {day:%b %Y}"
