"""Archives of rankings for tests: what the sample service answered, altered at will, and remembered."""

import datetime as dt
import json
from collections import defaultdict
from collections.abc import Callable, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from orarchive.domain.ranking_series import SERIES
from orarchive.sample import Reply, Service
from orarchive.store.ledger import SeriesReport
from tests.support.archives import DAY, Stage, new_archive, say

KEY = "sample-key"
EARLY = dt.datetime(2025, 1, 15, 6, tzinfo=dt.UTC)
"""A Wednesday two weeks after the first date that is published: an archive begun then is small."""

MODELS, APPS, ORDER, OPENAPI = "datasets/rankings-daily", "datasets/app-rankings", "models", "/openapi.json"

FEW = {
    "category": ["marketing/seo"],
    "sort": ["popular"],
    "modality": ["text"],
    "context_bucket": ["1K"],
    "language_type": ["natural"],
}
"""Values that an OpenAPI file names, so few that a run takes a tenth of a second."""

Row = dict[str, Any]
Alter = Callable[[str, Mapping[str, str], Any], Any]
"""(path, query, body) -> the body that is served instead."""


@dataclass(frozen=True)
class Answer:
    """What was answered to one request; the rows of a ranking are in `body`."""

    path: str
    query: Mapping[str, str]
    status: int
    body: Any


