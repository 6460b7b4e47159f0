"""Prices of 943 recorded versions: their events in the index, and what `price` answers."""

import datetime as dt
import json
import random
import sqlite3
from collections import Counter
from fractions import Fraction
from itertools import pairwise
from typing import Any

import pytest

from orarchive.errors import NotArchivedError
from orarchive.queries.price import find_quotes
from tests.support.all_readers import ask_at
from tests.support.naive_prices import (
    assert_same_quote,
    draw_questions,
    is_same_price,
    list_dimensions,
    list_pricing_changes,
    list_reprices,
    look_up,
    read_prices_at,
)
from tests.support.naive_versions import Version, select_hourly
from tests.support.real_indexes import read_event_values, read_reprices
from tests.support.recordings import Whole

pytestmark = pytest.mark.real_data


# --- events -------------------------------------------------------------------------------------------------


def test_every_change_of_a_price_object_is_a_version(
    two_years_index: sqlite3.Connection, two_years_versions: list[Version]
) -> None:
    """A change is a line that begins where another one of the same model ended in the hour before.

    The one version that is not an hour repeats the one before it, so hours have as many changes as versions.
    """
    hourly = select_hourly(two_years_versions)
    (merged,) = [position for position, version in enumerate(two_years_versions) if version not in hourly]
    assert two_years_versions[merged].rows == two_years_versions[merged - 1].rows
    changes = [(hour, key) for hour, key, *_ in list_pricing_changes(two_years_versions)]
    assert len(changes) == 3091
    hours_before = {version.hour: before.hour for before, version in pairwise(hourly)}
    query = """
        select key, versions.first, versions.last from versions join records on record = id
        where file in ('prices', 'spot') order by key, file, versions.first
    """
    lines = two_years_index.execute(query).fetchall()
    replaced = {
        (first, key)
        for (last_key, _, last), (key, first, _) in pairwise(lines)
        if key == last_key and last == hours_before.get(first)
    }
    assert sorted(replaced) == sorted(changes)


def test_a_price_that_only_changes_its_form_is_no_event(
    two_years_index: sqlite3.Connection, two_years_versions: list[Version]
) -> None:
    """Nearly half of all changes only begin or cease to spell out a zero."""
    values = [
        (is_same_price(before.get(name), after.get(name)), hour, key)
        for hour, key, before, after in list_pricing_changes(two_years_versions)
        for name in list_dimensions(before) | list_dimensions(after)
        if before.get(name) != after.get(name)
    ]
    assert (sum(is_same for is_same, _, _ in values), len(values)) == (3518, 6601)
    real_changes = {(hour, key) for is_same, hour, key in values if not is_same}
    form_changes = {(hour, key) for _, hour, key in values} - real_changes
    assert len(form_changes) == 1410
    assert len(real_changes | form_changes) == 3091
    repriced = {(hour, key) for hour, key, *_ in read_event_values(two_years_index, "repriced")}
    assert not form_changes & repriced
    assert repriced <= real_changes


def test_every_new_price_is_one_event(
    two_years_index: sqlite3.Connection, two_years_versions: list[Version]
) -> None:
    """With hour, model, dimension, old and new value; there are no other events of prices."""
    expected = sorted(list_reprices(select_hourly(two_years_versions)), key=repr)
    assert len(expected) > 3000
    assert sorted(read_reprices(two_years_index), key=repr) == expected


def test_an_event_between_two_positive_prices_has_a_percentage(two_years_index: sqlite3.Connection) -> None:
    query = "select old, new, percent from events where kind = 'repriced'"
    for *texts, percent in two_years_index.execute(query).fetchall():
        old, new = (json.loads(text) if text else None for text in texts)
        if isinstance(old, str) and isinstance(new, str) and Fraction(old) > 0 and Fraction(new) > 0:
            assert percent == pytest.approx(float((Fraction(new) / Fraction(old) - 1) * 100), abs=1e-4)
        else:
            assert percent is None


# --- questions ----------------------------------------------------------------------------------------------


