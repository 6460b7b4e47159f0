"""Random steps of a history: what changes at the small service, and how the next run goes."""

import copy
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from hypothesis import strategies as st

from orarchive.domain.feeds import FEEDS
from orarchive.jsonl import Record, loads
from tests.support.small_service import (
    ABSENT,
    CATALOGUE,
    IMAGE_AND_TEXT_OUTPUT,
    IMAGE_OUTPUT,
    LONG,
    NIGHT,
    SCOPES,
    SmallService,
    Target,
)

# --- edits --------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Edit:
    """A change at the service: targets are listed or no longer listed, or a field of theirs gets a value."""

    targets: tuple[Target, ...]
    path: str = ""
    """Dotted path of the field; "" to list the targets, or to list them no longer."""
    value: Any = None

    def apply(self, service: SmallService) -> None:
        """Change the records or the lists of a service."""
        for target in self.targets:
            if self.path:
                self._set(service.records[target])
            else:
                service.listed ^= {target}

    def _set(self, record: Record) -> None:
        *outer, name = self.path.split(".")
        for part in outer:
            if not isinstance(record.get(part), dict):
                if self.value is ABSENT:
                    return
                record[part] = {}
            record = record[part]
        if self.value is ABSENT:
            record.pop(name, None)
        else:
            record[name] = copy.deepcopy(self.value)


def _select_feed(feed: str) -> tuple[Target, ...]:
    return tuple(target for target in CATALOGUE if target[0] == feed)


def _select_endpoints(model: str) -> tuple[Target, ...]:
    return tuple(target for target in CATALOGUE if target[:2] == ("endpoints", model))


def _make_edits(groups: Iterable[tuple[Target, ...]], values_by_path: dict[str, list[Any]]) -> list[Edit]:
    """Return an edit for each group of targets, path and value."""
    return [
        Edit(group, path, value)
        for group in groups
        for path, values in values_by_path.items()
        for value in values
    ]


SCHEDULES: list[Any] = [
    ABSENT,
    [],
    [NIGHT],
    [{**NIGHT, "prompt": "0.10"}],
    [{**NIGHT, "prompt": "0.000002"}],
    [{"utc_days": [6, 7], "utc_start": 0, "prompt": "0.1"}],
    [LONG],
    [{**LONG, "prompt": "0.3", "completion": "0"}],
    [NIGHT, LONG],
    [LONG, NIGHT],
]
PRICES: list[Any] = ["0", "0.0", "0.10", "0.1", "0.000002", "3e-7", "-1", ABSENT, None, "much"]

LISTING_EDITS = [Edit((target,)) for target in CATALOGUE if target[0] != "image_endpoints"]
MODEL_LISTING_EDITS = [Edit((target,)) for target in _select_feed("models")]

PRICED_MODELS = [(("models", "a/plain"),), (("models", "a/night"),)]
ENDPOINTS = [(target,) for target in _select_feed("endpoints")[:4]]
MODELS_WITH_ENDPOINT = [
    (*model, endpoint) for model in PRICED_MODELS for endpoint in _select_endpoints(model[0][1])[:2]
]
"""A model with one of its endpoints: both get the same price."""

PRICE_EDITS = _make_edits(
    [*PRICED_MODELS, *ENDPOINTS, *MODELS_WITH_ENDPOINT, (("models", "~a/latest"),)],
    {
        "pricing.prompt": PRICES,
        "pricing.completion": PRICES[:5],
        "pricing.request": PRICES[:8],
        "pricing.overrides": SCHEDULES,
        "pricing.discount": [ABSENT, 0, loads("0.1"), loads("0.10"), loads("0.2")],
    },
)

FIELD_EDITS = [
    *_make_edits(
        [*PRICED_MODELS, (("models", "i/draw"),), (("models", "r/auto"),)],
        {
            "description": ["one", "two"],
            "canonical_slug": ["a/s-1", "a/s-2"],
            "context_length": [1000, 2000, None, ABSENT],
            "top_provider.max_completion_tokens": [100, 200],
            "supported_parameters": [["max_tokens"], ["tools", "max_tokens"], ["max_tokens", "tools"]],
            "expiration_date": [
                *(ABSENT, None, "2027-01-01", "2027-02-01", "2027-02-01T10:00:00Z"),
                *("2098-12-31", "2099-01-01", "soon"),
            ],
            "benchmarks": [{"score": 1}, {"score": 2}, ABSENT],
        },
    ),
    *_make_edits(
        [(("models", "~a/latest"),)],
        {"alias_target": [{"slug": "a/plain"}, {"slug": "a/night"}, {"slug": "a/night", "name": "x"}]},
    ),
    *_make_edits([(("models", "b/x:free"),)], {"alias_target": [ABSENT, {"slug": "a/plain"}]}),
    *_make_edits([(("models", "o/old"),)], {"architecture": [ABSENT, IMAGE_AND_TEXT_OUTPUT, IMAGE_OUTPUT]}),
    *_make_edits(
        ENDPOINTS,
        {
            "quantization": ["fp8", "fp16", ABSENT],
            "context_length": [1000, 2000],
            "name": ["one", "two"],
        },
    ),
    *_make_edits([(target,) for target in _select_feed("zdr")], {"name": ["night", "day"]}),
    *_make_edits(
        [(target,) for target in _select_feed("providers")],
        {"headquarters": ["US", "FR"], "datacenters": [["US"], ["US", "FR"], ["FR", "US"]], "name": ["one"]},
    ),
    *_make_edits([(target,) for target in _select_feed("images")], {"name": ["one", "two"]}),
    *_make_edits(
        [(target,) for target in _select_feed("image_endpoints")], {"pricing": [ABSENT, {"image": "0.2"}]}
    ),
]

