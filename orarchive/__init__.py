"""OpenRouter archive: every hour, fetch what OpenRouter says about its models and keep it as lines in git.

Data flows one way, and each room imports only rooms before it:

    OpenRouter -> collect -> data/*.jsonl and a commit -> history -> index (SQLite) -> publish -> site/

    errors, timestamps, jsonl, json_text, paths
               error classes, UTC hours, canonical JSON Lines, indented JSON, safe paths
    domain     feeds, records, prices, changes, and the sentences about them; no input or output
    store      the git work tree: reading, the ledger, commits, pushing
    collect    one hourly run: fetch from the service, validate, merge, commit
    importer   hours from the versions of a models file in another repository
    history    which commit shows which attempt, the records of any hour, replay, verification
    index      an SQLite database of versions, prices, events and rankings, made by replaying the history
    queries    answers from the history and the index: price, timeline, the records of an hour
    publish    the static site, its API, exports and news feeds
    cli        the commands of `orarchive`
    sample     a local service with a small catalogue, for the demo and the tests

Start reading with `domain.feeds`, which lists everything that is fetched, then `domain.snapshot`, which turns
records into files, and `collect.run`, which archives an hour. The entry points are `scrape.py` (archive this
hour), `build_site.py` (render the site) and `python -m orarchive` (questions to the archive).
"""

__version__ = "0.1.0"
