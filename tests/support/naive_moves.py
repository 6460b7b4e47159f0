"""Moves of prices between the two ends of a window, read naively from price objects as they were sent.

Nothing here knows of the archive's own code: what the site must say is computed from the recorded responses.
"""

import datetime as dt
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

from tests.support.naive_versions import Record

HOUR = dt.timedelta(hours=1)
MAX_AGE = 36 * HOUR
"""The oldest reading that tells what holds at a time."""

DIMENSIONS = {"prompt": "input", "completion": "output"}
"""Member of a price object -> the word for it."""

WINDOW = ("utc_start", "utc_end")

LABS = tomllib.loads((Path(__file__).parents[2] / "orarchive/catalog/data/labs.toml").read_text())["lab"]
OWN = {row["slug"]: row["provider"] for row in LABS if "provider" in row}
"""Lab -> the provider that it is itself, where the two have other names."""


@dataclass(frozen=True)
class Reading:
    """The price objects that were read in an hour, by name."""

    hour: dt.datetime
    pricing: Mapping[str, Record]


@dataclass(frozen=True)
class Move:
    """A price that is not what it was at the beginning of a window."""

    model: str
    label: str
    """Names an endpoint of the model; "" for the list price."""
    dimension: str
    old: Fraction
    new: Fraction
    cause: str
    is_of_no_provider: bool
    """Whether no provider is known to have changed the price."""
    hour: dt.datetime
    """The hour that first showed the new price."""

    @property
    def percent(self) -> Fraction:
        """Return the move in percent."""
        return (self.new / self.old - 1) * 100


# --- the price at an hour -----------------------------------------------------------------------------------


def read_schedule(pricing: Record, name: str) -> list[tuple[int, int, Fraction]]:
    """Return the time-of-day rates of a member of a price object: from, to (as 100 * hour) and rate."""
    entries = [entry for entry in pricing.get("overrides") or () if name in entry and "utc_start" in entry]
    assert not any("utc_days" in entry for entry in entries), "no recording has days of the week"
    return [(entry["utc_start"], entry["utc_end"], Fraction(entry[name])) for entry in entries]


def read_rate(pricing: Record | None, name: str, hour: dt.datetime) -> Fraction | None:
    """Return the price that is in force at an hour for a short prompt; None where there is none."""
    if pricing is None:
        return None
    clock = hour.hour * 100 + hour.minute
    for start, end, rate in read_schedule(pricing, name):
        is_open = start <= clock < end if start < end else clock >= start or clock < end
        if is_open:
            return rate
    return Fraction(pricing[name]) if name in pricing else None


def is_equal(first: Fraction | None, second: Fraction | None) -> bool:
    """Return whether two prices differ by less than a billionth part."""
    if first is None or second is None:
        return first is second
    return abs(first - second) * 10**9 < max(abs(first), abs(second)) or first == second


def is_same_tariff(before: Reading, after: Reading, key: str, name: str) -> bool:
    """Return whether a price, or the schedule that rules it, is the same in two readings."""
    if key not in before.pricing or key not in after.pricing:
        return False
    schedules = [read_schedule(reading.pricing[key], name) for reading in (before, after)]
    if any(schedules):
        return schedules[0] == schedules[1]
    return is_equal(*(read_rate(reading.pricing[key], name, reading.hour) for reading in (before, after)))


# --- the window ---------------------------------------------------------------------------------------------


def select_window(readings: Sequence[Reading], now: dt.datetime, days: int) -> list[Reading]:
    """Select the readings from the beginning of a window of days up to now.

    Where the beginning was not read, they are those within the window.
    """
    past = [reading for reading in readings if reading.hour <= now]
    start = now - dt.timedelta(days=days)
    before = [reading for reading in past if reading.hour <= start]
    is_read = bool(before) and start - before[-1].hour <= MAX_AGE
    return past[len(before) - is_read :]


