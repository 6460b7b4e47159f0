"""The usage rankings of the sample: their rows and windows, how they are restated, the order of models."""

import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
import requests

from orarchive.sample import END, HAPPENINGS, LATE, RESTATED, START, Service, sample_service, world_at
from orarchive.sample.world import format_permaslug

KEY = {"Authorization": "Bearer sample-key"}
RANKINGS = "datasets/rankings-daily"
HOUR, DAY = timedelta(hours=1), timedelta(days=1)

Ask = Callable[..., requests.Response]
Shown = dict[str, int]  # permaslug -> tokens


@pytest.fixture(scope="module")
def service() -> Iterator[Service]:
    with sample_service(START) as service:
        yield service


@pytest.fixture
def ask(service: Service) -> Ask:
    """Ask with a key, at a moment of the script (its end) and without limits."""
    service.heal()
    service.limits.per_day = 10**6

    def ask(path: str = RANKINGS, at: datetime = END, **query: Any) -> requests.Response:
        service.now = at
        return requests.get(f"{service.base_url}/{path}", query, headers=KEY, timeout=5)

    return ask


def by_date(answer: requests.Response) -> dict[str, Shown]:
    found: dict[str, Shown] = defaultdict(dict)
    for row in answer.json()["data"]:
        found[row["date"]][row["model_permaslug"]] = int(row["total_tokens"])
    return found


def on(ask: Ask, day: date, at: datetime) -> Shown:
    """What is served for one date at a moment."""
    return by_date(ask(at=at, start_date=day, end_date=day)).get(str(day), {})


def noon(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 12, tzinfo=UTC)


# --- rows and windows ---------------------------------------------------------------------------------------


def test_rows(ask: Ask) -> None:
    body = ask().json()
    assert body.keys() == {"data", "meta"} and body["meta"].keys() == {
        *("as_of", "version", "start_date", "end_date")
    }
    assert all(row.keys() == {"date", "model_permaslug", "total_tokens"} for row in body["data"])
    assert all(isinstance(row["total_tokens"], str) for row in body["data"])
    assert [row["date"] for row in body["data"]] == sorted(row["date"] for row in body["data"])
    for shown in by_date(ask()).values():
        assert len(shown) == 51 and list(shown)[-1] == "other"
        figures = [*shown.values()][:50]
        assert figures == sorted(figures, reverse=True) and figures[-1] > 0 < shown["other"]


def test_the_default_window_is_the_last_30_complete_days(ask: Ask) -> None:
    body = ask(at=END + 5 * HOUR).json()
    assert body["meta"] == {
        "as_of": "2026-07-16T05:00:00.000Z",
        "version": "v1",
        "start_date": "2026-06-16",
        "end_date": "2026-07-15",
    }
    dates = sorted({row["date"] for row in body["data"]})
    assert (dates[0], dates[-1], len(dates)) == ("2026-06-16", "2026-07-15", 30)


def test_the_history_begins_at_the_floor_and_grows(ask: Ask) -> None:
    first = ask(start_date="2024-06-01", end_date="2025-12-31")
    assert first.json()["meta"]["start_date"] == "2025-01-01"
    days = by_date(first) | by_date(ask(start_date="2026-01-01"))
    assert (min(days), max(days), len(days)) == ("2025-01-01", "2026-07-15", 561)
    assert {len(shown) for shown in days.values()} == {51}
    quarters: Counter[str] = Counter()
    for day, shown in days.items():
        quarters[f"{day[:4]}-{(int(day[5:7]) - 1) // 3}"] += sum(shown.values())
    assert all(before < after for before, after in pairwise(list(quarters.values())[:6]))


REFUSED: list[dict[str, Any]] = [
    {"end_date": "2024-12-31"},
    {"start_date": "2025-07-14"},  # to 2026-07-15 are 367 days
    {"start_date": "2026-07-02", "end_date": "2026-07-01"},
    {"start_date": "2026-07-16"},  # after the last complete day
    {"start_date": "1 July"},
    {"start_date": "20260701"},
    {"start_date": "2026-02-30"},
    {"category": "programming", "period": "day"},
    {"language_type": "natural", "period": "day"},
    {"category": "programming", "language_type": "natural"},
    {"category": "programming", "modality": "text"},
    {"category": "programming", "context_bucket": "1K"},
    {"language_type": "natural", "modality": "text"},
    {"language_type": "natural", "context_bucket": "1K"},
]
ACCEPTED: list[dict[str, Any]] = [
    {"end_date": "2025-01-01"},
    {"start_date": "2025-07-15"},
    {"start_date": "2026-07-01", "end_date": "2026-07-01"},
    {"start_date": "2026-07-16", "end_date": "2026-07-16"},
    {"category": "programming", "period": "week"},
    {"language_type": "natural", "period": "month"},
    {"modality": "image", "context_bucket": "10K"},
    {"unheard": "of"},
]


