"""The script of the sample: each happening shows at its hour, and other values depend on the hour alone."""

import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from typing import Any

from orarchive.sample import END, HAPPENINGS, START, World, build_world_at
from orarchive.sample.time_of_day import apply_schedule
from tests.support.sample_client import KEY, Ask

HOUR = timedelta(hours=1)


def test_the_same_hour_is_the_same_content(ask: Ask) -> None:
    """Bodies are equal within an hour; the next hour has another order of the same models."""
    first, same, next_hour = (
        ask("models", at=START + minutes * HOUR / 60).content for minutes in (0, 59, 60)
    )
    assert first == same != next_hour
    orders = [[model["id"] for model in json.loads(body)["data"]] for body in (first, next_hour)]
    assert orders[0] != orders[1] and sorted(orders[0]) == sorted(orders[1])


def test_another_process_serves_the_same(ask: Ask) -> None:
    paths = ("models", "endpoints/zdr", "datasets/rankings-daily")
    code = f"""
import sys
from orarchive.sample import END, build_world_at, routes
from orarchive.sample.faults import encode
for path in {paths}:
    status, body = routes.answer(build_world_at(END), path, {{}}, {KEY}, "sample-key")
    sys.stdout.buffer.write(encode(body))
"""
    served = b"".join(ask(path, at=END).content for path in paths)
    for seed in ("1", "2"):
        command = [sys.executable, "-c", code]
        done = subprocess.run(command, env={"PYTHONHASHSEED": seed}, capture_output=True, check=True)
        assert done.stdout == served


def test_hours_without_a_happening_differ_only_in_order_health_and_time_of_day_prices() -> None:
    def list_stable_fields(world: World) -> list[Any]:
        volatile = {"status", "uptime_last_5m", "uptime_last_30m", "uptime_last_1d"}
        volatile |= {"latency_last_30m", "throughput_last_30m"}
        rows = [row for rows in world.endpoints.values() for row in rows if "overrides" not in row["pricing"]]
        return sorted(
            sorted(
                (name, repr(sorted(value) if isinstance(value, list) else value))
                for name, value in row.items()
                if name not in volatile
            )
            for row in rows
        )

    first, second = build_world_at(START), build_world_at(START + HOUR)
    assert list_stable_fields(first) == list_stable_fields(second)
    assert first.endpoints != second.endpoints


def test_time_of_day_prices_flip_on_model_and_endpoint() -> None:
    def read_price(moment: datetime) -> str:
        world = build_world_at(moment)
        model = world.models["deepseek/deepseek-v4-pro"]["pricing"]
        rows = {row["tag"]: row for row in world.endpoints["deepseek/deepseek-v4-pro"]}
        pricing = rows["deepseek"]["pricing"]
        assert model == {name: price for name, price in pricing.items() if name != "discount"}
        return str(model["prompt"])

    monday, saturday = START, START + timedelta(days=5)
    low, high = "0.000000435", "0.00000087"
    prices = [read_price(monday.replace(hour=hour)) for hour in (0, 1, 4, 6, 10, 23)]
    assert prices == [low, high, low, high, low, low]
    assert {read_price(saturday.replace(hour=hour)) for hour in range(24)} == {low}


def test_windows_are_half_open_and_thresholds_do_not_count() -> None:
    pricing = {
        "prompt": "1",
        "overrides": [
            {"min_prompt_tokens": 5, "prompt": "9"},
            {"utc_start": 2330, "utc_end": 30, "prompt": "2"},
        ],
    }

    def read_price(hour: int, minute: int) -> Any:
        return apply_schedule(pricing, datetime(2026, 6, 1, hour, minute, tzinfo=UTC))["prompt"]

    times = ((23, 29), (23, 30), (0, 29), (0, 30))
    assert [read_price(*time) for time in times] == ["1", "2", "2", "1"]


# Happenings, each of which the tests of the demo see in its archive

HOSTILE_MARKS = {"<script>", "\u202e", "\u2028", "\x00", "\x1b", "](javascript:"}


def test_the_script_is_in_order_and_inside_its_days() -> None:
    moments = [happening.at for happening in HAPPENINGS]
    assert moments == sorted(moments)
    assert moments[0] > START and moments[-1] < END


def test_a_renamed_model_answers_to_its_old_id(ask: Ask) -> None:
    response = ask("model/mistralai/mistral-medium-3-5", at=END)
    assert response.status_code == 200
    assert response.json()["data"]["id"] == "mistralai/mistral-medium-3.5"
    assert ask("model/amazon/nova-premier-v1").status_code == 404
    assert ask("models/amazon/nova-premier-v1/endpoints").status_code == 404


def test_an_unlisted_model_answers_to_its_id_alone(ask: Ask) -> None:
    unlisted, returned = (happening.at for happening in HAPPENINGS if happening.key == "microsoft/phi-4")
    for moment in (unlisted, returned - HOUR):
        assert "microsoft/phi-4" not in build_world_at(moment).models
        assert ask("model/microsoft/phi-4", at=moment).json()["data"]["id"] == "microsoft/phi-4"
        assert ask("models/microsoft/phi-4/endpoints").status_code == 404
    assert "microsoft/phi-4" in build_world_at(returned).models
    assert build_world_at(returned).unlisted == {}


def test_the_hostile_description_is_served_unchanged(ask: Ask) -> None:
    text = ask("models/openrouter/owl-alpha/endpoints", at=END).json()["data"]["description"]
    assert all(mark in text for mark in HOSTILE_MARKS)
