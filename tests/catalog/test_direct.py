"""Direct prices beside those on OpenRouter: what is compared, and what cannot be."""

import datetime as dt
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from orarchive.catalog.catalog import Catalog
from orarchive.catalog.data_files import Override, RedirectRow
from orarchive.catalog.direct import (
    ANOTHER_CURRENCY,
    MAX_PIN_AGE_DAYS,
    NO_OWN_ENDPOINT,
    NOT_LISTED,
    NOT_ON_OPENROUTER,
    NOT_THE_MAKER,
    OTHER_THRESHOLDS,
    TIME_OF_DAY,
    UNREADABLE,
    DirectPrice,
    Pin,
    build_direct_prices,
    build_pricing,
    compare,
    load_pins,
)
from orarchive.catalog.labs import build_labs
from orarchive.catalog.model_info import build_model_info
from orarchive.catalog.review import list_reviews
from orarchive.catalog.source import CatalogModel, CatalogSource
from orarchive.domain.feeds import DIRECT_FEEDS
from tests.support.catalog_models import HOUR, build_endpoint, build_model

PRICES = {"prompt": "1", "completion": "2", "input_cache_read": "0.1"}
PIN = Pin(
    provider="lab",
    provider_name="Lab",
    region="global",
    id="model-1",
    openrouter="lab/model-1",
    currency="USD",
    converted_from=None,
    pricing=build_pricing(PRICES, ()),
    context=None,
    max_output=None,
    feed="direct_lab",
    price_page="https://lab.example/prices",
    source_url="https://lab.example/prices",
    checked_on=HOUR.date(),
)
LONG = {"min_prompt_tokens": 1000, "prompt": "2"}
NIGHT = {"utc_start": 0, "utc_end": 600, "prompt": "0.5"}


def build_source(
    *models: CatalogModel, providers: tuple[str, ...] = ("lab",), **fields: Any
) -> CatalogSource:
    """Return the source of a catalogue with models and providers."""
    return CatalogSource(
        HOUR, {model.id: model for model in models}, {slug: {"slug": slug} for slug in providers}, **fields
    )


def put_beside(pin: Pin, *models: CatalogModel, **fields: Any) -> DirectPrice:
    """Put a pin beside models, by default one that its maker serves for the same prices."""
    own = build_endpoint("lab", pricing=build_pricing(PRICES, ()))
    source = build_source(*(models or [build_model(endpoints=[own])]), **fields)
    (price,) = build_direct_prices(source, build_labs(source), [pin])
    return price


def test_files_are_complete() -> None:
    """No id is there twice in a region, and each feed of another service has its list."""
    pins = load_pins()
    assert max(Counter((pin.provider, pin.region, pin.id) for pin in pins).values()) == 1
    assert {pin.feed for pin in pins if pin.feed} == {feed.name for feed in DIRECT_FEEDS}


def test_prices_are_exact() -> None:
    """Prices for a million tokens become prices for one, in digits and without rounding."""
    pricing = build_pricing({"prompt": "0.003625"}, [{"min_prompt_tokens": 256000, "prompt": "3"}])
    assert pricing == {
        "prompt": "0.000000003625",
        "overrides": [{"min_prompt_tokens": 256000, "prompt": "0.000003"}],
    }


