"""Scores of shortlists, recomputed from what is published."""

from decimal import Decimal

from orarchive.jsonl import Record

DIGITS = Decimal("0.0001")


def recompute_score(entry: Record) -> str:
    """Return the score of a published entry from its published parts, as docs/catalog.md says."""
    total = Decimal(0)
    for part in entry["parts"].values():
        normalised = (1 - Decimal(part["better"]) / part["of"]).quantize(DIGITS)
        assert str(normalised) == part["normalised"]
        total += Decimal(part["weight"]) * normalised
    return str(total.quantize(DIGITS))
