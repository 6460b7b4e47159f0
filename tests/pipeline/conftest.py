"""Fixtures of the pipeline tests, among them those of the importer: a source, an archive, three versions."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from orarchive.sample import START, Service, rankings
from orarchive.store.archive import Archive, open_archive
from tests.support.archives import Stage, build_payloads, make_archive
from tests.support.import_source import HOUR, ROWS, Source, body, repriced, row


@pytest.fixture(scope="module")
def first_hour(running: Service, tmp_path_factory: pytest.TempPathFactory) -> Stage:
    """Return an archive with one good hour, which tests copy and do not change."""
    running.heal()
    running.now, running.age = START, 0
    stage = Stage(running, make_archive(tmp_path_factory.mktemp("first-hour") / "archive"))
    stage.serve(build_payloads(START))
    assert stage.run(START) == 0
    return stage


@pytest.fixture
def begun(first_hour: Stage, stage: Stage, tmp_path: Path) -> Stage:
    """Return a copy of the archive with one good hour, and `stage` with its service."""
    return Stage(stage.service, first_hour.copy(tmp_path / "begun").root)


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


@pytest.fixture(scope="module")
def few_ranked() -> Iterator[None]:
    """Let the service rank 10 models a date in place of 50: every run parses all rows of a month."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rankings, "RANKED_MODELS", 10)
        yield
