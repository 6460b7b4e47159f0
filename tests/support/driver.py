"""Runs in processes of their own, which a test may kill; as a script, the process that forks them."""

import datetime as dt
import json
import logging
import os
import resource
import signal
import subprocess
import sys
import traceback
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import IO, Any, Self

from orarchive.collect.run import Run
from orarchive.collect.settings import RunOptions, Settings
from orarchive.errors import ArchiveError
from orarchive.store import git as git_module
from orarchive.store.archive import open_archive
from tests.support.archives import NO_WAITS, ROOT, Stage


class ForkingProcess:
    """A Python process with everything imported, which is forked for each request; a context manager.

    The forks print errors to `errors`, if that is given; `prefix` begins the command.
    """

    script = __file__

    def __init__(self, errors: IO[str] | None = None, prefix: Sequence[str] = ()) -> None:
        self.errors = errors
        self.prefix = prefix

    def __enter__(self) -> Self:
        self.process = subprocess.Popen(
            [*self.prefix, sys.executable, self.script],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.errors,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            text=True,
        )
        return self

    def __exit__(self, *_: object) -> None:
        assert self.process.stdin and self.process.stdout
        self.process.stdin.close()
        self.process.stdout.close()
        self.process.wait()

    def send(self, request: dict[str, Any]) -> int:
        """Send a request; return the id of the process that is forked for it."""
        assert self.process.stdin
        self.process.stdin.write(json.dumps(request) + "\n")
        self.process.stdin.flush()
        return int(self.read_line())

    def read_line(self) -> str:
        """Read the next line that the process prints."""
        assert self.process.stdout
        return self.process.stdout.readline()


class Driver(ForkingProcess):
    """Starts runs one after the other."""

    def start(self, stage: Stage, hour: dt.datetime, **options: Any) -> int:
        """Start a run and return its process id, which is also that of its group; see `_run_child`."""
        url = stage.service.base_url
        return self.send({"root": str(stage.root), "url": url, "hour": hour.isoformat(), **options})

    def wait_for_exit(self) -> int:
        """Wait for the run and return its exit code, negative for the signal that ended it."""
        return int(self.read_line())


class StepCounter:
    """Counts the steps of this process and kills it before the step with a given number."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.count = 0

    def take_step(self) -> None:
        """Count a step, or kill this process."""
        self.count += 1
        if self.count == self.number:
            os.kill(os.getpid(), signal.SIGKILL)

    def count_calls(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """Return the function with each call counted as a step."""

        def call(*arguments: Any, **options: Any) -> Any:
            self.take_step()
            return function(*arguments, **options)

        return call


def _fork_runs() -> None:
    """Fork a run for each line of standard input; print its process id, and its exit code when it ended."""
    for line in sys.stdin:
        pid = os.fork()
        if not pid:
            os.setpgid(0, 0)
            os._exit(_run_child(json.loads(line)))
        with suppress(OSError):
            os.setpgid(pid, pid)
        print(pid, flush=True)
        print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), flush=True)


def _run_child(request: dict[str, Any]) -> int:
    """Archive an hour and return the exit code.

    The run kills itself before the step number `step`, and writes the count of its steps to the file `steps`.
    With `named` an ArchiveError or OSError gives exit code 2, as on the command line; `disk` is the size in
    bytes beyond which no file can grow, and `timeout` that of the run in seconds.
    """
    if request.get("named"):
        try:
            return _run_child({**request, "named": False})
        except (ArchiveError, OSError):
            return 2
        except BaseException:
            traceback.print_exc()
            return 99
    if "disk" in request:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (request["disk"], resource.RLIM_INFINITY))
    hour = dt.datetime.fromisoformat(request["hour"])
    steps = _count_steps(request["step"]) if "step" in request else None
    settings = Settings(
        request["url"], retry_policy=NO_WAITS, per_second=0, workers=2, key=request.get("key")
    )
    run = Run(
        open_archive(Path(request["root"])),
        replace(settings, timeout=request["timeout"]) if "timeout" in request else settings,
        RunOptions(hour, is_hour_given=True, push=request.get("push", False), **request.get("wish", {})),
        lambda: hour,
        sleep=lambda _: None,
    )
    code = run.execute()
    if steps and "steps" in request:
        Path(request["steps"]).write_text(str(steps.count))
    return code


def _count_steps(number: int) -> StepCounter:
    """Count every git command and file written, renamed or removed; kill the process before that number."""
    steps = StepCounter(number)
    git_module.subprocess.run = steps.count_calls(subprocess.run)  # type: ignore[attr-defined]
    git_module.run_remote_git = steps.count_calls(git_module.run_remote_git)
    for name in ("write_bytes", "write_text", "replace", "unlink"):
        setattr(Path, name, steps.count_calls(getattr(Path, name)))
    return steps


if __name__ == "__main__":
    logging.disable()
    _fork_runs()
