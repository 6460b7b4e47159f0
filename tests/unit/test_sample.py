"""The sample service: what it serves, how it changes, and how it fails."""

import gzip
import http.client
import json
import math
import signal
import socket
import struct
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests

from orarchive.sample import END, FAULTS, HAPPENINGS, START, Reply, Service, World, sample_service, world_at
from orarchive.sample.time_of_day import CONDITIONS, apply_schedule

KEY = {"Authorization": "Bearer sample-key"}
ALL = "models?output_modalities=all"

Get = Callable[..., requests.Response]


@pytest.fixture(scope="module")
def running() -> Iterator[Service]:
    with sample_service(START) as service:
        yield service


@pytest.fixture
def service(running: Service) -> Service:
    """A healthy service at the start of the script."""
    running.heal()
    running.now, running.latency, running.age = START, 0.0, 0
    running.seen.clear()
    return running


@pytest.fixture(scope="module")
def session() -> Iterator[requests.Session]:
    with requests.Session() as session:
        yield session


@pytest.fixture
def get(service: Service, session: requests.Session) -> Get:
    def get(path: str, **options: Any) -> requests.Response:
        return session.get(f"{service.base_url}/{path}", timeout=5, **options)

    return get


# --- what is served -----------------------------------------------------------------------------------------


def test_size(get: Get) -> None:
    models = get(ALL).json()["data"]
    assert len(models) >= 60
    assert len({model["id"].lstrip("~").split("/")[0] for model in models}) >= 12
    assert len(get("providers").json()["data"]) == 25
    assert 140 <= sum(map(len, world_at(START).endpoints.values())) <= 180


MODEL_FIELDS = {
    *("id", "canonical_slug", "name", "created", "description", "hugging_face_id", "knowledge_cutoff"),
    *("expiration_date", "context_length", "architecture", "pricing", "top_provider", "per_request_limits"),
    *("supported_parameters", "default_parameters", "supported_voices", "links"),
}
MODEL_EXTRAS = {"reasoning", "benchmarks", "alias_target", "supported_regions"}
ENDPOINT_FIELDS = {
    *("name", "model_id", "model_name", "provider_name", "tag", "quantization", "context_length", "status"),
    *(
        "max_completion_tokens",
        "max_prompt_tokens",
        "pricing",
        "supported_parameters",
        "supports_implicit_caching",
    ),
    *("uptime_last_5m", "uptime_last_30m", "uptime_last_1d", "latency_last_30m", "throughput_last_30m"),
}
ENDPOINT_EXTRAS = {"supports_tool_choice", "supports_voice_cloning"}
PROVIDER_FIELDS = {
    *("name", "slug", "headquarters", "datacenters"),
    *("privacy_policy_url", "terms_of_service_url", "status_page_url"),
}


@pytest.mark.parametrize("moment", [START, END])
def test_models_have_the_whole_shape(service: Service, get: Get, moment: datetime) -> None:
    service.now = moment
    body = get(ALL).json()
    assert body.keys() == {"data", "total_count", "links"}
    assert (
        body["total_count"]
        == len(body["data"])
        == get("models/count?output_modalities=all").json()["data"]["count"]
    )
    assert body["links"] == {"next": None}
    for model in body["data"]:
        assert MODEL_FIELDS <= model.keys() <= MODEL_FIELDS | MODEL_EXTRAS, model["id"]
        assert model["architecture"].keys() == {
            *("modality", "input_modalities", "output_modalities", "tokenizer", "instruct_type")
        }
        assert model["top_provider"].keys() == {"context_length", "max_completion_tokens", "is_moderated"}
        assert {"prompt", "completion"} <= model["pricing"].keys()
        assert "discount" not in model["pricing"]
        assert model["links"]["details"] == f"/api/v1/models/{model['canonical_slug']}/endpoints"


@pytest.mark.parametrize("moment", [START, END])
def test_endpoints_have_the_whole_shape(service: Service, get: Get, moment: datetime) -> None:
    service.now = moment
    for model in world_at(moment).models:
        data = get(f"models/{model}/endpoints").json()["data"]
        assert data.keys() == {"id", "name", "created", "description", "architecture", "endpoints"}
        for row in data["endpoints"]:
            assert ENDPOINT_FIELDS <= row.keys() <= ENDPOINT_FIELDS | ENDPOINT_EXTRAS, model
            assert {"prompt", "completion", "discount"} <= row["pricing"].keys()
    zdr = get("endpoints/zdr").json()["data"]
    assert len(zdr) > 50
    assert all(ENDPOINT_FIELDS <= row.keys() <= ENDPOINT_FIELDS | ENDPOINT_EXTRAS for row in zdr)
    assert all(row.keys() == PROVIDER_FIELDS for row in get("providers").json()["data"])


