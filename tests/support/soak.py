"""A soak: simulated hours with faults, kills, runs at once, clocks set back, full disks and locked folders.

    python -m tests.support.soak 2000

prints the counts. At the end it checks that every hour that a run called good is archived as it was served,
record by record; that every other hour is explained in the ledger, or by the disturbance of its run; and that
no event reports the absence of a record that was served all along.
"""

import datetime as dt
import json
import os
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path

from orarchive.domain.changes import format_key
from orarchive.domain.feeds import FEEDS
from orarchive.domain.snapshot import Snapshot
from orarchive.history.verify import verify
from orarchive.index.database import open_index
from orarchive.sample import START, Service, build_world_at
from orarchive.store import ledger
from orarchive.store.ledger import Attempt
from orarchive.timestamps import HOUR, format_hour, parse_stamp
from tests.support.archives import (
    LIST_ROUTES,
    Payloads,
    Stage,
    build_payloads,
    encode_archived,
    encode_sent,
    make_archive,
    make_responder,
)
from tests.support.bodies import ENDLESS
from tests.support.driver import Driver
from tests.support.lasting_changes import (
    Change,
    change_count,
    change_total,
    lose_a_model,
    lose_a_quarter,
    lose_all_endpoints,
    multiply_models,
    repeat_a_row,
    retire_route,
)
from tests.support.requirements import find_permission_prefix

KEYS = {"models": "id", "providers": "slug"}
FAN_OUTS = ("models/*/endpoints", "models/anthropic/*/endpoints")
ROUTES = (*KEYS, *FAN_OUTS, "models/count", "endpoints/zdr", "model/*", *("models",) * 5)
"""Routes that are asked every hour (`model/*` where a model vanished); `models`, on which most feeds depend,
comes half the time."""

DAILY_ROUTES = ("images/models", "videos/models")

FAULTS = (
    *("429", "500", "502", "503", "404", "html", "error-object", "invalid-json", "not-utf8", "wrong-type"),
    *("duplicate", "key-missing", "count-mismatch", "cut-off", "reset", *("empty", "shrunken") * 4),
)
"""Faults that look like true answers come four times as often."""

PLAUSIBLE_FAULTS = ("empty", "shrunken", "duplicate")
"""Faults that leave a valid list of endpoints of one model: it is archived as it came."""

KINDS = (
    *(*("good",) * 5, *("fault",) * 6, *("kill",) * 2),
    *("skip", "skip", "pair", "jump", "full", "denied", "slow"),
)
"""Kinds of hours, by share."""

TIMEOUT_S = 1.5
"""Timeout of the run of a slow hour, in which an answer has no end."""


@dataclass(frozen=True)
class Cause:
    """A change of the service that lasts."""

    change: Change
    lasts: int
    """Hours for which it holds."""
    heals: int
    """Hours after its begin, and after its end, from which on a healthy run is good."""
    unread_feed: str = ""
    """Feed that is not read as long as it holds, and up to a day after."""


CAUSES = {
    "three in ten models gone": Cause(lose_a_quarter, 20, 12),
    "three times the models": Cause(multiply_models, 10, 12),
    "/models/count counts something else": Cause(change_count, 20, 12),
    "total_count counts something else": Cause(change_total, 20, 12),
    "a model without endpoints, 404": Cause(lose_a_model, 40, 30),
    "no endpoints": Cause(lose_all_endpoints, 20, 12),
    "a row that comes twice": Cause(repeat_a_row, 10, 0),
    "a route that is gone": Cause(retire_route, 100, 80, "zdr"),
}
PAUSE = 10
"""Hours without a lasting cause before each."""

MODEL_COUNT = 25
MODEL_IDS = tuple(sorted(build_world_at(START).models)[:MODEL_COUNT])
REPAIR_SHARE = 0.7
"""Share of bad hours in which a second run follows."""

FOLDERS = (".", ".git", ".git/objects", ".git/refs/heads", "data", "data/models", "data/hours")
"""Folders to lock; a run writes into some of them only after it has fetched everything."""

ABSENCE_KINDS = {"orphaned", "deprecated", "removed", *(feed.removed_kind for feed in FEEDS.values())}
"""Kinds of events that say that a record is no longer there, or that no provider serves it."""

FeedKeys = set[tuple[str, str]]
"""Feeds, each with the text form of a key."""


