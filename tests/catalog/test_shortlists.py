"""Shortlists: scores that can be added up again, a limit a family, and reasons."""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from orarchive.catalog.filters import Filter
from orarchive.catalog.flags import FLAGS
from orarchive.catalog.scores import Score
from orarchive.catalog.shortlists import (
    Ranking,
    Shortlist,
    build_shortlist,
    build_shortlists,
    load_needs,
    load_weights,
    rank_candidates,
)
from orarchive.catalog.source import CatalogModel, HealthWindow
from tests.support.catalog_models import build_candidates, build_endpoint, build_model
from tests.support.shortlists import recompute_score

GENERAL = load_needs()["general"]


def build(
    key: str,
    index: int | None = None,
    *,
    price: str = "1",
    well: int | None = None,
    latency: float | None = None,
    rank: int | None = None,
    **fields: Any,
) -> CatalogModel:
    """Return a model with an index of intelligence, a price, and an endpoint with health."""
    health = HealthWindow(
        days=30 if well is not None else 0,
        readings=1000 if well is not None else 0,
        well=well or 0,
        latency_ms=latency,
        throughput=fields.pop("throughput", latency),
        speed_readings=100 if latency else 0,
    )
    pricing = {"prompt": f"{price}e-6", "completion": f"{price}e-6"}
    return build_model(
        key,
        endpoints=[build_endpoint(model=key, health=health, pricing=pricing, **fields.pop("endpoint", {}))],
        pricing=pricing,
        benchmarks={"artificial_analysis": {"intelligence_index": index}} if index is not None else {},
        rank=rank,
        **fields,
    )


MODELS = [
    build("a/best", 60, price="8", well=1000, latency=900.0),
    build("b/mid", 50, price="2", well=990, latency=300.0),
    build("c/low", 20, price="0.1", well=900, latency=200.0),
    build("d/new", 55, price="3"),
]
"""In three of them every part is known, in the last two parts."""


def rank(models: Iterable[CatalogModel], need: str = "general", **options: Any) -> Ranking:
    """Rank models for a need, under the options of a filter."""
    conditions = Filter(**options).list_conditions({})
    return rank_candidates(load_needs()[need], build_candidates(models), conditions)


def shorten(models: Iterable[CatalogModel], need: str = "general") -> Shortlist:
    """Return the shortlist of models for a need."""
    return build_shortlist(rank(models, need))


def list_ids(ranking: Ranking) -> list[str]:
    """Return the ids of a ranking."""
    return [candidate.info.id for candidate, _ in ranking.scored]


def get_scores(ranking: Ranking) -> dict[str, Score]:
    """Return the scores of a ranking by id."""
    return {candidate.info.id: score for candidate, score in ranking.scored}


def test_needs_are_those_of_the_design() -> None:
    sizes = {name: need.size for name, need in load_needs().items()}
    assert list(sizes.items()) == [
        *(("coding", 5), ("reasoning", 5), ("general", 8)),
        *(("fast-and-cheap", 5), ("vision", 4), ("image-generation", 3)),
    ]
    assert {flag for need in load_needs().values() for flag in need.flags} <= set(FLAGS)
    assert [str(weight) for weight in load_weights().values()] == ["0.45", "0.25", "0.15", "0.15"]


def test_score_is_the_sum_of_its_parts() -> None:
    """Worked out by hand: of three values the best counts 1, the next 2/3, the last 1/3."""
    scores = get_scores(rank(MODELS[:3]))
    score = scores["b/mid"]
    assert [(part.name, part.better, part.count, str(part.normalised)) for part in score.parts] == [
        ("quality", 1, 3, "0.6667"),
        ("reliability", 1, 3, "0.6667"),
        ("latency", 1, 3, "0.6667"),
        ("cost", 1, 3, "0.6667"),
    ]
    assert [str(part.weight) for part in score.parts] == ["0.4500", "0.2500", "0.1500", "0.1500"]
    assert str(score.value) == "0.6667"
    assert str(scores["a/best"].value) == "0.8000", "0.45 + 0.25 + 0.15 / 3 + 0.15 / 3"


def test_unknown_part_is_left_out_and_the_rest_renormalised() -> None:
    score = get_scores(rank(MODELS))["d/new"]
    assert {part.name: str(part.weight) for part in score.parts} == {"quality": "0.7500", "cost": "0.2500"}
    assert score.unknown == ("reliability", "latency")


