"""What the pages compute: the cheapest models, the health of providers, prices that never changed."""

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from orarchive.domain.event_kinds import list_labels
from orarchive.domain.snapshot import Snapshot
from orarchive.jsonl import Record
from orarchive.publish.dataset import HealthDay, PriceKey
from orarchive.publish.pages import get_model_path
from orarchive.publish.views.changes import MAX_ROWS
from orarchive.publish.views.free_page import build_free_page
from orarchive.publish.views.health import Health, combine_health
from orarchive.publish.views.model_figures import MonthChange, build_figures
from orarchive.publish.views.model_table import build_rows
from orarchive.publish.views.price_charts import build_price_chart
from orarchive.publish.views.price_classes import ALL_MODELS, build_class_trends, list_priced_months
from orarchive.publish.views.prices import list_cheapest
from orarchive.publish.views.prices_page import build_prices_page
from orarchive.sample import START
from orarchive.timestamps import DAY, HOUR, format_day
from tests.support.api import read_data
from tests.support.archives import Stage, build_payloads
from tests.support.browser import build_archive_view, build_site, build_snapshot, write_archive
from tests.support.pages import Html
from tests.support.shown_rows import read_rows


def price_model(model: str, prompt: str, *overrides: Record, **fields: Any) -> Record:
    pricing = {"prompt": prompt, "completion": prompt, **({"overrides": [*overrides]} if overrides else {})}
    return {"id": model, "name": model, "pricing": pricing, **fields}


def build_priced_snapshot(model: str, **prices: str) -> Snapshot:
    """Build a snapshot of a model with an endpoint at each price, by tag."""
    endpoints = [
        {"tag": tag, "pricing": {"prompt": price, "completion": price}} for tag, price in prices.items()
    ]
    return build_snapshot(
        [price_model(model, "0" if model.endswith(":free") else "0.000002")], {model: endpoints}
    )


def test_a_free_plan_is_never_the_cheapest(tmp_path: Path) -> None:
    """Leave it out even where an endpoint of it has a price."""
    snapshot = build_priced_snapshot("a/b", first="0.000002", second="0.000001")
    for feed, records in build_priced_snapshot("a/b:free", first="0.0000005").items():
        snapshot[feed] = {**snapshot[feed], **records}
    models = build_archive_view(write_archive(tmp_path / "archive", snapshot)).listed_models
    cheapest = list_cheapest(models, has_endpoints=True)["Text"]
    tags = [(priced.model.model.id, priced.endpoint.endpoint.tag) for priced in cheapest if priced.endpoint]
    assert tags == [("a/b", "second")]


def test_a_price_with_conditions_is_never_the_cheapest(tmp_path: Path) -> None:
    """Leave it out among list prices as among those of endpoints."""
    long_prompts = {"min_prompt_tokens": 200_000, "prompt": "0.000003"}
    prices = [price_model("a/ruled", "0.000001", long_prompts), price_model("a/plain", "0.000002")]
    endpoints = [{"tag": row["id"], "pricing": row["pricing"]} for row in prices]
    listed = build_snapshot([*prices, price_model("a/served", "0.000009")], {"a/served": endpoints})
    models = build_archive_view(write_archive(tmp_path / "archive", listed)).listed_models
    by_list, by_endpoint = (list_cheapest(models, has_endpoints)["Text"] for has_endpoints in (False, True))
    assert [priced.model.model.id for priced in by_list] == ["a/plain", "a/served"]
    assert [priced.endpoint.endpoint.tag for priced in by_endpoint if priced.endpoint] == ["a/plain"]