@dataclass
class SoakResult:
    """Counts of what a soak did, and its findings."""

    hours: int = 0
    kinds: Counter[str] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)
    """Faults that were sent in an answer."""
    good: dict[dt.datetime, Payloads] = field(default_factory=dict)
    """Hours that a run called good, with the bodies served."""
    bad: set[dt.datetime] = field(default_factory=set)
    disturbed: set[dt.datetime] = field(default_factory=set)
    """Hours whose run was killed, was not alone, or could not write: it may leave no line in the ledger."""
    unwritten: set[dt.datetime] = field(default_factory=set)
    """Bad hours without a line in the ledger."""
    records: int = 0
    """Records of good hours that were compared at the end."""
    lost: list[str] = field(default_factory=list)
    """Records that are not archived as they were served."""
    removals: list[str] = field(default_factory=list)
    """Events that report the absence of a record that was served all along."""
    causes: dict[dt.datetime, str] = field(default_factory=dict)
    """Hours in which a lasting cause held."""
    healed: Counter[str] = field(default_factory=Counter)
    """The longest time that a lasting cause took to heal, in hours."""
    tracebacks: int = 0
    errors: list[str] = field(default_factory=list)
    """All other findings."""

    @property
    def is_clean(self) -> bool:
        """Return whether there are no findings."""
        return not (self.lost or self.removals or self.tracebacks or self.errors)

    def __str__(self) -> str:
        summary = {
            "hours": self.hours,
            "by kind": dict(self.kinds.most_common()),
            "good": len(self.good),
            "not good": len(self.bad),
            "of these without a line": len(self.unwritten),
            "faults": dict(self.faults.most_common()),
            "hours of lasting causes": dict(Counter(self.causes.values())),
            "healed after hours": dict(self.healed),
            "records compared": self.records,
            "lost records": self.lost,
            "false removals": self.removals,
            "tracebacks": self.tracebacks,
            "errors": self.errors,
        }
        return json.dumps(summary, indent=1)


def soak(folder: Path, hours: int, seed: int = 0) -> SoakResult:
    """Live through `hours` hours of an archive in a folder, then check it."""
    result = SoakResult(hours)
    errors = folder / "errors"
    with ExitStack() as stack:
        service = stack.enter_context(Service(make_responder({})))
        stderr = stack.enter_context(errors.open("w"))
        drivers = [stack.enter_context(Driver(stderr, find_permission_prefix())) for _ in range(2)]
        stage = Stage(service, make_archive(folder / "archive"))
        player = Player(stage, drivers, random.Random(seed), result)
        schedule = _schedule_causes(random.Random(seed))
        for number in range(hours):
            hour = START + number * HOUR
            if cause := next(schedule):
                result.causes[hour] = cause
            bodies = build_bodies(hour, cause)
            stage.serve(bodies)
            player.play(hour, bodies)
        printed = errors.read_text()
        result.tracebacks = printed.count("Traceback")
        sys.stderr.write(printed)
        check(stage, result)
    return result


def build_bodies(hour: dt.datetime, cause: str) -> Payloads:
    """Build the bodies of an hour in which a lasting cause holds, "" for none."""
    bodies = build_payloads(hour, MODEL_IDS)
    if cause:
        CAUSES[cause].change(bodies)
    return bodies


def _schedule_causes(chance: random.Random) -> Iterator[str]:
    """Yield for each hour the lasting cause that holds, "" for none, without end."""
    for name in _deal(chance, [*CAUSES]):
        yield from [""] * PAUSE
        yield from [name] * CAUSES[name].lasts


def _deal(chance: random.Random, cards: Sequence[str]) -> Iterator[str]:
    """Yield shuffled copies of a deck without end, so that every card comes once in each round."""
    while True:
        yield from chance.sample(cards, len(cards))


