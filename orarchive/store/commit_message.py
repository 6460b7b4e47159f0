"""The commit message: a changelog of the hour. Subject: the hour and counts; body: one line a change."""

import datetime as dt
import re
from collections import Counter
from collections.abc import Iterator, Mapping

from orarchive.domain.changes import Change
from orarchive.domain.feeds import FEEDS
from orarchive.domain.phrasing import (
    CAUSE_PHRASES,
    LOG_STYLE,
    describe_change,
    format_feed,
    format_prices,
    get_model,
    get_new_prices,
    is_added,
    is_removed,
    is_told_elsewhere,
)
from orarchive.domain.prices import format_price
from orarchive.store.ledger import BAD_OUTCOMES, Attempt
from orarchive.timestamps import format_hour

MAX_LINES = 200
"""A message is read by people; past this many lines it says how many more there are."""

MAX_KEY = 120

COUNTED = (
    # feeds, kinds, what the subject says of so many of them
    (("models",), ("added",), "model{s} added"),
    (("models",), ("first_observed",), "model{s} first observed"),
    (("models",), ("missing",), "missing"),
    (("models", "endpoints"), ("repriced",), "repriced"),
    (("endpoints",), ("joined",), "endpoint{s} joined"),
    (("endpoints",), ("left",), "endpoint{s} left"),
    (("endpoints",), ("discounted",), "discounted"),
    (("models", "endpoints"), ("schedule_changed",), "schedule{s} changed"),
    (("models",), ("alias_moved",), "alias{es} moved"),
    (("models",), ("expiry_changed",), "expiry date{s} changed"),
    (("providers",), ("added",), "provider{s} added"),
    (("providers",), ("missing",), "provider{s} missing"),
    (("zdr",), ("gained", "lost"), "zdr changed"),
    (("images", "videos", "image_endpoints"), ("added", "missing"), "image or video entr{ies} changed"),
)


def format_message(
    hour: dt.datetime, attempt: Attempt, changes: list[Change], first: Mapping[str, int]
) -> str:
    """The whole message of an attempt; `first`: feeds that had no records before, with how many they have."""
    lines = format_change_lines(changes, attempt)
    body = [*_troubles(attempt), *lines[:MAX_LINES]]
    if len(lines) > MAX_LINES:
        body.append(f"... and {len(lines) - MAX_LINES} more")
    asked = [name for name, report in attempt["feeds"].items() if report["outcome"] != "not-due"]
    of = "" if "models" in asked else f" of {', '.join(map(format_feed, asked))}"
    subject = f"{format_hour(hour)}: {_subject(changes, first) or f'no change{of}'}"
    bad = [name for name, report in attempt["feeds"].items() if report["outcome"] in BAD_OUTCOMES]
    if bad:
        subject += f"; not good: {', '.join(bad)}"
    parts = [subject, "\n".join(body), "\n".join(_trailers(hour, attempt, changes, bad))]
    return "\n\n".join(part for part in parts if part) + "\n"


def _subject(changes: list[Change], first: Mapping[str, int]) -> str:
    begun = [f"{count} {format_feed(name)}" for name, count in first.items()]
    said = [f"first record of {', '.join(begun)}"] if begun else []
    counts = list(_counts())
    for feeds, kinds, phrase in counts:
        some = [one for one in changes if one.feed in feeds and one.kind in kinds and _own(one)]
        # a model whose endpoints moved counts once, whichever of the two says it
        count = len({(get_model(one) if "models" in feeds else None) or one.key for one in some})
        if count:
            said.append(f"{count} {_plural(phrase, count)}")
    if topped := len({one.key for one in changes if one.feed == "models" and one.cause == "provider"}):
        said.append(f"{topped} with another provider on top")
    counted = {(feed, kind) for feeds, kinds, _ in counts for feed in feeds for kind in kinds}
    if others := len({(one.feed, one.key) for one in changes if (one.feed, one.kind) not in counted}):
        said.append(f"{others} edited")
    return ", ".join(said)


def _counts() -> Iterator[tuple[tuple[str, ...], tuple[str, ...], str]]:
    """What is counted: COUNTED, and the same of feeds without words of their own: `2 added in embeddings`."""
    yield from COUNTED
    yield tuple(FEEDS), ("field_appeared",), "new field{s}"
    named = {feed for feeds, _, _ in COUNTED for feed in feeds}
    for name, feed in FEEDS.items():
        if name not in named:
            for kind in (feed.added_kind, feed.removed_kind, "repriced"):
                yield (name,), (kind,), f"{kind} in {format_feed(name)}"


def _own(change: Change) -> bool:
    """Whether a price is the thing's own news, not that of another provider on top."""
    return change.cause not in ("provider", "schedule")


def _plural(phrase: str, count: int) -> str:
    return phrase.format(
        s="" if count == 1 else "s", es="" if count == 1 else "es", ies="y" if count == 1 else "ies"
    )


