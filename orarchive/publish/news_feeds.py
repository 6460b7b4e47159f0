"""News feeds: Atom for all changes, price cuts, each topic, kind, lab and model; JSON Feed for the first two.

An entry is what changed of a model in an hour, as on the changes page. Its id is made of the site and the
event, so that a rebuild changes no id. A price that goes back within three days is one entry that says so,
not two alerts.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import groupby
from typing import Any

import feedgenerator
from markupsafe import escape

from orarchive.domain.figures import format_percent_change, format_share
from orarchive.domain.foreign_text import escape_invisible, shorten
from orarchive.domain.phrasing import label_dimension
from orarchive.domain.prices import format_price
from orarchive.publish.change_groups import Importance, is_minor
from orarchive.publish.changelog import PAGE_STYLE, UNCONFIRMED_LABELS, ChangelogHour, ChangelogLine
from orarchive.publish.feed_ids import FeedSite
from orarchive.publish.price_moves import Move
from orarchive.publish.sanitize import to_safe_json
from orarchive.timestamps import format_hour, format_stamp

MAX_ENTRIES = 60
"""Entries of a feed; those of the same hour as the last of them are added."""

MAX_TOPIC_ENTRIES = 20
"""Entries of the feed of a lab or a kind."""

MAX_MODEL_ENTRIES = 10
"""Entries of the feed of a model."""

MAX_GONE_ENTRIES = 3
"""Entries of the feed of a model that is gone, and of a lab without any other: few start to read it."""

MAX_TITLE_LENGTH = 160
"""Characters of a title; the entry's text is complete."""

CUT_THRESHOLD = Decimal("-0.2")
"""Relative move from which on a lower price is an entry of the feed of cuts."""

MAX_FOLDED = 8
"""Minor changes that the entry which stands for all of an hour names."""

IMPORTANCE = Importance()
"""The order of entries; it does not depend on use, which changes: an entry must stay as it is."""

FLAPPING_WINDOW = dt.timedelta(days=3)

EMPTY_FEED_UPDATED = dt.datetime(2024, 1, 1, tzinfo=dt.UTC)
"""Update time of a feed without entries."""

AUTHOR = "OpenRouter archive"


@dataclass(frozen=True)
class GeneralFeed:
    """A feed about all models, as Atom and as JSON Feed."""

    name: str
    """Name of its files."""
    title: str
    page: str
    """Path of the page that it belongs to."""

    @property
    def atom_path(self) -> str:
        """Return the path of the Atom file below the site."""
        return f"feeds/{self.name}.atom"

    @property
    def json_path(self) -> str:
        """Return the path of the JSON Feed file below the site."""
        return f"feeds/{self.name}.json"


CHANGES_FEED = GeneralFeed("changes", "All changes", "changes/index.html")
CUTS_FEED = GeneralFeed("cuts", f"Price cuts of {format_share(-CUT_THRESHOLD)} or more", "prices/index.html")

FREE_FEED = GeneralFeed("free", "Free models: new, gone, and turned paid", "free/index.html")
RETIREMENTS_FEED = GeneralFeed("retirements", "Models that go, and are gone", "graveyard/index.html")
GENERAL_FEEDS = (CHANGES_FEED, CUTS_FEED, FREE_FEED, RETIREMENTS_FEED)


@dataclass(frozen=True)
class NewsEntry:
    """One entry of a feed."""

    id: str
    """Names the entry among all of the archive; feeds make a URI of it."""
    title: str
    seen: str
    """When it was seen, as a sentence."""
    text: str
    """What changed, in sentences; it is complete without the title."""
    page: str
    """Path of the page that the entry is about, below the site."""
    hour: dt.datetime
    line: ChangelogLine
    updated: dt.datetime | None = None
    """The hour in which the price went back."""

    @property
    def summary(self) -> str:
        """Return what the title does not say already."""
        return self.seen + (f" {self.text}" if self.text != f"{self.title}." else "")


def merge_hours(entries: Iterable[NewsEntry]) -> Iterator[NewsEntry]:
    """Merge entries given newest first by hour; see `merge_entries`."""
    for _, group in groupby(entries, lambda entry: entry.hour):
        yield from merge_entries(group)


