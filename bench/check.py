"""The check of model ids: the time that a repository of 2,000 files takes.

The files are Python's own library, cut to 20 KB; one in fifty also names models. The list of ids comes from a
server on loopback and has about as many ids as two years of the service.
"""

import datetime as dt
import functools
import http.server
import json
import shutil
import statistics
import subprocess
import sys
import sysconfig
import tempfile
import threading
import time
from pathlib import Path

from bench.measure import ROOT, print_figure
from orarchive.catalog.id_check import FORMAT

FILES = 2000
MAX_FILE_BYTES = 20_000
LABS, IDS_OF_LAB = 80, 10
RUNS = 9
BUDGET = "0.5 s"


def main() -> None:
    """Measure whole processes, git's included."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        size = _write_repository(folder / "repository")
        _write_list(folder / "site" / "api" / "v1" / "check.json")
        handler = functools.partial(_QuietHandler, directory=str(folder / "site"))
        with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
            threading.Thread(target=server.serve_forever, daemon=True).start()
            address = f"http://127.0.0.1:{server.server_address[1]}"
            seconds = [_measure(folder / "repository", address) for _ in range(RUNS)]
            server.shutdown()
    median = statistics.median(seconds)
    print_figure(f"{FILES:,} files of {size / 1e6:.0f} MB", f"{median:.2f} s elapsed", BUDGET)


class _QuietHandler(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


def _write_repository(folder: Path) -> int:
    """Write a repository and return the size of its files."""
    sources = sorted(Path(sysconfig.get_paths()["stdlib"]).rglob("*.py"))[:FILES]
    size = 0
    for number in range(FILES):
        content = sources[number % len(sources)].read_bytes()[:MAX_FILE_BYTES]
        if number % 50 == 0:
            content += b"\nMODEL = 'lab-1/model-1'\n" * 10
        path = folder / f"part{number % 40}" / f"file{number}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        size += len(content)
    git = shutil.which("git") or "git"
    subprocess.run([git, "-C", folder, "init", "--quiet"], check=True)
    subprocess.run([git, "-C", folder, "add", "--all"], check=True)
    return size


def _write_list(path: Path) -> None:
    path.parent.mkdir(parents=True)
    empty: dict[str, dict[str, str]] = {name: {} for name in ("expires", "gone", "slugs", "replacements")}
    data = {
        "format": FORMAT,
        "as_of": f"{dt.datetime.now(dt.UTC):%Y-%m-%dT%H:%M:%SZ}",
        "alive": [f"lab-{lab}/model-{number}" for lab in range(LABS) for number in range(IDS_OF_LAB)],
        **empty,
        "dearer": [],
        "advice": [],
    }
    path.write_text(json.dumps({"data": data}))


def _measure(folder: Path, address: str) -> float:
    """Return the seconds that a check of a repository takes."""
    started = time.perf_counter()
    command: list[str | Path] = [sys.executable, "-I", ROOT / "check" / "check.py", "--site", address]
    subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - started


if __name__ == "__main__":
    main()