@pytest.mark.parametrize("query", REFUSED, ids=str)
def test_refused(ask: Ask, query: dict[str, Any]) -> None:
    answer = ask(**query)
    error = answer.json()["error"]
    assert answer.status_code == error["code"] == 400 and error.keys() == {"code", "message"}


def test_a_refusal_names_the_floor(ask: Ask) -> None:
    assert "2025-01-01" in ask(end_date="2024-12-31").json()["error"]["message"]


@pytest.mark.parametrize("query", ACCEPTED, ids=str)
def test_accepted(ask: Ask, query: dict[str, Any]) -> None:
    assert ask(**query).status_code == 200


@pytest.mark.parametrize(
    ("period", "dates"), [("week", ["06-15", "06-22", "06-29"]), ("month", ["06-01", "07-01"])]
)
def test_periods_sum_the_days_of_the_window(ask: Ask, period: str, dates: list[str]) -> None:
    window = {"start_date": "2026-06-15", "end_date": "2026-07-05"}
    sums, days = by_date(ask(**window, period=period)), by_date(ask(**window))
    assert list(sums) == [f"2026-{day}" for day in dates]
    for begin, end in pairwise([*sums, "2026-07-06"]):
        inside = [shown for day, shown in days.items() if begin <= max(day, next(iter(sums))) < end]
        assert sum(sums[begin].values()) == sum(sum(shown.values()) for shown in inside)
        assert len(sums[begin]) == 51 and list(sums[begin])[-1] == "other"


def test_slices_are_parts(ask: Ask) -> None:
    whole = by_date(ask())["2026-07-01"]
    listed = {format_permaslug(model): model["architecture"] for model in world_at(END).models.values()}
    for modality, side, word in [
        ("image_output", "output_modalities", "image"),
        ("image", "input_modalities", "image"),
        ("audio", "input_modalities", "audio"),
    ]:
        shown = by_date(ask(modality=modality))["2026-07-01"]
        assert set(shown) & listed.keys() and len(shown) < 51
        assert all(word in listed[slug][side] for slug in set(shown) & listed.keys())
    tools = by_date(ask(modality="tool_calling"))["2026-07-01"]
    assert 0 < sum(tools.values()) < sum(whole.values())
    parts = [by_date(ask(context_bucket=name))["2026-07-01"] for name in ("1K", "10K", "100K", "1M", "10M")]
    total = sum(sum(part.values()) for part in parts)
    assert 0 <= sum(whole.values()) - total < 500  # each part is rounded down


@pytest.mark.parametrize("query", [{"category": "programming"}, {"language_type": "programming"}])
def test_the_sampled_slices_come_by_whole_weeks_and_to_the_thousand(ask: Ask, query: dict[str, Any]) -> None:
    found = by_date(ask(**query, start_date="2026-06-24", end_date="2026-06-30"))
    assert list(found) == ["2026-06-22", "2026-06-29"]
    assert all(figure % 1000 == 0 for shown in found.values() for figure in shown.values())
    assert found == by_date(ask(**query, start_date="2026-06-22", end_date="2026-07-05"))
    assert found == by_date(ask(**query, start_date="2026-06-22", end_date="2026-07-05", period="week"))


def test_the_running_week_of_a_sampled_slice_holds_its_complete_days(ask: Ask) -> None:
    query = {"category": "science", "start_date": "2026-07-06"}
    friday = datetime(2026, 7, 10, tzinfo=UTC)
    found = by_date(ask(at=friday, **query))
    assert found == by_date(ask(at=friday + 23 * HOUR, **query)) != by_date(ask(at=friday + DAY, **query))


