"""Archives of rankings for tests; the answers of the sample service are altered and recorded."""

import datetime as dt
import json
import pickle
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from orarchive.domain.ranking_series import SERIES
from orarchive.sample import Reply, Service
from orarchive.store.ledger import SeriesReport
from tests.support.archives import DAY, Stage, make_archive, read_git

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
    """The answer to one request; the rows of a ranking are in `body`."""

    path: str
    query: Mapping[str, str]
    status: int
    body: Any


@dataclass
class Recorder:
    """Records the answers of a sample service, after altering them."""

    service: Service
    alters: list[Alter] = field(default_factory=list)
    made: list[tuple[str, Mapping[str, str], Any]] = field(default_factory=list)
    """Path, query and body of each answer, in the order of the requests."""

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
            # A copy by pickle takes a tenth of the time of one by deepcopy.
            body = alter(path, query, pickle.loads(pickle.dumps(body)))
        self.made.append((path, query, body))
        return body if isinstance(body, Reply) else (status, body)

    def answers(self) -> list[Answer]:
        """Return the answers sent since the last call; of several tries of one request, only the last."""
        requests = [(request.path.partition("?")[0], request.status) for request in self.service.seen]
        assert [path for path, _ in requests] == [path for path, _, _ in self.made]
        answers = {
            (path, *sorted(query.items())): Answer(path, query, status, body)
            for (path, query, body), (_, status) in zip(self.made, requests, strict=True)
        }
        self.made.clear()
        self.service.seen.clear()
        return list(answers.values())

    def asked(self) -> list[str]:
        """Return the paths requested since the last call."""
        return [answer.path for answer in self.answers()]


def allow_values(values: Mapping[str, list[str]]) -> Alter:
    """Make an alteration that leaves only these values (name -> values) of parameters in the OpenAPI file."""

    def alter(path: str, query: Mapping[str, str], body: Any) -> Any:
        if path == OPENAPI:
            for route in body["paths"].values():
                for parameter in route["get"]["parameters"]:
                    schema = parameter["schema"]
                    if "enum" in schema and parameter["name"] in values:
                        schema["enum"] = [v for v in schema["enum"] if v in values[parameter["name"]]]
        return body

    return alter


def change_body(route: str, change: Callable[[Any], Any], **parameters: str) -> Alter:
    """Make an alteration of the bodies of one route, requested with these parameters."""

    def alter(path: str, query: Mapping[str, str], body: Any) -> Any:
        return change(body) if path == route and parameters.items() <= query.items() else body

    return alter


def stage_in(service: Service, folder: Path, key: str | None = KEY) -> Stage:
    """Make a stage with an empty archive; `key` opens the Data API of the service."""
    return Stage(service, make_archive(folder), {"key": key})


def run(stage: Stage, hour: dt.datetime, **options: Any) -> int:
    """Archive the rankings of an hour, and no feeds; set the clock of the service to that hour."""
    stage.service.now = hour
    return stage.run(hour, **{"rankings": True, "feeds": (), **options})


def reports(stage: Stage) -> dict[str, SeriesReport]:
    """Return the report of each series in the last line of the ledger."""
    return stage.read_attempts()[-1]["rankings"]


def read_failures(stage: Stage) -> dict[str, dict[str, str]]:
    """Return the failed slices of the last attempt: series -> slice -> reason."""
    return {name: report["kept"] for name, report in reports(stage).items() if report.get("kept")}


def rows(stage: Stage, path: str) -> list[Row]:
    """Read the rows of a file below data/rankings/ at HEAD."""
    text = read_git(stage.root, "show", f"HEAD:data/rankings/{path}")
    return [json.loads(line) for line in text.splitlines()]


def count_logged_requests(stage: Stage, day: dt.date) -> int:
    """Count the requests to the Data API on a day, by the ledger."""
    return sum(
        report["requests"]
        for line in stage.read_attempts()
        if line["hour"].startswith(f"{day}")
        for name, report in line.get("rankings", {}).items()
        if name != "openapi" and SERIES[name].needs_key
    )


