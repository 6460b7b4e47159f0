"""Flags: what a model can do, and how that is known.

The API outranks a rule, and a rule speaks only where the API is silent: it never contradicts a "no".
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from orarchive.catalog.source import CatalogEndpoint, CatalogModel, list_parameters
from orarchive.domain.prices import read_prices
from orarchive.domain.records import as_texts, get_nested, get_object

API, HEURISTIC, OVERRIDE, NONE = "api", "heuristic", "override", "none"
SOURCES = (API, HEURISTIC, OVERRIDE, NONE)

NO_REASONING, FIXED_REASONING, CONFIGURABLE_REASONING = "none", "fixed", "configurable"


@dataclass(frozen=True)
class Flag:
    """What is known of one ability of a model."""

    value: bool | str | None
    """True, false or None: unknown, which is not no. Of `reasoning` a word."""
    source: str
    """`api`, `heuristic`, `override` or `none`."""
    evidence: str
    """The field or the rule that it comes from; "" of an unknown value."""
    endpoints: str | None = None
    """How many of its endpoints have it, `4 of 6`; None where endpoints do not say."""
    modes: tuple[str, ...] = ()
    """Of `tool_choice` the modes that an endpoint honours, of `reasoning` the efforts."""


UNKNOWN = Flag(None, NONE, "")

WEB_SEARCH_PARAMETER = "web_search_options"

PARAMETER_FLAGS = {
    "tools": "tools",
    "tool_choice": "tool_choice",
    "parallel_tools": "parallel_tool_calls",
    "json_mode": "response_format",
    "json_schema": "structured_outputs",
    "web_search": WEB_SEARCH_PARAMETER,
    "seed": "seed",
    "logprobs": "logprobs",
}
"""Flag -> the request parameter that stands for it."""

MODALITY_FLAGS = {
    "vision": ("input_modalities", ("image",)),
    "audio_input": ("input_modalities", ("audio",)),
    "video_input": ("input_modalities", ("video",)),
    "file_input": ("input_modalities", ("file",)),
    "image_output": ("output_modalities", ("image",)),
    "audio_output": ("output_modalities", ("audio", "speech")),
    "video_output": ("output_modalities", ("video",)),
    "embeddings": ("output_modalities", ("embeddings",)),
    "rerank": ("output_modalities", ("rerank",)),
    "transcription": ("output_modalities", ("transcription",)),
}
"""Flag -> the list of modalities, and the modalities in it that stand for the flag."""

NAME_RULES = {
    "vision": re.compile(r"(?<![a-z])(?:vl|vision)(?![a-z])"),
    "embeddings": re.compile(r"(?<![a-z])embed"),
    "rerank": re.compile(r"(?<![a-z])rerank"),
    "web_search": re.compile(r"(?<![a-z])online(?![a-z])"),
}
"""Flag -> the words of an id that stand for it where the API is silent. A name never means no."""

FLAGS = (
    *("tools", "tool_choice", "parallel_tools", "json_mode", "json_schema"),
    *("vision", "audio_input", "video_input", "file_input"),
    *("image_output", "audio_output", "video_output", "embeddings", "rerank", "transcription"),
    *("reasoning", "prompt_caching", "web_search", "seed", "logprobs", "moderated", "zdr"),
)
"""All flags, in the order in which they are shown."""


def detect_flags(model: CatalogModel) -> dict[str, Flag]:
    """Return every flag of a model, by name, before overrides."""
    return {name: _detect(name, model) for name in FLAGS}


def _detect(name: str, model: CatalogModel) -> Flag:
    if name in PARAMETER_FLAGS:
        flag = _detect_parameter(model, PARAMETER_FLAGS[name])
        flag = replace(flag, modes=_list_tool_choice_modes(model)) if name == "tool_choice" else flag
    elif name in MODALITY_FLAGS:
        flag = _detect_modality(model, *MODALITY_FLAGS[name])
    else:
        flag = DETECTORS[name](model)
    if flag.value is None and (rule := NAME_RULES.get(name)) and (match := rule.search(model.id.lower())):
        return Flag(True, HEURISTIC, f"id:{match[0]}")
    return flag


def _detect_parameter(model: CatalogModel, parameter: str) -> Flag:
    """Tell whether a model supports a request parameter; its list is the union of its endpoints' lists."""
    names = model.parameters
    evidence = "supported_parameters"
    if names is None:
        if all(endpoint.parameters is None for endpoint in model.endpoints):
            return UNKNOWN
        names, evidence = tuple(list_parameters(model.endpoints)), "endpoints.supported_parameters"
    count = _count_endpoints(
        model.endpoints,
        lambda endpoint: None if endpoint.parameters is None else parameter in endpoint.parameters,
    )
    if parameter == WEB_SEARCH_PARAMETER and parameter not in names and model.model.prices.get("web_search"):
        return Flag(True, API, "pricing.web_search")
    return Flag(parameter in names, API, evidence, count)