def test_a_price_at_any_time_is_that_of_the_file(
    two_years: Whole, two_years_index: sqlite3.Connection, two_years_versions: list[Version]
) -> None:
    hourly = select_hourly(two_years_versions)
    counts = Counter[Any]()
    for number, (model, time) in enumerate(draw_questions(hourly, 1000)):
        at = time.replace(minute=0, second=0) if number % 7 == 0 else time
        naive = look_up(hourly, model, at)
        if naive is None:
            counts["not listed"] += 1
            with pytest.raises(NotArchivedError):
                find_quotes(two_years_index, model, at)
            continue
        (quote,) = find_quotes(two_years_index, model, at)
        assert_same_quote(quote, naive, at)
        assert quote.since == naive.since
        counts[naive.same] += 1
    min_counts = {"not listed": 200, True: 400, False: 100, None: 1}
    assert all(counts[answer] >= count for answer, count in min_counts.items()), counts


def test_a_minute_before_a_price_was_recorded(
    two_years: Whole, two_years_index: sqlite3.Connection, two_years_versions: list[Version]
) -> None:
    """In the hour of the new price the old one is the answer, which says that the next is not the same."""
    hourly = select_hourly(two_years_versions)
    times = {version.hour: version.time for version in hourly}
    changes = [(name, times[hour]) for hour, name, *_ in list_reprices(hourly) if times[hour].minute > 0]
    for model, time in random.Random(25).sample(changes, 25):
        at = time - dt.timedelta(minutes=1)
        at = at if at.minute or at.second else at + dt.timedelta(seconds=1)
        (before,) = find_quotes(two_years_index, model, at)
        (after,) = find_quotes(two_years_index, model, time)
        naive = look_up(hourly, model, at)
        assert naive and naive.same is False
        assert_same_quote(before, naive, at)
        assert before.seen < str(before.next) == after.seen == f"{time:%Y-%m-%dT%H}:00:00Z"
        assert before.next_started == after.seen_started == f"{time:%Y-%m-%dT%H:%M:%S}Z"
        assert before.prices != after.prices or before.thresholds != after.thresholds


def test_since_is_the_last_turn_of_the_price_points(
    two_years: Whole, two_years_index: sqlite3.Connection, two_years_versions: list[Version]
) -> None:
    """Of every listed model: the last hour in which a price point began or was gone."""
    query = "select hour from reads where good order by hour"
    hours = [hour for (hour,) in two_years_index.execute(query)]
    query = """
        select prices.first, prices.last from prices join records on records.id = record
        where feed = 'models' and key = ?
    """
    for model in two_years_versions[-1].rows:
        spans = two_years_index.execute(query, (model,)).fetchall()
        turns = [first for first, _ in spans]
        turns += [hours[hours.index(last) + 1] for _, last in spans if last]
        (quote,) = find_quotes(two_years_index, model)
        assert quote.since == max(turns), model
    at = dt.datetime(2026, 5, 1, tzinfo=dt.UTC)
    (quote,) = find_quotes(two_years_index, "openai/gpt-4", at)
    assert quote.since == "2024-09-21T02:00:00Z", "though zeros were spelled out for a while"


def test_a_price_by_the_command_line(
    two_years: Whole, two_years_index: sqlite3.Connection, two_years_versions: list[Version]
) -> None:
    cache = two_years.archive.git_dir / "orarchive"
    hourly, count = select_hourly(two_years_versions), 0
    for model, time in draw_questions(hourly, 12):
        at = time.replace(second=0)
        options = ("--cache", str(cache), "--at", f"{at:%Y-%m-%dT%H:%MZ}", "--json")
        result = ask_at(two_years.archive.root, "price", model, *options)
        naive = look_up(hourly, model, at)
        assert result.exit_code == (0 if naive else 1)
        if naive:
            (quote,) = json.loads(result.stdout)["quotes"]
            prices = {name: Fraction(price["price"]) for name, price in quote["prices"].items()}
            assert prices == read_prices_at(naive.pricing, at)
            assert (quote["seen"], quote["next"], quote["same"]) == (naive.seen, naive.next, naive.same)
            count += 1
    assert 0 < count < 12
