"""Everything that can go wrong with an answer to rankings: what stands stays, the ledger names it."""

import gzip
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from orarchive.sample import FAULTS, Service, sample_service
from orarchive.sample.faults import encode
from tests.support.archives import DAY, HOUR, Stage, data_files, say, tidy
from tests.support.rankings import (
    APPS,
    EARLY,
    FEW,
    MODELS,
    OPENAPI,
    ORDER,
    Told,
    bad,
    naming,
    reports,
    run,
    serving,
    stage_in,
)

pytestmark = pytest.mark.faults

LATER = EARLY + DAY
"""A Thursday: nothing weekly is due."""

FEEL = {
    OPENAPI: {"openapi": [""]},
    ORDER: {"order": ["", "marketing/seo"]},
    MODELS: {"models": [""], "modality": ["text"], "context": ["1K"]},
    APPS: {"apps": ["popular"]},
}
"""Route -> the series and parts that are asked for there."""

AFTER = {
    MODELS: {"apps": ["popular"], "tasks": [""]},
    APPS: {"tasks": [""], "modality": ["text"], "context": ["1K"]},
}
"""Those that are asked for after it with the same allowance, too: where it is used up they wait."""

BODIES = (ORDER, MODELS, APPS)
REASONS: dict[str, dict[str, str]] = {
    **{status: dict.fromkeys(FEEL, status) for status in ("429", "500", "502", "503", "404")},
    "429-retry-after": dict.fromkeys(FEEL, "429"),
    "cut-off": dict.fromkeys(FEEL, "cut-off"),
    "reset": dict.fromkeys(FEEL, "connection"),
    "huge": dict.fromkeys(FEEL, "too-large"),
    **{fault: dict.fromkeys(FEEL, "not-json") for fault in ("html", "invalid-json", "not-utf8", "nan")},
    "error-object": dict.fromkeys(FEEL, "error-object"),
    "wrong-type": {OPENAPI: "wrong-shape", ORDER: "key-missing", MODELS: "no-date", APPS: "key-missing"},
    "empty": dict.fromkeys(BODIES, "empty"),
    "shrunken": {ORDER: "shrunk", MODELS: "shrunk"},
    "duplicate": dict.fromkeys(BODIES, "duplicate-key"),
    "key-missing": {ORDER: "key-missing"},
}
"""Fault -> route -> the reason that the ledger names; elsewhere it is good, or finds nothing to spoil."""

HAD_NOT = ("429", "429-retry-after", "500", "502", "503", "404", "cut-off", "reset", "huge")
OPTIONS: dict[str, dict[str, Any]] = {
    "huge": {"size": 11_000_000},
    "slow-drip": {"interval": 0.0005, "size": 4000},
}


@dataclass(frozen=True)
class Base:
    """An archive with one day of rankings, and the files of an undisturbed next day."""

    stage: Stage
    told: Told
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
    told = Told(service, [naming(FEW)])
    assert run(stage, EARLY) == 0
    undisturbed = stage.copy(folder / "undisturbed")
    assert run(undisturbed, LATER) == 0
    return Base(stage, told, data_files(undisturbed.root))


@pytest.fixture
def case(base: Base, tmp_path: Path) -> Iterator[Stage]:
    """A copy of the archive with one day."""
    base.told.answers()
    yield base.stage.copy(tmp_path / "archive")
    base.stage.service.heal()
    del base.told.alters[1:]


def expected(fault: str, route: str) -> dict[str, dict[str, str]]:
    """The parts that were not had, with the reason, by series."""
    reason = REASONS.get(fault, {}).get(route)
    feel = FEEL[route] | (AFTER.get(route, {}) if reason == "429" else {}) if reason else {}
    return {name: dict.fromkeys(parts, str(reason)) for name, parts in feel.items()}


def belongs(path: str, names: Any) -> bool:
    """Whether a file is one of some series."""
    return any(
        path.startswith((f"rankings/{name}/", f"rankings/{name}.", f"{name}/")) for name in names
    ) and not path.endswith(".gitattributes")


def saved(stage: Stage) -> dict[str, int]:
    """The payloads in quarantine: sha256 -> bytes."""
    found = [gzip.decompress(path.read_bytes()) for path in stage.root.glob("quarantine/*.gz")]
    return {hashlib.sha256(payload).hexdigest(): len(payload) for payload in found}


