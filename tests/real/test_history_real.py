"""The real past from its source to the answers: plain JSON, counted naively, against what the index says.

Two bundles, 943 versions over 20 months and 20 over five days, and recordings of the wider list. The naive
side knows versions of a file and nothing of hours, lines or events; where it must decide, it says so.
"""

import datetime as dt
import gzip
import json
import random
import sqlite3
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from orarchive.cli.main import main as orarchive_command
from orarchive.errors import NotArchivedError
from orarchive.history.attempts import list_attempts, list_tips
from orarchive.history.replay import ReplayState, replay
from orarchive.importer import report
from orarchive.importer.convert import import_versions
from orarchive.index.database import dump_rows, open_index
from orarchive.jsonl import dumps
from orarchive.queries.price import PriceQuote, find_quotes
from orarchive.sample import Reply, Service
from orarchive.store.archive import Archive, open_archive
from orarchive.store.git import run_git
from tests.support import requirements
from tests.support.archives import HOUR, Stage, new_archive, say
from tests.support.histories import grown
from tests.support.recordings import FIVE_DAYS, TWO_YEARS, Whole, exactly, unordered, versions

pytestmark = pytest.mark.real_data

NOW = dt.datetime(2026, 9, 1, tzinfo=dt.UTC)
DAY = dt.timedelta(days=1)

Record = Mapping[str, Any]
Rows = Mapping[str, Record]
"""The rows of a models list, by id."""


@dataclass(frozen=True)
class Version:
    """A version of a models file: when it was recorded, and its rows."""

    time: dt.datetime
    rows: Rows

    @property
    def hour(self) -> str:
        """The hour in which it was recorded, as files have it."""
        return f"{self.time:%Y-%m-%dT%H}:00:00Z"


def read(bundle: str, path: str, scratch: Path) -> list[Version]:
    """Every version in a bundle, oldest first; rows that say the same are one object, to save memory."""
    found: list[Version] = []
    rows: Rows = {}
    for time, body in versions(requirements.recordings() / bundle, scratch, path):
        had, sent = rows, json.loads(body)["data"]
        rows = {row["id"]: had[row["id"]] if had.get(row["id"]) == row else row for row in sent}
        found.append(Version(dt.datetime.fromisoformat(time).astimezone(dt.UTC), rows))
    return found


def hours(found: Sequence[Version]) -> list[Version]:
    """The last version of each hour."""
    return list({one.hour: one for one in found}.values())


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> list[Version]:
    """All versions of 20 months."""
    return read(*TWO_YEARS, tmp_path_factory.mktemp("source"))


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the index of 20 months is."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="module")
def db(two_years: Whole, cache: Path) -> Iterator[sqlite3.Connection]:
    """The index of 20 months."""
    with open_index(two_years.archive, cache) as db:
        yield db


Event = tuple[str, str, str, Any, Any, str]
"""Hour, key, field, old, new, cause."""


def events(db: sqlite3.Connection, *kinds: str) -> list[Event]:
    """The events of some kinds, in order."""
    marks = ", ".join("?" * len(kinds))
    query = f"select hour, key, field, old, new, cause from events where kind in ({marks}) order by id"
    return [
        (hour, key, field, *(json.loads(end) if end else None for end in ends), cause)
        for hour, key, field, *ends, cause in db.execute(query, kinds)
    ]


def count(db: sqlite3.Connection, query: str) -> int:
    return int(db.execute(f"select count(*) from {query}").fetchone()[0])


# --- naive prices -------------------------------------------------------------------------------------------

CONDITIONS = ("min_prompt_tokens", "utc_start", "utc_end", "utc_days")


def price(pricing: Record, name: str) -> Fraction | None:
    """One price, None where there is none: a zero is none, but for the two prices that everything has."""
    sent = pricing.get(name)
    if sent is None or (not Fraction(sent) and name not in ("prompt", "completion")):
        return None
    return Fraction(sent)


def named(pricing: Record) -> set[str]:
    """The prices that a price object names."""
    return set(pricing) - {"overrides", "discount"}


def ruled(pricing: Record) -> dict[str, list[tuple[str, Fraction]]]:
    """By price, under which conditions it is what."""
    found: dict[str, list[tuple[str, Fraction]]] = {}
    for entry in pricing.get("overrides") or ():
        when = json.dumps({name: entry[name] for name in CONDITIONS if name in entry})
        for name in entry.keys() - set(CONDITIONS):
            found.setdefault(name, []).append((when, Fraction(entry[name])))
    return found


def clocked(pricing: Record) -> set[str]:
    """The prices that follow the clock."""
    return {name for name, said in ruled(pricing).items() if any("utc_" in when for when, _ in said)}


