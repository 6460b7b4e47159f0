"""Two chosen histories against the oracle: all kinds of events and excuses, and rare sequences."""

from collections import defaultdict
from typing import Any

from orarchive.index.events import EXCUSES
from tests.support.index_checks import check_history
from tests.support.random_steps import Edit, Step
from tests.support.small_service import ABSENT, LONG, SCOPES, Target


def set_fields(*targets: Target, **values: Any) -> list[Edit]:
    """Return edits that give fields of targets a value; `__` stands for the dot in a path."""
    return [Edit(targets, name.replace("__", "."), value) for name, value in values.items()]


PLAIN, NIGHT = ("models", "a/plain"), ("models", "a/night")
ENDPOINT, DUPLICATE, OTHER_ENDPOINT = (("endpoints", "a/plain", n) for n in range(3))

ALL_KINDS_STEPS = [
    Step(1, [Edit((("models", "o/old"),))], scope="models", age=7200),
    Step(
        1,
        [
            *set_fields(PLAIN, ENDPOINT, pricing__prompt="0.3"),  # an endpoint's price moved
            *set_fields(PLAIN, pricing__completion="0.1"),  # the price of another provider
            *set_fields(PLAIN, pricing__request="0", description="two", expiration_date="2027-01-01"),
            *set_fields(NIGHT, pricing__prompt="7", benchmarks={"score": 2}, supported_parameters=[]),
            *set_fields(("models", "~a/latest"), pricing__prompt="9", alias_target={"slug": "a/night"}),
            *set_fields(OTHER_ENDPOINT, quantization="fp4", pricing__discount=1),
            *set_fields(("endpoints", "a/night", 1), status=-2),
            *set_fields(("zdr", "a/night", 0), name="day"),
            *set_fields(("providers", "q"), datacenters=["FR"], novel=1),
            Edit((("endpoints", "b/x:free", 0), ("zdr", "a/plain", 0), ("models", "o/old"))),
        ],
        age=7200,
    ),
    Step(
        2,
        [
            *set_fields(("models", "~a/latest"), alias_target={"slug": "a/night", "name": "night"}),
            *set_fields(PLAIN, pricing__prompt="5", pricing__request=ABSENT),
            *set_fields(PLAIN, expiration_date="2027-02-01", context_length=None),
            *set_fields(NIGHT, canonical_slug="a/s-1", expiration_date="2098-12-31", pricing__prompt="8"),
            *set_fields(NIGHT, ("endpoints", "a/night", 0), pricing__overrides=[LONG]),
            *set_fields(("models", "r/auto"), expiration_date="soon", pricing__prompt="much"),
            *set_fields(("models", "i/draw"), context_length=0),
            *set_fields(("providers", "q"), novel=ABSENT),
            Edit((("models", "o/old"), ("providers", "p"), ("zdr", "a/plain", 0))),
        ],
        probe_answer="a/other",
        scope=SCOPES[0],
    ),
    Step(
        1,
        [
            *set_fields(PLAIN, expiration_date=ABSENT, context_length=ABSENT),
            *set_fields(NIGHT, expiration_date=None, pricing__overrides=[LONG, LONG]),
            *set_fields(("models", "r/auto"), pricing__prompt="more", expiration_date="2027-01-01"),
        ],
    ),
    Step(1, scope="models", quiet=(5, 1)),
    Step(1, [*set_fields(("endpoints", "a/night", 1), status=0), Edit((PLAIN,))], scope=SCOPES[0]),
    Step(1, [Edit((PLAIN, ("models", "i/draw")))], missed=frozenset(["a/plain"])),
    Step(0),
    Step(1, [Edit((("models", "b/x:free"),))], bad={"models": "failed", "zdr": "quarantined"}),
    Step(1, quiet=(6, 1)),
    Step(24, quiet=(31, 24)),
    Step(40, [Edit((("models", "b/x:free"), ("models", "o/old"), ("providers", "p")))], again=True),
]

EVENT_KINDS = {
    "models": {
        *("added", "first_observed", "returned", "missing", "deprecated", "removed", "renamed", "orphaned"),
        *("repriced", "limits_changed", "capabilities_changed", "alias_moved", "edited"),
        *("expiry_set", "expiry_moved", "expiry_cleared", "field_appeared", "field_vanished"),
    },
    "endpoints": {
        *("joined", "first_observed", "left", "repriced", "discounted", "requantized"),
        *("degraded", "recovered"),
    },
    "providers": {"returned", "missing", "removed", "policy_changed", "field_appeared", "field_vanished"},
    "zdr": {"gained", "lost"},
}


