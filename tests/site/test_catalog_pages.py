"""The pages of the catalogue show what the catalogue says: picks, free models, retirements, direct prices."""

import datetime as dt
import re
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from orarchive.catalog.catalog import Catalog
from orarchive.catalog.data_files import Override
from orarchive.catalog.flags import Flag
from orarchive.catalog.redirect_words import describe_price
from orarchive.catalog.redirects import MAX_NEWEST, Redirect
from orarchive.publish.pages import get_model_path
from orarchive.publish.unit_inputs import list_model_inputs
from orarchive.publish.views import View
from orarchive.publish.views.announced import list_announced
from orarchive.publish.views.direct_page import build_direct_page
from orarchive.publish.views.free_models import list_free_ends
from orarchive.publish.views.free_page import FreePage, build_free_page
from orarchive.publish.views.graveyard_page import build_graveyard_page
from orarchive.publish.views.model_catalog import build_catalog_section
from orarchive.publish.views.picks_page import MIN_SCORED, build_picks_page
from orarchive.publish.views.reference import build_days_page
from orarchive.publish.views.replacements import build_replacement, describe_lost
from orarchive.publish.views.status import CalendarDay, build_month_calendar, list_origins
from orarchive.publish.views.status_page import review_catalog
from orarchive.publish.views.value_chart import list_front
from orarchive.sample import START
from orarchive.timestamps import HOUR
from tests.support.browser import build_archive_view, build_site, build_snapshot, write_archive
from tests.support.pages import Html, read_table
from tests.support.shown_rows import read_rows, read_section

PAGES = ("picks", "free", "graveyard", "direct")

DAY = 24 * HOUR
ZERO = {"prompt": "0", "completion": "0"}
PAID = {"prompt": "0.000001", "completion": "0.000002"}


def make_model(model: str, pricing: dict[str, str] | None = None, **fields: Any) -> dict[str, Any]:
    """Return a record of the models feed."""
    architecture = {"input_modalities": ["text", "image"], "output_modalities": ["text"]}
    record = {"id": model, "name": model.upper(), "pricing": pricing or PAID, "architecture": architecture}
    return {**record, "supported_parameters": ["tools"], **fields}


FILM = {"input_modalities": ["text"], "output_modalities": ["video"]}
"""Modalities of a model that is not charged by the token."""

DAYS = (
    [
        make_model("a/half", {**PAID, "prompt": "0"}),
        make_model("a/blank", ZERO),
        make_model("a/film", ZERO, architecture=FILM),
        make_model("a/turns", ZERO),
        make_model("a/wavers", PAID),
        make_model("a/goes:free", ZERO),
        make_model("a/goes"),
        make_model("x/alone", expiration_date="2026-06-03"),
    ],
    [
        make_model("a/half", PAID),
        make_model("a/blank", {"prompt": ""}),
        make_model("a/film", PAID, architecture=FILM),
        make_model("a/turns", ZERO),
        make_model("a/wavers", ZERO),
        make_model("a/goes:free", ZERO, expiration_date="2026-06-03"),
        make_model("a/goes", supported_parameters=[]),
        make_model("x/alone", expiration_date="2026-06-03"),
    ],
    [
        make_model("a/half", PAID),
        make_model("a/blank", {"prompt": ""}),
        make_model("a/film", PAID, architecture=FILM),
        make_model("a/over", expiration_date="2026-06-01"),
        make_model("a/turns", PAID),
        make_model("a/wavers", ZERO),
        make_model("a/goes:free", ZERO, expiration_date="2026-06-03"),
        make_model("a/goes", supported_parameters=[]),
        make_model("a/soon", expiration_date="2026-06-10"),
    ],
    [
        make_model("a/half", PAID),
        make_model("a/blank", {"prompt": ""}),
        make_model("a/film", PAID, architecture=FILM),
        make_model("a/over", expiration_date="2026-06-01"),
        make_model("~a/latest", ZERO, alias_target="a/wavers"),
        make_model("a/turns", PAID),
        make_model("a/wavers", ZERO),
        make_model("a/goes", supported_parameters=[]),
        make_model("a/soon", expiration_date="2026-06-10"),
        make_model("deepseek/deepseek-v4-pro", hugging_face_id="d/x"),
    ],
)
"""Four days of a service, on the last of which only `a/wavers` and an alias of it are free."""

