"""OpenRouter archive: every hour, fetch what OpenRouter says about its models and keep it as lines in git.

Data flows one way, and each room imports only rooms before it:

    OpenRouter -> collect -> data/*.jsonl and a commit -> history -> index (SQLite) -> publish -> site/

    errors, timestamps, jsonl, json_text, paths, progress
               error classes, UTC hours, canonical JSON Lines, indented JSON, safe paths, progress bars
    domain     feeds, records, prices, changes, and the sentences about them; no input or output
    store      the git work tree: reading, the ledger, commits, pushing
    collect    one hourly run: fetch from the service, validate, merge, commit
    importer   hours from the versions of a models file in another repository
    history    which commit shows which attempt, the records of any hour, replay, verification
    index      an SQLite database of versions, prices, events and rankings, made by replaying the history, and
               the database for download, made of it
    catalog    what the facts mean: abilities, families, names, replacements, classes of price, shortlists
    queries    answers from the history and the index: price, timeline, the records of an hour; the library
    export     the archive as Parquet files with their descriptions
    publish    the static site, its API, exports and news feeds
    cli        the commands of `orarchive`
    sample     a local service with a small catalogue, for the demo and the tests

The library is `orarchive.open`; see docs/library.md.

Start reading with `domain.feeds`, which lists everything that is fetched, then `domain.snapshot`, which turns
records into files, and `collect.run`, which archives an hour. The entry points are `scrape.py` (archive this
hour), `build_site.py` (render the site) and `python -m orarchive` (questions to the archive).
"""

# With it the Action in check/ can import modules of this package under Python 3.9.
from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from orarchive.errors import AmbiguousError, ArchiveError, NotArchivedError, NotCoveredError, UnknownError

if TYPE_CHECKING:
    from orarchive.queries.library import ArchiveReader

__all__ = [
    "open",
    "ArchiveError",
    "NotArchivedError",
    "UnknownError",
    "AmbiguousError",
    "NotCoveredError",
    "__version__",
]

__version__ = "0.1.0"


def open(source: str | Path, cache: Path | None = None) -> ArchiveReader:
    """Open an archive for questions; see `ArchiveReader` for its methods.

    `source` is a git work tree that holds `data/`, the address of a published site, or a file of the
    database for download. `cache` is the folder for what is made or downloaded: by default inside the git
    folder, or in the user's folder of caches. Raises ArchiveError, which names the remedy, if the source
    cannot be read.
    """
    # Imported on first use: the commands start without it.
    from orarchive.queries.library import ArchiveReader
    from orarchive.queries.sources import find_database, get_site_address, is_address

    site = get_site_address(str(source)) if is_address(source) else ""
    return ArchiveReader(*find_database(source, cache), site, cache)
