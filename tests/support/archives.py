"""Real archives for tests: a git work tree in a temporary folder, a service with a few models, and runs."""

import copy
import datetime as dt
import os
import pickle
import subprocess
import sys
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property, lru_cache
from pathlib import Path
from typing import Any

from orarchive.collect.client import RetryPolicy
from orarchive.collect.run import Run
from orarchive.collect.settings import DirectAccess, RunOptions, Settings
from orarchive.domain.data_paths import HEALTH_PATH
from orarchive.domain.feeds import DIRECT_FEEDS, FEEDS
from orarchive.domain.snapshot import Snapshot, parse_snapshot_files
from orarchive.history.history import History, read_history
from orarchive.jsonl import dumps, loads
from orarchive.sample import Reply, Service, build_world_at, direct, routes
from orarchive.sample.faults import encode
from orarchive.store import health_branch, ledger
from orarchive.store.archive import Archive, open_archive
from orarchive.store.git import run_git
from orarchive.store.ledger import Attempt, FeedReport

ROOT = Path(__file__).parents[2]
HOUR = dt.timedelta(hours=1)
DAY = dt.timedelta(days=1)
NO_WAITS = RetryPolicy(first_wait=0, max_wait=0)

PUBLIC_BASE_URL = Settings().base_url
"""Base URL that cassettes name, whatever service they were recorded from."""

CASSETTE_KEY = "sk-or-v1-this-key-is-a-test"
"""API key with which cassettes are recorded."""

Payloads = dict[str, Any]
"""Path below the base URL -> the body that is served there."""

LIST_ROUTES = {
    "models": "models",
    "providers": "providers",
    "zdr": "endpoints/zdr",
    "images": "images/models",
    "videos": "videos/models",
}
"""Feed -> route, of the feeds that are one list."""

DIRECT_ROUTES = {feed.name: f"direct/{feed.base_file}/models" for feed in DIRECT_FEEDS}
"""Feed -> route, of the lists of other services, which the sample serves below its own base URL."""

DIRECT_KEY = "sk-direct-8f14e45fceea167a"
"""Key of these services."""

KEYLESS_FEEDS = [name for name, feed in FEEDS.items() if not feed.is_optional]
"""The feeds that a run without keys reads."""

FAN_OUT_ROUTES = {"endpoints": "models/{}/endpoints", "image_endpoints": "images/models/{}/endpoints"}

FEW = (
    "anthropic/claude-haiku-4.5",
    "deepseek/deepseek-v4-pro",  # time-of-day prices
    "google/gemini-2.5-pro",
    "openai/gpt-5-image",
    "openai/gpt-oss-20b:free",
    "openrouter/auto",  # a router: []
    "qwen/qwen-plus-2025-07-28:thinking",  # its response names another id
    "qwen/qwen3-235b-a22b-2507",  # two endpoints with the same tag
    "z-ai/glm-5.1",
    "~openai/gpt-latest",  # an alias: []
)
"""Models with every kind of record between them, few enough for a run to take a tenth of a second."""


@cache
def _pickle_payloads(moment: dt.datetime, models: tuple[str, ...]) -> bytes:
    """Pickle the bodies of the sample service for a few models: copies by deepcopy take ten times as long."""
    world = build_world_at(moment)

    def answer(path: str) -> Any:
        return routes.answer(world, path, {"output_modalities": "all"}, {}, "no key")[1]

    ids = models or tuple(world.models)
    rows = [row for row in answer("models")["data"] if row["id"] in ids]
    zdr_rows = [row for row in answer("endpoints/zdr")["data"] if row["model_id"] in ids]
    bodies: Payloads = {"models": {"data": rows, "total_count": len(rows), "links": {"next": None}}}
    bodies["models/count"] = {"data": {"count": len(rows)}}
    bodies["providers"] = answer("providers")
    bodies["endpoints/zdr"] = {"data": zdr_rows}
    bodies["images/models"], bodies["videos/models"] = answer("images/models"), answer("videos/models")
    bodies |= {path: answer(path) for path in (FAN_OUT_ROUTES["endpoints"].format(row["id"]) for row in rows)}
    images = [row["id"] for row in bodies["images/models"]["data"]]
    bodies |= {path: answer(path) for path in map(FAN_OUT_ROUTES["image_endpoints"].format, images)}
    return pickle.dumps(bodies)


def build_payloads(moment: dt.datetime, models: tuple[str, ...] = FEW) -> Payloads:
    """Return the sample service's bodies at a moment for a few models, for () all; they may be changed."""
    payloads: Payloads = pickle.loads(_pickle_payloads(moment, models))
    return payloads


def build_direct_payloads() -> Payloads:
    """Return the bodies that other services than OpenRouter send to who has the key."""
    return copy.deepcopy(direct.DIRECT_BODIES)


