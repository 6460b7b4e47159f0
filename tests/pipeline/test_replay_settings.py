"""Replay under the settings of git that a user may have: the index is always the same."""

from dataclasses import dataclass
from pathlib import Path

import pytest

from orarchive.history.attempts import list_attempts, list_tips
from orarchive.store.archive import Archive, open_archive
from orarchive.store.git import run_git
from orarchive.timestamps import format_stamp
from tests.support.archives import make_archive, read_git
from tests.support.histories import build_index, make_commits, read_facts
from tests.support.replays import (
    FACTS,
    HOURS,
    SixHours,
    change_finish,
    commit_by_hand,
    commit_code,
    rename_model,
)

DRIVER = ("diff.foo.textconv", "cksum"), ("diff.foo.command", "false"), ("diff.foo.binary", "true")

SETTINGS: dict[str, tuple[tuple[str, str], ...]] = {
    "colours": (("color.ui", "always"), ("color.diff", "always"), ("diff.colorMoved", "zebra"),
                ("diff.wsErrorHighlight", "all")),
    "prefixes": (("diff.noprefix", "true"),),
    "mnemonic prefixes": (("diff.mnemonicPrefix", "true"),),
    "another program": (("diff.external", "false"),),
    "patience": (("diff.algorithm", "patience"),),
    "histogram": (("diff.algorithm", "histogram"), ("diff.indentHeuristic", "true")),
    "copies": (("diff.renames", "copies"), ("diff.renameLimit", "0")),
    "context": (("diff.context", "9"), ("diff.interHunkContext", "50"), ("diff.suppressBlankEmpty", "true")),
    "order of files": (("diff.orderFile", "{folder}/order"),),
    "relative": (("diff.relative", "true"),),
    "quoted paths": (("core.quotePath", "true"),),
    "signatures": (("log.showSignature", "true"), ("gpg.program", "{folder}/gpg")),
    "follow": (("log.follow", "true"),),
    "no root": (("log.showRoot", "false"),),
    "merges": (("log.diffMerges", "first-parent"),),
    "dates": (("log.date", "relative"), ("log.decorate", "full"), ("log.abbrevCommit", "true")),
    "driver": (("core.attributesFile", "{folder}/attributes"), *DRIVER),
    "driver of the clone": DRIVER,
    "pager": (("core.pager", "false"), ("pager.log", "true"), ("pager.diff-tree", "true")),
    "encoding": (("i18n.logOutputEncoding", "UTF-16"),),
    "pretty": (("format.pretty", "oneline"),),
    "line ends": (("core.autocrlf", "true"), ("core.eol", "crlf")),
    "big files": (("core.bigFileThreshold", "1"),),
    "trailers": (("trailer.separators", "%"), ("trailer.attempt.key", "Tried: ")),
    "case": (("core.ignoreCase", "true"),),
}  # fmt: skip
"""Settings that are tried each by itself, and all together."""

ALL_SETTINGS = [setting for group in SETTINGS.values() for setting in group]

ENVIRONMENT = {
    "GIT_DIFF_OPTS": "-u3",
    "GIT_EXTERNAL_DIFF": "false",
    "GIT_PAGER": "false",
    "GIT_LITERAL_PATHSPECS": "1",
    "GIT_ICASE_PATHSPECS": "1",
    "GIT_ATTR_SOURCE": "HEAD",
    "GIT_TRACE": "1",
    "LC_ALL": "de_DE.UTF-8",
    "TZ": "Pacific/Auckland",
}


@dataclass(frozen=True)
class EventfulArchive:
    """An archive with everything that a straight history lacks, and its index without a user's settings."""

    archive: Archive
    folder: Path
    rows: list[str]


