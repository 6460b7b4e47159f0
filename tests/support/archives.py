"""Real archives for tests: a git work tree in a temporary folder, a service, runs in and out of process.

As a script it is a driver: it starts runs in processes of their own, which a test may then kill.
"""

import copy
import datetime as dt
import json
import logging
import os
import resource
import signal
import subprocess
import sys
import traceback
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path
from typing import IO, Any, Self

from orarchive.collect.client import RetryPolicy
from orarchive.collect.run import Run
from orarchive.collect.settings import RunOptions, Settings
from orarchive.domain.snapshot import Snapshot
from orarchive.errors import ArchiveError
from orarchive.history.history import History, read_history
from orarchive.jsonl import dumps, loads
from orarchive.sample import Reply, Service, routes, world_at
from orarchive.sample.faults import encode
from orarchive.store import git as git_module
from orarchive.store import ledger
from orarchive.store.archive import Archive, open_archive
from orarchive.store.git import run_git
from orarchive.store.ledger import Attempt, FeedReport

ROOT = Path(__file__).parents[2]
HOUR = dt.timedelta(hours=1)
DAY = dt.timedelta(days=1)
NO_WAITS = RetryPolicy(first_wait=0, max_wait=0)

Payloads = dict[str, Any]
"""Path below the base URL -> the body that is served there."""

LISTS = {
    "models": "models",
    "providers": "providers",
    "zdr": "endpoints/zdr",
    "images": "images/models",
    "videos": "videos/models",
}
"""Feed -> route, of the feeds that are one list."""

SWEEPS = {"endpoints": "models/{}/endpoints", "image_endpoints": "images/models/{}/endpoints"}

FEW = (
    "anthropic/claude-haiku-4.5",
    "deepseek/deepseek-v4-pro",  # prices by the clock
    "google/gemini-2.5-pro",
    "openai/gpt-5-image",
    "openai/gpt-oss-20b:free",
    "openrouter/auto",  # a router: []
    "qwen/qwen-plus-2025-07-28:thinking",  # answers with another id
    "qwen/qwen3-235b-a22b-2507",  # twins: two endpoints with one tag
    "z-ai/glm-5.1",
    "~openai/gpt-latest",  # an alias: []
)
"""Models enough for every kind of record, so few that a run takes a tenth of a second."""


@cache
def _payloads(moment: dt.datetime, models: tuple[str, ...]) -> Payloads:
    world = world_at(moment)

    def ask(path: str) -> Any:
        return routes.answer(world, path, {"output_modalities": "all"}, {}, "no key")[1]

    wanted = models or tuple(world.models)
    listed = [row for row in ask("models")["data"] if row["id"] in wanted]
    found: Payloads = {"models": {"data": listed, "total_count": len(listed), "links": {"next": None}}}
    found["models/count"] = {"data": {"count": len(listed)}}
    found["providers"] = ask("providers")
    found["endpoints/zdr"] = {
        "data": [row for row in ask("endpoints/zdr")["data"] if row["model_id"] in wanted]
    }
    found["images/models"], found["videos/models"] = ask("images/models"), ask("videos/models")
    found |= {path: ask(path) for path in (SWEEPS["endpoints"].format(row["id"]) for row in listed)}
    images = [row["id"] for row in found["images/models"]["data"]]
    return found | {path: ask(path) for path in map(SWEEPS["image_endpoints"].format, images)}


def payloads(moment: dt.datetime, models: tuple[str, ...] = FEW) -> Payloads:
    """What the sample says at a moment about a few models (all of them: ()), to change at will."""
    return copy.deepcopy(_payloads(moment, models))


def edited(bodies: Payloads, word: str) -> Payloads:
    """The same with one value changed in every record of every feed."""
    changed = copy.deepcopy(bodies)
    for path, body in changed.items():
        inner = body.get("data", body)
        if path != "models/count":
            for row in inner if isinstance(inner, list) else inner["endpoints"]:
                row["edition"] = word
    return changed


def shuffled(bodies: Payloads) -> Payloads:
    """The same with rows and keys in another order."""

    def turned(value: Any) -> Any:
        if isinstance(value, dict):
            return {name: turned(value[name]) for name in reversed(value)}
        return value

    changed = {path: turned(body) for path, body in bodies.items()}
    for body in changed.values():
        inner = body.get("data", body)
        rows = inner if isinstance(inner, list) else inner.get("endpoints", [])
        rows.reverse()
        for row in rows:
            for name in ("supported_parameters", "datacenters"):
                if isinstance(row.get(name), list):
                    row[name].reverse()
    return changed