def name_direct_services(base_url: str, key: str = DIRECT_KEY) -> dict[str, DirectAccess]:
    """Return the access to other services, which a service at a base URL plays: one of `Settings`."""
    return {
        name: DirectAccess(f"{base_url}/{route.removesuffix('/models')}", key)
        for name, route in DIRECT_ROUTES.items()
    }


def edit_records(bodies: Payloads, word: str) -> Payloads:
    """Return bodies with one value changed in every record of every feed."""
    changed: Payloads = pickle.loads(pickle.dumps(bodies))
    for path, body in changed.items():
        inner = body.get("data", body)
        if path != "models/count":
            for row in inner if isinstance(inner, list) else inner["endpoints"]:
                row["edition"] = word
    return changed


def shuffle_bodies(bodies: Payloads) -> Payloads:
    """Return bodies with rows, keys and set-like lists in another order."""

    def reverse_keys(value: Any) -> Any:
        if isinstance(value, dict):
            return {name: reverse_keys(value[name]) for name in reversed(value)}
        return value

    changed = {path: reverse_keys(body) for path, body in bodies.items()}
    for body in changed.values():
        inner = body.get("data", body)
        rows = inner if isinstance(inner, list) else inner.get("endpoints", [])
        rows.reverse()
        for row in rows:
            for name in ("supported_parameters", "datacenters"):
                if isinstance(row.get(name), list):
                    row[name].reverse()
    return changed


def make_responder(
    bodies: Payloads,
) -> Callable[[str, Mapping[str, str], Mapping[str, str]], Reply | tuple[int, Any]]:
    """Return a responder that serves bodies (or whole replies) by path, and 404 for any other path."""

    def respond(path: str, query: Mapping[str, str], headers: Mapping[str, str]) -> Reply | tuple[int, Any]:
        body = bodies.get(path)
        return (
            body if isinstance(body, Reply) else (200, body) if body else routes.build_error(404, "Not Found")
        )

    return respond


def make_archive(folder: Path) -> Path:
    """Make a git work tree without commits and return its folder."""
    folder.mkdir(parents=True, exist_ok=True)
    run_git(folder, "init", "--quiet", "--initial-branch=main", ".")
    return folder


@lru_cache(maxsize=4)
def _pickle_attempts(archive: Archive, commit: str | None) -> bytes:
    """Pickle the lines of the ledger at a commit, which most tests ask for several times."""
    return pickle.dumps(ledger.read_attempts(archive, commit))


def read_attempts(archive: Archive, commit: str | None) -> list[Attempt]:
    """Return the lines of the ledger at a commit; they may be changed."""
    lines: list[Attempt] = pickle.loads(_pickle_attempts(archive, commit))
    return lines


def read_whole_snapshot(archive: Archive, commit: str) -> Snapshot:
    """Return the snapshot that a commit holds, with the health that its ledger names last."""
    files = archive.read_files(commit)
    lines = read_attempts(archive, commit)
    if lines:
        entry = health_branch.find_health_entry(lines)
        files[HEALTH_PATH] = health_branch.read_health(archive, entry, ledger.get_attempt_hour(lines[-1]))
    return parse_snapshot_files(files.get)


def read_git(folder: Path, *arguments: str) -> str:
    """Run a git command and return its output without the last line end."""
    return run_git(folder, *arguments).decode().rstrip("\n")


def read_data_files(root: Path) -> dict[str, bytes]:
    """Read the files below data/ of a work tree, but for the ledger: path -> bytes."""
    data = root / "data"
    paths = (path for path in data.rglob("*") if path.is_file())
    contents = {path.relative_to(data).as_posix(): path.read_bytes() for path in paths}
    return {path: content for path, content in contents.items() if not path.startswith("hours/")}


