"""How much each model is used: tokens by date, all of our own invention, and how the past is restated.

Every figure is drawn from a hash of what it belongs to, as in `drift`, and made with + - * / alone, which
give the same on every machine. A date is served a little too low until it is SETTLED_AFTER days old.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import NamedTuple

from orarchive.sample import catalogue
from orarchive.sample.drift import draw
from orarchive.sample.happenings import START
from orarchive.sample.world import happened, in_use_after, permaslug

Tokens = dict[str, int]  # by permaslug

DAY = timedelta(days=1)
FLOOR = date(2025, 1, 1)
SETTLED_AFTER = 3  # days
UNSETTLED = 0.15  # share of the models whose figure of a date is still to be corrected
CORRECTION = 0.009  # at most, as a share of the figure


@dataclass(frozen=True)
class Occasion:
    """Something out of the ordinary about the usage of one date, and the day on which it changes."""

    about: date
    on: date
    says: str
    factors: dict[str, float] = field(default_factory=dict)  # by permaslug


LATE = Occasion(
    date(2026, 6, 20), date(2026, 6, 23), "The usage of 20 June is published on 23 June, two days late."
)
RESTATED = Occasion(
    date(2026, 6, 24),
    date(2026, 7, 3),
    "The usage of 24 June is restated: 3 % more for MiniMax M2.7; Gemini 2.5 Flash Lite leaves the top 50.",
    {"minimax/minimax-m2.7-20260318": 1.03, "google/gemini-2.5-flash-lite": 0.95},
)


class Trait(NamedTuple):
    """What a model's usage hangs on; `until` is the day after its last, or None: the state tells."""

    created: date
    until: date | None
    inputs: frozenset[str]
    outputs: frozenset[str]


@lru_cache(maxsize=1)
def traits() -> dict[str, Trait]:
    """Every model ever used, in a list or in none, by permaslug."""
    found = {
        row["permaslug"]: Trait(
            date.fromisoformat(row["created"]),
            date.fromisoformat(row["until"] or "9999-12-31"),
            frozenset({"text"}),
            frozenset({"text"}),
        )
        for row in catalogue.read("past")
    }
    for row in catalogue.models().values():
        sides = (frozenset(row["architecture"][name]) for name in ("input_modalities", "output_modalities"))
        found[permaslug(row)] = Trait(datetime.fromtimestamp(row["created"], UTC).date(), None, *sides)
    return found


def days(first: date, last: date) -> Iterator[date]:
    """The dates from the first to the last."""
    return (first + number * DAY for number in range((last - first).days + 1))


def hours_of(day: date, now: datetime) -> int:
    """How many hours of a date that has begun are over, 0 to 24."""
    return min(24, (now - midnight(day)) // timedelta(hours=1))


def midnight(day: date) -> datetime:
    """The moment a date begins."""
    return datetime.combine(day, time(), UTC)


def published(day: date, now: datetime) -> bool:
    """Whether the usage of a date, or of its hours so far, can be had."""
    return day != LATE.about or now.date() >= LATE.on


def tokens(day: date, now: datetime) -> Tokens:
    """Tokens of a date by permaslug as served at a moment; nobody may change it."""
    if not published(day, now):
        return {}
    today = now.date()
    settled = (today - day).days >= SETTLED_AFTER
    return _tokens(day, hours_of(day, now), settled, day == RESTATED.about and today >= RESTATED.on)


@lru_cache(maxsize=2048)  # every date of the history once, and the hours of some
def _tokens(day: date, hours: int, settled: bool, restated: bool) -> Tokens:
    factors = RESTATED.factors if restated else {}
    figures: Tokens = {}
    for slug, served in _hours_served(day, hours).items():
        figure = _volume(slug, day) * served / 24 * factors.get(slug, 1)
        if not settled and draw(slug, day, "unsettled") < UNSETTLED:
            figure *= 1 - CORRECTION * draw(slug, day, "correction")
        figures[slug] = int(figure)
    return figures


def _hours_served(day: date, hours: int) -> dict[str, int]:
    """In how many of a date's first hours each model was served, by permaslug."""
    known = traits()
    served = dict.fromkeys(
        (slug for slug, one in known.items() if one.until and one.created <= day < one.until), hours
    )
    begin = midnight(day)
    counts = (
        [happened(begin + timedelta(hours=hour)) for hour in range(hours)] if begin >= START else [0] * hours
    )
    for count in set(counts):
        for slug in in_use_after(count):
            if known[slug].created <= day:
                served[slug] = served.get(slug, 0) + counts.count(count)
    return served


def _volume(slug: str, day: date) -> float:
    """Tokens on a whole day: a model's size, growing with the service, rising at first, fading with age."""
    size = 30_000_000 / (0.02 + draw(slug, "size") * draw(slug, "size"))
    if "text" not in traits()[slug].outputs:
        size *= 0.05
    growth = 1 + (day - FLOOR).days / 150
    age = (day - traits()[slug].created).days
    youth = min(1, (age + 1) / 10)
    fading = 1 / (1 + age / 300)
    monday = day - day.weekday() * DAY
    week = 0.75 + 0.5 * draw(slug, monday, "week")
    noise = (0.8 if day.weekday() >= 5 else 1) * (0.95 + 0.1 * draw(slug, day))
    return size * growth * growth * youth * fading * week * noise
