"""Cases of faults, and bodies in a form in which those served and those archived can be compared."""

from collections.abc import Collection, Iterable

from orarchive.domain.feeds import ENDPOINTS
from orarchive.domain.record_files import extract_stable_part
from orarchive.jsonl import loads
from orarchive.sample import FAULTS
from orarchive.sample.faults import encode
from tests.support.archives import (
    DIRECT_ROUTES,
    FAN_OUT_ROUTES,
    LIST_ROUTES,
    Payloads,
    Stage,
    encode_archived,
    encode_sent,
)

ALIKE = (
    ("503", "500", "502"),
    ("429", "429-retry-after"),
    ("cut-off", "reset"),
    ("html", "invalid-json", "not-utf8", "nan"),
    ("lone-surrogate", "big-integer", "slow-drip", "interim"),
)
"""Faults that take the same way through the code."""

ENDLESS = tuple(name for name in FAULTS if name.startswith("endless-"))
"""Faults that only a deadline ends."""


def list_cases(routes: Iterable[str], always: Collection[str]) -> list[tuple[str, str]]:
    """List (fault, route): of faults that are alike the first on every route, the others on `always`."""
    rare = {fault for group in ALIKE for fault in group[1:]}
    faults = [fault for fault in FAULTS if fault not in ENDLESS]
    return [(fault, route) for fault in faults for route in routes if fault not in rare or route in always]


def archived_bodies(stage: Stage) -> dict[str, bytes]:
    """Return everything that HEAD holds, as the bodies in which it came: route -> bytes."""
    snapshot = stage.read_snapshot()
    bodies = {
        route: encode_archived({"data": list(snapshot[feed].values())}) for feed, route in LIST_ROUTES.items()
    }
    for feed, route in DIRECT_ROUTES.items():
        if snapshot[feed]:
            bodies[route] = encode_archived({"data": list(snapshot[feed].values())})
    for feed, route in FAN_OUT_ROUTES.items():
        bodies |= {
            route.format(key): encode_archived(response) for (key,), response in snapshot[feed].items()
        }
    return bodies


def served_bodies(served: Payloads) -> dict[str, bytes]:
    """Return what `archived_bodies` must return after these were served; of zdr, what an archive keeps."""
    bodies = {route: encode_sent(body) for route, body in served.items() if route != "models/count"}
    for feed, route in (LIST_ROUTES | DIRECT_ROUTES).items():
        if route not in served:
            continue
        rows = loads(encode(served[route]["data"]))
        if feed == "zdr":
            rows = [extract_stable_part(ENDPOINTS, row) for row in rows]
        bodies[route] = encode_archived({"data": rows})
    return bodies
