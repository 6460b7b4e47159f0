"""What people come for, each from home within few presses, on a wide screen and on a phone.

The answers on the pages are compared with the site's database and its files.
"""

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from decimal import Decimal
from pathlib import Path
from statistics import median
from typing import Any
from urllib.request import urlopen

import pytest

from tests.support.browser import list_names, open_chromium, open_page, serve_site
from tests.support.lab_changes import count_lab_changes
from tests.support.visitor import Visitor

pytestmark = [pytest.mark.real_data, pytest.mark.browser]

MILLION = 1_000_000
MODEL = "openai/gpt-oss-120b"
LAST_OF_MAY = "2026-05-31T12:00:00Z"
"""The last reading of the month that is three months before the last one."""
LABS = {"anthropic": "Anthropic", "openai": "OpenAI", "deepseek": "DeepSeek", "qwen": "Qwen"}
MISTYPED = {
    "glm5.2": r"z-ai/glm-5\.2",
    "gpt4o": r"openai/gpt-4o",
    "deepsek": r"deepseek(/.*)?",
    "gemni flash": r"google/gemini-.*flash.*",
    "cluade": r"anthropic/claude-.*",
    "claude-4.5": r"anthropic/claude-\w+-4\.5",
    "deepinfra": r"deepinfra",
}
"""What somebody types -> the ids that the first hit may have."""


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with open_chromium() as launched:
        yield launched


@pytest.fixture(scope="module")
def address(out: Path) -> Iterator[str]:
    with serve_site(out) as address:
        yield address


@pytest.fixture(scope="module")
def database(out: Path) -> Iterator[sqlite3.Connection]:
    """Open the database that the site offers."""
    with closing(sqlite3.connect(out / "archive.sqlite")) as connection:
        yield connection


@pytest.fixture(scope="module", params=[1280, 375])
def tab(request: pytest.FixtureRequest, browser: Any, address: str) -> Iterator[Any]:
    """Open a tab on a wide screen and on a phone: a new one for each task would take a second."""
    rights = ["clipboard-read", "clipboard-write"]
    with open_page(browser, address, width=request.param, height=800, permissions=rights) as tab:
        yield tab


@pytest.fixture
def visitor(tab: Any, address: str) -> Iterator[Visitor]:
    """Open the home page, for somebody whose choices no page remembers."""
    yield Visitor(tab, address)
    tab.evaluate("localStorage.clear()")


# --- providers of a model -----------------------------------------------------------------------------------

ENDPOINTS = """
    select providers.name, context_length, value like '%"tools"%',
        (select amount from current_prices where endpoint = endpoints.record and dimension = 'prompt'),
        (select amount from current_prices where endpoint = endpoints.record and dimension = 'completion'),
        (select avg(uptime_mean) from health_days where endpoint = endpoints.record)
    from endpoints join providers on slug = provider
    left join field_log on field_log.key = endpoints.key
        and field = 'supported_parameters' and next_first is null
    where endpoints.model = ? and endpoints.state = 'active'
"""


def read_answer(tab: Any, label: str) -> str:
    """Read an answer above the table of providers."""
    row = tab.locator(".answers div", has=tab.get_by_text(label, exact=True))
    return " ".join(row.locator("dd").inner_text().split())


def test_cheapest_healthy_provider(visitor: Visitor, database: sqlite3.Connection) -> None:
    """Find that with a context of 128K and tools."""
    prices = [
        ((3 * Decimal(prompt) + Decimal(completion)) / 4 * MILLION, name)
        for name, context, has_tools, prompt, completion, uptime in database.execute(ENDPOINTS, [MODEL])
        if context >= 128_000 and has_tools and (uptime is None or uptime >= 95)
    ]
    lowest, _ = min(prices)
    visitor.open_model("gpt-oss-120b")
    answer = read_answer(visitor.tab, "Cheapest with 128K and tools")
    assert any(answer.startswith(name) for price, name in prices if price == lowest)
    assert find_amount(answer) == round_as(lowest, answer)
    assert visitor.presses <= 3


