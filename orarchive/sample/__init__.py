"""A sample of OpenRouter on loopback: its documented routes over a small hand-made catalogue.

    python -m orarchive.sample --now 2026-06-01T00Z

serves it, and prints a command that scrapes it. The catalogue changes by a script of 45 days that contains
every kind of change; every kind of failure can be switched on (`--list` names both). The same hour always
gives the same content. In tests:

    with sample_service(START) as service:
        service.fail("models", "503", times=2)
        ...                                     # use service.base_url
        service.now += timedelta(hours=1)

`Service` serves any other responder with the same faults. The modules: `catalogue` (the records), `state` and
`changes` (how they can change), `happenings` (the script), `time_of_day` and `drift` (values that change by
the hour), `world` (all that is served at a moment), `usage` (tokens by date, and how they are restated),
`rankings`, `apps`, `tasks`, `evaluations` and `datasets` (the Data API), `parameters`, `openapi`, `routes`,
`limits`, `faults`, `server`.
"""

from orarchive.sample.faults import FAULTS, Reply
from orarchive.sample.happenings import END, HAPPENINGS, START, Happening
from orarchive.sample.server import Service, sample_service
from orarchive.sample.usage import LATE, RESTATED
from orarchive.sample.world import World, build_world_at

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
    "build_world_at",
    "sample_service",
]
