"""Hours: the UTC hour in which a fetch started, the batch stamp of all that was collected in it."""

import datetime as dt
import re

from orarchive.errors import ArchiveError

HOUR = dt.timedelta(hours=1)
DAY = dt.timedelta(days=1)
YEARS = range(2000, 3000)
"""Of other years there is nothing to tell, and a step from the first or the last of all would overflow."""

_FORM = re.compile(r"(2\d{3}-\d\d-\d\dT\d\d)(?::00:00)?Z", re.ASCII)


def parse_hour(text: str) -> dt.datetime:
    """Read `2026-11-20T06Z` or `2026-11-20T06:00:00Z`."""
    match = _FORM.fullmatch(text)
    if match:
        try:
            return dt.datetime.strptime(match[1], "%Y-%m-%dT%H").replace(tzinfo=dt.UTC)
        except ValueError:
            pass
    msg = f"not an hour: {text!r} (write 2026-11-20T06Z)"
    raise ArchiveError(msg)


def parse_moment(text: str) -> dt.datetime:
    """Read a moment: an hour in one of its forms, or with minutes, `2026-11-20T06:45Z`."""
    try:
        found = dt.datetime.strptime(text, "%Y-%m-%dT%H:%MZ").replace(tzinfo=dt.UTC)
    except ValueError:
        return parse_hour(text)
    return found if found.year in YEARS else parse_hour(text)


def floor_hour(moment: dt.datetime) -> dt.datetime:
    """The hour that a moment lies in."""
    return moment.astimezone(dt.UTC).replace(minute=0, second=0, microsecond=0)


def format_stamp(moment: dt.datetime) -> str:
    """The form in files: `2026-11-20T06:00:00Z`."""
    return moment.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def format_hour(hour: dt.datetime) -> str:
    """The form in prose: `2026-11-20T06Z`."""
    return hour.astimezone(dt.UTC).strftime("%Y-%m-%dT%HZ")


def parse_stamp(text: str) -> dt.datetime:
    """Read a moment written by `stamp`."""
    return dt.datetime.fromisoformat(text)
