"""Random histories against an oracle that reads whole snapshots: the index says the same, and no more."""

import datetime as dt
import os
import shutil
import sqlite3
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from contextlib import closing
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from orarchive.domain.feeds import FEEDS, Feed
from orarchive.domain.record_files import Key
from orarchive.index.build import SCHEMA_SQL, update_index
from orarchive.index.database import dump_rows, export_file, open_index
from orarchive.index.events import EXCUSES
from orarchive.jsonl import Record, dumps, loads, read_lines
from orarchive.store.archive import open_archive
from orarchive.timestamps import format_stamp, parse_stamp
from tests.support.oracle import Fact, Known, Oracle, good, kept, paths, points
from tests.support.random_histories import (
    ABSENT,
    HISTORIES,
    LONG,
    SCOPES,
    SHORT_HISTORIES,
    Archived,
    Edit,
    Step,
    Target,
    archived,
    set_branch,
    written,
)

settings.register_profile(
    "histories",
    deadline=None,
    derandomize=bool(os.environ.get("CI")),
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
)
settings.load_profile("histories")

# --- what the index says ------------------------------------------------------------------------------------


def built(folder: Path) -> sqlite3.Connection:
    """The index of an archive, in memory."""
    db = sqlite3.connect(":memory:", isolation_level=None)
    db.executescript(SCHEMA_SQL)
    update_index(db, open_archive(folder))
    return db


def facts(db: sqlite3.Connection) -> list[Fact]:
    """The events of an index."""
    columns = "attempt, kind, feed, key, field, old, new, percent, cause, after, by"
    found = db.execute(f"select {columns} from events order by id").fetchall()
    return [
        Fact(n - 1, kind, feed, key, field, end and dumps(loads(end)), to and dumps(loads(to)), *rest)
        for n, kind, feed, key, field, end, to, *rest in found
    ]


def check_events(db: sqlite3.Connection, oracle: Oracle) -> None:
    """Each change has its event, or its excuse; and there is no event without one."""
    found = facts(db)
    wanted = Counter(oracle.facts)
    invented, lost = Counter(found) - wanted, wanted - Counter(found)
    assert not invented, f"told, but did not happen: {[*invented]}; not told: {[*lost]}"
    assert not lost, f"happened, but was not told: {[*lost]}"
    assert [one.attempt for one in found] == sorted(one.attempt for one in found)
    assert not [one for one, count in Counter(one[:5] for one in found).items() if count > 1]
    for one in found:
        hour = oracle.attempts[one.attempt].line["hour"]
        assert one.by <= hour
        assert one.after is None or one.after <= one.by
    assert oracle.excused.keys() <= EXCUSES.keys()


def check_records(db: sqlite3.Connection, oracle: Oracle) -> None:
    """Who is there, since when, and what has become of the others."""
    columns = "feed, parts, first, last, arrival, state, missing"
    found = {
        (feed, tuple(loads(parts))): tuple(rest)
        for feed, parts, *rest in db.execute(f"select {columns} from records where arrival != 'unlisted'")
    }
    wanted = {
        at: (one.first, one.last, one.arrival, one.state, one.missing) for at, one in oracle.known.items()
    }
    assert found == wanted, [(found.get(at), one) for at, one in wanted.items() if one != found.get(at)]


def check_versions(db: sqlite3.Connection, oracle: Oracle) -> None:
    """What stands in the index at a good hour is what its last attempt left in the files."""
    columns = "records.feed, file, versions.first, versions.last, line, parts"
    stood = db.execute(f"select {columns} from versions join records on id = record").fetchall()
    for feed, file, first, last, _, parts in stood:
        reader = "image_endpoints" if file == "endpoints" else "endpoints" if file == "asked" else feed
        assert oracle.was_read(reader, loads(parts)[0], last) or last == first
    for hour, feed, missed, one, _ in good_hours(oracle):
        name = feed.parent if feed.parent else feed.name
        for path in feed.files:
            file = path.rpartition("/")[2].removesuffix(".jsonl")
            if file in ("benchmarks", "health"):
                continue
            asked = feed.has_item_lines and file == "models"
            shown = name if asked else feed.name, "asked" if asked else file
            wanted = [
                line
                for line, record in lines(one.files.get(path, b""))
                if record.get("model" if feed.parent else "", "") not in missed
            ]
            found = [
                line.encode()
                for row_feed, row_file, first, last, line, parts in stood
                if (row_feed, row_file) == shown
                and first <= hour
                and (last is None or last >= hour)
                and (not feed.parent or loads(parts)[0] not in missed)
            ]
            assert sorted(found) == sorted(wanted), (hour, path)