def test_most_reliable_provider(visitor: Visitor, database: sqlite3.Connection) -> None:
    rows = [*database.execute(ENDPOINTS, [MODEL])]
    uptimes = [(row[-1], row[0]) for row in rows if row[-1] is not None]
    visitor.open_model("gpt-oss-120b")
    answer = read_answer(visitor.tab, "Highest uptime, few days read")
    best = max(uptimes)[0]
    equals = [name for uptime, name in uptimes if uptime == best]
    words = f" and {len(equals) - 1} more: {Decimal(best).normalize():f}% uptime (1 day read)"
    if unknown := len(rows) - len(uptimes):
        words += f"; not known for {unknown} other{'s' if unknown > 1 else ''}"
    assert answer in {name + words for name in equals}
    assert visitor.presses <= 2


def test_fastest_provider(visitor: Visitor, database: sqlite3.Connection) -> None:
    """Tell how to collect what the record lacks."""
    assert database.execute("select sum(latencies) from health_days").fetchone() == (0,)
    visitor.open_model("gpt-oss-120b")
    assert read_answer(visitor.tab, "Fastest") == "speed is not collected"
    assert visitor.presses <= 2
    visitor.tab.locator("#speed a").click()
    assert "OPENROUTER_API_KEY and ARCHIVE_LATENCY=1" in visitor.tab.locator("#speed").inner_text()


def find_amount(text: str) -> Decimal:
    """Find the first amount of dollars in a text."""
    (amount,) = re.findall(r"\$([\d.,]*\d)", text)[:1]
    return Decimal(amount.replace(",", ""))


def round_as(exact: Decimal, text: str) -> Decimal:
    """Round an amount to the decimals that a text shows of it."""
    return exact.quantize(find_amount(text))


# --- prices -------------------------------------------------------------------------------------------------


def test_whose_prices_changed_this_year(visitor: Visitor, database: sqlite3.Connection) -> None:
    """Tell how many models of a lab have another price or list price, and when the last one got it."""
    year, counts = count_lab_changes(database, LABS)
    visitor.click(visitor.tab.get_by_role("link", name="whose prices changed"))
    visitor.tab.get_by_role("columnheader", name=f"Price changes in {year}").wait_for()
    for slug, name in LABS.items():
        count, listed, last = counts[slug]
        row = visitor.tab.locator(
            "#labs tbody tr", has=visitor.tab.get_by_role("link", name=name, exact=True)
        )
        nobodys = "none known" if listed else "none"
        assert row.locator("td").nth(1).inner_text() == (str(count) if count else nobodys)
        assert (row.locator("td").nth(2).text_content() or "").strip() == (str(listed) if listed else "")
        dates = [time.get_attribute("datetime") for time in row.locator("td").nth(3).locator("time").all()]
        assert dates == ([last[:10]] if last else [])
    assert counts["deepseek"][1] > 0
    assert counts["qwen"][0] > 0
    assert visitor.presses <= 2


def test_what_a_model_cost_on_a_day(visitor: Visitor, database: sqlite3.Connection) -> None:
    """Tell each price of the day, of which the last one began at noon."""
    query = """
        select amount from price_history where feed = 'models' and key = 'deepseek/deepseek-v3.2'
            and dimension = ? and first <= '2026-03-03T23' and last >= '2026-03-03' order by first
    """
    expected = []
    for label, dimension in (("Input", "prompt"), ("Output", "completion")):
        amounts = [Decimal(amount) * MILLION for (amount,) in database.execute(query, [dimension])]
        expected.append(f"{label} {', then '.join(f'${amount:.2f}' for amount in amounts)} per M tokens")
    assert ", then " in expected[1]
    visitor.open_model("deepseek v3.2")
    visitor.type(visitor.tab.get_by_label("Price on"), "2026-03-03")
    answer = visitor.tab.locator("#ondate output").inner_text().removeprefix("List price on 3 Mar 2026: ")
    assert answer.split(" · ")[:2] == expected
    assert visitor.presses <= 3