def test_the_health_of_a_provider_is_that_of_all_it_serves() -> None:
    """Average by day the uptimes that were read; a day without a reading stays empty."""
    first = Health([None, HealthDay(24, 0, 100.0), HealthDay(24, 0, None), HealthDay(2, 2, 80.0)])
    second = Health([None, None, HealthDay(24, 20, None), HealthDay(2, 0, 99.0)])
    combined = combine_health([first, second])
    assert combined.days == [
        None, HealthDay(24, 0, 100.0), HealthDay(48, 20, None), HealthDay(4, 2, 89.5),
    ]  # fmt: skip
    assert combined.uptime == 94.75
    assert combined.bars == [(1, "well"), (3, "bad")], "no bar without an uptime"
    assert combine_health([]).bars == []


def test_a_provider_tells_of_what_is_degraded(stage: Stage, tmp_path: Path) -> None:
    """Show it on home and on the pages of providers and the model, not in lists of changes or in feeds."""
    bodies = build_payloads(START)
    model = "z-ai/glm-5.1"
    endpoint = bodies[f"models/{model}/endpoints"]["data"]["endpoints"][0]
    for n in range(8):
        endpoint["status"] = 0 if n == 0 else -2
        stage.serve(bodies)
        assert stage.run(START + n * HOUR) == 0
    site = build_site(stage.root, tmp_path / "site")
    slug = endpoint["tag"].partition("/")[0]
    degraded = {path for path, content in site.items() if b"degraded" in content and path.endswith(".html")}
    example = "data/index.html"  # the only event there is
    lists = {"index.html", "providers/index.html"}
    assert degraded == lists | {f"providers/{slug}/index.html", get_model_path(model), example}
    assert not any(b"degraded" in content for path, content in site.items() if path.startswith("feeds/"))


def test_too_few_hours_tell_of_nothing_degraded(stage: Stage, tmp_path: Path) -> None:
    """Call it not known while fewer than six of the last 24 hours were read, else say that none is."""
    stage.serve(build_payloads(START))
    pages = ("index.html", "providers/index.html", "providers/deepinfra/index.html")
    known = ("none for six hours or more.", "None is degraded now.", "Degraded nownone")
    few = "fewer than six of the last 24 hours were read"
    for hours in (*range(5), 5, 29):
        assert stage.run(START + hours * HOUR) == 0
        if hours >= 4:
            site = build_site(stage.root, tmp_path / str(hours))
            texts = [Html(site[path]).text for path in pages]
            assert [words in text for words, text in zip(known, texts, strict=True)] == [hours == 5] * 3
            assert [few in text for text in texts] == [hours != 5] * 3, hours


LONG: Record = {"min_prompt_tokens": 200_000, "prompt": "0.000004"}


def test_prices_under_a_condition_have_points(tmp_path: Path) -> None:
    """Show them in pages, JSON and tables; a price that was added or removed is not unchanged."""
    hours = (
        build_snapshot([price_model("a/b", "0.000002"), price_model("a/c", "0.000002", LONG)]),
        build_snapshot(
            [
                price_model("a/b", "0.000002", LONG),
                price_model("a/c", "0.000002", {**LONG, "prompt": "0.000005"}),
            ]
        ),
        build_snapshot(
            [price_model("a/b", "0.000002"), price_model("a/c", "0.000002", {**LONG, "prompt": "0.000005"})]
        ),
    )
    archive = write_archive(tmp_path / "archive", *hours)
    by_id = {view.model.id: view for view in build_archive_view(archive).models}
    price_key = PriceKey("prompt", '{"min_prompt_tokens":200000}')
    assert [build_price_chart(by_id[model]) for model in ("a/b", "a/c")] == [None, None], "inputs stayed"
    assert price_key not in by_id["a/b"].unchanged_prices
    assert PriceKey("prompt") in by_id["a/b"].unchanged_prices

    site = build_site(archive, tmp_path / "site")
    (ruled,) = read_data(site, "models/a/c")["conditional_price_history"]
    assert (ruled["dimension"], ruled["condition"]) == ("prompt", {"min_prompt_tokens": 200000})
    assert [(point["price"], point["to"] is None) for point in ruled["points"]] == [
        ("0.000004", False), ("0.000005", True),
    ]  # fmt: skip
    rows = [row for row in site["data/prices.csv"].decode().splitlines() if "200000" in row]
    assert len(rows) == 3
    for model in ("a/b", "a/c"):
        table = site[get_model_path(model)].decode().partition("Every price as a table")[2]
        assert "Input (prompt over 200,000 tokens)" in table


