"""Classes of price: their borders, and what is in none."""

from decimal import Decimal
from typing import Any

import pytest

from orarchive.catalog.tiers import (
    ALIAS,
    NOT_BY_TOKEN,
    ROUTER,
    UNPRICED,
    PriceClass,
    blend,
    classify_price,
)
from tests.support.catalog_models import build_model

LYRIA: dict[str, Any] = {
    "architecture": {"input_modalities": ["text"], "output_modalities": ["text", "audio"]}
}


def classify(prompt: str, completion: str, key: str = "lab/model-1", **fields: Any) -> PriceClass:
    """Return the class of a model with prices in USD for a million tokens."""
    pricing = {"prompt": f"{prompt}e-6", "completion": f"{completion}e-6"}
    return classify_price(build_model(key, pricing=pricing, **fields))


@pytest.mark.parametrize(
    ("price", "tier"),
    [
        ("0", "free"),
        ("0.000001", "budget"),
        ("0.999999", "budget"),
        ("1", "standard"),
        ("1.00", "standard"),
        ("4.999999", "standard"),
        ("5", "pro"),
        ("14.999999", "pro"),
        ("15", "premium"),
        ("15.000001", "premium"),
        ("600", "premium"),
    ],
)
def test_borders_of_tiers(price: str, tier: str) -> None:
    """A limit belongs to the tier above it, for input, output and the blend alike."""
    price_class = classify(price, price)
    assert (price_class.tier, price_class.output_tier, price_class.blended_tier) == (tier, tier, tier)
    assert (price_class.blended, price_class.outside) == (Decimal(price), "")


def test_tiers_of_input_output_and_blend_differ() -> None:
    price_class = classify("0.5", "20")
    assert (price_class.tier, price_class.output_tier) == ("budget", "premium")
    assert (price_class.blended, price_class.blended_tier) == (Decimal("5.375"), "pro")


def test_zero_input_beside_other_prices_is_not_free() -> None:
    assert classify("0", "3").tier == "budget"
    assert classify("0", "0", key="lab/model-1:free").tier == "free"


@pytest.mark.parametrize(
    ("key", "fields", "outside"),
    [
        ("~lab/model-latest", {}, ALIAS),
        ("lab/model-1", {"alias_target": {"slug": "lab/model-2"}}, ALIAS),
        ("lab/auto", {"pricing": {"prompt": "-1", "completion": "-1"}}, ROUTER),
        ("lab/model-1", {"pricing": {}}, UNPRICED),
        ("lab/model-1", {"pricing": {"prompt": "0.1", "completion": "-1"}}, UNPRICED),
        ("lab/model-1", {"pricing": {"prompt": "0.000001"}}, UNPRICED),
        ("google/lyria", {"pricing": {"prompt": "0", "completion": "0"}, **LYRIA}, NOT_BY_TOKEN),
    ],
    ids=["alias", "target", "router", "unpriced", "dynamic output", "half a price", "music"],
)
def test_outside_of_tiers(key: str, fields: dict[str, Any], outside: str) -> None:
    """Two music models with zero token prices cost 8 cents a song: they are neither free nor in a tier."""
    model = build_model(key, **fields)
    assert classify_price(model) == PriceClass(None, None, None, None, outside)
    assert not model.is_free


def test_prices_by_image_or_video_are_outside() -> None:
    model = build_model(pricing={"prompt": "0", "completion": "0"}, has_media_prices=True)
    assert classify_price(model).outside == NOT_BY_TOKEN


def test_free_variant_of_any_modality_is_free() -> None:
    model = build_model("google/lyria:free", pricing={"prompt": "0", "completion": "0"}, **LYRIA)
    assert classify_price(model).tier == "free"


def test_blend_needs_both_prices() -> None:
    assert blend({"prompt": Decimal(1)}) is None
    assert blend({"prompt": Decimal(-1), "completion": Decimal(-1)}) is None
