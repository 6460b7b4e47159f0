"""Filters: one endpoint must meet every condition, and what is not known does not count as had."""

from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from orarchive.catalog.candidates import Candidate, choose_representatives
from orarchive.catalog.filters import Filter, Selection, search_text, select_candidates
from orarchive.catalog.flags import OVERRIDE, Flag
from orarchive.catalog.source import CatalogModel, HealthWindow
from tests.support.catalog_models import build_candidates, build_endpoint, build_model

PROVIDERS = {"east": {"headquarters": "CN"}, "west": {"headquarters": "US"}}
PRICED = {"prompt": "0.000001", "completion": "0.000002"}


def select(models: Iterable[CatalogModel], **options: Any) -> Selection:
    """Select models by the options of a filter."""
    return select_candidates(build_candidates(models), Filter(**options).list_conditions(PROVIDERS))


def list_ids(models: Iterable[CatalogModel], **options: Any) -> list[str]:
    """Return the ids of the models that a filter leaves."""
    return [candidate.info.id for candidate in select(models, **options).candidates]


def has_endpoints(**options: Any) -> list[str]:
    """Return the tags of the endpoints that a filter leaves of a model with two."""
    endpoints = [
        build_endpoint(
            "east",
            pricing={"prompt": "0.0000005"},
            context_length=1000,
            supported_parameters=["tools"],
            is_zdr=False,
            health=HealthWindow(30, 9, 9, None, None, 0, uptime=99.5),
        ),
        build_endpoint(
            "west/eu",
            pricing={"prompt": "0.000002"},
            context_length=2000,
            supported_parameters=["structured_outputs"],
            is_zdr=True,
            health=HealthWindow(30, 9, 9, None, None, 0, uptime=90.0),
        ),
    ]
    parameters = ["structured_outputs", "tools"]
    model = build_model(endpoints=endpoints, supported_parameters=parameters, context_length=2000)
    return [
        endpoint.key.tag
        for candidate in select([model], **options).candidates
        for endpoint in candidate.endpoints
    ]


@pytest.mark.parametrize(
    ("options", "tags"),
    [
        ({}, ["east", "west/eu"]),
        ({"flags": ("tools",)}, ["east"]),
        ({"flags": ("json_schema",)}, ["west/eu"]),
        ({"flags": ("tools", "json_schema")}, []),
        ({"flags": ("zdr",)}, ["west/eu"]),
        ({"flags": ("zdr", "tools")}, []),
        ({"context": 1001}, ["west/eu"]),
        ({"context": 2001}, []),
        ({"max_price": Decimal("0.5")}, ["east"]),
        ({"max_price": Decimal("0.49")}, []),
        ({"countries": ("us",)}, ["west/eu"]),
        ({"countries": ("US", "CN")}, ["east", "west/eu"]),
        ({"countries": ("US",), "max_price": Decimal("0.5")}, []),
        ({"providers": ("WEST",)}, ["west/eu"]),
        ({"providers": ("west/eu",)}, ["west/eu"]),
        ({"providers": ("west/us",)}, []),
        ({"min_uptime": Decimal("99.5")}, ["east"]),
        ({"min_uptime": Decimal("99.6")}, []),
    ],
    ids=str,
)
def test_conditions_on_endpoints(options: dict[str, Any], tags: list[str]) -> None:
    """What a model can do is the union of its endpoints, so one endpoint must meet all conditions."""
    assert has_endpoints(**options) == tags


def test_override_outranks_what_endpoints_say() -> None:
    endpoint = build_endpoint(supported_parameters=[])
    (candidate,) = build_candidates([build_model(endpoints=[endpoint], supported_parameters=[])])
    conditions = Filter(flags=("tools",)).list_conditions({})
    assert select_candidates([candidate], conditions).candidates == ()
    flags = {**candidate.info.flags, "tools": Flag(True, OVERRIDE, "reviewed")}
    corrected = replace(candidate, info=replace(candidate.info, flags=flags))
    assert select_candidates([corrected], conditions).candidates == (corrected,)


