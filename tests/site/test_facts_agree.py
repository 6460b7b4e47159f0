"""All surfaces agree on random facts of a small archive in which everything happens."""

import pytest

from tests.support.api import assert_valid
from tests.support.browser import build_site, read_files
from tests.support.facts import check_facts, draw_facts
from tests.support.small_archive import write_small_archive
from tests.support.surfaces import Surfaces


@pytest.fixture(scope="module")
def surfaces(tmp_path_factory: pytest.TempPathFactory) -> Surfaces:
    folder = tmp_path_factory.mktemp("small")
    write_small_archive(folder / "archive", seed=5)
    build_site(folder / "archive", folder / "site", "--base-url", "https://example.org/archive/")
    return Surfaces(folder / "archive", folder / "site")


def test_the_archive_has_every_sort_of_price_and_state(surfaces: Surfaces) -> None:
    rows = surfaces.models
    conditions = [
        point["condition"] for row in rows for point in surfaces.model(row)["conditional_price_history"]
    ]
    assert any("utc_start" in condition for condition in conditions)
    assert any("min_prompt_tokens" in condition for condition in conditions)
    assert {"0", "-1", None} <= {row["pricing"].get("prompt") for row in rows.values()}
    assert {"p/one", "p/one#1"} <= {key.partition("@")[2] for key in surfaces.endpoints}
    states = {word for row in rows.values() for word in row["states"]}
    assert {"live", "returned", "alias", "router", "kept", "removed"} <= states


def test_the_api_is_valid_with_every_sort(surfaces: Surfaces) -> None:
    assert_valid(read_files(surfaces.site), "/archive/")


def test_all_surfaces_agree(surfaces: Surfaces) -> None:
    """Pages, JSON, CSV, Atom, SQL and the command state the same prices, states, hours and counts."""
    facts = draw_facts(surfaces, 250, seed=820)
    assert len(facts) == 250
    check_facts(facts)