def check_prices(db: sqlite3.Connection, oracle: Oracle) -> None:
    """The price points that stand at a good hour are those of its records."""
    columns = "feed, parts, dimension, condition, prices.first, prices.last, amount"
    stood = db.execute(f"select {columns} from prices join records on id = record").fetchall()
    for feed, parts, *_, first, last, _ in stood:
        assert oracle.was_read(feed, loads(parts)[0], last) or last == first
    for hour, feed, missed, _, records in good_hours(oracle):
        if feed.name in ("models", "endpoints"):
            found = [
                (tuple(loads(parts)), (dimension, condition), Decimal(amount))
                for row_feed, parts, dimension, condition, first, last, amount in stood
                if row_feed == feed.name and first <= hour and (last is None or last >= hour)
            ]
            wanted = [
                (key, *point)
                for key, record in records[feed.name].items()
                if not feed.parent or key[0] not in missed
                for point in points(record).items()
            ]
            found = [one for one in found if not feed.parent or one[0][0] not in missed]
            assert sorted(found) == sorted(wanted), (hour, feed.name)


Stand = tuple[str, Feed, dict[str, str], Archived, dict[str, dict[Key, Record]]]


def good_hours(oracle: Oracle) -> Iterator[Stand]:
    """Yield each good hour of each feed: what was not read in it, and its last attempt with its records."""
    last = {one.line["hour"]: n for n, one in enumerate(oracle.attempts)}
    for name, feed in FEEDS.items():
        read = {one.line["hour"]: one.line for one in oracle.attempts if good(one.line, name)}
        for hour, line in read.items():
            yield hour, feed, kept(line, name), oracle.attempts[last[hour]], oracle.records[last[hour]]


def lines(content: bytes) -> Iterable[tuple[bytes, Record]]:
    return zip(content.splitlines(), read_lines(content, ""), strict=True)


def check_fields(db: sqlite3.Connection, oracle: Oracle) -> None:
    """Which fields there are, and on how many records."""
    found = db.execute("select feed, path, records from fields where records > 0").fetchall()
    counted = Counter(
        (name, path)
        for name, feed in FEEDS.items()
        if not feed.copied_feed
        for record in oracle.new[name].values()
        for path in set(paths(record))
    )
    assert {(feed, path): count for feed, path, count in found} == counted


def check_makers(db: sqlite3.Connection, oracle: Oracle) -> None:
    """Who makes models, and who serves which."""
    labs: dict[str, str] = {}
    served: dict[tuple[str, str], list[Known]] = defaultdict(list)
    for (name, key), known in oracle.known.items():
        if name == "models":
            lab = key[0].partition("/")[0].removeprefix("~")
            labs[lab] = min(labs.get(lab, known.first), known.first)
        elif name == "endpoints":
            served[key[1].partition("/")[0], key[0]].append(known)
    assert dict(db.execute("select lab, first from labs")) == labs
    found = db.execute("select provider, model, first, endpoints, last is null from provider_models")
    assert {(provider, model): tuple(rest) for provider, model, *rest in found} == {
        pair: (min(one.first for one in those), now, int(now > 0))
        for pair, those in served.items()
        for now in [sum(one.last is None for one in those)]
    }


def check_restless(db: sqlite3.Connection, oracle: Oracle) -> None:
    """What moves all the time: health by the hour and the day, and the last benchmarks."""
    fresh = format_stamp(parse_stamp(oracle.hour) - dt.timedelta(days=30))
    query = "select number, hour, parts, line from health join attempts using (attempt)"
    found = db.execute(f"{query} join records on id = record")
    assert {(hour, number, tuple(loads(parts))): line.encode() for number, hour, parts, line in found} == {
        at: dumps(health) for at, health in oracle.health().items() if at[0] >= fresh
    }
    columns = "parts, day, hours, abnormal, uptimes, uptime_sum, uptime_min, latencies, latency_sum"
    rows = db.execute(f"select {columns} from health_days join records on id = record")
    assert {(tuple(loads(parts)), day): rest for parts, day, *rest in rows} == oracle.health_days()
    now = {key[0]: dumps(record.get("benchmarks")) for key, record in oracle.new["models"].items()}
    query = "select key, line from latest join records on id = record where gone is null and file = ?"
    shown = {key: dumps(loads(line)["benchmarks"]) for key, line in db.execute(query, ("benchmarks",))}
    assert shown == {key: line for key, line in now.items() if line != b"null"}


CHECKS = (
    check_events,
    check_records,
    check_versions,
    check_prices,
    check_fields,
    check_makers,
    check_restless,
)


# --- the tests ----------------------------------------------------------------------------------------------


