"""Worlds for tests: random hours of a small one, archived by the archive's own rules, as a git repository.

No service is asked and no run is started: what the world says is settled on top of the attempt before, as a
run does it, and all commits of a history are written by one git.
"""

import copy
import datetime as dt
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from orarchive.collect import validate
from orarchive.collect.fetch import FeedFetch
from orarchive.collect.merge import merge_feed, merge_feeds
from orarchive.collect.results import FetchResult
from orarchive.collect.schedule import list_due_feeds, list_due_keys, list_read_keys
from orarchive.domain.feeds import FEEDS, MODELS, Feed
from orarchive.domain.relations import count_relations
from orarchive.domain.snapshot import Snapshot, empty_snapshot, snapshot_from_files
from orarchive.jsonl import Record, loads
from orarchive.sample import START
from orarchive.store import ledger
from orarchive.store.git import run_git
from orarchive.store.ledger import Attempt, FeedReport
from orarchive.timestamps import HOUR, format_stamp
from tests.support.archives import new_archive

# --- a small world ------------------------------------------------------------------------------------------

Target = tuple[Any, ...]
"""What there is to change: a feed and a key of our own, ("endpoints", "a/plain", 0)."""

ABSENT = object()
"""As the value of a field: it is not sent."""

NIGHT: Record = {"utc_start": 0, "utc_end": 800, "prompt": "0.1", "completion": "0.2"}
LONG: Record = {"min_prompt_tokens": 1000, "prompt": "0.2"}

SCHEDULES: list[Any] = [
    ABSENT,
    [],
    [NIGHT],
    [{**NIGHT, "prompt": "0.10"}],
    [{**NIGHT, "prompt": "0.000002"}],
    [{"utc_days": [6, 7], "utc_start": 0, "prompt": "0.1"}],
    [LONG],
    [{**LONG, "prompt": "0.3", "completion": "0"}],
    [NIGHT, LONG],
    [LONG, NIGHT],
]
PRICES: list[Any] = ["0", "0.0", "0.10", "0.1", "0.000002", "3e-7", "-1", ABSENT, None, "much"]


def _model(model: str, **fields: Any) -> Record:
    return {
        "id": model,
        "canonical_slug": f"{model}-1",
        "name": model,
        "created": 1,
        "description": "one",
        "context_length": 1000,
        "architecture": {"output_modalities": ["text"], "tokenizer": "A"},
        "pricing": {"prompt": "0.1", "completion": "0.2"},
        "top_provider": {"max_completion_tokens": 100},
        "supported_parameters": ["max_tokens"],
        "benchmarks": {"score": 1},
        **fields,
    }


def _endpoint(model: str, tag: str, **fields: Any) -> Record:
    return {
        "name": f"{tag} | {model}",
        "model_id": model,
        "tag": tag,
        "provider_name": tag.partition("/")[0].upper(),
        "context_length": 1000,
        "quantization": "fp8",
        "pricing": {"prompt": "0.1", "completion": "0.2", "discount": 0},
        "supported_parameters": ["max_tokens"],
        "status": 0,
        "uptime_last_1d": 99,
        "uptime_last_30m": 98,
        **fields,
    }


CLOCKED = {"prompt": "0.1", "completion": "0.2", "overrides": [NIGHT]}
CHEAP = {"prompt": "0.000002", "completion": "0.1"}
DRAWN = {"input_modalities": ["text"], "output_modalities": ["image"]}
BOTH = {"output_modalities": ["image", "text"]}

