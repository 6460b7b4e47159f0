"""When the records last changed that a file of the static API is made of: its `as_of`."""

import datetime as dt
from collections.abc import Iterable

from orarchive.publish.dataset import Dataset, RecordEntry
from orarchive.timestamps import parse_stamp


def find_feeds_hour(dataset: Dataset, *feeds: str) -> dt.datetime:
    """Return the hour in which a record of some feeds last changed."""
    entries = (entry for feed in feeds for entry in dataset.entries[feed].values())
    return _find_hour(dataset, entries, filter(None, map(dataset.log.last_hours.get, feeds)))


def find_model_hour(dataset: Dataset, entry: RecordEntry) -> dt.datetime:
    """Return the hour in which the record of a model or of one of its endpoints last changed."""
    entries = [entry, *dataset.endpoints_by_model.get(entry.key, ())]
    return _find_hour(dataset, entries, (row.hour for row in dataset.log.by_model.get(entry.key, ())))


def find_rankings_hour(dataset: Dataset, *slices: tuple[str, str]) -> dt.datetime:
    """Return the hour in which a slice of the rankings was last read, given by series and name."""
    reads = (read for part in slices for read in dataset.usage.complete_reads.get(part, [])[-1:])
    return max((read.hour for read in reads), default=dataset.first_hour)


def _find_hour(dataset: Dataset, entries: Iterable[RecordEntry], stamps: Iterable[str]) -> dt.datetime:
    """Return the last hour in which records changed, given with the hours of their events.

    It is the first hour of the dataset where there are none.
    """
    hours = [hour for entry in entries for hour in (entry.changed, entry.missing) if hour]
    return max([dataset.first_hour, *hours, *map(parse_stamp, stamps)])
