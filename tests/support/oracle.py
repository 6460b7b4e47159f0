"""An oracle for tests: what an index must say, told from whole snapshots and from the design, naively.

Nothing of `orarchive.index` is used here but the names of its excuses: it is what is tested.
"""

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from fnmatch import fnmatchcase
from functools import partial
from itertools import pairwise
from typing import Any, NamedTuple

from orarchive.domain.changes import format_key
from orarchive.domain.feeds import FEEDS, Feed
from orarchive.domain.record_files import Key
from orarchive.domain.snapshot import records_by_key
from orarchive.jsonl import Record, dumps
from orarchive.store.ledger import Attempt
from orarchive.timestamps import format_stamp, parse_stamp
from tests.support.random_histories import Archived

HOUR = 3600
DAY = 24 * HOUR

KINDS = {
    "canonical_slug": "renamed",
    "context_length": "limits_changed",
    "top_provider": "limits_changed",
    "supported_parameters": "capabilities_changed",
    "architecture": "capabilities_changed",
    "alias_target": "alias_moved",
    "quantization": "requantized",
}
POLICY = ("headquarters", "datacenters")
SILENT = {"models": ("benchmarks",), "endpoints": ("status", "uptime_*", "latency_*", "throughput_*")}
CLOCK = ("utc_start", "utc_end", "utc_days")
CONDITIONS = (*CLOCK, "min_prompt_tokens")
SAYS_NOTHING = ("baseline", "first_observed")


class Fact(NamedTuple):
    """An event; `old` and `new` as JSON."""

    attempt: int
    kind: str
    feed: str
    key: str
    field: str = ""
    old: bytes | None = None
    new: bytes | None = None
    percent: float | None = None
    cause: str = ""
    after: str | None = None
    by: str = ""


@dataclass
class Known:
    """A record that was there once."""

    first: str
    arrival: str
    last: str | None = None
    state: str = "active"
    missing: str | None = None
    record: Record = field(default_factory=dict)
    told: bool = False
    """Whether an event said that it is not there."""
    unseen: list[tuple[str, bool]] = field(default_factory=list)
    """The good hours since it is not there, and whether each could have shown it."""


Cause = Callable[[str, Decimal | None], str]
"""Where the price of a dimension that is new comes from."""


@dataclass(frozen=True)
class Ends:
    """A price object before and after an attempt."""

    old: Record
    new: Record
    """Without the fields that are new in its feed."""
    sent: Record

    @property
    def by_clock(self) -> set[str]:
        return clocked(self.old) | clocked(self.sent)

    @property
    def rescheduled(self) -> bool:
        return dumps(entries(self.old)) != dumps(entries(self.new))

    @property
    def scheduled(self) -> set[str]:
        """The dimensions that a changed schedule names."""
        both = [*entries(self.old), *entries(self.sent)] * self.rescheduled
        return {name for entry in both for name in rates(entry)}

    @property
    def dimensions(self) -> set[str]:
        return (self.old.keys() | self.new.keys() | self.scheduled) - {"overrides", "discount"}


Spell = list[tuple[str, str, bool]]
"""Hours running: the hour, when it was made, and whether it was bad."""


