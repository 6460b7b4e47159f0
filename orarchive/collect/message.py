"""The commit message: a changelog of the hour. Subject: the hour and counts; body: one line a change."""

import datetime as dt
import re
from collections import Counter
from collections.abc import Mapping
from typing import Any

from orarchive.changes import Change
from orarchive.hours import prose
from orarchive.ledger import Attempt
from orarchive.prices import clock_keys, dimensions, shown

MAX_LINES = 200
"""A message is read by people; past this many lines it says how many more there are."""

MAX_TEXT = 60

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


BAD = ("partial", "quarantined", "failed")


def message(hour: dt.datetime, attempt: Attempt, changes: list[Change], first: Mapping[str, int]) -> str:
    """The whole message of an attempt; `first`: feeds that had no records before, with how many they have."""
    lines = [line for change in changes if (line := _line(change))]
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
            some = ", ".join(_clean(key) for key in list(kept)[:5]) + (" ..." if len(kept) > 5 else "")
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


def _line(change: Change) -> str:
    """One change as a line; "" where another line says it already."""
    key = _clean(change.key)
    subject = key if change.feed in ("models", "endpoints") else f"{change.feed.replace('_', ' ')}: {key}"
    if change.kind in ("added", "joined", "gained"):
        price = _offer(change.new) if change.feed in ("models", "endpoints") else ""
        return f"+ {subject}: {change.kind}{price}"
    if change.kind in ("missing", "left", "lost"):
        return f"- {subject}: {change.kind}"
    if change.kind == "field_appeared":
        return f"+ {change.feed}: new field {key}"
    if change.kind == "repriced":
        return _repriced(subject, change)
    if change.kind == "schedule_changed":
        return (
            ""
            if change.feed == "models" and change.cause == "endpoint"
            else f"~ {subject}: {_schedule(change)}"
        )
    if change.kind == "alias_moved":
        old, new = (one.get("slug") if isinstance(one, Mapping) else one for one in (change.old, change.new))
        return f"~ {subject}: alias moved {_value(old)} -> {_value(new)}"
    if change.kind == "edited" or isinstance(change.old, dict | list) or isinstance(change.new, dict | list):
        return f"~ {subject}: {_parts(change)}"
    return f"~ {subject}: {_clean(change.field)} {_value(change.old)} -> {_value(change.new)}"


def _repriced(subject: str, change: Change) -> str:
    if change.cause in ("endpoint", "schedule"):
        return ""
    why = {"provider": " (another provider on top)", "unknown": " (cause unknown)"}.get(change.cause, "")
    old, new = shown(change.field, change.old), shown(change.field, change.new)
    if old.endswith(" per M") and new.endswith(" per M"):
        old = old.removesuffix(" per M")
    return f"~ {subject}: {_clean(change.field)} {old} -> {new}{why}"


def _schedule(change: Change) -> str:
    clock = [bool(clock_keys({"overrides": entries})) for entries in (change.old, change.new)]
    words = {
        (False, True): "prices follow the clock from now on",
        (True, False): "prices no longer follow the clock",
    }
    return words.get((clock[0], clock[1]), "price conditions changed")


def _parts(change: Change) -> str:
    """What changed inside a field that is not one plain value."""
    name = _clean(change.field)
    old, new = change.old, change.new
    if isinstance(old, list) and isinstance(new, list):
        lost = [f"-{_value(item)}" for item in old if item not in new]
        won = [f"+{_value(item)}" for item in new if item not in old]
        return f"{name} {' '.join([*won, *lost][:10]) or 'reordered'}"
    if isinstance(old, dict) and isinstance(new, dict):
        parts = [part for part in sorted(old.keys() | new.keys()) if old.get(part) != new.get(part)]
        plain = [(part, old.get(part), new.get(part)) for part in parts]
        return ", ".join(
            f"{name}.{_clean(part)}"
            + (
                ""
                if isinstance(one, dict | list) or isinstance(two, dict | list)
                else f" {_value(one)} -> {_value(two)}"
            )
            for part, one, two in plain
        )
    if name == "description":
        return "description edited"
    return f"{name} {_value(old)} -> {_value(new)}"


def _offer(record: Any) -> str:
    prices = dimensions(record.get("pricing")) if isinstance(record, Mapping) else {}
    said = [
        f"{shown(name, prices[name])} {way}"
        for name, way in (("prompt", "in"), ("completion", "out"))
        if name in prices
    ]
    return f", {', '.join(said)}" if said else ""


def _value(value: Any) -> str:
    return "none" if value is None else _clean(str(value))


def _clean(text: str) -> str:
    """Foreign text in one line: no control or direction characters, which could forge lines and trailers."""
    plain = "".join(letter if letter.isprintable() else " " for letter in text)
    plain = re.sub(r"\s+", " ", plain).strip()
    return plain if len(plain) <= MAX_TEXT else f"{plain[: MAX_TEXT - 3]}..."