@pytest.mark.parametrize(
    ("pinned", "listed", "extra", "disagreements", "uncompared"),
    [
        ([], [], {}, [], []),
        ([], [], {"prompt": "0.0000011"}, ["input $1.00 per M, on OpenRouter $1.10 per M"], []),
        ([], [], {"prompt": "0.00000100000000001"}, [], []),
        ([], [], {"input_cache_read": None}, [], []),
        ([], [], {"image": "0.01"}, [], []),
        ([LONG], [LONG], {}, [], []),
        (
            [LONG],
            [{**LONG, "prompt": "3"}],
            {},
            ["input above 1,000 tokens $2.00 per M, on OpenRouter $3.00 per M"],
            [],
        ),
        ([LONG], [], {}, [], [f"long prompts: {OTHER_THRESHOLDS}"]),
        ([], [NIGHT], {"prompt": "0.0000005"}, [], [f"prompt: {TIME_OF_DAY}"]),
        (
            [NIGHT],
            [],
            {"completion": "0.000003"},
            ["output $2.00 per M, on OpenRouter $3.00 per M"],
            [f"prompt: {TIME_OF_DAY}"],
        ),
        ([], [], {"prompt": "0.000009", "overrides": [{"weather": "fair"}]}, [], [UNREADABLE]),
    ],
)
def test_comparison(
    pinned: list[Any],
    listed: list[Any],
    extra: dict[str, Any],
    disagreements: list[str],
    uncompared: list[str],
) -> None:
    """Only prices that both state for the same conditions are compared."""
    pricing = {**build_pricing(PRICES, listed), **extra}
    result = compare(
        replace(PIN, pricing=build_pricing(PRICES, pinned)), build_endpoint("lab", pricing=pricing), HOUR
    )
    assert [*map(str, result.disagreements)] == disagreements
    assert [*result.uncompared] == uncompared


def test_discount_is_taken_off_before_prices_are_compared() -> None:
    """OpenRouter's discount is none of the maker's; the ratio is to what is charged, discount included."""
    pricing = {"prompt": "0.00000065", "completion": "0.0000013", "discount": Decimal("0.35")}
    price = put_beside(PIN, build_model(endpoints=[build_endpoint("lab", pricing=pricing)]))
    assert price.own and price.own.disagreements == ()
    assert price.own_ratio and round(price.own_ratio, 4) == Decimal("1.5385")
    dearer = {**pricing, "prompt": "0.0000013"}
    price = put_beside(PIN, build_model(endpoints=[build_endpoint("lab", pricing=dearer)]))
    assert price.own and [*map(str, price.own.disagreements)] == [
        "input $1.00 per M, on OpenRouter $2.00 per M"
    ]


def test_ratio_is_that_to_the_cheapest_endpoint() -> None:
    """Both prices are blended, three of input to one of output; endpoints without prices do not count."""
    endpoints = [
        build_endpoint("free", pricing={"prompt": "0", "completion": "0"}),
        build_endpoint("unpriced", pricing={}),
        build_endpoint("cheap/fp4", pricing={"prompt": "0.0000005", "completion": "0.000001"}),
        build_endpoint("lab", pricing=build_pricing(PRICES, ())),
    ]
    price = put_beside(PIN, build_model(endpoints=endpoints))
    assert price.cheapest and price.cheapest.key.tag == "cheap/fp4"
    assert (price.cheapest_ratio, price.own_ratio, price.reason) == (Decimal(2), Decimal(1), "")


def test_own_endpoint_is_the_best_fit() -> None:
    """A maker may serve a model by several endpoints; the pin is about the one that it fits best."""
    endpoints = [
        build_endpoint("lab/fast", pricing=build_pricing({"prompt": "5", "completion": "9"}, ())),
        build_endpoint("lab/plain", pricing=build_pricing(PRICES, ())),
    ]
    price = put_beside(PIN, build_model(endpoints=endpoints))
    assert price.own and price.own.endpoint.key.tag == "lab/plain"


OTHER = build_endpoint("other", pricing=build_pricing(PRICES, ()))
GONE = build_model(last=HOUR - dt.timedelta(hours=1), endpoints=[OTHER])


