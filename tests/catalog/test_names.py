"""Names: which kinds there are, what outranks what, and that a name is never given to two models."""

import datetime as dt
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orarchive.catalog.data_files import AliasRow
from orarchive.catalog.latest_names import add_latest_names
from orarchive.catalog.name_forms import hash_name, list_name_forms
from orarchive.catalog.names import Name, NamePeriod, Names, build_names
from orarchive.catalog.source import AliasPeriod, CatalogModel, CatalogSource
from tests.support.catalog_models import build_model
from tests.support.catalog_sources import at_hour, build_infos, build_source, cut_source, list_given

SONNET, DATED = "anthropic/claude-sonnet-4.5", "mistralai/pixtral-large-2411"
ALIAS = "~anthropic/claude-sonnet-latest"


def listed(key: str, *numbers: int | None, **fields: object) -> CatalogModel:
    """Return a model that is listed from one hour to another, and again: the numbers of these hours."""
    hours = [None if number is None else at_hour(number) for number in numbers or (0, None)]
    stretches = tuple((first, last) for first, last in zip(hours[::2], hours[1::2], strict=True) if first)
    model = build_model(key, first=stretches[0][0], last=stretches[-1][1], **fields)  # type: ignore[arg-type]
    return replace(model, stretches=stretches)


def name_all(*models: CatalogModel, periods: tuple[AliasPeriod, ...] = ()) -> Names:
    """Return all names of models."""
    source = build_source(*models, periods=periods)
    return add_latest_names(build_names(source), source, build_infos(source))


def get_periods(name: Name) -> list[tuple[dt.datetime, dt.datetime | None, str | None]]:
    """Return the periods of a name as tuples."""
    return [(period.since, period.until, period.id) for period in name.periods]


@pytest.mark.parametrize(
    ("model", "names"),
    [
        (SONNET, {"claude-sonnet-4.5": "slug", "claude-sonnet-4-5": "twin", "claude-sonnet": "family"}),
        (
            "mistralai/mistral-medium-3-5",
            {"mistral-medium-3-5": "slug", "mistral-medium-3.5": "twin", "mistral-medium": "family"},
        ),
        (DATED, {"pixtral-large-2411": "slug", "pixtral-large": "undated", "pixtral": "family"}),
        (
            "qwen/qwen-plus-2025-07-28:thinking",
            {
                "qwen-plus-2025-07-28:thinking": "slug",
                "qwen-plus:thinking": "undated",
                "qwen-plus-2025-07-28": "base",
                "qwen-plus": "base",
            },
        ),
    ],
)
def test_names_follow_from_the_id(model: str, names: dict[str, str]) -> None:
    assert {form.name: form.kind for form in list_name_forms(model)} == names


@pytest.mark.parametrize(
    "slug",
    [
        *("claude-3.5-sonnet-20240620", "gpt-4o-2024-08-06", "command-r-08-2024", "qwen3.5-flash-02-23"),
        *("deepseek-r1-0528", "mistral-small-2603", "gpt-4-1106", "kimi-k2-250711"),
    ],
)
def test_dates_are_left_out(slug: str) -> None:
    """Years and months, months and days, with dashes and without."""
    (undated,) = [form.name for form in list_name_forms(f"lab/{slug}") if form.kind == "undated"]
    assert undated == slug.rpartition("-")[0].removesuffix("-2024-08").removesuffix("-08").removesuffix("-02")


@pytest.mark.parametrize("slug", ["phi-3-4096", "model-1300", "gpt-4-32k", "x-100", "v-2048"])
def test_other_numbers_are_no_dates(slug: str) -> None:
    assert [form for form in list_name_forms(f"lab/{slug}") if form.kind == "undated"] == []


def test_names_in_any_case() -> None:
    names = name_all(listed("lab/Model-1"))
    assert {names.find(text) for text in ("model-1", "MODEL-1")} == {names.by_name["model-1"]}
    assert names.find_alias("lab/Model-1") == "model-1"


def test_two_models_with_one_slug() -> None:
    """The slug was given to the first, and is ambiguous once there are two; each has a name with a hash."""
    first, second = "reka/reka-edge", "rekaai/reka-edge"
    names = name_all(listed(first, 0, 9), listed(second, 5, None, created=1))
    slug = names.by_name["reka-edge"]
    assert get_periods(slug) == [(at_hour(0), at_hour(5), first), (at_hour(5), None, None)]
    assert slug.candidates == (first, second), "the second says that it was made in 1970"
    assert [names.by_name[hash_name(model)].id for model in (first, second)] == [first, second]
    assert [names.find_alias(model) for model in (first, second)] == [hash_name(first), hash_name(second)]
    apart = name_all(listed(first, 0, 3), listed(second, 5, None))
    assert apart.by_name[hash_name(first)].id == first, "it had gone before the second came"
    assert hash_name(first) == "reka-edge-xf9kz", "it must never change"