WORLD: dict[Target, Record] = {
    ("models", "a/plain"): _model("a/plain", architecture=BOTH),
    ("models", "a/night"): _model("a/night", pricing=CLOCKED),
    ("models", "b/x:free"): _model("b/x:free", pricing={"prompt": "0", "completion": "0"}),
    ("models", "~a/latest"): _model("~a/latest", alias_target={"slug": "a/plain"}),
    ("models", "r/auto"): _model("r/auto", pricing={"prompt": "-1", "completion": "-1"}),
    ("models", "i/draw"): _model("i/draw", architecture=DRAWN),
    ("models", "o/old"): {"id": "o/old", "name": "old", "pricing": {"prompt": "0.1", "completion": "0.2"}},
    ("endpoints", "a/plain", 0): _endpoint("a/plain", "p/one"),
    ("endpoints", "a/plain", 1): _endpoint("a/plain", "p/one", pricing=CHEAP),
    ("endpoints", "a/plain", 2): _endpoint("a/plain", "q", pricing=CHEAP),
    ("endpoints", "a/night", 0): _endpoint("a/night", "p/one", pricing=CLOCKED),
    ("endpoints", "a/night", 1): _endpoint("a/night", "q/eu"),
    ("endpoints", "b/x:free", 0): _endpoint("b/x:free", "q", pricing={"prompt": "0", "completion": "0"}),
    ("endpoints", "i/draw", 0): _endpoint("i/draw", "d"),
    ("endpoints", "o/old", 0): _endpoint("o/old", "q"),
    **{("providers", slug): {"slug": slug, "name": slug, "datacenters": ["US"]} for slug in "pqd"},
    # rows that copy an endpoint, but for the fields given here
    ("zdr", "a/plain", 0): {},
    ("zdr", "a/plain", 1): {},
    ("zdr", "a/night", 0): {"name": "night"},
    ("zdr", "i/draw", 0): {},
    ("images", "i/draw"): {"id": "i/draw", "name": "draw", "architecture": DRAWN},
    ("images", "j/paint"): {"id": "j/paint", "name": "paint"},
    ("image_endpoints", "i/draw"): {"provider_slug": "d", "pricing": {"image": "0.1"}},
    ("image_endpoints", "j/paint"): {"provider_slug": "d"},
    ("videos", "v/film"): {"id": "v/film", "name": "film"},
    ("videos", "w/clip"): {"id": "w/clip", "name": "clip"},
}

REPEATED = FEEDS["endpoints"].repeated_fields
"""Fields of a model that the response about its endpoints repeats."""

SCOPES = ("models?output_modalities=all", "models", "models?output_modalities=image", "models?category=x")
IN_CATEGORY = ("a/plain", "i/draw", "o/old")


@dataclass
class World:
    """What the service would say: all that it knows, what of it is there, and what is asked for models."""

    known: dict[Target, Record] = field(default_factory=lambda: copy.deepcopy(WORLD))
    there: set[Target] = field(default_factory=lambda: set(WORLD))
    scope: str = SCOPES[0]

    def rows(self, feed: Feed) -> list[Record]:
        """The rows of a list."""
        targets = [target for target in WORLD if target[0] == feed.name and target in self.there]
        if feed.copied_feed:
            found = [{**self.known["endpoints", *rest], **self.known["zdr", *rest]} for _, *rest in targets]
        else:
            found = [self.known[target] for target in targets]
        if feed is MODELS:
            found = [row for row in found if self._is_in_scope(row)]
        return validate.validate_list(feed, copy.deepcopy({"data": found}))

    def response(self, feed: Feed, asked: str) -> Record:
        """What a sweep is told about one key."""
        own = self.known[str(feed.parent), asked] if (feed.parent, asked) in self.known else {"id": asked}
        if not feed.has_item_lines:
            body = {"id": asked, "endpoints": [self.known[feed.name, asked]]}
            return validate.validate_response(feed, copy.deepcopy(body))
        items = [
            item
            for target, item in self.known.items()
            if target[:2] == (feed.name, asked) and target in self.there
        ]
        body = {name: own[name] for name in REPEATED if name in own} | {"endpoints": items}
        return validate.validate_response(feed, copy.deepcopy({"data": body}))

    def _is_in_scope(self, model: Record) -> bool:
        if "category" in self.scope:
            return model["id"] in IN_CATEGORY
        wanted = self.scope.partition("=")[2] or "text"
        outputs = model.get("architecture", {}).get("output_modalities", ["text"])
        return wanted == "all" or wanted in outputs