def test_a_category_has_rows_from_the_week_in_which_it_appears(ask: Ask) -> None:
    assert min(by_date(ask(category="gaming", start_date="2026-05-01"))) == "2026-06-15"
    assert min(by_date(ask(category="programming", start_date="2026-05-01"))) == "2026-04-27"


# --- time ---------------------------------------------------------------------------------------------------


def test_the_running_day_is_served_on_demand_and_grows(ask: Ask) -> None:
    today = date(2026, 6, 10)
    shown = [on(ask, today, noon(today) + hours * HOUR) for hours in (-12, -11, 0, 11, 12)]
    totals = [sum(one.values()) for one in shown]
    assert shown[0] == {} and totals == sorted(set(totals))
    ahead = ask(at=noon(today), start_date=today, end_date=today + 3 * DAY).json()
    assert ahead["meta"]["end_date"] == str(today)
    assert str(today) not in by_date(ask(at=noon(today)))


def test_figures_are_restated_a_little_and_then_stand(ask: Ask) -> None:
    moved, kept = [], 0
    for day in (date(2026, 6, 3), date(2026, 6, 11), date(2026, 7, 1)):
        first, then, late = (on(ask, day, noon(day + days * DAY)) for days in (1, 3, 9))
        assert then == late
        both = (first.keys() & then.keys()) - {"other"}
        moved += [then[slug] / first[slug] for slug in both if first[slug] != then[slug]]
        kept += sum(first[slug] == then[slug] for slug in both)
        assert first == on(ask, day, noon(day + 2 * DAY))
    assert len(moved) > 5 and kept > len(moved)
    assert all(1 < ratio < 1.01 for ratio in moved)


def test_one_date_is_late(ask: Ask) -> None:
    day = str(LATE.about)
    for at in (noon(LATE.about), noon(LATE.on) - DAY):
        assert on(ask, LATE.about, at) == {}
        around = by_date(ask(at=at, end_date=at.date()))
        assert day not in around and str(LATE.about - DAY) in around
        week = {"start_date": "2026-06-15", "end_date": "2026-06-21"}
        assert sum(by_date(ask(at=at, **week, period="week"))["2026-06-15"].values()) == sum(
            sum(shown.values()) for shown in by_date(ask(at=at, **week)).values()
        )
    assert LATE.on - LATE.about == 3 * DAY and len(by_date(ask(at=noon(LATE.on)))[day]) == 51


def test_one_date_is_restated_much_later(ask: Ask) -> None:
    before, after = (on(ask, RESTATED.about, noon(RESTATED.on) - back) for back in (DAY, 0 * DAY))
    assert len(before) == len(after) == 51
    raised = {slug: after[slug] / before[slug] for slug in before.keys() & after.keys() - {"other"}}
    changed = {slug: ratio for slug, ratio in raised.items() if ratio != 1}
    assert list(changed) == ["minimax/minimax-m2.7-20260318"] and 1.029 < next(iter(changed.values())) < 1.031
    assert before.keys() - after.keys() == {"google/gemini-2.5-flash-lite"}
    assert len(after.keys() - before.keys()) == 1
    neighbour = RESTATED.about - DAY
    assert on(ask, neighbour, noon(RESTATED.on) - DAY) == on(ask, neighbour, noon(RESTATED.on))


def test_models_are_used_while_somebody_serves_them(ask: Ask) -> None:
    def used(slug: str, day: str) -> bool:
        return slug in on(ask, date.fromisoformat(f"2026-{day}"), END)

    assert used("deepseek/deepseek-r1-0528", "06-18") and not used("deepseek/deepseek-r1-0528", "06-19")
    assert used("z-ai/glm-4.5", "07-12") and not used("z-ai/glm-4.5", "07-13")
    assert used("openai/gpt-oss-20b:free", "06-19") and not used("openai/gpt-oss-20b:free", "06-20")
    unlisted = {"start_date": "2026-06-08", "end_date": "2026-06-14", "category": "programming"}
    assert "microsoft/phi-4" in by_date(ask(**unlisted))["2026-06-08"]
    new = next(one for one in HAPPENINGS if one.key == "minimax/minimax-m3")
    slug, day = "minimax/minimax-m3-20260531", new.at.date()
    assert slug not in on(ask, day, new.at) and slug in on(ask, day, new.at + 8 * HOUR)