class Oracle:
    """Reads attempts one after the other, whole, and keeps what an index must say of them."""

    def __init__(self, attempts: list[Archived]) -> None:
        self.attempts = attempts
        self.records = _records(attempts)
        self.facts: list[Fact] = []
        self.excused: Counter[str] = Counter()
        self.known: dict[tuple[str, Key], Known] = {}
        self.ever: dict[str, set[str]] = defaultdict(set)
        self.unseen_fields: dict[tuple[str, str], list[str]] = {}
        self.told_fields: set[tuple[str, str]] = set()
        self.spells: dict[tuple[str, Key], Spell] = defaultdict(list)
        for n in range(len(attempts)):
            self._take(n)

    # -- which attempts count

    def before(self, feed: str, asked: str | None = None) -> Attempt | None:
        """The last attempt in an earlier hour that read a feed well, of a sweep that read a key."""
        found = [
            one.line
            for one in self.attempts[: self.n]
            if one.line["hour"] < self.hour and good(one.line, feed) and asked not in kept(one.line, feed)
        ]
        return found[-1] if found else None

    def after(self, feed: str, asked: str | None = None) -> str | None:
        """When what stood before an attempt was made."""
        line = self.before(feed, asked)
        return since(line, feed) if line else None

    def good_hours(self, feed: str) -> list[str]:
        """The hours up to now in which a feed was read well."""
        return sorted({one.line["hour"] for one in self.attempts[: self.n + 1] if good(one.line, feed)})

    def was_read(self, feed: str, asked: str, hour: str | None) -> bool:
        """Whether an hour (None: now) is one in which a feed was read, of a sweep a key."""
        lines = [one.line for one in self.attempts if hour in (None, one.line["hour"])]
        return any(good(line, feed) and asked not in kept(line, feed) for line in lines)

    # -- one attempt

    def _take(self, n: int) -> None:
        self.n, self.line = n, self.attempts[n].line
        self.hour = self.line["hour"]
        self.old = self.records[n - 1] if n else {name: {} for name in FEEDS}
        self.new = self.records[n]
        self.fresh = {name: self._fresh(name) for name in FEEDS}
        self.offers_moved: dict[str, set[tuple[str, Decimal | None]]] = defaultdict(set)
        self.offers_scheduled: dict[str, set[tuple[str, Decimal | None]]] = defaultdict(set)
        for name, feed in FEEDS.items():
            for key in sorted(self.old[name].keys() | self.new[name].keys()):
                if key not in self.old[name]:
                    self._come(feed, key)
                elif key not in self.new[name]:
                    self._go(feed, key)
        for feed in FEEDS.values():
            self._fields(feed)
        self._model_prices()
        for name, feed in FEEDS.items():
            if good(self.line, name):
                self._rescope(feed)
                self._age(feed)
                self._vanish(feed)
        self._watch()

    def tell(self, kind: str, feed: str, key: str, field: str = "", **rest: Any) -> None:
        rest.setdefault("by", self.hour)
        self.facts.append(Fact(self.n, kind, feed, key, field, **rest))

    # -- coming and going

    def _come(self, feed: Feed, key: Key) -> None:
        name = feed.name
        known = self.known.get((name, key))
        arrival, cause = self._arrival(feed, key, known)
        old = known.state if known else None
        if known is None:
            known = self.known[name, key] = Known(self.hour, arrival)
        silent = arrival == "baseline" or (arrival == "first_observed" and old is not None)
        known.arrival, known.last, known.state, known.missing = arrival, None, "active", None
        known.told, known.unseen = False, []
        if silent:
            self.excused["baseline" if arrival == "baseline" else "unobserved"] += 1
        else:
            was = dumps(old) if arrival == "returned" else None
            after = None if arrival == "first_observed" else self._absent_at(feed, key)
            self.tell(arrival, name, format_key(feed, key), old=was, cause=cause, after=after)

    def _absent_at(self, feed: Feed, key: Key) -> str | None:
        """When the last response was made that could have shown a record and did not."""
        if feed.parent or not self._scopes(feed):
            return self.after(feed.name, key[0] if feed.parent else None)
        able = [
            one.line
            for one in self.attempts[: self.n]
            if one.line["hour"] < self.hour
            and good(one.line, feed.name)
            and surely_in(one.line["feeds"][feed.name].get("scope", ""), self.new[feed.name][key])
        ]
        return since(able[-1], feed.name) if able else None

    def _arrival(self, feed: Feed, key: Key, known: Known | None) -> tuple[str, str]:
        if self.before(feed.name) is None:
            return "baseline", ""
        parent, cause = None, ""
        if feed.parent and not self._was_asked(feed, key[0]):
            parent, cause = self.known.get((feed.parent, (key[0],))), "model"
        elif feed.copied_feed and key not in self.old[feed.copied_feed] and key in self.new[feed.copied_feed]:
            parent, cause = self.known[feed.copied_feed, key], "endpoint"
        if known and known.told:  # what was said to be gone is said to be back
            return ("returned" if feed.removed_kind == "missing" else feed.added_kind), cause
        if cause:
            says_nothing = parent is None or parent.arrival in SAYS_NOTHING
            return ("first_observed", "") if says_nothing else (feed.added_kind, cause)
        scopes = self._scopes(feed)
        if known or (scopes and not surely_in(scopes[0], self.new[feed.name][key])):
            return "first_observed", ""
        return feed.added_kind, ""

    def _scopes(self, feed: Feed) -> tuple[str, str] | None:
        """What was asked for before and what is now, where that is not the same."""
        before = self.before(feed.name)
        if before is None or not good(self.line, feed.name):
            return None
        was, now = (line["feeds"][feed.name].get("scope", "") for line in (before, self.line))
        return (was, now) if was != now else None

    def _was_asked(self, feed: Feed, asked: str) -> bool:
        before = self.attempts[self.n - 1].snapshot if self.n else {feed.name: {}}
        return (asked,) in before[feed.name]

    def _go(self, feed: Feed, key: Key) -> None:
        name, known = feed.name, self.known[feed.name, key]
        asked = key[0] if feed.parent else None
        before = self.before(name, asked)
        known.last = max(before["hour"] if before else self.hour, known.first)
        known.record = self.old[name][key]
        for kind in ("health", "orphaned"):
            self.spells.pop((kind, (name, *key)), None)
        if self._is_narrowed(feed, key):
            known.state = "unobserved"
            self.excused["unobserved"] += 1
            return
        known.state = "stale" if feed.removed_kind == "missing" else feed.removed_kind
        known.missing = self.hour
        known.told = True
        became = self.line["feeds"]["models"].get("vanished", {}) if name == "models" else {}
        text, after = format_key(feed, key), self.after(name, asked)
        cause, _, target = (became.get(key[0]) or self._gone_with(feed, key)).partition(":")
        self.tell(feed.removed_kind, name, text, cause=cause, after=after)
        if cause == "renamed" and target != key[0].partition(":")[0]:
            self.tell("renamed", name, text, "id", old=dumps(key[0]), new=dumps(target), after=after)

    def _is_narrowed(self, feed: Feed, key: Key) -> bool:
        if feed.parent:
            parent = self.known.get((feed.parent, (key[0],)))
            return bool(parent and parent.state == "unobserved" and not parent.told)
        if feed.copied_feed:
            source = self.known.get((feed.copied_feed, key))
            left = key in self.old[feed.copied_feed] and key not in self.new[feed.copied_feed]
            return bool(left and source and source.state == "unobserved")
        scopes = self._scopes(feed)
        return scopes is not None and not surely_in(scopes[1], self.old[feed.name][key])

    def _gone_with(self, feed: Feed, key: Key) -> str:
        if feed.parent:
            return "" if (key[0],) in self.new[feed.parent] else "model"
        if feed.copied_feed:
            left = key in self.old[feed.copied_feed] and key not in self.new[feed.copied_feed]
            return "endpoint" if left else ""
        return ""

    # -- absence

    def _rescope(self, feed: Feed) -> None:
        scopes = self._scopes(feed)
        for (name, key), known in self.known.items():
            if name != feed.name or known.last is None or feed.removed_kind != "missing":
                continue
            if scopes and not feed.parent and known.state in ("stale", "deprecated", "unobserved"):
                shown = surely_in(scopes[1], known.record)
                if known.state == "unobserved" and shown and not known.told:
                    known.missing, known.told = self.hour, True
                    self.tell(
                        feed.removed_kind, name, format_key(feed, key), after=self._made(name, known.last)
                    )
                known.state = self._state(known) if shown else "unobserved"
            if not known.unseen or known.unseen[-1][0] != self.hour:
                known.unseen.append((self.hour, known.state != "unobserved"))

    def _made(self, feed: str, hour: str) -> str:
        """When what a feed said in an hour was made."""
        found = [one.line for one in self.attempts if one.line["hour"] == hour and good(one.line, feed)]
        return since(found[-1], feed)

    def _state(self, known: Known) -> str:
        absence = seconds(known.unseen)
        return "removed" if absence >= 30 * DAY else "deprecated" if absence >= 14 * DAY else "stale"

    def _age(self, feed: Feed) -> None:
        for (name, key), known in self.known.items():
            if name == feed.name and known.state in ("stale", "deprecated") and known.last is not None:
                state = self._state(known)
                if state != known.state and (state == "removed" or name == "models"):
                    self.tell(state, name, format_key(feed, key), after=self.after(name))
                known.state = state

    # -- fields

    def _fresh(self, feed: str) -> list[str]:
        """The paths of fields that no record of a feed ever had, but for those inside of another one."""
        if self.old is self.new:
            return []
        now = {path for record in self.new[feed].values() for path in paths(record)}
        found = sorted(now - self.ever[feed])
        self.ever[feed] |= now
        if self.before(feed) is None:
            return []
        return [path for path in found if not any(path.startswith(f"{one}.") for one in found)]

    def _fields(self, feed: Feed) -> None:
        name = feed.name
        if not feed.copied_feed:
            for path in self.fresh[name]:
                self.tell("field_appeared", name, path, after=self.after(name))
        for key in self.old[name].keys() & self.new[name].keys():
            old, new = self.old[name][key], self.new[name][key]
            if dumps(old) == dumps(new):
                continue
            if feed.copied_feed or self.before(name) is None:
                self.excused["repeat" if feed.copied_feed else "baseline"] += 1
                continue
            after = self.after(name, key[0] if feed.parent else None)
            for field_name in sorted(old.keys() | new.keys()):
                if not same(old, new, field_name):
                    self._field(feed, key, field_name, old, new, after)

    def _field(self, feed: Feed, key: Key, name: str, old: Record, new: Record, after: str | None) -> None:
        if any(fnmatchcase(name, pattern) for pattern in SILENT.get(feed.name, ())):
            self.excused["silent"] += 1
            return
        if name == "pricing":
            if feed.name != "models":
                self._prices(feed, key, old, new, lambda dimension, price: "")
            return
        if name in self.fresh[feed.name]:
            self.excused["new field"] += 1
            return
        was, now = old.get(name), new.get(name)
        if dumps(was) == dumps(bare(now, name, self.fresh[feed.name])):
            self.excused["new field" if dumps(was) != dumps(now) else "null"] += 1
            return
        kind = KINDS.get(name, "edited")
        if name == "expiration_date":
            dates = date(was), date(now)
            if no_date(was) and no_date(now):
                self.excused["no date"] += 1
                return
            if dates[0] != dates[1]:
                kind = "expiry_moved" if all(dates) else "expiry_set" if dates[1] else "expiry_cleared"
        elif name == "alias_target" and isinstance(was, dict) and isinstance(now, dict):
            kind = "alias_moved" if was["slug"] != now["slug"] else "edited"
        elif feed.name == "providers" and name in POLICY:
            kind = "policy_changed"
        self.tell(kind, feed.name, format_key(feed, key), name, old=said(was), new=said(now), after=after)

    # -- prices

    def _model_prices(self) -> None:
        if self.before("models") is None:
            return
        for key in self.old["models"].keys() & self.new["models"].keys():
            old, new = self.old["models"][key], self.new["models"][key]
            if same(old, new, "pricing"):
                continue
            if any(record["id"].startswith("~") or record.get("alias_target") for record in (old, new)):
                self.excused["alias"] += 1
                continue

            self._prices(FEEDS["models"], key, old, new, partial(self._cause, key[0]))

    def _prices(self, feed: Feed, key: Key, old: Record, new: Record, cause: Cause) -> None:
        sent, fresh = pricing(new), self.fresh[feed.name]
        known = {} if "pricing" in fresh else bare(sent, "pricing", fresh)
        ends = Ends(pricing(old), known, sent)
        if feed.name == "endpoints":
            self._note(key[0], ends)
        told = [self._price(feed, key, ends, name, cause) for name in sorted(ends.dimensions)]
        if ends.rescheduled and not any(told):
            schedules = [entries(ends.old), entries(sent)]
            if normal_schedule(schedules[0]) == normal_schedule(schedules[1]):
                self.excused["form"] += 1
            else:
                self._told(feed, key, "edited", "pricing.overrides", *schedules)
        discounts = [end.get("discount") or 0 for end in (ends.old, known)]
        if discounts[0] != discounts[1]:
            self._told(feed, key, "discounted", "discount", *discounts)
        if sent != known:
            self.excused["new field"] += 1

    def _price(self, feed: Feed, key: Key, ends: "Ends", name: str, cause: Cause) -> bool:
        """Tell what happened to one price; whether that has to do with the schedule."""
        was, now = price(ends.old, name), price(ends.new, name)
        moved = name not in ends.by_clock and was != now
        percent = round(float((now - was) / was * 100), 4) if was and now and was > 0 < now else None
        tariffs = [tariff(end, name) for end in (ends.old, ends.sent)]
        ruled = name in ends.scheduled and normal(tariffs[0]) != normal(tariffs[1])
        if ruled and not moved:
            why = "schedule" if feed.name == "models" else ""
            self._told(feed, key, "repriced", name, *tariffs, cause=why)
        elif moved:
            news = tariffs if ruled else [plain(was), plain(now)]
            self._told(feed, key, "repriced", name, *news, percent=percent, cause=cause(name, now))
        elif not same(ends.old, ends.new, name):
            reason = "clock" if name in ends.by_clock else form(ends.old.get(name), ends.new.get(name))
            self.excused[reason] += 1
        return ruled

    def _told(self, feed: Feed, key: Key, kind: str, field: str, old: Any, new: Any, **rest: Any) -> None:
        after = self.after(feed.name, key[0] if feed.parent else None)
        self.tell(
            kind, feed.name, format_key(feed, key), field, old=said(old), new=said(new), after=after, **rest
        )

    def _note(self, model: str, ends: "Ends") -> None:
        """Keep in mind what moved at an endpoint, for the cause of its model's prices."""
        for name in ends.dimensions - ends.by_clock:
            if price(ends.old, name) != price(ends.new, name):
                self.offers_moved[model].add((name, price(ends.new, name)))
        if ends.rescheduled:
            now = {(name, price(ends.sent, name)) for name in ends.by_clock}
            rules = {
                rule for end in (ends.old, ends.sent) for one in entries(end) for rule in rates(one).items()
            }
            self.offers_scheduled[model] |= {one for one in now | rules if one[0] in ends.by_clock}

    def _cause(self, model: str, dimension: str, now: Decimal | None) -> str:
        if (dimension, now) in self.offers_moved[model]:
            return "endpoint"
        if now is not None and (dimension, now) in self.offers_scheduled[model]:
            return "schedule"
        offers = [
            record
            for end in (self.old, self.new)
            for key, record in end["endpoints"].items()
            if key[0] == model
        ]
        if any(price(pricing(offer), dimension) == now for offer in offers):
            return "provider"
        return "unknown"

    # -- what takes time

    def _vanish(self, feed: Feed) -> None:
        """Fields that are on no record for a week of good hours."""
        if feed.copied_feed:
            return
        had, now = (
            {path for record in end[feed.name].values() for path in paths(record)}
            for end in (self.old, self.new)
        )
        due = []
        for path in self.ever[feed.name]:
            at = feed.name, path
            if path in now:
                self.unseen_fields.pop(at, None)
                self.told_fields.discard(at)
                continue
            if path in had and self._scopes(FEEDS[feed.parent] if feed.parent else feed):
                self.told_fields.add(at)  # what went with records that are not asked for
            unseen = self.unseen_fields.setdefault(at, [])
            if self.hour not in unseen:
                unseen.append(self.hour)
            if at not in self.told_fields and seconds([(hour, True) for hour in unseen]) >= 7 * DAY:
                due.append(path)
                self.told_fields.add(at)
        for path in due:
            if not any(path.startswith(f"{one}.") for one in due):
                by = self.unseen_fields[feed.name, path][0]
                earlier = [hour for hour in self.good_hours(feed.name) if hour < by]
                after = self._made(feed.name, earlier[-1]) if earlier else None
                self.tell("field_vanished", feed.name, path, after=after, by=by)

    def _watch(self) -> None:
        """Endpoints that are not well, and models that nobody serves."""
        if not good(self.line, "endpoints"):
            return
        missed, made = kept(self.line, "endpoints"), since(self.line, "endpoints")
        for key, record in sorted(self.new["endpoints"].items()):
            if key[0] not in missed:
                uptime = record.get("uptime_last_1d")
                bad = bool(record.get("status")) or (uptime is not None and uptime < 90)
                spell = self.spells["health", ("endpoints", *key)]
                if self._goes_on(spell, made, bad=bad) and (found := told(spell, 6)):
                    kind, by, after = "degraded" if found[0] else "recovered", found[1], found[2]
                    self.tell(kind, "endpoints", format_key(FEEDS["endpoints"], key), after=after, by=by)
        served = {key[0] for key in self.new["endpoints"]}
        for key, record in sorted(self.new["models"].items()):
            alias = key[0].startswith("~") or record.get("alias_target")
            prompt = price(pricing(record), "prompt")
            if key[0] in missed or alias or (prompt is not None and prompt < 0):
                continue
            spell = self.spells["orphaned", ("models", *key)]
            found = told(spell, 2) if self._goes_on(spell, made, bad=key[0] not in served) else None
            begun_so = found and found[2] is None and self.known["models", key].arrival in SAYS_NOTHING
            if found and found[0] and not begun_so:
                self.tell("orphaned", "models", key[0], after=found[2], by=found[1])

    def health(self) -> dict[tuple[str, int, Key], Record]:
        """By hour, attempt in it and endpoint: what was read of its health."""
        return {
            (one.line["hour"], one.line["attempt"], key): {
                name: value
                for name, value in record.items()
                if name.startswith(("status", "uptime_", "latency_", "throughput_"))
            }
            for one, records in zip(self.attempts, self.records, strict=True)
            if good(one.line, "endpoints")
            for key, record in records["endpoints"].items()
            if key[0] not in kept(one.line, "endpoints")
        }

    def health_days(self) -> dict[tuple[Key, str], list[Any]]:
        """Of each endpoint and day: hours, bad ones; with uptimes, their sum and least; with latency, sum."""
        hours: dict[tuple[Key, str], dict[str, Record]] = defaultdict(dict)
        for one, records in zip(self.attempts, self.records, strict=True):
            if good(one.line, "endpoints"):
                for key, record in records["endpoints"].items():
                    if key[0] not in kept(one.line, "endpoints"):
                        hours[key, one.line["hour"][:10]].setdefault(one.line["hour"], record)
        return {at: _health_day(list(found.values())) for at, found in hours.items()}

    def _goes_on(self, spell: Spell, made: str, *, bad: bool) -> bool:
        if spell and spell[-1][0] == self.hour:
            return False
        spell.append((self.hour, made, bad))
        return True