# --- what may happen ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Edit:
    """Something changes in the world: targets come or go, or a field of theirs gets a value."""

    targets: tuple[Target, ...]
    path: str = ""
    value: Any = None

    def __call__(self, world: World) -> None:
        for target in self.targets:
            if self.path:
                self._set(world.known[target])
            else:
                world.there ^= {target}

    def _set(self, record: Record) -> None:
        *above, name = self.path.split(".")
        for part in above:
            if not isinstance(record.get(part), dict):
                if self.value is ABSENT:
                    return
                record[part] = {}
            record = record[part]
        if self.value is ABSENT:
            record.pop(name, None)
        else:
            record[name] = copy.deepcopy(self.value)


def _all(feed: str) -> tuple[Target, ...]:
    return tuple(target for target in WORLD if target[0] == feed)


def _offered(model: str) -> tuple[Target, ...]:
    return tuple(target for target in WORLD if target[:2] == ("endpoints", model))


def _edits(targets: Iterable[tuple[Target, ...]], menu: dict[str, list[Any]]) -> list[Edit]:
    return [Edit(some, path, value) for some in targets for path, values in menu.items() for value in values]


COME_AND_GO = [Edit((target,)) for target in WORLD if target[0] != "image_endpoints"]
MODELS_COME_AND_GO = [Edit((target,)) for target in _all("models")]

PRICED = [(("models", "a/plain"),), (("models", "a/night"),)]
OFFERS = [(target,) for target in _all("endpoints")[:4]]
TOGETHER = [(*model, offer) for model in PRICED for offer in _offered(model[0][1])[:2]]
"""A model with one of its endpoints: what it costs is what that one costs."""

PRICE_EDITS = _edits(
    [*PRICED, *OFFERS, *TOGETHER, (("models", "~a/latest"),)],
    {
        "pricing.prompt": PRICES,
        "pricing.completion": PRICES[:5],
        "pricing.request": PRICES[:8],
        "pricing.overrides": SCHEDULES,
        "pricing.discount": [ABSENT, 0, loads("0.1"), loads("0.10"), loads("0.2")],
    },
)

FIELD_EDITS = [
    *_edits(
        [*PRICED, (("models", "i/draw"),), (("models", "r/auto"),)],
        {
            "description": ["one", "two"],
            "canonical_slug": ["a/s-1", "a/s-2"],
            "context_length": [1000, 2000, None, ABSENT],
            "top_provider.max_completion_tokens": [100, 200],
            "supported_parameters": [["max_tokens"], ["tools", "max_tokens"], ["max_tokens", "tools"]],
            "expiration_date": [
                *(ABSENT, None, "2027-01-01", "2027-02-01", "2027-02-01T10:00:00Z"),
                *("2098-12-31", "2099-01-01", "soon"),
            ],
            "benchmarks": [{"score": 1}, {"score": 2}, ABSENT],
        },
    ),
    *_edits(
        [(("models", "~a/latest"),)],
        {"alias_target": [{"slug": "a/plain"}, {"slug": "a/night"}, {"slug": "a/night", "name": "x"}]},
    ),
    *_edits([(("models", "b/x:free"),)], {"alias_target": [ABSENT, {"slug": "a/plain"}]}),
    *_edits([(("models", "o/old"),)], {"architecture": [ABSENT, BOTH, DRAWN]}),
    *_edits(
        OFFERS,
        {
            "quantization": ["fp8", "fp16", ABSENT],
            "context_length": [1000, 2000],
            "name": ["one", "two"],
        },
    ),
    *_edits([(target,) for target in _all("zdr")], {"name": ["night", "day"]}),
    *_edits(
        [(target,) for target in _all("providers")],
        {"headquarters": ["US", "FR"], "datacenters": [["US"], ["US", "FR"], ["FR", "US"]], "name": ["one"]},
    ),
    *_edits([(target,) for target in _all("images")], {"name": ["one", "two"]}),
    *_edits([(target,) for target in _all("image_endpoints")], {"pricing": [ABSENT, {"image": "0.2"}]}),
]

