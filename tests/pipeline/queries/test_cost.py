"""`cost`: what usage objects come to, worked out by hand, at prices written for them."""

import json
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from click.testing import CliRunner, Result

import orarchive
from orarchive.cli.main import main
from orarchive.domain.token_usage import read_usage
from orarchive.errors import AmbiguousError, ArchiveError, NotArchivedError, NotCoveredError
from orarchive.index.database import open_index
from orarchive.queries.cost import Cost, find_costs
from orarchive.queries.library import ArchiveReader
from orarchive.sample import START, Service
from orarchive.timestamps import format_hour, parse_moment
from tests.support.all_readers import ask
from tests.support.archives import HOUR, Payloads, Stage, make_archive, make_responder
from tests.support.questions import answer, answer_json, assert_refused

PLAIN = {
    "prompt": "0.000003",
    "completion": "0.000015",
    "web_search": "0.01",
    "input_cache_read": "0.0000003",
    "input_cache_write": "0.00000375",
    "input_cache_write_1h": "0.000006",
    "overrides": [
        {
            "min_prompt_tokens": 200000,
            "prompt": "0.000006",
            "completion": "0.0000225",
            "input_cache_read": "0.0000006",
        }
    ],
}
NIGHT = {"utc_start": 1630, "utc_end": 30, "prompt": "0.0000005", "completion": "0.000001"}
PRICES: dict[str, dict[str, Any]] = {
    "lab/plain": PLAIN,
    "lab/plain:free": {"prompt": "0", "completion": "0"},
    # read at one o'clock, outside of the night
    "lab/clock": {
        "prompt": "0.000001",
        "completion": "0.000002",
        "input_cache_read": "0.0000001",
        "overrides": [NIGHT, {"utc_days": ["sunday"], "prompt": "0.0000002"}],
    },
    # read within the window, whose rate stands at the top level as well
    "lab/inside": {
        "prompt": "0.000004",
        "completion": "0.000005",
        "overrides": [{"utc_start": 0, "utc_end": 600, "prompt": "0.000004"}],
    },
    "lab/uncached": {"prompt": "0.000002", "completion": "0.000008"},
    "lab/zero": {"prompt": "0.000002", "completion": "0.000004", "input_cache_read": "0", "request": "0"},
    "lab/audio": {
        "prompt": "0.0000003",
        "completion": "0.0000025",
        "request": "0.001",
        "image": "0.0000003",
        "audio": "0.000001",
        "audio_output": "0.00001",
        "internal_reasoning": "0.0000035",
        "input_cache_read": "0.00000003",
        "input_audio_cache": "0.0000001",
        "image_output": "0.00003",
    },
    "lab/photo": {"prompt": "0.00001", "completion": "0.00003", "image": "0.01445"},
    "lab/draw": {"prompt": "0.000001", "completion": "0.000002", "image_token": "0.000008", "image": "0.01"},
    "lab/digits": {"prompt": "0.0000119760479041916", "completion": "0.0000000000000000000000000001"},
    "lab/song": {"prompt": "0", "completion": "0"},
    "lab/unpriced": {},
    "lab/passing": {"prompt": "0.000001", "completion": "0.000002", "web_search": "-1"},
    "openrouter/auto": {"prompt": "-1", "completion": "-1"},
    "~lab/former": PLAIN,
    "~lab/circle": PLAIN,
    "~lab/latest": PLAIN,
}
ENDPOINTS = [
    ("one", {"prompt": "0.000002", "completion": "0.00001", "discount": 0.5}),
    ("two/eu", {"prompt": "0.000003", "completion": "0.000015"}),
    ("two/eu", {"prompt": "0.000004", "completion": "0.00002", "input_cache_read": "0.000001"}),
]
FIRST, LAST = START + HOUR, START + 2 * HOUR
"""Between these hours, on a Monday, an alias moves from `lab/plain` to `lab/uncached`, and another leaves."""


