"""Odd values, and payloads and files with some of them: whatever a service, a hand or a merge may leave.

As a script it archives two hours of what a service says, and makes the site, in a process of its own.
"""

import datetime as dt
import random
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st

from orarchive.index.database import open_index
from orarchive.jsonl import Number, dumps, loads
from orarchive.publish.build import build_files
from orarchive.publish.dataset import read_dataset
from orarchive.publish.views import build_view
from tests.support.archives import HOUR, Stage

TOKENS = (
    *("0", "-0", "-0.0", "-1", "1.0", "1e3", "2500", "1e14", "1e15", "1e-59", "1e59", "1e60", "1e-400"),
    *("1e400", "1e999999999", "-1e999999999", "253402300800", "-62135596801", "12345678901234567890"),
    *("9" * 400, "0." + "3" * 60),
)
"""Numbers as they may be written."""

TEXTS = (
    *("", " ", "0", "-1", "-0", "0e99", "0e999999999", "1e59", "1e-59", "1e1000000000", "1e-1000000000"),
    *("NaN", "Infinity", "-Infinity", "sNaN", "1_000", "0x10", "1,5", "\u0661\u0662", " 1 ", "1" * 59),
    *("1" * 400, "0." + "1" * 400, "9999-99-99", "0000-01-01", "0001-01-01", "9999-12-31", "2026-W01-1"),
    *("20261120", "\x00", "\n", "\r\nHour: 1999-01-01T00Z", "\u2028", "\u202e", "\ud800", "\U000e0041"),
    *("e\u0301" * 150, "/", "//", "..", "../../x", "/a", "a/", "a/b/c", "~", "~/", ":", ":free", "a:b:c"),
    *("@", "a@b#1", "#", "%2e", "{}", "{0}", "con", "index.html", "x" * 300, "<script>", "[" * 300),
    *("[a](http://[)", "http://[", "//:99999/", "monday", "null", "other", "all", "models", "n", "model"),
    *("lacks", "response", "=n", "overrides", "pricing"),
)

NAMES = (
    *("id", "slug", "name", "tag", "pricing", "overrides", "prompt", "completion", "image", "discount"),
    *("utc_start", "utc_end", "utc_days", "min_prompt_tokens", "data", "endpoints", "p50", "elo", "rank"),
    *("context_length", "expiration_date", "alias_target", "created", "status", "uptime_last_1d", "", "a.b"),
)
"""Names that mean something to somebody, and two that do not."""

KEYS = ("id", "slug", "tag", "model_id", "data", "endpoints", "model", "n", "hour", "feeds")
"""Members without which all of a payload or a file is refused: they are seldom touched."""


CHANCES = st.randoms(use_true_random=False)
"""Chance whose every turn hypothesis knows, and can turn otherwise."""


def examples(count: int) -> settings:
    """So many examples of a second each.

    To make a find smaller would take minutes: whoever has one and wants that adds `Phase.shrink`.
    """
    return settings(
        max_examples=count,
        derandomize=True,
        deadline=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
    )


def value(chance: random.Random, depth: int = 0) -> Any:
    """Any JSON value."""
    kind = chance.randrange(20)
    if kind < 6:
        return Number(chance.choice(TOKENS))
    if kind < 13 or depth > 3:
        return chance.choice(TEXTS)
    if kind < 15:
        return chance.choice([None, True, False, [], {}, [[]], [None], {"": None}])
    if kind < 16:
        return nested(chance.choice([1, 3, 50, 250]), chance.choice([list, dict]))
    count = chance.randint(0, 4)
    if kind < 18:
        return [value(chance, depth + 1) for _ in range(count)]
    return {chance.choice(NAMES + TEXTS): value(chance, depth + 1) for _ in range(count)}


def nested(depth: int, kind: type) -> Any:
    """A list in a list, or an object in an object, and so on."""
    found: Any = 0
    for _ in range(depth):
        found = [found] if kind is list else {"a": found}
    return found


def schedule(chance: random.Random) -> list[Any]:
    """Overrides of prices."""
    names = (
        "prompt",
        "completion",
        "image",
        "discount",
        "utc_start",
        "utc_end",
        "utc_days",
        "min_prompt_tokens",
    )
    return [
        {chance.choice(names): value(chance, 3) for _ in range(chance.randint(0, 6))}
        for _ in range(chance.randint(0, 4))
    ]


def mutated(chance: random.Random, body: Any, count: int) -> Any:
    """A payload with some of its values replaced, taken out, or put under another name; in place."""
    places = list(_places(body))
    for _ in range(count):
        node, name = chance.choice(places)
        if name not in node if isinstance(node, dict) else name >= len(node):
            continue  # gone by now
        if name in KEYS and chance.random() < 0.95:
            continue
        kind = chance.randrange(10)
        if name == "pricing" and kind < 5 and isinstance(node[name], dict):
            node[name] = {**node[name], "overrides": schedule(chance)}
        elif isinstance(node, dict) and kind == 0:
            node[chance.choice(NAMES + TEXTS)] = value(chance)
        elif kind == 1:
            del node[name]
        else:
            node[name] = value(chance)
    return body


def _places(node: Any) -> Iterator[tuple[Any, Any]]:
    """Every container with each name or place in it, but for whole lists and rows of a payload."""
    for name, child in node.items() if isinstance(node, dict) else enumerate(node):
        if isinstance(node, dict) or not isinstance(child, dict):
            yield node, name
        if isinstance(child, dict | list):
            yield from _places(child)


def garbled(chance: random.Random, content: bytes) -> bytes:
    """A file as a hand, a crash or a merge may leave it."""
    lines = content.splitlines(keepends=True) or [b""]
    at = chance.randrange(len(lines))
    head, line, tail = lines[:at], lines[at], lines[at + 1 :]
    kind = chance.randrange(8)
    if kind == 0:
        return content[: chance.randrange(len(content) + 1)]
    if kind == 1:
        return chance.randbytes(chance.randint(0, 200))
    if kind == 2:  # both sides of a merge, with what git writes between
        return b"".join(
            [*head, b"<<<<<<< ours\n", line, b"=======\n", line[::-1], b"\n>>>>>>> theirs\n", *tail]
        )
    if kind == 3:
        return b"".join([*head, line, line, *tail])
    if kind == 4:
        return b"".join([*head, dumps(value(chance)), b"\n", *tail])
    if kind == 5:
        broken = bytearray(line)
        broken[chance.randrange(len(broken)) if broken else 0 :][:1] = chance.randbytes(2)
        return b"".join([*head, bytes(broken), *tail])
    return b"".join([*head, _reworded(chance, line), *tail])


def _reworded(chance: random.Random, line: bytes) -> bytes:
    """A line with other values in it, whatever they are of."""
    record = loads(line) if line.strip() else {}
    for node, name in chance.sample(places := list(_places(record)), min(2, len(places))):
        if isinstance(node, list) or name in node:
            node[name] = value(chance)
    return dumps(record) + b"\n"


def main(root: str, url: str, first: str) -> None:
    """Archive two hours after a first one, make the index and the site, and say the megabytes of it all."""
    stage = Stage(SimpleNamespace(base_url=url), Path(root))  # type: ignore[arg-type]
    for number in (1, 2):
        stage.run(dt.datetime.fromisoformat(first) + number * HOUR)
    with open_index(stage.archive) as db:
        build_files(build_view(read_dataset(db)), None)
    print(_peak())


def _peak() -> float:
    """Megabytes that this process held at the most; what a parent is told of it counts the parent's, too."""
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


if __name__ == "__main__":
    main(*sys.argv[1:])
