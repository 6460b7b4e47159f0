"""The `diff` command: changes between two hours as events, as far as the scope of both could show them."""

import json
from pathlib import Path
from typing import Any

from click.testing import CliRunner

from orarchive.cli.main import main as orarchive_command
from orarchive.importer.convert import import_versions
from orarchive.jsonl import Record
from orarchive.sample import START
from orarchive.timestamps import HOUR, format_hour
from tests.support.archives import Stage, build_payloads, make_archive
from tests.support.import_source import PATH, Source


def diff_models(stage: Stage, *hours: str) -> list[Record]:
    """Return the changes of the models that `diff --json` prints."""
    result = CliRunner().invoke(
        orarchive_command, ["diff", "--archive", str(stage.root), *hours, "models", "--json"]
    )
    assert result.exit_code == 0, result.stderr
    changes: list[Record] = json.loads(result.stdout)["changes"]
    return changes


def test_another_scope_adds_and_removes_nothing(stage: Stage, tmp_path: Path) -> None:
    """Models that the older hour could not have shown are first observed; backwards they are not missing."""
    bodies = build_payloads(START)
    rows: list[Any] = bodies["models"]["data"]
    for row in rows[:2]:
        row["architecture"]["output_modalities"] = ["embeddings"]
    modalities = {row["id"]: row["architecture"]["output_modalities"] for row in rows}
    text_rows = [row for row in rows if "text" in modalities[row["id"]]]
    assert 1 < len(text_rows) < len(rows)
    stage.serve(bodies)
    assert stage.run(START) == 0
    source = Source(make_archive(tmp_path / "tracker"))
    source.save(json.dumps({"data": text_rows[1:]}).encode())
    imported = import_versions(stage.archive, str(source.root), PATH, START + HOUR)
    hours = format_hour(imported.hours[0]), format_hour(START)
    kinds = {change["key"]: change["kind"] for change in diff_models(stage, *hours)}
    assert kinds.pop(text_rows[0]["id"]) == "added"
    revealed = {model: "first_observed" for model, outputs in modalities.items() if "text" not in outputs}
    assert {model: kind for model, kind in kinds.items() if kind in ("added", "first_observed")} == revealed
    backwards = diff_models(stage, *hours[::-1])
    assert {change["key"] for change in backwards if change["kind"] == "missing"} == {text_rows[0]["id"]}


def test_json_has_events(stage: Stage) -> None:
    """Print a changed expiration date as `expiry_set`, and a changed schedule as new prices."""
    bodies = build_payloads(START)
    model = bodies["models"]["data"][0]
    model["pricing"] = {"prompt": "0.5"}
    stage.serve(bodies)
    assert stage.run(START) == 0
    model |= {"expiration_date": "2027-01-01"}
    model["pricing"] = {"prompt": "0.5", "overrides": [{"min_prompt_tokens": 9, "prompt": "1"}]}
    stage.serve(bodies)
    assert stage.run(START + HOUR) == 0
    changes = diff_models(stage, format_hour(START), format_hour(START + HOUR))
    assert {(change["kind"], change["field"]) for change in changes} == {
        ("expiry_set", "expiration_date"),
        ("repriced", "prompt"),
    }
    (repriced,) = (change for change in changes if change["kind"] == "repriced")
    assert repriced["new"][-1] == {"min_prompt_tokens": 9, "price": "1"}
