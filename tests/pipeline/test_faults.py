"""Every fault of an answer, on every route: what is kept, what the ledger says, and what is asked again."""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from itertools import cycle
from pathlib import Path
from typing import Any

import pytest

from orarchive.domain.feeds import FEEDS
from orarchive.sample import FAULTS, START, Reply, Service
from orarchive.sample.faults import encode
from tests.support.archives import (
    DAY,
    DIRECT_ROUTES,
    HOUR,
    KEYLESS_FEEDS,
    LIST_ROUTES,
    Payloads,
    Stage,
    assert_tidy,
    build_direct_payloads,
    build_payloads,
    edit_records,
    make_archive,
    name_direct_services,
    read_data_files,
    read_git,
    read_quarantine,
)
from tests.support.bodies import ENDLESS, archived_bodies, list_cases, served_bodies

pytestmark = pytest.mark.faults

MODEL = "anthropic/claude-haiku-4.5"
IMAGE_MODEL = "black-forest-labs/flux.2-pro"
LATER = START + DAY
"""The first hour of the next day, in which the daily feeds are due again."""

ROUTES = {
    # route that fails -> the feed that it affects
    **{route: feed for feed, route in LIST_ROUTES.items()},
    "models/count": "models",
    f"models/{MODEL}/endpoints": "endpoints",
    "models/*/endpoints": "endpoints",
    f"images/models/{IMAGE_MODEL}/endpoints": "image_endpoints",
    "images/models/*/endpoints": "image_endpoints",
    DIRECT_ROUTES["direct_deepseek"]: "direct_deepseek",
}
PATHS_OF_LISTS = (*LIST_ROUTES.values(), *DIRECT_ROUTES.values())
WHOLE_ROUTES = (*PATHS_OF_LISTS, "models/*/endpoints", "images/models/*/endpoints")
DATA_ROUTES = tuple(route for route in ROUTES if route != "models/count")

FAILURES = {
    **{status: (status, DATA_ROUTES) for status in ("429", "500", "502", "503", "404")},
    "429-retry-after": ("429", DATA_ROUTES),
    "cut-off": ("cut-off", DATA_ROUTES),
    "reset": ("connection", DATA_ROUTES),
    "huge": ("too-large", DATA_ROUTES),
}
"""Fault -> the reason in the ledger, and the routes on which the fetch fails with it."""

REJECTIONS = {
    **dict.fromkeys(("html", "invalid-json", "not-utf8", "nan"), ("not-json", DATA_ROUTES)),
    "error-object": ("error-object", DATA_ROUTES),
    "wrong-type": ("wrong-shape", DATA_ROUTES),
    "empty": ("empty", WHOLE_ROUTES),
    "shrunken": ("shrunk", WHOLE_ROUTES),
    "duplicate": ("faulty-rows", [route for route in PATHS_OF_LISTS if route != LIST_ROUTES["zdr"]]),
    "key-missing": ("faulty-rows", PATHS_OF_LISTS),
    "count-mismatch": ("count-mismatch", ["models"]),
}
"""The same of faults that validation refuses; on other routes their bodies are valid."""

SKIPS = ("models/*/endpoints",), ("nan", "wrong-type", "key-missing")
"""Routes and faults that need a row to spoil: the [] of an alias stays good, and the feed is partial."""

OPTIONS: dict[str, dict[str, Any]] = {
    "huge": {"size": 33_000_000},
    "slow-drip": {"interval": 0.0005, "size": 4000},
}

LIKE_MODELS = {
    *("images/models/*/endpoints", f"images/models/{IMAGE_MODEL}/endpoints"),
    *DIRECT_ROUTES.values(),
}
"""Routes that are fetched and merged as those of the models are: each kind of outcome is enough."""

CASES = [
    (fault, route)
    for fault, route in list_cases(ROUTES, always=("models", "models/*/endpoints"))
    if route not in LIKE_MODELS or fault in ("503", "html", "empty", "shrunken", "cut-off", "big-integer")
]


def test_no_fault_is_forgotten() -> None:
    good = {name for name, fault in FAULTS.items() if fault.good}
    assert FAULTS.keys() == FAILURES.keys() | REJECTIONS.keys() | good | set(ENDLESS)


def expect(fault: str, route: str) -> tuple[str, str]:
    """Return the outcome and the reason that the ledger must name."""
    if (fault, route) == ("count-mismatch", "models/count"):
        return "quarantined", "count-off"
    if fault == "key-missing" and route.startswith("models/") and route != "models/count":
        return "partial", "key-missing"
    if fault == "duplicate" and route in ("models/*/endpoints", LIST_ROUTES["zdr"]):
        return "quarantined", "grown"
    for table, outcome in ((FAILURES, "failed"), (REJECTIONS, "quarantined")):
        reason, routes = table.get(fault, ("", ()))
        if route in routes:
            is_partial = MODEL in route or IMAGE_MODEL in route or (route in SKIPS[0] and fault in SKIPS[1])
            return ("partial" if is_partial else outcome), reason
    return "ok", ""


def spoil(fault: str, body: Any) -> Any:
    """Return a body as the service sends it with a fault in force."""
    change = FAULTS[fault].change
    return json.loads(change(Reply(200, encode(body))).body) if change else body


@dataclass(frozen=True)
class Base:
    """An archive with one good hour, the bodies of the next, and the files after an undisturbed run.

    One of the two has the lists of other services, too.
    """

    stage: Stage
    before: Payloads
    after: Payloads
    undisturbed: dict[str, bytes]


