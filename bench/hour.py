"""A full hour over 600 models at 150 ms a request, no rate limit: wall time against the ideal, peak memory.

The service and the scraper are two processes, as in production. The ideal is requests x latency / workers.
"""

import datetime as dt
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from orarchive.sample import START, Service, build_world_at
from orarchive.sample.routes import answer
from orarchive.timestamps import HOUR, format_hour

MODELS = 600
LATENCY_S = 0.15
WORKERS = 8
MAX_RATIO = 1.15
MAX_MB = 120
SCRAPE = Path(__file__).parents[1] / "scrape.py"


class Catalogue:
    """The sample's catalogue copied until it has so many models, at the time of its service."""

    def __init__(self) -> None:
        self.service = Service(self.respond)

    def respond(self, path: str, query: Mapping[str, str], headers: Mapping[str, str]) -> tuple[int, Any]:
        """Answer a request; the endpoints of a copy are those of its original."""
        world = build_world_at(self.service.now)
        copies = [f"-{n}" for n in range(MODELS // len(world.models) + 1)]
        if path == "models/count":
            return 200, {"data": {"count": MODELS}}
        stem, _, copy = path.removesuffix("/endpoints").rpartition("-copy")
        status, body = answer(world, f"{stem}/endpoints" if copy.isdigit() else path, query, headers, "key")
        if path == "models":
            rows = [row | {"id": f"{row['id']}-copy{n}"} for n in range(len(copies)) for row in body["data"]]
            rows = sorted(rows, key=lambda row: str(row["id"]))[:MODELS]
            return status, {"data": rows, "total_count": len(rows), "links": {"next": None}}
        return status, body


def main() -> None:
    """Measure a first hour and three that follow it."""
    catalogue = Catalogue()
    with tempfile.TemporaryDirectory() as folder, catalogue.service as service:
        for command in (["init", "-q"], ["config", "user.name", "bench"], ["config", "user.email", "b@b"]):
            subprocess.run(["git", "-C", folder, *command], check=True)
        build_world_at(START)
        print(f"{MODELS} models, {LATENCY_S * 1000:.0f} ms a request, {WORKERS} workers, no rate limit")
        print(f"{'hour':15} {'requests':>8} {'ideal s':>8} {'wall s':>8} {'ratio':>6} {'peak MB':>8}")
        for step in range(4):
            service.now = START + step * HOUR
            build_world_at(service.now)
            measure(service, Path(folder), service.now)
        print(f"budget{'':34} {MAX_RATIO:6.2f} {MAX_MB:8}")


def measure(service: Service, folder: Path, hour: dt.datetime) -> None:
    """Run the scraper once as a process of its own and print its figures."""
    service.latency, requests_before = LATENCY_S, len(service.requests)
    environment = {
        **os.environ,
        "OPENROUTER_BASE_URL": service.base_url,
        "SYNC_REQUESTS_PER_SECOND": "0",
        "SYNC_WORKERS": str(WORKERS),
    }
    command = [sys.executable, str(SCRAPE), "--archive", str(folder), "--hour", format_hour(hour)]
    command += ["--feeds", "models,endpoints,providers,zdr"]
    start = time.perf_counter()
    process = subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    requests = len(service.requests) - requests_before
    ideal = requests * LATENCY_S / WORKERS
    print(
        f"{format_hour(hour):15} {requests:8} {ideal:8.2f} {wall:8.2f} {wall / ideal:6.3f}"
        f" {usage.ru_maxrss / 1024:8.1f}" + (f"  exit {process.returncode}" if process.returncode else "")
    )


if __name__ == "__main__":
    main()
