"""What a build keeps of the site before is what it would make anew."""

import gzip
import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from orarchive.errors import ArchiveError
from orarchive.history.history import read_history
from orarchive.publish.build import build_files
from orarchive.publish.site_files import SiteFiles, compute_digest
from orarchive.publish.site_folder import MANIFEST, read_manifest, write_site
from orarchive.publish.units import PACKAGE, compute_program
from orarchive.store.archive import open_archive
from orarchive.store.ledger import get_attempt_hour
from tests.support.archives import ROOT
from tests.support.browser import build_archive_view, build_site, read_files, run_build, try_build
from tests.support.small_archive import write_small_archive

HOURS = 4
"""Hours at the end of the small archive, in which most happens."""


SIGN = b" \n \n"
"""An end that no file has, and that any may have."""


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write an archive of eight weeks in which everything happens."""
    folder = tmp_path_factory.mktemp("small") / "archive"
    write_small_archive(folder, seed=7)
    return folder


@pytest.fixture(scope="module")
def small_site(small: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build its site."""
    out = tmp_path_factory.mktemp("site") / "site"
    build_site(small, out)
    return out


@pytest.fixture
def out(small_site: Path, tmp_path: Path) -> Path:
    """Copy that site; neither times nor places of files count."""
    return Path(shutil.copytree(small_site, tmp_path / "site", copy_function=shutil.copyfile))


def test_every_hour_leaves_what_a_fresh_build_makes(small: Path, archive: Path, tmp_path: Path) -> None:
    """Build hour after hour into one folder, of an archive with endpoints and of one with rankings."""
    for source, count in ((small, HOURS), (archive, 2)):
        out, kept = tmp_path / source.parent.name, []
        attempts = read_history(open_archive(source)).attempt_commits
        hours = sorted({get_attempt_hour(commit.attempt) for commit in attempts})
        for hour in hours[-count:]:
            view = replace(build_archive_view(source, hour), is_past=False)
            earlier = read_manifest(out)
            files = build_files(view, "https://example.org/", files=SiteFiles(), earlier=earlier)
            kept.append(sum(earlier.units.get(name) is unit for name, unit in files.units.items()))
            fresh = build_files(view, "https://example.org/")
            assert [path for path in fresh if files.get(path) != fresh[path]] == []
            assert files.keys() == fresh.keys()
            write_site(earlier, files)
            assert read_files(out) == dict(fresh)
        assert kept[0] == 0
        assert min(kept[1:]) > 0


def test_the_same_archive_makes_nothing_anew(small: Path, out: Path) -> None:
    """Keep every unit, also in another process: nothing may depend on the order of a set."""
    units = read_units(out)
    for unit in units:
        spoil(out, unit)
    assert run_build(small, out).returncode == 0
    paths = [path for paths in units.values() for path in paths]
    assert [path for path in paths if not (out / path).read_bytes().endswith(SIGN)] == []


def test_a_page_that_is_gone_or_altered_is_made_again(small: Path, small_site: Path, out: Path) -> None:
    pages = [out / name for name in ("models/a/plain/index.html", "models/a/night/changes.atom")]
    pages[0].unlink()
    pages[1].write_bytes(pages[1].read_bytes().replace(b"a", b"b", 1))
    assert "2 files written, 0 removed" in try_build(small, out).output
    assert read_files(out) == read_files(small_site)


@pytest.mark.parametrize("options", [[], ["--base-url", "https://example.org/"]])
def test_another_program_or_option_keeps_nothing(small: Path, out: Path, options: list[str]) -> None:
    for unit in read_units(out):
        spoil(out, unit)
    if not options:
        content = read_content(out)
        write_content(out, {**content, "maker": "another"})
    site = build_site(small, out, *options)
    assert [path for path, content in site.items() if SIGN in content] == []


def test_the_program_is_all_its_files(tmp_path: Path) -> None:
    """Take every file of the package into account, the templates behind their link included."""
    package = tmp_path / "orarchive"
    for name in ("orarchive", "templates", "data"):
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / name, tmp_path / name, symlinks=True, ignore=ignored)
    digests = [compute_program(PACKAGE), compute_program(package)]
    for name in ("publish/templates/macros.html", "publish/templates/static/site.css", "domain/prices.py"):
        with (package / name).open("a") as file:
            file.write("\n")
        digests.append(compute_program(package))
    assert len({*digests}) == len(digests) - 1 == 4


def read_content(out: Path) -> Any:
    """Return what the manifest of a site holds."""
    return json.loads(gzip.decompress((out / MANIFEST).read_bytes()))


def write_content(out: Path, content: object) -> None:
    """Write the manifest of a site."""
    (out / MANIFEST).write_bytes(gzip.compress(json.dumps(content).encode()))


def read_units(out: Path) -> dict[str, list[str]]:
    """Return the files of each unit of a site."""
    units = read_content(out)["units"]
    return {name: unit["files"] for name, unit in units.items()}


def spoil(out: Path, unit: str) -> None:
    """Alter the files of a unit, with their digests on the list: only another rendering repairs them."""
    content = read_content(out)
    for path in content["units"][unit]["files"]:
        spoiled = (out / path).read_bytes() + SIGN
        (out / path).write_bytes(spoiled)
        content["digests"][path] = compute_digest(spoiled)
    write_content(out, content)


def test_a_unit_has_only_files_of_the_site(tmp_path: Path) -> None:
    """Forget a unit with a file that is not on the list, which may lie elsewhere; refuse what is no list."""
    unit: dict[str, object] = {"inputs": "", "found": "", "value": None}
    units = {"a": {**unit, "files": ["a.html"]}, "b": {**unit, "files": ["a.html", "../own.html"]}}
    write_content(tmp_path, {"files": ["a.html", "../own.html"], "units": units})
    manifest = read_manifest(tmp_path)
    assert ([*manifest.paths], [*manifest.units]) == (["a.html"], ["a"])
    for content in (b'{"files": 5}', b"{", b"5"):
        (tmp_path / MANIFEST).write_bytes(gzip.compress(content))
        with pytest.raises(ArchiveError, match="delete it with the pages beside it"):
            read_manifest(tmp_path)


def test_the_number_of_processes_does_not_show(
    small: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Three processes write what one does, and the same list of files."""
    view = build_archive_view(small)
    assert len(view.models) > 3
    monkeypatch.setattr("orarchive.publish.processes.MIN_ITEMS", 1)
    sites = []
    for count in (1, 3):
        monkeypatch.setattr("orarchive.publish.processes.count_processes", lambda count=count: count)
        out, folder = tmp_path / f"site{count}", tmp_path / f"files{count}"
        folder.mkdir()
        files = SiteFiles(folder)
        write_site(read_manifest(out), build_files(view, None, files=files))
        assert sum(len(path.read_bytes()) for path in folder.iterdir()) >= sum(map(files.get_size, files))
        sites.append((read_files(out), (out / MANIFEST).read_bytes()))
    assert sites[0] == sites[1]
