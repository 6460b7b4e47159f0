"""The measure of the benchmarks: the time of a process and of the processes that it waited for."""

import sys

import pytest

from bench.measure import Run, compute_medians, run

BURN = "import time\nwhile time.process_time() < 0.3: pass"
CHILD = f"import subprocess, sys\nsubprocess.run([sys.executable, '-c', {BURN!r}])"
SLEEP = "import time\ntime.sleep(0.3)"


def run_python(script: str) -> Run:
    """Return the figures of a script."""
    return run([sys.executable, "-S", "-c", script])


def test_time_of_the_processor_is_that_of_children_too() -> None:
    for script in (BURN, CHILD):
        assert 0.28 < run_python(script).cpu < 3


def test_waiting_takes_no_time_of_the_processor() -> None:
    slept = run_python(SLEEP)
    assert slept.seconds > 0.28
    assert slept.cpu < 0.25


def test_medians_are_each_their_own() -> None:
    runs = [Run(1, 9, 10), Run(2, 8, 30), Run(3, 1, 20)]
    assert compute_medians({"name": runs}) == {"name": Run(2, 8, 30)}


def test_a_failure_ends_the_benchmark() -> None:
    with pytest.raises(SystemExit, match="ended with 3"):
        run_python("raise SystemExit(3)")
