"""OpenRouter archive: every hour, everything OpenRouter says about its models, as lines in git.

Data flows one way, and each room knows only the rooms before it:

    OpenRouter -> collect -> data/*.jsonl + commit -> history -> index (SQLite) -> publish -> site/

Read in this order:

    feeds      FEEDS, the one table of what is archived. A new feed is a new row there, and nothing else.
    jsonl      canonical JSON Lines: equal content is equal bytes, number tokens as sent
    facets     one record taken apart into the lines of its files, and put together again
    snapshot   all records of all feeds at one hour <-> the files below data/
    ledger     data/hours/: one line for every attempt at an hour
    archive    the git work tree that holds it all
    prices     what a price is; records: typed, tolerant readings of the raw
    changes    what differs between records; scopes: what a feed can contain; wording: how a change reads
    collect/   client (the only network), checks (may refuse), fetch, settle, commit, and hour, the runner
    importer/  the past that somebody else has recorded, as hours of this archive
    history/   commits (which one holds which hour), replay (git -> changes), past (any hour), verify
    index/     versions, prices, events and lifecycle as tables; schema.sql describes them
    ask/       answers from the index: what happened, what did it cost; commands/: the command line
    publish/   views, pages, render: from the archive to site/
    sample/    a bundled service on loopback with a small catalogue, for the demo, the tests and the curious

The entries are `scrape.py` (archive this hour), `build_site.py` (render the site) and
`python -m orarchive` (questions to the archive).
"""

__version__ = "0.1.0"
