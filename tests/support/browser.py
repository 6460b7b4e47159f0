"""Archives with something to show, their sites built as a person builds them, and a browser to open them."""

import datetime as dt
import functools
import http.server
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from click.testing import Result
from playwright.sync_api import sync_playwright

from orarchive.cli.build_site import build_site_command
from orarchive.domain import snapshot
from orarchive.domain.data_paths import HEALTH_PATH
from orarchive.domain.feeds import MODELS
from orarchive.domain.ranking_series import RANKINGS_ROUTE
from orarchive.domain.snapshot import Snapshot
from orarchive.history.history import read_history
from orarchive.index.database import build_in_memory, open_index
from orarchive.publish.pages import get_model_path
from orarchive.publish.views import View, read_view
from orarchive.sample import START, Service, build_world_at, routes
from orarchive.store import ledger
from orarchive.store.archive import open_archive
from orarchive.store.git import run_git
from orarchive.store.health_branch import HEALTH_REF
from orarchive.store.health_commits import align_branch, write_health_commit
from orarchive.store.ledger import Attempt
from orarchive.timestamps import HOUR, format_stamp
from tests.support import requirements
from tests.support.all_readers import run_command
from tests.support.archives import ROOT, Stage, build_payloads, make_archive, make_responder

BROWSER_OPTIONS = (
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
"""The last hour: two days after three models lost their providers, a day after a description got hostile."""

PAGE_PATHS = {
    "home": "index.html",
    "models": "models/index.html",
    "model": get_model_path("deepseek/deepseek-v4-pro"),
    "kept": get_model_path("z-ai/glm-5.1"),
    "alias": get_model_path("~openai/gpt-latest"),
    "router": get_model_path("openrouter/auto"),
    "orphaned": get_model_path("deepcogito/cogito-v2.1-671b"),
    "variant": get_model_path("google/gemma-4-31b-it:free"),
    "hostile": get_model_path(HOSTILE),
    "gone": "models/gone/index.html",
    "labs": "labs/index.html",
    "lab": "labs/openai/index.html",
    "providers": "providers/index.html",
    "provider": "providers/deepinfra/index.html",
    "prices": "prices/index.html",
    "picks": "picks/index.html",
    "free": "free/index.html",
    "direct": "direct/index.html",
    "rankings": "rankings/index.html",
    "category": "rankings/marketing/seo/index.html",
    "compare": "compare/index.html",
    "days": "days/index.html",
    "changes": "changes/index.html",
    "month": "changes/2026-06/index.html",
    "graveyard": "graveyard/index.html",
    "status": "status/index.html",
    "data": "data/index.html",
    "about": "about/index.html",
    "patterns": "patterns/index.html",
    "error": "404.html",
}
"""A page of each kind, and models of each state."""


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


def try_build(archive: Path, out: Path, *options: str) -> Result:
    """Run the command in this process, where packages and templates are loaded once; return its result."""
    return run_command(build_site_command, "--archive", str(archive), "--out", str(out), *options)


def build_site(archive: Path, out: Path, *options: str) -> dict[str, bytes]:
    """Build a site in this process; return its files."""
    result = try_build(archive, out, *options)
    assert result.exit_code == 0, result.output
    return read_files(out)


def read_files(out: Path) -> dict[str, bytes]:
    """Read the files of a site, without the list of them: path -> bytes."""
    paths = {path.relative_to(out).as_posix(): path for path in out.rglob("*") if path.is_file()}
    return {name: path.read_bytes() for name, path in paths.items() if not name.startswith(".")}


def build_archive_view(archive: Path, hour: dt.datetime | None = None) -> View:
    """Build what the pages of an archive show, as of an hour (the last one if none is given)."""
    opened = open_archive(archive)
    if hour is None:  # by the index that a build of the site has left
        with open_index(opened) as db:
            return read_view(db)
    with build_in_memory(opened, read_history(opened).truncate_after(hour).attempt_commits) as db:
        return read_view(db, hour)


def write_sample_archive(folder: Path) -> None:
    """Archive the whole sample catalogue at some hours of its script, with rankings on their days.

    In the last hour one model could not be read.
    """
    with Service(make_responder({})) as service:
        stage = Stage(service, make_archive(folder))
        for hour in (*SCENES, LAST):
            service.now = hour
            bodies = build_payloads(hour, ())
            if hour == LAST:
                del bodies["models/z-ai/glm-5.1/endpoints"]
            stage.serve(bodies)
            stage.run(hour)
            archive_rankings(stage, hour)


RANKED_FROM = "2025-12-22"
"""A Monday in the first of the two spans of dates that are asked for. Half a year is enough for a chart."""


def archive_rankings(stage: Stage, hour: dt.datetime, key: str | None = "sample-key") -> int:
    """Archive only the sample's rankings of a day, from RANKED_FROM on; return the exit code."""
    service = stage.service
    service.now = hour

    def respond(path: str, query: Mapping[str, str], headers: Mapping[str, str]) -> tuple[int, Any]:
        if path == RANKINGS_ROUTE:
            query = {**query, "start_date": max(query["start_date"], RANKED_FROM)}
        return routes.answer(build_world_at(service.now), path, query, headers, "sample-key")

    before, service.respond = service.respond, respond
    try:
        return replace(stage, options={**stage.options, "key": key}).run(hour, feeds=(), rankings=True)
    finally:
        service.respond = before


def write_archive(
    folder: Path, *snapshots: Snapshot, apart: dt.timedelta = HOUR, start: dt.datetime = START
) -> Path:
    """Write an archive with these snapshots, an hour or another time apart, without a scraper."""
    archive = open_archive(make_archive(folder))
    health, entry = b"", None
    for n, records in enumerate(snapshots):
        hour = format_stamp(start + n * apart)
        attempt: Attempt = {
            "hour": hour,
            "attempt": 1,
            "started": hour,
            "finished": hour,
            "origin": "live",
            "version": "0",
            "feeds": {name: {"outcome": "ok", "sha256": "", "rows": len(records[name])} for name in records},
            "relations": {},
        }
        content = snapshot.format_snapshot_files(records)
        new_health = content.pop(HEALTH_PATH, None)
        if new_health and new_health != health:
            tip = archive.resolve_commit(HEALTH_REF)
            entry = write_health_commit(archive, new_health, start + n * apart, 1, tip)
            health = new_health
        if new_health and entry:
            attempt["health"] = entry
        path = ledger.get_ledger_path(start)
        earlier = (folder / "data" / path).read_bytes() if n else b""
        for old_path in (folder / "data").rglob("*.jsonl"):
            old_path.unlink()
        for name, data in {**content, path: ledger.append_line(earlier, attempt)}.items():
            target = folder / "data" / name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(data)
        run_git(folder, "add", "--all")
        run_git(folder, "commit", "--quiet", f"--date={hour}", "--message=an hour")
        align_branch(archive, [attempt])
    return folder


def build_snapshot(
    models: list[dict[str, Any]], endpoints: dict[str, list[dict[str, Any]]] | None = None
) -> Snapshot:
    """Build a snapshot with these models, and these endpoints by model."""
    records = snapshot.make_empty_snapshot()
    records[MODELS.name] = {(model["id"],): model for model in models}
    for model in models:
        items = (endpoints or {}).get(model["id"], [])
        records["endpoints"][model["id"],] = {"data": {"id": model["id"], "endpoints": items}}
    return records


def build_many_models(count: int) -> Snapshot:
    """Build a snapshot with so many models, made of the sample's."""
    bodies = build_payloads(START, ())
    models, endpoints = [], {}
    for n in range(count):
        rows = bodies["models"]["data"]
        record = dict(rows[n % len(rows)])
        if n >= len(rows):
            record["id"] += f"-{n // len(rows)}"
            record["name"] += f" {n // len(rows)}"
        response = bodies[f"models/{rows[n % len(rows)]['id']}/endpoints"]
        models.append(record)
        endpoints[record["id"]] = response["data"]["endpoints"]
    return build_snapshot(models, endpoints)


SHORTEN = """for (const list of document.querySelectorAll("tbody, main, ul")) {
  const counts = {};
  let kept = 0;
  for (const entry of list.querySelectorAll(":scope > tr, .hour, :scope > li")) {
    const parts = [entry, ...entry.querySelectorAll("*")];
    const shape = parts.map((part) => part.tagName + part.getAttribute("class")).join();
    counts[shape] = (counts[shape] || 0) + 1;
    if (counts[shape] > 2 || kept === 30) entry.remove();
    else kept += 1;
  }
}"""
"""Of entries with the same elements and classes two stay, thirty in all: axe takes seconds for thousands."""


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def serve_site(folder: Path) -> Iterator[str]:
    """Serve a site on loopback; yield its address."""
    handler = functools.partial(_Quiet, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}/"
        server.shutdown()


@contextmanager
def open_chromium() -> Iterator[Any]:
    """Start the system's browser."""
    path = requirements.find_browser()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(BROWSER_OPTIONS))
        yield browser
        browser.close()


