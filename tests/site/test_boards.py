"""The pages of providers and labs: who is cheapest and healthy, what came and went, whose prices changed."""

import datetime as dt
import re
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from orarchive.publish.views import View
from orarchive.publish.views.free_page import build_free_page
from orarchive.publish.views.lab_prices import YearSummary
from orarchive.publish.views.labs_page import build_lab_pages, build_labs_page
from orarchive.publish.views.model_endpoints import build_endpoint_section
from orarchive.publish.views.provider_page import ProviderPage, build_provider_pages
from orarchive.publish.views.providers_page import ProvidersPage, build_providers_page
from orarchive.sample import START
from orarchive.timestamps import DAY, HOUR
from tests.support.browser import build_archive_view, build_site, build_snapshot, write_archive

LATENCY = {"latency_last_30m": {"p50": 400}, "throughput_last_30m": {"p50": 80}}


def make_pricing(amount: str) -> dict[str, str]:
    return {"prompt": f"{amount}e-6", "completion": f"{amount}e-6"}


def make_endpoint(tag: str, amount: str, uptime: float | None, **fields: Any) -> dict[str, Any]:
    return {"tag": tag, "pricing": make_pricing(amount), "status": 0, "uptime_last_30m": uptime, **fields}


@pytest.fixture(scope="module")
def view(tmp_path_factory: pytest.TempPathFactory) -> View:
    """Read three days: `down` is cheapest and ill, `gone` leaves, and the price of `l/two` doubles."""
    models = [
        {"id": "l/one", "name": "Lab: One 1", "pricing": make_pricing("2")},
        {"id": "l/one-fast", "name": "Lab: One 1 Fast", "pricing": make_pricing("9")},
        {"id": "l/one:free", "name": "Lab: One 1 (free)", "pricing": make_pricing("0")},
        {"id": "l/two", "name": "Lab: Two 1", "pricing": make_pricing("1")},
    ]
    endpoints = {
        "l/one": [
            make_endpoint("down", "1", 90),
            make_endpoint("good/fp8", "2", 99.9, **LATENCY),
            make_endpoint("dear", "3", 100),
            make_endpoint("gone", "4", 100),
        ],
        "l/two": [make_endpoint("good", "1", 99.9)],
    }
    long_prompts = {"min_prompt_tokens": 200000, "prompt": "4e-6", "completion": "4e-6"}
    dearer = [
        {**models[0], "pricing": {**make_pricing("2"), "overrides": [long_prompts]}},
        *models[1:3],
        {**models[3], "pricing": make_pricing("2")},
    ]
    after = {
        "l/one": endpoints["l/one"][:3],
        "l/two": [make_endpoint("good", "2", 99.9), make_endpoint("dear", "2", 100)],
    }
    snapshots = [
        *[build_snapshot(models, endpoints)] * 30,
        *[build_snapshot(dearer, after)] * 30,
    ]
    folder = tmp_path_factory.mktemp("boards")
    return build_archive_view(write_archive(folder / "archive", *snapshots, apart=HOUR))


def read_provider(view: View, slug: str) -> ProviderPage:
    return next(page for provider, page in build_provider_pages(view) if provider.slug == slug)


def test_the_cheapest_provider_is_a_healthy_one(view: View) -> None:
    """Do not count a cheaper one with an uptime under 95%, nor a model with one price."""
    page: ProvidersPage = build_providers_page(view)
    rows = {row.slug: row.figures for row in page.rows}
    cheapest = {slug: (row.models, row.contested_models, row.cheapest_models) for slug, row in rows.items()}
    assert cheapest == {"good": (2, 1, 1), "dear": (2, 1, 0), "down": (1, 1, 0)}
    assert {slug: row.price_ratio for slug, row in rows.items()} == {
        "good": Decimal(1),
        "dear": Decimal("1.25"),
        "down": Decimal("0.5"),
    }
    assert [row.slug for row in page.empty] == ["gone"]


