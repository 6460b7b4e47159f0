"""`index`: the index is brought up to date, exported, and kept in another folder."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.support.all_readers import ask
from tests.support.archives import Stage
from tests.support.questions import FREE, GLM, answer, answer_json


def test_an_export_is_a_file_of_its_own(four_hours: Stage, tmp_path: Path) -> None:
    """Equal archives give equal files, and nothing is left beside them."""
    paths = [tmp_path / "one.sqlite", tmp_path / "two.sqlite"]
    for path in paths:
        printed = answer_json(four_hours, "index", "--out", str(path))
        assert printed == {**printed, "path": str(path), "attempts": 5}
        assert printed.keys() == {"path", "attempts", "records", "versions", "prices", "events"}
    content, copy = (path.read_bytes() for path in paths)
    assert content == copy
    assert {path.name for path in tmp_path.iterdir()} == {"one.sqlite", "two.sqlite"}
    with closing(sqlite3.connect(paths[0])) as db:
        assert db.execute("select state from models where id = ?", (FREE,)).fetchone() == ("stale",)
    assert answer(four_hours, "index", "--out", str(paths[0])).startswith(f"{paths[0]}: 5 attempts, ")
    assert paths[0].read_bytes() == content


def test_the_index_lies_in_the_git_folder(four_hours: Stage) -> None:
    path = Path(answer_json(four_hours, "index")["path"])
    assert path == four_hours.root / ".git/orarchive/index.sqlite"
    assert path.is_file()


@pytest.mark.parametrize("source", ["option", "environment", "both"])
def test_the_cache_can_be_another_folder(four_hours: Stage, tmp_path: Path, source: str) -> None:
    """The option goes before the environment; the git folder of the archive stays as it is."""
    stage = four_hours.copy(tmp_path / "archive")
    default_path = stage.root / ".git/orarchive/index.sqlite"
    default_path.unlink(missing_ok=True)
    folder, unused = tmp_path / "deep/cache", tmp_path / "unused"
    option = [] if source == "environment" else ["--cache", str(folder)]
    environment = {} if source == "option" else {"ARCHIVE_CACHE": str(unused if option else folder)}
    for question in (["log", GLM], ["price", GLM], ["index"]):
        assert ask(stage, *question, *option, **environment).exit_code == 0
    assert (folder / "index.sqlite").is_file()
    assert not default_path.exists()
    assert not unused.exists()


@pytest.mark.parametrize("option", [("--out", "x.sqlite"), ("--cache", "cache")])
def test_nothing_is_written_below_the_data(four_hours: Stage, option: tuple[str, str]) -> None:
    """A file there would stop the next run."""
    name, file = option
    result = ask(four_hours, "index", name, str(four_hours.root / "data" / file))
    assert (result.exit_code, result.stdout) == (2, "")
    assert "lies inside" in result.stderr
    assert not (four_hours.root / "data" / file).exists()