def test_cost_of_three_models(visitor: Visitor, database: sqlite3.Connection) -> None:
    """Compare 10M tokens in, 5M of them cached, and 2M out a month, by names."""
    names = {
        "haiku 4.5": "anthropic/claude-haiku-4.5",
        "gemini 2.5 pro": "google/gemini-2.5-pro",
        "gpt-5 mini": "openai/gpt-5-mini",
    }
    query = "select dimension, amount from current_prices where endpoint is null and model = ?"
    costs = {}
    for model in names.values():
        prices = {dimension: Decimal(amount) for dimension, amount in database.execute(query, [model])}
        uses = (5, "prompt"), (5, "input_cache_read"), (2, "completion")
        costs[model] = sum(
            (millions * MILLION * prices[dimension] for millions, dimension in uses), Decimal()
        )
    visitor.go("Compare")
    visitor.type(visitor.tab.get_by_label("Add models by name"), *names)
    visitor.press("Enter")
    visitor.tab.locator("#chosen button").nth(2).wait_for()  # until then the table is an example
    rows = visitor.tab.locator("#compared tbody tr")
    shown = {
        row.locator("th").inner_text().split()[-1]: row.locator("td").first.inner_text() for row in rows.all()
    }
    assert {model: find_amount(text) for model, text in shown.items()} == {
        model: round_as(cost, shown[model]) for model, cost in costs.items()
    }
    assert [model for model, text in shown.items() if "cheapest" in text] == [
        min(costs, key=lambda m: costs[m])
    ]
    assert visitor.presses <= 5


def test_trend_of_a_class(visitor: Visitor, database: sqlite3.Connection) -> None:
    """Show the median of now and of earlier months."""
    query = """
        select input.amount, output.amount from models
        join listed_at as listed on listed.key = models.id and listed.feed = 'models' and listed.hour = :hour
        join prices_at as input on input.model = models.id and input.hour = :hour
            and input.endpoint is null and input.dimension = 'prompt' and input.condition = ''
        join prices_at as output on output.model = models.id and output.hour = :hour
            and output.endpoint is null and output.dimension = 'completion' and output.condition = ''
        where models.id not like '~%' and models.id not like '%:%' and output_modalities like '%"text"%'
            and input.value + output.value > 0 and coalesce(listed.last, :hour) >= :hour
    """
    ((now,),) = database.execute("select hour from about")
    visitor.go("Prices")
    table = visitor.tab.get_by_role("table", name="Median price per million tokens, by ability", exact=True)
    cells = table.locator("tr", has_text="All text models").locator("td").all_inner_texts()
    heads = table.locator("thead th").all_inner_texts()
    shown = dict(zip(heads[1:], cells, strict=True))
    for head, hour in (("Now", now), ("3 months ago", LAST_OF_MAY)):
        rows = database.execute(query, {"hour": hour}).fetchall()
        expected = median(
            (3 * Decimal(prompt) + Decimal(completion)) / 4 * MILLION for prompt, completion in rows
        )
        assert find_amount(shown[head]) == round_as(expected, shown[head]), head
    assert visitor.presses <= 1


# --- what comes and goes ------------------------------------------------------------------------------------


def test_what_disappears_next(visitor: Visitor, database: sqlite3.Connection) -> None:
    """Tell it at home, with the days left and the replacement; on a later day those whose day has come."""
    query = """
        select models.id, target, models.expires,
            cast(julianday(models.expires) - julianday(substr(about.hour, 1, 10)) as integer)
        from about, models left join redirects on redirects.id = models.id
        where models.state = 'active' and models.expires >= substr(about.hour, 1, 10)
        order by 3, 1
    """
    rows = database.execute(query).fetchall()
    ((hour,),) = database.execute("select hour from about")
    width = visitor.tab.viewport_size["width"]
    # In a tab of its own, whose clock stays what it was set to.
    with open_page(visitor.tab.context.browser, visitor.address, width, is_alone=True) as tab:
        tab.clock.set_fixed_time(hour)
        tab.goto(visitor.address)
        items = tab.locator("#retiring li:visible")
        assert items.count() == 5
        for item, (model, target, _, days) in zip(items.all(), rows, strict=False):
            paths = [get_id(link.get_attribute("href")) for link in item.locator("a").all()]
            assert paths == [model, target] if target else paths[0] == model
            assert f"in {days} days" in item.inner_text()
            assert ("→" in item.inner_text()) == (target is not None)
        day = rows[4][2]
        tab.clock.set_fixed_time(day)
        tab.reload()
        items = tab.locator("#retiring li:visible")
        expected = [model for model, _, expires, _ in rows if expires >= day][:5]
        assert [get_id(item.locator("a").first.get_attribute("href")) for item in items.all()] == expected
        assert items.first.locator(".due").inner_text() == "today"
    assert visitor.presses == 0