def test_a_long_day_of_changes_is_folded(tmp_path: Path) -> None:
    """Show the first rows of a day; those beyond are unfolded."""
    models = [{"id": f"a/m{n}"} for n in range(MAX_ROWS + 3)]
    hours = [build_snapshot(models[:count]) for count in (1, MAX_ROWS + 3)]
    site = build_site(write_archive(tmp_path / "archive", *hours, apart=24 * HOUR), tmp_path / "site")
    for path in ("changes/index.html", "changes/2026-06/index.html"):
        shown, summary, folded = site[path].decode().partition("<summary>and 2 more</summary>")
        assert summary, path
        assert (shown.count(">added<"), folded.count(">added<")) == (MAX_ROWS, 2)


def test_notice_counts_from_the_last_change_of_the_date(tmp_path: Path) -> None:
    """Count from the hour that first showed the date that the model had last."""
    dates: tuple[tuple[str | None, ...], ...] = (
        (None, "2026-06-20", "2026-06-10", "2026-06-10"),
        ("2026-06-20", None, None, "2026-06-10"),
        ("2026-06-20",) * 4,
    )
    hours = [
        [{"id": f"a/m{n}", "expiration_date": model_dates[day]} for n, model_dates in enumerate(dates)]
        for day in range(4)
    ]
    snapshots = [build_snapshot([*hour, {"id": "a/stays"}]) for hour in (*hours, [])]
    archive = write_archive(tmp_path / "archive", *snapshots, apart=DAY)
    stones = build_archive_view(archive).catalog.tombstones
    assert {key: stone.notice_days for key, stone in stones.items()} == {"a/m0": 1, "a/m1": 0, "a/m2": 3}
    rows = read_rows(build_page(archive, tmp_path, "graveyard/index.html"), "gone-2026")
    assert [row[3].text for row in rows] == [
        "≥ 3 d last set for 20 Jun 2026",
        "0 d last set for 10 Jun 2026",
        "1 d last set for 10 Jun 2026",
    ]


def build_page(archive: Path, tmp_path: Path, path: str) -> str:
    return build_site(archive, tmp_path / "site")[path].decode()


def test_a_beginning_that_nobody_saw_is_a_span(tmp_path: Path) -> None:
    """Show for a model that was added in a gap the hour before the gap."""
    hours = build_snapshot([{"id": "a/b"}]), build_snapshot([{"id": "a/b"}, {"id": "a/c"}])
    archive = write_archive(tmp_path / "archive", *hours, apart=3 * DAY)
    page = build_page(archive, tmp_path, get_model_path("a/c"))
    assert f"added after {format_day(START)}" in page
    (model,) = (view for view in build_archive_view(archive).models if view.model.id == "a/c")
    assert model.added_after == START


def test_the_large_prices_name_who_charges_them(tmp_path: Path) -> None:
    """They are those of the cheapest provider, and what OpenRouter lists is said where it differs."""
    hours = (
        build_priced_snapshot("a/b", first="0.000002", second="0.000001"),
        build_priced_snapshot("a/b", first="0.000003"),
    )
    expected = (
        (
            "0.000001",
            "Prices of second, the cheapest of 2 endpoints; OpenRouter's list price: $2.00 in, $2.00 out",
        ),
        ("0.000003", "Prices of first; OpenRouter's list price: $2.00 in, $2.00 out"),
    )
    for n, (amount, source) in enumerate(expected):
        archive = write_archive(tmp_path / str(n), hours[n])
        (model,) = build_archive_view(archive).models
        figures = build_figures(model)
        assert figures.source == source
        assert [figure.cell.price for figure in figures.prices] == [Decimal(amount), Decimal(amount), None]


