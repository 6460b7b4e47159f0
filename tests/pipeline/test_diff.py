"""`diff`: what lies between two hours, in the words of events, and no further than both could show."""

import json
from pathlib import Path
from typing import Any

from click.testing import CliRunner

from orarchive.cli.main import main as orarchive_command
from orarchive.importer.convert import import_versions
from orarchive.jsonl import Record
from orarchive.sample import START
from orarchive.timestamps import HOUR, format_hour
from tests.pipeline.test_import import PATH, Source
from tests.support.archives import Stage, new_archive, payloads


def changes(stage: Stage, *arguments: str) -> list[Record]:
    """What `diff --json` says of the models."""
    result = CliRunner().invoke(
        orarchive_command, ["diff", "--archive", str(stage.root), *arguments, "models", "--json"]
    )
    assert result.exit_code == 0, result.stderr
    found: list[Record] = json.loads(result.stdout)["changes"]
    return found


def test_another_scope_adds_and_takes_nothing(stage: Stage, tmp_path: Path) -> None:
    """What the older hour could not have shown is first observed; backwards it is not gone."""
    bodies = payloads(START)
    rows: list[Any] = bodies["models"]["data"]
    for one in rows[:2]:
        one["architecture"]["output_modalities"] = ["embeddings"]
    outputs = {one["id"]: one["architecture"]["output_modalities"] for one in rows}
    text = [one for one in rows if "text" in outputs[one["id"]]]
    assert 1 < len(text) < len(rows)
    stage.serve(bodies)
    assert stage.run(START) == 0
    source = Source(new_archive(tmp_path / "tracker"))
    source.save(json.dumps({"data": text[1:]}).encode())
    imported = import_versions(stage.archive, str(source.root), PATH, START + HOUR)
    ends = format_hour(imported.hours[0]), format_hour(START)
    came = {one["key"]: one["kind"] for one in changes(stage, *ends)}
    assert came.pop(text[0]["id"]) == "added"
    outside = {one: "first_observed" for one, gives in outputs.items() if "text" not in gives}
    assert {key: kind for key, kind in came.items() if kind in ("added", "first_observed")} == outside
    back = {one["key"] for one in changes(stage, *ends[::-1]) if one["kind"] == "missing"}
    assert back == {text[0]["id"]}


def test_programs_are_told_in_the_words_of_events(stage: Stage) -> None:
    bodies = payloads(START)
    model = bodies["models"]["data"][0]
    model["pricing"] = {"prompt": "0.5"}
    stage.serve(bodies)
    assert stage.run(START) == 0
    model |= {"expiration_date": "2027-01-01"}
    model["pricing"] = {"prompt": "0.5", "overrides": [{"min_prompt_tokens": 9, "prompt": "1"}]}
    stage.serve(bodies)
    assert stage.run(START + HOUR) == 0
    found = changes(stage, format_hour(START), format_hour(START + HOUR))
    assert {(one["kind"], one["field"]) for one in found} == {
        ("expiry_set", "expiration_date"),
        ("repriced", "prompt"),
    }
    (price,) = (one for one in found if one["kind"] == "repriced")
    assert price["new"][-1] == {"min_prompt_tokens": 9, "price": "1"}