def test_modalities_filter(get: Get) -> None:
    by_default = get("models").json()
    assert all("text" in model["architecture"]["output_modalities"] for model in by_default["data"])
    assert (
        by_default["total_count"]
        == get("models/count").json()["data"]["count"]
        < get(ALL).json()["total_count"]
    )
    some = get("models?output_modalities=rerank,embeddings").json()["data"]
    assert {model["architecture"]["output_modalities"][0] for model in some} == {"rerank", "embeddings"}
    embeddings = get("embeddings/models").json()["data"]
    assert {model["id"] for model in embeddings} < {model["id"] for model in some}


def test_endpoints_answer_to_id_and_canonical_slug(get: Get) -> None:
    by_id = get("models/anthropic/claude-opus-4.8/endpoints").json()["data"]
    by_slug = get("models/anthropic/claude-4.8-opus-20260528/endpoints").json()["data"]
    assert by_id == by_slug
    batch = get("models/anthropic/claude-opus-4.8:batch/endpoints").json()["data"]
    assert batch["id"] == "anthropic/claude-opus-4.8:batch" and len(batch["endpoints"]) == 1
    alias = get("models/~openai/gpt-latest/endpoints").json()["data"]
    assert alias["id"] == "~openai/gpt-latest" and alias["endpoints"] == []


def test_descriptions_are_whole_only_with_the_endpoints(get: Get) -> None:
    cut = [model for model in get(ALL).json()["data"] if model["description"].endswith("...")]
    assert len(cut) >= 5
    for model in cut:
        whole = get(f"models/{model['id']}/endpoints").json()["data"]["description"]
        assert whole.startswith(model["description"].removesuffix("...")) and not whole.endswith("...")
        assert get(f"model/{model['id']}").json()["data"]["description"] == model["description"]


def test_a_key_fills_latency_and_throughput(get: Get) -> None:
    def latencies(**options: Any) -> list[Any]:
        rows = get("models/openai/gpt-oss-120b/endpoints", **options).json()["data"]["endpoints"]
        return [row[name] for row in rows for name in ("latency_last_30m", "throughput_last_30m")]

    assert set(latencies()) == {None}
    assert all(row.keys() == {"p50", "p75", "p90", "p99"} for row in latencies(headers=KEY))
    assert set(latencies(headers={"Authorization": "Bearer wrong"})) == {None}
    assert None not in latencies(headers={"authorization": KEY["Authorization"]})


def test_images_and_videos(get: Get) -> None:
    images = get("images/models").json()["data"]
    fields = {"id", "name", "description", "created", "architecture"}
    assert len(images) >= 3
    for image in images:
        assert image.keys() == fields | {"supported_parameters", "supports_streaming", "endpoints"}
        body = get(image["endpoints"].removeprefix("/api/v1/")).json()
        assert body.keys() == {"id", "endpoints"} and body["id"] == image["id"] and body["endpoints"]
        assert all(
            isinstance(price["cost_usd"], float) for row in body["endpoints"] for price in row["pricing"]
        )
    videos = get("videos/models").json()["data"]
    assert videos and all("pricing_skus" in video for video in videos)
    assert {row["id"] for row in images + videos} <= {model["id"] for model in get(ALL).json()["data"]}


@pytest.mark.parametrize(
    "route",
    [
        "datasets/rankings-daily",
        "datasets/app-rankings",
        "datasets/session-cost",
        "benchmarks",
        "classifications/task",
        "key",
    ],
)
def test_keyed_routes(get: Get, route: str) -> None:
    for headers in ({}, {"Authorization": "Bearer wrong"}):
        refused = get(route, headers=headers)
        assert refused.status_code == 401
        assert refused.json() == {"error": {"message": "No cookie auth credentials found", "code": 401}}
    assert get(route, headers=KEY).status_code == (404 if route == "key" else 200)


