"""Paths of files below data/: the feed or series of each, also of files that are no longer written."""

from functools import cache

from orarchive.domain import ranking_series
from orarchive.domain.feeds import FEEDS, RESPONSES_FILE, FanOutFeed, Feed

FEED_FOLDERS = sorted({*(feed.folder for feed in FEEDS.values()), ranking_series.RANKINGS_FOLDER})
SNAPSHOT_PATHS = frozenset(path for feed in FEEDS.values() for path in feed.files)
"""Paths of the files that the archive writes today."""


@cache
def get_feed_of_path(path: str) -> Feed | None:
    """Return the feed of a file below data/.

    A file with an unknown name, as earlier versions may have written, belongs to the first feed of its
    folder; None where the folder is no feed's.
    """
    folder, _, name = path.rpartition("/")
    feeds = [feed for feed in FEEDS.values() if feed.folder == folder and name.endswith(".jsonl")]
    return next((feed for feed in feeds if path in feed.files), feeds[0] if feeds else None)


@cache
def get_file_name(path: str) -> str:
    """Return the name of a file without its ending."""
    return path.rpartition("/")[2].removesuffix(".jsonl")


@cache
def is_responses_file(path: str) -> bool:
    """Return whether a file has a line for each model asked for, not for each item."""
    feed = get_feed_of_path(path)
    return (
        feed is not None
        and isinstance(feed, FanOutFeed)
        and feed.has_item_lines
        and path == f"{feed.folder}/{RESPONSES_FILE}.jsonl"
    )


def is_series_file(path: str) -> bool:
    """Return whether a file below data/ holds rankings."""
    return path.startswith(f"{ranking_series.RANKINGS_FOLDER}/") and path.endswith(".jsonl")