def whole(pricing: Record, name: str) -> Any:
    """What one price comes to: always, or with all its conditions the plain price first."""
    plain = None if name in clocked(pricing) else price(pricing, name)
    conditions = ruled(pricing).get(name)
    return [*([("{}", plain)] if plain is not None else []), *conditions] if conditions else plain


def told_cost(end: Any) -> Any:
    """The same as an event tells it."""
    if not isinstance(end, list):
        return None if end is None else Fraction(end)
    return [
        (json.dumps({name: one[name] for name in CONDITIONS if name in one}), Fraction(one["price"]))
        for one in end
    ]


def is_same(one: Any, other: Any) -> bool:
    """Whether two values of a price object are one price: spelled in another way, or 0 and not at all."""
    return Fraction(one or 0) == Fraction(other or 0)


# --- naive fields -------------------------------------------------------------------------------------------


def paths(value: Any, above: str = "") -> Iterator[str]:
    """The dotted paths of all fields inside a value."""
    if isinstance(value, list):
        for item in value:
            yield from paths(item, above)
    elif isinstance(value, dict):
        for name, inner in value.items():
            yield above + name
            yield from paths(inner, f"{above}{name}.")


def stripped(value: Any, fresh: set[str], above: str = "") -> Any:
    """A value without some fields."""
    if isinstance(value, list):
        return [stripped(item, fresh, above) for item in value]
    if not isinstance(value, dict):
        return value
    return {
        name: stripped(inner, fresh, f"{above}{name}.")
        for name, inner in value.items()
        if above + name not in fresh
    }


def new_paths(found: Sequence[Version]) -> Iterator[tuple[Version, Version, set[str]]]:
    """Every version with the one before it, and the paths that no version before it has."""
    known = {path for row in found[0].rows.values() for path in paths(row)}
    for last, one in pairwise(found):
        moved = (row for name, row in one.rows.items() if last.rows.get(name) is not row)
        fresh = {path for row in moved for path in paths(row)} - known
        known |= fresh
        yield last, one, fresh


# --- from versions to hours ---------------------------------------------------------------------------------


def test_every_version_is_accounted_for(two_years: Whole, source: list[Version]) -> None:
    said = report.to_json(two_years.imported)
    assert sum(said["counts"].values()) == len(said["versions"]) == len(source) == 943
    assert said["counts"] == {"written": 942, "merged": 1}
    times = [dt.datetime.fromisoformat(one["time"]) for one in said["versions"]]
    assert times == [one.time for one in source]
    written = [one for one, fate in zip(source, said["versions"], strict=True) if fate["became"] == "written"]
    assert written == hours(source)
    assert said["hours"] == len(written)
    (merged,) = [number for number, one in enumerate(said["versions"]) if one["became"] == "merged"]
    assert said["versions"][merged]["why"] == said["versions"][merged + 1]["commit"]
    assert source[merged].hour == source[merged + 1].hour


def test_the_last_version_comes_out_of_the_replay(two_years: Whole, tmp_path: Path) -> None:
    """To the number token: from git's changes alone, and out of the index as it stands."""
    _, body = versions(requirements.recordings() / TWO_YEARS[0], tmp_path, TWO_YEARS[1], last=1)[0]
    archive, state = two_years.archive, ReplayState()
    for step in replay(
        archive, list_attempts(archive, list_tips(archive, str(archive.resolve_commit()))), None, state
    ):
        assert not step.broken
    rows = [exactly(dumps(row)) for row in state.records["models"].values()]
    assert unordered({"data": rows}) == unordered({"data": exactly(body)["data"]})


def test_the_index_ends_with_the_last_version(db: sqlite3.Connection, source: list[Version]) -> None:
    """The lines that stand, joined."""
    rows: dict[str, dict[str, Any]] = {}
    for table, there in (("versions", "versions.last"), ("latest", "gone")):
        query = f"select key, line from {table} join records on record = id where {there} is null"
        for key, line in db.execute(query):
            rows.setdefault(key, {}).update(json.loads(line))
    assert unordered(rows) == unordered(source[-1].rows)


def test_the_archive_is_as_received(two_years: Whole, source: list[Version]) -> None:
    """It was read about twice a day: nearly every stretch between two versions is a gap, and no error."""
    result = CliRunner().invoke(
        orarchive_command, ["verify", "--archive", str(two_years.archive.root), "--json"]
    )
    said = json.loads(result.stdout)
    assert (result.exit_code, said["wrong"], said["attempts"]) == (0, False, 942)
    times = [dt.datetime.fromisoformat(one.hour) for one in hours(source)]
    assert len(said["gaps"]) == sum(after - before > HOUR for before, after in pairwise(times)) > 900


# --- coming and going ---------------------------------------------------------------------------------------


