"""Rankings by language, modality and context length, and what models are used for: apps and tasks."""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from orarchive.domain.figures import format_share
from orarchive.domain.ranking_series import CONTEXT, LANGUAGE, MODALITY, SERIES, Series
from orarchive.domain.records import as_number, as_text
from orarchive.jsonl import Record
from orarchive.publish.views.ranked import Period, RankedEntry
from orarchive.publish.views.rankings import Rankings
from orarchive.timestamps import DAY, WEEK

SLICED = (
    (LANGUAGE, "By language", "OpenRouter's estimate from a sample, by week"),
    (MODALITY, "By modality", "last seven days that are published"),
    (CONTEXT, "By length of request", "context of the request, last seven days that are published"),
)
"""Series whose slices are shown, with title and note."""

SLICE_LABELS = {"natural": "natural languages", "programming": "programming languages"}
"""Names of slices that do not speak for themselves."""

MAX_SLICE_ENTRIES = 5
MAX_TASK_MODELS = 3

LETTERS = {"K": 10**3, "M": 10**6}


@dataclass(frozen=True)
class RankingSlice:
    """A part of the traffic, and its models by tokens in a week."""

    name: str
    period: Period

    @property
    def entries(self) -> list[RankedEntry]:
        """Return the models that are named."""
        return self.period.entries[:MAX_SLICE_ENTRIES]


@dataclass(frozen=True)
class SliceSection:
    """The slices of a series."""

    id: str
    title: str
    note: str
    slices: list[RankingSlice]
    as_of: str


def list_slice_sections(rankings: Rankings) -> list[SliceSection]:
    """List the series that have slices with totals."""
    sections = []
    for series, title, note in SLICED:
        names = sorted(
            {name for each, name in rankings.dataset.usage.tokens if each == series.name}, key=_get_size_key
        )
        slices = [each for name in names if (each := _build_slice(rankings, series, name))]
        if slices:
            as_of = rankings.find_as_of(series.name, names[-1])
            sections.append(SliceSection(series.name, title, note, slices, as_of))
    return sections


def _build_slice(rankings: Rankings, series: Series, name: str) -> RankingSlice | None:
    rows = rankings.dataset.usage.tokens[series.name, name]
    step = WEEK if SERIES[series.name].cadence == "weekly" else DAY
    unfinished = rankings.find_unfinished(series.name, name, (date for date, _, _ in rows))
    period = rankings.build_period("Week", rows, WEEK, step, unfinished)
    label = SLICE_LABELS.get(name, f"{name} tokens" if name[:1].isdigit() else name.replace("_", " "))
    return RankingSlice(label, period) if period else None


def _get_size_key(name: str) -> tuple[int, str]:
    """Return a key that sorts lengths such as `10K` by size, and other names as text."""
    digits, letter = name[:-1], name[-1:]
    return (int(digits) * LETTERS[letter], name) if digits.isdigit() and letter in LETTERS else (0, name)


@dataclass(frozen=True)
class Task:
    """What models are used for, and its shares in the traffic of some days; "" is not known."""

    name: str
    group: str
    requests: str
    tokens: str
    share: float
    """Of requests, to sort by."""
    bar: int
    """Percent of the largest share."""
    models: list[str]
    """The published names of the models used most for it, or their ids."""


@dataclass(frozen=True)
class TaskSection:
    """The tasks of the last reading, those of most requests first."""

    tasks: list[Task]
    days: str
    date: dt.date | None


def build_tasks(rankings: Rankings) -> TaskSection | None:
    """Build the tasks that were read last; None where there are none."""
    lines = rankings.dataset.usage.lines.get(("tasks", ""), [])
    if not lines:
        return None
    record = lines[-1]
    groups = {
        str(row.get("key")): as_text(row.get("label")) or str(row.get("key"))
        for row in _list_records(record.get("macro_categories"))
    }
    rows = [*_list_records(record.get("classifications"))]
    highest = max((as_number(row.get("usage_share")) or Decimal(0) for row in rows), default=Decimal(0))
    tasks = [_build_task(rankings, row, groups, highest) for row in rows]
    tasks.sort(key=lambda task: (-task.share, task.name))
    return TaskSection(
        tasks=tasks,
        days=str(record.get("window_days") or ""),
        date=_read_date(record.get("as_of")),
    )


def _build_task(rankings: Rankings, row: Record, groups: dict[str, str], highest: Decimal) -> Task:
    group = str(row.get("macro_category") or "")
    requests, tokens = (as_number(row.get(f"{kind}_share")) for kind in ("usage", "token"))
    slugs = [as_text(each.get("id")) for each in _list_records(row.get("models"))]
    return Task(
        name=as_text(row.get("display_name")) or str(row.get("tag")),
        group=groups.get(group, group),
        requests="" if requests is None else format_share(requests),
        tokens="" if tokens is None else format_share(tokens),
        share=float(requests or 0),
        bar=round(100 * (requests or 0) / highest) if highest else 0,
        models=[rankings.get_id(slug) for slug in slugs if slug][:MAX_TASK_MODELS],
    )


def _list_records(value: Any) -> Iterator[Record]:
    """Yield the objects of a list; nothing where the value is no list."""
    yield from (item for item in value if isinstance(item, dict)) if isinstance(value, list) else ()


def _read_date(value: Any) -> dt.date | None:
    try:
        return dt.date.fromisoformat(str(value)[:10])
    except ValueError:
        return None