def _count_endpoints(
    endpoints: Iterable[CatalogEndpoint], has_ability: Callable[[CatalogEndpoint], bool | None]
) -> str | None:
    """Count the endpoints with an ability among those that say whether they have it; None where none does."""
    answers = [answer for endpoint in endpoints if (answer := has_ability(endpoint)) is not None]
    return f"{sum(answers)} of {len(answers)}" if answers else None


def _list_tool_choice_modes(model: CatalogModel) -> tuple[str, ...]:
    """List the modes of tool_choice that an endpoint says it honours: `auto`, `none`, `required`."""
    modes = {
        name.removeprefix("literal_").removeprefix("type_")
        for endpoint in model.endpoints
        for name, value in get_object(endpoint.record, "supports_tool_choice").items()
        if value is True
    }
    return tuple(sorted(modes))


def _detect_modality(model: CatalogModel, member: str, modalities: tuple[str, ...]) -> Flag:
    architecture = get_object(model.record, "architecture")
    if member not in architecture and "->" not in str(architecture.get("modality")):
        return UNKNOWN
    values = model.model.inputs if member == "input_modalities" else model.model.outputs
    evidence = f"architecture.{member if member in architecture else 'modality'}"
    return Flag(any(modality in values for modality in modalities), API, evidence)


def _detect_reasoning(model: CatalogModel) -> Flag:
    """Tell whether a model reasons, and whether a request can set how much."""
    by_parameter = _detect_parameter(model, "reasoning")
    reasoning = model.record.get("reasoning")
    if isinstance(reasoning, dict):
        efforts = as_texts(reasoning.get("supported_efforts"))
        can_be_set = efforts or reasoning.get("supports_max_tokens") or reasoning.get("mandatory") is False
        value = CONFIGURABLE_REASONING if can_be_set else FIXED_REASONING
        return Flag(value, API, "reasoning", by_parameter.endpoints, efforts)
    if by_parameter.value is None:
        return UNKNOWN
    value = CONFIGURABLE_REASONING if by_parameter.value else NO_REASONING
    if not by_parameter.value and _detect_parameter(model, "include_reasoning").value:
        value = FIXED_REASONING
    return replace(by_parameter, value=value)


def _detect_prompt_caching(model: CatalogModel) -> Flag:
    """Tell whether repeated prompts are cheaper: by a price for the cache, or by an endpoint's word."""
    count = _count_endpoints(model.endpoints, _tells_caching)
    if "input_cache_read" in read_prices(model.record.get("pricing")):
        return Flag(True, API, "pricing.input_cache_read", count)
    if count is None:
        return UNKNOWN
    return Flag(not count.startswith("0 "), API, "endpoints.supports_implicit_caching", count)


def _tells_caching(endpoint: CatalogEndpoint) -> bool | None:
    if "input_cache_read" in read_prices(endpoint.record.get("pricing")):
        return True
    value = endpoint.record.get("supports_implicit_caching")
    return value if isinstance(value, bool) else None


def _detect_moderated(model: CatalogModel) -> Flag:
    value = get_nested(model.record, "top_provider", "is_moderated")
    return Flag(value, API, "top_provider.is_moderated") if isinstance(value, bool) else UNKNOWN


def _detect_zdr(model: CatalogModel) -> Flag:
    count = _count_endpoints(model.endpoints, lambda endpoint: endpoint.is_zdr)
    if count is None:
        return UNKNOWN
    return Flag(not count.startswith("0 "), API, "endpoints/zdr", count)


DETECTORS: dict[str, Callable[[CatalogModel], Flag]] = {
    "reasoning": _detect_reasoning,
    "prompt_caching": _detect_prompt_caching,
    "moderated": _detect_moderated,
    "zdr": _detect_zdr,
}