def told(spell: Spell, least: int) -> tuple[bool, str, str | None] | None:
    """What the last hour of a spell makes known: that it is bad (or well again), since and after when."""
    state, run, found = False, 0, None
    for position, (_, _, bad) in enumerate(spell):
        run = run + 1 if position and spell[position - 1][2] == bad else 1
        found = None
        if bad != state and (run >= least or (least == 2 and not bad)):
            state = bad
            first = position - run + 1
            found = bad, spell[first][0], spell[first - 1][1] if first else None
    return found


def _health_day(records: list[Record]) -> list[Any]:
    uptimes = [record["uptime_last_30m"] for record in records if record.get("uptime_last_30m") is not None]
    had = [record for record in records if "latency_last_30m" in record and "throughput_last_30m" in record]
    return [
        *(len(records), sum(bool(record.get("status")) for record in records)),
        *(len(uptimes), sum(uptimes), min(uptimes, default=None)),
        *(len(had), sum(record["latency_last_30m"]["p50"] for record in had)),
    ]


# --- how its words are meant --------------------------------------------------------------------------------


def good(line: Attempt, feed: str) -> bool:
    """Whether what an attempt says of a feed counts."""
    return line["feeds"][feed]["outcome"] in (("ok", "partial") if FEEDS[feed].parent else ("ok",))


