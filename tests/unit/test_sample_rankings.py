"""The usage rankings of the sample: their rows and windows, how they are restated, the order of models."""

from collections import Counter, defaultdict
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
import requests

from orarchive.sample import END, HAPPENINGS, LATE, RESTATED, START, Service, build_world_at
from orarchive.sample.world import format_permaslug
from tests.support.sample_client import Ask, read_rows

RANKINGS = "datasets/rankings-daily"
HOUR, DAY = timedelta(hours=1), timedelta(days=1)

Tokens = dict[str, int]
"""Permaslug -> tokens."""


@pytest.fixture(autouse=True)
def at_end(sample: Service) -> None:
    """Set the sample to the end of its script, without limits."""
    sample.now, sample.limits.per_day = END, 10**6


def group_by_date(response: requests.Response) -> dict[str, Tokens]:
    """Return the tokens of a response by date."""
    dates: dict[str, Tokens] = defaultdict(dict)
    for row in read_rows(response):
        dates[row["date"]][row["model_permaslug"]] = int(row["total_tokens"])
    return dates


def ask_dates(ask: Ask, at: Any = END, **query: Any) -> dict[str, Tokens]:
    """Return the tokens by date that are served at a moment."""
    return group_by_date(ask(RANKINGS, at=at, **query))


def ask_date(ask: Ask, day: date, at: datetime) -> Tokens:
    """Return the tokens of one date that are served at a moment."""
    return ask_dates(ask, at=at, start_date=day, end_date=day).get(str(day), {})


def noon(day: date) -> datetime:
    """Return the noon of a date."""
    return datetime(day.year, day.month, day.day, 12, tzinfo=UTC)


# Rows and windows


def test_rows(ask: Ask) -> None:
    body = ask(RANKINGS, at=END + 5 * HOUR).json()
    assert body.keys() == {"data", "meta"}
    assert body["meta"] == {
        "as_of": "2026-07-16T05:00:00.000Z",
        "version": "v1",
        "start_date": "2026-06-16",
        "end_date": "2026-07-15",
    }
    assert all(row.keys() == {"date", "model_permaslug", "total_tokens"} for row in body["data"])
    assert all(isinstance(row["total_tokens"], str) for row in body["data"])
    dates = [row["date"] for row in body["data"]]
    assert dates == sorted(dates)
    assert (dates[0], dates[-1], len({*dates})) == ("2026-06-16", "2026-07-15", 30)
    for tokens in ask_dates(ask).values():
        assert len(tokens) == 51 and list(tokens)[-1] == "other"
        counts = [*tokens.values()][:50]
        assert counts == sorted(counts, reverse=True) and counts[-1] > 0 < tokens["other"]


def test_the_history_begins_at_the_floor_and_grows(ask: Ask) -> None:
    first = ask(RANKINGS, start_date="2024-06-01", end_date="2025-12-31")
    assert first.json()["meta"]["start_date"] == "2025-01-01"
    dates = group_by_date(first) | ask_dates(ask, start_date="2026-01-01")
    assert (min(dates), max(dates), len(dates)) == ("2025-01-01", "2026-07-15", 561)
    assert {len(tokens) for tokens in dates.values()} == {51}
    quarters: Counter[str] = Counter()
    for day, tokens in dates.items():
        quarters[f"{day[:4]}-{(int(day[5:7]) - 1) // 3}"] += sum(tokens.values())
    assert all(before < after for before, after in pairwise(list(quarters.values())[:6]))


@pytest.mark.parametrize(
    ("period", "starts"), [("week", ["06-15", "06-22", "06-29"]), ("month", ["06-01", "07-01"])]
)
def test_periods_sum_the_days_of_the_window(ask: Ask, period: str, starts: list[str]) -> None:
    window = {"start_date": "2026-06-15", "end_date": "2026-07-05"}
    sums, days = ask_dates(ask, **window, period=period), ask_dates(ask, **window)
    assert list(sums) == [f"2026-{start}" for start in starts]
    for begin, end in pairwise([*sums, "2026-07-06"]):
        members = [tokens for day, tokens in days.items() if begin <= max(day, next(iter(sums))) < end]
        assert sum(sums[begin].values()) == sum(sum(tokens.values()) for tokens in members)
        assert len(sums[begin]) == 51 and list(sums[begin])[-1] == "other"


