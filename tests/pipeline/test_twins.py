"""Endpoints that share a tag, from hour to hour: only what changed is told, and only its lines change."""

from typing import Any

from orarchive.sample import START
from tests.support.archives import HOUR, Stage, build_payloads, read_git

MODEL = "z-ai/glm-5.1"
PATH = f"models/{MODEL}/endpoints"


def serve_twins(stage: Stage, *twins: tuple[str, int]) -> None:
    """Serve endpoints with one tag, each with its price and its limit."""
    bodies = build_payloads(START)
    first = bodies[PATH]["data"]["endpoints"][0]
    endpoints: list[dict[str, Any]] = [
        {
            **first,
            "tag": "x",
            "pricing": {"prompt": price, "completion": "0.00001"},
            "max_completion_tokens": limit,
        }
        for price, limit in twins
    ]
    stage.serve({**bodies, PATH: {"data": {**bodies[PATH]["data"], "endpoints": endpoints}}})


def list_told(stage: Stage) -> list[str]:
    """List the lines of the last commit about the endpoints of the model."""
    lines = read_git(stage.root, "log", "-1", "--format=%b").splitlines()
    return [line for line in lines if f"{MODEL}@" in line]


def test_each_keeps_its_number(stage: Stage) -> None:
    a, b, c = ("0.000001", 100), ("0.000002", 200), ("0.000003", 300)
    serve_twins(stage, a, b)
    assert stage.run(START) == 0
    hours: tuple[tuple[tuple[tuple[str, int], ...], list[str]], ...] = (
        ((b, a), []),
        # one has another limit, by which it would be the first
        ((a, ("0.000002", 50)), [f"~ {MODEL}@x#1: max_completion_tokens 200 -> 50"]),
        # one leaves, and a third joins
        ((("0.000002", 50),), [f"- {MODEL}@x: left"]),
        ((c, ("0.000002", 50)), [f"+ {MODEL}@x: joined, $3.00 per M in, $10.00 per M out"]),
    )
    for number, (twins, told) in enumerate(hours, start=1):
        serve_twins(stage, *twins)
        assert stage.run(START + number * HOUR) == 0
        assert list_told(stage) == told
    changed = read_git(stage.root, "diff", "--stat", "HEAD~1", "--", "data/endpoints/prices.jsonl")
    assert "1 insertion(+)" in changed and "deletion" not in changed