def test_bars_of_health_have_their_dates() -> None:
    """Draw three days, and count fewer."""
    last = START.date()
    days = [HealthDay(1, 0, uptime) for uptime in (80.0, None, 99.5)]
    figure = Health([None, *days], last).figure
    assert figure
    assert [bar.words for bar in figure.bars] == [
        f"{day.day} {day:%b}: {uptime}" for day, uptime in ((last - 2 * DAY, "80%"), (last, "99.5%"))
    ]
    assert (figure.percent, figure.days) == ("89.75%", "")
    few = Health([None, None, *days[:2]], last).figure
    assert few
    assert few.days == "2 days"


@pytest.mark.parametrize(("step", "count", "ranges", "has_line"), [
    (20, 3, ["All"], False),
    (15, 4, ["30 days", "All"], False),
    (5, 10, ["30 days", "All"], True),
])  # fmt: skip
def test_what_was_hardly_read_is_not_drawn(
    tmp_path: Path, step: int, count: int, ranges: list[str], has_line: bool
) -> None:
    """Offer a range from three days with a reading on, and draw a sparkline from five on."""
    snapshots = [build_snapshot([price_model("a/b", f"0.0000{n + 10}")]) for n in range(count)]
    view = build_archive_view(write_archive(tmp_path / "archive", *snapshots, apart=step * DAY))
    chart = build_price_chart(view.listed_models[0])
    assert chart
    assert [choice.label for choice in chart.ranges] == ranges
    (row,) = build_rows(view, view.listed_models, has_labs=False)
    assert row.spark
    assert bool(row.spark.path) == has_line


@pytest.mark.parametrize(("days", "is_explained"), [(110, False), (30, True)])
def test_a_line_that_cannot_be_seen_is_not_explained(tmp_path: Path, days: int, is_explained: bool) -> None:
    """A provider that was read on the last two days alone has a dash of a few pixels, or a line."""
    endpoint = {"tag": "p", "provider_name": "P", "pricing": {"prompt": "0.000003", "completion": "0"}}
    listed = [build_snapshot([price_model("a/b", f"0.00000{n}")]) for n in (2, 1)]
    served = build_snapshot([price_model("a/b", "0.000001")], {"a/b": [endpoint]})
    snapshots = [*listed, *[listed[1]] * days, served, served]
    archive = write_archive(tmp_path / "archive", *snapshots, apart=DAY)
    chart = build_price_chart(build_archive_view(archive).listed_models[0])
    assert chart
    assert chart.has_cheapest == is_explained


def list_medians(archive: Path, kind: str) -> dict[str, dict[str, tuple[str, int]]]:
    """Return the median of each class and month as text, with the number of models."""
    view = build_archive_view(archive)
    rows = list_priced_months(view.dataset, view.catalog)
    trends = {trends.id: trends.medians for trends in build_class_trends(rows, view.catalog)}[kind]
    return {
        name: {month: (f"{median.price.normalize():f}", median.count) for month, median in by_month.items()}
        for name, by_month in trends.items()
        if by_month
    }


def test_medians_count_a_model_once(tmp_path: Path) -> None:
    """Count neither its variants nor its aliases, nor what is free or outputs no text."""
    image = {"architecture": {"output_modalities": ["image"]}}
    mixed = {"prompt": "0.000001", "completion": "0.000005"}
    models = [
        price_model("a/m1", "0.000001"),
        price_model("a/m2", "", pricing=mixed),
        price_model("a/m3", "0.000003"),
        price_model("a/m4", "0"),
        price_model("a/m3:batch", "0.000009"),
        price_model("~a/latest", "0.000009"),
        price_model("a/paints", "0.000009", **image),
    ]
    archive = write_archive(tmp_path / "archive", build_snapshot(models))
    assert list_medians(archive, "ability") == {ALL_MODELS: {"2026-06": ("2", 3)}}
    assert list_medians(archive, "tier") == {"Standard (under $5)": {"2026-06": ("2", 3)}}
    assert list_medians(archive, "family") == {"m (a)": {"2026-06": ("2", 3)}}


