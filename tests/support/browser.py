"""Sites for tests: archives with something to show, built as a person does; and a browser to look at them."""

import atexit
import datetime as dt
import functools
import http.server
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from playwright.sync_api import sync_playwright

from orarchive.domain import snapshot
from orarchive.domain.feeds import MODELS
from orarchive.domain.snapshot import Snapshot
from orarchive.history.history import read_history
from orarchive.index.database import build_in_memory
from orarchive.publish.dataset import read_dataset
from orarchive.publish.views import View, build_view
from orarchive.sample import START, Service, routes, world_at
from orarchive.store import ledger
from orarchive.store.archive import open_archive
from orarchive.store.git import run_git
from orarchive.store.ledger import Attempt
from orarchive.timestamps import HOUR, format_stamp
from tests.support import requirements
from tests.support.archives import ROOT, Stage, new_archive, payloads, replies

QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)

HOSTILE = "openrouter/owl-alpha"
"""The model whose description turns hostile."""

SCENES = (START, START + 12 * HOUR, dt.datetime(2026, 6, 19, 20, tzinfo=dt.UTC))
LAST = dt.datetime(2026, 6, 20, 13, tzinfo=dt.UTC)
"""The last hour: two days after three models' providers went, a day after a description turned hostile."""


def run_build(archive: Path, out: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """Run build_site.py as a person does."""
    command: list[str | Path] = [
        sys.executable,
        ROOT / "build_site.py",
        "--archive",
        archive,
        "--out",
        out,
        *options,
    ]
    return subprocess.run(command, capture_output=True, text=True, timeout=120)


def build_site(archive: Path, out: Path, *options: str) -> dict[str, bytes]:
    """Build a site and return its files."""
    done = run_build(archive, out, *options)
    assert done.returncode == 0, done.stderr
    return read_files(out)


def read_files(out: Path) -> dict[str, bytes]:
    """The files of a site, without the list of them: path -> bytes."""
    found = {path.relative_to(out).as_posix(): path for path in out.rglob("*") if path.is_file()}
    return {name: path.read_bytes() for name, path in found.items() if not name.startswith(".")}


def build_archive_view(archive: Path, hour: dt.datetime | None = None) -> View:
    """What the pages of an archive show."""
    found = read_history(open_archive(archive))
    with build_in_memory(found.archive, (found.until(hour) if hour else found).attempt_commits) as db:
        return build_view(read_dataset(db), hour)


def copy_sample_archive(folder: Path) -> Path:
    """The whole sample catalogue at some hours of its script, with rankings on their days.

    In the last hour one model could not be read.
    """
    shutil.copytree(_sample(), folder, symlinks=True)
    return folder


@functools.cache
def _sample() -> Path:
    """That archive, made once: its rankings begin years before it."""
    folder = Path(tempfile.mkdtemp(prefix="sample-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    with Service(replies({})) as service:
        stage = Stage(service, new_archive(folder))
        for hour in (*SCENES, LAST):
            service.now = hour
            bodies = payloads(hour, ())
            if hour == LAST:
                del bodies["models/z-ai/glm-5.1/endpoints"]
            stage.serve(bodies)
            stage.run(hour)
            archive_rankings(stage, hour)
    return folder


def archive_rankings(stage: Stage, hour: dt.datetime, key: str | None = "sample-key") -> int:
    """Archive the sample's rankings of a day alone."""
    service = stage.service
    service.now = hour

    def respond(path: str, query: Mapping[str, str], headers: Mapping[str, str]) -> tuple[int, Any]:
        return routes.answer(world_at(service.now), path, query, headers, "sample-key")

    before, service.respond = service.respond, respond
    try:
        return replace(stage, options={**stage.options, "key": key}).run(hour, feeds=(), rankings=True)
    finally:
        service.respond = before


def write_archive(folder: Path, *snapshots: Snapshot, apart: dt.timedelta = HOUR) -> Path:
    """An archive with these snapshots, an hour apart, without a scraper."""
    new_archive(folder)
    for n, held in enumerate(snapshots):
        hour = format_stamp(START + n * apart)
        attempt: Attempt = {
            "hour": hour,
            "attempt": 1,
            "started": hour,
            "finished": hour,
            "origin": "live",
            "version": "0",
            "feeds": {name: {"outcome": "ok", "sha256": "", "rows": len(held[name])} for name in held},
            "relations": {},
        }
        content = snapshot.snapshot_to_files(held)
        path = ledger.ledger_path(START)
        earlier = (folder / "data" / path).read_bytes() if n else b""
        for name, data in {**content, path: ledger.append_line(earlier, attempt)}.items():
            target = folder / "data" / name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(data)
        run_git(folder, "add", "--all")
        run_git(folder, "commit", "--quiet", f"--date={hour}", "--message=an hour")
    return folder


def build_snapshot(
    models: list[dict[str, Any]], offers: dict[str, list[dict[str, Any]]] | None = None
) -> Snapshot:
    """A snapshot with these models, and these endpoints by model."""
    found = snapshot.empty_snapshot()
    found[MODELS.name] = {(model["id"],): model for model in models}
    for model in models:
        items = (offers or {}).get(model["id"], [])
        found["endpoints"][model["id"],] = {"data": {"id": model["id"], "endpoints": items}}
    return found


def build_many_models(count: int) -> Snapshot:
    """A snapshot with so many models, made of the sample's."""
    bodies = payloads(START, ())
    models, offers = [], {}
    for n in range(count):
        rows = bodies["models"]["data"]
        record = dict(rows[n % len(rows)])
        if n >= len(rows):
            record["id"] += f"-{n // len(rows)}"
            record["name"] += f" {n // len(rows)}"
        asked = bodies[f"models/{rows[n % len(rows)]['id']}/endpoints"]
        models.append(record)
        offers[record["id"]] = asked["data"]["endpoints"]
    return build_snapshot(models, offers)


SHORTEN = """for (const list of document.querySelectorAll("tbody, main")) {
  [...list.querySelectorAll(":scope > tr, .hour")].slice(60).forEach((one) => one.remove());
}"""
"""Entries are alike, and axe takes seconds for thousands of them."""


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def serve_site(folder: Path) -> Iterator[str]:
    """Serve a site on loopback; gives its address."""
    handler = functools.partial(_Quiet, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}/"
        server.shutdown()


@contextmanager
def open_chromium() -> Iterator[Any]:
    """The system's browser."""
    path = requirements.browser()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(QUIET))
        yield browser
        browser.close()


@contextmanager
def open_page(
    browser: Any, address: str, width: int = 1280, height: int = 900, **options: Any
) -> Iterator[Any]:
    """A page that may not complain, nor ask anybody else for anything."""
    context = browser.new_context(viewport={"width": width, "height": height}, **options)
    found = context.new_page()
    complaints: list[str] = []
    found.on("console", lambda message: complaints.append(message.text))
    found.on("pageerror", lambda error: complaints.append(str(error)))
    found.on("dialog", lambda dialog: complaints.append(f"{dialog.message}{dialog.dismiss() or ''}"))
    found.on("response", lambda answer: complaints.extend([answer.url][answer.status < 400 :]))
    found.on("request", lambda request: complaints.extend([request.url][request.url.startswith(address) :]))
    yield found
    context.close()
    assert complaints == []


def find_violations(found: Any) -> str:
    """What axe finds on a page with all of it unfolded, in long lists at the first entries; "": nothing."""
    found.evaluate(SHORTEN)
    for details in found.locator("summary").all():
        details.click()
    results = Axe().run(found)
    return str(results.generate_snapshot()) if results.violations_count else ""
