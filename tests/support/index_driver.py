"""A driver that builds indexes in processes of their own, which can be killed or given little room.

As a script it is that driver: one Python with everything imported, which forks for each build.
"""

import json
import os
import resource
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from orarchive.errors import ArchiveError
from orarchive.index import build, checkpoints, database
from orarchive.index.context import write_attempt
from orarchive.index.database import open_index
from orarchive.index.download import export_file
from orarchive.store.archive import Archive, open_archive
from tests.support.driver import ForkingProcess, StepCounter

MAX_MESSAGE_BYTES = 9999
SQL_STEP_INSTRUCTIONS = 200
"""So many instructions of SQLite count as one step of a build."""


class IndexDriver(ForkingProcess):
    """Starts builds one after the other."""

    script = __file__

    def start(self, archive: Archive, cache: Path, **options: Any) -> int:
        """Start a build and return its process id; for the options see `_build`."""
        return self.send({"root": str(archive.root), "cache": str(cache), **options})

    def wait(self) -> tuple[int, str]:
        """Wait for the build; return its exit code, negative for a signal, and its message (see `_build`)."""
        code = int(self.read_line())
        return code, str(json.loads(self.read_line()))


def _serve() -> None:
    """Run the builds that standard input names; print process id, exit code and message of each."""
    for line in sys.stdin:
        reader, writer = os.pipe()
        pid = os.fork()
        if not pid:
            os.write(writer, _build(json.loads(line)).encode())
            os._exit(0)
        os.close(writer)
        print(pid, flush=True)
        code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        print(code, json.dumps(os.read(reader, MAX_MESSAGE_BYTES).decode()), sep="\n", flush=True)
        os.close(reader)


def _build(options: dict[str, Any]) -> str:
    """Bring an index up to date and export it to `out`; return the error, or else the number of steps.

    The process kills itself before the step with the number `step`: each git command, each file that is
    written, copied, renamed or removed, and every few hundred instructions of SQLite are a step; or before it
    indexes the attempt with the number `kill_before_attempt`. No file may grow beyond `max_bytes`: while the
    index is built, or with `out` while it is exported.
    """
    archive, cache = open_archive(Path(options["root"])), Path(options["cache"])
    database.CACHE_KB = options.get("cache_kb", database.CACHE_KB)
    checkpoints.CHECKPOINT_ATTEMPTS = options.get("checkpoint_attempts", checkpoints.CHECKPOINT_ATTEMPTS)
    if "kill_before_attempt" in options:
        counter = StepCounter(options["kill_before_attempt"])
        vars(build)["write_attempt"] = counter.count_calls(write_attempt)
    steps = _count_steps(options["step"]) if "step" in options else None
    if "max_bytes" in options and "out" not in options:
        _limit_file_size(options["max_bytes"])
    try:
        with open_index(archive, cache) as db:
            if "out" in options:
                _limit_file_size(options["max_bytes"])
                export_file(db, Path(options["out"]))
    except (ArchiveError, OSError) as error:
        return f"{type(error).__name__}: {error}"
    return str(steps.count if steps else 0)


def _limit_file_size(max_bytes: int) -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (max_bytes, resource.RLIM_INFINITY))


def _count_steps(number: int) -> StepCounter:
    """Count every step of a build and kill this process before the one with the number."""
    steps = StepCounter(number)
    connect = sqlite3.connect

    def connect_with_steps(*arguments: Any, **options: Any) -> sqlite3.Connection:
        db: sqlite3.Connection = connect(*arguments, **options)
        db.set_progress_handler(steps.take_step, SQL_STEP_INSTRUCTIONS)
        return db

    replacements: list[tuple[object, str, Callable[..., Any]]] = [(sqlite3, "connect", connect_with_steps)]
    for owner, name in (
        (subprocess, "run"),
        (shutil, "copyfile"),
        (Path, "write_text"),
        (Path, "replace"),
        (Path, "unlink"),
    ):
        replacements.append((owner, name, steps.count_calls(getattr(owner, name))))
    for target, name, replacement in replacements:
        setattr(target, name, replacement)
    return steps


if __name__ == "__main__":
    _serve()