HEALTH_EDITS = _edits(
    OFFERS,
    {
        "status": [0, 0, -2, -2, None],
        "uptime_last_1d": [99, 50, None, ABSENT],
        "uptime_last_30m": [99, 50, None],
        "latency_last_30m": [ABSENT, {"p50": 10}],
        "throughput_last_30m": [ABSENT, {"p50": 10}],
    },
)

NOVEL: dict[str, list[Any]] = {
    "novel": [ABSENT, None, 1, {"deep": 1}, {"deep": 2}, [{"deep": 1}]],
    "architecture.novel": [ABSENT, 1, 2],
}
NOVEL_PRICES: dict[str, list[Any]] = {"pricing.novel": [ABSENT, "0.1", "0"]}
NOVEL_EDITS = [
    *_edits([_all(feed) for feed in ("models", "endpoints", "providers", "images", "videos")], NOVEL),
    *_edits([*PRICED, *OFFERS, (("providers", "p"),), (("videos", "v/film"),)], NOVEL),
    *_edits([*PRICED, *OFFERS, _all("models"), _all("endpoints")], NOVEL_PRICES),
]

EDITS = st.one_of(
    *map(
        st.sampled_from,
        (COME_AND_GO, MODELS_COME_AND_GO, PRICE_EDITS, PRICE_EDITS, FIELD_EDITS, NOVEL_EDITS, HEALTH_EDITS),
    )
)


@dataclass(frozen=True)
class Step:
    """What happens until the next run, and how that run fares."""

    later: int
    """Hours since the hour before; 0: at the same one again."""
    edits: list[Edit] = field(default_factory=list)
    scope: str | None = None
    """From now on asked for models; only between two hours."""
    bad: dict[str, str] = field(default_factory=dict)
    """Feed -> failed, quarantined, or not asked at all."""
    missed: frozenset[str] = frozenset()
    """Models whose endpoints cannot be read."""
    again: bool = False
    """All is asked for, also what is good already: what two writers of one hour leave."""
    stray: str | None = None
    """A model that is asked for its endpoints, listed or not: what a lost race may leave."""
    age: int | None = None
    late: int = 0
    """Hours that the run is late."""
    fate: str | None = "404"
    """What asking for models that vanished tells."""
    quiet: tuple[int, int] = (0, 0)
    """So many hours follow in which nothing happens, so far apart."""


ASKED = ("a/plain", "a/night", "b/x:free", "o/old", "i/draw", "~a/latest")


def _steps(quiet: list[tuple[int, int]]) -> st.SearchStrategy[Step]:
    return st.builds(
        Step,
        later=st.sampled_from([1, 1, 1, 0, 0, 2, 5, 24, 30, 24 * 9, 24 * 40]),
        edits=st.lists(EDITS, max_size=6),
        scope=st.sampled_from([None, None, None, None, None, *SCOPES, *SCOPES[:2]]),
        bad=st.just({})
        | st.dictionaries(
            st.sampled_from(sorted(FEEDS)),
            st.sampled_from(["failed", "quarantined", "not asked"]),
            max_size=3,
        ),
        missed=st.just(frozenset()) | st.frozensets(st.sampled_from(ASKED), max_size=4),
        again=st.sampled_from([False, False, False, False, True]),
        stray=st.sampled_from([None] * 12 + ["i/draw", "a/plain", "s/stray"]),
        age=st.sampled_from([None, None, 0, 30, 3600, 7200]),
        late=st.sampled_from([0, 0, 0, 0, 3]),
        fate=st.sampled_from(["404", "orphaned", "a/other", "b/x", "503", None]),
        quiet=st.sampled_from(quiet),
    )