def build_bodies(target: str) -> Payloads:
    rows = [
        {
            "id": name,
            "canonical_slug": name,
            "name": name,
            "pricing": pricing,
            "architecture": {"output_modalities": ["audio" if name == "lab/song" else "text"]},
        }
        for name, pricing in PRICES.items()
    ]
    targets = {"~lab/latest": target, "~lab/former": "lab/plain", "~lab/circle": "~lab/circle"}
    for row in rows:
        if row["id"] in targets:
            row["alias_target"] = {"slug": targets[row["id"]], "name": "Target"}
    if target != "lab/plain":
        rows = [row for row in rows if row["id"] != "~lab/former"]
    endpoints = [
        {"name": tag, "model_id": "lab/plain", "tag": tag, "provider_name": tag, "pricing": pricing}
        for tag, pricing in ENDPOINTS
    ]
    bodies: Payloads = {
        "models": {"data": rows, "total_count": len(rows), "links": {"next": None}},
        "models/count": {"data": {"count": len(rows)}},
        "providers": {"data": [{"slug": "one", "name": "One"}, {"slug": "two", "name": "Two"}]},
        "endpoints/zdr": {"data": []},
        "images/models": {"data": []},
        "videos/models": {"data": []},
    }
    for name in PRICES:
        listed = endpoints if name == "lab/plain" else []
        bodies[f"models/{name}/endpoints"] = {"data": {"id": name, "endpoints": listed}}
    return bodies


