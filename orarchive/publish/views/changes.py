"""Changes for the pages: by month and day, and as rows."""

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import groupby

from orarchive.domain.figures import format_percent_change
from orarchive.domain.phrasing import get_unit
from orarchive.domain.prices import MAIN_DIMENSIONS
from orarchive.domain.records import get_lab, split_variant
from orarchive.history.coverage import Gap
from orarchive.publish.change_groups import ARRIVAL_LABELS, ChangeGroup, Importance, group_changes
from orarchive.publish.changelog import PAGE_STYLE, UNCONFIRMED_LABELS, ChangelogHour, ChangelogLine
from orarchive.publish.price_moves import Move
from orarchive.publish.views.cells import PriceCell

MAX_DETAILS = 4
"""Details of a row that are shown; further ones are folded."""

MAX_ROWS = 100
"""Rows of an hour or a day that are shown; further ones are folded, so that no page is endless."""

AT = "at "
"""What the subject of a line about an endpoint begins with."""

CONDITION = "by condition:"
"""What a detail of a price under conditions begins with."""

COUNTED = "parameters"
"""What a detail begins with that names what another one counts."""

PROVIDER = "provider "
"""What the subject of a line about a provider begins with."""


@dataclass(frozen=True)
class ChangelogDay:
    """The changes of one day, newest hour first."""

    date: dt.date
    hours: list[ChangelogHour]

    @cached_property
    def lines(self) -> int:
        """Return the number of lines of all hours."""
        return sum(len(hour.lines) for hour in self.hours)


@dataclass(frozen=True)
class ChangelogMonth:
    """The changes of one month, newest day first."""

    name: str
    """`2026-08`."""
    days: list[ChangelogDay]

    @cached_property
    def lines(self) -> int:
        """Return the number of lines of all days."""
        return sum(day.lines for day in self.days)


def group_days(changes: Iterable[ChangelogHour]) -> Iterator[ChangelogDay]:
    """Group changes, newest first, by day."""
    for date, hours in groupby(changes, key=lambda hour: hour.hour.date()):
        yield ChangelogDay(date, list(hours))


@dataclass(frozen=True)
class MoveView:
    """A price that moved, as it is shown."""

    dimension: str
    old: PriceCell | None
    new: PriceCell
    percent: str
    """The move with its sign, "" where there is no percentage."""
    tone: str
    """`dear`, `cheap`, or "" where the colour would say something wrong."""


def build_move_view(move: Move, has_tone: bool = True) -> MoveView:
    """Build the cells of a move; `has_tone` is False for a listed price, which no provider changed."""
    percent = ""
    if move.percent is not None:
        percent = format_percent_change(move.percent, PAGE_STYLE.minus)
    return MoveView(
        dimension=move.dimension,
        old=PriceCell(move.old, move.dimension) if move.old is not None else None,
        new=PriceCell(move.new, move.dimension),
        percent=percent,
        tone=("dear" if move.direction > 0 else "cheap") if has_tone else "",
    )


@dataclass(frozen=True)
class ChangeDetail:
    """A line of the changelog, or several that say the same of different records, as it is shown."""

    kind: str
    """"" where it is that of its row; of a price under conditions words that say so."""
    subject: str
    """"" where it is a provider, or endpoints."""
    provider: str
    """The slug of the provider that it is about; "" for none."""
    endpoints: tuple[str, ...]
    """Labels of the endpoints that it is about."""
    moves: list[MoveView]
    is_per_million: bool
    """Whether every price is that of a million tokens."""
    parts: tuple[str, ...]
    after: dt.datetime | None
    """The hour after which it came about, where days lie between."""