def moves(found: Sequence[Version]) -> list[tuple[str, str, str]]:
    """Who came, came back and went: (hour, event, id)."""
    known = set(found[0].rows)
    told = []
    for last, one in pairwise(found):
        told += [(one.hour, "missing", name) for name in last.rows.keys() - one.rows.keys()]
        for name in one.rows.keys() - last.rows.keys():
            told.append((one.hour, "returned" if name in known else "added", name))
        known |= one.rows.keys()
    return told


def test_models_come_and_go(db: sqlite3.Connection, source: list[Version]) -> None:
    naive = Counter(kind for _, kind, _ in moves(source))
    assert naive == {"added": 658, "returned": 83, "missing": 573}, "741 additions"
    told = [(one[0], kind, one[1]) for kind in naive for one in events(db, kind)]
    assert sorted(told) == sorted(moves(source)) == sorted(moves(hours(source)))
    assert len({name for one in source for name in one.rows}) == count(db, "records") == 836
    assert len(source[-1].rows) == count(db, "records where last is null") == 346


def absences(found: Sequence[Version]) -> Iterator[tuple[str, list[tuple[str, dt.timedelta]], bool]]:
    """Every absence: of whom, the hours without it and how long that was then, and whether it ended.

    From the first hour without it; between two hours at most a day counts.
    """
    times = [dt.datetime.fromisoformat(one.hour) for one in found]
    steps = [dt.timedelta(), *(min(after - before, DAY) for before, after in pairwise(times))]
    away: dict[str, list[tuple[str, dt.timedelta]]] = {}
    for position, one in enumerate(found):
        for name in [name for name in away if name in one.rows]:
            yield name, away.pop(name), True
        for seen in away.values():
            seen.append((one.hour, seen[-1][1] + steps[position]))
        for name in found[position - 1].rows.keys() - one.rows.keys() if position else ():
            away[name] = [(one.hour, dt.timedelta())]
    for name, seen in away.items():
        yield name, seen, False


def test_what_became_of_the_missing(db: sqlite3.Connection, source: list[Version]) -> None:
    """Stale, deprecated from 14 days on, removed from 30 on; each told once, in the hour it came to be so."""
    states, told = Counter[str](), []
    for name, seen, ended in absences(hours(source)):
        state = "stale"
        for state_then, days in (("deprecated", 14), ("removed", 30)):
            if reached := [hour for hour, away in seen if away >= days * DAY]:
                told.append((reached[0], state_then, name))
                state = state_then
        states[state] += not ended
    assert states == {"stale": 26, "deprecated": 21, "removed": 443}
    found = db.execute("select state, count(*) from records where last is not null group by state")
    assert dict(found.fetchall()) == states
    by_index = [(one[0], kind, one[1]) for kind in ("deprecated", "removed") for one in events(db, kind)]
    assert sorted(by_index) == sorted(told)


# --- prices -------------------------------------------------------------------------------------------------


def pricings(found: Sequence[Version]) -> Iterator[tuple[str, str, Record, Record]]:
    """Every change of a price object from one version to the next: hour, id, before, after."""
    for last, one in pairwise(found):
        for name in one.rows.keys() & last.rows.keys():
            before, after = (end.rows[name]["pricing"] for end in (last, one))
            if before != after:
                yield one.hour, name, before, after


def test_every_change_of_a_price_object_is_a_version(db: sqlite3.Connection, source: list[Version]) -> None:
    """A line that begins where one of the same model ended in the hour before, not after an absence.

    The one version that is no hour repeats the one before it, so hours tell as many changes as versions.
    """
    found = hours(source)
    (merged,) = [number for number, one in enumerate(source) if one not in found]
    assert source[merged].rows == source[merged - 1].rows
    changed = [(hour, key) for hour, key, *_ in pricings(source)]
    assert len(changed) == 3091
    before = {one.hour: last.hour for last, one in pairwise(found)}
    query = """
        select key, versions.first, versions.last from versions join records on record = id
        where file in ('prices', 'spot') order by key, file, versions.first
    """
    begun = {
        (first, key)
        for (last_key, _, ended), (key, first, _) in pairwise(db.execute(query).fetchall())
        if key == last_key and ended == before.get(first)
    }
    assert sorted(begun) == sorted(changed)


def test_form_is_not_price(db: sqlite3.Connection, source: list[Version]) -> None:
    """Nearly half of all changes only spell a zero out, or no longer."""
    values = [
        (is_same(before.get(name), after.get(name)), hour, key)
        for hour, key, before, after in pricings(source)
        for name in named(before) | named(after)
        if before.get(name) != after.get(name)
    ]
    assert (sum(same for same, _, _ in values), len(values)) == (3501, 6601)
    real = {(hour, key) for same, hour, key in values if not same}
    form = {(hour, key) for _, hour, key in values} - real
    assert len(form) == 1400
    assert len(real | form) == 3091
    repriced = {(hour, key) for hour, key, *_ in events(db, "repriced")}
    assert not form & repriced
    assert repriced <= real


