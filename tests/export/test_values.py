"""The values of an export: a thousand of them, drawn at random, are those of the files in git."""

import datetime as dt
import random
from collections import defaultdict
from collections.abc import Callable, Iterable
from decimal import Decimal
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest

from orarchive.catalog.catalog import build_catalog
from orarchive.domain.columns import parse_columns
from orarchive.domain.data_paths import HEALTH_PATH
from orarchive.domain.feeds import ENDPOINTS
from orarchive.domain.health_values import DISTRIBUTIONS, UPTIMES
from orarchive.domain.prices import (
    CONDITIONS,
    MAIN_DIMENSIONS,
    NOT_PRICES,
    list_time_of_day_keys,
    parse_price,
)
from orarchive.export.manifest import Manifest
from orarchive.export.schemas import TABLES
from orarchive.export.values import fit_price
from orarchive.index.database import open_index
from orarchive.jsonl import Record, dumps, loads
from orarchive.timestamps import format_stamp, parse_stamp
from tests.support.export_archives import AS_OF, HalfYear, read_rows
from tests.support.random_histories import ArchivedAttempt

SEED = 16
Row = dict[str, Any]
Check = Callable[["Rows", ArchivedAttempt, random.Random], bool]
"""Compares a random value of an attempt, and returns whether there was one to compare."""

VERSIONED = {
    "models/facts.jsonl": ("model_versions", "facts"),
    "models/prices.jsonl": ("model_versions", "prices"),
    "models/text.jsonl": ("model_versions", "text"),
    "models/spot.jsonl": ("model_versions", "spot"),
    "endpoints/models.jsonl": ("model_versions", "asked"),
    "endpoints/facts.jsonl": ("endpoint_versions", "facts"),
    "endpoints/prices.jsonl": ("endpoint_versions", "prices"),
    "endpoints/spot.jsonl": ("endpoint_versions", "spot"),
}
"""Path below data/ -> the table and the facet of its lines."""


class Rows:
    """The rows of an export, by what they are looked up with."""

    def __init__(self, out: Path, manifest: Manifest) -> None:
        self.tables = {table.name: read_rows(out, manifest, table.name) for table in TABLES}

    def group(self, table: str, *columns: str) -> dict[tuple[Any, ...], list[Row]]:
        """Return the rows of a table by the values of columns."""
        groups: dict[tuple[Any, ...], list[Row]] = defaultdict(list)
        for row in self.tables[table]:
            groups[tuple(row[column] for column in columns)].append(row)
        return groups

    @cached_property
    def prices(self) -> dict[tuple[Any, ...], list[Row]]:
        """Return the prices by key."""
        return self.group("prices", "feed", "model", "tag", "n")

    @cached_property
    def health(self) -> dict[tuple[Any, ...], Row]:
        """Return the health by attempt and endpoint."""
        groups = self.group("health", "hour", "attempt", "model", "tag", "n")
        return {key: row for key, (row,) in groups.items()}

    @cached_property
    def reads(self) -> dict[tuple[Any, ...], Row]:
        """Return the reads by attempt and feed."""
        return {key: row for key, (row,) in self.group("coverage", "hour", "attempt", "feed").items()}


@pytest.fixture(scope="module")
def rows(out: Path, manifest: Manifest) -> Rows:
    return Rows(out, manifest)


def is_valid(row: Row, hour: dt.datetime) -> bool:
    """Return whether a row held in an hour."""
    end = row["superseded_at"]
    assert row["valid_from"] <= row["last_seen"] and (end is None or row["last_seen"] < end)
    return bool(row["valid_from"] <= hour and (end is None or hour < end))


def check_version(rows: Rows, attempt: ArchivedAttempt, chance: random.Random) -> bool:
    """Compare the lines of a random file with the versions that held in its hour."""
    path = chance.choice(list(VERSIONED))
    table, facet = VERSIONED[path]
    lines = attempt.files.get(path, b"").decode().splitlines()
    valid = [row for row in rows.tables[table] if row["facet"] == facet and is_valid(row, get_hour(attempt))]
    assert [row["json"] for row in valid] == lines
    for row, line in zip(valid, map(loads, lines), strict=True):
        key = {name: line[name] for name in ("id", "model", "tag", "n") if name in line}
        assert key.items() <= row.items() or facet == "asked"
        if facet == "facts" and isinstance(line.get("context_length"), int):
            assert row["context_length"] == line["context_length"]
    return True