def test_slices_are_parts(ask: Ask) -> None:
    def ask_slice(**query: str) -> Tokens:
        return ask_dates(ask, **query)["2026-07-01"]

    total = sum(ask_slice().values())
    listed = {format_permaslug(model): model["architecture"] for model in build_world_at(END).models.values()}
    for modality, side, word in [
        ("image_output", "output_modalities", "image"),
        ("image", "input_modalities", "image"),
        ("audio", "input_modalities", "audio"),
    ]:
        slugs = ask_slice(modality=modality).keys()
        assert slugs & listed.keys() and len(slugs) < 51
        assert all(word in listed[slug][side] for slug in slugs & listed.keys())
    assert 0 < sum(ask_slice(modality="tool_calling").values()) < total
    buckets = [ask_slice(context_bucket=name) for name in ("1K", "10K", "100K", "1M", "10M")]
    difference = total - sum(sum(tokens.values()) for tokens in buckets)
    assert 0 <= difference < 500  # each slice is rounded down


@pytest.mark.parametrize("query", [{"category": "programming"}, {"language_type": "programming"}])
def test_the_sampled_slices_come_by_whole_weeks_and_to_the_thousand(ask: Ask, query: dict[str, Any]) -> None:
    dates = ask_dates(ask, **query, start_date="2026-06-24", end_date="2026-06-30")
    assert list(dates) == ["2026-06-22", "2026-06-29"]
    assert all(count % 1000 == 0 for tokens in dates.values() for count in tokens.values())
    weeks = {"start_date": "2026-06-22", "end_date": "2026-07-05"}
    assert dates == ask_dates(ask, **query, **weeks) == ask_dates(ask, **query, **weeks, period="week")


def test_the_running_week_of_a_sampled_slice_holds_its_complete_days(ask: Ask) -> None:
    query = {"category": "science", "start_date": "2026-07-06"}
    friday = datetime(2026, 7, 10, tzinfo=UTC)
    moments = (friday, friday + 23 * HOUR, friday + DAY)
    dates, later, next_day = (ask_dates(ask, at=moment, **query) for moment in moments)
    assert dates == later != next_day


def test_a_category_has_rows_from_the_week_in_which_it_appears(ask: Ask) -> None:
    assert min(ask_dates(ask, category="gaming", start_date="2026-05-01")) == "2026-06-15"
    assert min(ask_dates(ask, category="programming", start_date="2026-05-01")) == "2026-04-27"


# Time


def test_the_running_day_is_served_on_demand_and_grows(ask: Ask) -> None:
    today = date(2026, 6, 10)
    counts = [ask_date(ask, today, noon(today) + hours * HOUR) for hours in (-12, -11, 0, 11, 12)]
    totals = [sum(tokens.values()) for tokens in counts]
    assert counts[0] == {} and totals == sorted(set(totals))
    ahead = ask(RANKINGS, at=noon(today), start_date=today, end_date=today + 3 * DAY).json()
    assert ahead["meta"]["end_date"] == str(today)
    assert str(today) not in ask_dates(ask, at=noon(today))


def test_figures_are_restated_a_little_and_then_stand(ask: Ask) -> None:
    ratios: list[float] = []
    for day in (date(2026, 6, 3), date(2026, 6, 11), date(2026, 7, 1)):
        first, second, third, last = (ask_date(ask, day, noon(day + days * DAY)) for days in (1, 2, 3, 9))
        assert first == second and third == last
        ratios += [last[slug] / first[slug] for slug in (first.keys() & last.keys()) - {"other"}]
    changed = [ratio for ratio in ratios if ratio != 1]
    assert 5 < len(changed) < len(ratios) / 2
    assert all(1 < ratio < 1.01 for ratio in changed)


def test_one_date_is_late(ask: Ask) -> None:
    day = str(LATE.about)
    for at in (noon(LATE.about), noon(LATE.on) - DAY):
        assert ask_date(ask, LATE.about, at) == {}
        around = ask_dates(ask, at=at, end_date=at.date())
        assert day not in around and str(LATE.about - DAY) in around
        week = {"start_date": "2026-06-15", "end_date": "2026-06-21"}
        weekly = ask_dates(ask, at=at, **week, period="week")["2026-06-15"]
        daily = ask_dates(ask, at=at, **week).values()
        assert sum(weekly.values()) == sum(sum(tokens.values()) for tokens in daily)
    assert LATE.on - LATE.about == 3 * DAY and len(ask_dates(ask, at=noon(LATE.on))[day]) == 51


