"""FEEDS: the one table of what is archived. A new feed is a new row here, and nothing else."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal
from urllib.parse import quote, urlencode


@dataclass(frozen=True)
class Feed:
    """One thing fetched and kept.

    A feed is a plain list (its rows stand under `data`), or, where `each` names another feed, a sweep: one
    request for every key of that feed, one response kept for each.
    """

    name: str
    route: str
    """Path below the base URL; a sweep's holds `{}`, filled in with the key it asks for."""
    key: tuple[str, ...]
    """The fields that identify a line."""
    cadence: Literal["hourly", "daily"]
    folder: str
    """Folder below `data/`."""
    query: Mapping[str, str] = field(default_factory=dict)
    base_file: str = "facts"
    """The file that has a line for every record."""
    facets: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """File name -> the fields (fnmatch patterns) that live there; the rest is in the base file."""
    spot_file: str | None = None
    """File for the prices that follow the clock, taken out of `pricing`."""
    set_fields: tuple[str, ...] = ()
    """Lists whose order means nothing (dotted paths from a record): the service shuffles them."""
    parent: str | None = None
    payload_member: str | None = "data"
    """The member that holds the payload; None: the response is the payload."""
    items_member: str = "endpoints"
    """The member of a sweep's responses that holds their list."""
    has_item_lines: bool = False
    """Each item of a sweep's responses has a line of its own."""
    repeated_fields: tuple[str, ...] = ()
    """Fields of a sweep's response that repeat the asked record; kept only where they differ from it."""
    must_not_be_empty: bool = False
    """An empty answer is refused even where nothing was there before."""
    copied_feed: str | None = None
    """The sweep whose items this feed's rows repeat; only what differs from them is kept."""
    count_route: str | None = None
    """Path of a count to compare the list with."""
    probe_route: str | None = None
    """Path that asks for one record by itself, `{}` as in a sweep's: tells what became of one that left."""
    volatile_facets: tuple[str, ...] = ()
    """Facets that move by themselves, every hour: their changes are not told."""
    added_kind: str = "added"
    """What it is called when a record comes."""
    removed_kind: str = "missing"
    """What it is called when a record is no longer there. One miss is not a removal."""

    @property
    def scope(self) -> str:
        """Route and query: what the feed can contain."""
        return self.route + ("?" + urlencode(self.query) if self.query else "")

    def get_payload(self, response: dict[str, Any]) -> Any:
        """The payload of a response."""
        return response[self.payload_member] if self.payload_member else response

    def request_path(self, key: str) -> str:
        """The path that a sweep asks for one key."""
        return _filled(self.route, key)

    def probe_path(self, key: str) -> str:
        """The path that asks for one record of a list by itself."""
        assert self.probe_route
        return _filled(self.probe_route, key)

    @cached_property
    def files(self) -> tuple[str, ...]:
        """The feed's files below `data/`, in the order in which the ledger's sha256 reads them."""
        names = [self.base_file, *self.facets]
        if self.spot_file:
            names.append(self.spot_file)
        if self.has_item_lines:
            names.append(RESPONSES_FILE)
        return tuple(self._path(name) for name in names)

    @property
    def volatile_files(self) -> tuple[str, ...]:
        """Files below `data/` without changes to tell."""
        return tuple(self._path(name) for name in self.volatile_facets)

    @cached_property
    def volatile_fields(self) -> tuple[str, ...]:
        """The fields (patterns) in those files."""
        return tuple(pattern for name in self.volatile_facets for pattern in self.facets[name])

    @property
    def is_about_models(self) -> bool:
        """Whether its records are about a model each, named by the first field of the key."""
        return self.key[0] in ("id", "model", "model_id")

    def _path(self, name: str) -> str:
        return f"{self.folder}/{name}.jsonl"


def _filled(route: str, key: str) -> str:
    """A route with a key for its `{}`."""
    return route.format(quote(key, safe="/:~@", errors="surrogatepass"))


RESPONSES_FILE = "models"
"""The file of a sweep with lines for items that has one line a model asked, also where the answer was []."""

MODELS = Feed(
    name="models",
    route="models",
    # the default is text output only: 460 of 631 models in September 2026
    query={"output_modalities": "all"},
    key=("id",),
    cadence="hourly",
    folder="models",
    facets={"prices": ("pricing",), "text": ("description",), "benchmarks": ("benchmarks",)},
    spot_file="spot",
    set_fields=("architecture.input_modalities", "architecture.output_modalities", "supported_parameters"),
    must_not_be_empty=True,
    count_route="models/count",
    probe_route="model/{}",
    volatile_facets=("benchmarks",),
)

ENDPOINTS = Feed(
    name="endpoints",
    route="models/{}/endpoints",
    # asked by the model's id: links.details holds the base model's slug, wrong for variants
    parent="models",
    has_item_lines=True,
    repeated_fields=("id", "name", "created", "description", "architecture"),
    key=("model", "tag", "n"),
    cadence="hourly",
    folder="endpoints",
    facets={"prices": ("pricing",), "health": ("status", "uptime_*", "latency_*", "throughput_*")},
    spot_file="spot",
    set_fields=(
        "architecture.input_modalities",
        "architecture.output_modalities",
        "endpoints.supported_parameters",
    ),
    must_not_be_empty=True,
    volatile_facets=("health",),
    added_kind="joined",
    removed_kind="left",
)

PROVIDERS = Feed(
    name="providers",
    route="providers",
    key=("slug",),
    cadence="hourly",
    folder="providers",
    set_fields=("datacenters",),
    must_not_be_empty=True,
)

ZDR = Feed(
    name="zdr",
    route="endpoints/zdr",
    key=("model_id", "tag", "n"),
    cadence="hourly",
    folder="zdr",
    set_fields=("supported_parameters",),
    copied_feed="endpoints",
    added_kind="gained",
    removed_kind="lost",
)

IMAGES = Feed(
    name="images",
    route="images/models",
    key=("id",),
    cadence="daily",
    folder="images",
    set_fields=("architecture.input_modalities", "architecture.output_modalities"),
)

IMAGE_ENDPOINTS = Feed(
    name="image_endpoints",
    route="images/models/{}/endpoints",
    parent="images",
    payload_member=None,
    key=("model",),
    cadence="daily",
    folder="images",
    base_file="endpoints",
    set_fields=("endpoints", "endpoints.allowed_passthrough_parameters"),
)

VIDEOS = Feed(
    name="videos",
    route="videos/models",
    key=("id",),
    cadence="daily",
    folder="videos",
)

FEEDS: dict[str, Feed] = {
    feed.name: feed for feed in (MODELS, ENDPOINTS, PROVIDERS, ZDR, IMAGES, IMAGE_ENDPOINTS, VIDEOS)
}
"""In the order in which they are fetched: a sweep after the feed whose keys it asks for."""
