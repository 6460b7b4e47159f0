"""Lighthouse on one page of each kind of a site: `make lighthouse`.

`python -m bench.lighthouse SITE [KIND ...]` needs npm's lighthouse in build/lighthouse, and Chromium. The
largest page of each kind is served gzipped on loopback and loaded as on a phone; what costs points is listed
below the four scores.
"""

import gzip
import http.server
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from bench.measure import ROOT
from bench.page_kinds import HOME, pack_pages
from orarchive.publish.views.site import ERROR_PAGE
from tests.support.requirements import find_browser

LIGHTHOUSE = ROOT / "build/lighthouse/node_modules/.bin/lighthouse"

CATEGORIES = ("performance", "accessibility", "best-practices", "seo")

FLAGS = "--headless=new --no-sandbox --disable-gpu --disable-background-networking"

GOOD_SCORE = 98

PACKED_SUFFIXES = (".html", ".js", ".css", ".json", ".svg", ".atom")


class _PackingHandler(http.server.SimpleHTTPRequestHandler):
    """Serve files gzipped, as the hosts of static sites do."""

    def do_GET(self) -> None:
        path = Path(self.translate_path(self.path))
        file = path / "index.html" if path.is_dir() else path
        if file.suffix not in PACKED_SUFFIXES or not file.is_file():
            super().do_GET()
            return
        content = gzip.compress(file.read_bytes(), 6)
        self.send_response(200)
        self.send_header("Content-Type", self.guess_type(str(file)))
        self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Length", str(len(content)))
        self.send_header("Cache-Control", "max-age=600")
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def serve_packed(site: Path) -> Iterator[str]:
    """Serve a site gzipped on loopback; yield its address."""
    handler = partial(_PackingHandler, directory=str(site))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}/"
        server.shutdown()


def main() -> None:
    """Print the scores of a page of each kind, or of the kinds that are named."""
    if not LIGHTHOUSE.exists():
        sys.exit(f"{LIGHTHOUSE} is missing: run `make lighthouse`, which installs it")
    site, wanted = Path(sys.argv[1]), sys.argv[2:]
    if not (site / "index.html").exists():
        sys.exit(f"{site} holds no site: run `make demo`, or name another with SITE=folder")
    largest = pack_pages(site)
    del largest[ERROR_PAGE]  # its links hold at the site's own address alone
    pages = {kind: path for kind, (path, _) in largest.items() if not wanted or kind in wanted}
    print(f"{'':42}{'  '.join(CATEGORIES)}")
    with serve_packed(site) as address:
        for path in pages.values():
            report = run_lighthouse(address + path)
            scores = [round(100 * report["categories"][name]["score"]) for name in CATEGORIES]
            name = path.removesuffix("index.html") or HOME
            print(f"{name:42}{'  '.join(f'{score:>11}' for score in scores)}", flush=True)
            for name, score in zip(CATEGORIES, scores, strict=True):
                if score < GOOD_SCORE:
                    print_losses(report, name)


def run_lighthouse(url: str) -> dict[str, Any]:
    """Run Lighthouse on a page and return its report."""
    options = (
        "--quiet",
        "--output=json",
        f"--only-categories={','.join(CATEGORIES)}",
        f"--chrome-flags={FLAGS}",
    )
    environment = {**os.environ, "CHROME_PATH": find_browser()}
    done = subprocess.run((LIGHTHOUSE, url, *options), capture_output=True, env=environment, check=False)
    if done.returncode:
        sys.exit(f"Lighthouse failed on {url}: {done.stderr.decode()[-500:]}")
    report: dict[str, Any] = json.loads(done.stdout)
    return report


def print_losses(report: dict[str, Any], category: str) -> None:
    """Print the audits that cost points in a category."""
    for reference in report["categories"][category]["auditRefs"]:
        audit = report["audits"][reference["id"]]
        if reference["weight"] and audit["score"] is not None and audit["score"] < 1:
            print(f"    {category}: {audit['title']} {audit.get('displayValue', '')}")


if __name__ == "__main__":
    main()
