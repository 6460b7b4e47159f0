"""The service at a moment: the catalogue after the happenings so far, at the hour's rates."""

import pickle
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from threading import Lock

from orarchive.sample import catalogue
from orarchive.sample.catalogue import Row, strip_sample_keys
from orarchive.sample.drift import draw_health, draw_scores, shuffle
from orarchive.sample.happenings import HAPPENINGS
from orarchive.sample.state import State, build_first_state, get_provider_slug
from orarchive.sample.time_of_day import apply_schedule


@dataclass(frozen=True)
class World:
    """All that is served: records as sent, in the hour's order, with whole descriptions and with latency."""

    hour: datetime
    models: dict[str, Row]
    """Listed models by id."""
    unlisted: dict[str, Row]
    """Models by id that no list has, but that still answer to their id."""
    endpoints: dict[str, list[Row]]
    """Endpoints by requested model id; [] for aliases, routers and models that no provider serves."""
    providers: list[Row]
    zdr: list[Row]
    images: list[Row]
    image_endpoints: dict[str, list[Row]]
    """Endpoints for images by model id."""
    videos: list[Row]
    answers_as: dict[str, str]
    """Id -> the other id with which its endpoints route answers."""
    renamed: dict[str, str]
    """Old id -> new id."""
    categories: list[str]
    """The uses that models are ranked by."""


_lock = Lock()


def build_world_at(moment: datetime) -> World:
    """Return the world in the hour of a moment.

    Calls for the same hour share one object, which no caller may change.
    """
    with _lock:
        return _build_world(moment.astimezone(UTC).replace(minute=0, second=0, microsecond=0))


@lru_cache(maxsize=48)
def _build_world(hour: datetime) -> World:
    state = _build_state(count_happenings(hour))
    for key, row in state.endpoints.items():
        row["pricing"] = apply_schedule(row["pricing"], hour)
        row.update(draw_health(key, hour, state.degraded.get(get_provider_slug(row))))
    state.derive_models()
    models = {key: state.models[key] for key in shuffle(state.models.keys() - state.absent, hour)}
    endpoints = {model: state.list_endpoints(model) for model in models}
    rows = {key: row for model_rows in endpoints.values() for key, row in model_rows.items()}
    image_endpoints = catalogue.read_rows("image_endpoints")
    return World(
        hour=hour,
        models={key: _build_model(row, hour) for key, row in models.items()},
        unlisted={key: _build_model(state.models[key], hour) for key in sorted(state.unlisted)},
        endpoints={
            model: [_build_endpoint(model_rows[key], hour) for key in shuffle(model_rows, hour)]
            for model, model_rows in endpoints.items()
        },
        providers=[
            strip_sample_keys(state.providers[key])
            for key in shuffle(state.providers.keys() - state.absent, hour)
        ],
        zdr=[_build_zdr_row(rows[key], hour) for key in shuffle(rows, hour, "zdr") if rows[key].get("zdr")],
        images=[row for row in catalogue.read_rows("images") if row["id"] in models],
        image_endpoints={
            model: [strip_sample_keys(row) for row in image_endpoints if row["model"] == model]
            for model in models
        },
        videos=[row for row in catalogue.read_rows("videos") if row["id"] in models],
        answers_as={key: row["answers_as"] for key, row in models.items() if "answers_as" in row},
        renamed=state.renamed,
        categories=state.categories,
    )


def count_happenings(moment: datetime) -> int:
    """Count the happenings up to a time."""
    return sum(happening.at <= moment for happening in HAPPENINGS)


@lru_cache(maxsize=len(HAPPENINGS) + 1)
def list_used_models(happenings: int) -> frozenset[str]:
    """Return the permaslugs of models that some provider serves, listed or not, after so many happenings."""
    state = _build_state(happenings)
    answering = state.models.keys() - (state.absent - state.unlisted)
    return frozenset(format_permaslug(state.models[key]) for key in answering if state.list_endpoints(key))


@lru_cache(maxsize=len(HAPPENINGS) + 1)
def list_categories(happenings: int) -> frozenset[str]:
    """Return the categories after so many happenings."""
    return frozenset(_build_state(happenings).categories)


def format_permaslug(model: Row) -> str:
    """Return the name of a model in rankings: its canonical slug, with the variant."""
    _base, colon, variant = model["id"].partition(":")
    return f"{model['canonical_slug']}{colon}{variant}"


def _build_state(happenings: int) -> State:
    """Return the state after the first so many happenings, as a new object that the caller may change."""
    state: State = pickle.loads(_pickle_state(happenings))
    return state


@lru_cache(maxsize=len(HAPPENINGS) + 1)
def _pickle_state(happenings: int) -> bytes:
    if happenings == 0:
        state = build_first_state()
    else:
        state = _build_state(happenings - 1)
        happening = HAPPENINGS[happenings - 1]
        happening.change(state, happening.key)
        state.derive_models()
    return pickle.dumps(state)


def _build_model(row: Row, hour: datetime) -> Row:
    """Return a model as the list carries it; sets come in the hour's order."""
    architecture = row["architecture"] | {
        name: shuffle(row["architecture"][name], hour) for name in ("input_modalities", "output_modalities")
    }
    model = _shuffle_parameters(strip_sample_keys(row), hour) | {"architecture": architecture}
    if "benchmarks" in row:
        model["benchmarks"] = draw_scores(row["benchmarks"], row["id"], hour)
    return model


def _build_endpoint(row: Row, hour: datetime) -> Row:
    return _shuffle_parameters(strip_sample_keys(row), hour)


def _build_zdr_row(row: Row, hour: datetime) -> Row:
    """Return an endpoint as the zero-data-retention list carries it, with the fields that differ there."""
    return _build_endpoint(row, hour) | (row["zdr"] if isinstance(row["zdr"], dict) else {})


def _shuffle_parameters(row: Row, hour: datetime) -> Row:
    return row | {"supported_parameters": shuffle(row["supported_parameters"], hour)}