def refused(stage: Stage) -> dict[str, int]:
    """The payloads that the last line of the ledger calls refused: the same."""
    told = [one for report in reports(stage).values() for one in report.get("refused", ())]
    return {one["sha256"]: one["bytes"] for one in told}


def test_no_fault_is_forgotten() -> None:
    harmless = {"count-mismatch"}  # an order is cut anyway
    assert FAULTS.keys() == REASONS.keys() | harmless | {name for name, one in FAULTS.items() if one.good}


@pytest.mark.parametrize("route", FEEL)
@pytest.mark.parametrize("fault", FAULTS)
def test_fault(base: Base, case: Stage, fault: str, route: str) -> None:
    """A fault is named and touches nothing but its own series; the repair asks for these alone."""
    failing = expected(fault, route)
    case.service.fail(route, fault, **OPTIONS.get(fault, {}))
    assert run(case, LATER) == bool(failing)
    assert bad(case) == failing
    outcomes = {name: report["outcome"] for name, report in reports(case).items()}
    wrong = "failed" if fault in HAD_NOT else "quarantined"
    assert outcomes == dict.fromkeys(outcomes, "ok") | dict.fromkeys(failing, wrong)
    before, found = data_files(base.stage.root), data_files(case.root)
    for path in found.keys() | before.keys() | base.undisturbed.keys():
        if belongs(path, failing):
            assert found.get(path) == before.get(path), path
        elif not FAULTS[fault].good and fault not in ("shrunken", "key-missing"):
            assert found.get(path) == base.undisturbed.get(path), path
    assert saved(case) == refused(case)
    assert bool(saved(case)) == bool(failing and wrong == "quarantined")

    case.service.heal()
    base.told.answers()
    commits = len(case.commits())
    assert run(case, LATER + HOUR) == 0
    felt = {path for path, series in FEEL.items() if series.keys() & failing.keys()}
    assert set(base.told.asked()) == felt | ({"classifications/task"} if "tasks" in failing else set())
    assert len(case.commits()) == commits + bool(failing)
    if failing:
        assert data_files(case.root) == base.undisturbed
        assert run(case, LATER + 2 * HOUR) == 0
        assert base.told.asked() == [], "a day that was made good is done"


def test_what_is_odd_but_good_is_kept(case: Stage) -> None:
    case.service.fail(MODELS, "lone-surrogate")
    case.service.fail(APPS, "big-integer")
    assert run(case, LATER) == 0
    assert b'"name":"\\ud800"' in (case.root / "data/rankings/models/2025-01.jsonl").read_bytes()
    assert b'"context_length":1180591620717411303423' in (
        (case.root / "data/rankings/apps/popular/2025-01.jsonl").read_bytes()
    )


def test_a_date_that_is_restated_by_more_than_a_hundredth_is_told(base: Base, case: Stage) -> None:
    def doubled(body: Any) -> Any:
        for row in body["data"]:
            factor = {"2025-01-10": 2, "2025-01-11": 1.005}.get(row["date"], 1)
            row["total_tokens"] = str(int(int(row["total_tokens"]) * factor))
        return body

    base.told.alters.append(serving(MODELS, doubled, period="day"))
    assert run(case, LATER) == 0
    told = [line for line in say(case.root, "log", "-1", "--format=%b").splitlines() if line.startswith("~")]
    assert [line.partition(":")[0] for line in told] == [
        "~ daily totals of models, 2025-01-10",
        "~ daily totals by modality (text), 2025-01-10",
        "~ daily totals by context length (1K), 2025-01-10",
    ]
    assert all(line.endswith("tokens (+100.0%)") for line in told)


# --- what is not believed -----------------------------------------------------------------------------------


def rewritten(**fields: Any) -> Any:
    """The last row with other fields; None: without."""

    def change(body: Any) -> Any:
        row = body["data"][-1] | fields
        row = {name: value for name, value in row.items() if value is not None}
        return body | {"data": [*body["data"][:-1], row]}

    return change


def thinned(body: Any) -> Any:
    """One date that is held loses a quarter of its rows."""
    date = "2025-01-10"
    gone = [row for row in body["data"] if row["date"] == date][::4]
    return body | {"data": [row for row in body["data"] if row not in gone]}


