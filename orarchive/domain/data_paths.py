"""Paths of files below data/: the feed or series of each, also of files that are no longer written."""

from functools import cache

from orarchive.domain.feeds import ENDPOINTS, FEEDS, RESPONSES_FILE, FanOutFeed, Feed
from orarchive.domain.ranking_series import RANKINGS_FOLDER

FEED_FOLDERS = sorted({*(feed.folder for feed in FEEDS.values()), RANKINGS_FOLDER})
SNAPSHOT_FILES = [path for feed in FEEDS.values() for path in feed.files]
"""Paths of the files of a snapshot that the archive writes today, feed by feed; health is not among them."""
(HEALTH_PATH,) = ENDPOINTS.branch_files
"""Path of the health of endpoints, below `data/` on the branch `health`."""
KEPT_FILES = [feed.kept_path for feed in FEEDS.values() if isinstance(feed, FanOutFeed)]
"""Paths of the files that name the keys of fan-out feeds which were not read."""


@cache
def get_feed_of_path(path: str) -> Feed | None:
    """Return the feed of a file, given its path below `data/`.

    A file with an unknown name, as earlier versions may have written, belongs to the first feed of its
    folder; None where the folder is no feed's, and for a file of kept keys.
    """
    if path in KEPT_FILES:
        return None
    folder, _, name = path.rpartition("/")
    feeds = [feed for feed in FEEDS.values() if feed.folder == folder and name.endswith(".jsonl")]
    return next((feed for feed in feeds if path in feed.files), feeds[0] if feeds else None)


@cache
def get_file_name(path: str) -> str:
    """Return the name of a JSONL file without its folder and its ending: `facts` for `models/facts.jsonl`."""
    return path.rpartition("/")[2].removesuffix(".jsonl")


@cache
def is_responses_file(path: str) -> bool:
    """Return whether a file has a line for each requested model, not for each item."""
    feed = get_feed_of_path(path)
    return (
        feed is not None
        and isinstance(feed, FanOutFeed)
        and feed.has_item_lines
        and path == f"{feed.folder}/{RESPONSES_FILE}.jsonl"
    )


def get_line_key(feed: Feed, path: str) -> tuple[str, ...]:
    """Return the fields that identify a line of a feed's file."""
    return ("model",) if is_responses_file(path) else feed.key