HISTORIES = st.lists(
    _steps([(0, 0)] * 12 + [(5, 1), (6, 1), (2, 24), (8, 24), (16, 24), (31, 24)]), min_size=2, max_size=14
)
SHORT_HISTORIES = st.lists(_steps([(0, 0)] * 20 + [(6, 1), (16, 24)]), min_size=2, max_size=8)


# --- as a runner archives it --------------------------------------------------------------------------------


CADENCES = ("hourly", "daily")


@dataclass(frozen=True)
class Archived:
    """An attempt: its ledger line, and all files below data/ as it left them."""

    line: Attempt
    files: dict[str, bytes]
    snapshot: Snapshot


@dataclass
class Runner:
    """Archives a world, hour by hour, as runs do it."""

    world: World = field(default_factory=World)
    hour: dt.datetime = START
    snapshot: Snapshot = field(default_factory=empty_snapshot)
    done: list[Archived] = field(default_factory=list)

    def take(self, steps: list[Step]) -> list[Archived]:
        """All attempts of a history."""
        for step in steps:
            if step.scope and (step.later or not self.done):
                self.world.scope = step.scope
            for edit in step.edits:
                edit(self.world)
            self.hour += step.later * HOUR if self.done else 0 * HOUR
            self._run(step)
            self._be_quiet(*step.quiet)
        return self.done

    def _be_quiet(self, count: int, gap: int) -> None:
        """Let hours pass in which nothing happens; from the second on their attempts are all the same."""
        last: dict[str, Archived] = {}
        for position in range(count):
            self.hour += gap * HOUR
            cadences = [
                name for name in CADENCES if list_due_feeds([one.line for one in self.done], self.hour, name)
            ]
            if position < 2 or not last.keys() >= {*cadences}:
                begun = len(self.done)
                self._run(Step(gap))
                last |= {_cadence(one.line): one for one in self.done[begun:]}
            else:
                for cadence in cadences:
                    self._keep(Step(gap), last[cadence].line["feeds"], self.done[-1].files)

    def _run(self, step: Step) -> None:
        """Hourly feeds first, daily ones in an attempt of their own."""
        for cadence in CADENCES:
            lines = [] if step.again and cadence == "hourly" else [one.line for one in self.done]
            feeds = list_due_feeds(lines, self.hour, cadence)
            feeds = [feed for feed in feeds if step.bad.get(feed.name) != "not asked"]
            if feeds:
                self._attempt(step, feeds, lines)

    def _attempt(self, step: Step, feeds: list[Feed], lines: list[Attempt]) -> None:
        current = dict(self.snapshot)
        fetched, seen = [], {}
        for feed in feeds:
            seen[feed.name] = list_read_keys(feed, self.snapshot, lines, self.hour) if feed.parent else set()
            one = self._asked(step, feed, current, lines)
            current[feed.name], _, _ = merge_feed(one, current, FEEDS, seen[feed.name])
            fetched.append(one)
        settled = merge_feeds(self.snapshot, fetched, FEEDS, seen)
        if "scope" in settled.reports["models"]:
            settled.reports["models"]["scope"] = self.world.scope
        self.snapshot = snapshot_from_files(settled.files.get)
        self._keep(step, settled.reports, settled.files)

    def _asked(self, step: Step, feed: Feed, current: Snapshot, lines: list[Attempt]) -> FeedFetch:
        refused = step.bad.get(feed.name) == "quarantined"
        bad = FetchResult(reason="wrong-shape" if refused else "503", is_rejected=refused, age=step.age)
        if not feed.parent:
            fails = feed.name in step.bad
            answer = bad if fails else FetchResult(body=self.world.rows(feed), age=step.age)
            return FeedFetch(feed, {"": answer}, 0, probes=self._probes(step, feed, answer))
        keys = list_due_keys(feed, current, lines, self.hour)
        if step.stray and feed.name == "endpoints" and step.stray not in keys:
            keys.append(step.stray)
        answers = {
            key: bad
            if feed.name in step.bad or key in step.missed
            else FetchResult(body=self.world.response(feed, key), age=step.age)
            for key in keys
        }
        return FeedFetch(feed, answers, 0)

    def _probes(self, step: Step, feed: Feed, answer: FetchResult) -> dict[str, FetchResult]:
        if feed is not MODELS or answer.reason or step.fate is None:
            return {}
        left = {key for (key,) in self.snapshot["models"]} - {row["id"] for row in answer.body}
        if step.fate.isdigit():
            return {key: FetchResult(reason=step.fate) for key in left}
        return {key: FetchResult(body=key if step.fate == "orphaned" else step.fate) for key in left}

    def _keep(self, step: Step, reports: dict[str, FeedReport], files: dict[str, bytes]) -> None:
        """Write an attempt down."""
        tries = sum(one.line["hour"] == format_stamp(self.hour) for one in self.done)
        started = self.hour + step.late * HOUR + dt.timedelta(minutes=7)
        line: Attempt = {
            "hour": format_stamp(self.hour),
            "attempt": 1 + tries,
            "started": format_stamp(started),
            "finished": format_stamp(started),
            "origin": "live",
            "version": "0",
            "feeds": reports,
            "relations": count_relations(self.snapshot),
        }
        self.done.append(Archived(line, files, self.snapshot))