@dataclass(frozen=True)
class ChangeRow:
    """What changed of a model in an hour, as it is shown."""

    kind: str
    """That of its first detail, the most important one."""
    css_class: str
    sign: str
    topics: str
    """Topics to filter by, with spaces between; "" where there is no filter."""
    model: str
    """The model that is named; "" where there is none, or it is that of the page."""
    hour: dt.datetime
    details: list[ChangeDetail]
    folded_details: list[ChangeDetail]
    """Those beyond `MAX_DETAILS`, prices under conditions beside plain ones, and names that others count."""
    variants: "list[ChangeRow]"
    """Rows of further models of the lab in that hour: variants that came, as it did, or models whose input
    and output moved by the same percentages."""

    @property
    def variant_words(self) -> str:
        """Return what the further models are: `and 2 more variants`."""
        count, plural = len(self.variants), "s" if len(self.variants) > 1 else ""
        if self.kind in ARRIVAL_LABELS:
            return f"and {count} more variant{plural}"
        return f"and {count} model{plural} by the same percentages"

    @property
    def folded_words(self) -> str:
        """Return what there is to unfold: `4 more prices`."""
        count = len(self.folded_details)
        if all(detail.kind == CONDITION for detail in self.folded_details):
            return f"{count} more price{'s' if count > 1 else ''}"
        if all(detail.kind == COUNTED for detail in self.folded_details):
            return "which"
        return f"and {count} more"


@dataclass(frozen=True)
class ChangeList:
    """Rows, ranked, and those of minor changes, which are folded."""

    rows: list[ChangeRow]
    folded_rows: list[ChangeRow]
    """Rows beyond those that are to be shown."""
    minor: list[ChangeRow]
    minor_count: int
    """Number of minor changes."""
    gap: Gap | None
    """The reading before and that after a gap in which several of these came about; they do not repeat it."""


@dataclass(frozen=True)
class ChangeHour:
    """The changes of one hour."""

    hour: dt.datetime
    list: ChangeList


def build_change_list(
    hours: Iterable[ChangelogHour],
    importance: Importance,
    max_rows: int = MAX_ROWS,
    on_model_page: bool = False,
) -> ChangeList:
    """Build the rows of all changes of some hours together, given newest first.

    A minor change by itself is not folded: it takes no more room than the words to unfold it.
    """
    grouped = group_changes(hours, importance)
    rows, minor = ([*_build_rows(groups, on_model_page)] for groups in (grouped.groups, grouped.minor))
    if grouped.minor_count == 1:
        rows, minor = [*rows, *minor], []
    gap = _find_common_gap([*rows, *minor])
    if gap:
        rows, minor = ([_drop_gap(row, gap) for row in listed] for listed in (rows, minor))
    return ChangeList(rows[:max_rows], rows[max_rows:], minor, grouped.minor_count, gap)


def _find_common_gap(rows: Iterable[ChangeRow]) -> Gap | None:
    """Find the gap that most details of rows came about in; None where no two share one."""
    gaps = Counter(
        Gap(detail.after, row.hour)
        for first in rows
        for row in (first, *first.variants)
        for detail in (*row.details, *row.folded_details)
        if detail.after
    )
    return next((gap for gap, count in gaps.most_common(1) if count > 1), None)


def _drop_gap(row: ChangeRow, gap: Gap) -> ChangeRow:
    """Return a row whose details do not repeat a gap."""
    details, folded = (
        [replace(detail, after=None) if (detail.after, row.hour) == gap else detail for detail in listed]
        for listed in (row.details, row.folded_details)
    )
    variants = [_drop_gap(variant, gap) for variant in row.variants]
    return replace(row, details=details, folded_details=folded, variants=variants)


def build_change_hours(hours: Iterable[ChangelogHour], on_model_page: bool = False) -> list[ChangeHour]:
    """Build the rows of each hour; on the page of a model they do not name the model and have no filter."""
    return [
        ChangeHour(hour.hour, build_change_list([hour], Importance(), on_model_page=on_model_page))
        for hour in hours
    ]


def _build_rows(groups: Iterable[ChangeGroup], on_model_page: bool) -> Iterator[ChangeRow]:
    """Yield a row for each group, but one for those that `_get_common` joins."""
    joined: dict[object, list[ChangeGroup]] = defaultdict(list)
    for group in groups:
        joined[_get_common(group) or id(group)].append(group)
    for first, *rest in joined.values():
        yield _build_row(first, on_model_page, [_build_row(group, on_model_page, []) for group in rest])


