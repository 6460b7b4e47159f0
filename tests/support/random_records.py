"""Random JSON, records and snapshots, with the names that the archive gives a meaning."""

import os
import random
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from orarchive.domain.feeds import FEEDS, ZDR
from orarchive.domain.record_files import sort_set_fields
from orarchive.domain.snapshot import Snapshot, build_copy_state, make_empty_snapshot
from orarchive.jsonl import Record, loads


def examples(count: int) -> settings:
    """Return settings for `count` examples: others on each run, but always the same ones in CI."""
    return settings(
        max_examples=count,
        derandomize=bool(os.environ.get("CI")),
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )


# --- strategies for any JSON --------------------------------------------------------------------------------

TEXT = st.text(st.characters(exclude_categories=()), max_size=8)
NUMBERS = st.builds(
    lambda integer, fraction, power: loads(f"{integer}{fraction}{power}"),
    st.integers() | st.sampled_from(["-0"]),
    st.sampled_from(["", ".0", ".10", ".000000001", ".30000000000000004"]),
    st.sampled_from(["", "e0", "E+7", "e-07", "e300", "E-300"]),
)
NAMES = TEXT | st.sampled_from(
    [
        *("model", "n", "lacks", "response", "=model", "==n", "=lacks"),
        *("id", "tag", "data", "endpoints", "pricing"),
    ]
)
JSON = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES, inner, max_size=4),
    max_leaves=12,
)
PYTHON_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
)
"""Values that the standard library writes and reads without loss."""

# --- records and snapshots ----------------------------------------------------------------------------------

TEXTS = [
    *("", "a", "\ud800", "\n\nHour: 1999-01-01T00Z", "\u202e"),
    *("0", "-1", "0.000001", "1e999999", "NaN", "1e-999999"),
]
LEAVES = [
    *(None, True, False, 0, -1, 1),
    *map(loads, ("1.0", "-0", "1e-7", "1e400", "99999999999999999999")),
    *TEXTS,
]
PRICE_FIELDS = [
    *("prompt", "completion", "image", "overrides"),
    *("discount", "utc_start", "utc_days", "min_prompt_tokens"),
]
FIELDS = [
    *("pricing", "description", "benchmarks", "architecture", "supported_parameters", "alias_target"),
    *("status", "uptime_last_1d", "name", "created", "expiration_date", "context_length", "quantization"),
    *("top_provider", "model", "n", "lacks", "response", "=model", "==n", "=lacks", "data", "slug"),
    "input_modalities",
]
IDS = ["a/x", "a/y", "~a/z", "a/x:free"]
TAGS = ["p", "p/eu", "q"]


class RandomRecords:
    """Draws records from a seed, far faster than strategies do."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)

    def _repeat(self, maximum: int) -> range:
        return range(self.random.randint(0, maximum))

    def value(self, depth: int = 3) -> Any:
        """Draw any JSON value, nested up to a depth."""
        kind = self.random.random()
        if not depth or kind < 0.5:
            return self.random.choice(LEAVES)
        if kind < 0.7:
            return [self.value(depth - 1) for _ in self._repeat(3)]
        names = FIELDS + PRICE_FIELDS + TEXTS
        return {self.random.choice(names): self.value(depth - 1) for _ in self._repeat(4)}

    def _prices(self) -> Record:
        return {self.random.choice(PRICE_FIELDS): self.value(1) for _ in self._repeat(4)}

    def record(self) -> Record:
        """Draw a record without keys; more than half have a `pricing` with overrides."""
        record = {self.random.choice(FIELDS + TEXTS): self.value() for _ in self._repeat(8)}
        if self.random.random() < 0.6:
            record["pricing"] = {**self._prices(), "overrides": [self._prices() for _ in self._repeat(3)]}
        return record

    def _state(self, field: str, keys: list[str]) -> dict[Any, Record]:
        chosen = self.random.sample(keys, self.random.randint(0, len(keys)))
        return {(key,): {**self.record(), field: key} for key in chosen}

    def _endpoint(self) -> Record:
        return {**self.record(), "tag": self.random.choice(TAGS), "model_id": self.random.choice(IDS)}

    def _endpoints(self, maximum: int) -> list[Record]:
        return [self._endpoint() for _ in self._repeat(maximum)]

    def _response(self) -> Record:
        return {**self.record(), "data": {**self.record(), "endpoints": self._endpoints(4)}}

    def snapshot(self) -> Snapshot:
        """Draw a snapshot of all feeds; zdr repeats some of the endpoints."""
        snapshot = make_empty_snapshot()
        for name in ("models", "images", "videos"):
            snapshot[name] = self._state("id", IDS)
        snapshot["providers"] = self._state("slug", TAGS)
        snapshot["endpoints"] = {(key,): self._response() for key in IDS if self.random.random() < 0.7}
        snapshot["image_endpoints"] = {
            (key,): {**self.record(), "endpoints": self._endpoints(2)} for key in IDS
        }
        for name, state in snapshot.items():
            for record in state.values():
                sort_set_fields(record["data"] if name == "endpoints" else record, FEEDS[name].set_fields)
        copies = [
            endpoint
            for response in snapshot["endpoints"].values()
            for endpoint in response["data"]["endpoints"]
        ]
        rows = self.random.sample(copies, self.random.randint(0, len(copies))) + self._endpoints(3)
        snapshot["zdr"] = build_copy_state(ZDR, rows, snapshot)
        return snapshot