@pytest.mark.parametrize(
    "route",
    [
        "nothing",
        "models/no/model/endpoints",
        "model/no/model",
        "models/openai/o3",
        "images/models/a/b/endpoints",
    ],
)
def test_unknown_is_404(get: Get, route: str) -> None:
    answer = get(route)
    assert answer.status_code == 404 and answer.json()["error"]["code"] == 404


# --- the service's quirks -----------------------------------------------------------------------------------

W = world_at(START)
ENDPOINTS = [row for rows in W.endpoints.values() for row in rows]
SLUGS = {row["slug"] for row in W.providers}
OVERRIDES = [entry for row in ENDPOINTS for entry in row["pricing"].get("overrides", ())]
NUMBERS = [number for row in ENDPOINTS for number in (row["uptime_last_5m"], row["uptime_last_1d"])]


def values(name: str) -> list[Any]:
    return [model[name] for model in W.models.values()]


def outputs() -> set[str]:
    return {name for model in W.models.values() for name in model["architecture"]["output_modalities"]}


def orphans(world: World) -> set[str]:
    """Models that are neither alias nor router and have no endpoints."""
    return {
        key
        for key, model in world.models.items()
        if not world.endpoints[key] and "alias_target" not in model and model["pricing"]["prompt"] != "-1"
    }


QUIRKS: dict[str, Callable[[], Any]] = {
    "aliases": lambda: [
        i for i, m in W.models.items() if i[0] == "~" and "alias_target" in m and not W.endpoints[i]
    ],
    "an alias copies the price of its target": lambda: all(
        m["pricing"] == W.models[m["alias_target"]["slug"]]["pricing"]
        for m in W.models.values()
        if "alias_target" in m
    ),
    "routers at -1": lambda: [
        i for i, m in W.models.items() if m["pricing"]["prompt"] == "-1" and not W.endpoints[i]
    ],
    "orphan": lambda: orphans(W) == {"deepcogito/cogito-v2.1-671b"},
    "variants": lambda: {i.split(":")[1] for i in W.models if ":" in i} == {"batch", "free", "thinking"},
    "variants share a canonical slug": lambda: Counter(values("canonical_slug")).most_common(1)[0][1] > 1,
    "canonical slug equal to the id, and not": lambda: (
        {i == m["canonical_slug"] for i, m in W.models.items()} == {True, False}
    ),
    "thresholds": lambda: [entry for entry in OVERRIDES if "min_prompt_tokens" in entry],
    "a window over midnight": lambda: [
        o for o in OVERRIDES if "utc_start" in o and o["utc_start"] > o["utc_end"]
    ],
    "days of the week": lambda: [entry for entry in OVERRIDES if "utc_days" in entry],
    "twins of one tag": lambda: [
        i for i, rows in W.endpoints.items() if len({row["tag"] for row in rows}) < len(rows)
    ],
    "hugging_face_id null, empty and set": lambda: {None, ""} < set(values("hugging_face_id")),
    "a price with 22 decimals": lambda: [
        r for r in ENDPOINTS if "0.0000000416666666666667" in r["pricing"].values()
    ],
    "output modalities": lambda: (
        {"image", "audio", "embeddings", "video", "rerank", "speech", "text"} <= outputs()
    ),
    "datacenters null, [] and a list": lambda: (
        {type(r["datacenters"]) for r in W.providers} == {list, type(None)}
        and [] in [row["datacenters"] for row in W.providers]
    ),
    "model_id differs from the id asked for": lambda: [
        i for i, rows in W.endpoints.items() for row in rows if row["model_id"] != i
    ],
    "a tag without a provider": lambda: {row["tag"].split("/")[0] for row in ENDPOINTS} - SLUGS,
    "quantization unknown and null": lambda: {"unknown", None} < {row["quantization"] for row in ENDPOINTS},
    "uptime whole, broken and null": lambda: (
        {type(n) for n in NUMBERS} == {int, float, type(None)} and 99.9 in NUMBERS
    ),
    "a number written 1e-06": lambda: "1e-06" in json.dumps(values_of_benchmarks()),
    "default_parameters in three forms": lambda: (
        {} in values("default_parameters")
        and None in values("default_parameters")
        and any(form and set(form.values()) == {None} for form in values("default_parameters"))
    ),
    "supported_voices null, [] and a list": lambda: (
        None in values("supported_voices")
        and [] in values("supported_voices")
        and any(values("supported_voices"))
    ),
    "expiry sentinel": lambda: "2098-12-31" in values("expiration_date"),
    "a context of 0": lambda: 0 in values("context_length"),
    "a discount": lambda: [row for row in ENDPOINTS if row["pricing"]["discount"] > 0],
    "a zdr row that differs": lambda: [row for row in W.zdr if row not in ENDPOINTS],
    "reasoning absent and present": lambda: (
        0 < sum("reasoning" in m for m in W.models.values()) < len(W.models)
    ),
    "stealth": lambda: [row for row in ENDPOINTS if row["tag"].startswith("stealth/")],
    "a null provider_tag": lambda: (
        None in [r["provider_tag"] for rows in W.image_endpoints.values() for r in rows]
    ),
}