def test_a_free_model_with_paid_endpoints_alone_has_no_cheapest_one(tmp_path: Path) -> None:
    """Name no cheapest provider where OpenRouter names the paid ones of the base."""
    prices = {"l/a:free": "0", "l/b": "1"}
    models = [{"id": name, "pricing": make_pricing(price)} for name, price in prices.items()]
    offers = [
        make_endpoint("p", "1", 100),
        make_endpoint("q/fp8", "2", 100),
        make_endpoint("q/fp4", "3", 100),
    ]
    snapshot = build_snapshot(models, dict.fromkeys(prices, offers))
    view = build_archive_view(write_archive(tmp_path, snapshot))
    rows = {row.slug: row.figures for row in build_providers_page(view).rows}
    assert {slug: (row.models, row.contested_models, row.cheapest_models) for slug, row in rows.items()} == {
        "p": (2, 1, 1),
        "q": (2, 1, 0),
    }
    free, paid = (build_endpoint_section(view, model) for model in view.models)
    assert free and paid
    assert (free.has_only_paid, paid.has_only_paid) == (True, False)
    assert (free.provider_count, len(free.rows)) == (2, 3)
    assert [any(row.is_cheapest for row in section.rows) for section in (free, paid)] == [False, True]
    assert not any("ok" in row.traits for row in free.rows), "the script marks none either"
    labels = [{answer.label for answer in section.answers} for section in (free, paid)]
    assert labels[1] - labels[0] >= {"Cheapest"}
    (row,) = build_free_page(view).rows
    assert row.has_only_paid and not row.providers


def test_speed_is_shown_where_it_was_measured(view: View) -> None:
    page = build_providers_page(view)
    assert page.has_speed
    speeds = {row.slug: (row.figures.throughput, row.figures.latency_ms) for row in page.rows}
    assert speeds == {"good": (80, 400), "dear": (None, None), "down": (None, None)}


def test_the_page_of_a_provider_has_months_and_arrivals(view: View) -> None:
    """Tell the health of a month, models that came and went, and prices that changed."""
    page = read_provider(view, "good")
    assert [(row.month, row.uptime, row.endpoints, row.days) for row in page.months] == [
        (f"{START:%Y-%m}", "99.90%", 2, 2)
    ], "the day that goes on does not count"
    assert [row.is_cheapest for row in page.rows] == [True, False]
    ((change,),) = ([hour.hour for hour in page.price_changes],)
    assert change == START + 30 * HOUR
    strip = read_provider(view, "down").health
    assert strip
    assert {bar.words.partition(": ")[2] for bar in strip.bars} == {"90%"}
    assert strip.bars[-1].words.startswith(f"{(view.now - dt.timedelta(days=1)).day} ")
    gone, dear = read_provider(view, "gone"), read_provider(view, "dear")
    assert [(row.model, row.is_joined) for row in gone.arrivals] == [("l/one", False)]
    assert [(row.model, row.is_joined) for row in dear.arrivals] == [("l/two", True)]


def test_a_month_of_health_has_whole_days(tmp_path: Path) -> None:
    """Count a day once it is over, also where a gap follows: an hour changes no page of a provider."""
    snapshot = build_snapshot([{"id": "l/one"}], {"l/one": [make_endpoint("p", "1", 99)]})
    archive = write_archive(tmp_path, snapshot)
    assert read_provider(build_archive_view(archive), "p").months == []
    (month,) = read_provider(build_archive_view(archive, START + DAY), "p").months
    assert (month.days, month.uptime) == (1, "99.00%")


def test_a_month_of_uptime_is_the_mean_of_its_days(tmp_path: Path) -> None:
    """Give a day that was read often the weight of any other, as the uptime of all days does."""
    plain = [make_endpoint("p", "1", uptime) for uptime in (100, None, None, 50, 50, 50, 0)]
    served = [[endpoint] for endpoint in plain[:3]]
    served += [[endpoint, make_endpoint("p/fp8", "1", 100, status=-2)] for endpoint in plain[3:]]
    snapshots = [build_snapshot([{"id": "l/one"}], {"l/one": endpoints}) for endpoints in served]
    page = read_provider(build_archive_view(write_archive(tmp_path, *snapshots, apart=8 * HOUR)), "p")
    (month,) = page.months
    assert (month.endpoints, month.days, month.uptime, month.problems) == (2, 2, "87.50%", "25.0%")
    assert page.health
    assert page.health.percent == month.uptime


def test_a_variant_that_came_with_its_model_is_not_told_beside_it(tmp_path: Path) -> None:
    ids = ["l/one", "l/two", "l/two:batch", "l/old:batch"]
    models = [{"id": name, "pricing": make_pricing("2")} for name in (*ids, "l/old")]
    before = {"l/old": [make_endpoint("p", "2", 100)]}
    after = before | {name: [make_endpoint("p", "2", 100)] for name in ids}
    archive = write_archive(tmp_path, build_snapshot(models, before), build_snapshot(models, after))
    page = read_provider(build_archive_view(archive), "p")
    assert {row.model for row in page.arrivals} == {"l/one", "l/two", "l/old:batch"}