def _troubles(attempt: Attempt) -> list[str]:
    """A line for each feed that is not good, and for what was kept."""
    lines = []
    for name, report in attempt["feeds"].items():
        reasons = ", ".join(report.get("reasons", []))
        kept = report.get("kept", {})
        if report["outcome"] in ("failed", "quarantined"):
            lines.append(f"! {name}: {report['outcome']} ({reasons}), the last good records stay")
        elif kept:
            some = ", ".join(map(_key, list(kept)[:5])) + (" ..." if len(kept) > 5 else "")
            lines.append(_clean(f"! {name}: {len(kept)} kept ({reasons}): {some}"))
    return [*lines, *(_clean(f"! {note}") for note in attempt.get("notes", []))]


def _trailers(hour: dt.datetime, attempt: Attempt, changes: list[Change], bad: list[str]) -> list[str]:
    counts = Counter((change.feed, change.kind) for change in changes)
    named = {
        "Models-Added": counts["models", "added"],
        "Models-Missing": counts["models", "missing"],
        "Endpoints-Joined": counts["endpoints", "joined"],
        "Endpoints-Left": counts["endpoints", "left"],
        "Endpoints-Repriced": len(
            {one.key for one in changes if (one.feed, one.kind) == ("endpoints", "repriced")}
        ),
    }
    return [
        f"Hour: {format_hour(hour)}",
        f"Attempt: {attempt['attempt']}",
        *(f"{name}: {count}" for name, count in named.items() if count),
        *([f"Not-Good: {', '.join(bad)}"] if bad else []),
    ]


KIND_ORDER = (
    "added",
    "first_observed",
    "missing",
    "joined",
    "left",
    "repriced",
    "schedule_changed",
    "discounted",
)
"""What a reader looks for first; other kinds follow in the order found."""


def format_change_lines(changes: list[Change], attempt: Attempt | None = None) -> list[str]:
    """One line a change; the prices of one key that moved together share one."""
    prices: dict[tuple[str, str, str], list[Change]] = {}
    found: list[tuple[str, str]] = []
    for change in changes:
        if is_told_elsewhere(change):
            continue
        if change.kind == "repriced":
            prices.setdefault((change.feed, change.key, change.cause), []).append(change)
        else:
            found.append((change.kind, _line(change, attempt)))
    found += [("repriced", _repriced(moved)) for moved in prices.values()]
    rank = {kind: position for position, kind in enumerate(KIND_ORDER)}
    found.sort(key=lambda one: rank.get(one[0], len(KIND_ORDER)))
    return [_clean(line) for _, line in found]


def _line(change: Change, attempt: Attempt | None) -> str:
    """One change as a line."""
    subject = _about(change)
    if is_added(change):
        prices = get_new_prices(change)
        ways = {"prompt": "in", "completion": "out"}
        said = [f", {format_price(name, price)} {ways[name]}" for name, price in prices.items()]
        return f"+ {subject}: {change.kind.replace('_', ' ')}{''.join(said)}"
    if is_removed(change):
        return f"- {subject}: {change.kind}{_became(change, attempt)}"
    if change.kind == "field_appeared":
        return f"+ {change.feed}: new field {LOG_STYLE.shorten(change.key)}"
    if change.field == "description":
        return f"~ {subject}: description edited"
    return (
        f"~ {subject}: {'alias moved ' * (change.kind == 'alias_moved')}{describe_change(change, LOG_STYLE)}"
    )


def _became(change: Change, attempt: Attempt | None) -> str:
    """What is known of a record that left its list: ` (renamed to openai/gpt-y)`."""
    report = attempt["feeds"].get(change.feed) if attempt else None
    told = report.get("vanished", {}).get(change.key, "") if report else ""
    word, _, name = told.partition(":")
    if word == "renamed":
        return f" (renamed to {_key(name)})"
    return {"orphaned": " (still known, listed no more)", "gone": " (gone)"}.get(word, "")


def _about(change: Change) -> str:
    key = _key(change.key)
    return key if change.feed in ("models", "endpoints") else f"{format_feed(change.feed)}: {key}"


def _repriced(moved: list[Change]) -> str:
    """Prices of one key that moved together: `~ key: prompt $1.25 -> $1.00, completion $10 -> $8 per M`."""
    why = f" ({CAUSE_PHRASES[moved[0].cause]})" if moved[0].cause in CAUSE_PHRASES else ""
    prices = {change.field: (change.old, change.new) for change in moved}
    return f"~ {_about(moved[0])}: {format_prices(prices, LOG_STYLE)}{why}"


def _key(key: str) -> str:
    return key if len(key) <= MAX_KEY else f"{key[: MAX_KEY - 3]}..."


def _clean(line: str) -> str:
    """One line, whatever foreign text is in it: control and direction characters could forge another."""
    plain = "".join(letter if letter.isprintable() else " " for letter in line)
    return re.sub(r"\s+", " ", plain).strip()
