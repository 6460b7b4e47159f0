"""The sample service has the shapes and quirks that the real service is documented or was seen to have."""

import json
from collections import Counter
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

from orarchive.sample import END, START, Service, build_world_at
from tests.support.sample_client import KEY, Ask, read_rows

# Shapes

MODEL_FIELDS = {
    *("id", "canonical_slug", "name", "created", "description", "hugging_face_id", "knowledge_cutoff"),
    *("expiration_date", "context_length", "architecture", "pricing", "top_provider", "per_request_limits"),
    *("supported_parameters", "default_parameters", "supported_voices", "links"),
}
OPTIONAL_MODEL_FIELDS = {"reasoning", "benchmarks", "alias_target", "supported_regions"}
ARCHITECTURE_FIELDS = {"modality", "input_modalities", "output_modalities", "tokenizer", "instruct_type"}
ENDPOINT_FIELDS = {
    *("name", "model_id", "model_name", "provider_name", "tag", "quantization", "context_length", "status"),
    *("max_completion_tokens", "max_prompt_tokens", "pricing", "supported_parameters"),
    *("supports_implicit_caching", "uptime_last_5m", "uptime_last_30m", "uptime_last_1d"),
    *("latency_last_30m", "throughput_last_30m"),
}
OPTIONAL_ENDPOINT_FIELDS = {"supports_tool_choice", "supports_voice_cloning"}
PROVIDER_FIELDS = {
    *("name", "slug", "headquarters", "datacenters"),
    *("privacy_policy_url", "terms_of_service_url", "status_page_url"),
}


def is_endpoint(row: dict[str, Any]) -> bool:
    """Return whether a row has the fields of an endpoint."""
    return ENDPOINT_FIELDS <= row.keys() <= ENDPOINT_FIELDS | OPTIONAL_ENDPOINT_FIELDS


@pytest.mark.parametrize("moment", [START, END])
def test_models_have_the_whole_shape(ask: Ask, moment: datetime) -> None:
    body = ask("models", at=moment, output_modalities="all").json()
    assert body.keys() == {"data", "total_count", "links"}
    count = ask("models/count", output_modalities="all").json()["data"]["count"]
    assert body["total_count"] == len(body["data"]) == count >= 60
    assert body["links"] == {"next": None}
    for model in body["data"]:
        assert MODEL_FIELDS <= model.keys() <= MODEL_FIELDS | OPTIONAL_MODEL_FIELDS, model["id"]
        assert model["architecture"].keys() == ARCHITECTURE_FIELDS
        assert model["top_provider"].keys() == {"context_length", "max_completion_tokens", "is_moderated"}
        assert {"prompt", "completion"} <= model["pricing"].keys()
        assert "discount" not in model["pricing"]
        assert model["links"]["details"] == f"/api/v1/models/{model['canonical_slug']}/endpoints"


@pytest.mark.parametrize("moment", [START, END])
def test_endpoints_have_the_whole_shape(ask: Ask, moment: datetime) -> None:
    for model in build_world_at(moment).models:
        data = ask(f"models/{model}/endpoints", at=moment).json()["data"]
        assert data.keys() == {"id", "name", "created", "description", "architecture", "endpoints"}
        for row in data["endpoints"]:
            assert is_endpoint(row), model
            assert {"prompt", "completion", "discount"} <= row["pricing"].keys()
    zdr = read_rows(ask("endpoints/zdr"))
    assert len(zdr) > 50
    assert all(is_endpoint(row) for row in zdr)
    assert all(row.keys() == PROVIDER_FIELDS for row in read_rows(ask("providers")))


def test_modalities_filter(ask: Ask) -> None:
    by_default = ask("models").json()
    assert all("text" in model["architecture"]["output_modalities"] for model in by_default["data"])
    count = ask("models/count").json()["data"]["count"]
    everything = ask("models", output_modalities="all").json()
    assert by_default["total_count"] == count < everything["total_count"]
    models = read_rows(ask("models", output_modalities="rerank,embeddings"))
    assert {model["architecture"]["output_modalities"][0] for model in models} == {"rerank", "embeddings"}
    embeddings = read_rows(ask("embeddings/models"))
    assert {model["id"] for model in embeddings} < {model["id"] for model in models}