def test_conditions_on_models() -> None:
    models = [
        build_model("lab/text"),
        build_model("lab/eyes", architecture={"input_modalities": ["image"], "output_modalities": ["text"]}),
        build_model("lab/draw", architecture={"input_modalities": ["text"], "output_modalities": ["image"]}),
        build_model("lab/free:free", pricing={"prompt": "0", "completion": "0"}),
        build_model("lab/open", hugging_face_id="lab/open"),
    ]
    assert list_ids(models, flags=("vision",)) == ["lab/eyes"]
    assert list_ids(models, inputs=("image",)) == ["lab/eyes"]
    assert list_ids(models, outputs=("image",)) == ["lab/draw"]
    assert list_ids(models, is_free=True) == ["lab/free:free"]
    assert list_ids(models, flags=("open_weights",)) == ["lab/open"]


def test_unknown_is_not_had() -> None:
    """A model without endpoints is taken as it is listed; what the list does not say is not met."""
    model = build_model(supported_parameters=["tools"], context_length=9)
    assert list_ids([model], flags=("tools",), context=9, max_price=Decimal(1))
    for options in (
        {"flags": ("zdr",)},
        {"context": 10},
        {"providers": ("lab",)},
        {"countries": ("US",)},
        {"min_uptime": Decimal(0)},
    ):
        assert list_ids([model], **options) == [], options
    assert list_ids([build_model()], flags=("tools",)) == []
    assert list_ids([build_model()], context=1) == []


def test_price_that_is_not_by_token_meets_no_limit() -> None:
    router = build_model("lab/auto", pricing={"prompt": "-1", "completion": "-1"})
    song = build_model(pricing={"prompt": "0", "completion": "0"}, has_media_prices=True)
    assert list_ids([router, song], max_price=Decimal(100)) == []


def test_reasoning_that_is_none_is_no_reasoning() -> None:
    models = [build_model(supported_parameters=[]), build_model("lab/r", supported_parameters=["reasoning"])]
    assert list_ids(models, flags=("reasoning",)) == ["lab/r"]


def test_counts_what_each_condition_excludes() -> None:
    models = [build_model(f"lab/m{number}", context_length=number * 100) for number in range(1, 5)]
    selection = select(models, context=300, flags=("tools",))
    assert selection.excluded == {"--tools": 4, "--context 300": 2}
    assert selection.describe_excluded() == "of 4 models --tools excludes 4, --context 300 excludes 2"


def test_conditions_that_no_endpoint_meets_at_once_are_told() -> None:
    endpoints = [
        build_endpoint("a", context_length=10, supported_parameters=["tools"]),
        build_endpoint("b", context_length=20, supported_parameters=[]),
    ]
    selection = select(
        [build_model(endpoints=endpoints, supported_parameters=["tools"])], context=20, flags=("tools",)
    )
    assert selection.candidates == ()
    assert "at once" in selection.describe_excluded()


def test_text_is_searched_in_id_name_lab_and_family() -> None:
    infos = [
        candidate.info for candidate in build_candidates([build_model("acme/big-4"), build_model("b/x")])
    ]
    assert [info.id for info in search_text(infos, "ACME big")] == ["acme/big-4"]
    assert [info.id for info in search_text(infos, "lab: b/")] == ["b/x"]
    assert search_text(infos, "acme x") == []


def test_choices_are_models_that_answer_now() -> None:
    """Aliases, routers, deferred variants, models that left and models that nobody serves are no choice."""
    served = build_model("lab/served", endpoints=[build_endpoint()])
    orphan = replace(build_model("lab/orphan"), former_endpoints=(build_endpoint(),))
    models = [
        build_model("~lab/latest"),
        build_model("lab/auto", pricing={"prompt": "-1", "completion": "-1"}),
        build_model("openrouter/free", architecture={"tokenizer": "Router"}),
        build_model("lab/model:batch"),
        build_model("lab/gone", last=served.first),
        orphan,
        served,
        build_model("lab/never-read"),
    ]
    ids = [candidate.info.id for candidate in build_candidates(models)]
    assert ids == ["lab/served", "lab/never-read"]


def test_variants_count_once_by_their_base() -> None:
    def choose(*keys: str) -> list[str]:
        models = [build_model(key, canonical_slug="lab/m-1") for key in keys]
        candidates: list[Candidate] = choose_representatives(build_candidates(models))
        return [candidate.info.id for candidate in candidates]

    assert choose("lab/m:free", "lab/m", "lab/m:thinking") == ["lab/m"]
    assert choose("lab/m:thinking", "lab/m:free") == ["lab/m:free"]