def set_to(*targets: Target, **values: Any) -> list[Edit]:
    """Edits that give fields of targets a value; `__` stands for the dot in a path."""
    return [Edit(targets, name.replace("__", "."), value) for name, value in values.items()]


PLAIN, NIGHT = ("models", "a/plain"), ("models", "a/night")
OFFER, TWIN, OTHER = (("endpoints", "a/plain", n) for n in range(3))

OF_ALL_KINDS = [
    Step(1, [Edit((("models", "o/old"),))], scope="models", age=7200),
    Step(
        1,
        [
            *set_to(PLAIN, OFFER, pricing__prompt="0.3"),  # an endpoint's own price
            *set_to(PLAIN, pricing__completion="0.1"),  # that of another provider
            *set_to(PLAIN, pricing__request="0", description="two", expiration_date="2027-01-01"),
            *set_to(NIGHT, pricing__prompt="7", benchmarks={"score": 2}, supported_parameters=[]),
            *set_to(("models", "~a/latest"), pricing__prompt="9", alias_target={"slug": "a/night"}),
            *set_to(OTHER, quantization="fp4", pricing__discount=1),
            *set_to(("endpoints", "a/night", 1), status=-2),
            *set_to(("zdr", "a/night", 0), name="day"),
            *set_to(("providers", "q"), datacenters=["FR"], novel=1),
            Edit((("endpoints", "b/x:free", 0), ("zdr", "a/plain", 0), ("models", "o/old"))),
        ],
        age=7200,
    ),
    Step(
        2,
        [
            *set_to(("models", "~a/latest"), alias_target={"slug": "a/night", "name": "night"}),
            *set_to(PLAIN, pricing__prompt="5", pricing__request=ABSENT),
            *set_to(PLAIN, expiration_date="2027-02-01", context_length=None),
            *set_to(NIGHT, canonical_slug="a/s-1", expiration_date="2098-12-31", pricing__prompt="8"),
            *set_to(NIGHT, ("endpoints", "a/night", 0), pricing__overrides=[LONG]),
            *set_to(("models", "r/auto"), expiration_date="soon", pricing__prompt="much"),
            *set_to(("models", "i/draw"), context_length=0),
            *set_to(("providers", "q"), novel=ABSENT),
            Edit((("models", "o/old"), ("providers", "p"), ("zdr", "a/plain", 0))),
        ],
        fate="a/other",
        scope=SCOPES[0],
    ),
    Step(
        1,
        [
            *set_to(PLAIN, expiration_date=ABSENT, context_length=ABSENT),
            *set_to(NIGHT, expiration_date=None, pricing__overrides=[LONG, LONG]),
            *set_to(("models", "r/auto"), pricing__prompt="more", expiration_date="2027-01-01"),
        ],
    ),
    Step(1, scope="models", quiet=(5, 1)),
    Step(1, [*set_to(("endpoints", "a/night", 1), status=0), Edit((PLAIN,))], scope=SCOPES[0]),
    Step(1, [Edit((PLAIN, ("models", "i/draw")))], missed=frozenset(["a/plain"])),
    Step(0),
    Step(1, [Edit((("models", "b/x:free"),))], bad={"models": "failed", "zdr": "quarantined"}),
    Step(1, quiet=(6, 1)),
    Step(24, quiet=(31, 24)),
    Step(40, [Edit((("models", "b/x:free"), ("models", "o/old"), ("providers", "p")))], again=True),
]


def test_a_history_with_everything() -> None:
    """Every kind of event, every cause of a price and every excuse occur in one history."""
    oracle = checked(OF_ALL_KINDS)
    kinds: dict[str, set[str]] = defaultdict(set)
    for one in oracle.facts:
        kinds[one.feed].add(one.kind)
    for feed, those in KINDS.items():
        assert kinds[feed] >= those, feed
    causes = {one.cause for one in oracle.facts if (one.kind, one.feed) == ("repriced", "models")}
    assert causes == {"endpoint", "provider", "schedule", "unknown"}
    assert oracle.excused.keys() == EXCUSES.keys()


KINDS = {
    "models": {
        *("added", "first_observed", "returned", "missing", "deprecated", "removed", "renamed", "orphaned"),
        *("repriced", "limits_changed", "capabilities_changed", "alias_moved", "edited"),
        *("expiry_set", "expiry_moved", "expiry_cleared", "field_appeared", "field_vanished"),
    },
    "endpoints": {
        *("joined", "first_observed", "left", "repriced", "discounted", "requantized"),
        *("degraded", "recovered"),
    },
    "providers": {"returned", "missing", "removed", "policy_changed", "field_appeared", "field_vanished"},
    "zdr": {"gained", "lost"},
}


