"""EVENT_KINDS: every kind of change and event, with all that readers of it need to know.

Commit messages, the changelog and news feeds of the site, the command line and the table in docs/index.md
read these rows, so a new kind is a new row. Code names kinds by the constants below; a constant without a row
raises on import.
"""

from dataclasses import dataclass
from typing import Literal

Topic = Literal["price", "model", "endpoint", "limit", "expiry", "other"]
Sign = Literal["+", "−", "▼", "▲", "~"]
"""Added, removed, cheaper, dearer, anything else."""

TOPIC_NAMES: dict[Topic, str] = {
    "price": "prices",
    "model": "models",
    "endpoint": "endpoints",
    "limit": "limits and features",
    "expiry": "expiry",
    "other": "other",
}
"""Topics that changes on the site can be filtered by, with their names on pages."""

CUT, RISE, LISTED_PROVIDER, LIST_PRICE = "cut", "rise", "listed provider changed", "list price moved"

PRICE_LABELS: dict[str, Sign] = {CUT: "▼", RISE: "▲", "repriced": "~", LISTED_PROVIDER: "~", LIST_PRICE: "~"}
"""Labels of a line about new prices, with its sign: all cheaper, all dearer, neither; or only what a model
lists moved, price or limits, because OpenRouter lists another provider first; or its list price alone, and no
provider is known to have changed it."""

DEPRECATED_AFTER_DAYS = 14
"""Days of absence after which a model is called deprecated."""

REMOVED_AFTER_DAYS = 30
"""Days of absence after which it is called removed."""


@dataclass(frozen=True)
class SubjectCount:
    """A count of changes in the subject of a data commit: `2 models added`."""

    rank: int
    """Order among the counts of a subject."""
    phrase: str
    """The words after the number; `{s}`, `{es}` and `{ies}` stand for endings of the plural."""
    feeds: tuple[str, ...] = ()
    """The feeds whose changes are counted; (): every feed."""


LAST_LINE_RANK = 99


@dataclass(frozen=True)
class EventKind:
    """One kind of change or event."""

    name: str
    label: str
    """The word for it on pages and in news feeds, which also gives the line its colour."""
    sign: Sign
    topic: Topic
    description: str
    """When an event of this kind is made, for docs/index.md."""
    feeds: tuple[str, ...] = ()
    """The feeds whose records have such events; (): any feed."""
    subject_counts: tuple[SubjectCount, ...] = ()
    line_rank: int = LAST_LINE_RANK
    """Order of the lines in a commit message, the most important first. Lines of equal rank keep the order of
    the changes."""
    is_health: bool = False
    """Shown where an endpoint is shown, but not in feeds, on the home page or in lists of changes: health
    changes by the hour."""
    is_stored: bool = True
    """False of a change in a diff that is stored as events of other kinds."""


_PRICED = ("models", "endpoints")
_ZDR_CHANGED = SubjectCount(14, "zdr changed", ("zdr",))
_MEDIA_CHANGED = SubjectCount(15, "image or video entr{ies} changed", ("images", "videos", "image_endpoints"))

