"""Building the site: equal archives give equal bytes, other files stay, and errors take one line."""

import gzip
import json
import re
import shutil
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from orarchive.publish.pages import DATABASE, get_model_path
from orarchive.publish.render import format_long_day, format_long_hour, format_published
from orarchive.publish.site_digest import CLOCK_PATHS
from orarchive.publish.site_folder import MANIFEST
from orarchive.sample import START
from orarchive.timestamps import DAY, HOUR, format_hour, format_stamp
from tests.support.api import list_api_files, read_data
from tests.support.archives import (
    Stage,
    build_payloads,
    make_archive,
    read_all_files,
    read_data_files,
    read_git,
)
from tests.support.browser import (
    SCENES,
    build_site,
    build_snapshot,
    read_files,
    run_build,
    try_build,
    write_archive,
)
from tests.support.pages import Html


def test_equal_archives_give_equal_bytes(archive: Path, site: dict[str, bytes], tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    read_git(archive, "clone", "--quiet", str(archive), str(copy))
    # In another process sets have another order.
    assert run_build(copy, tmp_path / "again").returncode == 0
    assert read_files(tmp_path / "again") == site


def test_nothing_is_written_twice(archive: Path, site: dict[str, bytes]) -> None:
    out = archive.parent / "site"
    before = {path: path.stat().st_mtime_ns for path in out.rglob("*") if path.is_file()}
    assert "0 files written, 0 removed" in run_build(archive, out).stdout
    assert {path: path.stat().st_mtime_ns for path in out.rglob("*") if path.is_file()} == before


def test_as_of_an_hour_nothing_later_leaks(archive: Path, site: dict[str, bytes], tmp_path: Path) -> None:
    hour = SCENES[1]
    then = tmp_path / "then"
    read_git(archive, "clone", "--quiet", str(archive), str(then))
    for line in read_git(archive, "log", "--format=%H %at").splitlines():
        commit, _, seconds = line.partition(" ")
        if int(seconds) <= hour.timestamp():
            read_git(then, "reset", "--quiet", "--hard", commit)
            break
    as_of = ("--as-of", format_hour(hour))
    site_then = build_site(archive, tmp_path / "as-of", *as_of)
    assert site_then == build_site(then, tmp_path / "then-as-of", *as_of)
    notice = f"As of {format_long_hour(hour)}: nothing that was recorded later"
    for path in ("graveyard/index.html", "providers/index.html", get_model_path("openrouter/auto")):
        assert notice in Html(site_then[path]).text
        assert "nothing that was recorded later" not in Html(site[path]).text


def test_an_hour_rewrites_the_pages_that_show_what_changed(stage: Stage, tmp_path: Path) -> None:
    """Rewrite in a quiet hour, in which health alone moves, only the pages that say which hour it is."""
    # From 10:00 to 01:00 UTC no time-of-day price of the sample changes.
    start = START.replace(hour=11)
    bodies = build_payloads(start)
    stage.serve(bodies)
    model = "z-ai/glm-5.1"
    endpoint = bodies[f"models/{model}/endpoints"]["data"]["endpoints"][0]
    assert stage.run(start - DAY) == 0
    sites = []
    for n in range(4):
        endpoint["uptime_last_30m"] = 100 - n
        if n == 2:
            endpoint["pricing"]["prompt"] = "0.0000099"
        stage.serve(bodies)
        assert stage.run(start + n * HOUR) == 0
        sites.append(build_site(stage.root, tmp_path / str(n)))
    first, quiet, moved, again = sites

    page = Html(again[get_model_path(model)]).text
    assert "Earlier prices of 1 of them" in page
    assert f'before {format_long_day(start + 2 * HOUR)}">' in again[get_model_path(model)].decode()

    def changed(old: dict[str, bytes], new: dict[str, bytes]) -> set[str]:
        return {path for path in old.keys() | new.keys() if old.get(path) != new.get(path)}

    hourly = {"status/index.html", DATABASE}
    hourly |= {"api/v1/status.json", "api/v1/check.json", "metrics.prom", "patterns/index.html"}
    assert changed(first, quiet) == hourly
    assert changed(moved, again) == hourly
    parquet = {
        "data/index.html",
        "llms.txt",
        "api/v1/index.json",
    }  # with the sizes of exports, here without any
    assert hourly - {DATABASE} | parquet == CLOCK_PATHS
    digests = [read_data(site, "status")["digest"] for site in sites]
    assert digests[0] == digests[1] != digests[2] == digests[3]
    files = (changed(quiet, moved) - hourly) & {*list_api_files(moved)}
    assert f"api/v1/{get_model_path(model).replace('/index.html', '.json')}" in files
    assert {json.loads(moved[path])["as_of"] for path in files} == {format_stamp(start + 2 * HOUR)}
    pages = {path for path in changed(quiet, moved) - hourly if path.endswith(".html")}
    (provider,) = (path for path in pages if path.startswith("providers/") and path.count("/") == 2)
    assert pages - {"providers/index.html", provider, "prices/index.html"} == {
        "index.html", "data/index.html", get_model_path(model),
        "changes/index.html", f"changes/{start:%Y-%m}/index.html",
    }  # fmt: skip


def test_as_of_a_gap_looks_from_there(tmp_path: Path) -> None:
    model = build_snapshot([{"id": "a/one"}])
    archive = write_archive(tmp_path / "archive", model, model, apart=40 * HOUR)
    hour = START + 30 * HOUR
    site = build_site(archive, tmp_path / "site", "--as-of", format_hour(hour))
    assert format_long_hour(hour) in Html(site["index.html"]).text
    status = read_data(site, "status")
    assert status["hour"] == format_stamp(START)
    assert "0 of 24" in Html(site["status/index.html"]).text


def test_a_page_that_is_no_longer_there_goes_and_nothing_else(tmp_path: Path) -> None:
    out = tmp_path / "site"
    out.mkdir()
    (out / ".gitignore").write_text("*\n")
    two_models = build_snapshot([{"id": "a/one"}, {"id": "b/two"}])
    build_site(write_archive(tmp_path / "first", two_models), out)
    notes = out / "models" / "a" / "notes.txt"
    notes.write_text("mine")
    (out / "own.html").write_text("mine")
    build_site(write_archive(tmp_path / "second", build_snapshot([{"id": "c/three"}])), out)
    remaining = read_files(out)
    assert not {"models/a/one/index.html", "models/b/two/index.html"} & remaining.keys()
    assert not (out / "models" / "b").exists()
    assert notes.read_text() == (out / "own.html").read_text() == "mine"
    assert (out / ".gitignore").read_text() == "*\n"


@pytest.fixture(scope="module")
def small_archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make an archive of one model."""
    return write_archive(tmp_path_factory.mktemp("small") / "archive", build_snapshot([{"id": "a/one"}]))


def test_a_foreign_file_is_not_written_over(small_archive: Path, tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text("mine")
    done = try_build(small_archive, tmp_path)
    assert done.exit_code == 2
    assert "which no build wrote" in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["index.html"]


@pytest.mark.parametrize(
    "name", ["data", "data/site", ".git/site", "", "link", "link/site", "elsewhere/site"]
)
def test_a_site_does_not_mix_with_an_archive(small_archive: Path, tmp_path: Path, name: str) -> None:
    """Refuse data/, the git folder, the top of the work tree, and links to them; write nothing."""
    archive = tmp_path / "archive"
    shutil.copytree(small_archive, archive)
    (archive / "link").symlink_to("data")
    (archive / "elsewhere").symlink_to(tmp_path)
    before = read_all_files(archive)
    done = run_build(archive, archive / name)
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert (
        "lies inside" in done.stderr
        or "is the top of a git work tree" in done.stderr
        or "through" in done.stderr
    )
    assert read_all_files(archive) == before


def test_no_page_is_written_through_a_link(small_archive: Path, tmp_path: Path) -> None:
    (tmp_path / "site").mkdir()
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "site/models").symlink_to("../elsewhere")
    done = try_build(small_archive, tmp_path / "site")
    assert (done.exit_code, "that leads out of" in done.stderr) == (2, True)
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_a_list_of_files_leads_nowhere_else(small_archive: Path, tmp_path: Path) -> None:
    out, private = tmp_path / "site", tmp_path / "own.txt"
    private.write_text("mine")
    out.mkdir()
    (out / MANIFEST).write_bytes(gzip.compress(b'["../own.txt", "/etc/hosts"]'))
    build_site(small_archive, out)
    assert private.read_text() == "mine"


def test_a_link_on_the_list_is_not_written_through(small_archive: Path, tmp_path: Path) -> None:
    out, private = tmp_path / "site", tmp_path / "own.txt"
    private.write_text("mine")
    out.mkdir()
    (out / "index.html").symlink_to(private)
    (out / MANIFEST).write_bytes(gzip.compress(b'["index.html"]'))
    done = try_build(small_archive, out)
    assert (done.exit_code, "index.html, which no build wrote" in done.stderr) == (2, True)
    assert private.read_text() == "mine"


def test_the_archive_is_only_read(small_archive: Path, tmp_path: Path) -> None:
    before = read_data_files(small_archive), read_git(small_archive, "rev-parse", "HEAD")
    build_site(small_archive, tmp_path / "site")
    assert (read_data_files(small_archive), read_git(small_archive, "rev-parse", "HEAD")) == before
    assert read_git(small_archive, "status", "--porcelain") == ""


def test_base_url_makes_canonical_links(small_archive: Path, tmp_path: Path) -> None:
    site = build_site(small_archive, tmp_path / "site", "--base-url", "https://example.org/archive")
    address = "https://example.org/archive/"
    assert f'rel="canonical" href="{address}models/">'.replace(">", "") in site["models/index.html"].decode()
    error = site["404.html"].decode()
    assert 'href="/archive/static/site.css"' in error, "it holds at any depth and on any host"
    assert '<svg width="18" height="18"' in error, "its picture is small also where no style is found"
    assert "canonical" not in error


def test_pictures_of_listed_models(tmp_path: Path) -> None:
    """A card for link previews, which need an address, and a chart to embed; neither of what has no price."""
    pricing = {"prompt": "0.000003", "completion": "0.000015"}
    rows = ({"id": "a/b", "pricing": pricing}, {"id": "a/b:free", "pricing": pricing}, {"id": "a/none"})
    archive = write_archive(tmp_path / "archive", build_snapshot([*rows]))
    site = build_site(archive, tmp_path / "absolute", "--base-url", "https://example.org/archive")
    pages = {path: content.decode() for path, content in site.items() if path.endswith(".html")}
    cards = [card for page in pages.values() for card in re.findall(r'"og:image" content="(.*?)"', page)]
    assert sorted(cards) == [f"https://example.org/archive/cards/a/{name}.png" for name in ("b", "none")]
    assert all(site[card.removeprefix("https://example.org/archive/")] for card in cards)
    charts = sorted(path for path in site if path.startswith("charts/"))
    assert charts == ["charts/a/b.svg", "charts/a/b/free.svg"]
    for path in charts:
        page = pages[path.replace("charts/", "models/").replace(".svg", "/index.html")]
        assert f'src="https://example.org/archive/{path}"' in page
        assert ET.fromstring(site[path]).tag == "{http://www.w3.org/2000/svg}svg"
    relative = build_site(archive, tmp_path / "relative")
    assert not [path for path in relative if path.startswith("cards/")]


@pytest.mark.parametrize("address", ["example.org/archive", "https://", "ftp://example.org/"])
def test_an_address_without_a_host_is_refused(small_archive: Path, tmp_path: Path, address: str) -> None:
    done = run_build(small_archive, tmp_path / "site", "--base-url", address)
    assert (done.returncode, f"{address!r} is no address" in done.stderr) == (2, True)
    assert not (tmp_path / "site").exists()


@pytest.mark.parametrize(
    ("options", "code", "words"),
    [
        (["--as-of", "yesterday"], 2, "not a UTC hour"),
        (["--as-of", ""], 2, "not a UTC hour"),
        (["--as-of", "2020-01-01T00Z"], 1, "begins after"),
    ],
)
def test_errors_are_one_line(
    small_archive: Path, tmp_path: Path, options: list[str], code: int, words: str
) -> None:
    done = try_build(small_archive, tmp_path / "site", *options)
    assert (done.exit_code, done.stderr.count("\n")) == (code, 1)
    assert words in done.stderr
    assert not (tmp_path / "site").exists()


def test_no_archive_is_an_error(tmp_path: Path) -> None:
    for folder in (tmp_path / "none", make_archive(tmp_path / "empty")):
        done = try_build(folder, tmp_path / "site")
        assert done.exit_code in (1, 2)
        assert done.stderr.startswith("Error: ")
        assert done.stderr.count("\n") == 1


def test_out_may_not_be_a_file(small_archive: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert try_build(small_archive, tmp_path / "file").exit_code == 2


@pytest.mark.parametrize(
    ("published", "shown"),
    [
        ("2026-07-13T00:00:00.000Z", "13 Jul 2026"),
        ("2026-07-13T04:30:00+02:00", "13 Jul 2026, 02:30 UTC"),
        ("2024-06-30", "30 Jun 2024"),
        ("<June>", "<June>"),
        (None, ""),
    ],
)
def test_published_dates_are_shown_as_dates(published: str | None, shown: str) -> None:
    assert format_published(published) == shown