REFUSED = {
    "a date with fewer rows": (MODELS, thinned, "shrunk"),
    "no date": (MODELS, rewritten(date=None), "no-date"),
    "an empty date": (MODELS, rewritten(date=""), "no-date"),
    "a date of another kind": (MODELS, rewritten(date=20250115), "no-date"),
    "a day that is none": (MODELS, rewritten(date="2025-02-30"), "no-date"),
    "a date in another form": (MODELS, rewritten(date="2025-W03-3"), "no-date"),
    "a date with a time": (MODELS, rewritten(date="2025-01-15T00:00:00Z"), "no-date"),
    "a path for a date": (MODELS, rewritten(date="../../x.js"), "no-date"),
    "the running day": (MODELS, rewritten(date="2025-01-16"), "other-dates"),
    "a day yet to come": (MODELS, rewritten(date="2031-01-15"), "other-dates"),
    "a day before all": (MODELS, rewritten(date="2024-12-31"), "other-dates"),
    "no model": (MODELS, rewritten(model_permaslug=None), "key-missing"),
    "a model of another kind": (MODELS, rewritten(model_permaslug={"a": 1}), "key-missing"),
    "one model twice": (
        MODELS,
        lambda body: body | {"data": [*body["data"], body["data"][3]]},
        "duplicate-key",
    ),
    "rows that are none": (MODELS, lambda body: body | {"data": ["row"]}, "wrong-shape"),
    "null": (MODELS, lambda body: body | {"data": None}, "wrong-shape"),
    "no data": (MODELS, lambda body: {"meta": body["meta"]}, "wrong-shape"),
    "a list": (MODELS, lambda body: body["data"], "wrong-shape"),
    "apps without their day": (APPS, lambda body: {"data": body["data"]}, "no-date"),
    "apps of other days": (APPS, lambda body: body | {"meta": {"end_date": "2025-01-09"}}, "other-dates"),
    "an order without an id": (ORDER, lambda body: body | {"data": [{"name": "x"}]}, "key-missing"),
    "no paths": (OPENAPI, lambda body: body | {"paths": {}}, "wrong-shape"),
    "paths of another kind": (OPENAPI, lambda body: body | {"paths": ["/models"]}, "wrong-shape"),
    "another document": (OPENAPI, lambda body: {"paths": body["paths"]}, "wrong-shape"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_refused(base: Base, case: Stage, what: str) -> None:
    """Nothing of it stands, the payload is saved, and when it is well again nothing is missing."""
    route, change, reason = REFUSED[what]
    base.told.alters.append(serving(route, change))
    assert run(case, LATER) == 1
    assert bad(case) == {name: dict.fromkeys(parts, reason) for name, parts in FEEL[route].items()}
    before, found = data_files(base.stage.root), data_files(case.root)
    assert [path for path in before if belongs(path, FEEL[route]) and found[path] != before[path]] == []
    sent = {hashlib.sha256(case_body).hexdigest() for case_body in bodies(base.told, route)}
    assert saved(case).keys() == refused(case).keys() <= sent
    base.told.alters.pop()
    assert run(case, LATER + HOUR) == 0
    assert data_files(case.root) == base.undisturbed


def bodies(told: Told, route: str) -> list[bytes]:
    """The bytes of what a route answered."""
    return [encode(answer.body) for answer in told.answers() if answer.path == route]


def test_without_any_list_of_values(base: Base, service: Service, tmp_path: Path) -> None:
    """The first OpenAPI file cannot be had: what needs no values is read, the ledger names the others."""
    stage = stage_in(service, tmp_path / "archive")
    service.fail(OPENAPI, "503")
    assert run(stage, EARLY) == 1
    service.heal()
    unnamed = {
        name: {"*": "no-values"} for name in ("order", "apps", "modality", "context", "category", "language")
    }
    assert bad(stage) == {"openapi": {"": "503"}, **unnamed}
    assert reports(stage)["order"]["read"] == {"": ""}
    assert run(stage, EARLY + HOUR) == 0
    assert data_files(stage.root) == data_files(base.stage.root)


def test_an_openapi_file_that_names_no_values_any_more(base: Base, case: Stage) -> None:
    """It is archived; that the parts cannot be asked for is said, and what stands stays."""
    base.told.alters.append(naming({"modality": []}))
    assert run(case, LATER) == 1
    assert bad(case) == {"modality": {"*": "no-values"}}
    before, found = data_files(base.stage.root), data_files(case.root)
    assert [path for path in before if belongs(path, ["modality"]) and found.get(path) != before[path]] == []
    assert say(case.root, "status", "--porcelain") == ""
    tidy(case.root)