# fmt: off
EVENT_KINDS: dict[str, EventKind] = {
    kind.name: kind
    for kind in (
        EventKind("added", "added", "+", "model",
                  "it is there and was not before (endpoints are `joined`, ZDR rows `gained`)",
                  subject_counts=(SubjectCount(1, "model{s} added", ("models",)),
                                  SubjectCount(12, "provider{s} added", ("providers",)),
                                  _MEDIA_CHANGED),
                  line_rank=1),
        EventKind("first_observed", "first seen", "+", "model",
                  "it came into view because more was asked for",
                  subject_counts=(SubjectCount(3, "model{s} first observed", ("models",)),),
                  line_rank=2),
        EventKind("returned", "returned", "+", "model",
                  "it is back after it was missing; `old` is the state that it had",
                  subject_counts=(SubjectCount(2, "model{s} returned", ("models",)),),
                  line_rank=1),
        EventKind("missing", "missing", "−", "model",
                  "it is not in a good list (endpoints have `left`, ZDR rows are `lost`)",
                  subject_counts=(SubjectCount(4, "missing", ("models",)),
                                  SubjectCount(13, "provider{s} missing", ("providers",)),
                                  _MEDIA_CHANGED),
                  line_rank=3),
        EventKind("deprecated", "deprecated", "−", "model",
                  f"it has been missing for {DEPRECATED_AFTER_DAYS} days", ("models",)),
        EventKind("removed", "removed", "−", "model",
                  f"it has been missing for {REMOVED_AFTER_DAYS} days"),
        EventKind("renamed", "renamed", "~", "model",
                  "another canonical slug, or the service answers to the old id with another", ("models",)),
        EventKind("orphaned", "orphaned", "−", "model",
                  "nobody served it in two good hours running", ("models",)),
        EventKind("joined", "joined", "+", "endpoint",
                  "a provider serves the model, and did not before", ("endpoints",),
                  (SubjectCount(6, "endpoint{s} joined", ("endpoints",)),), line_rank=4),
        EventKind("left", "left", "−", "endpoint",
                  "a provider no longer serves the model", ("endpoints",),
                  (SubjectCount(7, "endpoint{s} left", ("endpoints",)),), line_rank=5),
        EventKind("repriced", "repriced", "~", "price",
                  "one dimension of its price, named by `field`; `percent` where both ends are prices",
                  _PRICED, (SubjectCount(5, "repriced", _PRICED),), line_rank=6),
        EventKind("schedule_changed", "schedule", "~", "price",
                  "the conditions of its prices; stored as `repriced` of each dimension", _PRICED,
                  (SubjectCount(9, "schedule{s} changed", _PRICED),), line_rank=7, is_stored=False),
        EventKind("discounted", "discounted", "~", "price",
                  "its discount", ("endpoints",),
                  (SubjectCount(8, "discounted", ("endpoints",)),), line_rank=8),
        EventKind("limits_changed", "limits", "~", "limit",
                  "a limit, named by `field`", _PRICED),
        EventKind("capabilities_changed", "features", "~", "limit",
                  "what it can do, named by `field`", _PRICED),
        EventKind("edited", "edited", "~", "other",
                  "any other field, named by `field`"),
        EventKind("expiry_changed", "expiry", "~", "expiry",
                  "its expiration date; stored as `expiry_set`, `expiry_moved` or `expiry_cleared`",
                  ("models",), (SubjectCount(11, "expiry date{s} changed", ("models",)),), is_stored=False),
        EventKind("expiry_set", "expiry", "~", "expiry",
                  "it has an expiration date, and had none", ("models",)),
        EventKind("expiry_moved", "expiry", "~", "expiry",
                  "it has another expiration date", ("models",)),
        EventKind("expiry_cleared", "expiry", "~", "expiry",
                  "it no longer has an expiration date", ("models",)),
        EventKind("alias_moved", "alias moved", "~", "other",
                  "it points at another model", ("models",),
                  (SubjectCount(10, "alias{es} moved", ("models",)),)),
        EventKind("requantized", "requantized", "~", "endpoint",
                  "its quantization", ("endpoints",)),
        EventKind("degraded", "degraded", "~", "other",
                  "for 6 good hours running its status was not 0, or its uptime of a day under 90%",
                  ("endpoints",), is_health=True),
        EventKind("recovered", "recovered", "~", "other",
                  "for 6 good hours running neither was so", ("endpoints",), is_health=True),
        EventKind("policy_changed", "policy", "~", "other",
                  "privacy policy, terms, headquarters or datacenters", ("providers",)),
        EventKind("gained", "zdr gained", "+", "endpoint",
                  "the endpoint is on the list of zero data retention", ("zdr",), (_ZDR_CHANGED,)),
        EventKind("lost", "zdr lost", "−", "endpoint",
                  "the endpoint is no longer on that list", ("zdr",), (_ZDR_CHANGED,)),
        EventKind("field_appeared", "new field", "+", "other",
                  "a field path was never there before",
                  subject_counts=(SubjectCount(16, "new field{s}"),)),
        EventKind("field_vanished", "field gone", "−", "other",
                  "a field path was on no record for 7 good days"),
        EventKind("restated", "restated", "~", "other",
                  "the published total of a date, named by `field`, moved by more than 1%", ("rankings",)),
    )
}
# fmt: on


def get_event_kind(name: str) -> EventKind:
    """Return the row of a kind; raise LookupError for a name that has none."""
    if name not in EVENT_KINDS:
        msg = f"unknown kind of event {name!r}: add a row to EVENT_KINDS in orarchive/domain/event_kinds.py"
        raise LookupError(msg)
    return EVENT_KINDS[name]


def list_labels() -> list[str]:
    """Return every label that a line of the changelog or of a news feed can have, sorted."""
    kinds = (kind for kind in EVENT_KINDS.values() if kind.is_stored and not kind.is_health)
    return sorted({kind.label for kind in kinds} | PRICE_LABELS.keys())


HEALTH_LABELS = frozenset(kind.label for kind in EVENT_KINDS.values() if kind.is_health)
"""Labels of the lines that are left to the pages of models and providers."""


# Names of kinds for code that makes events or tells them apart: each must have a row.
ADDED = get_event_kind("added").name
FIRST_OBSERVED = get_event_kind("first_observed").name
RETURNED = get_event_kind("returned").name
MISSING = get_event_kind("missing").name
DEPRECATED = get_event_kind("deprecated").name
REMOVED = get_event_kind("removed").name
ORPHANED = get_event_kind("orphaned").name
RENAMED = get_event_kind("renamed").name
JOINED = get_event_kind("joined").name
LEFT = get_event_kind("left").name
GAINED = get_event_kind("gained").name
LOST = get_event_kind("lost").name
REPRICED = get_event_kind("repriced").name
SCHEDULE_CHANGED = get_event_kind("schedule_changed").name
DISCOUNTED = get_event_kind("discounted").name
LIMITS_CHANGED = get_event_kind("limits_changed").name
CAPABILITIES_CHANGED = get_event_kind("capabilities_changed").name
EDITED = get_event_kind("edited").name
EXPIRY_CHANGED = get_event_kind("expiry_changed").name
EXPIRY_SET = get_event_kind("expiry_set").name
EXPIRY_MOVED = get_event_kind("expiry_moved").name
EXPIRY_CLEARED = get_event_kind("expiry_cleared").name
ALIAS_MOVED = get_event_kind("alias_moved").name
REQUANTIZED = get_event_kind("requantized").name
DEGRADED = get_event_kind("degraded").name
RECOVERED = get_event_kind("recovered").name
POLICY_CHANGED = get_event_kind("policy_changed").name
FIELD_APPEARED = get_event_kind("field_appeared").name
FIELD_VANISHED = get_event_kind("field_vanished").name
RESTATED = get_event_kind("restated").name

ABSENCE_DAYS = {DEPRECATED: DEPRECATED_AFTER_DAYS, REMOVED: REMOVED_AFTER_DAYS}
"""State of an absent record -> the days for which it is absent at least."""
