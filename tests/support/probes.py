"""Payloads of models that left the list, and the probes that ask for each of them by itself."""

import copy
from typing import Any

from orarchive.sample import START
from tests.support.archives import HOUR, Payloads, Stage, build_payloads, read_git

NEXT = START + HOUR
FREE, ALIAS, ROUTER = "openai/gpt-oss-20b:free", "~openai/gpt-latest", "openrouter/auto"


def without(bodies: Payloads, *models: str) -> Payloads:
    """Return payloads without some models in their list."""
    shortened = copy.deepcopy(bodies)
    rows = [row for row in shortened["models"]["data"] if row["id"] not in models]
    shortened["models"] |= {"data": rows, "total_count": len(rows)}
    return shortened | {"models/count": {"data": {"count": len(rows)}}}


def build_probe(name: str) -> dict[str, Any]:
    """Return the body with which the service answers a probe, with the id of the model."""
    return {"data": build_payloads(START)["models"]["data"][0] | {"id": name}}


def list_probes(stage: Stage) -> list[str]:
    """Return the paths of the probes since the last call."""
    return [path for path in stage.take_requests() if path.startswith("model/")]


def list_missing_lines(stage: Stage) -> list[str]:
    """Return the lines of the last commit's message about missing models."""
    return [
        line for line in read_git(stage.root, "log", "-1", "--format=%b").splitlines() if "missing" in line
    ]
