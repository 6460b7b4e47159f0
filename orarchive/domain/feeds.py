"""FEEDS: what is archived, a row for each feed with its route, its key and the files that it goes into."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal
from urllib.parse import quote, urlencode

from orarchive.domain.event_kinds import ADDED, GAINED, JOINED, LEFT, LOST, MISSING, get_event_kind
from orarchive.domain.keys import Key

LIST_MEMBER = "data"
"""Member of a list feed's responses that holds the rows."""

ARCHIVE_KEY_FIELDS = ("model", "n")
"""Key fields that the archive writes into lines itself, because records of the service do not carry them."""


@dataclass(frozen=True, kw_only=True)
class Feed:
    """One kind of data that is fetched and archived; see its kinds: ListFeed, CopyFeed and FanOutFeed."""

    name: str
    route: str
    """Path below the base URL; that of a fan-out feed holds `{}`, which stands for the requested key."""
    key: tuple[str, ...]
    """The fields that identify a line."""
    cadence: Literal["hourly", "daily"]
    folder: str
    """Folder below `data/`."""
    query: Mapping[str, str] = field(default_factory=dict)
    base_file: str = "facts"
    """Name of the file that has a line for every record."""
    facets: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """File name -> the fields (fnmatch patterns) that are in it; the other fields are in the base file."""
    spot_file: str | None = None
    """Name of the file for time-of-day prices, which are taken out of `pricing`."""
    set_fields: tuple[str, ...] = ()
    """Lists whose order means nothing, as dotted paths from a record: the service shuffles them."""
    must_not_be_empty: bool = False
    """An empty list is refused even where the archive has no records yet."""
    branch_facets: tuple[str, ...] = ()
    """Facets whose file is kept in columns on a git branch of its own, named like the facet."""
    volatile_facets: tuple[str, ...] = ()
    """Facets whose values change every hour: they make no changes in commit messages and events."""
    added_kind: str = ADDED
    """Kind of event when a record is new."""
    removed_kind: str = MISSING
    """Kind of event when a record is no longer there. One miss is not a removal."""

    def __post_init__(self) -> None:
        """Raise LookupError where a kind of event has no row in EVENT_KINDS."""
        get_event_kind(self.added_kind)
        get_event_kind(self.removed_kind)

    @property
    def scope(self) -> str:
        """Return route and query, which say what the feed can contain."""
        return self.route + ("?" + urlencode(self.query) if self.query else "")

    @cached_property
    def files(self) -> tuple[str, ...]:
        """Return the feed's file paths below `data/`, in the order in which the ledger hashes the files.

        Files on branches of their own are not among them.
        """
        names = [self.base_file, *self.facets, *([self.spot_file] if self.spot_file else [])]
        return tuple(self._build_path(name) for name in names if name not in self.branch_facets)

    @cached_property
    def branch_files(self) -> tuple[str, ...]:
        """Return the paths, below `data/`, of the feed's files on branches of their own."""
        return tuple(self._build_path(name) for name in self.branch_facets)

    @cached_property
    def volatile_fields(self) -> tuple[str, ...]:
        """Return the fields (fnmatch patterns) in the volatile facets."""
        return tuple(pattern for name in self.volatile_facets for pattern in self.facets[name])

    @property
    def group(self) -> str:
        """Return the name of the group of feeds that are fetched and committed together."""
        return self.cadence

    @property
    def is_optional(self) -> bool:
        """Return whether it is read only where there is a key for it."""
        return False

    @property
    def is_about_models(self) -> bool:
        """Return whether each record is about a model of OpenRouter's, named by the key's first field."""
        return self.key[0] in ("id", "model", "model_id")

    @cached_property
    def own_key_fields(self) -> tuple[str, ...]:
        """Return the key fields that the archive adds to the lines: records do not carry them themselves."""
        return tuple(name for name in ARCHIVE_KEY_FIELDS if name in self.key)

    def get_parent_key(self, key: Key) -> str | None:
        """Return the parent's key that a fan-out feed's record was read for; None for other feeds."""
        return None

    def _build_path(self, name: str) -> str:
        return f"{self.folder}/{name}.jsonl"


@dataclass(frozen=True, kw_only=True)
class ListFeed(Feed):
    """A feed that is read with one request: its rows stand under `data`."""

    count_route: str | None = None
    """Path of a count to compare the length of the list with."""
    probe_route: str | None = None
    """Path of a single record, with `{}` for its key: requested when a record has left the list."""

    def build_probe_path(self, key: str) -> str:
        """Return the path, below the base URL, of the request for a single record of the list."""
        assert self.probe_route
        return _fill_route(self.probe_route, key)


@dataclass(frozen=True, kw_only=True)
class DirectFeed(ListFeed):
    """A list of another service than OpenRouter, with an address and a key of its own."""

    base_url: str
    variable_prefix: str
    """Begins the names of its environment variables: `DEEPSEEK` of `DEEPSEEK_API_KEY`."""

    @property
    def scope(self) -> str:
        """Return address and query, which say what the feed can contain."""
        return f"{self.base_url}/{super().scope}"

    @property
    def group(self) -> str:
        """Return the name of the group of all such feeds."""
        return DIRECT_GROUP

    @property
    def is_optional(self) -> bool:
        """Return whether it is read only where there is a key for it, as such services demand."""
        return True

    @property
    def is_about_models(self) -> bool:
        """Return whether its ids are those of OpenRouter's models, which they are not."""
        return False

    @property
    def key_variable(self) -> str:
        """Return the environment variable of its key."""
        return f"{self.variable_prefix}_API_KEY"

    @property
    def base_url_variable(self) -> str:
        """Return the environment variable of another base URL."""
        return f"{self.variable_prefix}_BASE_URL"


