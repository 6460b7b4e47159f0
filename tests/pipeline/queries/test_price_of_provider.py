"""`price --provider`: what the endpoints of a model at a provider cost."""

import pytest

from orarchive.sample import START
from orarchive.timestamps import format_hour, format_stamp
from tests.support.all_readers import ask
from tests.support.archives import Stage, build_payloads
from tests.support.questions import (
    BAD,
    DUPLICATES,
    FIRST,
    FREE,
    GAP,
    GEMINI,
    GLM,
    HAIKU,
    LAST,
    ROUTER,
    SECOND,
    answer,
    answer_json,
    assert_refused,
    get_certainty,
    get_prices,
    get_quote,
    remove_endpoint,
)

FIRST_STAMP, SECOND_STAMP, BAD_STAMP, LAST_STAMP = map(format_stamp, (FIRST, SECOND, BAD, LAST))


@pytest.mark.parametrize("provider", ["z-ai", "Z.AI", "z.ai", "Z-AI", f"{GLM}@z-ai"])
def test_a_provider_by_slug_name_or_key(four_hours: Stage, provider: str) -> None:
    quote = get_quote(four_hours, GLM, "--provider", provider)
    assert quote["key"] == f"{GLM}@z-ai"
    assert quote["prices"]["prompt"] == {"price": "0.0000012", "entry": None}
    assert quote["pricing"]["discount"] == 0
    assert "discount" not in quote["prices"]


@pytest.mark.parametrize("provider", ["google-vertex", "google-vertex/us-south1", "Google"])
def test_all_endpoints_at_a_provider(four_hours: Stage, provider: str) -> None:
    """Two endpoints with the same tag have a price each."""
    quotes = answer_json(four_hours, "price", DUPLICATES, "--provider", provider)["quotes"]
    assert [(quote["key"], quote["prices"]["prompt"]["price"]) for quote in quotes] == [
        (f"{DUPLICATES}@google-vertex/us-south1", "0.00000022"),
        (f"{DUPLICATES}@google-vertex/us-south1#1", "0.00000025"),
    ]
    printed = answer(four_hours, "price", DUPLICATES, "--provider", provider)
    assert printed.count("seen at 2026-06-01T04Z") == 2


def test_a_price_of_an_endpoint_that_was_kept(four_hours: Stage) -> None:
    """In the fourth hour only the endpoints of one model could not be read."""
    for at in (format_hour(GAP), format_hour(BAD), "2026-06-01T03:59Z"):
        question = (GLM, "--at", at, "--provider")
        around = (SECOND_STAMP, FIRST_STAMP, LAST_STAMP)
        assert get_certainty(four_hours, *question, "novita") == (*around, False)
        assert get_certainty(four_hours, *question, "deepinfra") == (*around, True)
        assert get_prices(four_hours, *question, "novita")["prompt"] == "0.00000138"
    certainty = get_certainty(four_hours, HAIKU, "--provider", "amazon-bedrock", "--at", format_hour(BAD))
    assert certainty == (BAD_STAMP, FIRST_STAMP, LAST_STAMP, True)
    assert get_prices(four_hours, GLM, "--provider", "novita")["prompt"] == "0.000001"


def test_a_price_of_an_endpoint_that_left(four_hours: Stage) -> None:
    gone = ask(four_hours, "price", GLM, "--provider", "parasail")
    assert_refused(gone, 1, "was not there at 2026-06-01T04Z")
    quote = get_quote(four_hours, GLM, "--provider", "parasail", "--at", format_hour(BAD))
    assert quote["same"] is False


def test_an_endpoint_that_left_is_not_among_the_others_of_its_provider(stage: Stage) -> None:
    assert stage.run(START) == 0
    bodies = build_payloads(START)
    remove_endpoint(bodies, GEMINI, "google-vertex/eu")
    stage.serve(bodies)
    assert stage.run(SECOND) == 0
    question = (GEMINI, "--provider", "google-vertex")
    assert get_quote(stage, *question)["key"] == f"{GEMINI}@google-vertex/global"
    quotes = answer_json(stage, "price", *question, "--at", format_hour(FIRST))["quotes"]
    assert [quote["same"] for quote in quotes] == [False, True]


def test_a_provider_that_does_not_serve_the_model(four_hours: Stage) -> None:
    misspelled = ask(four_hours, "price", GLM, "--provider", "deepinfr")
    assert_refused(misspelled, 1, f"no endpoint of {GLM} at deepinfr", "deepinfra/fp4")
    unknown = ask(four_hours, "price", GLM, "--provider", "zzz")
    words = (f"no endpoint of {GLM} at zzz; there are: ", "deepinfra/fp4, ", " more")
    assert_refused(unknown, 1, *words)
    single = ask(four_hours, "price", FREE, "--provider", "zzz")
    assert single.stderr == f"Error: no endpoint of {FREE} at zzz; there are: deepinfra/bf16\n"
    unserved = ask(four_hours, "price", ROUTER, "--provider", "openai")
    assert_refused(unserved, 1, "at openai; there are none")
