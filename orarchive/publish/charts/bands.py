"""Time-of-day prices as bands: between the lowest and the highest rate of a schedule, over time."""

import datetime as dt
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Sequence
from decimal import Decimal
from heapq import heappop, heappush
from itertools import zip_longest

from orarchive.domain.prices import TIME_OF_DAY_CONDITIONS, is_readable
from orarchive.jsonl import loads
from orarchive.publish.dataset import PriceInterval, PriceKey, Prices, is_next_hour

FOREVER = dt.datetime.max.replace(tzinfo=dt.UTC)
"""The last hour of a price that still holds."""


def merge_time_of_day(prices: Prices, good_hours: Sequence[dt.datetime]) -> Prices:
    """Merge the rates of each dimension that a schedule ruled at some time with its price without conditions.

    The result has, for such a dimension, intervals with the lowest and the highest rate under its key without
    condition; other prices are as they were. `good_hours` are those of the feed, oldest first.
    """
    timed: dict[str, list[PriceKey]] = defaultdict(list)
    for key in filter(_is_time_of_day, prices):
        timed[key.dimension].append(key)
    merged: Prices = {}
    for key, intervals in prices.items():
        keys = timed.get(key.dimension)
        if not keys or (key.condition and not _is_time_of_day(key)):
            merged[key] = intervals
        elif (plain := PriceKey(key.dimension)) not in merged:
            rates = [rate for other in (*keys, plain) for rate in prices.get(other, ())]
            merged[plain] = _merge_rates(rates, good_hours)
    return merged


def _is_time_of_day(key: PriceKey) -> bool:
    """Return whether a price holds at certain times of day, whatever the length of the prompt."""
    condition = loads(key.condition) if key.condition else {}
    return bool(condition) and condition.keys() <= {*TIME_OF_DAY_CONDITIONS} and is_readable(condition)


def _merge_rates(rates: Sequence[PriceInterval], good_hours: Sequence[dt.datetime]) -> list[PriceInterval]:
    """Return the intervals between the hours in which a rate began or ended, with the range of the rates."""
    ends = [bisect_right(good_hours, rate.last) for rate in rates if rate.last]
    starts = {rate.first for rate in rates} | {good_hours[n] for n in ends if n < len(good_hours)}
    intervals: list[PriceInterval] = []
    for start, following in zip_longest(sorted(starts), sorted(starts)[1:]):
        held = [rate for rate in rates if rate.first <= start and (rate.last is None or start <= rate.last)]
        if not held:
            continue
        low, high = (choose(rate.amount for rate in held) for choose in (min, max))
        last = held[0].last if following is None else good_hours[bisect_left(good_hours, following) - 1]
        previous = intervals[-1] if intervals else None
        is_next = previous is not None and is_next_hour(good_hours, previous.last, start)
        if previous and is_next and (previous.amount, previous.highest) == (low, high):
            intervals[-1] = PriceInterval(previous.first, last, low, high)
        else:
            intervals.append(PriceInterval(start, last, low, high))
    return intervals


def merge_lowest(prices: Iterable[PriceInterval], good_hours: Sequence[dt.datetime]) -> list[PriceInterval]:
    """Return the lowest of several prices over time; `good_hours` are those of their feed, oldest first."""
    waiting = sorted(prices, key=lambda price: price.first, reverse=True)
    ends = [bisect_right(good_hours, price.last) for price in waiting if price.last]
    starts = sorted({price.first for price in waiting} | {good_hours[n] for n in ends if n < len(good_hours)})
    held: list[tuple[Decimal, dt.datetime]] = []
    lowest: list[PriceInterval] = []
    for start, following in zip_longest(starts, starts[1:]):
        while waiting and waiting[-1].first <= start:
            price = waiting.pop()
            heappush(held, (price.amount, price.last or FOREVER))
        while held and held[0][1] < start:
            heappop(held)
        if not held:
            continue
        amount, end = held[0]
        last = end if following is None else good_hours[bisect_left(good_hours, following) - 1]
        previous = lowest[-1] if lowest else None
        is_same = previous is not None and previous.amount == amount
        if previous and is_same and is_next_hour(good_hours, previous.last, start):
            lowest.pop()
            start = previous.first
        lowest.append(PriceInterval(start, None if last == FOREVER else last, amount))
    return lowest