def reprices(found: Sequence[Version]) -> Iterator[tuple[Any, ...]]:
    """What must be told of prices, and of their schedules: hour, id, price, before, after, cause.

    Not of aliases, which repeat the prices of others; not of a price that nothing had before.
    """
    for last, one, fresh in new_paths(found):
        for name in one.rows.keys() & last.rows.keys():
            old, new = (end.rows[name]["pricing"] for end in (last, one))
            if old == new or name.startswith("~"):
                continue
            without = stripped(new, fresh, "pricing.")
            plain = (named(old) | named(without)) - clocked(old) - clocked(new)
            moved = {what for what in plain if price(old, what) != price(without, what)}
            conditions = ruled(old).keys() | ruled(new).keys()
            if old.get("overrides") == without.get("overrides"):
                conditions = set()
            for what in moved | {what for what in conditions if whole(old, what) != whole(new, what)}:
                ends = [(whole if what in conditions else price)(end, what) for end in (old, new)]
                yield one.hour, name, what, *ends, "unknown" if what in moved else "schedule"


def told_reprices(db: sqlite3.Connection) -> list[tuple[Any, ...]]:
    return [
        (hour, key, field, told_cost(old), told_cost(new), cause)
        for hour, key, field, old, new, cause in events(db, "repriced")
    ]


def test_every_new_price_is_told_once(db: sqlite3.Connection, source: list[Version]) -> None:
    """And nothing else is: hour, model, dimension, old and new."""
    expected = sorted(reprices(hours(source)), key=repr)
    assert len(expected) > 3000
    assert sorted(told_reprices(db), key=repr) == expected
    moves = db.execute("select old, new, percent from events where kind = 'repriced'").fetchall()
    for *ends, percent in moves:
        old, new = (json.loads(end) if end else None for end in ends)
        if isinstance(old, str) and isinstance(new, str) and Fraction(old) > 0 and Fraction(new) > 0:
            assert percent == pytest.approx(float((Fraction(new) / Fraction(old) - 1) * 100), abs=1e-4)
        else:
            assert percent is None


# --- fields -------------------------------------------------------------------------------------------------


def test_a_new_field_is_told_once(db: sqlite3.Connection, source: list[Version]) -> None:
    """A path, or the topmost new one above it, in the hour that first has it, and by no model's event."""
    told = events(db, "field_appeared")
    assert len(told) == 18
    assert _are_new_fields(db, hours(source), [one[:2] for one in told]) > 1000, "records that won a field"


def _are_new_fields(db: sqlite3.Connection, found: Sequence[Version], told: list[tuple[str, str]]) -> int:
    """Assert that these are the new fields of versions, and nobody's news; how many records won one."""
    covered: set[tuple[str, str]] = set()
    won = 0
    for last, one, fresh in new_paths(found):
        for path in fresh:
            parts = path.split(".")
            above = [".".join(parts[: size + 1]) for size in range(len(parts))]
            (event,) = [(one.hour, name) for name in above if (one.hour, name) in told]
            assert event[1] == next(name for name in above if name in fresh)
            covered.add(event)
        if fresh:
            won += _says_only_what_is_not_new(db, last, one, fresh)
    assert sorted(covered) == sorted(told)
    return won


def _says_only_what_is_not_new(db: sqlite3.Connection, last: Version, one: Version, fresh: set[str]) -> int:
    """Assert that each event of an hour would be one without the new fields; how many records had them."""
    rows = {name: (last.rows[name], one.rows[name]) for name in one.rows.keys() & last.rows.keys()}
    query = "select key, kind, field from events where hour = ? and feed = 'models' and field != ''"
    for key, kind, field in db.execute(query, (one.hour,)):
        old, new = rows[key][0], stripped(rows[key][1], fresh)
        if kind == "repriced":
            assert whole(old["pricing"], field) != whole(new["pricing"], field), (one.hour, key, field)
        else:
            ends = [unordered({field: end.get(field)}) for end in (old, new)]
            assert ends[0] != ends[1], (one.hour, key, field)
    return sum(stripped(new, fresh) != new for _, new in rows.values())


# --- what did it cost? --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Naive:
    """The answer of somebody who has the versions of a file and looks them up."""

    seen: str
    since: str
    next: str | None
    same: bool | None
    pricing: Record


