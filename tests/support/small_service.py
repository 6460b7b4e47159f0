"""A small service for random histories: a handful of records of every feed, and what a request returns."""

import copy
from dataclasses import dataclass, field
from typing import Any

from orarchive.collect import validate
from orarchive.domain.feeds import ENDPOINTS, MODELS, CopyFeed, FanOutFeed, ListFeed
from orarchive.jsonl import Record

Target = tuple[Any, ...]
"""Feed and a key of this module's own for a record, such as ("endpoints", "a/plain", 0)."""

ABSENT = object()
"""As the value of a field: the field is not sent."""

NIGHT: Record = {"utc_start": 0, "utc_end": 800, "prompt": "0.1", "completion": "0.2"}
LONG: Record = {"min_prompt_tokens": 1000, "prompt": "0.2"}


def _model(model: str, **fields: Any) -> Record:
    return {
        "id": model,
        "canonical_slug": f"{model}-1",
        "name": model,
        "created": 1,
        "description": "one",
        "context_length": 1000,
        "architecture": {"output_modalities": ["text"], "tokenizer": "A"},
        "pricing": {"prompt": "0.1", "completion": "0.2"},
        "top_provider": {"max_completion_tokens": 100},
        "supported_parameters": ["max_tokens"],
        "benchmarks": {"score": 1},
        **fields,
    }


def _endpoint(model: str, tag: str, **fields: Any) -> Record:
    return {
        "name": f"{tag} | {model}",
        "model_id": model,
        "tag": tag,
        "provider_name": tag.partition("/")[0].upper(),
        "context_length": 1000,
        "quantization": "fp8",
        "pricing": {"prompt": "0.1", "completion": "0.2", "discount": 0},
        "supported_parameters": ["max_tokens"],
        "status": 0,
        "uptime_last_1d": 99,
        "uptime_last_30m": 98,
        **fields,
    }


SCHEDULED = {"prompt": "0.1", "completion": "0.2", "overrides": [NIGHT]}
CHEAP = {"prompt": "0.000002", "completion": "0.1"}
IMAGE_OUTPUT = {"input_modalities": ["text"], "output_modalities": ["image"]}
IMAGE_AND_TEXT_OUTPUT = {"output_modalities": ["image", "text"]}

CATALOGUE: dict[Target, Record] = {
    ("models", "a/plain"): _model("a/plain", architecture=IMAGE_AND_TEXT_OUTPUT),
    ("models", "a/night"): _model("a/night", pricing=SCHEDULED),
    ("models", "b/x:free"): _model("b/x:free", pricing={"prompt": "0", "completion": "0"}),
    ("models", "~a/latest"): _model("~a/latest", alias_target={"slug": "a/plain"}),
    ("models", "r/auto"): _model("r/auto", pricing={"prompt": "-1", "completion": "-1"}),
    ("models", "i/draw"): _model("i/draw", architecture=IMAGE_OUTPUT),
    ("models", "o/old"): {"id": "o/old", "name": "old", "pricing": {"prompt": "0.1", "completion": "0.2"}},
    ("endpoints", "a/plain", 0): _endpoint("a/plain", "p/one"),
    ("endpoints", "a/plain", 1): _endpoint("a/plain", "p/one", pricing=CHEAP),
    ("endpoints", "a/plain", 2): _endpoint("a/plain", "q", pricing=CHEAP),
    ("endpoints", "a/night", 0): _endpoint("a/night", "p/one", pricing=SCHEDULED),
    ("endpoints", "a/night", 1): _endpoint("a/night", "q/eu"),
    ("endpoints", "b/x:free", 0): _endpoint("b/x:free", "q", pricing={"prompt": "0", "completion": "0"}),
    ("endpoints", "i/draw", 0): _endpoint("i/draw", "d"),
    ("endpoints", "o/old", 0): _endpoint("o/old", "q"),
    **{("providers", slug): {"slug": slug, "name": slug, "datacenters": ["US"]} for slug in "pqd"},
    # rows that copy an endpoint, but for the fields given here
    ("zdr", "a/plain", 0): {},
    ("zdr", "a/plain", 1): {},
    ("zdr", "a/night", 0): {"name": "night"},
    ("zdr", "i/draw", 0): {},
    ("images", "i/draw"): {"id": "i/draw", "name": "draw", "architecture": IMAGE_OUTPUT},
    ("images", "j/paint"): {"id": "j/paint", "name": "paint"},
    ("image_endpoints", "i/draw"): {"provider_slug": "d", "pricing": {"image": "0.1"}},
    ("image_endpoints", "j/paint"): {"provider_slug": "d"},
    ("videos", "v/film"): {"id": "v/film", "name": "film"},
    ("videos", "w/clip"): {"id": "w/clip", "name": "clip"},
}

REPEATED_FIELDS = ENDPOINTS.repeated_fields
"""Fields of a model that the response about its endpoints repeats."""

SCOPES = ("models?output_modalities=all", "models", "models?output_modalities=image", "models?category=x")
MODELS_IN_CATEGORY = ("a/plain", "i/draw", "o/old")


@dataclass
class SmallService:
    """All records that the service knows, those that it lists now, and the scope of the models feed."""

    records: dict[Target, Record] = field(default_factory=lambda: copy.deepcopy(CATALOGUE))
    listed: set[Target] = field(default_factory=lambda: set(CATALOGUE))
    scope: str = SCOPES[0]

    def fetch_list(self, feed: ListFeed) -> list[Record]:
        """Return the validated rows of a list."""
        targets = [target for target in CATALOGUE if target[0] == feed.name and target in self.listed]
        if isinstance(feed, CopyFeed):
            rows = [{**self.records["endpoints", *key], **self.records["zdr", *key]} for _, *key in targets]
        else:
            rows = [self.records[target] for target in targets]
        if feed is MODELS:
            rows = [row for row in rows if self._is_in_scope(row)]
        return validate.validate_list(feed, copy.deepcopy({"data": rows})).rows

    def fetch_response(self, feed: FanOutFeed, parent_key: str) -> Record:
        """Return the validated response of a fan-out feed about one key of its parent."""
        if not feed.has_item_lines:
            body = {"id": parent_key, "endpoints": [self.records[feed.name, parent_key]]}
            return validate.validate_response(feed, copy.deepcopy(body))
        parent = self.records.get((feed.parent, parent_key), {"id": parent_key})
        items = [
            item
            for target, item in self.records.items()
            if target[:2] == (feed.name, parent_key) and target in self.listed
        ]
        envelope = {name: parent[name] for name in REPEATED_FIELDS if name in parent}
        return validate.validate_response(feed, copy.deepcopy({"data": envelope | {"endpoints": items}}))

    def _is_in_scope(self, model: Record) -> bool:
        if "category" in self.scope:
            return model["id"] in MODELS_IN_CATEGORY
        modality = self.scope.partition("=")[2] or "text"
        outputs = model.get("architecture", {}).get("output_modalities", ["text"])
        return modality == "all" or modality in outputs
