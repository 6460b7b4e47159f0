"""A soak: simulated hours with random faults, kills, runs at once, clocks that jump, full and locked disks.

    PYTHONPATH=. python tests/soak.py 2000

prints what happened. At the end every hour that a run called good is there as it was served, record by
record, every other one is explained in the ledger or by what was done to its run, and nothing that was served
all along, of any feed, is told to be gone.
"""

import datetime as dt
import json
import os
import random
import sys
import tempfile
import time
from collections import Counter
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path

from orarchive.domain.changes import format_key
from orarchive.domain.feeds import FEEDS
from orarchive.domain.snapshot import Snapshot
from orarchive.history.verify import verify
from orarchive.index.database import open_index
from orarchive.sample import START, Service, world_at
from orarchive.store import ledger
from orarchive.store.ledger import Attempt
from orarchive.timestamps import HOUR, format_hour
from tests.support.archives import LISTS, Payloads, Stage, kept, new_archive, payloads, replies, said
from tests.support.driver import Driver
from tests.support.requirements import obedient

KEYS = {"models": "id", "providers": "slug"}
SWEEPS = ("models/*/endpoints", "models/anthropic/*/endpoints")
ROUTES = (*KEYS, *SWEEPS, "models/count", "endpoints/zdr", "images/models", "videos/models", "model/*")
OFTEN = ("models",) * 5
"""What most depends on fails half the time, and what looks most like the truth comes most often."""

FAULTS = (
    *("429", "500", "502", "503", "404", "html", "error-object", "invalid-json", "not-utf8", "wrong-type"),
    *("duplicate", "key-missing", "count-mismatch", "cut-off", "reset", *("empty", "shrunken") * 4),
)
BELIEVED = ("empty", "shrunken", "duplicate")
"""Faults that nothing tells from the truth in the list of one model; such a list is kept as it came."""

MODELS = 25
REPAIRED = 0.7
"""Share of bad hours in which a later tick tries again."""


FOLDERS = (".", ".git", ".git/objects", ".git/refs/heads", "data", "data/models", "data/hours")
"""What a run may find locked; some of it only after it has asked."""

ABSENT = {"orphaned", "deprecated", "removed", *(feed.removed_kind for feed in FEEDS.values())}
"""What events call it when something is no longer there, or is served by nobody."""

Things = set[tuple[str, str]]
"""Feeds, each with a key as the events have it."""


@dataclass
class Soaked:
    """What happened in a soak, and what should not have."""

    hours: int = 0
    skipped: int = 0
    faults: Counter[str] = field(default_factory=Counter)
    kills: int = 0
    pairs: int = 0
    jumps: int = 0
    full: int = 0
    denied: int = 0
    good: dict[dt.datetime, Payloads] = field(default_factory=dict)
    """Hours that a run called good, with what was served."""
    bad: set[dt.datetime] = field(default_factory=set)
    disturbed: set[dt.datetime] = field(default_factory=set)
    """Hours in which a run was killed, was not alone, or could not write: it may leave no line."""
    unwritten: set[dt.datetime] = field(default_factory=set)
    """Bad hours of which the ledger has no line."""
    records: int = 0
    """Records that were served in good hours and looked up at the end."""
    lost: list[str] = field(default_factory=list)
    """Those that are not there as they were served."""
    removals: list[str] = field(default_factory=list)
    """What was served all along and is told to be missing or removed."""
    tracebacks: int = 0
    wrong: list[str] = field(default_factory=list)
    """Whatever else should not be."""

    @property
    def well(self) -> bool:
        """Whether nothing happened that should not have."""
        return not (self.lost or self.removals or self.tracebacks or self.wrong)

    def __str__(self) -> str:
        told = {
            "hours": self.hours,
            "good": len(self.good),
            "not good": len(self.bad),
            "of these without a line": len(self.unwritten),
            "skipped": self.skipped,
            "faults": dict(self.faults.most_common()),
            "kills": self.kills,
            "runs at once": self.pairs,
            "clocks that jumped": self.jumps,
            "full disks": self.full,
            "denied": self.denied,
            "records looked up": self.records,
            "lost records": self.lost,
            "false removals": self.removals,
            "tracebacks": self.tracebacks,
            "wrong": self.wrong,
        }
        return json.dumps(told, indent=1)


