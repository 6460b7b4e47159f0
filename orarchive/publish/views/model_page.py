"""The page of a model: its facts, prices, endpoints, usage and changes."""

import datetime as dt
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from textwrap import shorten

from orarchive.domain.event_kinds import DEPRECATED, MISSING, REMOVED, get_event_kind
from orarchive.json_text import format_for_pages
from orarchive.publish.changelog import ChangelogHour
from orarchive.publish.charts.wide import WideChart
from orarchive.publish.views import View
from orarchive.publish.views.changes import (
    ChangeDetail,
    ChangeHour,
    build_change_hours,
    build_folded_detail,
)
from orarchive.publish.views.marks import get_lab_name
from orarchive.publish.views.model_catalog import CatalogSection
from orarchive.publish.views.model_endpoints import EndpointSection, build_endpoint_section
from orarchive.publish.views.model_figures import ModelFigures, build_figures
from orarchive.publish.views.model_prices import (
    PriceHistory,
    PriceSection,
    build_price_history,
    build_price_section,
)
from orarchive.publish.views.models import ModelView
from orarchive.publish.views.ranked import CategoryRank
from orarchive.publish.views.rankings import MAX_ENTRIES_IN_WORDS
from orarchive.publish.views.scores import ANALYSIS, ARENA, Score
from orarchive.publish.views.states import STATE_MEANINGS, label_state
from orarchive.timestamps import format_day

MAX_CHANGE_HOURS = 10
"""Hours with changes that are shown; earlier ones unfold."""

MAX_OPEN_LETTERS = 700
"""Length up to which a description is not folded: about eight lines."""

MAX_SUMMARY_LETTERS = 160
"""Length of the line below the name."""

MISSING_LABEL = get_event_kind(MISSING).label
STILL_MISSING_LABELS = {get_event_kind(kind).label for kind in (DEPRECATED, REMOVED)}
"""Labels of events that tell for how long a model has been missing."""

_MARKDOWN_LINK = re.compile(r"\[([^\]]*)\]\([^)]*\)")
_MARKDOWN_SIGNS = {ord(sign): None for sign in "*`#"}
_SENTENCE = re.compile(r".{20,}?[.!?](?= [A-Z])")


@dataclass(frozen=True)
class Absence:
    """The end of a model that is no longer listed."""

    words: str
    last: dt.datetime
    missing: dt.datetime | None
    """The first good hour without it."""
    successor: str
    """The id under which OpenRouter answered to its id; "" where it did not."""


@dataclass(frozen=True)
class Beginning:
    """Since when a model is known."""

    label: str
    note: str
    date: dt.date


@dataclass(frozen=True)
class ModelFacts:
    """The facts of a model; what OpenRouter does not state is None or empty."""

    alias_target: str | None
    max_output: int | None
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    beginning: Beginning
    created: dt.date | None
    expires: dt.date | None
    knowledge_cutoff: str | None
    tokenizer: str | None
    canonical_slug: str | None
    hugging_face: str | None


@dataclass(frozen=True)
class ModelUsage:
    """How much a model is used."""

    chart: WideChart | None
    ranks: list[CategoryRank]
    as_of: str
    ranked_models: str = MAX_ENTRIES_IN_WORDS
    """Number of models in a published ranking, in words."""


@dataclass(frozen=True)
class ModelPage:
    """The context of the page of a model."""

    id: str
    name: str
    lab: str
    lab_name: str
    summary: str
    """The beginning of the description in one line, "" where there is none."""
    states: list[str]
    absence: Absence | None
    """None while it is listed."""
    kept_reason: str | None
    """Why its endpoints were not read in the last hour."""
    figures: ModelFigures
    facts: ModelFacts
    catalog: CatalogSection
    prices: PriceSection
    history: PriceHistory | None
    endpoints: EndpointSection | None
    related: list[str]
    usage: ModelUsage | None
    indexes: list[Score]
    """The scores by Artificial Analysis."""
    arenas: list[Score]
    """The scores in Design Arena."""
    changes: list[ChangeHour]
    earlier_changes: list[ChangeHour]
    first_seen: dt.datetime
    description: str | None
    is_description_long: bool
    """Whether the description is folded."""
    raw: str
    """The record, as JSON."""