def values_of_benchmarks() -> list[Any]:
    return [model["benchmarks"] for model in W.models.values() if "benchmarks" in model]


@pytest.mark.parametrize("quirk", QUIRKS)
def test_quirk(quirk: str) -> None:
    assert QUIRKS[quirk]()


# --- time ---------------------------------------------------------------------------------------------------


def test_the_same_hour_is_the_same_content(service: Service, get: Get) -> None:
    first = get(ALL).content
    service.now = START + timedelta(minutes=59)
    assert get(ALL).content == first
    service.now = START + timedelta(hours=1)
    other = get(ALL).content
    assert other != first
    listed = [[model["id"] for model in json.loads(body)["data"]] for body in (first, other)]
    assert listed[0] != listed[1] and sorted(listed[0]) == sorted(listed[1])


def test_another_process_sees_the_same_world() -> None:
    code = "from orarchive.sample import *; print(hash_of(world_at(END)))"
    code = f"import hashlib; hash_of = lambda w: hashlib.sha256(repr(w).encode()).hexdigest(); {code}"
    seeds = ("1", "2")
    run = [
        subprocess.run(
            [sys.executable, "-c", code], env={"PYTHONHASHSEED": seed}, capture_output=True, check=True
        )
        for seed in seeds
    ]
    assert run[0].stdout == run[1].stdout


def test_hours_differ_only_in_order_health_and_clock_without_a_happening() -> None:
    def calm(world: World) -> list[Any]:
        moving = {"status", "uptime_last_5m", "uptime_last_30m", "uptime_last_1d", "latency_last_30m"}
        rows = [row for rows in world.endpoints.values() for row in rows if "overrides" not in row["pricing"]]
        return sorted(
            sorted(
                (k, repr(sorted(v) if isinstance(v, list) else v)) for k, v in row.items() if k not in moving
            )
            for row in ({**row, "throughput_last_30m": None} for row in rows)
        )

    assert calm(world_at(START)) == calm(world_at(START + timedelta(hours=1)))
    assert world_at(START).endpoints != world_at(START + timedelta(hours=1)).endpoints


def test_clock_prices_flip_on_model_and_endpoint() -> None:
    def rate(moment: datetime) -> str:
        world = world_at(moment)
        model = world.models["deepseek/deepseek-v4-pro"]["pricing"]
        own = next(row for row in world.endpoints["deepseek/deepseek-v4-pro"] if row["tag"] == "deepseek")[
            "pricing"
        ]
        assert model == {name: price for name, price in own.items() if name != "discount"}
        return str(model["prompt"])

    monday, saturday = START, START + timedelta(days=5)
    cheap, dear = "0.000000435", "0.00000087"
    assert [rate(monday.replace(hour=hour)) for hour in (0, 1, 4, 6, 10, 23)] == [
        cheap,
        dear,
        cheap,
        dear,
        cheap,
        cheap,
    ]
    assert {rate(saturday.replace(hour=hour)) for hour in range(24)} == {cheap}


def test_windows_are_half_open_and_thresholds_do_not_count() -> None:
    pricing = {
        "prompt": "1",
        "overrides": [
            {"min_prompt_tokens": 5, "prompt": "9"},
            {"utc_start": 2330, "utc_end": 30, "prompt": "2"},
        ],
    }

    def prompt(hour: int, minute: int) -> Any:
        return apply_schedule(pricing, datetime(2026, 6, 1, hour, minute, tzinfo=UTC))["prompt"]

    assert [prompt(23, 29), prompt(23, 30), prompt(0, 29), prompt(0, 30)] == ["1", "2", "2", "1"]
    assert {"prompt"} == set().union(*pricing["overrides"]) - CONDITIONS


