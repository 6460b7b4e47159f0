"""Every fault of an answer to rankings: what is kept, what the ledger says, and what is asked again."""

import hashlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from orarchive.sample import FAULTS, Service, sample_service
from orarchive.sample.faults import encode
from tests.support.archives import DAY, HOUR, Stage, assert_tidy, read_data_files, read_git, read_quarantine
from tests.support.bodies import ENDLESS, list_cases
from tests.support.rankings import (
    APPS,
    EARLY,
    FEW,
    MODELS,
    OPENAPI,
    ORDER,
    Alter,
    Recorder,
    allow_values,
    change_body,
    read_failures,
    reports,
    run,
    stage_in,
)

pytestmark = [pytest.mark.faults, pytest.mark.usefixtures("few_ranked")]

LATER = EARLY + DAY
"""A Thursday, on which no weekly series is due."""

SLICES = {
    OPENAPI: {"openapi": [""]},
    ORDER: {"order": ["", "marketing/seo"]},
    MODELS: {"models": [""], "modality": ["text"], "context": ["1K"]},
    APPS: {"apps": ["popular"]},
}
"""Route -> the series and slices that are requested there."""

LATER_SLICES = {
    MODELS: {"apps": ["popular"], "tasks": [""]},
    APPS: {"tasks": [""], "modality": ["text"], "context": ["1K"]},
}
"""Those requested after it with the same allowance: where it is used up they wait."""

LIST_ROUTES = (ORDER, MODELS, APPS)
REASONS: dict[str, dict[str, str]] = {
    **{status: dict.fromkeys(SLICES, status) for status in ("429", "500", "502", "503", "404")},
    "429-retry-after": dict.fromkeys(SLICES, "429"),
    "cut-off": dict.fromkeys(SLICES, "cut-off"),
    "reset": dict.fromkeys(SLICES, "connection"),
    "huge": dict.fromkeys(SLICES, "too-large"),
    **{fault: dict.fromkeys(SLICES, "not-json") for fault in ("html", "invalid-json", "not-utf8", "nan")},
    "error-object": dict.fromkeys(SLICES, "error-object"),
    "wrong-type": {OPENAPI: "wrong-shape", ORDER: "key-missing", MODELS: "no-date", APPS: "key-missing"},
    "empty": dict.fromkeys(LIST_ROUTES, "empty"),
    "shrunken": {ORDER: "shrunk", MODELS: "shrunk"},
    "duplicate": dict.fromkeys(LIST_ROUTES, "duplicate-key"),
    "key-missing": {ORDER: "key-missing"},
}
"""Fault -> route -> the reason in the ledger; on other routes the body is valid, or stays as it is."""

FAILURES = ("429", "429-retry-after", "500", "502", "503", "404", "cut-off", "reset", "huge")
OPTIONS: dict[str, dict[str, Any]] = {
    "huge": {"size": 21_000_000},
    "slow-drip": {"interval": 0.0005, "size": 4000},
}
CASES = list_cases(SLICES, always=(MODELS,))


@dataclass(frozen=True)
class Base:
    """An archive with one day of rankings, and the files of an undisturbed next day."""

    stage: Stage
    recorder: Recorder
    undisturbed: dict[str, bytes]


@pytest.fixture(scope="module")
def service() -> Iterator[Service]:
    with sample_service(EARLY) as service:
        service.limits.per_day = 10**6
        yield service


@pytest.fixture(scope="module")
def base(service: Service, tmp_path_factory: pytest.TempPathFactory) -> Base:
    folder = tmp_path_factory.mktemp("base")
    stage = stage_in(service, folder / "archive")
    recorder = Recorder(service, [allow_values(FEW)])
    assert run(stage, EARLY) == 0
    undisturbed = stage.copy(folder / "undisturbed")
    assert run(undisturbed, LATER) == 0
    return Base(stage, recorder, read_data_files(undisturbed.root))


@pytest.fixture
def case(base: Base, tmp_path: Path) -> Iterator[Stage]:
    """Copy the archive with one day."""
    base.recorder.answers()
    yield base.stage.copy(tmp_path / "archive")
    base.stage.service.heal()
    del base.recorder.alters[1:]


def expect_failures(fault: str, route: str) -> dict[str, dict[str, str]]:
    """Return the slices that fail, with the reason, by series."""
    reason = REASONS.get(fault, {}).get(route)
    if not reason:
        return {}
    failing = SLICES[route] | (LATER_SLICES.get(route, {}) if reason == "429" else {})
    return {name: dict.fromkeys(slices, reason) for name, slices in failing.items()}


FOLDERS = (("rankings/", "/"), ("rankings/", "."), ("", "/"))
"""Text before and after the name of a series in the paths of its files."""