@pytest.fixture(scope="module")
def bases(running: Service, tmp_path_factory: pytest.TempPathFactory) -> dict[bool, Base]:
    """Make the archive with the lists of other services (True), and the one without."""
    made = {}
    for is_direct in (False, True):
        folder = tmp_path_factory.mktemp("base")
        running.heal()
        running.now = START
        options = {"direct": name_direct_services(running.base_url)} if is_direct else {}
        stage = Stage(running, make_archive(folder / "archive"), options)
        before = build_payloads(START) | (build_direct_payloads() if is_direct else {})
        after = edit_records(before, "second")
        stage.serve(before)
        assert stage.run(START) == 0
        undisturbed = stage.copy(folder / "undisturbed")
        undisturbed.serve(after)
        assert undisturbed.run(LATER) == 0
        made[is_direct] = Base(stage, before, after, read_data_files(undisturbed.root))
    return made


@pytest.fixture
def base(bases: dict[bool, Base], route: str) -> Base:
    return bases[route in DIRECT_ROUTES.values()]


@pytest.fixture
def case(base: Base, tmp_path: Path) -> Iterator[Stage]:
    """Copy the archive with one good hour; serve the bodies of the next one."""
    base.stage.service.heal()
    base.stage.serve(base.after)
    stage = base.stage.copy(tmp_path / "archive")
    stage.take_requests()
    yield stage
    base.stage.service.heal()


def test_a_file_in_place_of_the_quarantine_costs_no_record(stage: Stage) -> None:
    stage.serve(build_payloads(START))
    (stage.root / "quarantine").write_text("mine")
    stage.service.fail("providers", "wrong-type")
    assert stage.run(START) == 1
    assert stage.read_report("models")["outcome"] == "ok"
    assert (stage.root / "quarantine").read_text() == "mine"


@pytest.mark.parametrize(("fault", "route"), CASES)
def test_fault(base: Base, case: Stage, fault: str, route: str) -> None:
    """Name a fault, change nothing but its own records, and ask for these alone in the repair."""
    feed = ROUTES[route]
    outcome, reason = expect(fault, route)
    failing = {path for path in base.after if reason and fnmatchcase(path, route)}
    if outcome == "partial":
        failing = {path for path in failing if fault not in SKIPS[1] or "[]" not in str(base.after[path])}
    if "models/count" in failing:
        failing = {"models"}
    case.service.fail(route, fault, **OPTIONS.get(fault, {}))
    assert case.run(LATER) == (0 if outcome == "ok" else 1)

    report = case.read_report(feed)
    assert (report["outcome"], report.get("reasons", [])) == (outcome, [reason] if reason else [])
    requested = FEEDS if case.options else KEYLESS_FEEDS
    assert case.read_outcomes(LATER) == dict.fromkeys(requested, "ok") | {feed: outcome}
    standing = dict(base.after)
    for path in standing:
        if path in failing:
            standing[path] = base.before[path]
        elif fnmatchcase(path, route) and path != "models/count":
            standing[path] = spoil(fault, base.after[path])
    assert archived_bodies(case) == served_bodies(standing)
    if (
        feed in LIST_ROUTES | DIRECT_ROUTES and feed != "zdr" and reason
    ):  # zdr repeats endpoints, which are newer now
        files, before = read_data_files(case.root), read_data_files(base.stage.root)
        assert all(files.get(path) == before.get(path) for path in FEEDS[feed].files)
    payloads = read_quarantine(case.root).values()
    saved = {hashlib.sha256(payload).hexdigest(): len(payload) for payload in payloads}
    refused = {line["sha256"]: line["bytes"] for line in report.get("refused", [])}
    assert refused.items() <= saved.items()
    assert len(saved) == sum(report.get("refused_counts", {}).values()) or len(refused)
    assert bool(refused) == bool(reason and fault in REJECTIONS)
    assert read_git(case.root, "status", "--porcelain") == ""

    case.service.heal()
    case.take_requests()
    commits = case.list_subjects()
    assert case.run(LATER, is_hour_given=False, force=True) == 0
    assert set(case.take_requests()) == failing | ({"models/count"} if "models" in failing else set())
    assert len(case.list_subjects()) == len(commits) + bool(failing)
    if failing or standing == base.after:
        assert read_data_files(case.root) == base.undisturbed
    assert_tidy(case.root)


TEXTS = ["\ud800", "a\x00b\r\n", "\u202e\u2028", "\U0001f600", "x" * 100_000]
FIELDS = [
    {"models": "description", "providers": "name", "models/*/endpoints": "tag"},
    {"endpoints/zdr": "tag"},
]


@pytest.mark.parametrize("fields", FIELDS, ids=lambda fields: "-".join(fields))
def test_hostile_text(stage: Stage, fields: dict[str, str]) -> None:
    """Archive half characters, control characters and long texts as sent; they forge no trailer."""
    stage.run(START)
    served = build_payloads(START)
    for route, field in fields.items():
        texts = cycle(TEXTS)
        for path in (path for path in served if fnmatchcase(path, route)):
            data = served[path]["data"]
            for row in data if isinstance(data, list) else data["endpoints"]:
                row[field] += next(texts)
    stage.serve(served)
    assert stage.run(START + HOUR) == 0
    assert archived_bodies(stage) == served_bodies(served)
    assert "\n\nHour: 2026-06-01T01Z\nAttempt: 1" in read_git(stage.root, "log", "-1", "--format=%B")
    assert_tidy(stage.root)