def soak(folder: Path, hours: int, seed: int = 0) -> Soaked:
    """Live through so many hours in a folder."""
    chance, soaked = random.Random(seed), Soaked(hours=hours)
    wanted = tuple(sorted(world_at(START).models)[:MODELS])
    errors = folder / "errors"
    with ExitStack() as stack:
        service = stack.enter_context(Service(replies({})))
        spoken = stack.enter_context(errors.open("w"))
        drivers = [stack.enter_context(Driver(spoken, obedient())) for _ in range(2)]
        stage = Stage(service, new_archive(folder / "archive"))
        for n in range(hours):
            hour = START + n * HOUR
            bodies = payloads(hour, wanted)
            stage.serve(bodies)
            _live(stage, drivers, hour, bodies, chance, soaked)
        told = errors.read_text()
        soaked.tracebacks = told.count("Traceback")
        sys.stderr.write(told)
        _judge(stage, soaked)
    return soaked


def _live(
    stage: Stage,
    drivers: list[Driver],
    hour: dt.datetime,
    bodies: Payloads,
    chance: random.Random,
    soaked: Soaked,
) -> None:
    """One hour: perhaps nothing, perhaps trouble, perhaps a second try."""
    what = chance.random()
    if what < 0.08:
        soaked.skipped += 1
        return
    one, other = drivers
    code = 0
    if what < 0.38:
        route = chance.choice((*ROUTES, *OFTEN))
        fault = chance.choice([one for one in FAULTS if not (route in SWEEPS and one in BELIEVED)])
        soaked.faults[fault] += 1
        stage.service.fail(route, fault, times=chance.choice((1, 3, None)))
        code = _run(one, stage, hour)
        stage.service.heal()
    elif what < 0.5:
        soaked.kills += 1
        soaked.disturbed.add(hour)
        group = one.start(stage, hour, step=chance.randint(1, 60), named=True)
        code = one.ended()
        _outlived(group)
    elif what < 0.55:
        soaked.pairs += 1
        soaked.disturbed.add(hour)
        one.start(stage, hour, named=True)
        other.start(stage, hour, named=True)
        code = min(abs(one.ended()), abs(other.ended()))
    elif what < 0.6:
        soaked.jumps += 1
        before = stage.commits()
        if (back := _run(one, stage, hour - 5 * HOUR)) != 2 and before:
            soaked.wrong.append(f"{format_hour(hour)}: five hours back ended with {back}")
        if stage.commits() != before:
            soaked.wrong.append(f"{format_hour(hour)}: five hours back were archived")
        code = _run(one, stage, hour)
    elif what < 0.65:
        soaked.full += 1
        soaked.disturbed.add(hour)
        code = _run(one, stage, hour, disk=chance.choice((0, 1000, 20_000)))
    elif what < 0.7:
        soaked.denied += 1
        soaked.disturbed.add(hour)
        code = _denied(one, stage, hour, stage.root / chance.choice(FOLDERS))
    else:
        code = _run(one, stage, hour)
    if code and chance.random() < REPAIRED:
        code = _run(one, stage, hour)
        if code:
            soaked.wrong.append(f"{format_hour(hour)}: a healthy run ended with {code}")
    if code:
        soaked.bad.add(hour)
    else:
        soaked.good[hour] = bodies


def _outlived(group: int) -> None:
    """Wait for a git command that outlives the run that was killed."""
    with suppress(ProcessLookupError):
        for _ in range(200):
            os.killpg(group, 0)
            time.sleep(0.03)


def _run(driver: Driver, stage: Stage, hour: dt.datetime, **options: int) -> int:
    driver.start(stage, hour, named=True, **options)
    return driver.ended()


def _denied(driver: Driver, stage: Stage, hour: dt.datetime, folder: Path) -> int:
    """A run that may not write into a folder, if that is there."""
    folder = folder if folder.exists() else stage.root
    folder.chmod(0o555)
    try:
        return _run(driver, stage, hour)
    finally:
        folder.chmod(0o755)