def merge_entries(entries: Iterable[NewsEntry], is_folded: bool = False) -> Iterator[NewsEntry]:
    """Merge the entries of an hour that are about the same model, the most important first.

    With `is_folded` its minor changes, of whatever model, are one entry, whose id is that of the hour: only
    the feed of all changes can have it.
    """
    ranked = sorted(entries, key=lambda entry: IMPORTANCE.rank(entry.line))
    groups: dict[tuple[bool, str], list[NewsEntry]] = defaultdict(list)
    for entry in ranked:
        is_small = is_minor(entry.line)
        groups[is_small, "" if is_small and is_folded else entry.line.model or entry.id].append(entry)
    for (is_small, name), group in groups.items():
        yield _fold_minor(group) if is_small and not name else _merge_group(group)


def _merge_group(group: list[NewsEntry]) -> NewsEntry:
    first, *rest = group
    if not rest:
        return first
    title = f"{first.title.removesuffix('…')}, and {count_changes(len(rest), 'more')}"
    updates = [entry.updated for entry in group if entry.updated]
    return replace(
        first,
        title=title,
        text=" ".join(entry.text for entry in group),
        updated=max(updates, default=None),
    )


def _fold_minor(group: list[NewsEntry]) -> NewsEntry:
    first, title = group[0], count_changes(len(group), "minor")
    omitted = len(group) - MAX_FOLDED
    more = f" And {count_changes(omitted, 'more')}." if omitted > 0 else ""
    return replace(
        first,
        id=f"{format_stamp(first.hour)}/minor changes",
        title=title[0].upper() + title[1:],
        text=" ".join(entry.text for entry in group[:MAX_FOLDED]) + more,
        page=f"changes/{first.hour:%Y-%m}/index.html",
    )


def count_changes(count: int, adjective: str) -> str:
    """Return a number of changes in words: `14 minor changes`."""
    return f"{count:,} {adjective} change{'s' * (count != 1)}"


def build_entries(changes: Iterable[ChangelogHour], paths: dict[str, str]) -> Iterator[NewsEntry]:
    """Yield an entry for each line of changes."""
    for hour in changes:
        month = f"changes/{hour.hour:%Y-%m}/index.html"
        for line in hour.lines:
            yield _build_entry(hour.hour, line, paths.get(line.model or "", month))


def is_cut(line: ChangelogLine) -> bool:
    """Return whether a line is about a price that a provider cut by 20 % or more."""
    return line.kind not in UNCONFIRMED_LABELS.values() and any(map(_is_big_cut, line.moves))


def _is_big_cut(move: Move) -> bool:
    """Return whether a price fell by 20 % or more."""
    return bool(
        move.old
        and move.new is not None
        and move.direction < 0
        and move.new <= move.old * (1 + CUT_THRESHOLD)
    )


def select_latest(entries: list[NewsEntry], max_entries: int = MAX_ENTRIES) -> list[NewsEntry]:
    """Return the latest of entries given newest first, with all entries of the last hour among them."""
    if len(entries) <= max_entries:
        return entries
    return [entry for entry in entries if entry.hour >= entries[max_entries - 1].hour]


# --- writing feeds ------------------------------------------------------------------------------------------


class _Atom(feedgenerator.Atom1Feed):  # type: ignore[misc]
    """An Atom feed whose bytes do not depend on when it is written."""

    def latest_post_date(self) -> dt.datetime:
        """Return the latest entry's date; for a feed without entries feedgenerator would return now."""
        latest: dt.datetime = super().latest_post_date() if self.items else EMPTY_FEED_UPDATED
        return latest


def render_atom(entries: list[NewsEntry], title: str, path: str, page: str, site: FeedSite) -> bytes:
    """Return an Atom feed; `path` is its own file, `page` the page it belongs to, both below the site.

    If the site has no address, addresses are relative to the feed.
    """
    root = site.base or "../" * path.count("/")
    feed = _Atom(
        title=escape_invisible(f"{title} · {AUTHOR}"),
        link=root + page,
        feed_url=root + path,
        feed_guid=site.make_id(path),
        description="",
        author_name=AUTHOR,
        language="en",
    )
    for entry in select_latest(entries):
        feed.add_item(
            title=escape_invisible(entry.title),
            link=root + entry.page,
            description=escape(escape_invisible(entry.summary)),
            unique_id=site.make_id(entry.id),
            # The hour is written once; only a price that went back was updated after it was published.
            pubdate=entry.hour if entry.updated else None,
            updateddate=entry.updated or entry.hour,
            categories=[entry.line.topic],
        )
    text: str = feed.writeString("utf-8")
    return text.encode()


