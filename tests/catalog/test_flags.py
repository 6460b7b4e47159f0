"""Flags: the API outranks a rule, a reviewed override outranks both, and unknown is not no."""

import datetime as dt
from typing import Any

import pytest

from orarchive.catalog.data_files import Override
from orarchive.catalog.flags import FLAGS, UNKNOWN, Flag, detect_flags
from orarchive.catalog.overrides import apply_overrides, audit_override
from tests.support.catalog_models import build_endpoint, build_model, list_union_breaks

REVIEWED = Override(
    "lab/model-1", "json_schema", False, True, "free-form", "https://x.example", dt.date(2026, 8, 22)
)


def detect(name: str, key: str = "lab/model-1", **fields: Any) -> Flag:
    """Return a flag of a model with some fields."""
    return detect_flags(build_model(key, **fields))[name]


def test_every_flag_is_detected() -> None:
    """Each flag has a value or is unknown, with its source."""
    flags = detect_flags(build_model())
    assert tuple(flags) == FLAGS
    assert all((flag.value is None) == (flag.source == "none") for flag in flags.values())
    assert all(flag.evidence for flag in flags.values() if flag.source != "none")


def test_two_ways_of_structured_output_are_two_flags() -> None:
    """A model with `response_format` alone has JSON mode, and takes no schema."""
    parameters = ["response_format"]
    assert detect("json_mode", supported_parameters=parameters).value is True
    assert detect("json_schema", supported_parameters=parameters).value is False


def test_missing_list_of_parameters_is_unknown() -> None:
    """Records before the list existed say nothing."""
    assert detect("tools") is UNKNOWN
    assert detect("tools", supported_parameters="tools") is UNKNOWN


def test_endpoints_are_counted() -> None:
    """A flag says how many of the endpoints have it; endpoints without a list are left out of the count."""
    endpoints = [
        build_endpoint("a", supported_parameters=["tools", "seed"]),
        build_endpoint("b", supported_parameters=["seed"]),
        build_endpoint("c"),
    ]
    model = build_model(endpoints=endpoints, supported_parameters=["seed", "tools"])
    flags = detect_flags(model)
    assert (flags["tools"].endpoints, flags["seed"].endpoints) == ("1 of 2", "2 of 2")
    assert flags["logprobs"] == Flag(False, "api", "supported_parameters", "0 of 2")
    assert (
        detect_flags(build_model(endpoints=endpoints))["tools"].evidence == "endpoints.supported_parameters"
    )


def test_list_that_is_no_union_of_its_endpoints_is_told() -> None:
    """The rule is checked where every endpoint has a list."""
    endpoints = [build_endpoint("a", supported_parameters=["tools"])]
    assert list_union_breaks(build_model(endpoints=endpoints, supported_parameters=["tools"])) == []
    assert list_union_breaks(build_model(endpoints=endpoints, supported_parameters=["seed"])) == [
        "seed",
        "tools",
    ]
    assert list_union_breaks(build_model(supported_parameters=["seed"])) == []


def test_a_price_of_web_search_tells_that_there_is_one() -> None:
    """Many models have the price without the request parameter."""
    assert detect("web_search", supported_parameters=["seed"]).value is False
    priced = detect("web_search", supported_parameters=["seed"], pricing={"web_search": "0.01"})
    assert priced == Flag(True, "api", "pricing.web_search")


@pytest.mark.parametrize(
    ("fields", "value", "modes"),
    [
        ({"reasoning": {"mandatory": True}, "supported_parameters": ["reasoning"]}, "fixed", ()),
        ({"reasoning": {"mandatory": False}}, "configurable", ()),
        (
            {"reasoning": {"mandatory": True, "supported_efforts": ["high", "low"]}},
            "configurable",
            ("high", "low"),
        ),
        ({"reasoning": {"mandatory": True, "supports_max_tokens": True}}, "configurable", ()),
        ({"supported_parameters": ["reasoning"]}, "configurable", ()),
        ({"supported_parameters": ["include_reasoning"]}, "fixed", ()),
        ({"supported_parameters": []}, "none", ()),
        ({}, None, ()),
    ],
)
def test_reasoning(fields: dict[str, Any], value: str | None, modes: tuple[str, ...]) -> None:
    """Reasoning is absent, fixed or configurable; without any word of the API it is unknown."""
    flag = detect("reasoning", **fields)
    assert (flag.value, flag.modes) == (value, modes)


def test_prompt_caching_needs_a_price_or_an_endpoints_word() -> None:
    """Without either it is unknown; endpoints that all deny it make it false."""
    assert detect("prompt_caching") is UNKNOWN
    assert detect("prompt_caching", pricing={"input_cache_read": "0.1"}).value is True
    denying = [build_endpoint(supports_implicit_caching=False)]
    assert detect("prompt_caching", endpoints=denying) == Flag(
        False, "api", "endpoints.supports_implicit_caching", "0 of 1"
    )
    priced = [build_endpoint(pricing={"input_cache_read": "0.1"}), *denying]
    assert detect("prompt_caching", endpoints=priced).endpoints == "1 of 2"


def test_zero_data_retention_is_unknown_where_its_list_was_never_read() -> None:
    """A list that was read and does not have the endpoint means no."""
    assert detect("zdr", endpoints=[build_endpoint()]) is UNKNOWN
    assert detect("zdr", endpoints=[build_endpoint(is_zdr=False)]).value is False
    assert (
        detect("zdr", endpoints=[build_endpoint(is_zdr=True), build_endpoint(is_zdr=False)]).endpoints
        == "1 of 2"
    )


def test_name_speaks_only_where_the_api_is_silent() -> None:
    """A heuristic is marked as one, and never turns a no into a yes."""
    assert detect("vision", "lab/model-vl", architecture={}) == Flag(True, "heuristic", "id:vl")
    text = {"input_modalities": ["text"]}
    assert detect("vision", "lab/model-vl", architecture=text).value is False
    assert detect("vision", "lab/model-vlad", architecture={}) is UNKNOWN
    assert detect("vision", architecture={"modality": "text+image->text"}).value is True


def test_tool_choice_has_the_modes_that_endpoints_honour() -> None:
    """The modes are those that some endpoint says it honours."""
    support = {"literal_auto": True, "literal_required": False, "type_function": True}
    endpoints = [build_endpoint(supported_parameters=["tool_choice"], supports_tool_choice=support)]
    assert detect("tool_choice", endpoints=endpoints).modes == ("auto", "function")


def test_override_replaces_a_flag_and_keeps_the_count() -> None:
    """What was reviewed outranks the API, for that model alone."""
    flags = {"json_schema": Flag(True, "api", "supported_parameters", "2 of 2")}
    corrected = apply_overrides("lab/model-1", flags, (REVIEWED,))["json_schema"]
    assert (corrected.value, corrected.source, corrected.endpoints) == (False, "override", "2 of 2")
    assert apply_overrides("lab/other", flags, (REVIEWED,)) == flags


@pytest.mark.parametrize(("now", "status"), [(True, "active"), (False, "redundant"), (None, "drifted")])
def test_override_is_audited(now: bool | None, status: str) -> None:
    """An override that the API agrees with, or whose ground is gone, is told."""
    assert audit_override(REVIEWED, now, is_known=True).status == status
    assert audit_override(REVIEWED, None, is_known=False).status == "unused"