SHARED_CONTEXTS: WeakKeyDictionary[Any, Any] = WeakKeyDictionary()
"""Browser -> the context that its pages share."""


@contextmanager
def open_page(
    browser: Any, address: str, width: int = 1280, height: int = 900, is_alone: bool = False, **options: Any
) -> Iterator[Any]:
    """Open a page; fail if it logs anything, or requests anything from another address.

    Pages of a browser share a context, as one for each takes twice the time; what a page stored is cleared
    at its end. One with `options` or that `is_alone` has its own, as is needed to set the clock.
    """
    is_alone = is_alone or bool(options)
    if is_alone or browser not in SHARED_CONTEXTS:
        context = browser.new_context(**options)
        if not is_alone:
            SHARED_CONTEXTS[browser] = context
    else:
        context = SHARED_CONTEXTS[browser]
    tab = context.new_page()
    tab.set_viewport_size({"width": width, "height": height})
    complaints: list[str] = []
    tab.on("console", lambda message: complaints.append(message.text))
    tab.on("pageerror", lambda error: complaints.append(str(error)))
    tab.on("dialog", lambda dialog: complaints.append(f"{dialog.message}{dialog.dismiss() or ''}"))
    tab.on("response", lambda response: complaints.extend([response.url][response.status < 400 :]))
    tab.on("request", lambda request: complaints.extend([request.url][request.url.startswith(address) :]))
    yield tab
    tab.evaluate("() => { try { localStorage.clear() } catch { /* a blank page has none */ } }")
    if is_alone:
        context.close()
    else:
        tab.close()
    assert complaints == []