def test_endpoints_answer_to_id_and_canonical_slug(ask: Ask) -> None:
    by_id = ask("models/anthropic/claude-opus-4.8/endpoints").json()["data"]
    by_slug = ask("models/anthropic/claude-4.8-opus-20260528/endpoints").json()["data"]
    assert by_id == by_slug
    batch = ask("models/anthropic/claude-opus-4.8:batch/endpoints").json()["data"]
    assert batch["id"] == "anthropic/claude-opus-4.8:batch" and len(batch["endpoints"]) == 1
    alias = ask("models/~openai/gpt-latest/endpoints").json()["data"]
    assert alias["id"] == "~openai/gpt-latest" and alias["endpoints"] == []


def test_descriptions_are_whole_only_with_the_endpoints(ask: Ask) -> None:
    models = read_rows(ask("models", output_modalities="all"))
    shortened = [model for model in models if model["description"].endswith("...")]
    assert len(shortened) >= 5
    for model in shortened:
        whole = ask(f"models/{model['id']}/endpoints").json()["data"]["description"]
        assert whole.startswith(model["description"].removesuffix("...")) and not whole.endswith("...")
        assert ask(f"model/{model['id']}").json()["data"]["description"] == model["description"]


def test_a_key_fills_latency_and_throughput(ask: Ask) -> None:
    def percentiles(headers: dict[str, str]) -> list[Any]:
        rows = read_rows(ask("models/openai/gpt-oss-120b/endpoints", headers=headers))
        return [row[name] for row in rows for name in ("latency_last_30m", "throughput_last_30m")]

    assert set(percentiles({})) == {None}
    assert all(row.keys() == {"p50", "p75", "p90", "p99"} for row in percentiles(KEY))
    assert set(percentiles({"Authorization": "Bearer wrong"})) == {None}
    assert None not in percentiles({"authorization": KEY["Authorization"]})


def test_images_and_videos(ask: Ask) -> None:
    images = read_rows(ask("images/models"))
    fields = {"id", "name", "description", "created", "architecture"}
    assert len(images) >= 3
    for image in images:
        assert image.keys() == fields | {"supported_parameters", "supports_streaming", "endpoints"}
        body = ask(image["endpoints"].removeprefix("/api/v1/")).json()
        assert body.keys() == {"id", "endpoints"} and body["id"] == image["id"] and body["endpoints"]
        prices = [price for row in body["endpoints"] for price in row["pricing"]]
        assert all(isinstance(price["cost_usd"], float) for price in prices)
    videos = read_rows(ask("videos/models"))
    assert videos and all("pricing_skus" in video for video in videos)
    listed = {model["id"] for model in read_rows(ask("models", output_modalities="all"))}
    assert {row["id"] for row in images + videos} <= listed


def test_keyed_routes(ask: Ask) -> None:
    for path in ("datasets/rankings-daily", "benchmarks", "classifications/task", "key"):
        for headers in ({}, {"Authorization": "Bearer wrong"}):
            response = ask(path, headers=headers)
            assert response.status_code == 401
            message = "No cookie auth credentials found"
            assert response.json() == {"error": {"message": message, "code": 401}}


def test_unknown_is_404(ask: Ask) -> None:
    models = ("models/no/model/endpoints", "model/no/model", "images/models/a/b/endpoints")
    for path in ("nothing", "key", "models/openai/o3", *models):
        response = ask(path)
        assert response.status_code == 404 and response.json()["error"]["code"] == 404


# Quirks of the service

WORLD = build_world_at(START)
ENDPOINTS = [row for rows in WORLD.endpoints.values() for row in rows]
OVERRIDES = [entry for row in ENDPOINTS for entry in row["pricing"].get("overrides", ())]
UPTIMES = [uptime for row in ENDPOINTS for uptime in (row["uptime_last_5m"], row["uptime_last_1d"])]


def list_values(name: str) -> list[Any]:
    """Return the values of a field of all models."""
    return [model[name] for model in WORLD.models.values()]


def list_outputs() -> set[str]:
    """Return the output modalities of all models."""
    return {name for model in WORLD.models.values() for name in model["architecture"]["output_modalities"]}


def list_orphans() -> set[str]:
    """Return the models without endpoints that are neither alias nor router."""
    models = [key for key, model in WORLD.models.items() if "alias_target" not in model]
    return {
        key for key in models if not WORLD.endpoints[key] and WORLD.models[key]["pricing"]["prompt"] != "-1"
    }