def get_id(href: str | None) -> str:
    """Return the id of the model that a link leads to."""
    author, *rest = str(href).partition("models/")[2].removesuffix("/index.html").split("/")
    return f"{author}/{':'.join(rest)}"


def list_ids(tab: Any) -> list[str]:
    """List the ids of the models in the rows that can be seen."""
    ids: list[str] = tab.locator("#models tbody tr:visible th a").evaluate_all(
        "links => links.map((link) => link.title)"
    )
    return ids


def test_what_is_new_this_week(visitor: Visitor, database: sqlite3.Connection) -> None:
    """List no variants such as batch and free ones, and no aliases."""
    query = """
        select id from models
        where is_new and state = 'active' and id not like '%:%' and alias_target is null order by id
    """
    visitor.click(visitor.tab.get_by_role("link", name="New models"))
    visitor.tab.wait_for_url("**/models/**")
    assert sorted(list_ids(visitor.tab)) == [model for (model,) in database.execute(query)]
    assert visitor.presses <= 1


def test_free_models_and_their_limits(visitor: Visitor, database: sqlite3.Connection) -> None:
    """List those that are free, the limits, and those that ceased to be free."""
    free = """
        select id from models where state = 'active' and alias_target is null and id not like '~%'
            and (output_modalities = '["text"]' or id like '%:free')
            and 0 = (select max(value) from current_prices where model = models.id and endpoint is null)
    """
    visitor.click(visitor.tab.get_by_role("link", name="free models"))
    visitor.tab.wait_for_url("**/free/**")
    shown = visitor.tab.locator("#free tbody th > bdi").all_inner_texts()
    assert sorted(shown) == sorted(model for (model,) in database.execute(free))
    assert "20 requests a minute" in visitor.tab.get_by_role("region", name="Limits of free use").inner_text()
    ended = """
        select id, substr(last_seen, 1, 10) from models, about
        where state != 'active' and id like '%:free' and julianday(about.hour) - julianday(last_seen) <= 90
    """
    rows = visitor.tab.locator("#ended tbody tr").all()
    assert {
        row.locator("th > bdi").inner_text(): row.locator("time").nth(-1).get_attribute("datetime")
        for row in rows
    } == dict(database.execute(ended))
    assert visitor.presses <= 1


def test_what_replaced_a_gone_model(visitor: Visitor, database: sqlite3.Connection) -> None:
    """Tell it with the first hit of the search."""
    query = "select target, kind from redirects where id = 'openai/gpt-4.5-preview'"
    ((target, kind),) = database.execute(query)
    ((name,),) = database.execute("select name from models where id = ?", [target])
    hit = visitor.search("gpt 4.5 preview")
    assert hit.locator("code").inner_text() == "openai/gpt-4.5-preview"
    assert hit.locator("i").inner_text() == f"→ {'perhaps ' if kind == 'same_family' else ''}{name}"
    assert visitor.presses <= 1


# --- finding ------------------------------------------------------------------------------------------------