# --- the script ---------------------------------------------------------------------------------------------


def test_the_script_is_in_order_and_inside_its_days() -> None:
    moments = [happening.at for happening in HAPPENINGS]
    assert moments == sorted(moments) and moments[0] > START and moments[-1] < END
    assert START.isoformat() == "2026-06-01T00:00:00+00:00"
    assert END.isoformat() == "2026-07-16T00:00:00+00:00"
    kinds = {happening.kind for happening in HAPPENINGS}
    assert kinds == KINDS.keys()


HOSTILE_MARKS = {"<script>", "\u202e", "\u2028", "\x00", "\x1b", "](javascript:"}


def endpoint(world: World, key: str) -> Any:
    """An endpoint's row by `model@tag`, or None."""
    model, tag = key.split("@")
    return next((row for row in world.endpoints.get(model, ()) if row["tag"] == tag), None)


def model_price(world: World, key: str) -> float:
    return float(world.models[key.split("@")[0]]["pricing"]["prompt"])


def price(world: World, key: str) -> float:
    return float(endpoint(world, key)["pricing"]["prompt"])


def served_by(world: World, slug: str) -> list[Any]:
    return [row for rows in world.endpoints.values() for row in rows if row["tag"].split("/")[0] == slug]


def provider(world: World, slug: str) -> Any:
    return next((row for row in world.providers if row["slug"] == slug), None)


def in_zdr(world: World, key: str) -> bool:
    model, tag = key.split("@")
    return any(row["model_id"] == model and row["tag"] == tag for row in world.zdr)


def appears(old: World, new: World, key: str) -> bool:
    return key not in old.models and key in new.models and bool(new.endpoints[key])


def disappears(old: World, new: World, key: str) -> bool:
    return key in old.models and key not in new.models and key not in new.endpoints


def expiries(old: World, new: World, key: str) -> tuple[bool, bool]:
    """Whether an end date stood before and after, which must differ."""
    dates = old.models[key]["expiration_date"], new.models[key]["expiration_date"]
    return (dates[0] is not None, dates[1] is not None) if dates[0] != dates[1] else (False, False)


def fields(world: World) -> set[str]:
    rows = [*world.models.values(), *(row for rows in world.endpoints.values() for row in rows)]
    return {name for row in rows for name in row}


KINDS: dict[str, Callable[[World, World, str], Any]] = {
    "added": appears,
    "returned": appears,
    "vanished": disappears,
    "free ends": disappears,
    "price cut": lambda old, new, key: price(new, key) < price(old, key),
    "price rise": lambda old, new, key: (
        price(new, key) > price(old, key) and model_price(new, key) > model_price(old, key)
    ),
    "top provider changes": lambda old, new, key: (
        price(new, key) == price(old, key) == model_price(new, key)
        and model_price(new, key) != model_price(old, key)
    ),
    "discount starts": lambda old, new, key: math.isclose(
        price(new, key), price(old, key) * (1 - endpoint(new, key)["pricing"]["discount"])
    ),
    "discount ends": lambda old, new, key: math.isclose(
        price(old, key), price(new, key) * (1 - endpoint(old, key)["pricing"]["discount"])
    ),
    "provider joins": lambda old, new, key: (
        provider(new, key) and served_by(new, key) and not provider(old, key) and not served_by(old, key)
    ),
    "provider leaves": lambda old, new, key: KINDS["provider joins"](new, old, key),
    "provider degrades": lambda old, new, key: all(
        row["status"] < 0 and (row["uptime_last_1d"] is None or row["uptime_last_1d"] < 90)
        for row in served_by(new, key)
    ),
    "provider recovers": lambda old, new, key: (
        KINDS["provider degrades"](new, old, key) and not KINDS["provider degrades"](old, new, key)
    ),
    "provider edited": lambda old, new, key: provider(old, key) != provider(new, key),
    "expiry set": lambda old, new, key: expiries(old, new, key) == (False, True),
    "expiry moved": lambda old, new, key: expiries(old, new, key) == (True, True),
    "expiry cleared": lambda old, new, key: expiries(old, new, key) == (True, False),
    "limits change": lambda old, new, key: [
        name
        for name in ("context_length", "top_provider")
        if old.models[key.split("@")[0]][name] != new.models[key.split("@")[0]][name]
    ],
    "schedule starts": lambda old, new, key: (
        "overrides" not in endpoint(old, key)["pricing"]
        and "overrides" in endpoint(new, key)["pricing"]
        and "overrides" in new.models[key.split("@")[0]]["pricing"]
    ),
    "schedule ends": lambda old, new, key: KINDS["schedule starts"](new, old, key),
    "category added": lambda old, new, key: key in set(new.categories) - set(old.categories),
    "category removed": lambda old, new, key: key in set(old.categories) - set(new.categories),
    "zdr gained": lambda old, new, key: in_zdr(new, key) and not in_zdr(old, key),
    "zdr lost": lambda old, new, key: in_zdr(old, key) and not in_zdr(new, key),
    "orphaned": lambda old, new, key: (
        orphans(new) - orphans(old) == {key} and old.models[key]["pricing"] == new.models[key]["pricing"]
    ),
    "description hostile": lambda old, new, key: all(
        mark in new.models[key]["description"] for mark in HOSTILE_MARKS
    ),
    "new field": lambda old, new, key: len(fields(new) - fields(old)) == 1,
    "requantized": lambda old, new, key: (
        endpoint(old, key)["quantization"] != endpoint(new, key)["quantization"]
    ),
    "alias moved": lambda old, new, key: (
        old.models[key]["alias_target"] != new.models[key]["alias_target"]
        and old.models[key]["pricing"] != new.models[key]["pricing"]
    ),
    "renamed": lambda old, new, key: (
        disappears(old, new, key)
        and appears(old, new, new.renamed[key])
        and old.models[key]["canonical_slug"] == new.models[new.renamed[key]]["canonical_slug"]
    ),
}


