"""Synthetic records: the sample's multiplied, with a few changes an hour and health of real magnitudes.

Records are as large as the real ones (a model's facts 0.9 KB, an endpoint's 0.5 KB). Every hour two models,
the endpoints of three and the scores of ten change, and all health does; every twelfth hour a model is
replaced by another.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from bench.health import Health
from orarchive.domain.feeds import ENDPOINTS, FEEDS, MODELS, PROVIDERS
from orarchive.domain.record_files import list_numbered, split_record
from orarchive.jsonl import Record, dumps
from orarchive.sample import START, build_world_at
from orarchive.sample.drift import draw_scores
from orarchive.sample.routes import answer
from orarchive.timestamps import HOUR

PATHS = [path for name in ("models", "endpoints", "providers", "zdr") for path in FEEDS[name].files]

EDITS_PER_HOUR = {
    "models/facts.jsonl": 1,
    "models/prices.jsonl": 1,
    "models/benchmarks.jsonl": 10,
    "endpoints/facts.jsonl": 1,
    "endpoints/prices.jsonl": 2,
}
"""Path below data/ -> how many models' lines change in it every hour."""

MAX_ENDPOINTS = 3
"""Endpoints of a model at most: with it 600 models have 1,000."""

HOURS_PER_REPLACEMENT = 12
"""Hours from one replacement of a model to the next."""

KEPT_PER_HOUR = 6
"""Models an hour whose endpoints could not be fetched."""

NumberedRecords = list[tuple[int, Record]]


@dataclass(frozen=True)
class SyntheticData:
    """Records of so many models and endpoints at any hour.

    Hours and slots are counted from 0. A slot holds one model at a time.
    """

    models: int = 600
    endpoints: int = 1000
    latency: bool = False

    @cached_property
    def slots(self) -> list[tuple[Record, NumberedRecords]]:
        """Return the model of each slot and its numbered endpoints, as they are at first."""
        world = build_world_at(START)

        def ask(path: str) -> Any:
            return answer(world, path, {"output_modalities": "all"}, {}, "")[1]["data"]

        sample = [(row, ask(f"models/{row['id']}/endpoints")["endpoints"]) for row in ask("models")]
        rows = [(row, list(list_numbered(ENDPOINTS, items))[:MAX_ENDPOINTS]) for row, items in sample]
        slots: list[tuple[Record, NumberedRecords]] = []
        remaining = self.endpoints
        for slot in range(self.models):
            row, items = rows[slot % len(rows)]
            slots.append((row, items[:remaining]))
            remaining -= len(slots[-1][1])
        return slots

    def model_id(self, slot: int, hour: int) -> str:
        """Return the id of the model that is in a slot at an hour."""
        generation = (hour // HOURS_PER_REPLACEMENT - slot) // self.models + 1
        return f"{self.slots[slot][0]['id']}-{slot}-{generation}"

    def replaced(self, hour: int) -> set[int]:
        """Return the slot whose model is replaced at this very hour, if there is one."""
        return {hour // HOURS_PER_REPLACEMENT % self.models} if hour % HOURS_PER_REPLACEMENT == 0 else set()

    def edited(self, path: str, hour: int) -> set[int]:
        """Return the slots whose lines in a file are edited at an hour."""
        served = [slot for slot, (_, items) in enumerate(self.slots) if items]
        count = EDITS_PER_HOUR.get(path, 0)
        return {served[(hour * count + n) % len(served)] for n in range(count)}

    def kept_slots(self, hour: int) -> set[int]:
        """Return the slots whose endpoints could not be fetched at an hour."""
        if not hour:
            return set()
        return {(hour * KEPT_PER_HOUR + n) % self.models for n in range(KEPT_PER_HOUR)} - self.replaced(hour)

    def versions(self, path: str, hours: int) -> Iterator[tuple[int, bytes]]:
        """Yield the hours at which a file changes, with its bytes."""
        if path in PROVIDERS.files:
            providers = sorted(build_world_at(START).providers, key=lambda row: str(row["slug"]))
            yield 0, b"".join(dumps(row) + b"\n" for row in providers)
        else:
            lines = {slot: self._lines(path, slot, 0) for slot in range(self.models)}
            for hour in range(hours):
                changed = self.edited(path, hour) | self.replaced(hour)
                for slot in changed:
                    lines[slot] = self._lines(path, slot, hour)
                if changed:
                    yield hour, b"".join(text for _, text in sorted(lines.values()))

    def _lines(self, path: str, slot: int, hour: int) -> tuple[str, bytes]:
        """Return the model id of a slot and its lines in a file, as they are after an edit at an hour."""
        row, items = self.slots[slot]
        model = self.model_id(slot, hour)
        folder, _, file = path.removesuffix(".jsonl").partition("/")
        lines: list[Record]
        if folder == "models":
            parts = split_record(MODELS, {}, edit_record({**row, "id": model}, hour))
            lines = [line for part, line in parts if part == file]
        elif folder == "zdr":
            lines = [{"model_id": model, "tag": item["tag"], "n": n} for n, item in items[::2]]
        elif file == "models":
            lines = [{"model": model}]
        else:
            lines = [
                line
                for n, item in items
                for part, line in split_record(
                    ENDPOINTS, {"model": model, "n": n}, edit_record({**item, "model_id": model}, hour)
                )
                if part == file
            ]
        return model, b"".join(dumps(line) + b"\n" for line in lines)

    def health_lines(self, hours: int) -> Iterator[list[Record]]:
        """Yield the lines of health of each hour, in order."""
        health = Health(self.endpoints, self.latency)
        keys = [(slot, item["tag"], n) for slot, (_, items) in enumerate(self.slots) for n, item in items]
        lines: dict[tuple[int, str, int], Record] = {}
        for hour in range(hours):
            if hour % HOURS_PER_REPLACEMENT == 0:
                order = sorted(keys, key=lambda key: (self.model_id(key[0], hour), *key[1:]))
            kept_slots = self.kept_slots(hour)
            for key, values in zip(keys, health.advance(), strict=True):
                if key[0] not in kept_slots:
                    fields = {"model": self.model_id(key[0], hour), "tag": key[1], "n": key[2]}
                    lines[key] = {**fields, **values}
            yield [lines[key] for key in order]


def edit_record(record: Record, hour: int) -> Record:
    """Return a record with the values that an edit at an hour gives it."""
    pricing = {**record["pricing"], "prompt": f"0.{hour % 97 + 1:09}"}
    edited = {**record, "context_length": 1024 * (hour % 89 + 1), "pricing": pricing}
    if benchmarks := record.get("benchmarks"):
        edited["benchmarks"] = draw_scores(benchmarks, record["id"], START + 24 * hour * HOUR)
    return edited
