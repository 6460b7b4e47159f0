"""Entries of news feeds, all of them."""

from collections.abc import Iterable

from orarchive.publish.changelog import ChangelogHour
from orarchive.publish.news_feeds import NewsEntry, build_entries, fold_flapping, merge_hours


def build_news(changes: Iterable[ChangelogHour], paths: dict[str, str]) -> list[NewsEntry]:
    """Return the entries of changes given newest first, with flapping prices folded: one a model and hour.

    `paths` holds the page of each model; an entry about no model leads to the page of its month.
    """
    return [*merge_hours(fold_flapping([*build_entries(changes, paths)]))]
