"""The lists of other services: read with keys of their own, after OpenRouter's feeds, at no cost to these."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from orarchive.catalog.catalog import build_catalog
from orarchive.collect.attempt import read_base
from orarchive.collect.contract import find_drifts
from orarchive.collect.direct_group import DirectGroup
from orarchive.collect.settings import RunOptions, Settings, read_settings
from orarchive.domain.feeds import DIRECT_FEEDS, DIRECT_GROUP
from orarchive.history.problems import find_problems
from orarchive.history.verify import verify
from orarchive.index.database import open_index
from orarchive.publish.dataset_reader import read_dataset
from orarchive.publish.views.status import list_troubles
from orarchive.sample import START, Service, sample_service
from tests.support.all_readers import ask
from tests.support.archives import (
    DAY,
    DIRECT_KEY,
    DIRECT_ROUTES,
    HOUR,
    KEYLESS_FEEDS,
    Stage,
    build_direct_payloads,
    build_payloads,
    make_archive,
    name_direct_services,
)

DEEPSEEK = "direct_deepseek"


@pytest.fixture
def keyed(stage: Stage) -> Stage:
    """Return a stage with the keys of the other services."""
    stage.options = {"direct": name_direct_services(stage.service.base_url)}
    stage.serve(build_payloads(START) | build_direct_payloads())
    return stage


@pytest.fixture(scope="module")
def sample() -> Iterator[Service]:
    """Run the sample of the services, which demands a key."""
    with sample_service(START, key=DIRECT_KEY) as service:
        yield service


def test_without_a_key_nothing_is_asked_or_said(begun: Stage) -> None:
    """The ledger, the status and the report know nothing of a list for which there is no key."""
    assert begun.run(START + DAY, feeds=tuple(DIRECT_ROUTES)) == 0
    assert begun.take_requests() == []
    assert {name for line in begun.read_attempts() for name in line["feeds"]} == {*KEYLESS_FEEDS}
    assert "direct" not in ask(begun, "status", "--now", "2026-06-01T00Z").output


def test_each_service_gets_its_own_key_alone(sample: Service, tmp_path: Path) -> None:
    """The sample refuses a list to who has no key; OpenRouter's routes get none."""
    direct = name_direct_services(sample.base_url)
    stage = Stage(sample, make_archive(tmp_path / "archive"), {"direct": direct, "key": "sk-or-another"})
    assert stage.run(START) == 0
    keys = {
        seen.path: seen.headers.get("Authorization") for seen in sample.seen if seen.path.startswith("direct")
    }
    assert keys == dict.fromkeys(DIRECT_ROUTES.values(), f"Bearer {DIRECT_KEY}")
    assert not any(
        DIRECT_KEY in str(seen.headers) for seen in sample.seen if not seen.path.startswith("direct")
    )
    with open_index(stage.archive) as db:
        prices = build_catalog(db).direct
    assert {price.pin.id for price in prices if price.is_offered and price.pin.feed == DEEPSEEK} == {
        *("deepseek-chat", "deepseek-reasoner", "deepseek-v4-flash", "deepseek-v4-pro")
    }
    assert any(price.is_offered is False for price in prices)
    assert {price.is_offered for price in prices if price.pin.region == "mainland"} == {None}
    assert [*verify(stage.read_history()).differs] == []


def test_contract_asks_with_the_keys(sample: Service) -> None:
    """It compares the lists too where there are keys, and names a key that is refused."""
    settings = Settings(sample.base_url, direct=name_direct_services(sample.base_url), per_second=0)
    assert [*find_drifts(settings, START, lambda _: None)] == []
    refused = Settings(sample.base_url, direct=name_direct_services(sample.base_url, "old"), per_second=0)
    assert [*find_drifts(refused, START, lambda _: None)] == [f"{name}: 401" for name in DIRECT_ROUTES]
    sample.seen.clear()
    assert [*find_drifts(Settings(sample.base_url, per_second=0), START, lambda _: None)] == []
    assert not [seen.path for seen in sample.seen if seen.path == "models" or seen.path.startswith("direct")]


