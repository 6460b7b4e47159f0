"""Valid JSON values that readers trip over, and payloads and files that hold some of them.

As a script it archives two hours of a service and makes the site, in a process of its own, and prints the
peak of its memory in megabytes.
"""

import datetime as dt
import random
import resource
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
from orarchive.publish.views import read_view
from tests.support.archives import HOUR, Stage

TOKENS = (
    *("0", "-0", "-0.0", "-1", "1.0", "1e3", "2500", "1e14", "1e15", "1e-59", "1e59", "1e60", "1e-400"),
    *("1e400", "1e999999999", "-1e999999999", "253402300800", "-62135596801", "12345678901234567890"),
    *("9" * 400, "0." + "3" * 60),
)
"""Spellings of numbers."""

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
"""Names of members: those that some reader looks for, and two that none does."""

PRICE_NAMES = (
    *("prompt", "completion", "image", "discount"),
    *("utc_start", "utc_end", "utc_days", "min_prompt_tokens"),
)
"""Names of members of an override."""

KEYS = ("id", "slug", "tag", "model_id", "data", "endpoints", "model", "n", "hour", "feeds")
"""Members without which a payload or a file is refused as a whole: they are seldom changed."""

CHANCES = st.randoms(use_true_random=False)
"""Random generators whose draws hypothesis records, and can vary."""


def examples(count: int) -> settings:
    """Return settings for `count` examples of about a second each.

    Shrinking a failing example would take minutes; add `Phase.shrink` by hand where that is worth it.
    """
    return settings(
        max_examples=count,
        derandomize=True,
        deadline=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
    )


def value(chance: random.Random, depth: int = 0) -> Any:
    """Draw any JSON value; containers end at a depth of four."""
    kind = chance.randrange(20)
    if kind < 6:
        return Number(chance.choice(TOKENS))
    if kind < 13 or depth > 3:
        return chance.choice(TEXTS)
    if kind < 15:
        return chance.choice([None, True, False, [], {}, [[]], [None], {"": None}])
    if kind < 16:
        return nest(chance.choice([1, 3, 50, 250]), chance.choice([list, dict]))
    count = chance.randint(0, 4)
    if kind < 18:
        return [value(chance, depth + 1) for _ in range(count)]
    return {chance.choice(NAMES + TEXTS): value(chance, depth + 1) for _ in range(count)}


def nest(depth: int, kind: type) -> Any:
    """Nest `depth` lists, or objects, in each other."""
    value: Any = 0
    for _ in range(depth):
        value = [value] if kind is list else {"a": value}
    return value


def schedule(chance: random.Random) -> list[Any]:
    """Draw the `overrides` of a pricing: up to four entries of up to six members each."""
    return [
        {chance.choice(PRICE_NAMES): value(chance, 3) for _ in range(chance.randint(0, 6))}
        for _ in range(chance.randint(0, 4))
    ]


def mutate(chance: random.Random, body: Any, count: int) -> Any:
    """Replace, delete or add `count` values of a payload, in place; return the payload."""
    members = list(_iter_members(body))
    for _ in range(count):
        node, name = chance.choice(members)
        if name not in node if isinstance(node, dict) else name >= len(node):
            continue  # an earlier round deleted it
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


def _iter_members(node: Any) -> Iterator[tuple[Any, Any]]:
    """Yield each container with each name or index in it, except the indexes of objects in lists."""
    for name, child in node.items() if isinstance(node, dict) else enumerate(node):
        if isinstance(node, dict) or not isinstance(child, dict):
            yield node, name
        if isinstance(child, dict | list):
            yield from _iter_members(child)


def garble(chance: random.Random, content: bytes) -> bytes:
    """Return the content of a file as an editor, a crash or a merge may leave it."""
    lines = content.splitlines(keepends=True) or [b""]
    at = chance.randrange(len(lines))
    head, line, tail = lines[:at], lines[at], lines[at + 1 :]
    kind = chance.randrange(8)
    if kind == 0:
        return content[: chance.randrange(len(content) + 1)]
    if kind == 1:
        return chance.randbytes(chance.randint(0, 200))
    if kind == 2:  # both sides of a merge, with git's markers between them
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
    return b"".join([*head, _change_line(chance, line), *tail])


def _change_line(chance: random.Random, line: bytes) -> bytes:
    """Replace up to two values of a record, of whatever type they are."""
    record = loads(line) if line.strip() else {}
    members = list(_iter_members(record))
    for node, name in chance.sample(members, min(2, len(members))):
        if isinstance(node, list) or name in node:
            node[name] = value(chance)
    return dumps(record) + b"\n"


def main(root: str, url: str, first: str, max_cpu: str) -> None:
    """Archive the two hours after `first`, make the index and the site, and print the peak of memory (MB).

    The kernel kills the process after `max_cpu` seconds of processor time.
    """
    resource.setrlimit(resource.RLIMIT_CPU, (int(max_cpu), int(max_cpu)))
    stage = Stage(SimpleNamespace(base_url=url), Path(root))  # type: ignore[arg-type]
    for number in (1, 2):
        stage.run(dt.datetime.fromisoformat(first) + number * HOUR)
    with open_index(stage.archive) as db:
        build_files(read_view(db), None)
    print(_read_peak())


def _read_peak() -> float:
    """Return the peak resident memory of this process in MB.

    `resource.getrusage` would count the memory of the parent as well, from before the `exec`.
    """
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


if __name__ == "__main__":
    main(*sys.argv[1:])
