"""A soak: simulated hours with random faults, kills, runs at once, clocks that jump and a disk that is full.

    PYTHONPATH=. python tests/soak.py 2000

prints what happened. At the end every hour that a run called good is there as it was served, every other one
is explained in the ledger, and nothing that was served all along is told to be gone.
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

from archives import Driver, Payloads, Stage, new_archive, payloads, replies

from orarchive import ledger
from orarchive.feeds import FEEDS
from orarchive.history.verify import verify
from orarchive.hours import HOUR, prose
from orarchive.index.database import index
from orarchive.sample import START, Service, world_at

ROUTES = (
    *("models", "models/count", "providers", "endpoints/zdr", "images/models", "videos/models"),
    *("models/*/endpoints", "models/anthropic/*/endpoints", "model/*"),
)
FAULTS = (
    *("429", "500", "502", "503", "404", "html", "error-object", "invalid-json", "not-utf8", "wrong-type"),
    *("empty", "shrunken", "duplicate", "key-missing", "count-mismatch", "cut-off", "reset"),
)
MODELS = 25
REPAIRED = 0.7
"""Share of bad hours in which a later tick tries again."""


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
    good: dict[dt.datetime, Payloads] = field(default_factory=dict)
    """Hours that a run called good, with what was served."""
    bad: set[dt.datetime] = field(default_factory=set)
    wrong: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        told = {
            "hours": self.hours,
            "good": len(self.good),
            "not good, explained": len(self.bad),
            "skipped": self.skipped,
            "faults": dict(self.faults.most_common()),
            "kills": self.kills,
            "runs at once": self.pairs,
            "clocks that jumped": self.jumps,
            "full disks": self.full,
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
        said = stack.enter_context(errors.open("w"))
        drivers = [stack.enter_context(Driver(said)) for _ in range(2)]
        stage = Stage(service, new_archive(folder / "archive"))
        for n in range(hours):
            hour = START + n * HOUR
            bodies = payloads(hour, wanted)
            stage.serve(bodies)
            _live(stage, drivers, hour, bodies, chance, soaked)
        if "Traceback" in (told := errors.read_text()):
            soaked.wrong.append(told[-2000:])
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
        route, fault = chance.choice(ROUTES), chance.choice(FAULTS)
        soaked.faults[fault] += 1
        stage.service.fail(route, fault, times=chance.choice((1, 3, None)))
        code = _run(one, stage, hour)
        stage.service.heal()
    elif what < 0.5:
        soaked.kills += 1
        group = one.start(stage, hour, step=chance.randint(1, 60), named=True)
        code = one.ended()
        _outlived(group)
    elif what < 0.55:
        soaked.pairs += 1
        one.start(stage, hour, named=True)
        other.start(stage, hour, named=True)
        code = min(abs(one.ended()), abs(other.ended()))
    elif what < 0.6:
        soaked.jumps += 1
        before = stage.commits()
        if (back := _run(one, stage, hour - 5 * HOUR)) != 2 and before:
            soaked.wrong.append(f"{prose(hour)}: five hours back ended with {back}")
        if stage.commits() != before:
            soaked.wrong.append(f"{prose(hour)}: five hours back were archived")
        code = _run(one, stage, hour)
    elif what < 0.65:
        soaked.full += 1
        code = _run(one, stage, hour, disk=chance.choice((0, 1000, 20_000)))
    else:
        code = _run(one, stage, hour)
    if code and chance.random() < REPAIRED:
        code = _run(one, stage, hour)
        if code:
            soaked.wrong.append(f"{prose(hour)}: a healthy run ended with {code}")
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


def _judge(stage: Stage, soaked: Soaked) -> None:
    """Hold the archive against what was served and what the runs said of themselves."""
    stage.run(START + soaked.hours * HOUR)  # tidies up after a last kill
    past = stage.past()
    findings = verify(past)
    if findings.wrong:
        soaked.wrong.append(f"verify: {findings}")
    lines = stage.attempts()
    for hour, bodies in soaked.good.items():
        for name in FEEDS:
            read = [one for one in lines if ledger.hour_of(one) == hour and ledger.outcome(one, name) == "ok"]
            if FEEDS[name].cadence == "hourly" and not read:
                soaked.wrong.append(f"{prose(hour)}: {name} is not good, though the run said so")
        listed = {row["id"]: row for row in bodies["models"]["data"]}
        held = past.snapshot(hour, "models")["models"]
        if {key for (key,) in held} != listed.keys():
            soaked.wrong.append(f"{prose(hour)}: other models than were served")
        elif any(held[key,]["pricing"] != listed[key]["pricing"] for key in listed if key in ALWAYS):
            soaked.wrong.append(f"{prose(hour)}: another price than was served")
    explained = {
        ledger.hour_of(one) for one in lines if any("reasons" in report for report in one["feeds"].values())
    }
    archived = {ledger.hour_of(one) for one in lines}
    for hour in soaked.bad & archived - explained:
        if not any(
            ledger.outcome(one, name) == "ok"
            for one in lines
            for name in FEEDS
            if ledger.hour_of(one) == hour
        ):
            soaked.wrong.append(f"{prose(hour)}: nothing says why it is not good")
    served = [{row["id"] for row in bodies["models"]["data"]} for bodies in soaked.good.values()]
    always = set.intersection(*served)
    with index(stage.archive, stage.root.parent / "cache") as db:
        gone = db.execute(
            "select hour, kind, key from events where feed = 'models' and kind in ('missing', 'removed')"
        )
        soaked.wrong += [f"{hour}: {key} is told to be {kind}" for hour, kind, key in gone if key in always]


ALWAYS = ("anthropic/claude-haiku-4.5",)
"""Models whose price no clock rules."""


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
    sys.exit(bool(soaked.wrong))


if __name__ == "__main__":
    main()