def _cadence(line: Attempt) -> str:
    """The cadence of the feeds that an attempt asked for."""
    asked = (name for name, report in line["feeds"].items() if report["outcome"] != "not-due")
    return FEEDS[next(asked)].cadence


def archived(steps: list[Step]) -> list[Archived]:
    """All attempts of a history."""
    return Runner().take(steps)


# --- as git holds it ----------------------------------------------------------------------------------------


def written(folder: Path, attempts: list[Archived], *, named: bool = True) -> list[str]:
    """Write a history as a git repository; returns its commits. `named`: each says which attempt it is."""
    new_archive(folder)
    stream = b"".join(_commits(attempts, named=named))
    marks = folder / ".git" / "marks"
    options = ("--quiet", "--done", f"--export-marks={marks}")
    run_git(folder, "-c", "fastimport.unpackLimit=0", "fast-import", *options, stdin=stream + b"done\n")
    found = dict(line.split() for line in marks.read_text().splitlines())
    return [found[f":{position}"] for position in range(1, len(attempts) + 1)]


def set_branch(folder: Path, commit: str) -> None:
    """Let the branch stand at a commit."""
    (folder / ".git/refs/heads/main").write_text(f"{commit}\n")


def _commits(attempts: list[Archived], *, named: bool) -> Iterator[bytes]:
    """What `git fast-import` reads."""
    files: dict[str, bytes] = {}
    for position, one in enumerate(attempts, 1):
        book = ledger.ledger_path(ledger.attempt_hour(one.line))
        books = {path: data for path, data in files.items() if path.startswith("hours/")}
        books[book] = ledger.append_line(books.get(book, b""), one.line)
        now = {**one.files, **books}
        seconds = int(ledger.attempt_hour(one.line).timestamp())
        trailers = f"Hour: {one.line['hour']}\nAttempt: {one.line['attempt']}\n" if named else ""
        yield f"commit refs/heads/main\nmark :{position}\n".encode()
        yield f"author a <a@example.org> {seconds} +0000\ncommitter a <a@example.org> 1 +0000\n".encode()
        yield _data(f"an hour\n\n{trailers}".encode())
        for path in sorted(files.keys() | now.keys()):
            if path not in now:
                yield f"D data/{path}\n".encode()
            elif files.get(path) != now[path]:
                yield f"M 100644 inline data/{path}\n".encode() + _data(now[path])
        files = now


def _data(content: bytes) -> bytes:
    return b"data %d\n%s\n" % (len(content), content)
