"""A sample of OpenRouter on loopback: its documented routes over a small hand-made catalogue.

    python -m orarchive.sample --now 2026-06-01T00Z

serves it, and prints the line that scrapes it. The catalogue changes by a script of 45 days, so that every
kind of change can be seen; every kind of failure can be had on demand (`--list` names both). The same hour
always gives the same content. In tests:

    with sample_service(START) as service:
        service.fail("models", "503", times=2)
        ...                                     # use service.base_url
        service.now += timedelta(hours=1)

`Service` serves any other responder with the same faults. To read on: `catalogue` (the records), `state` and
`changes` (what can happen to them), `happenings` (the script), `clock` and `drift` (what moves by itself),
`world` (all of it at a moment), `usage` (how much is used, and how that is restated), `rankings`, `apps`,
`tasks`, `evaluations` and `datasets` (what the Data API makes of it), `parameters`, `openapi`, `routes`,
`limits`, `faults`, `server`.
"""

from orarchive.sample.faults import FAULTS, Reply
from orarchive.sample.happenings import END, HAPPENINGS, START, Happening
from orarchive.sample.server import Service, sample_service
from orarchive.sample.usage import LATE, RESTATED
from orarchive.sample.world import World, world_at

__all__ = [
    "END",
    "FAULTS",
    "HAPPENINGS",
    "LATE",
    "RESTATED",
    "START",
    "Happening",
    "Reply",
    "Service",
    "World",
    "sample_service",
    "world_at",
]
