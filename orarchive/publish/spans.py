"""Spans of time that end with the last reading: from which reading on they are known."""

import datetime as dt

from orarchive.domain.keys import Key
from orarchive.publish.charts.steps import MAX_GAP
from orarchive.publish.dataset import Dataset
from orarchive.timestamps import format_day


def find_span_start(dataset: Dataset, feed: str, key: Key, moment: dt.datetime) -> dt.datetime | None:
    """Return the hour whose reading stands for the beginning of a span; None if none does.

    It is the last one up to the beginning that read the record, unless that is more than `MAX_GAP` before;
    then it is the first one after the beginning.
    """
    known = dataset.find_known_hour(feed, key, moment)
    if known is not None and moment - known <= MAX_GAP:
        return known
    return dataset.find_next_known_hour(feed, key, moment)


def describe_unread(dataset: Dataset, moment: dt.datetime) -> str:
    """Return words for what is not known of a span in the models' list; "" where it begins with a reading."""
    hours = dataset.good_hours["models"]
    start = find_span_start(dataset, "models", ("",), moment)
    if start is None or start <= moment:
        return ""
    n = hours.index(start)
    if n == 0:
        return ""
    day, before = format_day(start.date()), format_day(hours[n - 1].date())
    if start == hours[-1]:
        return f"Not known: no data between {before} and {day}."
    return f"Since {day}; no data between {before} and then."
