"""A digest of all that a site shows, but for the clock: it stands in `status.json`, see `deployment`."""

import hashlib

from orarchive.jsonl import dumps, loads
from orarchive.publish.metrics import METRICS_PATH
from orarchive.publish.sanitize import to_safe_json
from orarchive.publish.site_files import SiteFiles

STATUS_PATH = "api/v1/status.json"

CLOCK_PATHS = {
    *("patterns/index.html", "status/index.html"),
    *(STATUS_PATH, METRICS_PATH, "data/index.html", "llms.txt", "api/v1/index.json"),
    "api/v1/check.json",
}
"""Files that name the hour of the site, or the sizes of Parquet files, which have every read. What else they
show stands in other files, too, or in the status."""


def add_digest(files: SiteFiles) -> None:
    """Add a digest of all that the files show, but for the clock, to the status among them."""
    file = loads(files[STATUS_PATH])
    status = file["data"]
    run = status["last_run"]
    parts = [
        status["begun"],
        status["totals"],
        status["gaps"],
        status["changes"],
        run["outcome"],
        run["not_good"],
    ]
    digest = hashlib.sha256(dumps(parts))
    for path in sorted(files.keys() - CLOCK_PATHS):
        digest.update(f"{path}\0{files.digests[path]}\n".encode())
    files[STATUS_PATH] = to_safe_json({**file, "data": {**status, "digest": digest.hexdigest()}})
