"""Fields of the health of an endpoint, as the service names them, and which of their values have a type."""

from typing import Any

from orarchive.jsonl import Number

STATUS = "status"
UPTIMES = ("uptime_last_5m", "uptime_last_30m", "uptime_last_1d")
DISTRIBUTIONS = ("latency_last_30m", "throughput_last_30m")
"""Fields whose value is an object of percentiles."""
PERCENTILES = ("p50", "p75", "p90", "p99")

MAX_INTEGER = 2**63 - 1
MAX_EXACT_INTEGER = 2**53
"""Whole numbers up to this have a double each."""


def fits_integer(value: Any) -> bool:
    """Return whether a value is a whole number of 64 bits."""
    return type(value) is int and abs(value) <= MAX_INTEGER


def fits_double(value: Any) -> bool:
    """Return whether a value is None, or a number that its double gives back unchanged."""
    if isinstance(value, Number):
        return value == Number(repr(float(value)))
    return value is None or type(value) is float or (type(value) is int and abs(value) <= MAX_EXACT_INTEGER)


def is_distribution(value: Any) -> bool:
    """Return whether a value is an object of all percentiles and nothing else, whatever they are."""
    return isinstance(value, dict) and value.keys() == set(PERCENTILES)