HEALTH_EDITS = _make_edits(
    ENDPOINTS,
    {
        "status": [0, 0, -2, -2, None],
        "uptime_last_1d": [99, 50, None, ABSENT],
        "uptime_last_30m": [99, 50, None],
        "latency_last_30m": [ABSENT, {"p50": 10}],
        "throughput_last_30m": [ABSENT, {"p50": 10}],
    },
)

NEW_FIELDS: dict[str, list[Any]] = {
    "novel": [ABSENT, None, 1, {"deep": 1}, {"deep": 2}, [{"deep": 1}]],
    "architecture.novel": [ABSENT, 1, 2],
}
NEW_PRICES: dict[str, list[Any]] = {"pricing.novel": [ABSENT, "0.1", "0"]}
NEW_FIELD_EDITS = [
    *_make_edits(
        [_select_feed(feed) for feed in ("models", "endpoints", "providers", "images", "videos")], NEW_FIELDS
    ),
    *_make_edits([*PRICED_MODELS, *ENDPOINTS, (("providers", "p"),), (("videos", "v/film"),)], NEW_FIELDS),
    *_make_edits([*PRICED_MODELS, *ENDPOINTS, _select_feed("models"), _select_feed("endpoints")], NEW_PRICES),
]

EDITS = st.one_of(
    *map(
        st.sampled_from,
        (
            LISTING_EDITS,
            MODEL_LISTING_EDITS,
            PRICE_EDITS,
            PRICE_EDITS,
            FIELD_EDITS,
            NEW_FIELD_EDITS,
            HEALTH_EDITS,
        ),
    )
)

# --- steps --------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Step:
    """What changes until the next run, and how that run goes."""

    later: int
    """Hours since the hour before; 0: another run at the same hour."""
    edits: list[Edit] = field(default_factory=list)
    scope: str | None = None
    """Scope of the models from now on; it changes only between two hours."""
    bad: dict[str, str] = field(default_factory=dict)
    """Feed -> failed, quarantined, or not requested."""
    missed: frozenset[str] = frozenset()
    """Models whose endpoints cannot be read."""
    again: bool = False
    """Feeds that are good already are requested as well: what two writers of one hour leave."""
    stray: str | None = None
    """A model whose endpoints are requested, listed or not: what a lost race may leave."""
    age: int | None = None
    late: int = 0
    """Hours that the run is late."""
    probe_answer: str | None = "404"
    """Answer to a request for a model that vanished: a status, `orphaned`, another id, or None (no probe)."""
    quiet: tuple[int, int] = (0, 0)
    """Number of hours without a change that follow, and the hours between two of them."""


FAN_OUT_MODELS = ("a/plain", "a/night", "b/x:free", "o/old", "i/draw", "~a/latest")


def _make_steps(quiet: list[tuple[int, int]]) -> st.SearchStrategy[Step]:
    return st.builds(
        Step,
        later=st.sampled_from([1, 1, 1, 0, 0, 2, 5, 24, 30, 24 * 9, 24 * 40]),
        edits=st.lists(EDITS, max_size=6),
        scope=st.sampled_from([None, None, None, None, None, *SCOPES, *SCOPES[:2]]),
        bad=st.just({})
        | st.dictionaries(
            st.sampled_from(sorted(FEEDS)),
            st.sampled_from(["failed", "quarantined", "not requested"]),
            max_size=3,
        ),
        missed=st.just(frozenset()) | st.frozensets(st.sampled_from(FAN_OUT_MODELS), max_size=4),
        again=st.sampled_from([False, False, False, False, True]),
        stray=st.sampled_from([None] * 12 + ["i/draw", "a/plain", "s/stray"]),
        age=st.sampled_from([None, None, 0, 30, 3600, 7200]),
        late=st.sampled_from([0, 0, 0, 0, 3]),
        probe_answer=st.sampled_from(["404", "orphaned", "a/other", "b/x", "503", None]),
        quiet=st.sampled_from(quiet),
    )


HISTORIES = st.lists(
    _make_steps([(0, 0)] * 12 + [(5, 1), (6, 1), (2, 24), (8, 24), (16, 24), (31, 24)]),
    min_size=2,
    max_size=14,
)
SHORT_HISTORIES = st.lists(_make_steps([(0, 0)] * 20 + [(6, 1), (16, 24)]), min_size=2, max_size=8)
