"""What the catalogue is made of: every model up to an hour, listed or gone."""

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from orarchive.domain.keys import EndpointKey
from orarchive.domain.records import Endpoint, Model, as_texts
from orarchive.history.coverage import Gap
from orarchive.jsonl import Record

HEALTH_WINDOW_DAYS = 30

LIVE = "active"

ANNOUNCEMENTS_BEGAN = dt.date(2026, 1, 16)
"""The day on which OpenRouter's list began to state expiration dates."""


@dataclass(frozen=True)
class HealthWindow:
    """The health of an endpoint as OpenRouter measures it, over HEALTH_WINDOW_DAYS days before the hour's."""

    days: int
    """Number of these days on which it was read."""
    readings: int
    """Number of hours with an uptime of the last half-hour."""
    well: int
    """Number of these with an uptime of at least 99%."""
    latency_ms: float | None
    """Mean of the hourly medians of the time to the first token; None without a key, as the next."""
    throughput: float | None
    """Mean of the hourly medians, output tokens a second."""
    speed_readings: int
    """Number of hours with latency and throughput."""
    uptime: float | None = None
    """Mean uptime of the hours with one, in percent."""


@dataclass(frozen=True)
class CatalogEndpoint:
    """An endpoint as it was last seen."""

    key: EndpointKey
    record: Record
    endpoint: Endpoint
    first: dt.datetime
    last: dt.datetime | None
    """The last hour that showed it; None while it serves the model."""
    is_zdr: bool | None
    """Whether it is in the list of endpoints without data retention; None where that was never read."""
    health: HealthWindow | None

    @property
    def labels(self) -> tuple[str, str, str]:
        """Return what its provider may be called: the slug, the tag and the name."""
        return self.key.provider, self.key.tag, self.endpoint.provider

    @cached_property
    def parameters(self) -> tuple[str, ...] | None:
        """Return the request parameters that it lists; None where it has no such list."""
        return read_parameters(self.record)


@dataclass(frozen=True)
class CatalogModel:
    """A model as it was last seen, and what is known of it beside its record."""

    id: str
    record: Record
    model: Model
    first: dt.datetime
    last: dt.datetime | None
    """The last hour that showed it; None while it is listed."""
    state: str
    """`active`; `stale`, `deprecated`, `removed`: missing for 0, 14 and 30 days."""
    stretches: tuple[tuple[dt.datetime, dt.datetime | None], ...]
    """The stretches in which it was listed, oldest first; the last has no end while it is."""
    endpoints: tuple[CatalogEndpoint, ...]
    """Those that serve it, or, of a model that is gone, those that did in its last hour."""
    former_endpoints: tuple[CatalogEndpoint, ...]
    has_media_prices: bool
    """Whether it has prices by the image or the video, which only the feeds of these know."""
    announced: dt.datetime | None
    """The first hour that showed the expiration date which it has; None without a date."""
    answer: str
    """How OpenRouter answered a request for its id when it had left the list: `gone`, `unlisted`,
    `renamed:NEW-ID`, `unknown:REASON`; "" where no answer is on record."""
    description: str | None
    """In full where the response for its endpoints was read: the list cuts it short."""
    benchmarks: Record
    rank: int | None
    """Rank in OpenRouter's own order by use, from 1."""

    @property
    def is_listed(self) -> bool:
        """Return whether the model is listed."""
        return self.last is None

    @property
    def is_charged_by_token(self) -> bool:
        """Return whether its token prices are all that it costs; see `Model.is_charged_by_token`."""
        return self.model.is_charged_by_token and not self.has_media_prices

    @property
    def is_free(self) -> bool:
        """Return whether it is charged by the token and by nothing else, and every price is 0."""
        return self.model.is_free and not self.has_media_prices

    @cached_property
    def parameters(self) -> tuple[str, ...] | None:
        """Return the request parameters that the list names for it; None where there is no such list."""
        return read_parameters(self.record)


@dataclass(frozen=True)
class AliasPeriod:
    """A stretch of hours in which an alias of OpenRouter's pointed at one model."""

    alias: str
    target: str
    since: dt.datetime
    until: dt.datetime | None
    """The last hour that showed it; None while it does."""


@dataclass(frozen=True)
class CatalogSource:
    """Everything that the catalogue of an hour is made of."""

    hour: dt.datetime
    """The last good hour of the models up to the hour that was asked for."""
    models: Mapping[str, CatalogModel]
    """By id, in the order of first sightings: by the first hour, then by id."""
    providers: Mapping[str, Record]
    """By slug; those that are listed."""
    direct_ids: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """Feed of a maker that serves its models itself -> the ids in its list; without feeds never read."""
    alias_periods: tuple[AliasPeriod, ...] = ()
    """By alias, oldest first."""
    starts: tuple[dt.datetime, ...] = ()
    """The first hour of each origin, live or imported, oldest first: the archive once began with each."""
    first_hour: dt.datetime | None = None
    """The first good hour of the models."""
    gaps: tuple[Gap, ...] = ()
    """The stretches of over a day without a good hour of the models, oldest first."""

    def is_announced_before(self, announced: dt.datetime) -> bool:
        """Return whether an expiration date may be older than the hour that first showed it.

        It may where no reading in the day before could have shown it.
        """
        is_first = announced == self.first_hour or announced.date() == ANNOUNCEMENTS_BEGAN
        return is_first or any(gap.end == announced for gap in self.gaps)

    def is_notice_longer(self, announced: dt.datetime, last: dt.datetime) -> bool:
        """Return whether the notice may be longer than from the announcement to the last sighting."""
        return self.is_announced_before(announced) or any(gap.start == last for gap in self.gaps)

    @cached_property
    def listed(self) -> dict[str, CatalogModel]:
        """Return the models that are listed, by id."""
        return {key: model for key, model in self.models.items() if model.is_listed}


def read_parameters(record: Record) -> tuple[str, ...] | None:
    """Return the request parameters in a record; None where it has no such list: older records have none."""
    value = record.get("supported_parameters")
    return as_texts(value) if isinstance(value, list) else None


def list_parameters(endpoints: Iterable[CatalogEndpoint]) -> set[str]:
    """Return the union of the request parameters of endpoints."""
    return {name for endpoint in endpoints for name in endpoint.parameters or ()}
