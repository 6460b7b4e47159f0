"""The verbs of the script: each gives a function that changes the state of one key."""

from collections.abc import Callable
from typing import Any

from orarchive.sample.state import State

Change = Callable[[State, str], None]


def priced(**prices: Any) -> Change:
    """Set prices of an endpoint (strings, USD a token), its `discount`, its `overrides`; None removes one."""

    def change(state: State, key: str) -> None:
        pricing = state.row(key)["pricing"] | prices
        state.row(key)["pricing"] = {name: price for name, price in pricing.items() if price is not None}

    return change


def edited(**fields: Any) -> Change:
    """Set fields of a record."""
    return lambda state, key: state.row(key).update(fields)


def vanished() -> Change:
    """Take a record out of every list."""
    return lambda state, key: state.away.add(key)


def unlisted() -> Change:
    """Take a model out of every list; who asks for it by its id still gets it."""

    def change(state: State, key: str) -> None:
        state.away.add(key)
        state.unlisted.add(key)

    return change


def appeared() -> Change:
    """Bring in a record, for the first time or again."""

    def change(state: State, key: str) -> None:
        state.away.discard(key)
        state.unlisted.discard(key)

    return change


def orphaned() -> Change:
    """Take all endpoints from a model, which stays in the list with its last price."""
    return lambda state, key: state.away.update(state.endpoints_of(key))


def on_top() -> Change:
    """Lift an endpoint above the others of its model."""

    def change(state: State, key: str) -> None:
        state.top[state.endpoints[key]["model"]] = key

    return change


def renamed(to: str) -> Change:
    """Give a model another id; its canonical slug stays."""

    def change(state: State, old: str) -> None:
        state.models = {to if key == old else key: row for key, row in state.models.items()}
        state.models[to]["id"] = to
        for row in state.endpoints.values():
            if row["model"] == old:
                row.update(model=to, model_id=to)
        moved = {
            key: key.replace(f"{old}@", f"{to}@") for key in state.endpoints if key.startswith(f"{old}@")
        }
        state.endpoints = {moved.get(key, key): row for key, row in state.endpoints.items()}
        state.renamed[old] = to

    return change


def pointed_at(model: str) -> Change:
    """Move an alias."""

    def change(state: State, key: str) -> None:
        state.models[key]["alias_target"] = {"slug": model, "name": state.models[model]["name"]}

    return change


def joined() -> Change:
    """Bring in a provider with its endpoints."""
    return lambda state, slug: state.away.difference_update([slug, *state.endpoints_by(slug)])


def left() -> Change:
    """Take out a provider with its endpoints."""
    return lambda state, slug: state.away.update([slug, *state.endpoints_by(slug)])


def degraded(status: int) -> Change:
    """Let all endpoints of a provider fail often."""

    def change(state: State, slug: str) -> None:
        state.ill[slug] = status

    return change


def recovered() -> Change:
    """End a provider's illness."""

    def change(state: State, slug: str) -> None:
        del state.ill[slug]

    return change


def offered() -> Change:
    """Bring in a category."""
    return lambda state, category: state.categories.append(category)


def withdrawn() -> Change:
    """Take out a category."""
    return lambda state, category: state.categories.remove(category)


def fielded_endpoints(name: str, value: Any) -> Change:
    """Let a new field appear on every endpoint of one provider."""

    def change(state: State, slug: str) -> None:
        for key in state.endpoints_by(slug):
            state.endpoints[key][name] = value

    return change


def fielded_models(name: str, value: Any) -> Change:
    """Let a new field appear on every model of one lab."""

    def change(state: State, lab: str) -> None:
        for model in state.models.values():
            if model["id"].startswith(f"{lab}/"):
                model[name] = value

    return change