def find_violations(tab: Any) -> str:
    """Find what axe reports on a page with all of it unfolded, and on its colours in the dark; "" if nothing.

    Entries that are alike are cut before.
    """
    tab.evaluate(SHORTEN)
    tab.evaluate("document.querySelectorAll('details').forEach((details) => { details.open = true; })")
    reports = []
    for scheme, rules in (("light", {}), ("dark", {"runOnly": ["color-contrast"]})):
        tab.emulate_media(color_scheme=scheme)
        # To describe each element that passes takes as long as to check them.
        results = Axe().run(tab, options={**rules, "resultTypes": ["violations"]})
        reports += [f"{scheme}: {results.generate_snapshot()}"] if results.violations_count else []
    return "\n".join(reports)


def list_names(tab: Any) -> list[str]:
    """List the models of the rows that can be seen."""
    names: list[str] = tab.locator("#models tbody tr:visible th a").all_inner_texts()
    return names


def list_column(tab: Any, key: str) -> list[str]:
    """List the texts of a column, named by the key of its head, of the rows that can be seen."""
    number = tab.locator(f"#models thead th[data-key={key}]").evaluate("head => head.cellIndex + 1")
    texts: list[str] = tab.locator(f"#models tbody tr:visible > :nth-child({number})").all_inner_texts()
    return [text.strip() for text in texts]