def _judge(stage: Stage, soaked: Soaked) -> None:
    """Hold the archive against what was served and what the runs said of themselves."""
    if stage.run(START + soaked.hours * HOUR):  # tidies up after a last kill
        soaked.wrong.append("the last run of all is not good")
    past = stage.past()
    findings = verify(past)
    if findings.wrong:
        soaked.wrong.append(f"verify: {findings}")
    lines = stage.attempts()
    for hour, bodies in soaked.good.items():
        for name in FEEDS:
            read = [
                one
                for one in lines
                if ledger.attempt_hour(one) == hour and ledger.feed_outcome(one, name) == "ok"
            ]
            if FEEDS[name].cadence == "hourly" and not read:
                soaked.wrong.append(f"{format_hour(hour)}: {name} is not good, though the run said so")
        _look_up(past.read_snapshot(hour, "models", "endpoints", "providers"), hour, bodies, soaked)
    explained(lines, soaked)
    always = set.intersection(*map(_served, soaked.good.values()))
    with open_index(stage.archive, stage.root.parent / "cache") as db:
        events = db.execute("select hour, kind, feed, key from events order by hour").fetchall()
    soaked.removals += [
        f"{hour}: {key} of {feed} is told to be {kind}"
        for hour, kind, feed, key in events
        if kind in ABSENT and (kind if kind == "orphaned" else feed, key) in always
    ]


def _served(bodies: Payloads) -> Things:
    """Whatever was served; under `orphaned` the models that somebody serves, which are not that."""
    rows = {name: bodies[route]["data"] for name, route in LISTS.items()}
    offers = [
        (row["id"], item["tag"])
        for row in rows["models"]
        for item in bodies[f"models/{row['id']}/endpoints"]["data"]["endpoints"]
    ]
    counts = {
        "endpoints": Counter(offers),
        "zdr": Counter((row["model_id"], row["tag"]) for row in rows.pop("zdr")),
    }
    found = {(name, row[FEEDS[name].key[0]]) for name in rows for row in rows[name]}
    found |= {("image_endpoints", row["id"]) for row in rows["images"]}
    found |= {
        (name, format_key(FEEDS[name], (*pair, n)))
        for name, counted in counts.items()
        for pair, count in counted.items()
        for n in range(count)
    }
    return found | {("orphaned", model) for model, _ in offers}


def _look_up(held: Snapshot, hour: dt.datetime, bodies: Payloads, soaked: Soaked) -> None:
    """Compare the records of an hour with those that were served."""
    served = {name: {(row[key],): row for row in bodies[name]["data"]} for name, key in KEYS.items()}
    served["endpoints"] = {(key,): bodies[f"models/{key}/endpoints"] for (key,) in served["models"]}
    for name, records in served.items():
        soaked.records += len(records)
        for key in records.keys() | held[name].keys():
            if key not in records or key not in held[name] or said(records[key]) != kept(held[name][key]):
                soaked.lost.append(f"{format_hour(hour)}: {name}: {key[0]}")


def explained(lines: list[Attempt], soaked: Soaked) -> None:
    """Whether the ledger says why of each bad report, and has one of each hour that ended badly by itself."""
    told = set()
    for line in lines:
        for name, report in line["feeds"].items():
            if report["outcome"] in ledger.BAD_OUTCOMES:
                told.add(ledger.attempt_hour(line))
                if not report.get("reasons"):
                    soaked.wrong.append(f"{line['hour']}: nothing says why {name} is {report['outcome']}")
    soaked.unwritten = soaked.bad - set(map(ledger.attempt_hour, lines))
    for hour in sorted(soaked.bad - told - soaked.disturbed):
        soaked.wrong.append(f"{format_hour(hour)}: nothing says why it is not good")


def main() -> None:
    """Soak for so many hours, in a folder of its own."""
    os.environ |= {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    for name in ("AUTHOR", "COMMITTER"):
        os.environ |= {f"GIT_{name}_NAME": "Soak", f"GIT_{name}_EMAIL": "soak@example.org"}
    begun = time.monotonic()
    with tempfile.TemporaryDirectory() as name:
        soaked = soak(Path(name), int(sys.argv[1]) if sys.argv[1:] else 200)
    print(soaked)
    print(f"{time.monotonic() - begun:.0f} s")
    sys.exit(not soaked.well)


if __name__ == "__main__":
    main()