def look_up(found: Sequence[Version], model: str, at: dt.datetime) -> Naive | None:
    """What a model cost at a moment by the last version that had been recorded; None: not listed then.

    An hour counts as a whole: of 02:00, without minutes, is what a version of 02:13 says.
    """
    times = [one.time if at.minute or at.second else dt.datetime.fromisoformat(one.hour) for one in found]
    until = [position for position, time in enumerate(times) if time <= at]
    if not until or model not in found[until[-1]].rows:
        return None
    position = until[-1]
    pricing = found[position].rows[model]["pricing"]
    first = position
    while first and model in (rows := found[first - 1].rows):
        if not comes_to_the_same(pricing, rows[model]["pricing"]):
            break
        first -= 1
    seen, since, *after = found[position], found[first].hour, *found[position + 1 : position + 2]
    if not after:
        return Naive(seen.hour, since, None, None, pricing)
    rows = after[0].rows
    same = model in rows and comes_to_the_same(pricing, rows[model]["pricing"])
    return Naive(seen.hour, since, after[0].hour, same, pricing)


def comes_to_the_same(one: Record, other: Record) -> bool:
    """Whether two price objects say the same prices, those of the moment left out."""
    names = named(one) | named(other) | ruled(one).keys() | ruled(other).keys()
    return clocked(one) == clocked(other) and all(
        (ruled(one).get(name), price(one, name) if name not in clocked(one) else None)
        == (ruled(other).get(name), price(other, name) if name not in clocked(other) else None)
        for name in names
    )


def window(entry: Record, at: dt.datetime) -> bool:
    """Whether a clock window is open."""
    now = at.hour * 100 + at.minute
    start, end = entry["utc_start"], entry["utc_end"]
    return bool(start <= now < end or (start > end and not end <= now < start))


def at_that_time(pricing: Record, at: dt.datetime) -> dict[str, Fraction]:
    """Every price for a short prompt at a moment."""
    found = {name: cents for name in named(pricing) if (cents := price(pricing, name)) is not None}
    for entry in pricing.get("overrides") or ():
        if "utc_start" in entry and window(entry, at):
            found |= {name: Fraction(entry[name]) for name in entry.keys() - set(CONDITIONS)}
    return found


def asked(found: Sequence[Version], times: int) -> Iterator[tuple[str, dt.datetime]]:
    """Random models: at any time, at one around which they were listed, and before their prices changed."""
    chance = random.Random(20260531)
    names = sorted({name for one in found for name in one.rows})
    listed: dict[str, list[int]] = {}
    for position, one in enumerate(found):
        for name in one.rows:
            listed.setdefault(name, []).append(position)
    begin, end = found[0].time - 3 * DAY, found[-1].time + 3 * DAY
    changed = [(name, dt.datetime.fromisoformat(hour)) for hour, name, *_ in pricings(found)]
    for number in range(times):
        name = chance.choice(names)
        at = begin + chance.random() * (end - begin)
        if number % 3 == 1:
            at = found[chance.choice(listed[name])].time + (chance.random() - 0.3) * 12 * HOUR
        if number % 3 == 2:
            name, at = chance.choice(changed)
            at -= chance.random() * 12 * HOUR
        yield name, at.replace(microsecond=0)


def agrees(quote: PriceQuote, naive: Naive, at: dt.datetime) -> None:
    """Assert that an answer is the naive one."""
    prices = {name: Fraction(one["price"]) for name, one in quote.prices.items()}
    assert prices == at_that_time(naive.pricing, at)
    assert quote.pricing == naive.pricing
    assert (quote.seen, quote.next, quote.same) == (naive.seen, naive.next, naive.same), quote


def test_a_price_at_any_moment_is_that_of_the_file(
    two_years: Whole, db: sqlite3.Connection, source: list[Version]
) -> None:
    found = hours(source)
    met = Counter[Any]()
    for number, (model, at) in enumerate(asked(found, 1000)):
        at = at.replace(minute=0, second=0) if number % 7 == 0 else at
        naive = look_up(found, model, at)
        if naive is None:
            met["not listed"] += 1
            with pytest.raises(NotArchivedError):
                find_quotes(db, two_years.archive, model, at)
            continue
        (quote,) = find_quotes(db, two_years.archive, model, at)
        agrees(quote, naive, at)
        assert quote.since == naive.since
        met[naive.same] += 1
    least = {"not listed": 200, True: 400, False: 100, None: 1}
    assert all(met[answer] >= times for answer, times in least.items()), met


def test_a_minute_before_a_price_was_recorded(
    two_years: Whole, db: sqlite3.Connection, source: list[Version]
) -> None:
    """In the hour of the new one the old one answers, and says that there is another."""
    found = hours(source)
    times = {one.hour: one.time for one in found}
    late = [(name, times[hour]) for hour, name, *_ in reprices(found) if times[hour].minute > 0]
    for model, time in random.Random(25).sample(late, 25):
        at = time - dt.timedelta(minutes=1)
        at = at if at.minute or at.second else at + dt.timedelta(seconds=1)
        (before,), (after,) = (find_quotes(db, two_years.archive, model, when) for when in (at, time))
        naive = look_up(found, model, at)
        assert naive and naive.same is False
        agrees(before, naive, at)
        assert before.seen < str(before.next) == after.seen == f"{time:%Y-%m-%dT%H}:00:00Z"
        assert before.next_started == after.seen_started == f"{time:%Y-%m-%dT%H:%M:%S}Z"
        assert before.prices != after.prices or before.thresholds != after.thresholds