class Player:
    """Plays hours on a stage; the two drivers run in processes of their own."""

    def __init__(
        self, stage: Stage, drivers: list[Driver], chance: random.Random, result: SoakResult
    ) -> None:
        self.stage, self.chance, self.result = stage, chance, result
        self.driver, self.rival = drivers
        self.kinds, self.faults = _deal(chance, KINDS), _deal(chance, FAULTS)
        self.missed = ""
        """A fault whose route was not asked: it comes again."""
        self.cause = ""
        self.changed: tuple[dt.datetime, str] | None = None
        """When a lasting cause began or ended, and which, until a run is good."""

    def play(self, hour: dt.datetime, bodies: Payloads) -> None:
        """Play the next kind of hour; often repair it if it ends badly."""
        kind = next(self.kinds)
        self.result.kinds[kind] += 1
        cause = self.result.causes.get(hour, "")
        if cause != self.cause:
            self.changed, self.cause = (hour, cause or self.cause), cause
        if kind == "skip":
            return
        if kind in ("kill", "pair", "full", "denied", "slow"):
            self.result.disturbed.add(hour)
        code = getattr(self, f"_play_{kind}")(hour)
        if hour not in self.result.disturbed and code not in (0, 1):
            self._report(hour, f"an undisturbed run ended with {code}")
        if code and self.chance.random() < REPAIR_SHARE:
            code = self._play_good(hour)
            if code and not self._may_be_doubted(hour):
                self._report(hour, f"a healthy run ended with {code}")
        if self.changed and not code:
            changed, cause = self.changed
            hours = (hour - changed) // HOUR
            self.result.healed[cause] = max(self.result.healed[cause], hours)
            self.changed = None
        if code:
            self.result.bad.add(hour)
        else:
            self.result.good[hour] = bodies

    def _report(self, hour: dt.datetime, text: str) -> None:
        self.result.errors.append(f"{format_hour(hour)}: {text}")

    def _may_be_doubted(self, hour: dt.datetime) -> bool:
        """Return whether a lasting cause began or ended so recently that a run need not be good."""
        if self.changed is None:
            return False
        changed, cause = self.changed
        return hour - changed <= CAUSES[cause].heals * HOUR

    def _play_good(self, hour: dt.datetime, **options: float) -> int:
        self.driver.start(self.stage, hour, named=True, **options)
        return self.driver.wait_for_exit()

    def _play_slow(self, hour: dt.datetime) -> int:
        self.stage.service.fail(self.chance.choice(ROUTES), self.chance.choice(ENDLESS))
        code = self._play_good(hour, timeout=TIMEOUT_S)
        self.stage.service.heal()
        return code

    def _play_fault(self, hour: dt.datetime) -> int:
        # A list that is cut short in between would not be like those that confirm a lasting change.
        if self.changed and not CAUSES[self.changed[1]].unread_feed:
            return self._play_good(hour)
        fault = self.missed or next(self.faults)
        excluded = FAN_OUTS if fault in PLAUSIBLE_FAULTS else ()
        routes = ROUTES if hour.hour else ROUTES + DAILY_ROUTES
        route = self.chance.choice([route for route in routes if route not in excluded])
        self.stage.service.fail(route, fault, times=self.chance.choice((1, 3, None)))
        self.stage.take_requests()
        code = self._play_good(hour)
        self.stage.service.heal()
        if any(fnmatchcase(path, route) for path in self.stage.take_requests()):
            self.missed = ""
            self.result.faults[fault] += 1
        else:
            self.missed = fault
        return code

    def _play_kill(self, hour: dt.datetime) -> int:
        group = self.driver.start(self.stage, hour, step=self.chance.randint(1, 60), named=True)
        code = self.driver.wait_for_exit()
        with suppress(ProcessLookupError):  # wait for a git command that outlives the killed run
            for _ in range(200):
                os.killpg(group, 0)
                time.sleep(0.03)
        return code

    def _play_pair(self, hour: dt.datetime) -> int:
        self.driver.start(self.stage, hour, named=True)
        self.rival.start(self.stage, hour, named=True)
        return min(abs(self.driver.wait_for_exit()), abs(self.rival.wait_for_exit()))

    def _play_jump(self, hour: dt.datetime) -> int:
        before = self.stage.list_subjects()
        code = self._play_good(hour - 5 * HOUR)
        if code != 2 and before:
            self._report(hour, f"a run of five hours ago ended with {code}")
        if self.stage.list_subjects() != before:
            self._report(hour, "a run of five hours ago was archived")
        return self._play_good(hour)

    def _play_full(self, hour: dt.datetime) -> int:
        return self._play_good(hour, disk=self.chance.choice((0, 1000, 20_000)))

    def _play_denied(self, hour: dt.datetime) -> int:
        folder = self.stage.root / self.chance.choice(FOLDERS)
        folder = folder if folder.exists() else self.stage.root
        folder.chmod(0o555)
        try:
            return self._play_good(hour)
        finally:
            folder.chmod(0o755)


