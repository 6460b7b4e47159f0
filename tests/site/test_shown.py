"""What the pages show, computed: who is cheapest, how well providers do, which prices stood still."""

import re
from pathlib import Path
from typing import Any

from orarchive.domain.snapshot import Snapshot
from orarchive.jsonl import Record, loads
from orarchive.publish.changelog import KINDS
from orarchive.publish.dataset import HealthDay, PriceKey
from orarchive.publish.pages import model_path
from orarchive.publish.views.changes import list_moves
from orarchive.publish.views.changes_page import MAX_RECENT_LINES
from orarchive.publish.views.health import Health, combine_health
from orarchive.publish.views.prices import draw_medians, list_cheapest
from orarchive.sample import START
from orarchive.timestamps import HOUR
from tests.support.archives import Stage, payloads
from tests.support.browser import build_archive_view, build_site, build_snapshot, write_archive


def priced(model: str, prompt: str, *overrides: Record, **fields: Any) -> Record:
    pricing = {"prompt": prompt, "completion": prompt, **({"overrides": [*overrides]} if overrides else {})}
    return {"id": model, "name": model, "pricing": pricing, **fields}


def asked(model: str, **prices: str) -> Snapshot:
    """A model with endpoints that ask prices."""
    offers = [
        {"tag": tag, "pricing": {"prompt": price, "completion": price}} for tag, price in prices.items()
    ]
    return build_snapshot([priced(model, "0" if model.endswith(":free") else "0.000002")], {model: offers})


def test_a_free_plan_is_never_the_cheapest(tmp_path: Path) -> None:
    """Not even where an endpoint of it asks money."""
    both = asked("a/b", one="0.000002", two="0.000001")
    for feed, records in asked("a/b:free", one="0.0000005").items():
        both[feed] = {**both[feed], **records}
    models = build_archive_view(write_archive(tmp_path / "archive", both)).listed
    found = list_cheapest(models, has_endpoints=True)["Text"]
    assert [(cheap.model.model.id, cheap.endpoint.endpoint.tag) for cheap in found if cheap.endpoint] == [
        ("a/b", "two")
    ]


def test_the_health_of_a_provider_is_that_of_all_it_serves() -> None:
    """By day the mean of the uptimes that are known; a day that nobody read is none."""
    one = Health([None, HealthDay(24, 0, 100.0), HealthDay(24, 0, None), HealthDay(2, 2, 80.0)])
    other = Health([None, None, HealthDay(24, 20, None), HealthDay(2, 0, 99.0)])
    both = combine_health([one, other])
    assert both.days == [
        None, HealthDay(24, 0, 100.0), HealthDay(48, 20, None), HealthDay(4, 2, 89.5),
    ]  # fmt: skip
    assert both.uptime == 94.75
    assert both.bars == [(1, "well"), (2, "well"), (3, "bad")]
    assert combine_health([]).bars == []


def test_a_provider_tells_of_what_is_degraded(stage: Stage, tmp_path: Path) -> None:
    """On its page and on the model's; home, lists of changes and feeds do not."""
    bodies = payloads(START)
    model = "z-ai/glm-5.1"
    offer = bodies[f"models/{model}/endpoints"]["data"]["endpoints"][0]
    for n in range(8):
        offer["status"] = 0 if n == 0 else -2
        stage.serve(bodies)
        assert stage.run(START + n * HOUR) == 0
    site = build_site(stage.root, tmp_path / "site")
    slug = offer["tag"].partition("/")[0]
    told = {path for path, content in site.items() if b"degraded" in content and path.endswith(".html")}
    example = "data/index.html"  # the only event there is
    assert told == {f"providers/{slug}/index.html", model_path(model), example}
    assert not any(b"degraded" in content for path, content in site.items() if path.startswith("feeds/"))


LONG: Record = {"min_prompt_tokens": 200_000, "prompt": "0.000004"}