def test_since_when_a_price_stands_is_told_by_its_points_too(
    two_years: Whole, db: sqlite3.Connection, source: list[Version]
) -> None:
    """Of every model that is listed: the last hour in which a point of its prices came or was gone."""
    reads = [hour for (hour,) in db.execute("select hour from reads where good order by hour")]
    query = "select first, last from price_history where feed = 'models' and key = ?"
    for model in source[-1].rows:
        turns = [first for first, _ in db.execute(query, (model,))]
        turns += [reads[reads.index(last) + 1] for _, last in db.execute(query, (model,)) if last]
        (quote,) = find_quotes(db, two_years.archive, model)
        assert quote.since == max(turns), model
    (gpt,) = find_quotes(db, two_years.archive, "openai/gpt-4", dt.datetime(2026, 5, 1, tzinfo=dt.UTC))
    assert gpt.since == "2024-09-21T02:00:00Z", "though zeros came and went"


def test_a_price_by_the_command_line(
    two_years: Whole, cache: Path, db: sqlite3.Connection, source: list[Version]
) -> None:
    found, answered = hours(source), 0
    for model, at in asked(found, 12):
        command = ["price", model, "--archive", str(two_years.archive.root), "--cache", str(cache)]
        at = at.replace(second=0)
        result = CliRunner().invoke(orarchive_command, [*command, "--at", f"{at:%Y-%m-%dT%H:%MZ}", "--json"])
        naive = look_up(found, model, at)
        assert result.exit_code == (0 if naive else 1)
        if naive:
            (said,) = json.loads(result.stdout)["quotes"]
            assert {name: Fraction(one["price"]) for name, one in said["prices"].items()} == at_that_time(
                naive.pricing, at
            )
            assert (said["seen"], said["next"], said["same"]) == (naive.seen, naive.next, naive.same)
            answered += 1
    assert 0 < answered < 12


# --- prices that follow the clock ---------------------------------------------------------------------------


@pytest.fixture(scope="module")
def august(tmp_path_factory: pytest.TempPathFactory) -> list[Version]:
    """All versions of five days in August."""
    return read(*FIVE_DAYS, tmp_path_factory.mktemp("august-source"))


@pytest.fixture(scope="module")
def of_august(tmp_path_factory: pytest.TempPathFactory, august: list[Version]) -> Archive:
    """The archive of these five days, made by the command line."""
    root = new_archive(tmp_path_factory.mktemp("august") / "archive")
    bundle, path = requirements.recordings() / FIVE_DAYS[0], FIVE_DAYS[1]
    result = CliRunner().invoke(
        orarchive_command, ["import", str(bundle), "--path", path, "--archive", str(root), "--json"]
    )
    said = json.loads(result.stdout)
    assert [one["time"] for one in said["versions"]] == [f"{one.time:%Y-%m-%dT%H:%M:%SZ}" for one in august]
    assert {one["became"] for one in said["versions"]} == {"written"}
    return open_archive(root)


@pytest.fixture(scope="module")
def clock_db(of_august: Archive) -> Iterator[sqlite3.Connection]:
    """The index of five days in August."""
    with open_index(of_august) as db:
        yield db


def test_a_flip_of_a_clock_price_is_no_event(clock_db: sqlite3.Connection, august: list[Version]) -> None:
    flips = [
        (hour, name)
        for hour, name, before, after in pricings(august)
        if clocked(before) and before["overrides"] == after.get("overrides")
    ]
    assert len(flips) == 9
    assert {name for _, name in flips} == {"deepseek/deepseek-v4-pro", "deepseek/deepseek-v4-pro-0813"}
    told = clock_db.execute("select hour, key from events where kind in ('repriced', 'edited')").fetchall()
    points = "select prices.first, key from prices join records on record = id where condition = ''"
    spots = "select versions.first, key from versions join records on record = id where file = 'spot'"
    assert not {*flips} & {*told}
    assert not {*flips} & {*clock_db.execute(points)}
    assert {*flips} < {*clock_db.execute(spots)}