def test_a_lab_tells_whose_prices_changed(view: View) -> None:
    """List the change once, and no new condition; leave out variants; draw the newest model of each line."""
    (row,) = build_labs_page(view).rows
    assert row.changed
    assert (row.name, row.changed.models, row.changed.last) == ("Lab", 1, (START + 30 * HOUR).date())
    assert row.changed.listed_models == 0
    ((_, page),) = build_lab_pages(view)
    ((year, changed),) = [(each.year, each.models) for each in page.years]
    assert (year, [model.model for model in changed]) == (START.year, ["l/two"])
    spans = [(span.old.price, span.new.price) for span in (changed[0].input, changed[0].output) if span]
    assert spans == [(Decimal("0.000001"), Decimal("0.000002"))] * 2
    assert {model.id for model in page.models} == {"l/one", "l/one-fast", "l/two"}
    assert [model.id for model in page.variants] == ["l/one:free"]
    assert page.chart
    prices = {line.name: re.findall(r"\$\S+", line.stops) for line in page.chart.shapes}
    assert prices == {"one": ["$2.00"], "two": ["$1.00", "$2.00"]}


def test_a_list_price_that_no_provider_changed_is_counted_apart(tmp_path: Path) -> None:
    """Move two prices over days without a reading, one of them with the price of its endpoint."""
    snapshots = [
        build_snapshot(
            [{"id": name, "pricing": make_pricing(price)} for name in ("l/own", "l/listed")],
            {"l/own": [make_endpoint("p", price, 100)]},
        )
        for price in ("1", "2")
    ]
    view = build_archive_view(write_archive(tmp_path, *snapshots, apart=3 * DAY))
    (row,) = build_labs_page(view).rows
    assert row.changed == YearSummary(1, 1, day := (START + 3 * DAY).date(), day)
    ((_, page),) = build_lab_pages(view)
    assert page.years[0].heading == f"{START.year}: 1 model changed, list price of 1 more moved"
    assert [(model.model, model.is_confirmed) for model in page.years[0].models] == [
        ("l/own", True),
        ("l/listed", False),
    ]


def test_an_endpoint_below_the_cheapest_healthy_one_is_called_unhealthy(view: View) -> None:
    rows = {slug: read_provider(view, slug).rows[0].ratio_text for slug in ("down", "dear")}
    assert rows == {"down": "0.50× unhealthy", "dear": "1.50×"}


def test_labs_of_one_name_link_to_each_other(tmp_path: Path) -> None:
    """Name the slugs under which OpenRouter lists other models of the same name."""
    names = {"meta/a": "Meta: A", "meta-llama/b": "Meta: B", "other/c": "Other: C"}
    models = [{"id": model, "name": name} for model, name in names.items()]
    archive = write_archive(tmp_path / "archive", build_snapshot(models))
    namesakes = {lab.name: page.namesakes for lab, page in build_lab_pages(build_archive_view(archive))}
    assert namesakes == {"meta": ["meta-llama"], "meta-llama": ["meta"], "other": []}
    site = build_site(archive, tmp_path / "site")
    pages = {slug: site[f"labs/{slug}/index.html"].decode() for slug in namesakes}
    link = '<a href="../meta-llama/index.html"><bdi>Meta</bdi></a>, <code dir="ltr">meta-llama</code>.'
    assert f"See also: {link}" in pages["meta"]
    assert "See also: " not in pages["other"]


def test_providers_of_one_name_show_their_slugs(tmp_path: Path) -> None:
    endpoints = {"l/one": [make_endpoint(tag, "1", 99) for tag in ("samba", "samba-two", "other")]}
    snapshot = build_snapshot([{"id": "l/one", "name": "Lab: One"}], endpoints)
    names = {"samba": "Samba", "samba-two": "Samba", "other": "Other"}
    snapshot["providers"] = {(slug,): {"slug": slug, "name": name} for slug, name in names.items()}
    rows = build_providers_page(build_archive_view(write_archive(tmp_path / "archive", snapshot))).rows
    assert {row.slug: row.is_name_shared for row in rows} == {
        "samba": True,
        "samba-two": True,
        "other": False,
    }