def test_some_permaslugs_are_in_no_models_list(ask: Ask) -> None:
    listed = {format_permaslug(model) for at in (START, END) for model in world_at(at).models.values()}
    days = by_date(ask(start_date="2026-06-15", end_date="2026-07-15"))
    always = set.intersection(*(set(shown) for shown in days.values())) - listed - {"other"}
    assert (
        len(always) >= 2 and any(":" in slug for slug in always) and any(":" not in slug for slug in always)
    )
    assert {slug for shown in days.values() for slug in shown} & {"openai/gpt-5.5-20260423:batch"}


def test_another_process_serves_the_same(ask: Ask) -> None:
    code = (
        "from orarchive.sample import END, routes, world_at;"
        f"print(routes.answer(world_at(END), {RANKINGS!r}, {{}}, {{'Authorization': 'Bearer k'}}, 'k')[1])"
    )
    told = {
        subprocess.run(
            [sys.executable, "-c", code], env={"PYTHONHASHSEED": seed}, capture_output=True, check=True
        ).stdout
        for seed in ("1", "2")
    }
    assert told == {f"{ask().json()}\n".encode()}


# --- the order of models ------------------------------------------------------------------------------------


def ids(answer: requests.Response) -> list[str]:
    assert answer.status_code == 200
    return [row["id"] for row in answer.json()["data"]]


def test_models_in_the_order_of_their_use(ask: Ask) -> None:
    world = world_at(END)
    ordered = ids(ask("models", sort="top-weekly", output_modalities="all"))
    assert sorted(ordered) == sorted(world.models)
    week = by_date(ask(period="week", start_date="2026-07-06", end_date="2026-07-12"))["2026-07-06"]
    slugs = [format_permaslug(world.models[key]) for key in ordered]
    assert [slug for slug in slugs if slug in week] == [slug for slug in week if slug in slugs]
    weekly = by_date(ask(category="legal", start_date="2026-07-06", end_date="2026-07-12"))["2026-07-06"]
    legal = ids(ask("models", sort="top-weekly", category="legal", output_modalities="all"))
    shown = [format_permaslug(world.models[key]) for key in legal]
    assert 10 < len(legal) < len(ordered) and shown == [slug for slug in weekly if slug in shown]


def test_a_category_alone_and_with_other_parameters(ask: Ask) -> None:
    listed = ids(ask("models"))
    ordered = ids(ask("models", sort="top-weekly", category="legal"))
    alone = ids(ask("models", category="legal"))
    assert sorted(alone) == sorted(ordered) and alone == [key for key in listed if key in ordered] != ordered
    every = ids(ask("models", category="legal", sort="top-weekly", output_modalities="all"))
    assert ordered == [key for key in every if key in listed] and len(ordered) < len(every)
    assert ids(ask("models", sort="newest")) == listed
    assert ask("models", category="sports").status_code == ask("models", sort="best").status_code == 400


def test_the_order_moves_a_little_from_week_to_week(ask: Ask) -> None:
    mondays = [START + 7 * weeks * DAY for weeks in range(7)]
    orders = [ids(ask("models", at=monday, sort="top-weekly", category="health")) for monday in mondays]
    for before, after in pairwise(orders):
        both = [[key for key in order if key in before and key in after] for order in (before, after)]
        assert both[0] != both[1] and len(set(both[0][:10]) & set(both[1][:10])) >= 6
    again = ids(ask("models", at=mondays[1] + 5 * DAY, sort="top-weekly", category="health"))
    assert [key for key in again if key in orders[1]] == [key for key in orders[1] if key in again]


@pytest.mark.parametrize("path", ["models", RANKINGS])
def test_a_category_comes_and_one_goes(ask: Ask, path: str) -> None:
    for at, gaming, trivia in [
        (datetime(2026, 6, 14, 23, tzinfo=UTC), 400, 200),
        (datetime(2026, 6, 15, tzinfo=UTC), 200, 200),
        (datetime(2026, 6, 30, 23, tzinfo=UTC), 200, 200),
        (datetime(2026, 7, 1, tzinfo=UTC), 200, 400),
    ]:
        statuses = [ask(path, at=at, category=name).status_code for name in ("gaming", "trivia")]
        assert statuses == [gaming, trivia]