def test_structured_output_and_images_under_a_dollar(visitor: Visitor, database: sqlite3.Connection) -> None:
    query = """
        select models.id from models
        where models.state = 'active' and alias_target is null and not exists (
                select 1 from models as base where base.state = 'active'
                    and base.id = substr(models.id, 1, instr(models.id, ':') - 1))
            and input_modalities like '%"image"%' and output_modalities not like '%"image"%'
            and cast(prompt as real) between 0 and 0.000001
            and (supported_parameters like '%"structured_outputs"%' and not exists (
                select 1 from endpoints where endpoints.model = models.id and state = 'active') or exists (
                select 1 from endpoints
                join field_log on field_log.key = endpoints.key and field = 'supported_parameters'
                where endpoints.model = models.id and endpoints.state = 'active' and next_first is null
                    and value like '%"structured_outputs"%'))
        order by 1
    """
    visitor.go("Models")
    visitor.click(visitor.tab.locator(".presets").get_by_role("link", name="Vision under $1"))
    visitor.tab.wait_for_url("**vision**")
    visitor.click(visitor.tab.locator(".chips label", has_text="JSON schema"))
    assert sorted(list_ids(visitor.tab)) == [model for (model,) in database.execute(query)]
    assert visitor.presses <= 3


def test_mistyped_names(visitor: Visitor) -> None:
    """Find what is meant first, also a lab and a provider, each with nothing but the name typed."""
    for query, meant in MISTYPED.items():
        visitor.start()
        hit = visitor.search(query)
        assert re.fullmatch(meant, hit.locator("code").inner_text()), query
        assert visitor.presses <= 1


def test_sharing_a_filtered_table(visitor: Visitor) -> None:
    """Copy its address, from which the table is filtered again."""
    visitor.go("Models")
    visitor.click(visitor.tab.locator(".presets").get_by_role("link", name="Vision under $1"))
    visitor.tab.wait_for_url("**vision**")
    shown, presses = list_names(visitor.tab), visitor.presses
    visitor.click(visitor.tab.get_by_role("button", name="Copy link"))
    visitor.tab.get_by_role("button", name="Copied").wait_for()
    assert visitor.presses - presses <= 1
    copied = visitor.tab.evaluate("navigator.clipboard.readText()")
    assert copied == visitor.tab.url
    visitor.tab.goto("about:blank")
    visitor.tab.goto(copied)
    assert list_names(visitor.tab) == shown
    assert 0 < len(shown) < 200


# --- taking along -------------------------------------------------------------------------------------------


def test_following_the_prices_of_a_model(visitor: Visitor, database: sqlite3.Connection) -> None:
    """Show the address of a feed that has the changes of its prices and nothing else."""
    visitor.open_model("deepseek v3.2")
    link = visitor.tab.get_by_role("link", name="Price feed")
    assert link.is_visible()
    assert visitor.presses <= 2
    with urlopen(link.evaluate("link => link.href")) as response:
        feed = response.read().decode()
    query = """
        select max(hour) from event_log
        where feed = 'models' and key = 'deepseek/deepseek-v3.2' and kind = 'repriced' and cause != 'provider'
    """
    ((last,),) = database.execute(query)
    assert "<title>Prices of deepseek/deepseek-v3.2 " in feed
    assert f"<updated>{last.removesuffix('Z')}+00:00</updated>" in feed
    assert set(re.findall(r'<category term="(\w+)"', feed)) == {"price"}
    visitor.tab.locator(".follow > summary").click()
    visitor.tab.get_by_role("button", name="Copy address").last.click()
    visitor.tab.get_by_role("button", name="Copied").wait_for()
    assert visitor.tab.evaluate("navigator.clipboard.readText()") == link.evaluate("link => link.href")


def test_all_price_history_as_a_file(visitor: Visitor, out: Path) -> None:
    visitor.go("Data")
    link = visitor.tab.get_by_role("link", name="data/prices.csv", exact=True)
    entry = visitor.tab.locator(".files div", has=link)
    size = entry.locator("small").inner_text()
    with visitor.tab.expect_download() as download:
        visitor.click(link)
    content = download.value.path().read_bytes()
    assert content == (out / "data/prices.csv").read_bytes()
    assert size == f"{float(f'{len(content) / 1000:.2g}'):g} KB"
    assert visitor.presses <= 2
