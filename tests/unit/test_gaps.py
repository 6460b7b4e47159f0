"""Gaps between hours: those that a walk from each hour to the next one finds."""

import datetime as dt
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orarchive.history.coverage import find_gaps
from orarchive.publish.charts.steps import MAX_GAP, list_chart_gaps
from orarchive.timestamps import HOUR

BEGIN = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)

hours_lists = st.lists(st.integers(1, 30), max_size=40).map(
    lambda steps: [BEGIN + sum(steps[:n]) * HOUR for n in range(len(steps))]
)
"""Distinct hours, oldest first, one to thirty apart."""


@given(hours_lists, st.integers(1, 25))
def test_every_gap_is_found(hours: list[dt.datetime], step: int) -> None:
    walked = [(last, following) for last, following in pairwise(hours) if following - last > step * HOUR]
    assert find_gaps(hours, step * HOUR) == walked


@pytest.mark.parametrize("count", [0, 1, 9000])
def test_hours_without_a_gap(count: int) -> None:
    assert find_gaps([BEGIN + n * HOUR for n in range(count)], HOUR) == []


def test_a_chart_has_the_gap_at_its_end() -> None:
    end = BEGIN + MAX_GAP
    assert list_chart_gaps([BEGIN], BEGIN, end) == []
    assert list_chart_gaps([BEGIN], BEGIN, end + HOUR / 2) == [(BEGIN, end + HOUR / 2)]
    assert list_chart_gaps([BEGIN], BEGIN, BEGIN) == []