def check(stage: Stage, result: SoakResult) -> None:
    """Compare the archive with the bodies served and with the exit codes of the runs."""
    is_disturbed = START + (result.hours - 1) * HOUR in result.causes
    if stage.run(START + result.hours * HOUR) and not is_disturbed:  # restores what a last kill left
        result.errors.append("the last run of all is not good")
    history = stage.read_history()
    findings = verify(history)
    if findings.wrong:
        result.errors.append(f"verify: {findings}")
    lines = stage.read_attempts()
    good_feeds = {
        (ledger.get_attempt_hour(line), name)
        for line in lines
        for name in FEEDS
        if ledger.get_feed_outcome(line, name) == "ok"
    }
    for hour, bodies in result.good.items():
        for name, feed in FEEDS.items():
            is_excused = name in _list_unread_feeds(hour, result)
            if feed.cadence == "hourly" and (hour, name) not in good_feeds and not is_excused:
                result.errors.append(f"{format_hour(hour)}: {name} is not good, but the run exited with 0")
        snapshot = history.read_snapshot(hour, "models", "endpoints", "providers", has_health=True)
        _compare(snapshot, hour, bodies, result)
    check_explained(lines, result)
    with open_index(stage.archive, stage.root.parent / "cache") as db:
        events = db.execute("select hour, kind, feed, key from events order by hour").fetchall()
    result.removals += [
        f"{hour}: {key} of {feed} is reported as {kind}"
        for hour, kind, feed, key in events
        if kind in ABSENCE_KINDS
        and (kind if kind == "orphaned" else feed, key) in _served_keys(parse_stamp(hour), result)
    ]


def _list_unread_feeds(hour: dt.datetime, result: SoakResult) -> set[str]:
    """Return the feeds that a lasting cause keeps from being read at an hour."""
    recent = {result.causes.get(hour - number * HOUR, "") for number in range(25)} - {""}
    return {CAUSES[cause].unread_feed for cause in recent}


def _served_keys(hour: dt.datetime, result: SoakResult) -> FeedKeys:
    """Return the keys of all records served in an hour; under `orphaned` the models that have endpoints."""
    bodies = build_bodies(hour, result.causes.get(hour, ""))
    rows = {name: bodies[route]["data"] for name, route in LIST_ROUTES.items() if route in bodies}
    rows.setdefault("zdr", [])
    responses = {row["id"]: bodies.get(f"models/{row['id']}/endpoints") for row in rows["models"]}
    endpoints = [
        (model, item["tag"])
        for model, response in responses.items()
        for item in (response["data"]["endpoints"] if response else ())
    ]
    counts = {
        "endpoints": Counter(endpoints),
        "zdr": Counter((row["model_id"], row["tag"]) for row in rows.pop("zdr")),
    }
    keys = {(name, row[FEEDS[name].key[0]]) for name in rows for row in rows[name]}
    keys |= {("image_endpoints", row["id"]) for row in rows["images"]}
    keys |= {
        (name, format_key(FEEDS[name], (*pair, n)))
        for name, counter in counts.items()
        for pair, count in counter.items()
        for n in range(count)
    }
    return keys | {("orphaned", model) for model, _ in endpoints}


def _compare(snapshot: Snapshot, hour: dt.datetime, bodies: Payloads, result: SoakResult) -> None:
    """Note the records of an hour that differ from those served."""
    served = {name: {(row[key],): row for row in bodies[name]["data"]} for name, key in KEYS.items()}
    responses = {(key,): bodies.get(f"models/{key}/endpoints") for (key,) in served["models"]}
    served["endpoints"] = {key: response for key, response in responses.items() if response}
    for name, records in served.items():
        archived = snapshot[name]
        result.records += len(records)
        for key in records.keys() | archived.keys():
            if (
                key not in records
                or key not in archived
                or encode_sent(records[key]) != encode_archived(archived[key])
            ):
                result.lost.append(f"{format_hour(hour)}: {name}: {key[0]}")


def check_explained(lines: list[Attempt], result: SoakResult) -> None:
    """Check that the ledger gives a reason for each bad report, and has one for each undisturbed bad hour."""
    explained = set()
    for line in lines:
        for name, report in line["feeds"].items():
            if report["outcome"] in ledger.BAD_OUTCOMES:
                explained.add(ledger.get_attempt_hour(line))
                if not report.get("reasons"):
                    result.errors.append(f"{line['hour']}: no reason why {name} is {report['outcome']}")
    result.unwritten = result.bad - set(map(ledger.get_attempt_hour, lines))
    for hour in sorted(result.bad - explained - result.disturbed):
        result.errors.append(f"{format_hour(hour)}: no reason why it is not good")


def main() -> None:
    """Soak for the number of hours given as argument (200), in a temporary folder; exit 1 on findings."""
    os.environ |= {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    for name in ("AUTHOR", "COMMITTER"):
        os.environ |= {f"GIT_{name}_NAME": "Soak", f"GIT_{name}_EMAIL": "soak@example.org"}
    start = time.monotonic()
    with tempfile.TemporaryDirectory() as name:
        result = soak(Path(name), int(sys.argv[1]) if sys.argv[1:] else 200)
    print(result)
    print(f"{time.monotonic() - start:.0f} s")
    sys.exit(not result.is_clean)


if __name__ == "__main__":
    main()