def test_a_schedule_that_comes_or_goes_is_told_for_each_price(
    clock_db: sqlite3.Connection, august: list[Version]
) -> None:
    """As new prices, under their conditions; and of a price that follows the clock nothing else is."""
    turns = [
        (hour, name, before, after)
        for hour, name, before, after in pricings(august)
        if bool(clocked(before)) != bool(clocked(after))
    ]
    assert len(turns) == 6
    told = told_reprices(clock_db)
    for hour, name, before, after in turns:
        for what in clocked(before) | clocked(after):
            (event,) = [one[3:] for one in told if one[:3] == (hour, name, what)]
            assert event == (whole(before, what), whole(after, what), "schedule")


def test_every_new_price_of_august_is_told_once(clock_db: sqlite3.Connection, august: list[Version]) -> None:
    expected = sorted(reprices(august), key=repr)
    assert len(expected) > 200
    assert sorted(told_reprices(clock_db), key=repr) == expected


def test_a_new_condition_is_told_once(clock_db: sqlite3.Connection, august: list[Version]) -> None:
    told = [one[:2] for one in events(clock_db, "field_appeared")]
    assert [path for _, path in told] == ["pricing.overrides.utc_end", "pricing.overrides.utc_start"]
    assert _are_new_fields(clock_db, august, told) == 1


def test_a_clock_price_at_any_moment(
    of_august: Archive, clock_db: sqlite3.Connection, august: list[Version]
) -> None:
    """By its schedule, not by what was seen; a flip until the next hour is no other price."""
    chance = random.Random(816)
    begin, end = august[0].time, august[-1].time
    for _ in range(200):
        at = (begin + chance.random() * (end - begin)).replace(microsecond=0)
        for model in ("deepseek/deepseek-v4-pro", "deepseek/deepseek-v4-pro-0813"):
            naive = look_up(august, model, at)
            assert naive
            (quote,) = find_quotes(clock_db, of_august, model, at)
            agrees(quote, naive, at)


# --- another scope ------------------------------------------------------------------------------------------

WIDE = ("2026-08-04T032206Z", "2026-08-05T031928Z")
"""Recordings of the list with all modalities."""


def recorded_wide(name: str) -> tuple[dt.datetime, bytes]:
    """One of them: when it was made, and its bytes."""
    packed = requirements.recordings() / f"models_v1_all_modalities/{name}.json.gz"
    return dt.datetime.strptime(name, "%Y-%m-%dT%H%M%SZ").replace(tzinfo=dt.UTC), gzip.decompress(
        packed.read_bytes()
    )


def in_text(row: Record) -> bool:
    """Whether the list of text models has room for a model."""
    return "text" in row["architecture"]["output_modalities"]


def coming_and_going(db: sqlite3.Connection, hour: str) -> dict[str, set[str]]:
    """Who came and went in an hour, by event."""
    found: dict[str, set[str]] = {}
    kinds = ("added", "returned", "first_observed", "missing")
    marks = ", ".join("?" * len(kinds))
    query = f"select kind, key from events where feed = 'models' and hour = ? and kind in ({marks})"
    for kind, key in db.execute(query, (hour, *kinds)):
        found.setdefault(kind, set()).add(key)
    return found


def test_a_wider_scope_adds_nothing(two_years: Whole, source: list[Version], tmp_path: Path) -> None:
    """Text models until May, imported; then the scraper asks for all, twice in August, each at its own time.

    Between them lie nine weeks without any hour, in which text models did come and go.
    """
    run_git(tmp_path, "clone", "--quiet", str(two_years.archive.root), "archive")
    body = b""

    def respond(path: str, query: Mapping[str, str], headers: Mapping[str, str]) -> Any:
        if path == "models":
            assert query == {"output_modalities": "all"}
            return Reply(200, body)
        rows = len(json.loads(body)["data"])
        return (200, {"data": {"count": rows}}) if path == "models/count" else (404, {"error": {"code": 404}})

    seen: list[Rows] = [source[-1].rows]
    times = []
    with Service(respond) as service:
        stage = Stage(service, tmp_path / "archive")
        for name in WIDE:
            time, body = recorded_wide(name)
            times.append(time.replace(minute=0, second=0))
            assert stage.run(times[-1], now=time, feeds=("models",)) == 0
            seen.append({row["id"]: row for row in json.loads(body)["data"]})
    ever = {name for one in source for name in one.rows}
    text, wide, last = seen
    new = wide.keys() - text.keys()
    outside = {name for name in new if not in_text(wide[name])}
    assert len(outside) == 118
    # once it was said to answer in text too, and to be gone when it no longer did: so it is back
    assert outside & ever == {"openai/text-embedding-3-large"}
    with open_index(stage.archive, tmp_path / "cache") as db:
        first, second = (coming_and_going(db, f"{time:%Y-%m-%dT%H}:00:00Z") for time in times)
        there = {key for (key,) in db.execute("select key from records where last is null")}
    assert first == {
        "first_observed": outside - ever,
        "added": new - outside - ever,
        "returned": new & ever,
        "missing": text.keys() - wide.keys(),
    }
    counts = {"first_observed": 117, "added": 51, "returned": 2, "missing": 60}
    assert {kind: len(names) for kind, names in first.items()} == counts
    assert second == {"added": {"black-forest-labs/flux-3-video"}}
    assert there == last.keys() == wide.keys() | second["added"]