def test_every_score_is_recomputed_from_what_is_published() -> None:
    shortlist = shorten(MODELS).to_json()
    assert [entry["score"] for entry in shortlist["entries"]] == [
        recompute_score(entry) for entry in shortlist["entries"]
    ]
    assert len(shortlist["entries"]) == 4


def replace_health(model: CatalogModel, **fields: Any) -> CatalogModel:
    """Return a model with other values in the health of its endpoint."""
    (endpoint,) = model.endpoints
    assert endpoint.health
    return replace(model, endpoints=(replace(endpoint, health=replace(endpoint.health, **fields)),))


REMOVALS: dict[str, Callable[[CatalogModel], CatalogModel]] = {
    "quality": lambda model: replace(model, benchmarks={}),
    "reliability": lambda model: replace_health(model, days=19),
    "latency": lambda model: replace_health(model, latency_ms=None),
    "cost": lambda model: replace(model, has_media_prices=True),
}


@pytest.mark.parametrize("part", REMOVALS)
def test_removing_a_part_makes_a_difference(part: str) -> None:
    before, after = shorten(MODELS), shorten(map(REMOVALS[part], MODELS))
    assert before.to_json()["entries"] != after.to_json()["entries"]
    assert all(part in entry.score.unknown for entry in after.entries)


def test_same_models_in_another_order_give_the_same() -> None:
    """Equal scores are in the order of ids."""
    models = [build(f"lab{number}/m", 10) for number in range(5)]
    first, second = shorten(models), shorten(reversed(models))
    assert first.to_json() == second.to_json()
    assert [entry.candidate.info.id for entry in first.entries] == [f"lab{number}/m" for number in range(5)]


def test_at_most_two_of_a_family_and_what_that_displaced() -> None:
    models = [
        *(build(f"acme/big-{number}", 90 - number) for number in range(4)),
        build("acme/tiny-1", 10),
        build("zeta/big-1", 9),
    ]
    shortlist = shorten(models)
    families = Counter(
        (entry.candidate.info.lab, entry.candidate.info.family.name) for entry in shortlist.entries
    )
    assert families == {("acme", "big"): 2, ("acme", "tiny"): 1, ("zeta", "big"): 1}
    assert [(entry.candidate.info.id, entry.position) for entry in shortlist.entries] == [
        *(("acme/big-0", 1), ("acme/big-1", 2), ("acme/tiny-1", 5), ("zeta/big-1", 6)),
    ]
    displaced = shortlist.to_json()["displaced"]
    assert [(row["id"], row["position"], row["because_of"]) for row in displaced] == [
        ("acme/big-2", 3, ["acme/big-0", "acme/big-1"]),
        ("acme/big-3", 4, ["acme/big-0", "acme/big-1"]),
    ]


def test_nothing_is_displaced_behind_the_last_entry() -> None:
    """A model that would not be in anyway was not kept out by the limit of its family."""
    models = [build(f"lab{number}/m", 90 - number) for number in range(6)]
    models += [build("acme/big-1", 50), build("acme/big-2", 49), build("acme/big-3", 48)]
    shortlist = shorten(models)
    assert len(shortlist.entries) == GENERAL.size
    assert shortlist.displaced == ()
    short = shorten(models[-3:])
    assert (short.filled, len(short.displaced)) == ("2 of 8", 1), "but it was where the list is not full"


def test_list_that_cannot_be_filled_says_so() -> None:
    shortlist = shorten(MODELS)
    assert shortlist.filled == "4 of 8"
    assert shorten([]).to_json()["filled"] == "0 of 8"


def test_variants_count_once() -> None:
    models = [
        build("a/m", 50, canonical_slug="a/m-1"),
        build("a/m:free", 50, price="0", canonical_slug="a/m-1"),
        build("a/m:batch", 50, price="0.5", canonical_slug="a/m-1"),
    ]
    assert list_ids(rank(models)) == ["a/m"]
    assert list_ids(rank(models, is_free=True)) == ["a/m:free"], "where the base does not fit"


def test_part_that_only_a_variant_has_is_left_out() -> None:
    """Its base stands on the scale, and has no value to compare with."""
    models = [
        build("a/m", 50, canonical_slug="a/m-1"),
        build("a/m:free", 50, price="0", latency=10.0, canonical_slug="a/m-1"),
    ]
    ((_, score),) = rank(models, is_free=True).scored
    assert score.unknown == ("reliability", "latency")