QUIRKS: dict[str, Callable[[], Any]] = {
    "aliases": lambda: [
        key
        for key, model in WORLD.models.items()
        if key[0] == "~" and "alias_target" in model and not WORLD.endpoints[key]
    ],
    "an alias copies the price of its target": lambda: all(
        model["pricing"] == WORLD.models[model["alias_target"]["slug"]]["pricing"]
        for model in WORLD.models.values()
        if "alias_target" in model
    ),
    "routers at -1": lambda: [
        key
        for key, model in WORLD.models.items()
        if model["pricing"]["prompt"] == "-1" and not WORLD.endpoints[key]
    ],
    "orphan": lambda: list_orphans() == {"deepcogito/cogito-v2.1-671b"},
    "variants": lambda: (
        {key.split(":")[1] for key in WORLD.models if ":" in key} == {"batch", "free", "thinking"}
    ),
    "variants share a canonical slug": lambda: (
        Counter(list_values("canonical_slug")).most_common(1)[0][1] > 1
    ),
    "canonical slug equal to the id, and not": lambda: (
        {key == model["canonical_slug"] for key, model in WORLD.models.items()} == {True, False}
    ),
    "thresholds": lambda: [entry for entry in OVERRIDES if "min_prompt_tokens" in entry],
    "a window over midnight": lambda: [
        entry for entry in OVERRIDES if "utc_start" in entry and entry["utc_start"] > entry["utc_end"]
    ],
    "days of the week": lambda: [entry for entry in OVERRIDES if "utc_days" in entry],
    "endpoints with the same tag": lambda: [
        key for key, rows in WORLD.endpoints.items() if len({row["tag"] for row in rows}) < len(rows)
    ],
    "hugging_face_id null, empty and set": lambda: {None, ""} < set(list_values("hugging_face_id")),
    "a price with 22 decimals": lambda: [
        row for row in ENDPOINTS if "0.0000000416666666666667" in row["pricing"].values()
    ],
    "output modalities": lambda: (
        {"image", "audio", "embeddings", "video", "rerank", "speech", "text"} <= list_outputs()
    ),
    "datacenters null, [] and a list": lambda: (
        {type(row["datacenters"]) for row in WORLD.providers} == {list, type(None)}
        and [] in [row["datacenters"] for row in WORLD.providers]
    ),
    "model_id differs from the id asked for": lambda: [
        key for key, rows in WORLD.endpoints.items() for row in rows if row["model_id"] != key
    ],
    "a tag without a provider": lambda: (
        {row["tag"].split("/")[0] for row in ENDPOINTS} - {row["slug"] for row in WORLD.providers}
    ),
    "quantization unknown and null": lambda: {"unknown", None} < {row["quantization"] for row in ENDPOINTS},
    "uptime an integer, a fraction and null": lambda: (
        {type(uptime) for uptime in UPTIMES} == {int, float, type(None)} and 99.9 in UPTIMES
    ),
    "a number written 1e-06": lambda: "1e-06" in json.dumps([*WORLD.models.values()]),
    "default_parameters in three forms": lambda: (
        {} in list_values("default_parameters")
        and None in list_values("default_parameters")
        and any(form and set(form.values()) == {None} for form in list_values("default_parameters"))
    ),
    "supported_voices null, [] and a list": lambda: (
        None in list_values("supported_voices")
        and [] in list_values("supported_voices")
        and any(list_values("supported_voices"))
    ),
    "expiry sentinel": lambda: "2098-12-31" in list_values("expiration_date"),
    "a context of 0": lambda: 0 in list_values("context_length"),
    "a discount": lambda: [row for row in ENDPOINTS if row["pricing"]["discount"] > 0],
    "a zdr row that differs": lambda: [row for row in WORLD.zdr if row not in ENDPOINTS],
    "reasoning absent and present": lambda: (
        0 < sum("reasoning" in model for model in WORLD.models.values()) < len(WORLD.models)
    ),
    "stealth": lambda: [row for row in ENDPOINTS if row["tag"].startswith("stealth/")],
    "a null provider_tag": lambda: (
        None in [row["provider_tag"] for rows in WORLD.image_endpoints.values() for row in rows]
    ),
}


@pytest.mark.parametrize("quirk", QUIRKS)
def test_quirk(quirk: str) -> None:
    assert QUIRKS[quirk]()


def test_headers(sample: Service, ask: Ask) -> None:
    sample.age = 42
    response = ask("providers")
    assert response.headers["Age"] == "42"
    assert response.headers["Date"] == "Mon, 01 Jun 2026 00:00:00 GMT"
    assert response.headers["Cache-Control"] == "public, max-age=300"
    assert response.headers["Content-Type"] == "application/json"