@dataclass(frozen=True, kw_only=True)
class CopyFeed(ListFeed):
    """A list whose rows repeat the items of a fan-out feed; only the differences are kept."""

    copied_feed: str
    """Name of that fan-out feed."""


@dataclass(frozen=True, kw_only=True)
class FanOutFeed(Feed):
    """A feed that is read with one request for every key of another feed; one response is kept for each."""

    parent: str
    """Name of the feed whose keys it asks for."""
    payload_member: str | None = "data"
    """Member of a response that holds the payload; None where the whole response is the payload."""
    items_member: str = "endpoints"
    """Member of a payload that holds the list of items."""
    has_item_lines: bool = False
    """Each item has a line of its own, and each response one in RESPONSES_FILE."""
    repeated_fields: tuple[str, ...] = ()
    """Fields of a payload that repeat the parent record; kept only where they differ."""

    @cached_property
    def files(self) -> tuple[str, ...]:
        """Return the feed's file paths below `data/`, in the order in which the ledger hashes the files."""
        return (*super().files, *([self._build_path(RESPONSES_FILE)] if self.has_item_lines else []))

    @property
    def kept_path(self) -> str:
        """Return the path, below `data/`, of the file that names the keys which were not read."""
        return self._build_path(KEPT_FILE)

    def get_parent_key(self, key: Key) -> str | None:
        """Return the parent's key, such as a model id, that a record was read for."""
        return str(key[0])

    def build_request_path(self, key: str) -> str:
        """Return the path, below the base URL, of the request for a key of the parent."""
        return _fill_route(self.route, key)

    def get_payload(self, response: dict[str, Any]) -> Any:
        """Return the payload of a response: the member `payload_member`, or the response itself."""
        return response[self.payload_member] if self.payload_member else response


def _fill_route(route: str, key: str) -> str:
    """Return a route with a key, percent-encoded, in place of its `{}`."""
    return route.format(quote(key, safe="/:~@", errors="surrogatepass"))


RESPONSES_FILE = "models"
"""Name of a fan-out feed's file with one line for each requested model, also where its list was empty. Only
feeds with lines for items have it."""

KEPT_FILE = "kept"
"""Name of a fan-out feed's file of keys that were not read, which is none of its records."""

MODELS = ListFeed(
    name="models",
    route="models",
    # Without this parameter the service lists models with text output only: 460 of 631 in September 2026.
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

ENDPOINTS = FanOutFeed(
    name="endpoints",
    route="models/{}/endpoints",
    # Asked for by the model's id, because links.details holds the slug of the base model, wrong for variants.
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
    branch_facets=("health",),
    volatile_facets=("health",),
    added_kind=JOINED,
    removed_kind=LEFT,
)

PROVIDERS = ListFeed(
    name="providers",
    route="providers",
    key=("slug",),
    cadence="hourly",
    folder="providers",
    set_fields=("datacenters",),
    must_not_be_empty=True,
)

ZDR = CopyFeed(
    name="zdr",
    route="endpoints/zdr",
    key=("model_id", "tag", "n"),
    cadence="hourly",
    folder="zdr",
    set_fields=("supported_parameters",),
    copied_feed="endpoints",
    added_kind=GAINED,
    removed_kind=LOST,
)

IMAGES = ListFeed(
    name="images",
    route="images/models",
    key=("id",),
    cadence="daily",
    folder="images",
    set_fields=("architecture.input_modalities", "architecture.output_modalities"),
)

IMAGE_ENDPOINTS = FanOutFeed(
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

VIDEOS = ListFeed(
    name="videos",
    route="videos/models",
    key=("id",),
    cadence="daily",
    folder="videos",
)

DIRECT_GROUP = "direct"
GROUPS = ("hourly", "daily", DIRECT_GROUP)

DIRECT_FEEDS = tuple(
    DirectFeed(
        name=f"direct_{name}",
        route="models",
        base_url=base_url,
        variable_prefix=name.upper(),
        key=("id",),
        cadence="daily",
        folder="direct",
        base_file=name,
        must_not_be_empty=True,
    )
    for name, base_url in (
        ("deepseek", "https://api.deepseek.com"),
        ("dashscope", "https://dashscope-intl.aliyuncs.com/compatible-mode/v1"),
        ("moonshot", "https://api.moonshot.ai/v1"),
    )
)
"""The lists of makers that serve their models themselves: ids, and what else each says, but no prices."""

FEEDS: dict[str, ListFeed | FanOutFeed] = {
    feed.name: feed for feed in (MODELS, ENDPOINTS, PROVIDERS, ZDR, IMAGES, IMAGE_ENDPOINTS, VIDEOS)
} | {feed.name: feed for feed in DIRECT_FEEDS}
"""In the order in which they are fetched: a fan-out feed after its parent."""