@pytest.fixture(scope="module")
def narrowed(of_august: Archive, tmp_path_factory: pytest.TempPathFactory) -> Archive:
    """The wide list, twice, imported as a past of the five days of text models that came 11 days after it."""
    folder = tmp_path_factory.mktemp("narrowed")
    run_git(folder, "clone", "--quiet", str(of_august.root), "archive")
    recorder = new_archive(folder / "recorder")
    for name in WIDE:
        time, body = recorded_wide(name)
        (recorder / "models.json").write_bytes(body)
        run_git(recorder, "add", "models.json")
        run_git(recorder, "commit", "--quiet", "-m", name, env={"GIT_COMMITTER_DATE": time.isoformat()})
    archive = open_archive(folder / "archive")
    wide = "models?output_modalities=all"
    imported = import_versions(archive, str(recorder), "models.json", NOW, name="wide", scope=wide)
    assert (imported.branch, report.count_outcomes(imported)) == ("past/wide", {"written": 2})
    return archive


def test_a_narrower_scope_takes_nothing_away(narrowed: Archive, august: list[Version]) -> None:
    """What no list of text models can show is not missing, nor becomes so; a text model that left is."""
    wide = {row["id"]: row for row in json.loads(recorded_wide(WIDE[-1])[1])["data"]}
    text = august[0].rows
    outside = {name for name, row in wide.items() if not in_text(row)}
    assert len(outside) == 119
    with open_index(narrowed) as db:
        found = coming_and_going(db, august[0].hour)
        states = dict(db.execute("select key, state from records where last is not null").fetchall())
        told = {key for (key,) in db.execute("select key from events where hour >= ?", (august[0].hour,))}
    assert found == {"added": text.keys() - wide.keys(), "missing": wide.keys() - text.keys() - outside}
    assert {name for name, state in states.items() if state == "unobserved"} == outside
    assert not outside & told


def aliases(found: Sequence[Rows]) -> Iterator[tuple[str, Record, Record]]:
    """Every alias with its record in one list and in the next."""
    for last, one in pairwise(found):
        for name in last.keys() & one.keys():
            if name.startswith("~"):
                assert last[name]["alias_target"] and one[name]["alias_target"]
                yield name, last[name], one[name]


def test_an_alias_moves_and_is_not_repriced(narrowed: Archive, august: list[Version]) -> None:
    """In none of the five days did one move; between the wide recordings and them two did."""
    wide = [{row["id"]: row for row in json.loads(recorded_wide(name)[1])["data"]} for name in WIDE]
    pairs = list(aliases([*wide, *(one.rows for one in august)]))
    ends = [(name, *(end["alias_target"]["slug"] for end in both)) for name, *both in pairs]
    moved = sorted((name, old, new) for name, old, new in ends if old != new)
    assert moved == [
        ("~google/gemini-flash-latest", "google/gemini-3.6-flash", "google/gemini-3.7-flash"),
        ("~x-ai/grok-latest", "x-ai/grok-4.5", "x-ai/grok-4.6"),
    ]
    assert sum(old["pricing"] != new["pricing"] for _, old, new in pairs) > 5
    with open_index(narrowed) as db:
        told = {(key, old["slug"], new["slug"]) for _, key, _, old, new, _ in events(db, "alias_moved")}
        assert sorted(one for one in told if one[1] != one[2]) == moved
        assert not {name for name, *_ in ends} & {one[1] for one in events(db, "repriced")}


def test_an_alias_of_a_model_with_a_new_name_has_not_moved(narrowed: Archive) -> None:
    """xAI became SpaceXAI on 5 August; the alias still meant Grok 4.5."""
    with open_index(narrowed) as db:
        ends = [(old["slug"], new["slug"]) for *_, old, new, _ in events(db, "alias_moved")]
    assert all(old != new for old, new in ends)


# --- the index ----------------------------------------------------------------------------------------------


def test_in_three_parts_the_index_is_the_same(
    two_years: Whole, db: sqlite3.Connection, tmp_path: Path
) -> None:
    run_git(tmp_path, "clone", "--quiet", "--no-checkout", str(two_years.archive.root), "clone")
    names = say(tmp_path / "clone", "rev-list", "--reverse", "HEAD").split()
    assert grown(tmp_path / "clone", [names[300], names[700], names[-1]]) == list(dump_rows(db))
