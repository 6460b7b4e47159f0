"""Names, replacements and tombstones over 20 months of recorded lists."""

import sqlite3
from collections import Counter
from fractions import Fraction

import pytest

from orarchive.catalog.catalog import Catalog, build_catalog
from orarchive.catalog.names import NamePeriod, build_names
from orarchive.catalog.redirects import KINDS
from orarchive.catalog.source_reader import read_source
from orarchive.index.database import open_index
from orarchive.queries.resolve import GONE, LISTED, resolve_name
from orarchive.store.archive import Archive
from tests.support.catalog_sources import cut_source, list_given
from tests.support.naive_versions import Version

pytestmark = pytest.mark.real_data


@pytest.fixture(scope="module")
def catalog(two_years_index: sqlite3.Connection) -> Catalog:
    """Return the catalogue of the last hour."""
    return build_catalog(two_years_index)


def find_period(periods: tuple[NamePeriod, ...], stamp: object) -> NamePeriod:
    """Return the last period that had begun at an hour."""
    return [period for period in periods if period.since <= stamp][-1]  # type: ignore[operator]


def test_names_resolve_to_the_same_model_at_any_later_hour(catalog: Catalog) -> None:
    """Or they are ambiguous from an hour on that their periods tell; none was ever given to two models."""
    source = catalog.source
    hours = [*sorted({model.first for model in source.models.values()})[::10], source.hour]
    given: dict[str, str] = {}
    ended: set[str] = set()
    for hour in hours:
        names = list_given(build_names(cut_source(source, source.starts[0], hour)))
        ended |= {text for text in given if text not in names}
        assert not ended & names.keys(), "an ambiguity has no end"
        for text, model in names.items():
            assert given.setdefault(text, model) == model, (hour, text)
            assert find_period(catalog.names.by_name[text].periods, hour).id == model, (hour, text)
    assert len(given) > 1000
    for text in ended:
        last = catalog.names.by_name[text].periods[-1]
        assert (last.id, last.until) == (None, None), text


def test_names_of_an_hour_follow_from_the_index_of_that_hour(
    catalog: Catalog, two_years_index: sqlite3.Connection
) -> None:
    """A past hour knows the names that it knew then."""
    hour = sorted({model.first for model in catalog.source.models.values()})[150]
    then = build_catalog(two_years_index, hour)
    cut = build_names(cut_source(catalog.source, catalog.source.starts[0], hour))
    assert list_given(build_names(then.source)) == list_given(cut)


def test_each_model_has_a_name_that_is_only_its(catalog: Catalog) -> None:
    """Its slug, or where others claim that, a name with a hash; an id resolves to itself."""
    aliases = {key: catalog.names.find_alias(key) for key in catalog.models}
    assert len(set(aliases.values())) == len(aliases)
    for key, alias in aliases.items():
        assert {resolve_name(catalog, text).id for text in (key, alias)} == {key}
    hashed = [alias for key, alias in aliases.items() if alias != key.partition("/")[2].lower()]
    assert len(hashed) < len(aliases) * 0.03


def test_each_model_that_is_gone_has_a_replacement_or_a_reason(
    catalog: Catalog, two_years_versions: list[Version]
) -> None:
    """Its replacement is listed, no router and no alias, and is said to be dearer where it is."""
    every = {key for version in two_years_versions for key in version.rows}
    gone = every - two_years_versions[-1].rows.keys()
    assert (len(gone), gone) == (490, set(catalog.tombstones))
    for key in gone:
        resolution = resolve_name(catalog, key)
        assert (resolution.status, resolution.id) == (GONE, key)
        assert resolution.tombstone
        redirect = resolution.redirect
        assert bool(redirect) != bool(resolution.unreplaced), key
        if redirect is None:
            continue
        assert redirect.kind in KINDS
        target = resolve_name(catalog, redirect.target)
        assert (target.status, target.id) == (LISTED, redirect.target)
        record = two_years_versions[-1].rows[redirect.target]
        assert not redirect.target.startswith(("~", "openrouter/auto"))
        assert float(record["pricing"]["prompt"]) >= 0
        if redirect.kind == "same_family":
            assert redirect.lost == (), key


def test_replacements_say_what_they_cost_more(catalog: Catalog) -> None:
    """The ratio is that of three parts of input to one of output, in the last price of each."""
    kinds = Counter(redirect.kind for redirect in catalog.redirects.by_source.values())
    compared = 0
    for redirect in catalog.redirects.by_source.values():
        pair = [catalog.models[key] for key in (redirect.source, redirect.target)]
        if any(model.price_class.outside for model in pair):
            assert (redirect.price, redirect.price_ratio) == ("unknown", None)
            continue
        compared += 1
        old, new = (
            3 * Fraction(model.prices["prompt"]) + Fraction(model.prices["completion"]) for model in pair
        )
        assert redirect.price == ("same" if old == new else "dearer" if old < new else "cheaper"), redirect
        assert redirect.price_ratio == (new / old if old else None)
    assert compared > 200
    assert len(catalog.redirects.by_source.keys() & catalog.tombstones.keys()) == 250
    assert min(kinds["variant_base"], kinds["same_family"]) > 50
    assert min(kinds["permanent_name"], kinds["override"]) > 5
    assert len(kinds) == 4, "such lists have no answers and no targets"


def test_notice_is_told_where_there_was_a_date(catalog: Catalog) -> None:
    """The lists have such dates since January 2026; what went before was announced nowhere."""
    announced = [stone for stone in catalog.tombstones.values() if stone.announced]
    assert len(announced) == 50
    assert min(stone.last_seen for stone in announced).strftime("%Y-%m") == "2026-01"
    assert all((stone.notice_days or 0) >= 0 for stone in announced)


def test_past_that_is_imported_takes_no_name_away(
    august_index: sqlite3.Connection, narrowed_archive: Archive
) -> None:
    """Two wider lists, eleven days older: a name stands for the same model, or is declared ambiguous."""
    before = list_given(build_names(read_source(august_index)))
    with open_index(narrowed_archive) as db:
        source = read_source(db)
    names = build_names(source)
    assert len(source.starts) == 2
    after = list_given(names)
    assert {text for text in before.keys() & after.keys() if before[text] != after[text]} == set()
    lost = before.keys() - after.keys()
    assert all(names.by_name[text].periods[-1].until is None for text in lost), "ambiguous, not gone"
    assert 0 < len(before) - len(lost) < len(after)
