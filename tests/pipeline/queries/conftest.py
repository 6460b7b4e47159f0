"""Archives that questions are put to."""

from collections.abc import Iterator

import pytest

from orarchive.sample import START, Service
from tests.support.archives import HOUR, Stage, build_payloads, make_archive, make_responder
from tests.support.questions import (
    DEEPSEEK,
    FREE,
    HAIKU,
    archive_four_hours,
    get_endpoint,
    get_model,
    remove_models,
)


@pytest.fixture(scope="package")
def four_hours(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """Yield an archive of four hours with one gap; see `archive_four_hours`. No test may change it."""
    with Service(make_responder({})) as service:
        stage = Stage(service, make_archive(tmp_path_factory.mktemp("four-hours") / "archive"))
        archive_four_hours(stage)
        yield stage


@pytest.fixture
def returning(stage: Stage) -> Stage:
    """Return an archive of four hours in which a model goes missing and is back.

    Another model is served by nobody for two hours, and a schedule ends in the last.
    """
    bodies = build_payloads(START)
    stage.serve(bodies)
    assert stage.run(START) == 0
    path = f"models/{HAIKU}/endpoints"
    stage.serve(remove_models(bodies, FREE) | {path: {"data": bodies[path]["data"] | {"endpoints": []}}})
    assert [stage.run(START + number * HOUR) for number in (1, 2)] == [0, 0]
    bodies = build_payloads(START)
    for record in (get_model(bodies, DEEPSEEK), get_endpoint(bodies, DEEPSEEK, "deepseek")):
        del record["pricing"]["overrides"]
    stage.serve(bodies)
    assert stage.run(START + 3 * HOUR) == 0
    return stage