def render_json_feed(entries: list[NewsEntry], title: str, path: str, page: str, site: FeedSite) -> bytes:
    """Return the same as a JSON Feed 1.1; for the arguments see `render_atom`."""
    root = site.base or "../" * path.count("/")
    feed: dict[str, Any] = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": f"{title} · {AUTHOR}",
        "home_page_url": root + page,
        "feed_url": root + path,
        "language": "en",
        "items": [
            {
                "id": site.make_id(entry.id),
                "url": root + entry.page,
                "title": entry.title,
                "content_text": f"{entry.seen} {entry.text}",
                "date_published": format_stamp(entry.hour),
                "date_modified": format_stamp(entry.updated or entry.hour),
                "tags": [entry.line.topic],
            }
            for entry in select_latest(entries)
        ],
    }
    return to_safe_json(feed)


def _build_entry(hour: dt.datetime, line: ChangelogLine, page: str) -> NewsEntry:
    """Return the entry of a line of the changes page."""
    subject = " ".join(filter(None, (line.model, line.subject)))
    moves = ", ".join(map(_describe_move, line.moves))
    details = ", ".join(filter(None, (moves, *line.parts, *line.counted)))
    sentence = f"{subject}: {line.kind}" + (f", {details}" if details else "")
    after = f", after {format_hour(line.after)}" if line.after else ""
    return NewsEntry(
        id=f"{format_stamp(hour)}/{line.event}",
        title=shorten(sentence, MAX_TITLE_LENGTH),
        seen=f"Seen in {format_hour(hour)}{after}.",
        text=f"{sentence}.",
        page=page,
        hour=hour,
        line=line,
    )


def _describe_move(move: Move) -> str:
    """Return a price before and after with the percentage, or the price alone if there was none before."""
    name, new = label_dimension(move.dimension), format_price(move.dimension, move.new)
    if move.old is None:
        return f"{name} {new}"
    percent = "" if move.percent is None else f" ({format_percent_change(move.percent, PAGE_STYLE.minus)})"
    return f"{name} {format_price(move.dimension, move.old)} → {new}{percent}"


def fold_flapping(entries: list[NewsEntry]) -> Iterator[NewsEntry]:
    """Fold flapping prices of entries given newest first: a price that soon moved back is one entry.

    The entry of the first move stays; its title and text say that the price moved back.
    """
    folded: dict[str, NewsEntry] = {}
    last: dict[tuple[str, str], NewsEntry] = {}
    dropped: set[str] = set()
    for entry in reversed(entries):
        if not entry.line.moves or entry.line.topic != "price":
            continue
        subject = (entry.line.model or "", entry.line.subject)
        before = last.get(subject)
        if (
            before
            and entry.hour - before.hour <= FLAPPING_WINDOW
            and _is_reversal_of(entry.line, before.line)
        ):
            folded[before.id] = replace(
                before,
                title=f"{before.title.partition(':')[0]}: flapping, {_describe_levels(before.line)}",
                text=f"{before.text} It was back by {format_hour(entry.hour)}.",
                updated=entry.hour,
            )
            dropped.add(entry.id)
            # A move after this one is an entry by itself again.
            last.pop(subject)
        else:
            last[subject] = entry
    yield from (folded.get(entry.id, entry) for entry in entries if entry.id not in dropped)


def _is_reversal_of(line: ChangelogLine, before: ChangelogLine) -> bool:
    """Return whether a line moves every price of an earlier line back to its old value.

    A line with prices under conditions is none: its moves do not say how these changed.
    """
    if line.has_conditions or before.has_conditions:
        return False
    now, then = ({move.dimension: move for move in moved.moves} for moved in (line, before))
    return now.keys() == then.keys() and all(
        (now[name].old, now[name].new) == (then[name].new, then[name].old) for name in now
    )


def _describe_levels(line: ChangelogLine) -> str:
    """Return the two prices of each move of a line."""
    levels = []
    for move in line.moves:
        old, new = (format_price(move.dimension, end) for end in (move.old, move.new))
        levels.append(f"{label_dimension(move.dimension)} between {old} and {new}")
    return ", ".join(levels)
