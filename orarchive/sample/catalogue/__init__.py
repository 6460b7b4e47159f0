"""The catalogue that the sample service starts from: one record a line in the files beside this one.

Most names, prices, limits and dates are as they were in the summer of 2026; descriptions and scores are made
up, and so are the values that show a quirk of the service. Records have the service's own shape, but fields
that most of them share are left out of the files and filled in here, and the fields that a model takes from
its endpoints are filled in by `state`. A few keys belong to the sample and are never served:

`model`       the model id an endpoint answers for
`later`       the record is absent until a happening adds it
`zdr`         the endpoint keeps no data: true, or the fields in which its row in that list differs
`answers_as`  the id in the answer of a model's endpoints route, where it differs from the requested id

`past.jsonl` names models that are used though they are in no list of the sample: permaslug, first day, and
the day after the last (null: still used). Names are real; some days are approximate or made up.
"""

import json
from pathlib import Path
from typing import Any

Row = dict[str, Any]
CATEGORIES = (
    *("programming", "roleplay", "marketing", "marketing/seo", "technology", "science"),
    *("translation", "legal", "finance", "health", "trivia", "academia"),
)
SAMPLE_KEYS = frozenset({"model", "later", "zdr", "answers_as"})


def load_models() -> dict[str, Row]:
    """Return every model that ever appears, by id, without the fields that come from its endpoints."""
    return {row["id"]: _fill_model(row) for row in read_rows("models")}


def load_endpoints(models: dict[str, Row]) -> dict[str, Row]:
    """Return every endpoint that ever appears, by `model@tag` (`#1` from the second with that name on)."""
    rows: dict[str, Row] = {}
    for row in read_rows("endpoints"):
        key = name = f"{row['model']}@{row['tag']}"
        number = 0
        while key in rows:
            number += 1
            key = f"{name}#{number}"
        rows[key] = _fill_endpoint(row, models[row["model"]])
    return rows


def load_providers() -> dict[str, Row]:
    """Return every provider that ever appears, by slug."""
    return {row["slug"]: row for row in read_rows("providers")}


def read_rows(name: str) -> list[Row]:
    """Return the records of one file, as new objects at every call."""
    text = Path(__file__).with_name(f"{name}.jsonl").read_text(encoding="utf-8")
    return [json.loads(line) for line in text.splitlines()]


def strip_sample_keys(row: Row) -> Row:
    """Return a record without the keys that are never served."""
    return {key: value for key, value in row.items() if key not in SAMPLE_KEYS}


def _fill_model(row: Row) -> Row:
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


def _fill_endpoint(row: Row, model: Row) -> Row:
    return {
        "name": f"{row['provider_name']} | {model['canonical_slug']}",
        "model_id": model["id"],
        "model_name": model["name"],
        "max_prompt_tokens": None,
        "supports_implicit_caching": False,
        **row,
        "pricing": {"discount": 0, **row["pricing"]},
    }