def kept(line: Attempt, feed: str) -> dict[str, str]:
    return line["feeds"][feed].get("kept", {})


def since(line: Attempt, feed: str) -> str:
    """The hour in which a response may have been made: it may be as old as it says."""
    age = line["feeds"][feed].get("age", 0)
    if not age:
        return line["hour"]
    made = parse_stamp(line["started"]) - dt.timedelta(seconds=age)
    return min(line["hour"], format_stamp(made.replace(minute=0, second=0)))


def seconds(hours: list[tuple[str, bool]]) -> float:
    """How long something is not there, by hours that did not show it (and whether they could have)."""
    found = 0.0
    for (one, counts), (next_one, _) in pairwise(hours):
        found += min((parse_stamp(next_one) - parse_stamp(one)).total_seconds(), DAY) if counts else 0
    return found


def surely_in(scope: str, record: Record) -> bool:
    """Whether a scope can contain a record, as far as anybody can say."""
    _, _, query = scope.partition("?")
    if query == "output_modalities=all":
        return True
    name, _, wanted = query.partition("=")
    outputs = record.get("architecture", {}).get("output_modalities", [])
    return name in ("", "output_modalities") and (wanted or "text") in outputs


def _records(attempts: list[Archived]) -> list[dict[str, dict[Key, Record]]]:
    """The records after each attempt, by feed and key."""
    found: list[dict[str, dict[Key, Record]]] = []
    for n, one in enumerate(attempts):
        if n and one.snapshot is attempts[n - 1].snapshot:
            found.append(found[-1])
        else:
            found.append({name: records_by_key(feed, one.snapshot[name]) for name, feed in FEEDS.items()})
    return found


