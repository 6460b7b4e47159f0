"""The commit message: a changelog of the hour. Subject: the hour and counts; body: one line a change."""

import datetime as dt
import re
from collections import Counter
from collections.abc import Mapping
from typing import Any

from orarchive.changes import Change
from orarchive.hours import prose
from orarchive.jsonl import dumps
from orarchive.ledger import BAD, Attempt
from orarchive.prices import clock_keys, dimensions, shown

MAX_LINES = 200
"""A message is read by people; past this many lines it says how many more there are."""

MAX_TEXT = 60
MAX_KEY = 120
MAX_ITEMS = 10

COUNTED = (
    # feeds, kinds, what the subject says of so many of them
    (("models",), ("added",), "model{s} added"),
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


def message(hour: dt.datetime, attempt: Attempt, changes: list[Change], first: Mapping[str, int]) -> str:
    """The whole message of an attempt; `first`: feeds that had no records before, with how many they have."""
    lines = _lines(changes)
    body = [*_troubles(attempt), *lines[:MAX_LINES]]
    if len(lines) > MAX_LINES:
        body.append(f"... and {len(lines) - MAX_LINES} more")
    asked = [name for name, report in attempt["feeds"].items() if report["outcome"] != "not-due"]
    of = "" if "models" in asked else f" of {', '.join(asked)}".replace("_", " ")
    subject = f"{prose(hour)}: {_subject(changes, first) or f'no change{of}'}"
    bad = [name for name, report in attempt["feeds"].items() if report["outcome"] in BAD]
    if bad:
        subject += f"; not good: {', '.join(bad)}"
    parts = [subject, "\n".join(body), "\n".join(_trailers(hour, attempt, changes, bad))]
    return "\n\n".join(part for part in parts if part) + "\n"


def _subject(changes: list[Change], first: Mapping[str, int]) -> str:
    begun = [f"{count} {name.replace('_', ' ')}" for name, count in first.items()]
    said = [f"first record of {', '.join(begun)}"] if begun else []
    for feeds, kinds, words in COUNTED:
        keys = {
            change.key for change in changes if change.feed in feeds and change.kind in kinds and _own(change)
        }
        # a model whose endpoints moved counts once, whichever of the two says it
        count = len(keys) if "endpoint" in words else len({key.partition("@")[0] for key in keys})
        if count:
            said.append(f"{count} {_plural(words, count)}")
    counted = {(feed, kind) for feeds, kinds, _ in COUNTED for feed in feeds for kind in kinds}
    if others := len({(one.feed, one.key) for one in changes if (one.feed, one.kind) not in counted}):
        said.append(f"{others} edited")
    return ", ".join(said)


def _own(change: Change) -> bool:
    """Whether a price is the thing's own news, not that of another provider on top."""
    return change.cause not in ("provider", "schedule")


def _plural(words: str, count: int) -> str:
    return words.format(
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
            some = ", ".join(_clean(key, MAX_KEY) for key in list(kept)[:5]) + (
                " ..." if len(kept) > 5 else ""
            )
            lines.append(f"! {name}: {len(kept)} kept ({reasons}): {some}")
    return [*lines, *(f"! {note}" for note in attempt.get("notes", []))]


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
        f"Hour: {prose(hour)}",
        f"Attempt: {attempt['attempt']}",
        *(f"{name}: {count}" for name, count in named.items() if count),
        *([f"Not-Good: {', '.join(bad)}"] if bad else []),
    ]


ORDER = ("added", "missing", "joined", "left", "repriced", "schedule_changed", "discounted")
"""What a reader looks for first; other kinds follow in the order found."""


def _lines(changes: list[Change]) -> list[str]:
    """One line a change; the prices of one key that moved together share one."""
    prices: dict[tuple[str, str, str], list[Change]] = {}
    found: list[tuple[str, str]] = []
    for change in changes:
        if change.kind == "repriced":
            prices.setdefault((change.feed, change.key, change.cause), []).append(change)
        elif line := _line(change):
            found.append((change.kind, line))
    found += [("repriced", _repriced(moved)) for moved in prices.values() if moved[0].cause not in _SAID]
    rank = {kind: position for position, kind in enumerate(ORDER)}
    return [line for _, line in sorted(found, key=lambda one: rank.get(one[0], len(ORDER)))]


_SAID = ("endpoint", "schedule")
"""Causes of a model's new price that another line tells already."""


def _line(change: Change) -> str:
    """One change as a line; "" where another line says it already."""
    subject = _about(change)
    if change.kind in ("added", "joined", "gained"):
        price = _offer(change.new) if change.feed in ("models", "endpoints") else ""
        return f"+ {subject}: {change.kind}{price}"
    if change.kind in ("missing", "left", "lost"):
        return f"- {subject}: {change.kind}"
    if change.kind == "field_appeared":
        return f"+ {change.feed}: new field {_clean(change.key)}"
    if change.kind == "schedule_changed":
        return (
            ""
            if change.feed == "models" and change.cause == "endpoint"
            else f"~ {subject}: {_schedule(change)}"
        )
    if change.kind == "alias_moved":
        old, new = (one.get("slug") if isinstance(one, Mapping) else one for one in (change.old, change.new))
        return f"~ {subject}: alias moved {_value(old)} -> {_value(new)}"
    return f"~ {subject}: {_parts(change)}"


def _about(change: Change) -> str:
    key = _clean(change.key, MAX_KEY)
    return key if change.feed in ("models", "endpoints") else f"{change.feed.replace('_', ' ')}: {key}"


def _repriced(moved: list[Change]) -> str:
    """Prices of one key that moved together: `~ key: prompt $1.25 -> $1.00, completion $10 -> $8 per M`."""
    why = {"provider": " (another provider on top)", "unknown": " (cause unknown)"}.get(moved[0].cause, "")
    first = {"prompt": 0, "completion": 1}
    parts: list[str] = []
    for change in sorted(moved, key=lambda one: (first.get(one.field, 2), one.field)):
        old, new = shown(change.field, change.old), shown(change.field, change.new)
        unit = next((end for end in (new, old) if " per " in end), "").rpartition(" per ")[2]
        old, new = (end.removesuffix(f" per {unit}") for end in (old, new))
        if unit and parts and parts[-1].endswith(f" per {unit}"):
            parts[-1] = parts[-1].removesuffix(f" per {unit}")
        parts.append(f"{_clean(change.field)} {old} -> {new}" + (f" per {unit}" if unit else ""))
    return f"~ {_about(moved[0])}: {', '.join(parts)}{why}"


def _schedule(change: Change) -> str:
    clock = [bool(clock_keys({"overrides": entries})) for entries in (change.old, change.new)]
    words = {
        (False, True): "prices follow the clock from now on",
        (True, False): "prices no longer follow the clock",
    }
    return words.get((clock[0], clock[1]), "price conditions changed")


def _parts(change: Change) -> str:
    """What changed inside a field: items won and lost, members, or the value before and after."""
    name, old, new = _clean(change.field), change.old, change.new
    if name == "description":
        return "description edited"
    if isinstance(old, list) and isinstance(new, list):
        items = [f"+{_value(item)}" for item in new if item not in old]
        items += [f"-{_value(item)}" for item in old if item not in new]
        return (
            f"{name} {' '.join(items[:MAX_ITEMS]) or 'reordered'}{' ...' if len(items) > MAX_ITEMS else ''}"
        )
    if isinstance(old, dict) and isinstance(new, dict):
        parts = [part for part in sorted(old.keys() | new.keys()) if old.get(part) != new.get(part)]
        return ", ".join(_member(f"{name}.{_clean(part)}", old.get(part), new.get(part)) for part in parts)
    return _member(name, old, new)


def _member(name: str, old: Any, new: Any) -> str:
    nested = isinstance(old, dict | list) or isinstance(new, dict | list)
    return f"{name} changed" if nested else f"{name} {_value(old)} -> {_value(new)}"


def _offer(record: Any) -> str:
    prices = dimensions(record.get("pricing")) if isinstance(record, Mapping) else {}
    said = [
        f"{shown(name, prices[name])} {way}"
        for name, way in (("prompt", "in"), ("completion", "out"))
        if name in prices
    ]
    return f", {', '.join(said)}" if said else ""


def _value(value: Any) -> str:
    if value is None:
        return "none"
    return _clean(value if isinstance(value, str) else dumps(value).decode())


def _clean(text: str, most: int = MAX_TEXT) -> str:
    """Foreign text in one line: no control or direction characters, which could forge lines and trailers."""
    plain = "".join(letter if letter.isprintable() else " " for letter in text)
    plain = re.sub(r"\s+", " ", plain).strip()
    return plain if len(plain) <= most else f"{plain[: most - 3]}..."