def test_one_date_is_restated_much_later(ask: Ask) -> None:
    before, after = (ask_date(ask, RESTATED.about, noon(RESTATED.on) - days * DAY) for days in (1, 0))
    assert len(before) == len(after) == 51
    ratios = {slug: after[slug] / before[slug] for slug in before.keys() & after.keys() - {"other"}}
    changed = {slug: ratio for slug, ratio in ratios.items() if ratio != 1}
    assert list(changed) == ["minimax/minimax-m2.7-20260318"] and 1.029 < next(iter(changed.values())) < 1.031
    assert before.keys() - after.keys() == {"google/gemini-2.5-flash-lite"}
    assert len(after.keys() - before.keys()) == 1
    neighbour = RESTATED.about - DAY
    first, second = (ask_date(ask, neighbour, noon(RESTATED.on) - days * DAY) for days in (1, 0))
    assert first == second


def test_models_are_used_while_a_provider_serves_them(ask: Ask) -> None:
    def is_used(slug: str, day: str) -> bool:
        return slug in ask_date(ask, date.fromisoformat(f"2026-{day}"), END)

    last_days = {
        "deepseek/deepseek-r1-0528": ("06-18", "06-19"),
        "z-ai/glm-4.5": ("07-12", "07-13"),
        "openai/gpt-oss-20b:free": ("06-19", "06-20"),
    }
    for slug, (last, after) in last_days.items():
        assert is_used(slug, last) and not is_used(slug, after)
    unlisted = {"start_date": "2026-06-08", "end_date": "2026-06-14", "category": "programming"}
    assert "microsoft/phi-4" in ask_dates(ask, **unlisted)["2026-06-08"]
    added = next(happening for happening in HAPPENINGS if happening.key == "minimax/minimax-m3")
    slug, day = "minimax/minimax-m3-20260531", added.at.date()
    assert slug not in ask_date(ask, day, added.at) and slug in ask_date(ask, day, added.at + 8 * HOUR)


def test_some_permaslugs_are_in_no_models_list(ask: Ask) -> None:
    listed = {format_permaslug(model) for at in (START, END) for model in build_world_at(at).models.values()}
    dates = ask_dates(ask, start_date="2026-06-15", end_date="2026-07-15")
    unlisted = set.intersection(*(set(tokens) for tokens in dates.values())) - listed - {"other"}
    assert {":" in slug for slug in unlisted} == {True, False}
    assert any("openai/gpt-5.5-20260423:batch" in tokens for tokens in dates.values())


# The order of models


def list_ids(ask: Ask, **query: Any) -> list[str]:
    """Return the ids of a models list."""
    return [row["id"] for row in read_rows(ask("models", **query))]


def test_models_in_the_order_of_their_use(ask: Ask) -> None:
    world = build_world_at(END)
    ordered = list_ids(ask, sort="top-weekly", output_modalities="all")
    assert sorted(ordered) == sorted(world.models)
    window = {"start_date": "2026-07-06", "end_date": "2026-07-12"}
    week = ask_dates(ask, period="week", **window)["2026-07-06"]
    slugs = [format_permaslug(world.models[key]) for key in ordered]
    assert [slug for slug in slugs if slug in week] == [slug for slug in week if slug in slugs]
    legal_week = ask_dates(ask, category="legal", **window)["2026-07-06"]
    legal = list_ids(ask, sort="top-weekly", category="legal", output_modalities="all")
    legal_slugs = [format_permaslug(world.models[key]) for key in legal]
    assert 10 < len(legal) < len(ordered)
    assert legal_slugs == [slug for slug in legal_week if slug in legal_slugs]


def test_a_category_alone_and_with_other_parameters(ask: Ask) -> None:
    listed = list_ids(ask)
    ordered = list_ids(ask, sort="top-weekly", category="legal")
    alone = list_ids(ask, category="legal")
    assert sorted(alone) == sorted(ordered) and alone == [key for key in listed if key in ordered] != ordered
    unfiltered = list_ids(ask, category="legal", sort="top-weekly", output_modalities="all")
    assert ordered == [key for key in unfiltered if key in listed] and len(ordered) < len(unfiltered)
    assert list_ids(ask, sort="newest") == listed


def test_the_order_moves_a_little_from_week_to_week(ask: Ask) -> None:
    query = {"sort": "top-weekly", "category": "health"}
    mondays = [START + 7 * weeks * DAY for weeks in range(7)]
    orders = [list_ids(ask, at=monday, **query) for monday in mondays]
    for before, after in pairwise(orders):
        common = [[key for key in order if key in before and key in after] for order in (before, after)]
        assert common[0] != common[1] and len(set(common[0][:10]) & set(common[1][:10])) >= 6
    saturday = list_ids(ask, at=mondays[1] + 5 * DAY, **query)
    assert [key for key in saturday if key in orders[1]] == [key for key in orders[1] if key in saturday]