def test_stronger_claims_of_one_hour_count() -> None:
    """A model that has a name as its slug comes before those that it would fit by a rule."""
    names = name_all(listed("mistralai/pixtral-large"), listed(DATED))
    assert names.by_name["pixtral-large"].id == "mistralai/pixtral-large"
    assert names.by_name["pixtral"].candidates == ("mistralai/pixtral-large", DATED), "by id, at equal age"


def test_later_claims_are_ignored_or_end_a_name() -> None:
    """A weaker claim changes nothing; one as strong or stronger makes the name ambiguous."""
    slug, dated = listed("mistralai/pixtral-large", 3, None), listed(DATED)
    assert name_all(replace(slug, first=at_hour(0)), listed(DATED, 3, None)).by_name["pixtral-large"].id
    ended = name_all(dated, slug).by_name["pixtral-large"]
    assert get_periods(ended) == [(at_hour(0), at_hour(3), DATED), (at_hour(3), None, None)]


def test_tie_goes_to_the_first_stronger_claim() -> None:
    """Nobody had the name before."""
    sonar = name_all(
        listed("lab/sonar-large"), listed("lab/sonar-small"), listed("lab/sonar", 4, None)
    ).by_name["sonar"]
    assert get_periods(sonar) == [(at_hour(0), at_hour(4), None), (at_hour(4), None, "lab/sonar")]


def test_variant_alone_is_a_candidate_only() -> None:
    """A `:free` has other limits and another price than the name without it says."""
    name = name_all(listed("lab/x-1:free")).by_name["x-1"]
    assert (name.kind, name.id, name.candidates) == ("base", None, ("lab/x-1:free",))
    assert name_all(listed("lab/x-1:free"), listed("lab/x-1", 5, None)).by_name["x-1"].id == "lab/x-1"


def test_reviewed_names() -> None:
    source = build_source(listed(SONNET), listed("lab/sonnet-2411", 5, None))
    rows = [
        AliasRow("sonnet", SONNET, "so it is called", "https://x.example"),
        AliasRow("y", "no/no", "", ""),
    ]
    name = build_names(source, rows).by_name["sonnet"]
    assert (name.id, name.kind, name.source) == (SONNET, "reviewed", "https://x.example")
    assert "y" not in build_names(source, rows).by_name, "its model was never seen"


def test_alias_of_openrouter_moves_and_outranks() -> None:
    """Its id, its slug and the latest of its family follow it, and say when it moved."""
    older = "anthropic/claude-sonnet-4"
    periods = (
        AliasPeriod(ALIAS, older, at_hour(0), at_hour(4)),
        AliasPeriod(ALIAS, SONNET, at_hour(5), None),
    )
    rival = listed("lab/claude-sonnet-latest")
    names = name_all(listed(older), listed(SONNET, 3, None), listed(ALIAS), rival, periods=periods)
    for text in (ALIAS, "claude-sonnet-latest", "claude-sonnet@latest"):
        name = names.by_name[text]
        moves = [(at_hour(0), at_hour(4), older), (at_hour(5), None, SONNET)]
        assert (get_periods(name), name.source) == (moves, ALIAS), text
    assert [name.name for name in names.by_model[SONNET]][:3] == [
        "claude-sonnet-latest",
        ALIAS,
        "claude-sonnet-4.5",
    ]
    assert names.by_name["claude-sonnet"].id is None, "a family of two"


def test_alias_that_ended_stands_for_nothing() -> None:
    """Nor is a model that is gone, or one without a price, the latest of a family."""
    ended = (AliasPeriod(ALIAS, SONNET, at_hour(0), at_hour(4)),)
    names = name_all(listed(SONNET), listed(ALIAS, 0, 4), periods=ended)
    assert names.by_name[ALIAS].id is None
    assert names.by_name["claude-sonnet@latest"].id == SONNET, "the only member"
    current = (AliasPeriod(ALIAS, SONNET, at_hour(0), None),)
    assert "claude-sonnet@latest" not in name_all(listed(SONNET, 0, 4), periods=current).by_name
    unpriced = name_all(listed(SONNET, 0, None, pricing={}), periods=current)
    assert "claude-sonnet@latest" not in unpriced.by_name


def test_two_aliases_for_one_family_leave_it_open() -> None:
    """Two labs say which is the latest of a family of that name."""
    members = listed("a/x-1"), listed("b/x-1")
    periods = tuple(AliasPeriod(f"~{key[0]}/x-latest", key, at_hour(0), None) for key in ("a/x-1", "b/x-1"))
    assert name_all(*members, periods=periods).by_name["x@latest"].candidates == ("a/x-1", "b/x-1")
    assert name_all(*members, periods=periods[:1]).by_name["x@latest"].id == "a/x-1"