def check_price(rows: Rows, attempt: ArchivedAttempt, chance: random.Random) -> bool:
    """Compare a random price of a random model or endpoint with the one that held in its hour."""
    feed = chance.choice(["models", "endpoints"])
    record = loads(chance.choice(attempt.files[f"{feed}/prices.jsonl"].splitlines()))
    pricing = record.get("pricing")
    scheduled = list_time_of_day_keys(pricing)
    key = (record["id"], "", 0) if feed == "models" else (record["model"], record["tag"], record["n"])
    valid = {
        (row["dimension"], row["condition"]): row
        for row in rows.prices[feed, *key]
        if is_valid(row, get_hour(attempt)) and (row["condition"] or row["dimension"] not in scheduled)
    }
    sent = {(dimension, condition): value for dimension, condition, value in list_sent_prices(pricing)}
    assert valid.keys() == sent.keys()
    if not sent:
        return False
    (dimension, condition), value = chance.choice(list(sent.items()))
    price = valid[dimension, condition]
    exact = parse_price(value)
    assert price["price_usd"] == exact == Decimal(price["price_sent"])
    if price["valid_from"] == get_hour(attempt):
        assert price["price_sent"] == (value if isinstance(value, str) else dumps(value).decode())
    conditions = loads(condition) if condition else {}
    places = [
        place
        for place, entry in enumerate(pricing.get("overrides") or [], 1)
        if conditions.items() <= entry.items()
    ]
    assert price["position"] == (places[-1] if condition else 0)
    assert price["min_prompt_tokens"] == conditions.get("min_prompt_tokens")
    assert price["utc_days"] == (conditions.get("utc_days") and [str(day) for day in conditions["utc_days"]])
    for name in ("utc_start", "utc_end"):
        time = conditions.get(name)
        assert price[f"{name}_minute"] == (None if time is None else time // 100 * 60 + time % 100)
    return True


def list_sent_prices(pricing: Any) -> Iterable[tuple[str, str, Any]]:
    """Yield dimension, condition and value of each price of a line: zeros that say nothing are left out.

    The rates of a time-of-day schedule at the top level are in another file.
    """
    if not isinstance(pricing, dict):
        return
    entries = pricing.get("overrides") or []
    for name, value in pricing.items():
        price = parse_price(value)
        is_price = price is not None and (price or name in MAIN_DIMENSIONS)
        if is_price and name not in (*NOT_PRICES, *list_time_of_day_keys(pricing)):
            yield name, "", value
    for entry in entries:
        condition = dumps({name: entry[name] for name in CONDITIONS if name in entry}).decode()
        yield from ((name, condition, value) for name, value in entry.items() if name not in CONDITIONS)


def check_health(rows: Rows, attempt: ArchivedAttempt, chance: random.Random) -> bool:
    """Compare a random field of a random endpoint with the health that was exported for the attempt."""
    report = attempt.line["feeds"].get("endpoints", {"outcome": "not-due"})
    if report["outcome"] not in ("ok", "partial") or HEALTH_PATH not in attempt.files:
        return False
    lines = parse_columns(attempt.files[HEALTH_PATH], ENDPOINTS.key, HEALTH_PATH)
    line: Record = chance.choice(lines)
    row = rows.health[get_hour(attempt), attempt.line["attempt"], line["model"], line["tag"], line["n"]]
    name, value = chance.choice([item for item in line.items() if item[0] not in ("model", "tag", "n")])
    assert rebuild_field(row, name) == value
    assert row["fresh"] == (line["model"] in attempt.read_models)
    return True


def rebuild_field(row: Row, name: str) -> Any:
    """Return a field of health from the columns of its row, those that do not fit from `extra`."""
    extra = loads(row["extra"]) if row["extra"] else {}
    if name in extra or name not in ("status", *UPTIMES, *DISTRIBUTIONS):
        return extra.get(name)
    if name in DISTRIBUTIONS:
        values = {column[-3:]: row[column] for column in row if column.startswith(f"{name}_p")}
        return None if set(values.values()) == {None} else loads(dumps(values))
    # As a number of JSON, which is compared by its digits and not by the nearest double.
    return loads(dumps(row[name]))


def check_read(rows: Rows, attempt: ArchivedAttempt, chance: random.Random) -> bool:
    """Compare how a random feed was read with the ledger."""
    feeds = {name: report for name, report in attempt.line["feeds"].items() if report["outcome"] != "not-due"}
    name = chance.choice(sorted(feeds))
    read = rows.reads[get_hour(attempt), attempt.line["attempt"], name]
    assert (read["outcome"], read["sha256"]) == (feeds[name]["outcome"], feeds[name]["sha256"])
    assert (read["records"], read["age"]) == (feeds[name].get("rows"), feeds[name].get("age"))
    assert loads(read["kept"] or "{}") == feeds[name].get("kept", {})
    return True


def get_hour(attempt: ArchivedAttempt) -> dt.datetime:
    return parse_stamp(attempt.line["hour"])


@pytest.mark.parametrize(
    ("check", "draws"),
    [(check_version, 350), (check_price, 300), (check_health, 250), (check_read, 100)],
    ids=["versions", "prices", "health", "reads"],
)
def test_random_values_are_those_of_the_archive(
    half_year: HalfYear, rows: Rows, check: Check, draws: int
) -> None:
    chance = random.Random(SEED)
    last_of_hour = {attempt.line["hour"]: attempt for attempt in half_year.attempts}
    attempts = half_year.attempts if check in (check_health, check_read) else list(last_of_hour.values())
    compared = 0
    while compared < draws:
        compared += check(rows, chance.choice(attempts), chance)


def test_current_records_are_those_of_the_last_commit(half_year: HalfYear, rows: Rows) -> None:
    files = half_year.attempts[-1].files
    for table in ("models", "endpoints", "providers"):
        current = [row for row in rows.tables[table] if row["missing_since"] is None]
        assert [row["json"] for row in current] == files[f"{table}/facts.jsonl"].decode().splitlines()
    (night,) = (row for row in rows.tables["models"] if row["id"] == "a/night")
    assert (night["author"], night["is_alias"], night["variant"]) == ("a", False, None)
    (latest,) = (row for row in rows.tables["models"] if row["id"] == "~a/latest")
    assert (latest["author"], latest["is_alias"]) == ("a", True)
    assert latest["alias_target"] in ("a/plain", "a/night")


def test_catalog_is_that_of_the_last_hour(half_year: HalfYear, rows: Rows) -> None:
    """A flag is in the list of those that a model has, or lacks, or is not known."""
    with open_index(half_year.archive) as db:
        catalog = build_catalog(db, benchmarks=False)
    table = {row["id"]: row for row in rows.tables["catalog"]}
    assert table.keys() == catalog.models.keys()
    for key, info in catalog.models.items():
        row, redirect = table[key], catalog.redirects.by_source.get(key)
        assert (row["family"], row["tier"], row["is_free"]) == (
            info.family.name,
            info.price_class.tier,
            info.is_free,
        )
        assert row["blended_usd"] == info.price_class.blended
        flags = {**info.flags, "open_weights": info.open_weights}
        assert row["abilities"] == sorted(name for name in flags if flags[name].value is True)
        assert row["inabilities"] == sorted(name for name in flags if flags[name].value is False)
        assert row["reasoning"] == flags["reasoning"].value
        assert row["replacement"] == (redirect.target if redirect else None)
        assert row["names"] == [name.name for name in catalog.names.by_model.get(key, ())]
    assert any(row["last_seen"] for row in table.values())


def test_usage_and_orders(rows: Rows) -> None:
    usage = [(row["date"].isoformat(), row["permaslug"], row["tokens"]) for row in rows.tables["rankings"]]
    assert usage == [
        ("2025-12-31", "a/plain-1", 123456789012),
        ("2026-06-01", "a/plain-1", 5),
        ("2026-06-01", "other", None),
    ]
    assert {(row["series"], row["slice"], row["as_of"]) for row in rows.tables["rankings"]} == {
        ("models", "", AS_OF)
    }
    assert [(row["rank"], row["model"]) for row in rows.tables["orders"]] == [(1, "a/plain"), (2, "a/night")]


def test_events_are_those_of_the_index(half_year: HalfYear, rows: Rows) -> None:
    query = "select hour, after, kind, key, old, new, percent from events order by id"
    with open_index(half_year.archive) as db:
        events = db.execute(query).fetchall()
    assert [
        (
            *(stamp and format_stamp(stamp) for stamp in (row["hour"], row["after"])),
            *(row[name] for name in ("kind", "key", "old", "new", "percent")),
        )
        for row in rows.tables["events"]
    ] == events
    keys = {row["key"]: (row["model"], row["tag"], row["n"]) for row in rows.tables["events"]}
    assert keys["a/plain@p/one#1"] == ("a/plain", "p/one", 1)
    assert keys["a/plain"] == ("a/plain", None, None)
    repriced = [row for row in rows.tables["events"] if row["kind"] == "repriced" and row["new_usd"]]
    assert repriced
    assert all(
        str(row["new_usd"].normalize()) in str(Decimal(loads(row["new"])).normalize()) for row in repriced
    )


def test_days_are_those_of_the_hours(rows: Rows) -> None:
    """Compute the mean uptime of a day from the health of its hours; of an hour the first attempt counts."""
    first: dict[tuple[Any, ...], Row] = {}
    for row in rows.tables["health"]:
        if row["fresh"]:
            first.setdefault((row["model"], row["tag"], row["n"], row["hour"]), row)
    uptimes: dict[tuple[Any, ...], list[float]] = defaultdict(list)
    for (*key, hour), row in first.items():
        uptimes[*key, hour.date()] += [row["uptime_last_30m"]] if row["uptime_last_30m"] is not None else []
    days: dict[tuple[Any, ...], Row] = {
        (row["model"], row["tag"], row["n"], row["day"]): row for row in rows.tables["health_days"]
    }
    assert days.keys() == uptimes.keys()
    for endpoint_day, values in uptimes.items():
        day = days[endpoint_day]
        assert day["uptime_hours"] == len(values)
        assert day["uptime_mean"] == (pytest.approx(sum(values) / len(values)) if values else None)
        assert day["uptime_min"] == (min(values) if values else None)


@pytest.mark.parametrize(
    ("sent", "price"),
    [
        ("0.00000000000000000000001", "1e-23"),
        ("1e-24", "1e-24"),
        ("1e-25", None),
        ("0.10", "0.1"),
        ("-1", "-1"),
        ("99999999999999.5", "99999999999999.5"),
        ("100000000000000", None),
        ("1e59", None),
        ("much", None),
        (None, None),
    ],
)
def test_prices_fit_their_type_or_are_null(sent: str | None, price: str | None) -> None:
    assert fit_price(sent) == (None if price is None else Decimal(price))
