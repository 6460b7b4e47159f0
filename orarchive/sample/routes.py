"""The documented routes over a world: path, query and headers in, status and a JSON-able body out."""

from collections.abc import Mapping
from typing import Any

from orarchive.sample import openapi
from orarchive.sample.catalogue import Row
from orarchive.sample.datasets import DATASETS
from orarchive.sample.parameters import Refused, parameters, read
from orarchive.sample.rankings import top_weekly
from orarchive.sample.world import World

Answer = tuple[int, Any]

CUT_AT = 120  # characters of a description that the list still shows; the endpoints route shows all
NEEDS_KEY = {*DATASETS, "key"}
PERCENTILES = ("latency_last_30m", "throughput_last_30m")


def answer(world: World, path: str, query: Mapping[str, str], headers: Mapping[str, str], key: str) -> Answer:
    """Answer a GET for a path below the base, or `/openapi.json`; `key` opens the keyed routes."""
    keyed = headers.get("Authorization") == f"Bearer {key}"
    if path in NEEDS_KEY and not keyed:
        return error(401, "No cookie auth credentials found")
    try:
        asked = read(query, parameters(world.categories).get(path, {}))
        return (200, DATASETS[path](world, asked)) if path in DATASETS else _open(world, path, asked, keyed)
    except Refused as refused:
        return error(400, str(refused))


def _open(world: World, path: str, asked: Row, keyed: bool) -> Answer:
    """Answer on a route that needs no key; `asked` are its parameters as values."""
    if path == openapi.PATH:
        return 200, openapi.document(world.categories)
    match path.split("/"):
        case ["models"]:
            return 200, _models(world, asked["output_modalities"], asked["category"], asked["sort"])
        case ["models", "count"]:
            listed = _models(world, asked["output_modalities"])
            return 200, {"data": {"count": listed["total_count"]}}
        case ["models", author, slug, "endpoints"]:
            return _endpoints(world, f"{author}/{slug}", keyed)
        case ["model", author, slug]:
            return _model(world, f"{author}/{slug}")
        case ["embeddings", "models"]:
            return 200, _models(world, "embeddings")
        case ["images", "models", author, slug, "endpoints"]:
            return _image_endpoints(world, f"{author}/{slug}")
        case ["images", "models"]:
            return 200, {"data": world.images}
        case ["videos", "models"]:
            return 200, {"data": world.videos}
        case ["providers"]:
            return 200, {"data": world.providers}
        case ["endpoints", "zdr"]:
            return 200, {"data": [_shown(row, keyed) for row in world.zdr]}
    return error(404, "Not Found")


def error(status: int, message: str) -> Answer:
    """The service's error body."""
    return status, {"error": {"message": message, "code": status}}


def _models(world: World, modalities: str, category: str | None = None, sort: str | None = None) -> Row:
    """The models list; of the orders that `sort` names only `top-weekly` is made."""
    wanted, chosen = set(modalities.split(",")), list(world.models.values())
    if category or sort == "top-weekly":
        used = top_weekly(world, category)
        chosen = used if sort == "top-weekly" else sorted(used, key=chosen.index)
    rows = [
        _cut_short(row)
        for row in chosen
        if "all" in wanted or wanted & set(row["architecture"]["output_modalities"])
    ]
    return {"data": rows, "total_count": len(rows), "links": {"next": None}}


def _model(world: World, asked: str) -> Answer:
    """A model by its id or by one it had before, listed or not."""
    row = (world.models | world.unlisted).get(world.renamed.get(asked, asked))
    return (200, {"data": _cut_short(row)}) if row else error(404, f"Model {asked} does not exist")


def _endpoints(world: World, asked: str, keyed: bool) -> Answer:
    """A model's endpoints by its id, or by its canonical slug, which names the plain model and no variant."""
    by_slug = {row["canonical_slug"]: id_ for id_, row in world.models.items() if ":" not in id_}
    id_ = asked if asked in world.models else by_slug.get(asked)
    if id_ is None:
        return error(404, f"No model found for {asked}")
    model = world.models[id_]
    return 200, {
        "data": {
            "id": world.answers_as.get(id_, id_),
            **{name: model[name] for name in ("name", "created", "description", "architecture")},
            "endpoints": [_shown(row, keyed) for row in world.endpoints[id_]],
        }
    }


def _image_endpoints(world: World, asked: str) -> Answer:
    """An image model's endpoints; this body alone has no `data` around it."""
    rows = world.image_endpoints.get(asked)
    return (200, {"id": asked, "endpoints": rows}) if rows else error(404, f"Image model {asked} not found")


def _cut_short(row: Row) -> Row:
    text = row["description"]
    return row if len(text) <= CUT_AT else row | {"description": text[:CUT_AT].rsplit(" ", 1)[0] + "..."}


def _shown(endpoint: Row, keyed: bool) -> Row:
    """An endpoint; without a key its latency and throughput are null."""
    return endpoint if keyed else endpoint | dict.fromkeys(PERCENTILES)