def test_quality_is_one_measure_for_all() -> None:
    """The first that enough candidates have; those without it are named and not ranked."""
    few = [build(f"lab{number}/m", 50 - number, rank=number + 1) for number in range(7)]
    ranking = rank([*few, build("x/used", rank=20)])
    assert ranking.quality and ranking.quality.name == "use"
    ranking = rank([*few, build("x/used", rank=20), build("y/scored", 60)])
    assert ranking.quality and ranking.quality.name == "artificial_analysis.intelligence_index"
    assert ranking.unranked == ("x/used",)
    counts = {part.count for _, score in ranking.scored for part in score.parts}
    assert counts == {8}, "all parts are normalised among the same candidates"


def test_without_any_quality_the_other_parts_decide_and_it_is_said() -> None:
    shortlist = shorten([build("a/m", price="2"), build("b/m", price="1")])
    assert shortlist.to_json()["quality"] is None
    assert [entry.candidate.info.id for entry in shortlist.entries] == ["b/m", "a/m"]
    assert "quality not known" in shortlist.entries[0].reasons


def test_a_filter_does_not_change_the_score_of_what_it_leaves() -> None:
    filtered = rank(MODELS, max_price=Decimal(2))
    assert list_ids(filtered) == ["b/mid", "c/low"]
    assert get_scores(rank(MODELS)).items() > get_scores(filtered).items()


def test_reasons_say_where_a_model_stands() -> None:
    entry = next(entry for entry in shorten(MODELS).entries if entry.candidate.info.id == "b/mid")
    assert entry.reasons == [
        "quality: rank 3 of 4 (intelligence index: 50 points)",
        "reliability: rank 2 of 3 (half-hours with 99% uptime: 99 % at b/mid@provider)",
        "latency: rank 2 of 3 (time to the first token: 300 ms at b/mid@provider)",
        "cost: rank 2 of 4 (price with 3 tokens in for 1 out: 2 USD per M tokens at b/mid@provider)",
    ]


def test_reasons_say_when_a_model_goes() -> None:
    (entry,) = shorten([build("a/m", 50, expiration_date="2026-12-01")]).entries
    assert entry.reasons[-1] == "expires on 2026-12-01"


@pytest.mark.parametrize(
    ("need", "fields", "is_in"),
    [
        ("coding", {"supported_parameters": ["tools"]}, True),
        ("coding", {"supported_parameters": []}, False),
        ("reasoning", {"supported_parameters": ["reasoning"]}, True),
        ("reasoning", {"supported_parameters": ["tools"]}, False),
        ("vision", {"architecture": {"modality": "text+image->text"}}, True),
        ("vision", {}, False),
        ("image-generation", {"architecture": {"modality": "text->image"}}, True),
        ("image-generation", {}, False),
        ("fast-and-cheap", {"price": "1"}, True),
        ("fast-and-cheap", {"price": "1.01"}, False),
        ("fast-and-cheap", {"latency": 10.0, "throughput": 59.9}, False),
        ("fast-and-cheap", {"latency": 10.0, "throughput": 60.0}, True),
        ("fast-and-cheap", {"latency": None}, True),
    ],
)
def test_what_a_need_requires(need: str, fields: dict[str, Any], is_in: bool) -> None:
    parameters: dict[str, Any] = {
        "endpoint": {"supported_parameters": fields.get("supported_parameters", [])}
    }
    model = build("a/m", 50, rank=1, **parameters, **fields)
    shortlist = next(
        shortlist
        for shortlist in build_shortlists(build_candidates([model]))
        if shortlist.ranking.need.name == need
    )
    assert [entry.candidate.info.id for entry in shortlist.entries] == (["a/m"] if is_in else [])


def test_elo_of_an_arena_is_read_by_its_category() -> None:
    rows = [
        {"arena": "models", "category": "website", "elo": 1},
        {"arena": "agents", "category": "image", "elo": 2},
        {"arena": "models", "category": "image", "elo": 1296},
    ]
    draw = build("a/m", architecture={"modality": "text->image"})
    shortlist = shorten([replace(draw, benchmarks={"design_arena": rows})], "image-generation")
    (part,) = [part for part in shortlist.entries[0].score.parts if part.name == "quality"]
    assert (part.measure.name, part.reading.value) == ("design_arena.models.image", Decimal(1296))
