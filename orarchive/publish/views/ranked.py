"""Entries of rankings: a rank, who has it, and how it compares with an earlier ranking."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from orarchive.domain.figures import format_share, format_short
from orarchive.domain.prices import MAIN_DIMENSIONS
from orarchive.domain.records import as_integer, as_text, get_lab
from orarchive.jsonl import Record
from orarchive.publish.views.models import ModelView


@dataclass(frozen=True)
class RankedEntry:
    """A rank in a ranking, and who has it."""

    rank: int
    name: str
    """The id of the model, or the published name where it matches no model."""
    model: ModelView | None
    rank_change: int | None
    """Ranks up (or, negative, down) against the period before; None: there is nothing to compare with."""
    is_new: bool = False
    """Whether it was not in the period before."""
    tokens: int | None = None
    share: float | None = None
    """Of all published tokens of the period, those of `other` included."""
    growth: int | None = None
    """Tokens more than in the period before; None where it cannot be said."""
    spend: Decimal | None = None
    """Tokens times a mix of list prices: an estimate, USD."""

    @property
    def is_gone(self) -> bool:
        """Return whether it is a model that is not listed."""
        return self.model is not None and not self.model.is_there

    @property
    def lab(self) -> str:
        """Return the lab of the model: the part of the name before `/`."""
        return get_lab(self.name)

    @property
    def distance(self) -> int:
        """Return the number of ranks between this period and the one before; 0 if that is unknown."""
        return abs(self.rank_change or 0)

    @property
    def percent(self) -> str:
        """Return the share in percent, for a column: `12.0%`."""
        return format_share(self.share or 0, keeps_zeros=True)

    @property
    def spend_text(self) -> str:
        """Return the spend in words: `$1.23M`, `<$1`, `free`; "" where it cannot be estimated."""
        if self.spend is None:
            return ""
        if not self.spend:
            return "free"
        return f"${format_short(self.spend, keeps_zeros=True)}" if self.spend >= 1 else "<$1"


@dataclass(frozen=True)
class Period:
    """Published totals of some days, and of as many before them."""

    name: str
    first: dt.date
    last: dt.date
    total: int
    entries: list[RankedEntry]
    step: str
    """What its dates are: `day` or `week`."""
    dates: int
    """Dates that are published of it."""
    expected_dates: int
    """Dates that it has."""
    unfinished: list[str]
    """Dates that the service had not finished when it published them."""
    dates_without_other: int
    """Dates of which only the first models are published, without the sum of all further ones."""
    is_compared: bool
    """Whether it and the period before are published in full, so that they can be compared."""

    @property
    def coverage(self) -> str:
        """Describe what it lacks: `in part: 5 of 7 days published, the last day was not finished`; or ""."""
        parts = []
        if self.dates < self.expected_dates:
            parts.append(f"{self.dates} of {self.expected_dates} {self.step}s published")
        if self.unfinished:
            parts.append(f"{self._name_unfinished()} not finished")
        if self.dates_without_other:
            parts.append(f"no total for {self._count(self.dates_without_other)}")
        return f"in part: {', '.join(parts)}" if parts else ""

    def _name_unfinished(self) -> str:
        if self.expected_dates == 1:
            return f"the {self.step} was"
        if self.unfinished == [f"{self.last}"]:
            return f"the last {self.step} was"
        return f"{self._count(len(self.unfinished))} {'was' if len(self.unfinished) == 1 else 'were'}"

    def _count(self, dates: int) -> str:
        return f"{dates} {self.step}{'' if dates == 1 else 's'}"


@dataclass(frozen=True)
class CategoryRank:
    """The rank of a model in a category."""

    category: str
    rank: int


@dataclass(frozen=True)
class App:
    """An app by its tokens on a day; what was not sent is None."""

    name: str
    date: str
    rank: int | None
    tokens: int | None
    requests: int | None

    @classmethod
    def from_record(cls, record: Record) -> "App":
        """Read a row as it was sent."""
        return cls(
            name=as_text(record.get("app_name")) or str(record.get("app_id")),
            date=str(record.get("date")),
            rank=as_integer(record.get("rank")),
            tokens=as_integer(record.get("total_tokens")),
            requests=as_integer(record.get("total_requests")),
        )


def compare_ranks(earlier: Mapping[str, int] | None, name: str, rank: int) -> tuple[int | None, bool]:
    """Compare a rank with an earlier ranking, if there is one.

    Returns how many ranks it is up, None where that cannot be said, and whether it is new.
    """
    return (earlier[name] - rank, False) if earlier and name in earlier else (None, earlier is not None)


def estimate_spend(model: ModelView, tokens: int) -> Decimal | None:
    """Estimate spend as tokens times list price, three tokens in for one out.

    None without a plain price, and where the model is charged otherwise than by the token.
    """
    if model.is_priced_elsewhere:
        return None
    prices = [model.model.prices.get(name) for name in MAIN_DIMENSIONS]
    if any(price is None or price < 0 for price in prices):
        return None
    prompt, completion = (price or Decimal(0) for price in prices)
    spend = tokens * (3 * prompt + completion) / 4
    return spend if spend or model.is_free else None