def belongs(path: str, names: Any) -> bool:
    """Return whether a file belongs to one of these series."""
    prefixes = tuple(f"{start}{name}{end}" for name in names for start, end in FOLDERS)
    return path.startswith(prefixes) and not path.endswith(".gitattributes")


def measure_quarantine(stage: Stage) -> dict[str, int]:
    """Return the sizes of the payloads in quarantine: sha256 -> bytes."""
    return {name: len(payload) for name, payload in read_quarantine(stage.root).items()}


def read_refusals(stage: Stage) -> dict[str, int]:
    """Return the payloads that the last line of the ledger calls refused: sha256 -> bytes."""
    lines = [line for report in reports(stage).values() for line in report.get("refused", ())]
    return {line["sha256"]: line["bytes"] for line in lines}


def test_no_fault_is_forgotten() -> None:
    harmless = {"count-mismatch"}  # only the first rows of an order are kept
    good = {name for name, fault in FAULTS.items() if fault.good}
    assert FAULTS.keys() == REASONS.keys() | harmless | good | set(ENDLESS)


@pytest.mark.parametrize(("fault", "route"), CASES)
def test_fault(base: Base, case: Stage, fault: str, route: str) -> None:
    """Name a fault, change nothing but its own series, and ask for these alone in the repair."""
    failing = expect_failures(fault, route)
    case.service.fail(route, fault, **OPTIONS.get(fault, {}))
    assert run(case, LATER) == bool(failing)
    assert read_failures(case) == failing
    outcomes = {name: report["outcome"] for name, report in reports(case).items()}
    outcome = "failed" if fault in FAILURES else "quarantined"
    assert outcomes == dict.fromkeys(outcomes, "ok") | dict.fromkeys(failing, outcome)
    before, after = read_data_files(base.stage.root), read_data_files(case.root)
    for path in after.keys() | before.keys() | base.undisturbed.keys():
        if belongs(path, failing):
            assert after.get(path) == before.get(path), path
        elif not FAULTS[fault].good and fault not in ("shrunken", "key-missing"):
            assert after.get(path) == base.undisturbed.get(path), path
    assert measure_quarantine(case) == read_refusals(case)
    assert bool(measure_quarantine(case)) == bool(failing and outcome == "quarantined")

    case.service.heal()
    base.recorder.answers()
    commits = len(case.list_subjects())
    assert run(case, LATER + HOUR) == 0
    routes = {path for path, series in SLICES.items() if series.keys() & failing.keys()}
    assert set(base.recorder.asked()) == routes | ({"classifications/task"} if "tasks" in failing else set())
    assert len(case.list_subjects()) == commits + bool(failing)
    if failing:
        assert read_data_files(case.root) == base.undisturbed
        assert run(case, LATER + 2 * HOUR) == 0
        assert base.recorder.asked() == [], "a day that was made good is done"


def test_odd_but_valid_values_are_kept(case: Stage) -> None:
    case.service.fail(MODELS, "lone-surrogate")
    case.service.fail(APPS, "big-integer")
    assert run(case, LATER) == 0
    assert b'"name":"\\ud800"' in (case.root / "data/rankings/models/2025-01.jsonl").read_bytes()
    assert b'"context_length":1180591620717411303423' in (
        (case.root / "data/rankings/apps/popular/2025-01.jsonl").read_bytes()
    )


def test_a_date_restated_by_more_than_a_hundredth_is_in_the_message(base: Base, case: Stage) -> None:
    def restate(body: Any) -> Any:
        for row in body["data"]:
            factor = {"2025-01-10": 2, "2025-01-11": 1.005}.get(row["date"], 1)
            row["total_tokens"] = str(int(int(row["total_tokens"]) * factor))
        return body

    base.recorder.alters.append(change_body(MODELS, restate, period="day"))
    assert run(case, LATER) == 0
    message = read_git(case.root, "log", "-1", "--format=%b").splitlines()
    lines = [line for line in message if line.startswith("~")]
    assert [line.partition(":")[0] for line in lines] == [
        f"~ {title}, 2025-01-10"
        for title in (
            "daily totals of models",
            "daily totals by modality (text)",
            "daily totals by context length (1K)",
        )
    ]
    assert all(line.endswith("tokens (+100%)") for line in lines)


# --- refused bodies -----------------------------------------------------------------------------------------


Change = Callable[[Any], Any]


def rewrite_last_row(**fields: Any) -> Change:
    """Make a change of fields of the last row; None removes a field."""

    def change(body: Any) -> Any:
        row = body["data"][-1] | fields
        row = {name: value for name, value in row.items() if value is not None}
        return body | {"data": [*body["data"][:-1], row]}

    return change


def replace_members(**members: Any) -> Change:
    """Make a change of members of a body."""
    return lambda body: body | members


