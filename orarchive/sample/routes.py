"""The documented routes over a world: path, query and headers in, status and a JSON-able body out."""

from collections.abc import Callable, Mapping
from typing import Any

from orarchive.sample import openapi
from orarchive.sample.catalogue import Row
from orarchive.sample.datasets import DATASETS
from orarchive.sample.direct import DIRECT_BODIES
from orarchive.sample.parameters import BadRequest, build_schemas, read_parameters
from orarchive.sample.rankings import rank_by_week
from orarchive.sample.world import World

Answer = tuple[int, Any]

MAX_DESCRIPTION_CHARS = 120
"""Characters of a description in lists; the endpoints route has the whole text."""
KEYED_ROUTES = {*DATASETS, *DIRECT_BODIES, "key"}
PERCENTILES = ("latency_last_30m", "throughput_last_30m")


def answer(world: World, path: str, query: Mapping[str, str], headers: Mapping[str, str], key: str) -> Answer:
    """Answer a GET for a path below the base, or `/openapi.json`, with a status and a body.

    Routes of the Data API, and those of other services, need `key` as a bearer token in the headers.
    """
    has_key = headers.get("Authorization") == f"Bearer {key}"
    if path in KEYED_ROUTES and not has_key:
        return build_error(401, "No cookie auth credentials found")
    try:
        params = read_parameters(query, build_schemas(world.categories).get(path, {}))
        if path in DATASETS:
            return 200, DATASETS[path](world, params)
    except BadRequest as bad_request:
        return build_error(400, str(bad_request))
    if path in LISTS:
        return 200, LISTS[path](world, params, has_key)
    if path in DIRECT_BODIES:
        return 200, DIRECT_BODIES[path]
    return _answer_about_model(world, path, has_key)


def build_error(status: int, message: str) -> Answer:
    """Return an answer with the service's error body."""
    return status, {"error": {"message": message, "code": status}}


def _answer_about_model(world: World, path: str, has_key: bool) -> Answer:
    match path.split("/"):
        case ["models", author, slug, "endpoints"]:
            return _find_endpoints(world, f"{author}/{slug}", has_key)
        case ["model", author, slug]:
            return _find_model(world, f"{author}/{slug}")
        case ["images", "models", author, slug, "endpoints"]:
            return _find_image_endpoints(world, f"{author}/{slug}")
    return build_error(404, "Not Found")


def _list_models(world: World, modalities: str, category: str | None = None, sort: str | None = None) -> Row:
    """Return the models list; of the orders that `sort` may name only `top-weekly` has an effect."""
    outputs, models = set(modalities.split(",")), list(world.models.values())
    if category or sort == "top-weekly":
        ranked = rank_by_week(world, category)
        models = ranked if sort == "top-weekly" else sorted(ranked, key=models.index)
    rows = [
        _shorten_description(row)
        for row in models
        if "all" in outputs or outputs & set(row["architecture"]["output_modalities"])
    ]
    return {"data": rows, "total_count": len(rows), "links": {"next": None}}


def _count_models(world: World, modalities: str) -> Row:
    return {"data": {"count": _list_models(world, modalities)["total_count"]}}


def _list_zdr(world: World, has_key: bool) -> Row:
    return {"data": [_hide_percentiles(row, has_key) for row in world.zdr]}


# Each path below the base has a function to the body, of the world, the parsed query parameters and
# whether the request has the key.
LISTS: dict[str, Callable[[World, Row, bool], Any]] = {
    openapi.PATH: lambda world, _params, _has_key: openapi.build_document(world.categories),
    "models": lambda world, params, _has_key: _list_models(
        world, params["output_modalities"], params["category"], params["sort"]
    ),
    "models/count": lambda world, params, _has_key: _count_models(world, params["output_modalities"]),
    "embeddings/models": lambda world, _params, _has_key: _list_models(world, "embeddings"),
    "images/models": lambda world, _params, _has_key: {"data": world.images},
    "videos/models": lambda world, _params, _has_key: {"data": world.videos},
    "providers": lambda world, _params, _has_key: {"data": world.providers},
    "endpoints/zdr": lambda world, _params, has_key: _list_zdr(world, has_key),
}


def _find_model(world: World, id_: str) -> Answer:
    """Answer with a model, listed or not, by its id or by a former one."""
    row = (world.models | world.unlisted).get(world.renamed.get(id_, id_))
    return (
        (200, {"data": _shorten_description(row)}) if row else build_error(404, f"Model {id_} does not exist")
    )


def _find_endpoints(world: World, name: str, has_key: bool) -> Answer:
    """Answer with a model's endpoints by its id, or by its canonical slug, which names no variant."""
    ids_by_slug = {row["canonical_slug"]: id_ for id_, row in world.models.items() if ":" not in id_}
    id_ = name if name in world.models else ids_by_slug.get(name)
    if id_ is None:
        return build_error(404, f"No model found for {name}")
    model = world.models[id_]
    return 200, {
        "data": {
            "id": world.answers_as.get(id_, id_),
            **{name: model[name] for name in ("name", "created", "description", "architecture")},
            "endpoints": [_hide_percentiles(row, has_key) for row in world.endpoints[id_]],
        }
    }


def _find_image_endpoints(world: World, id_: str) -> Answer:
    """Answer with an image model's endpoints; this is the only list that has no `data` around it."""
    rows = world.image_endpoints.get(id_)
    return (200, {"id": id_, "endpoints": rows}) if rows else build_error(404, f"Image model {id_} not found")


def _shorten_description(row: Row) -> Row:
    text = row["description"]
    if len(text) <= MAX_DESCRIPTION_CHARS:
        return row
    return row | {"description": text[:MAX_DESCRIPTION_CHARS].rsplit(" ", 1)[0] + "..."}


def _hide_percentiles(endpoint: Row, has_key: bool) -> Row:
    """Return an endpoint; without a key its latency and throughput are null."""
    return endpoint if has_key else endpoint | dict.fromkeys(PERCENTILES)
