"""Random histories: the index agrees with the oracle, and is the same in whichever steps it is built."""

import os
import shutil
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from orarchive.index.database import dump_rows, open_index
from orarchive.index.download import export_file
from orarchive.store.archive import open_archive
from tests.support.index_checks import check_history
from tests.support.random_histories import archive_steps, set_branch, write_history
from tests.support.random_steps import HISTORIES, SHORT_HISTORIES, Step

HISTORY_SETTINGS = settings(
    deadline=None,
    derandomize=bool(os.environ.get("CI")),
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
)


@settings(HISTORY_SETTINGS, max_examples=40)
@given(steps=HISTORIES)
def test_the_index_agrees_with_the_snapshots(steps: list[Step]) -> None:
    check_history(steps)


@settings(HISTORY_SETTINGS, max_examples=6)
@given(steps=SHORT_HISTORIES, cuts=st.sets(st.integers(1, 20), max_size=3), with_trailers=st.booleans())
def test_an_index_is_the_same_however_it_is_built(
    steps: list[Step], cuts: set[int], *, with_trailers: bool
) -> None:
    """At once, attempt by attempt, in pieces and after a rebuild: the same rows, and the same bytes."""
    attempts = archive_steps(steps)
    with TemporaryDirectory() as name:
        folder = Path(name) / "archive"
        commits = write_history(folder, attempts, with_trailers=with_trailers)
        commits_by_way = {
            "at once": [commits[-1]],
            "attempt by attempt": commits,
            "in pieces": [*(commits[cut] for cut in sorted(cuts) if cut < len(commits)), commits[-1]],
        }
        results = {way: grow_index(folder, Path(name) / way, ends) for way, ends in commits_by_way.items()}
        cache = Path(name) / "attempt by attempt"
        shutil.rmtree(cache)
        results["again"] = grow_index(folder, cache, [commits[-1]])
    expected_rows, expected_bytes = results["at once"]
    for way, (rows, content) in results.items():
        assert rows == expected_rows, way
        assert content == expected_bytes, way


def grow_index(folder: Path, cache: Path, commits: list[str]) -> tuple[list[str], bytes]:
    """Bring an index up to some commits in turn; return its rows and its exported bytes."""
    for commit in commits:
        set_branch(folder, commit)
        with open_index(open_archive(folder), cache):
            pass
    out = cache / "export"
    with open_index(open_archive(folder), cache) as db:
        export_file(db, out)
        return list(dump_rows(db)), out.read_bytes()
