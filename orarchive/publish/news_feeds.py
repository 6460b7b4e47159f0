"""News feeds: Atom for everything, for price cuts, for each topic, lab and model; JSON Feed for two of them.

An entry is one line of the changes page. Its id is made of what happened, so a rebuild changes none. A price
that goes back within three days is one entry, which says so, and no second alert.
"""

import datetime as dt
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

import feedgenerator
from markupsafe import escape

from orarchive.domain.phrasing import label_dimension
from orarchive.domain.prices import format_price
from orarchive.publish.changelog import ChangelogHour, ChangelogLine, Move
from orarchive.publish.sanitize import show_invisible, to_safe_json
from orarchive.timestamps import format_hour, format_stamp

MAX_ENTRIES = 60
"""Entries of a feed, and those of the same hour as the last."""

MAX_TITLE_LENGTH = 160
"""Longest title; the text says all of it."""

MAX_TOPIC_ENTRIES = 20
"""Those of the feed of a lab or a kind."""

MAX_MODEL_ENTRIES = 5
"""Those of the feed of one model."""

CUT_THRESHOLD = Decimal("-0.2")
"""The move from which on a cheaper price is news of its own."""

FLAPPING_WINDOW = dt.timedelta(days=3)

NEVER = dt.datetime(2024, 1, 1, tzinfo=dt.UTC)
"""When a feed without entries was updated."""

AUTHOR = "OpenRouter archive"


@dataclass(frozen=True)
class NewsEntry:
    """One entry: text that reads alone."""

    id: str
    title: str
    text: str
    page: str
    """Path of the page that it is about, below the site."""
    hour: dt.datetime
    line: ChangelogLine
    updated: dt.datetime | None = None
    """When more was known of it."""


def build_news(changes: Iterable[ChangelogHour], paths: dict[str, str]) -> list[NewsEntry]:
    """The entries of changes, newest first, with prices that went back folded."""
    found = [
        _entry(one.hour, line, paths.get(line.model or "", f"changes/{one.hour:%Y-%m}/index.html"))
        for one in changes
        for line in one.lines
    ]
    return list(_folded(found))


def is_cut(one: NewsEntry) -> bool:
    """Whether an entry tells of a price that became much cheaper."""
    return one.line.kind != "listed price" and any(map(_is_big, one.line.moves))


def _is_big(move: Move) -> bool:
    return bool(
        move.old and move.new is not None and move.way < 0 and move.new <= move.old * (1 + CUT_THRESHOLD)
    )


def select_latest(entries: list[NewsEntry], most: int = MAX_ENTRIES) -> list[NewsEntry]:
    """The latest entries, all of the last hour that is in."""
    if len(entries) <= most:
        return entries
    return [one for one in entries if one.hour >= entries[most - 1].hour]


class _Atom(feedgenerator.Atom1Feed):  # type: ignore[misc]
    """Atom whose bytes do not depend on when it is written."""

    def latest_post_date(self) -> dt.datetime:
        """Without entries it would be now."""
        found: dt.datetime = super().latest_post_date() if self.items else NEVER
        return found


def render_atom(entries: list[NewsEntry], title: str, path: str, page: str, base: str | None) -> bytes:
    """An Atom feed; `path` is its own file, `page` what it is about, both below `base`."""
    root = base or "../" * path.count("/")
    feed = _Atom(
        title=show_invisible(f"{title} · {AUTHOR}"),
        link=root + page,
        feed_url=root + path,
        feed_guid=_tag(path),
        description="",
        author_name=AUTHOR,
        language="en",
    )
    for one in select_latest(entries):
        feed.add_item(
            title=show_invisible(one.title),
            link=root + one.page,
            description=escape(show_invisible(one.text)),
            unique_id=show_invisible(_tag(one.id)),
            pubdate=one.hour,
            updateddate=one.updated or one.hour,
            categories=[one.line.topic],
        )
    text: str = feed.writeString("utf-8")
    return text.encode()


def render_json_feed(entries: list[NewsEntry], title: str, path: str, page: str, base: str | None) -> bytes:
    """The same as a JSON Feed 1.1."""
    root = base or "../" * path.count("/")
    found: dict[str, Any] = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": f"{title} · {AUTHOR}",
        "home_page_url": root + page,
        "feed_url": root + path,
        "language": "en",
        "items": [
            {
                "id": _tag(one.id),
                "url": root + one.page,
                "title": one.title,
                "content_text": one.text,
                "date_published": format_stamp(one.hour),
                "date_modified": format_stamp(one.updated or one.hour),
                "tags": [one.line.topic],
            }
            for one in select_latest(entries)
        ],
    }
    return to_safe_json(found)


def _tag(name: str) -> str:
    return f"tag:openrouter-archive,2024:{name}"


def _entry(hour: dt.datetime, line: ChangelogLine, page: str) -> NewsEntry:
    what = " ".join(filter(None, (line.model, line.subject)))
    moves = ", ".join(map(_move, line.moves))
    said = ", ".join(filter(None, (moves, *line.parts)))
    whole = f"{what}: {line.kind}" + (f", {said}" if said else "")
    title = whole if len(whole) <= MAX_TITLE_LENGTH else f"{whole[: MAX_TITLE_LENGTH - 1]}…"
    text = (
        f"Seen in {format_hour(hour)}"
        + (f", after {format_hour(line.after)}" if line.after else "")
        + f". {whole}."
    )
    return NewsEntry(f"{format_stamp(hour)}/{line.event}", title, text, page, hour, line)


def _move(move: Move) -> str:
    name, new = label_dimension(move.dimension), format_price(move.dimension, move.new)
    if move.old is None:
        return f"{name} {new}"
    moved = f" ({move.percent:+} %)" if move.percent is not None else ""
    return f"{name} {format_price(move.dimension, move.old)} → {new}{moved}"


def _folded(entries: list[NewsEntry]) -> Iterator[NewsEntry]:
    """Entries, newest first, with a price that went back soon as one: the first one, which says so."""
    back: dict[str, NewsEntry] = {}
    last: dict[tuple[str, str], NewsEntry] = {}
    gone: set[str] = set()
    for one in reversed(entries):
        if not one.line.moves or one.line.topic != "price":
            continue
        key = (one.line.model or "", one.line.subject)
        before = last.get(key)
        if before and one.hour - before.hour <= FLAPPING_WINDOW and _undoes(one.line, before.line):
            back[before.id] = replace(
                before,
                title=f"{before.title.partition(':')[0]}: flapping, {_levels(before.line)}",
                text=f"{before.text} It was back by {format_hour(one.hour)}.",
                updated=one.hour,
            )
            gone.add(one.id)
            last.pop(key)  # what moves from here on is news again
        else:
            last[key] = one
    yield from (back.get(one.id, one) for one in entries if one.id not in gone)


def _undoes(line: ChangelogLine, before: ChangelogLine) -> bool:
    """Whether every price that moved is what it was."""
    now, then = ({move.dimension: move for move in one.moves} for one in (line, before))
    return now.keys() == then.keys() and all(
        (now[name].old, now[name].new) == (then[name].new, then[name].old) for name in now
    )


def _levels(line: ChangelogLine) -> str:
    said = []
    for one in line.moves:
        old, new = (format_price(one.dimension, end) for end in (one.old, one.new))
        said.append(f"{label_dimension(one.dimension)} between {old} and {new}")
    return ", ".join(said)
