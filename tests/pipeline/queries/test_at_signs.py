"""Model ids that hold an `@`: what is told of one model is never told of another."""

from typing import Any

from orarchive.domain.changes import format_key
from orarchive.domain.feeds import FEEDS
from orarchive.domain.keys import EndpointKey
from orarchive.sample import START
from tests.support.archives import HOUR, Stage, build_payloads, read_git
from tests.support.histories import query_index
from tests.support.questions import answer

BASE, DATED = "lab/opus", "lab/opus@20240229"


def test_a_change_is_told_of_its_model(stage: Stage) -> None:
    """The dated model's endpoint becomes cheaper; the list prices of both models follow."""
    bodies = build_payloads(START)
    row = bodies["models"]["data"][0]
    response = bodies[f"models/{row['id']}/endpoints"]["data"]

    def serve(price: str, base_price: str) -> None:
        def build(model: str, amount: str) -> dict[str, Any]:
            pricing = {"prompt": amount, "completion": "0.00005"}
            return {
                "data": {
                    **response,
                    "endpoints": [{**response["endpoints"][0], "tag": "acme", "pricing": pricing}],
                }
            }

        prices = {BASE: base_price, DATED: price}
        rows = [
            {**row, "id": model, "pricing": {"prompt": amount, "completion": "0.00005"}}
            for model, amount in prices.items()
        ]
        stage.serve(
            {
                **bodies,
                "models": {"data": [*bodies["models"]["data"], *rows]},
                f"models/{BASE}/endpoints": build(BASE, "0.00001"),
                f"models/{DATED}/endpoints": build(DATED, price),
            }
        )

    serve("0.000015", "0.000015")
    assert stage.run(START) == 0
    serve("0.000012", "0.000012")
    assert stage.run(START + HOUR) == 0
    subject, *told = read_git(stage.root, "log", "-1", "--format=%B").splitlines()
    assert subject == "2026-06-01T01Z: 2 repriced"
    assert [line for line in told if "lab/" in line] == [
        f"~ {DATED}@acme: prompt $15.00 -> $12.00 per M",
        f"~ {BASE}: prompt $15.00 -> $12.00 per M (cause unknown)",
    ]
    causes = query_index(
        stage.archive, "select key, cause from events where kind = 'repriced' and feed = 'models'"
    )
    assert dict(causes) == {BASE: "unknown", DATED: "endpoint"}
    assert f"{DATED}@acme" not in answer(stage, "log", BASE)
    serve("0.000011", "0.000012")
    assert stage.run(START + 2 * HOUR) == 0
    assert read_git(stage.root, "log", "-1", "--format=%s").strip() == "2026-06-01T02Z: 1 repriced"


def test_no_two_records_have_one_name() -> None:
    """An id and a tag may hold the signs between them."""
    keys = [
        ("a/m", "x@t", 0),
        ("a/m@x", "t", 0),
        ("a/m", "t", 1),
        ("a/m", "t#1", 0),
        ("a/m", "t%231", 0),
    ]
    names = [format_key(FEEDS["endpoints"], key) for key in keys]
    assert len({*names}) == len(keys)
    assert [EndpointKey.parse(str(name)) for name in names] == keys
