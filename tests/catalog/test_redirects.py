"""Replacements: each kind of evidence, and targets that are never gone, routers, or dearer without a word."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest

from orarchive.catalog.announcements import find_announcement
from orarchive.catalog.data_files import RedirectRow
from orarchive.catalog.flag_labels import label_losses
from orarchive.catalog.redirects import Redirect, Redirects, build_redirects
from orarchive.catalog.source import ANNOUNCEMENTS_BEGAN, AliasPeriod, CatalogModel
from orarchive.catalog.tombstones import NOT_ANNOUNCED, Tombstone, build_tombstones
from orarchive.history.coverage import Gap
from tests.support.catalog_models import build_endpoint, build_model
from tests.support.catalog_sources import at_hour, build_infos, build_source

OLD, NEW = "lab/gem-1", "lab/gem-2"
FREE = {"prompt": "0", "completion": "0"}
DEAR = {"prompt": "0.000003", "completion": "0.000006"}
DYNAMIC = {"prompt": "-1", "completion": "-1"}
ROUTER = "openrouter/auto"


def gone(key: str = OLD, **fields: Any) -> CatalogModel:
    """Return a model that is gone."""
    return build_model(key, last=at_hour(50), state="removed", **fields)


def row(source: str, target: str) -> RedirectRow:
    """Return a reviewed replacement."""
    return RedirectRow(source, target, "so it was said", "https://x.example", dt.date(2026, 11, 1))


def replace_all(
    *models: CatalogModel, rows: tuple[RedirectRow, ...] = (), periods: tuple[AliasPeriod, ...] = ()
) -> Redirects:
    """Return the replacements of models."""
    source = build_source(*models, periods=periods)
    return build_redirects(source, build_infos(source), rows)


def replace_old(*models: CatalogModel, **sources: Any) -> Redirect:
    """Return the replacement of OLD."""
    return replace_all(*models, **sources).by_source[OLD]


def explain(*models: CatalogModel, key: str = OLD) -> str:
    """Return why nothing replaces a model."""
    return replace_all(*models).unreplaced[key].reason


def name_losses(*models: CatalogModel) -> list[str]:
    """Return what NEW, the nearest model of its family, is not known to have of what OLD has, in words."""
    unreplaced = replace_all(*models).unreplaced[OLD]
    assert (unreplaced.nearest, unreplaced.newest) == (NEW, ())
    assert unreplaced.reason == "no listed model of its family, gem, is known to do as much"
    return label_losses(unreplaced.lost)


def test_answer_of_openrouter_comes_first() -> None:
    models = gone(answer=f"renamed:{NEW}"), build_model(NEW, pricing=DEAR), build_model("lab/gem-3")
    assert replace_old(*models, rows=(row(OLD, "lab/gem-3"),)) == Redirect(
        source=OLD,
        target=NEW,
        kind="openrouter",
        evidence=f"OpenRouter answers to {OLD} with {NEW}",
        via=(),
        price_ratio=Fraction(3),
        price="dearer",
        lost=(),
        last_verified=at_hour(100),
    )


@pytest.mark.parametrize("slug", [OLD, "lab/gem-2026"])
def test_permanent_name_is_that_of_a_listed_model(slug: str) -> None:
    """The permanent name of a listed model is the id that is gone, or is that of the model that is gone."""
    listed = build_model(NEW, canonical_slug=slug)
    old = gone(canonical_slug="lab/gem-2026")
    redirect = replace_old(old, listed, build_model("lab/gem-3"), rows=(row(OLD, "lab/gem-3"),))
    assert (redirect.target, redirect.kind) == (NEW, "permanent_name")
    assert redirect.evidence == f"{slug} is OpenRouter's permanent name of {NEW}"
    free = build_model("lab/gem-2:free", canonical_slug=slug)
    assert replace_old(old, free, build_model("lab/gem-3")).kind == "same_family", "it is no variant"


def test_alias_that_pointed_at_it_points_at_its_replacement() -> None:
    """And an alias that is gone is replaced by what it pointed at last."""
    alias = "~lab/gem-latest"
    periods = (
        AliasPeriod(alias, OLD, at_hour(0), at_hour(50)),
        AliasPeriod(alias, NEW, at_hour(51), None),
    )
    redirect = replace_old(gone(), build_model(NEW), build_model(alias), periods=periods)
    assert (redirect.target, redirect.kind, redirect.evidence) == (
        NEW,
        "alias_target",
        f"{alias} pointed at {OLD} and now points at {NEW}",
    )
    ended = (AliasPeriod(alias, NEW, at_hour(0), at_hour(50)),)
    redirects = replace_all(gone(alias), build_model(NEW), periods=ended)
    assert redirects.by_source[alias].target == NEW
    both_ended = (periods[0], replace(periods[1], until=at_hour(60)))
    assert replace_old(gone(), build_model(NEW), periods=both_ended).kind == "same_family"


def test_variant_is_replaced_by_its_base() -> None:
    """Whatever it costs: a price after none has no ratio, and is said to be dearer."""
    free = gone("lab/gem-2:free", pricing=FREE, context_length=9)
    redirects = replace_all(free, build_model(NEW, context_length=8), build_model("lab/gem-3:free"))
    redirect = redirects.by_source["lab/gem-2:free"]
    assert (redirect.target, redirect.kind, redirect.price_ratio) == (NEW, "variant_base", None)
    assert (redirect.price, redirect.lost) == ("dearer", ("context",))


def test_reviewed_replacement_comes_before_the_family() -> None:
    rows = (row(OLD, "lab/other"), row(NEW, OLD), row("lab/other", NEW), row("no/no", NEW))
    redirects = replace_all(gone(), build_model(NEW), build_model("lab/other"), rows=rows)
    assert (redirects.by_source[OLD].kind, redirects.by_source[OLD].target) == ("override", "lab/other")
    assert [audit.status for audit in redirects.audits] == ["active", "unused", "unused", "unused"]


@pytest.mark.parametrize(
    ("answer", "target", "status"),
    [("", "lab/none", "dead"), ("", ROUTER, "dead"), ("", OLD, "dead"), (f"renamed:{NEW}", NEW, "outranked")],
)
def test_reviewed_rows_are_audited(answer: str, target: str, status: str) -> None:
    router = build_model(ROUTER, pricing=DYNAMIC)
    redirects = replace_all(gone(answer=answer), build_model(NEW), router, rows=(row(OLD, target),))
    assert [audit.status for audit in redirects.audits] == [status]
    assert redirects.by_source[OLD].target == NEW


def test_chains_are_followed_and_circles_are_not() -> None:
    """The kind is the weakest on the way, and the models between are named."""
    between = gone("lab/gem-1b", answer=f"renamed:{NEW}")
    redirect = replace_old(gone(), between, build_model(NEW), rows=(row(OLD, between.id),))
    assert (redirect.target, redirect.via, redirect.kind) == (NEW, (between.id,), "override")
    circle = gone(answer="renamed:lab/x"), gone("lab/x", answer=f"renamed:{OLD}")
    assert replace_all(*circle).by_source == {}


def test_replacement_that_is_about_to_go_is_followed() -> None:
    """Unless nothing replaces that."""
    leaving = build_model("lab/other", expiration_date="2026-12-24")
    rows = row(OLD, leaving.id), row(leaving.id, NEW)
    assert replace_old(gone(), leaving, build_model(NEW), rows=rows).via == (leaving.id,)
    assert replace_old(gone(), leaving, rows=rows).target == leaving.id


def test_alias_as_a_replacement_is_its_target() -> None:
    alias = build_model("~lab/latest", alias_target={"slug": NEW})
    periods = (AliasPeriod(alias.id, NEW, at_hour(0), None),)
    redirect = replace_old(gone(answer=f"renamed:{alias.id}"), alias, build_model(NEW), periods=periods)
    assert (redirect.target, redirect.via) == (NEW, (alias.id,))


@pytest.mark.parametrize(
    "router",
    [
        build_model(ROUTER, pricing=DYNAMIC),
        build_model("openrouter/free", pricing=FREE, architecture={"tokenizer": "Router"}),
    ],
    ids=["dynamic price", "free"],
)
def test_router_replaces_nothing(router: CatalogModel) -> None:
    old = gone("a/b", answer=f"renamed:{router.id}")
    assert replace_all(old, router, rows=(row("a/b", router.id),)).by_source == {}
    assert replace_all(gone("openrouter/free-1"), router).by_source == {}
    assert explain(old, router, key="a/b") == "no other model of its lab, a, is listed"
    former = gone("openrouter/auto-1", pricing=DYNAMIC)
    assert explain(former, build_model("openrouter/auto-2"), key=former.id).startswith("it is a router")
    assert explain(gone("~a/b-latest"), key="~a/b-latest").startswith("it is an alias")


# --- the same family ----------------------------------------------------------------------------------------


def test_family_must_do_as_much() -> None:
    """Every flag, every output, and a context that is no smaller; unknown is not enough."""
    can_all: dict[str, Any] = {"supported_parameters": ["tools", "reasoning"], "context_length": 100}
    old = gone(**can_all)
    assert replace_old(old, build_model(NEW, **can_all)).kind == "same_family"
    lacking = build_model(NEW, supported_parameters=["seed"], context_length=99)
    assert name_losses(old, lacking) == ["tool calls", "reasoning", "as long a context"]
    unlisted = build_model(NEW, context_length=100)
    assert name_losses(old, unlisted) == ["tool calls", "reasoning"], "its list is unknown"
    assert name_losses(old, unlisted, replace(lacking, id="lab/gem-3")) == ["tool calls", "reasoning"]
    paints: dict[str, Any] = {
        "architecture": {"input_modalities": ["text"], "output_modalities": ["image", "text"]}
    }
    assert name_losses(gone(**paints), build_model(NEW)) == ["image output"]
    fixed = build_model(NEW, **(can_all | {"reasoning": {"mandatory": True}}))
    assert name_losses(old, fixed) == ["reasoning effort setting"]


def test_reason_names_what_comes_nearest_where_no_model_of_the_family_comes_into_question() -> None:
    """The newest models of the lab, without variants and without those that are about to go."""
    others = [build_model(f"lab/other-{number}", created=number) for number in range(5)]
    late = build_model("lab/late", created=9, expiration_date="2026-12-24")
    free = build_model("lab/other-4:free", created=9)
    unreplaced = replace_all(gone(), *others, late, free, build_model("else/gem-2")).unreplaced[OLD]
    assert unreplaced.reason == "no other model of its family, gem, is listed"
    assert (unreplaced.nearest, unreplaced.lost) == (None, ())
    assert unreplaced.newest == ("lab/other-4", "lab/other-3", "lab/other-2")
    pro = {"prompt": "0.00002", "completion": "0.00002"}
    dear = [build_model(f"lab/dear-{number}", created=number, pricing=pro) for number in (7, 8, 9)]
    newest = replace_all(gone(), *others[:2], *dear).unreplaced[OLD].newest
    assert newest == ("lab/other-1", "lab/other-0", "lab/dear-9"), "those of its price class first"
    alone = build_model(OLD, expiration_date="2026-12-24")
    assert replace_all(alone, build_model("else/gem-2")).unreplaced[OLD].newest == ()
    assert explain(alone, build_model("else/gem-2")) == "no other model of its lab, lab, is listed"
    going = "the other listed models of its family, gem, are about to go themselves, or are variants, or are"
    assert explain(gone(), build_model(NEW, expiration_date="2026-12-24")).startswith(going)


def test_moderation_is_no_ability() -> None:
    old = gone(top_provider={"is_moderated": True})
    assert replace_old(old, build_model(NEW)).lost == ()


def test_special_edition_replaces_only_its_like() -> None:
    """A newer edition that runs dearer or is not final gives way to the model that it is an edition of."""
    model = build_model("lab/gem-2", created=1, pricing=FREE)
    fast = build_model("lab/gem-2-fast", created=2, pricing=FREE)
    preview = build_model("lab/gem-2-preview-09-2025", created=3, pricing=FREE)
    assert replace_old(gone(), model, fast, preview).target == model.id
    assert replace_all(gone("lab/gem-1-fast"), model, fast).by_source["lab/gem-1-fast"].target == fast.id
    assert replace_old(gone(), preview).target == preview.id, "not an edition of a listed model"


def test_choice_within_the_family() -> None:
    """The same variant; then the newest that is not dearer; then unknown prices; then the least dear."""
    same, cheap = build_model("lab/gem-2", created=1), build_model("lab/gem-3", created=2, pricing=FREE)
    dear = build_model("lab/gem-4", created=3, pricing=DEAR)
    dearer = build_model("lab/gem-dearer", created=9, pricing={"prompt": "1", "completion": "1"})
    assert replace_old(gone(), same, cheap, dear, dearer).target == cheap.id
    assert replace_old(gone(pricing=FREE), dear, dearer).target == dear.id
    unknown = build_model("lab/gem-unknown", pricing={})
    assert replace_old(gone(pricing=FREE), dear, unknown).price == "unknown"
    free = gone("lab/gem-1:free", pricing=FREE)
    paid, sibling, batch = (build_model(f"lab/gem-2{suffix}") for suffix in ("", ":free", ":batch"))
    assert replace_all(free, paid, sibling, batch).by_source[free.id].target == sibling.id
    assert replace_all(free, paid, batch).by_source[free.id].target == paid.id
    assert "or are variants" in explain(free, batch, key=free.id)


# --- announcements ------------------------------------------------------------------------------------------

SENTENCES = [
    ("Deprecated. Recommended replacement is [Gem 2](/lab/gem-2).", NEW),
    ("It will be replaced by lab/gem-2.", NEW),
    ("Please migrate to https://openrouter.ai/lab/gem-2 soon!", NEW),
    ("Use `lab/gem-2` instead.", NEW),
    ("Deprecated in favor of the [paid](https://openrouter.ai/models/lab/gem-2) one", NEW),
    ("It is the successor of [Gem 2](/lab/gem-2).", None),
    ("Replaces lab/gem-2.", None),
    ("Migrate to lab/gem-2 or lab/gem-3.", None),
    ("Migrate to lab/gem-9.", None),
    ("Migrate to another model. See lab/gem-2.", None),
    ("lab/gem-2 was replaced by this model", None),
]


@pytest.mark.parametrize(("text", "target"), SENTENCES)
def test_announced_replacement(text: str, target: str | None) -> None:
    """A sentence that names just one model as what replaces this one, beside a date."""
    model = build_model(OLD, description=text, expiration_date="2026-12-24")
    announcement = find_announcement(model, {OLD, NEW, "lab/gem-3"})
    assert (announcement.target if announcement else None) == target
    undated = build_model(OLD, description=text)
    assert find_announcement(undated, {NEW}) is None


def test_model_that_is_going_has_its_replacement() -> None:
    """It is listed, and has a date; a model without one has none."""
    leaving = build_model(OLD, description="Migrate to lab/gem-2.", expiration_date="2026-12-24")
    redirects = replace_all(leaving, build_model(NEW))
    assert {(key, value.kind) for key, value in redirects.by_source.items()} == {(OLD, "announced")}
    assert redirects.unreplaced == {}


# --- tombstones ---------------------------------------------------------------------------------------------


def bury(*models: CatalogModel, gaps: Iterable[Gap] = ()) -> dict[str, Tombstone]:
    """Return the tombstones of models."""
    source = build_source(*models, gaps=gaps)
    infos = build_infos(source)
    return build_tombstones(source, infos, build_redirects(source, infos, ()).by_source)


def test_tombstone() -> None:
    """What it cost and who served it last, how long it was listed without absences, what replaces it."""
    old = gone(endpoints=[build_endpoint("zeta"), build_endpoint("alpha"), build_endpoint("zeta")])
    spans = ((at_hour(0), at_hour(10)), (at_hour(40), at_hour(50)))
    (stone,) = bury(replace(old, stretches=spans, answer="gone"), build_model(NEW)).values()
    assert (stone.listed_hours, stone.absences, stone.providers) == (20, 1, ("Alpha", "Zeta"))
    assert (stone.notice, stone.end) == (NOT_ANNOUNCED, "removed: OpenRouter no longer knows its id")
    assert stone.redirect and stone.redirect.target == NEW
    assert stone.to_json()["prices"] == {"prompt": "0.000001", "completion": "0.000002"}
    assert (stone.to_json()["blended"], stone.to_json()["notice_days"]) == ("1.25", None)


@pytest.mark.parametrize(
    ("answer", "date", "end"),
    [
        ("", None, "no longer listed; how OpenRouter answers for its id is not on record"),
        ("unlisted", None, "unlisted: OpenRouter still answers for its id"),
        ("renamed:a/b", None, "renamed: OpenRouter answers with a/b"),
        ("gone", "2026-11-22", "removed: OpenRouter no longer knows its id, on the announced date"),
        ("gone", "2026-11-23", "removed: OpenRouter no longer knows its id, 1 day before the announced date"),
        ("gone", "2026-11-20", "removed: OpenRouter no longer knows its id, 2 days after the announced date"),
    ],
)
def test_how_it_went(answer: str, date: str | None, end: str) -> None:
    assert bury(gone(answer=answer, expiration_date=date))[OLD].end == end


def test_notice_runs_from_the_announcement_to_the_end() -> None:
    """It may be longer where no reading in the day before could show the date, or the end, which is at 50."""
    leaving = gone(expiration_date="2026-11-22")
    for announced, gap, notice in (
        (20, None, "1 day: the date 2026-11-22 was first seen on 2026-11-21"),
        (0, None, "at least 2 days: the date 2026-11-22 was first seen on 2026-11-20"),
        (20, (-9, 20), "at least 1 day: the date 2026-11-22 was first seen on 2026-11-21"),
        (20, (50, 90), "at least 1 day: the date 2026-11-22 was first seen on 2026-11-21"),
        (20, (-9, 19), "1 day: the date 2026-11-22 was first seen on 2026-11-21"),
    ):
        gaps = [Gap(at_hour(gap[0]), at_hour(gap[1]))] if gap else []
        stones = bury(replace(leaving, announced=at_hour(announced)), gaps=gaps)
        assert stones[OLD].notice == notice


def test_dates_of_the_day_on_which_the_list_began_to_state_them_may_be_older() -> None:
    source = build_source()
    began = dt.datetime.combine(ANNOUNCEMENTS_BEGAN, dt.time(12), dt.UTC)
    assert source.is_announced_before(began)
    assert not source.is_announced_before(began + dt.timedelta(days=1))