ENDPOINTS = {
    "deepseek/deepseek-v4-pro": [
        {"tag": "deepseek", "pricing": PAID, "supported_parameters": ["tools"]},
        {"tag": "second", "pricing": PAID, "supported_parameters": []},
    ],
    "a/wavers": [{"tag": "gift", "pricing": ZERO}, {"tag": "shop", "pricing": PAID}],
}


@pytest.fixture(scope="module")
def days_archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write these days."""
    snapshots = [build_snapshot(models, ENDPOINTS) for models in DAYS]
    return write_archive(tmp_path_factory.mktemp("days") / "archive", *snapshots, apart=DAY)


@pytest.fixture(scope="module")
def days_view(days_archive: Path) -> View:
    """Build what the pages of these days share."""
    return build_archive_view(days_archive)


@pytest.fixture(scope="module")
def days_site(days_archive: Path) -> dict[str, bytes]:
    """Build their site."""
    return build_site(days_archive, days_archive.parent / "site")


# --- free models --------------------------------------------------------------------------------------------


def test_free_models_have_their_beginning_and_their_facts(days_view: View) -> None:
    (row,) = build_free_page(days_view).rows
    assert (row.id, row.since.date, row.since.is_record_start) == ("a/wavers", dt.date(2026, 6, 2), False)
    assert (row.inputs, row.tools, row.reasoning) == (("text", "image"), "yes", "no")
    assert [provider.slug for provider in row.providers] == ["gift"]


def test_free_models_are_those_of_the_catalogue(view: View) -> None:
    rows = build_free_page(view).rows
    free = {info.id for info in view.catalog.models.values() if info.is_choice and info.is_free}
    assert {row.id for row in rows} == free
    assert len(rows) == len(free) > 1


def test_the_end_of_a_free_model_is_its_price_or_its_absence(days_view: View) -> None:
    ended = {row.id: row for row in build_free_page(days_view).ended}
    assert ended.keys() == {"a/turns", "a/goes:free"}
    turned, gone = ended["a/turns"], ended["a/goes:free"]
    assert (turned.has_price, turned.is_listed, turned.last) == (True, True, dt.date(2026, 6, 2))
    assert [str(cell.price) for cell in turned.prices] == [*PAID.values()]
    assert turned.replacement is None
    assert turned.since.is_record_start
    assert (gone.has_price, gone.is_listed, gone.last) == (False, False, dt.date(2026, 6, 3))
    assert gone.replacement
    assert (gone.replacement.target, gone.replacement.lost) == ("a/goes", "lacks tool calls")
    assert [FreePage([], rows).has_prices for rows in ([turned, gone], [gone])] == [True, False]
    late = list_free_ends(days_view.dataset, days_view.models, START + 2 * DAY)
    assert [end.model.model.id for end in late] == ["a/goes:free"]


def test_a_model_may_be_free_for_a_while(tmp_path: Path) -> None:
    days = [build_snapshot([make_model("a/gift", pricing)]) for pricing in (PAID, ZERO, PAID)]
    view = build_archive_view(write_archive(tmp_path / "archive", *days, apart=DAY))
    (row,) = build_free_page(view).ended
    assert (row.since.date, row.since.is_record_start, row.last) == (
        dt.date(2026, 6, 2),
        False,
        dt.date(2026, 6, 2),
    )


def test_the_page_of_free_models_states_the_limits_with_their_source(days_site: dict[str, bytes]) -> None:
    page = days_site["free/index.html"].decode()
    limits = Html(read_section(page, "limits-title").encode()).text
    for words in ("20 requests a minute", "50 requests", "$10", "1,000", "August 2026"):
        assert words in limits
    assert "https://openrouter.ai/docs/api-reference/limits" in page
    (row,) = read_rows(page, "free")
    assert row[1].text == "2 Jun 2026"
    turned = next(cells for cells in read_rows(page, "ended") if "a/turns" in cells[0].text)
    assert [cell.text for cell in turned[2:5]] == ["turned paid", "$1.00", "$2.00"]


# --- retirements --------------------------------------------------------------------------------------------


def test_retirements_are_announced_or_past(days_view: View) -> None:
    soon, over = list_announced(days_view)
    assert (over.id, over.left) == ("a/over", "passed")
    assert (soon.id, soon.left, soon.announced) == ("a/soon", "in 6 days", dt.date(2026, 6, 3))
    assert not soon.is_announced_before
    (year,) = build_graveyard_page(days_view).years
    assert [(row.id, row.notice, row.has_open_notice) for row in year.rows] == [
        ("a/goes:free", 1, False),
        ("x/alone", 1, True),
    ]


def test_a_date_that_no_reading_announced_may_be_older(tmp_path: Path) -> None:
    model = make_model("a/soon", expiration_date="2026-06-01")
    archive = write_archive(tmp_path / "archive", build_snapshot([model]))
    (row,) = list_announced(build_archive_view(archive))
    assert (row.is_announced_before, row.left) == (True, "today")


def test_every_retirement_shows_the_replacement_of_the_catalogue(
    days_site: dict[str, bytes], days_view: View
) -> None:
    page = days_site["graveyard/index.html"].decode()
    cells = {
        row[0].text: row[-1].text
        for name in ("announced", "overdue", "gone-2026")
        for row in read_rows(page, name)
    }
    redirects = days_view.catalog.redirects
    assert len(cells) == len(redirects.by_source) + len(redirects.unreplaced) == 4
    assert cells["A/GOES:FREE a/goes:free"] == "A/GOES (the model without the variant)"
    assert cells["X/ALONE x/alone"] == "–"


@pytest.mark.parametrize(
    ("price", "ratio", "words"),
    [
        ("unknown", None, "prices cannot be compared"),
        ("same", Fraction(1), "the same price"),
        ("dearer", None, "paid, where the old model was free"),
        ("cheaper", Fraction(0), "free"),
        ("cheaper", Fraction(1, 3), "67% cheaper"),
        ("cheaper", Fraction(9999, 10000), "slightly cheaper"),
        ("dearer", Fraction(10001, 10000), "slightly dearer"),
        ("dearer", Fraction(151, 90), "68% dearer"),
        ("dearer", Fraction(5, 2), "2.5 times the price"),
        ("dearer", Fraction(997, 100), "10 times the price"),
        ("dearer", Fraction(2001, 2), "1,000 times the price"),
    ],
)
def test_ratios_of_prices_in_words(price: str, ratio: Fraction | None, words: str) -> None:
    redirect = Redirect("a/old", "a/new", "same_family", "", (), ratio, price, (), START)
    assert describe_price(redirect) == words


# --- direct prices ------------------------------------------------------------------------------------------


def test_every_direct_price_has_a_row(days_site: dict[str, bytes], days_view: View) -> None:
    page = build_direct_page(days_view.catalog)
    direct = days_view.catalog.direct
    lists = list(dict.fromkeys((price.pin.provider, price.pin.region) for price in direct))
    prices = sorted(
        direct,
        key=lambda price: (
            lists.index((price.pin.provider, price.pin.region)),
            not price.own and not price.cheapest_ratio,
            not price.pin.openrouter,
        ),
    )
    rows = [row for table in page.lists for row in (*table.rows, *table.others)]
    assert [row.id for row in rows] == [price.pin.id for price in prices]
    content = days_site["direct/index.html"]
    ids = [
        name
        for table in page.lists
        for name, listed in ((table.id, table.rows), (table.others_id, table.others))
        if listed
    ]
    shown = [cells for name in ids for cells in read_table(content, name)]
    assert len(shown) == len(prices) > 100
    compared = [(price.own, cells) for price, cells in zip(prices, shown, strict=True) if price.own]
    ((own, cells),) = compared
    # 0.435 and 0.87 beside 1 and 2: in all, three to one, 0.54375 beside 1.25.
    ratio = "56% cheaper"
    assert (cells[1], cells[2], cells[4], cells[5]) == ("$0.435", "$0.87", f"{ratio} deepseek", ratio)
    assert cells[6] == "; ".join(map(str, own.disagreements)) != ""


@pytest.mark.parametrize(("discount", "shown"), [(Decimal("0.35"), "35%"), (None, "")])
def test_a_discount_is_named_where_nothing_else_differs(
    days_view: View, discount: Decimal | None, shown: str
) -> None:
    (price,) = (price for price in days_view.catalog.direct if price.own)
    assert price.own
    endpoint = price.own.endpoint
    reduced = replace(endpoint, endpoint=replace(endpoint.endpoint, discount=discount))
    equal = replace(price, own=replace(price.own, endpoint=reduced, disagreements=()))
    catalog = replace(days_view.catalog)
    vars(catalog)["direct"] = (equal,)
    (table,) = build_direct_page(catalog).lists
    assert [(row.disagreements, row.discount) for row in table.rows] == [([], shown)]


def test_a_stale_direct_price_is_grey_and_counted(days_view: View, tmp_path: Path) -> None:
    catalog = move_catalog(days_view.catalog, dt.timedelta(days=300))
    page = build_direct_page(catalog)
    assert page.stale == len(catalog.direct) == review_catalog(catalog).stale_pins
    assert all(row.is_stale for table in page.lists for row in (*table.rows, *table.others))
    assert build_direct_page(days_view.catalog).stale == review_catalog(days_view.catalog).stale_pins == 0


def move_catalog(catalog: Catalog, by: dt.timedelta) -> Catalog:
    """Return a catalogue as of another hour."""
    return Catalog(replace(catalog.source, hour=catalog.source.hour + by), catalog.models, catalog.overrides)


# --- the page of a model ------------------------------------------------------------------------------------


def test_a_model_shows_every_flag_with_its_source(days_site: dict[str, bytes], days_view: View) -> None:
    key = "deepseek/deepseek-v4-pro"
    section = build_catalog_section(days_view.catalog, key)
    info = days_view.catalog.models[key]
    labels = [row.label for row in section.abilities] + section.unknown + section.lacks
    assert len(labels) == len({*labels}) == len(info.flags)
    page = days_site[get_model_path(key)].decode()
    rows = {cells[0].text: [cell.text for cell in cells[1:]] for cells in read_rows(page, "abilities")}
    assert rows["✓ Tool calls"] == ["1 of 2"]
    text = Html(read_section(page, "abilities-title").encode()).text
    sources = text.partition("Sources")[2]
    assert "OpenRouter supported_parameters: tool calls, " in sources
    assert "OpenRouter architecture.output_modalities: no image output, " in sources
    assert "image output" in text.partition("Not supported: ")[2].partition("Not known: ")[0]
    assert "Not known: " in text
    assert "prompt caching" in text.partition("Not known: ")[2]
    details = Html(read_section(page, "details-title").encode()).text
    assert "Weightsopen" in details
    assert '<span title="OpenRouter: hugging_face_id">open</span>' in page
    names = Html(read_section(page, "names-title").encode()).text
    assert all(name.name in names for name in days_view.catalog.names.by_model[key])
    direct = Html(read_section(page, "prices-title").encode()).text
    assert (
        "Direct from DeepSeek (global): $0.435 per M input, $0.87 per M output, checked 2 Jul 2026" in direct
    )
    assert "against the cheapest here: 56% cheaper" in direct


def test_a_model_that_goes_names_its_replacement(days_site: dict[str, bytes]) -> None:
    gone, soon, alone = (
        Html(days_site[get_model_path(key)]).text for key in ("a/goes:free", "a/soon", "x/alone")
    )
    assert "Replacement: A/GOES (the same model without the variant)" in gone
    assert "Paid, where the old model was free. Lacks tool calls." in gone
    assert "OpenRouter announced its end for 10 Jun 2026." in soon
    assert "No replacement: no other model of its lab, x, is listed." in alone


def test_a_model_without_a_replacement_names_what_comes_nearest(days_view: View) -> None:
    catalog = days_view.catalog
    info = replace(catalog.models["x/alone"], lab="a")
    models = {**catalog.models, info.id: info}
    replacement = build_replacement(Catalog(catalog.source, models, catalog.overrides), info.id)
    assert replacement
    assert len(replacement.newest) == MAX_NEWEST
    assert all(name.startswith("a/") and ":" not in name for name in replacement.newest)


def test_what_is_not_known_of_a_replacement_is_not_lacking(days_view: View) -> None:
    info = days_view.catalog.models["a/turns"]
    flags = {**info.flags, "zdr": Flag(None, "none", ""), "seed": Flag(False, "api", "x")}
    target = replace(info, flags=flags)
    assert describe_lost(["seed", "context"], target) == "lacks seed, as long a context"
    assert describe_lost(["zdr"], target) == "zero data retention is not known"
    assert describe_lost(["zdr", "seed"], target) == "lacks seed; zero data retention is not known"
    assert describe_lost([], target) == ""


def test_unknown_is_no_no(days_view: View) -> None:
    catalog = days_view.catalog
    info = catalog.models["a/turns"]
    flags = {**dict.fromkeys(info.flags, Flag(None, "none", "")), "seed": Flag(True, "override", "x")}
    changed = replace(catalog, models={**catalog.models, "a/turns": replace(info, flags=flags)})
    section = build_catalog_section(changed, "a/turns")
    assert [row.label for row in section.abilities] == ["seed"]
    assert [(source.source, source.labels) for source in section.sources] == [
        ("reviewed by people", ["seed"])
    ]
    assert (section.lacks, len(section.unknown)) == ([], len(flags) - 1)


def test_a_list_that_endpoints_contradict_is_told(days_view: View) -> None:
    catalog = days_view.catalog
    info = catalog.models["a/turns"]
    flags = {
        "tools": Flag(True, "api", "x", "0 of 2"),
        "json_schema": Flag(False, "api", "x", "1 of 2"),
        "seed": Flag(False, "api", "x", "0 of 2"),
    }
    changed = replace(catalog, models={**catalog.models, "a/turns": replace(info, flags=flags)})
    section = build_catalog_section(changed, "a/turns")
    assert [row.note for row in section.abilities] == ["only the list of models says so"]
    assert section.lacks == ["JSON Schema (though 1 of 2 endpoints state it)", "seed"]


def test_what_the_catalogue_says_is_an_input_of_the_page(days_view: View) -> None:
    """Make the page again where only the catalogue has changed, and not where only its hour has."""
    model = next(model for model in days_view.models if model.model.id == "x/alone")
    catalog = days_view.catalog
    info = catalog.models["x/alone"]
    other = replace(catalog, models={**catalog.models, "x/alone": replace(info, flags={})})
    later = move_catalog(catalog, HOUR)
    inputs = [
        repr(
            (
                list_model_inputs(replace(days_view, catalog=entry), model),
                build_catalog_section(entry, "x/alone"),
            )
        )
        for entry in (catalog, later, other)
    ]
    assert inputs[0] == inputs[1] != inputs[2]


# --- picks, status, and archives of every sort --------------------------------------------------------------


def test_picks_are_the_shortlists(site: dict[str, bytes], view: View) -> None:
    page = site["picks/index.html"]
    shortlists = [shortlist for shortlist in view.catalog.shortlists if shortlist.entries]
    assert len(shortlists) > 3
    for shortlist in shortlists:
        rows = read_table(page, shortlist.ranking.need.name)
        if len(shortlist.ranking.scored) >= MIN_SCORED:
            assert [row[1] for row in rows] == [f"{entry.score.value:.2f}" for entry in shortlist.entries]
        else:
            assert f"{shortlist.ranking.need.title}: models by rank" in page.decode()
        assert [entry.candidate.info.id in row[0] for entry, row in zip(shortlist.entries, rows, strict=True)]
    values = read_table(page, "value")
    assert [row[0] for row in values] == [
        view.catalog.models[row.id].name.partition(": ")[2] for row in view.catalog.best_value.rows
    ]
    assert all(re.fullmatch(r"\d+\.\d", row[2]) for row in values), "the column has the same decimals"
    charts = build_picks_page(view.catalog).scatter
    assert [chart.frame.name for chart in charts] == ["desktop", "phone"]
    assert page.count(b"</title></circle>") == sum(len(chart.dots) for chart in charts)
    for dot in charts[0].dots:
        better = [
            other.point
            for other in charts[0].dots
            if other.point.price and other.point.price <= dot.point.price
            if other.point.quality >= dot.point.quality
        ]
        assert dot.point.is_front == (better == [dot.point]), "what the line says holds for what is drawn"


def test_what_is_picked_says_when_it_ends(view: View) -> None:
    """Mark it in the tables and on the chart; no example of Compare has it."""
    front, end = list_front(view.catalog), dt.date(2026, 7, 31)
    infos = {key: replace(view.catalog.models[key], expires=end) for key in front}
    ending = replace(view.catalog, models={**view.catalog.models, **infos})
    page = build_picks_page(ending)
    ends = [(row.id, row.expires) for row in page.value_rows]
    ends += [(row.id, row.expires) for table in page.lists for row in table.rows]
    assert {*front} <= {key for key, _ in ends}
    assert all(expires == ending.models[key].expires for key, expires in ends)
    points = [dot.point for dot in page.scatter[0].dots]
    marked = {point.id for point in points if point.name.endswith(" (ends)")}
    assert {*front} <= marked == {point.id for point in points if ending.models[point.id].expires}
    words = "Best of their labs for the price"
    pages = [build_days_page(replace(view, catalog=catalog)) for catalog in (view.catalog, ending)]
    assert [words in {example.words for example in page.examples} for page in pages] == [True, False]


def test_the_weights_of_a_pick_are_those_that_count(days_site: dict[str, bytes], days_view: View) -> None:
    """The cost alone is known: it counts in full, of too few models for a score and of none with a speed."""
    tables = {table.id: table for table in build_picks_page(days_view.catalog).shortlists}
    assert tables["general"].parts == ["cost, $ per M"]
    assert not tables["general"].has_score
    assert (tables["fast-and-cheap"].title, tables["coding"].title) == ("Cheap", "Coding")
    assert "Score" not in Html(days_site["picks/index.html"]).text


def test_the_lowest_costs_are_of_paid_models(days_view: View) -> None:
    """A free model is in no list of prices, and a column that says nothing is left out."""
    (ranked,) = (ranked for ranked in days_view.catalog.lists if ranked.kind.name == "lowest-cost")
    assert ranked.models[0].reading.value == 0
    (table,) = (table for table in build_picks_page(days_view.catalog).lists if table.id == "lowest-cost")
    assert [row.id for row in table.rows] == [row.id for row in ranked.models if row.reading.value]
    assert {row.value for row in table.rows} == {"$1.25"}
    assert (table.has_providers, table.has_samples) == (True, False)


def test_the_page_of_picks_has_no_empty_list(days_site: dict[str, bytes], days_view: View) -> None:
    page = Html(days_site["picks/index.html"])
    empty = [ranked.kind for ranked in days_view.catalog.lists if not ranked.models]
    assert f"Not known yet: {', '.join(kind.title for kind in empty)}. Why" in page.text
    assert {kind.name for kind in empty} > {"fastest", "lowest-latency", "most-reliable"}
    assert not any(
        attributes.get("id") == f"{kind.name}-title" for kind in empty for _, attributes in page.tags
    )


def test_the_status_page_names_overrides_to_look_at(days_view: View) -> None:
    statement = Override("a/turns", "tools", True, False, "x", "https://example.org/", START.date())
    statements = (
        statement,
        replace(statement, field="seed", was=None),
        replace(statement, field="reasoning", value="fixed", was="none"),
    )
    review = review_catalog(replace(days_view.catalog, overrides=statements))
    assert review.override_count == 3
    assert [(row.field, row.status, row.was, row.now) for row in review.overrides] == [
        ("tools", "redundant", "false", "true"),
        ("seed", "drifted", "nothing", "false"),
    ]


def test_imported_days_are_measured_by_their_source(tmp_path: Path) -> None:
    """Two hours of a source that was read twice a day are a full day; of 24 live ones they are few."""
    view = build_archive_view(write_archive(tmp_path / "archive", *[build_snapshot([{"id": "a/b"}])] * 3))
    (row,) = build_month_calendar(view.dataset, view.now).rows
    assert row.days[0] == CalendarDay(3, 1)
    readings = [replace(reading, origin="import:old") for reading in view.dataset.readings]
    imported = replace(view.dataset, readings=readings)
    calendar = build_month_calendar(imported, view.now)
    assert (calendar.rows[0].days[0], calendar.imported_hours) == (CalendarDay(3, 4), 3)
    assert [origin.name for origin in list_origins(imported)] == ["imported from old"]


def test_an_archive_without_models_has_every_page(tmp_path: Path) -> None:
    site = build_site(write_archive(tmp_path / "archive", build_snapshot([])), tmp_path / "site")
    for name in PAGES:
        assert f"{name}/index.html" in site
    assert b"No listed model has a date for its end." in site["graveyard/index.html"]


def test_hostile_names_are_text(tmp_path: Path) -> None:
    name = '<script>alert("x")</script>'
    fields = {"name": name, "expiration_date": "2026-06-02", "description": f"Use a/new{name} instead."}
    days = [make_model(f"a/{name}:free", ZERO, **fields), make_model("a/new")], [make_model("a/new")]
    archive = write_archive(tmp_path / "archive", *map(build_snapshot, days))
    site = build_site(archive, tmp_path / "site")
    assert build_replacement(build_archive_view(archive).catalog, f"a/{name}:free")
    for path in ("free/index.html", "graveyard/index.html", get_model_path(f"a/{name}:free")):
        page = Html(site[path])
        assert name in page.text
        assert not any(tag == "script" and not attributes.get("src") for tag, attributes in page.tags)


@pytest.mark.parametrize("path", ["index.html", "models/index.html", "prices/index.html"])
def test_readers_find_the_pages(pages: dict[str, Html], path: str) -> None:
    linked = {
        name for name in PAGES if any(link.endswith(f"{name}/index.html") for link in pages[path].links)
    }
    assert {"free"} < linked