def test_prices_under_a_condition_have_points(tmp_path: Path) -> None:
    """In pages, JSON and tables; what came or went did not stand still."""
    hours = (
        build_snapshot([priced("a/b", "0.000002"), priced("a/c", "0.000002", LONG)]),
        build_snapshot(
            [priced("a/b", "0.000002", LONG), priced("a/c", "0.000002", {**LONG, "prompt": "0.000005"})]
        ),
        build_snapshot(
            [priced("a/b", "0.000002"), priced("a/c", "0.000002", {**LONG, "prompt": "0.000005"})]
        ),
    )
    archive = write_archive(tmp_path / "archive", *hours)
    by_id = {one.model.id: one for one in build_archive_view(archive).models}
    rate = PriceKey("prompt", '{"min_prompt_tokens":200000}')
    assert [chart.rate for chart in by_id["a/c"].charts] == [rate]
    assert by_id["a/b"].charts == []
    assert rate not in by_id["a/b"].unchanged_prices
    assert PriceKey("prompt") in by_id["a/b"].unchanged_prices

    site = build_site(archive, tmp_path / "site")
    (ruled,) = loads(site["api/v1/models/a/c.json"])["conditional_prices"]
    assert (ruled["dimension"], ruled["condition"]) == ("prompt", {"min_prompt_tokens": 200000})
    assert [(point["price"], point["to"] is None) for point in ruled["points"]] == [
        ("0.000004", False), ("0.000005", True),
    ]  # fmt: skip
    rows = [row for row in site["data/prices.csv"].decode().splitlines() if "200000" in row]
    assert len(rows) == 3
    page = site[model_path("a/c")].decode()
    assert re.search(r"<figcaption><b>Input \(prompt over 200,000 tokens\)</b>.*1 change since", page)
    for model in ("a/b", "a/c"):
        table = site[model_path(model)].decode().partition("Every price as a table")[2]
        assert "Input (prompt over 200,000 tokens)" in table


def test_the_page_of_changes_ends_before_it_gets_long(tmp_path: Path) -> None:
    """A day is shown whole; the pages of their months have all days."""
    models = [{"id": f"a/m{n}"} for n in range(MAX_RECENT_LINES + 3)]
    hours = [build_snapshot(models[:count]) for count in (1, 3, MAX_RECENT_LINES + 3)]
    site = build_site(write_archive(tmp_path / "archive", *hours, apart=24 * HOUR), tmp_path / "site")
    days = re.compile(r'<section class="dayof" aria-labelledby="d([\d-]+)"')
    assert days.findall(site["changes/index.html"].decode()) == ["2026-06-03"]
    assert days.findall(site["changes/2026-06/index.html"].decode()) == ["2026-06-03", "2026-06-02"]
    assert site["changes/index.html"].count(b">added<") == MAX_RECENT_LINES


DAY = 24 * HOUR


def test_notice_counts_from_the_first_date(tmp_path: Path) -> None:
    """However often the date was moved; a date that was taken back and set again is a new one."""
    dates: tuple[tuple[str | None, ...], ...] = (
        (None, "2026-06-20", "2026-06-10", "2026-06-10"),
        ("2026-06-20", None, None, "2026-06-10"),
        ("2026-06-20",) * 4,
    )
    hours = [
        [{"id": f"a/m{n}", "expiration_date": one[day]} for n, one in enumerate(dates)] for day in range(4)
    ]
    snapshots = [build_snapshot([*hour, {"id": "a/stays"}]) for hour in (*hours, [])]
    archive = write_archive(tmp_path / "archive", *snapshots, apart=DAY)
    notice = {grave.model.model.id: grave.notice for grave in build_archive_view(archive).graves}
    assert notice == {"a/m0": 2, "a/m1": 0, "a/m2": 3}
    rows = re.findall(r"announced <small>for .*?</small>", _page(archive, tmp_path, "graveyard/index.html"))
    assert [("≥" in row) for row in rows] == [True, False, False]


