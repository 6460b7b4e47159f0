"""The page of a model: which provider is recommended, what moved, and what is said of what is not known."""

from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from orarchive.catalog.catalog import Catalog
from orarchive.catalog.source import HealthWindow
from orarchive.publish.pages import get_model_path
from orarchive.publish.views import View
from orarchive.publish.views.model_catalog import build_catalog_section
from orarchive.publish.views.model_endpoints import EndpointSection, build_endpoint_section
from orarchive.publish.views.model_figures import build_figures
from orarchive.publish.views.model_page import build_model_page
from orarchive.timestamps import HOUR
from tests.support.browser import build_archive_view, build_site, build_snapshot, write_archive
from tests.support.pages import Html
from tests.support.shown_rows import read_rows, read_section

DAY = 24 * HOUR


def make_endpoint(tag: str, price: str, uptime: float | None = 100, **fields: Any) -> dict[str, Any]:
    """Return an endpoint with one price for input and output."""
    pricing = {"prompt": price, "completion": price}
    health = {"status": 0, "uptime_last_30m": uptime}
    return {"tag": tag, "provider_name": tag.upper(), "pricing": pricing, **health, **fields}


def make_model(model: str, **fields: Any) -> dict[str, Any]:
    """Return a model."""
    return {"id": model, "pricing": {"prompt": "0.000002", "completion": "0.000002"}, **fields}


ABLE = {"supported_parameters": ["tools"], "context_length": 200_000, "quantization": "fp8"}

SICK = make_endpoint("sick", "0.000001", uptime=80, **ABLE)
WELL = make_endpoint("well/fp8", "0.000002", uptime=99.5, **ABLE)
AWAY = make_endpoint("away/eu", "0.000003")
DAYS: tuple[list[dict[str, Any]], ...] = (
    [SICK, WELL, AWAY, make_endpoint("cut", "0.000005")],
    [SICK, WELL, make_endpoint("cut", "0.000005")],
    [SICK, WELL, AWAY, make_endpoint("cut", "0.000004")],
)
"""The endpoints of three days: one is never healthy, one is away for a day, one gets cheaper."""