def list_moved(window: Sequence[Reading], key: str) -> dict[str, tuple[Fraction, Fraction]]:
    """Return the prices of a record that moved in a window, by member, as (old, new)."""
    moved = {}
    for name in DIMENSIONS if window else ():
        first, last = window[0], window[-1]
        old, new = (read_rate(each.pricing.get(key), name, each.hour) for each in (first, last))
        if not old or new is None or old < 0 or new < 0 or is_equal(old, new):
            continue
        if not is_same_tariff(first, last, key, name):
            moved[name] = (old, new)
    return moved


def choose_larger(moved: Mapping[str, tuple[Fraction, Fraction]]) -> str:
    """Return the member of the larger move in percent; input where both are the same."""
    return max(moved, key=lambda name: abs(moved[name][1] / moved[name][0] - 1))


def find_first_hour(readings: Sequence[Reading], key: str, name: str) -> dt.datetime:
    """Return the hour from which on every reading shows the price of a record as the last one does."""
    first = readings[-1]
    for reading in reversed(readings):
        if not is_same_tariff(reading, readings[-1], key, name):
            break
        first = reading
    return first.hour


def list_changes(window: Sequence[Reading], key: str, name: str) -> list[tuple[Reading, Reading]]:
    """Return the neighbouring readings in a window that list a record, and show another price of it."""
    return [
        (before, after)
        for before, after in pairwise(window)
        if key in before.pricing and key in after.pricing and not is_same_tariff(before, after, key, name)
    ]


# --- causes -------------------------------------------------------------------------------------------------


UNREAD, BY_ITS_LAB = "moved while its providers were not read", "served by its lab alone"
OF_NO_PROVIDER = {"another provider listed first", "no provider has that price", UNREAD}
"""Words for causes of a list price that no provider is known to have changed."""


def explain(causes: list[str], changes: list[tuple[Reading, Reading]], key: str, name: str) -> str:
    """Return the words for the causes of some changes of a price."""
    if not changes:
        return "moved while it was not listed"
    words = list(dict.fromkeys(filter(None, causes)))
    is_timed = any(read_schedule(each.pricing[key], name) for pair in changes for each in pair)
    return ", ".join([*words, *(["time-of-day price"] if is_timed else [])])


def find_list_cause(
    change: tuple[Reading, Reading], model: str, name: str, endpoints: Sequence[Reading]
) -> str:
    """Return the words for the cause of a change of a list price, by the endpoints of both hours.

    The change is an endpoint's own if that moved to the same price, and the two moved alike from or to a
    schedule; of another endpoint with that price the model is listed at it.
    """
    lab = model.partition("/")[0]
    old, new = (
        next((reading for reading in endpoints if reading.hour == each.hour), None) for each in change
    )
    if old is None or new is None:
        is_long = change[1].hour - change[0].hour > MAX_AGE
        return UNREAD if is_long or served_by(model, endpoints) != {OWN.get(lab, lab)} else BY_ITS_LAB
    price = read_rate(change[1].pricing[model], name, change[1].hour)
    keys = [key for key in new.pricing if key.partition(" ")[0] == model]
    holders = [key for key in keys if is_equal(read_rate(new.pricing[key], name, new.hour), price)]
    moved = (key for key in holders if key in old.pricing and not is_same_tariff(old, new, key, name))
    forms = [bool(read_schedule(each.pricing[model], name)) for each in change]
    if any([bool(read_schedule(each.pricing[key], name)) for each in (old, new)] == forms for key in moved):
        return "changed by a provider"
    if holders:
        return "another provider listed first"
    return "no provider has that price" if old.pricing.keys() & {*keys} else UNREAD


def served_by(model: str, endpoints: Sequence[Reading]) -> set[str]:
    """Return the providers of a model in any reading."""
    labels = [key.split() for each in endpoints for key in each.pricing]
    return {label.partition("/")[0] for owner, label in labels if owner == model}


# --- lists --------------------------------------------------------------------------------------------------


