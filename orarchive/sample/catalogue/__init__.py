"""The catalogue the sample service starts from, one record a line in the files beside this one.

Most names, prices, limits and dates are as they were in the summer of 2026; descriptions and scores are made
up, and so is what a quirk of the service needed. Records have the service's own shape, but what most of them
share is left out of the files and filled in here, and what a model takes from its endpoints in `state`. A few
keys are the sample's own and are never served:

`model`       the model id an endpoint answers for
`later`       the record waits for a happening to bring it in
`zdr`         the endpoint keeps no data: true, or the fields in which its row in that list differs
`answers_as`  the id a model's endpoints route gives, where it is another than the one asked for

`past.jsonl` names models that are used though they are in no list of the sample: permaslug, first day, and
the day after the last (null: still used). Names are real; the days are in part rough or made up.
"""

import json
from pathlib import Path
from typing import Any

Row = dict[str, Any]
CATEGORIES = (
    *("programming", "roleplay", "marketing", "marketing/seo", "technology", "science"),
    *("translation", "legal", "finance", "health", "trivia", "academia"),
)
OWN_KEYS = frozenset({"model", "later", "zdr", "answers_as"})


def models() -> dict[str, Row]:
    """Every model that ever appears, by id, without what it takes from its endpoints."""
    return {row["id"]: _whole_model(row) for row in read("models")}


def endpoints(models: dict[str, Row]) -> dict[str, Row]:
    """Every endpoint that ever appears, by `model@tag` (`#1` from the second of that name on)."""
    rows: dict[str, Row] = {}
    for row in read("endpoints"):
        key = twin = f"{row['model']}@{row['tag']}"
        number = 0
        while key in rows:
            number += 1
            key = f"{twin}#{number}"
        rows[key] = _whole_endpoint(row, models[row["model"]])
    return rows


def providers() -> dict[str, Row]:
    """Every provider that ever appears, by slug."""
    return {row["slug"]: row for row in read("providers")}


def read(name: str) -> list[Row]:
    """The records of one file, fresh at every call."""
    text = Path(__file__).with_name(f"{name}.jsonl").read_text(encoding="utf-8")
    return [json.loads(line) for line in text.splitlines()]


def served(row: Row) -> Row:
    """A record without the keys that are the sample's own."""
    return {key: value for key, value in row.items() if key not in OWN_KEYS}


def _whole_model(row: Row) -> Row:
    return {
        "hugging_face_id": "",
        "knowledge_cutoff": None,
        "expiration_date": None,
        "default_parameters": {},
        "supported_voices": None,
        "per_request_limits": None,
        "links": {"details": f"/api/v1/models/{row['canonical_slug']}/endpoints"},
        **row,
    }


def _whole_endpoint(row: Row, model: Row) -> Row:
    return {
        "name": f"{row['provider_name']} | {model['canonical_slug']}",
        "model_id": model["id"],
        "model_name": model["name"],
        "max_prompt_tokens": None,
        "supports_implicit_caching": False,
        **row,
        "pricing": {"discount": 0, **row["pricing"]},
    }
