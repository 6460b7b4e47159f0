"""The usage of each model: tokens by date, all of them invented, and how past dates are restated.

Every figure is drawn from a hash of its subject, as in `drift`, and computed with + - * / alone, which give
the same result on every machine. A date is served a little too low until it is FINAL_AFTER_DAYS days old.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import NamedTuple

from orarchive.sample import catalogue
from orarchive.sample.drift import draw
from orarchive.sample.happenings import START
from orarchive.sample.world import count_happenings, format_permaslug, list_used_models

Tokens = dict[str, int]
"""Tokens by permaslug."""

DAY = timedelta(days=1)
FLOOR = date(2025, 1, 1)
FINAL_AFTER_DAYS = 3
CORRECTED_SHARE = 0.15
"""Share of the models whose figure of a date is corrected later."""
MAX_CORRECTION = 0.009
"""Largest correction, as a share of the figure."""


@dataclass(frozen=True)
class Restatement:
    """A special change of the usage of one date (`about`), and the day (`on`) from which it is served."""

    about: date
    on: date
    description: str
    factors: dict[str, float] = field(default_factory=dict)
    """Factor of the tokens by permaslug."""


LATE = Restatement(
    date(2026, 6, 20), date(2026, 6, 23), "The usage of 20 June is published on 23 June, two days late."
)
RESTATED = Restatement(
    date(2026, 6, 24),
    date(2026, 7, 3),
    "The usage of 24 June is restated: 3 % more for MiniMax M2.7; Gemini 2.5 Flash Lite leaves the top 50.",
    {"minimax/minimax-m2.7-20260318": 1.03, "google/gemini-2.5-flash-lite": 0.95},
)


class Trait(NamedTuple):
    """Facts that a model's usage depends on; `until` is the day after its last (None: in the catalogue)."""

    created: date
    until: date | None
    inputs: frozenset[str]
    outputs: frozenset[str]


@lru_cache(maxsize=1)
def load_traits() -> dict[str, Trait]:
    """Return the traits of every model ever used, in a list or in none, by permaslug."""
    traits = {
        row["permaslug"]: Trait(
            date.fromisoformat(row["created"]),
            date.fromisoformat(row["until"] or "9999-12-31"),
            frozenset({"text"}),
            frozenset({"text"}),
        )
        for row in catalogue.read_rows("past")
    }
    for row in catalogue.load_models().values():
        sides = (frozenset(row["architecture"][name]) for name in ("input_modalities", "output_modalities"))
        created = datetime.fromtimestamp(row["created"], UTC).date()
        traits[format_permaslug(row)] = Trait(created, None, *sides)
    return traits


def iterate_days(first: date, last: date) -> Iterator[date]:
    """Yield the dates from the first to the last, both included."""
    return (first + number * DAY for number in range((last - first).days + 1))


def count_past_hours(day: date, now: datetime) -> int:
    """Count the hours of a date that are over, 0 to 24; the date has begun."""
    return min(24, (now - floor_day(day)) // timedelta(hours=1))


def floor_day(day: date) -> datetime:
    """Return the midnight (UTC) at which a date begins."""
    return datetime.combine(day, time(), UTC)


def is_published(day: date, now: datetime) -> bool:
    """Return whether the usage of a date, or of its hours so far, is served at a moment."""
    return day != LATE.about or now.date() >= LATE.on


def count_tokens(day: date, now: datetime) -> Tokens:
    """Return the tokens of a date by permaslug, as served at a moment; no caller may change the result."""
    if not is_published(day, now):
        return {}
    today = now.date()
    is_final = (today - day).days >= FINAL_AFTER_DAYS
    is_restated = day == RESTATED.about and today >= RESTATED.on
    return _draw_tokens(day, count_past_hours(day, now), is_final, is_restated)


# The cache holds every date of the history once, and the dates that are not over.
@lru_cache(maxsize=2048)
def _draw_tokens(day: date, hours: int, is_final: bool, is_restated: bool) -> Tokens:
    factors = RESTATED.factors if is_restated else {}
    figures: Tokens = {}
    for slug, served in _count_served_hours(day, hours).items():
        figure = _draw_volume(slug, day) * served / 24 * factors.get(slug, 1)
        if not is_final and draw(slug, day, "unsettled") < CORRECTED_SHARE:
            figure *= 1 - MAX_CORRECTION * draw(slug, day, "correction")
        figures[slug] = int(figure)
    return figures


def _count_served_hours(day: date, hours: int) -> dict[str, int]:
    """Return in how many of a date's first hours each model was served, by permaslug."""
    traits = load_traits()
    served = dict.fromkeys(
        (slug for slug, trait in traits.items() if trait.until and trait.created <= day < trait.until), hours
    )
    begin = floor_day(day)
    counts = [0] * hours
    if begin >= START:
        counts = [count_happenings(begin + timedelta(hours=hour)) for hour in range(hours)]
    for count in set(counts):
        for slug in list_used_models(count):
            if traits[slug].created <= day:
                served[slug] = served.get(slug, 0) + counts.count(count)
    return served


def _draw_volume(slug: str, day: date) -> float:
    """Return the tokens of a model on a whole day.

    They depend on its size, grow with the service, rise while the model is new and fade with its age.
    """
    size = 30_000_000 / (0.02 + draw(slug, "size") * draw(slug, "size"))
    if "text" not in load_traits()[slug].outputs:
        size *= 0.05
    growth = 1 + (day - FLOOR).days / 150
    age = (day - load_traits()[slug].created).days
    youth = min(1, (age + 1) / 10)
    fading = 1 / (1 + age / 300)
    monday = day - day.weekday() * DAY
    week = 0.75 + 0.5 * draw(slug, monday, "week")
    noise = (0.8 if day.weekday() >= 5 else 1) * (0.95 + 0.1 * draw(slug, day))
    return size * growth * growth * youth * fading * week * noise
