"""Models that are no longer listed, read naively from recorded versions."""

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import takewhile

from tests.support.naive_market import is_free
from tests.support.naive_moves import read_rate
from tests.support.naive_versions import DAY, Record, Version

FILLER_YEAR = 2098
"""An expiration date as late as this is a filler, and says nothing."""

ANNOUNCEMENTS_BEGAN = "2026-01-16"
"""The first day of which a recorded list has an expiration date."""

Stretch = list[int]
"""The positions of neighbouring versions that list a model."""


@dataclass(frozen=True)
class Grave:
    """A model that is no longer listed."""

    model: str
    last: str
    """The day of the last hour that listed it."""
    days: str
    """The time for which it was listed, such as `≥ 12 d`."""
    ending: str
    """What the service had said of its end."""
    prices: tuple[Fraction | str, Fraction | str]
    """Input and output at the end: an amount, or the word for none."""


def list_graves(versions: Sequence[Version], now: dt.datetime) -> list[Grave]:
    """List the models that were listed up to now and are no longer, the last one seen first."""
    past = [version for version in versions if version.hour_start <= now]
    positions: dict[str, list[int]] = {}
    for position, version in enumerate(past):
        for name in version.rows:
            positions.setdefault(name, []).append(position)
    gone = {name: listed for name, listed in positions.items() if listed[-1] < len(past) - 1}
    order = sorted(gone, key=lambda name: (past[gone[name][-1]].hour, name), reverse=True)
    return [describe_grave(name, gone[name], past) for name in order]


def describe_grave(name: str, listed: Sequence[int], past: Sequence[Version]) -> Grave:
    """Describe a model by the positions of the versions that list it."""
    last = past[listed[-1]]
    row = last.rows[name]
    stretches = list(split_stretches(listed))
    times = [past[stretch[-1]].hour_start - past[stretch[0]].hour_start for stretch in stretches]
    is_open = listed[0] == 0 or any(
        has_gap_before(past, stretch[0]) or has_gap_before(past, stretch[-1] + 1) for stretch in stretches
    )
    return Grave(
        model=name,
        last=last.hour[:10],
        days=f"{'≥ ' if is_open else ''}{sum(times, dt.timedelta()).days:,} d",
        ending=describe_ending(name, listed, past),
        prices=(read_last_price(row, "prompt", last), read_last_price(row, "completion", last)),
    )


def split_stretches(listed: Sequence[int]) -> Iterator[Stretch]:
    """Yield the runs of positions that follow each other."""
    stretch: Stretch = []
    for position in listed:
        if stretch and position > stretch[-1] + 1:
            yield stretch
            stretch = []
        stretch.append(position)
    yield stretch


def has_gap_before(past: Sequence[Version], position: int) -> bool:
    """Return whether over a day lies between a version and the one before it."""
    return position > 0 and past[position].hour_start - past[position - 1].hour_start > DAY


def read_expiry(row: Record) -> str | None:
    """Return the day that was set for the end of a model; None where there is none."""
    date = row.get("expiration_date")
    return str(date)[:10] if date and int(str(date)[:4]) < FILLER_YEAR else None


def describe_ending(name: str, listed: Sequence[int], past: Sequence[Version]) -> str:
    """Return whether the end of a model was announced, for which day, and how long before.

    A date that was withdrawn or moved in between announced nothing: arcee-ai/trinity-large-preview:free had
    several.
    """
    last = past[listed[-1]]
    expiry = read_expiry(last.rows[name])
    if not expiry:
        return "not announced" if last.hour[:10] >= ANNOUNCEMENTS_BEGAN else "before announcements"
    with_date = takewhile(lambda position: read_expiry(past[position].rows[name]) == expiry, reversed(listed))
    first = min(with_date)
    # No date can be older than a model that came with it; the first dates of all may be.
    is_first = first == 0 or past[first].hour[:10] == ANNOUNCEMENTS_BEGAN
    is_open = is_first or has_gap_before(past, first) or has_gap_before(past, listed[-1] + 1)
    days = (last.hour_start - past[first].hour_start).days
    return f"announced for {expiry}, {'≥ ' if is_open else ''}{days} d before"


def read_last_price(row: Record, name: str, version: Version) -> Fraction | str:
    """Return a price of a model as it was last; the word for it where it is no amount above zero."""
    price = read_rate(row["pricing"], name, version.hour_start)
    if price is None:
        return "unpriced"
    if price < 0:
        return "dynamic"
    if price:
        return price
    # A zero says nothing of a model that gives something else than text, such as embeddings.
    is_of_text = row["architecture"].get("output_modalities", ["text"]) == ["text"]
    return "free" if is_free(row["pricing"]) else "$0" if is_of_text else "other"