def _page(archive: Path, tmp_path: Path, path: str) -> str:
    return build_site(archive, tmp_path / "site")[path].decode()


def test_moves_are_from_what_was_to_what_is(tmp_path: Path) -> None:
    """Each price once; what went and came back has not moved."""
    prices = {
        "a/down": ("0.000004", "0.000003", "0.000001"),
        "a/flaps": ("0.000004", "0.000002", "0.000004"),
        "a/up": ("0.000002", "0.000002", "0.000003"),
    }
    hours = [build_snapshot([priced(model, some[n]) for model, some in prices.items()]) for n in range(3)]
    found = list_moves(build_archive_view(write_archive(tmp_path / "archive", *hours)).changes, START - DAY)
    assert [(one.line.model, str(one.move.old), str(one.move.new), one.move.percent) for one in found] == [
        ("a/down", "0.000004", "0.000001", -75), ("a/up", "0.000002", "0.000003", 50),
    ]  # fmt: skip


def test_a_beginning_that_nobody_saw_is_a_span(tmp_path: Path) -> None:
    """A model that came while nobody looked was added some time after the last look."""
    hours = build_snapshot([{"id": "a/b"}]), build_snapshot([{"id": "a/b"}, {"id": "a/c"}])
    archive = write_archive(tmp_path / "archive", *hours, apart=3 * DAY)
    page = _page(archive, tmp_path, model_path("a/c"))
    assert f"added after {START.date()}" in page
    (one,) = (one for one in build_archive_view(archive).models if one.model.id == "a/c")
    assert one.added_after == START


def test_the_list_price_names_who_asks_it(tmp_path: Path) -> None:
    hours = asked("a/b", one="0.000002", two="0.000001"), asked("a/b", one="0.000003")
    for n, asking in enumerate((["one"], [])):
        archive = write_archive(tmp_path / str(n), hours[n])
        (model,) = build_archive_view(archive).models
        assert [offer.endpoint.tag for offer in model.list_price_endpoints] == asking
        page = _page(archive, tmp_path / f"site{n}", model_path("a/b"))
        assert ("no endpoint" in page) == (not asking)


def test_medians_count_a_model_once(tmp_path: Path) -> None:
    """Neither its variants nor its aliases, and models that write text alone."""
    image = {"architecture": {"output_modalities": ["image"]}}
    models = [
        *(priced("a/one", "0.000001"), priced("a/two", "0.000003"), priced("a/two:batch", "0.000009")),
        *(priced("~a/latest", "0.000009"), priced("a/paints", "0.000009", **image)),
    ]
    view = build_archive_view(write_archive(tmp_path / "archive", build_snapshot(models)))
    charts = draw_medians(view.dataset, view.now)
    assert [str(chart.dots[0].point.amount) for chart in charts] == ["0.000002", "0.000002"]


def test_each_kind_has_a_feed_and_endpoints_their_history(stage: Stage, tmp_path: Path) -> None:
    bodies = payloads(START)
    model = "z-ai/glm-5.1"
    offer = bodies[f"models/{model}/endpoints"]["data"]["endpoints"][0]
    for n in range(2):
        offer["pricing"]["prompt"] = f"0.00000{2 - n}"
        stage.serve(bodies)
        assert stage.run(START + n * HOUR) == 0
    site = build_site(stage.root, tmp_path / "site")
    assert {f"feeds/kinds/{kind.replace(' ', '-')}.atom" for kind in KINDS} <= site.keys()
    assert site["feeds/kinds/cut.atom"].count(b"<entry>") == 1
    assert site["feeds/kinds/rise.atom"].count(b"<entry>") == 0
    endpoints = loads(site[f"api/v1/{model_path(model).removesuffix('/index.html')}.json"])["endpoints"]
    (own,) = (one for one in endpoints if one["tag"] == offer["tag"])
    assert [point["price"] for point in own["prices"]["prompt"]] == ["0.000002", "0.000001"]