def test_latest_without_an_alias() -> None:
    """It is the only member that can be chosen; of several nothing says which, whatever their versions."""
    gone, second = listed("anthropic/claude-sonnet-4", 0, 6), listed("anthropic/claude-sonnet-5", 7, None)
    latest = name_all(gone, listed(SONNET, 1, None)).by_name["claude-sonnet@latest"]
    assert get_periods(latest) == [(at_hour(6), None, SONNET)]
    both = name_all(listed(SONNET), second).by_name["claude-sonnet@latest"]
    assert (both.id, get_periods(both)) == (None, [(at_hour(7), None, None)])
    assert {*both.candidates} == {SONNET, second.id}
    leaving = listed("anthropic/claude-sonnet-5", 2, None, expiration_date="2026-12-24")
    assert name_all(listed(SONNET), leaving).by_name["claude-sonnet@latest"].id == SONNET


def test_past_that_was_imported_later_takes_no_name_away() -> None:
    """The archive began at hour 5 with a family of one; the past has a model with that name as its slug."""
    past, member, former = listed("c/x", 0, 3), listed("a/x-1.5"), listed("b/y")
    periods = (AliasPeriod("~a/x-latest", former.id, at_hour(0), at_hour(3)),)
    source = build_source(past, member, former, periods=periods, starts=(at_hour(0), at_hour(5)))
    before = build_names(cut_source(source, at_hour(5), at_hour(9)))
    assert before.by_name["x"].id == member.id
    name = build_names(source).by_name["x"]
    assert get_periods(name) == [(at_hour(0), at_hour(5), past.id), (at_hour(5), None, None)]
    assert {*name.candidates} == {past.id, member.id, former.id}
    assert build_names(replace(source, starts=(at_hour(0),))).by_name["x"].id == past.id, (
        "never said otherwise"
    )


# --- no name is ever given to two models --------------------------------------------------------------------

IDS = (
    *("a/x-1.5", "b/x-1.5", "a/x-1-5", "a/x-1.5-2411", "b/x-1.5-0528", "a/x-1.5:free", "b/x", "a/x-latest"),
    *("a/X-1.5", "~a/x-latest", "a/x-2411:free", "a/y-2411", "b/y"),
)
LAST = 12

hours = st.integers(0, LAST)


@st.composite
def histories(draw: st.DrawFn) -> CatalogSource:
    """Draw models that come, go and return, an alias that moves, and two hours with which it once began."""
    models = []
    for key in draw(st.lists(st.sampled_from(IDS), unique=True, min_size=2, max_size=6)):
        numbers = sorted(draw(st.sets(hours, min_size=1, max_size=4)))
        models.append(listed(key, *numbers, *([None] if len(numbers) % 2 else [])))
    moves = sorted(draw(st.sets(hours, max_size=3)))
    targets = draw(st.lists(st.sampled_from(IDS[:8]), min_size=len(moves), max_size=len(moves)))
    ends = [at_hour(move) - dt.timedelta(minutes=1) for move in moves[1:]]
    periods = [
        AliasPeriod("~a/x-latest", target, at_hour(move), end)
        for move, target, end in zip(moves, targets, [*ends, None], strict=False)
    ]
    starts = [at_hour(number) for number in sorted({0, *draw(st.sets(hours, max_size=2))})]
    return build_source(*models, periods=periods, starts=starts)


@settings(max_examples=60)
@given(histories())
def test_no_name_is_given_to_two_models(source: CatalogSource) -> None:
    """Neither in time, nor by importing a past: at no hour does an archive contradict an earlier answer."""
    given_names: dict[str, str] = {}
    for number in range(LAST + 1):
        hour = at_hour(number)
        names = list_given(build_names(cut_source(source, source.starts[0], hour)))
        for text, model in names.items():
            assert given_names.setdefault(text, model) == model, (number, text)
        for start in source.starts:
            if start <= hour:
                before = list_given(build_names(cut_source(source, start, hour)))
                differing = {text for text in before.keys() & names.keys() if before[text] != names[text]}
                assert not differing, (number, start, differing)


@settings(max_examples=25)
@given(histories())
def test_periods_tell_what_a_name_stood_for(source: CatalogSource) -> None:
    """At each hour the name stood for what its periods say at the end."""
    names = build_names(cut_source(source, source.starts[0], at_hour(LAST)))
    for number in range(LAST):
        then = list_given(build_names(cut_source(source, source.starts[0], at_hour(number))))
        for text, model in then.items():
            period = find_period(names.by_name[text].periods, at_hour(number))
            assert period.id == model, (number, text)


def find_period(periods: tuple[NamePeriod, ...], hour: dt.datetime) -> NamePeriod:
    """Return the last period that had begun at an hour."""
    return [period for period in periods if period.since <= hour][-1]
