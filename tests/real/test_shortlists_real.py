"""Lists and shortlists of recorded days: reproducible, different without a part, and within the limits."""

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from orarchive.catalog.catalog import Catalog, build_catalog
from orarchive.index.database import open_index
from orarchive.store.archive import open_archive
from orarchive.timestamps import parse_moment
from tests.support.shortlists import recompute_score

pytestmark = pytest.mark.real_data


@pytest.fixture(scope="module")
def catalogs(
    five_days: tuple[Path, dict[str, Any]], tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Catalog]:
    """Return the catalogue of the last of the five days, in several ways."""
    root, served = five_days
    archive, hour = open_archive(root), parse_moment(max(served))
    with open_index(archive, tmp_path_factory.mktemp("shortlists")) as db:
        return {
            "now": build_catalog(db),
            "again": build_catalog(db),
            "at": build_catalog(db, hour, archive=archive),
            "without": build_catalog(db, benchmarks=False),
        }


def describe(catalog: Catalog) -> list[Any]:
    """Return all lists and shortlists as JSON."""
    shortlists = [shortlist.to_json() for shortlist in catalog.shortlists]
    return [*shortlists, *(ranked.to_json() for ranked in catalog.lists), catalog.best_value.to_json()]


def test_same_hour_gives_the_same(catalogs: dict[str, Catalog]) -> None:
    """Also when the hour is asked for later, and its scores are read from git."""
    now = describe(catalogs["now"])
    assert describe(catalogs["again"]) == now
    assert describe(catalogs["at"]) == now


def test_shortlists_are_full_and_without_third_parties_others(catalogs: dict[str, Catalog]) -> None:
    filled = {item.ranking.need.name: item.filled for item in catalogs["now"].shortlists}
    assert set(filled.values()) == {"5 of 5", "8 of 8", "4 of 4", "3 of 3"}
    for before, after in zip(catalogs["now"].shortlists, catalogs["without"].shortlists, strict=True):
        assert before.ranking.quality, before.ranking.need.name
        assert after.ranking.quality is None, "no order by use was recorded in these days"
        assert before.to_json()["entries"] != after.to_json()["entries"]


@pytest.mark.parametrize("name", ["now", "without"])
def test_never_more_than_two_of_a_family_and_scores_add_up(catalogs: dict[str, Catalog], name: str) -> None:
    for shortlist in catalogs[name].shortlists:
        infos = [entry.candidate.info for entry in shortlist.entries]
        families = Counter((info.lab, info.family.name) for info in infos)
        assert max(families.values(), default=0) <= 2
        assert len({info.variant_group for info in infos}) == len(infos)
        assert all(info.is_choice and info.variant != "batch" for info in infos)
        entries = shortlist.to_json()["entries"]
        assert [entry["score"] for entry in entries] == [recompute_score(entry) for entry in entries]


def test_lists_hold_what_is_known(catalogs: dict[str, Catalog]) -> None:
    """The recordings have no key and five days: speed and reliability are not known, and it is said."""
    lists = {item.kind.name: item.to_json() for item in catalogs["now"].lists}
    for name in ("fastest", "lowest-latency", "most-reliable"):
        assert (lists[name]["models"], lists[name]["unknown"][:9]) == ([], "not known")
    infos = catalogs["now"].models
    priced = [row["id"] for row in lists["lowest-cost"]["models"]]
    assert len(priced) > 300
    assert not [key for key in priced if infos[key].price_class.outside]
    assert len(lists["longest-context"]["models"]) > 300