# --- expected content ---------------------------------------------------------------------------------------

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
    """The last rows that the service sent of each date: the content that the files must have."""

    standing: dict[str, dict[str, list[Row]]] = field(default_factory=lambda: defaultdict(dict))
    """Folder below data/rankings/ -> date -> rows."""
    orders: dict[str, list[Row]] = field(default_factory=dict)
    """File below data/rankings/ -> rows."""

    def hears(self, answers: list[Answer]) -> None:
        """Take the answers of one attempt; those of a folder count only if all are good, and have rows."""
        by_folder: dict[str, list[Answer]] = defaultdict(list)
        for answer in answers:
            if answer.path == ORDER:
                category = answer.query.get("category")
                name = f"order/{category}.jsonl" if category else "order.jsonl"
                if answer.status == 200 and answer.body["data"]:
                    self.orders[name] = [{"id": row["id"]} for row in answer.body["data"][:200]]
            elif answer.path != OPENAPI:
                by_folder[folder_of(answer)].append(answer)
        for folder, parts in by_folder.items():
            if any(answer.status != 200 for answer in parts):
                continue
            by_date: dict[str, list[Row]] = defaultdict(list)
            for row in (row for answer in parts for row in rows_of(answer)):
                by_date[row.get("date") or row["as_of"]].append(row)
            self.standing[folder] |= by_date

    def files(self) -> dict[str, bytes]:
        """Return the bytes of every file below data/rankings/ but git's: path -> bytes."""
        contents = {path: b"".join(map(line, rows)) for path, rows in self.orders.items()}
        for folder, dates in self.standing.items():
            for month in {date[:7] for date in dates}:
                contents[f"{folder}/{month}.jsonl"] = self.file(folder, month)
        return contents

    def file(self, folder: str, month: str) -> bytes:
        """Return the bytes of the file of a month."""
        key = KEYS.get(folder.partition("/")[0], ("date", "model_permaslug"))
        dates = self.standing[folder]
        month_rows = [row for date in dates if date.startswith(month) for row in dates[date]]
        return b"".join(map(line, sorted(month_rows, key=lambda row: [row[name] for name in key])))


def folder_of(answer: Answer) -> str:
    """Return the folder below data/rankings/ to which an answer of the Data API belongs."""
    if answer.path == APPS:
        return f"apps/{answer.query['sort']}"
    if answer.path != MODELS:
        return {"classifications/task": "tasks", "datasets/session-cost": "sessions"}[answer.path]
    for parameter, name in SLICES.items():
        if parameter in answer.query:
            return f"{name}/{plain(answer.query[parameter])}"
    return "models"


def plain(value: str) -> str:
    """Spell a value as folders: two values that differ only in case are apart on any machine."""
    return value.replace("K", "=4b").replace("M", "=4d")


def rows_of(answer: Answer) -> list[Row]:
    """Return the rows of an answer, each with the date to which it belongs."""
    body = answer.body
    if isinstance(body["data"], dict):
        return [body["data"]]
    end = {APPS: "end_date", "datasets/session-cost": "window_end_date"}.get(answer.path)
    return [{"date": body["meta"][end], **row} if end else row for row in body["data"]]


def line(row: Row) -> bytes:
    """Write a row as a line of JSON with sorted keys."""
    return json.dumps(row, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode() + b"\n"


def files(stage: Stage) -> dict[str, bytes]:
    """Read the files below data/rankings/ of a work tree, without `.gitattributes` and NOTICE."""
    folder = stage.root / "data/rankings"
    paths = [path for path in folder.rglob("*") if path.is_file()]
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in paths
        if path.name not in (".gitattributes", "NOTICE")
    }


def days(first: dt.datetime, count: int) -> list[dt.datetime]:
    """Return the same hour on `count` days, the first included."""
    return [first + number * DAY for number in range(count)]