LATE = (("models", "i/draw"), ("models", "~a/latest"), ("models", "r/auto"))
UNWELL, BAD = ("endpoints", "a/night", 1), {"uptime_last_1d": 50}

OF_RARE_KINDS = [
    Step(1, [Edit((*LATE, ("providers", "d")))], stray="i/draw"),
    Step(0, set_to(PLAIN, description="two"), again=True),  # a baseline changes
    Step(  # who is asked for before it is listed; who answers [] by nature
        1,
        [
            Edit(LATE),
            *set_to(PLAIN, pricing__prompt="0"),
            *set_to(OFFER, pricing__overrides=[LONG]),
            *set_to(UNWELL, **BAD),
        ],
    ),
    Step(  # a price, and the one above so many tokens
        1,
        [
            *set_to(PLAIN, pricing__prompt="-1"),
            *set_to(OFFER, pricing__prompt="0.2", pricing__overrides=[{**LONG, "prompt": "0.4"}]),
        ],
        missed=frozenset(["a/night"]),
    ),
    Step(
        1,
        [
            *set_to(PLAIN, pricing__prompt="0.1"),
            *set_to(OFFER, pricing__overrides=[{**LONG, "prompt": "0.40"}]),
        ],
        missed=frozenset(["a/night"]),
    ),
    # there and back in one hour
    Step(1, [*set_to(PLAIN, OFFER, pricing__prompt="0.5", name="x"), Edit((TWIN, ("providers", "d")))]),
    Step(
        0,
        [*set_to(PLAIN, OFFER, pricing__prompt="0.1", name="y"), Edit((TWIN, ("providers", "d")))],
        again=True,
    ),
    # changed while it could not be read
    Step(1, set_to(OTHER, pricing__prompt="0.7", quantization="fp4"), missed=frozenset(["a/plain"])),
    Step(1),
    # a run of bad hours ends with an absence
    Step(1, [*set_to(OTHER, status=-2), Edit((TWIN,))], quiet=(3, 1)),
    Step(1, [*set_to(PLAIN, pricing__prompt="0.7"), Edit((OTHER,))]),  # the price of who just left
    Step(1, [Edit((OTHER,))], quiet=(3, 1)),
    # long gone, then not asked for, then asked for again
    Step(1, [Edit((NIGHT,))], quiet=(16, 24)),
    Step(1, scope="models?output_modalities=image"),
    Step(1, scope=SCOPES[0]),
]


def test_what_is_rare() -> None:
    """What random histories seldom come to."""
    checked(OF_RARE_KINDS)


@settings(max_examples=100)
@given(steps=HISTORIES)
def test_the_index_says_what_the_snapshots_say(steps: list[Step]) -> None:
    checked(steps)


def checked(steps: list[Step]) -> Oracle:
    """Build the index of a history, and compare it with what an oracle says."""
    attempts = archived(steps)
    with TemporaryDirectory() as folder:
        written(Path(folder), attempts)
        db = built(Path(folder))
    oracle = Oracle(attempts)
    with closing(db):
        for check in CHECKS:
            check(db, oracle)
    return oracle


@settings(max_examples=12)
@given(steps=SHORT_HISTORIES, cuts=st.sets(st.integers(1, 20), max_size=3), named=st.booleans())
def test_one_index_however_it_is_built(steps: list[Step], cuts: set[int], *, named: bool) -> None:
    """At once, attempt by attempt, in pieces and after a rebuild: the same rows, and the same bytes."""
    attempts = archived(steps)
    with TemporaryDirectory() as name:
        folder = Path(name) / "archive"
        commits = written(folder, attempts, named=named)
        ways = {
            "at once": [commits[-1]],
            "one by one": commits,
            "in pieces": [*(commits[cut] for cut in sorted(cuts) if cut < len(commits)), commits[-1]],
        }
        found = {way: _grown(folder, Path(name) / way, ends) for way, ends in ways.items()}
        cache = Path(name) / "one by one"
        shutil.rmtree(cache)
        found["again"] = _grown(folder, cache, [commits[-1]])
    for way, (rows_found, content) in found.items():
        assert rows_found == found["at once"][0], way
        assert content == found["at once"][1], way


def _grown(folder: Path, cache: Path, ends: list[str]) -> tuple[list[str], bytes]:
    """The rows and the published bytes of an index that was brought up to some commits in turn."""
    for commit in ends:
        set_branch(folder, commit)
        with open_index(open_archive(folder), cache) as db:
            pass
    out = cache / "published"
    with open_index(open_archive(folder), cache) as db:
        export_file(db, out)
        return list(dump_rows(db)), out.read_bytes()