@pytest.mark.parametrize("happening", HAPPENINGS, ids=lambda happening: f"{happening.kind} {happening.key}")
def test_happening_shows_at_its_hour(happening: Any) -> None:
    before, after = world_at(happening.at - timedelta(hours=1)), world_at(happening.at)
    assert KINDS[happening.kind](before, after, happening.key)


def test_a_renamed_model_answers_to_its_old_id(service: Service, get: Get) -> None:
    service.now = END
    answer = get("model/mistralai/mistral-medium-3-5")
    assert answer.status_code == 200 and answer.json()["data"]["id"] == "mistralai/mistral-medium-3.5"
    assert get("model/amazon/nova-premier-v1").status_code == 404
    assert get("models/amazon/nova-premier-v1/endpoints").status_code == 404


def test_an_unlisted_model_answers_to_its_id_alone(service: Service, get: Get) -> None:
    gone, back = (one.at for one in HAPPENINGS if one.key == "microsoft/phi-4")
    for service.now in (gone, back - timedelta(hours=1)):
        assert "microsoft/phi-4" not in {row["id"] for row in get(ALL).json()["data"]}
        assert get("model/microsoft/phi-4").json()["data"].keys() >= MODEL_FIELDS
        assert get("models/microsoft/phi-4/endpoints").status_code == 404
    service.now = back
    assert "microsoft/phi-4" in {row["id"] for row in get(ALL).json()["data"]}
    assert world_at(back).unlisted == {}


def test_the_hostile_description_survives_the_wire(service: Service, get: Get) -> None:
    service.now = END
    text = get("models/openrouter/owl-alpha/endpoints").json()["data"]["description"]
    assert all(mark in text for mark in HOSTILE_MARKS)


# --- faults -------------------------------------------------------------------------------------------------


def rows(answer: requests.Response) -> list[Any]:
    data = answer.json()["data"]
    return list(data["endpoints"] if isinstance(data, dict) else data)


ROUTES = (ALL, "models/openai/gpt-oss-120b/endpoints", "providers", "endpoints/zdr")