def read_all_files(root: Path) -> dict[str, bytes]:
    """Read all files below a folder, also those of git: path -> bytes."""
    return {str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*") if path.is_file()}


def read_quarantine(root: Path) -> dict[str, bytes]:
    """Read the payloads in the bundles of a quarantine: sha256 -> bytes."""
    payloads: dict[str, bytes] = {}
    for path in root.glob("quarantine/*"):
        with zipfile.ZipFile(path) as bundle:
            payloads |= {name: bundle.read(name) for name in bundle.namelist()}
    return payloads


def assert_tidy(root: Path) -> None:
    """Assert that a work tree is as git has it, sound, and without leftovers of a run."""
    assert read_git(root, "status", "--porcelain", "--untracked-files=all") == ""
    run_git(root, "fsck", "--no-dangling", "--no-progress")
    folder = root / ".git"
    names = {path.name for path in folder.rglob("*.lock")} | {
        path.name for path in folder.glob("orarchive.*")
    }
    assert names <= {"orarchive.lock", "index.sqlite.lock", "orarchive.requests"}
    assert_health_sound(open_archive(root))


def assert_health_sound(archive: Archive) -> None:
    """Assert that the branch of health ends where the ledger says, and holds what some line of it names."""
    lines = read_attempts(archive, archive.resolve_commit())
    entry = health_branch.find_health_entry(lines)
    tip = archive.resolve_commit(health_branch.HEALTH_REF)
    commits = health_branch.list_health_commits(archive)
    assert (commits[entry["commit"]] if entry else None) == tip
    assert {*commits} <= {line["health"]["commit"] for line in lines if "health" in line}


@dataclass
class Stage:
    """A service and the archive that is scraped from it; `options` are settings for every run."""

    service: Service
    root: Path
    options: dict[str, Any] = field(default_factory=dict)

    def serve(self, bodies: Payloads) -> None:
        """Serve other bodies from now on."""
        self.service.respond = make_responder(bodies)

    @cached_property
    def archive(self) -> Archive:
        """Return the opened archive."""
        return open_archive(self.root)

    def settings(self) -> Settings:
        """Return the settings of a run: two workers, no waits between tries, no limit on the rate."""
        settings: dict[str, Any] = {
            "base_url": self.service.base_url,
            "retry_policy": NO_WAITS,
            "per_second": 0.0,
            "workers": 2,
        }
        return Settings(**settings | self.options)

    def run(self, hour: dt.datetime, now: dt.datetime | None = None, **wish: Any) -> int:
        """Archive an hour in this process with RunOptions `wish`; return the exit code.

        The clock stands still at `now`.
        """
        options = RunOptions(hour, **{"is_hour_given": True} | wish)
        run = Run(self.archive, self.settings(), options, lambda: now or hour, sleep=lambda _: None)
        return run.execute()

    def take_requests(self) -> list[str]:
        """Return the paths requested since the last call, in order."""
        paths = [path.partition("?")[0] for path, _ in self.service.requests]
        self.service.seen.clear()
        return paths

    def read_attempts(self) -> list[Attempt]:
        """Return the lines of the ledger at HEAD."""
        return read_attempts(self.archive, self.archive.resolve_commit())

    def read_report(self, feed: str) -> FeedReport:
        """Return the report of the last attempt that requested a feed."""
        lines = [line for line in self.read_attempts() if ledger.get_feed_outcome(line, feed) != "not-due"]
        return lines[-1]["feeds"][feed]

    def read_outcomes(self, hour: dt.datetime) -> dict[str, str]:
        """Return the outcome of each feed in the last attempt at an hour that requested it."""
        lines = [line for line in self.read_attempts() if ledger.get_attempt_hour(line) == hour]
        reports = [(name, report["outcome"]) for line in lines for name, report in line["feeds"].items()]
        return {name: outcome for name, outcome in reports if outcome != "not-due"}

    def read_snapshot(self) -> Snapshot:
        """Return the snapshot at HEAD."""
        head = self.archive.resolve_commit()
        assert head
        return read_whole_snapshot(self.archive, head)

    def read_history(self) -> History:
        """Return the history of the archive."""
        return read_history(self.archive)

    def list_subjects(self) -> list[str]:
        """Return the subjects of all commits, oldest first."""
        return (
            read_git(self.root, "log", "--reverse", "--format=%s").splitlines()
            if self.archive.resolve_commit()
            else []
        )

    def copy(self, folder: Path) -> "Stage":
        """Return a stage with the same service and a copy of the archive."""
        subprocess.run(["cp", "-a", self.root, folder], check=True)
        return Stage(self.service, folder, self.options)


def encode_sent(value: Any) -> bytes:
    """Encode a body as it was sent, with number tokens, but rows and lists of words in one order."""
    return _sort_text(encode(value))


def encode_archived(value: Any) -> bytes:
    """Encode a response out of the archive in the same form as `said`."""
    return _sort_text(dumps(value))


@lru_cache(maxsize=2**10)
def _sort_text(text: bytes) -> bytes:
    """Return a body with its rows and lists of words in one order; most tests have the same bodies often."""
    return dumps(_sort_lists(loads(text)))


def _sort_lists(value: Any, name: str = "") -> Any:
    """Sort the rows of a body and its lists of words."""
    if isinstance(value, dict):
        return {name: _sort_lists(child, name) for name, child in value.items()}
    if isinstance(value, list):
        children = [_sort_lists(child) for child in value]
        is_set = name in ("data", "endpoints") or all(isinstance(child, str) for child in children)
        return sorted(children, key=dumps) if is_set else children
    return value


def run_scrape(*arguments: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run scrape.py as a person does; without rankings, which have tests of their own (or `--rankings`)."""
    return subprocess.run(
        [sys.executable, ROOT / "scrape.py", "--no-rankings", *arguments],
        capture_output=True,
        text=True,
        env={**os.environ, "SYNC_REQUESTS_PER_SECOND": "0", **environment},
        timeout=60,
    )