def drop_rows(body: Any) -> Any:
    """Drop a quarter of the rows of a date that is archived."""
    dropped = [row for row in body["data"] if row["date"] == "2025-01-10"][::4]
    return body | {"data": [row for row in body["data"] if row not in dropped]}


def repeat_rows(body: Any) -> Any:
    """Send all rows twice: of a single one the second would be left out."""
    return body | {"data": [*body["data"], *body["data"]]}


REFUSED: list[tuple[str, str, list[Change]]] = [
    # route, the reason in the ledger, and changes of its bodies: one for each series that is requested there
    (MODELS, "shrunk", [drop_rows]),
    (
        MODELS,
        "no-date",
        [rewrite_last_row(date=None), rewrite_last_row(date=""), rewrite_last_row(date=20250115)],
    ),
    (MODELS, "no-date", [rewrite_last_row(date=day) for day in ("2025-02-30", "2025-W03-3", "../../x.js")]),
    (MODELS, "no-date", [rewrite_last_row(date="2025-01-15T00:00:00Z")]),
    (
        MODELS,
        "other-dates",
        [rewrite_last_row(date=day) for day in ("2025-01-16", "2031-01-15", "2024-12-31")],
    ),
    (
        MODELS,
        "key-missing",
        [rewrite_last_row(model_permaslug=None), rewrite_last_row(model_permaslug={"a": 1})],
    ),
    (MODELS, "duplicate-key", [repeat_rows]),
    (
        MODELS,
        "wrong-shape",
        [replace_members(data=["row"]), replace_members(data=None), lambda body: body["data"]],
    ),
    (MODELS, "wrong-shape", [lambda body: {"meta": body["meta"]}]),
    (APPS, "no-date", [lambda body: {"data": body["data"]}]),
    (APPS, "other-dates", [replace_members(meta={"end_date": "2025-01-09"})]),
    (ORDER, "key-missing", [replace_members(data=[{"name": "x"}])]),
    (OPENAPI, "wrong-shape", [replace_members(paths={})]),
    (OPENAPI, "wrong-shape", [replace_members(paths=["/models"])]),
    (OPENAPI, "wrong-shape", [lambda body: {"paths": body["paths"]}]),
]


def spread(route: str, changes: list[Change]) -> Alter:
    """Make an alteration of a route that uses each change for another series, as far as they go."""

    def alter(path: str, query: Mapping[str, str], body: Any) -> Any:
        number = 1 if "modality" in query else 2 if "context_bucket" in query else 0
        return changes[number % len(changes)](body) if path == route else body

    return alter


@pytest.mark.parametrize(("route", "reason", "changes"), REFUSED)
def test_refused(base: Base, case: Stage, route: str, reason: str, changes: list[Change]) -> None:
    """Archive nothing of a refused body, save it, and miss nothing when it is well again."""
    base.recorder.alters.append(spread(route, changes))
    assert run(case, LATER) == 1
    assert read_failures(case) == {
        name: dict.fromkeys(slices, reason) for name, slices in SLICES[route].items()
    }
    before, after = read_data_files(base.stage.root), read_data_files(case.root)
    assert [path for path in before if belongs(path, SLICES[route]) and after[path] != before[path]] == []
    sent = [encode(answer.body) for answer in base.recorder.answers() if answer.path == route]
    hashes = {hashlib.sha256(body).hexdigest() for body in sent}
    assert measure_quarantine(case).keys() == read_refusals(case).keys() <= hashes
    base.recorder.alters.pop()
    assert run(case, LATER + HOUR) == 0
    assert read_data_files(case.root) == base.undisturbed


def test_without_any_list_of_values(base: Base, service: Service, tmp_path: Path) -> None:
    """Read the series that need no values, and name the others, where the first OpenAPI file fails."""
    stage = stage_in(service, tmp_path / "archive")
    service.fail(OPENAPI, "503")
    assert run(stage, EARLY) == 1
    service.heal()
    unnamed = {
        name: {"*": "no-values"} for name in ("order", "apps", "modality", "context", "category", "language")
    }
    assert read_failures(stage) == {"openapi": {"": "503"}, **unnamed}
    assert reports(stage)["order"]["read"] == {"": ""}
    assert run(stage, EARLY + HOUR) == 0
    assert read_data_files(stage.root) == read_data_files(base.stage.root)


def test_an_openapi_file_that_names_no_values_any_more(base: Base, case: Stage) -> None:
    """Archive it, name the series whose slices are unknown, and keep their files."""
    base.recorder.alters.append(allow_values({"modality": []}))
    assert run(case, LATER) == 1
    assert read_failures(case) == {"modality": {"*": "no-values"}}
    before, after = read_data_files(base.stage.root), read_data_files(case.root)
    assert [path for path in before if belongs(path, ["modality"]) and after.get(path) != before[path]] == []
    assert read_git(case.root, "status", "--porcelain") == ""
    assert_tidy(case.root)
