"""Five days in August in which time-of-day prices began: events follow the schedule, not its current rate."""

import random
import sqlite3

import pytest

from orarchive.queries.price import find_quotes
from orarchive.store.archive import Archive
from tests.support.naive_prices import (
    assert_same_quote,
    list_pricing_changes,
    list_reprices,
    list_scheduled,
    look_up,
    read_tariff,
)
from tests.support.naive_versions import Version
from tests.support.real_indexes import check_new_fields, read_event_values, read_reprices

pytestmark = pytest.mark.real_data

SCHEDULED_MODELS = ("deepseek/deepseek-v4-pro", "deepseek/deepseek-v4-pro-0813")


def test_a_change_of_the_current_rate_is_no_event(
    august_index: sqlite3.Connection, august_versions: list[Version]
) -> None:
    flips = {
        (hour, name)
        for hour, name, before, after in list_pricing_changes(august_versions)
        if list_scheduled(before) and before["overrides"] == after.get("overrides")
    }
    assert len(flips) == 9
    assert {name for _, name in flips} == {*SCHEDULED_MODELS}
    events = "select hour, key from events where kind in ('repriced', 'edited')"
    points = "select prices.first, key from prices join records on record = id where condition = ''"
    spots = "select versions.first, key from versions join records on record = id where file = 'spot'"
    assert not flips & {*august_index.execute(events)}
    assert not flips & {*august_index.execute(points)}
    assert flips < {*august_index.execute(spots)}


def test_a_schedule_that_begins_or_ends_is_an_event_of_each_price(
    august_index: sqlite3.Connection, august_versions: list[Version]
) -> None:
    """The values have the conditions, and the price has no other event in that hour."""
    turns = [
        (hour, name, before, after)
        for hour, name, before, after in list_pricing_changes(august_versions)
        if bool(list_scheduled(before)) != bool(list_scheduled(after))
    ]
    assert len(turns) == 6
    events = read_reprices(august_index)
    for hour, name, before, after in turns:
        for dimension in list_scheduled(before) | list_scheduled(after):
            (values,) = [event[3:] for event in events if event[:3] == (hour, name, dimension)]
            assert values == (read_tariff(before, dimension), read_tariff(after, dimension), "unknown")


def test_every_new_price_in_august_is_one_event(
    august_index: sqlite3.Connection, august_versions: list[Version]
) -> None:
    expected = sorted(list_reprices(august_versions), key=repr)
    assert len(expected) > 200
    assert sorted(read_reprices(august_index), key=repr) == expected


def test_a_new_condition_is_one_event(
    august_index: sqlite3.Connection, august_versions: list[Version]
) -> None:
    events = [(hour, path) for hour, path, *_ in read_event_values(august_index, "field_appeared")]
    assert [path for _, path in events] == [
        "pricing.overrides.utc_end",
        "pricing.overrides.utc_start",
    ]
    assert check_new_fields(august_index, august_versions, events) == 1


def test_a_time_of_day_price_at_any_time(
    august_archive: Archive, august_index: sqlite3.Connection, august_versions: list[Version]
) -> None:
    """By its schedule, not by the rate that was seen; another rate in the next hour is the same price."""
    chance = random.Random(816)
    begin, end = august_versions[0].time, august_versions[-1].time
    for _ in range(200):
        at = (begin + chance.random() * (end - begin)).replace(microsecond=0)
        for model in SCHEDULED_MODELS:
            naive = look_up(august_versions, model, at)
            assert naive
            (quote,) = find_quotes(august_index, model, at)
            assert_same_quote(quote, naive, at)