@pytest.mark.parametrize(
    ("changes", "model", "providers", "reason"),
    [
        ({"currency": "CNY"}, None, ("lab",), ANOTHER_CURRENCY),
        ({"converted_from": "CNY"}, None, ("lab",), ANOTHER_CURRENCY),
        ({"openrouter": None}, None, ("lab",), NOT_ON_OPENROUTER),
        ({"openrouter": "lab/none"}, None, ("lab",), NOT_LISTED),
        ({}, GONE, ("lab",), NOT_LISTED),
        ({"provider": "other"}, build_model(endpoints=[OTHER]), ("lab", "other"), NOT_THE_MAKER),
        ({}, build_model(endpoints=[OTHER]), ("lab",), NO_OWN_ENDPOINT),
        ({}, build_model(endpoints=[OTHER]), (), NO_OWN_ENDPOINT),
    ],
)
def test_reason_why_nothing_is_compared(
    changes: Mapping[str, Any], model: CatalogModel | None, providers: tuple[str, ...], reason: str
) -> None:
    """Say why; a price in another currency has no ratio either, for none is converted."""
    price = put_beside(replace(PIN, **changes), *([model] if model else []), providers=providers)
    assert (price.own, price.own_ratio, price.reason) == (None, None, reason)
    assert (price.cheapest_ratio is None) == (reason in (ANOTHER_CURRENCY, NOT_ON_OPENROUTER, NOT_LISTED))


@pytest.mark.parametrize(("days", "is_stale"), [(90, False), (91, True), (-90, False), (-91, True)])
def test_age_is_counted_from_the_hour(days: int, is_stale: bool) -> None:
    """A check long after the hour says as little of it as one long before."""
    price = put_beside(replace(PIN, checked_on=HOUR.date() - dt.timedelta(days=days)))
    assert (price.age_days, price.is_stale) == (days, is_stale)
    assert MAX_PIN_AGE_DAYS == 90


@pytest.mark.parametrize(("ids", "is_offered"), [({"model-1"}, True), ({"model-2"}, False), (None, None)])
def test_own_list_says_whether_a_model_is_offered(ids: set[str] | None, is_offered: bool | None) -> None:
    """A list that was never read says nothing."""
    lists = {} if ids is None else {"direct_lab": frozenset(ids)}
    assert put_beside(PIN, direct_ids=lists).is_offered is is_offered


def test_review_names_what_to_look_at(monkeypatch: pytest.MonkeyPatch) -> None:
    """Stale prices, disagreements, ids that are gone, overrides and replacements that nobody needs."""
    old = replace(PIN, id="old", checked_on=HOUR.date() - dt.timedelta(days=100), feed=None)
    pins = (PIN, old, replace(old, id="older"))
    monkeypatch.setattr("orarchive.catalog.catalog.load_pins", lambda: pins)
    pricing = {"prompt": "0.0000013", "completion": "0.0000013", "discount": Decimal("0.35")}
    model = build_model(endpoints=[build_endpoint("lab", pricing=pricing)], supported_parameters=["tools"])
    overrides = tuple(
        Override("lab/model-1", field, value, was, "a reason", "https://lab.example", HOUR.date())
        for field, value, was in (("tools", True, False), ("seed", True, None), ("json_mode", True, False))
    )
    rows = tuple(
        RedirectRow(source, "lab/gone", "a reason", "https://lab.example", HOUR.date())
        for source in ("lab/lost", "lab/model-1:free")
    )
    monkeypatch.setattr("orarchive.catalog.redirects.load_rows", lambda *_: rows)
    gone = [build_model(row.source, last=HOUR) for row in rows]
    source = build_source(model, *gone, direct_ids={"direct_lab": frozenset()})
    infos = {key: build_model_info(model, {}, overrides) for key, model in source.models.items()}
    assert list_reviews(Catalog(source, infos, overrides)) == [
        "2 direct prices of Lab (global) were checked on 2026-08-12, more than 90 days from 2026-11-20T06Z:"
        " compare them with https://lab.example/prices",
        "direct from Lab (global) model-1, as of 2026-11-20, beside lab/model-1@lab: input $1.00 per M, on"
        " OpenRouter $2.00 per M (before its discount of 35%)",
        "Lab (global) model-1 has a direct price and is not in the list that the provider itself sends",
        "capabilities.toml: tools of lab/model-1 is redundant: without it the value is True as well",
        "capabilities.toml: seed of lab/model-1 has drifted: it corrected None, and now the value is False",
        "redirects.toml: lab/lost: its replacement, lab/gone, leads to no listed model",
        "redirects.toml: lab/model-1:free needs no row: lab/model-1 is lab/model-1:free without the variant",
    ]
