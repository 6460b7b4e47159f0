"""Answers of odd values: what is archived as it was received breaks neither commands nor index nor site."""

import random
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from orarchive.index.database import build_in_memory
from orarchive.jsonl import Number, dumps
from orarchive.publish.dataset import read_dataset
from orarchive.sample import START, Reply, Service
from orarchive.store.ledger import BAD_OUTCOMES
from tests.support import hostile_values
from tests.support.all_readers import ask, questions_to, site, with_rankings
from tests.support.archives import HOUR, Stage, new_archive, payloads
from tests.support.rankings import Alter, reports


def served(chance: random.Random) -> dict[str, Any]:
    """The sample's answers with odd values in them; now and then one is no answer at all."""
    bodies = payloads(START)
    found = {}
    for path, body in bodies.items():
        sent = dumps(
            hostile_values.mutated(chance, body, chance.randint(0, 12) if path != "models/count" else 0)
        )
        if chance.random() < 0.02:
            sent = chance.choice(
                [chance.randbytes(50), dumps(hostile_values.value(chance)), sent + sent, sent[:-20]]
            )
        if chance.random() < 0.02:
            sent = sent.replace(b'"name":', b'"name":1,"name":', 1)
        found[path] = Reply(200, sent)
    return found


@hostile_values.examples(5)
@given(hostile_values.CHANCES)
@example(random.Random(1))
def test_any_values_of_answers(
    running: Service, tmp_path_factory: pytest.TempPathFactory, chance: random.Random
) -> None:
    """Three hours of them and one that is well: whatever was archived, everything answers.

    Seen to fail without the escapes of `storable` in index/text.py, by the example that is given.
    """
    running.heal()
    stage = Stage(running, new_archive(tmp_path_factory.mktemp("odd")))
    well = (chance.randrange(2), 3)
    hours = [START + number * HOUR for number in (0, 1, 2, 30)]
    for number, hour in enumerate(hours):
        stage.serve(payloads(START) if number in well else served(chance))
        assert stage.run(hour) == any(outcome in BAD_OUTCOMES for outcome in stage.outcomes(hour).values())
    assert set(stage.outcomes(hours[-1]).values()) == {"ok"}
    site(stage)
    for question in questions_to(stage, hours) if chance.randrange(3) == 2 else ():
        ask(stage, *question)


BROKEN = {
    "a discount of many digits": {"pricing": {"prompt": "1", "discount": "1e50"}},
    "prices in a list": {"pricing": ["1"]},
    "prices in a text": {"pricing": "1"},
    "half a character for a date": {"expiration_date": "\ud800"},
    "no numbers": {"context_length": Number("1e999999999"), "created": Number("1e400"), "top_provider": []},
}


@pytest.mark.parametrize("what", BROKEN)
def test_a_value_that_was_received(stage: Stage, what: str) -> None:
    """Of a model and of an endpoint, it comes and goes: the site shows both, and every question is answered.

    Seen to fail without `number` in `_words` of told.py (a discount of many digits: InvalidOperation in every
    later site), without `part` in ask/price.py (prices in a list), with `json_extract` in DATES of book.py
    (half a character for a date: no site any more).
    """
    well, bodies = payloads(START), payloads(START)
    bodies["models"]["data"][0] |= BROKEN[what]
    bodies["models/z-ai/glm-5.1/endpoints"]["data"]["endpoints"][0] |= BROKEN[what]
    odd_ones = {path: Reply(200, dumps(body)) for path, body in bodies.items()}
    hours = [START + number * HOUR for number in range(3)]
    for hour, some in zip(hours, (well, odd_ones, well), strict=True):
        stage.serve(some)
        assert stage.run(hour) == 0
        site(stage)
        with build_in_memory(stage.archive, stage.past().attempt_commits) as db:
            assert read_dataset(db).hour == hour
        for question in questions_to(stage, hours[:2]) if hour == hours[1] else ():
            ask(stage, *question)


def altering(chance: random.Random) -> Alter:
    """Some answers to rankings have odd values in them."""

    def alter(path: str, query: Mapping[str, str], body: Any) -> Any:
        if chance.random() < 0.4:
            return body
        for row in body["data"] if isinstance(body.get("data"), list) else ():
            if "total_tokens" in row and chance.random() < 0.2:
                row["total_tokens"] = chance.choice(hostile_values.TEXTS)
        return Reply(200, dumps(hostile_values.mutated(chance, body, chance.randint(0, 4))))

    return alter


@hostile_values.examples(3)
@given(st.integers(0, 2**32).map(random.Random))
def test_any_values_of_rankings(tmp_path_factory: pytest.TempPathFactory, chance: random.Random) -> None:
    """The service turns in threads of its own, of which hypothesis must not know: it chooses the seed.

    Seen to fail without `storable` in `_tokens` of index/rankings.py: half a character.
    """
    stage = with_rankings(tmp_path_factory.mktemp("odd") / "archive", altering(chance))
    assert {*map(str, stage.attempts()[-1]["rankings"])} >= {"models", "apps"}
    site(stage)


def totals(tokens: Any) -> Alter:
    """Every total is another one."""

    def alter(path: str, query: Mapping[str, str], body: Any) -> Any:
        for row in body["data"] if isinstance(body.get("data"), list) else ():
            if "total_tokens" in row:
                row["total_tokens"] = tokens
        return body

    return alter


def numbered(path: str, query: Mapping[str, str], body: Any) -> Any:
    """Models of rankings go by numbers."""
    for number, row in enumerate(body["data"] if isinstance(body.get("data"), list) else ()):
        if "model_permaslug" in row:
            row["model_permaslug"] = number
    return body


FIGURES: dict[str, tuple[Alter, int]] = {
    # what is served, and on how many days
    "0": (totals("0"), 9),
    "too much together": (totals("9" * 18), 1),
    "digits": (totals("9" * 5000), 1),
    "numbers for names": (numbered, 1),
}


@pytest.mark.parametrize("what", FIGURES)
def test_figures_that_were_received(tmp_path: Path, what: str) -> None:
    """They are archived as they are, and the site shows what it can of them.

    Seen to fail without `or 1` in `labs` of views/rankings.py and in rankings.html (division by zero), with
    `sum` in index/rankings.py (integer overflow), with `int` of an app's tokens (too many digits), and
    without `str` in `_slug` (no text).
    """
    alter, days = FIGURES[what]
    stage = with_rankings(tmp_path / "archive", alter, days=days)
    assert reports(stage)["models"]["outcome"] == "ok"
    assert "rankings/index.html" in site(stage)
