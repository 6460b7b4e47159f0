"""A synthetic world: the sample's records multiplied, a few changes an hour, health of real magnitudes.

Records are as large as the real ones (a model's facts 0.9 KB, an endpoint's 0.5 KB). Every hour two models,
the endpoints of three and the scores of ten change, all health moves; every twelfth hour a model goes and
another comes.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from bench.health import Health
from orarchive.domain.feeds import ENDPOINTS, FEEDS, MODELS, PROVIDERS
from orarchive.domain.record_files import number_duplicates, split_record
from orarchive.jsonl import Record, dumps
from orarchive.sample import START, world_at
from orarchive.sample.drift import draw_scores
from orarchive.sample.routes import answer
from orarchive.timestamps import HOUR

PATHS = [path for name in ("models", "endpoints", "providers", "zdr") for path in FEEDS[name].files]

EDITS = {"models/facts.jsonl": 1, "models/prices.jsonl": 1, "models/benchmarks.jsonl": 10}
EDITS |= {"endpoints/facts.jsonl": 1, "endpoints/prices.jsonl": 2}
"""How many models' lines change in a file every hour."""

HEALTH = "endpoints/health.jsonl"
MOST = 3
"""Endpoints of a model at most: so 600 models have 1,000."""

TURN = 12
"""Hours from one model that goes, and one that comes in its place, to the next."""

KEPT = 6
"""Models an hour whose endpoints could not be read."""

Place = tuple[Record, list[tuple[int, Record]]]
"""A model and its endpoints, numbered."""


@dataclass(frozen=True)
class World:
    """So many models and endpoints, at any hour; hours are counted from 0, places of models too."""

    models: int = 600
    endpoints: int = 1000
    latency: bool = False

    @cached_property
    def places(self) -> list[Place]:
        """What stands in each place at first."""
        world = world_at(START)

        def ask(path: str) -> Any:
            return answer(world, path, {"output_modalities": "all"}, {}, "")[1]["data"]

        sample = [(row, ask(f"models/{row['id']}/endpoints")["endpoints"]) for row in ask("models")]
        rows = [(row, list(number_duplicates(ENDPOINTS, items))[:MOST]) for row, items in sample]
        found: list[Place] = []
        left = self.endpoints
        for place in range(self.models):
            row, items = rows[place % len(rows)]
            found.append((row, items[:left]))
            left -= len(found[-1][1])
        return found

    def id(self, place: int, hour: int) -> str:
        """The id of the model that stands in a place at an hour."""
        turn = (hour // TURN - place) // self.models + 1
        return f"{self.places[place][0]['id']}-{place}-{turn}"

    def turned(self, hour: int) -> set[int]:
        """The place that has another model since this very hour, if one has."""
        return {hour // TURN % self.models} if hour % TURN == 0 else set()

    def edited(self, path: str, hour: int) -> set[int]:
        """The places whose lines in a file are edited at an hour."""
        pool = [n for n, (_, items) in enumerate(self.places) if items]
        rate = EDITS.get(path, 0)
        return {pool[(hour * rate + n) % len(pool)] for n in range(rate)}

    def kept(self, hour: int) -> set[int]:
        """The places whose endpoints could not be read at an hour."""
        return {(hour * KEPT + n) % self.models for n in range(KEPT)} - self.turned(hour) if hour else set()

    def versions(self, path: str, hours: int) -> Iterator[tuple[int, bytes]]:
        """The hours at which a file changes, with its bytes."""
        if path == HEALTH:
            yield from self._health(hours)
        elif path in PROVIDERS.files:
            found = sorted(world_at(START).providers, key=lambda row: str(row["slug"]))
            yield 0, b"".join(dumps(row) + b"\n" for row in found)
        else:
            lines = {place: self._lines(path, place, 0) for place in range(self.models)}
            for hour in range(hours):
                for place in (some := self.edited(path, hour) | self.turned(hour)):
                    lines[place] = self._lines(path, place, hour)
                if some:
                    yield hour, b"".join(text for _, text in sorted(lines.values()))

    def _lines(self, path: str, place: int, hour: int) -> tuple[str, bytes]:
        """A place's lines in a file, which are as they are since an hour, behind the model's id."""
        row, items = self.places[place]
        name = self.id(place, hour)
        folder, _, file = path.removesuffix(".jsonl").partition("/")
        found: list[Record]
        if folder == "models":
            found = [
                line
                for one, line in split_record(MODELS, {}, moved({**row, "id": name}, hour))
                if one == file
            ]
        elif folder == "zdr":
            found = [{"model_id": name, "tag": item["tag"], "n": n} for n, item in items[::2]]
        elif file == "models":
            found = [{"model": name}]
        else:
            own = [({"model": name, "n": n}, moved({**item, "model_id": name}, hour)) for n, item in items]
            found = [
                line for keys, item in own for one, line in split_record(ENDPOINTS, keys, item) if one == file
            ]
        return name, b"".join(dumps(line) + b"\n" for line in found)

    def _health(self, hours: int) -> Iterator[tuple[int, bytes]]:
        health = Health(self.endpoints, self.latency)
        keys = [(place, item["tag"], n) for place, (_, items) in enumerate(self.places) for n, item in items]
        lines: dict[tuple[int, str, int], bytes] = {}
        for hour in range(hours):
            if hour % TURN == 0:
                order = sorted(keys, key=lambda key: (self.id(key[0], hour), *key[1:]))
            kept = self.kept(hour)
            for key, values in zip(keys, health.hour(), strict=True):
                if key[0] not in kept:
                    own = {"model": self.id(key[0], hour), "tag": key[1], "n": key[2]}
                    lines[key] = dumps({**own, **values}) + b"\n"
            yield hour, b"".join(map(lines.__getitem__, order))


def moved(record: Record, hour: int) -> Record:
    """A record as an hour's edit leaves it."""
    pricing = {**record["pricing"], "prompt": f"0.{hour % 97 + 1:09}"}
    found = {**record, "context_length": 1024 * (hour % 89 + 1), "pricing": pricing}
    if marks := record.get("benchmarks"):
        found["benchmarks"] = draw_scores(marks, record["id"], START + 24 * hour * HOUR)
    return found