def _get_common(group: ChangeGroup) -> tuple[object, ...]:
    """Return what groups of one row share.

    () of a group that is neither the arrival of a variant nor list prices alone.
    """
    variant = split_variant(group.model or "")[1]
    if group.model and variant and group.lines[0].kind in ARRIVAL_LABELS and not group.lines[0].subject:
        return (group.hour, group.rank, get_lab(group.model), variant)
    moves = [
        (line.kind, move.dimension, round(move.percent))
        for line in group.lines
        for move in line.moves
        if move.dimension in MAIN_DIMENSIONS and move.percent is not None
    ]
    if not moves or not group.model or any(line.subject or not line.moves for line in group.lines):
        return ()
    return (group.hour, get_lab(group.model), *moves)


def _build_row(group: ChangeGroup, on_model_page: bool, variants: list[ChangeRow]) -> ChangeRow:
    first = group.lines[0]
    details = [*_build_details(group)]
    conditions = [
        build_folded_detail(CONDITION, words)
        for line in group.lines
        if line.moves
        for words in _list_tariffs(line)
    ]
    counted = {words: build_folded_detail(COUNTED, words) for line in group.lines for words in line.counted}
    return ChangeRow(
        kind=first.kind,
        css_class=first.kind.replace(" ", "-"),
        sign=first.sign,
        topics="" if on_model_page else " ".join(sorted({line.topic for line in group.lines})),
        model="" if on_model_page else group.model or "",
        hour=group.hour,
        details=details[:MAX_DETAILS],
        folded_details=[*details[MAX_DETAILS:], *conditions, *counted.values()],
        variants=variants,
    )


def _build_details(group: ChangeGroup) -> Iterator[ChangeDetail]:
    """Yield the details of a row; lines that differ by the record alone share one.

    The hour after which the first came about is not repeated with those that came about after the same one.
    """
    joined = _join_subjects(group.lines)
    first = joined[0][0]
    for line, names in joined:
        is_repeated = line is not first and line.after == first.after
        is_late = line.after is not None and not is_repeated and (group.hour - line.after).days > 1
        is_of_endpoints = all(name.startswith(AT) for name in names)
        is_of_provider = line.model is None and names[0].startswith(PROVIDER)
        yield ChangeDetail(
            kind="" if line.kind == group.lines[0].kind else line.kind,
            subject="" if is_of_endpoints or is_of_provider else ", ".join(filter(None, names)),
            provider=names[0].removeprefix(PROVIDER) if is_of_provider else "",
            endpoints=tuple(name.removeprefix(AT) for name in names) if is_of_endpoints else (),
            moves=[
                build_move_view(move, line.kind not in UNCONFIRMED_LABELS.values()) for move in line.moves
            ],
            is_per_million={get_unit(move.dimension) for move in line.moves} == {"M"},
            parts=() if line.moves and line.has_conditions else line.parts,
            after=line.after if is_late else None,
        )


def _join_subjects(lines: Sequence[ChangelogLine]) -> list[tuple[ChangelogLine, list[str]]]:
    """Return the lines that differ by more than the record, each with the subjects of those like it."""
    if len(lines) == 1:  # most groups have one, which need not be compared
        return [(lines[0], [lines[0].subject])]
    subjects: dict[ChangelogLine, list[str]] = defaultdict(list)
    for line in lines:
        subjects[replace(line, subject="", event="")].append(line.subject)
    return [*subjects.items()]


def _list_tariffs(line: ChangelogLine) -> tuple[str, ...]:
    return line.parts if line.has_conditions else ()


def build_folded_detail(kind: str, words: str) -> ChangeDetail:
    """Build a detail of a kind, in words, to unfold below a row."""
    return ChangeDetail(kind, "", "", (), [], is_per_million=False, parts=(words,), after=None)