@dataclass
class Told:
    """Stands between a sample service and whoever asks it."""

    service: Service
    alters: list[Alter] = field(default_factory=list)
    made: list[tuple[str, Mapping[str, str], Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._real = self.service.respond
        self.service.respond = self._respond
        self.service.seen.clear()

    def _respond(
        self, path: str, query: Mapping[str, str], headers: Mapping[str, str]
    ) -> Reply | tuple[int, Any]:
        answer = self._real(path, query, headers)
        assert not isinstance(answer, Reply)
        status, body = answer
        for alter in self.alters if status == 200 else ():
            body = alter(path, query, deepcopy(body))
        self.made.append((path, query, body))
        return body if isinstance(body, Reply) else (status, body)

    def answers(self) -> list[Answer]:
        """What was answered since the last time, as it went out; of tries at one thing the last."""
        went_out = [(seen.path.partition("?")[0], seen.status) for seen in self.service.seen]
        assert [path for path, _ in went_out] == [path for path, _, _ in self.made]
        found = {
            (path, *sorted(query.items())): Answer(path, query, status, body)
            for (path, query, body), (_, status) in zip(self.made, went_out, strict=True)
        }
        self.made.clear()
        self.service.seen.clear()
        return list(found.values())

    def asked(self) -> list[str]:
        """The paths asked since the last time."""
        return [answer.path for answer in self.answers()]


def naming(values: Mapping[str, list[str]]) -> Alter:
    """The OpenAPI file names other values of parameters: those of its own that are among these."""

    def alter(path: str, query: Mapping[str, str], body: Any) -> Any:
        if path == OPENAPI:
            for route in body["paths"].values():
                for one in route["get"]["parameters"]:
                    if "enum" in one["schema"]:
                        known = one["schema"]["enum"]
                        one["schema"]["enum"] = [
                            name for name in known if name in values.get(one["name"], known)
                        ]
        return body

    return alter


def serving(route: str, change: Callable[[Any], Any], **asked: str) -> Alter:
    """One route (asked with such parameters) answers with a changed body."""

    def alter(path: str, query: Mapping[str, str], body: Any) -> Any:
        return change(body) if path == route and asked.items() <= query.items() else body

    return alter


def stage_in(service: Service, folder: Path, key: str | None = KEY) -> Stage:
    """An archive without hours that asks a service, with a key if one is given."""
    return Stage(service, new_archive(folder), {"key": key})


def run(stage: Stage, hour: dt.datetime, **wish: Any) -> int:
    """Archive the rankings of an hour, and no feeds; the service's clock is at that hour."""
    stage.service.now = hour
    wished: dict[str, Any] = {"rankings": True, "feeds": (), **wish}
    return stage.run(hour, **wished)


def reports(stage: Stage) -> dict[str, SeriesReport]:
    """The last line of the ledger: how each series fared."""
    return stage.attempts()[-1]["rankings"]


def bad(stage: Stage) -> dict[str, dict[str, str]]:
    """The parts that were not had in the last attempt, with the reasons, by series."""
    return {name: report["kept"] for name, report in reports(stage).items() if report.get("kept")}


def rows(stage: Stage, path: str) -> list[Row]:
    """The rows of a file below data/rankings/ at HEAD."""
    text = say(stage.root, "show", f"HEAD:data/rankings/{path}")
    return [json.loads(line) for line in text.splitlines()]


def counted(stage: Stage, day: dt.date) -> int:
    """Requests to the Data API in a day, by the ledger."""
    return sum(
        report["requests"]
        for line in stage.attempts()
        if line["hour"].startswith(f"{day}")
        for name, report in line.get("rankings", {}).items()
        if name != "openapi" and SERIES[name].needs_key
    )


# --- what must stand ----------------------------------------------------------------------------------------

SLICES = {
    "modality": "modality",
    "context_bucket": "context",
    "category": "category",
    "language_type": "language",
}
KEYS = {
    "apps": ("date", "app_id"),
    "tasks": ("as_of",),
    "sessions": ("date", "app_slug", "turn_range", "model_permaslug"),
}


@dataclass
class Memory:
    """What the service said last of each date: what the files must say, and nothing else."""

    standing: dict[str, dict[str, list[Row]]] = field(default_factory=lambda: defaultdict(dict))
    """Folder below data/rankings/ -> date -> rows."""
    orders: dict[str, list[Row]] = field(default_factory=dict)
    """File below data/rankings/ -> rows."""

    def hears(self, answers: list[Answer]) -> None:
        """The answers of one attempt: a folder's count only if all are good, and have rows."""
        found: dict[str, list[Answer]] = defaultdict(list)
        for answer in answers:
            if answer.path == ORDER:
                part = answer.query.get("category")
                name = f"order/{part}.jsonl" if part else "order.jsonl"
                if answer.status == 200 and answer.body["data"]:
                    self.orders[name] = [{"id": row["id"]} for row in answer.body["data"][:200]]
            elif answer.path != OPENAPI:
                found[folder_of(answer)].append(answer)
        for folder, parts in found.items():
            if any(part.status != 200 for part in parts):
                continue
            by_date: dict[str, list[Row]] = defaultdict(list)
            for row in (row for part in parts for row in rows_of(part)):
                by_date[row.get("date") or row["as_of"]].append(row)
            self.standing[folder] |= by_date

    def files(self) -> dict[str, bytes]:
        """All files below data/rankings/ but git's."""
        found = {path: b"".join(map(line, rows)) for path, rows in self.orders.items()}
        for folder, dates in self.standing.items():
            for month in {date[:7] for date in dates}:
                found[f"{folder}/{month}.jsonl"] = self.file(folder, month)
        return found

    def file(self, folder: str, month: str) -> bytes:
        """The file of a month."""
        key = KEYS.get(folder.partition("/")[0], ("date", "model_permaslug"))
        mine = [row for date, rows in self.standing[folder].items() if date.startswith(month) for row in rows]
        return b"".join(map(line, sorted(mine, key=lambda row: [row[name] for name in key])))


def folder_of(answer: Answer) -> str:
    """Where an answer of the Data API belongs."""
    if answer.path == APPS:
        return f"apps/{answer.query['sort']}"
    if answer.path != MODELS:
        return {"classifications/task": "tasks", "datasets/session-cost": "sessions"}[answer.path]
    sliced = [
        f"{name}/{plain(answer.query[asked])}" for asked, name in SLICES.items() if asked in answer.query
    ]
    return sliced[0] if sliced else "models"


def plain(part: str) -> str:
    """A part as folders: two that differ in case alone are apart on any machine."""
    return part.replace("K", "=4b").replace("M", "=4d")


def rows_of(answer: Answer) -> list[Row]:
    body = answer.body
    if isinstance(body["data"], dict):
        return [body["data"]]
    end = {APPS: "end_date", "datasets/session-cost": "window_end_date"}.get(answer.path)
    return [{"date": body["meta"][end], **row} if end else row for row in body["data"]]


def line(row: Row) -> bytes:
    return json.dumps(row, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode() + b"\n"


def files(stage: Stage) -> dict[str, bytes]:
    """The files below data/rankings/ of a work tree, but what is written about them."""
    folder = stage.root / "data/rankings"
    paths = (
        path for path in folder.rglob("*") if path.is_file() and path.name not in (".gitattributes", "NOTICE")
    )
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}


def days(first: dt.datetime, count: int) -> list[dt.datetime]:
    """An hour on so many days."""
    return [first + number * DAY for number in range(count)]