@pytest.fixture(scope="module")
def priced(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """Yield an archive of two hours of these prices."""
    with Service(make_responder({})) as service:
        stage = Stage(service, make_archive(tmp_path_factory.mktemp("priced") / "archive"))
        for hour, target in ((FIRST, "lab/plain"), (LAST, "lab/uncached")):
            service.now = hour
            stage.serve(build_bodies(target))
            stage.run(hour)
        yield stage


@pytest.fixture(scope="module")
def library(priced: Stage) -> Iterator[ArchiveReader]:
    with orarchive.open(priced.root) as archive:
        yield archive


def use(prompt: int, completion: int, cached: int = 0, **members: Any) -> dict[str, Any]:
    """Return a usage object as OpenRouter sends it."""
    details = {"cached_tokens": cached, **members.pop("inside", {})}
    usage = {"prompt_tokens": prompt, "completion_tokens": completion, "prompt_tokens_details": details}
    return {**usage, "completion_tokens_details": members.pop("outside", None), **members}


HOURLY = {"ephemeral_5m_input_tokens": 400, "ephemeral_1h_input_tokens": 600}
RESPONSES_API = {"input_tokens": 1000, "output_tokens": 100, "input_tokens_details": {"cached_tokens": 400}}

USAGES: list[tuple[str, dict[str, Any], str, str]] = [
    # a model without conditions: 1000 x 2e-6 + 100 x 8e-6
    ("lab/uncached", use(1000, 100), "", "0.0028"),
    ("lab/uncached", use(0, 0), "", "0"),
    ("lab/uncached", use(1, 0), "", "0.000002"),
    ("lab/uncached", use(0, 1), "", "0.000008"),
    # a missing cache rate is the input rate: 400 x 2e-6 + 600 x 2e-6 + 100 x 8e-6
    ("lab/uncached", use(1000, 100, 600), "", "0.0028"),
    ("lab/uncached", use(1000, 0, 300, inside={"cache_write_tokens": 200}), "", "0.002"),
    # a cache rate of 0: 400 x 2e-6 + 600 x 0 + 100 x 4e-6
    ("lab/zero", use(1000, 100, 600), "", "0.0012"),
    # cached tokens are part of the prompt: 400 x 3e-6 + 600 x 3e-7 + 100 x 15e-6
    ("lab/plain", use(1000, 100, 600), "", "0.00288"),
    ("lab/plain", use(1000, 100, 1000), "", "0.0018"),
    # writes too: 300 x 3e-6 + 600 x 3e-7 + 100 x 3.75e-6
    ("lab/plain", use(1000, 0, 600, inside={"cache_write_tokens": 100}), "", "0.001455"),
    # of 1000 written 600 for an hour: 400 x 3.75e-6 + 600 x 6e-6
    ("lab/plain", use(1000, 0, cache_creation=HOURLY), "", "0.0051"),
    ("lab/plain", use(1000, 0, inside={"cache_write_tokens": 1000}, cache_creation=HOURLY), "", "0.0051"),
    # the other API of OpenAI: 600 x 3e-6 + 400 x 3e-7 + 100 x 15e-6
    ("lab/plain", RESPONSES_API, "", "0.00342"),
    # a threshold holds for longer prompts only, cached tokens included
    ("lab/plain", use(200000, 0), "", "0.6"),
    ("lab/plain", use(200001, 0), "", "1.200006"),
    ("lab/plain", use(200000, 1000, 100000), "", "0.345"),
    ("lab/plain", use(200001, 1000, 100000), "", "0.682506"),
    # what the entry does not name stays: 200000 x 6e-6 + 1000 x 3.75e-6
    ("lab/plain", use(201000, 0, inside={"cache_write_tokens": 1000}), "", "1.20375"),
    # web searches: 2 x 0.01 + 1000 x 3e-6
    (
        *("lab/plain", use(1000, 0, server_tool_use={"web_search_requests": 2, "tool_calls_executed": 2})),
        *("", "0.023"),
    ),
    ("lab/plain", use(0, 0, server_tool_use_details={"web_search_requests": 3}), "", "0.03"),
    # reasoning without a price of its own costs as output: 100 x 15e-6
    ("lab/plain", use(0, 100, outside={"reasoning_tokens": 60}), "", "0.0015"),
    # with one: 0.001 a request + 40 x 2.5e-6 + 60 x 3.5e-6
    ("lab/audio", use(0, 100, outside={"reasoning_tokens": 60}), "", "0.00131"),
    # audio: 0.001 + 300 x 3e-7 + 700 x 1e-6
    ("lab/audio", use(1000, 0, inside={"audio_tokens": 700}), "", "0.00179"),
    # of 600 cached tokens 500 are audio: 0.001 + 200 x 3e-7 + 100 x 3e-8 + 500 x 1e-7 + 200 x 1e-6
    (
        "lab/audio",
        use(1000, 0, 600, inside={"audio_tokens": 700, "cached_tokens_details": {"audio_tokens": 500}}),
        *("", "0.001313"),
    ),
    # 0.001 + 50 x 1e-5 + 50 x 2.5e-6
    ("lab/audio", use(0, 100, outside={"audio_tokens": 50}), "", "0.001625"),
    # three requests: 3 x 0.001 + 1000 x 3e-7
    ("lab/audio", use(1000, 0, requests=3), "", "0.0033"),
    # an image price that equals the input price changes nothing: 0.001 + 1000 x 3e-7
    ("lab/audio", use(1000, 0, inside={"image_tokens": 400}), "", "0.0013"),
    # image tokens with a price: 600 x 1e-6 + 400 x 8e-6, 20 x 2e-6 + 80 x 8e-6
    ("lab/draw", use(1000, 0, inside={"image_tokens": 400}), "", "0.0038"),
    ("lab/draw", use(0, 100, outside={"image_tokens": 80}), "", "0.00068"),
    # a clock: day from 00:30, night from 16:30, the weekday of the time itself
    ("lab/clock", use(1000, 100), "2026-06-01T16:29Z", "0.0012"),
    ("lab/clock", use(1000, 100), "2026-06-01T16:30Z", "0.0006"),
    ("lab/clock", use(1000, 100), "2026-06-02T00:29Z", "0.0006"),
    ("lab/clock", use(1000, 100), "2026-06-02T00:30Z", "0.0012"),
    ("lab/clock", use(1000, 100), "2026-06-07T12:00Z", "0.0004"),
    ("lab/clock", use(1000, 100, 1000), "2026-06-01T20Z", "0.0002"),
    # free, and exact to the last digit: 123456789 x 119760479041916e-19
    ("lab/plain:free", use(123456, 7890, 1000), "", "0"),
    ("lab/digits", use(123456789, 0), "", "1478.5244191616745767724"),
    ("lab/digits", use(123456789, 3), "", "1478.5244191616745767724000000003"),
    # an alias costs what it pointed at: 400 x 3e-6 + 600 x 3e-7, then 1000 x 2e-6
    ("~lab/latest", use(1000, 0, 600), format_hour(FIRST), "0.00138"),
    ("~lab/latest", use(1000, 0, 600), format_hour(LAST), "0.002"),
    # a provider: 1000 x 2e-6 + 100 x 1e-5
    ("lab/plain@one", use(1000, 100, 500), "", "0.003"),
    # one of its two endpoints: 500 x 4e-6 + 500 x 1e-6 + 100 x 2e-5
    ("lab/plain@lab/plain@two/eu#1", use(1000, 100, 500), "", "0.0045"),
]


def find_cost(archive: ArchiveReader, model: str, usage: dict[str, Any], time: str = "") -> Cost:
    model, _, provider = model.partition("@")
    return archive.cost(usage, model, time or None, provider or None)


@pytest.mark.parametrize(("model", "usage", "time", "total"), USAGES)
def test_a_usage_costs_what_was_worked_out(
    library: ArchiveReader, model: str, usage: dict[str, Any], time: str, total: str
) -> None:
    cost = find_cost(library, model, usage, time)
    assert (cost.total, cost.unpriced) == (Decimal(total), ())
    tokens = sum(part.count for part in cost.parts if part.name not in ("web searches", "requests"))
    assert tokens == sum(count for name, count in usage.items() if name.endswith("put_tokens")) + usage.get(
        "prompt_tokens", 0
    ) + usage.get("completion_tokens", 0)


def test_the_index_answers_as_the_database_for_download(priced: Stage, library: ArchiveReader) -> None:
    with open_index(priced.archive) as db:
        for name, usage, time, _ in USAGES:
            model, _, provider = name.partition("@")
            at = parse_moment(time) if time else None
            costs = find_costs(db, model, read_usage(usage), at, provider or None)
            assert costs == [find_cost(library, name, usage, time)]


@pytest.mark.parametrize(
    ("model", "usage", "priced_sum", "name", "words"),
    [
        ("lab/photo", use(1000, 0, images=2), "0.01", "images", "unit of image, listed at $0.01445"),
        ("lab/photo", use(100, 0, inside={"image_tokens": 90}), "0.0001", "image input", "unit of image"),
        ("lab/plain", use(0, 0, images=1), "0", "images", "its price is not listed"),
        ("lab/audio", use(0, 9, outside={"image_tokens": 9}), "0.001", "image output", "listed at $0.00003"),
        ("lab/uncached", use(0, 0, web_search_requests=1), "0", "web searches", "no price web_search"),
        (
            *("lab/uncached", use(0, 0, server_tool_use={"tool_calls_executed": 2}), "0"),
            *("other tool calls", "its price is not listed"),
        ),
        ("lab/unpriced", use(9, 0), "0", "input", "no price prompt is listed"),
        ("lab/passing", use(9, 0, web_search_requests=1), "0.000009", "web searches", "web_search is -1"),
    ],
)
def test_what_has_no_listed_price_is_named(
    library: ArchiveReader, model: str, usage: dict[str, Any], priced_sum: str, name: str, words: str
) -> None:
    cost = find_cost(library, model, usage)
    assert (cost.total, cost.priced) == (None, Decimal(priced_sum))
    (part,) = cost.unpriced
    assert part.name == name
    assert words in part.reason


def test_a_price_outside_its_hours_that_nobody_stated(library: ArchiveReader) -> None:
    """The top level repeats the rate of the hours in which it was read."""
    assert find_cost(library, "lab/inside", use(1000, 0), "2026-06-01T05:59Z").total == Decimal("0.004")
    cost = find_cost(library, "lab/inside", use(1000, 100), "2026-06-01T06:00Z")
    assert cost.priced == Decimal("0.0005")
    assert [part.name for part in cost.unpriced] == ["input"]


@pytest.mark.parametrize(
    ("model", "error", "words"),
    [
        ("openrouter/auto", NotArchivedError, "-1"),
        ("lab/song", NotArchivedError, "not charged by the token, but by what it makes (audio)"),
        ("lab/plain@two", AmbiguousError, "lab/plain@two/eu, lab/plain@two/eu#1"),
        ("~lab/former", NotCoveredError, "~lab/former was not there at 2026-06-01T02Z"),
        ("~lab/circle", NotArchivedError, "~lab/circle -> ~lab/circle"),
        ("~lab/latest@one", NotArchivedError, "no endpoint of lab/uncached at one"),
        ("lab/none", orarchive.UnknownError, "no model lab/none"),
    ],
)
def test_no_cost(library: ArchiveReader, model: str, error: type[Exception], words: str) -> None:
    with pytest.raises(error) as raised:
        find_cost(library, model, use(1, 1))
    assert words in str(raised.value)


def test_nothing_is_known_before_the_record(library: ArchiveReader) -> None:
    with pytest.raises(NotCoveredError):
        find_cost(library, "~lab/latest", use(1, 1), format_hour(FIRST - HOUR))


def test_several_requests_below_a_threshold(library: ArchiveReader) -> None:
    """The sum of their prompts says nothing of the length of each, unless it is below the threshold."""
    assert find_cost(library, "lab/plain", use(200000, 0, requests=2)).total == Decimal("0.6")
    with pytest.raises(ArchiveError, match="ask for one request at a time"):
        find_cost(library, "lab/plain", use(200001, 0, requests=2))


@pytest.mark.parametrize(
    ("usage", "words"),
    [
        ([], "a usage object is a JSON object"),
        ({"total_tokens": 1}, "no prompt_tokens; it has total_tokens"),
        ({"input_tokens": 1, "cache_read_input_tokens": 2}, "Anthropic's own API"),
        (use(-1, 0), "prompt_tokens in the usage object is no whole number"),
        (use(1, 0, "many"), "prompt_tokens_details.cached_tokens"),  # type: ignore[arg-type]
        (use(10, 0, 6, inside={"cache_write_tokens": 5}), "more than the 10 prompt tokens"),
        (use(0, 10, outside={"reasoning_tokens": 11}), "more than the 10 completion tokens"),
        (use(10, 0, inside={"cached_tokens_details": {"audio_tokens": 1}}), "cached audio must be part"),
    ],
)
def test_a_usage_object_that_cannot_be_read(usage: Any, words: str) -> None:
    with pytest.raises(ArchiveError) as raised:
        read_usage(usage)
    assert words in str(raised.value)


# --- the command --------------------------------------------------------------------------------------------


def test_the_command_prints_each_part(priced: Stage) -> None:
    printed = answer(
        priced, "cost", "~lab/latest", "--input", "200001", "--output", "10", "--cached", "1", *AT
    )
    assert printed.splitlines() == [
        "lab/plain, to which ~lab/latest pointed, at 2026-06-01T01:00Z",
        "  200,000 input   $6.00 per M   $1.20       prompt over 200,000 tokens",
        "  1 cached input  $0.60 per M   $0.0000006  prompt over 200,000 tokens",
        "  10 output       $22.50 per M  $0.000225   prompt over 200,000 tokens",
        "  total                         $1.2002256",
    ]


AT = ("--at", format_hour(FIRST))


def ask_with(stage: Stage, usage: Any, *arguments: str) -> Result:
    """Run the command with a usage object on standard input."""
    options = ("--archive", str(stage.root), "--usage", "-", *arguments)
    text = usage if isinstance(usage, str) else json.dumps(usage)
    return CliRunner().invoke(main, ["cost", *options], input=text)


def test_the_command_reads_a_response(priced: Stage) -> None:
    """What it cannot price, and what the list does not cover, it says."""
    usage = use(1000, 0, images=1, cost=0.0123, service_tier="flex", is_byok=True, speed="standard")
    result = ask_with(priced, {"id": "x", "usage": usage}, "lab/photo")
    assert result.exit_code == 1
    assert result.stdout.splitlines()[1:] == [
        "  1,000 input                                        $10.00 per M     $0.01",
        "  1 images                                           no listed price"
        "         the unit of image, listed at $0.01445, is not stated",
        "  total without the parts that have no listed price                   $0.01",
        "  OpenRouter charged $0.0123, by the usage object",
        "  service_tier was 'flex': the list has only standard prices",
        "  the request was paid to the provider with a key of its own (is_byok)",
    ]
    printed = json.loads(ask_with(priced, usage, "lab/photo", "--json").stdout)
    (cost,) = printed["costs"]
    assert (cost["total"], cost["priced"], cost["charged"]) == (None, "0.01000", "0.0123")
    assert cost["parts"][1] == {
        "name": "images",
        "count": 1,
        "dimension": None,
        "rate": None,
        "amount": None,
        "reason": "the unit of image, listed at $0.01445, is not stated",
    }


def test_the_command_answers_for_each_endpoint_of_a_provider(priced: Stage) -> None:
    printed = answer_json(priced, "cost", "lab/plain", "--input", "1000", "--provider", "two")
    assert [(cost["key"], Decimal(cost["total"])) for cost in printed["costs"]] == [
        ("lab/plain@two/eu", Decimal("0.003")),
        ("lab/plain@two/eu#1", Decimal("0.004")),
    ]


def test_wrong_usage_of_the_command(priced: Stage) -> None:
    assert_refused(ask(priced, "cost", "lab/plain"), 2, "--usage FILE")
    assert_refused(ask_with(priced, "{}", "lab/plain", "--input", "1"), 2, "--usage FILE")
    assert_refused(ask_with(priced, "{", "lab/plain"), 2, "is no JSON:")
    too_many = ask(priced, "cost", "lab/plain", "--input", "3", "--cached", "5")
    assert_refused(too_many, 2, "--cached is more than --input")
    assert_refused(ask(priced, "cost", "openrouter/auto", "--input", "1"), 1, "(-1)")
    assert_refused(ask(priced, "cost", "~lab/former", "--input", "1"), 1, "~lab/former was not there")


def test_a_date_means_its_last_hour(priced: Stage) -> None:
    result = ask(priced, "cost", "lab/clock", "--input", "1000", "--at", "2026-06-01", "--json")
    assert result.stderr == "2026-06-01 means its last hour, 2026-06-01T23Z\n"
    assert json.loads(result.stdout)["costs"][0]["at"] == "2026-06-01T23:00:00Z"


def test_an_old_reading_is_named(priced: Stage) -> None:
    """A price of a later time than any reading is none that anybody saw."""
    words = "the last reading before that time"
    assert words in answer(priced, "cost", "lab/clock", "--input", "1000", "--at", "2026-06-03T00Z")
    assert words not in answer(priced, "cost", "lab/plain", "--input", "1000", *AT)
