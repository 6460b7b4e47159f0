"""The message of a data commit, which is the changelog of its hour.

The subject has the hour and counts of changes; the body has one line a change, and trailers for programs.
"""

import datetime as dt
from collections import Counter
from collections.abc import Mapping

from orarchive.domain.changes import Change
from orarchive.domain.event_kinds import (
    ADDED,
    ALIAS_MOVED,
    EVENT_KINDS,
    FIELD_APPEARED,
    JOINED,
    LEFT,
    MISSING,
    REPRICED,
    RETURNED,
    SubjectCount,
    get_event_kind,
)
from orarchive.domain.feeds import FEEDS
from orarchive.domain.foreign_text import shorten, to_single_line
from orarchive.domain.phrasing import (
    LOG_STYLE,
    describe_change,
    format_feed,
    format_prices,
    get_model,
    get_new_prices,
    is_added,
    is_explained_by_endpoint,
    is_removed,
)
from orarchive.domain.prices import format_price
from orarchive.store.ledger import BAD_OUTCOMES, Attempt
from orarchive.store.reports import count_kept_keys, describe_new_doubts
from orarchive.timestamps import format_hour

MAX_LINES = 200
"""Lines of changes in a message. People read it; of more changes the last line gives the number."""

MAX_KEY_LENGTH = 120
"""Characters of a key in a line."""

MAX_KEPT_KEYS = 5
"""Keys of kept records that a line names."""

OTHER_PROVIDER_PHRASE = "listed provider{s} changed"
"""Said of models that list another provider's price or limits, which no provider changed."""


def format_message(
    hour: dt.datetime, attempt: Attempt, changes: list[Change], first_counts: Mapping[str, int]
) -> str:
    """Format the message of an attempt: subject, lines of changes, trailers.

    `first_counts` holds the number of records of each feed that had none before.
    """
    lines = format_change_lines(changes, attempt)
    body = [*_format_failure_lines(attempt), *lines[:MAX_LINES]]
    if len(lines) > MAX_LINES:
        body.append(f"... and {len(lines) - MAX_LINES:,} more")
    due = [name for name, report in attempt["feeds"].items() if report["outcome"] != "not-due"]
    scope = "" if "models" in due else f" of {', '.join(map(format_feed, due))}"
    subject = f"{format_hour(hour)}: {_count_changes(changes, first_counts) or f'no change{scope}'}"
    bad = [name for name, report in attempt["feeds"].items() if report["outcome"] in BAD_OUTCOMES]
    if bad:
        subject += f"; not good: {', '.join(bad)}"
    parts = [subject, "\n".join(body), "\n".join(_format_trailers(hour, attempt, changes, bad))]
    return "\n\n".join(part for part in parts if part) + "\n"


def _count_changes(changes: list[Change], first_counts: Mapping[str, int]) -> str:
    """Return the counts of the subject: `2 models added, 1 repriced`; "" where there are no changes."""
    first = [f"{count:,} {format_feed(name)}" for name, count in first_counts.items()]
    parts = [f"first record of {', '.join(first)}"] if first else []
    rows = _list_counts()
    for phrase, feeds, kinds in rows:
        counted = [
            change
            for change in changes
            if change.feed in feeds and change.kind in kinds and change.cause not in ("provider", "schedule")
        ]
        # A model whose list price moved with its endpoints counts once.
        subjects = {(get_model(change) if "models" in feeds else None) or change.key for change in counted}
        if subjects:
            parts.append(_format_count(len(subjects), phrase))
    relisted = {change.key for change in changes if change.feed == "models" and change.cause == "provider"}
    if relisted:
        parts.append(_format_count(len(relisted), OTHER_PROVIDER_PHRASE))
    phrased = {(feed, kind) for _, feeds, kinds in rows for feed in feeds for kind in kinds}
    edited = {
        (change.feed, change.key)
        for change in changes
        if (change.feed, change.kind) not in phrased and change.cause != "provider"
    }
    if edited:
        parts.append(f"{len(edited):,} edited")
    return ", ".join(parts)


def _list_counts() -> list[tuple[str, tuple[str, ...], tuple[str, ...]]]:
    """Return the phrase, the feeds and the kinds of every count of a subject, in order.

    Feeds without phrases of their own in EVENT_KINDS are counted in general words: `2 added in embeddings`.
    """
    kinds: dict[SubjectCount, tuple[str, ...]] = {}
    for kind in EVENT_KINDS.values():
        for count in kind.subject_counts:
            kinds[count] = (*kinds.get(count, ()), kind.name)
    rows = [
        (count.phrase, count.feeds or tuple(FEEDS), kinds[count])
        for count in sorted(kinds, key=lambda count: count.rank)
    ]
    phrased = {feed for count in kinds for feed in count.feeds}
    for name, feed in FEEDS.items():
        if name not in phrased:
            names = (feed.added_kind, feed.removed_kind, REPRICED)
            rows += [(f"{kind} in {format_feed(name)}", (name,), (kind,)) for kind in names]
    return rows


def _format_count(count: int, phrase: str) -> str:
    """Return a count in words, with the endings of a phrase in singular or plural."""
    singular, plural = {"s": "", "es": "", "ies": "y"}, {"s": "s", "es": "es", "ies": "ies"}
    return f"{count:,} {phrase.format(**(singular if count == 1 else plural))}"