def said(value: Any) -> bytes | None:
    return None if value is None else dumps(value)


def same(old: Record, new: Record, name: str) -> bool:
    return name in old and name in new and dumps(old[name]) == dumps(new[name])


def paths(value: Any, prefix: str = "") -> Iterator[str]:
    for item in value if isinstance(value, list) else [value]:
        if isinstance(item, dict):
            for name, inner in item.items():
                yield f"{prefix}{name}"
                yield from paths(inner, f"{prefix}{name}.")


def bare(value: Any, path: str, fresh: list[str]) -> Any:
    """A value without the fields that are new."""
    if isinstance(value, list):
        return [bare(item, path, fresh) for item in value]
    if isinstance(value, dict):
        kept = {name: inner for name, inner in value.items() if f"{path}.{name}" not in fresh}
        return {name: bare(inner, f"{path}.{name}", fresh) for name, inner in kept.items()}
    return value


def date(value: Any) -> dt.date | None:
    try:
        found = dt.date.fromisoformat(value[:10])
    except (TypeError, ValueError):
        return None
    return found if found < dt.date(2098, 12, 31) else None


def no_date(value: Any) -> bool:
    return value is None or (isinstance(value, str) and value >= "2098-12-31" and value[:1].isdigit())


def pricing(record: Record) -> Record:
    found = record.get("pricing")
    return found if isinstance(found, dict) else {}


