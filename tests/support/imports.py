"""A repository with versions of a models file, as others have recorded them, for tests of the importer."""

import datetime as dt
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from orarchive.store.git import run_git
from tests.support.archives import say

PATH = "data/output.json"
BEGUN = dt.datetime(2025, 3, 1, 6, 7, 8, tzinfo=dt.UTC)
"""Committer date of the first version."""

Rows = list[dict[str, Any]]


def row(name: str, prompt: str = "0.000001", **fields: Any) -> dict[str, Any]:
    """Return a record as they were in 2024: few fields, and `per_request_limits`, which is no longer sent."""
    record = {"id": name, "name": name.upper(), "created": 1727000000, "description": f"About {name}."}
    pricing = {"prompt": prompt, "completion": "0.000002", "request": "0", "image": "0"}
    return {**record, "context_length": 8192, "pricing": pricing, "per_request_limits": None, **fields}


ROWS: Rows = [row(name) for name in ("b/two", "a/one", "c/three", "d/four", "e/five")]


def body(rows: Any = ROWS, **members: Any) -> bytes:
    """Return the bytes of a models file with rows and with other members."""
    return json.dumps({"data": rows, **members}).encode()


def repriced(prompt: str) -> bytes:
    """Return the models file with another price of its first model."""
    return body([row("b/two", prompt), *ROWS[1:]])


@dataclass
class Source:
    """A repository; `save` commits a version of its file."""

    root: Path

    def save(self, content: bytes | None, after: dt.timedelta = dt.timedelta(), path: str = PATH) -> str:
        """Commit the file, or for None its removal, at a time after BEGUN; return the commit's hash."""
        target = self.root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        if content is None:
            target.unlink()
        else:
            target.write_bytes(content)
        date = f"{(BEGUN + after).timestamp():.0f} +0200"
        plain = ("-c", "core.autocrlf=false", "-c", "commit.gpgsign=false")
        run_git(self.root, *plain, "add", "--all")
        env = {"GIT_COMMITTER_DATE": date, "GIT_AUTHOR_DATE": "2020-01-01T00:00:00Z"}
        run_git(self.root, *plain, "commit", "--quiet", "-m", "update", env=env)
        return say(self.root, "rev-parse", "HEAD")