def _format_failure_lines(attempt: Attempt) -> list[str]:
    """Return a line for each feed that failed or kept records of its last good hour, and for each note."""
    lines = []
    for name, report in attempt["feeds"].items():
        reasons = ", ".join(report.get("reasons", []))
        count = count_kept_keys(report)
        if report["outcome"] == "retired":
            lines.append(f"! {name}: retired: its route is gone ({reasons}), the last good records stay")
        elif report["outcome"] in ("failed", "quarantined"):
            lines.append(f"! {name}: {report['outcome']} ({reasons}), the last good records stay")
        elif count:
            keys = ", ".join(map(_shorten_key, list(report["kept"])[:MAX_KEPT_KEYS]))
            keys += " ..." if count > MAX_KEPT_KEYS else ""
            lines.append(to_single_line(f"! {name}: {count:,} kept ({reasons}): {keys}"))
        lines += [to_single_line(f"! {name}: believed: {doubt}") for doubt in describe_new_doubts(report)]
    return [*lines, *(to_single_line(f"! {note}") for note in attempt.get("notes", []))]


def _format_trailers(hour: dt.datetime, attempt: Attempt, changes: list[Change], bad: list[str]) -> list[str]:
    counts = Counter((change.feed, change.kind) for change in changes)
    repriced = {change.key for change in changes if (change.feed, change.kind) == ("endpoints", REPRICED)}
    numbers = {
        "Models-Added": counts["models", ADDED],
        "Models-Returned": counts["models", RETURNED],
        "Models-Missing": counts["models", MISSING],
        "Endpoints-Joined": counts["endpoints", JOINED],
        "Endpoints-Left": counts["endpoints", LEFT],
        "Endpoints-Repriced": len(repriced),
    }
    return [
        f"Hour: {format_hour(hour)}",
        f"Attempt: {attempt['attempt']}",
        *(f"{name}: {number}" for name, number in numbers.items() if number),
        *([f"Not-Good: {', '.join(bad)}"] if bad else []),
    ]


def format_change_lines(changes: list[Change], attempt: Attempt | None = None) -> list[str]:
    """Return one line a change; prices of one key that changed for one cause share a line.

    The attempt's ledger line says what became of the models that are missing.
    """
    prices: dict[tuple[str, str, str], list[Change]] = {}
    lines: list[tuple[int, str]] = []
    for change in changes:
        if is_explained_by_endpoint(change):
            continue
        if change.kind == REPRICED:
            prices.setdefault((change.feed, change.key, change.cause), []).append(change)
        else:
            lines.append((get_event_kind(change.kind).line_rank, _format_change(change, attempt)))
    lines += [(get_event_kind(REPRICED).line_rank, _format_repriced(group)) for group in prices.values()]
    return [to_single_line(line) for _, line in sorted(lines, key=lambda ranked: ranked[0])]


def _format_change(change: Change, attempt: Attempt | None) -> str:
    start = f"{_get_sign(change)} {_format_subject(change)}:"
    if is_added(change):
        units = {"prompt": "in", "completion": "out"}
        prices = [
            f", {format_price(name, price)} {units[name]}" for name, price in get_new_prices(change).items()
        ]
        return f"{start} {change.kind.replace('_', ' ')}{''.join(prices)}"
    if is_removed(change):
        return f"{start} {change.kind}{_format_probe(change, attempt)}"
    if change.kind == FIELD_APPEARED:
        return f"{_get_sign(change)} {change.feed}: new field {LOG_STYLE.shorten(change.key)}"
    if change.field == "description":
        return f"{start} description edited"
    prefix = "alias moved " if change.kind == ALIAS_MOVED else ""
    return f"{start} {prefix}{describe_change(change, LOG_STYLE)}"


def _get_sign(change: Change) -> str:
    """Return the sign of a change's kind, in the characters of a log."""
    return get_event_kind(change.kind).sign.replace("−", LOG_STYLE.minus)


def _format_probe(change: Change, attempt: Attempt | None) -> str:
    """Return the result of probing a missing record: ` (renamed to openai/gpt-y)`; "" where unknown."""
    report = attempt["feeds"].get(change.feed) if attempt else None
    result = report.get("vanished", {}).get(change.key, "") if report else ""
    word, _, name = result.partition(":")
    if word not in LOG_STYLE.probe_phrases:
        return ""
    target = f" to {_shorten_key(name)}" if name else ""
    return f" ({LOG_STYLE.probe_phrases[word]}{target})"


def _format_subject(change: Change) -> str:
    key = _shorten_key(change.key)
    return key if change.feed in ("models", "endpoints") else f"{format_feed(change.feed)}: {key}"


def _format_repriced(changes: list[Change]) -> str:
    """Return the line of new prices with one key and cause: `~ key: prompt $1.25 -> $1.00 per M`."""
    first = changes[0]
    cause = f" ({LOG_STYLE.cause_phrases[first.cause]})" if first.cause in LOG_STYLE.cause_phrases else ""
    prices = {change.field: (change.old, change.new) for change in changes}
    return f"{_get_sign(first)} {_format_subject(first)}: {format_prices(prices, LOG_STYLE)}{cause}"


def _shorten_key(key: str) -> str:
    return shorten(key, MAX_KEY_LENGTH, LOG_STYLE.ellipsis)