@pytest.fixture(scope="module")
def eventful(six_hours: SixHours, tmp_path_factory: pytest.TempPathFactory) -> EventfulArchive:
    """Make hours by hand, reverted, archived again, merged and signed, over an imported past."""
    folder = tmp_path_factory.mktemp("lived")
    root = make_archive(folder / "archive")
    b = six_hours.commits
    bad, back = change_finish(rename_model(b[7], "Bad"), 5), commit_by_hand(b[6], "Revert\n")
    merge = commit_code(b[6]).with_fields(parents=(4, 5))
    more = [
        commit_by_hand(b[4]),
        commit_by_hand(b[5]),
        b[6],
        bad,
        back,
        commit_code(b[5]).with_fields(parents=(1,)),
        merge,
        commit_by_hand(b[7]),
    ]
    names = make_commits(root, [commit.with_hours(*map(format_stamp, HOURS[3:])) for commit in more])
    make_commits(root, six_hours.select(0, 1, 2), "past/x")
    signed = run_git(root, "cat-file", "commit", names[-1]).replace(
        b"\n\n", b"\ngpgsig -----BEGIN PGP SIGNATURE-----\n \n abc\n -----END PGP SIGNATURE-----\n\n", 1
    )
    name = run_git(root, "hash-object", "-t", "commit", "-w", "--stdin", stdin=signed).decode().strip()
    run_git(root, "update-ref", "refs/heads/main", name)
    (root / ".git/info").mkdir(exist_ok=True)
    (root / ".git/info/attributes").write_text("*.jsonl diff=foo\n")
    (folder / "attributes").write_text(
        "*.jsonl diff=foo text eol=crlf filter=none working-tree-encoding=UTF-16\n"
    )
    (folder / "order").write_text("*/zdr/*\n*/text.jsonl\n")
    (folder / "gpg").write_text("#!/bin/sh\necho gpg: a good signature >&2\n")
    (folder / "gpg").chmod(0o755)
    return EventfulArchive(open_archive(root), folder, build_index(open_archive(root)))


def build_under_settings(
    eventful: EventfulArchive, patch: pytest.MonkeyPatch, settings: list[tuple[str, str]]
) -> list[str]:
    """Return the rows of an index that is built under a user's settings."""
    patch.setenv("GIT_CONFIG_COUNT", str(len(settings)))
    for number, (name, value) in enumerate(settings):
        patch.setenv(f"GIT_CONFIG_KEY_{number}", name)
        patch.setenv(f"GIT_CONFIG_VALUE_{number}", value.format(folder=eventful.folder))
    return build_index(eventful.archive)


def test_eventful_archive_has_the_same_facts(six_hours: SixHours, eventful: EventfulArchive) -> None:
    assert read_facts(eventful.archive) == read_facts(six_hours.stage.archive)
    assert {
        attempt.commit is None
        for attempt in list_attempts(eventful.archive, list_tips(eventful.archive, "HEAD"))
    } == {False}


@pytest.mark.parametrize("settings", [*SETTINGS, "all"])
def test_settings_of_a_user(
    eventful: EventfulArchive, monkeypatch: pytest.MonkeyPatch, settings: str
) -> None:
    pairs = SETTINGS.get(settings) or ALL_SETTINGS
    assert build_under_settings(eventful, monkeypatch, list(pairs)) == eventful.rows


@pytest.mark.parametrize("name", ENVIRONMENT)
def test_environment_of_a_user(eventful: EventfulArchive, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(name, ENVIRONMENT[name])
    assert build_under_settings(eventful, monkeypatch, []) == eventful.rows


def test_global_settings_of_a_user(eventful: EventfulArchive, monkeypatch: pytest.MonkeyPatch) -> None:
    file = eventful.folder / "config"
    for name, value in ALL_SETTINGS:
        read_git(eventful.folder, "config", "--file", str(file), name, value.format(folder=eventful.folder))
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(file))
    assert build_index(eventful.archive) == eventful.rows


@pytest.mark.parametrize("kind", ["commit", "file", "graft", "grafts"])
def test_replaced_objects(six_hours: SixHours, tmp_path: Path, kind: str) -> None:
    """Objects that are replaced in this clone alone do not count."""
    stage = six_hours.stage.copy(tmp_path / "copy")
    rows = build_index(stage.archive)
    before, after = read_git(stage.root, "rev-list", "-2", "HEAD~3").split()
    if kind == "file":
        before, after = read_git(
            stage.root, "rev-parse", f"HEAD:data/{FACTS}", f"HEAD~5:data/{FACTS}"
        ).split()
    if kind == "grafts":
        (stage.root / ".git/info").mkdir(exist_ok=True)
        (stage.root / ".git/info/grafts").write_text(f"{read_git(stage.root, 'rev-parse', 'HEAD')} {after}\n")
    elif kind == "graft":
        read_git(stage.root, "replace", "--graft", before, read_git(stage.root, "rev-parse", "HEAD~6"))
    else:
        read_git(stage.root, "replace", before, after)
    assert build_index(stage.archive) == rows