def test_failure_costs_the_other_feeds_nothing(keyed: Stage) -> None:
    """A service that says to wait, and one without models, fail alone, and are asked again in the day."""
    keyed.service.fail(DIRECT_ROUTES[DEEPSEEK], "429-retry-after", seconds=3600)
    keyed.service.fail(DIRECT_ROUTES["direct_moonshot"], "empty")
    keyed.service.now = START
    assert keyed.run(START) == 1
    assert keyed.read_outcomes(START) == {
        **dict.fromkeys((*KEYLESS_FEEDS, "direct_dashscope"), "ok"),
        DEEPSEEK: "failed",
        "direct_moonshot": "quarantined",
    }
    assert len(keyed.list_subjects()) == 3
    assert keyed.list_subjects()[-1].endswith("; not good: direct_deepseek, direct_moonshot")
    keyed.service.heal()
    keyed.take_requests()
    assert keyed.run(START + HOUR) == 0
    requests = keyed.take_requests()
    failed = [DIRECT_ROUTES[DEEPSEEK], DIRECT_ROUTES["direct_moonshot"]]
    assert requests[-2:] == [path for path in requests if path.startswith("direct")] == failed
    assert keyed.run(START + 2 * HOUR) == 0
    assert not any(path.startswith("direct") for path in keyed.take_requests())


def test_slow_service_has_half_a_minute(keyed: Stage) -> None:
    """A list has a deadline of its own, far earlier than that of the attempt."""
    client, clients = (
        keyed.settings().make_client(lambda _: None),
        keyed.settings().make_direct_clients(lambda _: None),
    )
    client.deadline = client.clock() + 600
    group = DirectGroup(DIRECT_GROUP, client, RunOptions(START), clients=clients)
    group.fetch(read_base(keyed.archive, START))
    assert all(30 > entry.deadline - entry.clock() > 20 for entry in clients.values())


def test_wrong_clock_of_a_service_fails_its_list_alone(keyed: Stage) -> None:
    """The dates of OpenRouter's answers are proof against the clock here, those of others are not."""
    keyed.service.now = START + 30 * DAY
    assert keyed.run(START, is_hour_given=False, feeds=tuple(DIRECT_ROUTES)) == 1
    assert keyed.read_report(DEEPSEEK)["reasons"] == ["wrong-date"]


def list_shown_troubles(stage: Stage) -> list[str]:
    """List the feeds that the status page names as not good."""
    with open_index(stage.archive) as db:
        return [trouble.feed for trouble in list_troubles(read_dataset(db))]


def test_a_key_that_is_taken_away_is_no_problem(keyed: Stage) -> None:
    """Two days later nothing is stopped; with the key, a list that cannot be read is."""
    keyed.service.fail(DIRECT_ROUTES["direct_dashscope"], "404")
    assert keyed.run(START) == 1
    assert list_shown_troubles(keyed) == ["direct dashscope"]
    keyed.service.heal()
    options, keyed.options = keyed.options, {}
    later = START + 3 * DAY
    for hour in (later, later + HOUR):
        assert keyed.run(hour, feeds=("models",)) == 0
    assert "direct" not in str(find_problems(keyed.read_history(), later + HOUR))
    assert list_shown_troubles(keyed) == []
    keyed.options = options
    keyed.service.fail("direct/*", "503")
    assert keyed.run(later + 2 * HOUR, feeds=("models", DEEPSEEK)) == 1
    problems = find_problems(keyed.read_history(), later + 2 * HOUR)
    assert [problem for problem in problems if problem.startswith("direct_deepseek has no good hour since")]
    assert "direct_moonshot" not in str(problems)


@pytest.mark.parametrize("feed", DIRECT_FEEDS, ids=lambda feed: feed.name)
def test_settings_name_the_service(feed: object) -> None:
    """A key alone is enough; the base URL is another one where the environment has it."""
    row = next(row for row in DIRECT_FEEDS if row is feed)
    access = read_settings({row.key_variable: f"{DIRECT_KEY}\n"}).direct
    assert {name: (entry.base_url, entry.key) for name, entry in access.items()} == {
        row.name: (row.base_url, DIRECT_KEY)
    }
    variables = {row.key_variable: DIRECT_KEY, row.base_url_variable: "http://127.0.0.1:9/v1/"}
    assert read_settings(variables).direct[row.name].base_url == "http://127.0.0.1:9/v1"
    assert read_settings({row.base_url_variable: "http://127.0.0.1:9"}).direct == {}
