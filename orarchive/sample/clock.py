"""Prices that follow the clock: which of an endpoint's windows holds at a moment."""

from datetime import datetime

from orarchive.sample.catalogue import Row

CONDITIONS = frozenset({"min_prompt_tokens", "utc_start", "utc_end", "utc_days"})
DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def pricing_at(pricing: Row, moment: datetime) -> Row:
    """The pricing with its top level at the moment's rate; of several windows that hold, the last wins."""
    rate = dict(pricing)
    for entry in pricing.get("overrides", ()):
        if holds(entry, moment):
            rate |= {name: price for name, price in entry.items() if name not in CONDITIONS}
    return rate


def holds(entry: Row, moment: datetime) -> bool:
    """Whether an entry goes by the clock and its window, half-open and perhaps over midnight, has begun."""
    if "min_prompt_tokens" in entry or not entry.keys() & {"utc_start", "utc_days"}:
        return False
    if DAYS[moment.weekday()] not in entry.get("utc_days", DAYS):
        return False
    if "utc_start" not in entry:
        return True
    now, start, end = 100 * moment.hour + moment.minute, entry["utc_start"], entry["utc_end"]
    return bool(start <= now < end if start < end else now >= start or now < end)
