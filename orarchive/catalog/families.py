"""Families: the line of a lab that a model belongs to, its generation, and what it was tuned from."""

import re
from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cache

from orarchive.catalog.data_files import BaseRule, FamilyRule, load_rows
from orarchive.catalog.flags import API, HEURISTIC, NONE
from orarchive.domain.records import get_lab, split_variant

FAMILIES_FILE = "families.toml"

LATEST = "-latest"

_WORD = re.compile(r"[a-z0-9.]+")
_STEM = re.compile(r"[a-z]+")
_DASHED_VERSION = re.compile(r"(?<![\d.])(\d)-(\d)(?![\d.a-z])")
_BASE_VERSION = re.compile(r"(?:llama|qwen|mistral|deepseek)-?v?\d+(?:\.\d+)?")
# Sizes, lengths of context, numbers of layers, formats of numbers, dates and their parts.
_NO_VERSION = re.compile(r"(?:\d+x|[ear])?\d+(?:\.\d+)?[bmtk]|l\d+(?:\.\d+)?|fp\d+|\d\d+")
_VERSION = re.compile(r"(?:[a-z]+\.?)?(?P<number>\d+(?:\.\d+)*[a-z]?)")


@dataclass(frozen=True)
class Family:
    """The family of a model."""

    name: str | None
    source: str
    """`api`: an alias of OpenRouter's names it; `heuristic`: a rule, or the first word of the id; `none`."""
    evidence: str
    generation: str | None
    """The version in the id: `4.5`."""
    base: str | None
    """The family of another lab that it was tuned from."""


def list_api_families(targets: Mapping[str, str | None]) -> dict[str, str]:
    """Return the family of each model for which an alias of OpenRouter's names it.

    `targets` has the target of each alias: `~openai/gpt-mini-latest` says that its target is a `gpt-mini`.
    """
    return {
        target: alias.partition("/")[2].removesuffix(LATEST)
        for alias, target in targets.items()
        if target and alias.startswith("~") and alias.endswith(LATEST)
    }


def find_family(model: str, api_families: Mapping[str, str]) -> Family:
    """Return the family of a model: the API's word, the rule with most words, or the id's first word."""
    lab, slug = get_lab(model), split_variant(model.partition("/")[2])[0].lower()
    words = list_words(slug)
    base = _find_base(lab, words)
    generation = _find_generation(_BASE_VERSION.sub("", slug) if base else slug)
    if model.startswith("~") and slug.endswith(LATEST):
        return Family(slug.removesuffix(LATEST), API, "id", None, None)
    if model in api_families:
        return Family(api_families[model], API, f"~{lab}/{api_families[model]}{LATEST}", generation, base)
    rules = [rule for rule in _load_rules().get(lab, ()) if words.issuperset(rule.words)]
    if rules:
        rule = max(rules, key=lambda rule: len(rule.words))  # the first of several
        return Family(rule.name, HEURISTIC, f"families:{' '.join(rule.words)}", generation, base)
    stem = _STEM.match(slug)
    if stem is None:
        return Family(None, NONE, "", generation, base)
    return Family(stem[0], HEURISTIC, f"id:{stem[0]}", generation, base)


def list_words(slug: str) -> set[str]:
    """Return the words of an id: `qwen3-coder` has `qwen3`, `qwen` and `coder`."""
    words = set(_WORD.findall(slug))
    return words | {match[0] for word in words if (match := _STEM.match(word))}


@cache
def _load_rules() -> dict[str, list[FamilyRule]]:
    """Load the rules of each lab, in their order."""
    rules: dict[str, list[FamilyRule]] = defaultdict(list)
    for rule in load_rows(FAMILIES_FILE, "family", FamilyRule):
        rules[rule.lab].append(rule)
    return rules


@cache
def _load_bases() -> tuple[BaseRule, ...]:
    return load_rows(FAMILIES_FILE, "base", BaseRule)


def _find_base(lab: str, words: Collection[str]) -> str | None:
    """Return the family of another lab whose word is in an id; None where there is none."""
    return next((rule.name for rule in _load_bases() if rule.word in words and rule.lab != lab), None)


def _find_generation(slug: str) -> str | None:
    """Return the first version in an id: `4.5`, `4o`. Sizes, dates and the like are none."""
    for word in _WORD.findall(_DASHED_VERSION.sub(r"\1.\2", slug)):
        if not _NO_VERSION.fullmatch(word) and (match := _VERSION.fullmatch(word)):
            return match["number"]
    return None