@pytest.fixture(scope="module")
def days_archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write these days, with an alias whose target is stated from the second day on."""
    snapshots = [
        build_snapshot(
            [make_model("a/b"), make_model("~a/latest", **({"alias_target": {"slug": "a/b"}} if n else {}))],
            {"a/b": endpoints},
        )
        for n, endpoints in enumerate(DAYS)
    ]
    return write_archive(tmp_path_factory.mktemp("days") / "archive", *snapshots, apart=DAY)


@pytest.fixture(scope="module")
def days_view(days_archive: Path) -> View:
    """Build what the pages of these days share."""
    return build_archive_view(days_archive)


def build_section(view: View) -> EndpointSection:
    """Build the providers of the model."""
    (model,) = (model for model in view.models if model.model.id == "a/b")
    section = build_endpoint_section(view, model)
    assert section
    return section


def test_an_unhealthy_provider_is_not_recommended(days_view: View) -> None:
    section = build_section(days_view)
    rows = {row.label: row for row in section.rows}
    assert [row.label for row in section.rows] == ["sick", "well/fp8", "away/eu", "cut"]
    assert [row.label for row in section.rows if row.is_cheapest] == ["well/fp8"]
    assert [row.label for row in section.rows if row.prices[0].is_lowest] == ["well/fp8"]
    assert (rows["well/fp8"].since.is_record_start, rows["away/eu"].since.is_record_start) == (True, False)
    assert str(rows["away/eu"].since.date) == "2026-06-03", "it left, and joined again"
    assert (rows["well/fp8"].detail, rows["away/eu"].detail) == ("", "eu")
    assert "healthy" not in rows["sick"].traits
    answers = {answer.label: (answer.provider, answer.words) for answer in section.answers}
    assert answers["Cheapest"] == answers["Cheapest with 128K and tools"] == ("well", "$2.00 blended")
    assert answers["Highest uptime, few days read"] == ("cut", "100% uptime (2 days read)")
    assert answers["Fastest"] == ("", "speed is not collected")
    assert {entry.trait: entry.count for entry in section.filters} == {"healthy": 3, "128k": 2, "tools": 2}
    assert {entry.trait: entry.count for entry in section.further_filters} == {"q:fp8": 2, "in:EU": 1}


def test_a_large_price_is_that_of_a_healthy_provider(tmp_path: Path) -> None:
    """The list price stands where none is healthy."""

    def read_input(name: str, *endpoints: dict[str, Any]) -> str:
        day = build_snapshot([make_model("a/b")], {"a/b": [*endpoints]})
        (model,) = build_archive_view(write_archive(tmp_path / name, day, day, apart=DAY)).models
        figures = build_figures(model)
        return f"{figures.prices[0].cell.price} {figures.source}"

    lists = "; OpenRouter's list price: $2.00 in, $2.00 out"
    assert read_input("healthy", SICK, AWAY) == f"0.000003 Prices of AWAY/EU{lists}"
    assert read_input("sick", SICK) == "0.000002 OpenRouter's list price; no provider has 95% uptime"
    assert (
        read_input("listed", SICK, AWAY, WELL)
        == "0.000002 Prices of WELL/FP8, the cheapest of 2 endpoints with 95% uptime"
    )
    equals = [make_endpoint(name, "0.000003") for name in "xyz"]
    assert read_input("equal", *equals) == f"0.000003 Prices of all 3 endpoints{lists}"


def test_of_equal_providers_none_is_the_best(tmp_path: Path) -> None:
    """Count the others beside the first, and name none where all are equal."""

    def answer(name: str, *prices: str) -> tuple[list[tuple[str, int, str]], int]:
        endpoints = [make_endpoint(f"p{n}", price) for n, price in enumerate(prices)]
        day = build_snapshot([make_model("a/b")], {"a/b": endpoints})
        section = build_section(build_archive_view(write_archive(tmp_path / name, day, day, apart=DAY)))
        answers = [(entry.provider, entry.more, entry.words) for entry in section.answers]
        return [answers[0], answers[2]], sum(row.is_cheapest for row in section.rows)

    uptime = ("", 0, "100% uptime (1 day read) at all 3")
    two, three = ("0.000001", "0.000001", "0.000002"), ("0.000001",) * 3
    assert answer("two", *two) == ([("p0", 1, "$1.00 blended"), uptime], 0)
    assert answer("three", *three) == ([("", 0, "$1.00 blended at all 3"), uptime], 0)


def test_of_equal_prices_that_with_the_cheapest_cache_is_the_best(tmp_path: Path) -> None:
    endpoints = [make_endpoint(tag, "0.000001") for tag in ("none", "dear", "low")]
    for endpoint, price in zip(endpoints[1:], ("0.0000005", "0.0000001"), strict=True):
        endpoint["pricing"]["input_cache_read"] = price
    day = build_snapshot([make_model("a/b")], {"a/b": endpoints})
    view = build_archive_view(write_archive(tmp_path / "archive", day, day, apart=DAY))
    answer = build_section(view).answers[0]
    assert (answer.provider, answer.more, answer.words) == ("low", 0, "$1.00 blended")


def test_the_most_reliable_provider_was_read_on_twenty_days(tmp_path: Path) -> None:
    """A new provider without a fault is not the most reliable, and before that time none is."""
    old, new = make_endpoint("old", "0.000001", 99), make_endpoint("new", "0.000001", 100)
    days = [build_snapshot([make_model("a/b")], {"a/b": [old, new][: 1 + (n > 15)]}) for n in range(22)]
    archive = write_archive(tmp_path / "archive", *days, apart=DAY)
    answers = {answer.label: answer for answer in build_section(build_archive_view(archive)).answers}
    assert "Highest uptime, few days read" not in answers
    assert (answers["Most reliable"].provider, answers["Most reliable"].words) == (
        "old",
        "99% uptime (21 days read); not known for 1 other",
    )


def test_an_answer_says_for_how_many_it_is_not_known(tmp_path: Path) -> None:
    """Count the providers whose uptime was not read beside the most reliable of the others."""

    def answer(name: str, *uptimes: float | None) -> str:
        endpoints = [make_endpoint(f"p{n}", "0.000001", uptime) for n, uptime in enumerate(uptimes)]
        day = build_snapshot([make_model("a/b")], {"a/b": endpoints})
        section = build_section(build_archive_view(write_archive(tmp_path / name, day, day, apart=DAY)))
        return {answer.label: answer.words for answer in section.answers}["Highest uptime, few days read"]

    uptime = "100% uptime (1 day read)"
    assert answer("best", 100, 99, None) == f"{uptime}; not known for 1 other"
    equal = f"{uptime} at both that are measured; not known for 2 others"
    assert answer("equal", 100, 100, None, None) == equal


def test_a_price_that_came_back_did_not_move(days_view: View) -> None:
    section = build_section(days_view)
    moves = {row.label: row.prices[0].move for row in section.rows}
    assert [label for label, move in moves.items() if move] == ["cut"]
    move = moves["cut"]
    assert move
    assert (move.tone, str(move.before.price), str(move.since)) == ("cheap", "0.000005", "2026-06-03")
    assert {row.label for row in section.history.changed_rows} == {"cut"}


def test_speed_is_shown_where_it_is_collected(days_view: View) -> None:
    window = HealthWindow(
        days=2, readings=48, well=48, latency_ms=412.4, throughput=123.45, speed_readings=48, uptime=100
    )
    catalog = days_view.catalog
    entry = catalog.source.models["a/b"]
    endpoints = tuple(
        replace(endpoint, health=replace(window, speed_readings=48 if endpoint.key.tag == "well/fp8" else 3))
        for endpoint in entry.endpoints
    )
    models = {**catalog.source.models, "a/b": replace(entry, endpoints=endpoints)}
    changed = Catalog(replace(catalog.source, models=models), catalog.models, catalog.overrides)
    section = build_section(replace(days_view, catalog=changed))
    speeds = {row.label: (row.throughput, row.latency_s) for row in section.rows}
    assert speeds.pop("well/fp8") == (Decimal(123), Decimal("0.412"))
    assert {*speeds.values()} == {(None, None)}, "three readings are too few"
    assert section.answers[-1].words == "123 tokens/s; not known for 3 others"


def test_an_alias_says_from_when_its_target_is_recorded(days_view: View) -> None:
    section = build_catalog_section(days_view.catalog, "~a/latest")
    (target,) = section.alias_targets
    assert (target.model, str(target.since.date), target.until) == ("a/b", "2026-06-02", None)
    assert str(section.unrecorded_until) == "2026-06-02"
    (alias,) = (model for model in days_view.models if model.model.id == "~a/latest")
    page = build_model_page(days_view, alias, section, alias.list_changes())
    assert page.endpoints is None
    assert page.history
    assert "unchanged" in page.history.unchanged, "the prices of an alias are on record, too"


def test_an_absence_is_one_line_of_the_history(tmp_path: Path) -> None:
    """Fold what is known after 14 and 30 days into the row that the model is missing."""
    both, other = (build_snapshot([{"id": name} for name in names]) for names in (("a/b", "a/c"), ("a/c",)))
    days = [both, *[other] * 32, both, other, both, *[other] * 15]
    view = build_archive_view(write_archive(tmp_path / "archive", *days, apart=DAY))
    (model,) = (model for model in view.models if model.model.id == "a/b")
    kinds = [line.kind for hour in model.list_changes() for line in hour.lines]
    aged = ["removed", "deprecated", "missing"]
    assert kinds == ["deprecated", "missing", "returned", "missing", "returned", *aged]
    page = build_model_page(view, model, build_catalog_section(view.catalog, "a/b"), model.list_changes())
    rows = [row for hour in page.changes for row in hour.list.rows]
    shown = [
        (f"{row.hour:%d %b}", row.kind, row.details[0].parts, [detail.kind for detail in row.folded_details])
        for row in rows
    ]
    assert shown == [
        ("07 Jul", "missing", ("still not listed on 21 Jul 2026: gone",), ["deprecated"]),
        ("06 Jul", "returned", (), []),
        ("05 Jul", "missing", (), []),
        ("04 Jul", "returned", ("after 30 days or more",), []),
        ("02 Jun", "missing", ("still not listed on 2 Jul 2026: removed",), ["removed", "deprecated"]),
    ]


def test_models_without_providers_are_not_blamed(tmp_path: Path) -> None:
    """Doubt the list of providers where more than a tenth of the models have none."""
    models = [make_model(f"a/m{n}") for n in range(10)]
    served = {"a/m0": [WELL]}
    for name, rows, is_doubted in (("few", models[:1] + models[9:], False), ("many", models, True)):
        archive = write_archive(tmp_path / name / "archive", build_snapshot(rows, served))
        site = build_site(archive, tmp_path / name / "site")
        page = Html(site[get_model_path("a/m9")])
        assert ("No provider listed." in page.text) != is_doubted
        assert ("Not known: the last reading" in page.text) == is_doubted
        for path in ("index.html", "providers/index.html"):
            assert (b"Provider data is incomplete" in site[path]) == is_doubted, path
        assert (b"<option disabled>not known of 9 models</option>" in site["models/index.html"]) == is_doubted


def test_few_days_of_health_are_counted(days_archive: Path, tmp_path: Path) -> None:
    page = build_site(days_archive, tmp_path / "site")[get_model_path("a/b")].decode()
    table = read_section(page, "endpoints-title")
    assert ">80.00%</td>" in table, "too few days for a picture"
    assert "the mean of the days read (2 of 30)</dd>" in table


def test_a_column_with_one_value_is_a_note(tmp_path: Path) -> None:
    """Say once since when all endpoints are there; where one came later each has its date."""
    for late in (False, True):
        first, second = {"a/b": [WELL]}, {"a/b": [WELL, SICK]}
        served = [first, second] if late else [second, second]
        snapshots = [build_snapshot([make_model("a/b")], endpoints) for endpoints in served]
        archive = write_archive(tmp_path / f"{late}" / "archive", *snapshots)
        site = build_site(archive, tmp_path / f"{late}" / "site")
        page = Html(site[get_model_path("a/b")]).text
        assert ("All have been listed since before 1 Jun 2026." in page) == (not late)
        assert ("Since" in page) == late


def test_prices_that_began_together_share_their_hours(tmp_path: Path) -> None:
    """List them in a table; of a model whose prices never changed a sentence says it all."""
    models = [
        [make_model("a/same"), make_model("a/moved", pricing={"prompt": price, "completion": price})]
        for price in ("0.000002", "0.000001")
    ]
    archive = write_archive(tmp_path / "archive", *map(build_snapshot, models))
    site = build_site(archive, tmp_path / "site")
    moved, same = (site[get_model_path(model)].decode() for model in ("a/moved", "a/same"))
    rows = [[cell.text for cell in cells] for cells in read_rows(moved, "points")]
    assert rows == [
        ["1 Jun 2026, 01:00 UTC", "now", "Input", "$1.00", "M tokens"],
        ["Output", "$1.00", "M tokens"],
        ["1 Jun 2026, 00:00 UTC", "1 Jun 2026, 00:00 UTC", "Input", "$2.00", "M tokens"],
        ["Output", "$2.00", "M tokens"],
    ]
    assert moved.count('<td rowspan="2">') == 4
    assert "Price on" in moved
    assert 'data-names="Input|Output"' in moved
    assert "Price on" not in same
    assert "Every price" not in same
    assert "Input, output: unchanged since" in same


def test_another_charge_than_by_the_token_is_said_once_a_row(tmp_path: Path) -> None:
    """Say under input that an endpoint charges otherwise, and nothing under the other prices."""
    audio = {"input_modalities": ["text"], "output_modalities": ["audio"]}
    music = make_model("a/music", architecture=audio, pricing={"prompt": "0", "completion": "0"})
    archive = write_archive(
        tmp_path / "archive", build_snapshot([music], {"a/music": [make_endpoint("p", "0")]})
    )
    page = build_site(archive, tmp_path / "site")[get_model_path("a/music")].decode()
    ((_, *cells),) = read_rows(page, "endpoints")
    assert [cell.text for cell in cells[:4]] == ["other", "", "", ""]


def test_what_is_not_known_of_an_endpoint_is_blank(days_archive: Path, tmp_path: Path) -> None:
    page = build_site(days_archive, tmp_path / "site")[get_model_path("a/b")].decode()
    (row,) = (cells for cells in read_rows(page, "endpoints") if "CUT" in cells[0].text)
    assert [cell.text for cell in row[6:11]] == [""] * 5
