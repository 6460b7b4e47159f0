"""What the benchmarks measure with: a process's own time, and that of those it waited for."""

import sys

import pytest

from bench.measure import Run, medians, run

BURN = "import time\nwhile time.process_time() < 0.3: pass"
CHILD = f"import subprocess, sys\nsubprocess.run([sys.executable, '-c', {BURN!r}])"
SLEEP = "import time\ntime.sleep(0.3)"


def python(script: str) -> Run:
    return run([sys.executable, "-S", "-c", script])


def test_time_of_the_processor_is_that_of_children_too() -> None:
    for script in (BURN, CHILD):
        assert 0.28 < python(script).cpu < 3


def test_waiting_takes_no_time_of_the_processor() -> None:
    slept = python(SLEEP)
    assert slept.seconds > 0.28
    assert slept.cpu < 0.25


def test_medians_are_each_their_own() -> None:
    some = [Run(1, 9, 10), Run(2, 8, 30), Run(3, 1, 20)]
    assert medians({"what": some}) == {"what": Run(2, 8, 30)}


def test_a_failure_ends_the_benchmark() -> None:
    with pytest.raises(SystemExit, match="ended with 3"):
        python("raise SystemExit(3)")
