"""The files below data/: which feed each is of, also those whose name nobody knows any more."""

from functools import cache

from orarchive.domain import ranking_series
from orarchive.domain.feeds import FEEDS, RESPONSES_FILE, Feed

FEED_FOLDERS = sorted({*(feed.folder for feed in FEEDS.values()), ranking_series.RANKINGS_FOLDER})
SNAPSHOT_PATHS = frozenset(path for feed in FEEDS.values() for path in feed.files)
"""Those that the archive writes today."""


@cache
def feed_of_path(path: str) -> Feed | None:
    """The feed of a file below data/; one whose name nobody knows (any more) belongs to its folder's."""
    folder, _, name = path.rpartition("/")
    own = [feed for feed in FEEDS.values() if feed.folder == folder and name.endswith(".jsonl")]
    return next((feed for feed in own if path in feed.files), own[0] if own else None)


@cache
def file_name(path: str) -> str:
    """The name of a file, without its ending."""
    return path.rpartition("/")[2].removesuffix(".jsonl")


@cache
def is_responses_file(path: str) -> bool:
    """Whether a file has a line for each model asked, not for each item."""
    feed = feed_of_path(path)
    return feed is not None and feed.has_item_lines and path == f"{feed.folder}/{RESPONSES_FILE}.jsonl"


def is_series_file(path: str) -> bool:
    """Whether a file below data/ holds rankings."""
    return path.startswith(f"{ranking_series.RANKINGS_FOLDER}/") and path.endswith(".jsonl")