def test_months_without_a_price_are_a_gap_in_the_chart(tmp_path: Path) -> None:
    models = build_snapshot([price_model(f"a/m{n}", f"0.00000{n}") for n in (1, 2, 3)])
    archive = write_archive(tmp_path / "archive", models, models, apart=61 * DAY)
    chart = build_prices_page(build_archive_view(archive)).trends[0].chart
    assert chart
    (line,) = [line for line in chart.shapes if line.name == ALL_MODELS]
    assert chart.gaps.count("M") == line.bridges.count("M") == 1


def test_a_median_is_that_of_the_last_reading_of_a_month(tmp_path: Path) -> None:
    """A model that was away then does not count; a clock's price is the rate of that hour; a gap has none."""
    night = {"utc_start": 0, "utc_end": 1200, "prompt": "0.000009"}
    day = {"utc_start": 1200, "utc_end": 0, "prompt": "0.000005"}
    clock = price_model("a/clock", "0.000009", night, day)
    fixed = [price_model("a/one", "0.000001"), price_model("a/two", "0.000003")]
    away, dearer = price_model("a/away", "0.000001"), price_model("a/two", "0.000007")
    hours = [[*fixed, away, clock], [*fixed, clock], [fixed[0], dearer, away, clock]]
    snapshots = [build_snapshot(models) for models in hours]
    archive = write_archive(tmp_path / "archive", *snapshots, apart=29 * DAY)
    medians = list_medians(archive, "ability")[ALL_MODELS]
    assert medians == {"2026-06": ("3", 3), "2026-07": ("4", 4)}
    tab = build_prices_page(build_archive_view(archive)).trends[0]
    assert (tab.heads, tab.has_year) == (["1 month ago"], False), "of other months none is known"
    assert tab.chart
    assert [line.stops for line in tab.chart.shapes if line.name == ALL_MODELS] == ["0 $3.00|492 $4.00"]


@pytest.mark.parametrize(("kept", "same"), [(3, "−50%"), (2, "")])
def test_a_median_is_told_from_the_same_models(tmp_path: Path, kept: int, same: str) -> None:
    """Dearer models that came raise the median, though those that stayed are cheaper; of two say nothing."""
    before = [price_model(f"a/m{n}", f"0.00000{n}") for n in (1, 2, 3)]
    halved = [price_model(f"a/m{n}", f"{n * 5e-7:.7f}") for n in range(1, kept + 1)]
    new = [price_model(f"a/new{n}", "0.00001") for n in range(4)]
    snapshots = [build_snapshot(models) for models in (before, [*halved, *new])]
    archive = write_archive(tmp_path / "archive", *snapshots, apart=365 * DAY)
    row = build_prices_page(build_archive_view(archive)).trends[0].rows[0]
    assert (row.name, row.change, row.same_change) == (ALL_MODELS, "+400%", same)


def test_each_kind_has_a_feed_and_endpoints_their_history(stage: Stage, tmp_path: Path) -> None:
    bodies = build_payloads(START)
    model = "z-ai/glm-5.1"
    endpoint = bodies[f"models/{model}/endpoints"]["data"]["endpoints"][0]
    for n in range(2):
        endpoint["pricing"]["prompt"] = f"0.00000{2 - n}"
        stage.serve(bodies)
        assert stage.run(START + n * HOUR) == 0
    site = build_site(stage.root, tmp_path / "site")
    assert {f"feeds/kinds/{kind.replace(' ', '-')}.atom" for kind in list_labels()} <= site.keys()
    assert site["feeds/kinds/cut.atom"].count(b"<entry>") == 1
    assert site["feeds/kinds/rise.atom"].count(b"<entry>") == 0
    endpoints = read_data(site, get_model_path(model).removesuffix("/index.html"))["endpoints"]
    (entry,) = (entry for entry in endpoints if entry["tag"] == endpoint["tag"])
    assert [point["price"] for point in entry["price_history"]["prompt"]] == ["0.000002", "0.000001"]