def test_a_history_with_all_kinds_of_events() -> None:
    """Every kind of event, every cause of a price and every excuse occurs."""
    oracle = check_history(ALL_KINDS_STEPS)
    facts = oracle.facts.facts
    kinds: dict[str, set[str]] = defaultdict(set)
    for fact in facts:
        kinds[fact.feed].add(fact.kind)
    for feed, expected in EVENT_KINDS.items():
        assert kinds[feed] >= expected, feed
    causes = {fact.cause for fact in facts if (fact.kind, fact.feed) == ("repriced", "models")}
    assert causes == {"endpoint", "provider", "unknown"}
    assert oracle.facts.excuses.keys() == EXCUSES.keys()


LATE_TARGETS = (("models", "i/draw"), ("models", "~a/latest"), ("models", "r/auto"))
UNWELL_ENDPOINT, UNWELL_FIELDS = ("endpoints", "a/night", 1), {"uptime_last_1d": 50}

RARE_STEPS = [
    Step(1, [Edit((*LATE_TARGETS, ("providers", "d")))], stray="i/draw"),
    Step(0, set_fields(PLAIN, description="two"), again=True),  # a baseline changes within its hour
    Step(  # endpoints read before their model is listed; models without endpoints
        1,
        [
            Edit(LATE_TARGETS),
            *set_fields(PLAIN, pricing__prompt="0"),
            *set_fields(ENDPOINT, pricing__overrides=[LONG]),
            *set_fields(UNWELL_ENDPOINT, **UNWELL_FIELDS),
        ],
    ),
    Step(  # a price and the one above a threshold move
        1,
        [
            *set_fields(PLAIN, pricing__prompt="-1"),
            *set_fields(ENDPOINT, pricing__prompt="0.2", pricing__overrides=[{**LONG, "prompt": "0.4"}]),
        ],
        missed=frozenset(["a/night"]),
    ),
    Step(
        1,
        [
            *set_fields(PLAIN, pricing__prompt="0.1"),
            *set_fields(ENDPOINT, pricing__overrides=[{**LONG, "prompt": "0.40"}]),
        ],
        missed=frozenset(["a/night"]),
    ),
    # changes that a second attempt at the same hour takes back
    Step(
        1,
        [
            *set_fields(PLAIN, ENDPOINT, pricing__prompt="0.5", name="x"),
            Edit((DUPLICATE, ("providers", "d"))),
        ],
    ),
    Step(
        0,
        [
            *set_fields(PLAIN, ENDPOINT, pricing__prompt="0.1", name="y"),
            Edit((DUPLICATE, ("providers", "d"))),
        ],
        again=True,
    ),
    # a change while the endpoints could not be read
    Step(
        1,
        set_fields(OTHER_ENDPOINT, pricing__prompt="0.7", quantization="fp4"),
        missed=frozenset(["a/plain"]),
    ),
    Step(1),
    # an absence ends a run of bad hours
    Step(1, [*set_fields(OTHER_ENDPOINT, status=-2), Edit((DUPLICATE,))], quiet=(3, 1)),
    Step(
        1, [*set_fields(PLAIN, pricing__prompt="0.7"), Edit((OTHER_ENDPOINT,))]
    ),  # the price of an endpoint that just left
    Step(1, [Edit((OTHER_ENDPOINT,))], quiet=(3, 1)),
    # long missing, then outside the scope, then inside again
    Step(1, [Edit((NIGHT,))], quiet=(16, 24)),
    Step(1, scope="models?output_modalities=image"),
    Step(1, scope=SCOPES[0]),
]


def test_rare_sequences() -> None:
    """Sequences that random histories seldom contain."""
    check_history(RARE_STEPS)


def test_first_health_after_reads_without_it_is_new() -> None:
    """The fields of health are new where endpoints were read before, and had no health to read."""
    missed = frozenset({"a/plain", "a/night", "b/x:free", "o/old"})
    steps = [
        Step(1, [], bad={"endpoints": "failed"}),
        Step(1, [Edit((("models", "i/draw"),))], missed=missed),
        Step(1, []),
    ]
    facts = check_history(steps).facts.facts
    assert "status" in {fact.key for fact in facts if fact.kind == "field_appeared"}


def test_a_model_that_comes_and_goes_within_the_hour_of_a_narrower_scope_is_missing() -> None:
    steps = [
        Step(1, [Edit((NIGHT,))]),
        Step(0, [Edit((NIGHT,))]),
        Step(1, scope="models"),
        Step(0, [Edit((NIGHT,))], again=True),
        Step(1, [Edit((NIGHT,))]),
    ]
    returned = [fact for fact in check_history(steps).facts.facts if fact.kind == "returned"]
    assert [(fact.key, fact.old) for fact in returned] == [("a/night", b'"stale"')]