def replies(
    bodies: Payloads,
) -> Callable[[str, Mapping[str, str], Mapping[str, str]], Reply | tuple[int, Any]]:
    """A responder that serves bodies (or whole replies) by path, and 404 for the rest."""

    def respond(path: str, query: Mapping[str, str], headers: Mapping[str, str]) -> Reply | tuple[int, Any]:
        body = bodies.get(path)
        return body if isinstance(body, Reply) else (200, body) if body else routes.error(404, "Not Found")

    return respond


def new_archive(folder: Path) -> Path:
    """A git work tree without commits."""
    folder.mkdir(parents=True, exist_ok=True)
    run_git(folder, "init", "--quiet", "--initial-branch=main", ".")
    return folder


def say(folder: Path, *arguments: str) -> str:
    """What a git command prints."""
    return run_git(folder, *arguments).decode().rstrip("\n")


def data_files(root: Path) -> dict[str, bytes]:
    """The files below data/ of a work tree, but for the ledger: path -> bytes."""
    data = root / "data"
    paths = (path for path in data.rglob("*") if path.is_file())
    found = {path.relative_to(data).as_posix(): path.read_bytes() for path in paths}
    return {path: content for path, content in found.items() if not path.startswith("hours/")}


def every_byte(root: Path) -> dict[str, bytes]:
    """All files below a folder: git's own, and the rest."""
    return {str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*") if path.is_file()}


def tidy(root: Path) -> None:
    """Assert that a work tree is as git has it, sound, and without anything left of a run."""
    assert say(root, "status", "--porcelain", "--untracked-files=all") == ""
    run_git(root, "fsck", "--no-dangling", "--no-progress")
    folder = root / ".git"
    left = {path.name for path in folder.rglob("*.lock")} | {path.name for path in folder.glob("orarchive.*")}
    assert left <= {"orarchive.lock", "index.sqlite.lock", "orarchive.requests"}


@dataclass
class Stage:
    """A service and an archive scraped from it; `options` are settings for every run."""

    service: Service
    root: Path
    options: dict[str, Any] = field(default_factory=dict)

    def serve(self, bodies: Payloads) -> None:
        """Serve other bodies from now on."""
        self.service.respond = replies(bodies)

    @cached_property
    def archive(self) -> Archive:
        return open_archive(self.root)

    def settings(self) -> Settings:
        asking: dict[str, Any] = {
            "base_url": self.service.base_url,
            "retry_policy": NO_WAITS,
            "per_second": 0.0,
        }
        return Settings(**asking | self.options)

    def run(self, hour: dt.datetime, now: dt.datetime | None = None, **wish: Any) -> int:
        """Archive an hour in this process; the clock stands still at `now`."""
        wished = RunOptions(hour, **{"is_hour_given": True} | wish)
        return Run(self.archive, self.settings(), wished, lambda: now or hour, sleep=lambda _: None)()

    def asked(self) -> list[str]:
        """The paths asked since the last time, in order."""
        seen = [path.partition("?")[0] for path, _ in self.service.requests]
        self.service.seen.clear()
        return seen

    def attempts(self) -> list[Attempt]:
        """The ledger at HEAD."""
        return ledger.read_attempts(self.archive, self.archive.resolve_commit())

    def report(self, feed: str) -> FeedReport:
        """How a feed fared when it was asked last."""
        lines = [line for line in self.attempts() if ledger.feed_outcome(line, feed) != "not-due"]
        return lines[-1]["feeds"][feed]

    def outcomes(self, hour: dt.datetime) -> dict[str, str]:
        """How each feed fared when it was asked last in an hour."""
        lines = [line for line in self.attempts() if ledger.attempt_hour(line) == hour]
        asked = [(name, report["outcome"]) for line in lines for name, report in line["feeds"].items()]
        return {name: outcome for name, outcome in asked if outcome != "not-due"}

    def snapshot(self) -> Snapshot:
        return self.archive.read_snapshot("HEAD")

    def past(self) -> History:
        return read_history(self.archive)

    def commits(self) -> list[str]:
        """The subjects of all commits, oldest first."""
        return (
            say(self.root, "log", "--reverse", "--format=%s").splitlines()
            if self.archive.resolve_commit()
            else []
        )

    def copy(self, folder: Path) -> "Stage":
        """The same service, and a copy of the archive."""
        subprocess.run(["cp", "-a", self.root, folder], check=True)
        return Stage(self.service, folder, self.options)


def said(value: Any) -> bytes:
    """A body as it is archived: number tokens as sent; the order of rows and of lists of words left out."""
    return dumps(_ordered(loads(encode(value))))


def kept(value: Any) -> bytes:
    """The same form of a response out of the archive."""
    return dumps(_ordered(value))


def _ordered(value: Any, name: str = "") -> Any:
    if isinstance(value, dict):
        return {name: _ordered(child, name) for name, child in value.items()}
    if isinstance(value, list):
        children = [_ordered(child) for child in value]
        is_set = name in ("data", "endpoints") or all(isinstance(child, str) for child in children)
        return sorted(children, key=dumps) if is_set else children
    return value


def scrape(*arguments: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run scrape.py as a person does; without rankings, which have tests of their own (`--rankings` asks)."""
    return subprocess.run(
        [sys.executable, ROOT / "scrape.py", "--no-rankings", *arguments],
        capture_output=True,
        text=True,
        env={**os.environ, "SYNC_REQUESTS_PER_SECOND": "0", **environment},
        timeout=60,
    )


class Driver:
    """Starts runs in processes of their own: one Python with everything imported, forked for each.

    What they print as errors goes to a file, if one is given; `prefix` begins the command.
    """

    def __init__(self, errors: IO[str] | None = None, prefix: Sequence[str] = ()) -> None:
        self.errors = errors
        self.prefix = prefix

    def __enter__(self) -> Self:
        self.process = subprocess.Popen(
            [*self.prefix, sys.executable, __file__],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.errors,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            text=True,
        )
        return self

    def __exit__(self, *_: object) -> None:
        assert self.process.stdin and self.process.stdout
        self.process.stdin.close()
        self.process.stdout.close()
        self.process.wait()

    def start(self, stage: Stage, hour: dt.datetime, **options: Any) -> int:
        """Start a run and return its process id, which is also that of its group; see `_child`."""
        told = {"root": str(stage.root), "url": stage.service.base_url, "hour": hour.isoformat(), **options}
        assert self.process.stdin
        self.process.stdin.write(json.dumps(told) + "\n")
        self.process.stdin.flush()
        return self._heard()

    def ended(self) -> int:
        """Wait for the run; its exit code, negative for the signal that ended it."""
        return self._heard()

    def _heard(self) -> int:
        assert self.process.stdout
        return int(self.process.stdout.readline())


def _drive() -> None:
    for line in sys.stdin:
        pid = os.fork()
        if not pid:
            os.setpgid(0, 0)
            os._exit(_child(json.loads(line)))
        with suppress(OSError):
            os.setpgid(pid, pid)
        print(pid, flush=True)
        print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), flush=True)


def _child(told: dict[str, Any]) -> int:
    """One run; it kills itself before the `step` of that number, and writes their count to `steps`.

    `named` makes errors that have a name the exit code 2, as the entry does; `disk` is the size in bytes at
    which a file is too large.
    """
    if told.get("named"):
        try:
            return _child({**told, "named": False})
        except (ArchiveError, OSError):
            return 2
        except BaseException:
            traceback.print_exc()
            return 99
    if "disk" in told:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (told["disk"], resource.RLIM_INFINITY))
    hour = dt.datetime.fromisoformat(told["hour"])
    counted = _kill_at(told["step"]) if "step" in told else []
    run = Run(
        open_archive(Path(told["root"])),
        Settings(told["url"], retry_policy=NO_WAITS, per_second=0, workers=2, key=told.get("key")),
        RunOptions(hour, is_hour_given=True, push=told.get("push", False), **told.get("wish", {})),
        lambda: hour,
        sleep=lambda _: None,
    )
    code = run()
    if "steps" in told:
        Path(told["steps"]).write_text(str(len(counted)))
    return code


def _kill_at(number: int) -> list[str]:
    """Note every git command and every file written, renamed or removed; die before the given one."""
    steps: list[str] = []

    def counted(real: Callable[..., Any]) -> Callable[..., Any]:
        def step(*arguments: Any, **options: Any) -> Any:
            steps.append(real.__name__)
            if len(steps) == number:
                os.kill(os.getpid(), signal.SIGKILL)
            return real(*arguments, **options)

        return step

    git_module.subprocess.run = counted(subprocess.run)  # type: ignore[attr-defined]
    for name in ("write_bytes", "write_text", "replace", "unlink"):
        setattr(Path, name, counted(getattr(Path, name)))
    return steps


if __name__ == "__main__":
    logging.disable()
    _drive()
