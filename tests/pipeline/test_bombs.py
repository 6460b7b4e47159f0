"""Answers that would take gigabytes or hours: a run, the index and the site stay within bounds."""

import os
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest

from orarchive.domain.changes import MAX_NEW_FIELDS
from orarchive.domain.prices import MAX_PRICES, read_entry_prices, read_prices, read_schedule
from orarchive.index.database import open_index
from orarchive.sample import START, Reply
from orarchive.sample.faults import encode
from orarchive.store.ledger import get_attempt_hour
from tests.support import hostile_values
from tests.support.archives import DAY, HOUR, ROOT, Stage, build_payloads

MAX_MEGABYTES = 1024
MAX_CPU_S = 20
"""Seconds of processor time, which a busy machine does not stretch; the slowest of these takes 5 s."""

TIMEOUT_S = 300

LARGE_BYTES = 19_000_000
"""Just below the largest answer that is read."""

ROUTE = "models/z-ai/glm-5.1/endpoints"


def make_list(item: bytes, size: int) -> bytes:
    """Return a JSON list of `size` bytes."""
    return b"[%s]" % b",".join([item] * (size // (len(item) + 1)))


def add_fields(**fields: bytes) -> bytes:
    """Return the models, the first with more fields: name -> JSON."""
    members = b"".join(b'"%s":%s,' % (name.encode(), value) for name, value in fields.items())
    return encode(build_payloads(START)["models"]).replace(b'"name":', members + b'"name":', 1)


def set_prices(*pricings: Any) -> bytes:
    """Return the models, the first ones with other prices."""
    body = build_payloads(START)["models"]
    for row, pricing in zip(body["data"], pricings, strict=False):
        row["pricing"] = pricing
    return encode(body)


def make_duplicates(count: int) -> dict[str, bytes]:
    """Return `count` endpoints with the same tag and rows that repeat them, and models with one id."""
    response = build_payloads(START)[ROUTE]
    response["data"]["endpoints"] = [{"tag": "x", "no": n} for n in range(count)]
    rows = [{"model_id": "z-ai/glm-5.1", "tag": "x", "no": n} for n in range(count)]
    models = b'{"data":' + make_list(b'{"id":"a"}', 1_500_000) + b"}"
    return {"models": models, ROUTE: encode(response), "endpoints/zdr": encode({"data": rows})}


def make_long_texts() -> bytes:
    """Return a model with many digits, with long names in long names, and with a long name of dots."""
    nested = (b'{"%s":' % (b"n" * 35_000)) * 140 + b"0" + b"}" * 140
    return add_fields(**{"digits": b"9" * 1_500_000, "names": nested, "a." * 1_000_000: b"0"})


def make_many_prices() -> bytes:
    """Return models with huge exponents, many digits, conditions, prices under conditions, and prices."""
    rates = {f"d{n}": "1" for n in range(100)}
    return set_prices(
        {"prompt": "1e1000000000", "image": "1e-1000000000"},
        {"prompt": "0." + "1" * 900_000},
        {"prompt": "1", "overrides": [rates | {"utc_start": n} for n in range(200)]},
        {"overrides": [{f"d{n}": "1"} for n in range(20_000)]},
        {f"d{n}": "1" for n in range(80_000)},
    )


BOMBS: dict[str, tuple[Callable[[], dict[str, bytes]], dict[str, str]]] = {
    # the bodies of two hours after the first, and the feeds that are not good then, with the reason
    "too many values": (
        lambda: {"models": add_fields(bomb=make_list(b"{},1.0", LARGE_BYTES))},
        {"models": "too-large"},
    ),
    "as many values as are read": (lambda: {"models": add_fields(bomb=make_list(b"-0", 2_000_000))}, {}),
    "long texts": (lambda: {"models": make_long_texts()}, {}),
    "prices": (lambda: {"models": make_many_prices()}, {}),
    "duplicates": (
        lambda: make_duplicates(2_000),
        {"models": "faulty-rows", "endpoints": "grown", "zdr": "grown"},
    ),
}


@pytest.mark.faults
@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb(stage: Stage, name: str) -> None:
    """Archive two hours with it, and build index and site, in a gigabyte and twenty seconds."""
    make_bodies, reasons = BOMBS[name]
    assert stage.run(START) == 0
    stage.serve({**build_payloads(START), **{path: Reply(200, body) for path, body in make_bodies().items()}})
    script = [
        sys.executable,
        hostile_values.__file__,
        str(stage.root),
        stage.service.base_url,
        START.isoformat(),
        str(MAX_CPU_S),
    ]
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    process = subprocess.run(script, env=env, check=True, timeout=TIMEOUT_S, stdout=subprocess.PIPE)
    assert float(process.stdout) < MAX_MEGABYTES
    outcomes = stage.read_outcomes(START + HOUR)
    assert {feed for feed, outcome in outcomes.items() if outcome != "ok"} == reasons.keys()
    (first, *_) = [line for line in stage.read_attempts() if get_attempt_hour(line) == START + HOUR]
    for feed, reason in reasons.items():
        assert reason in first["feeds"][feed]["reasons"]


@pytest.mark.faults
def test_answers_of_a_fan_out_that_are_too_large(stage: Stage) -> None:
    """Refuse a single response that is too large, and stop where all together are: memory holds them all."""
    bodies = build_payloads(START, ())
    paths = [path for path in bodies if path.startswith("models/") and path.endswith("/endpoints")]
    stage.serve({**bodies, paths[0]: Reply(200, b"<" * LARGE_BYTES)})
    stage.run(START)
    assert set(stage.read_report("endpoints")["kept"].values()) == {"too-large"}
    stage.serve({**bodies, **dict.fromkeys(paths, Reply(200, b"<" * 1_900_000))})
    stage.run(START + HOUR)
    assert stage.read_report("endpoints")["reasons"] == ["memory", "not-json"]


def test_more_prices_and_conditions_than_are_read() -> None:
    """Read the first ones only: the command `price` takes time by their square."""
    prices = {f"d{n}": "1" for n in range(1000)}
    assert len(read_prices(prices)) == len(read_entry_prices(prices)) == MAX_PRICES
    assert len(read_schedule({"overrides": [{}] * 1000})) == MAX_PRICES


def test_more_new_fields_than_are_events(stage: Stage) -> None:
    """Make events of the first new and vanished fields of an hour only: all would fill a site's memory."""
    stage.run(START, feeds=("models",))
    stage.serve(
        {**build_payloads(START), "models": Reply(200, set_prices({f"f{n}": "" for n in range(300)}))}
    )
    stage.run(START + HOUR, feeds=("models",))
    stage.serve(build_payloads(START))
    for day in range(1, 10):
        stage.run(START + day * DAY, feeds=("models",))
    with open_index(stage.archive) as db:
        query = "select kind, count(*) from events where key like 'pricing.f%' group by kind"
        assert dict(db.execute(query)) == {"field_appeared": MAX_NEW_FIELDS, "field_vanished": MAX_NEW_FIELDS}