def build_model_page(
    view: View, model: ModelView, catalog: CatalogSection, hours: Iterable[ChangelogHour]
) -> ModelPage:
    """Build the page of a model; `hours` are its changes, newest first.

    Those beyond `MAX_CHANGE_HOURS` hours are set apart to unfold.
    """
    changes = build_history(hours)
    return ModelPage(
        id=model.model.id,
        name=model.model.name,
        lab=model.model.lab,
        lab_name=get_lab_name(view.catalog, model.model.lab),
        summary=summarize_description(model.description or ""),
        states=[*model.states],
        absence=_build_absence(view, model),
        kept_reason=model.kept_reason,
        figures=build_figures(model),
        facts=_build_facts(model),
        catalog=catalog,
        prices=build_price_section(model),
        history=build_price_history(model, view.gaps),
        endpoints=build_endpoint_section(view, model),
        related=model.related_ids,
        usage=build_usage(view, model),
        indexes=[score for score in model.scores if score.source == ANALYSIS],
        arenas=[score for score in model.scores if score.source == ARENA],
        changes=changes[:MAX_CHANGE_HOURS],
        earlier_changes=changes[MAX_CHANGE_HOURS:],
        first_seen=model.entry.first,
        description=model.description,
        is_description_long=len(model.description or "") > MAX_OPEN_LETTERS,
        raw=format_for_pages(model.entry.record),
    )


def build_history(hours: Iterable[ChangelogHour]) -> list[ChangeHour]:
    """Build the rows of the changes of a model, newest hour first.

    That it is still missing after 14 and 30 days is told by the row that it is missing, and unfolds there.
    """
    others: list[ChangelogHour] = []
    still_missing: list[ChangeDetail] = []
    absences: dict[dt.datetime, list[ChangeDetail]] = {}
    for hour in hours:
        lines = []
        for line in hour.lines:
            if not line.subject and line.kind in STILL_MISSING_LABELS:
                still_missing.append(build_folded_detail(line.kind, f"on {format_day(hour.hour)}"))
                continue
            lines.append(line)
            if not line.subject and line.kind == MISSING_LABEL and still_missing:
                absences[hour.hour], still_missing = still_missing, []
        if lines:
            others.append(replace(hour, lines=lines))
    changes = build_change_hours(others, on_model_page=True)
    return [
        _add_absence(change, absences[change.hour]) if change.hour in absences else change
        for change in changes
    ]


def _add_absence(change: ChangeHour, still_missing: list[ChangeDetail]) -> ChangeHour:
    """Add to the row that a model is missing what tells that it still was, the last of it first."""
    rows = []
    for row in change.list.rows:
        if row.kind == MISSING_LABEL:
            first, *rest = row.details
            words = f"still not listed {still_missing[0].parts[0]}: {label_state(still_missing[0].kind)}"
            details = [replace(first, parts=(*first.parts, words)), *rest]
            row = replace(row, details=details, folded_details=[*row.folded_details, *still_missing])
        rows.append(row)
    return ChangeHour(change.hour, replace(change.list, rows=rows))


def summarize_description(text: str) -> str:
    """Return the first sentence of a description without its Markdown, cut at a word where it is long."""
    plain = " ".join(_MARKDOWN_LINK.sub(r"\1", text).translate(_MARKDOWN_SIGNS).split())
    sentence = _SENTENCE.match(plain)
    return shorten(sentence[0] if sentence else plain, MAX_SUMMARY_LETTERS, placeholder=" …")


def _build_absence(view: View, model: ModelView) -> Absence | None:
    entry = model.entry
    if entry.last is None:
        return None
    successor = view.successors.get(model.model.id, "")
    return Absence(STATE_MEANINGS[model.states[0]].on_page, entry.last, entry.missing, successor)


def _build_facts(view: ModelView) -> ModelFacts:
    model = view.model
    return ModelFacts(
        alias_target=model.alias_target,
        max_output=model.max_output,
        inputs=model.inputs,
        outputs=model.outputs,
        beginning=_build_beginning(view),
        created=model.created.date() if model.created else None,
        expires=model.expires,
        knowledge_cutoff=model.knowledge_cutoff,
        tokenizer=model.tokenizer,
        canonical_slug=model.canonical_slug,
        hugging_face=model.hugging_face,
    )


def _build_beginning(view: ModelView) -> Beginning:
    note = ""
    if view.since == "first seen":
        note = "the record begins then"
    elif view.added_after:
        note = f"first seen; added after {format_day(view.added_after)}"
    return Beginning(view.since.capitalize(), note, view.entry.first.date())


def build_usage(view: View, model: ModelView) -> ModelUsage | None:
    """Build how much a model is used; None where that is not published."""
    chart = view.rankings.draw_model(model)
    ranks = view.rankings.ranks.get(model.model.id, [])
    return ModelUsage(chart, ranks, view.rankings.as_of) if chart or ranks else None
