"""Two writers who archive into the same remote branch, for tests of pushes that lose a race."""

import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from orarchive.domain.feeds import ENDPOINTS
from orarchive.domain.record_files import stable_part
from orarchive.jsonl import loads
from orarchive.sample import START
from orarchive.sample.faults import encode
from orarchive.store import push as push_module
from orarchive.store.archive import Archive
from tests.support.archives import LISTS, Payloads, Stage, kept, payloads, said, say, tidy


class Writers:
    """A bare repository with one good hour and two clones: `ours` of depth 1, `theirs` complete."""

    def __init__(self, stage: Stage, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.remote = folder / "remote.git"
        stage.serve(payloads(START))
        stage.run(START)
        say(folder, "clone", "--quiet", "--bare", str(stage.root), str(self.remote))
        say(folder, "clone", "--quiet", "--depth=1", f"file://{self.remote}", "ours")
        say(folder, "clone", "--quiet", str(self.remote), "theirs")
        self.ours = Stage(stage.service, folder / "ours")
        self.theirs = Stage(stage.service, folder / "theirs")
        self.first = self.tip()
        self.lost = 0
        real = push_module.push_branch

        def push(archive: Archive, sleep: Callable[[float], None]) -> bool:
            if archive.root == self.ours.root and self.before:
                self.lost += 1
                self.before.pop(0)()
            return real(archive, lambda _: None)

        self.before: list[Callable[[], object]] = []
        """What the other writer does right before each of our pushes."""
        monkeypatch.setattr(push_module, "push_branch", push)

    def tip(self) -> str:
        """Return the remote's tip."""
        return say(self.remote, "rev-parse", "main")

    def archive(self, hour: dt.datetime, served: Payloads, *failing: str, **wish: Any) -> int:
        """Archive and push an hour as the other writer, with routes that fail, and return the exit code."""
        service, respond = self.theirs.service, self.theirs.service.respond
        self.theirs.serve(served)
        for route in failing:
            service.fail(route, "503")
        say(self.theirs.root, "pull", "--quiet", "--ff-only")
        code = self.theirs.run(hour, push=True, **wish)
        service.heal()
        service.respond = respond
        return code

    def edit(self, name: str, text: str = "new") -> None:
        """Change a file that is no data as the other writer and push that."""
        root = self.theirs.root
        say(root, "pull", "--quiet", "--ff-only")
        (root / name).write_text(text)
        say(root, "add", name)
        say(root, "commit", "--quiet", "-m", f"Edit {name}")
        say(root, "push", "--quiet")

    def sound(self) -> list[str]:
        """Assert that ours and the remote have one tidy, straight history without repeated attempts.

        Return the subjects of the commits since the first hour.
        """
        assert say(self.ours.root, "rev-parse", "HEAD") == self.tip()
        tidy(self.ours.root)
        assert say(self.remote, "rev-list", "--merges", "main") == ""
        ledger = [(line["hour"], line["attempt"]) for line in self.ours.attempts()]
        assert len(set(ledger)) == len(ledger)
        assert ledger == sorted(ledger)
        return say(self.remote, "log", "--reverse", "--format=%s", f"{self.first}..main").splitlines()

    def observed(self, *served: Payloads) -> None:
        """Assert that in every commit each feed, and each model's endpoints, are as they were served once."""
        versions = [wire(bodies) for bodies in (payloads(START), *served)]
        say(self.theirs.root, "pull", "--quiet", "--ff-only")
        for name in say(self.theirs.root, "rev-list", "main").split():
            for path, content in stored(self.theirs, name).items():
                assert content in [version[path] for version in versions], (name, path)


def stored(stage: Stage, name: str) -> dict[str, bytes]:
    """Return the feeds and each model's endpoints as a commit holds them: path -> comparable bytes."""
    snapshot = stage.archive.read_snapshot(name)
    lists = {
        route: kept({"data": list(snapshot[feed].values())})
        for feed, route in LISTS.items()
        if snapshot[feed]
    }
    endpoints = {
        f"models/{key}/endpoints": kept(response) for (key,), response in snapshot["endpoints"].items()
    }
    return lists | endpoints


def wire(served: Payloads) -> dict[str, bytes]:
    """Return served bodies in the same form, without what is volatile in rows of ZDR."""
    bodies = {path: said(body) for path, body in served.items()}
    for route in LISTS.values():
        rows = loads(encode(served[route]["data"]))
        bodies[route] = kept(
            {"data": [stable_part(ENDPOINTS, row) for row in rows] if route == LISTS["zdr"] else rows}
        )
    return bodies
