"""Ranks, totals and shares of published tokens, read naively from the rows of `datasets/rankings-daily`."""

import datetime as dt
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from tests.support.naive_versions import Record, Rows

DAY = dt.timedelta(days=1)
OTHER = "other"
"""Name of the sum of all models that are not among the first fifty of a day."""


@dataclass(frozen=True)
class Rank:
    """A model in a period."""

    rank: int
    name: str
    """The id of the model; the published name where no model has it."""
    tokens: int
    share: Fraction
    moved: str
    """`▲ 2`, `▼ 1`, `=` or `new`; "" where the periods cannot be compared."""


def sum_tokens(rows: Sequence[Record], first: dt.date, days: int) -> Counter[str]:
    """Sum the tokens of each name over some days."""
    dates = {f"{first + number * DAY}" for number in range(days)}
    sums: Counter[str] = Counter()
    for row in rows:
        if row["date"] in dates:
            sums[row["model_permaslug"]] += int(row["total_tokens"])
    return sums


def order_names(sums: Mapping[str, int]) -> list[str]:
    """Return names in the order of their tokens, without the sum of all further models."""
    return sorted(sums.keys() - {OTHER}, key=lambda name: (-sums[name], name))


def find_ids(rows: Rows) -> dict[str, str]:
    """Return the id of each listed model by its published name, the canonical slug with the variant."""
    ids: dict[str, str] = {}
    for name, row in rows.items():
        variant = name.partition(":")[2]
        if not name.startswith("~") and not row.get("alias_target"):
            slug = row["canonical_slug"] + (f":{variant}" if variant else "")
            assert slug not in ids, "no two listed models of the recording have the same name"
            ids[slug] = name
    return ids


def rank_period(rows: Sequence[Record], days: int, finished: set[str], ids: Mapping[str, str]) -> list[Rank]:
    """Rank the models of the last days that are published; `finished` are the days that were over."""
    last = dt.date.fromisoformat(max(row["date"] for row in rows))
    first = last - (days - 1) * DAY
    sums, earlier = sum_tokens(rows, first, days), sum_tokens(rows, first - days * DAY, days)
    dates = {f"{last - number * DAY}" for number in range(2 * days)}
    is_comparable = dates <= finished & {row["date"] for row in rows}
    ranks_before = {name: rank for rank, name in enumerate(order_names(earlier), start=1)}
    ranked = []
    for rank, name in enumerate(order_names(sums)[:50], start=1):
        share = Fraction(sums[name], sums.total())
        moved = describe_movement(ranks_before.get(name), rank) if is_comparable else ""
        ranked.append(Rank(rank, ids.get(name, name), sums[name], share, moved))
    return ranked


def describe_movement(before: int | None, rank: int) -> str:
    """Return how far a model moved up or down."""
    if before is None:
        return "new"
    arrow = "▲" if rank < before else "▼"
    return f"{arrow} {abs(rank - before)}" if rank != before else "="