def number(value: Any) -> Decimal | None:
    try:
        return Decimal(value)
    except (InvalidOperation, TypeError):
        return None


def price(found: Record, dimension: str) -> Decimal | None:
    """A price; zero is one of prompt and completion only."""
    amount = number(found.get(dimension))
    return amount if amount or dimension in ("prompt", "completion") else None


def form(old: Any, new: Any) -> str:
    """Why two values of a price are no news."""
    unread = [value for value in (old, new) if value is not None and number(value) is None]
    return "no price" if unread else "form"


def plain(amount: Decimal | None) -> str | None:
    return None if amount is None else format(amount, "f")


def entries(found: Record) -> list[Record]:
    return found.get("overrides") or []


def rates(entry: Record) -> dict[str, Decimal]:
    named = {name: number(value) for name, value in entry.items() if name not in CONDITIONS}
    return {name: amount for name, amount in named.items() if amount is not None}


def clocked(found: Record) -> set[str]:
    """The dimensions whose price follows the clock."""
    by_clock = [entry for entry in entries(found) if set(CLOCK) & entry.keys()]
    return {name for entry in by_clock for name in entry} - set(CONDITIONS)


def points(record: Record) -> dict[tuple[str, str], Decimal]:
    """Every price of a record with the conditions under which it holds, as JSON; "" without."""
    found, by_clock = pricing(record), clocked(pricing(record))
    amounts = {(name, ""): price(found, name) for name in found.keys() - by_clock - {"overrides", "discount"}}
    told = {at: amount for at, amount in amounts.items() if amount is not None}
    for entry in entries(found):
        ruled = rates(entry)
        rule = dumps({name: value for name, value in entry.items() if name not in ruled}).decode()
        told |= {(name, rule): amount for name, amount in ruled.items()}
    return told


def tariff(found: Record, dimension: str) -> Any:
    """What a dimension costs: a price, or where conditions rule it, the list of them."""
    ruled = [
        {**{name: value for name, value in entry.items() if name not in rates(entry)}, "price": plain(amount)}
        for entry in entries(found)
        if (amount := rates(entry).get(dimension)) is not None
    ]
    base = plain(price(found, dimension)) if dimension not in clocked(found) else None
    return [*([{"price": base}] if base is not None else []), *ruled] if ruled else base


def normal(found: Any) -> Any:
    if isinstance(found, list):
        return [{**entry, "price": Decimal(entry["price"])} for entry in found]
    return None if found is None else Decimal(found)


def normal_schedule(found: list[Record]) -> list[Record]:
    return [{**entry, **rates(entry)} for entry in found]