OBSERVED: dict[str, Callable[[requests.Response, list[Any]], Any]] = {
    "429": lambda got, _: got.status_code == 429 and "Retry-After" not in got.headers,
    "429-retry-after": lambda got, _: got.status_code == 429 and got.headers["Retry-After"] == "1",
    "500": lambda got, _: got.status_code == 500 and got.json()["error"]["code"] == 500,
    "502": lambda got, _: got.status_code == 502,
    "503": lambda got, _: got.status_code == 503,
    "404": lambda got, _: got.status_code == 404,
    "html": lambda got, _: got.status_code == 200 and "text/html" in got.headers["Content-Type"],
    "error-object": lambda got, _: got.status_code == 200 and "error" in got.json(),
    "invalid-json": lambda got, _: not is_json(got.content),
    "not-utf8": lambda got, _: not is_utf8(got.content),
    "nan": lambda got, _: b":NaN" in got.content,
    "wrong-type": lambda got, good: isinstance(got.json()["data"], dict if "openai" not in got.url else list),
    "empty": lambda got, _: rows(got) == [] and got.json().get("total_count", 0) == 0,
    "shrunken": lambda got, good: len(rows(got)) == len(good) // 2,
    "duplicate": lambda got, good: rows(got) == [good[0], *good],
    "key-missing": lambda got, good: not {"id", "slug", "tag"} & rows(got)[0].keys(),
    "lone-surrogate": lambda got, good: rows(got)[0]["name"] == good[0]["name"] + "\ud800",
    "big-integer": lambda got, _: rows(got)[0]["context_length"] == 2**70 - 1,
}


def is_json(body: bytes) -> bool:
    try:
        json.loads(body)
    except ValueError:
        return False
    return True


def is_utf8(body: bytes) -> bool:
    try:
        body.decode()
    except UnicodeDecodeError:
        return False
    return True


@pytest.mark.parametrize("route", ROUTES)
@pytest.mark.parametrize("fault", OBSERVED)
def test_fault_in_a_payload(service: Service, get: Get, fault: str, route: str) -> None:
    good = rows(get(route))
    service.fail("*", fault, times=1)
    assert OBSERVED[fault](get(route), good)
    assert rows(get(route)) == good


def test_every_fault_is_tested() -> None:
    assert FAULTS.keys() == {*OBSERVED, "count-mismatch", "cut-off", "slow-drip", "reset", "huge"}
    assert {name for name, fault in FAULTS.items() if fault.good} == {
        "lone-surrogate",
        "big-integer",
        "slow-drip",
    }


def test_count_mismatch(service: Service, get: Get) -> None:
    service.fail("models", "count-mismatch")
    service.fail("models/count", "count-mismatch", by=-3)
    body = get(ALL).json()
    assert body["total_count"] == len(body["data"]) + 5
    assert get("models/count?output_modalities=all").json()["data"]["count"] == len(body["data"]) - 3


def test_retry_after_and_field_are_options(service: Service, get: Get) -> None:
    service.fail("models", "429-retry-after", seconds=7)
    assert get("models").headers["Retry-After"] == "7"
    service.fail("providers", "big-integer", field="founded", value=2**64)
    assert rows(get("providers"))[0]["founded"] == 2**64


def test_cut_off(service: Service, get: Get) -> None:
    service.fail("models", "cut-off")
    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        get("models")


def test_reset(service: Service) -> None:
    service.fail("models", "reset")
    with raw(service, "models") as connection, pytest.raises(ConnectionResetError):
        connection.recv(1)


def test_slow_drip(service: Service, get: Get) -> None:
    good = rows(get("providers"))
    service.fail("providers", "slow-drip", interval=0.01, size=200)
    begun = time.monotonic()
    assert rows(get("providers")) == good
    assert time.monotonic() - begun > 0.05


def test_a_drip_ends_with_the_service() -> None:
    with sample_service(START) as service:
        service.fail("*", "slow-drip", interval=60)
        with raw(service, "models") as connection:
            assert connection.recv(100).startswith(b"HTTP/1.1 200 OK")
            begun = time.monotonic()
            service.__exit__()
            assert time.monotonic() - begun < 1


def test_huge_is_streamed(service: Service) -> None:
    service.fail("models", "huge")
    with requests.get(f"{service.base_url}/models", stream=True, timeout=5) as answer:
        assert int(answer.headers["Content-Length"]) == 100 * 2**20
        assert next(answer.iter_content(100)).startswith(b'{"data":["aaa')
    service.fail("models", "huge", size=200_000)
    body = requests.get(f"{service.base_url}/models", timeout=5).content
    assert len(body) == 200_000 and is_json(body)


def test_faults_by_route_times_and_healing(service: Service, get: Get) -> None:
    service.fail("models/*/endpoints", "503")
    service.fail("models/openai/*", "404", times=1)
    assert [get("models/openai/o3/endpoints").status_code for _ in range(2)] == [404, 503]
    assert get("models").status_code == get("images/models/openai/gpt-5-image/endpoints").status_code == 200
    service.heal()
    assert get("models/openai/o3/endpoints").status_code == 200
    with pytest.raises(KeyError):
        service.fail("models", "no such fault")


