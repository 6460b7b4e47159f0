"""Work of a build in processes beside it."""

import os
import signal
import sys

import pytest

from orarchive.errors import ArchiveError
from orarchive.publish.processes import count_processes, start_forked


def fail() -> int:
    """Fail as a function does that a build runs."""
    msg = "no space left"
    raise ArchiveError(msg)


def end_itself() -> int:
    """End this process as the system does that has no memory left."""
    os.kill(os.getpid(), signal.SIGKILL)
    return 0


def test_it_runs_beside_and_returns_the_result_every_time() -> None:
    waits = [start_forked(os.getpid) for _ in range(2)]
    results = [wait() for wait in waits]
    assert len({*results, os.getpid()}) == 3
    assert [wait() for wait in waits] == results


def test_an_error_is_raised_where_the_result_is_asked_for() -> None:
    with pytest.raises(ArchiveError, match="no space left"):
        start_forked(fail)()


def test_a_process_that_was_ended_is_named() -> None:
    with pytest.raises(ArchiveError, match="ended with -9; is there enough memory"):
        start_forked(end_itself)()


def test_elsewhere_nothing_is_forked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    assert count_processes() == 1
    assert start_forked(os.getpid)() == os.getpid()