def list_price_moves(
    readings: Sequence[Reading],
    now: dt.datetime,
    days: int,
    aliases: set[str],
    endpoints: Sequence[Reading] = (),
) -> list[Move]:
    """List the moves in a window of days up to now, the biggest first; those of no provider come last.

    The keys of endpoints are the id of the model and the label, with a space between.
    """
    past, past_endpoints = (
        [reading for reading in feed if reading.hour <= now] for feed in (readings, endpoints)
    )
    window, endpoint_window = (select_window(feed, now, days) for feed in (past, past_endpoints))
    listed = past[-1].pricing.keys() - aliases
    moves = []
    moved_by_model = {model: list_moved(window, model) for model in listed}
    for model, moved in moved_by_model.items():
        if moved:
            name = choose_larger(moved)
            changes = list_changes(window, model, name)
            causes = [find_list_cause(change, model, name, endpoints) for change in changes]
            cause = explain(causes, changes, model, name)
            hour = find_first_hour(past, model, name)
            of_none = bool(causes) and {*causes, *cause.split(", ")} - {"time-of-day price"} <= OF_NO_PROVIDER
            moves.append(Move(model, "", DIMENSIONS[name], *moved[name], cause, of_none, hour))
    for key in past_endpoints[-1].pricing if past_endpoints else ():
        model, _, label = key.partition(" ")
        moved = {
            name: prices
            for name, prices in list_moved(endpoint_window, key).items()
            if model in listed and moved_by_model[model].get(name) != prices
        }
        if moved:
            name = choose_larger(moved)
            changes = list_changes(endpoint_window, key, name)
            cause = explain(["changed by the provider"], changes, key, name)
            hour = find_first_hour(past_endpoints, key, name)
            moves.append(Move(model, label, DIMENSIONS[name], *moved[name], cause, False, hour))
    return sorted(moves, key=rank)


def rank(move: Move) -> tuple[bool, Fraction, str, str]:
    """Return what moves are sorted by."""
    return move.is_of_no_provider, -abs(move.percent), move.model, move.label


# --- endpoints ----------------------------------------------------------------------------------------------

HEALTH = ("status", "uptime", "latency", "throughput")
"""Beginnings of members that change every hour, and tell nothing of which endpoint it is."""


def read_endpoints(days: Sequence[tuple[dt.datetime, Mapping[str, Any]]]) -> list[Reading]:
    """Return the prices of the endpoints in the responses of some hours, by model and label.

    The label is the tag. Endpoints with the same tag are numbered, the first one has no number; each has the
    number of the one in the hour before from which the fewest members differ.
    """
    readings = []
    labelled: dict[str, Record] = {}
    for hour, responses in days:
        earlier, labelled = labelled, {}
        for model, response in responses.items():
            endpoints = response["data"]["endpoints"]
            for tag in {endpoint["tag"] for endpoint in endpoints}:
                alike = [endpoint for endpoint in endpoints if endpoint["tag"] == tag]
                labelled |= number_alike(f"{model} {tag}", alike, earlier)
        readings.append(Reading(hour, {key: endpoint["pricing"] for key, endpoint in labelled.items()}))
    return readings


def number_alike(key: str, endpoints: Sequence[Record], earlier: Mapping[str, Record]) -> dict[str, Record]:
    """Return endpoints of a model with the same tag by their keys."""
    keys = [f"{key}#{number}" if number else key for number in range(len(endpoints))]
    pairs = sorted(
        (count_differences(earlier[name], endpoint), name, position)
        for name in keys
        if name in earlier
        for position, endpoint in enumerate(endpoints)
    )
    numbered: dict[str, Record] = {}
    left = dict(enumerate(endpoints))
    for _, name, position in pairs:
        if name not in numbered and position in left:
            numbered[name] = left.pop(position)
    names = [name for name in keys if name not in numbered]
    return numbered | dict(zip(names, left.values(), strict=True))


def count_differences(first: Record, second: Record) -> int:
    """Count the members in which two endpoints differ, but for their health."""
    names = {name for name in first.keys() | second.keys() if not name.startswith(HEALTH)}
    return sum(first.get(name) != second.get(name) for name in names)
