"""The service at a moment: the catalogue after the happenings so far, at the hour's rates."""

import pickle
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from threading import Lock

from orarchive.sample import catalogue
from orarchive.sample.catalogue import Row, served
from orarchive.sample.clock import pricing_at
from orarchive.sample.drift import health, scores, shuffled
from orarchive.sample.happenings import HAPPENINGS
from orarchive.sample.state import State, slug_of, starting_state


@dataclass(frozen=True)
class World:
    """What is served: wire-shaped records in the hour's order; descriptions whole, latency filled in."""

    hour: datetime
    models: dict[str, Row]  # by id
    unlisted: dict[str, Row]  # by id: models in no list that still answer to it
    endpoints: dict[str, list[Row]]  # by the model id asked for; [] for aliases, routers and orphans
    providers: list[Row]
    zdr: list[Row]
    images: list[Row]
    image_endpoints: dict[str, list[Row]]  # by model id
    videos: list[Row]
    answers_as: dict[str, str]  # ids whose endpoints route answers with another id
    renamed: dict[str, str]  # old id -> new id
    categories: list[str]  # the uses that models are ranked by


_lock = Lock()


def world_at(moment: datetime) -> World:
    """The world in the hour of a moment; the same hour is the same world, made once. Nobody may change it."""
    with _lock:
        return _world(moment.astimezone(UTC).replace(minute=0, second=0, microsecond=0))


@lru_cache(maxsize=48)
def _world(hour: datetime) -> World:
    state = _state_after(happened(hour))
    for key, row in state.endpoints.items():
        row["pricing"] = pricing_at(row["pricing"], hour)
        row.update(health(key, hour, state.ill.get(slug_of(row))))
    state.settle()
    models = {key: state.models[key] for key in shuffled(state.models.keys() - state.away, hour)}
    endpoints = {model: state.endpoints_of(model) for model in models}
    rows = {key: row for of_model in endpoints.values() for key, row in of_model.items()}
    image_endpoints = catalogue.read("image_endpoints")
    return World(
        hour=hour,
        models={key: _model(row, hour) for key, row in models.items()},
        unlisted={key: _model(state.models[key], hour) for key in sorted(state.unlisted)},
        endpoints={
            model: [_endpoint(of_model[key], hour) for key in shuffled(of_model, hour)]
            for model, of_model in endpoints.items()
        },
        providers=[
            served(state.providers[key]) for key in shuffled(state.providers.keys() - state.away, hour)
        ],
        zdr=[_zdr(rows[key], hour) for key in shuffled(rows, hour, "zdr") if rows[key].get("zdr")],
        images=[row for row in catalogue.read("images") if row["id"] in models],
        image_endpoints={
            model: [served(row) for row in image_endpoints if row["model"] == model] for model in models
        },
        videos=[row for row in catalogue.read("videos") if row["id"] in models],
        answers_as={key: row["answers_as"] for key, row in models.items() if "answers_as" in row},
        renamed=state.renamed,
        categories=state.categories,
    )


def happened(moment: datetime) -> int:
    """How many happenings there have been by a moment."""
    return sum(happening.at <= moment for happening in HAPPENINGS)


@lru_cache(maxsize=len(HAPPENINGS) + 1)
def in_use_after(count: int) -> frozenset[str]:
    """Permaslugs of the models that somebody serves after so many happenings, listed or not."""
    state = _state_after(count)
    known = state.models.keys() - (state.away - state.unlisted)
    return frozenset(permaslug(state.models[key]) for key in known if state.endpoints_of(key))


@lru_cache(maxsize=len(HAPPENINGS) + 1)
def categories_after(count: int) -> frozenset[str]:
    """The categories after so many happenings."""
    return frozenset(_state_after(count).categories)


def permaslug(model: Row) -> str:
    """The name of a model in rankings: its canonical slug, with the variant."""
    _base, colon, variant = model["id"].partition(":")
    return f"{model['canonical_slug']}{colon}{variant}"


def _state_after(count: int) -> State:
    """A state of the caller's own, after the first `count` happenings."""
    state: State = pickle.loads(_pickled_state_after(count))
    return state


@lru_cache(maxsize=len(HAPPENINGS) + 1)
def _pickled_state_after(count: int) -> bytes:
    if count == 0:
        state = starting_state()
    else:
        state = _state_after(count - 1)
        happening = HAPPENINGS[count - 1]
        happening.change(state, happening.key)
        state.settle()
    return pickle.dumps(state)


def _model(row: Row, hour: datetime) -> Row:
    """A model as the list carries it; sets come in the hour's order."""
    architecture = row["architecture"] | {
        name: shuffled(row["architecture"][name], hour) for name in ("input_modalities", "output_modalities")
    }
    model = _parameters_shuffled(served(row), hour) | {"architecture": architecture}
    if "benchmarks" in row:
        model["benchmarks"] = scores(row["benchmarks"], row["id"], hour)
    return model


def _endpoint(row: Row, hour: datetime) -> Row:
    return _parameters_shuffled(served(row), hour)


def _zdr(row: Row, hour: datetime) -> Row:
    """An endpoint as the zero-data-retention list carries it, with the fields in which it differs there."""
    return _endpoint(row, hour) | (row["zdr"] if isinstance(row["zdr"], dict) else {})


def _parameters_shuffled(row: Row, hour: datetime) -> Row:
    return row | {"supported_parameters": shuffled(row["supported_parameters"], hour)}
