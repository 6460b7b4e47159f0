"""Shares of models and labs in the published tokens over time, for charts of areas."""

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping

from orarchive.publish.charts.areas import draw_areas
from orarchive.publish.charts.wide import WideChart
from orarchive.publish.rankings_data import Row
from orarchive.publish.views.rankings import Rankings
from orarchive.publish.views.usage import DAYS_A_WEEK, OTHER

MAX_AREAS = 8

MAX_MODEL_WEEKS = 26
"""Weeks of the chart of models: of those that led before few are used still."""

MAX_CATEGORY_WEEKS = 52

RECENT_WEEKS = 8
"""Last weeks whose tokens choose the labs that are drawn: labs of the past are among the others."""


def draw_model_shares(rankings: Rankings) -> WideChart | None:
    """Draw the most used models' shares of all published tokens by week."""
    weeks = {week for week, _, _ in rankings.weekly}
    totals: Counter[str] = Counter()
    others: Counter[str] = Counter()
    for date, name, tokens in rankings.rows:
        day = dt.date.fromisoformat(date)
        week = f"{day - dt.timedelta(days=day.weekday())}"
        if week in weeks:
            totals[week] += tokens
            others[week] += name == OTHER
    if any(others.values()):  # Without the sum of all further models the whole is not known.
        totals = Counter({week: total for week, total in totals.items() if others[week] == DAYS_A_WEEK})
    return _draw(rankings, rankings.weekly, totals, MAX_MODEL_WEEKS)


def draw_category_shares(rankings: Rankings, rows: Iterable[Row]) -> WideChart | None:
    """Draw the most used models' shares of a category's tokens by finished week."""
    totals: Counter[str] = Counter()
    for week, _, tokens in rows:
        totals[week] += tokens
    return _draw(rankings, rows, totals, MAX_CATEGORY_WEEKS)


def draw_lab_shares(rankings: Rankings) -> WideChart | None:
    """Draw the labs' shares of the tokens of the models that are published, by whole week."""
    totals: Counter[str] = Counter()
    sums: dict[str, dict[str, int]] = defaultdict(dict)
    for lab, weeks in rankings.lab_sums.items():
        sums[str(lab)] = {str(week): int(tokens) for week, tokens in weeks.dropna().items()}
    for week, tokens in rankings.whole_weeks.groupby("week")["tokens"].sum().items():
        totals[str(week)] = int(tokens)
    names = {lab: rankings.get_lab_name(lab) for lab in sums}
    return _draw_sums(sums, totals, names, "other labs", RECENT_WEEKS)


def _draw(
    rankings: Rankings, rows: Iterable[Row], totals: Mapping[str, int], max_weeks: int
) -> WideChart | None:
    shown = set(sorted(totals)[-max_weeks:])
    sums: dict[str, dict[str, int]] = defaultdict(dict)
    for week, slug, tokens in rows:
        if week in shown and slug != OTHER:
            sums[slug][week] = tokens
    names = {slug: rankings.get_model_name(slug) for slug in sums}
    return _draw_sums(sums, {week: totals[week] for week in shown}, names, "other models")


def _draw_sums(
    sums: Mapping[str, Mapping[str, int]],
    totals: Mapping[str, int],
    names: Mapping[str, str],
    rest: str,
    recent_weeks: int = 1,
) -> WideChart | None:
    """Draw the names with the largest shares in the last weeks, those with most in the last one on top."""
    weeks = sorted(week for week, total in totals.items() if total)
    if not weeks:
        return None
    shares = {
        key: {
            dt.date.fromisoformat(week): tokens / totals[week]
            for week, tokens in by_week.items()
            if totals.get(week)
        }
        for key, by_week in sums.items()
    }
    last = dt.date.fromisoformat(weeks[-1])
    by_last = sorted(shares, key=lambda key: (-shares[key].get(last, 0), key))
    recent = [dt.date.fromisoformat(week) for week in weeks[-recent_weeks:]]
    by_recent = sorted(by_last, key=lambda key: -sum(shares[key].get(week, 0) for week in recent))
    leading = sorted(by_recent[:MAX_AREAS], key=by_last.index)
    counts = Counter(names[key] for key in leading)
    chosen = {names[key] if counts[names[key]] == 1 else key: shares[key] for key in leading}
    return draw_areas(chosen, [dt.date.fromisoformat(week) for week in weeks], rest)
