"""A site on loopback that has the list of ids, or fails."""

import datetime as dt
import http.server
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from tests.support.check_lists import make_list

POLL_S = 0.01
"""Seconds after which the server looks whether it is to stop."""


def make_current_list(age: dt.timedelta = dt.timedelta(), expires_in: int = 10) -> bytes:
    """Return the list as if it was made a while before now, with a model that expires in some days."""
    now = dt.datetime.now(dt.UTC)
    date = now.date() + dt.timedelta(expires_in)
    return make_list(
        as_of=f"{now - age:%Y-%m-%dT%H:%M:%SZ}", expires={"google/gemini-2.0-flash-001": date.isoformat()}
    )


@dataclass
class ListServer:
    """What the site answers with, and the paths that were asked for."""

    address: str = ""
    status: int = 200
    content: bytes = b""
    paths: list[str] = field(default_factory=list)


@contextmanager
def serve_list() -> Iterator[ListServer]:
    """Run the site."""
    site = ListServer()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            site.paths.append(self.path)
            self.send_response(site.status)
            self.send_header("Content-Length", str(len(site.content)))
            self.end_headers()
            self.wfile.write(site.content)

        def log_message(self, *_: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, args=(POLL_S,), daemon=True).start()
        site.address = f"http://127.0.0.1:{server.server_address[1]}"
        yield site
        server.shutdown()
