"""Time-of-day prices: which of an endpoint's windows applies at a moment."""

from datetime import datetime

from orarchive.sample.catalogue import Row

CONDITIONS = frozenset({"min_prompt_tokens", "utc_start", "utc_end", "utc_days"})
DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def apply_schedule(pricing: Row, moment: datetime) -> Row:
    """Return the pricing with the rates of a moment at its top level; of several windows the last wins."""
    rates = dict(pricing)
    for entry in pricing.get("overrides", ()):
        if applies(entry, moment):
            rates |= {name: price for name, price in entry.items() if name not in CONDITIONS}
    return rates


def applies(entry: Row, moment: datetime) -> bool:
    """Return whether an override depends on the time alone and its window holds the moment.

    Windows are half-open and may cross midnight; their ends are written as numbers: 2330 is 23:30 UTC.
    """
    if "min_prompt_tokens" in entry or not entry.keys() & {"utc_start", "utc_days"}:
        return False
    if DAYS[moment.weekday()] not in entry.get("utc_days", DAYS):
        return False
    if "utc_start" not in entry:
        return True
    now, start, end = 100 * moment.hour + moment.minute, entry["utc_start"], entry["utc_end"]
    return bool(start <= now < end if start < end else now >= start or now < end)
