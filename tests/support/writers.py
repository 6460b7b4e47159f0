"""Two writers who archive into the same remote branch, for tests of pushes that lose a race."""

import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from orarchive.domain.feeds import ENDPOINTS
from orarchive.domain.record_files import extract_stable_part
from orarchive.jsonl import loads
from orarchive.sample import START
from orarchive.sample.faults import encode
from orarchive.store import push as push_module
from orarchive.store.push import Remote
from tests.support.archives import (
    LIST_ROUTES,
    Payloads,
    Stage,
    assert_tidy,
    build_payloads,
    encode_archived,
    encode_sent,
    read_git,
    read_whole_snapshot,
)


class Writers:
    """A bare repository with one good hour and two clones: `ours` of depth 1, `theirs` complete.

    `begun` is the archive of that hour.
    """

    def __init__(self, begun: Stage, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.remote = folder / "remote.git"
        read_git(folder, "clone", "--quiet", "--bare", str(begun.root), str(self.remote))
        read_git(folder, "clone", "--quiet", "--depth=1", f"file://{self.remote}", "ours")
        read_git(folder, "clone", "--quiet", str(self.remote), "theirs")
        self.ours = Stage(begun.service, folder / "ours")
        self.theirs = Stage(begun.service, folder / "theirs")
        self.first = self.read_tip()
        self.lost = 0
        real = push_module.push_branch

        def push(remote: Remote) -> bool:
            if remote.archive.root == self.ours.root and self.before:
                self.lost += 1
                self.before.pop(0)()
            return real(remote)

        self.before: list[Callable[[], object]] = []
        """What the other writer does right before each of our pushes."""
        monkeypatch.setattr(push_module, "push_branch", push)

    def read_tip(self) -> str:
        """Return the remote's tip."""
        return read_git(self.remote, "rev-parse", "main")

    def archive_theirs(self, hour: dt.datetime, served: Payloads, *failing: str, **wish: Any) -> int:
        """Archive and push an hour as the other writer, with routes that fail, and return the exit code."""
        service, respond = self.theirs.service, self.theirs.service.respond
        self.theirs.serve(served)
        for route in failing:
            service.fail(route, "503")
        read_git(self.theirs.root, "pull", "--quiet", "--ff-only")
        code = self.theirs.run(hour, push=True, **wish)
        service.heal()
        service.respond = respond
        return code

    def edit_theirs(self, name: str, text: str = "new") -> None:
        """Change a file that is no data as the other writer and push that."""
        root = self.theirs.root
        read_git(root, "pull", "--quiet", "--ff-only")
        (root / name).write_text(text)
        read_git(root, "add", name)
        read_git(root, "commit", "--quiet", "-m", f"Edit {name}")
        read_git(root, "push", "--quiet")

    def assert_sound(self) -> list[str]:
        """Assert that ours and the remote have one tidy, straight history without repeated attempts.

        Return the subjects of the commits since the first hour.
        """
        assert read_git(self.ours.root, "rev-parse", "HEAD") == self.read_tip()
        assert_tidy(self.ours.root)
        assert read_git(self.remote, "rev-list", "--merges", "main") == ""
        ledger = [(line["hour"], line["attempt"]) for line in self.ours.read_attempts()]
        assert len(set(ledger)) == len(ledger)
        assert ledger == sorted(ledger)
        return read_git(self.remote, "log", "--reverse", "--format=%s", f"{self.first}..main").splitlines()

    def assert_observed(self, *served: Payloads) -> None:
        """Assert that in every commit each feed, and each model's endpoints, are as they were served once."""
        versions = [encode_served(bodies) for bodies in (build_payloads(START), *served)]
        read_git(self.theirs.root, "pull", "--quiet", "--ff-only")
        for name in read_git(self.theirs.root, "rev-list", "main").split():
            for path, content in read_stored(self.theirs, name).items():
                assert content in [version[path] for version in versions], (name, path)


def read_stored(stage: Stage, name: str) -> dict[str, bytes]:
    """Return the feeds and each model's endpoints as a commit holds them: path -> comparable bytes."""
    snapshot = read_whole_snapshot(stage.archive, name)
    lists = {
        route: encode_archived({"data": list(snapshot[feed].values())})
        for feed, route in LIST_ROUTES.items()
        if snapshot[feed]
    }
    endpoints = {
        f"models/{key}/endpoints": encode_archived(response)
        for (key,), response in snapshot["endpoints"].items()
    }
    return lists | endpoints


def encode_served(served: Payloads) -> dict[str, bytes]:
    """Return served bodies in the same form, without what is volatile in rows of ZDR."""
    bodies = {path: encode_sent(body) for path, body in served.items()}
    for route in LIST_ROUTES.values():
        rows = loads(encode(served[route]["data"]))
        bodies[route] = encode_archived(
            {
                "data": [extract_stable_part(ENDPOINTS, row) for row in rows]
                if route == LIST_ROUTES["zdr"]
                else rows
            }
        )
    return bodies