def test_a_change_over_a_gap_is_dated(tmp_path: Path) -> None:
    """Compare with the first reading in the 30 days where their beginning lies in a gap."""
    days = [build_snapshot([price_model("a/b", price)]) for price in ("0.000002", "0.000004", "0.000003")]
    archive = write_archive(tmp_path / "archive", *days, apart=25 * 24 * HOUR)
    (model,) = build_archive_view(archive).listed_models
    day = format_day((START + 25 * 24 * HOUR).date())
    changes = [figure.change for figure in build_figures(model).prices]
    assert changes[0]
    assert (changes[0].words, changes[0].tone) == (f"list price \N{MINUS SIGN}25% against {day}", "")


def test_a_change_has_the_colour_of_a_cut_only_where_a_provider_made_one(tmp_path: Path) -> None:
    """Move one price with that of its endpoint, and another to that of the other endpoint."""
    models = [[price_model(name, price) for name in ("a/own", "a/listed")] for price in ("2e-6", "1e-6")]
    offers = [[{"tag": tag, "pricing": {"prompt": price}}] for tag, price in (("p", "2e-6"), ("p", "1e-6"))]
    both = [{"tag": tag, "pricing": {"prompt": price}} for tag, price in (("p", "2e-6"), ("q", "1e-6"))]
    snapshots = [
        build_snapshot(rows, {"a/own": offer, "a/listed": both})
        for rows, offer in zip(models, offers, strict=True)
    ]
    archive = write_archive(tmp_path / "archive", *snapshots[:1] * 29, *snapshots[1:] * 3, apart=DAY)
    changes = {
        model.model.id: build_figures(model).prices[0].change
        for model in build_archive_view(archive).listed_models
    }
    minus = "\N{MINUS SIGN}50% in 30 days"
    assert changes["a/own"] == MonthChange(minus, "cheap")
    assert changes["a/listed"] == MonthChange(f"list price {minus}", "")


def test_what_came_about_in_a_gap_is_dated_by_both_ends(tmp_path: Path) -> None:
    free = [price_model("a/b", "0"), price_model("a/c", "0")]
    days = [build_snapshot([price_model("a/b", "0.000002")]), build_snapshot(free)]
    view = build_archive_view(write_archive(tmp_path / "archive", *days, apart=3 * 24 * HOUR))
    first, last = START.date(), START.date() + 3 * 24 * HOUR
    assert [(row.since.after, row.since.date) for row in build_free_page(view).rows] == [(first, last)] * 2
    (model,) = (model for model in view.models if model.model.id == "a/b")
    chart = build_price_chart(model)
    assert chart
    assert (chart.summaries[0].after, chart.summaries[0].now.date) == (first, last)


def test_a_short_zero_is_not_the_lowest_price(tmp_path: Path) -> None:
    """Name the day of a zero that held for a day; one that held for longer is a price."""
    prices = {"a/short": "203333", "a/long": "200003"}
    snapshots = [
        build_snapshot([price_model(name, f"{text[n]}e-6") for name, text in prices.items()])
        for n in range(6)
    ]
    view = build_archive_view(write_archive(tmp_path / "archive", *snapshots, apart=DAY))
    charts = {model.model.id: build_price_chart(model) for model in view.models}
    summaries = {name: chart.summaries[0] for name, chart in charts.items() if chart}
    lowest = {name: summary.lowest.cell.price for name, summary in summaries.items()}
    assert lowest == {"a/long": 0, "a/short": Decimal("0.000002")}
    zeros = {name: summary.zeros for name, summary in summaries.items()}
    assert zeros == {"a/long": [], "a/short": [(START + DAY).date()]}
