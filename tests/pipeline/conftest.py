"""Fixtures of the pipeline tests, among them those of the importer: a source, an archive, three versions."""

from pathlib import Path

import pytest

from orarchive.sample import START
from orarchive.store.archive import Archive, open_archive
from tests.support.archives import Stage, make_archive
from tests.support.import_source import HOUR, ROWS, Source, body, repriced, row


@pytest.fixture
def begun(stage: Stage) -> Stage:
    """Make an archive with one good hour.

    The requests of that hour are forgotten: `stage.asked()` lists only later ones.
    """
    assert stage.run(START) == 0
    stage.take_requests()
    return stage


@pytest.fixture
def source(tmp_path: Path) -> Source:
    """Return a source without commits."""
    return Source(make_archive(tmp_path / "tracker"))


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    """Return an archive without hours."""
    return open_archive(make_archive(tmp_path / "archive"))


@pytest.fixture
def three_commits(source: Source) -> list[str]:
    """Commit three versions to the source, an hour apart: the first one, a new price, a new model."""
    bodies = (body(), repriced("0.000003"), body([row("b/two", "0.000003"), *ROWS[1:], row("f/six")]))
    return [source.save(content, number * HOUR) for number, content in enumerate(bodies)]