# --- HTTP ---------------------------------------------------------------------------------------------------


def raw(service: Service, path: str) -> socket.socket:
    """A connection on which a GET was sent and nothing read."""
    url = urlsplit(service.base_url)
    connection = socket.create_connection((str(url.hostname), url.port or 0), timeout=5)
    connection.sendall(f"GET {url.path}/{path} HTTP/1.1\r\nHost: {url.netloc}\r\n\r\n".encode())
    return connection


def test_headers_and_memory(service: Service, get: Get) -> None:
    service.age = 42
    answer = get("models?output_modalities=rerank", headers={"User-Agent": "me"})
    assert answer.headers["Age"] == "42"
    assert answer.headers["Date"] == "Mon, 01 Jun 2026 00:00:00 GMT"
    assert answer.headers["Cache-Control"] == "public, max-age=300"
    assert answer.headers["Content-Type"] == "application/json"
    get("models/no/model/endpoints")
    assert service.requests == [("models?output_modalities=rerank", 200), ("models/no/model/endpoints", 404)]
    assert service.seen[0].headers["User-Agent"] == "me"


def test_gzip_only_where_accepted(service: Service, get: Get) -> None:
    plain = get("providers", headers={"Accept-Encoding": "identity"})
    packed = get("providers", headers={"Accept-Encoding": "gzip"}, stream=True)
    assert "Content-Encoding" not in plain.headers and packed.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed.raw.read(decode_content=False)) == plain.content


def test_a_connection_is_kept_alive_and_quick(service: Service) -> None:
    url = urlsplit(service.base_url)
    connection = http.client.HTTPConnection(str(url.hostname), url.port, timeout=5)
    begun = time.monotonic()
    ports = set()
    for _ in range(20):
        connection.request("GET", f"{url.path}/providers")
        assert len(connection.getresponse().read()) > 1000
        ports.add(connection.sock.getsockname()[1])
    assert len(ports) == 1 and time.monotonic() - begun < 20 * 0.03
    connection.close()


def test_latency_holds_an_answer(service: Service, get: Get) -> None:
    service.latency = 0.05
    begun = time.monotonic()
    get("providers")
    assert time.monotonic() - begun >= 0.05


def test_a_client_that_goes_away_is_no_noise(service: Service, capfd: pytest.CaptureFixture[str]) -> None:
    service.fail("models", "huge")
    with raw(service, "models") as connection:
        connection.recv(1)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    time.sleep(0.05)
    assert capfd.readouterr().err == ""


def test_any_responder_can_be_served() -> None:
    def respond(path: str, query: Any, headers: Any) -> Any:
        return (
            Reply(202, b"plain", {"Content-Type": "text/plain"})
            if path == "plain"
            else (200, {"data": [query]})
        )

    with Service(respond, base="/v2") as service:
        assert requests.get(f"{service.base_url}/rows?a=1", timeout=5).json() == {"data": [{"a": "1"}]}
        assert requests.get(f"{service.base_url}/plain", timeout=5).text == "plain"
        outside = requests.get(service.base_url.replace("/v2", "/v1") + "/rows", timeout=5)
        assert outside.status_code == 404


def test_command_line() -> None:
    command = [sys.executable, "-m", "orarchive.sample"]
    listed = subprocess.run([*command, "--list"], capture_output=True, text=True, check=True).stdout
    assert all(happening.description in listed for happening in HAPPENINGS) and all(
        name in listed for name in FAULTS
    )
    options = ["--port", "0", "--now", "2026-07-10T00Z", "--speed", "3600", "--fault", "models=503"]
    # whoever runs the tests in the background ignores this signal, and so would what is started here
    ours = signal.signal(signal.SIGINT, signal.default_int_handler)
    with subprocess.Popen([*command, *options], stdout=subprocess.PIPE, text=True) as process:
        signal.signal(signal.SIGINT, ours)
        try:
            assert process.stdout is not None
            base = process.stdout.readline().split()[-1]
            assert f"OPENROUTER_BASE_URL={base}" in process.stdout.readline()
            assert requests.get(f"{base}/models", timeout=30).status_code == 503
            assert requests.get(f"{base}/providers", timeout=30).status_code == 200
            process.send_signal(signal.SIGINT)
            assert process.wait(timeout=30) == 0
        finally:
            process.kill()
