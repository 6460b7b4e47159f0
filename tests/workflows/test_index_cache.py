"""The index and the site that Publish keeps from build to build, also when a build fails or is cut off."""

import gzip
import json
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from orarchive.index.database import INDEX_NAME
from orarchive.publish.site_files import compute_digest
from orarchive.publish.site_folder import MANIFEST
from orarchive.sample import START, Service
from orarchive.timestamps import format_stamp
from tests.support.archives import build_payloads, edit_records, read_all_files
from tests.support.rehearsals import NEXT, clone_writer, read_status, serve
from tests.support.workflow_runner import Repository, run_result

ABOUT = "about/index.html"

FAILING_BUILD = '[ "$1" != build_site.py ] || { "$REHEARSAL_PYTHON" "$@"; exit 1; }'
"""A python that has all packages, and fails after it has built the site."""


def test_the_index_is_kept_from_build_to_build(service: Service, archive: Repository, tmp_path: Path) -> None:
    """With a cached index a build reads only newer commits; its site equals that of a build without one.

    So it is for a cached index that another version wrote: then all files are fetched at once. Fails without
    `restore-keys`.
    """
    writer = clone_writer(service, archive, tmp_path)
    archive.run("publish.yml", "push")
    indexed = archive.tip()
    serve(service, edit_records(build_payloads(START), "second"))
    assert writer.run(NEXT, push=True) == 0
    trace = tmp_path / "trace"
    archive.environment["GIT_TRACE"] = str(trace)
    sites = []
    for is_cached in (True, False):
        trace.unlink(missing_ok=True)
        assert run_result(archive.run("publish.yml", "push")) == "success"
        assert (f"^{indexed}" in trace.read_text()) is is_cached
        assert ("--refetch" in trace.read_text()) is not is_cached
        sites.append(read_all_files(archive.site))
        for file in archive.caches.rglob(INDEX_NAME):
            with closing(sqlite3.connect(file)) as db, db:
                db.execute("update meta set schema = 'another'")
    assert read_status(archive)["as_of"] == format_stamp(NEXT)
    assert sites[0] == sites[1]


@pytest.mark.parametrize("result", ["failure", "cancelled"])
def test_a_build_that_is_cut_off_keeps_its_index(archive: Repository, tmp_path: Path, result: str) -> None:
    """The next build reads only newer commits; fails without `always()` in the step that saves the index."""
    archive.commands["python"] = FAILING_BUILD
    if result == "cancelled":
        archive.cancelled_step = "Build the site"
    run = archive.run("publish.yml", "push")
    assert (run_result(run), run["build"]["Build the site"].outcome) == (result, result)
    assert [run["build"][name].outcome for name in ("Save the index", "Upload the site")] == [
        "success",
        "skipped",
    ]
    assert run["deploy"].result == "skipped"
    assert not archive.site.exists()
    archive.commands.clear()
    archive.cancelled_step = ""
    archive.environment["GIT_TRACE"] = str(tmp_path / "trace")
    assert run_result(archive.run("publish.yml", "push")) == "success"
    # A build from nothing would look for the commit of each attempt.
    assert "trailers:key=Attempt" not in (tmp_path / "trace").read_text()


def test_pages_are_kept_from_build_to_build(archive: Repository) -> None:
    """Keep a page whose inputs are the same; make all anew where the site that was kept is damaged.

    Fails without `restore-keys`, and without the second build.
    """
    archive.run("publish.yml", "push")
    original = (archive.site / ABOUT).read_bytes()
    (kept,) = archive.caches.glob("site-*")
    manifest = kept / MANIFEST
    content = json.loads(gzip.decompress(manifest.read_bytes()))
    spoiled = original + b"<!-- kept -->"
    (kept / ABOUT).write_bytes(spoiled)
    content["digests"][ABOUT] = compute_digest(spoiled)
    for text, expected in ((json.dumps(content), spoiled), ("{", original)):
        manifest.write_bytes(gzip.compress(text.encode()))
        assert run_result(archive.run("publish.yml", "push")) == "success"
        assert (archive.site / ABOUT).read_bytes() == expected
        for later in archive.caches.glob("site-*"):
            if later != kept:
                shutil.rmtree(later)
